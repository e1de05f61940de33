#include "policy_cli/command.h"

#include <cstdio>
#include <memory>

#include "base/strings.h"
#include "policy_cli/ask.h"
#include "policy_cli/diff.h"
#include "policy_cli/evaluate.h"
#include "policy_cli/explain.h"
#include "policy_cli/lines.h"
#include "policy_cli/validate.h"

namespace podpass::policy_cli {
namespace {

using Action = std::function<Result<int>()>;

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

// The exit code, unless what was to be said could not be: a full disk must not look like an answer.
Result<int> said(Result<int> code) {
  if (!code || std::ferror(stdout) == 0) return code;
  return Error::unavailable("Cannot write to standard output.");
}

constexpr auto kFilesHelp = "Files to read; - or none: standard input";

Action add_evaluate(CLI::App& app) {
  auto* command = app.add_subcommand("evaluate", "Decide requests: JSON lines in, one decision a line out");
  auto files = std::make_shared<std::vector<std::string>>();
  command->add_option("files", *files, kFilesHelp);
  auto json = std::make_shared<bool>(true);
  command->add_flag("--json", *json, "Print JSON lines, as it always does");
  command->footer(
      "A line in:\n"
      "  {\"id\": 1, \"request\": {\"principal\": ARN, \"action\": \"s3:GetObject\", \"resource\": ARN,\n"
      "   \"resourceAccount\": ACCOUNT, \"context\": {KEY: TEXT or [TEXT, ...]}},\n"
      "   \"policies\": {\"identity\": [DOC], \"resource\": DOC, \"boundary\": [DOC], \"session\": [DOC],\n"
      "                \"scp\": [[DOC]], \"rcp\": [[DOC]], \"endpoint\": [DOC]}}\n"
      "Also a principal: {\"service\": NAME}, {\"federated\": ARN}, {\"anonymous\": true}. A DOC is an object or a\n"
      "string. scp and rcp list levels from the root down. What is absent does not apply; no key is added to the\n"
      "context. Exit code 2 if a line could not be read.\n\n"
      "Example:\n  podpass policy evaluate cases.jsonl");
  return [files, json] { return said(evaluate(*files, print)); };
}

Action add_validate(CLI::App& app) {
  auto* command = app.add_subcommand("validate", "Check policy documents as IAM does, and for what will not work");
  auto options = std::make_shared<ValidateOptions>();
  auto json = std::make_shared<bool>(false);
  command->add_option("files", options->files, "Policy documents; - or none: standard input");
  command->add_option("--kind", options->kind, "What the documents are for (default: what each looks like)")
      ->check(CLI::IsMember(kind_names()));
  command->add_flag("--strict", options->strict, "Warnings fail too");
  command->add_flag("--json", *json, "Print a line of JSON for each finding");
  command->footer(
      "Errors are what AWS refuses, in its words; warnings are what it takes and what does not do what it says.\n"
      "Exit code 1 if there is an error.\n\nExample:\n  podpass policy validate --kind trust trust-relationship.json");
  return [options, json] {
    options->form = *json ? Form::json : Form::text;
    return said(validate(*options, print));
  };
}

Action add_offline_explain(CLI::App& app) {
  auto* command = app.add_subcommand("explain", "Explain the decision of one request: what applied, what failed");
  auto file = std::make_shared<std::string>("-");
  auto json = std::make_shared<bool>(false);
  command->add_option("file", *file, "A request with its policies, as evaluate reads it; - or none: standard input");
  command->add_flag("--json", *json, "Print JSON");
  command->footer("Exit code 0 whatever the decision.\n\nExample:\n  podpass policy explain case.json");
  return [file, json]() -> Result<int> {
    print(TRY(explain(TRY(read_whole(*file)), *json ? Form::json : Form::text)));
    return said(0);
  };
}

Action add_diff(CLI::App& app) {
  auto* command = app.add_subcommand("diff", "Show which requests change their outcome when a policy is replaced");
  auto options = std::make_shared<DiffOptions>();
  auto json = std::make_shared<bool>(false);
  command->add_option("old", options->old_file, "A policy document, or an object of layers as evaluate reads it")
      ->required();
  command->add_option("new", options->new_file, "What takes its place")->required();
  command->add_option("--requests,-r", options->requests,
                      "Requests as evaluate reads them, or an audit trail; - or none: standard input");
  command->add_option("--layer", options->layer, "The layer that the documents stand in")
      ->check(CLI::IsMember({"identity", "resource", "boundary", "session", "scp", "rcp", "endpoint"}))
      ->capture_default_str();
  command->add_flag("--json", *json, "Print a line of JSON for each change");
  command->footer(
      "Exit code 0 if nothing changes, 1 if something does, 2 if a line could not be read.\n\n"
      "Example:\n  podpass policy diff old.json new.json --requests .podpass/audit.jsonl");
  return [options, json]() -> Result<int> {
    options->form = *json ? Form::json : Form::text;
    auto code = diff(*options, print);
    if (code) return said(std::move(code));
    std::fprintf(stderr, "podpass: %s\n", printable(code.error().message).c_str());
    return 2;  // 1 is for changes
  };
}

}  // namespace

Action add_policy(CLI::App& app) {
  auto* command = app.add_subcommand("policy", "Decide, explain, check and compare IAM policies, without a server");
  command->require_subcommand(1);
  const std::vector<std::pair<std::string, Action>> actions = {
      {"evaluate", add_evaluate(*command)},
      {"explain", add_offline_explain(*command)},
      {"validate", add_validate(*command)},
      {"diff", add_diff(*command)},
  };
  command->footer("Example:\n  podpass policy validate policy.json");
  return [command, actions]() -> Result<int> {
    for (const auto& [name, action] : actions) {
      if (command->got_subcommand(name)) return action();
    }
    return 2;
  };
}

Action add_explain(CLI::App& app) {
  auto* command = app.add_subcommand("explain", "Explain why a request is allowed or refused, layer by layer");
  auto options = std::make_shared<AskOptions>();
  auto json = std::make_shared<bool>(false);
  options->namespace_ = "default";
  auto* id = command->add_option("request-id", options->request_id,
                                 "A refused request's id, from the answer or the audit trail");
  auto* file = command->add_option("--file,-f", options->file,
                                   "A request as JSON, - for standard input; with its policies no server is needed");
  file->excludes(id);
  auto* principal =
      command->add_option("--principal", options->principal, "ARN of a user, a role, a role's session or the root");
  command->add_option("--service-account,-s", options->service_account, "A pod's service account, as the principal")
      ->excludes(principal);
  command->add_option("--namespace,-n", options->namespace_, "Its namespace")->capture_default_str();
  command->add_option("--cluster,-c", options->cluster, "Its cluster (default: the one podpass up made)");
  command->add_option("--action", options->action, "What it does, for example s3:GetObject")
      ->excludes(id)
      ->excludes(file);
  command->add_option("--resource", options->resource, "The ARN of what it does it to")->default_val("*");
  command->add_option("--resource-account", options->resource_account, "Whose that is, where the ARN does not say");
  command->add_option("--context", options->context, "A condition key, KEY=VALUE; repeat a key to make a list");
  command->add_option("--data-dir", options->data_directory,
                      "The data directory of the running podpass (default: .podpass, else the AWS_* environment)");
  command->add_flag("--json", *json, "Print JSON");
  command->footer(
      "Exit code 0 whatever the decision.\n\nExamples:\n"
      "  podpass explain 1f6c1b1e-4d1c-4e5c-9b43-54a7f1f7b8a3\n"
      "  podpass explain --service-account my-service-account --action s3:PutObject --resource "
      "arn:aws:s3:::my-bucket/k");
  return [options, json]() -> Result<int> {
    options->form = *json ? Form::json : Form::text;
    print(TRY(ask(*options)));
    return said(0);
  };
}

}  // namespace podpass::policy_cli
