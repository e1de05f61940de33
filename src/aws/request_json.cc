#include "aws/request_json.h"

#include <algorithm>

#include "aws/arn.h"
#include "base/strings.h"
#include "policy/actions.h"
#include "policy/document.h"

namespace podpass::aws {
namespace {

using policy::JsonNode;
using policy::JsonType;

Error bad(std::string_view where, std::string_view why) {
  return Error::invalid(concat({where, " ", why, "."}));
}

bool is_account_id(std::string_view text) {
  return text.size() == 12 && std::ranges::all_of(text, is_digit);
}

bool is_scalar(const JsonNode& node) {
  return node.type == JsonType::text || node.type == JsonType::number || node.type == JsonType::boolean;
}

}  // namespace

Result<const policy::Request*> RequestReader::read(std::string_view json) {
  const auto good = policy::read_json(json, policy::Charset::unicode, kMaxRequestJson, own_);
  if (!good) return bad("request is not JSON:", good.error().cause);
  return read(own_, 0);
}

Result<const policy::Request*> RequestReader::read(const policy::JsonTree& tree, std::uint32_t node) {
  tree_ = &tree;
  if (tree[node].type != JsonType::object) return bad("request", "must be an object");
  context_.clear();
  principal_ = {};
  std::string_view action, resource, account;
  bool has_principal = false;
  for (auto i = node + 1; i != tree[node].next; i = tree[i].next) {
    const auto& member = tree[i];
    auto* text = member.key == "action"            ? &action
                 : member.key == "resource"        ? &resource
                 : member.key == "resourceAccount" ? &account
                                                   : nullptr;
    if (text) {
      if (member.type == JsonType::null && text == &account) continue;
      if (member.type != JsonType::text) return bad(concat({"request.", member.key}), "must be a string");
      *text = member.text;
    } else if (member.key == "principal") {
      TRY(read_principal(i));
      has_principal = true;
    } else if (member.key == "context") {
      if (member.type != JsonType::null) TRY(read_context(i));
    } else {
      return bad("request", concat({"has an unknown member \"", member.key,
                                    "\"; it may have principal, action, resource, resourceAccount and context"}));
    }
  }
  if (!has_principal) return bad("request", "has no \"principal\"");
  set_path_of_role();
  const auto colon = action.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == action.size()) {
    return bad("request.action", "must name a service and an action, as in \"s3:GetObject\"");
  }
  if (action.size() > policy::kMaxActionSize) return bad("request.action", "is too long");
  if (resource.empty()) return bad("request", "has no \"resource\": an ARN, or \"*\" for an action that takes none");
  if (!account.empty() && !is_account_id(account)) {
    return bad("request.resourceAccount", "must be twelve digits");
  }
  // Of whom an ARN with an account is, it says itself.
  if (const auto arn = split_arn(resource); arn && is_account_id(arn->account)) {
    if (!account.empty() && account != arn->account) {
      return bad("request.resourceAccount", "is another account than that of the resource's ARN");
    }
    account = arn->account;
  }
  if (const auto known = policy::find_action(action); known && known->takes_no_resource()) resource = "*";
  if (context_.overflowed()) return bad("request.context", "has too many keys");
  request_.emplace(policy::Request{principal_, action, resource, account, context_});
  return &*request_;
}

Result<void> RequestReader::read_principal(std::uint32_t node) {
  constexpr std::string_view kForms =
      "must be an ARN, {\"service\": NAME}, {\"federated\": ARN} or {\"anonymous\": true}";
  using policy::PrincipalType;
  const auto& tree = *tree_;
  if (tree[node].type == JsonType::text) return read_arn(tree[node].text);
  if (tree[node].type != JsonType::object || tree[node].next != node + 2) return bad("request.principal", kForms);
  const auto& form = tree[node + 1];
  const bool text = form.type == JsonType::text && !form.text.empty();
  if (form.key == "service" && text) {
    principal_.type = PrincipalType::service;
    principal_.service = form.text;
  } else if (form.key == "federated" && text) {
    principal_.type = PrincipalType::web_identity;
    principal_.provider = form.text;
  } else if (form.key != "anonymous" || form.type != JsonType::boolean || form.text != "true") {
    return bad("request.principal", kForms);
  }
  return {};
}

Result<void> RequestReader::read_arn(std::string_view text) {
  using policy::PrincipalType;
  const auto arn = split_arn(text);
  const bool known = arn && is_account_id(arn->account);
  if (known) {
    principal_.partition = arn->partition;
    principal_.account = arn->account;
    principal_.arn = text;
    if (arn->service == "iam" && arn->resource == "root") {
      principal_.type = PrincipalType::root;
      return {};
    }
    if (arn->service == "iam" && arn->resource.starts_with("user/")) {
      principal_.type = PrincipalType::user;
      return {};
    }
    if (arn->service == "sts" && arn->resource.starts_with("federated-user/")) {
      principal_.type = PrincipalType::federated_user;
      return {};
    }
    principal_.type = PrincipalType::role_session;
    if (arn->service == "iam" && arn->resource.starts_with("role/")) {  // any session of it
      principal_.role_arn = text;
      return {};
    }
    const auto name = arn->resource_name();
    const auto slash = name.find('/');
    if (arn->service == "sts" && arn->resource.starts_with("assumed-role/") && slash != std::string_view::npos) {
      role_arn_ = concat({"arn:", arn->partition, ":iam::", arn->account, ":role/", name.substr(0, slash)});
      principal_.role_arn = role_arn_;
      return {};
    }
  }
  return bad("request.principal", concat({"\"", text,
                                          "\" is not the ARN of a root, a user, a role, a role's session "
                                          "(arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION) or a federated user"}));
}

Result<void> RequestReader::read_context(std::uint32_t node) {
  const auto& tree = *tree_;
  if (tree[node].type != JsonType::object) return bad("request.context", "must be an object");
  for (auto i = node + 1; i != tree[node].next; i = tree[i].next) {
    const auto& value = tree[i];
    if (is_scalar(value)) {
      context_.add(value.key, value.text);
      continue;
    }
    values_.clear();
    bool good = value.type == JsonType::list;
    policy::for_each_item(tree, i, [&](const JsonNode& item) {
      good = good && is_scalar(item);
      values_.push_back(item.text);
    });
    if (!good) return bad(concat({"request.context[\"", value.key, "\"]"}), "must be a string or a list of strings");
    context_.add_list(value.key, values_);
  }
  return {};
}

// A session's ARN leaves out its role's path, and the key aws:PrincipalArn has it.
void RequestReader::set_path_of_role() {
  const auto* role = context_.find("aws:PrincipalArn");
  if (!role || role->multivalued || principal_.role_arn.empty() || principal_.role_arn.data() != role_arn_.data())
    return;
  const auto arn = split_arn(role->value);
  const auto name = std::string_view(role_arn_).substr(role_arn_.rfind('/'));
  if (arn && arn->account == principal_.account && arn->resource.starts_with("role/") && role->value.ends_with(name)) {
    principal_.role_arn = role->value;
  }
}

}  // namespace podpass::aws
