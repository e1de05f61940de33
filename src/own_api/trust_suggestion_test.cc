#include "own_api/trust_suggestion.h"

#include <gtest/gtest.h>

#include "codec/json.h"

namespace podpass::own_api {
namespace {

std::optional<std::string> with_one_more(const std::string& text) {
  const auto statement = codec::parse_json(
      R"({"Effect":"Allow","Principal":{"Service":"pods.eks.amazonaws.com"},"Action":["sts:TagSession"]})");
  return with_statement(**policy::Policy::parse(text, policy::Kind::trust), *statement);
}

constexpr std::string_view kFirst = R"({"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"})";
constexpr std::string_view kAdded =
    R"({"Effect":"Allow","Principal":{"Service":"pods.eks.amazonaws.com"},"Action":["sts:TagSession"]})";

TEST(WithStatement, KeepsALineALine) {
  const std::string first(kFirst), added(kAdded);
  EXPECT_EQ(with_one_more(R"({"Statement":[)" + first + "]}"), R"({"Statement":[)" + first + ", " + added + "]}");
  EXPECT_EQ(with_one_more(R"({"Statement": [ )" + first + " ] }"),
            R"({"Statement": [ )" + first + ", " + added + " ] }");
  EXPECT_EQ(with_one_more(R"({"Statement":)" + first + R"(,"Version":"2012-10-17"})"),
            R"({"Statement":[)" + first + ", " + added + R"(],"Version":"2012-10-17"})");
}

TEST(WithStatement, IsLaidOutLikeTheOthers) {
  EXPECT_EQ(with_one_more("{\n  \"Statement\": [\n    " + std::string(kFirst) + "\n  ]\n}\n"),
            "{\n  \"Statement\": [\n    " + std::string(kFirst) +
                ",\n"
                "    {\n"
                "      \"Effect\": \"Allow\",\n"
                "      \"Principal\": {\n"
                "        \"Service\": \"pods.eks.amazonaws.com\"\n"
                "      },\n"
                "      \"Action\": [\n"
                "        \"sts:TagSession\"\n"
                "      ]\n"
                "    }\n  ]\n}\n");
  EXPECT_EQ(with_one_more("{\n    \"Statement\": [\n        " + std::string(kFirst) + "\n    ]\n}"),
            "{\n    \"Statement\": [\n        " + std::string(kFirst) +
                ",\n"
                "        {\n"
                "            \"Effect\": \"Allow\",\n"
                "            \"Principal\": {\n"
                "                \"Service\": \"pods.eks.amazonaws.com\"\n"
                "            },\n"
                "            \"Action\": [\n"
                "                \"sts:TagSession\"\n"
                "            ]\n"
                "        }\n    ]\n}");
}

}  // namespace
}  // namespace podpass::own_api
