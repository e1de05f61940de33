// What the API server knows of service accounts: their annotations, and the roles that a ConfigMap of the known webhook
// gives them. Both by list and watch; a service account that is not there yet is asked for.
//
// The ConfigMap's `config` is JSON: {"ns/sa": {"RoleARN", "Audience", "UseRegionalSTS", "TokenExpiration"}, ...};
// "*/sa" stands for every namespace that has no line of its own. Annotations with a role go before it. A ConfigMap that
// can't be read keeps what the one before it said.
//
// Threads: runs on its executor, which has one thread; members may be called from any. start() once. The executor's
// context must be stopped before this is destroyed; client and metrics outlive the context's last coroutine.
//
// Limits: kMaxServiceAccounts kept; kFetchesPerSecond GETs a second, kFetchBurst at once, kFetchPatience each.
// Errors: unavailable, where the API server could not be asked.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "kube/api_client.h"
#include "kube/pod_patch.h"
#include "webhook/metrics.h"
#include "webhook/name_set.h"

namespace podpass::webhook {

inline constexpr std::size_t kMaxServiceAccounts = 1'000'000;
inline constexpr double kFetchesPerSecond = 10, kFetchBurst = 20;
inline constexpr std::chrono::milliseconds kFetchPatience{1'000};

using Roles = NameMap<kube::ServiceAccountSettings>;
Result<Roles> parse_roles(std::string_view config);

class ServiceAccounts {
 public:
  struct Options {
    std::string annotation_prefix = "eks.amazonaws.com";
    std::string config_map_namespace;  // where the ConfigMap `pod-identity-webhook` is; empty: none is watched
  };

  ServiceAccounts(boost::asio::any_io_executor executor, Options options, kube::ApiClient& client, Metrics& metrics);
  ~ServiceAccounts();
  ServiceAccounts(const ServiceAccounts&) = delete;
  ServiceAccounts& operator=(const ServiceAccounts&) = delete;

  void start();
  bool complete() const;  // whether all was listed once
  // Nothing: the service account is not known.
  std::optional<kube::ServiceAccountSettings> find(std::string_view namespace_, std::string_view name) const;
  // The same, asking the API server if need be. Nothing: there is none.
  boost::asio::awaitable<Result<std::optional<kube::ServiceAccountSettings>>> ask(std::string namespace_,
                                                                                  std::string name);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace podpass::webhook
