#include "iam/lookup.h"
#include "s3/errors.h"
#include "s3/operations.h"

namespace podpass::s3 {
namespace {

constexpr std::size_t kMaxPolicyBytes = 20 * 1024;

// The bucket, if the caller may do this to its policy. The root of the owning account always may, whatever the policy
// says, so that nobody is locked out for ever; other accounts never may, whatever it says.
Result<const BucketRecord*> bucket_for(Run& run, std::string_view action) {
  const auto* bucket = TRY(run.bucket());
  const auto& caller = run.call.caller;
  const bool owner = caller.account == bucket->account;
  if (owner && caller.type == policy::PrincipalType::root && !caller.session) return bucket;
  TRY(run.authorize_bucket(action, *bucket));
  if (!owner)
    return error("MethodNotAllowed",
                 {{"Method", std::string(run.input.request.method)}, {"ResourceType", "BUCKETPOLICY"}});
  return bucket;
}

Error not_a_policy(Error found) {
  if (found.code.empty() || found.code == "MalformedPolicyDocument") {
    auto result = error_with_text("MalformedPolicy", std::move(found.message));
    result.cause = std::move(found.cause);
    return result;
  }
  return found;
}

// Every resource must be the bucket or in it. A wildcard may stand for more only behind the bucket's name and a slash.
Result<void> check_resources(const policy::Policy& policy, const std::string& arn) {
  for (auto resource : policy.resources()) {
    if (resource != arn && !resource.starts_with(arn + "/") && resource != arn + "*") {
      return error_with_text("MalformedPolicy", "Policy has invalid resource", {{"Detail", std::string(resource)}});
    }
  }
  return {};
}

// Canonical user ids stand for accounts. Only the owner's can be told here; any other would match nobody.
Result<void> resolve_canonical_users(const policy::Policy& policy, const std::string& account,
                                     policy::PrincipalIds& ids) {
  for (const auto& entry : policy.principals()) {
    if (entry.type != "CanonicalUser") continue;
    if (entry.value != canonical_user_id(account))
      return error_with_text("MalformedPolicy", "Invalid principal in policy");
    ids.emplace(entry.value, account);
  }
  return {};
}

}  // namespace

Result<http::Response> put_bucket_policy(Run& run) {
  const auto* bucket = TRY(bucket_for(run, "s3:PutBucketPolicy"));
  const auto body = run.input.body;
  if (body.empty()) return error("MissingRequestBodyError");
  if (body.size() > kMaxPolicyBytes) return error("PolicyTooLarge");
  if (body.front() != '{') return error("MalformedPolicy");
  auto parsed = policy::Policy::parse(body, policy::Kind::bucket);
  if (!parsed) return not_a_policy(std::move(parsed).error());
  TRY(check_resources(**parsed, run.bucket_arn(bucket->name)));
  auto ids = iam::resolve_principals(run.call.tx, run.call.deployment, bucket->account, **parsed);
  if (!ids) {
    auto refused = error_with_text("MalformedPolicy", "Invalid principal in policy");
    refused.cause = std::move(ids).error().message;
    return refused;
  }
  TRY(resolve_canonical_users(**parsed, bucket->account, *ids));
  // Compiled again, with the ids: what is matched is the entity that has the name now.
  auto compiled = policy::Policy::parse(body, policy::Kind::bucket, *ids);
  if (!compiled) return not_a_policy(std::move(compiled).error());
  auto changed = *bucket;
  changed.policy = StoredBucketPolicy::make(std::string(body), std::move(*ids), std::move(*compiled));
  run.call.tx.put(kBuckets, {bucket->name}, std::move(changed));
  return no_content();
}

Result<http::Response> get_bucket_policy(Run& run) {
  const auto* bucket = TRY(bucket_for(run, "s3:GetBucketPolicy"));
  if (!bucket->policy) return error("NoSuchBucketPolicy", {{"BucketName", bucket->name}});
  http::Response response;
  response.set("Content-Type", "application/json");
  response.body = iam::with_current_names(run.call.tx, run.call.deployment, bucket->account, bucket->policy->text,
                                          bucket->policy->principals);
  return response;
}

Result<http::Response> delete_bucket_policy(Run& run) {
  const auto* bucket = TRY(bucket_for(run, "s3:DeleteBucketPolicy"));
  if (!bucket->policy) return no_content();
  auto changed = *bucket;
  changed.policy.reset();
  run.call.tx.put(kBuckets, {bucket->name}, std::move(changed));
  return no_content();
}

}  // namespace podpass::s3
