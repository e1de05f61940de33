#include "gateway/gateway.h"

#include <fmt/format.h>

#include "aws/commit.h"
#include "aws/global_keys.h"
#include "aws/query.h"
#include "aws/rest_json.h"
#include "base/log.h"
#include "base/strings.h"
#include "codec/json.h"
#include "codec/utf8.h"
#include "eks/lookup.h"
#include "gateway/running.h"
#include "gateway/services.h"
#include "s3/address.h"

namespace podpass::gateway {

namespace asio = boost::asio;

namespace {

http::Response json_document(int status, const codec::Value& value) {
  http::Response response;
  response.status = status;
  response.headers.emplace_back("Content-Type", "application/json");
  response.body = codec::write_json(value);
  return response;
}

http::Response write_error(const aws::Service& service, Error error, std::string_view request_id) {
  error.message = codec::clean_text(error.message);  // it may quote a header
  return service.protocol == aws::Protocol::query ? aws::query::write_error(service, error, request_id)
                                                  : aws::rest_json::write_error(error);
}

// For a service that Podpass has not. A form was meant for a query or EC2 service, which reads XML; all others read
// JSON.
http::Response unknown_service(std::string_view claimed, const http::Request& request, std::string_view request_id) {
  Error error{ErrorKind::invalid, "UnknownOperationException", 400, {}, {}, {}};
  error.message = fmt::format("Podpass does not serve {}. It serves eks, eks-auth, iam, sts and s3.",
                              codec::clean_text(claimed.substr(0, 64)));
  const bool form = request.header("Content-Type").starts_with("application/x-www-form-urlencoded");
  auto response =
      form ? aws::query::write_error(*find_service("sts"), error, request_id) : aws::rest_json::write_error(error);
  response.headers.emplace_back("x-amzn-RequestId", request_id);
  return response;
}

// Whether a step went well; if not, its error is the outcome.
template <class T>
bool good(Result<T>&& step, Result<aws::Answer>& outcome) {
  if (step) return true;
  outcome = std::move(step).error();
  return false;
}

}  // namespace

aws::Dialect dialect_of(const aws::Service& service) {
  return service.protocol == aws::Protocol::query ? aws::Dialect::query : aws::Dialect::json;
}

Result<void> check_use(const aws::Caller& caller, const aws::Service& service) {
  if (caller.session && caller.session->kind == aws::Session::Kind::user && service.name == "iam") {
    return aws::invalid_session_token(dialect_of(service));
  }
  return {};
}

Gateway::Gateway(store::Store& store, const aws::Deployment& deployment, s3::Service& s3, AuditTrail* audit,
                 Health& health, console::Files console)
    : store_(store),
      deployment_(deployment),
      s3_(s3),
      s3_host_(s3::host_of(deployment.endpoint)),
      audit_(audit),
      health_(health),
      authenticator_(store, deployment),
      console_(console) {}

// No coroutine, since most requests need none but serve_operation()'s.
asio::awaitable<http::Response> Gateway::serve(http::Request& request, http::Body& body) {
  const auto claimed = aws::claimed_service(request);
  if (const auto* service = claimed.empty() ? nullptr : find_service(claimed)) {
    return serve_operation(request, body, *service, deployment_.random->uuid());
  }
  return serve_unclaimed(request, body, claimed);
}

// Requests that name no service of ours in a signature.
asio::awaitable<http::Response> Gateway::serve_unclaimed(http::Request& request, http::Body& body,
                                                         std::string_view claimed) {
  auto request_id = deployment_.random->uuid();
  if (auto plain = serve_plain(request, claimed)) {
    plain->headers.emplace_back("x-amzn-RequestId", std::move(request_id));
    co_return std::move(*plain);
  }
  // A bucket of that name can be asked for too, but not by nobody at this host.
  if (claimed.empty() && is_console(request.path) && !s3::names_bucket(request.header("Host"), s3_host_)) {
    co_return co_await serve_console(request, body, request_id);
  }
  const auto* service = choose(claimed, request);
  if (service == nullptr) {
    if (!claimed.empty() && claimed != "s3") co_return unknown_service(claimed, request, request_id);
    co_return co_await serve_s3(request, body, request_id);
  }
  co_return co_await serve_operation(request, body, *service, std::move(request_id));
}

// What needs no signature: health, and the documents of the clusters' token issuers.
std::optional<http::Response> Gateway::serve_plain(const http::Request& request, std::string_view claimed) {
  if (request.method != "GET") return std::nullopt;
  const bool own = request.path.starts_with("/_podpass/");             // no bucket's name begins with an underscore
  if (!own && !request.path.starts_with("/id/")) return std::nullopt;  // nor has one two letters
  if (!claimed.empty() || s3::names_bucket(request.header("Host"), s3_host_)) return std::nullopt;
  if (own) return health_.answer(request.path);
  auto rest = request.path.substr(4);
  auto slash = rest.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  auto tx = store_.begin();
  auto documents = eks::issuer_documents(tx, rest.substr(0, slash));
  auto which = rest.substr(slash);
  if (documents && which == "/.well-known/openid-configuration") return json_document(200, documents->discovery);
  if (documents && which == "/keys") return json_document(200, documents->keys);
  return json_document(404, codec::Value::map({{"message", "No such issuer."}}));
}

// By the scope of the signature, else by host and form. Null: S3, or one that is not served.
const aws::Service* Gateway::choose(std::string_view claimed, const http::Request& request) const {
  if (!claimed.empty()) return find_service(claimed);
  auto host = request.header("Host");
  if (s3::names_bucket(host, s3_host_)) return nullptr;
  if (const auto* service = find_service(host.substr(0, host.find_first_of(".:")))) return service;
  // A form for the root path is the query protocol's, signed or not: let IAM say that the signature is missing.
  const bool form = request.header("Content-Type").starts_with("application/x-www-form-urlencoded");
  if (request.method == "POST" && request.path == "/" && form) return find_service("sts");
  if (request.path.starts_with("/clusters/") && request.path.ends_with("/assume-role-for-pod-identity")) {
    return find_service("eks-auth");
  }
  return nullptr;
}

asio::awaitable<http::Response> Gateway::serve_operation(http::Request& request, http::Body& body,
                                                         const aws::Service& service, std::string request_id,
                                                         const SignedIn* console) {
  // By itself: Asio keeps no memory for coroutines of more than 1,020 bytes, and one that is larger costs another its
  // place.
  const auto held = std::make_unique<Running>(service, request_id, deployment_.clock->now(), console);
  auto& running = *held;
  Result<aws::Answer> output = Error{};  // nothing has run
  bool read = body.all_here(kMaxBodyBytes).has_value();
  if (!read) read = good(co_await body.read_all(kMaxBodyBytes), output);
  const bool ready = read && good(console ? prepare_console(running, request) : prepare(running, request), output);
  for (int run = 0; ready; ++run) {
    running.audit.clear();
    auto tx = store_.begin();
    output = run_once(running, request, tx);
    if (auto outside = std::exchange(running.wait, nullptr)) {
      if (++running.waits > aws::kMaxWaits) break;
      {
        const auto ended = std::move(tx);
      }  // so that its view of the store is not held meanwhile
      co_await aws::wait(std::move(outside));
      if (!good(look_again(running, request), output)) break;
      continue;
    }
    if (const auto* failure = tx.failure(); output && failure) output = *failure;
    if (!output || !tx.has_writes()) break;
    auto committed = co_await aws::commit(store_, std::move(tx));
    health_.wrote(committed);
    if (committed) break;
    if (committed.error().kind == ErrorKind::conflict && run < store::kMaxReruns) continue;
    output = Error::unavailable("The request could not be completed. Try again.", committed.error().message);
    break;
  }
  auto response = finish(running, request, output);
  response.headers.emplace_back("x-amzn-RequestId", std::move(request_id));
  co_return response;
}

// Records the outcome and writes it.
http::Response Gateway::finish(const Running& running, const http::Request& request, Result<aws::Answer>& output) {
  const auto& service = running.service;
  if (!output) {
    auto& error = output.error();
    aws::name_error(service.errors_of(running.operation), error);
    if (!error.cause.empty() && error.kind == ErrorKind::internal) log::error(error.cause);
    record(running, request, &error);
    if (running.console) return console_error(error, running.request_id);
    return write_error(service, error, running.request_id);
  }
  record(running, request, nullptr);
  if (running.console) return console_answer(*std::move(output));
  return service.protocol == aws::Protocol::query
             ? aws::query::write(service, *running.operation, std::get<codec::Value>(*output), running.request_id)
             : aws::rest_json::write(std::get<std::string>(*std::move(output)));
}

// The operation, its input, and who calls. What is wrong with the signature is said before what is wrong with the rest.
Result<void> Gateway::prepare(Running& running, http::Request& request) {
  if (running.service.protocol == aws::Protocol::query) {
    auto match = aws::query::read(running.service, request);
    TRY(let_in(running, request, match ? match->operation : nullptr));
    if (!match) return std::move(match).error();
    running.operation = match->operation;
    running.input = std::move(match->input);
    running.reading = codec::Reading::text;
    return {};
  }
  auto match = aws::rest_json::match(running.service.operations, request);
  TRY(let_in(running, request, match ? match->operation : nullptr));
  if (!match) return std::move(match).error();
  running.operation = match->operation;
  auto input = TRY(aws::rest_json::read(*std::move(match), request));
  running.input = std::move(input.value);
  running.reading = input.reading;
  return {};
}

// Finds the caller. An operation that is public is called by nobody in particular, signed or not: what is in the
// request proves who calls. `operation` is null if the request names none.
Result<void> Gateway::let_in(Running& running, const http::Request& request, const aws::Operation* operation) {
  if (operation && operation->is_public) {
    running.caller = Authenticator::anonymous();
    return {};
  }
  const auto dialect = dialect_of(running.service);
  running.credentialed = TRY(aws::read_authorization(request, dialect));
  if (running.credentialed.anonymous()) return aws::missing_authentication(dialect);
  auto authenticated =
      TRY(authenticator_.authenticate(running.credentialed, request, running.service.name, running.now));
  running.caller = std::move(authenticated.caller);
  running.body_hash = authenticated.body_hash;
  return check_use(*running.caller, running.service);
}

// After a wait: the caller's key or session may be gone, its policies others.
Result<void> Gateway::look_again(Running& running, const http::Request& request) {
  running.now = deployment_.clock->now();
  if (running.operation->is_public) return {};
  if (running.console) {
    running.caller = TRY(signed_in(request, running.now)).caller;
  } else {
    running.caller = TRY(authenticator_.recall(running.credentialed, running.now));
  }
  return check_use(*running.caller, running.service);
}

Result<aws::Answer> Gateway::run_once(Running& running, const http::Request& request, store::Transaction& tx) {
  policy::Context context;
  aws::add_principal_keys(context, *running.caller);
  aws::add_environment_keys(context, deployment_, running.now);
  aws::add_network_keys(context, request);
  aws::Call call{tx, deployment_, *running.caller, context, running.now, running.request_id, running.audit};
  if (running.body_hash) call.body_hash = &*running.body_hash;
  call.wait = &running.wait;
  call.waits = running.waits;
  return running.operation->run(call, running.service, running.input, running.reading);
}

void Gateway::record(const Running& running, const http::Request& request, const Error* error) {
  if (audit_ == nullptr || (running.audit.repeated && error == nullptr)) return;
  static thread_local std::string line;  // its memory is used again
  line.clear();
  append_audit_line(
      {running.caller.get(), request, running.request_id, running.service.name,
       running.operation ? running.operation->name : std::string_view("Unknown"), deployment_.region,
       deployment_.account, running.now, running.operation && running.operation->access == aws::Access::read,
       &running.input, error, &running.audit},
      line);
  audit_->append(line);
}

}  // namespace podpass::gateway
