#include "webhook/failure_policy.h"

#include <fmt/format.h>

#include <boost/asio/experimental/awaitable_operators.hpp>

#include "base/log.h"
#include "base/strings.h"
#include "codec/uri.h"
#include "kube/backoff.h"

namespace podpass::webhook {

namespace asio = boost::asio;

std::optional<FailurePolicy> parse_failure_policy(std::string_view text) {
  if (iequals(text, "ignore")) return FailurePolicy::ignore;
  if (iequals(text, "fail")) return FailurePolicy::fail;
  return std::nullopt;
}

asio::awaitable<FailurePolicy> FailurePolicies::of(std::string namespace_) {
  using asio::experimental::awaitable_operators::operator||;
  if (client_ == nullptr) co_return otherwise_;
  if (auto policy = remembered(namespace_, Age::young)) co_return *policy;
  auto path = "/api/v1/namespaces/" + codec::percent_encode(namespace_);
  auto call = client_->call("GET", std::move(path));
  auto limited = std::move(call) || kube::pause(kPolicyPatience);
  auto answer = co_await std::move(limited);
  const auto* object = std::get_if<0>(&answer);
  if (object == nullptr || !*object) {
    log::warn(fmt::format("Cannot read namespace {} for its failure policy: {}", printable(namespace_),
                          object ? (*object).error().message : "no answer in time"));
    co_return remembered(namespace_, Age::any).value_or(otherwise_);
  }
  const auto* metadata = (*object)->find("metadata");
  const auto* annotations = metadata ? metadata->find("annotations") : nullptr;
  const auto text = annotations ? annotations->text(kFailurePolicyAnnotation) : std::string_view();
  auto policy = parse_failure_policy(text);
  if (!policy && !text.empty())
    log::warn(fmt::format("Namespace {}: {} is '{}', not ignore or fail", printable(namespace_),
                          kFailurePolicyAnnotation, printable(text)));
  remember(namespace_, policy.value_or(otherwise_));
  co_return policy.value_or(otherwise_);
}

std::optional<FailurePolicy> FailurePolicies::remembered(const std::string& namespace_, Age wanted) {
  std::lock_guard lock(mutex_);
  const auto found = policies_.find(namespace_);
  if (found == policies_.end()) return std::nullopt;
  const auto age = clock_.now() - found->second.since;
  const bool young = age.count() >= 0 && age <= kPolicyAge;  // negative: the clock was set back
  if (wanted == Age::young && !young) return std::nullopt;
  return found->second.policy;
}

void FailurePolicies::remember(const std::string& namespace_, FailurePolicy policy) {
  std::lock_guard lock(mutex_);
  if (policies_.size() >= kPoliciesKept) policies_.clear();
  policies_.insert_or_assign(namespace_, Remembered{policy, clock_.now()});
}

}  // namespace podpass::webhook
