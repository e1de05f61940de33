// The policy engine's face: Policy::parse (validate and compile once), Request, Layers, evaluate.
//
// Pure: no store, no clock, no I/O. A Policy is immutable and shared by pointer between any threads. evaluate() does not lock and does not
// allocate. Sources: IAM user guide, "Policy evaluation logic" and "IAM JSON policy elements reference".
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "policy/context.h"

namespace podpass::policy {

// What a document is for decides its grammar (which elements must or may not appear) and its quota's error.
enum class Kind { identity, trust, session, bucket };

class Policy {
 public:
  // ErrorKind::invalid with AWS's text and code (MalformedPolicyDocument for IAM and STS kinds, MalformedPolicy for bucket).
  static Result<std::shared_ptr<const Policy>> parse(std::string_view json, Kind kind);
};

enum class PrincipalType : std::uint8_t { anonymous, root, user, role_session, federated_user, service };

// Who makes the request. Views must outlive the evaluation.
struct Principal {
  PrincipalType type = PrincipalType::anonymous;
  std::string_view partition = "aws";
  std::string_view account;       // twelve digits; empty for services and anonymous
  std::string_view arn;           // user ARN, assumed-role session ARN, root ARN; empty for services and anonymous
  std::string_view role_arn;      // role_session: the role's ARN with its path
  std::string_view unique_id;     // AIDA... of the user, AROA... of the role
  std::string_view service;       // service: "pods.eks.amazonaws.com"
};

struct Request {
  const Principal& principal;
  std::string_view action;            // "s3:GetObject", any case
  std::string_view resource;          // an ARN, or "*" for actions without resource-level permissions
  std::string_view resource_account;  // the account that owns it; empty: the principal's
  const Context& context;
};

struct NamedPolicy {
  const Policy* policy = nullptr;
  std::string_view arn;  // of a managed policy; empty for inline ones
};

// The policies that apply. A layer that is absent (`has_` false) does not limit; a layer that is present and empty denies.
struct Layers {
  std::span<const NamedPolicy> identity;  // managed and inline, of user, groups, role
  const Policy* resource = nullptr;       // bucket policy or role trust policy
  bool trust = false;                     // `resource` is a role trust policy: other phrases, trust rules
  bool has_boundary = false;
  NamedPolicy boundary;
  bool has_session = false;
  std::span<const NamedPolicy> session;   // inline and managed session policies, one set
};

enum class Layer : std::uint8_t { none, identity, boundary, session, resource, trust };
enum class Outcome : std::uint8_t { allow, implicit_deny, explicit_deny };

struct Decision {
  Outcome outcome = Outcome::implicit_deny;
  Layer layer = Layer::none;          // the layer that denied
  std::string_view policy_arn;        // explicit deny by a managed policy: its ARN (a view into the Layers)
  std::int32_t statement = -1;        // index of the deciding statement in its policy
  bool allowed() const { return outcome == Outcome::allow; }
};

Decision evaluate(const Request& request, const Layers& layers);

// AWS's sentence: "User: ... is not authorized to perform: ... on resource: ... because no identity-based policy allows the ... action".
std::string denial_message(const Request& request, const Decision& decision);

}  // namespace podpass::policy
