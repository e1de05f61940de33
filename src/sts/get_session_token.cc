#include "sts/get_session_token.h"

#include "iam/constraints.h"
#include "sts/assume.h"

namespace podpass::sts {

Result<aws::Resource> GetSessionToken::resource(aws::Call&, const Request&) {
  return aws::Resource::unguarded();
}

Result<GetSessionToken::Response> GetSessionToken::handle(aws::Call& call, const Request& request) {
  const auto& caller = call.caller;
  if (caller.session || caller.type == policy::PrincipalType::role_session) {
    return Error{ErrorKind::denied, {}, 0, "Cannot call GetSessionToken with session credentials", {}, {}};
  }
  TRY(refuse_mfa(request.SerialNumber, request.TokenCode));
  TRY(iam::Constraints().number("durationSeconds", request.DurationSeconds, 900, 129'600).result());
  const bool root = caller.type == policy::PrincipalType::root;
  auto seconds = request.DurationSeconds.value_or(root ? 3'600 : 43'200);
  if (root && seconds > 3'600) seconds = 3'600;  // as AWS does for root, without an error

  aws::Session session;
  session.kind = aws::Session::Kind::user;
  session.account = caller.account;
  session.user_name = caller.user_name;
  session.role_id = caller.unique_id;
  session.issued = call.now;
  session.expires = Time{Seconds{to_epoch_seconds(call.now) + seconds}};
  give_keys(session, call.random());
  return Response{credentials_of(session, call.deployment.sessions->ring())};
}

}  // namespace podpass::sts
