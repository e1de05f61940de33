// Any bytes as a role's trust policy: the reasons against it agree with the engine, and a statement more makes a policy
// that lets pod identity in, unless something denies it.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "codec/json.h"
#include "own_api/trust_reasons.h"
#include "own_api/trust_suggestion.h"
#include "policy/json_reader.h"

namespace {

using namespace podpass;

policy::Layers layers_of(const policy::Policy& trust) {
  policy::Layers layers;
  layers.resource = &trust;
  layers.trust = true;
  return layers;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using own_api::Conditions;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto trust = policy::Policy::parse(text, policy::Kind::trust);
  if (!trust) return 0;
  policy::Principal pods;
  pods.type = policy::PrincipalType::service;
  pods.service = "pods.eks.amazonaws.com";
  policy::Context context;
  context.add("aws:RequestTag/kubernetes-namespace", "default");
  context.add("aws:RequestTag/kubernetes-pod-name", "any-pod");
  const policy::Request request{pods, "sts:AssumeRole", "arn:aws:iam::111122223333:role/r", "111122223333", context};
  const auto layers = layers_of(**trust);
  const bool allowed = policy::evaluate(request, layers).allowed();
  const auto decided = own_api::reasons_against(request, layers, Conditions::decided);
  CHECK(!allowed || decided.empty());
  const auto maybe = own_api::reasons_against(request, layers, Conditions::may_come_true);
  CHECK((*trust)->may_allow(pods, request.action) == maybe.empty());
  for (const auto& reason : decided)
    CHECK(reason.message.starts_with("sts:AssumeRole is ") && reason.message.ends_with('.'));

  static const auto kStatement = codec::parse_json(
      R"({"Effect":"Allow","Principal":{"Service":"pods.eks.amazonaws.com"},"Action":"sts:AssumeRole"})");
  const auto mended = own_api::with_statement(**trust, *kStatement);
  CHECK(mended.has_value() == !(*trust)->statements().empty());
  if (!mended) return 0;
  const auto parsed = policy::Policy::parse(*mended, policy::Kind::trust);
  CHECK(parsed || mended->size() > policy::kMaxDocument);
  if (!parsed) return 0;
  CHECK((*parsed)->statements().size() == (*trust)->statements().size() + 1);
  CHECK(own_api::reasons_against(request, layers_of(**parsed), Conditions::may_come_true).empty());
  return 0;
}
