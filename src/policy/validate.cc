// What a document says, checked in AWS's order: a table of checks for each family of kinds. The first check that finds
// fault gives the error.
#include <algorithm>
#include <array>
#include <optional>

#include "base/strings.h"
#include "policy/actions.h"
#include "policy/byte_search.h"
#include "policy/document.h"
#include "policy/operators.h"
#include "policy/pattern.h"
#include "policy/principal.h"
#include "policy/typed_value.h"

namespace podpass::policy {
namespace {

using Check = Result<void> (*)(const Document&);
bool has_items(const Document& document, std::uint32_t node) {
  bool any = false;
  for_each_item(document.tree, node, [&](const JsonNode&) { any = true; });
  return any;
}

// Checks every statement with a function from (document, statement) to Result<void>.
template <auto kCheck>
Result<void> each_statement(const Document& document) {
  for (const auto& statement : document.statements) TRY(kCheck(document, statement));
  return {};
}

Result<void> check_version(const Document& document) {
  if (document.is_2012()) return {};
  return malformed_at(document, document.version, "Policy document must be version 2012-10-17 or greater.");
}

Result<void> check_no_principal(const Document& document, const StatementNodes& statement) {
  if (!statement.any_principal()) return {};
  return malformed_at(document, statement.any_principal(), "Policy document should not specify a principal.");
}

bool effect_is_exact(const Document& document, const StatementNodes& statement) {
  const auto effect = document.tree[statement.effect].text;
  return effect == "Allow" || effect == "Deny";
}

bool dates_are_dates(const Document& document, const StatementNodes& statement) {
  const auto& tree = document.tree;
  bool good = true;
  if (!statement.condition) return good;
  for_each_child(tree, statement.condition, [&](std::uint32_t op) {
    const auto parsed = parse_operator(tree[op].key);
    if (!parsed || parsed->comparison != Comparison::date) return;
    for_each_child(tree, op, [&](std::uint32_t key) {
      for_each_item(tree, key, [&](const JsonNode& item) { good = good && parse_instant(item.text).has_value(); });
    });
  });
  return good;
}

// The older parser behind IAM's newer one: exact Effect, real dates, no cut-off ARN.
Result<void> check_legacy(const Document& document, const StatementNodes& statement) {
  bool good = effect_is_exact(document, statement) && dates_are_dates(document, statement);
  for_each_item(document.tree, statement.any_resource(), [&](const JsonNode& item) {
    if (!item.text.starts_with("arn:")) return;
    const auto arn = split_fields(item.text);
    const bool vendorless = arn.count > 2 && arn.fields[2].empty();
    const bool cut_off = arn.count < 6 && item.text.find("::") != npos;
    good = good && !vendorless && !cut_off;
  });
  if (good) return {};
  return malformed_at(document, statement.node, "The policy failed legacy parsing");
}

template <class Visit>
void for_each_sid(const Document& document, Visit visit) {
  for (const auto& statement : document.statements) {
    const auto sid = statement.sid ? document.tree[statement.sid].text : std::string_view();
    if (!sid.empty()) visit(sid);
  }
}

Result<void> check_sids(const Document& document) {
  RepeatFilter filter;
  bool maybe = false;
  for_each_sid(document, [&](std::string_view sid) { maybe |= filter.maybe_repeats(sid); });
  if (!maybe) return {};
  std::vector<std::string_view> sids;
  for_each_sid(document, [&](std::string_view sid) { sids.push_back(sid); });
  std::ranges::sort(sids);
  if (std::ranges::adjacent_find(sids) == sids.end()) return {};
  return malformed(document.kind, "Statement IDs (SID) in a single policy must be unique.");
}

Result<void> check_has_actions(const Document& document, const StatementNodes& statement) {
  if (has_items(document, statement.any_action())) return {};
  return malformed_at(document, statement.node, "Policy statement must contain actions.");
}

Result<void> check_has_resources(const Document& document, const StatementNodes& statement) {
  if (has_items(document, statement.any_resource())) return {};
  return malformed_at(document, statement.node, "Policy statement must contain resources.");
}

// --- The format of resources -----------------------------------------------------------------------------------------

constexpr std::array<std::string_view, 13> kIamResources = {"user/",
                                                            "federated-user/",
                                                            "role/",
                                                            "group/",
                                                            "instance-profile/",
                                                            "mfa/",
                                                            "server-certificate/",
                                                            "policy/",
                                                            "sms-mfa/",
                                                            "saml-provider/",
                                                            "oidc-provider/",
                                                            "report/",
                                                            "access-report/"};

// Resources of IAM in AWS's reference and in AWS's own policies, which the error does not name.
constexpr std::array<std::string_view, 2> kNewerIamResources = {"root", "delegation-request/"};

constexpr std::array<std::string_view, 8> kPartitions = {"aws",       "aws-cn",    "aws-us-gov", "aws-iso",
                                                         "aws-iso-b", "aws-iso-e", "aws-iso-f",  "aws-eusc"};

std::string iam_path_text() {
  std::string text = "IAM resource path must either be \"*\" or start with ";
  for (std::size_t i = 0; i < kIamResources.size(); ++i) text += (i ? ", " : "") + std::string(kIamResources[i]);
  return text + ".";
}

// A path starts with an allowed word, or may come to with what its wildcard or variable stands for.
bool iam_path_is_good(std::string_view path) {
  const auto open = path.substr(0, path.find_first_of("*?$"));
  const auto allowed = [&](std::string_view word) {
    const bool starts = word.ends_with('/') ? path.starts_with(word) : path == word;
    return starts || (open.size() < path.size() && word.starts_with(open));
  };
  return std::ranges::any_of(kIamResources, allowed) || std::ranges::any_of(kNewerIamResources, allowed);
}

// What is wrong with a resource, in AWS's words; empty if nothing.
std::string resource_fault(std::string_view resource) {
  if (resource == "*") return {};
  if (!resource.starts_with("arn:")) return "Resource " + std::string(resource) + " must be in ARN format or \"*\".";
  const auto arn = split_fields(resource);
  const auto field = [&](std::size_t i) { return i < arn.count ? arn.fields[i] : std::string_view("*"); };
  const auto partition = field(1);
  if (partition != "*" && std::ranges::find(kPartitions, partition) == kPartitions.end()) {
    auto shown = std::string(resource);
    for (auto i = arn.count; i < 6; ++i) shown += ":*";
    return "Partition \"" + std::string(partition) + "\" is not valid for resource \"" + shown + "\".";
  }
  const auto vendor = field(2);
  if (arn.count > 3 && has_wildcard(vendor)) {
    return "Resource vendor must be fully qualified and cannot contain regexes.";
  }
  const auto region = field(3);
  const bool has_region = !region.empty() && region != "*";
  if (vendor == "iam") {
    if (has_region) return "IAM resource ARN cannot contain region information.";
    if (const auto path = field(5); path != "*" && !iam_path_is_good(path)) return iam_path_text();
  }
  if (vendor == "s3" && has_region && !field(5).starts_with("accesspoint")) {
    return "Resource ARN can not contain region information.";
  }
  return {};
}

// With several faults in a list, that of the first resource in sort order is told; the last statement's wins.
Result<void> check_resource_format(const Document& document) {
  std::string fault;
  std::uint32_t where = 0;
  for (const auto& statement : document.statements) {
    std::optional<std::string_view> first;
    for_each_item(document.tree, statement.any_resource(), [&](const JsonNode& item) {
      if (first && item.text >= *first) return;
      auto found = resource_fault(item.text);
      if (found.empty()) return;
      first = item.text;
      fault = std::move(found);
      where = statement.any_resource();
    });
  }
  if (fault.empty()) return {};
  return malformed_at(document, where, std::move(fault));
}

// --- Actions ---------------------------------------------------------------------------------------------------------

constexpr std::string_view kNoVendor = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";

std::string action_fault(std::string_view action) {
  if (action == "*" || action == "*:*") return {};
  const auto colon = action.find(':');
  if (colon == npos) return std::string(kNoVendor);
  if (action.find(':', colon + 1) != npos) return "Actions/Condition can contain only one colon.";
  const auto vendor = action.substr(0, colon);
  if (vendor.empty() || !only_alnum_and(vendor, "-.")) return "Vendor " + std::string(vendor) + " is not valid";
  return {};
}

// Of actions only: whatever the text says of conditions, IAM takes a condition key without a vendor.
Result<void> check_vendors(const Document& document, const StatementNodes& statement) {
  std::string fault;
  for_each_item(document.tree, statement.any_action(), [&](const JsonNode& item) {
    if (fault.empty()) fault = action_fault(item.text);
  });
  if (fault.empty()) return {};
  return malformed_at(document, statement.any_action(), std::move(fault));
}

// --- Resource-based policies -----------------------------------------------------------------------------------------

Result<void> check_effect(const Document& document, const StatementNodes& statement) {
  if (!effect_is_exact(document, statement)) {
    return malformed_at(document, statement.effect,
                        "Invalid effect: " + std::string(document.tree[statement.effect].text));
  }
  if (dates_are_dates(document, statement)) return {};
  const bool bucket = document.kind == Kind::bucket;
  return malformed_at(document, statement.condition, bucket ? "Invalid policy syntax." : "Syntax errors in policy.",
                      "a date that is none");
}

Result<void> check_no_resource(const Document& document, const StatementNodes& statement) {
  if (!statement.any_resource()) return {};
  const auto* name = statement.resource ? "Resource" : "NotResource";
  return malformed_at(document, statement.any_resource(), std::string("Has prohibited field ") + name);
}

Result<void> require(const Document& document, const StatementNodes& statement, std::uint32_t node,
                     std::string_view name) {
  if (has_items(document, node)) return {};
  return malformed_at(document, statement.node, "Missing required field " + std::string(name));
}

Result<void> check_has_principal(const Document& document, const StatementNodes& statement) {
  return require(document, statement, statement.any_principal(), "Principal");
}

Result<void> check_action_field(const Document& document, const StatementNodes& statement) {
  return require(document, statement, statement.any_action(), "Action");
}

Result<void> check_resource_field(const Document& document, const StatementNodes& statement) {
  return require(document, statement, statement.any_resource(), "Resource");
}

Error invalid_principal(const Document& document, std::uint32_t node, std::string_view type, std::string_view value) {
  std::string text = "Invalid principal in policy";
  if (document.kind == Kind::trust) text += ": \"" + std::string(type) + "\":\"" + std::string(value) + "\"";
  return malformed_at(document, node, std::move(text));
}

Result<void> check_principals(const Document& document, const StatementNodes& statement) {
  const auto& tree = document.tree;
  const auto node = statement.any_principal();
  if (statement.not_principal && tree[statement.effect].text == "Allow") {
    return invalid_principal(document, node, "NotPrincipal", "Allow");
  }
  if (tree[node].type == JsonType::text) {
    if (tree[node].text == "*") return {};
    return invalid_principal(document, node, "AWS", tree[node].text);
  }
  std::optional<Error> error;
  bool any = false;
  for_each_child(tree, node, [&](std::uint32_t type) {
    for_each_item(tree, type, [&](const JsonNode& item) {
      any = true;
      if (error || principal_form(tree[type].key, item.text, document.kind)) return;
      error = invalid_principal(document, type, tree[type].key, item.text);
    });
  });
  if (error) return *std::move(error);
  if (!any) return malformed_at(document, node, "Missing required field Principal");
  return {};
}

constexpr std::array<std::string_view, 6> kTrustActions = {
    "sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity",
    "sts:tagsession", "sts:setsourceidentity",  "sts:setcontext"};

Result<void> check_trust_actions(const Document& document, const StatementNodes& statement) {
  bool good = true;
  for_each_item(document.tree, statement.any_action(), [&](const JsonNode& item) {
    const auto pattern = to_lower(item.text);
    good = good && pattern.starts_with("sts:") &&
           std::ranges::any_of(kTrustActions, [&](std::string_view action) { return glob_matches(pattern, action); });
  });
  if (good) return {};
  return malformed_at(document, statement.any_action(), "AssumeRole policy may only specify STS AssumeRole actions.");
}

Result<void> check_bucket_actions(const Document& document, const StatementNodes& statement) {
  bool good = true;
  for_each_item(document.tree, statement.any_action(), [&](const JsonNode& item) {
    const auto action = to_lower(item.text);
    good = good && (action == "*" || (action.starts_with("s3:") && action.size() > 3 && action.find(':', 3) == npos));
  });
  if (good) return {};
  return malformed_at(document, statement.any_action(), "Policy has invalid action");
}

Result<void> check_bucket_resources(const Document& document, const StatementNodes& statement) {
  bool good = true;
  for_each_item(document.tree, statement.any_resource(), [&](const JsonNode& item) {
    const auto [fields, count] = split_fields(item.text);
    const bool bucket_arn = count > 5 && fields[0] == "arn" && fields[2] == "s3" && fields[3].empty() &&
                            fields[4].empty() && std::ranges::find(kPartitions, fields[1]) != kPartitions.end();
    good = good && (item.text == "*" || bucket_arn);
  });
  if (good) return {};
  return malformed_at(document, statement.any_resource(), "Policy has invalid resource");
}

// What a list of patterns or resources reaches.
struct ResourceReach {
  bool buckets = false, objects = false;
};

// The action is "*" or one of S3's, as check_bucket_actions has made sure.
ResourceReach reach_of_action(std::string_view pattern) {
  if (pattern == "*") return {true, true};
  ResourceReach reach;
  for (const auto id : matching_actions(pattern)) {
    for (const auto& resource : action(id).resources) {
      reach.buckets = reach.buckets || resource.type.name == "bucket";
      reach.objects = reach.objects || resource.type.name == "object";
    }
  }
  return reach;
}

ResourceReach reach_of_resource(std::string_view resource) {
  const auto slash = resource.find('/');
  const bool open =
      resource.substr(0, slash).find_first_of("*?$") != npos;  // it may stand for more than a bucket's name
  return {slash == npos || open, slash != npos || open};
}

// Whatever a statement says of an action that none of its resources can have would never come true.
Result<void> check_bucket_reach(const Document& document, const StatementNodes& statement) {
  ResourceReach resources;
  for_each_item(document.tree, statement.resource, [&](const JsonNode& item) {
    const auto reach = reach_of_resource(item.text);
    resources.buckets = resources.buckets || reach.buckets;
    resources.objects = resources.objects || reach.objects;
  });
  std::string_view fault;
  for_each_item(document.tree, statement.any_action(), [&](const JsonNode& item) {
    const auto reach = reach_of_action(item.text);
    if (!reach.buckets && !reach.objects) fault = "Policy has invalid action";
    const bool applies = (reach.buckets && resources.buckets) || (reach.objects && resources.objects);
    if (statement.action && statement.resource && fault.empty() && !applies) {
      fault = "Action does not apply to any resource(s) in statement";
    }
  });
  if (fault.empty()) return {};
  return malformed_at(document, statement.any_action(), std::string(fault));
}

constexpr std::array<Check, 7> kIdentityChecks = {
    each_statement<check_no_principal>,  each_statement<check_legacy>, check_sids,
    each_statement<check_has_actions>,   check_resource_format,        each_statement<check_vendors>,
    each_statement<check_has_resources>,
};

constexpr std::array<Check, 7> kTrustChecks = {
    each_statement<check_no_resource>,   each_statement<check_has_principal>,
    each_statement<check_effect>,        check_sids,
    each_statement<check_action_field>,  each_statement<check_principals>,
    each_statement<check_trust_actions>,
};

constexpr std::array<Check, 6> kResourceChecks = {
    each_statement<check_has_principal>, each_statement<check_effect>,         check_sids,
    each_statement<check_action_field>,  each_statement<check_resource_field>, each_statement<check_principals>,
};

// What an organization may attach: a Deny about everyone, or the one policy that allows everything.
Result<void> check_resource_control(const Document& document, const StatementNodes& statement) {
  const auto& tree = document.tree;
  const auto only = [&](std::uint32_t node, std::string_view text) {
    bool good = node != 0;
    for_each_item(tree, node, [&](const JsonNode& item) { good = good && item.text == text; });
    return good;
  };
  bool everyone = tree[statement.principal].type == JsonType::text;
  if (!everyone && statement.principal) {
    for_each_child(tree, statement.principal, [&](std::uint32_t type) { everyone = only(type, "*"); });
  }
  if (!statement.principal || !everyone) {
    return malformed_at(document, statement.node, "A resource control policy must name the principal \"*\".");
  }
  if (statement.not_action) {
    return malformed_at(document, statement.not_action, "A resource control policy cannot have NotAction.");
  }
  if (tree[statement.effect].text == "Deny") return {};
  if (only(statement.action, "*") && only(statement.resource, "*") && !statement.condition) return {};
  return malformed_at(document, statement.effect, "A resource control policy can only deny.");
}

constexpr std::array<Check, 7> kResourceControlChecks = {
    each_statement<check_has_principal>,    each_statement<check_effect>,         check_sids,
    each_statement<check_action_field>,     each_statement<check_resource_field>, each_statement<check_principals>,
    each_statement<check_resource_control>,
};

constexpr std::array<Check, 9> kBucketChecks = {
    each_statement<check_has_principal>,  each_statement<check_effect>,           check_sids,
    each_statement<check_action_field>,   each_statement<check_resource_field>,   each_statement<check_principals>,
    each_statement<check_bucket_actions>, each_statement<check_bucket_resources>, each_statement<check_bucket_reach>,
};

std::span<const Check> checks_of(Kind kind) {
  switch (kind) {
    case Kind::identity:
    case Kind::session:
    case Kind::managed:
    case Kind::service_control:
      return kIdentityChecks;
    case Kind::trust:
      return kTrustChecks;
    case Kind::bucket:
      return kBucketChecks;
    case Kind::resource:
    case Kind::endpoint:
      return kResourceChecks;
    case Kind::resource_control:
      return kResourceControlChecks;
  }
  return kIdentityChecks;
}

}  // namespace

Result<void> validate(const Document& document) {
  if (document.kind == Kind::managed) TRY(check_version(document));
  for (const auto check : checks_of(document.kind)) TRY(check(document));
  return {};
}

}  // namespace podpass::policy
