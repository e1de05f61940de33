#include "agent/upstream.h"

#include <gtest/gtest.h>

#include "agent/credentials_cache.h"

namespace podpass::agent {
namespace {

constexpr std::string_view kGood =
    R"({"subject":{"namespace":"default","serviceAccount":"app"},"audience":"pods.eks.amazonaws.com",)"
    R"("podIdentityAssociation":{"associationArn":"arn:aws:eks:us-west-2:111122223333:podidentityassociation/c/a-1",)"
    R"("associationId":"a-1"},)"
    R"("assumedRoleUser":{"arn":"arn:aws:sts::444455556666:assumed-role/r/s","assumeRoleId":"AROA:s"},)"
    R"("credentials":{"sessionToken":"session","secretAccessKey":"secret","accessKeyId":"ASIA1",)"
    R"("expiration":1700021600.5}})";

ExchangeResult read(int status, std::string body, std::string type = {}) {
  http::ClientResponse response;
  response.status = status;
  response.body = std::move(body);
  if (!type.empty()) response.headers.emplace_back("X-Amzn-ErrorType", type);
  response.headers.emplace_back("x-amzn-RequestId", "id-1");
  return read_answer(response);
}

TEST(ReadAnswer, Credentials) {
  auto result = read(200, std::string(kGood));
  ASSERT_TRUE(result.credentials) << result.failure.message;
  EXPECT_EQ(result.credentials->access_key_id, "ASIA1");
  EXPECT_EQ(result.credentials->secret_access_key.reveal(), "secret");
  EXPECT_EQ(result.credentials->session_token.reveal(), "session");
  EXPECT_EQ(result.credentials->account_id, "444455556666") << "the target role's, if there is one";
  EXPECT_EQ(result.credentials->association_id, "a-1");
  EXPECT_EQ(result.credentials->expiration, from_epoch_seconds(1'700'021'600) + Milliseconds{500});
}

struct Refusal {
  int status;
  const char* type;
  const char* body;
  int seen_status;
  const char* code;
  const char* message;
  bool fatal;
};

TEST(ReadAnswer, Refusals) {
  const Refusal rows[] = {
      {400, "AccessDeniedException", R"({"message":"Unauthorized Exception! no"})", 400, "AccessDeniedException",
       "Unauthorized Exception! no", true},
      {400, "InvalidTokenException", R"({"message":"no"})", 400, "InvalidTokenException", "no", true},
      {400, "ExpiredTokenException", R"({"message":"no"})", 400, "ExpiredTokenException", "no", true},
      {404, "ResourceNotFoundException", R"({"message":"no"})", 404, "ResourceNotFoundException", "no", true},
      {404, "ResourceNotFoundException:http://internal.amazon.com/", "{}", 404, "ResourceNotFoundException", "", true},
      // Of the node, not of the pod.
      {403, "AccessDeniedException", R"({"message":"node"})", 403, "AccessDeniedException", "node", false},
      {400, "AccessDeniedException", R"({"message":"User: node"})", 400, "AccessDeniedException", "User: node", false},
      {403, "ExpiredTokenException", R"({"message":"node"})", 403, "ExpiredTokenException", "node", false},
      {403, "UnrecognizedClientException", "{}", 403, "UnrecognizedClientException", "", false},
      // May be better next time.
      {429, "ThrottlingException", R"({"message":"slow"})", 429, "ThrottlingException", "slow", false},
      {400, "InvalidRequestException", R"({"message":"big"})", 400, "InvalidRequestException", "big", false},
      {400, "InvalidParameterException", "{}", 400, "InvalidParameterException", "", false},
      {500, "InternalServerException", "{}", 500, "InternalServerException", "", false},
      {503, "ServiceUnavailableException", "{}", 503, "ServiceUnavailableException", "", false},
      // Not EKS Auth at all.
      {502, "", "<html>", 502, "Unknown", "EKS Auth gave no reason", false},
      {302, "", "", 500, "InvalidResponse", "EKS Auth answered with status 302", false},
      {204, "", "", 500, "InvalidResponse", "EKS Auth answered with status 204", false},
      {999, "", "", 500, "InvalidResponse", "EKS Auth answered with status 999", false},
  };
  for (const auto& row : rows) {
    auto result = read(row.status, row.body, row.type);
    EXPECT_FALSE(result.credentials);
    EXPECT_EQ(result.failure.status, row.seen_status) << row.status << row.type;
    EXPECT_EQ(result.failure.code, row.code);
    EXPECT_EQ(result.failure.message, row.message);
    EXPECT_EQ(result.failure.fatal, row.fatal) << row.status << row.type;
    EXPECT_EQ(result.failure.request_id, "id-1");
  }
}

TEST(ReadAnswer, UnreadableSuccess) {
  std::string no_key(kGood), no_arn(kGood), no_date(kGood), text_date(kGood);
  no_key.replace(no_key.find("\"ASIA1\""), 7, "\"\"");
  no_arn.replace(no_arn.find("arn:aws:sts"), 3, "nra");
  no_date.replace(no_date.find("expiration"), 10, "expiratioN");
  text_date.replace(text_date.find("1700021600.5"), 12, "\"soon\"");
  for (const std::string& body :
       {std::string(), std::string("{}"), std::string("[]"), std::string("<html>"),
        std::string(R"({"credentials":1,"assumedRoleUser":2})"), no_key, no_arn, no_date, text_date}) {
    auto result = read(200, body);
    EXPECT_FALSE(result.credentials) << body;
    EXPECT_EQ(result.failure.status, 500) << body;
    EXPECT_EQ(result.failure.code, "InvalidResponse") << body;
    EXPECT_FALSE(result.failure.fatal) << body;
  }
}

TEST(Render, AsTheKnownAgentWrites) {
  EXPECT_EQ(render(ExchangeFailure{400, "b69b", "AccessDeniedException", "Unauthorized Exception!", true}),
            "[b69b]: (AccessDeniedException): Unauthorized Exception!, fault: client\n");
  EXPECT_EQ(render(ExchangeFailure{0, "", "ServiceUnavailable", "away", false}),
            "[]: (ServiceUnavailable): away, fault: server\n");
  EXPECT_EQ(render(PodCredentials{"ASIA1", Secret("s/\"e"), Secret("t"), "111122223333", "a-1",
                                  from_epoch_seconds(1'702'385'444) + Milliseconds{999}}),
            R"({"AccessKeyId":"ASIA1","SecretAccessKey":"s/\"e","Token":"t","AccountId":"111122223333",)"
            R"("Expiration":"2023-12-12T12:50:44Z"})");
}

}  // namespace
}  // namespace podpass::agent
