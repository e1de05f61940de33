// What a cluster's own parts need in IAM: the cluster's issuer as OpenID Connect provider, a role for the agents on its
// nodes and one for its webhook, each for one service account. Made by `cluster register`, over the wire like any
// client; made again, they are put right. One thread. Errors: what IAM says.
#pragma once

#include <string>
#include <vector>

#include "cli/connection.h"

namespace podpass::cluster_cli {

// As deploy/ names them. The agent has a namespace of its own, as it needs the host's network.
struct ServiceAccounts {
  std::string agent_namespace = "podpass-agent", agent = "podpass-agent";
  std::string webhook_namespace = "podpass-system", webhook = "podpass-webhook";
};

struct Roles {
  std::string provider_arn, node_role_arn, webhook_role_arn;
};

// `cluster_arn` is the cluster's own; its issuer must be a URL that IAM takes.
Result<Roles> make_roles(const cli::Connection& connection, const std::string& cluster_arn, const std::string& issuer,
                         const ServiceAccounts& accounts);
// Removes the two roles, where they are; their names.
Result<std::vector<std::string>> remove_roles(const cli::Connection& connection, const std::string& cluster);

}  // namespace podpass::cluster_cli
