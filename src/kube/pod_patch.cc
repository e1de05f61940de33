#include "kube/pod_patch.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/strings.h"
#include "codec/json.h"

namespace podpass::kube {

using codec::Value;

namespace {

constexpr std::string_view kLabel = "eks.amazonaws.com/pod-identity";
constexpr std::string_view kOptOutLabel = "eks.amazonaws.com/skip-pod-identity-webhook";
constexpr std::string_view kSkipContainers = "/skip-containers";
constexpr std::string_view kTokenExpiration = "/token-expiration";
constexpr std::string_view kRegionalSts = "AWS_STS_REGIONAL_ENDPOINTS";
constexpr std::array<std::string_view, 2> kRegions{"AWS_DEFAULT_REGION", "AWS_REGION"};

// The variables that lead the SDKs to credentials. Where one of them stands, whoever wrote it wants it so.
using CredentialVariables = std::array<std::string_view, 2>;
constexpr CredentialVariables kPodIdentityVariables{"AWS_CONTAINER_CREDENTIALS_FULL_URI",
                                                    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"};
constexpr CredentialVariables kWebIdentityVariables{"AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"};
// What SDKs ask before they ask the agent.
constexpr std::array<std::string_view, 2> kPreferred{"AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE"};

std::string_view text_of(const Value::Map* map, std::string_view name) {
  if (map == nullptr) return {};
  for (const auto& [key, value] : *map) {
    if (key == name) return value.as_text() ? std::string_view(*value.as_text()) : std::string_view();
  }
  return {};
}

const std::string* find_text(const Value::Map* map, std::string_view name) {
  if (map == nullptr) return nullptr;
  const auto found = std::ranges::find(*map, name, &Value::Member::first);
  return found == map->end() ? nullptr : found->second.as_text();
}

Error wrong(std::string_view place, std::string_view wanted) {
  return Error::invalid(fmt::format("{} is not {}", place, wanted));
}

// The member as a list or map; null if it is absent or null.
template <class Container>
Result<const Container*> member(const Value* parent, std::string_view name, std::string_view place) {
  const auto* value = parent ? parent->find(name) : nullptr;
  if (value == nullptr || value->is_null()) return nullptr;
  const auto* container = value->as<Container>();
  if (container != nullptr) return container;
  constexpr bool kList = std::is_same_v<Container, Value::List>;
  return wrong(fmt::format("{}{}{}", place, place.empty() ? "" : ".", name), kList ? "a list" : "a map");
}

Result<void> check_named(const Value::List* items, std::string_view place) {
  if (items == nullptr) return {};
  for (std::size_t i = 0; i < items->size(); ++i) {
    const auto& item = (*items)[i];
    const auto* name = item.find("name");
    if (name != nullptr && name->as_text()) continue;
    return wrong(fmt::format("{}[{}]", place, i), "a map with a name");
  }
  return {};
}

Result<std::vector<PodShape::Container>> read_containers(const Value* spec, std::string_view name) {
  std::vector<PodShape::Container> containers;
  const auto place = concat({"spec.", name});
  const auto* list = TRY(member<Value::List>(spec, name, "spec"));
  if (list == nullptr) return containers;
  TRY(check_named(list, place));
  containers.reserve(list->size());
  for (const auto& item : *list) {
    PodShape::Container container{item.text("name"), nullptr, nullptr};
    container.env = TRY(member<Value::List>(&item, "env", place));
    container.mounts = TRY(member<Value::List>(&item, "volumeMounts", place));
    TRY(check_named(container.env, "env"));
    TRY(check_named(container.mounts, "volumeMounts"));
    containers.push_back(container);
  }
  return containers;
}

// The names of one line of CSV (RFC 4180), quoted or not; nothing if it can't be read.
std::optional<std::vector<std::string>> read_csv_line(std::string_view text) {
  std::vector<std::string> names;
  text = text.substr(0, text.find_first_of("\r\n"));
  if (text.empty()) return std::nullopt;
  for (;;) {
    auto& name = names.emplace_back();
    if (text.starts_with('"')) {
      text.remove_prefix(1);
      for (;;) {
        const auto quote = text.find('"');
        if (quote == std::string_view::npos) return std::nullopt;
        name += text.substr(0, quote);
        text.remove_prefix(quote + 1);
        if (!text.starts_with('"')) break;
        name += '"';
        text.remove_prefix(1);
      }
    } else {
      name = text.substr(0, text.find(','));
      if (name.contains('"')) return std::nullopt;
      text.remove_prefix(name.size());
    }
    if (text.empty()) return names;
    if (!text.starts_with(',')) return std::nullopt;
    text.remove_prefix(1);
  }
}

bool has_name(const Value::List* items, std::string_view name) {
  return items && std::ranges::any_of(*items, [&](const Value& item) { return item.text("name") == name; });
}

template <std::size_t N>
bool has_any(const Value::List* items, const std::array<std::string_view, N>& names) {
  return std::ranges::any_of(names, [&](std::string_view name) { return has_name(items, name); });
}

// A map of what is given, names and values by turns, without copying what is moved in.
template <class... Rest>
Value map_of(Rest... members) {
  Value::Map map;
  map.reserve(sizeof...(members) / 2);
  const auto add = [&map](const auto& self, std::string_view name, auto value, auto... rest) -> void {
    map.emplace_back(name, std::move(value));
    if constexpr (sizeof...(rest) > 0) self(self, std::move(rest)...);
  };
  add(add, std::move(members)...);
  return Value(std::move(map));
}

Value list_of_one(Value item) {
  Value::List list;
  list.push_back(std::move(item));
  return Value(std::move(list));
}

Value variable(std::string_view name, std::string_view value) {
  return map_of("name", name, "value", value);
}

// One patch in the making.
struct Patching {
  const PodShape& pod;
  const Identity& identity;
  const PatchSettings& settings;
  const PatchSettings::Token& token;
  PodPatch patch;
  std::vector<std::string> skipped;  // containers, by name

  bool is_pod_identity() const { return identity.method == Method::container_credentials; }
  const CredentialVariables& variables() const {
    return is_pod_identity() ? kPodIdentityVariables : kWebIdentityVariables;
  }
  void add(std::string path, Value value) { patch.operations.push_back({std::move(path), std::move(value)}); }
  void warn(std::string text) {
    if (patch.warnings.size() < kMaxWarnings) patch.warnings.push_back(std::move(text));
  }

  void label();
  void volume(std::int64_t seconds);
  void container(std::string_view kind, std::size_t index, const PodShape::Container& container);
  std::vector<Value> environment(const PodShape::Container& container) const;
  void append(const std::string& list, const Value::List* present, std::vector<Value> items);
  void read_skipped();
  void warn_of_preferred(const PodShape::Container& container);
  std::int64_t token_seconds(Random& random) const;
};

void Patching::label() {
  if (pod.metadata == nullptr) {
    add("/metadata", Value::map({{"labels", Value::map({{std::string(kLabel), "enabled"}})}}));
  } else if (pod.labels == nullptr) {
    add("/metadata/labels", Value::map({{std::string(kLabel), "enabled"}}));
  } else if (text_of(pod.labels, kLabel) != "enabled") {
    add("/metadata/labels/eks.amazonaws.com~1pod-identity", "enabled");
  }
}

void Patching::volume(std::int64_t seconds) {
  if (has_name(pod.volumes, token.volume_name)) {
    for (const auto& each : *pod.volumes) {
      if (each.text("name") == token.volume_name && each.find("projected") == nullptr)
        warn(fmt::format("volume {} is there already and is no projected token: the pod will find none in it",
                         token.volume_name));
    }
    return;
  }
  const auto& audience =
      !is_pod_identity() && identity.settings.audience ? *identity.settings.audience : token.audience;
  auto source = map_of("serviceAccountToken", map_of("audience", std::string_view(audience), "expirationSeconds",
                                                     seconds, "path", std::string_view(token.file_name)));
  auto volume = map_of("name", std::string_view(token.volume_name), "projected",
                       map_of("sources", list_of_one(std::move(source))));
  if (pod.volumes == nullptr) {
    add("/spec/volumes", list_of_one(std::move(volume)));
  } else {
    add("/spec/volumes/0", std::move(volume));
  }
}

std::vector<Value> Patching::environment(const PodShape::Container& container) const {
  std::vector<Value> added;
  added.reserve(5);
  const bool regional = identity.settings.regional_sts.value_or(settings.regional_sts) == RegionalSts::yes;
  if (regional && !has_name(container.env, kRegionalSts)) added.push_back(variable(kRegionalSts, "regional"));
  if (!settings.region.empty() && !has_any(container.env, kRegions)) {
    for (auto name : kRegions) added.push_back(variable(name, settings.region));
  }
  if (!has_any(container.env, variables())) {
    auto file = concat({token.mount_path, token.mount_path.ends_with('/') ? "" : "/", token.file_name});
    if (pod.windows) {
      std::ranges::replace(file, '/', '\\');
      file.insert(0, "C:");
    }
    const std::string_view first =
        is_pod_identity() ? std::string_view(settings.credentials_uri) : *identity.settings.role_arn;
    added.push_back(variable(variables()[0], first));
    added.push_back(variable(variables()[1], file));
  }
  return added;
}

void Patching::append(const std::string& list, const Value::List* present, std::vector<Value> items) {
  if (items.empty()) return;
  if (present == nullptr) return add(list, Value(std::move(items)));
  for (auto& item : items) add(list + "/-", std::move(item));
}

void Patching::container(std::string_view kind, std::size_t index, const PodShape::Container& container) {
  if (std::ranges::find(skipped, container.name) != skipped.end()) return;
  if (is_pod_identity()) warn_of_preferred(container);
  // A container that has all by itself doesn't get the mount either.
  if (has_any(container.env, variables()) && has_any(container.env, kRegions) && has_name(container.env, kRegionalSts))
    return;
  const auto place = concat({"/spec/", kind, "/", std::to_string(index)});
  append(place + "/env", container.env, environment(container));
  if (has_name(container.mounts, token.volume_name)) return;
  std::vector<Value> mounts;
  mounts.push_back(map_of("name", std::string_view(token.volume_name), "readOnly", true, "mountPath",
                          std::string_view(token.mount_path)));
  append(place + "/volumeMounts", container.mounts, std::move(mounts));
}

void Patching::warn_of_preferred(const PodShape::Container& container) {
  for (auto name : kPreferred) {
    if (has_name(container.env, name))
      warn(fmt::format("container {} sets {}, which SDKs prefer to the pod's identity", container.name, name));
  }
}

void Patching::read_skipped() {
  const auto* annotation = find_text(pod.annotations, settings.annotation_prefix + std::string(kSkipContainers));
  if (annotation == nullptr) return;
  auto names = read_csv_line(*annotation);
  if (!names)
    return warn(
        fmt::format("{}{} can't be read; no container is skipped", settings.annotation_prefix, kSkipContainers));
  skipped = std::move(*names);
  for (const auto& name : skipped) {
    const auto is_it = [&](const auto& container) { return container.name == name; };
    if (std::ranges::any_of(pod.containers, is_it) || std::ranges::any_of(pod.init_containers, is_it)) continue;
    warn(fmt::format("{}{} names '{}', which is no container of the pod", settings.annotation_prefix, kSkipContainers,
                     printable(name)));
  }
}

std::int64_t Patching::token_seconds(Random& random) const {
  auto seconds = identity.settings.token_seconds.value_or(std::max(settings.token_seconds, kLeastTokenSeconds));
  if (const auto* own = find_text(pod.annotations, settings.annotation_prefix + std::string(kTokenExpiration)))
    seconds = parse_token_seconds(*own).value_or(seconds);
  if (!is_pod_identity() || seconds != kDefaultTokenSeconds) return seconds;
  // So that the pods of a big rollout don't renew their tokens all at once.
  constexpr auto kChoices = static_cast<std::uint64_t>(kDefaultTokenSeconds - kLeastJitteredSeconds + 1);
  return kLeastJitteredSeconds + static_cast<std::int64_t>(random.number() % kChoices);
}

}  // namespace

std::string_view method_name(Method method) {
  return method == Method::container_credentials ? "container_credentials" : "sts_web_identity";
}

std::optional<RegionalSts> parse_regional_sts(std::string_view text) {
  for (std::string_view yes : {"1", "t", "T", "true", "TRUE", "True"}) {
    if (text == yes) return RegionalSts::yes;
  }
  for (std::string_view no : {"0", "f", "F", "false", "FALSE", "False"}) {
    if (text == no) return RegionalSts::no;
  }
  return std::nullopt;
}

std::optional<std::int64_t> parse_token_seconds(std::string_view text) {
  if (text.starts_with('+') && text.size() > 1 && is_digit(text[1])) text.remove_prefix(1);
  const auto seconds = parse_integer(text);
  return seconds ? std::optional(std::max(*seconds, kLeastTokenSeconds)) : std::nullopt;
}

bool is_role_arn(std::string_view text) {
  const auto parts = split(text, ':');
  if (parts.size() != 6 || parts[0] != "arn" || !parts[1].starts_with("aws") || parts[2] != "iam" || !parts[3].empty())
    return false;
  const auto is_lower = [](char c) { return is_digit(c) || c == '-' || (c >= 'a' && c <= 'z'); };
  if (!std::ranges::all_of(parts[1], is_lower)) return false;
  if (parts[4].size() != 12 || !std::ranges::all_of(parts[4], is_digit)) return false;
  return parts[5].starts_with("role/") && parts[5].size() > 5 && only_alnum_and(parts[5], "_-/.@+=,");
}

ServiceAccountSettings read_service_account(const Value* annotations, std::string_view prefix) {
  ServiceAccountSettings settings;
  const auto* map = annotations ? annotations->as<Value::Map>() : nullptr;
  const auto find = [&](std::string_view name) { return find_text(map, concat({prefix, "/", name})); };
  if (const auto* role = find("role-arn"); role && !role->empty()) settings.role_arn = *role;
  if (const auto* audience = find("audience")) settings.audience = *audience;
  if (const auto* regional = find("sts-regional-endpoints")) settings.regional_sts = parse_regional_sts(*regional);
  if (const auto* seconds = find("token-expiration")) settings.token_seconds = parse_token_seconds(*seconds);
  return settings;
}

codec::Selection pod_selection(std::string_view annotation_prefix) {
  using codec::Selection;
  const auto named = [] { return Selection::each(Selection::of({{"name", {}}})); };
  const Selection containers =
      Selection::each(Selection::of({{"name", {}}, {"env", named()}, {"volumeMounts", named()}}));
  const Selection owners =
      Selection::each(Selection::of({{"apiVersion", {}}, {"kind", {}}, {"name", {}}, {"uid", {}}, {"controller", {}}}));
  const Selection metadata =
      Selection::of({{"name", {}},
                     {"generateName", {}},
                     {"labels", Selection::of({{std::string(kLabel), {}}, {std::string(kOptOutLabel), {}}})},
                     {"annotations", Selection::of({{concat({annotation_prefix, kSkipContainers}), {}},
                                                    {concat({annotation_prefix, kTokenExpiration}), {}}})},
                     {"ownerReferences", owners}});
  const Selection spec =
      Selection::of({{"serviceAccountName", {}},
                     {"nodeSelector", Selection::of({{"kubernetes.io/os", {}}, {"beta.kubernetes.io/os", {}}})},
                     {"volumes", Selection::each(Selection::of({{"name", {}}, {"projected", {}}}))},
                     {"containers", containers},
                     {"initContainers", containers}});
  return Selection::of({{"metadata", metadata}, {"spec", spec}});
}

Result<PodShape> read_pod(const Value& pod) {
  PodShape shape;
  if (pod.as<Value::Map>() == nullptr) return wrong("the pod", "a map");
  shape.metadata = TRY(member<Value::Map>(&pod, "metadata", ""));
  if (TRY(member<Value::Map>(&pod, "spec", "")) == nullptr) return Error::invalid("the pod has no spec");
  const auto *metadata = pod.find("metadata"), *spec = pod.find("spec");
  shape.labels = TRY(member<Value::Map>(metadata, "labels", "metadata"));
  shape.annotations = TRY(member<Value::Map>(metadata, "annotations", "metadata"));
  shape.name = text_of(shape.metadata, "name");
  shape.generate_name = text_of(shape.metadata, "generateName");
  shape.service_account = spec->text("serviceAccountName");
  shape.volumes = TRY(member<Value::List>(spec, "volumes", "spec"));
  TRY(check_named(shape.volumes, "spec.volumes"));
  shape.containers = TRY(read_containers(spec, "containers"));
  shape.init_containers = TRY(read_containers(spec, "initContainers"));
  const auto* selector = TRY(member<Value::Map>(spec, "nodeSelector", "spec"));
  shape.windows =
      text_of(selector, "kubernetes.io/os") == "windows" || text_of(selector, "beta.kubernetes.io/os") == "windows";
  shape.opted_out = find_text(shape.labels, kOptOutLabel) != nullptr;
  return shape;
}

PodPatch patch_pod(const PodShape& pod, const Identity& identity, const PatchSettings& settings, Random& random) {
  const bool pod_identity = identity.method == Method::container_credentials;
  Patching patching{pod, identity, settings, pod_identity ? settings.pod_identity : settings.web_identity, {}, {}};
  if (pod.opted_out || (!pod_identity && !identity.settings.role_arn)) return {};
  patching.patch.operations.reserve(8);
  patching.read_skipped();
  if (pod_identity) {
    patching.label();
    if (pod.windows) patching.warn("no agent of EKS Pod Identity serves nodes with Windows");
  } else if (!is_role_arn(*identity.settings.role_arn)) {
    patching.warn(fmt::format("the service account's role-arn '{}' is no ARN of a role",
                              printable(*identity.settings.role_arn).substr(0, 200)));
  }
  patching.volume(patching.token_seconds(random));
  for (std::size_t i = 0; i < pod.containers.size(); ++i) patching.container("containers", i, pod.containers[i]);
  for (std::size_t i = 0; i < pod.init_containers.size(); ++i)
    patching.container("initContainers", i, pod.init_containers[i]);
  return std::move(patching.patch);
}

std::string write_patch(const std::vector<AddOperation>& operations) {
  std::string out;
  out.reserve(256 * operations.size() + 2);
  out += '[';
  for (const auto& operation : operations) {
    out += out.size() > 1 ? R"(,{"op":"add","path":)" : R"({"op":"add","path":)";
    codec::write_json_string(operation.path, out);
    out += R"(,"value":)";
    codec::write_json(operation.value, out);
    out += '}';
  }
  out += ']';
  return out;
}

namespace {

std::string unescaped(std::string_view part) {
  std::string out;
  for (std::size_t i = 0; i < part.size(); ++i) {
    const bool escape = part[i] == '~' && i + 1 < part.size();
    out += !escape ? part[i] : part[++i] == '1' ? '/' : '~';
  }
  return out;
}

Result<void> add_at(Value& parent, const std::string& name, const Value& value) {
  if (parent.as<Value::Map>()) {
    parent.set(name, value);
    return {};
  }
  auto* list = parent.as<Value::List>();
  if (list == nullptr) return Error::invalid("neither a map nor a list stands there");
  const auto index = name == "-" ? static_cast<std::int64_t>(list->size()) : parse_integer(name).value_or(-1);
  if (index < 0 || index > static_cast<std::int64_t>(list->size())) return Error::invalid("the list is shorter");
  list->insert(list->begin() + index, value);
  return {};
}

}  // namespace

Result<void> apply_patch(Value& document, const std::vector<AddOperation>& operations) {
  for (const auto& [path, value] : operations) {
    if (!path.starts_with('/')) return Error::invalid(path + " is no path of a member");
    auto parts = split(std::string_view(path).substr(1), '/');
    auto* place = &document;
    for (std::size_t i = 0; i + 1 < parts.size() && place; ++i) {
      if (auto* list = place->as<Value::List>()) {
        const auto index = parse_integer(parts[i]).value_or(-1);
        place = index >= 0 && index < static_cast<std::int64_t>(list->size())
                    ? &(*list)[static_cast<std::size_t>(index)]
                    : nullptr;
      } else {
        place = place->find(unescaped(parts[i]));
      }
    }
    if (place == nullptr) return Error::invalid(path + " leads nowhere");
    auto added = add_at(*place, unescaped(parts.back()), value);
    if (!added) return Error::invalid(fmt::format("{}: {}", path, added.error().message));
  }
  return {};
}

}  // namespace podpass::kube
