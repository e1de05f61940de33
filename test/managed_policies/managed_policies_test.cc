// AWS's own managed policies, about 1,600 with all their versions: the engine takes every document, does what its plain
// statements say, and the table of actions knows what they name.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/strings.h"
#include "policy/actions.h"
#include "policy/policy.h"

namespace podpass::policy {
namespace {

namespace json = boost::json;

struct Document {
  std::string name;  // "AdministratorAccess v1"
  bool latest = false;
  const json::object& tree;
};

const json::object& package() {
  static json::monotonic_resource memory;  // lives as long as the tree does
  static const json::value tree = [] {
    std::ifstream file(MANAGED_POLICIES);
    EXPECT_TRUE(file.good()) << MANAGED_POLICIES << " is missing: run scripts/setup test";
    json::stream_parser parser(&memory);
    std::vector<char> piece(1 << 20);
    while (file.read(piece.data(), static_cast<std::streamsize>(piece.size())) || file.gcount() > 0) {
      parser.write(piece.data(), static_cast<std::size_t>(file.gcount()));
    }
    return file.eof() && parser.done() ? parser.release() : json::value(json::object());
  }();
  return tree.as_object();
}

void for_each_document(const std::function<void(const Document&)>& visit) {
  for (const auto& [name, policy] : package()) {
    const auto& latest = policy.at("latestVersionId").as_string();
    for (const auto& [version, content] : policy.at("versions").as_object()) {
      visit({std::string(name) + " " + std::string(version), version == latest, content.at("document").as_object()});
    }
  }
}

// One text, or a list of them.
std::vector<std::string> texts(const json::value* value) {
  std::vector<std::string> result;
  if (value && value->is_string()) result.emplace_back(value->as_string());
  if (value && value->is_array()) {
    for (const auto& each : value->as_array()) result.emplace_back(each.as_string());
  }
  return result;
}

std::vector<json::object> statements(const Document& document) {
  const auto& all = document.tree.at("Statement");
  if (all.is_object()) return {all.as_object()};
  std::vector<json::object> result;
  for (const auto& each : all.as_array()) result.push_back(each.as_object());
  return result;
}

// Something that the pattern stands for.
std::string example(std::string pattern) {
  for (auto& c : pattern) c = c == '*' || c == '?' ? 'x' : c;
  return pattern;
}

TEST(ManagedPolicies, AreAllTaken) {
  int policies = 0, documents = 0;
  for_each_document([&](const Document& document) {
    policies += document.latest ? 1 : 0;
    ++documents;
    const auto text = json::serialize(document.tree);
    const auto identity = Policy::parse(text, Kind::identity);
    EXPECT_TRUE(identity) << document.name << ": " << identity.error().message << ": " << identity.error().cause;
    if (document.tree.at("Version").as_string() != "2012-10-17") return;
    const auto managed = Policy::parse(text, Kind::managed);
    EXPECT_TRUE(managed) << document.name << ": " << managed.error().message << ": " << managed.error().cause;
  });
  EXPECT_GE(policies, 1'594);
  EXPECT_GE(documents, 6'194);
}

// Every action of a statement without conditions is granted on every resource of it, or denied if the statement says
// so. Resources with variables are left out; only an explicit deny elsewhere in the document may take a grant back.
TEST(ManagedPolicies, DoWhatTheySay) {
  const Principal principal{PrincipalType::user, "aws", "111122223333", "arn:aws:iam::111122223333:user/u"};
  const Context context;
  // Keys are under their own policy, which leaves it to the account as AWS's default one does.
  const auto key_policy = Policy::parse(
      R"({"Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kms:*","Resource":"*"}})",
      Kind::resource);
  ASSERT_TRUE(key_policy.has_value());
  int granted = 0, denied = 0;
  for_each_document([&](const Document& document) {
    const auto policy = Policy::parse(json::serialize(document.tree), Kind::identity);
    if (!document.latest || !policy) return;
    const NamedPolicy layer[] = {{policy->get(), ""}};
    Layers layers;
    layers.identity = layer;
    layers.resource = key_policy->get();
    for (const auto& statement : statements(document)) {
      if (statement.contains("Condition")) continue;
      const bool allows = statement.at("Effect").as_string() == "Allow";
      const auto resources = texts(statement.if_contains("Resource"));
      for (const auto& action : texts(statement.if_contains("Action"))) {
        for (const auto& resource : resources) {
          if (resource.contains('$')) continue;
          const auto asked = example(action), about = resource == "*" ? "*" : example(resource);
          const auto decision = evaluate({principal, asked, about, "", context}, layers);
          EXPECT_NE(decision.outcome, Outcome::implicit_deny) << document.name << ": " << asked << " " << about;
          EXPECT_TRUE(allows || !decision.allowed()) << document.name << ": " << asked << " " << about;
          ++(decision.allowed() ? granted : denied);
        }
      }
    }
  });
  EXPECT_GE(granted, 50'000);
  EXPECT_GE(denied, 100);
}

// A few are of services that AWS has closed since.
TEST(ManagedPolicies, NameActionsThatTheTableKnows) {
  std::set<std::string> named, unknown;
  for_each_document([&](const Document& document) {
    if (!document.latest) return;
    for (const auto& statement : statements(document)) {
      for (const auto& action : texts(statement.if_contains("Action"))) {
        if (action.find_first_of("*?") != std::string::npos) continue;
        named.insert(to_lower(action));
        if (!find_action(action)) unknown.insert(to_lower(action));
      }
    }
  });
  EXPECT_GE(named.size(), 11'000U);
  EXPECT_LE(unknown.size(), named.size() / 100) << testing::PrintToString(unknown);
}

}  // namespace
}  // namespace podpass::policy
