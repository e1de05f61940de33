// What the wire formats cost: a request body of some 700 bytes, its answer, and a form of the query protocol.
#include <benchmark/benchmark.h>

#include <string>

#include "base/check.h"
#include "codec/form.h"
#include "codec/json.h"
#include "codec/utf8.h"
#include "codec/xml.h"

namespace podpass::codec {
namespace {

constexpr std::string_view kJson =
    R"({"association":{"associationArn":"arn:aws:eks:eu-west-1:111122223333:podidentityassociation/dev/a-abcdefghijklmnop1",)"
    R"("associationId":"a-abcdefghijklmnop1","clusterName":"dev","createdAt":1700862734.922,"modifiedAt":1700862734.922,)"
    R"("namespace":"default","ownerArn":null,"roleArn":"arn:aws:iam::111122223333:role/team/app","serviceAccount":"my-sa",)"
    R"("disableSessionTags":false,"targetRoleArn":"arn:aws:iam::444455556666:role/target",)"
    R"("externalId":"eu-west-1/111122223333/dev/default/my-sa",)"
    R"("tags":{"team":"payments","cost-center":"12345","description":"reads \"objects\" of the bucket\nand nothing else",)"
    R"("owner":"platform@example.com","stage":"production"}}})";

constexpr std::string_view kForm =
    "Action=CreateRole&Version=2010-05-08&RoleName=app&Path=%2Fteam%2F&MaxSessionDuration=3600&Description=a+role"
    "&AssumeRolePolicyDocument=%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22"
    "%2C%22Principal%22%3A%7B%22Service%22%3A%22pods.eks.amazonaws.com%22%7D%2C%22Action%22%3A%5B%22sts%3AAssumeRole%22"
    "%2C%22sts%3ATagSession%22%5D%7D%5D%7D&Tags.member.1.Key=team&Tags.member.1.Value=payments&Tags.member.2.Key=stage"
    "&Tags.member.2.Value=production";

void bench_parse_json(benchmark::State& state) {
  for (auto _ : state) {
    auto value = parse_json(kJson);
    CHECK(value);
    benchmark::DoNotOptimize(value);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kJson.size()));
}
BENCHMARK(bench_parse_json);

void bench_write_json(benchmark::State& state) {
  const auto value = *parse_json(kJson);
  std::string out;
  for (auto _ : state) {
    out.clear();
    write_json(value, out);
    benchmark::DoNotOptimize(out);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(out.size()));
}
BENCHMARK(bench_write_json);

void bench_write_xml(benchmark::State& state) {
  const auto value = *parse_json(kJson);
  std::string out;
  for (auto _ : state) {
    out.clear();
    write_xml_element("Response", value, out);
    benchmark::DoNotOptimize(out);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(out.size()));
}
BENCHMARK(bench_write_xml);

void bench_parse_query_form(benchmark::State& state) {
  for (auto _ : state) {
    auto value = parse_query_form(kForm);
    CHECK(value);
    benchmark::DoNotOptimize(value);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kForm.size()));
}
BENCHMARK(bench_parse_query_form);

void bench_is_utf8(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(is_utf8(kJson));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kJson.size()));
}
BENCHMARK(bench_is_utf8);

}  // namespace
}  // namespace podpass::codec
