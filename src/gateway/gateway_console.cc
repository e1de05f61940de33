// The console's side of the gateway: its files, signing in and out, and its calls. A call is POST
// /console/api/<service>/<Operation> with the operation's input as JSON; the browser's cookie says who calls, in place
// of a signature, and from there on it is a request like any other.
#include <fmt/format.h>

#include <algorithm>

#include "aws/commit.h"
#include "base/strings.h"
#include "codec/json.h"
#include "codec/utf8.h"
#include "console/sessions.h"
#include "gateway/running.h"
#include "gateway/services.h"

namespace podpass::gateway {

namespace asio = boost::asio;

namespace {

constexpr std::string_view kRoot = "/console", kApi = "/console/api/";
constexpr std::string_view kCsrfHeader = "X-Podpass-Csrf";
constexpr std::string_view kBackgroundHeader =
    "X-Podpass-Background";  // nobody may be there: it does not prolong the session
constexpr std::size_t kMaxSignInBytes = 64 * 1024;

Error refusal(int status, std::string code, std::string message) {
  return {ErrorKind::invalid, std::move(code), status, std::move(message), {}, {}};
}

Error not_signed_in(std::string why) {
  return refusal(401, "NotSignedIn", std::move(why));
}

// Browsers share cookies between all ports of a host: each podpass has one of its own.
std::string cookie_name(const http::Request& request) {
  const auto host = request.header("Host");
  const auto colon = host.rfind(':');
  const auto port = colon == std::string_view::npos ? std::string_view() : host.substr(colon + 1);
  std::string name = "podpass_console";
  if (!port.empty() && port.size() <= 5 && port.find_first_not_of("0123456789") == std::string_view::npos) {
    name += concat({"_", port});
  }
  return name;
}

std::string_view cookie_of(const http::Request& request) {
  const auto name = cookie_name(request);
  auto rest = request.header("Cookie");
  while (!rest.empty()) {
    const auto end = rest.find(';');
    auto pair = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    pair.remove_prefix(std::min(pair.find_first_not_of(' '), pair.size()));
    const auto equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == name) return pair.substr(equals + 1);
  }
  return {};
}

std::string cookie_text(const http::Request& request, std::string_view value, bool secure) {
  return fmt::format("{}={}; Path=/console/api; HttpOnly; SameSite=Strict{}{}", cookie_name(request), value,
                     secure ? "; Secure" : "", value.empty() ? "; Max-Age=0" : "");
}

// A request that changes something must come from a page of ours: browsers say where from, and no form of another site
// sends JSON.
Result<void> check_origin(const http::Request& request) {
  const auto site = request.header("Sec-Fetch-Site");
  const auto origin = request.find("Origin");
  const auto host = request.header("Host");
  const bool foreign =
      (!site.empty() && site != "same-origin" && site != "none") ||
      (origin && origin->substr(std::min(origin->find("://"), origin->size())) != concat({"://", host}));
  if (foreign) return refusal(403, "ForeignOrigin", "The request comes from another site's page.");
  if (!request.header("Content-Type").starts_with("application/json")) {
    return refusal(415, "UnsupportedMediaType", "The body must be application/json.");
  }
  return {};
}

Result<codec::Value> read_input(std::string_view body) {
  if (body.empty()) return codec::Value(codec::Value::Map{});
  auto input = codec::parse_json(body);
  if (!input) return refusal(400, "SerializationException", "The body is not JSON: " + input.error().message);
  if (!input->as<codec::Value::Map>()) return refusal(400, "SerializationException", "The body must be a JSON object.");
  return input;
}

aws::Credentialed credentials_of(const console::Identity& identity) {
  aws::Credentialed credentialed;
  credentialed.dialect = aws::Dialect::json;
  credentialed.access_key_id = identity.access_key_id;
  credentialed.session_token = identity.session_token;
  return credentialed;
}

http::Response json(int status, std::string body) {
  http::Response response;
  response.status = status;
  response.headers.emplace_back("Content-Type", "application/json");
  response.headers.emplace_back("Cache-Control", "no-store");
  response.body = std::move(body);
  return response;
}

http::Response describe(const aws::Caller& caller, const aws::Deployment& deployment, std::string_view cookie,
                        Time expires) {
  const auto type = caller.session ? "session" : caller.type == policy::PrincipalType::root ? "root" : "user";
  return json(
      200, codec::write_json(codec::Value::map(
               {{"csrfToken", console::csrf_token(cookie)},
                {"expiresAt", expires},
                {"principal",
                 codec::Value::map(
                     {{"arn", caller.arn}, {"account", caller.account}, {"userId", caller.user_id}, {"type", type}})},
                {"region", deployment.region},
                {"endpoint", deployment.endpoint},
                {"version", PODPASS_VERSION}})));
}

// The operation that `path` names behind kApi.
struct Target {
  const aws::Service* service = nullptr;
  std::string_view operation;
};
Target target_of(std::string_view path) {
  const auto rest = path.substr(kApi.size());
  const auto slash = rest.find('/');
  if (slash == std::string_view::npos) return {};
  return {find_service(rest.substr(0, slash)), rest.substr(slash + 1)};
}

}  // namespace

bool is_console(std::string_view path) {
  return path.starts_with(kRoot) && (path.size() == kRoot.size() || path[kRoot.size()] == '/');
}

http::Response console_answer(aws::Answer answer) {
  if (auto* text = std::get_if<std::string>(&answer)) return json(200, std::move(*text));
  return json(200, codec::write_json(std::get<codec::Value>(answer)));
}

http::Response console_error(Error error, std::string_view request_id) {
  aws::name_error(find_service("podpass")->errors, error);  // if it has no name yet
  auto body = codec::Value::map(
      {{"code", error.code}, {"message", codec::clean_text(error.message)}, {"requestId", std::string(request_id)}});
  return json(error.http_status(), codec::write_json(body));
}

asio::awaitable<http::Response> Gateway::serve_console(http::Request& request, http::Body& body,
                                                       std::string_view request_id) {
  http::Response response;
  if (request.path == "/console") {
    response.status = 308;
    response.headers.emplace_back("Location", "/console/");
  } else if (!request.path.starts_with(kApi)) {
    response = console_.answer(request, request.path.substr(kRoot.size()));
  } else if (request.path == "/console/api/session" && request.method == "GET") {
    auto found = signed_in(request, deployment_.clock->now());
    response = found ? describe(*found->caller, deployment_, found->cookie, found->expires)
                     : console_error(found.error(), request_id);
  } else if (request.method != "POST") {
    response = console_error(refusal(405, "MethodNotAllowed", "Only POST."), request_id);
  } else if (auto good = check_origin(request); !good) {
    response = console_error(good.error(), request_id);
  } else if (request.path == "/console/api/sign-in") {
    response = co_await sign_in(request, body, request_id);
  } else {
    response = co_await call_from_console(request, body, request_id);
  }
  console::add_security_headers(response);
  response.set("x-amzn-RequestId", std::string(request_id));
  co_return response;
}

// Whom the cookie stands for, by what is known of its credentials now.
Result<Gateway::SignedIn> Gateway::signed_in(const http::Request& request, Time now) {
  const auto cookie = cookie_of(request);
  if (cookie.empty()) return not_signed_in("Sign in first.");
  auto tx = store_.begin();
  const auto session = console::find_session(tx, cookie, now);
  if (!session) return not_signed_in("The session has ended. Sign in again.");
  auto caller = authenticator_.recall(credentials_of(session->identity), now);
  if (!caller) return not_signed_in("The credentials of this session are no longer valid. Sign in again.");
  return SignedIn{*std::move(caller), std::string(cookie), session->expires, session->touch, {}};
}

asio::awaitable<http::Response> Gateway::call_from_console(http::Request& request, http::Body& body,
                                                           std::string_view request_id) {
  const auto now = deployment_.clock->now();
  auto signed_in = this->signed_in(request, now);
  if (!signed_in) co_return console_error(signed_in.error(), request_id);
  if (!constant_time_equal(request.header(kCsrfHeader), console::csrf_token(signed_in->cookie))) {
    co_return console_error(refusal(403, "CsrfTokenMissing", "The request has not the session's X-Podpass-Csrf."),
                            request_id);
  }
  const bool leaves = request.path == "/console/api/sign-out";
  const auto target = target_of(request.path);
  if (!leaves && target.service == nullptr) {
    co_return console_error(refusal(404, "UnknownOperationException", "There is no such service."), request_id);
  }
  const bool uses = request.header(kBackgroundHeader).empty();
  if (leaves || (signed_in->touch && uses)) {
    auto tx = store_.begin();
    if (leaves) {
      console::end_session(tx, signed_in->cookie);
    } else {
      console::touch_session(tx, signed_in->cookie, now);
    }
    auto committing = aws::commit(store_, std::move(tx));
    auto committed = co_await std::move(committing);
    if (leaves && !committed) co_return console_error(Error::unavailable("Signing out failed. Try again."), request_id);
  }
  if (leaves) {
    http::Response response;
    response.status = 204;
    response.headers.emplace_back("Set-Cookie", cookie_text(request, "", is_secure(request)));
    co_return response;
  }
  signed_in->operation = target.operation;
  co_return co_await serve_operation(request, body, *target.service, std::string(request_id), &*signed_in);
}

Result<void> Gateway::prepare_console(Running& running, const http::Request& request) {
  running.caller = running.console->caller;
  TRY(check_use(*running.caller, running.service));
  const auto found = std::ranges::find(running.service.operations, running.console->operation, &aws::Operation::name);
  if (found == running.service.operations.end()) {
    return refusal(404, "UnknownOperationException", "There is no such operation.");
  }
  // One session must not make the next, or none would ever end.
  if (found->name == "CreateConsoleSignIn") {
    return refusal(403, "AccessDeniedException",
                   "A session of the console makes no links to it: use `podpass console`.");
  }
  running.operation = &*found;
  if (found->is_public) running.caller = Authenticator::anonymous();  // as let_in() has it
  running.input = TRY(read_input(request.body));
  return {};
}

asio::awaitable<http::Response> Gateway::sign_in(http::Request& request, http::Body& body,
                                                 std::string_view request_id) {
  const auto now = deployment_.clock->now();
  std::shared_ptr<const aws::Caller> caller;
  Result<Secret> cookie = Error{};
  auto reading = body.read_all(kMaxSignInBytes);
  auto read = co_await std::move(reading);
  auto input = read ? read_input(request.body) : Result<codec::Value>(read.error());
  if (!input) cookie = input.error();
  for (int run = 0; input; ++run) {
    auto tx = store_.begin();
    cookie = try_sign_in(tx, *input, now, caller);
    if (!cookie) break;
    if (const auto before = cookie_of(request); !before.empty()) console::end_session(tx, before);
    auto committing = aws::commit(store_, std::move(tx));
    auto committed = co_await std::move(committing);
    health_.wrote(committed);
    if (committed) break;
    if (committed.error().kind == ErrorKind::conflict && run < store::kMaxReruns) continue;
    cookie = Error::unavailable("Signing in failed. Try again.", committed.error().message);
    break;
  }
  if (!cookie) aws::name_error(find_service("podpass")->errors, cookie.error());
  record_sign_in(request, request_id, now, caller.get(), cookie ? nullptr : &cookie.error());
  if (!cookie) co_return console_error(cookie.error(), request_id);
  auto response = describe(*caller, deployment_, cookie->reveal(), now + console::kIdle);
  response.headers.emplace_back("Set-Cookie", cookie_text(request, cookie->reveal(), is_secure(request)));
  co_return response;
}

// With an access key or a code, whichever is there. The cookie of the session.
Result<Secret> Gateway::try_sign_in(store::Transaction& tx, const codec::Value& input, Time now,
                                    std::shared_ptr<const aws::Caller>& caller) {
  console::Identity identity{std::string(input.text("accessKeyId")), std::string(input.text("sessionToken"))};
  const auto code = input.text("code");
  if (!code.empty()) {
    auto taken = console::take_code(tx, code, now);
    if (!taken)
      return refusal(401, "SignInFailed", "This sign-in link is used or too old. `podpass console` prints one.");
    identity = *std::move(taken);
  }
  const auto credentialed = credentials_of(identity);
  auto found = code.empty()
                   ? authenticator_.prove(credentialed, Secret(std::string(input.text("secretAccessKey"))), now)
                   : authenticator_.recall(credentialed, now);
  if (!found) {
    return refusal(401, "SignInFailed",
                   code.empty() ? "The access key, its secret or its session token is wrong."
                                : "The credentials that this sign-in link was made with are no longer valid.");
  }
  caller = *std::move(found);
  return console::open_session(tx, *deployment_.random, identity, now);
}

void Gateway::record_sign_in(const http::Request& request, std::string_view request_id, Time now,
                             const aws::Caller* caller, const Error* error) {
  if (audit_ == nullptr) return;
  aws::Audit facts;
  facts.add("ConsoleLogin", error ? "Failure" : "Success");
  audit_->append(audit_line({error ? nullptr : caller, request, request_id, "signin", "ConsoleLogin",
                             deployment_.region, deployment_.account, now, false, nullptr, error, &facts}));
}

// Whether the browser talks TLS, to us or to what stands before us.
bool Gateway::is_secure(const http::Request& request) const {
  return request.secure || deployment_.endpoint.starts_with("https:");
}

}  // namespace podpass::gateway
