#include "cluster_cli/print.h"

#include <gtest/gtest.h>

#include "codec/json.h"

namespace podpass::cluster_cli {
namespace {

codec::Value json(std::string_view text) {
  return codec::parse_json(text).value();
}

TEST(Print, Lists) {
  EXPECT_EQ(as_list({}), "There is no cluster.\n");
  EXPECT_EQ(as_list({json(R"({"clusterName":"my-cluster","kind":"LOCAL","status":"ACTIVE","issuer":"http://x"})"),
                     json(R"({"clusterName":"p","kind":"REGISTERED","status":"PENDING"})")}),
            "NAME        KIND        STATUS   ISSUER\n"
            "my-cluster  LOCAL       ACTIVE   http://x\n"
            "p           REGISTERED  PENDING  -\n");
}

TEST(Print, ARegistrationThatFails) {
  const auto text = as_registration(
      json(R"({"clusterName":"far","clusterArn":"arn","kind":"REGISTERED","status":"ACTIVE","issuer":"https://i",)"
           R"("keyIds":["one","two"],"keysChangedAt":1700000000,"apiServerEndpoint":"https://a","credentials":)"
           R"("bearer-token","tokenReview":true,"keysReadAt":1700000000.5,"lastFailureAt":1700000060,)"
           R"("lastFailure":"no\nway"})"));
  EXPECT_EQ(text,
            "far\n"
            "  ARN:            arn\n"
            "  Kind:           REGISTERED\n"
            "  Status:         ACTIVE\n"
            "  Issuer:         https://i\n"
            "  Keys:           one, two\n"
            "  Keys from:      https://a (credentials: bearer-token)\n"
            "  Keys changed:   2023-11-14T22:13:20Z\n"
            "  Token review:   on\n"
            "  Keys read:      2023-11-14T22:13:20Z\n"
            "  Failing since:  2023-11-14T22:14:20Z: no\\nway\n");
}

TEST(Print, StepsAndTheirOutcome) {
  const auto good = json(R"({"steps":[{"name":"keys","outcome":"ok","message":"fine"}]})");
  const auto bad = json(R"({"steps":[{"name":"keys","outcome":"ok","message":"fine"},)"
                        R"({"name":"role","outcome":"failed","message":"gone","advice":"Make it."}]})");
  EXPECT_EQ(as_steps(bad),
            "ok       keys               fine\n"
            "failed   role               gone\n"
            "                            -> Make it.\n");
  EXPECT_FALSE(has_failed(good));
  EXPECT_TRUE(has_failed(bad));
  EXPECT_TRUE(has_failed(json("{}")));  // an answer that says nothing is no good one
}

TEST(Print, Registered) {
  const auto text = as_registered(json(
      R"({"registration":{"clusterName":"far"},"nodeRoleArn":"n","webhookRoleArn":"w","notes":["Mind this.\u001b[2J"]})"));
  EXPECT_TRUE(text.starts_with("Cluster far is registered.\n"));
  EXPECT_NE(text.find("  Node role:      n\n  Webhook role:   w\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\nMind this.\\u001b[2J\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace podpass::cluster_cli
