#include "policy_cli/print.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/strings.h"
#include "codec/json.h"

namespace podpass::policy_cli {
namespace {

using codec::Value;

constexpr std::size_t kMaxShownValues = 8;

std::string_view layer_words(std::string_view layer) {
  static constexpr std::pair<std::string_view, std::string_view> kWords[] = {
      {"identity", "identity-based policies"}, {"boundary", "permissions boundary"},
      {"session", "session policies"},         {"resource", "resource-based policy"},
      {"trust", "role trust policy"},          {"scp", "service control policies"},
      {"rcp", "resource control policies"},    {"endpoint", "VPC endpoint policy"},
  };
  for (const auto& [name, words] : kWords) {
    if (name == layer) return words;
  }
  return layer;
}

std::string_view result_words(std::string_view result) {
  if (result == "allow") return "allows";
  return result == "explicitDeny" ? "denies" : "does not allow";
}

// What is told comes from requests of anybody.
Value printable_texts(const Value& value) {
  if (const auto* text = value.as_text()) return printable(*text);
  if (const auto* list = value.as<Value::List>()) {
    Value::List shown;
    for (const auto& item : *list) shown.push_back(printable_texts(item));
    return shown;
  }
  if (const auto* members = value.as<Value::Map>()) {
    Value::Map shown;
    for (const auto& [name, member] : *members) shown.emplace_back(printable(name), printable_texts(member));
    return shown;
  }
  return value;
}

const Value::List& list_of(const Value& value, std::string_view name) {
  static const Value::List kNone;
  const auto* member = value.find(name);
  const auto* list = member ? member->as<Value::List>() : nullptr;
  return list ? *list : kNone;
}

std::int64_t number_of(const Value& value, std::string_view name) {
  const auto* member = value.find(name);
  const auto* number = member ? member->as<std::int64_t>() : nullptr;
  return number ? *number : 0;
}

bool flag_of(const Value& value, std::string_view name) {
  const auto* member = value.find(name);
  const auto* flag = member ? member->as<bool>() : nullptr;
  return flag && *flag;
}

std::string words_of(const Value::List& values) {
  std::string words;
  std::size_t count = 0;
  for (const auto& value : values) {
    if (count == kMaxShownValues) return words + fmt::format(" ... ({} more)", values.size() - count);
    const auto* text = value.as_text();
    if (count++ > 0) words += ", ";
    words += text ? codec::write_json(Value(*text)) : codec::write_json(value);
  }
  return values.empty() ? "nothing" : words;
}

std::string owner_of(const Value& statement) {
  std::string words(layer_words(statement.text("layer")));
  if (statement.find("level")) words += fmt::format(", level {} from the root", number_of(statement, "level") + 1);
  if (const auto arn = statement.text("policyArn"); !arn.empty()) return words + ", " + std::string(arn);
  if (const auto name = statement.text("policyName"); !name.empty()) return words + ", " + std::string(name);
  if (statement.find("policy")) words += fmt::format(", document {}", number_of(statement, "policy") + 1);
  return words;
}

void print_failure(const Value& failure, std::string& out) {
  const auto into = std::back_inserter(out);
  const auto element = failure.text("element");
  fmt::format_to(into, "        line {}: ", number_of(failure, "line"));
  if (element == "condition") {
    fmt::format_to(into, "{} {} wants {}; ", failure.text("operator"), failure.text("key"),
                   words_of(list_of(failure, "wanted")));
    out += flag_of(failure, "missing") ? "the request has no such key\n"
                                       : "the request has " + words_of(list_of(failure, "actual")) + "\n";
    if (const auto reason = failure.text("reason"); !reason.empty()) fmt::format_to(into, "          {}\n", reason);
    return;
  }
  fmt::format_to(into, "{}{} is {}; the request has {}\n", flag_of(failure, "inverted") ? "Not" : "",
                 element == "principal" ? "Principal"
                 : element == "action"  ? "Action"
                                        : "Resource",
                 words_of(list_of(failure, "wanted")), words_of(list_of(failure, "actual")));
  if (const auto reason = failure.text("reason"); !reason.empty()) fmt::format_to(into, "          {}\n", reason);
}

void print_statement(const Value& statement, std::string& out) {
  const auto sid = statement.text("sid");
  const auto& failures = list_of(statement, "failures");
  fmt::format_to(std::back_inserter(out), "    {}: {}, line {} column {}{}{}\n", owner_of(statement),
                 statement.text("effect"), number_of(statement, "line"), number_of(statement, "column"),
                 sid.empty() ? "" : ", " + std::string(sid),
                 flag_of(statement, "applies") ? ": applies" : ": does not apply");
  for (const auto& failure : failures) print_failure(failure, out);
}

void print_layers(const Value& report, std::string& out) {
  const auto* layers = report.find("layers");
  const auto* members = layers ? layers->as<Value::Map>() : nullptr;
  if (!members || members->empty()) return;
  out += "\nLayers\n";
  const auto& blocked = list_of(report, "blockedBy");
  for (const auto& [name, result] : *members) {
    const bool in_the_way =
        std::ranges::any_of(blocked, [&](const Value& layer) { return layer.as_text() && *layer.as_text() == name; });
    fmt::format_to(std::back_inserter(out), "    {:<26} {:<15}{}\n", layer_words(name),
                   result_words(result.as_text() ? *result.as_text() : ""), in_the_way ? "<- in the way" : "");
  }
}

void print_remedies(const Value& report, std::string& out) {
  const auto& remedies = list_of(report, "remedies");
  if (remedies.empty()) {
    if (report.text("decision") == "explicitDeny") {
      out += "\nNo statement can allow it: an explicit deny is final. Change the statement that denies.\n";
    }
    return;
  }
  out += remedies.size() == 1 ? "\nThis statement would allow it\n" : "\nThese statements together would allow it\n";
  for (const auto& remedy : remedies) {
    const auto* statement = remedy.find("statement");
    fmt::format_to(std::back_inserter(out), "    {}:\n        {}\n", owner_of(remedy),
                   statement ? codec::write_json(*statement) : "");
  }
}

std::string principal_of(const Value* request) {
  const auto* principal = request ? request->find("principal") : nullptr;
  if (!principal) return "nobody";
  if (const auto* arn = principal->as_text()) return *arn;
  for (const auto* form : {"service", "federated"}) {
    if (const auto name = principal->text(form); !name.empty()) return std::string(name);
  }
  return "an anonymous caller";
}

}  // namespace

std::string print_explanation(const Value& given) {
  const auto report = printable_texts(given);
  std::string out;
  const auto* request = report.find("request");
  const auto decision = report.text("decision");
  fmt::format_to(std::back_inserter(out), "{}: {} on {} by {}\n",
                 decision == "allow"          ? "Allowed"
                 : decision == "explicitDeny" ? "Denied, explicitly"
                                              : "Denied, as nothing allows it",
                 request ? request->text("action") : "", request ? request->text("resource") : "",
                 principal_of(request));
  if (const auto message = report.text("message"); !message.empty()) out += std::string(message) + "\n";
  if (decision == "allow" && request && iequals(request->text("action"), "sts:GetCallerIdentity")) {
    out += "sts:GetCallerIdentity is allowed whatever policies say.\n";
  }
  print_layers(report, out);
  if (const auto& statements = list_of(report, "statements"); !statements.empty()) {
    out += "\nStatements that apply or come close\n";
    for (const auto& statement : statements) print_statement(statement, out);
  }
  if (const auto& missing = list_of(report, "missingKeys"); !missing.empty()) {
    out += "\nCondition keys that the request does not have\n    " + words_of(missing) + "\n";
  }
  print_remedies(report, out);
  return out;
}

}  // namespace podpass::policy_cli
