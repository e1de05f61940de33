#include "policy_cli/diff.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "codec/json.h"
#include "policy/report.h"
#include "policy_cli/audit_record.h"
#include "policy_cli/case.h"
#include "policy_cli/lines.h"
#include "policy_cli/validate.h"

namespace podpass::policy_cli {
namespace {

using codec::Value;

// One side: what `policies` becomes for a request.
class Side {
 public:
  static Result<Side> read(const std::string& file, const std::string& layer) {
    Side side;
    side.layer_ = layer;
    side.text_ = TRY(read_whole(file));
    auto parsed = codec::parse_json(side.text_);
    if (!parsed || !parsed->as<Value::Map>()) return Error::invalid(file + " does not hold a JSON object.");
    side.is_document_ = parsed->find("Statement") != nullptr || parsed->find("Version") != nullptr;
    side.kind_ = guess_kind(side.text_);
    side.value_ = std::move(*parsed);
    return side;
  }

  Result<std::string> policies(std::string_view own) const {
    if (!is_document_) return text_;
    Value all(Value::Map{});
    if (!own.empty() && own != "null") all = TRY(codec::parse_json(own, codec::DuplicateKeys::refuse));
    if (layer_ == "resource") {
      all.set(layer_, text_);
      return codec::write_json(all);
    }
    // The last level of an organization is the account's.
    auto* set = all.find(layer_);
    if (!set) set = &all.add(layer_, Value::list());
    if (layer_ == "scp" || layer_ == "rcp") {
      auto* levels = set->as<Value::List>();
      if (!levels || levels->empty()) {
        *set = Value::list({Value::list()});
        levels = set->as<Value::List>();
      }
      set = &levels->back();
    }
    if (set->is_null() || layer_ == "boundary") *set = Value::list();
    if (!set->as<Value::List>()) *set = Value::list({*set});  // a document alone
    // The old document makes room, whichever side this is.
    std::erase_if(*set->as<Value::List>(), [&](const Value& each) { return is(each, replaced_); });
    set->push(text_);
    return codec::write_json(all);
  }

  void set_replaced(const Side& older) { replaced_ = older.value_; }
  // Whether the document can be about a request: a bucket's policy is of no role.
  bool is_about(policy::Kind kind) const { return layer_ != "resource" || !is_document_ || kind == kind_; }

 private:
  static bool is(const Value& document, const Value& wanted) {
    if (document == wanted) return true;
    const auto* text = document.as_text();
    const auto parsed = text ? codec::parse_json(*text) : Result<Value>(Value());
    return parsed && *parsed == wanted;
  }

  std::string layer_, text_;
  Value value_, replaced_;
  policy::Kind kind_ = policy::Kind::identity;
  bool is_document_ = false;
};

// A case's line as it is; of an audit record, the requests whose decisions it tells, which may be none.
Result<std::vector<std::string>> cases_of(std::string_view line) {
  if (!is_audit_record(line)) return std::vector<std::string>{std::string(line)};
  std::vector<std::string> cases;
  const auto record = TRY(codec::parse_json(line));
  for (const auto& decision : decisions_of(record)) {
    const auto* request = decision.find("request");
    if (!request) continue;
    cases.push_back(codec::write_json(Value::map({{"id", record.text("requestID")}, {"request", *request}})));
  }
  return cases;
}

struct Told {
  policy::Decision decision;
  std::string text() const {
    auto told = std::string(policy::name_of(decision.outcome));
    if (decision.layer != policy::Layer::none) told += " (" + std::string(policy::name_of(decision.layer)) + ")";
    return told;
  }
  Value json() const {
    return Value::map({{"decision", policy::name_of(decision.outcome)}, {"layer", policy::name_of(decision.layer)}});
  }
};

class Differ {
 public:
  Differ(Side older, Side newer, Form form, const std::function<void(std::string_view)>& print)
      : older_(std::move(older)), newer_(std::move(newer)), form_(form), print_(print) {}

  Result<void> line(std::string_view text, std::size_t number) {
    Result<void> all;
    for (const auto& given : TRY(cases_of(text))) {
      auto done = compare(given, number);
      if (all && !done) all = std::move(done);
    }
    return all;
  }

  std::size_t requests() const { return requests_; }
  std::size_t changes() const { return changes_; }

 private:
  Result<void> compare(std::string_view given, std::size_t number) {
    Members members;
    TRY(split_members(given, members));
    if (members.request.empty()) return Error::invalid("the line has no \"request\".");
    const auto* request = TRY(reader_.read_request(members.request));
    if (!older_.is_about(resource_kind(*request)) && !newer_.is_about(resource_kind(*request))) return {};
    const auto decide = [&](const Side& side) -> Result<Told> {
      const auto json = TRY(side.policies(members.policies));
      const auto policies = TRY(reader_.read_policies(json, resource_kind(*request)));
      return Told{policy::evaluate(*request, policies->layers)};
    };
    const auto before = TRY(decide(older_)), after = TRY(decide(newer_));
    ++requests_;
    if (before.decision.outcome == after.decision.outcome) return {};
    ++changes_;
    const auto id = members.id.empty() ? "line " + std::to_string(number) : std::string(members.id);
    if (form_ == Form::json) {
      Value told = Value::map({{"line", static_cast<std::int64_t>(number)},
                               {"principal", *policy::describe(*request).find("principal")},
                               {"action", request->action},
                               {"resource", request->resource},
                               {"old", before.json()},
                               {"new", after.json()}});
      auto json = codec::write_json(told);
      json.insert(1, "\"id\":" + (members.id.empty() ? "null" : std::string(members.id)) + ",");
      print_(json + "\n");
    } else {
      print_(printable(fmt::format("{}: {} on {}: {} -> {}", id, request->action, request->resource, before.text(),
                                   after.text())) +
             "\n");
    }
    return {};
  }

  Side older_, newer_;
  Form form_;
  const std::function<void(std::string_view)>& print_;
  CaseReader reader_;
  std::size_t requests_ = 0, changes_ = 0;
};

}  // namespace

Result<int> diff(const DiffOptions& options, const std::function<void(std::string_view)>& print) {
  const auto& requests = options.requests;
  const auto inputs = (options.old_file == "-" ? 1 : 0) + (options.new_file == "-" ? 1 : 0) +
                      (requests.empty() ? 1 : std::ranges::count(requests, "-"));
  if (inputs > 1) return Error::invalid("Only one of OLD, NEW and the requests can be standard input.");
  auto older = TRY(Side::read(options.old_file, options.layer));
  auto newer = TRY(Side::read(options.new_file, options.layer));
  newer.set_replaced(older);
  older.set_replaced(older);
  Differ differ(std::move(older), std::move(newer), options.form, print);
  Lines lines(options.requests);
  std::size_t bad = 0;
  std::string_view line;
  while (TRY(lines.next(line))) {
    if (trim(line).empty()) continue;
    const auto done =
        lines.too_long() ? Error::invalid("the line is longer than 16 MiB.") : differ.line(line, lines.number());
    if (done) continue;
    ++bad;
    const auto& message = done.error().message;
    print(options.form == Form::json ? codec::write_json(Value::map(
                                           {{"line", static_cast<std::int64_t>(lines.number())}, {"error", message}})) +
                                           "\n"
                                     : fmt::format("line {}: {}\n", lines.number(), printable(message)));
  }
  if (options.form == Form::text) {
    print(fmt::format("{} of {} requests change their outcome{}\n", differ.changes(), differ.requests(),
                      bad == 0 ? "" : fmt::format("; {} could not be read", bad)));
  }
  if (bad > 0) return 2;
  return differ.changes() > 0 ? 1 : 0;
}

}  // namespace podpass::policy_cli
