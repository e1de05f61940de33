#include "own_api/trust_suggestion.h"

#include <algorithm>

#include "base/strings.h"
#include "codec/json.h"

namespace podpass::own_api {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

// The white space in front of what begins its line at `at`; nothing: something else stands there too.
std::optional<std::string> indentation(std::string_view text, std::size_t at) {
  const auto line = text.substr(0, at).rfind('\n');
  if (line == std::string_view::npos) return std::nullopt;
  const auto before = text.substr(line + 1, at - line - 1);
  if (before.find_first_not_of(kSpace) != std::string_view::npos) return std::nullopt;
  return std::string(before);
}

// On lines of its own, as deep as the statements before it, which say how far a level is from the next.
std::string laid_out(const codec::Value& statement, const std::string& base) {
  constexpr std::size_t kPrettyLevel = 4, kWideBase = 8;  // a statement in a list is two levels deep
  const bool narrow = base.size() < kWideBase;
  const auto text = codec::write_json_pretty(statement);
  std::string out;
  for (const auto line : split(text, '\n')) {
    const auto depth = std::min(line.find_first_not_of(' '), line.size());
    if (!out.empty()) out += '\n';
    out += base + std::string(narrow ? depth / kPrettyLevel * 2 : depth, ' ');
    out += line.substr(depth);
  }
  return out;
}

}  // namespace

std::optional<std::string> with_statement(const policy::Policy& document, const codec::Value& statement) {
  const auto statements = document.statements();
  if (statements.empty()) return std::nullopt;
  const std::string text(document.text());
  const std::size_t begin = statements.front().begin, end = statements.back().end;
  const auto before = text.find_last_not_of(kSpace, begin - 1);
  const bool is_list = before != std::string::npos && text[before] == '[';
  const auto base = indentation(text, statements.back().begin);
  const auto added = base ? ",\n" + laid_out(statement, *base) : ", " + codec::write_json(statement);
  if (is_list) return text.substr(0, end) + added + text.substr(end);
  return text.substr(0, begin) + "[" + text.substr(begin, end - begin) + added + "]" + text.substr(end);
}

}  // namespace podpass::own_api
