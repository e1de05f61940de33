// What a line of `podpass policy evaluate` costs, from its text to the text of the answer. 200,000 lines a second on a
// core are 5 us.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "policy_cli/evaluate.h"

namespace podpass::policy_cli {
namespace {

// A case of some 1,000 bytes: six statements, a session, three keys. Resource and id differ from line to line.
std::string line(int number, int policies) {
  std::string statements;
  for (int i = 0; i < 5; ++i) {
    const auto n = std::to_string(i);
    statements += R"({"Sid":"S)" + n + R"(","Effect":"Allow","Action":["svc)" + n + R"(:Get*","svc)" + n +
                  R"(:List*"],"Resource":"arn:aws:svc)" + n + R"(:*:111122223333:thing/*"},)";
  }
  return R"({"id":)" + std::to_string(number) +
         R"(,"request":{"principal":"arn:aws:sts::111122223333:assumed-role/app/one","action":"s3:GetObject",)"
         R"("resource":"arn:aws:s3:::data/blue/)" +
         std::to_string(number) +
         R"(","context":{"aws:RequestedRegion":"eu-west-1","aws:SourceIp":"10.1.2.3","aws:PrincipalTag/team":"blue"}},)"
         R"("policies":{"identity":[{"Version":"2012-10-17","Id":")" +
         std::to_string(number % policies) + R"(","Statement":[)" + statements +
         R"({"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::data/*",)"
         R"("Condition":{"StringEquals":{"aws:RequestedRegion":"eu-west-1"}}}]}]}})";
}

// The lines share so many different sets of policies; in the last case each brings its own.
void BM_EvaluateLine(benchmark::State& state) {
  constexpr int kLines = 20'000;
  std::vector<std::string> lines;
  for (int i = 0; i < kLines; ++i) lines.push_back(line(i, static_cast<int>(state.range(0))));
  Evaluator evaluator;
  std::string out;
  std::size_t at = 0, bytes = 0;
  for (auto _ : state) {
    out.clear();
    const auto& each = lines[at++ % lines.size()];
    if (!evaluator.evaluate(each, 1, out)) state.SkipWithError("a line was not read");
    bytes += each.size();
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}
BENCHMARK(BM_EvaluateLine)->Arg(1)->Arg(1'000)->Arg(20'000);

}  // namespace
}  // namespace podpass::policy_cli
