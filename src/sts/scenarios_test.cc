// Runs every scenario in testdata/; iam/scenario_test.h says what their lines mean.
#include <gtest/gtest.h>

#include "eks/operations.h"
#include "sts/operations.h"
#include "sts/session_caller_test.h"

namespace podpass::sts {
namespace {

class Scenarios : public testing::TestWithParam<const char*> {};

TEST_P(Scenarios, Runs) {
  iam::World world({&service(), &eks::service(), &eks::podpass_service()});
  iam::Scenario(world, session_caller).run(std::string("testdata/") + GetParam() + ".txt");
}

INSTANTIATE_TEST_SUITE_P(Sts, Scenarios,
                         testing::Values("assume_role", "caller_identity", "chaining", "durations", "get_session_token",
                                         "session_policies", "session_tags", "source_identity", "web_identity"),
                         [](const auto& scenario) { return std::string(scenario.param); });

}  // namespace
}  // namespace podpass::sts
