#include "policy_cli/case.h"

#include <algorithm>
#include <functional>
#include <optional>

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

Result<void> read_json(std::string_view json, std::string_view where, JsonTree& tree) {
  const auto read = policy::read_json(json, policy::Charset::unicode, kMaxLineBytes, tree);
  if (!read) return Error::invalid(concat({where, " is not JSON: ", read.error().cause, "."}));
  return {};
}

// A place in `policies`, for errors.
struct Where {
  std::string_view layer;
  std::optional<std::size_t> level = {}, document = {};

  std::string text() const {
    auto text = concat({"policies.", layer});
    for (const auto& index : {level, document}) {
      if (index) text += "[" + std::to_string(*index) + "]";
    }
    return text;
  }
};

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
    while ((at_ = policy::string_run(text_, at_)) < text_.size()) {
      if (text_[at_] == '"') return text_.substr(begin, ++at_ - begin);
      at_ += text_[at_] == '\\' ? 2 : 1;
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
  using Parsed = Result<std::shared_ptr<const policy::Policy>>;
  // Of the text of a document; `node` is that of its object in the tree, or zero if it came as a string.
  using Parse = std::function<Parsed(std::string_view text, std::uint32_t node, Kind kind)>;
  // `node` of the tree, whose text is `text`.
  PoliciesReader(std::string_view text, const JsonTree& tree, std::uint32_t node, Kind resource_kind, Parse parse)
      : text_(text), tree_(tree), node_(node), resource_kind_(resource_kind), parse_(std::move(parse)) {}

  Result<std::shared_ptr<const Policies>> read() {
    if (tree_[node_].type != JsonType::object) return bad("policies", "must be an object");
    for (auto i = node_ + 1; i != tree_[node_].next; i = tree_[i].next) {
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
    const Where where{name};
    if (name == "identity") return set(node, where, Kind::identity, made_->identity);
    if (name == "session") {
      layers.has_session = true;
      return set(node, where, Kind::session, made_->session);
    }
    if (name == "endpoint") {
      layers.has_endpoint = true;
      return set(node, where, Kind::endpoint, made_->endpoint);
    }
    if (name == "scp") {
      layers.has_service_control = true;
      return levels(node, where, Kind::service_control, made_->service_control);
    }
    if (name == "rcp") {
      layers.has_resource_control = true;
      return levels(node, where, Kind::resource_control, made_->resource_control);
    }
    if (name == "boundary") return boundary(node);
    if (name == "resource") {
      layers.resource = TRY(document(node, where, resource_kind_));
      return {};
    }
    return unknown_member("policies", name, "identity, resource, boundary, session, scp, rcp and endpoint");
  }

  Result<void> boundary(std::uint32_t node) {
    Set policies;
    TRY(set(node, {"boundary"}, Kind::identity, policies));
    if (policies.size() > 1) return bad("policies.boundary", "may have one document, as a principal has one boundary");
    made_->layers.has_boundary = true;
    if (!policies.empty()) made_->layers.boundary = policies.front();
    return {};
  }

  Result<void> set(std::uint32_t node, Where where, Kind kind, Set& out) {
    if (tree_[node].type != JsonType::list) {
      const auto* policy = TRY(document(node, where, kind));
      out.push_back({policy, {}, {}});
      return {};
    }
    for (auto i = node + 1; i != tree_[node].next; i = tree_[i].next) {
      where.document = out.size();
      const auto* policy = TRY(document(i, where, kind));
      out.push_back({policy, {}, {}});
    }
    return {};
  }

  Result<void> levels(std::uint32_t node, Where where, Kind kind, std::vector<Set>& out) {
    if (tree_[node].type != JsonType::list)
      return bad(where.text(), "must be a list of levels, each a list of documents");
    std::size_t count = 0;
    policy::for_each_child(tree_, node, [&](std::uint32_t) { ++count; });
    if (count > kMaxLevels) return bad(where.text(), "has more than " + std::to_string(kMaxLevels) + " levels");
    for (auto i = node + 1; i != tree_[node].next; i = tree_[i].next) {
      where.level = out.size();
      if (tree_[i].type != JsonType::list) return bad(where.text(), "must be a list of documents: one level");
      TRY(set(i, where, kind, out.emplace_back()));
    }
    return {};
  }

  Result<const policy::Policy*> document(std::uint32_t node, const Where& where, Kind kind) {
    const auto& json = tree_[node];
    if (json.type != JsonType::text && json.type != JsonType::object) {
      return bad(where.text(), "must be a policy: an object, or a string that holds one");
    }
    auto made = json.type == JsonType::text ? parse_(json.text, 0, kind)
                                            : parse_(text_.substr(json.begin, json.end - json.begin), node, kind);
    if (!made) return bad(where.text(), concat({"is refused: ", made.error().message, " (", made.error().cause, ")"}));
    made_->kept.push_back(*std::move(made));
    return made_->kept.back().get();
  }

  std::string_view text_;
  const JsonTree& tree_;
  std::uint32_t node_;
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
    JsonTree tree;
    TRY(read_json(line, "the line", tree));  // says where
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

CaseReader::CaseReader() : seen_(kMaxKept) {}

Result<Case> CaseReader::read(std::string_view line) {
  if (const auto made = read_whole(line)) return *made;
  // Member by member, which tells what is wrong.
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

std::optional<Case> CaseReader::read_whole(std::string_view line) {
  if (!policy::read_json(line, policy::Charset::unicode, kMaxLineBytes, tree_)) return {};
  const auto& root = tree_[0];
  if (root.type != JsonType::object) return {};
  std::uint32_t request = 0, policies = 0;
  Case made;
  for (auto i = 1U; i != root.next; i = tree_[i].next) {
    const auto& member = tree_[i];
    const auto text = line.substr(member.begin, member.end - member.begin);
    if (member.key == "request" && text.size() <= aws::kMaxRequestJson) {
      request = i;
    } else if (member.key == "policies") {
      policies = i;
    } else if (member.key == "id" && is_id(text)) {
      made.id = text;
    } else {
      return {};
    }
  }
  if (request == 0 || policies == 0) return {};
  const auto read = request_.read(tree_, request);
  if (!read) return {};
  made.request = *read;
  const auto& json = tree_[policies];
  auto set = set_of(line.substr(json.begin, json.end - json.begin), policies, line, resource_kind(*made.request));
  if (!set) return {};
  made.policies = *std::move(set);
  return made;
}

bool CaseReader::came_before(const TextKey& key, Kind kind) {
  const auto hash = std::uint64_t{key.hash} + static_cast<std::uint64_t>(kind);
  auto& recent = seen_[hash % seen_.size()];
  const bool again = std::ranges::find(recent, hash) != recent.end();
  std::shift_right(recent.begin(), recent.end(), 1);
  recent[0] = hash;
  return again;
}

template <class T>
void CaseReader::keep(ByText<T>& known, const TextKey& key, const std::shared_ptr<const T>& made) {
  if (key.text.size() > kMaxKeptSet) return;
  ++kept_count_;
  kept_bytes_ += key.text.size();
  known.emplace(key.text, made);
}

Result<std::shared_ptr<const Policies>> CaseReader::read_policies(std::string_view json, Kind resource_kind) {
  const auto& known = kept_[static_cast<std::size_t>(resource_kind)].sets;
  if (const auto found = known.find(TextKey(json)); found != known.end()) return found->second;
  TRY(read_json(json, "policies", tree_));
  return set_of(json, 0, json, resource_kind);
}

Result<std::shared_ptr<const Policies>> CaseReader::set_of(std::string_view json, std::uint32_t set,
                                                           std::string_view whole, Kind resource_kind) {
  auto& known = kept_[static_cast<std::size_t>(resource_kind)].sets;
  const TextKey key(json);
  if (const auto found = known.find(key); found != known.end()) return found->second;
  if (kept_count_ > kMaxKept || kept_bytes_ > kMaxKeptBytes) {
    kept_ = {};
    kept_count_ = kept_bytes_ = 0;
  }
  const bool again = came_before(key, resource_kind);
  const auto parse = [&](std::string_view text, std::uint32_t node, Kind kind) -> PoliciesReader::Parsed {
    auto& documents = kept_[static_cast<std::size_t>(kind)].documents;
    const TextKey document(text);
    if (const auto found = documents.find(document); found != documents.end()) return found->second;
    const bool document_again = came_before(document, kind);
    const auto use = again || document_again ? policy::Use::often : policy::Use::once;
    auto made = TRY(node == 0 ? policy::Policy::parse(text, kind, {}, use)
                              : policy::Policy::parse(tree_, node, text, kind, use));
    if (document_again) keep(documents, document, made);
    return made;
  };
  auto made = TRY(PoliciesReader(whole, tree_, set, resource_kind, parse).read());
  if (again) keep(known, key, made);
  return made;
}

}  // namespace podpass::policy_cli
