// The shapes of EKS clusters, as botocore's eks model has them. CreateCluster's and Cluster's members differ in little;
// where they are alike one shape serves both. What a cluster outside AWS has no use for (subnets, encryption keys ...)
// is kept and given back as it was sent.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "aws/caller.h"
#include "codec/fields.h"

namespace podpass::eks {

using Strings = std::vector<std::string>;

struct Enabled {
  std::optional<bool> enabled;
};
BOOST_DESCRIBE_STRUCT(Enabled, (), (enabled))

struct VpcConfigRequest {
  std::optional<Strings> subnetIds, securityGroupIds;
  std::optional<bool> endpointPublicAccess, endpointPrivateAccess;
  std::optional<Strings> publicAccessCidrs;
};
BOOST_DESCRIBE_STRUCT(VpcConfigRequest, (),
                      (subnetIds, securityGroupIds, endpointPublicAccess, endpointPrivateAccess, publicAccessCidrs))

struct VpcConfigResponse {
  std::optional<Strings> subnetIds, securityGroupIds;
  std::optional<std::string> clusterSecurityGroupId, vpcId;
  std::optional<bool> endpointPublicAccess, endpointPrivateAccess;
  std::optional<Strings> publicAccessCidrs;
};
BOOST_DESCRIBE_STRUCT(VpcConfigResponse, (),
                      (subnetIds, securityGroupIds, clusterSecurityGroupId, vpcId, endpointPublicAccess,
                       endpointPrivateAccess, publicAccessCidrs))

struct KubernetesNetworkConfigRequest {
  std::optional<std::string> serviceIpv4Cidr, ipFamily;
  std::optional<Enabled> elasticLoadBalancing;
};
BOOST_DESCRIBE_STRUCT(KubernetesNetworkConfigRequest, (), (serviceIpv4Cidr, ipFamily, elasticLoadBalancing))

struct KubernetesNetworkConfigResponse {
  std::optional<std::string> serviceIpv4Cidr, serviceIpv6Cidr, ipFamily;
  std::optional<Enabled> elasticLoadBalancing;
};
BOOST_DESCRIBE_STRUCT(KubernetesNetworkConfigResponse, (),
                      (serviceIpv4Cidr, serviceIpv6Cidr, ipFamily, elasticLoadBalancing))

struct LogSetup {
  std::optional<Strings> types;
  std::optional<bool> enabled;
};
BOOST_DESCRIBE_STRUCT(LogSetup, (), (types, enabled))

struct Logging {
  std::optional<std::vector<LogSetup>> clusterLogging;
};
BOOST_DESCRIBE_STRUCT(Logging, (), (clusterLogging))

struct Provider {
  std::optional<std::string> keyArn;
};
BOOST_DESCRIBE_STRUCT(Provider, (), (keyArn))

struct EncryptionConfig {
  std::optional<Strings> resources;
  std::optional<Provider> provider;
};
BOOST_DESCRIBE_STRUCT(EncryptionConfig, (), (resources, provider))

struct ControlPlanePlacement {
  std::optional<std::string> groupName;
};
BOOST_DESCRIBE_STRUCT(ControlPlanePlacement, (), (groupName))

struct OutpostConfig {
  std::vector<std::string> outpostArns;
  std::string controlPlaneInstanceType;
  std::optional<ControlPlanePlacement> controlPlanePlacement;
};
BOOST_DESCRIBE_STRUCT(OutpostConfig, (), (outpostArns, controlPlaneInstanceType, controlPlanePlacement))

struct AccessConfig {
  std::optional<bool> bootstrapClusterCreatorAdminPermissions;
  std::optional<std::string> authenticationMode;
};
BOOST_DESCRIBE_STRUCT(AccessConfig, (), (bootstrapClusterCreatorAdminPermissions, authenticationMode))

struct UpgradePolicy {
  std::optional<std::string> supportType;
};
BOOST_DESCRIBE_STRUCT(UpgradePolicy, (), (supportType))

struct RemoteNetwork {
  std::optional<Strings> cidrs;
};
BOOST_DESCRIBE_STRUCT(RemoteNetwork, (), (cidrs))

struct RemoteNetworkConfig {
  std::optional<std::vector<RemoteNetwork>> remoteNodeNetworks, remotePodNetworks;
};
BOOST_DESCRIBE_STRUCT(RemoteNetworkConfig, (), (remoteNodeNetworks, remotePodNetworks))

struct ComputeConfigRequest {
  std::optional<bool> enabled;
  std::optional<Strings> nodePools;
  std::optional<std::string> nodeRoleArn;
};
BOOST_DESCRIBE_STRUCT(ComputeConfigRequest, (), (enabled, nodePools, nodeRoleArn))

struct StorageConfig {
  std::optional<Enabled> blockStorage;
};
BOOST_DESCRIBE_STRUCT(StorageConfig, (), (blockStorage))

struct ControlPlaneScalingConfig {
  std::optional<std::string> tier;
};
BOOST_DESCRIBE_STRUCT(ControlPlaneScalingConfig, (), (tier))

struct Oidc {
  std::optional<std::string> issuer;
};
BOOST_DESCRIBE_STRUCT(Oidc, (), (issuer))

struct Identity {
  std::optional<Oidc> oidc;
};
BOOST_DESCRIBE_STRUCT(Identity, (), (oidc))

struct Certificate {
  std::optional<std::string> data;
};
BOOST_DESCRIBE_STRUCT(Certificate, (), (data))

struct ConnectorConfig {
  std::optional<std::string> activationId, activationCode;
  std::optional<Time> activationExpiry;
  std::optional<std::string> provider, roleArn;
};
BOOST_DESCRIBE_STRUCT(ConnectorConfig, (), (activationId, activationCode, activationExpiry, provider, roleArn))

struct ClusterIssue {
  std::optional<std::string> code, message;
  std::optional<Strings> resourceIds;
};
BOOST_DESCRIBE_STRUCT(ClusterIssue, (), (code, message, resourceIds))

struct ClusterHealth {
  std::optional<std::vector<ClusterIssue>> issues;
};
BOOST_DESCRIBE_STRUCT(ClusterHealth, (), (issues))

struct Cluster {
  std::optional<std::string> name, arn;
  std::optional<Time> createdAt;
  std::optional<std::string> version, endpoint, roleArn;
  std::optional<VpcConfigResponse> resourcesVpcConfig;
  std::optional<KubernetesNetworkConfigResponse> kubernetesNetworkConfig;
  std::optional<Logging> logging;
  std::optional<Identity> identity;
  std::optional<std::string> status;
  std::optional<Certificate> certificateAuthority;
  std::optional<std::string> clientRequestToken, platformVersion;
  std::optional<aws::TagMap> tags;
  std::optional<std::vector<EncryptionConfig>> encryptionConfig;
  std::optional<ConnectorConfig> connectorConfig;
  std::optional<std::string> id;
  std::optional<ClusterHealth> health;
  std::optional<OutpostConfig> outpostConfig;
  std::optional<AccessConfig> accessConfig;
  std::optional<UpgradePolicy> upgradePolicy;
  std::optional<Enabled> zonalShiftConfig;
  std::optional<RemoteNetworkConfig> remoteNetworkConfig;
  std::optional<ComputeConfigRequest> computeConfig;
  std::optional<StorageConfig> storageConfig;
  std::optional<bool> deletionProtection;
  std::optional<ControlPlaneScalingConfig> controlPlaneScalingConfig;
};
BOOST_DESCRIBE_STRUCT(Cluster, (),
                      (name, arn, createdAt, version, endpoint, roleArn, resourcesVpcConfig, kubernetesNetworkConfig,
                       logging, identity, status, certificateAuthority, clientRequestToken, platformVersion, tags,
                       encryptionConfig, connectorConfig, id, health, outpostConfig, accessConfig, upgradePolicy,
                       zonalShiftConfig, remoteNetworkConfig, computeConfig, storageConfig, deletionProtection,
                       controlPlaneScalingConfig))

}  // namespace podpass::eks
