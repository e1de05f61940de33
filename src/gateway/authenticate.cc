#include "gateway/authenticate.h"

#include <fmt/format.h>

#include "aws/global_keys.h"
#include "gateway/audit.h"
#include "iam/lookup.h"
#include "sts/assume.h"
#include "sts/session_token.h"

namespace podpass::gateway {

Result<Authenticated> Authenticator::authenticate(const aws::Credentialed& credentialed, const http::Request& request,
                                                  std::string_view service, Time now) {
  // IAM and STS are one for all regions, and SDKs sign for whichever they think its home is.
  const bool global = service == "iam" || service == "sts";
  TRY(aws::check_scope(credentialed, global ? std::string_view() : deployment_.region, service, now));
  const auto& found = *TRY(find(credentialed, now));
  const auto& key = aws::derived_key(credentialed, found.secret);
  // By itself: GCC 12 forgets what stands before a TRY between braces when it returns.
  const auto body_hash = TRY(aws::verify_signature(credentialed, request, key));
  return Authenticated{found.caller, &key, body_hash};
}

Result<const Authenticator::Known*> Authenticator::find(const aws::Credentialed& credentialed, Time now) {
  auto& callers = callers_.get();
  const auto version = store_.version();
  auto known = callers.find(credentialed.access_key_id);
  if (known == callers.end() || known->second.version != version ||
      known->second.session_token != credentialed.session_token) {
    auto fresh = TRY(look_up(credentialed, now));
    fresh.version = version;
    if (callers.size() >= kMaxCallersKept) callers.clear();
    known = callers.insert_or_assign(std::string(credentialed.access_key_id), std::move(fresh)).first;
  }
  const auto& found = known->second;
  if (found.caller->session && found.caller->session->expires <= now) {
    return aws::expired_session_token(credentialed.dialect);
  }
  return &found;
}

Result<std::shared_ptr<const aws::Caller>> Authenticator::recall(const aws::Credentialed& credentialed, Time now) {
  return TRY(find(credentialed, now))->caller;
}

Result<std::shared_ptr<const aws::Caller>> Authenticator::prove(const aws::Credentialed& credentialed,
                                                                const Secret& secret, Time now) {
  const auto& found = *TRY(find(credentialed, now));
  if (!found.secret.equals(secret.reveal())) return aws::unknown_access_key(credentialed.dialect);
  return found.caller;
}

std::shared_ptr<const aws::Caller> Authenticator::anonymous() {
  return std::make_shared<const aws::Caller>();
}

Result<Authenticator::Known> Authenticator::look_up(const aws::Credentialed& credentialed, Time) {
  auto tx = store_.begin();
  return credentialed.session_token.empty() ? from_access_key(tx, credentialed) : from_session(tx, credentialed);
}

Result<Authenticator::Known> Authenticator::from_session(store::Transaction& tx,
                                                         const aws::Credentialed& credentialed) {
  auto session = sts::open_session(credentialed.session_token, deployment_.sessions->ring());
  if (!session || session->access_key_id != credentialed.access_key_id) {
    return aws::invalid_session_token(credentialed.dialect);
  }
  Known known;
  known.session_token = credentialed.session_token;
  known.secret = session->secret;
  auto caller = std::make_shared<aws::Caller>();
  if (auto filled = sts::fill_caller(tx, deployment_, std::move(*session), *caller); !filled) {
    return aws::invalid_session_token(credentialed.dialect);
  }
  caller->audit_identity = audit_identity(*caller);
  aws::fold_authority(*caller);
  known.caller = std::move(caller);
  return known;
}

Result<Authenticator::Known> Authenticator::from_access_key(store::Transaction& tx,
                                                            const aws::Credentialed& credentialed) {
  auto owner = TRY(iam::find_access_key(tx, deployment_, credentialed.access_key_id));
  if (!owner || !owner->active) return aws::unknown_access_key(credentialed.dialect);
  auto caller = std::make_shared<aws::Caller>();
  caller->account = owner->account;
  caller->access_key_id = credentialed.access_key_id;
  if (owner->user.empty()) {
    caller->type = policy::PrincipalType::root;
    caller->arn = fmt::format("arn:{}:iam::{}:root", deployment_.partition, owner->account);
    caller->user_id = owner->account;
  } else {
    const auto* user = iam::find_user(tx, owner->account, owner->user);
    if (!user) return aws::unknown_access_key(credentialed.dialect);
    caller->type = policy::PrincipalType::user;
    caller->arn = iam::user_arn(deployment_, owner->account, *user);
    caller->user_name = user->name;
    caller->unique_id = caller->user_id = user->id;
    caller->tags = user->tags;
    caller->authority = iam::authority_of(tx, *user);
  }
  Known known;
  known.secret = std::move(owner->secret);
  caller->audit_identity = audit_identity(*caller);
  aws::fold_authority(*caller);
  known.caller = std::move(caller);
  return known;
}

}  // namespace podpass::gateway
