#include <gtest/gtest.h>

#include <map>

#include "policy/agreement_for_test.h"
#include "policy/policy.h"
#include "policy/table_for_test.h"

namespace podpass::policy {
namespace {

constexpr std::string_view kUserArn = "arn:aws:iam::111122223333:user/team/alice";
constexpr std::string_view kRoleArn = "arn:aws:iam::111122223333:role/team/app";
constexpr std::string_view kSessionArn = "arn:aws:sts::111122223333:assumed-role/app/one";
constexpr std::string_view kFederatedArn = "arn:aws:sts::111122223333:federated-user/fred";
constexpr std::string_view kProviderArn = "arn:aws:iam::111122223333:oidc-provider/oidc.example.com/id/1";

Principal caller(const std::string& name) {
  const Principal base{.account = "111122223333"};
  static const std::map<std::string, Principal> kCallers = {
      {"user", {.type = PrincipalType::user, .account = base.account, .arn = kUserArn, .unique_id = "AIDAALICE"}},
      {"session",
       {.type = PrincipalType::role_session,
        .account = base.account,
        .arn = kSessionArn,
        .role_arn = kRoleArn,
        .unique_id = "AROAAPP"}},
      {"federated",
       {.type = PrincipalType::federated_user,
        .account = base.account,
        .arn = kFederatedArn,
        .role_arn = kUserArn,
        .unique_id = "AIDAALICE"}},
      {"root", {.type = PrincipalType::root, .account = base.account, .arn = "arn:aws:iam::111122223333:root"}},
      {"service", {.type = PrincipalType::service, .service = "pods.eks.amazonaws.com"}},
      {"anonymous", {}},
      {"web", {.type = PrincipalType::web_identity, .provider = kProviderArn}},
  };
  return kCallers.at(name);
}

// The words of the tables for a principal.
std::string principal_json(std::string_view words) {
  static const std::map<std::string, std::pair<std::string, std::string>, std::less<>> kNamed = {
      {"user", {"AWS", std::string(kUserArn)}},
      {"other-user", {"AWS", "arn:aws:iam::111122223333:user/team/bob"}},
      {"role", {"AWS", std::string(kRoleArn)}},
      {"other-role", {"AWS", "arn:aws:iam::111122223333:role/app"}},
      {"session", {"AWS", std::string(kSessionArn)}},
      {"other-session", {"AWS", "arn:aws:sts::111122223333:assumed-role/app/two"}},
      {"federated", {"AWS", std::string(kFederatedArn)}},
      {"account", {"AWS", "111122223333"}},
      {"other-account", {"AWS", "arn:aws:iam::444455556666:root"}},
      {"*", {"AWS", "*"}},
      {"service", {"Service", "pods.eks.amazonaws.com"}},
      {"other-service", {"Service", "ec2.amazonaws.com"}},
      {"federated-provider", {"Federated", std::string(kProviderArn)}},
      {"other-provider", {"Federated", "arn:aws:iam::111122223333:oidc-provider/oidc.example.com/id/2"}},
  };
  if (words == "bare-*") return "\"*\"";
  std::map<std::string, std::string> lists;
  for (const auto word : split(words, '+')) {
    const auto& [type, value] = kNamed.find(word)->second;
    auto& list = lists[type];
    list += (list.empty() ? "\"" : ",\"") + value + "\"";
  }
  std::string json;
  for (const auto& [type, list] : lists) json += (json.empty() ? "{\"" : ",\"") + type + "\":[" + list + "]";
  return json + "}";
}

std::shared_ptr<const Policy> must_parse(const std::string& json, Kind kind) {
  auto policy = Policy::parse(json, kind);
  EXPECT_TRUE(policy.has_value()) << json << " " << policy.error().message << " " << policy.error().cause;
  return policy ? *policy : nullptr;
}

std::shared_ptr<const Policy> resource_policy(const std::string& words, Kind kind) {
  if (words == "-") return nullptr;
  const auto space = words.find(' ');
  const auto verb = words.substr(0, space);
  const bool inverted = verb == "deny-all-but";
  const std::string body =
      kind == Kind::trust ? R"("Action":"sts:AssumeRole"}})" : R"("Action":"s3:Get*","Resource":"arn:aws:s3:::b/*"}})";
  return must_parse(std::string(R"({"Statement":{"Effect":")") + (verb == "allow" ? "Allow" : "Deny") + "\",\"" +
                        (inverted ? "NotPrincipal" : "Principal") + "\":" + principal_json(words.substr(space + 1)) +
                        "," + body,
                    kind);
}

const std::map<std::string, std::string> kOwnPolicies = {
    {"none", R"({"Statement":{"Effect":"Allow","Action":"ec2:*","Resource":"*"}})"},
    {"allow", R"({"Statement":{"Effect":"Allow","Action":["s3:*","sts:*"],"Resource":"*"}})"},
    {"deny", R"({"Statement":{"Effect":"Deny","Action":["s3:*","sts:*"],"Resource":"*"}})"},
    {"allow+deny", R"({"Statement":[{"Effect":"Allow","Action":["s3:*","sts:*"],"Resource":"*"},
                                    {"Effect":"Deny","Action":["s3:*","sts:*"],"Resource":"*"}]})"},
};

std::string spelled(const Decision& decision) {
  constexpr std::array kOutcomes = {"allow", "implicit", "explicit"};
  constexpr std::array kLayers = {"none",  "identity",        "boundary",         "session", "resource",
                                  "trust", "service_control", "resource_control", "endpoint"};
  return std::string(kOutcomes[static_cast<std::size_t>(decision.outcome)]) + " " +
         kLayers[static_cast<std::size_t>(decision.layer)];
}

void run_layer_table(const std::string& file, std::size_t least, Kind kind, std::string_view action,
                     std::string_view resource) {
  const Context context;
  for (const auto& row : read_table(file, 7, least)) {
    SCOPED_TRACE(file + ":" + std::to_string(row.line));
    const auto own = [&](const std::string& name) {
      return name == "-" ? nullptr : must_parse(kOwnPolicies.at(name), Kind::identity);
    };
    const auto identity = own(row[2]), boundary = own(row[3]), session = own(row[4]);
    const auto bucket = resource_policy(row[5], kind);
    const NamedPolicy named_identity{identity.get(), {}}, named_session{session.get(), {}};
    Layers layers;
    if (identity) layers.identity = {&named_identity, 1};
    layers.resource = bucket.get();
    layers.trust = kind == Kind::trust;
    layers.has_boundary = boundary != nullptr;
    layers.boundary = {boundary.get(), {}};
    layers.has_session = session != nullptr;
    if (session) layers.session = {&named_session, 1};
    const auto principal = caller(row[0]);
    const Request request{principal, action, resource,
                          row[1] == "same" ? principal.account : std::string_view("999988887777"), context};
    EXPECT_EQ(spelled(evaluate(request, layers)), row[6]);
    EXPECT_EQ(disagreement(request, layers), "");
  }
}

TEST(Evaluate, Layers) {
  run_layer_table("layers.txt", 110, Kind::bucket, "s3:GetObject", "arn:aws:s3:::b/k");
}

// The levels of a control policy as the table has them: "allow > none".
class Levels {
 public:
  Levels(const std::string& words, Kind kind) : there_(words != "-") {
    if (!there_ || words == "[]") return;
    for (const auto word : split(words, '>')) {
      auto json = kOwnPolicies.at(std::string(trim(word)));
      if (kind == Kind::resource_control) json = kEveryones.at(std::string(trim(word)));
      policies_.push_back(must_parse(json, kind));
    }
    for (const auto& policy : policies_) named_.push_back({policy.get(), {}});
    for (const auto& each : named_) levels_.emplace_back(&each, 1);
  }
  bool there() const { return there_; }
  std::span<const Level> levels() const { return levels_; }

 private:
  static inline const std::map<std::string, std::string> kEveryones = {
      {"none", R"({"Statement":{"Effect":"Deny","Principal":"*","Action":"ec2:*","Resource":"*"}})"},
      {"allow", R"({"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}})"},
      {"allow+deny", R"({"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"},
                                      {"Effect":"Deny","Principal":{"AWS":"*"},"Action":"s3:*","Resource":"*"}]})"},
  };
  bool there_;
  std::vector<std::shared_ptr<const Policy>> policies_;
  std::vector<NamedPolicy> named_;
  std::vector<Level> levels_;
};

TEST(Evaluate, WhatStandsAboveTheAccount) {
  const Context context;
  for (const auto& row : read_table("controls.txt", 8, 75)) {
    SCOPED_TRACE("controls.txt:" + std::to_string(row.line));
    const auto identity = row[2] == "-" ? nullptr : must_parse(kOwnPolicies.at(row[2]), Kind::identity);
    const Levels service_control(row[3], Kind::service_control), resource_control(row[4], Kind::resource_control);
    const auto endpoint = row[5] == "none" ? must_parse(R"({"Statement":{"Effect":"Allow","Principal":"*",
                                                            "Action":"ec2:*","Resource":"*"}})",
                                                        Kind::endpoint)
                                           : resource_policy(row[5], Kind::endpoint);
    const auto bucket = resource_policy(row[6], Kind::bucket);
    const NamedPolicy named_identity{identity.get(), {}}, named_endpoint{endpoint.get(), {}};
    Layers layers;
    if (identity) layers.identity = {&named_identity, 1};
    layers.resource = bucket.get();
    layers.has_service_control = service_control.there();
    layers.service_control = service_control.levels();
    layers.has_resource_control = resource_control.there();
    layers.resource_control = resource_control.levels();
    layers.has_endpoint = endpoint != nullptr;
    if (endpoint) layers.endpoint = {&named_endpoint, 1};
    const auto principal = caller(row[0]);
    const Request request{principal, "s3:GetObject", "arn:aws:s3:::b/k",
                          row[1] == "same" ? principal.account : std::string_view("999988887777"), context};
    EXPECT_EQ(spelled(evaluate(request, layers)), row[7]);
    EXPECT_EQ(disagreement(request, layers), "");
  }
}

TEST(Evaluate, TheLevelThatRefusesIsTold) {
  const auto all = must_parse(kOwnPolicies.at("allow"), Kind::identity);
  const NamedPolicy named{all.get(), {}};
  Layers layers;
  layers.identity = {&named, 1};
  layers.has_service_control = true;
  const Context context;
  const auto user = caller("user");
  const Request request{user, "s3:GetObject", "arn:aws:s3:::b/k", user.account, context};
  for (const auto& [words, level] :
       {std::pair<const char*, int>{"allow > none > none", 1}, {"none > deny", 1}, {"[]", -1}}) {
    const Levels levels(words, Kind::service_control);
    layers.service_control = levels.levels();
    EXPECT_EQ(evaluate(request, layers).level, level) << words;
  }
}

TEST(Evaluate, Trust) {
  run_layer_table("trust.txt", 30, Kind::trust, "sts:AssumeRole", "arn:aws:iam::111122223333:role/target");
}

TEST(Evaluate, GetCallerIdentityIsAlwaysAllowed) {
  const auto deny = must_parse(R"({"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}})", Kind::identity);
  const NamedPolicy named{deny.get(), {}};
  Layers layers;
  layers.identity = {&named, 1};
  const Context context;
  const auto user = caller("user");
  EXPECT_TRUE(evaluate({user, "sts:GetCallerIdentity", "*", {}, context}, layers).allowed());
  EXPECT_FALSE(evaluate({user, "sts:GetSessionToken", "*", {}, context}, layers).allowed());
}

TEST(Evaluate, UniqueIdsOutlastNames) {
  const auto json = R"({"Statement":{"Effect":"Allow","Principal":{"AWS":[")" + std::string(kUserArn) + "\",\"" +
                    std::string(kRoleArn) + R"("]},"Action":"sts:AssumeRole"}})";
  const PrincipalIds ids = {{std::string(kUserArn), "AIDAALICE"}, {std::string(kRoleArn), "AROAOLD"}};
  const auto trust = Policy::parse(json, Kind::trust, ids);
  ASSERT_TRUE(trust.has_value());
  Layers layers;
  layers.resource = trust->get();
  layers.trust = true;
  const Context context;
  const auto allowed = [&](const Principal& who) {
    return evaluate({who, "sts:AssumeRole", "*", who.account, context}, layers).allowed();
  };
  EXPECT_TRUE(allowed(caller("user")));
  auto recreated = caller("user");
  recreated.unique_id = "AIDANEW";
  EXPECT_FALSE(allowed(recreated));
  EXPECT_FALSE(allowed(caller("session")));
  auto older = caller("session");
  older.unique_id = "AROAOLD";
  EXPECT_TRUE(allowed(older));
}

TEST(Evaluate, RawUniqueIdAsPrincipal) {
  const auto trust = must_parse(
      R"({"Statement":{"Effect":"Allow","Principal":{"AWS":"AROAEXAMPLEEXAMPLE123"},"Action":"sts:AssumeRole"}})",
      Kind::trust);
  Layers layers;
  layers.resource = trust.get();
  layers.trust = true;
  const Context context;
  auto who = caller("session");
  EXPECT_FALSE(evaluate({who, "sts:AssumeRole", "*", {}, context}, layers).allowed());
  who.unique_id = "AROAEXAMPLEEXAMPLE123";
  EXPECT_TRUE(evaluate({who, "sts:AssumeRole", "*", {}, context}, layers).allowed());
}

TEST(Evaluate, AccountPrincipalKeepsItsPartition) {
  const auto bucket =
      must_parse(R"({"Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws-cn:iam::111122223333:root"},
                                     "Action":"s3:*","Resource":"*"}})",
                 Kind::bucket);
  Layers layers;
  layers.resource = bucket.get();
  const Context context;
  auto root = caller("root");
  EXPECT_FALSE(evaluate({root, "s3:GetObject", "*", "999988887777", context}, layers).allowed());
  root.partition = "aws-cn";
  EXPECT_TRUE(evaluate({root, "s3:GetObject", "*", "999988887777", context}, layers).allowed());
}

TEST(Evaluate, StrongestGrantOfTheBucketPolicyCounts) {
  const auto bucket = must_parse(R"({"Statement":[
      {"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"s3:*","Resource":"*"},
      {"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/team/app"},"Action":"s3:*","Resource":"*"},
      {"Effect":"Allow","Principal":{"AWS":"arn:aws:sts::111122223333:assumed-role/app/one"},"Action":"s3:GetObject","Resource":"*"}]})",
                                 Kind::bucket);
  Layers layers;
  layers.resource = bucket.get();
  layers.has_session = true;
  const Context context;
  const auto who = caller("session");
  const auto read = evaluate({who, "s3:GetObject", "*", {}, context}, layers);
  EXPECT_TRUE(read.allowed());
  EXPECT_EQ(read.statement, 2);
  EXPECT_EQ(spelled(evaluate({who, "s3:PutObject", "*", {}, context}, layers)), "implicit session");
}

TEST(Evaluate, SessionPoliciesAreOneSet) {
  const auto a =
      must_parse(R"({"Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}})", Kind::session);
  const auto b =
      must_parse(R"({"Statement":{"Effect":"Allow","Action":"s3:PutObject","Resource":"*"}})", Kind::session);
  const auto all = must_parse(kOwnPolicies.at("allow"), Kind::identity);
  const std::array<NamedPolicy, 2> set = {{{a.get(), {}}, {b.get(), {}}}};
  const NamedPolicy named{all.get(), {}};
  Layers layers;
  layers.identity = {&named, 1};
  layers.has_session = true;
  layers.session = set;
  const Context context;
  const auto who = caller("session");
  EXPECT_TRUE(evaluate({who, "s3:GetObject", "*", {}, context}, layers).allowed());
  EXPECT_TRUE(evaluate({who, "s3:PutObject", "*", {}, context}, layers).allowed());
  EXPECT_FALSE(evaluate({who, "s3:DeleteObject", "*", {}, context}, layers).allowed());
}

TEST(Evaluate, TellsTheDecidingStatement) {
  const auto one = must_parse(kOwnPolicies.at("none"), Kind::identity);
  const auto two = must_parse(R"({"Statement":[{"Effect":"Allow","Action":"s3:Put*","Resource":"*"},
                                               {"Effect":"Allow","Action":"s3:Get*","Resource":"*"},
                                               {"Effect":"Deny","Action":"s3:GetBucketAcl","Resource":"*"}]})",
                              Kind::identity);
  const std::array<NamedPolicy, 2> set = {{{one.get(), {}}, {two.get(), "arn:aws:iam::111122223333:policy/two"}}};
  Layers layers;
  layers.identity = set;
  const Context context;
  const auto user = caller("user");
  const auto allow = evaluate({user, "s3:GetObject", "*", {}, context}, layers);
  EXPECT_EQ(allow.policy, 1);
  EXPECT_EQ(allow.statement, 1);
  EXPECT_EQ(allow.layer, Layer::identity);
  const Request request{user, "s3:GetBucketAcl", "*", {}, context};
  const auto deny = evaluate(request, layers);
  EXPECT_EQ(deny.policy, 1);
  EXPECT_EQ(deny.statement, 2);
  EXPECT_EQ(deny.policy_arn, "arn:aws:iam::111122223333:policy/two");
}

TEST(Evaluate, OverlongActionIsDenied) {
  const auto all = must_parse(R"({"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}})", Kind::identity);
  const NamedPolicy named{all.get(), {}};
  Layers layers;
  layers.identity = {&named, 1};
  const Context context;
  const auto user = caller("user");
  const std::string action = "s3:" + std::string(kMaxActionSize, 'x');
  EXPECT_FALSE(evaluate({user, action, "*", {}, context}, layers).allowed());
  EXPECT_TRUE(evaluate({user, std::string_view(action).substr(0, kMaxActionSize), "*", {}, context}, layers).allowed());
}

TEST(Policy, MayAllowLooksAtPrincipalAndActionOnly) {
  const auto trust = must_parse(
      R"({"Statement":[{"Effect":"Allow","Principal":{"Service":"pods.eks.amazonaws.com"},"Action":["sts:AssumeRole"],
          "Condition":{"StringEquals":{"a:none":"x"}}},
          {"Effect":"Deny","Principal":"*","Action":"sts:*"}]})",
      Kind::trust);
  EXPECT_TRUE(trust->may_allow(caller("service"), "sts:AssumeRole"));
  EXPECT_FALSE(trust->may_allow(caller("service"), "sts:TagSession"));
  EXPECT_FALSE(trust->may_allow(caller("user"), "sts:AssumeRole"));
  EXPECT_FALSE(trust->may_allow(caller("service"), "sts:AssumeRole" + std::string(kMaxActionSize, 'x')));
  const auto everyone =
      must_parse(R"({"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}})", Kind::trust);
  EXPECT_TRUE(everyone->may_allow(caller("service"), "sts:AssumeRole"));
  EXPECT_FALSE(everyone->may_allow(caller("web"), "sts:AssumeRole"));
}

TEST(DenialMessage, SaysWhatAwsSays) {
  const Context context;
  const auto user = caller("user");
  const Request request{user, "s3:GetObject", "arn:aws:s3:::b/k", {}, context};
  const std::string front =
      "User: arn:aws:iam::111122223333:user/team/alice is not authorized to perform: s3:GetObject on resource: "
      "arn:aws:s3:::b/k";
  const auto said = [&](Outcome outcome, Layer layer, std::string_view arn = {}) {
    return denial_message(request, Decision{outcome, layer, arn, -1, -1});
  };
  using enum Layer;
  EXPECT_EQ(said(Outcome::implicit_deny, identity),
            front + " because no identity-based policy allows the s3:GetObject action");
  EXPECT_EQ(said(Outcome::implicit_deny, boundary),
            front + " because no permissions boundary allows the s3:GetObject action");
  EXPECT_EQ(said(Outcome::implicit_deny, session), front + " because no session policy allows the s3:GetObject action");
  EXPECT_EQ(said(Outcome::implicit_deny, resource),
            front + " because no resource-based policy allows the s3:GetObject action");
  EXPECT_EQ(said(Outcome::explicit_deny, identity), front + " with an explicit deny in an identity-based policy");
  EXPECT_EQ(said(Outcome::explicit_deny, boundary), front + " with an explicit deny in a permissions boundary");
  EXPECT_EQ(said(Outcome::explicit_deny, session), front + " with an explicit deny in a session policy");
  EXPECT_EQ(said(Outcome::explicit_deny, resource), front + " with an explicit deny in a resource-based policy");
  EXPECT_EQ(said(Outcome::implicit_deny, service_control),
            front + " because no service control policy allows the s3:GetObject action");
  EXPECT_EQ(said(Outcome::explicit_deny, service_control),
            front + " with an explicit deny in a service control policy");
  EXPECT_EQ(said(Outcome::implicit_deny, resource_control),
            front + " because no resource control policy allows the s3:GetObject action");
  EXPECT_EQ(said(Outcome::explicit_deny, resource_control),
            front + " with an explicit deny in a resource control policy");
  EXPECT_EQ(said(Outcome::implicit_deny, endpoint),
            front + " because no VPC endpoint policy allows the s3:GetObject action");
  EXPECT_EQ(said(Outcome::explicit_deny, endpoint), front + " with an explicit deny in a VPC endpoint policy");
  EXPECT_EQ(said(Outcome::explicit_deny, identity, "arn:aws:iam::1:policy/p"),
            front + " with an explicit deny in an identity-based policy: arn:aws:iam::1:policy/p");
}

TEST(DenialMessage, AssumeRoleGivesNoReason) {
  const Context context;
  const auto session = caller("session");
  const Request request{session, "sts:AssumeRole", "arn:aws:iam::111122223333:role/target", {}, context};
  const std::string text =
      "User: arn:aws:sts::111122223333:assumed-role/app/one is not authorized to perform: sts:AssumeRole on resource: "
      "arn:aws:iam::111122223333:role/target";
  EXPECT_EQ(denial_message(request, {Outcome::implicit_deny, Layer::trust, {}, -1, -1}), text);
  EXPECT_EQ(denial_message(request, {Outcome::explicit_deny, Layer::identity, {}, 0, 0}), text);
  const auto web = caller("web");
  EXPECT_EQ(denial_message({web, "sts:AssumeRoleWithWebIdentity", "*", {}, context},
                           {Outcome::implicit_deny, Layer::trust, {}, -1, -1}),
            "Not authorized to perform sts:AssumeRoleWithWebIdentity");
}

TEST(DenialMessage, NamesThoseWithoutAnArn) {
  const Context context;
  const auto anonymous = caller("anonymous");
  EXPECT_EQ(denial_message({anonymous, "s3:GetObject", "arn:aws:s3:::b/k", {}, context},
                           {Outcome::implicit_deny, Layer::resource, {}, -1, -1}),
            "User: anonymous is not authorized to perform: s3:GetObject on resource: arn:aws:s3:::b/k because no "
            "resource-based policy allows "
            "the s3:GetObject action");
  const auto service = caller("service");
  EXPECT_EQ(
      denial_message({service, "sts:AssumeRole", "arn:aws:iam::1:role/r", {}, context},
                     {Outcome::implicit_deny, Layer::trust, {}, -1, -1}),
      "User: pods.eks.amazonaws.com is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::1:role/r");
}

}  // namespace
}  // namespace podpass::policy
