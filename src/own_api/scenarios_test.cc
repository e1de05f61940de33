// Runs every scenario in testdata/; iam/scenario_test.h says what their lines mean.
#include <gtest/gtest.h>

#include "eks/operations.h"
#include "iam/scenario_test.h"
#include "own_api/operations.h"

namespace podpass::own_api {
namespace {

class Scenarios : public testing::TestWithParam<const char*> {};

TEST_P(Scenarios, Runs) {
  iam::World world({&eks::service(), &service()});
  iam::Scenario(world).run(std::string("testdata/") + GetParam() + ".txt");
}

INSTANTIATE_TEST_SUITE_P(OwnApi, Scenarios, testing::Values("pod_identity_roles", "policy_editor", "service_accounts"),
                         [](const auto& scenario) { return std::string(scenario.param); });

}  // namespace
}  // namespace podpass::own_api
