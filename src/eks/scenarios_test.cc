// Runs every scenario in testdata/; iam/scenario_test.h says what their lines mean.
#include <gtest/gtest.h>

#include "eks/operations.h"
#include "iam/scenario_test.h"

namespace podpass::eks {
namespace {

class Scenarios : public testing::TestWithParam<const char*> {};

TEST_P(Scenarios, Runs) {
  iam::World world({&service(), &podpass_service()});
  iam::Scenario(world).run(std::string("testdata/") + GetParam() + ".txt");
}

INSTANTIATE_TEST_SUITE_P(Eks, Scenarios,
                         testing::Values("clusters", "create_association", "idempotency", "list_associations",
                                         "permissions", "registrations", "service_account_tokens", "tags",
                                         "update_association"),
                         [](const auto& scenario) { return std::string(scenario.param); });

}  // namespace
}  // namespace podpass::eks
