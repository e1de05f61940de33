#include "cli/config_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

namespace podpass::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A command with an option of each kind.
struct Command {
  Command() {
    command->add_option("--port", port)->check(CLI::Range(0, 65'535));
    command->add_option("--data-dir", directory);
    command->add_option("--bind-hosts,-b", hosts);
    command->add_option("--region", region)->envname("CONFIG_TEST_REGION");
    command->add_flag("--audit-decisions", audit);
    command->add_option("--config", config);
    take_environment(*command);
  }
  void parse(std::vector<std::string> words) {
    words.insert(words.begin(), "serve");
    std::ranges::reverse(words);
    app.parse(words);
  }
  std::string error_of(std::string_view text) {
    auto taken = take_config_text(*command, text, "podpass.yaml");
    return taken ? "" : taken.error().message;
  }

  CLI::App app;
  CLI::App* command = app.add_subcommand("serve");
  int port = 1;
  std::string directory, region, config;
  std::vector<std::string> hosts;
  bool audit = false;
};

TEST(ConfigFile, FillsInWhatNeitherFlagNorEnvironmentGave) {
  ::setenv("PODPASS_DATA_DIR", "/from/environment", 1);
  ::setenv("CONFIG_TEST_REGION", "eu-west-1", 1);
  Command command;
  command.parse({"--port", "2"});
  ::unsetenv("PODPASS_DATA_DIR");
  ::unsetenv("CONFIG_TEST_REGION");
  EXPECT_EQ(command.error_of("port: 3\ndata-dir: /from/file\nregion: us-east-1\nbind-hosts: [127.0.0.1, '::1']\n"
                             "audit-decisions: true\n"),
            "");
  EXPECT_EQ(command.port, 2);
  EXPECT_EQ(command.directory, "/from/environment");
  EXPECT_EQ(command.region, "eu-west-1") << "a variable of its own stays the one";
  EXPECT_THAT(command.hosts, ElementsAre("127.0.0.1", "::1"));
  EXPECT_TRUE(command.audit);
}

TEST(ConfigFile, MayBeEmptyOrJson) {
  Command command;
  command.parse({});
  EXPECT_EQ(command.error_of(""), "");
  EXPECT_EQ(command.error_of("# nothing\n"), "");
  EXPECT_EQ(command.error_of(R"({"port": 5, "audit-decisions": false})"), "");
  EXPECT_EQ(command.port, 5);
  EXPECT_FALSE(command.audit);
}

TEST(ConfigFile, SaysWhatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {"prot: 1\n", "podpass.yaml: prot is no option. There are audit-decisions, bind-hosts, data-dir, port, region."},
      {"config: other.yaml\n", "config is no option"},
      {"help: true\n", "help is no option"},
      {"port: 70000\n", "podpass.yaml: port: "},
      {"port: many\n", "podpass.yaml: port: "},
      {"port: {a: 1}\n", "port: give text, a number, true, false, or a list of these."},
      {"port:\n", "port: give text"},
      {"bind-hosts: [[a]]\n", "bind-hosts: give text"},
      {"just text\n", "podpass.yaml: write one `name: value` a line"},
      {"- a\n", "write one `name: value` a line"},
      {"a: [\n", "podpass.yaml: "},
      {"port: 1\nport: 2\n", "podpass.yaml: "},
  };
  for (const auto& [text, said] : cases) {
    Command command;
    command.parse({});
    EXPECT_THAT(command.error_of(text), HasSubstr(said)) << text;
  }
}

}  // namespace
}  // namespace podpass::cli
