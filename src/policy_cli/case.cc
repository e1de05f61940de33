#include "policy_cli/case.h"

#include <algorithm>
#include <functional>

#include "aws/arn.h"
#include "base/strings.h"
#include "codec/json.h"
#include "codec/utf8.h"
#include "policy/document.h"
#include "policy_cli/lines.h"

namespace podpass::policy_cli {
namespace {

using policy::JsonTree;
using policy::JsonType;
using policy::Kind;

constexpr std::string_view kEmptyObject = "{}";

Error bad(std::string_view where, std::string_view why) {
  return Error::invalid(concat({where, " ", why, "."}));
}

Error unknown_member(std::string_view where, std::string_view name, std::string_view known) {
  return Error::invalid(concat({where, " has an unknown member \"", name, "\"; it may have ", known, "."}));
}

Result<JsonTree> read_json(std::string_view json, std::string_view where) {
  auto tree = policy::read_json(json, policy::Charset::unicode, kMaxLineBytes);
  if (!tree) return Error::invalid(concat({where, " is not JSON: ", tree.error().cause, "."}));
  return tree;
}

bool is_white(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// Takes an object's members apart without reading what they hold: only strings and brackets are looked at.
class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) {}

  // Calls `visit(name, value)` for every member; false if this is no object.
  template <class Visit>
  bool split(Visit visit) {
    skip_white();
    if (!take('{')) return false;
    skip_white();
    if (take('}')) return at_end();
    while (true) {
      skip_white();
      const auto name = string();
      skip_white();
      if (name.size() < 2 || !take(':')) return false;
      const auto value = this->value();
      if (value.empty() || !visit(name.substr(1, name.size() - 2), value)) return false;
      if (take('}')) return at_end();
      if (!take(',')) return false;
    }
  }

 private:
  void skip_white() {
    while (at_ < text_.size() && is_white(text_[at_])) ++at_;
  }
  bool at_end() {
    skip_white();
    return at_ == text_.size();
  }
  bool take(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  // With its quotes; empty if there is none, or it has no end.
  std::string_view string() {
    const auto begin = at_;
    if (!take('"')) return {};
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\\') {
        ++at_;
      } else if (text_[at_] == '"') {
        ++at_;
        return text_.substr(begin, at_ - begin);
      }
    }
    at_ = text_.size();
    return {};
  }

  // Up to the comma or bracket behind it, white space at its ends left out.
  std::string_view value() {
    skip_white();
    const auto begin = at_;
    std::size_t depth = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        if (string().empty()) return {};
        continue;
      }
      const bool closes = c == '}' || c == ']';
      if (depth == 0 && (closes || c == ',')) break;
      if (c == '{' || c == '[') ++depth;
      if (closes) --depth;
      ++at_;
    }
    auto end = at_;
    while (end > begin && is_white(text_[end - 1])) --end;
    return text_.substr(begin, end - begin);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

// What JSON readers of all kinds take: no number that no double holds.
bool is_id(std::string_view json) {
  constexpr std::size_t kSurely = 15;  // digits
  if (json.size() <= kSurely && std::ranges::all_of(json, is_digit) && !json.starts_with('0')) return true;
  const auto value = codec::parse_json(json);
  return value && !value->as<bool>();
}

bool is_null(std::string_view json) {
  return json.empty() || json == "null";
}

// Reads `policies` into a set.
class PoliciesReader {
 public:
  using Parse = std::function<Result<std::shared_ptr<const policy::Policy>>(std::string_view, Kind)>;
  PoliciesReader(std::string_view text, const JsonTree& tree, Kind resource_kind, Parse parse)
      : text_(text), tree_(tree), resource_kind_(resource_kind), parse_(std::move(parse)) {}

  Result<std::shared_ptr<const Policies>> read() {
    if (tree_[0].type != JsonType::object) return bad("policies", "must be an object");
    for (auto i = 1U; i != tree_[0].next; i = tree_[i].next) {
      if (tree_[i].type != JsonType::null) TRY(layer(i));
    }
    auto& layers = made_->layers;
    layers.trust = resource_kind_ == Kind::trust;  // a role has a trust policy, given or not
    layers.identity = made_->identity;
    layers.session = made_->session;
    layers.endpoint = made_->endpoint;
    for (const auto& level : made_->service_control) made_->service_levels.emplace_back(level);
    for (const auto& level : made_->resource_control) made_->resource_levels.emplace_back(level);
    layers.service_control = made_->service_levels;
    layers.resource_control = made_->resource_levels;
    return made_;
  }

 private:
  using Set = std::vector<policy::NamedPolicy>;

  Result<void> layer(std::uint32_t node) {
    auto& layers = made_->layers;
    const auto name = tree_[node].key;
    if (name == "identity") return set(node, "policies.identity", Kind::identity, made_->identity);
    if (name == "session") {
      layers.has_session = true;
      return set(node, "policies.session", Kind::session, made_->session);
    }
    if (name == "endpoint") {
      layers.has_endpoint = true;
      return set(node, "policies.endpoint", Kind::endpoint, made_->endpoint);
    }
    if (name == "scp") {
      layers.has_service_control = true;
      return levels(node, "policies.scp", Kind::service_control, made_->service_control);
    }
    if (name == "rcp") {
      layers.has_resource_control = true;
      return levels(node, "policies.rcp", Kind::resource_control, made_->resource_control);
    }
    if (name == "boundary") return boundary(node);
    if (name == "resource") {
      layers.resource = TRY(document(node, "policies.resource", resource_kind_));
      return {};
    }
    return unknown_member("policies", name, "identity, resource, boundary, session, scp, rcp and endpoint");
  }

  Result<void> boundary(std::uint32_t node) {
    Set policies;
    TRY(set(node, "policies.boundary", Kind::identity, policies));
    if (policies.size() > 1) return bad("policies.boundary", "may have one document, as a principal has one boundary");
    made_->layers.has_boundary = true;
    if (!policies.empty()) made_->layers.boundary = policies.front();
    return {};
  }

  Result<void> set(std::uint32_t node, const std::string& where, Kind kind, Set& out) {
    if (tree_[node].type != JsonType::list) {
      out.push_back({TRY(document(node, where, kind)), {}, {}});
      return {};
    }
    for (auto i = node + 1; i != tree_[node].next; i = tree_[i].next) {
      out.push_back({TRY(document(i, where + "[" + std::to_string(out.size()) + "]", kind)), {}, {}});
    }
    return {};
  }

  Result<void> levels(std::uint32_t node, const std::string& where, Kind kind, std::vector<Set>& out) {
    if (tree_[node].type != JsonType::list) return bad(where, "must be a list of levels, each a list of documents");
    std::size_t count = 0;
    policy::for_each_child(tree_, node, [&](std::uint32_t) { ++count; });
    if (count > kMaxLevels) return bad(where, "has more than " + std::to_string(kMaxLevels) + " levels");
    for (auto i = node + 1; i != tree_[node].next; i = tree_[i].next) {
      const auto place = where + "[" + std::to_string(out.size()) + "]";
      if (tree_[i].type != JsonType::list) return bad(place, "must be a list of documents: one level");
      TRY(set(i, place, kind, out.emplace_back()));
    }
    return {};
  }

  Result<const policy::Policy*> document(std::uint32_t node, const std::string& where, Kind kind) {
    const auto& json = tree_[node];
    if (json.type != JsonType::text && json.type != JsonType::object) {
      return bad(where, "must be a policy: an object, or a string that holds one");
    }
    auto made = parse_(json.type == JsonType::text ? json.text : text_.substr(json.begin, json.end - json.begin), kind);
    if (!made) return bad(where, concat({"is refused: ", made.error().message, " (", made.error().cause, ")"}));
    made_->kept.push_back(*made);
    return made->get();
  }

  std::string_view text_;
  const JsonTree& tree_;
  Kind resource_kind_;
  Parse parse_;
  std::shared_ptr<Policies> made_ = std::make_shared<Policies>();
};

}  // namespace

Result<void> split_members(std::string_view line, Members& members) {
  std::string_view unknown, repeated;
  const bool split = Splitter(line).split([&](std::string_view name, std::string_view value) {
    auto* member = name == "id"         ? &members.id
                   : name == "request"  ? &members.request
                   : name == "policies" ? &members.policies
                                        : nullptr;
    if (!member) unknown = name;
    if (member && !member->empty()) repeated = name;
    if (member) *member = value;
    return true;
  });
  // What is told of a line that can't be read has its id, if that is one.
  const bool scalar = !members.id.starts_with('{') && !members.id.starts_with('[');
  const bool bad_id = !members.id.empty() && !(scalar && is_id(members.id));
  if (bad_id) members.id = {};
  if (!split) {
    TRY(read_json(line, "the line"));  // says where
    return bad("the line", "must be an object");
  }
  if (!unknown.empty()) return unknown_member("the line", codec::clean_text(unknown), "id, request and policies");
  if (!repeated.empty()) return bad("the line", concat({"has \"", repeated, "\" twice"}));
  if (bad_id) return bad("id", "must be a string or a number, or null");
  return {};
}

policy::Kind resource_kind(const policy::Request& request) {
  const auto service = request.action.substr(0, request.action.find(':'));
  if (iequals(service, "s3")) return Kind::bucket;
  const auto arn = aws::split_arn(request.resource);
  const bool role = arn && arn->service == "iam" && arn->resource.starts_with("role/");
  return iequals(service, "sts") && role ? Kind::trust : Kind::resource;
}

CaseReader::CaseReader() = default;

Result<Case> CaseReader::read(std::string_view line) {
  Members members;
  TRY(split_members(line, members));
  Case made;
  made.id = members.id;
  if (is_null(members.request)) return bad("the line", "has no \"request\"");
  made.request = TRY(read_request(members.request));
  made.policies =
      TRY(read_policies(is_null(members.policies) ? kEmptyObject : members.policies, resource_kind(*made.request)));
  return made;
}

Result<std::shared_ptr<const policy::Policy>> CaseReader::parse(std::string_view text, Kind kind) {
  auto& known = kept_[static_cast<std::size_t>(kind)].documents;
  if (const auto found = known.find(text); found != known.end()) return found->second;
  auto made = TRY(policy::Policy::parse(text, kind));
  ++kept_count_;
  kept_bytes_ += text.size();
  known.emplace(text, made);
  return made;
}

Result<std::shared_ptr<const Policies>> CaseReader::read_policies(std::string_view json, Kind resource_kind) {
  auto& known = kept_[static_cast<std::size_t>(resource_kind)].sets;
  if (const auto found = known.find(json); found != known.end()) return found->second;
  if (kept_count_ > kMaxKept || kept_bytes_ > kMaxKeptBytes) {
    kept_ = {};
    kept_count_ = kept_bytes_ = 0;
  }
  const auto tree = TRY(read_json(json, "policies"));
  auto made = TRY(PoliciesReader(json, tree, resource_kind, [this](std::string_view text, Kind kind) {
                    return parse(text, kind);
                  }).read());
  if (json.size() > kMaxKeptSet) return made;
  ++kept_count_;
  kept_bytes_ += json.size();
  known.emplace(json, made);
  return made;
}

}  // namespace podpass::policy_cli
