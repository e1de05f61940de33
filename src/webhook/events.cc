#include "webhook/events.h"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <mutex>

#include "base/log.h"
#include "codec/json.h"
#include "codec/uri.h"
#include "crypto/random.h"
#include "webhook/name_set.h"

namespace podpass::webhook {

namespace asio = boost::asio;
using codec::Value;

struct Events::State {
  State(asio::any_io_executor on, kube::ApiClient& api, const Clock& time)
      : executor(std::move(on)), client(api), clock(time) {}

  // Whether it is to be told now.
  bool take(std::string key) {
    std::lock_guard lock(mutex);
    const auto now = clock.now();
    const auto last = told.find(key);
    if (in_flight >= kEventsInFlight || (last != told.end() && now - last->second < kEventAge)) return false;
    if (told.size() >= kEventsKept) told.clear();
    told.insert_or_assign(std::move(key), now);
    ++in_flight;
    return true;
  }

  static asio::awaitable<void> post(std::shared_ptr<State> state, std::string namespace_, Value event) {
    auto path = fmt::format("/api/v1/namespaces/{}/events", codec::percent_encode(namespace_));
    auto answer = co_await state->client.call("POST", std::move(path), std::move(event));
    std::lock_guard lock(state->mutex);
    --state->in_flight;
    if (!answer && !std::exchange(state->failed, true)) log::warn("Cannot write an Event: " + answer.error().message);
  }

  const asio::any_io_executor executor;
  kube::ApiClient& client;
  const Clock& clock;
  std::mutex mutex;
  NameMap<Time> told;
  int in_flight = 0;
  bool failed = false;
};

Events::Events(asio::any_io_executor executor, kube::ApiClient& client, const Clock& clock)
    : state_(std::make_shared<State>(std::move(executor), client, clock)) {}

Events::~Events() = default;

Value involved_object(const Review& review) {
  auto object = Value::map({{"namespace", review.namespace_}});
  const auto* metadata = review.object ? review.object->find("metadata") : nullptr;
  const auto* owners = metadata ? metadata->find("ownerReferences") : nullptr;
  const auto* list = owners ? owners->as<Value::List>() : nullptr;
  for (std::size_t i = 0; list && i < list->size(); ++i) {
    const auto& owner = (*list)[i];
    const auto* controller = owner.find("controller");
    const auto* is_controller = controller ? controller->as<bool>() : nullptr;
    if (is_controller == nullptr || !*is_controller) continue;
    for (const auto* name : {"apiVersion", "kind", "name", "uid"}) object.add(name, owner.text(name));
    return object;
  }
  object.add("apiVersion", "v1");
  object.add("kind", "Pod");
  object.add("name", review.pod.name.empty() ? review.pod.generate_name : review.pod.name);
  return object;
}

void Events::tell(const Review& review, std::string_view reason, std::string message) {
  auto object = involved_object(review);
  if (!state_->take(codec::write_json(object) + std::string(reason))) return;
  crypto::SystemRandom random;
  const auto now = format_iso8601(state_->clock.now());
  const std::string namespace_(review.namespace_);
  auto event = Value::map(
      {{"apiVersion", "v1"},
       {"kind", "Event"},
       {"metadata",
        Value::map({{"namespace", namespace_}, {"name", "podpass-webhook." + random.text("0123456789abcdef", 16)}})},
       {"involvedObject", std::move(object)},
       {"type", "Warning"},
       {"reason", reason},
       {"message", std::move(message)},
       {"source", Value::map({{"component", "podpass-webhook"}})},
       {"firstTimestamp", now},
       {"lastTimestamp", now},
       {"count", 1}});
  auto posting = State::post(state_, namespace_, std::move(event));
  asio::co_spawn(state_->executor, std::move(posting), asio::detached);
}

}  // namespace podpass::webhook
