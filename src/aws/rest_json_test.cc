// rest-json: where a request's members are found, and how answers and errors are written.
#include "aws/rest_json.h"

#include <gtest/gtest.h>

#include "aws/wire_fixture_test.h"
#include "codec/json.h"

namespace podpass::aws::rest_json {
namespace {

constexpr Operation row(std::string_view name, std::string_view method, std::string_view path) {
  return {name, method, path, Access::read, nullptr, nullptr};
}

constexpr Operation kOperations[] = {
    row("CreateCluster", "POST", "/clusters"),
    row("ListClusters", "GET", "/clusters"),
    row("DescribeCluster", "GET", "/clusters/{name}"),
    row("CreateAssociation", "POST", "/clusters/{name}/pod-identity-associations"),
    row("ListAssociations", "GET", "/clusters/{name}/pod-identity-associations"),
    row("DescribeAssociation", "GET", "/clusters/{name}/pod-identity-associations/{id}"),
    row("DeleteAssociation", "DELETE", "/clusters/{name}/pod-identity-associations/{id}"),
    row("TagResource", "POST", "/tags/{arn+}"),
    row("UntagResource", "DELETE", "/tags/{arn+}"),
};

// The operation and its input as JSON, or the error.
std::string read_text(std::string_view line, std::string_view body = {}) {
  auto request = wire_request(line, body);
  auto found = match(kOperations, request);
  auto said = [](const Error& error) {
    return std::to_string(error.http_status()) + " " + error.code + " " + error.message;
  };
  if (!found) return said(found.error());
  std::string name(found->operation->name);
  auto input = read(std::move(*found), request);
  if (!input) return said(input.error());
  return name + (input->reading == codec::Reading::text ? " text " : " typed ") + codec::write_json(input->value);
}

struct Row {
  const char *line, *body, *expected;
};

constexpr std::string_view kArn = "arn:aws:eks:us-west-2:111122223333:podidentityassociation/c/a-1";

const Row kRequests[] = {
    // methods and paths
    {"GET /clusters", "", "ListClusters text {}"},
    {"POST /clusters", "{}", "CreateCluster typed {}"},
    {"POST /clusters", "", "CreateCluster typed {}"},
    {"GET /clusters/my-cluster", "", R"(DescribeCluster text {"name":"my-cluster"})"},
    {"GET /clusters/c/pod-identity-associations/a-1", "", R"(DescribeAssociation text {"name":"c","id":"a-1"})"},
    {"DELETE /clusters/c/pod-identity-associations/a-1", "", R"(DeleteAssociation text {"name":"c","id":"a-1"})"},
    {"PUT /clusters", "", "404 UnknownOperationException The method is not one of this path's."},
    {"PATCH /clusters/c", "{}", "404 UnknownOperationException The method is not one of this path's."},
    {"get /clusters", "", "404 UnknownOperationException The method is not one of this path's."},
    {"GET /", "",
     "404 UnknownOperationException Podpass serves no operation at this path; `podpass operations` lists those it "
     "serves."},
    {"GET /cluster", "",
     "404 UnknownOperationException Podpass serves no operation at this path; `podpass operations` lists those it "
     "serves."},
    {"GET /clusters/", "",
     "404 UnknownOperationException Podpass serves no operation at this path; `podpass operations` lists those it "
     "serves."},
    {"GET /clustersx", "",
     "404 UnknownOperationException Podpass serves no operation at this path; `podpass operations` lists those it "
     "serves."},
    {"GET /clusters/c/", "",
     "404 UnknownOperationException Podpass serves no operation at this path; `podpass operations` lists those it "
     "serves."},
    {"GET /clusters//pod-identity-associations", "",
     "404 UnknownOperationException Podpass serves no operation at this path; `podpass operations` lists those it "
     "serves."},
    {"GET /clusters/c/other", "",
     "404 UnknownOperationException Podpass serves no operation at this path; `podpass operations` lists those it "
     "serves."},
    {"GET /clusters/c/pod-identity-associations/a-1/x", "",
     "404 UnknownOperationException Podpass serves no operation at this path; `podpass operations` lists those it "
     "serves."},
    {"POST /tags/", "{}",
     "404 UnknownOperationException Podpass serves no operation at this path; `podpass operations` lists those it "
     "serves."},
    // labels are decoded behind the routing
    {"GET /clusters/a%20b", "", R"(DescribeCluster text {"name":"a b"})"},
    {"GET /clusters/a%2Fb", "", R"(DescribeCluster text {"name":"a/b"})"},
    {"GET /clusters/a+b", "", R"(DescribeCluster text {"name":"a+b"})"},
    {"GET /clusters/a%2", "",
     "404 UnknownOperationException Podpass serves no operation at this path; `podpass operations` lists those it "
     "serves."},
    {"GET /clusters/%ff", "",
     "404 UnknownOperationException Podpass serves no operation at this path; `podpass operations` lists those it "
     "serves."},
    {"POST /tags/arn%3Aaws%3Aeks%3Aus-west-2%3A111122223333%3Apodidentityassociation%2Fc%2Fa-1",
     R"({"tags":{"a":"b"}})",
     R"(TagResource typed {"arn":"arn:aws:eks:us-west-2:111122223333:podidentityassociation/c/a-1","tags":{"a":"b"}})"},
    {"POST /tags/arn:aws:eks:us-west-2:111122223333:podidentityassociation/c/a-1", R"({"tags":{"a":"b"}})",
     R"(TagResource typed {"arn":"arn:aws:eks:us-west-2:111122223333:podidentityassociation/c/a-1","tags":{"a":"b"}})"},
    // the query string of GET and DELETE
    {"GET /clusters/c/pod-identity-associations?namespace=ns&serviceAccount=a%2Bb&maxResults=5&nextToken=", "",
     R"(ListAssociations text {"name":"c","namespace":"ns","serviceAccount":"a+b","maxResults":"5","nextToken":""})"},
    {"DELETE /tags/x?tagKeys=a", "", R"(UntagResource text {"arn":"x","tagKeys":"a"})"},
    {"DELETE /tags/x?tagKeys=a&tagKeys=b&tagKeys=c", "", R"(UntagResource text {"arn":"x","tagKeys":["a","b","c"]})"},
    {"GET /clusters?maxResults=%zz", "", "400 SerializationException The query string is not well formed."},
    // the path wins
    {"GET /clusters/c?name=other", "", R"(DescribeCluster text {"name":"c"})"},
    {"POST /clusters/c/pod-identity-associations", R"({"name":"other","namespace":"ns"})",
     R"(CreateAssociation typed {"name":"c","namespace":"ns"})"},
    // bodies
    {"POST /clusters?name=ignored", R"({"name":"c"})", R"(CreateCluster typed {"name":"c"})"},
    {"POST /clusters", "[]", "400 SerializationException The body must be a JSON object."},
    {"POST /clusters", "null", "400 SerializationException The body must be a JSON object."},
};

TEST(RestJson, Requests) {
  for (const auto& each : kRequests) EXPECT_EQ(read_text(each.line, each.body), each.expected) << each.line;
}

TEST(RestJson, MalformedBodies) {
  for (std::string_view body : {"{", "{\"name\":}", "{} x", "{'a':1}", "\xff", "{\"a\":\"\xff\"}", "name=c"}) {
    EXPECT_TRUE(
        read_text("POST /clusters", body).starts_with("400 SerializationException The body is not well-formed JSON: "))
        << body;
  }
  EXPECT_TRUE(read_text("POST /clusters", std::string(10'000, '[')).starts_with("400 SerializationException "));
}

TEST(RestJson, AnswersAreJson) {
  auto response = write(R"({"a":1.5,"b":[]})");
  EXPECT_EQ(wire_text(response), R"(200 {"a":1.5,"b":[]})");
  EXPECT_EQ(response.header("Content-Type"), "application/json");
}

TEST(RestJson, ErrorsSayTheirNameInHeaderAndBody) {
  Error error{ErrorKind::conflict, "ResourceInUseException", 409,
              "It \"exists\".",    "secret cause",           {{"clusterName", "c"}}};
  auto response = write_error(error);
  EXPECT_EQ(wire_text(response),
            R"(409 {"__type":"ResourceInUseException","code":"ResourceInUseException","message":"It \"exists\".",)"
            R"("clusterName":"c"})");
  EXPECT_EQ(response.header("x-amzn-ErrorType"), "ResourceInUseException");
}

TEST(RestJson, ARawAndAnEncodedArnAreTheSame) {
  auto request = wire_request("DELETE /tags/arn:aws:eks:us-west-2:111122223333:podidentityassociation/c/a-1?tagKeys=x");
  auto found = match(kOperations, request);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->labels.text("arn"), kArn);
}

}  // namespace
}  // namespace podpass::aws::rest_json
