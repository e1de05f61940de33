// with_current_names: the principals of a stored policy as they are called now.
#include "codec/json.h"
#include "iam/lookup.h"

namespace podpass::iam {
namespace {

using codec::Value;

// ARN as written -> what stands there now.
using Renamed = std::map<std::string, std::string, std::less<>>;

// The ARN that the entity with this id has now; the id itself if there is none.
std::string name_of_id(store::Transaction& tx, const aws::Deployment& deployment, std::string_view account,
                       std::string_view arn, const std::string& id) {
  if (const auto* role = find_role_by_arn(tx, deployment, arn); role && role->id == id) return std::string(arn);
  if (const auto* user = find_user_by_arn(tx, deployment, arn); user && user->id == id) return std::string(arn);
  if (!id.starts_with("AIDA")) return id;
  if (const auto* user = find_user_by_id(tx, account, id)) {  // users can be renamed, roles can't
    return user_arn(deployment, account, *user);
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

std::string with_current_names(store::Transaction& tx, const aws::Deployment& deployment, std::string_view account,
                               const std::string& text, const policy::PrincipalIds& ids) {
  Renamed renamed;
  for (const auto& [arn, id] : ids) {
    if (!arn.starts_with("arn:")) continue;  // a canonical user
    auto now = name_of_id(tx, deployment, account, arn, id);
    if (now != arn) renamed.emplace(arn, std::move(now));
  }
  if (renamed.empty()) return text;
  auto document = codec::parse_json(text);
  if (!document) return text;  // it was parsed when it was saved
  auto* statements = document->find("Statement");
  if (auto* list = statements ? statements->as<Value::List>() : nullptr) {
    for (auto& statement : *list) rename_in_statement(statement, renamed);
  } else if (statements) {
    rename_in_statement(*statements, renamed);
  }
  return codec::write_json(*document);
}

}  // namespace podpass::iam
