// Runs every scenario in testdata/; scenario_test.h says what their lines mean.
#include <gtest/gtest.h>

#include "iam/scenario_test.h"

namespace podpass::iam {
namespace {

class Scenarios : public testing::TestWithParam<const char*> {};

TEST_P(Scenarios, Runs) {
  World world;
  Scenario(world).run(std::string("testdata/") + GetParam() + ".txt");
}

INSTANTIATE_TEST_SUITE_P(Iam, Scenarios,
                         testing::Values("access_keys", "oidc_providers", "permissions", "policies", "policy_versions",
                                         "role_boundary", "role_policies", "roles", "simulate_context",
                                         "simulate_custom", "simulate_invalid", "simulate_principal", "tags",
                                         "trust_principals", "user_boundary", "user_policies", "users", "validation"),
                         [](const auto& scenario) { return std::string(scenario.param); });

}  // namespace
}  // namespace podpass::iam
