#include "iam/documents.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "codec/json.h"
#include "iam/errors.h"
#include "iam/lookup.h"

namespace podpass::iam {
namespace {

using codec::Value;

// ARN as written -> what stands there now.
using Renamed = std::map<std::string, std::string, std::less<>>;

// The ARN that the entity with this id has now; the id itself if there is none.
std::string name_of_id(aws::Call& call, std::string_view arn, const std::string& id) {
  if (const auto* role = find_role_by_arn(call.tx, call.deployment, arn); role && role->id == id)
    return std::string(arn);
  if (const auto* user = find_user_by_arn(call.tx, call.deployment, arn); user && user->id == id)
    return std::string(arn);
  if (!id.starts_with("AIDA")) return id;
  if (const auto* user = find_user_by_id(call.tx, call.caller.account, id)) {  // users can be renamed, roles can't
    return user_arn(call.deployment, call.caller.account, *user);
  }
  return id;
}

void rename_in(Value& item, const Renamed& renamed) {
  if (auto* list = item.as<Value::List>()) {
    for (auto& one : *list) rename_in(one, renamed);
  } else if (const auto* text = item.as_text()) {
    if (auto found = renamed.find(*text); found != renamed.end()) item = Value(found->second);
  }
}

void rename_in_statement(Value& statement, const Renamed& renamed) {
  for (auto element : {"Principal", "NotPrincipal"}) {
    auto* principal = statement.find(element);
    if (auto* aws_principals = principal ? principal->find("AWS") : nullptr) rename_in(*aws_principals, renamed);
  }
}

}  // namespace

Result<void> check_stored_text(std::size_t characters, std::size_t most) {
  if (characters <= most) return {};
  return limit_exceeded(fmt::format("The documents are longer than {} characters with their white space.", most));
}

Result<StoredIdentityPolicy> parse_inline_policy(const std::string& text) {
  return StoredIdentityPolicy::make(text, {}, TRY(policy::Policy::parse(text, policy::Kind::identity)));
}

Result<StoredIdentityPolicy> parse_managed_policy(const std::string& text) {
  auto compiled = TRY(policy::Policy::parse(text, policy::Kind::managed));
  if (policy::size_without_whitespace(text) > kMaxManagedPolicy) return quota_exceeded("PolicySize", kMaxManagedPolicy);
  return StoredIdentityPolicy::make(text, {}, std::move(compiled));
}

Result<StoredTrustPolicy> parse_trust_policy(aws::Call& call, const std::string& text) {
  auto compiled = TRY(policy::Policy::parse(text, policy::Kind::trust));
  if (policy::size_without_whitespace(text) > kMaxTrustPolicy) return quota_exceeded("ACLSizePerRole", kMaxTrustPolicy);
  auto ids = TRY(resolve_principals(call.tx, call.deployment, call.caller.account, *compiled));
  if (!ids.empty()) compiled = TRY(policy::Policy::parse(text, policy::Kind::trust, ids));
  return StoredTrustPolicy::make(text, std::move(ids), std::move(compiled));
}

std::string render_trust_policy(aws::Call& call, const StoredTrustPolicy& trust) {
  Renamed renamed;
  for (const auto& [arn, id] : trust.principals) {
    auto now = name_of_id(call, arn, id);
    if (now != arn) renamed.emplace(arn, std::move(now));
  }
  if (renamed.empty()) return trust.text;
  auto document = codec::parse_json(trust.text);
  if (!document) return trust.text;  // it was parsed when it was saved
  auto* statements = document->find("Statement");
  if (auto* list = statements ? statements->as<Value::List>() : nullptr) {
    for (auto& statement : *list) rename_in_statement(statement, renamed);
  } else if (statements) {
    rename_in_statement(*statements, renamed);
  }
  return codec::write_json(*document);
}

}  // namespace podpass::iam
