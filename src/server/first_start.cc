#include "server/first_start.h"

#include <fmt/format.h>

#include <algorithm>

#include "aws/call.h"
#include "base/strings.h"
#include "cli/connection.h"
#include "eks/lookup.h"
#include "eks/validate.h"
#include "iam/lookup.h"
#include "sts/assume.h"
#include "sts/session_token.h"

namespace podpass::server {
namespace {

// deployment/identity
struct IdentityRecord {
  std::string account, region;
  std::optional<Time> created;
  std::vector<std::string> clusters;  // made at starts, and perhaps deleted since
};
BOOST_DESCRIBE_STRUCT(IdentityRecord, (), (account, region, created, clusters))
constexpr store::Table<IdentityRecord> kIdentity{"deployment"};

constexpr std::string_view kNodeTrust =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},)"
    R"("Action":"sts:AssumeRole"}]})";
constexpr std::string_view kNodePolicy =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"eks-auth:AssumeRoleForPodIdentity",)"
    R"("Resource":"*"}]})";

}  // namespace

Result<void> settle_identity(store::Store& store, aws::Deployment& deployment) {
  return store.run([&](store::Transaction& tx) -> Result<void> {
    const auto* known = tx.find(kIdentity, {"identity"});
    if (known == nullptr) {
      deployment.created = deployment.clock->now();
      tx.put(kIdentity, {"identity"}, IdentityRecord{deployment.account, deployment.region, deployment.created, {}});
      return {};
    }
    deployment.created = known->created.value_or(Time{});
    if (known->account == deployment.account && known->region == deployment.region) return {};
    return Error::invalid(fmt::format(
        "The data are of account {} in {}, not of account {} in {}. Use --account {} --region {}, or another "
        "--data-dir.",
        known->account, known->region, deployment.account, deployment.region, known->account, known->region));
  });
}

Result<aws::SigningCredentials> root_credentials(store::Store& store, const aws::Deployment& deployment,
                                                 const std::filesystem::path& data_directory) {
  auto saved = cli::read_credentials(data_directory);
  if (saved) {
    auto tx = store.begin();
    auto owner = TRY(iam::find_access_key(tx, deployment, saved->access_key_id));
    if (owner && owner->active && owner->user.empty() && owner->secret.equals(saved->secret.reveal())) return *saved;
  }
  aws::SigningCredentials made;
  TRY(store.run([&](store::Transaction& tx) -> Result<void> {
    auto key = iam::make_access_key(tx, deployment, deployment.account, "", deployment.clock->now());
    made = {key.id, key.secret, ""};
    // Before the commit: if we are killed between the two, the file names a key that never was, and no key is left
    // behind whose secret nobody knows.
    return cli::write_credentials(data_directory, made);
  }));
  return made;
}

Result<bool> ensure_cluster(store::Store& store, const aws::Deployment& deployment, const std::string& name) {
  TRY(eks::check_cluster_name(name));
  // One that was made at an earlier start and then deleted stays deleted.
  const auto made_before = [&](store::Transaction& tx) {
    const auto* identity = tx.find(kIdentity, {"identity"});
    return identity != nullptr && std::ranges::count(identity->clusters, name) > 0;
  };
  {
    auto tx = store.begin();
    if (eks::find_cluster(tx, deployment, name) != nullptr) return true;
    if (made_before(tx)) return false;
  }
  const auto key = eks::make_issuer_key(*deployment.random);
  TRY(store.run([&](store::Transaction& tx) -> Result<void> {
    if (made_before(tx) || eks::find_cluster(tx, deployment, name) != nullptr) return {};
    eks::Cluster cluster;
    cluster.name = name;
    cluster.version = std::string(eks::kDefaultVersion);
    TRY(eks::add_cluster(tx, deployment, std::move(cluster), key, deployment.clock->now()));
    const auto* known = tx.find(kIdentity, {"identity"});
    auto identity = known ? *known : IdentityRecord{deployment.account, deployment.region, deployment.clock->now(), {}};
    identity.clusters.push_back(name);
    tx.put(kIdentity, {"identity"}, std::move(identity));
    return {};
  }));
  return true;
}

Result<void> ensure_node_role(store::Store& store, const aws::Deployment& deployment) {
  auto trust = TRY(policy::Policy::parse(kNodeTrust, policy::Kind::trust));
  auto allowed = TRY(policy::Policy::parse(kNodePolicy, policy::Kind::identity));
  return store.run([&](store::Transaction& tx) -> Result<void> {
    if (iam::find_role(tx, deployment.account, kNodeRole) != nullptr) return {};
    iam::RoleRecord role;
    role.name = kNodeRole;
    role.id = aws::unique_id(*deployment.random, "AROA");
    role.path = "/";
    role.created = deployment.clock->now();
    role.description = "The role of the node that pods of podpass exec run on.";
    role.trust = iam::StoredTrustPolicy::make(std::string(kNodeTrust), {}, trust);
    role.inlined["exchange"] = iam::StoredIdentityPolicy::make(std::string(kNodePolicy), {}, allowed);
    tx.put(iam::kRoles, {deployment.account, to_lower(role.name)}, role);
    return {};
  });
}

namespace {

Result<const iam::RoleRecord*> node_role(store::Transaction& tx, const aws::Deployment& deployment) {
  if (const auto* role = iam::find_role(tx, deployment.account, kNodeRole)) return role;
  return Error::not_found(fmt::format("The node's role {} was deleted. Restart podpass to make it again.", kNodeRole));
}

}  // namespace

Result<std::string> node_role_id(store::Store& store, const aws::Deployment& deployment) {
  auto tx = store.begin();
  return TRY(node_role(tx, deployment))->id;
}

Result<aws::SigningCredentials> node_session(store::Store& store, const aws::Deployment& deployment) {
  auto tx = store.begin();
  const auto* role = TRY(node_role(tx, deployment));
  aws::Session session;
  session.account = deployment.account;
  session.role_name = role->name;
  session.role_id = role->id;
  session.session_name = "local-node";
  session.issued = deployment.clock->now();
  session.expires = session.issued + std::chrono::hours{1};
  sts::give_keys(session, *deployment.random);
  return aws::SigningCredentials{session.access_key_id, session.secret,
                                 sts::seal_session(session, deployment.sessions->ring())};
}

}  // namespace podpass::server
