#include "cluster_cli/roles.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "codec/json.h"
#include "codec/uri.h"
#include "codec/xml.h"
#include "crypto/hash.h"
#include "http/client.h"

namespace podpass::cluster_cli {
namespace {

using codec::Value;
using Parameters = std::vector<std::pair<std::string, std::string>>;

constexpr std::size_t kMaxRoleName = 64;
constexpr std::string_view kWebIdentityAudience = "sts.amazonaws.com";
constexpr std::string_view kPolicyName = "podpass";
constexpr std::string_view kNodePrefix = "podpass-node-", kWebhookPrefix = "podpass-webhook-";

Result<void> call_iam(const cli::Connection& connection, const std::string& action, const Parameters& parameters) {
  http::ClientRequest request;
  request.method = "POST";
  request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  request.body = "Version=2010-05-08&Action=" + action;
  for (const auto& [name, value] : parameters) request.body += "&" + name + "=" + codec::percent_encode(value);
  auto response = TRY(cli::send(connection, "iam", std::move(request)));
  if (response.status == 200) return {};
  Error error{ErrorKind::invalid, {}, response.status, fmt::format("IAM answered {}.", response.status), {}, {}};
  if (auto answer = codec::parse_xml(response.body, "ErrorResponse")) {
    if (const auto* told = answer->find("Error")) {
      error.code = told->text("Code");
      error.message = fmt::format("{}: {}", action, told->text("Message"));
    }
  }
  return error;
}

// Whether it went well; false: `code` says that it was not needed.
Result<bool> call_iam_unless(const cli::Connection& connection, std::string_view code, const std::string& action,
                             const Parameters& parameters) {
  auto called = call_iam(connection, action, parameters);
  if (called) return true;
  if (called.error().code == code) return false;
  return std::move(called).error();
}

// A long cluster's name is cut, and told apart by its hash.
std::string role_name(std::string_view prefix, const std::string& cluster) {
  auto name = std::string(prefix) + cluster;
  if (name.size() <= kMaxRoleName) return name;
  return name.substr(0, kMaxRoleName - 9) + "-" + crypto::sha256_hex(cluster).str().substr(0, 8);
}

Value policy(Value statement) {
  return Value::map({{"Version", "2012-10-17"}, {"Statement", Value::list({std::move(statement)})}});
}

// How a token's sub names a service account.
std::string subject(const std::string& namespace_, const std::string& name) {
  return "system:serviceaccount:" + namespace_ + ":" + name;
}

// Pinned to the cluster: others may have the same issuer.
Value trust_policy(const std::string& provider_arn, const std::string& host, const std::string& subject,
                   const std::string& cluster_arn) {
  return policy(
      Value::map({{"Effect", "Allow"},
                  {"Principal", Value::map({{"Federated", provider_arn}})},
                  {"Action", "sts:AssumeRoleWithWebIdentity"},
                  {"Condition", Value::map({{"StringEquals", Value::map({{host + ":aud", kWebIdentityAudience},
                                                                         {host + ":sub", subject},
                                                                         {"aws:SourceArn", cluster_arn}})}})}}));
}

struct Role {
  std::string name, subject;
  Value actions;
};

Result<void> make_role(const cli::Connection& connection, const Role& role, const std::string& provider_arn,
                       const std::string& host, const std::string& cluster_arn) {
  const auto trust = codec::write_json(trust_policy(provider_arn, host, role.subject, cluster_arn));
  const bool made = TRY(call_iam_unless(connection, "EntityAlreadyExists", "CreateRole",
                                        {{"RoleName", role.name},
                                         {"AssumeRolePolicyDocument", trust},
                                         {"Description", "Made by podpass cluster register for " + cluster_arn}}));
  if (!made) {
    TRY(call_iam(connection, "UpdateAssumeRolePolicy", {{"RoleName", role.name}, {"PolicyDocument", trust}}));
  }
  const auto allowed = policy(Value::map({{"Effect", "Allow"}, {"Action", role.actions}, {"Resource", cluster_arn}}));
  return call_iam(connection, "PutRolePolicy",
                  {{"RoleName", role.name},
                   {"PolicyName", std::string(kPolicyName)},
                   {"PolicyDocument", codec::write_json(allowed)}});
}

}  // namespace

Result<Roles> make_roles(const cli::Connection& connection, const std::string& cluster_arn, const std::string& issuer,
                         const ServiceAccounts& accounts) {
  const auto parts = split(cluster_arn, ':');  // arn:aws:eks:region:account:cluster/name
  const auto scheme = issuer.find("://");
  if (parts.size() != 6 || scheme == issuer.npos) {
    return Error::invalid(fmt::format("IAM takes only URLs as identity providers, and the issuer is {}.", issuer));
  }
  const auto iam_arn = fmt::format("arn:{}:iam::{}:", parts[1], parts[4]);
  const auto cluster = std::string(parts[5].substr(parts[5].find('/') + 1));
  const auto host = issuer.substr(scheme + 3);  // a slash at its end, as AKS has it, belongs to the name
  Roles roles;
  roles.provider_arn = iam_arn + "oidc-provider/" + host;
  const std::string audience(kWebIdentityAudience);
  const bool made = TRY(call_iam_unless(connection, "EntityAlreadyExists", "CreateOpenIDConnectProvider",
                                        {{"Url", issuer}, {"ClientIDList.member.1", audience}}));
  if (!made) {
    TRY(call_iam(connection, "AddClientIDToOpenIDConnectProvider",
                 {{"OpenIDConnectProviderArn", roles.provider_arn}, {"ClientID", audience}}));
  }
  const Role node{role_name(kNodePrefix, cluster), subject(accounts.agent_namespace, accounts.agent),
                  Value::list({"eks-auth:AssumeRoleForPodIdentity", "podpass:WatchPodIdentityAssociations"})};
  const Role webhook{role_name(kWebhookPrefix, cluster), subject(accounts.webhook_namespace, accounts.webhook),
                     Value::list({"eks:ListPodIdentityAssociations", "podpass:WatchPodIdentityAssociations"})};
  TRY(make_role(connection, node, roles.provider_arn, host, cluster_arn));
  TRY(make_role(connection, webhook, roles.provider_arn, host, cluster_arn));
  roles.node_role_arn = iam_arn + "role/" + node.name;
  roles.webhook_role_arn = iam_arn + "role/" + webhook.name;
  return roles;
}

Result<std::vector<std::string>> remove_roles(const cli::Connection& connection, const std::string& cluster) {
  std::vector<std::string> removed;
  for (const auto prefix : {kNodePrefix, kWebhookPrefix}) {
    const auto name = role_name(prefix, cluster);
    const Parameters role{{"RoleName", name}};
    auto with_policy = role;
    with_policy.emplace_back("PolicyName", kPolicyName);
    auto done = call_iam_unless(connection, "NoSuchEntity", "DeleteRolePolicy", with_policy);
    if (done) done = call_iam_unless(connection, "NoSuchEntity", "DeleteRole", role);
    if (!done) {
      done.error().message = fmt::format("role {} could not be deleted: {}", name, done.error().message);
      return std::move(done).error();
    }
    if (*done) removed.push_back(name);
  }
  return removed;
}

}  // namespace podpass::cluster_cli
