#include "policy_cli/ask.h"

#include "base/strings.h"
#include "cli/connection.h"
#include "codec/json.h"
#include "policy_cli/audit_record.h"
#include "policy_cli/lines.h"
#include "policy_cli/print.h"

namespace podpass::policy_cli {
namespace {

using codec::Value;

// What is asked of the server, and what was recorded of it.
struct Question {
  Value request;
  bool recorded = false;
  std::string then;  // what the audit says that the decision was
};

Result<Question> question_of_record(const AskOptions& options) {
  const auto directory =
      options.data_directory.empty() ? std::string(cli::kDefaultDataDirectory) : options.data_directory;
  const auto record = TRY(find_audit_record(directory, options.request_id));
  const auto decisions = decisions_of(record);
  const auto* request = decisions.empty() ? nullptr : decisions.back().find("request");
  if (!request) {
    constexpr std::string_view kWhy =
        ") holds no decision: only refused requests do, unless podpass up was started with --audit-decisions. Give "
        "--principal, --action and --resource instead.";
    return Error::invalid(concat({"The record of request ", options.request_id, " (", record.text("eventName"), kWhy}));
  }
  const auto& last = decisions.back();
  auto then = concat({last.text("decision"), " (", last.text("layer"), ")"});
  if (decisions.size() > 1) then += concat({", the last of ", std::to_string(decisions.size()), " decisions"});
  return Question{*request, true, std::move(then)};
}

Result<Value> context_of(const std::vector<std::string>& given) {
  Value context(Value::Map{});
  for (const auto& each : given) {
    const auto equals = each.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Error::invalid(concat({"--context takes KEY=VALUE, not \"", each, "\"."}));
    }
    const auto key = std::string_view(each).substr(0, equals), value = std::string_view(each).substr(equals + 1);
    auto* known = context.find(key);
    if (!known) {
      context.add(std::string(key), value);
    } else if (known->as<Value::List>()) {
      known->push(value);
    } else {
      *known = Value::list({*known, value});
    }
  }
  return context;
}

Result<Question> question_of_flags(const AskOptions& options, const cli::Connection& connection) {
  if (options.action.empty() || (options.principal.empty() && options.service_account.empty())) {
    return Error::invalid("Give a request id, a file, or --action with --principal or --service-account (see --help).");
  }
  Question question;
  auto& request = question.request;
  if (options.service_account.empty()) {
    request.add("principal", options.principal);
  } else {
    const auto& cluster = options.cluster.empty() ? connection.cluster : options.cluster;
    request.add("principal", Value::map({{"podIdentity", Value::map({{"cluster", cluster},
                                                                     {"namespace", options.namespace_},
                                                                     {"serviceAccount", options.service_account}})}}));
  }
  request.add("action", options.action);
  request.add("resource", options.resource);
  if (!options.resource_account.empty()) request.add("resourceAccount", options.resource_account);
  request.add("context", TRY(context_of(options.context)));
  return question;
}

Result<std::string> ask_server(const cli::Connection& connection, const Question& question, Form form) {
  const auto body = Value::map({{"request", question.request}, {"recorded", question.recorded}});
  auto answer = TRY(cli::call_server(connection, "podpass", "POST", "/explain", body));
  if (!question.then.empty()) answer.add("recordedDecision", question.then);
  if (form == Form::json) return codec::write_json_pretty(answer) + "\n";
  const auto* explanation = answer.find("explanation");
  if (!explanation) return Error::internal("the server's answer has no explanation");
  auto text = print_explanation(*explanation);
  if (!question.then.empty()) text += "\nWhen it was recorded the decision was " + question.then + ".\n";
  const auto* notes = answer.find("notes");
  if (const auto* list = notes ? notes->as<Value::List>() : nullptr) {
    for (const auto& note : *list) text += concat({"\nNote: ", note.as_text() ? *note.as_text() : "", "\n"});
  }
  return text;
}

}  // namespace

Result<std::string> ask(const AskOptions& options) {
  if (!options.file.empty()) {
    const auto text = TRY(read_whole(options.file));
    auto given = codec::parse_json(text);
    const auto* request = given ? given->find("request") : nullptr;
    if (!request || given->find("policies")) return explain(text, options.form);  // a case has all that is needed
    const auto connection = TRY(cli::find_connection(options.data_directory));
    return ask_server(connection, {*request, false, {}}, options.form);
  }
  const auto connection = TRY(cli::find_connection(options.data_directory));
  const auto question =
      options.request_id.empty() ? TRY(question_of_flags(options, connection)) : TRY(question_of_record(options));
  return ask_server(connection, question, options.form);
}

}  // namespace podpass::policy_cli
