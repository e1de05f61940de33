#include "policy/lint.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/strings.h"
#include "policy/actions.h"
#include "policy/document.h"
#include "policy/operators.h"
#include "policy/pattern.h"

namespace podpass::policy {
namespace {

constexpr std::string_view kOwnService = "podpass:";  // whose actions are not AWS's and not in its tables

// --- Whether a resource of a policy can be of a type
// ------------------------------------------------------------------

// One character or a run of any; zero is any character but `never`.
struct Symbol {
  bool is_run = false;
  char c = 0;
  char never = 0;
};

// A policy's resource, or AWS's "arn:${Partition}:s3:::${BucketName}/${ObjectName}", as symbols. What is in braces can
// be anything; but a bucket's name has no slash, and the fields in front have no colon.
std::vector<Symbol> symbols_of(std::string_view text) {
  std::vector<Symbol> symbols;
  while (!text.empty()) {
    const auto close = text.starts_with("${") ? text.find('}') : std::string_view::npos;
    std::size_t taken = 1;
    if (close != std::string_view::npos) {
      taken = close + 1;
      const auto name = text.substr(2, close - 2);
      const bool field = name == "Partition" || name == "Region" || name == "Account";
      symbols.push_back({true, 0, name == "BucketName" ? '/' : field ? ':' : '\0'});
    } else if (text[0] == '*') {
      symbols.push_back({true, 0, 0});
    } else {
      symbols.push_back({false, text[0] == '?' ? '\0' : text[0], 0});
    }
    text.remove_prefix(taken);
  }
  return symbols;
}

bool may_be_equal(Symbol a, Symbol b) {
  if ((a.never != 0 && a.never == b.c) || (b.never != 0 && b.never == a.c)) return false;
  return a.c == 0 || b.c == 0 || a.c == b.c;
}

// Whether some text is meant by both: a row of the table for each symbol of `a`.
bool overlap(const std::vector<Symbol>& a, const std::vector<Symbol>& b) {
  std::vector<char> row(b.size() + 1), next(b.size() + 1);
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      bool reached = i == 0 && j == 0;
      if (i > 0 && a[i - 1].is_run) reached = reached || row[j];  // stands for nothing
      if (j > 0 && b[j - 1].is_run) reached = reached || next[j - 1];
      if (i > 0 && j > 0 && may_be_equal(a[i - 1], b[j - 1])) {
        const bool a_stays = a[i - 1].is_run, b_stays = b[j - 1].is_run;
        reached = reached || row[j - 1] || (a_stays && next[j - 1]) || (b_stays && row[j]);
      }
      next[j] = reached;
    }
    std::swap(row, next);
  }
  return row[b.size()];
}

// The third field of an ARN, if it is there and is text; else nothing, which may be any.
std::string_view service_of(std::string_view arn) {
  for (int i = 0; i < 2; ++i) arn.remove_prefix(std::min(arn.find(':'), arn.size() - 1) + 1);
  const auto service = arn.substr(0, arn.find(':'));
  return service.find_first_of("*?$") == std::string_view::npos ? service : std::string_view();
}

bool is_of_action(std::string_view resource, const Action& action) {
  constexpr std::size_t kMaxArn = 2'048;
  if (resource.empty() || resource.size() > kMaxArn) return true;  // not looked at
  const auto service = service_of(resource);
  return std::ranges::any_of(action.resources, [&](const ActionResource& each) {
    const auto other = service_of(each.type.arn);
    if (!service.empty() && !other.empty() && service != other) return false;
    return overlap(symbols_of(resource), symbols_of(each.type.arn));
  });
}

// --- Names like another
// -----------------------------------------------------------------------------------------------

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto replaced = diagonal + (ascii_lower(a[i - 1]) == ascii_lower(b[j - 1]) ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

std::string did_you_mean(const Service& service, std::string_view name) {
  std::string_view nearest;
  std::size_t least = 4;  // more letters are another word
  for (const auto action : service.actions) {
    const auto distance = edit_distance(action.name, name);
    if (distance < least) {
      least = distance;
      nearest = action.name;
    }
  }
  return nearest.empty() ? std::string() : concat({" Did you mean ", nearest, "?"});
}

// --- Keys and operators
// -----------------------------------------------------------------------------------------------

bool is_list(KeyType type) {
  return type == KeyType::array_of_string || type == KeyType::array_of_arn || type == KeyType::array_of_bool;
}

// Whether values of the type can be compared so in any useful way.
bool suits(Comparison comparison, KeyType type) {
  const bool text = type == KeyType::string || type == KeyType::array_of_string || type == KeyType::arn ||
                    type == KeyType::array_of_arn;
  switch (comparison) {
    case Comparison::text:
    case Comparison::text_any_case:
    case Comparison::text_like:
      return text || type == KeyType::boolean || type == KeyType::array_of_bool;  // "true" is a text too
    case Comparison::arn:
      return text;
    case Comparison::number:
      return type == KeyType::numeric;
    case Comparison::date:
      return type == KeyType::date || type == KeyType::numeric;  // aws:EpochTime
    case Comparison::boolean:
      return type == KeyType::boolean || type == KeyType::array_of_bool || type == KeyType::string;
    case Comparison::ip:
      return type == KeyType::ip_address;
    case Comparison::binary:
    case Comparison::null:
      return true;
  }
  return true;
}

std::string_view name_of(KeyType type) {
  constexpr std::string_view kNames[] = {"text",
                                         "an ARN",
                                         "true or false",
                                         "a number",
                                         "a date",
                                         "an IP address",
                                         "a list of texts",
                                         "a list of ARNs",
                                         "a list of true or false"};
  return kNames[static_cast<std::size_t>(type)];
}

class Linter {
 public:
  explicit Linter(const Document& document) : document_(document), tree_(document.tree) {}

  std::vector<Finding> run() {
    for (const auto& statement : document_.statements) {
      actions(statement);
      resources(statement);
      conditions(statement);
      principals(statement);
    }
    // Not std::stable_sort: libstdc++'s calls what clang refuses as deprecated.
    std::multimap<std::pair<std::uint32_t, std::uint32_t>, Finding> by_place;
    for (auto& finding : found_) {
      const std::pair place(finding.place.line, finding.place.column);
      by_place.emplace(place, std::move(finding));
    }
    std::vector<Finding> sorted;
    for (auto& [place, finding] : by_place) sorted.push_back(std::move(finding));
    return sorted;
  }

 private:
  void warn(const JsonNode& node, std::string_view code, std::string message) {
    found_.push_back({Severity::warning, place_of(document_.text, node.begin), std::string(code), std::move(message)});
  }

  void actions(const StatementNodes& statement) {
    for_each_item(tree_, statement.any_action(), [&](const JsonNode& item) {
      const auto name = item.text;
      if (name == "*" || name == "*:*" || iequals(name.substr(0, kOwnService.size()), kOwnService)) return;
      const auto service = find_service(name.substr(0, name.find(':')));
      if (!service) {
        warn(item, "UnknownService", concat({"AWS has no service \"", name.substr(0, name.find(':')), "\"."}));
      } else if (has_wildcard(name)) {
        if (matching_actions(name).empty()) {
          warn(item, "NoSuchAction", concat({"\"", name, "\" is no action of AWS."}));
        }
      } else if (!find_action(name)) {
        const auto advice = ++guessed_ <= kMaxGuessed ? did_you_mean(*service, name) : std::string();
        warn(item, "NoSuchAction", concat({"\"", name, "\" is no action of AWS.", advice}));
      }
    });
  }

  // The actions that a statement lists, where all are known by name.
  std::optional<std::vector<Action>> listed_actions(const StatementNodes& statement) const {
    std::vector<Action> all;
    bool known = statement.action != 0;
    for_each_item(tree_, statement.action, [&](const JsonNode& item) {
      known = known && item.text != "*" && item.text != "*:*";
      const auto ids = known ? matching_actions(item.text) : std::vector<ActionId>();
      known = known && !ids.empty() && all.size() + ids.size() <= kMaxListed;
      for (const auto id : ids) all.push_back(action(id));
    });
    return known ? std::optional(std::move(all)) : std::nullopt;
  }

  bool has_resource_of(const StatementNodes& statement, const Action& action) const {
    bool any = false;
    for_each_item(tree_, statement.resource,
                  [&](const JsonNode& resource) { any = any || is_of_action(resource.text, action); });
    return any;
  }

  void resources(const StatementNodes& statement) {
    if (statement.resource == 0) return;
    bool everything = false;
    for_each_item(tree_, statement.resource,
                  [&](const JsonNode& item) { everything = everything || item.text == "*"; });
    if (everything) return;
    auto actions = listed_actions(statement);
    std::size_t count = 0;
    for_each_item(tree_, statement.resource, [&](const JsonNode&) { ++count; });
    if (count > kMaxResources) return;
    if (actions && actions->size() * count > kMaxPairs) actions.reset();
    for_each_item(tree_, statement.resource, [&](const JsonNode& item) {
      const auto is_of = [&](const Action& action) { return is_of_action(item.text, action); };
      if (!actions || std::ranges::any_of(*actions, is_of)) return;
      warn(item, "ResourceNotOfAction", concat({"None of the statement's actions is about \"", item.text, "\"."}));
    });
    for_each_item(tree_, statement.action, [&](const JsonNode& item) {
      const auto action = find_action(item.text);
      if (!action) return;
      if (action->takes_no_resource()) {
        warn(item, "ActionTakesNoResource",
             concat({action->name, " takes no resource: only \"Resource\": \"*\" is about it."}));
      } else if (!has_resource_of(statement, *action)) {
        std::string forms;
        for (const auto each : action->resources) forms += concat({forms.empty() ? "" : ", ", each.type.arn});
        warn(item, "ActionWithoutResource",
             concat({action->name, " is about ", forms, ", and none of the statement's resources is such a one."}));
      }
    });
  }

  void conditions(const StatementNodes& statement) {
    if (statement.condition == 0) return;
    const bool allows = tree_[statement.effect].text == "Allow";
    for_each_child(tree_, statement.condition, [&](std::uint32_t op) {
      const auto parsed = parse_operator(tree_[op].key);
      if (!parsed) return;  // read_document has refused it
      for_each_child(tree_, op, [&](std::uint32_t key) { condition(statement, op, *parsed, key, allows); });
    });
  }

  void condition(const StatementNodes& statement, std::uint32_t op, const Operator& parsed, std::uint32_t key,
                 bool allows) {
    const auto& node = tree_[key];
    const auto known = find_condition_key(node.key);
    if (!known) {
      if (iequals(node.key.substr(0, 4), "aws:")) {
        warn(node, "UnknownConditionKey", concat({"AWS has no global condition key \"", node.key, "\"."}));
      }
      return;
    }
    if (!suits(parsed.comparison, known->type)) {
      warn(node, "OperatorNotOfKey",
           concat({tree_[op].key, " does not suit ", known->name, ", which is ", name_of(known->type), "."}));
    }
    const bool asks_values = parsed.comparison != Comparison::null;
    if (is_list(known->type) && parsed.quantifier == Quantifier::none && asks_values) {
      warn(node, "KeyNeedsSetOperator",
           concat(
               {known->name, " has many values: ", tree_[op].key, " needs ForAnyValue: or ForAllValues: before it."}));
    }
    if (allows && parsed.quantifier == Quantifier::for_all && !parsed.negated && !asks_presence(statement, node.key)) {
      warn(node, "ForAllValuesOfNothing",
           concat({"ForAllValues is met where ", known->name, " is absent: add \"Null\": {\"", known->name,
                   "\": \"false\"}, or use ForAnyValue."}));
    }
  }

  bool asks_presence(const StatementNodes& statement, std::string_view key) const {
    bool asks = false;
    for_each_child(tree_, statement.condition, [&](std::uint32_t op) {
      if (!iequals(tree_[op].key, "Null")) return;
      for_each_child(tree_, op, [&](std::uint32_t each) { asks = asks || iequals(tree_[each].key, key); });
    });
    return asks;
  }

  void principals(const StatementNodes& statement) {
    if (document_.kind != Kind::trust || tree_[statement.effect].text != "Allow" || statement.principal == 0) return;
    if (!names_pods(tree_, statement.principal) || !has_action(statement, "sts:AssumeRole")) return;
    const bool tagged = std::ranges::any_of(document_.statements, [&](const StatementNodes& each) {
      return tree_[each.effect].text == "Allow" && each.principal != 0 && names_pods(tree_, each.principal) &&
             has_action(each, "sts:TagSession");
    });
    if (tagged) return;
    warn(tree_[statement.principal], "PodsNeedTagSession",
         "pods.eks.amazonaws.com needs sts:TagSession too: without it no pod can have the role.");
  }

  static bool names_pods(JsonNodes tree, std::uint32_t principal) {
    bool found = false;
    if (tree[principal].type != JsonType::object) return found;
    for_each_child(tree, principal, [&](std::uint32_t type) {
      for_each_item(tree, type, [&](const JsonNode& item) {
        found = found || (tree[type].key == "Service" && item.text == "pods.eks.amazonaws.com");
      });
    });
    return found;
  }

  bool has_action(const StatementNodes& statement, std::string_view action) const {
    bool found = false;
    for_each_item(tree_, statement.action,
                  [&](const JsonNode& item) { found = found || glob_matches(to_lower(item.text), to_lower(action)); });
    return found;
  }

  static constexpr std::size_t kMaxResources = 500;  // of a statement; in longer lists they are not compared
  static constexpr std::size_t kMaxPairs = 100'000;  // of an action and a resource
  static constexpr std::size_t kMaxListed = 2'000;   // more is as good as "*"
  static constexpr int kMaxGuessed = 20;             // each is compared with all of its service's actions

  const Document& document_;
  JsonNodes tree_;
  std::vector<Finding> found_;
  int guessed_ = 0;  // names that were taken for a slip of the pen
};

}  // namespace

std::vector<Finding> lint(std::string_view json, Kind kind) {
  const auto document = read_document(json, kind);
  const auto checked = document ? validate(*document) : Result<void>(document.error());
  if (checked) return Linter(*document).run();
  const auto& error = checked.error();
  auto message = error.message;
  if (!error.cause.empty()) message += concat({" (", error.cause, ")"});
  return {{Severity::error, place_of_cause(error.cause), error.code, std::move(message)}};
}

}  // namespace podpass::policy
