// Who may do what: identity policies, bucket policies, and what is told to those who may not.
#include "s3/fixture.h"

namespace podpass::s3 {
namespace {

std::string allow(const std::string& action, const std::string& resource, const std::string& condition = "{}") {
  return R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":")" + action + R"(","Resource":")" +
         resource + R"(","Condition":)" + condition + "}}";
}

std::string statement(const std::string& effect, const std::string& principal, const std::string& action,
                      const std::string& resource) {
  return R"({"Version":"2012-10-17","Statement":[{"Effect":")" + effect + R"(","Principal":)" + principal +
         R"(,"Action":")" + action + R"(","Resource":")" + resource + R"("}]})";
}

constexpr const char* kBucket = "arn:aws:s3:::bucket";
constexpr const char* kAllObjects = "arn:aws:s3:::bucket/*";

struct Row {
  std::string method, target, body, action, resource;
};

TEST_F(S3Test, EachOperationNeedsItsPermission) {
  make_bucket();
  put("/bucket/dir/key", "text");
  const std::string configuration =
      "<CreateBucketConfiguration><LocationConstraint>us-west-2</LocationConstraint></CreateBucketConfiguration>";
  const auto policy = statement("Allow", R"({"AWS":"444455556666"})", "s3:GetObject", kAllObjects);
  const Row rows[] = {
      {"GET", "/", "", "s3:ListAllMyBuckets", "*"},
      {"PUT", "/bucket9", configuration, "s3:CreateBucket", "arn:aws:s3:::bucket9"},
      {"HEAD", "/bucket", "", "s3:ListBucket", kBucket},
      {"GET", "/bucket", "", "s3:ListBucket", kBucket},
      {"GET", "/bucket?list-type=2", "", "s3:ListBucket", kBucket},
      {"GET", "/bucket?location", "", "s3:GetBucketLocation", kBucket},
      {"PUT", "/bucket?policy", policy, "s3:PutBucketPolicy", kBucket},
      {"GET", "/bucket?policy", "", "s3:GetBucketPolicy", kBucket},
      {"DELETE", "/bucket?policy", "", "s3:DeleteBucketPolicy", kBucket},
      {"GET", "/bucket/dir/key", "", "s3:GetObject", "arn:aws:s3:::bucket/dir/key"},
      {"HEAD", "/bucket/dir/key", "", "s3:GetObject", "arn:aws:s3:::bucket/dir/key"},
      {"PUT", "/bucket/dir/key", "more", "s3:PutObject", "arn:aws:s3:::bucket/dir/key"},
      {"DELETE", "/bucket/dir/key", "", "s3:DeleteObject", "arn:aws:s3:::bucket/dir/key"},
      {"DELETE", "/bucket", "", "s3:DeleteBucket", kBucket},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.method + " " + row.target);
    auto nobody = user("");
    auto refused = ask({row.method, row.target, {}, row.body, SIZE_MAX, {}, nobody.get()});
    EXPECT_EQ(refused.status, 403);
    EXPECT_EQ(refused.error.code, "AccessDenied");
    EXPECT_EQ(refused.error.status, 403);
    if (row.method == "HEAD") {
      EXPECT_EQ(refused.body, "");
    } else {
      EXPECT_EQ(refused.code(), "AccessDenied");
      EXPECT_NE(refused.text("Message").find("not authorized to perform: " + row.action + " on resource: "),
                std::string::npos)
          << refused.text("Message");
    }
    auto wrong_resource = user(allow(row.action, "arn:aws:s3:::else"));
    EXPECT_EQ(ask({row.method, row.target, {}, row.body, SIZE_MAX, {}, wrong_resource.get()}).status, 403);
    auto allowed = user(allow(row.action, row.resource));
    auto answer = ask({row.method, row.target, {}, row.body, SIZE_MAX, {}, allowed.get()});
    EXPECT_LT(answer.status, 300) << answer.body;
  }
}

TEST_F(S3Test, ListBucketConditions) {
  make_bucket();
  auto prefix = user(allow("s3:ListBucket", kBucket, R"({"StringLike":{"s3:prefix":"home/*"}})"));
  EXPECT_EQ(ask({"GET", "/bucket?list-type=2&prefix=home/a", {}, {}, SIZE_MAX, {}, prefix.get()}).status, 200);
  EXPECT_EQ(ask({"GET", "/bucket?list-type=2&prefix=other", {}, {}, SIZE_MAX, {}, prefix.get()}).status, 403);
  EXPECT_EQ(ask({"GET", "/bucket?list-type=2", {}, {}, SIZE_MAX, {}, prefix.get()}).status, 403);
  auto few = user(allow("s3:ListBucket", kBucket, R"({"NumericLessThanEquals":{"s3:max-keys":"10"}})"));
  EXPECT_EQ(ask({"GET", "/bucket?list-type=2&max-keys=10", {}, {}, SIZE_MAX, {}, few.get()}).status, 200);
  EXPECT_EQ(ask({"GET", "/bucket?list-type=2&max-keys=11", {}, {}, SIZE_MAX, {}, few.get()}).status, 403);
  auto delimited = user(allow("s3:ListBucket", kBucket, R"({"StringEquals":{"s3:delimiter":"/"}})"));
  EXPECT_EQ(ask({"GET", "/bucket?list-type=2&delimiter=%2F", {}, {}, SIZE_MAX, {}, delimited.get()}).status, 200);
  EXPECT_EQ(ask({"GET", "/bucket?list-type=2", {}, {}, SIZE_MAX, {}, delimited.get()}).status, 403);
}

TEST_F(S3Test, SignatureConditions) {
  make_bucket();
  put("/bucket/key", "x");
  auto header_only = user(allow("s3:GetObject", kAllObjects, R"({"StringEquals":{"s3:authType":"REST-HEADER"}})"));
  Ask get{"GET", "/bucket/key", {}, {}, SIZE_MAX, {}, header_only.get()};
  EXPECT_EQ(ask(get).status, 200);
  get.presigned = true;
  EXPECT_EQ(ask(get).status, 403);
  auto fresh = user(allow("s3:GetObject", kAllObjects, R"({"NumericLessThan":{"s3:signatureAge":"5001"}})"));
  get.caller = fresh.get();
  EXPECT_EQ(ask(get).status, 200);
  auto fresher = user(allow("s3:GetObject", kAllObjects, R"({"NumericLessThan":{"s3:signatureAge":"5000"}})"));
  get.caller = fresher.get();
  EXPECT_EQ(ask(get).status, 403);
}

TEST_F(S3Test, MissingKeysAreToldOnlyToThoseWhoMayList) {
  make_bucket();
  auto reader = user(allow("s3:GetObject", "*"));
  auto refused = ask({"GET", "/bucket/none", {}, {}, SIZE_MAX, {}, reader.get()});
  EXPECT_EQ(refused.status, 403);
  EXPECT_NE(refused.text("Message").find("s3:ListBucket"), std::string::npos);
  auto lister = user(allow("s3:*", "*"));
  auto missing = ask({"GET", "/bucket/none", {}, {}, SIZE_MAX, {}, lister.get()});
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.code(), "NoSuchKey");
  EXPECT_EQ(missing.text("Key"), "none");
  EXPECT_EQ(ask({"HEAD", "/bucket/none", {}, {}, SIZE_MAX, {}, lister.get()}).body, "");
  EXPECT_EQ(ask({"GET", "/missing-bucket/none", {}, {}, SIZE_MAX, {}, lister.get()}).code(), "NoSuchBucket");
}

TEST_F(S3Test, BucketPolicies) {
  make_bucket();
  put("/bucket/key", "x");
  auto stranger = user(allow("s3:*", "*"), "444455556666");
  auto unsigned_caller = anonymous();
  const Ask foreign{"GET", "/bucket/key", {}, {}, SIZE_MAX, {}, stranger.get()};
  const Ask nameless{"GET", "/bucket/key", {}, {}, SIZE_MAX, {}, unsigned_caller.get()};
  EXPECT_EQ(ask("GET", "/bucket?policy").code(), "NoSuchBucketPolicy");
  EXPECT_EQ(ask(foreign).status, 403);
  EXPECT_EQ(ask(nameless).status, 403);

  const auto for_account = statement("Allow", R"({"AWS":"444455556666"})", "s3:GetObject", kAllObjects);
  EXPECT_EQ(put("/bucket?policy", for_account).status, 204);
  EXPECT_EQ(ask("GET", "/bucket?policy").body, for_account);
  EXPECT_EQ(ask(foreign).status, 200);
  EXPECT_EQ(ask(nameless).status, 403);

  EXPECT_EQ(put("/bucket?policy", statement("Allow", R"("*")", "s3:GetObject", kAllObjects)).status, 204);
  EXPECT_EQ(ask(nameless).status, 200);
  EXPECT_EQ(ask({"GET", "/bucket/key?response-content-type=a", {}, {}, SIZE_MAX, {}, unsigned_caller.get()}).code(),
            "InvalidRequest");

  auto own = user(allow("s3:*", "*"));
  EXPECT_EQ(put("/bucket?policy", statement("Deny", R"("*")", "s3:*", kAllObjects)).status, 204);
  auto denied = ask({"GET", "/bucket/key", {}, {}, SIZE_MAX, {}, own.get()});
  EXPECT_EQ(denied.status, 403);
  EXPECT_NE(denied.text("Message").find("with an explicit deny in a resource-based policy"), std::string::npos);

  // Nobody is locked out for ever.
  EXPECT_EQ(put("/bucket?policy", statement("Deny", R"("*")", "s3:*", kBucket)).status, 204);
  EXPECT_EQ(ask({"DELETE", "/bucket?policy", {}, {}, SIZE_MAX, {}, own.get()}).status, 403);
  EXPECT_EQ(ask("DELETE", "/bucket?policy").status, 204);
  EXPECT_EQ(ask("GET", "/bucket?policy").status, 404);

  EXPECT_EQ(put("/bucket?policy", statement("Allow", R"({"AWS":"444455556666"})", "s3:*", kBucket)).status, 204);
  EXPECT_EQ(ask({"GET", "/bucket?policy", {}, {}, SIZE_MAX, {}, stranger.get()}).code(), "MethodNotAllowed");
}

TEST_F(S3Test, BucketPolicyRefusals) {
  make_bucket();
  const std::pair<std::string, std::string> rows[] = {
      {"", "MissingRequestBodyError"},
      {"text", "MalformedPolicy"},
      {"{", "MalformedPolicy"},
      {"{}", "MalformedPolicy"},
      {statement("Allow", R"("*")", "s3:GetObject", "arn:aws:s3:::other/*"), "MalformedPolicy"},
      {statement("Allow", R"("*")", "s3:GetObject", "arn:aws:s3:::bucket2/*"), "MalformedPolicy"},
      {statement("Allow", R"("*")", "s3:GetObject", "*"), "MalformedPolicy"},
      {statement("Allow", R"({"AWS":"arn:aws:iam::111122223333:role/nobody"})", "s3:GetObject", kAllObjects),
       "MalformedPolicy"},
      {allow("s3:GetObject", kAllObjects), "MalformedPolicy"},
      {statement("Allow", R"("*")", "s3:GetObject", kAllObjects) + std::string(20 * 1024, ' '), "PolicyTooLarge"},
  };
  for (const auto& [policy, code] : rows) {
    auto refused = put("/bucket?policy", policy);
    EXPECT_EQ(refused.status, 400) << policy.substr(0, 200);
    EXPECT_EQ(refused.code(), code) << policy.substr(0, 200);
  }
  EXPECT_EQ(put("/bucket?policy", statement("Allow", R"("*")", "s3:GetObject", "arn:aws:s3:::other/*")).text("Message"),
            "Policy has invalid resource");
  EXPECT_EQ(ask("GET", "/bucket?policy").status, 404);
}

TEST_F(S3Test, DeleteObjectsAsksForEachKey) {
  make_bucket();
  for (std::string key : {"a", "b", "c"}) put("/bucket/" + key, "x");
  auto one = user(allow("s3:DeleteObject", "arn:aws:s3:::bucket/a"));
  const std::string body =
      "<Delete><Object><Key>a</Key></Object><Object><Key>b</Key></Object><Object><Key>zz</Key></Object></Delete>";
  auto answer = ask({"POST", "/bucket?delete", {}, body, SIZE_MAX, {}, one.get()});
  EXPECT_EQ(answer.status, 200);
  EXPECT_NE(answer.body.find("<Deleted><Key>a</Key></Deleted>"), std::string::npos);
  EXPECT_NE(answer.body.find("<Error><Key>b</Key><Code>AccessDenied</Code>"), std::string::npos);
  auto quiet = ask({"POST", "/bucket?delete", {}, "<Delete><Quiet>true</Quiet><Object><Key>b</Key></Object></Delete>"});
  EXPECT_TRUE(quiet.texts("Deleted").empty());
  EXPECT_EQ(ask("GET", "/bucket?list-type=2").texts("Key"), std::vector<std::string>{"c"});
  for (std::string bad : {"", "<Delete/>", "<Delete><Object/></Delete>", "<Delete><Object><Key/></Object></Delete>"}) {
    EXPECT_EQ(ask({"POST", "/bucket?delete", {}, bad}).code(), "MalformedXML") << bad;
  }
}

}  // namespace
}  // namespace podpass::s3
