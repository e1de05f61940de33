#include "policy_cli/command.h"

#include <cstdio>
#include <memory>

#include "policy_cli/evaluate.h"

namespace podpass::policy_cli {
namespace {

using Action = std::function<Result<int>()>;

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
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
  return [files, json] { return evaluate(*files, print); };
}

}  // namespace

Action add_policy(CLI::App& app) {
  auto* command = app.add_subcommand("policy", "Decide, explain, check and compare IAM policies, without a server");
  command->require_subcommand(1);
  const std::vector<std::pair<std::string, Action>> actions = {
      {"evaluate", add_evaluate(*command)},
  };
  command->footer("Example:\n  podpass policy evaluate cases.jsonl");
  return [command, actions]() -> Result<int> {
    for (const auto& [name, action] : actions) {
      if (command->got_subcommand(name)) return action();
    }
    return 2;
  };
}

}  // namespace podpass::policy_cli
