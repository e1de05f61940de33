// Every service over the wire: who is let in, what is refused and how, and what the trail says of it.
#include "gateway/gateway.h"

#include <thread>

#include "base/log.h"
#include "codec/uri.h"
#include "gateway/served_test.h"
#include "gateway/services.h"
#include "policy/actions.h"

namespace podpass::gateway {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

class GatewayTest : public testing::Test {
 protected:
  GatewayTest() { log::set_level(log::Level::off); }
  ~GatewayTest() override { log::set_level(log::Level::info); }
  Served served_;
};

const Ask kIdentity{"sts",
                    "POST",
                    "/",
                    "Action=GetCallerIdentity&Version=2011-06-15",
                    {{"Content-Type", "application/x-www-form-urlencoded"}}};
const Ask kClusters{"eks", "GET", "/clusters"};
const Ask kBuckets{"s3", "GET", "/"};

// "403 InvalidClientTokenId", whatever the protocol.
std::string verdict(const http::ClientResponse& response) {
  auto code = response.header("x-amzn-ErrorType");
  return std::to_string(response.status) + " " + (code.empty() ? element(response.body, "Code") : std::string(code));
}

std::string request_id(const http::ClientResponse& response) {
  auto id = response.header("x-amzn-RequestId");
  return std::string(id.empty() ? response.header("x-amz-request-id") : id);
}

// An operation asks for `service:operation`; `podpass` is ours. Actions under other names:
// tools/generate_actions_test.py.
TEST(Services, AskForActionsThatAwsKnows) {
  std::size_t operations = 0;
  for (const auto* service : services()) {
    if (service->name == "podpass") continue;
    for (const auto& operation : service->operations) {
      const auto name = std::string(service->name) + ":" + std::string(operation.name);
      const auto action = policy::find_action(name);
      EXPECT_TRUE(action && action->name == name) << name;
      ++operations;
    }
  }
  EXPECT_GE(operations, 70U);
}

TEST_F(GatewayTest, SignedRequestsAreServed) {
  auto identity = served_.send(kIdentity);
  EXPECT_EQ(identity.status, 200);
  EXPECT_EQ(element(identity.body, "Arn"), "arn:aws:iam::111122223333:root");
  EXPECT_EQ(identity.header("Content-Type"), "text/xml");
  auto clusters = served_.send(kClusters);
  EXPECT_EQ(clusters.status, 200);
  EXPECT_EQ(clusters.body, R"({"clusters":[]})");
  EXPECT_EQ(clusters.header("Content-Type"), "application/json");
  EXPECT_EQ(served_.send(kBuckets).status, 200);
}

TEST_F(GatewayTest, EveryAnswerHasARequestIdOfItsOwn) {
  std::set<std::string> ids;
  auto unsigned_get = [&](std::string target) {
    http::ClientRequest request;
    request.target = std::move(target);
    return served_.deliver(request);
  };
  const http::ClientResponse answers[] = {
      served_.send(kIdentity),
      served_.send(kClusters),
      served_.send(kBuckets),
      served_.send({"eks", "GET", "/nothing"}),
      unsigned_get("/"),
      unsigned_get("/bucket/key"),
      unsigned_get("/_podpass/health"),
      unsigned_get("/id/0000/keys"),
      served_.query("iam", "Action=No"),
      served_.send({"nothing", "GET", "/"}),
  };
  for (const auto& answer : answers) {
    EXPECT_EQ(request_id(answer).size(), 36u) << answer.status << answer.body;
    EXPECT_TRUE(ids.insert(request_id(answer)).second);
  }
  auto refused = served_.query("iam", "Action=GetRole&RoleName=none");
  EXPECT_EQ(element(refused.body, "RequestId"), request_id(refused));
}

TEST_F(GatewayTest, WhatNeedsNoSignature) {
  auto get = [&](std::string target) {
    http::ClientRequest request;
    request.target = std::move(target);
    return served_.deliver(request);
  };
  EXPECT_EQ(get("/_podpass/health").body, R"({"status":"ok"})");
  served_.make_cluster("c");
  auto described = codec::parse_json(served_.json("eks", "GET", "/clusters/c").body);
  auto issuer = std::string(described->find("cluster")->find("identity")->find("oidc")->text("issuer"));
  auto path = issuer.substr(issuer.find("/id/"));
  auto discovery = codec::parse_json(get(path + "/.well-known/openid-configuration").body);
  EXPECT_EQ(discovery->text("issuer"), issuer);
  EXPECT_EQ(discovery->text("jwks_uri"), issuer + "/keys");
  EXPECT_TRUE(get(path + "/keys").body.contains("\"kty\":\"RSA\""));
  EXPECT_FALSE(get(path + "/keys").body.contains("\"d\":"));
  EXPECT_EQ(get(path + "/private").status, 404);
  EXPECT_EQ(get("/id/FFFF/keys").status, 404);
}

// Each defect against the three protocols: sts, eks, s3.
TEST_F(GatewayTest, WhoIsNotLetIn) {
  const auto now = served_.clock.now();
  auto other = served_.make_user("other");
  auto unknown = served_.root;
  unknown.access_key_id = "AKIAUNKNOWNUNKNOWN00";
  auto wrong_secret = served_.root;
  wrong_secret.secret = Secret("wrong");
  auto foreign_secret = served_.root;
  foreign_secret.secret = other.secret;
  auto stray_token = served_.root;
  stray_token.session_token = "stray";
  struct Row {
    const char* what;
    aws::SigningCredentials credentials;
    Time when;
    const char *sts, *eks, *s3;
  };
  const Row rows[] = {
      {"unknown key", unknown, now, "403 InvalidClientTokenId", "403 UnrecognizedClientException",
       "403 InvalidAccessKeyId"},
      {"wrong secret", wrong_secret, now, "403 SignatureDoesNotMatch", "403 InvalidSignatureException",
       "403 SignatureDoesNotMatch"},
      {"another's secret", foreign_secret, now, "403 SignatureDoesNotMatch", "403 InvalidSignatureException",
       "403 SignatureDoesNotMatch"},
      {"stray session token", stray_token, now, "403 InvalidClientTokenId", "403 UnrecognizedClientException",
       "400 InvalidToken"},
      {"clock behind", served_.root, now - minutes{15} - Seconds{1}, "403 SignatureDoesNotMatch",
       "403 InvalidSignatureException", "403 RequestTimeTooSkewed"},
      {"clock ahead", served_.root, now + minutes{15} + Seconds{1}, "403 SignatureDoesNotMatch",
       "403 InvalidSignatureException", "403 RequestTimeTooSkewed"},
  };
  for (const auto& row : rows) {
    const std::pair<Ask, const char*> asks[] = {{kIdentity, row.sts}, {kClusters, row.eks}, {kBuckets, row.s3}};
    for (const auto& [ask, expected] : asks) {
      auto response = served_.deliver(served_.sign(ask, row.credentials, row.when));
      EXPECT_EQ(verdict(response), expected) << row.what << " " << response.body;
      EXPECT_FALSE(response.body.contains(other.secret.reveal()));
    }
  }
  for (auto skew : {-minutes{15}, minutes{15}}) {
    EXPECT_EQ(served_.deliver(served_.sign(kClusters, served_.root, now + skew)).status, 200);
  }
}

TEST_F(GatewayTest, WhatIsNotSigned) {
  auto deliver = [&](const Ask& ask) {
    http::ClientRequest request;
    request.method = ask.method;
    request.target = ask.target;
    request.body = ask.body;
    request.headers = ask.headers;
    return verdict(served_.deliver(request));
  };
  EXPECT_EQ(deliver(kIdentity), "403 MissingAuthenticationToken");
  EXPECT_EQ(deliver({"", "GET", "/clusters", "", {{"Host", "eks.us-west-2.amazonaws.com"}}}),
            "403 MissingAuthenticationTokenException");
  EXPECT_EQ(deliver({"", "POST", "/clusters/c/assume-role-for-pod-identity", "{}", {}}),
            "403 MissingAuthenticationTokenException");
  EXPECT_EQ(deliver(kBuckets), "403 AccessDenied");
  EXPECT_EQ(deliver({"", "GET", "/clusters", "", {{"Host", "eks.x"}, {"Authorization", "AWS4-HMAC-SHA256 junk"}}}),
            "400 IncompleteSignatureException");
  EXPECT_EQ(deliver({"", "GET", "/clusters", "", {{"Host", "eks.x"}, {"Authorization", "Bearer x"}}}).substr(0, 1),
            "4");
}

TEST_F(GatewayTest, WhatWasChangedAfterSigning) {
  const Ask create{"eks",
                   "POST",
                   "/clusters/c/pod-identity-associations?a=b",
                   R"({"namespace":"n"})",
                   {{"Content-Type", "application/json"}}};
  using Change = void (*)(http::ClientRequest&);
  const Change changes[] = {
      [](http::ClientRequest& request) { request.body = R"({"namespace":"m"})"; },
      [](http::ClientRequest& request) { request.target = "/clusters/d/pod-identity-associations?a=b"; },
      [](http::ClientRequest& request) { request.target = "/clusters/c/pod-identity-associations?a=c"; },
      [](http::ClientRequest& request) { request.method = "PUT"; },
      [](http::ClientRequest& request) { request.headers.emplace_back("x-amz-more", "1"); },
      [](http::ClientRequest& request) { request.headers.emplace_back("Host", "eks.elsewhere"); },
  };
  for (auto change : changes) {
    auto request = served_.sign(create, served_.root, served_.clock.now());
    change(request);
    EXPECT_EQ(verdict(served_.deliver(request)), "403 InvalidSignatureException");
  }
  auto odd = served_.sign(kClusters, served_.root, served_.clock.now());
  for (auto& [name, value] : odd.headers) {
    if (auto at = value.find("us-west-2"); at != std::string::npos) value.replace(at, 9, "us-\xff");
  }
  auto refused = served_.deliver(odd);
  EXPECT_TRUE(codec::parse_json(refused.body)) << "an error that quotes foreign bytes is well-formed: " << refused.body;
  // Signed for another region or service.
  auto elsewhere = served_.deployment.region;
  std::swap(elsewhere, served_.deployment.region = "eu-west-1");
  auto request = served_.sign(kClusters, served_.root, served_.clock.now());
  auto global = served_.sign(kIdentity, served_.root, served_.clock.now());
  served_.deployment.region = elsewhere;
  EXPECT_EQ(verdict(served_.deliver(request)), "403 InvalidSignatureException");
  EXPECT_EQ(served_.deliver(global).status, 200) << "IAM and STS are signed for any region";
  EXPECT_EQ(served_.send({"s4", "GET", "/"}).status, 400) << "an unknown service";
}

TEST_F(GatewayTest, AKeyStopsAtOnce) {
  auto user = served_.make_user("u");
  EXPECT_EQ(served_.send(kIdentity, user).status, 200);
  const auto of_key = "&UserName=u&AccessKeyId=" + user.access_key_id;
  EXPECT_EQ(served_.query("iam", "Action=UpdateAccessKey&Status=Inactive" + of_key).status, 200);
  EXPECT_EQ(verdict(served_.send(kIdentity, user)), "403 InvalidClientTokenId");
  EXPECT_EQ(served_.query("iam", "Action=UpdateAccessKey&Status=Active" + of_key).status, 200);
  EXPECT_EQ(served_.send(kIdentity, user).status, 200);
  EXPECT_EQ(served_.query("iam", "Action=DeleteAccessKey" + of_key).status, 200);
  EXPECT_EQ(verdict(served_.send(kIdentity, user)), "403 InvalidClientTokenId");
}

TEST_F(GatewayTest, ChangedPermissionsHoldForTheNextRequest) {
  auto user = served_.make_user("u");
  EXPECT_EQ(served_.send(kClusters, user).status, 200);
  EXPECT_EQ(served_.query("iam", "Action=DeleteUserPolicy&UserName=u&PolicyName=all").status, 200);
  auto refused = served_.send(kClusters, user);
  EXPECT_EQ(verdict(refused), "403 AccessDeniedException");
  EXPECT_TRUE(
      refused.body.contains("User: arn:aws:iam::111122223333:user/u is not authorized to perform: "
                            "eks:ListClusters"))
      << refused.body;
}

class Sessions : public GatewayTest {
 protected:
  void make_role(const std::string& name) {
    auto trust = codec::percent_encode(
        R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},)"
        R"("Action":"sts:AssumeRole"}})");
    EXPECT_EQ(served_.query("iam", "Action=CreateRole&RoleName=" + name + "&AssumeRolePolicyDocument=" + trust).status,
              200);
  }
  Sessions() {
    user_ = served_.make_user("u");
    make_role("r");
    session_ = served_.assume("r", user_);
  }
  aws::SigningCredentials user_, session_;
};

TEST_F(Sessions, LiveUntilTheyExpire) {
  auto identity = served_.send(kIdentity, session_);
  EXPECT_EQ(element(identity.body, "Arn"), "arn:aws:sts::111122223333:assumed-role/r/session");
  served_.clock.advance(hours{1} - Milliseconds{1});
  EXPECT_EQ(served_.send(kIdentity, session_).status, 200);
  served_.clock.advance(Milliseconds{1});
  EXPECT_EQ(verdict(served_.send(kIdentity, session_)), "403 ExpiredToken");
  EXPECT_EQ(verdict(served_.send(kClusters, session_)), "403 ExpiredTokenException");
  EXPECT_EQ(verdict(served_.send(kBuckets, session_)), "400 ExpiredToken");
}

TEST_F(Sessions, TokenKeyAndSecretBelongTogether) {
  auto second = served_.assume("r", user_);
  auto swapped = session_;
  swapped.session_token = second.session_token;
  EXPECT_EQ(served_.send(kIdentity, session_).status, 200) << "known by now";
  EXPECT_EQ(verdict(served_.send(kIdentity, swapped)), "403 InvalidClientTokenId");
  auto no_token = session_;
  no_token.session_token.clear();
  EXPECT_EQ(verdict(served_.send(kIdentity, no_token)), "403 InvalidClientTokenId");
  for (std::size_t at = 0; at < session_.session_token.size(); at += 7) {
    auto altered = session_;
    altered.session_token[at] = altered.session_token[at] == 'A' ? 'B' : 'A';
    EXPECT_EQ(verdict(served_.send(kIdentity, altered)), "403 InvalidClientTokenId") << at;
  }
  auto wrong_secret = session_;
  wrong_secret.secret = second.secret;
  EXPECT_EQ(verdict(served_.send(kIdentity, wrong_secret)), "403 SignatureDoesNotMatch");
}

TEST_F(Sessions, DieWithTheirRoleEvenIfItIsMadeAgain) {
  EXPECT_EQ(served_.send(kIdentity, session_).status, 200);
  EXPECT_EQ(served_.query("iam", "Action=DeleteRole&RoleName=r").status, 200);
  EXPECT_EQ(verdict(served_.send(kIdentity, session_)), "403 InvalidClientTokenId");
  make_role("r");
  EXPECT_EQ(verdict(served_.send(kIdentity, session_)), "403 InvalidClientTokenId") << "another role of the same name";
}

TEST_F(Sessions, OutliveTheRotationOfTheirKey) {
  auto& sessions = *served_.deployment.sessions;
  sessions.replace(sessions.ring().rotated(served_.random, 2));
  EXPECT_EQ(served_.send(kIdentity, session_).status, 200);
  auto after = served_.assume("r", user_);
  sessions.replace(sessions.ring().rotated(served_.random, 2));
  served_.make_user("another");  // nothing is remembered across a change
  EXPECT_EQ(served_.send(kIdentity, after).status, 200);
  EXPECT_EQ(verdict(served_.send(kIdentity, session_)), "403 InvalidClientTokenId") << "its key is gone";
}

TEST_F(GatewayTest, MalformedRequests) {
  struct Row {
    Ask ask;
    const char* expected;
  };
  const std::vector<std::pair<std::string, std::string>> form = {{"Content-Type", "application/x-www-form-urlencoded"}};
  const std::string associations = "/clusters/c/pod-identity-associations";
  const Row rows[] = {
      {{"eks", "POST", associations, "{"}, "400 SerializationException"},
      {{"eks", "POST", associations, "[1]"}, "400 SerializationException"},
      {{"eks", "POST", associations, "{\"a\":\"\xff\"}"}, "400 SerializationException"},
      {{"eks", "POST", associations, std::string(100'000, '[')}, "400 SerializationException"},
      {{"eks", "POST", associations, R"({"namespace":1})"}, "400 InvalidParameterException"},
      {{"eks", "POST", associations, ""}, "400 InvalidParameterException"},
      {{"eks", "GET", "/clusters?maxResults=x"}, "400 InvalidParameterException"},
      {{"eks", "GET", "/clusters/c/nothing"}, "404 UnknownOperationException"},
      {{"eks", "PATCH", "/clusters"}, "404 UnknownOperationException"},
      {{"eks", "GET", "/clusters/%ff"}, "404 UnknownOperationException"},
      {{"eks", "GET", "/clusters/none"}, "404 ResourceNotFoundException"},
      {{"eks-auth", "POST", "/clusters/c/assume-role-for-pod-identity", "{}"}, "400 InvalidParameterException"},
      {{"sts", "POST", "/", "", form}, "400 MissingAction"},
      {{"sts", "POST", "/", "Action=GetCallerIdentity", form}, "400 InvalidAction"},
      {{"sts", "POST", "/", "Action=Nothing&Version=2011-06-15", form}, "400 InvalidAction"},
      {{"sts", "POST", "/", "Action=%zz", form}, "400 MalformedQueryString"},
      {{"iam", "POST", "/", "Action=GetRole&Version=2010-05-08", form}, "400 ValidationError"},
  };
  for (const auto& row : rows) {
    auto response = served_.send(row.ask);
    EXPECT_EQ(verdict(response), row.expected)
        << row.ask.method << row.ask.target << " " << row.ask.body.substr(0, 60) << " " << response.body;
    EXPECT_EQ(request_id(response).size(), 36u);
  }
}

TEST_F(GatewayTest, BodiesHaveALimit) {
  const std::string fits(kMaxBodyBytes - 20, ' '), over(kMaxBodyBytes + 1, ' ');
  EXPECT_EQ(verdict(served_.json("eks", "POST", "/clusters", fits + "{")), "400 SerializationException");
  EXPECT_EQ(verdict(served_.json("eks", "POST", "/clusters", over)), "413 RequestEntityTooLargeException");
  EXPECT_EQ(served_.query("sts", "Action=GetCallerIdentity&x=" + over).status, 413);
  EXPECT_EQ(served_.send(kClusters).status, 200);
}

TEST_F(GatewayTest, ClashingWritesAllHappen) {
  served_.make_cluster("c");
  const auto target = "/tags/" + codec::percent_encode("arn:aws:eks:us-west-2:111122223333:cluster/c");
  constexpr int kThreads = 6, kEach = 5;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&, thread] {
        for (int i = 0; i < kEach; ++i) {
          auto body = R"({"tags":{"k)" + std::to_string(thread) + "-" + std::to_string(i) + R"(":"v"}})";
          auto response = served_.json("eks", "POST", target, body);
          EXPECT_EQ(response.status, 200) << response.body;
        }
      });
    }
  }
  auto tags = codec::parse_json(served_.json("eks", "GET", target).body);
  EXPECT_EQ(tags->find("tags")->as<codec::Value::Map>()->size(), static_cast<std::size_t>(kThreads * kEach));
}

// The whole exchange: a role, an association, a token, the node's call.
class Exchange : public GatewayTest {
 protected:
  Exchange() {
    served_.make_cluster("c");
    auto trust = codec::percent_encode(
        R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"pods.eks.amazonaws.com"},)"
        R"("Action":["sts:AssumeRole","sts:TagSession"]}})");
    EXPECT_EQ(served_.query("iam", "Action=CreateRole&RoleName=app&AssumeRolePolicyDocument=" + trust).status, 200);
    auto made = codec::parse_json(
        served_
            .json("eks", "POST", "/clusters/c/pod-identity-associations",
                  R"({"namespace":"ns","serviceAccount":"sa","roleArn":"arn:aws:iam::111122223333:role/app"})")
            .body);
    association_ = made->find("association")->text("associationId");
    EXPECT_EQ(association_.size(), 19u);
    node_ = served_.make_user("node");
    auto minted =
        codec::parse_json(served_
                              .json("podpass", "POST", "/clusters/c/service-account-tokens",
                                    R"({"namespace":"ns","serviceAccount":"sa","podName":"pod-1","podUid":"uid-1"})")
                              .body);
    token_ = minted->text("token");
    EXPECT_FALSE(token_.empty());
  }
  http::ClientResponse exchange() {
    return served_.send(
        {"eks-auth", "POST", "/clusters/c/assume-role-for-pod-identity", R"({"token":")" + token_ + "\"}"}, node_);
  }
  codec::Value record_of(const http::ClientResponse& response) {
    for (auto& record : served_.audit()) {
      if (record.text("requestID") == request_id(response)) return record;
    }
    ADD_FAILURE() << "no record of " << request_id(response);
    return codec::Value::map({{"additionalEventData", codec::Value::map()}});
  }
  std::string association_, token_;
  aws::SigningCredentials node_;
};

// A pod's web identity: what needs no signature, and what it does not open.
class WebIdentity : public Exchange {
 protected:
  WebIdentity() {
    auto described = codec::parse_json(served_.json("eks", "GET", "/clusters/c").body).value();
    issuer_ = described.find("cluster")->find("identity")->find("oidc")->text("issuer");
    auto minted = served_.json("podpass", "POST", "/clusters/c/service-account-tokens",
                               R"({"namespace":"ns","serviceAccount":"sa","audience":"sts.amazonaws.com"})");
    web_token_ = codec::parse_json(minted.body)->text("token");
    auto made = served_.query("iam", "Action=CreateOpenIDConnectProvider&Url=" + codec::percent_encode(issuer_) +
                                         "&ClientIDList.member.1=sts.amazonaws.com");
    provider_ = element(made.body, "OpenIDConnectProviderArn");
    EXPECT_EQ(provider_, "arn:aws:iam::111122223333:oidc-provider/" + issuer_.substr(7)) << made.body;
    auto trust = R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Federated":")" + provider_ +
                 R"("},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{")" + issuer_.substr(7) +
                 R"(:sub":"system:serviceaccount:ns:sa"},"IpAddress":{"aws:SourceIp":"127.0.0.1"}}}})";
    auto role = served_.query(
        "iam", "Action=CreateRole&RoleName=irsa&AssumeRolePolicyDocument=" + codec::percent_encode(trust));
    EXPECT_EQ(role.status, 200) << role.body;
  }
  std::string form(std::string_view token) const {
    return "Action=AssumeRoleWithWebIdentity&RoleSessionName=one&RoleArn=arn:aws:iam::111122223333:role/"
           "irsa&WebIdentityToken=" +
           std::string(token);
  }
  http::ClientResponse unsigned_form(std::string form) {
    http::ClientRequest request;
    request.method = "POST";
    request.target = "/";
    request.body = form + "&Version=2011-06-15";
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
    return served_.deliver(request);
  }
  std::string issuer_, provider_, web_token_;
};

TEST_F(WebIdentity, NeedsNoSignature) {
  auto response = unsigned_form(form(web_token_));
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_TRUE(response.body.starts_with(
      "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
      "<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIA"))
      << response.body;
  EXPECT_EQ(element(response.body, "SubjectFromWebIdentityToken"), "system:serviceaccount:ns:sa");
  EXPECT_EQ(element(response.body, "Audience"), "sts.amazonaws.com");
  EXPECT_EQ(element(response.body, "Provider"), provider_);
  const aws::SigningCredentials session{element(response.body, "AccessKeyId"),
                                        Secret(element(response.body, "SecretAccessKey")),
                                        element(response.body, "SessionToken")};
  EXPECT_EQ(element(served_.send(kIdentity, session).body, "Arn"), "arn:aws:sts::111122223333:assumed-role/irsa/one");

  const auto record = record_of(response);
  EXPECT_EQ(record.text("eventName"), "AssumeRoleWithWebIdentity");
  EXPECT_EQ(record.text("eventSource"), "sts.amazonaws.com");
  const auto& identity = *record.find("userIdentity");
  EXPECT_EQ(identity.text("type"), "WebIdentityUser");
  EXPECT_EQ(identity.text("principalId"), provider_ + ":sts.amazonaws.com:system:serviceaccount:ns:sa");
  EXPECT_EQ(identity.text("userName"), "system:serviceaccount:ns:sa");
  EXPECT_EQ(identity.text("identityProvider"), provider_);
  EXPECT_EQ(record.find("requestParameters")->text("WebIdentityToken"), "HIDDEN_DUE_TO_SECURITY_REASONS");
  EXPECT_EQ(record.find("additionalEventData")->text("cluster"), "c");
  EXPECT_EQ(record.find("additionalEventData")->text("accessKeyId"), session.access_key_id);
  const auto text = served_.audit_text();
  EXPECT_FALSE(text.contains(web_token_));
  EXPECT_FALSE(text.contains(session.secret.reveal()));
}

// Whoever signs it, and however badly, the token is what counts.
TEST_F(WebIdentity, ASignatureChangesNothing) {
  auto wrong = served_.root;
  wrong.secret = Secret("wrong");
  auto unknown = served_.root;
  unknown.access_key_id = "AKIAUNKNOWNUNKNOWN00";
  for (const auto& credentials : {served_.root, node_, wrong, unknown}) {
    auto response = served_.query("sts", form(web_token_), credentials);
    ASSERT_EQ(response.status, 200) << response.body;
    EXPECT_EQ(record_of(response).find("userIdentity")->text("type"), "WebIdentityUser");
  }
}

TEST_F(WebIdentity, WhatIsRefused) {
  EXPECT_EQ(verdict(unsigned_form(form(token_))), "400 InvalidIdentityToken");  // of another audience
  auto garbage = unsigned_form(form("a.b.c"));
  EXPECT_EQ(verdict(garbage), "400 InvalidIdentityToken");
  EXPECT_EQ(record_of(garbage).find("userIdentity")->text("accountId"), "ANONYMOUS_PRINCIPAL");
  served_.clock.advance(hours{24});
  EXPECT_EQ(verdict(unsigned_form(form(web_token_))), "400 ExpiredTokenException");
}

// It opens nothing else: another operation's form, however it is written, still wants a signature.
TEST_F(WebIdentity, OnlyItIsPublic) {
  for (const auto* other :
       {"Action=GetCallerIdentity", "Action=AssumeRole&RoleArn=arn:aws:iam::111122223333:role/irsa&RoleSessionName=one",
        "Action=assumerolewithwebidentity", "Action=AssumeRoleWithWebIdentity&Action=GetCallerIdentity", "Action=None",
        "Nothing=1"}) {
    EXPECT_EQ(verdict(unsigned_form(other)), "403 MissingAuthenticationToken") << other;
  }
  auto old_version = unsigned_form("Action=AssumeRoleWithWebIdentity&Version=2010-05-08");
  EXPECT_EQ(verdict(old_version), "403 MissingAuthenticationToken");
  std::size_t open = 0;
  for (const auto* service : services()) {
    for (const auto& operation : service->operations) {
      if (!operation.is_public) continue;
      EXPECT_EQ(operation.name, "AssumeRoleWithWebIdentity");
      ++open;
    }
  }
  EXPECT_EQ(open, 1U);
}

TEST_F(Exchange, OneRecordJoinsAllOfIt) {
  auto response = exchange();
  ASSERT_EQ(response.status, 200) << response.body;
  auto answer = codec::parse_json(response.body).value();
  const auto& given = *answer.find("credentials");

  const auto record = record_of(response);
  EXPECT_EQ(record.text("eventName"), "AssumeRoleForPodIdentity");
  EXPECT_EQ(record.text("eventSource"), "eks-auth.amazonaws.com");
  EXPECT_EQ(record.text("outcome"), "success");
  ASSERT_NE(record.find("userIdentity"), nullptr);
  EXPECT_EQ(record.find("userIdentity")->text("arn"), "arn:aws:iam::111122223333:user/node");
  EXPECT_EQ(record.find("requestParameters")->text("clusterName"), "c");
  EXPECT_EQ(record.find("requestParameters")->text("token"), "HIDDEN_DUE_TO_SECURITY_REASONS");
  const auto& facts = *record.find("additionalEventData");
  EXPECT_EQ(facts.text("namespace"), "ns");
  EXPECT_EQ(facts.text("serviceAccount"), "sa");
  EXPECT_EQ(facts.text("podUid"), "uid-1");
  EXPECT_EQ(facts.text("associationId"), association_);
  EXPECT_EQ(facts.text("roleArn"), "arn:aws:iam::111122223333:role/app");
  EXPECT_EQ(facts.text("accessKeyId"), given.text("accessKeyId"));
  EXPECT_TRUE(facts.text("sessionName").starts_with("eks-c-pod-1-")) << facts.text("sessionName");

  const auto text = served_.audit_text();
  EXPECT_TRUE(text.contains("pod-1"));
  for (auto secret : {std::string_view(token_), given.text("secretAccessKey"), given.text("sessionToken"),
                      node_.secret.reveal(), served_.root.secret.reveal()}) {
    EXPECT_FALSE(text.contains(secret));
  }
}

TEST_F(Exchange, ARefusalsRecordSaysWhy) {
  auto trust = codec::percent_encode(
      R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"pods.eks.amazonaws.com"},)"
      R"("Action":"sts:AssumeRole"}})");
  ASSERT_EQ(served_.query("iam", "Action=UpdateAssumeRolePolicy&RoleName=app&PolicyDocument=" + trust).status, 200);
  auto response = exchange();
  EXPECT_EQ(verdict(response), "400 AccessDeniedException");
  EXPECT_TRUE(response.body.contains(
      "\"Unauthorized Exception! EKS does not have permissions to assume the associated role.\""))
      << response.body;
  const auto record = record_of(response);
  EXPECT_EQ(record.text("outcome"), "denied");
  EXPECT_EQ(record.text("errorCode"), "AccessDeniedException");
  EXPECT_TRUE(record.find("additionalEventData")->text("reason").contains("sts:TagSession"));
  EXPECT_EQ(record.find("additionalEventData")->text("associationId"), association_);
}

TEST_F(Exchange, EndsAtOnceWithTheAssociation) {
  EXPECT_EQ(exchange().status, 200);
  EXPECT_EQ(served_.json("eks", "DELETE", "/clusters/c/pod-identity-associations/" + association_).status, 200);
  EXPECT_EQ(verdict(exchange()), "404 ResourceNotFoundException");
}

TEST_F(GatewayTest, EveryRequestHasARecord) {
  const auto before = served_.audit().size();
  served_.send(kIdentity);
  served_.send(kBuckets);
  auto unknown = served_.root;
  unknown.access_key_id = "AKIAUNKNOWNUNKNOWN00";
  served_.send(kClusters, unknown);
  served_.send(kBuckets, unknown);
  auto records = served_.audit();
  ASSERT_EQ(records.size(), before + 4);
  std::multiset<std::string> seen;
  for (auto at = before; at < records.size(); ++at) {
    seen.insert(std::string(records[at].text("eventName")) + " " + std::string(records[at].text("outcome")) + " " +
                std::string(records[at].find("userIdentity")->text("type")));
  }
  const std::multiset<std::string> expected = {"GetCallerIdentity success Root", "ListBuckets success Root",
                                               "Unknown denied Unknown", "Unknown denied Unknown"};
  EXPECT_EQ(seen, expected);
}

// Readers, writers and exchanges at once. What is looked for here is found by the thread sanitizer.
TEST_F(Exchange, ManyAtOnce) {
  const std::string where =
      "<CreateBucketConfiguration><LocationConstraint>us-west-2</LocationConstraint></CreateBucketConfiguration>";
  ASSERT_EQ(served_.send({"s3", "PUT", "/bucket", where}).status, 200);
  const std::function<int(int)> kinds[] = {
      [&](int) { return served_.send(kIdentity, node_).status; },
      [&](int) { return served_.send(kClusters).status; },
      [&](int) { return exchange().status; },
      [&](int i) { return served_.query("iam", "Action=CreateUser&UserName=u" + std::to_string(i)).status; },
      [&](int i) { return served_.send({"s3", "PUT", "/bucket/" + std::to_string(i % 2), "body"}).status; },
      [&](int) { return served_.send({"s3", "GET", "/bucket?list-type=2"}).status; },
      [&](int) {
        served_.deployment.sessions->replace(served_.deployment.sessions->ring().rotated(served_.random));
        served_.audit_text();
        return 200;
      },
  };
  std::vector<std::jthread> threads;
  for (const auto& kind : kinds) {
    threads.emplace_back([&kind] {
      for (int i = 0; i < 8; ++i) EXPECT_EQ(kind(i), 200);
    });
  }
}

}  // namespace
}  // namespace podpass::gateway
