// Runs every scenario in testdata/; iam/scenario_test.h says what their lines mean.
#include <gtest/gtest.h>

#include "eks/operations.h"
#include "eks_auth/operations.h"
#include "sts/operations.h"
#include "sts/session_caller_test.h"

namespace podpass::eks_auth {
namespace {

class Scenarios : public testing::TestWithParam<const char*> {};

TEST_P(Scenarios, Runs) {
  iam::World world({&eks::service(), &eks::podpass_service(), &service(), &sts::service()});
  iam::Scenario(world, sts::session_caller).run(std::string("testdata/") + GetParam() + ".txt");
}

INSTANTIATE_TEST_SUITE_P(EksAuth, Scenarios,
                         testing::Values("exchange", "many", "permissions", "session", "target_role", "tokens",
                                         "trust_policy"),
                         [](const auto& scenario) { return std::string(scenario.param); });

}  // namespace
}  // namespace podpass::eks_auth
