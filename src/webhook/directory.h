// The one place to ask: which identity has a service account, from whichever sources the webhook was given.
//
// A pod identity association goes before a role in annotations or the ConfigMap. A service account's annotations on
// token and region count for both.
//
// Threads: any; the sources outlive it. What a source can't tell is an error, unavailable, not "no identity".
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "kube/pod_patch.h"
#include "webhook/associations.h"
#include "webhook/identities_file.h"
#include "webhook/service_accounts.h"

namespace podpass::webhook {

class Directory {
 public:
  // Null: not given.
  Directory(IdentitiesFile* file, Associations* associations, ServiceAccounts* service_accounts)
      : file_(file), associations_(associations), service_accounts_(service_accounts) {}

  // What can be said at once, without asking anybody; nothing: find() must be asked.
  std::optional<kube::Identity> known(std::string_view namespace_, std::string_view service_account) const;
  // Nothing: it has none.
  boost::asio::awaitable<Result<std::optional<kube::Identity>>> find(std::string_view namespace_,
                                                                     std::string_view service_account);
  bool ready() const;  // whether all sources were read once

 private:
  IdentitiesFile* file_;
  Associations* associations_;
  ServiceAccounts* service_accounts_;
};

}  // namespace podpass::webhook
