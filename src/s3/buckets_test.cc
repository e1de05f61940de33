#include "s3/fixture.h"

namespace podpass::s3 {
namespace {

constexpr const char* kConfiguration =
    "<CreateBucketConfiguration "
    "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><LocationConstraint>us-west-2</LocationConstraint>"
    "</CreateBucketConfiguration>";

TEST_F(S3Test, BucketLifeCycle) {
  auto made = put("/bucket", kConfiguration);
  EXPECT_EQ(made.status, 200);
  EXPECT_EQ(made.operation, "CreateBucket");
  EXPECT_EQ(made.headers["location"], "/bucket");
  EXPECT_EQ(made.headers["x-amz-request-id"], "request-1");

  auto head = ask("HEAD", "/bucket");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers["x-amz-bucket-region"], "us-west-2");
  EXPECT_EQ(ask("GET", "/bucket?location").text("LocationConstraint"), "");  // it has an attribute
  EXPECT_NE(ask("GET", "/bucket?location").body.find(">us-west-2</LocationConstraint>"), std::string::npos);

  EXPECT_EQ(ask("DELETE", "/bucket").status, 204);
  EXPECT_EQ(ask("HEAD", "/bucket").status, 404);
  EXPECT_EQ(ask("DELETE", "/bucket").code(), "NoSuchBucket");
}

TEST_F(S3Test, BucketNamesAreGlobal) {
  make_bucket();
  EXPECT_EQ(put("/bucket", kConfiguration).code(), "BucketAlreadyOwnedByYou");
  auto other = user(R"({"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}})", "444455556666");
  auto taken = ask({"PUT", "/bucket", {}, kConfiguration, SIZE_MAX, {}, other.get()});
  EXPECT_EQ(taken.status, 409);
  EXPECT_EQ(taken.code(), "BucketAlreadyExists");
  EXPECT_EQ(taken.text("BucketName"), "bucket");
}

struct CreateRow {
  std::string target, body;
  std::map<std::string, std::string> headers;
  int status;
  std::string code;
};

TEST_F(S3Test, CreateBucketRefusals) {
  const CreateRow rows[] = {
      {"/Bad_name", kConfiguration, {}, 400, "InvalidBucketName"},
      {"/bucket", "", {}, 400, "IllegalLocationConstraintException"},
      {"/bucket", "<CreateBucketConfiguration/>", {}, 400, "IllegalLocationConstraintException"},
      {"/bucket",
       "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>",
       {},
       400,
       "IllegalLocationConstraintException"},
      {"/bucket", "<CreateBucketConfiguration>", {}, 400, "MalformedXML"},
      {"/bucket", "<Other/>", {}, 400, "MalformedXML"},
      {"/bucket", "text", {}, 400, "MalformedXML"},
      {"/bucket", "<CreateBucketConfiguration>text</CreateBucketConfiguration>", {}, 400, "MalformedXML"},
      {"/bucket",
       "<CreateBucketConfiguration><LocationConstraint><a/></LocationConstraint></CreateBucketConfiguration>",
       {},
       400,
       "MalformedXML"},
      {"/bucket",
       "<CreateBucketConfiguration><LocationConstraint><a>b</a></LocationConstraint></CreateBucketConfiguration>",
       {},
       400,
       "MalformedXML"},
      {"/bucket", "<CreateBucketConfiguration><Tags/></CreateBucketConfiguration>", {}, 501, "NotImplemented"},
      {"/bucket", kConfiguration, {{"x-amz-acl", "public-read"}}, 400, "AccessControlListNotSupported"},
      {"/bucket", kConfiguration, {{"x-amz-grant-read", "id=1"}}, 400, "AccessControlListNotSupported"},
      {"/bucket", kConfiguration, {{"x-amz-object-ownership", "ObjectWriter"}}, 501, "NotImplemented"},
      {"/bucket", kConfiguration, {{"x-amz-bucket-object-lock-enabled", "true"}}, 501, "NotImplemented"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.target + " " + row.body);
    auto answer = put(row.target, row.body, row.headers);
    EXPECT_EQ(answer.status, row.status) << answer.body;
    EXPECT_EQ(answer.code(), row.code);
    EXPECT_EQ(answer.text("RequestId"), "request-1");
  }
  EXPECT_TRUE(ask("GET", "/").texts("Name").empty());
}

TEST_F(S3Test, TheFirstRegionNeedsNoConstraint) {
  deployment_.region = "us-east-1";
  EXPECT_EQ(put("/bucket", "").status, 200);
  EXPECT_NE(ask("GET", "/bucket?location").body.find("></LocationConstraint>"), std::string::npos);
  EXPECT_EQ(
      put("/bucket2",
          "<CreateBucketConfiguration><LocationConstraint>us-east-1</LocationConstraint></CreateBucketConfiguration>")
          .code(),
      "IllegalLocationConstraintException");
}

TEST_F(S3Test, ABucketWithObjectsStays) {
  make_bucket();
  put("/bucket/a", "x");
  auto refused = ask("DELETE", "/bucket");
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused.code(), "BucketNotEmpty");
  EXPECT_EQ(ask("DELETE", "/bucket/a").status, 204);
  EXPECT_EQ(ask("DELETE", "/bucket").status, 204);
}

TEST_F(S3Test, ListBuckets) {
  for (std::string name : {"bucket-c", "bucket-a", "other-b", "bucket-b"}) make_bucket(name);
  auto other = user(R"({"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}})", "444455556666");
  ask({"PUT", "/foreign", {}, kConfiguration, SIZE_MAX, {}, other.get()});
  using Names = std::vector<std::string>;
  auto all = ask("GET", "/");
  EXPECT_EQ(all.texts("Name"), (Names{"bucket-a", "bucket-b", "bucket-c", "other-b"}));
  EXPECT_EQ(all.text("CreationDate"), "2023-11-14T22:13:20.000Z");
  EXPECT_EQ(all.text("ID").size(), 64U);
  EXPECT_EQ(ask({"GET", "/", {}, {}, SIZE_MAX, {}, other.get()}).texts("Name"), Names{"foreign"});

  Names joined;
  std::string token;
  for (int pages = 0; pages < 3; ++pages) {
    auto page = ask("GET", "/?prefix=bucket&max-buckets=2" + (token.empty() ? "" : "&continuation-token=" + token));
    for (auto& name : page.texts("Name")) joined.push_back(name);
    token = page.text("ContinuationToken");
    if (token.empty()) break;
  }
  EXPECT_EQ(joined, (Names{"bucket-a", "bucket-b", "bucket-c"}));
  for (std::string bad : {"/?max-buckets=0", "/?max-buckets=x", "/?max-buckets=10001", "/?continuation-token=%21",
                          "/?continuation-token="}) {
    EXPECT_EQ(ask("GET", bad).code(), "InvalidArgument") << bad;
  }
}

TEST_F(S3Test, ListObjects) {
  make_bucket();
  for (std::string key : {"a/1", "a/2", "b", "c%20d", "%3Cx%3E"}) put("/bucket/" + key, "12345");
  using Names = std::vector<std::string>;
  auto all = ask("GET", "/bucket?list-type=2");
  EXPECT_EQ(all.texts("Key"), (Names{"&lt;x&gt;", "a/1", "a/2", "b", "c d"}));
  EXPECT_EQ(all.text("ETag"), "\"827ccb0eea8a706c4c34a16891f84e7b\"");
  EXPECT_EQ(all.text("LastModified"), "2023-11-14T22:13:20.000Z");
  EXPECT_EQ(all.text("Size"), "5");
  EXPECT_EQ(all.text("KeyCount"), "5");
  EXPECT_EQ(all.text("IsTruncated"), "false");
  EXPECT_EQ(all.text("StorageClass"), "STANDARD");
  EXPECT_TRUE(all.texts("Owner").empty());
  EXPECT_EQ(ask("GET", "/bucket?list-type=2&fetch-owner=true").texts("Owner").size(), 5U);
  EXPECT_EQ(ask("GET", "/bucket?list-type=2&encoding-type=url").texts("Key"),
            (Names{"%3Cx%3E", "a/1", "a/2", "b", "c%20d"}));

  auto rolled = ask("GET", "/bucket?list-type=2&delimiter=%2F&start-after=a");
  EXPECT_EQ(rolled.texts("Key"), (Names{"b", "c d"}));
  EXPECT_NE(rolled.body.find("<CommonPrefixes><Prefix>a/</Prefix></CommonPrefixes>"), std::string::npos);
  EXPECT_EQ(rolled.text("KeyCount"), "3");

  Names joined;
  std::string token;
  do {
    auto page = ask("GET", "/bucket?list-type=2&max-keys=2" + (token.empty() ? "" : "&continuation-token=" + token));
    for (auto& name : page.texts("Key")) joined.push_back(name);
    token = page.text("NextContinuationToken");
    EXPECT_EQ(page.text("IsTruncated"), token.empty() ? "false" : "true");
  } while (!token.empty());
  EXPECT_EQ(joined, all.texts("Key"));

  auto first = ask("GET", "/bucket?delimiter=/&max-keys=2");
  EXPECT_EQ(first.operation, "ListObjects");
  EXPECT_EQ(first.text("NextMarker"), "a/");
  EXPECT_EQ(ask("GET", "/bucket?delimiter=/&marker=a/").texts("Key"), (Names{"b", "c d"}));
  EXPECT_EQ(ask("GET", "/bucket?list-type=2&max-keys=0").text("IsTruncated"), "false");
  EXPECT_EQ(ask("GET", "/bucket?list-type=2&max-keys=5000").text("MaxKeys"), "1000");
  for (std::string bad :
       {"list-type=1", "list-type=2&max-keys=x", "list-type=2&max-keys=-1", "list-type=2&encoding-type=gzip",
        "list-type=2&continuation-token=%21", "max-keys=99999999999"}) {
    EXPECT_EQ(ask("GET", "/bucket?" + bad).code(), "InvalidArgument") << bad;
  }
}

TEST_F(S3Test, WhatIsNotBuilt) {
  make_bucket();
  put("/bucket/key", "x");
  const std::pair<std::string, std::string> requests[] = {
      {"GET", "/bucket?acl"},
      {"PUT", "/bucket?versioning"},
      {"GET", "/bucket/key?tagging"},
      {"POST", "/bucket/key?uploads"},
      {"PUT", "/bucket/key?partNumber=1&uploadId=x"},
      {"POST", "/bucket"},
      {"OPTIONS", "/bucket"},
      {"GET", "/bucket/key?versionId=1"},
      {"DELETE", "/bucket?website"},
  };
  for (const auto& [method, target] : requests) {
    auto answer = ask(method, target);
    EXPECT_EQ(answer.status, 501) << method << target;
    EXPECT_EQ(answer.code(), "NotImplemented");
    EXPECT_EQ(answer.operation, "");
  }
  EXPECT_EQ(ask({"PUT", "/bucket/copy", {{"x-amz-copy-source", "/bucket/key"}}}).status, 501);
  EXPECT_EQ(ask("PATCH", "/bucket").code(), "MethodNotAllowed");
  EXPECT_EQ(ask("GET", "/bucket/%zz").code(), "InvalidURI");
  EXPECT_EQ(ask("GET", "/bucket?prefix=%zz").code(), "InvalidURI");
  EXPECT_EQ(ask("GET", "/bucket/key?x-id=GetObject&unknown=1").status, 200);
}

TEST_F(S3Test, ExpectedOwner) {
  make_bucket();
  EXPECT_EQ(ask({"HEAD", "/bucket", {{"x-amz-expected-bucket-owner", "111122223333"}}}).status, 200);
  EXPECT_EQ(ask({"GET", "/bucket?location", {{"x-amz-expected-bucket-owner", "444455556666"}}}).code(), "AccessDenied");
}

}  // namespace
}  // namespace podpass::s3
