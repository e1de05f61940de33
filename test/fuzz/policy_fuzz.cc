// Any bytes as a policy of every kind; what parses decides a fixed request, in every layer. Besides not crashing: a
// deny must deny wherever it stands, and a policy's own accessors must show nothing but its text.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "policy/agreement_for_test.h"
#include "policy/lint.h"
#include "policy/policy.h"

namespace {

using namespace podpass::policy;

constexpr std::string_view kUserArn = "arn:aws:iam::111122223333:user/alice";
constexpr std::string_view kRoleArn = "arn:aws:iam::111122223333:role/app";
constexpr std::array<std::string_view, 3> kActions = {"s3:GetObject", "sts:AssumeRole", "iam:CreateRole"};
constexpr std::array<std::string_view, 3> kResources = {"arn:aws:s3:::bucket/alice/key*?",
                                                        "arn:aws:iam::111122223333:role/target", "*"};

void fill(Context& context) {
  constexpr std::array<std::string_view, 2> kTags = {"team", "cost"};
  context.add("aws:username", "alice");
  context.add("aws:SourceIp", "203.0.113.9");
  context.add("aws:CurrentTime", "2024-01-01T00:00:00Z");
  context.add("aws:SecureTransport", "true");
  context.add("aws:MultiFactorAuthAge", "300");
  context.add("aws:PrincipalArn", kRoleArn);
  context.add_tag("aws:PrincipalTag/", "team", "blue*");
  context.add_list("aws:TagKeys", kTags);
}

void decide(const Policy& policy, const Context& context) {
  const std::array<Principal, 5> principals = {{
      {.type = PrincipalType::user, .account = "111122223333", .arn = kUserArn, .unique_id = "AIDAALICE"},
      {.type = PrincipalType::role_session,
       .account = "111122223333",
       .arn = "arn:aws:sts::111122223333:assumed-role/app/one",
       .role_arn = kRoleArn,
       .unique_id = "AROAAPP"},
      {.type = PrincipalType::service, .service = "pods.eks.amazonaws.com"},
      {.type = PrincipalType::web_identity, .provider = "arn:aws:iam::111122223333:oidc-provider/oidc.example.com"},
      {},
  }};
  const NamedPolicy named{&policy, "arn:aws:iam::111122223333:policy/p"};
  for (const auto& principal : principals) {
    for (std::size_t i = 0; i < kActions.size(); ++i) {
      const Request request{principal, kActions[i], kResources[i], "111122223333", context};
      Layers own;
      own.identity = {&named, 1};
      const auto alone = evaluate(request, own);
      own.has_boundary = true;
      own.boundary = named;
      own.has_session = true;
      own.session = {&named, 1};
      const auto limited = evaluate(request, own);
      CHECK(disagreement(request, own).empty());
      CHECK(alone.allowed() == limited.allowed());  // a policy limited by itself allows the same
      Layers resource;
      resource.resource = &policy;
      resource.trust = policy.kind() == Kind::trust;
      const auto granted = evaluate(request, resource);
      CHECK(disagreement(request, resource).empty());
      CHECK(!denial_message(request, granted).empty());
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view json(reinterpret_cast<const char*>(data), size);
  Context context;
  fill(context);
  static_cast<void>(size_without_whitespace(json));
  for (const auto kind : {Kind::identity, Kind::managed, Kind::trust, Kind::session, Kind::bucket, Kind::resource,
                          Kind::service_control, Kind::resource_control, Kind::endpoint}) {
    const auto policy = Policy::parse(json, kind, {{std::string(kUserArn), "AIDAALICE"}});
    const auto findings = lint(json, kind);
    CHECK(policy.has_value() == (findings.empty() || findings[0].severity == Severity::warning));
    if (!policy) {
      CHECK(!policy.error().code.empty() && !policy.error().message.empty());
      continue;
    }
    CHECK((*policy)->text() == json);
    CHECK(!(*policy)->statements().empty());
    static_cast<void>((*policy)->condition_keys());
    static_cast<void>((*policy)->resources());
    decide(**policy, context);
  }
  return 0;
}
