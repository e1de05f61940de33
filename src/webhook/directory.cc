#include "webhook/directory.h"

namespace podpass::webhook {

namespace asio = boost::asio;

std::optional<kube::Identity> Directory::known(std::string_view namespace_, std::string_view service_account) const {
  const bool associated = (file_ && file_->has(namespace_, service_account)) ||
                          (associations_ && associations_->has(namespace_, service_account));
  if (!associated) return std::nullopt;
  kube::Identity identity;
  if (service_accounts_ == nullptr) return identity;
  auto settings = service_accounts_->find(namespace_, service_account);
  if (!settings) return std::nullopt;
  identity.settings = std::move(*settings);
  return identity;
}

asio::awaitable<Result<std::optional<kube::Identity>>> Directory::find(std::string_view namespace_,
                                                                       std::string_view service_account) {
  bool associated = file_ && file_->ask(namespace_, service_account);
  if (!associated && associations_) {
    std::string of(namespace_), name(service_account);
    auto answer = co_await associations_->ask(std::move(of), std::move(name));
    if (!answer) co_return std::move(answer).error();
    associated = *answer;
  }
  std::optional<kube::ServiceAccountSettings> settings;
  if (service_accounts_) {
    std::string of(namespace_), name(service_account);
    auto answer = co_await service_accounts_->ask(std::move(of), std::move(name));
    // An association is good without the annotations, which only tune it.
    if (!answer && !associated) co_return std::move(answer).error();
    if (answer) settings = std::move(*answer);
  }
  kube::Identity identity;
  if (settings) identity.settings = std::move(*settings);
  if (associated) co_return std::optional(std::move(identity));
  if (!identity.settings.role_arn) co_return std::optional<kube::Identity>();
  identity.method = kube::Method::web_identity;
  co_return std::optional(std::move(identity));
}

bool Directory::ready() const {
  return (associations_ == nullptr || associations_->complete()) &&
         (service_accounts_ == nullptr || service_accounts_->complete());
}

}  // namespace podpass::webhook
