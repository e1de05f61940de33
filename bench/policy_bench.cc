// What a decision costs, by the number of statements, and what compiling a policy costs.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

#include "policy/fold.h"
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

void fill_session(Context& context) {
  context.add("aws:PrincipalArn", kRoleArn);
  context.add("aws:PrincipalAccount", "111122223333");
  context.add("aws:PrincipalType", "AssumedRole");
  context.add("aws:userid", "AROAEXAMPLEEXAMPLE123:eks-prod-app-1");
  context.add_tag("aws:PrincipalTag/", "eks-cluster-arn", "arn:aws:eks:eu-west-1:111122223333:cluster/prod");
  context.add_tag("aws:PrincipalTag/", "eks-cluster-name", "prod");
  context.add_tag("aws:PrincipalTag/", "kubernetes-namespace", "default");
  context.add_tag("aws:PrincipalTag/", "kubernetes-service-account", "app");
  context.add_tag("aws:PrincipalTag/", "team", "blue");
}

void fill(Context& context) {
  fill_session(context);
  context.add("aws:SourceIp", "10.1.2.3");
  context.add("aws:SecureTransport", "true");
  context.add("aws:CurrentTime", "2026-01-01T00:00:00Z");
  context.add("aws:EpochTime", "1767225600");
  context.add("aws:RequestedRegion", "eu-west-1");
  context.add("aws:UserAgent", "aws-sdk-go/1.0");
}

const Principal kPod{.type = PrincipalType::role_session,
                     .account = "111122223333",
                     .arn = "arn:aws:sts::111122223333:assumed-role/app/one",
                     .role_arn = kRoleArn,
                     .unique_id = "AROAEXAMPLEEXAMPLE123"};

std::shared_ptr<const Policy> parsed(const std::string& json, Kind kind = Kind::identity) {
  auto policy = Policy::parse(json, kind);
  if (!policy) std::abort();
  return *policy;
}

// Besides the mean, the median and the 99th percentile of single decisions, the clock's own time taken off.
void report_percentiles(benchmark::State& state, const Request& request, const Layers& layers) {
  using Clock = std::chrono::steady_clock;
  constexpr int kSamples = 100'000;
  std::vector<double> clock, taken;
  const auto since = [](Clock::time_point from) {
    return std::chrono::duration<double, std::nano>(Clock::now() - from).count();
  };
  const auto at = [](std::vector<double>& samples, double share) {
    const auto position = static_cast<std::ptrdiff_t>(share * static_cast<double>(samples.size() - 1));
    std::nth_element(samples.begin(), samples.begin() + position, samples.end());
    return samples[static_cast<std::size_t>(position)];
  };
  for (int i = 0; i < kSamples; ++i) clock.push_back(since(Clock::now()));
  const auto own = at(clock, 0.5);
  for (int i = 0; i < kSamples; ++i) {
    const auto begin = Clock::now();
    benchmark::DoNotOptimize(evaluate(request, layers).statement);
    taken.push_back(since(begin) - own);
  }
  state.counters["p50_ns"] = at(taken, 0.5);
  state.counters["p99_ns"] = at(taken, 0.99);
}

void decide(benchmark::State& state, const Layers& layers, bool allowed,
            std::string_view resource = "arn:aws:s3:::data/blue/key") {
  Context context;
  fill(context);
  const Request request{kPod, "s3:GetObject", resource, "111122223333", context};
  for (auto _ : state) {
    const auto decision = evaluate(request, layers);
    if (decision.allowed() != allowed) state.SkipWithError("a wrong decision");
    benchmark::DoNotOptimize(decision.statement);
  }
  report_percentiles(state, request, layers);
}

void decide(benchmark::State& state, const std::string& json, bool allowed) {
  const auto policy = parsed(json);
  const NamedPolicy named{policy.get(), {}};
  Layers layers;
  layers.identity = {&named, 1};
  decide(state, layers, allowed);
}

// One action, one prefix: the case that other evaluators are measured with.
void BM_OneStatement(benchmark::State& state) {
  decide(state,
         R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject",)"
         R"("Resource":"arn:aws:s3:::data/*"}})",
         true);
}
BENCHMARK(BM_OneStatement);

// With two conditions and a variable each; one of the statements is about the action.
void BM_OneOfThem(benchmark::State& state) {
  decide(state, document(static_cast<int>(state.range(0))), true);
}
BENCHMARK(BM_OneOfThem)->Arg(1)->Arg(10)->Arg(50);

// All are about action and resource, and the first of two conditions of each fails.
void BM_AllOfThem(benchmark::State& state) {
  decide(state, crowded(static_cast<int>(state.range(0))), false);
}
BENCHMARK(BM_AllOfThem)->Arg(10)->Arg(50);

SessionKeys session_keys(Context& context) {
  fill_session(context);
  return {context, [](std::string_view key) { return key.starts_with("aws:PrincipalTag/"); }};
}

// Three policies of a pod's role with 20 statements, a bucket policy with five, a session policy.
void pod_role(benchmark::State& state, bool is_folded) {
  Context context;
  const auto keys = session_keys(context);
  const auto read = [&](const std::string& json, Kind kind = Kind::identity) {
    return is_folded ? fold(parsed(json, kind), keys) : parsed(json, kind);
  };
  const auto reader = read(document(8)), logs = read(crowded(2)), more = read(document(10));
  const auto bucket = parsed(R"({"Version":"2012-10-17","Statement":[
      {"Sid":"Tls","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::data","arn:aws:s3:::data/*"],
       "Condition":{"Bool":{"aws:SecureTransport":"false"}}},
      {"Sid":"Others","Effect":"Deny","Principal":"*","Action":"s3:DeleteObject","Resource":"arn:aws:s3:::data/*",
       "Condition":{"StringNotEquals":{"aws:PrincipalAccount":"111122223333"}}},
      {"Sid":"Backup","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/backup"},"Action":"s3:*",
       "Resource":"*"},
      {"Sid":"Audit","Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"s3:ListBucket",
       "Resource":"arn:aws:s3:::data"},
      {"Sid":"Lists","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/alice"},
       "Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::data/alice/*"}]})",
                             Kind::bucket);
  const auto session = read(
      R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::data/*"}})",
      Kind::session);
  const std::array<NamedPolicy, 3> identity = {{{reader.get()}, {logs.get()}, {more.get()}}};
  const NamedPolicy cut{session.get()};
  Layers layers;
  layers.identity = identity;
  layers.resource = bucket.get();
  layers.has_session = true;
  layers.session = {&cut, 1};
  decide(state, layers, true);
}

void BM_PodRole(benchmark::State& state) {
  pod_role(state, false);
}
BENCHMARK(BM_PodRole);

// The same, folded for the pod's session.
void BM_PodRoleFolded(benchmark::State& state) {
  pod_role(state, true);
}
BENCHMARK(BM_PodRoleFolded);

// What that costs for one of the policies.
void BM_Fold(benchmark::State& state) {
  Context context;
  const auto keys = session_keys(context);
  const auto policy = parsed(document(static_cast<int>(state.range(0))));
  for (auto _ : state) benchmark::DoNotOptimize(fold(policy, keys));
}
BENCHMARK(BM_Fold)->Arg(3)->Arg(10);

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
BENCHMARK(BM_Compile)->Arg(3)->Arg(10);

}  // namespace
}  // namespace podpass::policy
