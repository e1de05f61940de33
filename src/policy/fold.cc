#include "policy/fold.h"

#include <algorithm>
#include <span>

#include "policy/compiled.h"

namespace podpass::policy {
namespace {

bool may_have_variables(Comparison comparison) {
  return comparison == Comparison::text || comparison == Comparison::text_any_case ||
         comparison == Comparison::text_like || comparison == Comparison::boolean || comparison == Comparison::arn;
}

class Folder {
 public:
  Folder(const Compiled& source, const SessionKeys& keys) : source_(source), keys_(keys) {}

  // Whether there is anything to do, so that policies that stay as they are cost a look only.
  bool is_needed() const {
    const auto is_known = [&](const Part& part) { return part.type == PartType::variable && knows(part); };
    return std::ranges::any_of(source_.pool.parts, is_known) ||
           std::ranges::any_of(source_.conditions, [&](const Condition& condition) { return is_decided(condition); });
  }

  Compiled run() {
    out_ = source_;
    out_.conditions.clear();
    for (auto& statement : out_.statements) fold_statement(statement);
    const auto is_dead = [&](std::uint32_t index) { return is_never(out_.statements[index]); };
    std::erase_if(out_.allows, is_dead);
    std::erase_if(out_.denies, is_dead);
    return std::move(out_);
  }

 private:
  bool knows(std::uint32_t hash, std::string_view name) const {
    return keys_.context.find(hash, name) != nullptr || keys_.is_absent(name);
  }
  bool knows(const Part& part) const { return knows(part.key_hash, source_.pool.view(part.text)); }

  std::span<const Part> parts_of(const Pattern& pattern) const {
    return std::span(source_.pool.parts).subspan(pattern.offset, pattern.size);
  }

  // Whether all variables of a pattern are known.
  bool is_known(const Pattern& pattern) const {
    switch (pattern.type) {
      case PatternType::parts:
      case PatternType::arn_parts:
        return std::ranges::all_of(parts_of(pattern),
                                   [&](const Part& part) { return part.type != PartType::variable || knows(part); });
      case PatternType::arn:
        return std::ranges::all_of(std::span(source_.pool.arn_fields).subspan(pattern.offset, kArnFields),
                                   [&](const Pattern& field) { return is_known(field); });
      default:
        return true;
    }
  }

  // Whether a condition comes to the same in all requests of the session.
  bool is_decided(const Condition& condition) const {
    if (!knows(condition.key_hash, source_.pool.view(condition.key))) return false;
    return !may_have_variables(condition.op.comparison) ||
           std::ranges::all_of(run_of(source_.pool.patterns, condition.values),
                               [&](const Pattern& pattern) { return is_known(pattern); });
  }

  bool holds_always(const Condition& condition) const {
    const auto* entry = keys_.context.find(condition.key_hash, source_.pool.view(condition.key));
    return holds(source_, condition, entry, keys_.context);
  }

  // A statement that lists no actions is about none.
  static bool is_never(const Statement& statement) {
    return statement.action_form == ListForm::listed && statement.actions.count == 0;
  }

  void fold_statement(Statement& statement) {
    const auto conditions = run_of(source_.conditions, statement.conditions);
    const bool is_dead = std::ranges::any_of(
        conditions, [&](const Condition& condition) { return is_decided(condition) && !holds_always(condition); });
    statement.conditions = {static_cast<std::uint32_t>(out_.conditions.size()), 0};
    if (is_dead) {
      statement.action_form = ListForm::listed;
      statement.actions = {};
      return;
    }
    for (auto condition : conditions) {
      if (is_decided(condition)) continue;
      if (may_have_variables(condition.op.comparison)) condition.values = fold_patterns(condition.values);
      out_.conditions.push_back(condition);
      ++statement.conditions.count;
    }
    // Statements that share their resources go on sharing them.
    if (statement.resources.first != resources_.first || statement.resources.count != resources_.count) {
      resources_ = statement.resources;
      folded_resources_ = fold_patterns(resources_);
    }
    statement.resources = folded_resources_;
  }

  // The same run if it stays as it is.
  Run fold_patterns(Run run) {
    const auto has_known = [&](const Pattern& pattern) { return has_known_variable(pattern); };
    if (std::ranges::none_of(run_of(source_.pool.patterns, run), has_known)) return run;
    const auto first = static_cast<std::uint32_t>(out_.pool.patterns.size());
    for (const auto& pattern : run_of(source_.pool.patterns, run)) out_.pool.patterns.push_back(folded(pattern));
    return {first, run.count};
  }

  bool has_known_variable(const Pattern& pattern) const {
    if (pattern.type == PatternType::arn) {
      return std::ranges::any_of(std::span(source_.pool.arn_fields).subspan(pattern.offset, kArnFields),
                                 [&](const Pattern& field) { return has_known_variable(field); });
    }
    if (pattern.type != PatternType::parts && pattern.type != PatternType::arn_parts) return false;
    return std::ranges::any_of(parts_of(pattern),
                               [&](const Part& part) { return part.type == PartType::variable && knows(part); });
  }

  Pattern folded(const Pattern& pattern) {
    if (!has_known_variable(pattern)) return pattern;
    if (pattern.type != PatternType::arn) return folded_parts(pattern);
    std::array<Pattern, kArnFields> fields;
    for (std::size_t i = 0; i < kArnFields; ++i) fields[i] = folded(source_.pool.arn_fields[pattern.offset + i]);
    auto made = pattern;
    made.offset = static_cast<std::uint32_t>(out_.pool.arn_fields.size());
    out_.pool.arn_fields.insert(out_.pool.arn_fields.end(), fields.begin(), fields.end());
    return made;
  }

  // Texts that follow each other become one. Nothing: a variable has no text, so the pattern matches nothing.
  bool join_parts(const Pattern& pattern, std::vector<Part>& joined) {
    for (auto part : parts_of(pattern)) {
      auto text = source_.pool.view(part.text);
      if (part.type == PartType::variable && knows(part)) {
        const auto* entry = keys_.context.find(part.key_hash, text);
        if (entry && entry->all().empty()) entry = nullptr;
        if (entry && entry->multivalued) return false;
        if (!entry && !part.has_default) return false;
        text = entry ? entry->value : source_.pool.view(part.fallback);
      } else if (part.type != PartType::text) {
        joined.push_back(part);
        continue;
      }
      if (text.empty()) continue;
      const auto range = out_.pool.keep(text);
      if (!joined.empty() && joined.back().type == PartType::text) {
        joined.back().text.size += range.size;
      } else {
        joined.push_back({PartType::text, false, range, {}, 0});
      }
    }
    return true;
  }

  Pattern folded_parts(const Pattern& pattern) {
    std::vector<Part> joined;
    if (!join_parts(pattern, joined)) return {};
    auto made = pattern;
    if (pattern.type == PatternType::parts && as_plain(joined, made)) return made;
    made.offset = static_cast<std::uint32_t>(out_.pool.parts.size());
    made.size = static_cast<std::uint32_t>(joined.size());
    out_.pool.parts.insert(out_.pool.parts.end(), joined.begin(), joined.end());
    return made;
  }

  // One of the forms that PatternPool::add makes, if there is one.
  static bool as_plain(std::span<const Part> parts, Pattern& made) {
    const auto is = [&](std::initializer_list<PartType> types) {
      return std::ranges::equal(parts, types, {}, &Part::type);
    };
    constexpr auto kText = PartType::text, kStar = PartType::star;
    auto kept = parts.empty() ? TextRange{} : parts.front().text;
    if (parts.empty() || is({kText})) {
      made.type = PatternType::exact;
    } else if (is({kStar})) {
      made.type = PatternType::any;
    } else if (is({kText, kStar})) {
      made.type = PatternType::prefix;
    } else if (is({kStar, kText})) {
      made.type = PatternType::suffix;
      kept = parts.back().text;
    } else if (is({kText, kStar, kText})) {
      made.type = PatternType::prefix_suffix;  // the texts lie side by side
      made.suffix = parts.back().text.size;
    } else {
      return false;
    }
    made.offset = kept.offset;
    made.size = kept.size;
    return true;
  }

  const Compiled& source_;
  const SessionKeys& keys_;
  Compiled out_;
  Run resources_, folded_resources_;  // of the statement before
};

}  // namespace

std::shared_ptr<const Policy> fold(const std::shared_ptr<const Policy>& policy, const SessionKeys& keys) {
  Folder folder(policy->compiled(), keys);
  if (!folder.is_needed()) return policy;
  auto folded = std::make_unique<Compiled>(folder.run());
  folded->whole = policy;  // Sids and principals are views of its text
  return std::make_shared<const Policy>(std::move(folded));
}

bool asks_for_keys(const Policy& policy) {
  const auto& compiled = policy.compiled();
  return !compiled.conditions.empty() ||
         std::ranges::any_of(compiled.pool.parts, [](const Part& part) { return part.type == PartType::variable; });
}

}  // namespace podpass::policy
