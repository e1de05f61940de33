#include "agent/association_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/log.h"
#include "base/strings.h"
#include "codec/json.h"
#include "codec/uri.h"

namespace podpass::agent {
namespace asio = boost::asio;

namespace {

constexpr http::ClientLimits kWatchLimits{.connect = Milliseconds{2'000},
                                          .handshake = Milliseconds{3'000},
                                          .total = AssociationWatch::kWait + Milliseconds{10'000},
                                          .body_bytes = AssociationWatch::kMaxAnswerBytes};

bool flag(const codec::Value& answer, std::string_view name, bool missing) {
  const auto* member = answer.find(name);
  const auto* value = member ? member->as<bool>() : nullptr;
  return value ? *value : missing;
}

}  // namespace

AssociationWatch::AssociationWatch(ServerAccess access, std::string cluster, Milliseconds recheck,
                                   CredentialsCache& cache)
    : calls_(std::move(access), "podpass", kWatchLimits),
      cluster_(std::move(cluster)),
      recheck_(recheck),
      cache_(cache) {
  cache_.recheck_after(recheck_);
}

asio::awaitable<void> AssociationWatch::run() {
  const auto executor = co_await asio::this_coro::executor;
  while (true) {
    co_await poll();
    if (pause_.count() == 0) continue;
    asio::steady_timer timer(executor, pause_);
    boost::system::error_code ignored;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

asio::awaitable<void> AssociationWatch::poll() {
  http::ClientRequest request;
  request.target =
      fmt::format("/clusters/{}/pod-identity-association-changes?maxWaitSeconds={}", codec::percent_encode(cluster_),
                  status_ == Status::watching && told_all_ ? kWait.count() : 0);
  if (!after_.empty()) request.target += "&after=" + codec::percent_encode(after_);
  asked_ = std::chrono::steady_clock::now();
  auto response = co_await calls_.send(std::move(request));
  if (!response) {
    failed(Status::away, response.error().message);
    co_return;
  }
  auto body = codec::parse_json(response->body);
  if (response->status != 200) {
    const bool passes = response->status == 429 || response->status >= 500;
    const auto why = fmt::format("{} {} {}", response->status, error_code_of(*response),
                                 body ? printable(body->text("message")) : std::string());
    failed(passes ? Status::away : Status::refused, why);
    co_return;
  }
  if (!body || !take(*body)) failed(Status::refused, "the server's answer could not be read");
}

bool AssociationWatch::take(const codec::Value& answer) {
  const auto* list = answer.find("changes");
  const auto* changes = list ? list->as<codec::Value::List>() : nullptr;
  const auto next = answer.text("next");
  if (!changes || next.empty()) return false;
  lists_ = lists_ || flag(answer, "reset", false);
  if (lists_) {
    cache_.distrust();
  } else {
    for (const auto& change : *changes) {
      cache_.association_changed(change.text("namespace"), change.text("serviceAccount"));
    }
    changes_ += changes->size();
  }
  const bool stands_still = next == after_;
  after_ = next;
  told_all_ = flag(answer, "complete", true);
  if (told_all_) lists_ = false;
  // A server that does not wait is not asked in a circle.
  const bool waited = std::chrono::steady_clock::now() - asked_ >= kLeastRound;
  pause_ = !waited && changes->empty() && (told_all_ || stands_still) ? kLeastRound : Milliseconds{0};
  if (status_ != Status::watching) {
    log::info(fmt::format("Changes of associations of cluster {} are heard of at once.", cluster_));
    status_ = Status::watching;
    cache_.recheck_after(Milliseconds{0});
  }
  return true;
}

void AssociationWatch::failed(Status status, const std::string& why) {
  if (status_ != status) {
    log::warn(fmt::format("Changes of associations cannot be watched ({}): {}",
                          status == Status::refused ? "refused" : "no answer", why));
    if (recheck_.count() > 0) {
      log::warn(fmt::format("Meanwhile, credentials older than {} s are asked for again when a pod reads them.",
                            recheck_.count() / 1'000));
    }
  }
  if (status == Status::refused) {  // whatever it was, begin anew
    after_.clear();
    lists_ = true;
  }
  status_ = status;
  cache_.recheck_after(recheck_);
  pause_ = status == Status::refused ? kRefusedPause : std::clamp(pause_ * 2, kFirstPause, kLastPause);
}

}  // namespace podpass::agent
