#include "cli/connection.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <fstream>

#include "store/test_directory.h"

namespace podpass::cli {
namespace {

unsigned mode_of(const std::filesystem::path& path) {
  struct stat status{};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 0777;
}

// An environment without AWS variables, in an empty working directory; both come back.
class ConnectionTest : public testing::Test {
 protected:
  ConnectionTest() : before_(std::filesystem::current_path()) {
    std::filesystem::current_path(directory_.path());
    for (auto name : kNames) {
      const char* value = ::getenv(name);
      saved_.emplace_back(name, value ? std::optional<std::string>(value) : std::nullopt);
      ::unsetenv(name);
    }
  }
  ~ConnectionTest() override {
    std::filesystem::current_path(before_);
    for (const auto& [name, value] : saved_) {
      value ? ::setenv(name.c_str(), value->c_str(), 1) : ::unsetenv(name.c_str());
    }
  }

  static constexpr const char* kNames[] = {"AWS_ENDPOINT_URL",      "AWS_REGION",        "AWS_DEFAULT_REGION",
                                           "AWS_ACCESS_KEY_ID",     "AWS_SESSION_TOKEN", "PODPASS_CLUSTER",
                                           "AWS_SECRET_ACCESS_KEY", "PODPASS_AGENT_URI"};
  store::TestDirectory directory_;
  std::filesystem::path before_;
  std::vector<std::pair<std::string, std::optional<std::string>>> saved_;
};

Connection sample() {
  Connection connection;
  connection.endpoint = "http://127.0.0.1:4566";
  connection.region = "us-west-2";
  connection.account = "111122223333";
  connection.cluster = "my-cluster";
  connection.agent_uri = "http://127.0.0.1:4567/v1/credentials";
  connection.credentials = {"AKIA1", Secret("se=cret/+"), ""};
  return connection;
}

void expect_sample(const Result<Connection>& found) {
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->endpoint, "http://127.0.0.1:4566");
  EXPECT_EQ(found->region, "us-west-2");
  EXPECT_EQ(found->account, "111122223333");
  EXPECT_EQ(found->cluster, "my-cluster");
  EXPECT_EQ(found->agent_uri, "http://127.0.0.1:4567/v1/credentials");
  EXPECT_EQ(found->credentials.access_key_id, "AKIA1");
  EXPECT_EQ(found->credentials.secret.reveal(), "se=cret/+");
  EXPECT_EQ(found->credentials.session_token, "");
}

// What a running podpass leaves.
bool write_all(const std::filesystem::path& directory) {
  return write_credentials(directory, sample().credentials) && write_connection(directory, sample());
}

TEST_F(ConnectionTest, ByDirectory) {
  ASSERT_TRUE(write_all(directory_.path()));
  expect_sample(find_connection(directory_.path().string()));
  EXPECT_EQ(mode_of(directory_.path() / "credentials"), 0600u);
  remove_connection(directory_.path());
  EXPECT_FALSE(find_connection(directory_.path().string()));
  EXPECT_TRUE(read_credentials(directory_.path())) << "the credentials outlive the server";
  remove_connection(directory_.path());
}

TEST_F(ConnectionTest, TheDefaultDirectoryComesBeforeTheEnvironment) {
  ::setenv("AWS_ENDPOINT_URL", "http://elsewhere", 1);
  ::setenv("AWS_REGION", "eu-west-1", 1);
  ::setenv("AWS_ACCESS_KEY_ID", "AKIAENV", 1);
  std::filesystem::create_directory(kDefaultDataDirectory);
  ASSERT_TRUE(write_all(kDefaultDataDirectory));
  expect_sample(find_connection(""));
}

TEST_F(ConnectionTest, ByEnvironment) {
  ::setenv("AWS_ENDPOINT_URL", "http://elsewhere", 1);
  ::setenv("AWS_DEFAULT_REGION", "eu-west-1", 1);
  ::setenv("AWS_ACCESS_KEY_ID", "ASIAENV", 1);
  ::setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
  ::setenv("AWS_SESSION_TOKEN", "session", 1);
  ::setenv("PODPASS_AGENT_URI", "http://agent", 1);
  auto found = find_connection("");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->endpoint, "http://elsewhere");
  EXPECT_EQ(found->region, "eu-west-1");
  EXPECT_EQ(found->agent_uri, "http://agent");
  EXPECT_EQ(found->credentials.access_key_id, "ASIAENV");
  EXPECT_EQ(found->credentials.session_token, "session");
  ::setenv("AWS_REGION", "eu-north-1", 1);
  EXPECT_EQ(find_connection("")->region, "eu-north-1") << "AWS_REGION comes first";
}

TEST_F(ConnectionTest, ErrorsSayWhatWasTriedAndWhatToDo) {
  auto nowhere = find_connection("");
  ASSERT_FALSE(nowhere);
  for (auto part : {".podpass/server.json", "AWS_ENDPOINT_URL", "podpass up", "--data-dir"}) {
    EXPECT_TRUE(nowhere.error().message.contains(part)) << nowhere.error().message;
  }
  auto empty = find_connection("not-here");
  ASSERT_FALSE(empty);
  EXPECT_TRUE(empty.error().message.contains("No running podpass in not-here")) << empty.error().message;

  ASSERT_TRUE(write_connection(directory_.path(), sample()));
  EXPECT_TRUE(find_connection(directory_.path().string()).error().message.contains("credentials"));
  for (const char* damaged : {"", "{", "[]", "{}", R"({"endpoint":"","region":"x"})", R"({"endpoint":1,"region":2})"}) {
    ASSERT_TRUE(write_file(directory_.path() / "server.json", damaged, 0644));
    auto found = find_connection(directory_.path().string());
    ASSERT_FALSE(found) << damaged;
    EXPECT_TRUE(found.error().message.contains("server.json is damaged")) << found.error().message;
  }
}

TEST_F(ConnectionTest, CredentialsFiles) {
  const auto read = [&](const char* text) {
    EXPECT_TRUE(write_file(directory_.path() / "credentials", text, 0600));
    return read_credentials(directory_.path());
  };
  auto spaced = read("# mine\r\n[default]\r\n  aws_access_key_id=A\r\n\taws_secret_access_key =\tS \r\n");
  ASSERT_TRUE(spaced) << spaced.error().message;
  EXPECT_EQ(spaced->access_key_id, "A");
  EXPECT_EQ(spaced->secret.reveal(), "S");
  auto two = read(
      "[default]\naws_access_key_id = A\naws_secret_access_key = S\n[other]\naws_access_key_id = B\n"
      "aws_secret_access_key = T\naws_session_token = U\n");
  ASSERT_TRUE(two);
  EXPECT_EQ(two->access_key_id, "A");
  EXPECT_EQ(two->session_token, "");
  const std::pair<const char*, const char*> bad[] = {
      {"", "has no profile [default]"},
      {"[default]\n", "profile [default] has no aws_access_key_id"},
      {"aws_access_key_id = A\n", "has no profile [default]"},
      {"[default]\naws_access_key_id =\naws_secret_access_key = S ", "profile [default] has no aws_access_key_id"},
  };
  for (const auto& [text, why] : bad) {
    auto none = read(text);
    ASSERT_FALSE(none) << text;
    EXPECT_TRUE(none.error().message.contains(why)) << none.error().message;
    EXPECT_FALSE(none.error().message.contains("S ")) << "no secret in an error";
  }
}

TEST_F(ConnectionTest, FilesAreWrittenWholeWithTheirMode) {
  const auto path = directory_.path() / "file";
  ASSERT_TRUE(write_file(path, "one", 0600));
  EXPECT_EQ(mode_of(path), 0600u);
  // What a crash left behind, readable by others, gives away nothing.
  std::ofstream(directory_.path() / "file.new") << "old";
  ::chmod((directory_.path() / "file.new").c_str(), 0644);
  ASSERT_TRUE(write_file(path, "two", 0600));
  EXPECT_EQ(mode_of(path), 0600u);
  EXPECT_EQ(read_file(path).value(), "two");
  EXPECT_FALSE(std::filesystem::exists(directory_.path() / "file.new"));
  ASSERT_TRUE(write_file("relative", "three", 0644)) << "a name without a directory";
  EXPECT_EQ(read_file("relative").value(), "three");

  auto nowhere = write_file(directory_.path() / "no" / "file", "x", 0600);
  ASSERT_FALSE(nowhere);
  EXPECT_TRUE(nowhere.error().message.contains("No such file or directory")) << nowhere.error().message;
  EXPECT_FALSE(read_file(directory_.path() / "missing"));
  ASSERT_TRUE(write_file(path, std::string(1024 * 1024, 'x'), 0600));
  EXPECT_TRUE(read_file(path));
  ASSERT_TRUE(write_file(path, std::string(1024 * 1024 + 1, 'x'), 0600));
  EXPECT_TRUE(read_file(path).error().message.contains("too large"));
}

TEST_F(ConnectionTest, AServerThatIsGoneIsNamed) {
  auto gone = sample();
  gone.endpoint = "http://127.0.0.1:1";
  auto answer = call_server(gone, "podpass", "POST", "/clusters/c/service-account-tokens", codec::Value::map({}));
  ASSERT_FALSE(answer);
  EXPECT_TRUE(answer.error().message.contains("http://127.0.0.1:1")) << answer.error().message;
  gone.endpoint = "ftp://x";
  EXPECT_FALSE(call_server(gone, "podpass", "POST", "/", codec::Value::map({})));
}

}  // namespace
}  // namespace podpass::cli
