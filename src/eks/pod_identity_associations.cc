#include "eks/pod_identity_associations.h"

#include <fmt/format.h>

#include "aws/paging.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "crypto/hash.h"
#include "eks/lookup.h"
#include "eks/validate.h"
#include "iam/lookup.h"

namespace podpass::eks {
namespace {

store::KeyParts association_key(const aws::Call& call, std::string_view cluster, std::string_view namespace_,
                                std::string_view service_account) {
  return {call.deployment.account, call.deployment.region, cluster, namespace_, service_account};
}

store::KeyParts id_key(const aws::Call& call, std::string_view cluster, std::string_view id) {
  return {call.deployment.account, call.deployment.region, cluster, id};
}

PodIdentityAssociation shape(const aws::Call& call, std::string_view cluster, std::string_view namespace_,
                             std::string_view service_account, const AssociationRecord& record) {
  PodIdentityAssociation out;
  out.clusterName = cluster;
  out.namespace_ = namespace_;
  out.serviceAccount = service_account;
  out.roleArn = record.role_arn;
  out.associationArn = association_arn(call.deployment, cluster, record.id);
  out.associationId = record.id;
  out.tags = record.tags.value_or(aws::TagMap());
  out.createdAt = record.created;
  out.modifiedAt = record.modified;
  out.ownerArn = record.owner_arn;
  out.disableSessionTags = record.disable_session_tags.value_or(false);
  out.targetRoleArn = record.target_role_arn;
  if (record.target_role_arn) out.externalId = external_id(call.deployment, cluster, namespace_, service_account);
  out.policy = record.policy;
  return out;
}

Result<void> authorize_pass_role(aws::Call& call, const std::string& cluster, const std::string& role_arn) {
  auto account = iam::account_of_role_arn(role_arn);
  if (account != call.deployment.account) {
    return Error::invalid("Role provided in the request must be in the cluster's account.");
  }
  aws::Resource resource(role_arn);
  resource.key("iam:PassedToService", std::string(kPodsService))
      .key("iam:AssociatedResourceArn", cluster_arn(call.deployment, cluster));
  if (const auto* role = iam::find_role_by_arn(call.tx, call.deployment, role_arn)) resource.resource_tags(role->tags);
  return call.authorize("iam:PassRole", resource);
}

// The role exists and its trust policy lets pod identity in, whatever conditions it puts on the pod. Both texts are
// AWS's: tools look for them.
Result<void> check_role(aws::Call& call, const AssociationRecord& association) {
  const auto* role = iam::find_role_by_arn(call.tx, call.deployment, association.role_arn);
  if (!role) return Error::invalid("Role provided in the request does not exist.");
  if (trusts_pods(role->trust.compiled.get(), exchange_actions(association.disable_session_tags))) return {};
  return Error::invalid("Trust policy of the role provided is invalid.");
}

// The rules between members, on the whole association as it will be.
Result<void> check_combination(const AssociationRecord& record) {
  if (record.target_role_arn) TRY(check_role_arn(*record.target_role_arn, "targetRoleArn"));
  if (!record.policy) return {};
  if (!record.disable_session_tags.value_or(false)) {
    return Error::invalid("policy: a session policy requires disableSessionTags to be true.");
  }
  return check_session_policy(*record.policy);
}

std::string short_hash(std::string_view text) {
  return codec::base64url_encode(crypto::sha256(text).view()).substr(0, 16);
}

// What makes two create requests the same: everything but the token.
std::string request_hash(CreatePodIdentityAssociation::Request request) {
  request.clientRequestToken.reset();
  return short_hash(codec::write_json(codec::to_value(request)));
}

// An association for this service account is there already: the same request again gets it, any other one is refused.
Result<AssociationResponse> answer_existing(aws::Call& call, const CreatePodIdentityAssociation::Request& request,
                                            const AssociationRecord& existing) {
  if (request.clientRequestToken && existing.request_token == short_hash(*request.clientRequestToken)) {
    if (existing.request_hash == request_hash(request)) {
      return AssociationResponse{
          shape(call, request.clusterName, request.namespace_, request.serviceAccount, existing)};
    }
    return Error::invalid("The clientRequestToken was used before with other parameters.");
  }
  return Error{ErrorKind::conflict,
               {},
               0,
               "Association already exists: " + existing.id,
               {},
               {{"clusterName", request.clusterName}}};
}

std::optional<std::string> unless_empty(const std::optional<std::string>& text) {
  return text && !text->empty() ? text : std::nullopt;
}

}  // namespace

Result<aws::Resource> CreatePodIdentityAssociation::resource(aws::Call& call, const Request& request) {
  TRY(check_cluster_name(request.clusterName));
  return cluster_resource(call, request.clusterName).request_tags(request.tags);
}

Result<AssociationResponse> CreatePodIdentityAssociation::handle(aws::Call& call, const Request& request) {
  TRY(check_namespace(request.namespace_));
  TRY(check_service_account(request.serviceAccount));
  TRY(check_role_arn(request.roleArn, "roleArn"));
  TRY(check_tags(request.tags));
  AssociationRecord record;
  record.id = "a-" + call.random().text("abcdefghijklmnopqrstuvwxyz0123456789", 17);
  record.role_arn = request.roleArn;
  record.created = record.modified = call.now;
  if (!request.tags.empty()) record.tags = request.tags;
  record.disable_session_tags = request.disableSessionTags;
  record.target_role_arn = unless_empty(request.targetRoleArn);
  record.policy = unless_empty(request.policy);
  TRY(check_combination(record));

  TRY(require_cluster(call.tx, call.deployment, request.clusterName));
  if (!request.tags.empty()) {
    TRY(call.authorize(
        "eks:TagResource",
        aws::Resource(association_arn(call.deployment, request.clusterName, record.id)).request_tags(request.tags)));
  }
  TRY(authorize_pass_role(call, request.clusterName, request.roleArn));
  TRY(check_role(call, record));

  auto key = association_key(call, request.clusterName, request.namespace_, request.serviceAccount);
  if (const auto* existing = call.tx.find(kAssociations, key)) return answer_existing(call, request, *existing);
  const auto limit = call.deployment.quotas.associations_per_cluster;
  if (!call.tx.has_room(kAssociations, {call.deployment.account, call.deployment.region, request.clusterName}, limit)) {
    return Error{
        ErrorKind::limit,
        {},
        0,
        fmt::format("The limit of {} pod identity associations for cluster {} is reached.", limit, request.clusterName),
        {},
        {{"clusterName", request.clusterName}}};
  }
  if (request.clientRequestToken) {
    record.request_token = short_hash(*request.clientRequestToken);
    record.request_hash = request_hash(request);
  }
  call.audit.association_id = record.id;
  AssociationResponse response{shape(call, request.clusterName, request.namespace_, request.serviceAccount, record)};
  call.tx.put(kAssociationIds, id_key(call, request.clusterName, record.id),
              AssociationIdRecord{request.namespace_, request.serviceAccount});
  call.tx.put(kAssociations, key, std::move(record));
  return response;
}

Result<aws::Resource> DescribePodIdentityAssociation::resource(aws::Call& call, const Request& request) {
  return association_resource(call, request.clusterName, request.associationId);
}

Result<AssociationResponse> DescribePodIdentityAssociation::handle(aws::Call& call, const Request& request) {
  auto found = TRY(require_association(call, request.clusterName, request.associationId));
  return AssociationResponse{shape(call, request.clusterName, found.namespace_, found.service_account, *found.record)};
}

Result<aws::Resource> UpdatePodIdentityAssociation::resource(aws::Call& call, const Request& request) {
  return association_resource(call, request.clusterName, request.associationId);
}

Result<AssociationResponse> UpdatePodIdentityAssociation::handle(aws::Call& call, const Request& request) {
  auto found = TRY(require_association(call, request.clusterName, request.associationId));
  if (!request.roleArn && !request.disableSessionTags && !request.targetRoleArn && !request.policy) {
    return Error::invalid(
        "Nothing to update: give at least one of roleArn, targetRoleArn, disableSessionTags and policy.");
  }
  auto record = *found.record;
  if (request.disableSessionTags) record.disable_session_tags = request.disableSessionTags;
  if (request.targetRoleArn) record.target_role_arn = unless_empty(request.targetRoleArn);
  if (request.policy) record.policy = unless_empty(request.policy);
  if (request.roleArn && *request.roleArn != record.role_arn) {
    TRY(check_role_arn(*request.roleArn, "roleArn"));
    TRY(authorize_pass_role(call, request.clusterName, *request.roleArn));
    record.role_arn = *request.roleArn;
  }
  TRY(check_combination(record));
  TRY(check_role(call, record));
  record.modified = call.now;
  AssociationResponse response{shape(call, request.clusterName, found.namespace_, found.service_account, record)};
  call.tx.put(kAssociations, association_key(call, request.clusterName, found.namespace_, found.service_account),
              std::move(record));
  return response;
}

Result<aws::Resource> DeletePodIdentityAssociation::resource(aws::Call& call, const Request& request) {
  return association_resource(call, request.clusterName, request.associationId);
}

Result<AssociationResponse> DeletePodIdentityAssociation::handle(aws::Call& call, const Request& request) {
  auto found = TRY(require_association(call, request.clusterName, request.associationId));
  AssociationResponse response{
      shape(call, request.clusterName, found.namespace_, found.service_account, *found.record)};
  call.tx.erase(kAssociationIds, id_key(call, request.clusterName, request.associationId));
  call.tx.erase(kAssociations, association_key(call, request.clusterName, found.namespace_, found.service_account));
  return response;
}

Result<aws::Resource> ListPodIdentityAssociations::resource(aws::Call& call, const Request& request) {
  TRY(check_cluster_name(request.clusterName));
  return cluster_resource(call, request.clusterName);
}

Result<ListPodIdentityAssociations::Response> ListPodIdentityAssociations::handle(aws::Call& call,
                                                                                  const Request& request) {
  TRY(require_cluster(call.tx, call.deployment, request.clusterName));
  auto limit = TRY(aws::page_size(request.maxResults, kPageSize, kPageSize, "maxResults"));
  store::KeyParts prefix{call.deployment.account, call.deployment.region, request.clusterName};
  if (request.namespace_) prefix.push_back(*request.namespace_);
  std::vector<std::string> after;
  if (request.nextToken) {
    after = TRY(aws::read_page_token(*request.nextToken, prefix, kAssociationKeyParts, "The nextToken is not valid."));
  }

  Response response;
  std::vector<std::string> last;
  while (true) {  // a filter on the service account alone skips rows, so a page may take several scans
    auto rows = call.tx.scan(kAssociations, prefix, kPageSize, store::KeyParts(after.begin(), after.end()));
    for (const auto& row : rows) {
      if (request.serviceAccount && row.key[4] != *request.serviceAccount) continue;
      if (response.associations.size() == limit) {
        response.nextToken = aws::make_page_token(last);
        return response;
      }
      last = row.key;
      response.associations.push_back({request.clusterName, row.key[3], row.key[4],
                                       association_arn(call.deployment, request.clusterName, row.record->id),
                                       row.record->id, row.record->owner_arn});
    }
    if (rows.size() < kPageSize) return response;
    after = rows.back().key;
  }
}

}  // namespace podpass::eks
