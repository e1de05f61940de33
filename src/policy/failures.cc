// Why a statement does not apply, for people: the document is read again, since what is compiled has forgotten how the
// values were written.
#include <algorithm>

#include "policy/document.h"
#include "policy/explain.h"
#include "policy/matching.h"

namespace podpass::policy {
namespace {

std::vector<std::string> texts_of(JsonNodes tree, std::uint32_t node) {
  std::vector<std::string> texts;
  for_each_item(tree, node, [&](const JsonNode& item) { texts.emplace_back(item.text); });
  return texts;
}

std::vector<std::string> principals_of(JsonNodes tree, std::uint32_t node) {
  if (tree[node].type != JsonType::object) return texts_of(tree, node);
  std::vector<std::string> texts;
  for_each_child(tree, node, [&](std::uint32_t type) {
    for_each_item(tree, type, [&](const JsonNode& item) {
      texts.push_back(std::string(tree[type].key) + " " + std::string(item.text));
    });
  });
  return texts;
}

std::vector<std::string> names_of(const Principal& principal) {
  std::vector<std::string> names;
  for (const auto name : {principal.arn, principal.role_arn, principal.service, principal.provider}) {
    if (!name.empty()) names.emplace_back(name);
  }
  if (names.empty()) names.emplace_back("anonymous");
  return names;
}

class Reader {
 public:
  Reader(const Request& request, const Layers& layers, const Document& document, const Examined& examined)
      : request_(request),
        layers_(layers),
        policy_(*policy_of(layers, examined).policy),
        compiled_(policy_.compiled()),
        tree_(document.tree),
        examined_(examined),
        statement_(compiled_.statements[static_cast<std::size_t>(examined.statement)]),
        nodes_(document.statements[static_cast<std::size_t>(examined.statement)]),
        is_2012_(document.is_2012()) {}

  std::vector<Failure> read() {
    const Question question(request_, layers_);
    if (!names_caller(compiled_, statement_, question, examined_.layer, examined_.effect)) {
      const auto node = nodes_.any_principal();
      add(kPrincipal, node, nodes_.not_principal != 0, principals_of(tree_, node), names_of(request_.principal));
    }
    Matcher matcher(compiled_, question);
    if (!matcher.action_applies(statement_)) {
      const auto node = nodes_.any_action();
      add(kAction, node, nodes_.not_action != 0, texts_of(tree_, node), {std::string(request_.action)});
    }
    if (!matcher.resource_applies(statement_)) {
      const auto node = nodes_.any_resource();
      auto& failure =
          add(kResource, node, nodes_.not_resource != 0, texts_of(tree_, node), {std::string(request_.resource)});
      const bool has_variable =
          std::ranges::any_of(failure.wanted, [](const auto& text) { return text.find("${") != std::string::npos; });
      if (has_variable && !is_2012_) failure.reason = "Variables count in policies of Version 2012-10-17 only.";
      if (question.whole_service) failure.reason = "Only \"*\" is about an action that takes no resource.";
    }
    conditions();
    return std::move(failures_);
  }

 private:
  Failure& add(Element element, std::uint32_t node, bool inverted, std::vector<std::string> wanted,
               std::vector<std::string> actual) {
    auto& failure = failures_.emplace_back();
    failure.element = element;
    failure.inverted = inverted;
    failure.place = policy_.place(tree_[node].begin);
    failure.wanted = std::move(wanted);
    failure.actual = std::move(actual);
    return failure;
  }

  // They were compiled in the order in which they are written.
  void conditions() {
    if (nodes_.condition == 0) return;
    auto condition = run_of(compiled_.conditions, statement_.conditions).begin();
    for_each_child(tree_, nodes_.condition, [&](std::uint32_t op) {
      for_each_child(tree_, op, [&](std::uint32_t key) {
        const auto& each = *condition++;
        const auto* entry = request_.context.find(each.key_hash, tree_[key].key);
        if (holds(compiled_, each, entry, request_.context)) return;
        auto& failure = add(kCondition, key, false, texts_of(tree_, key), {});
        failure.op = tree_[op].key;
        failure.key = tree_[key].key;
        failure.key_missing = entry == nullptr;
        if (entry) failure.actual.assign(entry->all().begin(), entry->all().end());
        if (entry && entry->multivalued && each.op.quantifier == Quantifier::none && !failure.actual.empty()) {
          failure.reason = "The key has many values: the operator needs ForAnyValue: or ForAllValues: before it.";
        }
      });
    });
  }

  const Request& request_;
  const Layers& layers_;
  const Policy& policy_;
  const Compiled& compiled_;
  JsonNodes tree_;
  const Examined& examined_;
  const Statement& statement_;
  const StatementNodes& nodes_;
  bool is_2012_;
  std::vector<Failure> failures_;
};

}  // namespace

struct FailureReader::Kept {
  const Policy* policy = nullptr;
  Result<Document> document = Error{};
};

FailureReader::FailureReader(const Request& request, const Layers& layers)
    : request_(request), layers_(layers), kept_(std::make_unique<Kept>()) {}
FailureReader::~FailureReader() = default;

std::vector<Failure> FailureReader::read(const Examined& examined) {
  const auto* policy = policy_of(layers_, examined).policy;
  if (kept_->policy != policy) {
    kept_->policy = policy;
    kept_->document = read_document(policy->text(), policy->kind());
  }
  if (!kept_->document) return {};  // it was read when it was parsed
  return Reader(request_, layers_, *kept_->document, examined).read();
}

}  // namespace podpass::policy
