#include "agent/upstream.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "agent/jwt_claims.h"
#include "aws/arn.h"
#include "aws/sigv4_sign.h"
#include "codec/fields.h"
#include "codec/json.h"
#include "codec/uri.h"

namespace podpass::agent {

namespace asio = boost::asio;

namespace {

constexpr int kTries = 3;
constexpr std::chrono::milliseconds kPause{100};  // before the second try; doubled for the third
// Answers after which what is cached must not be given any more. EKS Auth says them of the pod with 400 or 404; with
// 403 they are about the node's own credentials or permission, which is no reason to take from pods what they have.
constexpr std::string_view kFatal[] = {"AccessDeniedException", "InvalidTokenException", "ExpiredTokenException",
                                       "ResourceNotFoundException"};

// Of the node: the server does not know its access key (any more), or the session has ended.
constexpr std::string_view kUnknownKeys[] = {"UnrecognizedClientException", "InvalidClientTokenId",
                                             "ExpiredTokenException"};
constexpr std::size_t kIdleConnections = 8;
constexpr http::ClientLimits kUpstreamLimits{.connect = std::chrono::milliseconds{500},
                                             .handshake = std::chrono::milliseconds{1'000},
                                             .total = std::chrono::milliseconds{1'000},
                                             .body_bytes = 256 * 1024};

constexpr std::string_view kRoleRefused = "Unauthorized Exception!";

ExchangeResult failed(int status, std::string request_id, std::string code, std::string message) {
  ExchangeResult result;
  result.failure = {status, std::move(request_id), std::move(code), std::move(message), false};
  return result;
}

}  // namespace

bool is_about_our_keys(const http::ClientResponse& response) {
  return response.status == 403 && std::ranges::find(kUnknownKeys, error_code_of(response)) != std::end(kUnknownKeys);
}

asio::awaitable<Result<http::ClientResponse>> SignedCalls::send(http::ClientRequest request) {
  if (!client_) {
    auto executor = co_await asio::this_coro::executor;
    client_ = std::make_unique<http::AsyncClient>(executor, access_.endpoint, limits_, kIdleConnections, access_.tls);
  }
  auto credentials = co_await access_.credentials->get();
  if (!credentials) {
    auto error = std::move(credentials).error();
    error.code = "NodeCredentials";
    co_return error;
  }
  aws::sign_request(request, access_.endpoint.authority(), *credentials, access_.region, service_,
                    access_.clock->now());
  auto response = co_await client_->send(std::move(request));
  if (!response) {
    access_.reachability->gave_no_answer(access_.clock->now());
    auto error = std::move(response).error();
    error.code = "ServiceUnavailable";
    co_return error;
  }
  access_.reachability->answered();
  if (is_about_our_keys(*response)) {
    access_.credentials->refused(credentials->access_key_id);
  }
  co_return response;
}

Upstream::Upstream(ServerAccess access, ClusterOf cluster_of, Metrics& metrics)
    : calls_(std::move(access), "eks-auth", kUpstreamLimits), cluster_of_(std::move(cluster_of)), metrics_(metrics) {}

asio::awaitable<ExchangeResult> Upstream::exchange(std::string token) {
  const auto started = std::chrono::steady_clock::now();
  auto executor = co_await asio::this_coro::executor;
  Try last;
  for (int number = 0; number < kTries; ++number) {
    if (number > 0) {
      asio::steady_timer pause(executor, kPause * number);
      boost::system::error_code ignored;
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    last = co_await try_once(token);
    if (!last.again) break;
  }
  metrics_.count_exchange(last.result.credentials ? 200 : last.result.failure.status,
                          std::chrono::steady_clock::now() - started);
  co_return std::move(last.result);
}

asio::awaitable<Upstream::Try> Upstream::try_once(const std::string& token) {
  auto claims = read_token(token);
  if (!claims) co_return Try{failed(400, "", "InvalidToken", claims.error().message), false};
  http::ClientRequest request;
  request.method = "POST";
  request.target = "/clusters/" + codec::percent_encode(cluster_of_(claims->issuer)) + "/assume-role-for-pod-identity";
  request.headers.emplace_back("Content-Type", "application/json");
  request.body = codec::write_json(codec::Value::map({{"token", token}}));
  request.repeatable = true;
  auto response = co_await calls_.send(std::move(request));
  if (!response && response.error().code == "NodeCredentials") {
    co_return Try{failed(500, "", "NodeCredentials", response.error().message), false};
  }
  if (!response) {
    co_return Try{failed(0, "", "ServiceUnavailable", "EKS Auth did not answer: " + response.error().message), true};
  }
  const bool again = response->status == 429 || response->status >= 500 || is_about_our_keys(*response);
  co_return Try{read_answer(*response), again};
}

std::string_view error_code_of(const http::ClientResponse& response) {
  auto code = response.header("x-amzn-ErrorType");
  return code.substr(0, code.find_first_of(":;,"));
}

ExchangeResult read_answer(const http::ClientResponse& response) {
  std::string request_id(response.header("x-amzn-RequestId"));
  auto body = codec::parse_json(response.body);
  if (response.status != 200 && (response.status < 400 || response.status > 599)) {
    return failed(500, std::move(request_id), "InvalidResponse",
                  fmt::format("EKS Auth answered with status {}", response.status));
  }
  if (response.status != 200) {
    std::string code(error_code_of(response));
    auto result = failed(response.status, std::move(request_id), code.empty() ? "Unknown" : code,
                         body ? std::string(body->text("message")) : "EKS Auth gave no reason");
    result.failure.fatal = response.status != 403 && std::ranges::find(kFatal, result.failure.code) != std::end(kFatal);
    // The same code for a node that lacks its permission; only this sentence speaks of the pod's role.
    if (result.failure.code == "AccessDeniedException" && !result.failure.message.starts_with(kRoleRefused)) {
      result.failure.fatal = false;
    }
    return result;
  }
  const auto* credentials = body ? body->find("credentials") : nullptr;
  const auto* user = body ? body->find("assumedRoleUser") : nullptr;
  const auto* expiration = credentials ? credentials->find("expiration") : nullptr;
  Time expires{};
  bool good = expiration && user && codec::detail::read(*expiration, codec::Reading::typed, expires).has_value();
  auto arn = aws::split_arn(user ? user->text("arn") : std::string_view());
  if (!good || !arn || credentials->text("accessKeyId").empty()) {
    return failed(500, std::move(request_id), "InvalidResponse", "EKS Auth's answer could not be read");
  }
  ExchangeResult result;
  result.credentials = PodCredentials{std::string(credentials->text("accessKeyId")),
                                      Secret(std::string(credentials->text("secretAccessKey"))),
                                      Secret(std::string(credentials->text("sessionToken"))),
                                      std::string(arn->account),
                                      {},
                                      expires};
  if (const auto* association = body->find("podIdentityAssociation")) {
    result.credentials->association_id = association->text("associationId");
  }
  return result;
}

}  // namespace podpass::agent
