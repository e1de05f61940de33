#include "policy/pattern.h"

#include <algorithm>
#include <array>
#include <bit>
#include <ranges>
#include <span>

#include "base/strings.h"
#include "policy/text_search.h"

namespace podpass::policy {
namespace {

// What stands at a `${`.
struct Variable {
  enum class Kind : std::uint8_t { malformed, escape, key } kind = Kind::malformed;
  std::string_view text;  // the escaped character, or the key
  std::optional<std::string_view> fallback;
  std::size_t length = 0;  // in the source, with `${` and `}`
};

Variable read_variable(std::string_view source) {
  const auto close = source.find('}');
  Variable variable;
  variable.length = close == npos ? source.size() : close + 1;
  if (close == npos || close == 2) return variable;
  const auto inner = source.substr(2, close - 2);
  if (inner == "*" || inner == "?" || inner == "$") return {Variable::Kind::escape, inner, {}, variable.length};
  const auto comma = inner.find(',');
  if (comma == npos) return {Variable::Kind::key, inner, {}, variable.length};
  // A default: comma, one space, text in single quotes. It may hold a brace, so its end is the quote before one.
  const auto rest = source.substr(2 + comma);
  if (comma == 0 || !rest.starts_with(", '")) return variable;
  const auto end = rest.find("'}", 3);
  if (end == npos) return variable;
  return {Variable::Kind::key, inner.substr(0, comma), rest.substr(3, end - 3), 2 + comma + end + 2};
}

// Matches a segment without stars at the start of `subject`; where it ends, or npos.
std::size_t match_front(std::string_view segment, std::string_view subject) {
  std::size_t at = 0;
  for (const char c : segment) {
    if (at >= subject.size()) return npos;
    if (c == '?') {
      at = next_character(subject, at);
    } else if (subject[at] == c) {
      ++at;
    } else {
      return npos;
    }
  }
  return at;
}

bool match_back(std::string_view segment, std::string_view subject) {
  std::size_t at = subject.size();
  for (std::size_t i = segment.size(); i-- > 0;) {
    if (at == 0) return false;
    --at;
    if (segment[i] == '?') {
      while (at > 0 && is_continuation(subject[at])) --at;
    } else if (subject[at] != segment[i]) {
      return false;
    }
  }
  return true;
}

// The pieces of a segment of a glob, whose '?' are wildcards.
class GlobPieces final : public SegmentPieces {
 public:
  explicit GlobPieces(std::string_view segment) : segment_(segment) {}

  void rewind() override { at_ = 0; }
  bool next(SegmentPiece& piece) override {
    if (at_ == segment_.size()) return false;
    piece.any = segment_[at_] == '?';
    const auto end = piece.any ? at_ + 1 : std::min(segment_.find('?', at_), segment_.size());
    piece.bytes = piece.any ? std::string_view() : segment_.substr(at_, end - at_);
    at_ = end;
    return true;
  }

 private:
  std::string_view segment_;
  std::size_t at_ = 0;
};

// Where the first match of the segment in `subject` ends, or npos.
std::size_t find_segment(std::string_view segment, std::string_view subject) {
  if (segment.find('?') == npos) return find_bytes(segment, subject, {});
  GlobPieces pieces(segment);
  return find_characters(pieces, subject, {});
}

template <Case kCase>
bool texts_equal(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  if constexpr (kCase == Case::keep) return a == b;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (ascii_lower(a[i]) != ascii_lower(b[i])) return false;
  }
  return true;
}

// Wildcards reach anywhere, or, in an ARN, not over the colons between its six fields.
enum class Reach : std::uint8_t { anywhere, in_field };

// Behind the fifth colon, where the last field begins; npos if there is none.
std::size_t last_field(std::string_view arn) {
  std::size_t at = 0;
  for (std::size_t i = 0; i + 1 < kArnFields; ++i) {
    const auto colon = arn.find(':', at);
    if (colon == npos) return npos;
    at = colon + 1;
  }
  return at;
}

// Room for the texts of variables, of which a pattern has few: left as it is until they are there.
union Text {
  Text() {}  // NOLINT: uninitialised on purpose
  std::string_view view;
};
using Resolved = std::array<Text, kMaxVariables>;

// The text of each variable, in order. False if one has none.
bool resolve(const PatternPool& pool, std::span<const Part> parts, const Context& context, Resolved& resolved) {
  std::size_t count = 0;
  for (const auto& part : parts) {
    if (part.type != PartType::variable) continue;
    const auto* entry = context.find(part.key_hash, pool.view(part.text));
    if (entry && entry->all().empty()) entry = nullptr;  // absent
    if (entry && entry->multivalued) return false;
    if (!entry && !part.has_default) return false;
    resolved[count++].view = entry ? entry->value : pool.view(part.fallback);
  }
  return true;
}

// The pieces of a segment of a pattern with variables.
class PartPieces final : public SegmentPieces {
 public:
  // `variables` are the texts of the segment's own, in order.
  PartPieces(const PatternPool& pool, std::span<const Part> segment, const Text* variables)
      : pool_(pool), segment_(segment), variables_(variables) {}

  void rewind() override { part_ = variable_ = 0; }
  bool next(SegmentPiece& piece) override {
    if (part_ == segment_.size()) return false;
    const auto& part = segment_[part_++];
    piece.any = part.type == PartType::question;
    piece.bytes = part.type == PartType::variable ? variables_[variable_++].view
                  : piece.any                     ? std::string_view()
                                                  : pool_.view(part.text);
    return true;
  }

 private:
  const PatternPool& pool_;
  std::span<const Part> segment_;
  const Text* variables_;
  std::size_t part_ = 0, variable_ = 0;
};

// A pattern's parts against a subject, segment by segment from star to star.
class PartsMatch {
 public:
  // In the first `fields_end` bytes of the subject no wildcard matches a colon.
  PartsMatch(const PatternPool& pool, const Resolved& resolved, std::string_view subject, std::size_t fields_end)
      : pool_(pool), resolved_(resolved), subject_(subject), fields_end_(fields_end) {}

  template <Case kCase>
  bool whole(std::span<const Part> parts) {
    auto star = find_star(parts);
    if (!front<kCase>(parts.first(star))) return false;
    if (star == parts.size()) return at_ == subject_.size();
    while (true) {
      parts = parts.subspan(star + 1);
      if (parts.empty()) return true;  // also for the fields that a short ARN leaves out
      star = find_star(parts);
      if (star == parts.size()) return back(parts);
      if (!middle(parts.first(star))) return false;
    }
  }

 private:
  static std::size_t find_star(std::span<const Part> parts) {
    const auto star = std::ranges::find(parts, PartType::star, &Part::type);
    return static_cast<std::size_t>(star - parts.begin());
  }

  std::string_view text_of(const Part& part) {
    return part.type == PartType::variable ? resolved_[variable_++].view : pool_.view(part.text);
  }

  bool is_border(std::size_t at) const { return at < fields_end_ && subject_[at] == ':'; }

  // How far a star that begins here may reach.
  std::size_t next_border() const { return at_ < fields_end_ ? subject_.find(':', at_) : npos; }

  // Each of these takes a segment's match off the subject.
  template <Case kCase>
  bool front(std::span<const Part> segment) {
    for (const auto& part : segment) {
      if (part.type == PartType::question) {
        if (at_ == subject_.size() || is_border(at_)) return false;
        at_ = next_character(subject_, at_);
      } else {
        const auto text = text_of(part);
        if (!texts_equal<kCase>(text, subject_.substr(at_, text.size()))) return false;
        at_ += text.size();
      }
    }
    return true;
  }

  bool middle(std::span<const Part> segment) {
    PartPieces pieces(pool_, segment, resolved_.data() + variable_);
    bool has_question = false;
    for (const auto& part : segment) {
      has_question |= part.type == PartType::question;
      variable_ += part.type == PartType::variable ? 1 : 0;
    }
    const auto rest = subject_.substr(at_);
    const auto border = next_border();
    const SearchLimits limits{border == npos ? npos : border - at_, fields_end_ - std::min(fields_end_, at_)};
    auto end = npos;
    if (has_question) {
      end = find_characters(pieces, rest, limits);
    } else if (SegmentPiece piece; segment.size() == 1 && pieces.next(piece)) {
      end = find_bytes(piece.bytes, rest, limits);
    } else {
      end = find_joined(pieces, rest, limits);
    }
    at_ += end;
    return end != npos;
  }

  // The last segment, behind a star.
  bool back(std::span<const Part> segment) {
    for (const auto& part : segment) variable_ += part.type == PartType::variable ? 1 : 0;
    auto end = subject_.size();
    for (const auto& part : segment | std::views::reverse) {
      if (part.type == PartType::question) {
        if (end == at_) return false;
        do --end;
        while (end > at_ && is_continuation(subject_[end]));
        if (is_border(end)) return false;
      } else {
        const auto text = part.type == PartType::variable ? resolved_[--variable_].view : pool_.view(part.text);
        if (end - at_ < text.size() || subject_.substr(end - text.size(), text.size()) != text) return false;
        end -= text.size();
      }
    }
    return end <= next_border();
  }

  const PatternPool& pool_;
  const Resolved& resolved_;
  std::string_view subject_;
  std::size_t fields_end_;
  std::size_t at_ = 0;        // what lies before it is matched
  std::size_t variable_ = 0;  // the first of what is not
};

template <Case kCase, Reach kReach = Reach::anywhere>
bool match_parts(const PatternPool& pool, std::span<const Part> parts, std::string_view subject,
                 const Context& context) {
  Resolved resolved;
  if (!resolve(pool, parts, context, resolved)) return false;
  const auto fields_end = kReach == Reach::in_field ? last_field(subject) : 0;
  return fields_end != npos && PartsMatch(pool, resolved, subject, fields_end).whole<kCase>(parts);
}

// The field up to the next colon that is not inside a variable; takes it and the colon off `rest`.
std::string_view take_field(std::string_view& rest) {
  std::size_t i = 0;
  while (i < rest.size() && rest[i] != ':') {
    i += rest.substr(i).starts_with("${") ? read_variable(rest.substr(i)).length : 1;
  }
  const auto field = rest.substr(0, i);
  rest.remove_prefix(std::min(rest.size(), i + 1));
  return field;
}

// As split_fields, where colons in variables end no field.
ArnFields split_around_variables(std::string_view arn) {
  ArnFields split;
  while (split.count + 1 < kArnFields) {
    const auto size = arn.size();
    auto& field = split.fields[split.count++] = take_field(arn);
    if (field.size() == size) return split;  // there was no colon
  }
  split.fields[split.count++] = arn;
  return split;
}

std::size_t find_wildcard(std::string_view text, std::size_t from = 0) {
  return find_any<'*', '?'>(text, from);
}

bool is_all_stars(std::string_view text) {
  return !text.empty() && text.find_first_not_of('*') == npos;
}

}  // namespace

std::uint64_t head_of(std::string_view text) {
  std::uint64_t head = 0;
  if (std::endian::native == std::endian::little && text.size() >= 8) {
    std::memcpy(&head, text.data(), 8);
    return head;
  }
  const auto size = std::min<std::size_t>(8, text.size());
  for (std::size_t i = 0; i < size; ++i) head |= std::uint64_t{static_cast<unsigned char>(text[i])} << (8 * i);
  return head;
}

bool has_wildcard(std::string_view text) {
  return find_wildcard(text) != npos;
}

bool glob_matches(std::string_view pattern, std::string_view subject) {
  auto star = pattern.find('*');
  if (star == npos) return match_front(pattern, subject) == subject.size();
  const auto front = match_front(pattern.substr(0, star), subject);
  if (front == npos) return false;
  subject.remove_prefix(front);
  pattern.remove_prefix(star + 1);
  while ((star = pattern.find('*')) != npos) {
    const auto end = find_segment(pattern.substr(0, star), subject);
    if (end == npos) return false;
    subject.remove_prefix(end);
    pattern.remove_prefix(star + 1);
  }
  return match_back(pattern, subject);
}

ArnFields split_fields(std::string_view arn) {
  ArnFields split;
  const auto* begin = arn.data();
  for_each_place<':'>(arn, [&](std::size_t at) {
    const auto* end = arn.data() + at;
    split.fields[split.count++] = {begin, end};
    begin = end + 1;
    return split.count + 1 < kArnFields;
  });
  split.fields[split.count++] = {begin, arn.data() + arn.size()};
  return split;
}

std::size_t count_variables(std::string_view source) {
  std::size_t count = 0;
  for (auto at = source.find("${"); at != npos; at = source.find("${", at + 2)) ++count;
  return count;
}

std::vector<std::string_view> variable_keys(std::string_view source) {
  std::vector<std::string_view> keys;
  for (auto at = source.find("${"); at != npos; at = source.find("${", at)) {
    const auto variable = read_variable(source.substr(at));
    if (variable.kind == Variable::Kind::key) keys.push_back(variable.text);
    at += variable.length;
  }
  return keys;
}

TextRange PatternPool::keep(std::string_view piece) {
  const TextRange range{static_cast<std::uint32_t>(text.size()), static_cast<std::uint32_t>(piece.size())};
  text += piece;
  return range;
}

const Pattern& PatternPool::add(std::string_view source, PatternRules rules) {
  auto& pattern = patterns.emplace_back();
  make(source, rules, pattern);
  return pattern;
}

void PatternPool::make(std::string_view source, PatternRules rules, Pattern& pattern) {
  if (rules.variables == Variables::yes && source.find("${") != npos) return make_parts(source, rules, pattern);
  make_plain(source, rules, pattern);
}

void PatternPool::make_plain(std::string_view source, PatternRules rules, Pattern& pattern) {
  const auto range = keep(source);
  if (rules.letter_case == Case::keep) return make_kept(range, rules.wildcards, pattern);
  for (auto& c : std::span(text).subspan(range.offset)) c = ascii_lower(c);
  make_kept(range, rules.wildcards, pattern);
  const auto front = literal_front(pattern).substr(0, 8);
  pattern.head_size = static_cast<std::uint8_t>(front.size());
  pattern.head = head_of(front);
}

void PatternPool::make_kept(TextRange range, Wildcards wildcards, Pattern& pattern) {
  pattern.offset = range.offset;
  pattern.size = range.size;
  const auto kept = view(range);
  const auto wild = wildcards == Wildcards::yes ? find_wildcard(kept) : npos;
  if (wild == npos) {
    pattern.type = PatternType::exact;
    return;
  }
  auto behind = wild;  // a run of stars is one
  while (behind < kept.size() && kept[behind] == '*') ++behind;
  if (kept[wild] == '?' || find_wildcard(kept, behind) != npos) {
    pattern.type = PatternType::glob;
    return;
  }
  const auto tail = kept.substr(behind);
  if (wild == 0) {
    pattern.type = tail.empty() ? PatternType::any : PatternType::suffix;
    pattern.offset += static_cast<std::uint32_t>(kept.size() - tail.size());
    pattern.size = static_cast<std::uint32_t>(tail.size());
    return;
  }
  pattern.type = tail.empty() ? PatternType::prefix : PatternType::prefix_suffix;
  pattern.size = static_cast<std::uint32_t>(wild);
  pattern.suffix = static_cast<std::uint32_t>(tail.size());
  std::memmove(text.data() + range.offset + wild, tail.data(), tail.size());  // it follows the prefix
}

std::string_view PatternPool::literal_front(const Pattern& pattern) const {
  const auto front = view({pattern.offset, pattern.size});
  switch (pattern.type) {
    case PatternType::exact:
    case PatternType::prefix:
    case PatternType::prefix_suffix:
      return front;
    case PatternType::glob:
      return front.substr(0, find_wildcard(front));
    case PatternType::never:
    case PatternType::any:
    case PatternType::suffix:
    case PatternType::parts:
    case PatternType::arn:
    case PatternType::arn_parts:
      break;
  }
  return {};
}

void PatternPool::make_parts(std::string_view source, PatternRules rules, Pattern& pattern) {
  pattern.offset = static_cast<std::uint32_t>(parts.size());
  std::size_t variable_count = 0;
  bool only_text = true;
  const auto add_text = [&](std::string_view piece) {
    const bool goes_on = parts.size() > pattern.offset && parts.back().type == PartType::text;
    const auto range = keep(piece);
    if (goes_on) {
      parts.back().text.size += range.size;
    } else {
      parts.push_back({PartType::text, false, range, {}, 0});
    }
  };
  while (!source.empty()) {
    if (source.starts_with("${")) {
      const auto variable = read_variable(source);
      source.remove_prefix(variable.length);
      if (variable.kind == Variable::Kind::escape) {
        add_text(variable.text);
        continue;
      }
      if (variable.kind == Variable::Kind::malformed || ++variable_count > kMaxVariables) {
        pattern = {};
        return;
      }
      Part part{PartType::variable, variable.fallback.has_value(), keep(variable.text), {}, fold_hash(variable.text)};
      part.fallback = keep(variable.fallback.value_or(""));
      parts.push_back(part);
      only_text = false;
    } else if (rules.wildcards == Wildcards::yes && (source[0] == '*' || source[0] == '?')) {
      parts.push_back({source[0] == '*' ? PartType::star : PartType::question, false, {}, {}, 0});
      source.remove_prefix(1);
      only_text = false;
    } else {
      auto end = std::min(source.find('$', 1), source.size());
      if (rules.wildcards == Wildcards::yes) end = std::min(end, find_wildcard(source));
      add_text(source.substr(0, end));
      source.remove_prefix(end);
    }
  }
  pattern.size = static_cast<std::uint32_t>(parts.size()) - pattern.offset;
  pattern.type = PatternType::parts;
  if (only_text && pattern.size == 1) {
    const std::string literal(view(parts.back().text));
    parts.pop_back();
    make_plain(literal, {Wildcards::no, Variables::no, rules.letter_case}, pattern);
  }
}

const Pattern& PatternPool::add_resource(std::string_view source, Variables variables) {
  auto& pattern = patterns.emplace_back();
  if (is_all_stars(source)) {
    pattern.type = PatternType::any;
  } else if (source.starts_with("arn:")) {
    make_fields(source, variables, false, pattern);
  }
  return pattern;
}

const Pattern& PatternPool::add_arn(std::string_view source, Variables variables) {
  auto& pattern = patterns.emplace_back();
  if (is_all_stars(source)) {
    pattern.type = PatternType::any;
  } else {
    make_fields(source, variables, true, pattern);
  }
  return pattern;
}

void PatternPool::make_fields(std::string_view source, Variables variables, bool variables_in_front, Pattern& pattern) {
  const bool any_variable = variables == Variables::yes && source.find("${") != npos;
  const bool front_variables = any_variable && variables_in_front;
  auto [fields, count] = front_variables ? split_around_variables(source) : split_fields(source);
  const auto has_variable = [&](std::string_view field) { return any_variable && field.find("${") != npos; };
  if (front_variables && std::any_of(fields.begin(), fields.begin() + std::min(count, kArnFields - 1), has_variable)) {
    make_parts(source, {Wildcards::yes, variables, Case::keep}, pattern);
    if (pattern.type == PatternType::parts) pattern.type = PatternType::arn_parts;
    const bool is_text = pattern.type == PatternType::exact;  // nothing but escapes
    if (is_text && last_field(view({pattern.offset, pattern.size})) == npos) pattern = {};
    return;
  }
  const auto begin_of = [&](std::string_view field) { return static_cast<std::size_t>(field.data() - source.data()); };
  auto wild = find_wildcard(source);
  if (count == kArnFields) {
    const auto front = begin_of(fields.back());
    const bool literal_front = wild >= front && !has_variable(source.substr(0, front));
    if (literal_front) return make(source, {Wildcards::yes, variables, Case::keep}, pattern);
  } else {
    // A short ARN: a star at its end stands for the missing fields too.
    if (!source.ends_with('*')) return;
    std::fill(fields.begin() + count, fields.end(), "*");
  }
  pattern.type = PatternType::arn;
  pattern.offset = static_cast<std::uint32_t>(arn_fields.size());
  arn_fields.resize(arn_fields.size() + kArnFields);
  const auto kept = keep(source);
  for (std::size_t i = 0; i < kArnFields; ++i) {
    const auto field = fields[i];
    auto& made = arn_fields[pattern.offset + i];
    if (field == "*") {
      made.type = PatternType::any;
    } else if (i + 1 == kArnFields && has_variable(field)) {
      make(field, {Wildcards::yes, variables, Case::keep}, made);
    } else {
      const auto begin = begin_of(field);
      if (wild < begin) wild = find_wildcard(source, begin);
      const auto wildcards = wild < begin + field.size() ? Wildcards::yes : Wildcards::no;
      const auto offset = kept.offset + static_cast<std::uint32_t>(begin);
      make_kept({offset, static_cast<std::uint32_t>(field.size())}, wildcards, made);
    }
  }
}

namespace {

template <Case kCase>
bool match(const PatternPool& pool, const Pattern& pattern, std::string_view subject, const Context& context) {
  const auto text = [&] { return std::string_view(pool.text.data() + pattern.offset, pattern.size); };
  switch (pattern.type) {
    case PatternType::never:
      return false;
    case PatternType::any:
      return true;
    case PatternType::exact:
      return texts_equal<kCase>(text(), subject);
    case PatternType::prefix:
      return subject.starts_with(text());
    case PatternType::suffix:
      return subject.ends_with(text());
    case PatternType::prefix_suffix:
      return subject.size() >= std::size_t{pattern.size} + pattern.suffix && subject.starts_with(text()) &&
             subject.ends_with(pool.view({pattern.offset + pattern.size, pattern.suffix}));
    case PatternType::glob:
      return glob_matches(text(), subject);
    case PatternType::parts:
      return match_parts<kCase>(pool, std::span(pool.parts).subspan(pattern.offset, pattern.size), subject, context);
    case PatternType::arn_parts:
      return match_parts<kCase, Reach::in_field>(pool, std::span(pool.parts).subspan(pattern.offset, pattern.size),
                                                 subject, context);
    case PatternType::arn:
      for (std::size_t i = 0; i < kArnFields; ++i) {
        const auto colon = i + 1 < kArnFields ? subject.find(':') : subject.size();
        if (colon == npos) return false;
        if (!match<kCase>(pool, pool.arn_fields[pattern.offset + i], subject.substr(0, colon), context)) return false;
        if (i + 1 < kArnFields) subject.remove_prefix(colon + 1);
      }
      return true;
  }
  return false;
}

}  // namespace

bool PatternPool::matches_otherwise(const Pattern& pattern, std::string_view subject, const Context& context) const {
  return match<Case::keep>(*this, pattern, subject, context);
}

bool PatternPool::matches_folded(const Pattern& pattern, std::string_view subject, const Context& context) const {
  return match<Case::fold>(*this, pattern, subject, context);
}

}  // namespace podpass::policy
