#include "own_api/create_console_sign_in.h"

#include "console/sessions.h"
#include "sts/session_token.h"

namespace podpass::own_api {

Result<aws::Resource> CreateConsoleSignIn::resource(aws::Call&, const Request&) {
  return aws::Resource::all();
}

Result<CreateConsoleSignIn::Response> CreateConsoleSignIn::handle(aws::Call& call, const Request&) {
  console::Identity identity{call.caller.access_key_id, {}};
  if (call.caller.session) {
    identity = {call.caller.session->access_key_id,
                sts::seal_session(*call.caller.session, call.deployment.sessions->ring())};
  }
  auto code = TRY(console::make_code(call.tx, call.random(), identity, call.now));
  Response response;
  response.code = code.reveal();
  response.url = console::sign_in_url(call.deployment.endpoint, code);
  response.expiresAt = call.now + console::kCodeLifetime;
  return response;
}

}  // namespace podpass::own_api
