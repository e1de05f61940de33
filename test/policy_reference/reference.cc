#include "policy_reference/reference.h"

#include <algorithm>
#include <functional>

namespace podpass::reference {
namespace {

using policy::Effect;
using policy::Kind;
using policy::Layer;
using policy::Outcome;
using policy::Principal;
using policy::PrincipalType;

// --- Actions and resources
// ---------------------------------------------------------------------------------------------

// "IAM JSON policy elements: Action": wildcards, any letter case. What has white space or no name is no action.
bool action_matches(const std::string& pattern, const std::string& action) {
  if (pattern == "*") return true;
  if (pattern.ends_with(":") || pattern.find_first_of(" \t\r\n") != std::string::npos) return false;
  const auto expanded = expand(lower(pattern), Wildcards::yes, Variables::no, {});
  return matches(*expanded, characters(lower(action)));
}

bool action_applies(const Json& statement, const std::string& action) {
  const auto* listed = statement.member("Action");
  const auto* left_out = statement.member("NotAction");
  const auto matching = [&](const std::string& pattern) { return action_matches(pattern, action); };
  if (listed) return std::ranges::any_of(listed->texts(), matching);
  return std::ranges::none_of(left_out->texts(), matching);
}

// Where the fifth colon is, or the text's end.
std::size_t fifth_colon(const std::string& text) {
  std::size_t at = std::string::npos;
  for (int i = 0; i < 5; ++i) {
    at = text.find(':', at + 1);
    if (at == std::string::npos) return text.size();
  }
  return at;
}

// "IAM JSON policy elements: Resource". An action without resources of its own asks for "*", which only "*" matches.
// What is no ARN matches nothing. Several stars are one.
bool resource_matches(const std::string& pattern, const Request& request, Variables variables) {
  if (is_all_stars(pattern)) return true;
  if (request.resource == "*" || !pattern.starts_with("arn:")) return false;
  // Decision 010: a variable stands in the resource part only.
  if (variables == Variables::yes && pattern.substr(0, fifth_colon(pattern)).contains("${")) return false;
  const auto expanded = expand(pattern, Wildcards::yes, variables, request.keys);
  return expanded && matches_arn(pattern, *expanded, characters(request.resource));
}

bool resource_applies(const Json& statement, const Request& request, Variables variables) {
  const auto* listed = statement.member("Resource");
  const auto* left_out = statement.member("NotResource");
  const auto matching = [&](const std::string& pattern) { return resource_matches(pattern, request, variables); };
  if (listed) return std::ranges::any_of(listed->texts(), matching);
  if (left_out) return std::ranges::none_of(left_out->texts(), matching);
  return true;  // a trust policy's resource is its role
}

// --- Principals
// --------------------------------------------------------------------------------------------------------

// How directly a principal is named, from not at all. parent: a session's role, a federated user's user.
enum class Named { no, account, parent, everyone, exactly };

bool is_account_id(const std::string& text) {
  return text.size() == 12 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// A principal that was resolved to the unique id of a user or a role: "IAM JSON policy elements: Principal".
Named id_names(const std::string& id, const Principal& principal) {
  if (id.empty() || principal.unique_id != id) return Named::no;
  switch (principal.type) {
    case PrincipalType::user:
      return Named::exactly;
    case PrincipalType::role_session:
    case PrincipalType::federated_user:
      return Named::parent;
    default:
      return Named::no;
  }
}

Named aws_names(const std::string& text, const Policy& policy, const Principal& principal) {
  const std::string account(principal.account);
  if (is_account_id(text)) return text == account ? Named::account : Named::no;
  if (text.starts_with("arn:") && text.ends_with(":root")) {
    const auto root = "arn:" + std::string(principal.partition) + ":iam::" + account + ":root";
    return !account.empty() && text == root ? Named::account : Named::no;
  }
  if (const auto id = policy.ids.find(text); id != policy.ids.end()) return id_names(id->second, principal);
  if (!text.starts_with("arn:")) return id_names(text, principal);
  const bool person = principal.type == PrincipalType::user || principal.type == PrincipalType::role_session ||
                      principal.type == PrincipalType::federated_user;
  if (person && text == principal.arn) return Named::exactly;
  if (person && text == principal.role_arn) return Named::parent;
  return Named::no;
}

Named names(const std::string& type, const std::string& text, const Policy& policy, const Principal& principal) {
  if (type == "AWS" && text == "*") return Named::everyone;
  if (type == "AWS") return aws_names(text, policy, principal);
  if (type == "Service") {
    return principal.type == PrincipalType::service && text == principal.service ? Named::exactly : Named::no;
  }
  if (type == "Federated") {
    return principal.type == PrincipalType::web_identity && text == principal.provider ? Named::exactly : Named::no;
  }
  // A canonical user id stands for the account that it was resolved to.
  const auto id = policy.ids.find(text);
  const bool own = id != policy.ids.end() && !principal.account.empty() && id->second == principal.account;
  return own ? Named::account : Named::no;
}

// Every way that a Principal or NotPrincipal element names the principal in.
std::vector<Named> ways(const Json& element, const Policy& policy, const Principal& principal) {
  if (element.type == Json::Type::text) return {names("AWS", element.text, policy, principal)};
  std::vector<Named> all;
  for (const auto& [type, list] : element.members) {
    for (const auto& text : list.texts()) all.push_back(names(type, text, policy, principal));
  }
  return all;
}

bool has(const std::vector<Named>& all, Named way) {
  return std::ranges::find(all, way) != all.end();
}

// Who is left out of a Deny by NotPrincipal: the caller, if it and all above it are listed. "IAM JSON policy elements:
// NotPrincipal": whoever has a permissions boundary never is.
bool is_left_out(const std::vector<Named>& listed, const Request& request) {
  const bool account = has(listed, Named::account), parent = has(listed, Named::parent);
  const bool exactly = has(listed, Named::exactly), everyone = has(listed, Named::everyone);
  switch (request.principal.type) {
    case PrincipalType::user:
      return !request.bounded && (everyone || (exactly && account));
    case PrincipalType::role_session:
    case PrincipalType::federated_user:
      return !request.bounded && (everyone || (exactly && parent && account));
    case PrincipalType::root:
      return everyone || account;
    case PrincipalType::service:
    case PrincipalType::web_identity:
      return everyone || exactly;
    case PrincipalType::anonymous:
      return everyone;
  }
  return false;
}

// How a statement names the principal. Statements of identity policies name nobody and speak of whoever has them.
Named statement_names(const Policy& policy, const Json& statement, const Request& request) {
  const auto& principal = request.principal;
  if (const auto* left_out = statement.member("NotPrincipal")) {
    return is_left_out(ways(*left_out, policy, principal), request) ? Named::no : Named::everyone;
  }
  const auto* element = statement.member("Principal");
  if (!element) return Named::exactly;
  const auto all = ways(*element, policy, principal);
  auto strongest = Named::no;
  for (const auto way : all) {
    // Decision 010: "*" opens nothing to whoever has a token of some provider. Control and endpoint policies open
    // nothing: they say what is not closed (decision 012: they bind everybody).
    const bool opens = policy.kind != Kind::resource_control && policy.kind != Kind::endpoint && is_allow(statement);
    if (way == Named::everyone && principal.type == PrincipalType::web_identity && opens) continue;
    strongest = std::max(strongest, way);
  }
  return strongest;
}

// --- Sets of policies
// --------------------------------------------------------------------------------------------------

bool says(const Policy& policy, const Request& request, Effect effect) {
  return std::ranges::any_of(policy.statements, [&](const Json& statement) {
    return is_allow(statement) == (effect == Effect::allow) && statement_applies(policy, statement, request);
  });
}

bool any_says(const Set& set, const Request& request, Effect effect) {
  return std::ranges::any_of(set, [&](const Policy* policy) { return says(*policy, request, effect); });
}

bool denies(const Set& set, const Request& request) {
  return any_says(set, request, Effect::deny);
}

bool allows(const Set& set, const Request& request) {
  return any_says(set, request, Effect::allow);
}

// How directly the resource's policy lets the principal in: the strongest of its Allow statements that apply.
Named granted(const Policy* resource, const Request& request) {
  auto strongest = Named::no;
  if (!resource) return strongest;
  for (const auto& statement : resource->statements) {
    if (!is_allow(statement) || !statement_applies(*resource, statement, request)) continue;
    strongest = std::max(strongest, statement_names(*resource, statement, request));
  }
  return strongest;
}

// --- The decision
// ------------------------------------------------------------------------------------------------------

// Services, web identities and anonymous callers belong to no account and have no policies.
bool belongs_to_account(PrincipalType type) {
  return type == PrincipalType::root || type == PrincipalType::user || type == PrincipalType::role_session ||
         type == PrincipalType::federated_user;
}

int first_level(const std::vector<Set>& levels, const std::function<bool(const Set&)>& which) {
  for (std::size_t i = 0; i < levels.size(); ++i) {
    if (which(levels[i])) return static_cast<int>(i);
  }
  return -1;
}

// "How AWS enforcement code logic evaluates requests": a deny anywhere is final. Told in the order of decisions 010 and
// 012. A root user has no boundary.
std::optional<Verdict> explicit_deny(const Request& request, const Layers& layers) {
  const auto verdict = [](Layer layer, int level = -1) { return Verdict{Outcome::explicit_deny, layer, level}; };
  const auto denying = [&](const Set& set) { return denies(set, request); };
  const bool has_account = belongs_to_account(request.principal.type);
  if (layers.resource_control) {
    const int level = first_level(*layers.resource_control, denying);
    if (level >= 0) return verdict(Layer::resource_control, level);
  }
  if (layers.service_control && has_account) {
    const int level = first_level(*layers.service_control, denying);
    if (level >= 0) return verdict(Layer::service_control, level);
  }
  if (layers.endpoint && denying(*layers.endpoint)) return verdict(Layer::endpoint);
  if (denying(layers.identity)) return verdict(Layer::identity);
  if (layers.boundary && denying(*layers.boundary)) return verdict(Layer::boundary);
  if (layers.session && denying(*layers.session)) return verdict(Layer::session);
  if (layers.resource && denying({layers.resource})) return verdict(layers.trust ? Layer::trust : Layer::resource);
  return {};
}

// Each level of the organization and the endpoint must allow.
std::optional<Verdict> not_allowed_from_above(const Request& request, const Layers& layers) {
  const auto verdict = [](Layer layer, int level = -1) { return Verdict{Outcome::implicit_deny, layer, level}; };
  const auto silent = [&](const Set& set) { return !allows(set, request); };
  if (layers.resource_control) {
    const int level = first_level(*layers.resource_control, silent);
    if (level >= 0 || layers.resource_control->empty()) return verdict(Layer::resource_control, level);
  }
  if (layers.service_control && belongs_to_account(request.principal.type)) {
    const int level = first_level(*layers.service_control, silent);
    if (level >= 0 || layers.service_control->empty()) return verdict(Layer::service_control, level);
  }
  if (layers.endpoint && silent(*layers.endpoint)) return verdict(Layer::endpoint);
  return {};
}

// "Policy evaluation for requests within a single account": what must allow beside the resource's policy depends on how
// that names the caller. Across accounts both sides must allow.
Verdict own_account(const Request& request, const Layers& layers) {
  const auto verdict = [](Layer layer) { return Verdict{Outcome::implicit_deny, layer, -1}; };
  const auto& principal = request.principal;
  const auto resource_layer = layers.trust ? Layer::trust : Layer::resource;
  const auto grant = granted(layers.resource, request);
  const bool same_account = request.resource_account.empty() || request.resource_account == principal.account;
  if (layers.trust && grant == Named::no) return verdict(Layer::trust);
  if (!belongs_to_account(principal.type)) {
    if (grant == Named::no) return verdict(resource_layer);
    return {Outcome::allow, Layer::none, -1};
  }
  // From what the grant frees the caller within the account.
  const bool free_of_identity = same_account && grant >= Named::parent;
  const bool free_of_boundary = same_account && grant >= Named::everyone;
  const bool free_of_session = same_account && grant == Named::exactly;
  const bool is_root = principal.type == PrincipalType::root;
  if (!free_of_identity && !is_root && !allows(layers.identity, request)) return verdict(Layer::identity);
  if (!free_of_boundary && !is_root && layers.boundary && !allows(*layers.boundary, request)) {
    return verdict(Layer::boundary);
  }
  if (!free_of_session && layers.session && !allows(*layers.session, request)) return verdict(Layer::session);
  if (!same_account && grant == Named::no) return verdict(resource_layer);
  return {Outcome::allow, Layer::none, -1};
}

}  // namespace

// "IAM JSON policy elements: Version": 2008-10-17 unless told.
Policy Policy::read(const std::string& text, Kind kind, std::map<std::string, std::string> ids) {
  const auto document = Json::read(text);
  const auto* all = document.member("Statement");
  const auto* version = document.member("Version");
  return {kind, std::move(ids), all->type == Json::Type::list ? all->items : std::vector<Json>{*all},
          version && version->text == "2012-10-17" ? Variables::yes : Variables::no};
}

bool is_allow(const Json& statement) {
  return statement.member("Effect")->text == "Allow";
}

bool statement_applies(const Policy& policy, const Json& statement, const Request& request) {
  if (!action_applies(statement, request.action)) return false;
  if (!resource_applies(statement, request, policy.variables)) return false;
  if (statement_names(policy, statement, request) == Named::no) return false;
  const auto* condition = statement.member("Condition");
  return !condition || conditions_hold(*condition, policy.variables, request.keys, request.seen);
}

bool may_allow(const Policy& policy, const Principal& principal, const std::string& action) {
  const Request request{principal, action, {}, {}, {}};
  return std::ranges::any_of(policy.statements, [&](const Json& statement) {
    return is_allow(statement) && action_applies(statement, action) &&
           statement_names(policy, statement, request) != Named::no;
  });
}

// "GetCallerIdentity: no permissions are required", even where a policy denies it.
Verdict evaluate(const Request& request, const Layers& layers) {
  if (lower(request.action) == "sts:getcalleridentity") return {Outcome::allow, Layer::none, -1};
  if (const auto verdict = explicit_deny(request, layers)) return *verdict;
  if (const auto verdict = not_allowed_from_above(request, layers)) return *verdict;
  return own_account(request, layers);
}

}  // namespace podpass::reference
