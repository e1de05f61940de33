// IAM through the query protocol: forms in, XML out, as clients send and read them.
#include <gtest/gtest.h>

#include "aws/query.h"
#include "codec/uri.h"
#include "iam/operations.h"
#include "iam/world_test.h"

namespace podpass::iam {
namespace {

class Wire : public testing::Test {
 protected:
  std::string post(const std::string& form) {
    http::Request request;
    request.method = "POST";
    const auto body = form + "&Version=2010-05-08";
    request.body = body;
    auto match = aws::query::read(service(), request);
    if (!match) return text(aws::query::write_error(service(), match.error(), "id"));
    auto caller = world_.root();
    Result<codec::Value> answer = codec::Value();
    auto committed = world_.store().run([&](store::Transaction& tx) -> Result<void> {
      answer = world_.call(tx, match->operation->name, match->input, *caller, codec::Reading::text);
      if (!answer) return answer.error();
      return {};
    });
    if (!answer) return text(aws::query::write_error(service(), answer.error(), "id"));
    EXPECT_TRUE(committed);
    return text(aws::query::write(service(), *match->operation, *answer, "id"));
  }
  static std::string text(const http::Response& response) {
    return std::to_string(response.status) + " " + std::get<std::string>(response.body);
  }
  World world_;
};

constexpr std::string_view kTrustOfPods =
    R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}})";

TEST_F(Wire, CreateRole) {
  auto document = codec::percent_encode(kTrustOfPods);
  auto answer = post("Action=CreateRole&RoleName=r&AssumeRolePolicyDocument=" + document +
                     "&MaxSessionDuration=7200&Tags.member.1.Key=team&Tags.member.1.Value=a+b&Description=a+%26+b");
  EXPECT_TRUE(
      answer.starts_with("200 <CreateRoleResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">"
                         "<CreateRoleResult><Role><Path>/</Path><RoleName>r</RoleName><RoleId>AROA"))
      << answer;
  for (auto part :
       {"<CreateDate>2023-11-14T22:13:20Z</CreateDate>", "<MaxSessionDuration>7200</MaxSessionDuration>",
        "<Tags><member><Key>team</Key><Value>a b</Value></member></Tags>", "<Description>a &amp; b</Description>",
        "<ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></CreateRoleResponse>"}) {
    EXPECT_TRUE(answer.contains(part)) << part << " in " << answer;
  }
  EXPECT_TRUE(answer.contains("<AssumeRolePolicyDocument>" + document + "</AssumeRolePolicyDocument>")) << answer;
}

TEST_F(Wire, AnOperationWithoutOutputHasNoResultElement) {
  post("Action=CreateUser&UserName=u");
  EXPECT_EQ(post("Action=DeleteUser&UserName=u"),
            "200 <DeleteUserResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">"
            "<ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></DeleteUserResponse>");
}

TEST_F(Wire, Errors) {
  EXPECT_EQ(post("Action=GetRole&RoleName=r"),
            "404 <ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error><Type>Sender</Type>"
            "<Code>NoSuchEntity</Code><Message>The role with name r cannot be found.</Message></Error>"
            "<RequestId>id</RequestId></ErrorResponse>");
  EXPECT_TRUE(post("Action=GetRole").starts_with("400 ")) << "a required member is missing";
  EXPECT_TRUE(post("Action=ListRoles&MaxItems=many").contains("<Code>ValidationError</Code>"));
}

}  // namespace
}  // namespace podpass::iam
