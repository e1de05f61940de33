// What `podpass up` finds or makes in the store before it serves: the deployment's identity, root's access key, the
// local cluster, the node's role.
#pragma once

#include <filesystem>
#include <string>

#include "aws/deployment.h"
#include "aws/sigv4_sign.h"
#include "base/result.h"
#include "store/store.h"

namespace podpass::server {

// The role that the embedded agent acts with, as a node's instance role on EKS: it may exchange tokens and nothing
// else.
inline constexpr std::string_view kNodeRole = "podpass-node";

// Data of another account or region is refused: nothing of it would be found. Fills in when the account was made.
Result<void> settle_identity(store::Store& store, aws::Deployment& deployment);
// Root's key from the credentials file if it is still good, else a new one.
Result<aws::SigningCredentials> root_credentials(store::Store& store, const aws::Deployment& deployment,
                                                 const std::filesystem::path& data_directory);
// Made if it never was before. False: it was made at an earlier start and has been deleted since.
Result<bool> ensure_cluster(store::Store& store, const aws::Deployment& deployment, const std::string& name);
Result<void> ensure_node_role(store::Store& store, const aws::Deployment& deployment);
// The unique id of the node's role, with which its sessions live and die.
Result<std::string> node_role_id(store::Store& store, const aws::Deployment& deployment);
// A session of the node's role, an hour long.
Result<aws::SigningCredentials> node_session(store::Store& store, const aws::Deployment& deployment);

}  // namespace podpass::server
