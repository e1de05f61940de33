#include <algorithm>
#include <span>
#include <utility>

#include "codec/base64.h"
#include "policy/byte_search.h"
#include "policy/compiled.h"

namespace podpass::policy {
namespace {

class Compiler {
 public:
  Compiler(const Document& document, const PrincipalIds& ids, Compiled& out)
      : document_(document),
        tree_(document.tree),
        ids_(ids),
        out_(out),
        variables_(document.is_2012() && document.may_have_variables ? Variables::yes : Variables::no) {}

  void run() {
    reserve();
    for (const auto& nodes : document_.statements) statement(nodes);
    finish_infos();
  }

 private:
  void reserve() {
    const auto statements = document_.statements.size();
    const auto nodes = tree_[document_.root].next - document_.root;
    out_.pool.text.reserve(document_.text.size());
    out_.pool.patterns.reserve(nodes / 2);
    out_.pool.arn_fields.reserve(statements * kArnFields);
    sids_.reserve(statements);
    out_.statements.reserve(statements);
    out_.infos.reserve(statements);
    out_.denies.reserve(statements);
    out_.allows.reserve(statements);
    out_.resource_texts.reserve(statements * 2);
    out_.conditions.reserve(statements * 2);
  }

  void statement(const StatementNodes& nodes) {
    Statement made;
    const auto index = static_cast<std::uint32_t>(out_.statements.size());
    if (nodes.any_principal()) {
      made.principal_form = nodes.principal ? ListForm::listed : ListForm::inverted;
      made.principals = principals(nodes.any_principal(), index);
    }
    if (nodes.any_action()) {
      made.action_form = nodes.action ? ListForm::listed : ListForm::inverted;
      made.actions = last_actions_.list(tree_, nodes.any_action(), [&](std::uint32_t node) { return actions(node); });
    }
    if (nodes.any_resource()) {
      made.resource_form = nodes.resource ? ListForm::listed : ListForm::inverted;
      made.resources =
          last_resources_.list(tree_, nodes.any_resource(), [&](std::uint32_t node) { return resources(node); });
      for_each_item(tree_, nodes.any_resource(),
                    [&](const JsonNode& item) { out_.resource_texts.push_back(out_.pool.keep(item.text)); });
    }
    if (nodes.condition) made.conditions = conditions(nodes.condition);
    out_.statements.push_back(made);
    (tree_[nodes.effect].text == "Allow" ? out_.allows : out_.denies).push_back(index);
  }

  Run principals(std::uint32_t node, std::uint32_t statement) {
    const auto first = static_cast<std::uint32_t>(out_.principals.size());
    const auto add = [&](std::string_view type, std::string_view value) {
      const auto form = principal_form(type, value, document_.kind);
      if (!form) return;  // validate has refused it
      out_.principals.push_back(compile_principal(out_.pool, *form, value, ids_));
      kept_principals_.push_back({out_.pool.keep(type), out_.pool.keep(value), statement});
    };
    if (tree_[node].type == JsonType::text) {
      add("AWS", tree_[node].text);
    } else {
      for_each_child(tree_, node, [&](std::uint32_t type) {
        for_each_item(tree_, type, [&](const JsonNode& item) { add(tree_[type].key, item.text); });
      });
    }
    return {first, static_cast<std::uint32_t>(out_.principals.size()) - first};
  }

  Run actions(std::uint32_t node) {
    auto& patterns = out_.pool.patterns;
    const auto first = static_cast<std::uint32_t>(patterns.size());
    for_each_item(tree_, node, [&](const JsonNode& item) {
      const bool has_space = find_any<' ', '\t'>(item.text) != std::string_view::npos;
      const bool sound = !has_space && !item.text.ends_with(':');
      const auto text = item.text == "*:*" ? std::string_view("*") : item.text;
      if (sound) {
        out_.pool.add(text, {Wildcards::yes, Variables::no, Case::fold});
      } else {
        patterns.emplace_back();  // matches nothing
      }
    });
    return {first, static_cast<std::uint32_t>(patterns.size()) - first};
  }

  Run resources(std::uint32_t node) {
    auto& patterns = out_.pool.patterns;
    const auto first = static_cast<std::uint32_t>(patterns.size());
    for_each_item(tree_, node, [&](const JsonNode& item) {
      out_.pool.add_resource(item.text, variables_);
      keep_variables(item.text);
    });
    return {first, static_cast<std::uint32_t>(patterns.size()) - first};
  }

  Run conditions(std::uint32_t node) {
    const auto first = static_cast<std::uint32_t>(out_.conditions.size());
    for_each_child(tree_, node, [&](std::uint32_t op) {
      const auto parsed = parse_operator(tree_[op].key);
      if (!parsed) return;  // read_document has refused it
      for_each_child(tree_, op, [&](std::uint32_t key) {
        Condition condition;
        condition.op = *parsed;
        condition.key_hash = fold_hash(tree_[key].key);
        condition.key = out_.pool.keep(tree_[key].key);
        condition.key_number = number_of(tree_[key].key);
        condition.values.first = static_cast<std::uint32_t>(value_count(parsed->comparison));
        for_each_item(tree_, key, [&](const JsonNode& item) { value(parsed->comparison, item.text); });
        condition.values.count = static_cast<std::uint32_t>(value_count(parsed->comparison)) - condition.values.first;
        condition.plain = is_plain(condition);
        condition.sorted = sort_texts(condition);
        out_.conditions.push_back(condition);
      });
    });
    return {first, static_cast<std::uint32_t>(out_.conditions.size()) - first};
  }

  // Of a long list, the exact texts come first and in order.
  std::uint32_t sort_texts(const Condition& condition) {
    const auto comparison = condition.op.comparison;
    const bool texts = comparison == Comparison::text || comparison == Comparison::text_like ||
                       comparison == Comparison::text_any_case || comparison == Comparison::binary;
    if (!texts || condition.values.count <= kFewValues) return 0;
    const auto values = std::span(out_.pool.patterns).subspan(condition.values.first, condition.values.count);
    const auto rest =
        std::ranges::partition(values, [](const Pattern& pattern) { return pattern.type == PatternType::exact; });
    const auto exact = values.first(values.size() - rest.size());
    std::ranges::sort(exact, {}, [&](const Pattern& pattern) { return out_.pool.exact_text(pattern); });
    return static_cast<std::uint32_t>(exact.size());
  }

  bool is_plain(const Condition& condition) const {
    return condition.op.comparison == Comparison::text && condition.op.quantifier == Quantifier::none &&
           condition.values.count == 1 && out_.pool.patterns[condition.values.first].type == PatternType::exact;
  }

  std::uint32_t number_of(std::string_view key) {
    const auto known = std::ranges::find_if(keys_, [&](std::string_view each) { return iequals(each, key); });
    const auto number = static_cast<std::uint32_t>(known - keys_.begin());
    if (known == keys_.end() && keys_.size() < kMaxNumberedKeys) keys_.push_back(key);
    return number;
  }

  std::size_t value_count(Comparison comparison) const {
    switch (comparison) {
      case Comparison::number:
        return out_.numbers.size();
      case Comparison::date:
      case Comparison::null:
        return out_.instants.size();
      case Comparison::ip:
        return out_.networks.size();
      default:
        return out_.pool.patterns.size();
    }
  }

  // What can't be read is left out: it would equal nothing.
  void value(Comparison comparison, std::string_view text) {
    auto& pool = out_.pool;
    switch (comparison) {
      case Comparison::text:
        pool.add(text, {Wildcards::no, variables_, Case::keep});
        return keep_variables(text);
      case Comparison::text_like:
        pool.add(text, {Wildcards::yes, variables_, Case::keep});
        return keep_variables(text);
      case Comparison::text_any_case:
      case Comparison::boolean:
        pool.add(text, {Wildcards::no, variables_, Case::fold});
        return keep_variables(text);
      case Comparison::arn:
        pool.add_arn(text, variables_);
        return keep_variables(text);
      case Comparison::binary:
        // Strict base64 writes given bytes in one way only, so equal bytes are equal texts.
        if (codec::base64_decode(text)) pool.add(text, {});
        return;
      case Comparison::number:
        if (const auto number = parse_number(text)) out_.numbers.push_back(*number);
        return;
      case Comparison::date:
        if (const auto instant = parse_instant(text)) out_.instants.push_back(*instant);
        return;
      case Comparison::ip:
        if (const auto network = parse_network(text)) out_.networks.push_back(*network);
        return;
      case Comparison::null:
        if (iequals(text, "true") || iequals(text, "false")) out_.instants.push_back(iequals(text, "true") ? 1 : 0);
        return;
    }
  }

  void keep_variables(std::string_view text) {
    if (variables_ == Variables::no || text.find("${") == std::string_view::npos) return;
    for (const auto key : variable_keys(text)) out_.variable_texts.push_back(out_.pool.keep(key));
  }

  // Last: the pool's text stops moving once the Sids are in it.
  void finish_infos() {
    for (const auto& nodes : document_.statements) {
      if (nodes.sid) sids_.push_back(out_.pool.keep(tree_[nodes.sid].text));
    }
    std::size_t sid = 0;
    for (const auto& nodes : document_.statements) {
      StatementInfo info;
      if (nodes.sid) info.sid = out_.pool.view(sids_[sid++]);
      info.effect = tree_[nodes.effect].text == "Allow" ? Effect::allow : Effect::deny;
      info.begin = tree_[nodes.node].begin - document_.begin;
      info.end = tree_[nodes.node].end - document_.begin;
      out_.infos.push_back(info);
    }
    for (const auto& kept : kept_principals_) {
      out_.principal_entries.push_back(
          {out_.pool.view(kept.type), out_.pool.view(kept.value), static_cast<std::int32_t>(kept.statement)});
    }
  }

  struct KeptPrincipal {
    TextRange type, value;
    std::uint32_t statement;
  };

  const Document& document_;
  JsonNodes tree_;
  const PrincipalIds& ids_;
  Compiled& out_;
  Variables variables_;
  // The list compiled last: one that says the same is not compiled again.
  class LastList {
   public:
    template <class Make>
    Run list(JsonNodes tree, std::uint32_t node, Make make) {
      if (node_ == 0 || !same(tree, node_, node)) run_ = make(node);
      node_ = node;
      return run_;
    }

   private:
    static bool same(JsonNodes tree, std::uint32_t a, std::uint32_t b) {
      if (tree[a].type != tree[b].type) return false;
      if (tree[a].type != JsonType::list) return tree[a].text == tree[b].text;
      const auto end_a = tree[a].next, end_b = tree[b].next;
      if (end_a - a != end_b - b) return false;
      while (++a != end_a) {
        if (tree[a].text != tree[++b].text) return false;
      }
      return true;
    }

    std::uint32_t node_ = 0;
    Run run_;
  };

  static constexpr std::size_t kFewValues = 8;         // up to here looking at each is the faster
  static constexpr std::size_t kMaxNumberedKeys = 32;  // later ones share a number that nobody remembers by
  LastList last_actions_, last_resources_;
  std::vector<std::string_view> keys_;
  std::vector<TextRange> sids_;
  std::vector<KeptPrincipal> kept_principals_;
};

}  // namespace

std::unique_ptr<const Compiled> compile(const Document& document, const PrincipalIds& ids, Use use) {
  auto compiled = std::make_unique<Compiled>();
  compiled->text = document.text;
  compiled->kind = document.kind;
  Compiler(document, ids, *compiled).run();
  if (use == Use::often) compiled->index = ActionIndex::make(*compiled);
  return compiled;
}

}  // namespace podpass::policy
