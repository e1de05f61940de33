#include "codec/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <optional>
#include <set>
#include <spanstream>
#include <unordered_map>

#include "base/strings.h"
#include "codec/json.h"
#include "codec/utf8.h"
#include "codec/yaml_scalar.h"

namespace podpass::codec {
namespace {

constexpr std::string_view kCoreTag = "tag:yaml.org,2002:";
constexpr std::size_t kShown = 80;  // of a name in an error

struct Refused {
  YAML::Mark mark;
  std::string why;
};

std::string shown(std::string_view name) {
  return name.size() <= kShown ? "'" + printable(name) + "'" : "a name of " + std::to_string(name.size()) + " bytes";
}

// What a value counts for, with all that is in it.
struct Weight {
  std::size_t nodes = 1, text = 0;
  int depth = 0;

  void add(const Weight& part) {
    nodes += part.nodes;
    text += part.text;
    depth = std::max(depth, part.depth + 1);
  }
};

// yaml-cpp reads the bytes and calls this, which builds one document's Value.
class YamlBuilder final : public YAML::EventHandler {
 public:
  Value take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { put(mark, anchor, {}, {}); }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) throw Refused{mark, "a value contains itself"};
    const auto& [value, weight] = found->second;
    charge(mark, weight);
    if (const std::string* name = wants_name() ? value.as_text() : nullptr) return take_name(mark, *name);
    put(mark, 0, value, weight);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    // yaml-cpp writes a byte that is no UTF-8 for these.
    if (!is_utf8(text)) throw Refused{mark, "the escapes \\N and \\_ are not known here"};
    if (wants_name()) {
      if (anchor != 0) remember(mark, anchor, Value(text), {1, text.size(), 0});
      top().merging = tag == "?" && text == "<<";
      return take_name(mark, text);
    }
    auto value = scalar_of(tag, text);
    if (!value) throw Refused{mark, std::move(value).error()};
    const Weight weight{1, text.size(), 0};
    charge(mark, weight);
    put(mark, anchor, *std::move(value), weight);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, "seq", anchor, Value(Value::List()));
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, "map", anchor, Value(Value::Map()));
  }
  void OnMapEnd() override {
    check_names();
    if (!top().merged.empty()) merge();
    close();
  }

 private:
  // A list or map that has not ended yet.
  struct Open {
    Value value;
    Weight weight;
    YAML::Mark mark;
    YAML::anchor_t anchor;
    std::optional<std::string> name;      // of the member whose value comes next
    std::vector<YAML::Mark> marks = {};   // of the members
    std::vector<Value::Map> merged = {};  // by `<<`, the most important first
    bool merging = false;                 // the next value is one to merge
  };

  Open& top() { return open_.back(); }
  bool wants_name() { return !open_.empty() && top().value.as<Value::Map>() != nullptr && !top().name; }

  void charge(const YAML::Mark& mark, const Weight& weight) {
    nodes_ += weight.nodes;
    text_ += weight.text;
    if (nodes_ > kMaxYamlNodes || text_ > kMaxYamlTextBytes) {
      throw Refused{mark, "there are too many values, with what aliases repeat"};
    }
    if (static_cast<int>(open_.size()) + weight.depth > kMaxYamlDepth) {
      throw Refused{mark, "it is nested more than " + std::to_string(kMaxYamlDepth) + " deep"};
    }
  }

  void take_name(const YAML::Mark& mark, const std::string& name) {
    text_ += name.size();
    top().weight.text += name.size();
    top().name = name;
    top().mark = mark;
  }

  void open(const YAML::Mark& mark, const std::string& tag, std::string_view kind, YAML::anchor_t anchor, Value value) {
    if (wants_name()) throw Refused{mark, "a name must be a text, not a list or map"};
    const bool core = tag == "?" || tag == "!" || tag.empty() || tag == concat({kCoreTag, kind});
    if (!core) throw Refused{mark, "the tag " + shown(tag) + " is not known here"};
    charge(mark, {1, 0, 1});
    open_.push_back({std::move(value), {1, 0, 1}, mark, anchor, {}});
  }

  void close() {
    Open ended = std::move(top());
    open_.pop_back();
    put(ended.mark, ended.anchor, std::move(ended.value), ended.weight);
  }

  void remember(const YAML::Mark& mark, YAML::anchor_t anchor, const Value& value, const Weight& weight) {
    charge(mark, {weight.nodes, weight.text, 0});
    anchors_.insert_or_assign(anchor, std::pair(value, weight));
  }

  void put(const YAML::Mark& mark, YAML::anchor_t anchor, Value value, const Weight& weight) {
    if (anchor != 0) remember(mark, anchor, value, weight);
    if (open_.empty()) {
      root_ = std::move(value);
      return;
    }
    if (wants_name()) throw Refused{mark, "a name must be a text"};
    top().weight.add(weight);
    if (auto* list = top().value.as<Value::List>()) {
      list->push_back(std::move(value));
    } else if (std::exchange(top().merging, false)) {
      take_merged(mark, std::move(value));
      top().name.reset();
    } else {
      top().marks.push_back(top().mark);
      top().value.add(*std::exchange(top().name, std::nullopt), std::move(value));
    }
  }

  void take_merged(const YAML::Mark& mark, Value value) {
    if (auto* list = value.as<Value::List>()) {
      for (Value& item : *list) {
        if (item.as<Value::List>()) throw Refused{mark, "what '<<' names must be a map or a list of maps"};
        take_merged(mark, std::move(item));
      }
      return;
    }
    auto* map = value.as<Value::Map>();
    if (!map) throw Refused{mark, "what '<<' names must be a map or a list of maps"};
    top().merged.push_back(std::move(*map));
  }

  void merge() {
    std::set<std::string, std::less<>> names;
    for (const auto& [name, value] : *top().value.as<Value::Map>()) names.insert(name);
    for (Value::Map& map : top().merged) {
      for (auto& [name, value] : map) {
        if (names.insert(name).second) top().value.add(name, std::move(value));
      }
    }
  }

  void check_names() {
    const Value::Map& map = *top().value.as<Value::Map>();
    std::vector<std::size_t> order(map.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::sort(order, [&map](std::size_t a, std::size_t b) {
      return map[a].first != map[b].first ? map[a].first < map[b].first : a < b;
    });
    const auto twice = std::ranges::adjacent_find(
        order, [&map](std::size_t a, std::size_t b) { return map[a].first == map[b].first; });
    if (twice == order.end()) return;
    throw Refused{top().marks[*(twice + 1)], shown(map[*twice].first) + " stands twice in one map"};
  }

  Value root_;
  std::vector<Open> open_;
  std::unordered_map<YAML::anchor_t, std::pair<Value, Weight>> anchors_;
  std::size_t nodes_ = 0, text_ = 0;
};

Error error_at(const YAML::Mark& mark, std::string_view why) {
  std::string where;
  if (!mark.is_null()) {
    where = "line " + std::to_string(mark.line + 1) + ", column " + std::to_string(mark.column + 1) + ": ";
  }
  return Error::invalid(where + clean_text(why));  // yaml-cpp quotes single bytes
}

}  // namespace

Result<std::vector<Value>> parse_yaml_documents(std::string_view text) {
  if (text.size() > kMaxYamlBytes) {
    return Error{ErrorKind::too_large, {}, 0, "it is larger than " + std::to_string(kMaxYamlBytes) + " bytes", {}, {}};
  }
  if (!is_utf8(text)) return Error::invalid("it is not UTF-8");
  if (std::ranges::any_of(text, is_control)) return Error::invalid("it has a control character");
  std::vector<Value> documents;
  try {
    std::ispanstream stream{std::span<const char>(text.data(), text.size())};
    YAML::Parser parser(stream);
    for (std::size_t i = 0;; ++i) {
      YamlBuilder builder;
      if (!parser.HandleNextDocument(builder)) break;
      if (i == kMaxYamlDocuments) return Error::invalid("it has too many documents");
      Value value = builder.take();
      if (!value.is_null()) documents.push_back(std::move(value));
    }
  } catch (const Refused& refused) {
    return error_at(refused.mark, refused.why);
  } catch (const YAML::Exception& exception) {
    return error_at(exception.mark, printable(exception.msg));
  }
  return documents;
}

Result<Value> parse_yaml(std::string_view text) {
  std::vector<Value> documents = TRY(parse_yaml_documents(text));
  if (documents.size() > 1) return Error::invalid("it has more than one document");
  return documents.empty() ? Value() : std::move(documents.front());
}

}  // namespace podpass::codec
