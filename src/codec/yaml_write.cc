#include <algorithm>

#include "base/time.h"
#include "codec/json.h"
#include "codec/yaml.h"
#include "codec/yaml_scalar.h"

namespace podpass::codec {
namespace {

constexpr std::size_t kLongestSimpleName = 1'000;  // YAML has 1024 at most

// Where a value stands: behind `name:`, behind `- ` or by itself.
enum class Place : unsigned char { document, member, item };

class YamlWriter {
 public:
  explicit YamlWriter(std::string& out) : out_(out) {}

  void write(const Value& value, std::size_t indent, Place place) {
    if (const auto* map = value.as<Value::Map>()) return write_map(*map, indent, place);
    if (const auto* list = value.as<Value::List>()) return write_list(*list, indent, place);
    if (place == Place::member) out_ += ' ';
    if (const auto* text = value.as_text()) return write_text(*text, indent, place);
    if (const auto* time = value.as<Time>()) {
      write_json_string(format_iso8601(*time), out_);
    } else {
      write_json(value, out_);
    }
    out_ += '\n';
  }

 private:
  void write_map(const Value::Map& map, std::size_t indent, Place place) {
    if (map.empty()) {
      out_ += place == Place::member ? " {}\n" : "{}\n";
      return;
    }
    if (place == Place::member) out_ += '\n';
    bool first = place == Place::item;  // its indentation has been written: "- "
    for (const auto& [name, value] : map) {
      if (!first) out_.append(indent, ' ');
      first = false;
      const bool simple = name.size() <= kLongestSimpleName;
      if (!simple) out_ += "? ";
      write_name(name);
      if (!simple) out_ += '\n' + std::string(indent, ' ');
      out_ += ':';
      // kubectl writes the items of a list below the name, not further in.
      write(value, value.as<Value::List>() ? indent : indent + 2, Place::member);
    }
  }

  void write_list(const Value::List& list, std::size_t indent, Place place) {
    if (list.empty()) {
      out_ += place == Place::member ? " []\n" : "[]\n";
      return;
    }
    if (place == Place::member) out_ += '\n';
    bool first = place == Place::item;
    for (const Value& item : list) {
      if (!first) out_.append(indent, ' ');
      first = false;
      out_ += "- ";
      write(item, indent + 2, Place::item);
    }
  }

  void write_name(std::string_view name) {
    if (stays_text(name)) {
      out_ += name;
    } else {
      write_json_string(name, out_);
    }
  }

  void write_text(std::string_view text, std::size_t indent, Place place) {
    if (place != Place::document && is_block(text)) return write_block(text, indent);
    write_name(text);
    out_ += '\n';
  }

  // Lines that a literal block gives back as they are.
  static bool is_block(std::string_view text) {
    const std::size_t newline = text.find('\n');
    if (newline == std::string_view::npos || newline + 1 == text.size()) return false;
    if (text.front() == ' ' || text.front() == '\n' || text.ends_with("\n\n")) return false;
    if (text.find(" \n") != std::string_view::npos || text.back() == ' ') return false;
    return std::ranges::all_of(text, [](char c) { return c == '\n' || (c >= 0x20 && c < 0x7f); });
  }

  void write_block(std::string_view text, std::size_t indent) {
    out_ += text.ends_with('\n') ? "|\n" : "|-\n";
    if (text.ends_with('\n')) text.remove_suffix(1);
    while (true) {
      const std::string_view line = text.substr(0, text.find('\n'));
      if (!line.empty()) out_.append(indent, ' ');
      out_ += line;
      out_ += '\n';
      if (line.size() == text.size()) return;
      text.remove_prefix(line.size() + 1);
    }
  }

  std::string& out_;
};

}  // namespace

std::string write_yaml(const Value& value) {
  std::string out;
  YamlWriter(out).write(value, 0, Place::document);
  return out;
}

}  // namespace podpass::codec
