// What AWS knows of actions: every service's actions, with access level, resources and condition keys; and of condition
// keys, with their types.
//
// Constants of the program, made from AWS's Service Authorization Reference (actions_table.h says which state of it;
// docs/decisions/013_action_table.md how it is brought up to date). Everything here is a value or a view of them: it
// lives as long as the program, and any thread may use it. Only matching_actions allocates. AWS adds actions all the
// time, so an unknown action is no error: a policy may name it, and it is granted to whoever has "*".
// Source: AWS Service Authorization Reference, "Actions, resources, and condition keys for AWS services"; IAM user
// guide, "AWS global condition context keys".
#pragma once

#include <cstdint>
#include <optional>
#include <ranges>
#include <string_view>
#include <vector>

namespace podpass::policy {

// Values made on the way, in the order of their names in lower case. Random access; empty() and size() are there.
template <class T>
using Made = std::ranges::transform_view<std::ranges::iota_view<std::uint32_t, std::uint32_t>, T (*)(std::uint32_t)>;

// Below action_count(), dense, in the order of service and action. Another build may have other numbers: not to be
// kept.
using ActionId = std::uint32_t;

enum class AccessLevel : std::uint8_t { read, write, list, tagging, permissions_management };

enum class KeyType : std::uint8_t {
  string,
  arn,
  boolean,
  numeric,
  date,
  ip_address,
  array_of_string,
  array_of_arn,
  array_of_bool
};

struct ConditionKey {
  std::string_view name;  // "aws:SourceIp"; free parts are "aws:PrincipalTag/${TagKey}", "s3:ExistingObjectTag/<key>"
  KeyType type = KeyType::string;
};

struct ResourceType {
  std::string_view name;              // "object"
  std::string_view arn;               // "arn:${Partition}:s3:::${BucketName}/${ObjectName}"
  Made<ConditionKey> condition_keys;  // that any of the service's actions has on such a resource
};

// A type of resource that an action is about.
struct ActionResource {
  ResourceType type;
  bool required = false;
  Made<ConditionKey> condition_keys;  // only of this action on this type
};

struct Action {
  ActionId id = 0;
  std::string_view name;  // "s3:GetObject"
  AccessLevel level = AccessLevel::read;
  Made<ActionResource> resources;
  Made<ConditionKey> condition_keys;  // besides those of its resources, and global ones

  std::string_view service() const { return name.substr(0, name.find(':')); }
  bool takes_no_resource() const { return resources.empty(); }  // a policy must say Resource "*"
};

// All that shares one prefix.
struct Service {
  std::string_view prefix;               // "s3"
  std::string_view name;                 // "Amazon S3"
  bool obeys_resource_controls = false;  // of an organization
  Made<Action> actions;
  Made<ResourceType> resource_types;
  Made<ConditionKey> condition_keys;
};

Made<Service> services();
std::uint32_t action_count();
Action action(ActionId id);  // of an id that came from here

// For hot paths: no lock, no allocation, one comparison. Finds names in lower case only.
std::optional<ActionId> action_id(std::string_view lower_case_action);

// In any case.
std::optional<Service> find_service(std::string_view prefix);
std::optional<Action> find_action(std::string_view name);
// A key's own name, or one in which something, at least a character, stands for the free part: the key whose fixed
// parts are longest. Services differ on a few keys' types: the service that the key is named after decides.
std::optional<ConditionKey> find_condition_key(std::string_view name);

// What an Action element with '*' and '?' means today, in order: "s3:Get*", "*". In any case.
std::vector<ActionId> matching_actions(std::string_view pattern);

// The state of AWS's reference, as the data's version tells it: "0.21.202609261" has September 26th, 2026 in it.
std::string_view actions_version();

}  // namespace podpass::policy
