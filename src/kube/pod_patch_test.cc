#include "kube/pod_patch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>

#include "base/strings.h"
#include "codec/json.h"

namespace podpass::kube {
namespace {

using codec::Value;

// Gives the number it is told.
class FixedRandom final : public Random {
 public:
  explicit FixedRandom(std::uint64_t number) : number_(number) {}
  void fill(std::span<unsigned char> bytes) override {
    std::ranges::fill(bytes, static_cast<unsigned char>(0));
    std::memcpy(bytes.data(), &number_, std::min(bytes.size(), sizeof number_));
  }

 private:
  std::uint64_t number_;
};

struct Case {
  int line = 0;
  std::string name, pod, error;
  Identity identity;
  PatchSettings settings;
  std::uint64_t random = 0;
  std::vector<std::string> patch, warnings;
};

Value json(std::string_view text) {
  auto value = codec::parse_json(text);
  EXPECT_TRUE(value) << text;
  return value ? *value : Value();
}

std::string expand(std::string text, const std::map<std::string, std::string>& lets) {
  for (std::size_t at = 0; (at = text.find('$', at)) != std::string::npos;) {
    auto end = at + 1;
    while (end < text.size() && is_alnum(text[end])) ++end;
    const auto found = lets.find(text.substr(at + 1, end - at - 1));
    EXPECT_NE(found, lets.end()) << text;
    if (found == lets.end()) return text;
    text.replace(at, end - at, found->second);
  }
  return text;
}

void read_identity(Identity& identity, const Value& facts) {
  if (const auto* role = facts.find("role")) {
    identity.method = Method::web_identity;
    identity.settings.role_arn = *role->as_text();
  }
  if (const auto* audience = facts.find("audience")) identity.settings.audience = *audience->as_text();
  if (const auto* regional = facts.find("regional"))
    identity.settings.regional_sts = parse_regional_sts(*regional->as_text());
  if (const auto* seconds = facts.find("seconds")) identity.settings.token_seconds = *seconds->as<std::int64_t>();
}

void read_settings(PatchSettings& settings, const Value& facts) {
  settings.region = facts.text("region");
  if (const auto* regional = facts.find("regional"))
    settings.regional_sts = parse_regional_sts(*regional->as_text()).value();
  if (const auto* seconds = facts.find("seconds")) settings.token_seconds = *seconds->as<std::int64_t>();
  if (const auto* uri = facts.find("uri")) settings.credentials_uri = *uri->as_text();
  if (const auto* prefix = facts.find("prefix")) settings.annotation_prefix = *prefix->as_text();
}

std::vector<Case> read_cases() {
  std::ifstream file("testdata/pod_patches.txt");
  std::vector<Case> cases;
  std::map<std::string, std::string> lets;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.empty() || line.starts_with('#')) continue;
    const auto space = line.find(' ');
    const auto word = line.substr(0, space), rest = line.substr(space + 1);
    if (word == "let") {
      lets[rest.substr(0, rest.find(' '))] = rest.substr(rest.find(' ') + 1);
      continue;
    }
    if (word == "case") {
      cases.push_back({number, rest, {}, {}, {}, {}, 0, {}, {}});
      continue;
    }
    auto& current = cases.back();
    const auto text = expand(rest, lets);
    if (word == "identity") {
      read_identity(current.identity, json(text));
    } else if (word == "settings") {
      read_settings(current.settings, json(text));
    } else if (word == "random") {
      current.random = static_cast<std::uint64_t>(parse_integer(text).value());
    } else if (word == "pod") {
      current.pod = text;
    } else if (word == "patch") {
      const auto path = text.substr(0, text.find(' '));
      current.patch.push_back(path + " " + codec::write_json(json(text.substr(path.size() + 1))));
    } else if (word == "warning") {
      current.warnings.push_back(text);
    } else if (word == "error") {
      current.error = text;
    } else {
      ADD_FAILURE() << "line " << number << ": " << line;
    }
  }
  return cases;
}

std::vector<std::string> lines_of(const PodPatch& patch) {
  std::vector<std::string> lines;
  for (const auto& [path, value] : patch.operations) lines.push_back(path + " " + codec::write_json(value));
  return lines;
}

TEST(PodPatch, TableOfPodsInPatchesOut) {
  const auto cases = read_cases();
  ASSERT_GT(cases.size(), 80U);
  for (const auto& each : cases) {
    SCOPED_TRACE("testdata/pod_patches.txt:" + std::to_string(each.line) + ": " + each.name);
    auto pod = json(each.pod);
    FixedRandom random(each.random);
    auto shape = read_pod(pod);
    // Of the part that is read from a review the same must follow as of the whole.
    auto part = codec::parse_json(each.pod, pod_selection(each.settings.annotation_prefix));
    ASSERT_TRUE(part);
    auto part_shape = read_pod(*part);
    if (!each.error.empty()) {
      ASSERT_FALSE(shape);
      EXPECT_EQ(shape.error().message, each.error);
      ASSERT_FALSE(part_shape);
      EXPECT_EQ(part_shape.error().message, each.error);
      continue;
    }
    ASSERT_TRUE(shape) << shape.error().message;
    ASSERT_TRUE(part_shape) << part_shape.error().message;
    const auto patch = patch_pod(*shape, each.identity, each.settings, random);
    EXPECT_EQ(lines_of(patch), each.patch);
    EXPECT_EQ(patch.warnings, each.warnings);
    EXPECT_EQ(lines_of(patch_pod(*part_shape, each.identity, each.settings, random)), each.patch);
    auto patched = pod;
    ASSERT_TRUE(apply_patch(patched, patch.operations));
    auto again = read_pod(patched);
    ASSERT_TRUE(again);
    EXPECT_THAT(lines_of(patch_pod(*again, each.identity, each.settings, random)), testing::IsEmpty());
  }
}

TEST(PodPatch, EveryRuleHasTwoCasesAtLeast) {
  std::map<std::string, int> count;
  for (const auto& each : read_cases()) ++count[each.name.substr(0, 3)];
  for (const auto* rule : {"4.3", "4.4", "4.5", "4.6", "4.7"}) EXPECT_GE(count[rule], 2) << rule;
}

// --- properties, over pods that nobody thought of

// Texts and members of all kinds, some with the names that matter.
class PodMaker {
 public:
  explicit PodMaker(std::uint64_t seed) : random_(seed) {}

  Value pod() {
    Value pod;
    pod.add("apiVersion", "v1");
    if (!one_in(10)) pod.add("metadata", metadata());
    auto& spec = pod.add("spec", Value::map({{"serviceAccountName", "sa"}}));
    maybe(spec, "volumes", [&] { return list(3, [&] { return volume(); }); });
    maybe(spec, "containers", [&] { return list(3, [&] { return container(); }); });
    maybe(spec, "initContainers", [&] { return list(2, [&] { return container(); }); });
    maybe(spec, "ephemeralContainers", [&] { return list(2, [&] { return container(); }); });
    if (one_in(3)) spec.add("nodeSelector", Value::map({{"kubernetes.io/os", one_in(2) ? "windows" : "linux"}}));
    spec.add("unknownField", anything(3));
    pod.add("status", anything(2));
    return pod;
  }
  Identity identity() {
    Identity identity;
    if (one_in(2)) identity = {Method::web_identity, {"arn:aws:iam::111122223333:role/r", {}, {}, {}}};
    if (one_in(3)) identity.settings.regional_sts = one_in(2) ? RegionalSts::yes : RegionalSts::no;
    if (one_in(3)) identity.settings.token_seconds = 600 + static_cast<std::int64_t>(random_.number() % 100'000);
    return identity;
  }
  PatchSettings settings() {
    PatchSettings settings;
    if (one_in(2)) settings.region = "us-west-2";
    if (one_in(2)) settings.regional_sts = RegionalSts::yes;
    return settings;
  }
  Random& random() { return random_; }

 private:
  bool one_in(std::uint64_t n) { return random_.number() % n == 0; }
  std::string pick(std::initializer_list<std::string_view> from) {
    return std::string(from.begin()[random_.number() % from.size()]);
  }
  template <class Make>
  void maybe(Value& map, std::string name, Make make) {
    if (one_in(4)) return;
    map.add(std::move(name), one_in(6) ? Value() : make());
  }
  template <class Make>
  Value list(std::uint64_t most, Make make) {
    Value::List items;
    for (auto left = random_.number() % (most + 1); left > 0; --left) items.push_back(make());
    return Value(std::move(items));
  }
  Value anything(int depth) {
    switch (random_.number() % (depth > 0 ? 6 : 4)) {
      case 0:
        return Value();
      case 1:
        return one_in(2);
      case 2:
        return static_cast<std::int64_t>(random_.number() % 1'000);
      case 3:
        return random_.text("abc/~\"\\. ", random_.number() % 9);
      case 4:
        return list(3, [&] { return anything(depth - 1); });
      default: {
        Value map = Value::map();
        for (auto left = random_.number() % 4; left > 0; --left)
          map.set(random_.text("ab/~", 1 + random_.number() % 3), anything(depth - 1));
        return map;
      }
    }
  }
  Value metadata() {
    auto metadata = Value::map({{"name", "p"}});
    maybe(metadata, "labels", [&] {
      auto labels = Value::map({{"app", "a"}});
      if (one_in(3)) labels.add("eks.amazonaws.com/pod-identity", pick({"enabled", "x"}));
      if (one_in(20)) labels.add("eks.amazonaws.com/skip-pod-identity-webhook", "");
      return labels;
    });
    maybe(metadata, "annotations", [&] {
      auto annotations = Value::map({{"a/b~c", "d"}});
      if (one_in(2)) annotations.add("eks.amazonaws.com/skip-containers", pick({"c", "d,e", "\"c", ""}));
      if (one_in(2)) annotations.add("eks.amazonaws.com/token-expiration", pick({"86400", "1", "x", "7200"}));
      return annotations;
    });
    metadata.add("managedFields", anything(3));
    return metadata;
  }
  Value volume() {
    return Value::map({{"name", pick({"eks-pod-identity-token", "aws-iam-token", "data", "tmp"})},
                       {pick({"projected", "hostPath", "emptyDir"}), anything(1)}});
  }
  Value container() {
    auto container = Value::map({{"name", pick({"c", "d", "e"})}});
    maybe(container, "env", [&] {
      return list(4, [&] {
        return Value::map({{"name", pick({"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_STS_REGIONAL_ENDPOINTS", "A", "B",
                                          "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_ROLE_ARN",
                                          "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE"})},
                           {"valueFrom", anything(1)}});
      });
    });
    maybe(container, "volumeMounts", [&] {
      return list(3, [&] {
        return Value::map({{"name", pick({"eks-pod-identity-token", "aws-iam-token", "data"})}, {"x", anything(1)}});
      });
    });
    if (one_in(2)) container.add("restartPolicy", "Always");
    container.add("resizePolicy", anything(2));
    return container;
  }

  SeededRandom random_;
};

// Takes out of a patched pod what the patch may add, wherever it stands and whoever put it there.
void take_out(Value& value) {
  static const std::vector<std::string_view> kOurs{"eks-pod-identity-token",
                                                   "aws-iam-token",
                                                   "AWS_REGION",
                                                   "AWS_DEFAULT_REGION",
                                                   "AWS_STS_REGIONAL_ENDPOINTS",
                                                   "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                                                   "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
                                                   "AWS_ROLE_ARN",
                                                   "AWS_WEB_IDENTITY_TOKEN_FILE"};
  if (auto* list = value.as<Value::List>()) {
    std::erase_if(*list, [](const Value& item) { return std::ranges::count(kOurs, item.text("name")) > 0; });
    for (auto& item : *list) take_out(item);
  } else if (auto* map = value.as<Value::Map>()) {
    std::erase_if(*map, [](const auto& member) { return member.first == "eks.amazonaws.com/pod-identity"; });
    for (auto& member : *map) take_out(member.second);
    // A list or map that held nothing else is as good as none.
    std::erase_if(*map, [](const auto& member) {
      const auto* items = member.second.template as<Value::List>();
      const auto* members = member.second.template as<Value::Map>();
      return member.second.is_null() || (items && items->empty()) || (members && members->empty());
    });
  }
}

TEST(PodPatch, ChangesNothingElseAndTwiceNothingMore) {
  constexpr int kPods = 20'000;
  int patched_pods = 0;
  for (std::uint64_t seed = 1; seed <= kPods; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    PodMaker maker(seed);
    const auto pod = maker.pod();
    const auto identity = maker.identity();
    const auto settings = maker.settings();
    auto shape = read_pod(pod);
    ASSERT_TRUE(shape) << shape.error().message << codec::write_json(pod);
    const auto patch = patch_pod(*shape, identity, settings, maker.random());
    auto patched = pod;
    ASSERT_TRUE(apply_patch(patched, patch.operations)) << codec::write_json(pod);
    patched_pods += patch.operations.empty() ? 0 : 1;

    auto again = read_pod(patched);
    ASSERT_TRUE(again);
    ASSERT_THAT(lines_of(patch_pod(*again, identity, settings, maker.random())), testing::IsEmpty())
        << codec::write_json(pod);

    auto before = pod;
    take_out(before);
    take_out(patched);
    ASSERT_EQ(codec::write_json(patched), codec::write_json(before)) << codec::write_json(pod);

    // What was there is there still, as it was and in its order: adding is all that a patch does.
    auto text = codec::write_json(pod);
    auto part = codec::parse_json(text, pod_selection(settings.annotation_prefix));
    ASSERT_TRUE(part);
    auto part_shape = read_pod(*part);
    ASSERT_TRUE(part_shape);
    FixedRandom fixed(7);
    ASSERT_EQ(write_patch(patch_pod(*part_shape, identity, settings, fixed).operations),
              write_patch(patch_pod(*shape, identity, settings, fixed).operations));
  }
  EXPECT_GT(patched_pods, kPods / 2);
}

// Every element that stood in a list before the patch stands in it after it, unchanged and in the same order.
bool is_kept(const Value& before, const Value& after) {
  if (const auto* list = before.as<Value::List>()) {
    const auto* longer = after.as<Value::List>();
    if (longer == nullptr) return false;
    auto at = longer->begin();
    for (const auto& item : *list) {
      at = std::find_if(at, longer->end(), [&](const Value& candidate) { return is_kept(item, candidate); });
      if (at++ == longer->end()) return false;
    }
    return true;
  }
  if (const auto* map = before.as<Value::Map>()) {
    return std::ranges::all_of(*map, [&](const auto& member) {
      const auto* found = after.find(member.first);
      return found && (member.second.is_null() || member.first == "eks.amazonaws.com/pod-identity" ||
                       is_kept(member.second, *found));
    });
  }
  return before == after;
}

TEST(PodPatch, KeepsEveryElementInItsPlace) {
  for (std::uint64_t seed = 1; seed <= 5'000; ++seed) {
    PodMaker maker(seed);
    const auto pod = maker.pod();
    auto shape = read_pod(pod);
    ASSERT_TRUE(shape);
    auto patched = pod;
    ASSERT_TRUE(apply_patch(patched, patch_pod(*shape, maker.identity(), maker.settings(), maker.random()).operations));
    ASSERT_TRUE(is_kept(pod, patched)) << "seed " << seed << " " << codec::write_json(pod);
  }
}

// --- the small parts

TEST(PodPatch, ServiceAccountAnnotations) {
  const auto annotations = json(R"({"eks.amazonaws.com/role-arn":"arn:aws:iam::111122223333:role/r",
      "eks.amazonaws.com/audience":"a","eks.amazonaws.com/sts-regional-endpoints":"True",
      "eks.amazonaws.com/token-expiration":"30","other.com/role-arn":"x"})");
  EXPECT_EQ(read_service_account(&annotations, "eks.amazonaws.com"),
            (ServiceAccountSettings{"arn:aws:iam::111122223333:role/r", "a", RegionalSts::yes, 600}));
  EXPECT_EQ(read_service_account(&annotations, "other.com"), (ServiceAccountSettings{"x", {}, {}, {}}));
  EXPECT_EQ(read_service_account(nullptr, "eks.amazonaws.com"), ServiceAccountSettings());
  const auto unreadable = json(R"({"eks.amazonaws.com/role-arn":"","eks.amazonaws.com/sts-regional-endpoints":"yes",
      "eks.amazonaws.com/token-expiration":"1e3","eks.amazonaws.com/audience":7})");
  EXPECT_EQ(read_service_account(&unreadable, "eks.amazonaws.com"), ServiceAccountSettings());
}

TEST(PodPatch, RoleArns) {
  for (std::string_view good : {"arn:aws:iam::111122223333:role/r", "arn:aws-cn:iam::111122223333:role/a/b/c_d",
                                "arn:aws-us-gov:iam::111122223333:role/r.s@t+u=v,w"})
    EXPECT_TRUE(is_role_arn(good)) << good;
  for (std::string_view bad :
       {"", "arn:aws:iam::111122223333:role/", "arn:aws:iam::11112222333:role/r", "arn:aws:iam::111122223333:user/r",
        "arn:aws:iam:us:111122223333:role/r", "arn:AWS:iam::111122223333:role/r", "arn:aws:iam::111122223333:role/r s",
        "arn:aws:sts::111122223333:role/r", "xarn:aws:iam::111122223333:role/r", "arn:aws:iam::111122223333:role/r\n"})
    EXPECT_FALSE(is_role_arn(bad)) << bad;
}

TEST(PodPatch, ApplyFollowsPointers) {
  auto document = json(R"({"a":{"b/c":[1,2],"~x":{}},"l":[]})");
  const auto apply = [&](std::string path, Value value) { return apply_patch(document, {{path, value}}).has_value(); };
  EXPECT_TRUE(apply("/a/b~1c/1", "in"));
  EXPECT_TRUE(apply("/a/b~1c/-", "last"));
  EXPECT_TRUE(apply("/a/b~1c/4", "behind"));
  EXPECT_TRUE(apply("/a/~0x/new", true));
  EXPECT_TRUE(apply("/l/0", 0));
  EXPECT_TRUE(apply("/l", "replaced"));
  EXPECT_EQ(codec::write_json(document),
            R"({"a":{"b/c":[1,"in",2,"last","behind"],"~x":{"new":true}},"l":"replaced"})");
  for (const auto* path : {"", "a", "/x/y", "/a/b~1c/9", "/a/b~1c/-1", "/a/b~1c/x", "/a/b~1c/7/z", "/l/0"})
    EXPECT_FALSE(apply(path, 1)) << path;
}

}  // namespace
}  // namespace podpass::kube
