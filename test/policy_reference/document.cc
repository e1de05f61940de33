#include "policy_reference/document.h"

#include <map>

namespace podpass::reference {
namespace {

// Writes one document in the style that is chosen on the way.
class Writer {
 public:
  explicit Writer(Choices& style) : style_(style), spaced_(style.chance(50)), shuffled_(style.chance(50)) {}

  std::string document(const Document& document) {
    std::vector<std::string> statements, members;
    for (const auto& statement : document.statements) statements.push_back(this->statement(statement));
    if (!document.version.empty()) members.push_back(member("Version", quoted(document.version)));
    members.push_back(member("Statement", list(statements)));
    return object(members);
  }

 private:
  std::string space() {
    static const std::vector<std::string> kSpaces = {"", " ", "\n", "\t", "\r\n  "};
    return spaced_ ? style_.of(kSpaces) : "";
  }

  std::string member(const std::string& name, const std::string& value) {
    return quoted(name) + space() + ":" + space() + value;
  }

  void shuffle(std::vector<std::string>& parts) {
    if (!shuffled_) return;
    for (std::size_t i = parts.size(); i > 1; --i) std::swap(parts[i - 1], parts[style_.below(i)]);
  }

  std::string joined(const std::string& open, std::vector<std::string> parts, const std::string& close) {
    shuffle(parts);
    std::string text = open + space();
    for (std::size_t i = 0; i < parts.size(); ++i) text += (i == 0 ? "" : "," + space()) + parts[i] + space();
    return text + close;
  }

  std::string object(const std::vector<std::string>& members) { return joined("{", members, "}"); }

  std::string list(const std::vector<std::string>& values) {
    if (values.size() == 1 && !style_.chance(30)) return values[0];
    return joined("[", values, "]");
  }

  std::string texts(const std::vector<std::string>& values) {
    std::vector<std::string> all;
    for (const auto& value : values) all.push_back(quoted(value));
    return list(all);
  }

  std::string principals(const Statement& statement) {
    if (statement.bare_star) return quoted("*");
    std::map<std::string, std::vector<std::string>> by_type;
    for (const auto& [type, value] : statement.principals) by_type[type].push_back(value);
    std::vector<std::string> members;
    for (const auto& [type, values] : by_type) members.push_back(member(type, texts(values)));
    return object(members);
  }

  std::string conditions(const std::vector<Condition>& conditions) {
    std::map<std::string, std::vector<std::string>> by_name;
    for (const auto& condition : conditions) {
      by_name[condition.name].push_back(member(condition.key, list(condition.values)));
    }
    std::vector<std::string> members;
    for (const auto& [name, keys] : by_name) members.push_back(member(name, object(keys)));
    return object(members);
  }

  std::string statement(const Statement& statement) {
    std::vector<std::string> members;
    if (!statement.sid.empty()) members.push_back(member("Sid", quoted(statement.sid)));
    members.push_back(member("Effect", quoted(statement.allow ? "Allow" : "Deny")));
    if (statement.bare_star || !statement.principals.empty()) {
      members.push_back(member(statement.not_principal ? "NotPrincipal" : "Principal", principals(statement)));
    }
    members.push_back(member(statement.not_action ? "NotAction" : "Action", texts(statement.actions)));
    if (!statement.resources.empty()) {
      members.push_back(member(statement.not_resource ? "NotResource" : "Resource", texts(statement.resources)));
    }
    if (!statement.conditions.empty()) members.push_back(member("Condition", conditions(statement.conditions)));
    return object(members);
  }

  Choices& style_;
  bool spaced_;
  bool shuffled_;
};

}  // namespace

std::string quoted(const std::string& text) {
  std::string json = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') json += '\\';
    json += c;
  }
  return json + "\"";
}

std::string write(const Document& document, Choices& style) {
  return Writer(style).document(document);
}

std::string other_case(std::string text, Choices& choices) {
  for (auto& c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (letter && choices.chance(50)) c = static_cast<char>(c ^ 0x20);
  }
  return text;
}

Document with_other_cases(Document document, Choices& choices) {
  for (auto& statement : document.statements) {
    for (auto& action : statement.actions) action = other_case(action, choices);
    for (auto& condition : statement.conditions) {
      condition.name = other_case(condition.name, choices);
      condition.key = other_case(condition.key, choices);
    }
  }
  return document;
}

}  // namespace podpass::reference
