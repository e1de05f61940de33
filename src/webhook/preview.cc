#include "webhook/preview.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/strings.h"

namespace podpass::webhook {

using codec::Value;

namespace {

// Makes the random life of a token a day.
class LongestLife final : public Random {
 public:
  void fill(std::span<unsigned char> bytes) override {
    constexpr std::uint64_t kNumber = kube::kDefaultTokenSeconds - kube::kLeastJitteredSeconds;
    std::ranges::fill(bytes, static_cast<unsigned char>(0));
    std::memcpy(bytes.data(), &kNumber, std::min(bytes.size(), sizeof kNumber));
  }
};

// Where the pod is in an object of that kind.
struct Place {
  std::string_view kind;
  std::vector<std::string_view> path;
};
const Place kPlaces[] = {{"Pod", {}},
                         {"Deployment", {"spec", "template"}},
                         {"ReplicaSet", {"spec", "template"}},
                         {"StatefulSet", {"spec", "template"}},
                         {"DaemonSet", {"spec", "template"}},
                         {"ReplicationController", {"spec", "template"}},
                         {"Job", {"spec", "template"}},
                         {"CronJob", {"spec", "jobTemplate", "spec", "template"}}};

std::string_view metadata_text(const Value& object, std::string_view name) {
  const auto* metadata = object.find("metadata");
  return metadata ? metadata->text(name) : std::string_view();
}

struct Previewing {
  PreviewOptions options;
  Preview result;
  LongestLife random;

  std::string_view namespace_of(const Value& object) const {
    const auto own = metadata_text(object, "namespace");
    return own.empty() ? std::string_view(options.namespace_) : own;
  }

  // The object itself, or each of a list's.
  template <class Each>
  static Result<void> each(Value& document, const Each& handle) {
    auto* items = document.text("kind").ends_with("List") ? document.find("items") : nullptr;
    auto* list = items ? items->as<Value::List>() : nullptr;
    if (list == nullptr) return handle(document);
    for (auto& item : *list) TRY(handle(item));
    return {};
  }

  Result<void> read_service_account(const Value& object) {
    if (object.text("kind") != "ServiceAccount") return {};
    const auto* metadata = object.find("metadata");
    auto settings =
        kube::read_service_account(metadata ? metadata->find("annotations") : nullptr, options.patch.annotation_prefix);
    options.service_accounts.try_emplace(full_name(namespace_of(object), metadata_text(object, "name")),
                                         std::move(settings));
    return {};
  }

  std::optional<kube::Identity> identity_of(const std::string& name) const {
    kube::Identity identity;
    if (auto found = options.service_accounts.find(name); found != options.service_accounts.end())
      identity.settings = found->second;
    if (options.associated.contains(name)) return identity;
    if (!identity.settings.role_arn) return std::nullopt;
    identity.method = kube::Method::web_identity;
    return identity;
  }

  Result<void> admit(Value& object) {
    const auto kind = object.text("kind");
    const auto place = std::ranges::find(kPlaces, kind, &Place::kind);
    if (place == std::end(kPlaces)) return {};
    auto* pod = &object;
    for (auto name : place->path) pod = pod ? pod->find(name) : nullptr;
    const auto title = fmt::format("{} {}/{}", kind, namespace_of(object), metadata_text(object, "name"));
    if (pod == nullptr) return Error::invalid(title + ": it has no pod template");
    auto shape = kube::read_pod(*pod);
    if (!shape) return Error::invalid(fmt::format("{}: {}", title, shape.error().message));
    // The API server fills it in before webhooks are asked.
    const auto account = shape->service_account.empty() ? std::string_view("default") : shape->service_account;
    const auto name = full_name(namespace_of(object), account);
    const auto identity = identity_of(name);
    if (!identity) {
      result.notes.push_back(fmt::format("{}: service account {} has no identity, nothing is added", title, name));
      return {};
    }
    if (shape->opted_out) {
      result.notes.push_back(fmt::format("{}: opted out by its label, nothing is added", title));
      return {};
    }
    auto patch = kube::patch_pod(*shape, *identity, options.patch, random);
    const bool pod_identity = identity->method == kube::Method::container_credentials;
    result.notes.push_back(fmt::format("{}: {} of service account {}, {} additions", title,
                                       pod_identity ? "pod identity" : "IAM role", name, patch.operations.size()));
    for (const auto& warning : patch.warnings) result.notes.push_back(fmt::format("{}: warning: {}", title, warning));
    result.patched = result.patched || !patch.operations.empty();
    return kube::apply_patch(*pod, patch.operations);
  }
};

}  // namespace

std::string qualified(std::string_view name, std::string_view namespace_) {
  return name.contains('/') ? std::string(name) : full_name(namespace_, name);
}

Result<Preview> preview(std::vector<Value> documents, PreviewOptions options) {
  Previewing previewing{std::move(options), {}, {}};
  for (auto& document : documents) {
    TRY(Previewing::each(document, [&](const Value& object) { return previewing.read_service_account(object); }));
  }
  for (auto& document : documents) {
    TRY(Previewing::each(document, [&](Value& object) { return previewing.admit(object); }));
  }
  previewing.result.documents = std::move(documents);
  return std::move(previewing.result);
}

}  // namespace podpass::webhook
