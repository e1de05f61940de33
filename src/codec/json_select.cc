#include "codec/json_select.h"

#include <boost/container/small_vector.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <charconv>

#include "codec/json.h"

namespace podpass::codec {
namespace {

// Boost.JSON reads and checks the bytes and calls this. Inside of what is not wanted it only counts how deep it is.
class Selector {
 public:
  static constexpr std::size_t max_object_size = 1'000'000;
  static constexpr std::size_t max_array_size = 1'000'000;
  static constexpr std::size_t max_key_size = 1'000'000;
  static constexpr std::size_t max_string_size = 64'000'000;
  using error_code = boost::json::error_code;
  using string_view = boost::json::string_view;

  explicit Selector(const Selection& wanted) : next_(&wanted) {}

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) {
    const auto* selection = begin();
    if (selection == nullptr) return true;
    auto& value = put(Value::Map());
    value.as<Value::Map>()->reserve(selection->size());
    open_.push_back({&value, selection});
    return true;
  }
  bool on_array_begin(error_code&) {
    const auto* selection = begin();
    if (selection == nullptr) return true;
    auto& value = put(Value::List());
    if (selection->item() != nullptr) value.as<Value::List>()->reserve(kUsualItems);
    open_.push_back({&value, selection});
    return true;
  }
  bool on_array_end(std::size_t, error_code&) { return end(); }
  bool on_object_end(std::size_t, error_code&) { return end(); }
  bool on_key_part(string_view part, std::size_t, error_code&) {
    if (skipped_ == 0) text_.append(part.data(), part.size());
    return true;
  }
  bool on_key(string_view part, std::size_t, error_code&) {
    if (skipped_ > 0) return true;
    std::string_view name(part.data(), part.size());
    if (!text_.empty()) {
      text_.append(name);
      name = text_;
    }
    next_ = open_.back().selection->member(name);
    if (next_ != nullptr) key_ = name;
    text_.clear();
    return true;
  }
  bool on_string_part(string_view part, std::size_t, error_code&) {
    if (wanted()) text_.append(part.data(), part.size());
    return true;
  }
  bool on_string(string_view part, std::size_t, error_code&) {
    if (!wanted()) return true;
    text_.append(part.data(), part.size());
    put(std::exchange(text_, {}));
    return true;
  }
  bool on_number_part(string_view part, error_code&) {
    if (wanted()) text_.append(part.data(), part.size());
    return true;
  }
  bool on_int64(std::int64_t number, string_view, error_code&) { return scalar(number); }
  bool on_uint64(std::uint64_t number, string_view, error_code&) { return scalar(static_cast<double>(number)); }
  bool on_double(double number, string_view part, error_code&) {
    if (!wanted()) return true;
    text_.append(part.data(), part.size());
    std::from_chars(text_.data(), text_.data() + text_.size(), number);  // Boost.JSON 1.81 rounds doubles roughly
    return scalar(number);
  }
  bool on_bool(bool flag, error_code&) { return scalar(flag); }
  bool on_null(error_code&) { return scalar(Value()); }
  bool on_comment_part(string_view, error_code&) { return true; }
  bool on_comment(string_view, error_code&) { return true; }

  Value take() { return std::move(root_); }

 private:
  static constexpr std::size_t kUsualItems = 4;

  struct Open {
    Value* value;
    const Selection* selection;
  };

  // Whether what comes now is wanted; in a list it is the list's selection that says so.
  const Selection* wanted() const {
    if (skipped_ > 0) return nullptr;
    if (!open_.empty() && open_.back().value->as<Value::List>()) return open_.back().selection->item();
    return next_;
  }

  bool scalar(Value value) {
    text_.clear();
    if (wanted()) put(std::move(value));
    return true;
  }

  // What is wanted of the list or map that begins; null: nothing, it is skipped.
  const Selection* begin() {
    const auto* selection = wanted();
    if (selection == nullptr) ++skipped_;
    return selection;
  }

  bool end() {
    if (skipped_ > 0) {
      --skipped_;
    } else {
      open_.pop_back();
    }
    return true;
  }

  // A map has at most as many members as were asked for, so looking for an equal name is quick.
  Value& put(Value value) {
    if (open_.empty()) return root_ = std::move(value);
    auto& parent = *open_.back().value;
    if (auto* list = parent.as<Value::List>()) return list->emplace_back(std::move(value));
    if (auto* earlier = parent.find(key_)) return *earlier = std::move(value);
    return parent.as<Value::Map>()->emplace_back(key_, std::move(value)).second;
  }

  std::string text_;       // the parts so far of what is being read
  std::string key_;        // of the member being read, if it is wanted
  const Selection* next_;  // what is wanted of it
  int skipped_ = 0;        // how deep inside of what is not wanted
  boost::container::small_vector<Open, 16> open_;
  Value root_;
};

}  // namespace

Selection Selection::of(std::initializer_list<Members::value_type> members) {
  Selection selection;
  selection.members_ = members;
  return selection;
}

Selection Selection::each(Selection item) {
  Selection selection;
  selection.items_.push_back(std::move(item));
  return selection;
}

const Selection* Selection::member(std::string_view name) const {
  for (const auto& [each, selection] : members_) {
    if (each == name) return &selection;
  }
  return nullptr;
}

Result<Value> parse_json(std::string_view text, const Selection& wanted) {
  boost::json::parse_options options;
  options.max_depth = kMaxJsonDepth;
  boost::json::basic_parser<Selector> parser(options, wanted);
  boost::json::error_code error;
  const auto used = parser.write_some(false, text.data(), text.size(), error);
  if (!error && text.substr(used).find_first_not_of(" \t\r\n") != std::string_view::npos) {
    return Error::invalid("more follows behind the end of the document, at byte " + std::to_string(used));
  }
  if (error) return Error::invalid(error.message() + " at byte " + std::to_string(used));
  return parser.handler().take();
}

}  // namespace podpass::codec
