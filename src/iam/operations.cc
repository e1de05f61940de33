#include "iam/operations.h"

#include "iam/access_keys.h"
#include "iam/boundaries.h"
#include "iam/context_keys.h"
#include "iam/errors.h"
#include "iam/oidc_providers.h"
#include "iam/policies.h"
#include "iam/policy_versions.h"
#include "iam/role_policies.h"
#include "iam/roles.h"
#include "iam/simulate.h"
#include "iam/tags.h"
#include "iam/user_policies.h"
#include "iam/users.h"

namespace podpass::iam {
namespace {

using aws::Access;
using aws::operation;

constexpr aws::Operation kOperations[] = {
    operation<CreateRole, "CreateRole">(Access::write),
    operation<GetRole, "GetRole">(Access::read),
    operation<ListRoles, "ListRoles">(Access::read),
    operation<DeleteRole, "DeleteRole">(Access::write),
    operation<UpdateRole, "UpdateRole">(Access::write),
    operation<UpdateRoleDescription, "UpdateRoleDescription">(Access::write),
    operation<UpdateAssumeRolePolicy, "UpdateAssumeRolePolicy">(Access::write),
    operation<ListInstanceProfilesForRole, "ListInstanceProfilesForRole">(Access::read),
    operation<PutRolePermissionsBoundary, "PutRolePermissionsBoundary">(Access::write),
    operation<DeleteRolePermissionsBoundary, "DeleteRolePermissionsBoundary">(Access::write),
    operation<PutUserPermissionsBoundary, "PutUserPermissionsBoundary">(Access::write),
    operation<DeleteUserPermissionsBoundary, "DeleteUserPermissionsBoundary">(Access::write),
    operation<AttachRolePolicy, "AttachRolePolicy">(Access::write),
    operation<DetachRolePolicy, "DetachRolePolicy">(Access::write),
    operation<ListAttachedRolePolicies, "ListAttachedRolePolicies">(Access::read),
    operation<PutRolePolicy, "PutRolePolicy">(Access::write),
    operation<GetRolePolicy, "GetRolePolicy">(Access::read),
    operation<DeleteRolePolicy, "DeleteRolePolicy">(Access::write),
    operation<ListRolePolicies, "ListRolePolicies">(Access::read),
    operation<CreatePolicy, "CreatePolicy">(Access::write),
    operation<GetPolicy, "GetPolicy">(Access::read),
    operation<ListPolicies, "ListPolicies">(Access::read),
    operation<DeletePolicy, "DeletePolicy">(Access::write),
    operation<ListEntitiesForPolicy, "ListEntitiesForPolicy">(Access::read),
    operation<CreatePolicyVersion, "CreatePolicyVersion">(Access::write),
    operation<GetPolicyVersion, "GetPolicyVersion">(Access::read),
    operation<ListPolicyVersions, "ListPolicyVersions">(Access::read),
    operation<DeletePolicyVersion, "DeletePolicyVersion">(Access::write),
    operation<SetDefaultPolicyVersion, "SetDefaultPolicyVersion">(Access::write),
    operation<TagRole, "TagRole">(Access::write),
    operation<UntagRole, "UntagRole">(Access::write),
    operation<ListRoleTags, "ListRoleTags">(Access::read),
    operation<TagUser, "TagUser">(Access::write),
    operation<UntagUser, "UntagUser">(Access::write),
    operation<ListUserTags, "ListUserTags">(Access::read),
    operation<TagPolicy, "TagPolicy">(Access::write),
    operation<UntagPolicy, "UntagPolicy">(Access::write),
    operation<ListPolicyTags, "ListPolicyTags">(Access::read),
    operation<CreateUser, "CreateUser">(Access::write),
    operation<GetUser, "GetUser">(Access::read),
    operation<ListUsers, "ListUsers">(Access::read),
    operation<DeleteUser, "DeleteUser">(Access::write),
    operation<UpdateUser, "UpdateUser">(Access::write),
    operation<AttachUserPolicy, "AttachUserPolicy">(Access::write),
    operation<DetachUserPolicy, "DetachUserPolicy">(Access::write),
    operation<ListAttachedUserPolicies, "ListAttachedUserPolicies">(Access::read),
    operation<PutUserPolicy, "PutUserPolicy">(Access::write),
    operation<GetUserPolicy, "GetUserPolicy">(Access::read),
    operation<DeleteUserPolicy, "DeleteUserPolicy">(Access::write),
    operation<ListUserPolicies, "ListUserPolicies">(Access::read),
    operation<CreateAccessKey, "CreateAccessKey">(Access::write),
    operation<ListAccessKeys, "ListAccessKeys">(Access::read),
    operation<UpdateAccessKey, "UpdateAccessKey">(Access::write),
    operation<DeleteAccessKey, "DeleteAccessKey">(Access::write),
    operation<CreateOpenIDConnectProvider, "CreateOpenIDConnectProvider">(Access::write),
    operation<GetOpenIDConnectProvider, "GetOpenIDConnectProvider">(Access::read),
    operation<ListOpenIDConnectProviders, "ListOpenIDConnectProviders">(Access::read),
    operation<DeleteOpenIDConnectProvider, "DeleteOpenIDConnectProvider">(Access::write),
    operation<UpdateOpenIDConnectProviderThumbprint, "UpdateOpenIDConnectProviderThumbprint">(Access::write),
    operation<AddClientIDToOpenIDConnectProvider, "AddClientIDToOpenIDConnectProvider">(Access::write),
    operation<RemoveClientIDFromOpenIDConnectProvider, "RemoveClientIDFromOpenIDConnectProvider">(Access::write),
    operation<TagOpenIDConnectProvider, "TagOpenIDConnectProvider">(Access::write),
    operation<UntagOpenIDConnectProvider, "UntagOpenIDConnectProvider">(Access::write),
    operation<ListOpenIDConnectProviderTags, "ListOpenIDConnectProviderTags">(Access::read),
    operation<SimulateCustomPolicy, "SimulateCustomPolicy">(Access::read),
    operation<SimulatePrincipalPolicy, "SimulatePrincipalPolicy">(Access::read),
    operation<GetContextKeysForCustomPolicy, "GetContextKeysForCustomPolicy">(Access::read),
    operation<GetContextKeysForPrincipalPolicy, "GetContextKeysForPrincipalPolicy">(Access::read),
};

constexpr aws::Service kService{
    "iam", aws::Protocol::query, "2010-05-08", "https://iam.amazonaws.com/doc/2010-05-08/", kOperations, kErrorNames};

}  // namespace

const aws::Service& service() {
  return kService;
}

}  // namespace podpass::iam
