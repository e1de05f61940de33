#include "iam/access_keys.h"

#include <fmt/format.h>

#include "iam/entities.h"
#include "iam/lookup.h"
#include "iam/own_user.h"

namespace podpass::iam {
namespace {

constexpr std::string_view kActive = "Active";
constexpr std::string_view kRootName = "root";  // what stands for root's name in answers

// Whose keys the request is about, as spelled; empty for root. NoSuchEntity if there is no such user.
Result<std::string> owner(aws::Call& call, const std::optional<std::string>& name) {
  auto user = TRY(own_user_name(call, name));
  if (user.empty()) return user;
  return TRY(existing_entity<UserEntity>(call, user))->name;
}

std::string shown_name(const std::string& owner) {
  return owner.empty() ? std::string(kRootName) : owner;
}

Result<AccessKeyRecord> existing_key(aws::Call& call, const std::string& owner, const std::string& id) {
  const auto* key = call.tx.find(kAccessKeys, {call.caller.account, to_lower(owner), id});
  if (!key) return no_such_entity(fmt::format("The Access Key with id {} cannot be found.", id));
  return *key;
}

Result<aws::Resource> key_resource(aws::Call& call, const std::optional<std::string>& name, const std::string& id) {
  TRY(Constraints().text("accessKeyId", id, Rule::access_key_id).result());
  return own_user_resource(call, name);
}

}  // namespace

Result<aws::Resource> CreateAccessKey::resource(aws::Call& call, const Request& request) {
  return own_user_resource(call, request.UserName);
}

Result<CreateAccessKey::Response> CreateAccessKey::handle(aws::Call& call, const Request& request) {
  auto user = TRY(owner(call, request.UserName));
  if (call.tx.count(kAccessKeys, {call.caller.account, to_lower(user)}) >= kMaxAccessKeys) {
    return quota_exceeded("AccessKeysPerUser", kMaxAccessKeys);
  }
  auto key = make_access_key(call.tx, call.deployment, call.caller.account, user, call.now);
  return Response{{shown_name(user), key.id, std::string(kActive), std::string(key.secret.reveal()), call.now}};
}

Result<aws::Resource> ListAccessKeys::resource(aws::Call& call, const Request& request) {
  return own_user_resource(call, request.UserName);
}

Result<ListAccessKeys::Response> ListAccessKeys::handle(aws::Call& call, const Request& request) {
  auto user = TRY(owner(call, request.UserName));
  auto key = to_lower(user);
  auto page = TRY(record_page(call.tx, kAccessKeys, {call.caller.account, key}, request.Marker, request.MaxItems,
                              [](const AccessKeyRecord&) { return true; }));
  Response response{{}, page.more, std::move(page.marker)};
  for (const auto* record : page.items) {
    response.AccessKeyMetadata.push_back({shown_name(user), record->id, record->status, record->created});
  }
  return response;
}

Result<aws::Resource> UpdateAccessKey::resource(aws::Call& call, const Request& request) {
  TRY(Constraints().one_of("status", request.Status, {"Active", "Inactive", "Expired"}).result());
  if (request.Status == "Expired")
    return invalid_input("An access key's status can be set to Active or Inactive only.");
  return key_resource(call, request.UserName, request.AccessKeyId);
}

Result<NoOutput> UpdateAccessKey::handle(aws::Call& call, const Request& request) {
  auto user = TRY(owner(call, request.UserName));
  auto key = TRY(existing_key(call, user, request.AccessKeyId));
  const auto* found = call.tx.find(kAccessKeySecrets, {key.id});
  if (!found) return Error::internal(fmt::format("access key {} has no secret", key.id));
  auto secret = *found;
  auto id = key.id;
  key.status = request.Status;
  secret.active = request.Status == kActive;
  call.tx.put(kAccessKeys, {call.caller.account, to_lower(user), id}, std::move(key));
  call.tx.put(kAccessKeySecrets, {id}, std::move(secret));
  return NoOutput{};
}

Result<aws::Resource> DeleteAccessKey::resource(aws::Call& call, const Request& request) {
  return key_resource(call, request.UserName, request.AccessKeyId);
}

Result<NoOutput> DeleteAccessKey::handle(aws::Call& call, const Request& request) {
  auto user = TRY(owner(call, request.UserName));
  auto key = TRY(existing_key(call, user, request.AccessKeyId));
  call.tx.erase(kAccessKeys, {call.caller.account, to_lower(user), key.id});
  call.tx.erase(kAccessKeySecrets, {key.id});
  return NoOutput{};
}

}  // namespace podpass::iam
