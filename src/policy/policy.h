// The policy engine's face: Policy::parse (validate and compile once), Request, Layers, evaluate.
//
// Pure: no store, no clock, no I/O. A Policy is immutable and shared by pointer between any threads. evaluate() does
// not lock and does not allocate. Sources: IAM user guide, "Policy evaluation logic" and "IAM JSON policy elements
// reference"; what AWS leaves open is settled in docs/decisions/010_policy_open_points.md.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/context.h"

namespace podpass::policy {

struct Compiled;
struct JsonTree;
struct Principal;

// What a document is for decides its grammar (which elements must or may not appear) and its quota's error.
//   identity  inline policies and boundaries; any Version
//   managed   as identity, but must say Version 2012-10-17, as CreatePolicy and CreatePolicyVersion demand
//   trust     a role's trust policy: Principal, no Resource, sts actions only
//   session   a session policy: as identity
//   bucket    an S3 bucket policy: Principal and Resource
//   resource  a resource-based policy of any other service: Principal and Resource
//   service_control   of an organization, for the principals of its accounts: as identity
//   resource_control  of an organization, for the resources of its accounts: Principal "*", and Deny but for the one
//                     that allows everything
//   endpoint  a VPC endpoint policy: Principal and Resource
enum class Kind : std::uint8_t {
  identity,
  trust,
  session,
  bucket,
  managed,
  resource,
  service_control,
  resource_control,
  endpoint
};

enum class Effect : std::uint8_t { allow, deny };

// A place in a document. Both count from one; columns count characters, not bytes.
struct Place {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
};

// A statement's object in the document. Views live as long as the policy.
struct StatementInfo {
  std::string_view sid;
  Effect effect = Effect::deny;
  std::uint32_t begin = 0;  // byte offset of its '{'; Policy::place tells line and column
  std::uint32_t end = 0;    // just behind its '}'
};

// One entry of a Principal or NotPrincipal element.
struct PrincipalEntry {
  std::string_view type;   // "AWS", "Service", "Federated", "CanonicalUser"; a bare "*" is of type "AWS"
  std::string_view value;  // as written
  std::int32_t statement = 0;
};

// The unique ids (AIDA..., AROA...) that user and role ARNs were resolved to when the policy was saved, by the ARN as
// written. A principal with an id here matches that id and not its ARN, so that an entity made again under the same
// name does not match. A canonical user id has the account here that it stands for.
using PrincipalIds = std::map<std::string, std::string, std::less<>>;

// What a policy is compiled for: many decisions, or one, for which no index is made.
enum class Use : std::uint8_t { often, once };

class Policy {
 public:
  // ErrorKind::invalid with AWS's text and code (MalformedPolicyDocument for IAM and STS kinds, MalformedPolicy for
  // bucket), status 400. The cause says where and why, for logs and for `podpass policy check`.
  static Result<std::shared_ptr<const Policy>> parse(std::string_view json, Kind kind, const PrincipalIds& ids = {},
                                                     Use use = Use::often);

  // The same of a document that is a value in a larger one which has been read: `json` is the value's text.
  static Result<std::shared_ptr<const Policy>> parse(const JsonTree& tree, std::uint32_t node, std::string_view json,
                                                     Kind kind, Use use = Use::often);

  explicit Policy(std::unique_ptr<const Compiled> compiled);  // made by parse
  ~Policy();

  std::string_view text() const;  // the document as given
  Kind kind() const;
  std::span<const StatementInfo> statements() const;  // in document order; Decision::statement counts them
  Place place(std::size_t offset) const;              // of a byte of text(); walks the text
  // Trust and bucket policies: every principal named. IAM resolves those of type AWS that are user or role ARNs to
  // unique ids.
  std::span<const PrincipalEntry> principals() const;
  // Every Resource and NotResource entry as written, in document order (S3 checks that they are of the bucket).
  std::vector<std::string_view> resources() const;
  // Does an allow statement name this principal and action, whatever its conditions and resources? For checks made
  // before a request is there (EKS looks at a role's trust policy when an association is made). A deny is not looked
  // at.
  bool may_allow(const Principal& principal, std::string_view action) const;
  // Every condition key named, in conditions and in variables, without repeats (for GetContextKeysFor...).
  std::vector<std::string_view> condition_keys() const;

  const Compiled& compiled() const { return *compiled_; }  // for the engine

 private:
  std::unique_ptr<const Compiled> compiled_;
};

// The size that IAM counts against quotas: characters, white space outside of strings left out.
std::size_t size_without_whitespace(std::string_view json);

// web_identity: AssumeRoleWithWebIdentity, known by nothing but its token's provider.
enum class PrincipalType : std::uint8_t { anonymous, root, user, role_session, federated_user, service, web_identity };

// Who makes the request. Views must outlive the evaluation.
struct Principal {
  PrincipalType type = PrincipalType::anonymous;
  std::string_view partition = "aws";
  std::string_view account = {};    // twelve digits; empty for services, web identities and anonymous
  std::string_view arn = {};        // user ARN, assumed-role session ARN, root ARN; empty for services and anonymous
  std::string_view role_arn = {};   // role_session: the role's ARN with its path; federated_user: the user who made it
  std::string_view unique_id = {};  // AIDA... of the user (federated_user: of the one behind it), AROA... of the role
  std::string_view service = {};    // service: "pods.eks.amazonaws.com"
  std::string_view provider = {};   // web_identity: ARN of the OIDC or SAML provider
};

struct Request {
  const Principal& principal;
  std::string_view action;            // "s3:GetObject", any case; at most kMaxActionSize, longer ones are denied
  std::string_view resource;          // an ARN, or "*" for actions without resource-level permissions
  std::string_view resource_account;  // the account that owns it; empty: the principal's
  const Context& context;
};

inline constexpr std::size_t kMaxActionSize = 256;

struct NamedPolicy {
  const Policy* policy = nullptr;
  std::string_view arn = {};   // of a managed policy; empty for inline ones
  std::string_view name = {};  // of an inline policy, for reports; may be empty
};

// A level of an organization - its root, a unit, the account - and what is attached there.
using Level = std::span<const NamedPolicy>;

// The policies that apply. A layer that is absent (`has_` false) does not limit; a layer that is present and empty
// denies.
struct Layers {
  std::span<const NamedPolicy> identity;  // managed and inline, of user, groups, role
  const Policy* resource = nullptr;       // bucket policy or role trust policy
  bool trust = false;                     // `resource` is a role trust policy: other phrases, trust rules
  bool has_boundary = false;
  NamedPolicy boundary;
  bool has_session = false;
  std::span<const NamedPolicy> session;  // inline and managed session policies, one set
  bool has_service_control = false;      // of the principal's account; each level must allow
  std::span<const Level> service_control;
  bool has_resource_control = false;  // of the resource's account; each level must allow
  std::span<const Level> resource_control;
  bool has_endpoint = false;  // of the VPC endpoint that the request came through
  std::span<const NamedPolicy> endpoint;
};

enum class Layer : std::uint8_t {
  none,
  identity,
  boundary,
  session,
  resource,
  trust,
  service_control,
  resource_control,
  endpoint
};
enum class Outcome : std::uint8_t { allow, implicit_deny, explicit_deny };

struct Decision {
  Outcome outcome = Outcome::implicit_deny;
  Layer layer = Layer::none;    // the layer that denied, or that granted
  std::string_view policy_arn;  // explicit deny by a managed policy: its ARN (a view into the Layers)
  std::int32_t statement =
      -1;  // index of the deciding statement in its policy; -1: none (implicit deny, root, GetCallerIdentity)
  std::int32_t policy = -1;  // index of that policy in its layer, or in its level
  std::int32_t level = -1;   // of an organization's policies: the level that denied, from the root
  bool allowed() const { return outcome == Outcome::allow; }
};

// sts:GetCallerIdentity is always allowed, even where a policy denies it (AWS documents that). That root can't assume
// roles is STS's rule, not the engine's.
Decision evaluate(const Request& request, const Layers& layers);

// AWS's sentence: "User: ... is not authorized to perform: ... on resource: ... because no identity-based policy allows
// the ... action".
std::string denial_message(const Request& request, const Decision& decision);

}  // namespace podpass::policy
