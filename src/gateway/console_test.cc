// Signing in to the console and calling through it, as a browser does.
#include <gtest/gtest.h>

#include <map>

#include "codec/json.h"
#include "codec/uri.h"
#include "gateway/served_test.h"

namespace podpass::gateway {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

class ConsoleTest : public testing::Test {
 protected:
  // What a browser of our own page sends, without cookies.
  http::ClientResponse send(std::string method, std::string path, std::string body, Headers headers) {
    http::ClientRequest request;
    request.method = std::move(method);
    request.target = "/console" + std::move(path);
    request.body = std::move(body);
    request.headers = std::move(headers);
    return served_.deliver(request);
  }
  http::ClientResponse plain(std::string target) {
    http::ClientRequest request;
    request.method = "GET";
    request.target = std::move(target);
    return served_.deliver(request);
  }
  Headers own_page() const {
    return {{"Content-Type", "application/json"},
            {"Origin", served_.deployment.endpoint},
            {"Sec-Fetch-Site", "same-origin"}};
  }
  static Headers with(Headers headers, std::string name, std::string value) {
    for (auto& [has, old] : headers) {
      if (has == name) {
        old = std::move(value);
        return headers;
      }
    }
    headers.emplace_back(std::move(name), std::move(value));
    return headers;
  }
  static codec::Value body(const http::ClientResponse& response) {
    auto parsed = codec::parse_json(response.body);
    EXPECT_TRUE(parsed) << response.body;
    return parsed ? *parsed : codec::Value();
  }
  // "403 CsrfTokenMissing"
  static std::string verdict(const http::ClientResponse& response) {
    if (response.status < 300) return std::to_string(response.status);
    return std::to_string(response.status) + " " + std::string(body(response).text("code"));
  }

  http::ClientResponse sign_in(const aws::SigningCredentials& credentials) {
    auto input = codec::Value::map({{"accessKeyId", credentials.access_key_id},
                                    {"secretAccessKey", std::string(credentials.secret.reveal())},
                                    {"sessionToken", credentials.session_token}});
    return enter(send("POST", "/api/sign-in", codec::write_json(input), own_page()));
  }
  http::ClientResponse sign_in_with(const std::string& code) {
    return enter(send("POST", "/api/sign-in", codec::write_json(codec::Value::map({{"code", code}})), own_page()));
  }
  // Keeps cookie and token as the page does.
  http::ClientResponse enter(http::ClientResponse response) {
    if (response.status != 200) return response;
    const std::string cookie(response.header("Set-Cookie"));
    cookie_ = cookie.substr(0, cookie.find(';'));
    csrf_ = body(response).text("csrfToken");
    return response;
  }
  Headers signed_in() const { return with(with(own_page(), "Cookie", cookie_), "X-Podpass-Csrf", csrf_); }
  http::ClientResponse call(const std::string& operation, const std::string& input = "{}") {
    return send("POST", "/api/" + operation, input, signed_in());
  }
  http::ClientResponse session() { return send("GET", "/api/session", "", {{"Cookie", cookie_}}); }
  std::string new_code(const aws::SigningCredentials& caller) {
    auto made = served_.send({"podpass", "POST", "/console-sign-ins", "{}", {}}, caller);
    EXPECT_EQ(made.status, 200) << made.body;
    return std::string(body(made).text("code"));
  }

  Served served_;
  std::string cookie_ = "podpass_console=none", csrf_;
};

TEST_F(ConsoleTest, AnAccessKeySignsIn) {
  auto response = sign_in(served_.root);
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(body(response).find("principal")->text("arn"), "arn:aws:iam::111122223333:root");
  EXPECT_EQ(body(response).text("region"), "us-west-2");
  EXPECT_EQ(response.header("Cache-Control"), "no-store");
  EXPECT_EQ(session().status, 200);
  EXPECT_EQ(body(session()).text("csrfToken"), csrf_);
  const auto listed = call("iam/ListRoles");
  EXPECT_EQ(listed.status, 200) << listed.body;
  EXPECT_NE(body(listed).find("Roles"), nullptr);
}

TEST_F(ConsoleTest, TheCookieIsTheServersOwn) {
  auto response = sign_in(served_.root);
  const std::string cookie(response.header("Set-Cookie"));
  EXPECT_NE(cookie.find("; Path=/console/api; HttpOnly; SameSite=Strict"), std::string::npos) << cookie;
  EXPECT_EQ(cookie.find("Secure"), std::string::npos);  // over plain HTTP a browser would drop it
  const auto port = served_.deployment.endpoint.substr(served_.deployment.endpoint.rfind(':') + 1);
  EXPECT_TRUE(cookie.starts_with("podpass_console_" + port + "=")) << cookie;
  EXPECT_EQ(response.body.find(cookie_.substr(cookie_.find('=') + 1)), std::string::npos);
}

TEST_F(ConsoleTest, BehindTlsTheCookieIsForTlsOnly) {
  served_.deployment.endpoint = "https://podpass.example.com";
  const auto key = codec::Value::map(
      {{"accessKeyId", served_.root.access_key_id}, {"secretAccessKey", std::string(served_.root.secret.reveal())}});
  http::ClientRequest request;
  request.method = "POST";
  request.target = "/console/api/sign-in";
  request.body = codec::write_json(key);
  request.headers = {{"Content-Type", "application/json"}};
  auto response = served_.deliver(request);
  EXPECT_TRUE(response.header("Set-Cookie").ends_with("; Secure")) << response.body;
}

TEST_F(ConsoleTest, WrongKeysDontSignIn) {
  auto wrong = served_.root;
  wrong.secret = Secret("wrong");
  EXPECT_EQ(verdict(sign_in(wrong)), "401 SignInFailed");
  wrong.secret = Secret("");
  EXPECT_EQ(verdict(sign_in(wrong)), "401 SignInFailed");
  wrong.access_key_id = "AKIANOBODY";
  EXPECT_EQ(verdict(sign_in(wrong)), "401 SignInFailed");
  for (const auto* junk :
       {"", "{}", "[]", "nonsense", R"({"code":5})", R"({"code":"none"})", R"({"accessKeyId":{}})"}) {
    const auto response = send("POST", "/api/sign-in", junk, own_page());
    EXPECT_TRUE(response.status == 400 || response.status == 401) << junk << response.body;
    EXPECT_EQ(response.header("Set-Cookie"), "");
  }
  EXPECT_EQ(send("POST", "/api/sign-in", std::string(70'000, ' '), own_page()).status, 413);
}

TEST_F(ConsoleTest, ACodeSignsInOnce) {
  const auto user = served_.make_user("alice");
  const auto code = new_code(user);
  auto response = sign_in_with(code);
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(body(call("sts/GetCallerIdentity")).text("Arn"), "arn:aws:iam::111122223333:user/alice");
  EXPECT_EQ(verdict(sign_in_with(code)), "401 SignInFailed");
}

TEST_F(ConsoleTest, ACodesLinkTellsNoServer) {
  auto made = served_.send({"podpass", "POST", "/console-sign-ins", "", {}}, served_.root);
  EXPECT_EQ(body(made).text("url"),
            served_.deployment.endpoint + "/console/#sign-in=" + std::string(body(made).text("code")));
}

TEST_F(ConsoleTest, ARolesSessionSignsInUntilItEnds) {
  const auto user = served_.make_user("bob");
  auto trust = codec::percent_encode(
      R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}})");
  served_.query("iam", "Action=CreateRole&RoleName=r&AssumeRolePolicyDocument=" + trust);
  const auto role = served_.assume("r", user);
  EXPECT_EQ(verdict(sign_in(role)), "200");
  EXPECT_EQ(body(call("sts/GetCallerIdentity")).text("Arn"), "arn:aws:sts::111122223333:assumed-role/r/session");
  const auto refused = call("iam/ListRoles");
  EXPECT_EQ(verdict(refused), "403 AccessDenied");
  EXPECT_NE(body(refused).text("message").find("arn:aws:sts::111122223333:assumed-role/r/session is not authorized to "
                                               "perform: iam:ListRoles"),
            std::string_view::npos)
      << refused.body;
  served_.query("iam", "Action=DeleteRole&RoleName=r");
  EXPECT_EQ(verdict(session()), "401 NotSignedIn");
}

TEST_F(ConsoleTest, ACodeOfASessionIsForThatSession) {
  const auto user = served_.make_user("carol");
  auto trust = codec::percent_encode(
      R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}})");
  served_.query("iam", "Action=CreateRole&RoleName=s&AssumeRolePolicyDocument=" + trust);
  served_.query(
      "iam", "Action=PutRolePolicy&RoleName=s&PolicyName=p&PolicyDocument=" +
                 codec::percent_encode(
                     R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"podpass:*","Resource":"*"}})"));
  const auto code = new_code(served_.assume("s", user));
  ASSERT_EQ(verdict(sign_in_with(code)), "200");
  EXPECT_EQ(body(call("sts/GetCallerIdentity")).text("Arn"), "arn:aws:sts::111122223333:assumed-role/s/session");
}

TEST_F(ConsoleTest, AKeyThatIsGoneEndsTheSession) {
  const auto user = served_.make_user("dave");
  ASSERT_EQ(verdict(sign_in(user)), "200");
  EXPECT_EQ(
      served_.query("iam", "Action=UpdateAccessKey&UserName=dave&Status=Inactive&AccessKeyId=" + user.access_key_id)
          .status,
      200);
  EXPECT_EQ(verdict(session()), "401 NotSignedIn");
  EXPECT_EQ(verdict(call("iam/ListRoles")), "401 NotSignedIn");
}

TEST_F(ConsoleTest, SigningOutEndsTheSession) {
  ASSERT_EQ(verdict(sign_in(served_.root)), "200");
  const auto out = call("sign-out");
  EXPECT_EQ(out.status, 204);
  EXPECT_NE(out.header("Set-Cookie").find("Max-Age=0"), std::string::npos);
  EXPECT_EQ(verdict(session()), "401 NotSignedIn");
}

TEST_F(ConsoleTest, AnUnusedSessionEnds) {
  ASSERT_EQ(verdict(sign_in(served_.root)), "200");
  served_.clock.advance(std::chrono::minutes{50});
  EXPECT_EQ(verdict(call("iam/ListRoles")), "200");
  served_.clock.advance(std::chrono::minutes{50});
  EXPECT_EQ(verdict(session()), "200");
  served_.clock.advance(std::chrono::minutes{60});
  EXPECT_EQ(verdict(session()), "401 NotSignedIn");
}

TEST_F(ConsoleTest, OtherSitesPagesAreRefused) {
  ASSERT_EQ(verdict(sign_in(served_.root)), "200");
  const std::string path = "/api/iam/ListRoles";
  EXPECT_EQ(verdict(send("POST", path, "{}", with(signed_in(), "X-Podpass-Csrf", "x"))), "403 CsrfTokenMissing");
  EXPECT_EQ(verdict(send("POST", path, "{}", with(own_page(), "Cookie", cookie_))), "403 CsrfTokenMissing");
  EXPECT_EQ(verdict(send("POST", path, "{}", with(signed_in(), "Origin", "http://evil.example"))), "403 ForeignOrigin");
  EXPECT_EQ(verdict(send("POST", path, "{}", with(signed_in(), "Origin", "null"))), "403 ForeignOrigin");
  EXPECT_EQ(verdict(send("POST", path, "{}", with(signed_in(), "Sec-Fetch-Site", "same-site"))), "403 ForeignOrigin");
  EXPECT_EQ(verdict(send("POST", path, "{}", with(signed_in(), "Content-Type", "text/plain"))),
            "415 UnsupportedMediaType");
  EXPECT_EQ(verdict(send("POST", "/api/sign-in", "{}", with(own_page(), "Origin", "http://evil.example"))),
            "403 ForeignOrigin");
  EXPECT_EQ(verdict(send("GET", path, "", signed_in())), "405 MethodNotAllowed");
  EXPECT_EQ(verdict(send("POST", path, "{}", signed_in())), "200");
}

TEST_F(ConsoleTest, WhatIsNotThereIsRefused) {
  ASSERT_EQ(verdict(sign_in(served_.root)), "200");
  EXPECT_EQ(verdict(call("s3/ListBuckets")), "404 UnknownOperationException");
  EXPECT_EQ(verdict(call("iam/Nothing")), "404 UnknownOperationException");
  EXPECT_EQ(verdict(call("iam")), "404 UnknownOperationException");
  EXPECT_EQ(verdict(call("iam/ListRoles", "nonsense")), "400 SerializationException");
  EXPECT_EQ(verdict(call("iam/ListRoles", "[]")), "400 SerializationException");
  EXPECT_EQ(verdict(call("iam/GetRole", R"({"RoleName":5})")).substr(0, 3), "400");
  EXPECT_EQ(verdict(call("iam/GetRole", R"({"RoleName":"none"})")), "404 NoSuchEntity");
}

TEST_F(ConsoleTest, EveryKindOfInputGoesThrough) {
  ASSERT_EQ(verdict(sign_in(served_.root)), "200");
  served_.make_cluster("c");
  const auto role =
      R"({"RoleName":"app","AssumeRolePolicyDocument":"{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"pods.eks.amazonaws.com\"},\"Action\":[\"sts:AssumeRole\",\"sts:TagSession\"]}}","Tags":[{"Key":"team","Value":"a + b"}]})";
  const auto created = call("iam/CreateRole", role);
  ASSERT_EQ(verdict(created), "200") << created.body;
  const auto shown = body(call("iam/GetRole", R"({"RoleName":"app"})"));
  EXPECT_EQ((*shown.find("Role")->find("Tags")->as<codec::Value::List>())[0].text("Value"), "a + b");
  const auto made =
      call("eks/CreatePodIdentityAssociation", R"({"clusterName":"c","namespace":"ns","serviceAccount":"sa",)"
                                               R"("roleArn":"arn:aws:iam::111122223333:role/app","tags":{"k":"v"}})");
  EXPECT_EQ(verdict(made), "200") << made.body;
  EXPECT_EQ(body(call("eks/ListPodIdentityAssociations", R"({"clusterName":"c"})"))
                .find("associations")
                ->as<codec::Value::List>()
                ->size(),
            1U);
}

TEST_F(ConsoleTest, TheTrailTellsOfSignInsAndCallsButNoSecrets) {
  auto wrong = served_.root;
  wrong.secret = Secret("wrong-secret");
  sign_in(wrong);
  const auto code = new_code(served_.root);
  sign_in_with(code);
  call("iam/ListRoles");
  const auto text = served_.audit_text();
  const auto trail = served_.audit();
  ASSERT_EQ(trail.size(), 4U) << text;
  EXPECT_EQ(trail[0].text("eventName"), "ConsoleLogin");
  EXPECT_EQ(trail[0].text("errorCode"), "SignInFailed");
  EXPECT_EQ(trail[0].find("userIdentity")->text("type"), "Unknown");
  EXPECT_EQ(trail[2].find("userIdentity")->text("type"), "Root");
  EXPECT_EQ(trail[3].text("eventName"), "ListRoles");
  for (const auto& secret : {code, std::string("wrong-secret"), cookie_.substr(cookie_.find('=') + 1), csrf_}) {
    EXPECT_EQ(text.find(secret), std::string::npos);
  }
}

TEST_F(ConsoleTest, EveryAnswerIsClosedToOtherSites) {
  for (const auto* path : {"", "/", "/clusters", "/api/session", "/api/x", "/assets/none.js"}) {
    const auto response = send("GET", path, "", {});
    EXPECT_TRUE(response.header("Content-Security-Policy").starts_with("default-src 'none'")) << path;
    EXPECT_EQ(response.header("X-Content-Type-Options"), "nosniff") << path;
  }
  EXPECT_EQ(send("GET", "", "", {}).header("Location"), "/console/");
  EXPECT_NE(send("GET", "/clusters", "", {}).body.find("<title>test</title>"), std::string::npos);
}

TEST_F(ConsoleTest, APageInABucketIsNoPageOfOurs) {
  const std::string location =
      "<CreateBucketConfiguration><LocationConstraint>us-west-2</LocationConstraint></CreateBucketConfiguration>";
  EXPECT_EQ(served_.send({"s3", "PUT", "/pages", location, {}}).status, 200);
  EXPECT_EQ(served_.send({"s3", "PUT", "/pages/p.html", "<script>", {{"Content-Type", "text/html"}}}).status, 200);
  for (const auto* path : {"/pages/p.html", "/pages/none", "/none"}) {
    for (const auto& answer : {served_.send({"s3", "GET", path, "", {}}), plain(path)}) {
      EXPECT_EQ(answer.header("Content-Security-Policy"),
                "sandbox allow-scripts allow-forms allow-popups allow-downloads")
          << path;
      EXPECT_EQ(answer.header("X-Content-Type-Options"), "nosniff") << path;
    }
  }
}

TEST_F(ConsoleTest, ASessionMakesNoLinks) {
  ASSERT_EQ(verdict(sign_in(served_.root)), "200");
  EXPECT_EQ(verdict(call("podpass/CreateConsoleSignIn")), "403 AccessDeniedException");
}

TEST_F(ConsoleTest, WaitingForNewsIsNoUse) {
  ASSERT_EQ(verdict(sign_in(served_.root)), "200");
  for (int i = 0; i < 6; ++i) {
    served_.clock.advance(std::chrono::minutes{9});
    EXPECT_EQ(send("POST", "/api/iam/ListRoles", "{}", with(signed_in(), "X-Podpass-Background", "true")).status, 200);
  }
  served_.clock.advance(std::chrono::minutes{6});
  EXPECT_EQ(verdict(session()), "401 NotSignedIn");
}

TEST_F(ConsoleTest, WhoSignsOutWhileWaitingIsToldNothing) {
  ASSERT_EQ(verdict(sign_in(served_.root)), "200");
  const auto activity = [&](std::string input) { return call("podpass/ListActivity", std::move(input)); };
  auto seen = body(activity("{}"));
  seen = body(activity(R"({"after":")" + std::string(seen.text("newest")) + "\"}"));
  http::ClientResponse told;
  std::thread waiter(
      [&] { told = activity(R"({"waitSeconds":20,"after":")" + std::string(seen.text("newest")) + "\"}"); });
  while (served_.activity.waiting() == 0) std::this_thread::yield();
  EXPECT_EQ(call("sign-out").status, 204);
  served_.json("eks", "GET", "/clusters");
  waiter.join();
  EXPECT_EQ(verdict(told), "401 NotSignedIn");
}

TEST_F(ConsoleTest, SigningInAgainEndsTheSessionBefore) {
  ASSERT_EQ(verdict(sign_in(served_.root)), "200");
  const auto before = cookie_;
  const auto input = codec::Value::map({{"code", new_code(served_.make_user("eve"))}});
  enter(send("POST", "/api/sign-in", codec::write_json(input), with(own_page(), "Cookie", cookie_)));
  EXPECT_NE(cookie_, before);
  EXPECT_EQ(verdict(session()), "200");
  EXPECT_EQ(send("GET", "/api/session", "", {{"Cookie", before}}).status, 401);
}

TEST_F(ConsoleTest, PublicOperationsAreCalledByNobody) {
  ASSERT_EQ(verdict(sign_in(served_.root)), "200");
  call("sts/AssumeRoleWithWebIdentity",
       R"({"RoleArn":"arn:aws:iam::111122223333:role/r","RoleSessionName":"s","WebIdentityToken":"a.b.c"})");
  const auto record = served_.audit().back();
  EXPECT_EQ(record.text("eventName"), "AssumeRoleWithWebIdentity");
  EXPECT_NE(record.find("userIdentity")->text("type"), "Root");
}

TEST_F(ConsoleTest, ABucketOfThatNameIsStillThere) {
  EXPECT_EQ(served_
                .send({"s3",
                       "PUT",
                       "/console",
                       "<CreateBucketConfiguration><LocationConstraint>us-west-2</LocationConstraint></"
                       "CreateBucketConfiguration>",
                       {}})
                .status,
            200);
  EXPECT_EQ(served_.send({"s3", "PUT", "/console/object", "x", {}}).status, 200);
  EXPECT_EQ(served_.send({"s3", "GET", "/console/object", "", {}}).body, "x");
  EXPECT_EQ(served_.send({"s3", "GET", "/consoles", "", {}}).status, 404);
}

}  // namespace
}  // namespace podpass::gateway
