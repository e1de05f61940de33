#include "agent/pod_events.h"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "base/log.h"
#include "base/strings.h"
#include "codec/uri.h"

namespace podpass::agent {
namespace asio = boost::asio;

namespace {

constexpr std::size_t kMaxMessageBytes = 1'024;  // the API server's limit of an Event's message

// What EKS Auth says of a token that it has verified, and the Event's reason.
constexpr std::pair<std::string_view, std::string_view> kReasons[] = {
    {"AccessDeniedException", "PodIdentityDenied"},
    {"ResourceNotFoundException", "PodIdentityNotAssociated"},
};

std::string_view reason_of(const ExchangeFailure& failure) {
  if (!is_about_verified_token(failure)) return {};
  for (const auto& [code, reason] : kReasons) {
    if (code == failure.code) return reason;
  }
  return {};
}

}  // namespace

struct PodEvents::Sender : std::enable_shared_from_this<PodEvents::Sender> {
  Sender(asio::any_io_executor executor, kube::ApiServer server, std::shared_ptr<std::atomic<std::uint64_t>> count)
      : client(std::move(executor), std::move(server)), sent(std::move(count)) {}

  static asio::awaitable<void> run(std::shared_ptr<Sender> self) {
    while (!self->waiting.empty()) {
      auto event = std::move(self->waiting.front());
      self->waiting.pop_front();
      const auto* metadata = event.find("metadata");
      auto path = fmt::format("/api/v1/namespaces/{}/events", codec::percent_encode(metadata->text("namespace")));
      auto made = co_await self->client.call("POST", std::move(path), std::move(event));
      if (made) {
        ++*self->sent;
      } else {
        log::warn("An Event could not be made: " + printable(made.error().message));
      }
    }
    self->running = false;
  }

  kube::ApiClient client;
  std::shared_ptr<std::atomic<std::uint64_t>> sent;
  std::deque<codec::Value> waiting;
  bool running = false;
};

PodEvents::PodEvents(asio::any_io_executor executor, kube::ApiServer server, std::string node, const Clock& clock)
    : executor_(executor),
      node_(std::move(node)),
      clock_(clock),
      sent_(std::make_shared<std::atomic<std::uint64_t>>(0)) {
  sender_ = std::make_shared<Sender>(std::move(executor), std::move(server), sent_);
}

PodEvents::~PodEvents() = default;

void PodEvents::tell(const TokenClaims& claims, const ExchangeFailure& failure) {
  if (reason_of(failure).empty() || claims.pod_uid.empty() || claims.pod_name.empty()) return;
  const auto now = clock_.now();
  if (!is_new(claims.pod_uid + " " + failure.code, now)) return;
  if (sender_->waiting.size() >= kMaxWaiting) {
    ++left_out_;
    return;
  }
  sender_->waiting.push_back(make_event(claims, failure, node_, now));
  if (!std::exchange(sender_->running, true)) asio::co_spawn(executor_, Sender::run(sender_), asio::detached);
}

bool PodEvents::is_new(const std::string& key, Time now) {
  if (told_.size() >= kMaxPods) std::erase_if(told_, [&](const auto& each) { return now - each.second >= kEvery; });
  if (auto found = told_.find(key); found != told_.end()) {
    if (now - found->second < kEvery) return false;
    found->second = now;
    return true;
  }
  if (told_.size() >= kMaxPods) {
    ++left_out_;
    return false;
  }
  told_.emplace(key, now);
  return true;
}

codec::Value make_event(const TokenClaims& claims, const ExchangeFailure& failure, const std::string& node, Time now) {
  auto message = fmt::format("No credentials for service account {}: {}: {}", claims.service_account, failure.code,
                             printable(failure.message));
  if (message.size() > kMaxMessageBytes) message.resize(kMaxMessageBytes);
  const auto at = format_iso8601(now);
  return codec::Value::map(
      {{"apiVersion", "v1"},
       {"kind", "Event"},
       {"metadata", codec::Value::map({{"generateName", "podpass-agent-"}, {"namespace", claims.namespace_}})},
       {"involvedObject", codec::Value::map({{"apiVersion", "v1"},
                                             {"kind", "Pod"},
                                             {"namespace", claims.namespace_},
                                             {"name", claims.pod_name},
                                             {"uid", claims.pod_uid}})},
       {"type", "Warning"},
       {"reason", std::string(reason_of(failure))},
       {"message", std::move(message)},
       {"source", codec::Value::map({{"component", "podpass-agent"}, {"host", node}})},
       {"firstTimestamp", at},
       {"lastTimestamp", at},
       {"count", 1}});
}

}  // namespace podpass::agent
