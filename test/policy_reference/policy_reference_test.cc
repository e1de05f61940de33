// The policy engine against the reference, and against laws, over random cases. A run prints its seed; it depends on
// nothing else.
//
//   policy_reference_test [--cases=N] [--seed=N]     the case that fails is also made with --seed=ITS --cases=1
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <charconv>
#include <string_view>

#include "policy_reference/laws.h"
#include "policy_reference/shrink.h"

namespace podpass::reference {
namespace {

std::uint64_t cases = 100'000;
constexpr std::uint64_t kEnoughToJudge = 10'000;  // cases, for what a run must have seen
std::uint64_t first_seed = 1;

std::string fault_of(const Bytes& bytes) {
  Choices choices{std::span<const std::uint8_t>(bytes)};
  return fault(choices, nullptr);
}

// The first line tells what sort of fault it is; a smaller case must have one of the same sort.
std::string smallest(const Bytes& bytes) {
  const auto sort = [](const std::string& text) { return text.substr(0, text.find('\n')); };
  const auto wanted = sort(fault_of(bytes));
  return fault_of(shrink(bytes, [&](const Bytes& some) { return sort(fault_of(some)) == wanted; }));
}

void print(const Tally& tally) {
  fmt::print("{} cases from seed {}: {} decisions, {} laws\n", tally.cases, first_seed, tally.decisions, tally.laws);
  for (std::size_t outcome = 0; outcome < tally.outcomes.size(); ++outcome) {
    for (std::size_t layer = 0; layer < tally.outcomes[outcome].size(); ++layer) {
      const auto count = tally.outcomes[outcome][layer];
      if (count == 0) continue;
      fmt::print("  {:32} {}\n", spelled(policy::Outcome(outcome), policy::Layer(layer), -1), count);
    }
  }
}

// Each outcome by each layer that can have it.
void expect_outcomes(const Tally& tally) {
  for (std::size_t outcome = 0; outcome < tally.outcomes.size(); ++outcome) {
    for (std::size_t layer = 1; layer < tally.outcomes[outcome].size(); ++layer) {
      const auto which = policy::Layer(layer);
      const bool grants =
          which == policy::Layer::identity || which == policy::Layer::resource || which == policy::Layer::trust;
      if (policy::Outcome(outcome) == policy::Outcome::allow && !grants) continue;
      EXPECT_GE(tally.outcomes[outcome][layer], tally.cases / 2000) << spelled(policy::Outcome(outcome), which, -1);
    }
  }
  for (std::size_t caller = 0; caller < tally.callers.size(); ++caller) {
    for (std::size_t outcome = 0; outcome < tally.callers[caller].size(); ++outcome) {
      EXPECT_GE(tally.callers[caller][outcome], tally.cases / 2000) << "caller " << caller << " outcome " << outcome;
    }
  }
}

void expect_operators(const Tally& tally) {
  for (const auto& name : operator_names()) {
    const auto found = tally.operators.find(lower(name));
    ASSERT_NE(found, tally.operators.end()) << name;
    EXPECT_GE(found->second[0], tally.cases / 10000) << name << " is hardly ever false";
    EXPECT_GE(found->second[1], tally.cases / 10000) << name << " is hardly ever true";
  }
}

TEST(PolicyReference, EngineAgrees) {
  Tally tally;
  for (std::uint64_t i = 0; i < cases; ++i) {
    Choices choices(first_seed + i);
    const auto wrong = fault(choices, &tally);
    ASSERT_TRUE(wrong.empty()) << "seed " << first_seed + i << "\n"
                               << wrong << "\nwhich is in short\n"
                               << smallest(choices.taken());
  }
  print(tally);
  if (cases < kEnoughToJudge) return;
  expect_outcomes(tally);
  expect_operators(tally);
}

bool take_option(std::string_view argument, std::string_view name, std::uint64_t& value) {
  if (!argument.starts_with(name)) return false;
  argument.remove_prefix(name.size());
  const auto read = std::from_chars(argument.data(), argument.data() + argument.size(), value);
  return read.ec == std::errc() && read.ptr == argument.data() + argument.size();
}

}  // namespace
}  // namespace podpass::reference

int main(int count, char** arguments) {
  testing::InitGoogleTest(&count, arguments);
  for (int i = 1; i < count; ++i) {
    const std::string_view argument = arguments[i];
    if (podpass::reference::take_option(argument, "--cases=", podpass::reference::cases)) continue;
    if (podpass::reference::take_option(argument, "--seed=", podpass::reference::first_seed)) continue;
    fmt::print(stderr, "{}: no such option\n", argument);
    return 2;
  }
  return RUN_ALL_TESTS();
}
