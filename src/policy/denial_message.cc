// AWS's sentences for a refused request. Source: IAM user guide, "Troubleshoot access denied error messages".
#include <array>

#include "base/strings.h"
#include "policy/policy.h"

namespace podpass::policy {
namespace {

struct Phrase {
  std::string_view implicit_front;  // "because no <this> allows the <action> action"
  std::string_view explicit_whole;
};

// By Layer, from identity.
constexpr std::array<Phrase, 8> kPhrases = {{
    {"identity-based policy", "with an explicit deny in an identity-based policy"},
    {"permissions boundary", "with an explicit deny in a permissions boundary"},
    {"session policy", "with an explicit deny in a session policy"},
    {"resource-based policy", "with an explicit deny in a resource-based policy"},
    {"role trust policy", "with an explicit deny in the role trust policy"},
    {"service control policy", "with an explicit deny in a service control policy"},
    {"resource control policy", "with an explicit deny in a resource control policy"},
    {"VPC endpoint policy", "with an explicit deny in a VPC endpoint policy"},
}};

std::string_view caller_name(const Principal& principal) {
  if (!principal.arn.empty()) return principal.arn;
  if (!principal.service.empty()) return principal.service;
  return "anonymous";
}

}  // namespace

std::string denial_message(const Request& request, const Decision& decision) {
  if (request.principal.type == PrincipalType::web_identity) {
    return "Not authorized to perform " + std::string(request.action);
  }
  std::string text = "User: ";
  text += caller_name(request.principal);
  text += " is not authorized to perform: ";
  text += request.action;
  text += " on resource: ";
  text += request.resource;
  // A role's trust policy is told to nobody: neither which layer refused nor whether the role exists.
  const bool is_assume_role = decision.layer == Layer::trust || iequals(request.action, "sts:AssumeRole");
  if (decision.layer == Layer::none || is_assume_role) return text;
  const auto& phrase = kPhrases[static_cast<std::size_t>(decision.layer) - static_cast<std::size_t>(Layer::identity)];
  if (decision.outcome == Outcome::explicit_deny) {
    text += " ";
    text += phrase.explicit_whole;
    if (!decision.policy_arn.empty()) {
      text += ": ";
      text += decision.policy_arn;
    }
    return text;
  }
  text += " because no ";
  text += phrase.implicit_front;
  text += " allows the ";
  text += request.action;
  text += " action";
  return text;
}

}  // namespace podpass::policy
