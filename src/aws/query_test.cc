// The query protocol: forms in, XML out.
#include "aws/query.h"

#include <gtest/gtest.h>

#include "aws/wire_fixture_test.h"
#include "codec/json.h"

namespace podpass::aws::query {
namespace {

constexpr Operation kOperations[] = {
    {"AssumeRole", "POST", "/", Access::read, nullptr, nullptr},
    {"DeleteUser", "POST", "/", Access::write, nullptr, nullptr},
};
constexpr Service kService{
    "sts", Protocol::query, "2011-06-15", "https://sts.amazonaws.com/doc/2011-06-15/", kOperations, {}};

std::string read_text(std::string_view line, std::string_view body = {}) {
  auto found = read(kService, wire_request(line, body));
  if (!found) {
    return std::to_string(found.error().http_status()) + " " + found.error().code + " " + found.error().message;
  }
  return std::string(found->operation->name) + " " + codec::write_json(found->input);
}

struct Row {
  const char *line, *body, *expected;
};

const Row kRequests[] = {
    {"POST /", "Action=AssumeRole&Version=2011-06-15&RoleArn=a+b%2B",
     R"(AssumeRole {"Action":"AssumeRole","Version":"2011-06-15","RoleArn":"a b+"})"},
    {"GET /?Action=AssumeRole&Version=2011-06-15", "", R"(AssumeRole {"Action":"AssumeRole","Version":"2011-06-15"})"},
    {"POST /?Action=AssumeRole&Version=2011-06-15", "Version=2011-06-15",
     "400 MissingAction The request has no Action parameter."},
    {"POST /", "", "400 MissingAction The request has no Action parameter."},
    {"POST /", "Action=AssumeRole&Version=2011-06-15&Tags.member.1.Key=k&Tags.member.1.Value=v&Tags.member.2.Key=l",
     R"(AssumeRole {"Action":"AssumeRole","Version":"2011-06-15","Tags":[{"Key":"k","Value":"v"},{"Key":"l"}]})"},
    {"POST /", "Action=AssumeRole",
     "400 InvalidAction Could not find operation AssumeRole for version NO_VERSION_SPECIFIED"},
    {"POST /", "Action=AssumeRole&Version=2010-05-08",
     "400 InvalidAction Could not find operation AssumeRole for version 2010-05-08"},
    {"POST /", "Action=assumerole&Version=2011-06-15",
     "400 InvalidAction Could not find operation assumerole for version 2011-06-15"},
    {"POST /", "Action=Fly&Version=2011-06-15",
     "400 InvalidAction Could not find operation Fly for version 2011-06-15"},
    {"PUT /", "Action=AssumeRole&Version=2011-06-15", "405 InvalidAction Use POST or GET."},
};

TEST(Query, Requests) {
  for (const auto& each : kRequests) EXPECT_EQ(read_text(each.line, each.body), each.expected) << each.body;
}

TEST(Query, MalformedForms) {
  for (auto body :
       {"Action=AssumeRole&Version=2011-06-15&x=%zz", "Action=AssumeRole&x=%f", "{\"Action\":\"AssumeRole\"%"}) {
    EXPECT_TRUE(read_text("POST /", body).starts_with("400 MalformedQueryString "))
        << body << read_text("POST /", body);
  }
  std::string many = "Action=AssumeRole";
  for (int i = 0; i < 3'000; ++i) many += "&p" + std::to_string(i) + "=x";
  EXPECT_TRUE(read_text("POST /", many).starts_with("400 MalformedQueryString "));
}

TEST(Query, Answers) {
  auto output = codec::Value::map(
      {{"Arn", "a<b&c"}, {"List", codec::Value::list({"x", "y"})}, {"At", from_epoch_seconds(1'700'000'000)}});
  auto response = write(kService, kOperations[0], output, "id");
  EXPECT_EQ(wire_text(response),
            "200 <AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>"
            "<Arn>a&lt;b&amp;c</Arn><List><member>x</member><member>y</member></List><At>2023-11-14T22:13:20Z</At>"
            "</AssumeRoleResult><ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></AssumeRoleResponse>");
  EXPECT_EQ(response.header("Content-Type"), "text/xml");
  EXPECT_EQ(wire_text(write(kService, kOperations[1], codec::Value(), "id")),
            "200 <DeleteUserResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
            "<ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></DeleteUserResponse>");
}

TEST(Query, Errors) {
  Error error{ErrorKind::denied, "AccessDenied", 403, std::string("<no>\x01&", 6), "secret cause", {}};
  EXPECT_EQ(wire_text(write_error(kService, error, "id")),
            "403 <ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>"
            "<Code>AccessDenied</Code><Message>&lt;no&gt;\xEF\xBF\xBD&amp;</Message></Error><RequestId>id</RequestId>"
            "</ErrorResponse>");
  error = Error::internal("cause");
  error.code = "InternalFailure";
  EXPECT_TRUE(wire_text(write_error(kService, error, "id")).starts_with("500 "));
  EXPECT_TRUE(wire_text(write_error(kService, error, "id")).contains("<Type>Receiver</Type>"));
}

}  // namespace
}  // namespace podpass::aws::query
