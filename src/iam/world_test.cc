#include "iam/world_test.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/strings.h"
#include "codec/json.h"
#include "codec/uri.h"
#include "iam/lookup.h"
#include "iam/operations.h"
#include "store/memory_backend.h"

namespace podpass::iam {
namespace {

using codec::Value;

const Value* at(const Value& value, std::string_view path) {
  const auto* here = &value;
  for (auto part : split(path, '.')) {
    if (const auto* list = here->as<Value::List>()) {
      auto index = parse_integer(part);
      if (!index || *index < 0 || static_cast<std::size_t>(*index) >= list->size()) return nullptr;
      here = &(*list)[static_cast<std::size_t>(*index)];
    } else if (!(here = here->find(part))) {
      return nullptr;
    }
  }
  return here;
}

bool matches(const Value& expected, const Value& actual) {
  if (const auto* text = expected.as_text(); text && *text == "*") return true;
  if (const auto* map = expected.as<Value::Map>()) {
    for (const auto& [name, item] : *map) {
      const auto* found = actual.find(name);
      if (!found || !matches(item, *found)) return false;
    }
    return map->empty() || actual.as<Value::Map>();
  }
  if (const auto* list = expected.as<Value::List>()) {
    const auto* other = actual.as<Value::List>();
    if (!other || other->size() != list->size()) return false;
    for (std::size_t i = 0; i < list->size(); ++i) {
      if (!matches((*list)[i], (*other)[i])) return false;
    }
    return true;
  }
  return expected == actual;
}

struct Scenario {
  World world;
  std::map<std::string, std::string> texts;
  std::string who = "root";
  Result<Value> last = Value();
  bool judged = true;  // was the last operation's outcome looked at?

  std::unique_ptr<aws::Caller> caller() {
    auto space = who.find(' ');
    if (who == "root") return world.root();
    auto name = who.substr(space + 1);
    return who.starts_with("user ") ? world.user(name) : world.role(name);
  }

  // @NAME@ and @%NAME@ replaced; `quoted` escapes them for the inside of a JSON text.
  std::string filled(std::string text, bool quoted) {
    for (const auto& [name, value] : texts) {
      auto put = [&](const std::string& mark, std::string with) {
        if (quoted) {
          with = codec::write_json(Value(with));
          with = with.substr(1, with.size() - 2);
        }
        for (auto at = text.find(mark); at != text.npos; at = text.find(mark, at + with.size())) {
          text.replace(at, mark.size(), with);
        }
      };
      put("@" + name + "@", value);
      put("@%" + name + "@", codec::percent_encode(value));
    }
    return text;
  }

  void step(std::string_view operation, const std::string& json) {
    auto input = codec::parse_json(filled(json, true));
    ASSERT_TRUE(input) << input.error().message;
    auto who_calls = caller();
    ASSERT_TRUE(who_calls) << "no such caller: " << who;
    auto first = world.rehearse(operation, *input, *who_calls);
    last = world.run(operation, *input, *who_calls);
    EXPECT_EQ(first.has_value(), last.has_value());
    if (last) last = codec::parse_json(codec::write_json(*last));
  }

  std::string outcome() const {
    if (last) return "answered " + codec::write_json(*last);
    return std::to_string(last.error().status) + " " + last.error().code + " " + last.error().message +
           (last.error().cause.empty() ? "" : " (" + last.error().cause + ")");
  }

  // An operation that nothing is said about is expected to succeed.
  void expect_judged() {
    EXPECT_TRUE(judged || last) << outcome();
    judged = true;
  }

  void line(const std::string& text) {
    auto space = text.find(' ');
    auto word = text.substr(0, space), rest = space == text.npos ? "" : text.substr(space + 1);
    if (word == "doc" || word == "let") {
      auto middle = rest.find(' ');
      auto name = rest.substr(0, middle), value = rest.substr(middle + 1);
      if (word == "doc") {
        texts[name] = value;
        return;
      }
      const auto* found = last ? at(*last, value) : nullptr;
      ASSERT_TRUE(found && found->as_text()) << outcome();
      texts[name] = *found->as_text();
    } else if (word == "as") {
      who = rest;
    } else if (word == ">") {
      expect_judged();
      auto middle = rest.find(' ');
      judged = false;
      step(rest.substr(0, middle), middle == rest.npos ? "{}" : rest.substr(middle + 1));
    } else if (word == "=") {
      auto expected = codec::parse_json(filled(rest, true));
      ASSERT_TRUE(expected) << expected.error().message;
      EXPECT_TRUE(last && matches(*expected, *last)) << outcome();
    } else if (word == "-") {
      EXPECT_TRUE(last && !at(*last, rest)) << outcome();
    } else if (word == "!") {
      judged = true;
      ASSERT_FALSE(last) << outcome();
      EXPECT_EQ(filled(rest, false),
                std::to_string(last.error().status) + " " + last.error().code + " " + last.error().message);
    } else {
      FAIL() << "unknown word " << word;
    }
  }
};

}  // namespace

World::World() {
  deployment_.account = kAccount;
  deployment_.clock = &clock_;
  deployment_.random = &random_;
  deployment_.at_rest = crypto::KeyRing::generate(random_);
  auto opened = store::Store::open(std::make_unique<store::MemoryBackend>());
  EXPECT_TRUE(opened);
  store_ = std::move(*opened);
}

std::unique_ptr<aws::Caller> World::root() const {
  auto caller = std::make_unique<aws::Caller>();
  caller->type = policy::PrincipalType::root;
  caller->account = kAccount;
  caller->arn = "arn:aws:iam::" + std::string(kAccount) + ":root";
  return caller;
}

std::unique_ptr<aws::Caller> World::user(std::string_view name) {
  auto tx = store_->begin();
  const auto* record = find_user(tx, kAccount, name);
  if (!record) return nullptr;
  auto caller = std::make_unique<aws::Caller>();
  caller->type = policy::PrincipalType::user;
  caller->account = kAccount;
  caller->arn = user_arn(deployment_, kAccount, *record);
  caller->unique_id = record->id;
  caller->user_name = record->name;
  caller->tags = record->tags;
  caller->authority = authority_of(tx, *record);
  return caller;
}

std::unique_ptr<aws::Caller> World::role(std::string_view name) {
  auto tx = store_->begin();
  const auto* record = find_role(tx, kAccount, name);
  if (!record) return nullptr;
  auto caller = std::make_unique<aws::Caller>();
  caller->type = policy::PrincipalType::role_session;
  caller->account = kAccount;
  caller->arn = "arn:aws:sts::" + std::string(kAccount) + ":assumed-role/" + record->name + "/test";
  caller->role_arn = role_arn(deployment_, kAccount, *record);
  caller->unique_id = record->id;
  caller->authority = authority_of(tx, *record);
  return caller;
}

Result<Value> World::call(store::Transaction& tx, std::string_view operation, const Value& input,
                          const aws::Caller& caller, codec::Reading reading) {
  policy::Context context;
  aws::Audit audit;
  aws::Call call{tx, deployment_, caller, context, clock_.now(), "test", audit};
  for (const auto& row : service().operations) {
    if (row.name != operation) continue;
    auto result = row.run(call, service().name, input, reading);
    if (!result) aws::name_error(service().errors, result.error());
    return result;
  }
  return Error::internal("no such operation: " + std::string(operation));
}

Result<Value> World::run(std::string_view operation, const Value& input, const aws::Caller& caller) {
  Value answer;
  TRY(store_->run([&](store::Transaction& tx) -> Result<void> {
    answer = TRY(call(tx, operation, input, caller));
    return {};
  }));
  return answer;
}

Result<Value> World::rehearse(std::string_view operation, const Value& input, const aws::Caller& caller, bool* wrote) {
  auto tx = store_->begin();
  auto result = call(tx, operation, input, caller);
  if (wrote) *wrote = tx.has_writes();
  return result;
}

void run_scenario(const std::string& path) {
  std::ifstream file(path);
  ASSERT_TRUE(file) << path;
  Scenario scenario;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line.empty() || line[0] == '#') continue;
    SCOPED_TRACE(path + ":" + std::to_string(number) + ": " + line.substr(0, 200));
    scenario.line(line);
    if (testing::Test::HasFatalFailure()) return;
  }
  scenario.expect_judged();
}

}  // namespace podpass::iam
