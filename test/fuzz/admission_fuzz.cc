// Any bytes as a review. The answer is JSON that an API server can read; a patch can be applied to the pod, and leaves
// nothing for a second one.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/random.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "kube/pod_patch.h"
#include "webhook/review.h"

namespace podpass {
namespace {

void check_answer(const webhook::Review& review, const webhook::Answer& answer) {
  auto written = codec::parse_json(webhook::write_answer(review, answer));
  CHECK(written && written->text("kind") == "AdmissionReview");
  const auto* response = written->find("response");
  CHECK(response && response->text("uid") == review.uid);
  CHECK((response->find("patch") != nullptr) == !answer.patch.empty());
  if (!answer.patch.empty()) CHECK(codec::parse_json(codec::base64_decode(response->text("patch")).value()));
}

void check_patch(const codec::Value& whole, const kube::Identity& identity) {
  kube::PatchSettings settings;
  settings.region = "us-west-2";
  SeededRandom random(1);
  const auto* request = whole.find("request");
  const auto* object = request ? request->find("object") : nullptr;
  if (object == nullptr) return;
  auto pod = kube::read_pod(*object);
  if (!pod) return;
  auto patched = *object;
  CHECK(kube::apply_patch(patched, kube::patch_pod(*pod, identity, settings, random).operations));
  auto again = kube::read_pod(patched);
  CHECK(again);
  CHECK(kube::patch_pod(*again, identity, settings, random).operations.empty());
}

}  // namespace
}  // namespace podpass

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace podpass;
  static const webhook::ReviewReader kReader("eks.amazonaws.com");
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  kube::Identity role{kube::Method::web_identity, {}};
  role.settings.role_arn = "arn:aws:iam::111122223333:role/r";
  const auto review = kReader.read(text);
  if (!review.fault.empty()) {
    check_answer(review, {400, review.fault, {}, {}});
    return 0;
  }
  for (const auto& identity : {kube::Identity(), role}) {
    SeededRandom random(1);
    if (review.creates_pod) check_answer(review, webhook::patch_answer(review, identity, {}, random));
    auto whole = codec::parse_json(text);
    CHECK(whole);
    check_patch(*whole, identity);
  }
  return 0;
}
