#include "policy/json_reader.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/strings.h"
#include "policy/byte_search.h"

namespace podpass::policy {
namespace {

constexpr std::size_t kFewKeys = 16;  // up to here comparing all pairs beats sorting

// The length of the UTF-8 sequence at `at`, zero if it is malformed, overlong or a surrogate.
std::size_t utf8_sequence(std::string_view text, std::size_t at, char32_t& code) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const auto lead = byte(0);
  if (lead < 0x80) {
    code = lead;
    return 1;
  }
  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || at + size > text.size()) return 0;
  code = lead & (0xFFU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if (!is_continuation(text[at + i])) return 0;
    code = (code << 6U) | (byte(i) & 0x3FU);
  }
  constexpr std::array<char32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kSmallest[size] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return 0;
  return size;
}

std::uint32_t count_characters(std::string_view text) {
  std::uint32_t count = 0;
  while (!text.empty()) {
    if (text.size() >= 8 && (load_eight(text.data()) & kTopBits) == 0) {
      count += 8;
      text.remove_prefix(8);
    } else {
      count += is_continuation(text[0]) ? 0 : 1;
      text.remove_prefix(1);
    }
  }
  return count;
}

// Top bits are set if one of eight bytes is not in 0x20 to 0x7F: subtracting sets that of the lowest byte below 0x20,
// if there is one; the word itself has those of bytes beyond ASCII.
std::uint64_t unprintable(const char* bytes) {
  const auto word = load_eight(bytes);
  return ((word - kEachByte * 0x20) | word) & kTopBits;
}

// How many of the first bytes are printable ASCII.
std::size_t printable_run(std::string_view text) {
  std::size_t i = 0;
  const auto* bytes = text.data();
  while (i + 32 <= text.size() && (unprintable(bytes + i) | unprintable(bytes + i + 8) | unprintable(bytes + i + 16) |
                                   unprintable(bytes + i + 24)) == 0) {
    i += 32;
  }
  while (i + 8 <= text.size() && unprintable(bytes + i) == 0) i += 8;
  while (i < text.size() && bytes[i] >= 0x20) ++i;
  return i;
}

// Behind the bytes of a string that are as they are: at a quote, a backslash, a control character, or at `end`.
const char* run_end(const char* at, const char* end) {
  for (; end - at >= 8; at += 8) {
    const auto word = load_eight(at);
    // A control character is less than what is taken off it.
    const auto ends = bytes_among<'"', '\\'>(word) | ((word - kEachByte * 0x20) & ~word & kTopBits);
    if (ends != 0) return at + first_byte(ends);
  }
  while (at < end && *at != '"' && *at != '\\' && static_cast<unsigned char>(*at) >= 0x20) ++at;
  return at;
}

// The offset of the first character that may not be there.
std::size_t first_bad_character(std::string_view text, Charset charset) {
  for (std::size_t i = 0; i < text.size();) {
    i += printable_run(text.substr(i));
    if (i == text.size()) break;
    char32_t code = 0;
    const auto size = utf8_sequence(text, i, code);
    if (size == 0) return i;
    if (code < 0x20 && code != '\t' && code != '\n' && code != '\r') return i;
    if (charset == Charset::latin1 && code > 0xFF) return i;
    i += size;
  }
  return std::string_view::npos;
}

void append_utf8(char32_t code, char*& out) {
  const auto put = [&](char32_t byte) { *out++ = static_cast<char>(static_cast<unsigned char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0U | (code >> 6U));
    put(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    put(0xE0U | (code >> 12U));
    put(0x80U | ((code >> 6U) & 0x3FU));
    put(0x80U | (code & 0x3FU));
  } else {
    put(0xF0U | (code >> 18U));
    put(0x80U | ((code >> 12U) & 0x3FU));
    put(0x80U | ((code >> 6U) & 0x3FU));
    put(0x80U | (code & 0x3FU));
  }
}

class JsonReader {
 public:
  JsonReader(std::string_view text, JsonTree& tree)
      : text_(text), tree_(tree), at_(text.data()), end_(text.data() + text.size()) {}

  bool document() {
    if (!value({}, 1)) return false;
    skip_space();
    return at_ == end_ || fail("text behind the value");
  }
  const char* reason() const { return reason_; }
  std::uint32_t offset() const { return static_cast<std::uint32_t>(at_ - text_.data()); }

 private:
  bool fail(const char* reason) {
    reason_ = reason;
    return false;
  }
  char peek() const { return at_ < end_ ? *at_ : '\0'; }
  void skip_space() {
    while (at_ < end_ && static_cast<unsigned char>(*at_) <= ' ' && is_space(*at_)) ++at_;
  }
  static bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }

  bool value(std::string_view key, int depth) {
    skip_space();
    if (depth > kMaxJsonDepth) return fail("nested too deeply");
    const auto index = static_cast<std::uint32_t>(tree_.nodes.size());
    auto& node = tree_.nodes.emplace_back();
    node.begin = offset();
    node.next = index + 1;
    node.key = key;
    if (peek() != '"') return content(index, depth);
    if (!string(node.text)) return false;
    node.type = JsonType::text;
    node.end = offset();
    return true;
  }

  // Anything but a string; as it may have children, nodes move.
  bool content(std::uint32_t index, int depth) {
    JsonType type = JsonType::null;
    std::string_view text;
    if (!content(type, text, depth)) return false;
    auto& node = tree_.nodes[index];
    node.type = type;
    node.text = text;
    node.end = offset();
    node.next = static_cast<std::uint32_t>(tree_.nodes.size());
    return type != JsonType::object || keys_differ(index);
  }

  bool content(JsonType& type, std::string_view& text, int depth) {
    switch (peek()) {
      case '{':
        type = JsonType::object;
        return object(depth);
      case '[':
        type = JsonType::list;
        return list(depth);
      case 't':
        type = JsonType::boolean;
        return word("true", text);
      case 'f':
        type = JsonType::boolean;
        return word("false", text);
      case 'n':
        return word("null", text);
      default:
        type = JsonType::number;
        return number(text);
    }
  }

  bool object(int depth) {
    ++at_;
    skip_space();
    if (take('}')) return true;
    while (true) {
      skip_space();
      std::string_view key;
      if (peek() != '"') return fail("a member's name must be a string");
      if (!string(key)) return false;
      skip_space();
      if (!take(':')) return fail("':' is missing behind a member's name");
      if (!value(key, depth + 1)) return false;
      skip_space();
      if (take('}')) return true;
      if (!take(',')) return fail("',' or '}' is missing");
    }
  }

  bool list(int depth) {
    ++at_;
    skip_space();
    if (take(']')) return true;
    while (true) {
      if (!value({}, depth + 1)) return false;
      skip_space();
      if (take(']')) return true;
      if (!take(',')) return fail("',' or ']' is missing");
    }
  }

  bool word(std::string_view expected, std::string_view& text) {
    if (!std::string_view(at_, end_).starts_with(expected)) return fail("no JSON value");
    text = {at_, expected.size()};
    at_ += expected.size();
    return true;
  }

  bool digits() {
    const auto* start = at_;
    while (is_digit(peek())) ++at_;
    return at_ > start || fail("no JSON value");
  }

  bool number(std::string_view& text) {
    const auto* start = at_;
    take('-');
    const bool leading_zero = peek() == '0';
    const auto* first = at_;
    if (!digits()) return false;
    if (leading_zero && at_ - first > 1) return fail("a number with a leading zero");
    if (take('.') && !digits()) return false;
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      if (!digits()) return false;
    }
    text = {start, at_};
    return true;
  }

  bool string(std::string_view& text) {
    const auto* start = ++at_;
    at_ = run_end(start, end_);
    if (at_ == end_ || *at_ != '"') return escaped_string(start, text);
    text = {start, at_++};
    return true;
  }

  // Decoded text is never longer than written, so one buffer of the document's size holds all of it.
  bool escaped_string(const char* start, std::string_view& text) {
    if (!tree_.decoded) {
      tree_.decoded = std::make_unique_for_overwrite<char[]>(text_.size());
      out_ = tree_.decoded.get();
    }
    const char* begin = out_;
    out_ = std::copy(start, at_, out_);
    while (at_ < end_) {
      const char c = *at_++;
      if (c == '"') {
        text = {begin, static_cast<std::size_t>(out_ - begin)};
        return true;
      }
      if (static_cast<unsigned char>(c) < 0x20) return fail("a control character in a string");
      if (c != '\\') {
        *out_++ = c;
      } else if (!escape()) {
        return false;
      }
    }
    return fail("a string has no end");
  }

  bool escape() {
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    const char c = peek();
    if (const auto i = c == '\0' ? std::string_view::npos : kNames.find(c); i != std::string_view::npos) {
      ++at_;
      *out_++ = kMeanings[i];
      return true;
    }
    char32_t code = 0;
    if (!take('u') || !hex4(code)) return fail("an unknown escape");
    if (code >= 0xDC00 && code <= 0xDFFF) return fail("a lone surrogate");
    if (code >= 0xD800 && code <= 0xDBFF) {
      char32_t low = 0;
      if (!take('\\') || !take('u') || !hex4(low) || low < 0xDC00 || low > 0xDFFF) return fail("a lone surrogate");
      code = 0x10000 + ((code - 0xD800) << 10U) + (low - 0xDC00);
    }
    append_utf8(code, out_);
    return true;
  }

  bool hex4(char32_t& code) {
    if (end_ - at_ < 4) return false;
    for (int i = 0; i < 4; ++i) {
      const char c = ascii_lower(*at_++);
      if (!is_digit(c) && (c < 'a' || c > 'f')) return false;
      code = code * 16 + static_cast<char32_t>(is_digit(c) ? c - '0' : c - 'a' + 10);
    }
    return true;
  }

  bool keys_differ(std::uint32_t object) {
    const auto& nodes = tree_.nodes;
    RepeatFilter filter;
    bool maybe = false;
    for (auto i = object + 1; i != nodes[object].next; i = nodes[i].next) maybe |= filter.maybe_repeats(nodes[i].key);
    if (!maybe) return true;
    keys_.clear();
    for (std::uint32_t i = object + 1; i != nodes[object].next; i = nodes[i].next) keys_.push_back(nodes[i].key);
    if (keys_.size() > kFewKeys) {
      std::sort(keys_.begin(), keys_.end());
      return std::adjacent_find(keys_.begin(), keys_.end()) == keys_.end() || fail("a duplicate key");
    }
    for (std::size_t i = 1; i < keys_.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (keys_[i] == keys_[j]) return fail("a duplicate key");
      }
    }
    return true;
  }

  std::string_view text_;
  JsonTree& tree_;
  const char* at_;
  const char* end_;
  char* out_ = nullptr;
  const char* reason_ = "";
  std::vector<std::string_view> keys_;
};

Error unreadable(std::string_view document, std::size_t offset, std::string_view reason) {
  const auto place = place_of(document, offset);
  auto error = Error::invalid({});
  error.cause =
      "line " + std::to_string(place.line) + " column " + std::to_string(place.column) + ": " + std::string(reason);
  return error;
}

}  // namespace

Place place_of(std::string_view document, std::size_t offset) {
  Place place;
  auto line = document.substr(0, offset);
  for (auto end = line.find('\n'); end != std::string_view::npos; end = line.find('\n')) {
    line.remove_prefix(end + 1);
    ++place.line;
  }
  place.column += count_characters(line);
  return place;
}

std::size_t string_run(std::string_view text, std::size_t at) {
  at = std::min(at, text.size());
  return static_cast<std::size_t>(run_end(text.data() + at, text.data() + text.size()) - text.data());
}

namespace {

// `plain`: it is known to be printable ASCII.
Result<void> check_characters(std::string_view document, bool plain, Charset charset, std::size_t limit) {
  if (document.size() > limit) return unreadable(document, limit, "the document is too long");
  if (plain) return {};
  const auto bad = first_bad_character(document, charset);
  if (bad != std::string_view::npos) return unreadable(document, bad, "a character that may not be in a policy");
  return {};
}

}  // namespace

Result<JsonTree> read_json(std::string_view document, Charset charset, std::size_t limit) {
  JsonTree tree;
  TRY(read_json(document, charset, limit, tree));
  return tree;
}

Result<void> read_json(std::string_view document, Charset charset, std::size_t limit, JsonTree& tree) {
  tree.plain = printable_run(document) == document.size();
  TRY(check_characters(document, tree.plain, charset, limit));
  tree.nodes.clear();
  tree.nodes.reserve(document.size() / 24 + 8);
  tree.decoded.reset();
  JsonReader reader(document, tree);
  if (!reader.document()) return unreadable(document, reader.offset(), reader.reason());
  return {};
}

Result<void> check_value(const JsonTree& tree, std::string_view value, Charset charset, std::size_t limit) {
  return check_characters(value, tree.plain, charset, limit);
}

}  // namespace podpass::policy
