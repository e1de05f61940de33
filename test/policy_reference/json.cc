#include "policy_reference/json.h"

#include <boost/json/basic_parser_impl.hpp>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace podpass::reference {
namespace {

// Builds Json from the parser's events. Texts, keys and numbers come in parts.
class Builder {
 public:
  using Code = boost::json::error_code;
  using View = boost::json::string_view;
  static constexpr std::size_t max_object_size = 1U << 20;
  static constexpr std::size_t max_array_size = 1U << 20;
  static constexpr std::size_t max_key_size = 1U << 20;
  static constexpr std::size_t max_string_size = 1U << 20;

  bool on_document_begin(Code&) { return true; }
  bool on_document_end(Code&) { return true; }
  bool on_object_begin(Code&) { return open(Json::Type::object); }
  bool on_object_end(std::size_t, Code&) { return close(); }
  bool on_array_begin(Code&) { return open(Json::Type::list); }
  bool on_array_end(std::size_t, Code&) { return close(); }
  bool on_key_part(View part, std::size_t, Code&) { return gather(part); }
  bool on_key(View part, std::size_t, Code&) {
    gather(part);
    keys_.push_back(std::exchange(gathered_, {}));
    return true;
  }
  bool on_string_part(View part, std::size_t, Code&) { return gather(part); }
  bool on_string(View part, std::size_t, Code&) {
    gather(part);
    return scalar(Json::Type::text);
  }
  bool on_number_part(View part, Code&) { return gather(part); }
  bool on_int64(std::int64_t, View part, Code&) { return number(part); }
  bool on_uint64(std::uint64_t, View part, Code&) { return number(part); }
  bool on_double(double, View part, Code&) { return number(part); }
  bool on_bool(bool value, Code&) {
    gathered_ = value ? "true" : "false";
    return scalar(Json::Type::boolean);
  }
  bool on_null(Code&) { return scalar(Json::Type::null); }
  bool on_comment_part(View, Code&) { return true; }
  bool on_comment(View, Code&) { return true; }

  Json take() { return std::move(root_); }

 private:
  bool gather(View part) {
    gathered_.append(part.data(), part.size());
    return true;
  }
  bool number(View part) {
    gather(part);
    return scalar(Json::Type::number);
  }
  bool open(Json::Type type) {
    Json value;
    value.type = type;
    open_.push_back(std::move(value));
    return true;
  }
  bool close() {
    auto done = std::move(open_.back());
    open_.pop_back();
    return place(std::move(done));
  }
  bool scalar(Json::Type type) {
    Json value;
    value.type = type;
    value.text = std::exchange(gathered_, {});
    return place(std::move(value));
  }
  bool place(Json value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (open_.back().type == Json::Type::list) {
      open_.back().items.push_back(std::move(value));
    } else {
      open_.back().members.push_back({std::move(keys_.back()), std::move(value)});
      keys_.pop_back();
    }
    return true;
  }

  std::string gathered_;
  std::vector<std::string> keys_;  // of the objects that are open, their latest
  std::vector<Json> open_;
  Json root_;
};

}  // namespace

Json::Json() = default;
Json::Json(const Json&) = default;
Json::Json(Json&&) noexcept = default;
Json& Json::operator=(const Json&) = default;
Json& Json::operator=(Json&&) noexcept = default;
Json::~Json() = default;

Json Json::read(const std::string& document) {
  boost::json::basic_parser<Builder> parser{boost::json::parse_options()};
  boost::json::error_code error;
  const auto used = parser.write_some(false, document.data(), document.size(), error);
  if (error || used != document.size()) throw std::runtime_error("no JSON: " + document);
  return parser.handler().take();
}

const Json* Json::member(const std::string& name) const {
  for (const auto& [key, value] : members) {
    if (key == name) return &value;
  }
  return nullptr;
}

std::vector<std::string> Json::texts() const {
  if (type != Type::list) return {text};
  std::vector<std::string> all;
  for (const auto& item : items) all.push_back(item.text);
  return all;
}

}  // namespace podpass::reference
