#include "policy/policy.h"

#include <set>

#include "policy/compiled.h"

namespace podpass::policy {

Policy::Policy(std::unique_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
Policy::~Policy() = default;

Result<std::shared_ptr<const Policy>> Policy::parse(std::string_view json, Kind kind, const PrincipalIds& ids,
                                                    Use use) {
  const auto document = TRY(read_document(json, kind));
  TRY(validate(document));
  return std::make_shared<const Policy>(compile(document, ids, use));
}

Result<std::shared_ptr<const Policy>> Policy::parse(const JsonTree& tree, std::uint32_t node, std::string_view json,
                                                    Kind kind, Use use) {
  const auto document = TRY(read_document(tree, node, json, kind));
  TRY(validate(document));
  return std::make_shared<const Policy>(compile(document, {}, use));
}

std::string_view Policy::text() const {
  return compiled_->text;
}
Kind Policy::kind() const {
  return compiled_->kind;
}
Place Policy::place(std::size_t offset) const {
  return place_of(compiled_->text, offset);
}
std::span<const StatementInfo> Policy::statements() const {
  return compiled_->infos;
}
std::span<const PrincipalEntry> Policy::principals() const {
  return compiled_->principal_entries;
}

std::vector<std::string_view> Policy::resources() const {
  std::vector<std::string_view> texts;
  texts.reserve(compiled_->resource_texts.size());
  for (const auto range : compiled_->resource_texts) texts.push_back(compiled_->pool.view(range));
  return texts;
}

std::vector<std::string_view> Policy::condition_keys() const {
  std::vector<std::string_view> keys;
  std::set<std::string> known;  // in lower case
  const auto add = [&](std::string_view key) {
    if (known.insert(to_lower(key)).second) keys.push_back(key);
  };
  for (const auto& condition : compiled_->conditions) add(compiled_->pool.view(condition.key));
  for (const auto range : compiled_->variable_texts) add(compiled_->pool.view(range));
  return keys;
}

std::size_t size_without_whitespace(std::string_view json) {
  std::size_t size = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    const bool white = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    const bool continuation = (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
    if (!continuation && (in_string || !white)) ++size;
    if (c == '"') {
      in_string = !in_string;
    } else if (c == '\\' && in_string && i + 1 < json.size()) {
      ++i;  // what is escaped ends no string
      ++size;
    }
  }
  return size;
}

}  // namespace podpass::policy
