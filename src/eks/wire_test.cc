// EKS through rest-json: bytes in, bytes out, as clients send and read them; and pages of 100.
#include <gtest/gtest.h>

#include <set>

#include "aws/rest_json.h"
#include "aws/wire_fixture_test.h"
#include "codec/json.h"
#include "codec/uri.h"
#include "eks/lookup.h"
#include "eks/operations.h"
#include "iam/world_test.h"

namespace podpass::eks {
namespace {

namespace rest_json = aws::rest_json;
using codec::Value;

constexpr std::string_view kTrust =
    R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"pods.eks.amazonaws.com"},)"
    R"("Action":["sts:AssumeRole","sts:TagSession"]}})";

class Wire : public testing::Test {
 protected:
  void SetUp() override {
    auto made = world_.run("CreateRole", Value::map({{"RoleName", "my-role"}, {"AssumeRolePolicyDocument", kTrust}}),
                           *world_.root());
    ASSERT_TRUE(made) << made.error().message;
    ASSERT_TRUE(send("POST /clusters",
                     R"({"name":"my-cluster","roleArn":"arn:aws:iam::111122223333:role/c","resourcesVpcConfig":{}})")
                    .starts_with("200 "));
  }

  http::Response answer(std::string_view line, std::string_view body) {
    auto request = aws::wire_request(line, body);
    auto failed = [&](Error error) {
      aws::name_error(service().errors, error);
      return rest_json::write_error(error);
    };
    auto match = rest_json::match(service().operations, request);
    if (!match) return failed(match.error());
    const auto& operation = *match->operation;
    auto input = rest_json::read(std::move(*match), request);
    if (!input) return failed(input.error());
    Value output;
    auto root = world_.root();
    auto done = world_.store().run([&](store::Transaction& tx) -> Result<void> {
      output = TRY(world_.call(tx, service(), operation, input->value, *root, input->reading));
      return {};
    });
    return done ? rest_json::write(codec::write_json(output)) : failed(done.error());
  }
  std::string send(std::string_view line, std::string_view body = {}) { return aws::wire_text(answer(line, body)); }

  std::string create(const std::string& service_account) {
    return send("POST /clusters/my-cluster/pod-identity-associations",
                R"({"namespace":"default","serviceAccount":")" + service_account +
                    R"(","roleArn":"arn:aws:iam::111122223333:role/my-role"})");
  }
  static Value body(const std::string& text) { return *codec::parse_json(text.substr(4)); }

  iam::World world_{{&service()}};
};

TEST_F(Wire, AnAssociationFromCreationToDeletion) {
  auto made = create("my-sa");
  auto id = std::string(body(made).find("association")->text("associationId"));
  EXPECT_EQ(id.size(), 19U);
  const std::string object =
      R"({"association":{"clusterName":"my-cluster","namespace":"default","serviceAccount":"my-sa",)"
      R"("roleArn":"arn:aws:iam::111122223333:role/my-role",)"
      R"("associationArn":"arn:aws:eks:us-west-2:111122223333:podidentityassociation/my-cluster/)" +
      id + R"(","associationId":")" + id +
      R"(","tags":{},"createdAt":1700000000,"modifiedAt":1700000000,)"
      R"("disableSessionTags":false}})";
  EXPECT_EQ(made, "200 " + object);
  const auto path = "/clusters/my-cluster/pod-identity-associations/" + id;
  EXPECT_EQ(send("GET " + path), "200 " + object);
  EXPECT_EQ(send("GET /clusters/my-cluster/pod-identity-associations?namespace=default&serviceAccount=my-sa"),
            R"(200 {"associations":[{"clusterName":"my-cluster","namespace":"default","serviceAccount":"my-sa",)"
            R"("associationArn":"arn:aws:eks:us-west-2:111122223333:podidentityassociation/my-cluster/)" +
                id + R"(","associationId":")" + id + R"("}]})");
  EXPECT_TRUE(send("POST " + path, R"({"disableSessionTags":true})").contains(R"("disableSessionTags":true)"));
  EXPECT_TRUE(send("DELETE " + path).starts_with("200 {\"association\":{"));
  auto gone = answer("GET " + path, {});
  EXPECT_EQ(gone.header("x-amzn-ErrorType"), "ResourceNotFoundException");
  EXPECT_EQ(aws::wire_text(gone),
            R"(404 {"__type":"ResourceNotFoundException","code":"ResourceNotFoundException","message":)"
            R"("No pod identity association found for ID: )" +
                id + R"( in cluster: my-cluster.","clusterName":"my-cluster"})");
}

TEST_F(Wire, TagsByArnHoweverItIsWritten) {
  auto made = body(create("my-sa"));
  auto arn = std::string(made.find("association")->text("associationArn"));
  EXPECT_EQ(send("POST /tags/" + codec::percent_encode(arn), R"({"tags":{"a":"1","b":"2","c":"3"}})"), "200 {}");
  EXPECT_EQ(send("GET /tags/" + arn), R"(200 {"tags":{"a":"1","b":"2","c":"3"}})");
  EXPECT_EQ(send("DELETE /tags/" + arn + "?tagKeys=a&tagKeys=b"), "200 {}");
  EXPECT_EQ(send("GET /tags/" + codec::percent_encode(arn)), R"(200 {"tags":{"c":"3"}})");
  EXPECT_EQ(send("DELETE /tags/" + arn + "?tagKeys=c"), "200 {}");
  EXPECT_EQ(send("GET /tags/" + arn), R"(200 {"tags":{}})");
}

TEST_F(Wire, BadInputChangesNothing) {
  const auto before = world_.store().version();
  const std::string path = "POST /clusters/my-cluster/pod-identity-associations";
  struct {
    const char *body, *error;
  } const rows[] = {
      {"{", "SerializationException"},
      {"[]", "SerializationException"},
      {"{}", "InvalidParameterException"},
      {R"({"namespace":"a","serviceAccount":"b"})", "InvalidParameterException"},
      {R"({"namespace":"a","serviceAccount":"b","roleArn":null})", "InvalidParameterException"},
      {R"({"namespace":1,"serviceAccount":"b","roleArn":"c"})", "InvalidParameterException"},
      {R"({"namespace":"a","serviceAccount":"b","roleArn":"c","disableSessionTags":"yes"})",
       "InvalidParameterException"},
      {R"({"namespace":"a","serviceAccount":"b","roleArn":"c","tags":["x"]})", "InvalidParameterException"},
      {R"({"namespace":"a","serviceAccount":"b","roleArn":"c","tags":{"x":1}})", "InvalidParameterException"},
      {R"({"namespace":"a\u0000","serviceAccount":"b","roleArn":"c"})", "InvalidParameterException"},
  };
  for (const auto& row : rows) {
    auto response = answer(path, row.body);
    EXPECT_EQ(response.status, 400) << row.body;
    EXPECT_EQ(response.header("x-amzn-ErrorType"), row.error) << row.body << aws::wire_text(response);
  }
  EXPECT_EQ(answer("GET /clusters/my-cluster/pod-identity-associations?maxResults=ten", {}).status, 400);
  EXPECT_EQ(answer("GET /clusters/a%00b", {}).status, 404);
  EXPECT_EQ(answer("GET /clusters/" + std::string(6'000, 'x'), {}).status, 404);
  EXPECT_EQ(world_.store().version(), before);
}

TEST_F(Wire, PagesOfAHundred) {
  for (int i = 0; i < 101; ++i) ASSERT_TRUE(create("sa-" + std::to_string(i)).starts_with("200 "));
  auto first = body(send("GET /clusters/my-cluster/pod-identity-associations"));
  EXPECT_EQ(first.find("associations")->as<Value::List>()->size(), 100U);
  auto next = codec::percent_encode(first.text("nextToken"));
  ASSERT_FALSE(next.empty());
  auto second = body(send("GET /clusters/my-cluster/pod-identity-associations?nextToken=" + next));
  EXPECT_EQ(second.find("associations")->as<Value::List>()->size(), 1U);
  EXPECT_FALSE(second.find("nextToken"));

  // A filter on the service account alone looks through all of them, and a page of one at a time misses none.
  std::set<std::string> seen;
  std::string token;
  for (int pages = 0; pages < 200; ++pages) {
    auto page = body(send("GET /clusters/my-cluster/pod-identity-associations?maxResults=1" +
                          (token.empty() ? "" : "&nextToken=" + codec::percent_encode(token))));
    seen.emplace((*page.find("associations")->as<Value::List>())[0].text("serviceAccount"));
    token = page.text("nextToken");
    if (token.empty()) break;
  }
  EXPECT_EQ(seen.size(), 101U);
  auto last = body(send("GET /clusters/my-cluster/pod-identity-associations?serviceAccount=sa-99"));
  EXPECT_EQ(last.find("associations")->as<Value::List>()->size(), 1U);
}

TEST_F(Wire, TheIssuerPublishesItsKeys) {
  auto tx = world_.store().begin();
  const auto* cluster = find_cluster(tx, world_.deployment(), "my-cluster");
  ASSERT_TRUE(cluster);
  auto documents = issuer_documents(tx, cluster->issuer.substr(cluster->issuer.rfind('/') + 1));
  ASSERT_TRUE(documents);
  EXPECT_EQ(documents->discovery.text("issuer"), cluster->issuer);
  EXPECT_EQ(documents->discovery.text("jwks_uri"), cluster->issuer + "/keys");
  auto keys = crypto::KeySet::from_jwks(documents->keys);
  ASSERT_TRUE(keys);
  EXPECT_EQ((*keys)->fingerprint(), cluster->keys.keys->fingerprint());
  EXPECT_FALSE(codec::write_json(documents->keys).contains("\"d\"")) << "the private key";
  EXPECT_FALSE(issuer_documents(tx, "0123456789ABCDEF0123456789ABCDEF"));
  EXPECT_FALSE(issuer_documents(tx, ""));
}

// Records hold the private key sealed, never the request token.
TEST_F(Wire, SecretsAreNotInRecords) {
  auto tx = world_.store().begin();
  const auto& deployment = world_.deployment();
  const auto* key = tx.find(kSigningKeys, {deployment.account, deployment.region, "my-cluster"});
  ASSERT_TRUE(key);
  EXPECT_FALSE(key->sealed.contains("PRIVATE"));
  send("POST /clusters/my-cluster/pod-identity-associations",
       R"({"namespace":"n","serviceAccount":"s","roleArn":"arn:aws:iam::111122223333:role/my-role",)"
       R"("clientRequestToken":"a-token-to-be-hashed"})");
  auto later = world_.store().begin();
  const auto* record = find_association(later, deployment, "my-cluster", "n", "s");
  ASSERT_TRUE(record && record->request_token);
  EXPECT_FALSE(record->request_token->contains("a-token"));
}

}  // namespace
}  // namespace podpass::eks
