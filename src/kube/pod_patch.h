// What a pod is given so that the SDKs in it find credentials: environment, a projected token, its mount, a label, as a
// JSON patch (RFC 6902). Pure functions, safe from any thread; randomness is injected.
//
// Every change is an "add" of one element, so that whatever else stands in the pod - fields that nobody knew when this
// was written - stays as it is. What is there already is not added again: a second patch of a patched pod is empty.
//
// The pod is a Value, whole or what `pod_selection` leaves of it. PodShape's views point into it. Units: seconds.
// Errors: ErrorKind::invalid for what is no pod (containers that are no list); the text says where.
//
// Source: EKS user guide, "Understand how EKS Pod Identity works" and "IAM roles for service accounts"; the rules are
// those of the known webhook, told in docs/webhook.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "codec/json_select.h"
#include "codec/value.h"

namespace podpass::kube {

inline constexpr std::int64_t kDefaultTokenSeconds = 86'400;
inline constexpr std::int64_t kLeastJitteredSeconds = 79'200;  // a token of a day lasts this long at least
inline constexpr std::int64_t kLeastTokenSeconds = 600;        // what Kubernetes takes at least
inline constexpr std::size_t kMaxWarnings = 8;                 // of one pod

// By what means a pod gets credentials: EKS Pod Identity, or IAM roles for service accounts.
enum class Method : unsigned char { container_credentials, web_identity };
std::string_view method_name(Method method);  // as metrics call it: container_credentials, sts_web_identity

enum class RegionalSts : unsigned char { no, yes };  // whether AWS_STS_REGIONAL_ENDPOINTS=regional is added

// What a service account's annotations say; nothing where it says nothing that can be read.
struct ServiceAccountSettings {
  std::optional<std::string> role_arn, audience;
  std::optional<RegionalSts> regional_sts;
  std::optional<std::int64_t> token_seconds;
  bool operator==(const ServiceAccountSettings&) const = default;
};
ServiceAccountSettings read_service_account(const codec::Value* annotations, std::string_view prefix);
std::optional<RegionalSts> parse_regional_sts(std::string_view text);    // true, false, t, 1, ...
std::optional<std::int64_t> parse_token_seconds(std::string_view text);  // a whole number, lifted to the least
bool is_role_arn(std::string_view text);

struct PatchSettings {
  std::string annotation_prefix = "eks.amazonaws.com";
  std::string region;  // for AWS_REGION and AWS_DEFAULT_REGION; empty: neither is added
  RegionalSts regional_sts = RegionalSts::no;
  std::int64_t token_seconds = kDefaultTokenSeconds;

  // How a token comes into the containers.
  struct Token {
    std::string audience, mount_path, volume_name, file_name;
  };
  Token pod_identity{"pods.eks.amazonaws.com", "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount",
                     "eks-pod-identity-token", "eks-pod-identity-token"};
  std::string credentials_uri = "http://169.254.170.23/v1/credentials";
  Token web_identity{"sts.amazonaws.com", "/var/run/secrets/eks.amazonaws.com/serviceaccount", "aws-iam-token",
                     "token"};
};

// What decides over the patch. The service account's settings count for both methods, but for role and audience, which
// are those of web identity.
struct Identity {
  Method method = Method::container_credentials;
  ServiceAccountSettings settings;
  bool operator==(const Identity&) const = default;
};

// The parts of a pod that matter here.
struct PodShape {
  struct Container {
    std::string_view name;
    const codec::Value::List *env = nullptr, *mounts = nullptr;  // null: absent
  };
  const codec::Value::Map *metadata = nullptr, *labels = nullptr, *annotations = nullptr;  // null: absent
  std::string_view name, generate_name, service_account;
  const codec::Value::List* volumes = nullptr;
  std::vector<Container> containers, init_containers;
  bool windows = false;    // as its nodeSelector says
  bool opted_out = false;  // by the label eks.amazonaws.com/skip-pod-identity-webhook
};
codec::Selection pod_selection(std::string_view annotation_prefix);
Result<PodShape> read_pod(const codec::Value& pod);
Result<PodShape> read_pod(const codec::Value&& pod) = delete;  // the shape would point into what is gone

struct AddOperation {
  std::string path;  // a JSON pointer (RFC 6901)
  codec::Value value;
};
struct PodPatch {
  std::vector<AddOperation> operations;  // in the order to apply them
  std::vector<std::string> warnings;     // for who makes the pod: what will keep it from its credentials
};
// Nothing for a pod that opted out.
PodPatch patch_pod(const PodShape& pod, const Identity& identity, const PatchSettings& settings, Random& random);

std::string write_patch(const std::vector<AddOperation>& operations);  // as JSON
// Applies the patch to the document it was made for. Errors: ErrorKind::invalid, a path that leads nowhere.
Result<void> apply_patch(codec::Value& document, const std::vector<AddOperation>& operations);

}  // namespace podpass::kube
