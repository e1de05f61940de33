// A scenario is a text file, run from an empty store; a line is one of:
//   # comment
//   doc NAME {json}            a policy document, or any text, for later lines: @NAME@, inside a JSON text escaped;
//                              @%NAME@ is it percent-encoded
//   as root | nobody | user NAME | role NAME   who calls from here on; policies as they are at each call
//   as session NAME            the holder of the session token that was kept as NAME, where the test can open it
//   > Operation {json}         runs it (service:Operation where two services have it), twice: the first time
//                              in a transaction that is thrown away, as after a conflict
//   = {json}                   the answer has at least these members; "*" is any value, "~a*b" one that fits,
//                              and lists match item by item
//   - Member.Path              the answer does not have this member
//   ! 404 NoSuchEntity text    it failed like this; "~..." as above
//   ? fact text                the audit record has this fact; "*" and "~a*b" as above
//   let NAME Member.Path       keeps a text of the answer, for @NAME@
//   later SECONDS              the clock goes on
//   quota NAME NUMBER          associations_per_cluster, clusters
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <map>
#include <string>

#include "base/strings.h"
#include "codec/json.h"
#include "codec/uri.h"
#include "iam/world_test.h"

namespace podpass::iam {

// The caller that a session token makes; null if it is not good.
using OpenSession = std::function<std::unique_ptr<aws::Caller>(World&, std::string_view token)>;

class Scenario {
 public:
  explicit Scenario(World& world, OpenSession open = {}) : world_(world), open_(std::move(open)) {}

  // Reports with gtest, naming file and line.
  void run(const std::string& path) {
    std::ifstream file(path);
    ASSERT_TRUE(file) << path;
    int number = 0;
    for (std::string text; std::getline(file, text);) {
      ++number;
      if (text.empty() || text[0] == '#') continue;
      SCOPED_TRACE(path + ":" + std::to_string(number) + ": " + text.substr(0, 200));
      line(text);
      if (testing::Test::HasFatalFailure()) return;
    }
    expect_judged();
  }

 private:
  using Value = codec::Value;

  static const Value* at(const Value& value, std::string_view path) {
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

  static bool fits(std::string_view pattern, std::string_view text) {
    if (pattern.empty()) return text.empty();
    if (pattern[0] == '*') return fits(pattern.substr(1), text) || (!text.empty() && fits(pattern, text.substr(1)));
    return !text.empty() && pattern[0] == text[0] && fits(pattern.substr(1), text.substr(1));
  }

  static bool is_text(std::string_view expected, std::string_view actual) {
    if (expected == "*") return true;
    return expected.starts_with('~') ? fits(expected.substr(1), actual) : expected == actual;
  }

  static bool matches(const Value& expected, const Value& actual) {
    if (const auto* text = expected.as_text()) {
      return *text == "*" || (actual.as_text() && is_text(*text, *actual.as_text()));
    }
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

  std::unique_ptr<aws::Caller> caller() {
    auto space = who_.find(' ');
    if (who_ == "root") return world_.root();
    if (who_ == "nobody") return std::make_unique<aws::Caller>();
    auto name = who_.substr(space + 1);
    if (who_.starts_with("session ")) return open_ ? open_(world_, texts_[name]) : nullptr;
    return who_.starts_with("user ") ? world_.user(name) : world_.role(name);
  }

  // @NAME@ and @%NAME@ replaced; `quoted` escapes them for the inside of a JSON text.
  std::string filled(std::string text, bool quoted) {
    for (const auto& [name, value] : texts_) {
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

  // A text may name an association that was to be.
  static std::string without_new_ids(std::string text) {
    constexpr std::string_view kFront = "/a-";
    constexpr std::size_t kRandom = 17;
    for (auto at = text.find(kFront); at != text.npos; at = text.find(kFront, at)) {
      at += kFront.size();
      const auto id = text.substr(at, kRandom);
      if (id.size() == kRandom && only_alnum_and(id, "")) text.erase(at, kRandom);
    }
    return text;
  }

  void step(std::string_view operation, const std::string& json) {
    auto input = codec::parse_json(filled(json, true));
    ASSERT_TRUE(input) << input.error().message;
    auto who_calls = caller();
    ASSERT_TRUE(who_calls) << "no such caller: " << who_;
    auto first = world_.rehearse(operation, *input, *who_calls);
    last_ = world_.run(operation, *input, *who_calls);
    EXPECT_EQ(first.has_value(), last_.has_value());
    if (!first && !last_) {
      EXPECT_EQ(first.error().code, last_.error().code);
      EXPECT_EQ(without_new_ids(first.error().message), without_new_ids(last_.error().message));
    }
    if (last_) last_ = codec::parse_json(codec::write_json(*last_));
  }

  std::string outcome() const {
    if (last_) return "answered " + codec::write_json(*last_);
    return std::to_string(last_.error().status) + " " + last_.error().code + " " + last_.error().message +
           (last_.error().cause.empty() ? "" : " (" + last_.error().cause + ")");
  }

  // An operation that nothing is said about is expected to succeed.
  void expect_judged() {
    EXPECT_TRUE(judged_ || last_) << outcome();
    judged_ = true;
  }

  void keep(const std::string& word, const std::string& name, const std::string& value) {
    if (word == "doc") {
      texts_[name] = value;
      return;
    }
    const auto* found = last_ ? at(*last_, value) : nullptr;
    ASSERT_TRUE(found && found->as_text()) << outcome();
    texts_[name] = *found->as_text();
  }

  void set_quota(std::string_view name, std::string_view number) {
    auto& quotas = world_.deployment().quotas;
    auto& quota = name == "clusters" ? quotas.clusters : quotas.associations_per_cluster;
    quota = static_cast<std::size_t>(parse_integer(number).value());
  }

  void line(const std::string& text) {
    auto space = text.find(' ');
    auto word = text.substr(0, space), rest = space == text.npos ? "" : text.substr(space + 1);
    auto middle = rest.find(' ');
    auto head = rest.substr(0, middle), tail = middle == rest.npos ? "" : rest.substr(middle + 1);
    if (word == "doc" || word == "let") {
      keep(word, head, tail);
    } else if (word == "as") {
      who_ = rest;
    } else if (word == "later") {
      world_.clock().advance(Seconds{parse_integer(rest).value()});
    } else if (word == "quota") {
      set_quota(head, tail);
    } else if (word == ">") {
      expect_judged();
      judged_ = false;
      step(head, tail.empty() ? "{}" : tail);
    } else if (word == "=") {
      auto expected = codec::parse_json(filled(rest, true));
      ASSERT_TRUE(expected) << expected.error().message;
      EXPECT_TRUE(last_ && matches(*expected, *last_)) << outcome();
    } else if (word == "-") {
      EXPECT_TRUE(last_ && !at(*last_, rest)) << outcome();
    } else if (word == "?") {
      EXPECT_TRUE(is_text(filled(tail, false), world_.audited(head))) << world_.audited(head);
    } else if (word == "!") {
      judged_ = true;
      ASSERT_FALSE(last_) << outcome();
      auto error = std::to_string(last_.error().status) + " " + last_.error().code + " " + last_.error().message;
      auto expected = filled(rest, false);
      EXPECT_TRUE(is_text(expected, error)) << error;
    } else {
      FAIL() << "unknown word " << word;
    }
  }

  World& world_;
  OpenSession open_;
  std::map<std::string, std::string> texts_;
  std::string who_ = "root";
  Result<Value> last_ = Value();
  bool judged_ = true;  // was the last operation's outcome looked at?
};

}  // namespace podpass::iam
