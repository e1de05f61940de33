#include "policy_reference/cases.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "policy_reference/alphabet.h"

namespace podpass::reference {
namespace {

using policy::Kind;
using policy::Principal;
using policy::PrincipalType;
using Texts = std::vector<std::string>;

// --- Alphabets
// ---------------------------------------------------------------------------------------------------------

constexpr std::string_view kAccount = "111122223333";
constexpr std::string_view kUser = "arn:aws:iam::111122223333:user/team/alice";
constexpr std::string_view kRole = "arn:aws:iam::111122223333:role/team/app";
constexpr std::string_view kSession = "arn:aws:sts::111122223333:assumed-role/app/one";
constexpr std::string_view kFederated = "arn:aws:sts::111122223333:federated-user/fred";
constexpr std::string_view kProvider = "arn:aws:iam::111122223333:oidc-provider/oidc.example.com/id/1";
constexpr std::string_view kService = "pods.eks.amazonaws.com";
constexpr std::string_view kUserId = "AIDAALICEALICEALICE12";
constexpr std::string_view kRoleId = "AROAAPPAPPAPPAPPAPP12";
constexpr std::string_view kCanonical = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be";

const std::vector<Principal>& callers() {
  static const std::vector<Principal> kAll = {
      {.type = PrincipalType::user, .account = kAccount, .arn = kUser, .unique_id = kUserId},
      {.type = PrincipalType::role_session,
       .account = kAccount,
       .arn = kSession,
       .role_arn = kRole,
       .unique_id = kRoleId},
      {.type = PrincipalType::federated_user,
       .account = kAccount,
       .arn = kFederated,
       .role_arn = kUser,
       .unique_id = kUserId},
      {.type = PrincipalType::root, .account = kAccount, .arn = "arn:aws:iam::111122223333:root"},
      {.type = PrincipalType::service, .service = kService},
      {.type = PrincipalType::web_identity, .provider = kProvider},
      {},
  };
  return kAll;
}

// Twice the words for an account, since whoever is named beside it must be left out with it by NotPrincipal.
const std::vector<std::pair<std::string, std::string>>& principals() {
  static const std::vector<std::pair<std::string, std::string>> kAll = {
      {"AWS", std::string(kAccount)},
      {"AWS", "arn:aws:iam::111122223333:root"},
      {"AWS", std::string(kUser)},
      {"AWS", std::string(kRole)},
      {"AWS", std::string(kSession)},
      {"AWS", std::string(kFederated)},
      {"AWS", "*"},
      {"Service", std::string(kService)},
      {"Federated", std::string(kProvider)},
      {"AWS", std::string(kUserId)},
      {"AWS", std::string(kRoleId)},
      {"AWS", "arn:aws:iam::111122223333:user/team/bob"},
      {"AWS", "arn:aws:iam::111122223333:role/app"},
      {"AWS", "arn:aws:sts::111122223333:assumed-role/app/two"},
      {"AWS", "arn:aws-cn:iam::111122223333:root"},
      {"AWS", "999988887777"},
      {"AWS", "arn:aws:iam::999988887777:root"},
      {"Service", "ec2.amazonaws.com"},
      {"Federated", "arn:aws:iam::111122223333:oidc-provider/oidc.example.com/id/2"},
      {"Federated", "cognito-identity.amazonaws.com"},
  };
  return kAll;
}

const Texts kActions = {"s3:GetObject",   "s3:PutObject",   "s3:GetObjectAcl", "s3:ListBucket",        "iam:CreateRole",
                        "sts:AssumeRole", "sts:TagSession", "sns:Publish",     "sts:GetCallerIdentity"};
const Texts kTrustActions = {"sts:AssumeRole", "sts:TagSession", "sts:AssumeRoleWithWebIdentity"};
const Texts kOddActions = {"*:*", "s3:", "s3:Get Object", "s3:**", "s3:?*", "sts:??????Role", "s3:G*t*t"};
const Texts kResources = {"arn:aws:s3:::b/k",
                          "arn:aws:s3:::b/alice/k",
                          "arn:aws:s3:::b",
                          "*",
                          "arn:aws:iam::111122223333:role/team/app",
                          "arn:aws:sns:us-east-1:111122223333:topic:sub",
                          "arn:aws:s3:::b/\u00fc*?",
                          "arn:aws:eks:eu-west-1:111122223333:cluster/prod",
                          "arn:aws:s3:::b/${aws:username}",
                          "arn:aws:s3:::b/$"};
const Texts kOddResources = {"arn:aws:s3:::*",
                             "arn:aws:s3:::b*",
                             "arn:aws:s3:*",
                             "arn:aws:iam::*",
                             "arn:aws:*",
                             "arn:*:s3:::b/k",
                             "arn:aws:iam::*:role/*",
                             "arn:aws:sns:*:*:topic",
                             "arn:aws:sns:*:topic:sub",
                             "arn:aws:sqs:us-east-1:${aws:username}:q",
                             "arn:aws:iam::${test:account}:role/team/app",
                             "arn:aws:iam::1111*",
                             "arn:aws:eks:eu-*:*:cluster/?*",
                             "arn:aws:s3",
                             "arn:aws:s3:::b/**/k",
                             "arn:aws:s3:::?/*?k"};
const Texts kVariables = {"${aws:username}",
                          "${AWS:UserName}",
                          "${aws:PrincipalTag/team}",
                          "${aws:PrincipalTag/TEAM}",
                          "${aws:PrincipalTag/none}",
                          "${aws:PrincipalTag/none, 'alice'}",
                          "${aws:PrincipalTag/none, 'a*'}",
                          "${aws:PrincipalTag/none, 'a}b'}",
                          "${aws:PrincipalTag/none, ''}",
                          "${aws:PrincipalTag/none,'alice'}",
                          "${aws:PrincipalTag/none,  'alice'}",
                          "${aws:PrincipalTag/none, alice}",
                          "${aws:username, 'bob'}",
                          "${test:text}",
                          "${test:many}",
                          "${test:many, 'alice'}",
                          "${test:empty}",
                          "${test:empty, 'alice'}",
                          "${test:star}",
                          "${test:account}",
                          "${test:arn}",
                          "${*}",
                          "${?}",
                          "${$}",
                          "${$}{aws:username}",
                          "$${aws:username}",
                          "${}",
                          "${",
                          "$",
                          "${aws:username",
                          "${ aws:username}",
                          "${*, 'x'}"};

const Texts kKeys = {"test:text",    "test:number", "test:date", "test:bool",  "test:bytes",
                     "test:address", "test:arn",    "test:many", "test:empty", "aws:PrincipalTag/Team",
                     "aws:username", "test:star",   "test:none"};

// --- Texts out of texts
// ------------------------------------------------------------------------------------------------

// A part of the text, at the borders of characters.
std::pair<std::size_t, std::size_t> some_range(const std::string& text, Choices& choices) {
  const auto border = [&](std::size_t at) {
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) ++at;
    return at;
  };
  const auto first = border(choices.below(text.size() + 1));
  const auto last = border(choices.below(text.size() + 1));
  return {std::min(first, last), std::max(first, last)};
}

enum class WithVariables { no, yes };

// Each operator with its family, all equally likely.
const std::vector<std::pair<const Family*, std::string>>& operators() {
  static const auto kAll = [] {
    std::vector<std::pair<const Family*, std::string>> all;
    for (const auto& family : families()) {
      for (const auto& name : family.operators) all.emplace_back(&family, name);
    }
    return all;
  }();
  return kAll;
}

// The text, or a pattern that may match it still.
std::string varied(std::string text, WithVariables variables, Choices& choices) {
  for (auto rounds = choices.below(3); rounds > 0; --rounds) {
    const auto [first, last] = some_range(text, choices);
    switch (choices.below(6)) {
      case 0:
        text.replace(first, last - first, "*");
        break;
      case 1:
        if (first < text.size() && static_cast<unsigned char>(text[first]) < 0x80) text[first] = '?';
        break;
      case 2:
        text.resize(first);
        text += "*";
        break;
      case 3:
        text.insert(first, choices.chance(50) ? "*" : "?");
        break;
      case 4:
        if (variables == WithVariables::no) break;
        if (const auto name = text.find("alice"); name != std::string::npos && choices.chance(70)) {
          text.replace(name, 5, choices.of(kVariables));
        } else {
          text.replace(first, last - first, choices.of(kVariables));
        }
        break;
      default:
        break;
    }
  }
  return text;
}

// --- Requests
// ----------------------------------------------------------------------------------------------------------

std::string some_value(const Family& family, Choices& choices) {
  if (choices.chance(family.only_in_requests.empty() ? 10 : 2)) return choices.of(choices.of(families()).values);
  // The first ones are the likeliest, so that values meet.
  return family.values[std::min(choices.below(family.values.size()), choices.below(family.values.size()))];
}

Values some_values(const Family& family, Choices& choices) {
  Values values;
  values.many = choices.chance(45);
  const auto count = values.many ? choices.below(4) : 1;
  for (std::size_t i = 0; i < count; ++i) {
    const bool odd = !family.only_in_requests.empty() && choices.chance(20);
    values.values.push_back(odd ? choices.of(family.only_in_requests) : some_value(family, choices));
  }
  return values;
}

void put_keys(Ask& ask, Choices& choices) {
  ask.keys.clear();
  for (const auto& family : families()) {
    if (choices.chance(75) && family.operators[0] != "Null") ask.keys[family.key] = some_values(family, choices);
  }
  ask.keys["test:account"] = {false, {std::string(kAccount)}};
  if (choices.chance(80)) ask.keys["aws:username"] = {false, {"alice"}};
  if (choices.chance(50)) ask.keys["aws:PrincipalTag/team"] = {false, {choices.chance(80) ? "blue" : "k"}};
  if (choices.chance(50)) ask.keys["test:star"] = {false, {"*"}};
  if (choices.chance(50)) ask.keys["test:many"] = {true, {"alice", "blue"}};
  if (choices.chance(50)) ask.keys["test:empty"] = {true, {}};
}

void put_action(Ask& ask, const Stack& stack, Choices& choices) {
  ask.action = stack.trust ? choices.of(kTrustActions) : choices.of(kActions);
  if (ask.action == "sts:GetCallerIdentity" && choices.chance(90)) ask.action = "s3:GetObject";
  if (choices.chance(10)) ask.action = other_case(ask.action, choices);
  if (choices.chance(2)) ask.action = "s3:Get Object";  // which no pattern with a space matches
}

void put_resource(Ask& ask, Choices& choices) {
  ask.resource = kResources[std::min(choices.below(kResources.size()), choices.below(kResources.size()))];
  ask.resource_account = choices.chance(30) ? "999988887777" : std::string(kAccount);
  if (choices.chance(10)) ask.resource_account = "";
}

// --- Statements
// --------------------------------------------------------------------------------------------------------

bool names_principals(Kind kind) {
  return kind == Kind::trust || kind == Kind::bucket || kind == Kind::resource || kind == Kind::resource_control ||
         kind == Kind::endpoint;
}

std::string some_action(const Ask& ask, Kind kind, Choices& choices) {
  if (kind == Kind::trust) return choices.chance(50) ? "sts:*" : varied(choices.of(kTrustActions), {}, choices);
  if (choices.chance(10)) return kind == Kind::bucket ? "*" : choices.of(kOddActions);
  if (kind != Kind::bucket && choices.chance(20)) return "*";
  const auto& action = choices.chance(80) ? ask.action : choices.of(kActions);
  const auto name = action.find(':') + 1;
  auto pattern = action.substr(0, name) + varied(action.substr(name), WithVariables::no, choices);
  return choices.chance(10) ? other_case(pattern, choices) : pattern;
}

std::string some_resource(const Ask& ask, Choices& choices) {
  if (choices.chance(25)) return "*";
  if (choices.chance(15)) return choices.of(kOddResources);
  auto resource = choices.chance(75) ? ask.resource : choices.of(kResources);
  const auto last = resource.rfind(':') + 1;
  if (resource == "*" || choices.chance(20)) return varied(resource, WithVariables::yes, choices);
  return resource.substr(0, last) + varied(resource.substr(last), WithVariables::yes, choices);
}

// A condition's value as JSON: what looks like a number or a boolean sometimes is one.
std::string as_json(const std::string& text, Choices& choices) {
  const bool plain = text == "true" || text == "false" || text == "10" || text == "1.50" || text == "10.0" ||
                     text == "-1.5" || text == "1e3" || text == "1E1" || text == "1577836800" || text == "0.10";
  return plain && choices.chance(50) ? text : quoted(text);
}

Condition some_condition(const Ask& ask, Choices& choices) {
  static const Texts kQuantifiers = {"", "ForAllValues:", "ForAnyValue:"};
  const auto& [of, name] = choices.of(operators());
  const auto& family = *of;
  Condition condition;
  condition.name = name;
  if (name != "Null" && choices.chance(40)) condition.name += "IfExists";
  condition.name = choices.of(kQuantifiers) + condition.name;
  condition.key = choices.chance(15) || family.operators[0] == "Null" ? choices.of(kKeys) : family.key;
  if (choices.chance(10)) condition.key = other_case(condition.key, choices);
  if (choices.chance(5)) condition.name = other_case(condition.name, choices);
  const auto given = ask.keys.find(family.key);
  const bool has_patterns = family.key == "test:text" || family.key == "test:arn" || family.key == "test:bool";
  const auto count = choices.chance(40) ? choices.below(4) : 1;
  for (std::size_t i = 0; i < count; ++i) {
    auto value = some_value(family, choices);
    if (given != ask.keys.end() && !given->second.values.empty() && choices.chance(50)) {
      const auto& asked = choices.of(given->second.values);
      if (std::ranges::find(family.only_in_requests, asked) == family.only_in_requests.end()) value = asked;
    }
    if (has_patterns && choices.chance(40)) value = varied(value, WithVariables::yes, choices);
    const bool any_text = family.only_in_requests.empty();
    if (any_text && choices.chance(15)) value = choices.of(kVariables);
    condition.values.push_back(as_json(value, choices));
  }
  return condition;
}

void put_principals(Statement& statement, const Case& of, Kind kind, Choices& choices) {
  if (kind == Kind::resource_control) {
    statement.bare_star = choices.chance(50);
    if (!statement.bare_star) statement.principals = {{"AWS", "*"}};
    return;
  }
  statement.not_principal = !statement.allow && choices.chance(40);
  const auto own = [&]() -> std::pair<std::string, std::string> {
    const auto& who = of.principal;
    if (!who.service.empty()) return {"Service", std::string(who.service)};
    if (!who.provider.empty()) return {"Federated", std::string(who.provider)};
    if (who.arn.empty() || choices.chance(20)) return {"AWS", "*"};
    if (!who.role_arn.empty() && choices.chance(50)) return {"AWS", std::string(who.role_arn)};
    return {"AWS", std::string(who.arn)};
  };
  if (statement.not_principal && choices.chance(60)) {  // the caller and all above it, but for some
    const auto& who = of.principal;
    if (choices.chance(80)) statement.principals.push_back(own());
    if (!who.account.empty() && choices.chance(85)) statement.principals.emplace_back("AWS", kAccount);
    if (!who.role_arn.empty() && choices.chance(85)) statement.principals.emplace_back("AWS", who.role_arn);
    if (!who.arn.empty() && choices.chance(85)) statement.principals.emplace_back("AWS", who.arn);
  }
  const auto count = statement.principals.empty() ? 1 + choices.below(2) : choices.below(2);
  for (std::size_t i = 0; i < count; ++i) {
    statement.principals.push_back(choices.chance(50) ? own() : choices.of(principals()));
  }
  if (kind == Kind::bucket && choices.chance(15)) statement.principals.emplace_back("CanonicalUser", kCanonical);
  if (!statement.not_principal && choices.chance(8)) statement.bare_star = true;
}

Document some_document(const Case& of, Kind kind, Choices& choices) {
  Document document;
  document.kind = kind;
  if (kind == Kind::managed || !choices.chance(15)) document.version = "2012-10-17";
  if (document.version.empty() && choices.chance(50)) document.version = "2008-10-17";
  if (kind == Kind::resource_control && choices.chance(85)) {
    document.statements.push_back(
        {.bare_star = choices.chance(50), .principals = {{"AWS", "*"}}, .actions = {"*"}, .resources = {"*"}});
    if (choices.chance(70)) return document;
  }
  const bool control = kind == Kind::service_control || kind == Kind::endpoint || kind == Kind::session;
  if (control && choices.chance(40)) {
    document.statements.push_back({.bare_star = kind == Kind::endpoint, .actions = {"*"}, .resources = {"*"}});
  }
  const auto more = 1 + choices.below(3);
  for (std::size_t i = 0; i < more; ++i) document.statements.push_back(make_statement(of, kind, choices));
  return document;
}

Documents some_documents(const Case& of, Kind kind, std::size_t most, Choices& choices) {
  Documents documents;
  for (auto count = choices.below(most + 1); count > 0; --count) {
    documents.push_back(some_document(of, kind, choices));
  }
  return documents;
}

std::vector<Documents> some_levels(const Case& of, Kind kind, Choices& choices) {
  std::vector<Documents> levels;
  const auto count = std::min<std::size_t>(choices.below(4), 3);
  for (std::size_t i = 0; i < count; ++i) {
    auto documents = some_documents(of, kind, 2, choices);
    if (documents.empty() && choices.chance(90)) documents.push_back(some_document(of, kind, choices));
    levels.push_back(std::move(documents));
  }
  return levels;
}

// One policy that is about nothing but conditions, so that every one of them is seen in the decision.
void put_conditions(Case& made, Choices& choices) {
  Document document{Kind::identity, choices.chance(15) ? "" : "2012-10-17", {}};
  for (auto count = 1 + choices.below(2); count > 0; --count) {
    document.statements.push_back({.allow = !choices.chance(30), .actions = {"*"}, .resources = {"*"}});
    document.statements.back().conditions.push_back(some_condition(made.asks[0], choices));
  }
  made.stack.identity.push_back(std::move(document));
  made.stack.trust = false;
}

void put_stack(Case& made, Choices& choices) {
  auto& stack = made.stack;
  const auto type = made.principal.type;
  const bool has_policies =
      type == PrincipalType::user || type == PrincipalType::role_session || type == PrincipalType::federated_user;
  if (has_policies && choices.chance(40)) return put_conditions(made, choices);
  if (has_policies) {
    stack.identity = some_documents(made, choices.chance(30) ? Kind::managed : Kind::identity, 3, choices);
    if (choices.chance(30)) stack.boundary = some_document(made, Kind::managed, choices);
    const bool is_session = type != PrincipalType::user;
    if (is_session && choices.chance(40)) stack.session = some_documents(made, Kind::session, 2, choices);
  }
  if (stack.trust || !has_policies || choices.chance(50)) {
    auto kind = stack.trust ? Kind::trust : choices.chance(30) ? Kind::bucket : Kind::resource;
    if (!made.asks[0].action.starts_with("s3:") && kind == Kind::bucket) kind = Kind::resource;
    if (!choices.chance(5)) stack.resource = some_document(made, kind, choices);
  }
  if (choices.chance(20)) stack.service_control = some_levels(made, Kind::service_control, choices);
  if (choices.chance(20)) stack.resource_control = some_levels(made, Kind::resource_control, choices);
  if (choices.chance(20)) stack.endpoint = some_documents(made, Kind::endpoint, 2, choices);
}

}  // namespace

Statement make_statement(const Case& of, Kind kind, Choices& choices) {
  const auto& ask = of.asks[0];
  Statement statement;
  if (choices.chance(10)) statement.sid = choices.chance(50) ? "One" : "";
  statement.allow = kind != Kind::resource_control && !choices.chance(30);
  if (names_principals(kind)) put_principals(statement, of, kind, choices);
  statement.not_action = kind != Kind::trust && kind != Kind::resource_control && choices.chance(15);
  for (auto count = 1 + choices.below(2); count > 0; --count) {
    statement.actions.push_back(some_action(ask, kind, choices));
  }
  if (kind != Kind::trust) {
    statement.not_resource = choices.chance(15);
    for (auto count = 1 + choices.below(2); count > 0; --count) {
      statement.resources.push_back(some_resource(ask, choices));
    }
  }
  constexpr std::array<std::size_t, 6> kCounts = {0, 0, 0, 1, 1, 2};
  for (auto count = choices.of(kCounts); count > 0; --count) {
    auto condition = some_condition(ask, choices);
    const auto same = [&](const Condition& other) {
      return other.name == condition.name && other.key == condition.key;
    };
    if (std::ranges::none_of(statement.conditions, same)) statement.conditions.push_back(std::move(condition));
  }
  return statement;
}

Case make_case(Choices& choices) {
  Case made;
  made.principal = choices.of(callers());
  if (choices.chance(5)) made.principal.partition = "aws-cn";
  made.stack.trust = choices.chance(25);
  if (choices.chance(50)) {
    made.ids[std::string(kUser)] = choices.chance(80) ? kUserId : "AIDAOLDOLDOLDOLDOLD12";
    made.ids[std::string(kRole)] = choices.chance(80) ? kRoleId : "AROAOLDOLDOLDOLDOLD12";
    made.ids[std::string(kCanonical)] = choices.chance(80) ? kAccount : "999988887777";
  }
  Ask ask;
  put_action(ask, made.stack, choices);
  put_resource(ask, choices);
  put_keys(ask, choices);
  made.asks.push_back(ask);
  for (auto more = choices.below(9); more > 0; --more) {
    if (choices.chance(30)) put_action(ask, made.stack, choices);
    if (choices.chance(30)) put_resource(ask, choices);
    if (choices.chance(60)) put_keys(ask, choices);
    made.asks.push_back(ask);
  }
  put_stack(made, choices);
  return made;
}

const std::vector<std::string>& operator_names() {
  static const auto kAll = [] {
    Texts all;
    for (const auto& family : families()) {
      for (const auto& name : family.operators) {
        for (const std::string quantifier : {"", "ForAllValues:", "ForAnyValue:"}) {
          all.push_back(quantifier + name);
          if (name != "Null") all.push_back(quantifier + name + "IfExists");
        }
      }
    }
    return all;
  }();
  return kAll;
}

}  // namespace podpass::reference
