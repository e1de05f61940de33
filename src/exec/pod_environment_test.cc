#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "exec/exec.h"

namespace podpass::exec {
namespace {

cli::Connection connection() {
  cli::Connection connection;
  connection.endpoint = "http://127.0.0.1:4566";
  connection.region = "us-west-2";
  connection.agent_uri = "http://127.0.0.1:4567/v1/credentials";
  return connection;
}

TEST(PodEnvironment, NothingOfTheCallersIdentityLeaks) {
  const std::vector<std::string> from = {
      "AWS_ACCESS_KEY_ID=AKIALEAK",
      "AWS_SECRET_ACCESS_KEY=leak",
      "AWS_SESSION_TOKEN=leak",
      "AWS_SECURITY_TOKEN=leak",
      "AWS_PROFILE=leak",
      "AWS_DEFAULT_PROFILE=leak",
      "AWS_ROLE_ARN=leak",
      "AWS_ROLE_SESSION_NAME=leak",
      "AWS_WEB_IDENTITY_TOKEN_FILE=leak",
      "AWS_CONFIG_FILE=leak",
      "AWS_SHARED_CREDENTIALS_FILE=leak",
      "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=leak",
      "AWS_CONTAINER_CREDENTIALS_FULL_URI=leak",
      "AWS_CONTAINER_AUTHORIZATION_TOKEN=leak",
      "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=leak",
      "AWS_ENDPOINT_URL=leak",
      "AWS_ENDPOINT_URL_S3=leak",
      "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=leak",
      "AWS_REGION=leak",
      "AWS_DEFAULT_REGION=leak",
      "AWS_CREDENTIAL_EXPIRATION=leak",
      "AWS_EC2_METADATA_SERVICE_ENDPOINT=leak",
      "EC2_METADATA_SERVICE_ENDPOINT=leak",
      "PODPASS_AGENT_URI=leak",
      "PODPASS_CLUSTER=leak",
      "BOTO_CONFIG=leak",
  };
  for (const auto& entry : pod_environment(from, connection(), "/run/token")) {
    EXPECT_FALSE(entry.contains("leak")) << entry;
    EXPECT_FALSE(entry.contains("LEAK")) << entry;
  }
}

TEST(PodEnvironment, WhatAPodHas) {
  auto out = pod_environment({}, connection(), "/run/token");
  std::ranges::sort(out);
  const std::vector<std::string> expected = {
      "AWS_CONFIG_FILE=/dev/null",
      "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=/run/token",
      "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:4567/v1/credentials",
      "AWS_DEFAULT_REGION=us-west-2",
      "AWS_EC2_METADATA_DISABLED=true",
      "AWS_ENDPOINT_URL=http://127.0.0.1:4566",
      "AWS_REGION=us-west-2",
      "AWS_SHARED_CREDENTIALS_FILE=/dev/null",
      "AWS_STS_REGIONAL_ENDPOINTS=regional",
      "BOTO_CONFIG=/dev/null",
  };
  EXPECT_EQ(out, expected);
}

TEST(PodEnvironment, AProxyIsNotForPodpass) {
  const auto out = pod_environment({"HTTP_PROXY=http://proxy:1", "no_proxy=intern"}, connection(), "/run/token");
  for (auto wanted :
       {"HTTP_PROXY=http://proxy:1", "NO_PROXY=intern,127.0.0.1,127.0.0.1", "no_proxy=intern,127.0.0.1,127.0.0.1"}) {
    EXPECT_NE(std::ranges::find(out, wanted), out.end()) << wanted;
  }
}

TEST(PodEnvironment, TheRestStaysAndNoNameComesTwice) {
  auto out = pod_environment({"PATH=/bin", "HOME=/home/x", "MY_AWS_KEY=kept", "AWSX=kept", "ODD", "=x", "AWS_REGION=r"},
                             connection(), "/run/token");
  for (auto kept : {"PATH=/bin", "HOME=/home/x", "MY_AWS_KEY=kept", "AWSX=kept", "ODD", "=x"}) {
    EXPECT_NE(std::ranges::find(out, kept), out.end()) << kept;
  }
  std::set<std::string> names;
  for (const auto& entry : out) EXPECT_TRUE(names.insert(entry.substr(0, entry.find('='))).second) << entry;
}

TEST(Run, SaysWhatIsMissing) {
  auto without_agent = connection();
  without_agent.agent_uri.clear();
  Options options;
  options.command = {"true"};
  auto code = run(without_agent, options);
  ASSERT_FALSE(code);
  EXPECT_TRUE(code.error().message.contains("PODPASS_AGENT_URI")) << code.error().message;
  EXPECT_FALSE(run(connection(), Options()));
}

}  // namespace
}  // namespace podpass::exec
