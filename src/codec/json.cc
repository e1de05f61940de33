#include "codec/json.h"

#include <algorithm>
#include <array>
#include <boost/container/small_vector.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <charconv>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/strings.h"
#include "codec/utf8.h"

namespace podpass::codec {
namespace {

// Boost.JSON reads the bytes and calls this, which builds the Value. Stock parsers hide duplicate names; this one sees
// them.
class Builder {
 public:
  static constexpr std::size_t max_object_size = 1'000'000;
  static constexpr std::size_t max_array_size = 1'000'000;
  static constexpr std::size_t max_key_size = 1'000'000;
  static constexpr std::size_t max_string_size = 64'000'000;
  using error_code = boost::json::error_code;
  using string_view = boost::json::string_view;

  explicit Builder(DuplicateKeys duplicates) : duplicates_(duplicates) {}

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) { return begin(Value::Map()); }
  bool on_array_begin(error_code&) { return begin(Value::List()); }
  bool on_array_end(std::size_t, error_code&) { return end(); }
  bool on_object_end(std::size_t, error_code& error) {
    if (!settle_duplicates(*open_.back()->as<Value::Map>())) {
      error = boost::json::error::exception;
      return false;
    }
    return end();
  }
  bool on_key_part(string_view part, std::size_t, error_code&) { return append(part); }
  bool on_key(string_view part, std::size_t, error_code&) {
    key_ = whole(part);
    return true;
  }
  bool on_string_part(string_view part, std::size_t, error_code&) { return append(part); }
  bool on_string(string_view part, std::size_t, error_code&) { return add(whole(part)); }
  bool on_number_part(string_view part, error_code&) { return append(part); }
  bool on_int64(std::int64_t number, string_view, error_code&) {
    text_.clear();
    return add(number);
  }
  bool on_uint64(std::uint64_t number, string_view, error_code&) {
    text_.clear();
    return add(static_cast<double>(number));
  }
  // Boost.JSON 1.81 rounds doubles roughly; from_chars is exact.
  bool on_double(double rough, string_view part, error_code& error) {
    append(part);
    double exact = 0;
    auto [end, problem] = std::from_chars(text_.data(), text_.data() + text_.size(), exact);
    text_.clear();
    if (problem == std::errc::result_out_of_range && std::abs(rough) < 1) return add(0.0);  // too small for a double
    if (problem != std::errc() || !std::isfinite(exact)) {
      error = boost::json::error::exponent_overflow;
      return false;
    }
    return add(exact);
  }
  bool on_bool(bool flag, error_code&) { return add(flag); }
  bool on_null(error_code&) { return add(Value()); }
  bool on_comment_part(string_view, error_code&) { return true; }
  bool on_comment(string_view, error_code&) { return true; }

  bool duplicate() const { return duplicate_; }
  Value take() { return std::move(root_); }

 private:
  bool append(string_view part) {
    text_.append(part.data(), part.size());
    return true;
  }

  // The text that ends with `last`; most come in one part.
  std::string whole(string_view last) {
    if (text_.empty()) return {last.data(), last.size()};
    append(last);
    return std::exchange(text_, {});
  }

  template <class Container>
  bool begin(Container empty) {
    constexpr std::size_t kUsualMembers = 8;
    if (open_.empty()) empty.reserve(kUsualMembers);
    open_.push_back(&put(std::move(empty)));
    return true;
  }

  bool end() {
    open_.pop_back();
    return true;
  }

  template <class T>
  bool add(T&& value) {
    put(std::forward<T>(value));
    return true;
  }

  template <class T>
  Value& put(T&& value) {
    if (open_.empty()) return root_ = std::forward<T>(value);
    if (auto* list = open_.back()->as<Value::List>()) return list->emplace_back(std::forward<T>(value));
    return open_.back()->as<Value::Map>()->emplace_back(std::move(key_), std::forward<T>(value)).second;
  }

  // Sorted views find equal neighbours: n log n, however many names a stranger sends.
  bool settle_duplicates(Value::Map& map) {
    if (map.size() < 2) return true;
    bool distinct = true;
    if (map.size() <= 8) {
      for (std::size_t i = 1; i < map.size() && distinct; ++i) {
        for (std::size_t j = 0; j < i && distinct; ++j) distinct = map[i].first != map[j].first;
      }
    } else {
      std::vector<std::string_view> names;
      for (const auto& member : map) names.push_back(member.first);
      std::ranges::sort(names);
      distinct = std::ranges::adjacent_find(names) == names.end();
    }
    if (distinct) return true;
    duplicate_ = true;
    if (duplicates_ == DuplicateKeys::refuse) return false;
    keep_last(map);
    return true;
  }

  static void keep_last(Value::Map& map) {
    std::vector<std::pair<std::string_view, std::size_t>> order;
    for (std::size_t i = 0; i < map.size(); ++i) order.emplace_back(map[i].first, i);
    std::ranges::sort(order);
    std::vector<bool> dropped(map.size());
    for (std::size_t i = 0; i + 1 < order.size(); ++i) {
      if (order[i].first == order[i + 1].first) dropped[order[i].second] = true;
    }
    Value::Map kept;
    for (std::size_t i = 0; i < map.size(); ++i) {
      if (!dropped[i]) kept.push_back(std::move(map[i]));
    }
    map = std::move(kept);
  }

  DuplicateKeys duplicates_;
  bool duplicate_ = false;
  std::string text_;  // the parts so far of what is being read
  std::string key_;   // of the member being read
  // What is not closed yet, each the last item of the one before, so that none of them moves.
  boost::container::small_vector<Value*, 16> open_;
  Value root_;
};

template <class Number>
void write_number(Number number, std::string& out) {
  std::array<char, 32> text;
  auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), number);
  out.append(text.data(), static_cast<std::size_t>(end - text.data()));
}

void write_time(Time time, std::string& out) {
  auto millis = time.time_since_epoch().count();
  if (millis < 0) {
    write_number(static_cast<double>(millis) / 1000.0, out);
    return;
  }
  write_number(millis / 1000, out);
  if (auto rest = millis % 1000; rest != 0) {
    char digits[4] = {'.', static_cast<char>('0' + rest / 100), static_cast<char>('0' + rest / 10 % 10),
                      static_cast<char>('0' + rest % 10)};
    std::size_t length = 4;
    while (digits[length - 1] == '0') --length;
    out.append(digits, length);
  }
}

struct Writer {
  std::string& out;
  int indent;  // spaces a level; negative: all on one line
  int level = 0;

  void line() {
    if (indent < 0) return;
    out += '\n';
    out.append(static_cast<std::size_t>(indent) * static_cast<std::size_t>(level), ' ');
  }
  void operator()(std::monostate) { out += "null"; }
  void operator()(bool flag) { out += flag ? "true" : "false"; }
  void operator()(std::int64_t number) { write_number(number, out); }
  void operator()(double number) {
    if (number == 0 && std::signbit(number)) {
      out += "-0.0";  // "-0" would read back as the integer 0
    } else if (std::isfinite(number)) {
      write_number(number, out);
    } else {
      out += "null";
    }
  }
  void operator()(Time time) { write_time(time, out); }
  void operator()(const std::string& text) { write_json_string(text, out); }
  void operator()(const Value::List& list) {
    out += '[';
    ++level;
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (i > 0) out += ',';
      line();
      std::visit(*this, list[i].data());
    }
    --level;
    if (!list.empty()) line();
    out += ']';
  }
  void operator()(const Value::Map& map) {
    out += '{';
    ++level;
    for (std::size_t i = 0; i < map.size(); ++i) {
      if (i > 0) out += ',';
      line();
      write_json_string(map[i].first, out);
      out += indent < 0 ? ":" : ": ";
      std::visit(*this, map[i].second.data());
    }
    --level;
    if (!map.empty()) line();
    out += '}';
  }
};

}  // namespace

Result<Value> parse_json(std::string_view text, DuplicateKeys duplicates) {
  boost::json::parse_options options;
  options.max_depth = kMaxJsonDepth;
  boost::json::basic_parser<Builder> parser(options, duplicates);
  boost::json::error_code error;
  auto used = parser.write_some(false, text.data(), text.size(), error);
  if (parser.handler().duplicate() && duplicates == DuplicateKeys::refuse) {
    return Error::invalid("a name stands twice in one object, which ends at byte " + std::to_string(used));
  }
  if (!error && used < text.size()) {
    auto rest = text.substr(used);
    if (rest.find_first_not_of(" \t\r\n") == std::string_view::npos) {
      used = text.size();
    } else {
      return Error::invalid("more follows behind the end of the document, at byte " + std::to_string(used));
    }
  }
  if (error) return Error::invalid(error.message() + " at byte " + std::to_string(used));
  return parser.handler().take();
}

namespace {

constexpr bool must_be_escaped(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
}

using Bytes [[gnu::vector_size(16)]] = unsigned char;
using Words [[gnu::vector_size(16)]] = std::uint64_t;

bool any_escaped(Bytes bytes) {
  const auto escaped = (bytes < Bytes{} + 0x20) | (bytes == Bytes{} + '"') | (bytes == Bytes{} + '\\');
  const auto words = reinterpret_cast<Words>(escaped);
  return (words[0] | words[1]) != 0;
}

// How much of the beginning may stand as it is. Sixteen bytes at a time, in a register: tokens and keys are long. The
// last ones overlap those before, or the two halves of a short text each other.
std::size_t plain_size(std::string_view text) {
  std::size_t at = 0;
  Bytes bytes;
  for (; at + sizeof(Bytes) <= text.size(); at += sizeof(Bytes)) {
    std::memcpy(&bytes, text.data() + at, sizeof bytes);
    if (any_escaped(bytes)) break;
  }
  if (const auto rest = text.size() - at; rest < sizeof(Bytes) && text.size() >= 8) {
    if (text.size() >= sizeof(Bytes)) {
      std::memcpy(&bytes, text.data() + text.size() - sizeof bytes, sizeof bytes);
    } else {
      std::memcpy(&bytes, text.data(), 8);
      std::memcpy(reinterpret_cast<char*>(&bytes) + 8, text.data() + text.size() - 8, 8);
    }
    if (!any_escaped(bytes)) return text.size();
  }
  while (at < text.size() && !must_be_escaped(text[at])) ++at;
  return at;
}

void put_escaped(char c, std::string& out) {
  switch (c) {
    case '"':
      out += "\\\"";
      break;
    case '\\':
      out += "\\\\";
      break;
    case '\n':
      out += "\\n";
      break;
    case '\r':
      out += "\\r";
      break;
    case '\t':
      out += "\\t";
      break;
    default:
      out += "\\u00";
      out.append(kHexPairs[static_cast<unsigned char>(c)].data(), 2);
  }
}

}  // namespace

void write_json_string(std::string_view text, std::string& out) {
  auto plain = plain_size(text);
  if (plain == text.size()) {  // nearly always
    const auto before = out.size(), after = before + text.size() + 2;
    out.resize_and_overwrite(after, [&](char* bytes, std::size_t) {  // GCC 12 says a greater size than it was asked for
      bytes[before] = bytes[after - 1] = '"';
      text.copy(bytes + before + 1, text.size());
      return after;
    });
    return;
  }
  out += '"';
  for (; plain < text.size(); plain = plain_size(text)) {
    out.append(text.data(), plain);
    put_escaped(text[plain], out);
    text.remove_prefix(plain + 1);
  }
  out.append(text);
  out += '"';
}

void write_foreign_json_string(std::string_view bytes, std::string& out) {
  if (is_utf8(bytes)) return write_json_string(bytes, out);
  write_json_string(clean_text(bytes), out);
}

void write_json(const Value& value, std::string& out) {
  std::visit(Writer{out, -1}, value.data());
}

std::string write_json(const Value& value) {
  std::string out;
  write_json(value, out);
  return out;
}

std::string write_json_pretty(const Value& value) {
  std::string out;
  std::visit(Writer{out, 4}, value.data());
  return out;
}

}  // namespace podpass::codec
