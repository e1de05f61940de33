// What a decision costs, by the number of statements, and what compiling a policy costs.
#include <benchmark/benchmark.h>

#include <string>

#include "policy/policy.h"

namespace podpass::policy {
namespace {

constexpr std::string_view kRoleArn = "arn:aws:iam::111122223333:role/team/app";

// Statements of three actions, a resource and two conditions, as a role for several services has them. The last one
// allows the request.
std::string document(int statements) {
  std::string json = R"({"Version":"2012-10-17","Statement":[)";
  for (int i = 1; i < statements; ++i) {
    const auto n = std::to_string(i);
    json += R"({"Sid":"S)" + n + R"(","Effect":"Allow","Action":["svc)" + n + R"(:Get*","svc)" + n + R"(:List*","svc)" +
            n + R"(:Describe"],"Resource":"arn:aws:svc)" + n +
            R"(:*:111122223333:thing/*","Condition":{"StringEquals":{"aws:RequestedRegion":"eu-west-1"},)" +
            R"("StringLike":{"aws:PrincipalTag/team":"${aws:PrincipalTag/team}*"}}},)";
  }
  return json +
         R"({"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::data/${aws:PrincipalTag/team}/*",)" +
         R"("Condition":{"StringEquals":{"aws:RequestedRegion":"eu-west-1"},"Bool":{"aws:SecureTransport":"true"}}}]})";
}

// As `document`, but all statements are about the action asked for and only their conditions differ.
std::string crowded(int statements) {
  std::string json = R"({"Version":"2012-10-17","Statement":[)";
  for (int i = 0; i < statements; ++i) {
    const auto n = std::to_string(i);
    json += (i ? "," : "") +
            std::string(R"({"Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::data/*","Condition":{)") +
            R"("StringEquals":{"aws:PrincipalTag/team":"team)" + n + R"("},"StringLike":{"aws:userid":"AROA*:x"}}})";
  }
  return json + "]}";
}

void fill(Context& context) {
  context.add("aws:PrincipalArn", kRoleArn);
  context.add("aws:PrincipalAccount", "111122223333");
  context.add("aws:PrincipalType", "AssumedRole");
  context.add("aws:userid", "AROAEXAMPLEEXAMPLE123:eks-prod-app-1");
  context.add("aws:SourceIp", "10.1.2.3");
  context.add("aws:SecureTransport", "true");
  context.add("aws:CurrentTime", "2026-01-01T00:00:00Z");
  context.add("aws:EpochTime", "1767225600");
  context.add("aws:RequestedRegion", "eu-west-1");
  context.add("aws:UserAgent", "aws-sdk-go/1.0");
  context.add_tag("aws:PrincipalTag/", "eks-cluster-arn", "arn:aws:eks:eu-west-1:111122223333:cluster/prod");
  context.add_tag("aws:PrincipalTag/", "eks-cluster-name", "prod");
  context.add_tag("aws:PrincipalTag/", "kubernetes-namespace", "default");
  context.add_tag("aws:PrincipalTag/", "kubernetes-service-account", "app");
  context.add_tag("aws:PrincipalTag/", "team", "blue");
}

void decide(benchmark::State& state, const std::string& json, bool allowed) {
  const auto policy = Policy::parse(json, Kind::identity);
  Context context;
  fill(context);
  const Principal principal{.type = PrincipalType::role_session,
                            .account = "111122223333",
                            .arn = "arn:aws:sts::111122223333:assumed-role/app/one",
                            .role_arn = kRoleArn,
                            .unique_id = "AROAEXAMPLEEXAMPLE123"};
  const NamedPolicy named{policy->get(), {}};
  Layers layers;
  layers.identity = {&named, 1};
  const Request request{principal, "s3:GetObject", "arn:aws:s3:::data/blue/key", "111122223333", context};
  for (auto _ : state) {
    const auto decision = evaluate(request, layers);
    if (decision.allowed() != allowed) state.SkipWithError("a wrong decision");
    benchmark::DoNotOptimize(decision.statement);
  }
}

void BM_Decision(benchmark::State& state) {
  decide(state, document(static_cast<int>(state.range(0))), true);
}
BENCHMARK(BM_Decision)->Arg(1)->Arg(10)->Arg(50);

void BM_DecisionAllStatementsMatch(benchmark::State& state) {
  decide(state, crowded(static_cast<int>(state.range(0))), false);
}
BENCHMARK(BM_DecisionAllStatementsMatch)->Arg(10)->Arg(50);

void BM_Context(benchmark::State& state) {
  for (auto _ : state) {
    Context context;
    fill(context);
    benchmark::DoNotOptimize(context.size());
  }
}
BENCHMARK(BM_Context);

void BM_Compile(benchmark::State& state) {
  const auto json = document(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    const auto policy = Policy::parse(json, Kind::identity);
    benchmark::DoNotOptimize(policy.has_value());
  }
  state.counters["document_bytes"] = static_cast<double>(json.size());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(json.size()));
}
BENCHMARK(BM_Compile)->Arg(2)->Arg(10);

}  // namespace
}  // namespace podpass::policy
