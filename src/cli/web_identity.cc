#include "cli/web_identity.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/async_result.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <mutex>
#include <optional>
#include <vector>

#include "base/log.h"
#include "base/strings.h"
#include "cli/connection.h"
#include "cli/node_credentials.h"
#include "codec/uri.h"
#include "codec/xml.h"
#include "crypto/random.h"

namespace podpass::cli {
namespace asio = boost::asio;

namespace {

constexpr std::size_t kMaxSessionNameBytes = 64;
constexpr http::ClientLimits kLimits{.connect = Milliseconds{2'000},
                                     .handshake = Milliseconds{3'000},
                                     .total = Milliseconds{8'000},
                                     .body_bytes = 64 * 1024};

// RoleSessionName is of [\w+=,.@-], 2 to 64 characters.
std::string session_name_of(std::string_view text) {
  std::string name(text.substr(0, kMaxSessionNameBytes));
  std::ranges::replace_if(name, [](char c) { return !only_alnum_and(std::string_view(&c, 1), "_+=,.@-"); }, '-');
  if (name.size() < 2) name.append(2 - name.size(), '-');
  return name;
}

// What the provider and its running renewal share: the renewal may outlive the provider.
class Renewals : public std::enable_shared_from_this<Renewals> {
 public:
  Renewals(WebIdentity identity, const Clock& clock) : identity_(std::move(identity)), clock_(clock) {
    identity_.session_name = session_name_of(identity_.session_name);
  }

  asio::awaitable<Result<aws::SigningCredentials>> get() {
    const auto executor = co_await asio::this_coro::executor;
    if (begin()) asio::co_spawn(executor, renew(shared_from_this()), asio::detached);
    if (auto now = at_once()) co_return std::move(*now);
    co_await ended();
    const std::lock_guard lock(mutex_);
    co_return is_good() ? Result<aws::SigningCredentials>(held_->credentials)
                        : Result<aws::SigningCredentials>(failure_);
  }

  void refused(std::string_view access_key_id) {
    const std::lock_guard lock(mutex_);
    // Not at once again after a renewal, so that a server which refuses everything is not asked in a circle.
    const auto age = clock_.now() - renewed_at_;  // negative: the clock was set back
    if (!held_ || held_->credentials.access_key_id != access_key_id || (age.count() >= 0 && age < kLastPause)) return;
    held_.reset();
  }

  void close() {
    const std::lock_guard lock(mutex_);
    failure_ = Error::unavailable("The program is stopping.");
    held_.reset();
    closed_ = true;
    wake();
  }

  const WebIdentity& identity() const { return identity_; }

 private:
  using Waiter = std::move_only_function<void()>;

  // What is to be done, under the mutex.
  bool is_good() const { return held_ && held_->expires - clock_.now() > kDeadLife; }
  bool is_due(Time now) const { return !held_ || now >= renew_at_ || !is_good(); }

  // True for the one who has to start a renewal.
  bool begin() {
    const std::lock_guard lock(mutex_);
    const auto now = clock_.now();
    if (closed_ || running_ || !is_due(now)) return false;
    if (now < next_try_ && next_try_ - now <= kLastPause) return false;  // farther: the clock was set back
    running_ = true;
    return true;
  }

  std::optional<Result<aws::SigningCredentials>> at_once() const {
    const std::lock_guard lock(mutex_);
    if (is_good()) return held_->credentials;
    if (!running_) return failure_;
    return std::nullopt;
  }

  // Suspends until the running renewal has ended.
  asio::awaitable<void> ended() {
    const auto wait = [this](auto handler) {
      auto executor = asio::get_associated_executor(handler);
      Waiter waiter = [executor, handler = std::move(handler)]() mutable { asio::post(executor, std::move(handler)); };
      const std::lock_guard lock(mutex_);
      if (running_ && !closed_) {
        waiters_.push_back(std::move(waiter));
      } else {
        waiter();
      }
    };
    co_await asio::async_initiate<decltype(asio::use_awaitable), void()>(wait, asio::use_awaitable);
  }

  static asio::awaitable<void> renew(std::shared_ptr<Renewals> self) {
    auto fresh = co_await self->fetch();
    self->take(std::move(fresh));
  }

  asio::awaitable<Result<ExpiringCredentials>> fetch() {
    auto token = read_file(identity_.token_file);
    if (!token) co_return std::move(token).error();
    while (token->ends_with('\n') || token->ends_with('\r')) token->pop_back();
    if (token->empty() || token->size() > kMaxTokenBytes) {
      co_return Error::invalid(fmt::format("{} holds no token.", identity_.token_file));
    }
    const auto executor = co_await asio::this_coro::executor;
    http::AsyncClient client(executor, identity_.sts, kLimits, 0, identity_.tls);
    auto request = web_identity_request(identity_.role_arn, identity_.session_name, *token);
    auto response = co_await client.send(std::move(request));
    if (!response) co_return std::move(response).error();
    co_return read_web_identity_answer(*response);
  }

  void take(Result<ExpiringCredentials> fresh) {
    const std::lock_guard lock(mutex_);
    const auto now = clock_.now();
    running_ = false;
    if (fresh && fresh->expires - now <= kDeadLife) {
      fresh = Error::unavailable("STS gave credentials that expire at once; compare the clocks.");
    }
    if (closed_) return;
    if (fresh) {
      const auto life = fresh->expires - now;
      held_ = std::move(*fresh);
      renewed_at_ = now;
      renew_at_ = now + life * static_cast<std::int64_t>(600 + crypto::SystemRandom().number() % 100) / 1'000;
      next_try_ = Time{};
      pause_ = kFirstPause;
    } else {
      failure_ = Error::unavailable(fmt::format("{} could not be assumed with the token of {}: {}", identity_.role_arn,
                                                identity_.token_file, fresh.error().message),
                                    fresh.error().cause);
      log::warn("Credentials could not be renewed. " + failure_.message);
      next_try_ = now + pause_;
      pause_ = std::min(pause_ * 2, kLastPause);
    }
    wake();
  }

  void wake() {
    for (auto& waiter : std::exchange(waiters_, {})) waiter();
  }

  WebIdentity identity_;
  const Clock& clock_;
  mutable std::mutex mutex_;  // over what follows
  std::optional<ExpiringCredentials> held_;
  Time renewed_at_{}, renew_at_{}, next_try_{};
  Seconds pause_ = kFirstPause;
  Error failure_ = Error::unavailable("No credentials were got yet.");
  bool running_ = false, closed_ = false;
  std::vector<Waiter> waiters_;
};

class WebIdentityCredentials final : public CredentialsProvider {
 public:
  WebIdentityCredentials(WebIdentity identity, const Clock& clock)
      : renewals_(std::make_shared<Renewals>(std::move(identity), clock)) {}
  ~WebIdentityCredentials() override { renewals_->close(); }

  asio::awaitable<Result<aws::SigningCredentials>> get() override {
    auto renewals = renewals_;  // outlives this object, should that go meanwhile
    co_return co_await renewals->get();
  }
  void refused(std::string_view access_key_id) override { renewals_->refused(access_key_id); }
  std::string source() const override {
    const auto& identity = renewals_->identity();
    return fmt::format("web identity: role {} with the token of {}", identity.role_arn, identity.token_file);
  }

 private:
  std::shared_ptr<Renewals> renewals_;
};

}  // namespace

std::unique_ptr<CredentialsProvider> web_identity_credentials(WebIdentity identity, const Clock& clock) {
  return std::make_unique<WebIdentityCredentials>(std::move(identity), clock);
}

http::ClientRequest web_identity_request(std::string_view role_arn, std::string_view session_name,
                                         std::string_view token) {
  http::ClientRequest request;
  request.method = "POST";
  request.target = "/";
  request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  request.body = "Action=AssumeRoleWithWebIdentity&Version=2011-06-15";
  for (const auto& [name, value] :
       {std::pair(std::string_view("RoleArn"), role_arn), std::pair(std::string_view("RoleSessionName"), session_name),
        std::pair(std::string_view("WebIdentityToken"), token)}) {
    request.body += concat({"&", name, "=", codec::percent_encode(value)});
  }
  request.repeatable = true;
  return request;
}

Result<ExpiringCredentials> read_web_identity_answer(const http::ClientResponse& response) {
  if (response.status != 200) {
    auto answer = codec::parse_xml(response.body, "ErrorResponse");
    const auto* error = answer ? answer->find("Error") : nullptr;
    const auto code = error ? error->text("Code") : std::string_view();
    if (code.empty()) return Error::unavailable(fmt::format("STS answered with status {}.", response.status));
    Error refusal = Error::unavailable(fmt::format("{}: {}", code, printable(error->text("Message"))));
    refusal.code = code;
    refusal.status = response.status;
    return refusal;
  }
  auto answer = codec::parse_xml(response.body, "AssumeRoleWithWebIdentityResponse");
  const auto* result = answer ? answer->find("AssumeRoleWithWebIdentityResult") : nullptr;
  const auto* credentials = result ? result->find("Credentials") : nullptr;
  const auto expires = credentials ? parse_iso8601(credentials->text("Expiration")) : std::nullopt;
  if (!expires || credentials->text("AccessKeyId").empty() || credentials->text("SecretAccessKey").empty()) {
    return Error::unavailable("STS's answer could not be read.");
  }
  ExpiringCredentials fresh;
  fresh.credentials.access_key_id = credentials->text("AccessKeyId");
  fresh.credentials.secret = Secret(std::string(credentials->text("SecretAccessKey")));
  fresh.credentials.session_token = credentials->text("SessionToken");
  fresh.expires = *expires;
  return fresh;
}

}  // namespace podpass::cli
