#include "own_api/operations.h"

#include <vector>

#include "eks/operations.h"
#include "own_api/association_activity.h"
#include "own_api/create_console_sign_in.h"
#include "own_api/explain.h"
#include "own_api/list_activity.h"
#include "own_api/pod_identity_roles.h"
#include "own_api/policy_editor.h"
#include "own_api/service_accounts.h"

namespace podpass::own_api {
namespace {

using aws::Access;
using aws::operation;

constexpr aws::Operation kOperations[] = {
    operation<CreateConsoleSignIn, "CreateConsoleSignIn">(Access::write, "POST", "/console-sign-ins"),
    operation<Explain, "Explain">(Access::read, "POST", "/explain"),
    operation<ListPodIdentityRoles, "ListPodIdentityRoles">(Access::read, "GET", "/pod-identity-roles"),
    operation<ListActivity, "ListActivity">(Access::read, "GET", "/activity"),
    operation<DescribeAssociationActivity, "DescribeAssociationActivity">(
        Access::read, "GET", "/clusters/{clusterName}/pod-identity-associations/{associationId}/activity"),
    operation<ValidatePolicy, "ValidatePolicy">(Access::read, "POST", "/policy-validation"),
    operation<ListActions, "ListActions">(Access::read, "GET", "/policy-actions"),
    operation<ListServiceAccounts, "ListServiceAccounts">(Access::read, "GET",
                                                          "/clusters/{clusterName}/service-accounts"),
};

}  // namespace

const aws::Service& service() {
  static const auto kAll = [] {
    const auto tokens = eks::podpass_service().operations;
    std::vector<aws::Operation> all(tokens.begin(), tokens.end());
    all.insert(all.end(), std::begin(kOperations), std::end(kOperations));
    return all;
  }();
  static const auto kService = [] {
    auto made = eks::podpass_service();
    made.operations = kAll;
    return made;
  }();
  return kService;
}

}  // namespace podpass::own_api
