// What it costs to look up actions and condition keys.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "base/strings.h"
#include "policy/actions.h"

namespace podpass::policy {
namespace {

// In an order of no rhyme, the same each time; `count` of them.
std::vector<std::string> some_actions(std::size_t count) {
  std::vector<std::string> names;
  for (ActionId id = 0; id < action_count(); ++id) names.push_back(to_lower(action(id).name));
  std::ranges::shuffle(names, std::mt19937(1));
  names.resize(count);
  return names;
}

void ask_for_ids(benchmark::State& state, const std::vector<std::string>& names) {
  std::size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(action_id(names[next]));
    if (++next == names.size()) next = 0;
  }
}

void BM_action_id_of_one(benchmark::State& state) {
  ask_for_ids(state, {"s3:getobject"});
}
BENCHMARK(BM_action_id_of_one);

void BM_action_id_of_20(benchmark::State& state) {
  ask_for_ids(state, some_actions(20));
}
BENCHMARK(BM_action_id_of_20);

// More than fits the nearest caches.
void BM_action_id_of_all(benchmark::State& state) {
  ask_for_ids(state, some_actions(action_count()));
}
BENCHMARK(BM_action_id_of_all);

void BM_find_action(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(find_action("s3:GetObject"));
}
BENCHMARK(BM_find_action);

void BM_find_tag_key(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(find_condition_key("aws:PrincipalTag/team"));
}
BENCHMARK(BM_find_tag_key);

void BM_matching_actions(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(matching_actions("s3:Get*"));
}
BENCHMARK(BM_matching_actions);

}  // namespace
}  // namespace podpass::policy
