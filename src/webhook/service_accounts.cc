#include "webhook/service_accounts.h"

#include <fmt/format.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <mutex>

#include "base/log.h"
#include "base/strings.h"
#include "codec/json.h"
#include "codec/uri.h"
#include "kube/backoff.h"
#include "kube/list_watch.h"

namespace podpass::webhook {

namespace asio = boost::asio;
using codec::Value;
using kube::ServiceAccountSettings;

namespace {

constexpr std::string_view kConfigMap = "pod-identity-webhook";

std::string name_of(const Value& object) {
  const auto* metadata = object.find("metadata");
  return metadata ? full_name(metadata->text("namespace"), metadata->text("name")) : std::string();
}

ServiceAccountSettings settings_of(const Value& object, std::string_view prefix) {
  const auto* metadata = object.find("metadata");
  return kube::read_service_account(metadata ? metadata->find("annotations") : nullptr, prefix);
}

ServiceAccountSettings read_role(const Value& entry) {
  ServiceAccountSettings settings;
  if (auto role = entry.text("RoleARN"); !role.empty()) settings.role_arn = role;
  if (auto audience = entry.text("Audience"); !audience.empty()) settings.audience = audience;
  const auto* regional = entry.find("UseRegionalSTS");
  if (const auto* flag = regional ? regional->as<bool>() : nullptr)
    settings.regional_sts = *flag ? kube::RegionalSts::yes : kube::RegionalSts::no;
  const auto* life = entry.find("TokenExpiration");
  if (const auto* seconds = life ? life->as<std::int64_t>() : nullptr; seconds && *seconds > 0)
    settings.token_seconds = std::max(*seconds, kube::kLeastTokenSeconds);
  return settings;
}

}  // namespace

Result<Roles> parse_roles(std::string_view config) {
  Roles roles;
  if (trim(config).empty()) return roles;
  auto document = TRY(codec::parse_json(config));
  const auto* map = document.as<Value::Map>();
  if (map == nullptr) return Error::invalid("it is not a JSON object");
  for (const auto& [name, entry] : *map) {
    const auto slash = name.find('/');
    if (slash == std::string::npos || slash == 0 || slash + 1 == name.size())
      return Error::invalid(fmt::format("'{}' is not namespace/name", printable(name)));
    if (entry.as<Value::Map>() == nullptr) return Error::invalid(fmt::format("{} has no settings", printable(name)));
    roles.emplace(name, read_role(entry));
  }
  return roles;
}

struct ServiceAccounts::State : std::enable_shared_from_this<State> {
  State(asio::any_io_executor on, Options given, kube::ApiClient& api, Metrics& counted)
      : executor(std::move(on)), options(std::move(given)), client(api), metrics(counted) {
    roles_read = options.config_map_namespace.empty();
  }

  kube::ListSink accounts_sink() {
    return {[this] { incoming.emplace(); },
            [this](const Value& object) {
              auto settings = settings_of(object, options.annotation_prefix);
              if (settings.role_arn) metrics.set_used();
              std::lock_guard lock(mutex);
              if (incoming && incoming->size() < kMaxServiceAccounts)
                incoming->insert_or_assign(name_of(object), settings);
              if (known.size() < kMaxServiceAccounts) known.insert_or_assign(name_of(object), std::move(settings));
            },
            [this](const Value& object) {
              std::lock_guard lock(mutex);
              known.erase(name_of(object));
            },
            [this] {
              std::lock_guard lock(mutex);
              if (incoming) known = std::move(*incoming);
              incoming.reset();
              accounts_read = true;
              log::info(fmt::format("The API server knows {} service accounts.", known.size()));
            }};
  }

  kube::ListSink config_map_sink() {
    return {[this] { listed_config_map = false; }, [this](const Value& object) { take_config_map(object); },
            [this](const Value&) { forget_roles(); },
            [this] {
              if (!listed_config_map) forget_roles();
              roles_read = true;
            }};
  }

  void forget_roles() {
    std::lock_guard lock(mutex);
    roles.clear();
  }

  void take_config_map(const Value& object) {
    listed_config_map = true;
    const auto* data = object.find("data");
    auto read = parse_roles(data ? data->text("config") : std::string_view());
    if (!read) {
      log::warn(
          fmt::format("ConfigMap {} is not used, what it said before stays: {}", kConfigMap, read.error().message));
      return;
    }
    if (!read->empty()) metrics.set_used();
    log::info(fmt::format("ConfigMap {} names {} service accounts.", kConfigMap, read->size()));
    std::lock_guard lock(mutex);
    roles = std::move(*read);
  }

  // What the annotations say, else the ConfigMap. Needs the mutex.
  std::optional<ServiceAccountSettings> merged(const ServiceAccountSettings* own, std::string_view namespace_,
                                               std::string_view name) const {
    if (own && own->role_arn) return *own;
    auto role = roles.find(full_name(namespace_, name));
    if (role == roles.end()) role = roles.find(full_name("*", name));
    if (role != roles.end()) return role->second;
    return own ? std::optional(*own) : std::nullopt;
  }

  std::optional<ServiceAccountSettings> find(std::string_view namespace_, std::string_view name) const {
    std::lock_guard lock(mutex);
    const auto found = known.find(full_name(namespace_, name));
    return merged(found == known.end() ? nullptr : &found->second, namespace_, name);
  }

  // A bucket of kFetchBurst, filled at kFetchesPerSecond.
  bool take_turn() {
    const auto now = std::chrono::steady_clock::now();
    const std::chrono::duration<double> since = now - filled;
    filled = now;
    turns = std::min(turns + since.count() * kFetchesPerSecond, kFetchBurst);
    if (turns < 1) return false;
    turns -= 1;
    return true;
  }

  asio::awaitable<Result<std::optional<ServiceAccountSettings>>> ask(std::string namespace_, std::string name) {
    using asio::experimental::awaitable_operators::operator||;
    if (auto found = find(namespace_, name)) co_return found;
    if (!take_turn()) co_return Error::unavailable("too many service accounts are asked for at once");
    auto path = fmt::format("/api/v1/namespaces/{}/serviceaccounts/{}", codec::percent_encode(namespace_),
                            codec::percent_encode(name));
    auto call = client.call("GET", std::move(path));
    auto limited = std::move(call) || kube::pause(kFetchPatience);
    auto fetched = co_await std::move(limited);
    if (fetched.index() == 1) co_return Error::unavailable("the API server took too long to tell the service account");
    auto& object = std::get<0>(fetched);
    if (!object && object.error().status == 404) {
      metrics.count_missing_service_account();
      co_return std::optional<ServiceAccountSettings>();
    }
    if (!object) co_return Error::unavailable("cannot read the service account: " + object.error().message);
    auto settings = settings_of(*object, options.annotation_prefix);
    std::lock_guard lock(mutex);
    // While a list is kept, the watch will bring this and what becomes of it; it is not for us to remember it.
    co_return merged(&settings, namespace_, name);
  }

  const asio::any_io_executor executor;
  const Options options;
  kube::ApiClient& client;
  Metrics& metrics;
  std::atomic<bool> accounts_read{false}, roles_read{false};

  // On the executor's thread only.
  bool listed_config_map = false;
  double turns = kFetchBurst;
  std::chrono::steady_clock::time_point filled = std::chrono::steady_clock::now();

  mutable std::mutex mutex;                                 // for what is below
  std::optional<NameMap<ServiceAccountSettings>> incoming;  // while all are listed
  NameMap<ServiceAccountSettings> known;
  Roles roles;
};

ServiceAccounts::ServiceAccounts(asio::any_io_executor executor, Options options, kube::ApiClient& client,
                                 Metrics& metrics)
    : state_(std::make_shared<State>(std::move(executor), std::move(options), client, metrics)) {}

ServiceAccounts::~ServiceAccounts() = default;

void ServiceAccounts::start() {
  const auto keep_up = [](std::shared_ptr<State> state, std::string path,
                          kube::ListSink sink) -> asio::awaitable<void> {
    co_await kube::list_and_watch(state->client, std::move(path), std::move(sink));
  };
  auto accounts = keep_up(state_, "/api/v1/serviceaccounts", state_->accounts_sink());
  asio::co_spawn(state_->executor, std::move(accounts), asio::detached);
  if (state_->options.config_map_namespace.empty()) return;
  auto path = fmt::format("/api/v1/namespaces/{}/configmaps?fieldSelector=metadata.name%3D{}",
                          codec::percent_encode(state_->options.config_map_namespace), kConfigMap);
  auto roles = keep_up(state_, std::move(path), state_->config_map_sink());
  asio::co_spawn(state_->executor, std::move(roles), asio::detached);
}

bool ServiceAccounts::complete() const {
  return state_->accounts_read && state_->roles_read;
}

std::optional<ServiceAccountSettings> ServiceAccounts::find(std::string_view namespace_, std::string_view name) const {
  return state_->find(namespace_, name);
}

asio::awaitable<Result<std::optional<ServiceAccountSettings>>> ServiceAccounts::ask(std::string namespace_,
                                                                                    std::string name) {
  auto state = state_;
  auto asked = state->ask(std::move(namespace_), std::move(name));
  auto result = co_await asio::co_spawn(state->executor, std::move(asked), asio::use_awaitable);
  co_return result;
}

}  // namespace podpass::webhook
