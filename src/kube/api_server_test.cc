#include "kube/api_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "base/clock.h"
#include "codec/base64.h"
#include "crypto/x509.h"

namespace podpass::kube {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

Environment environment_of(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  };
}

class KubeApiServer : public testing::Test {
 protected:
  KubeApiServer() {
    char name[] = "/tmp/api_server_test_XXXXXX";
    folder = ::mkdtemp(name);
  }
  ~KubeApiServer() override { std::filesystem::remove_all(folder); }

  std::string write(const std::string& name, std::string_view text) const {
    std::filesystem::create_directories((folder / name).parent_path());
    std::ofstream(folder / name, std::ios::binary) << text;
    return folder / name;
  }
  // A kubeconfig of one context with these members in its cluster and its user.
  std::string write_config(std::string_view cluster, std::string_view user, const std::string& name = "config") const {
    return write(
        name,
        "apiVersion: v1\nkind: Config\ncurrent-context: here\ncontexts:\n- name: here\n  context: {cluster: c, "
        "user: u, namespace: team}\nclusters:\n- name: c\n  cluster: {" +
            std::string(cluster) + "}\nusers:\n- name: u\n  user: {" + std::string(user) + "}\n");
  }

  std::filesystem::path folder;
  const crypto::CertificateAuthority ca =
      crypto::CertificateAuthority::create("Cluster CA", {SystemClock().now() - 1h, SystemClock().now() + 1h}).value();
};

TEST_F(KubeApiServer, IsReadFromAUrl) {
  struct Row {
    std::string_view url, base, path;
  };
  for (const Row& row :
       {Row{"https://10.0.0.1:6443", "https://10.0.0.1:6443", ""}, Row{"https://a.example/", "https://a.example", ""},
        Row{"http://localhost:8001", "http://localhost:8001", ""},
        Row{"https://rancher.example/k8s/clusters/c-1/", "https://rancher.example", "/k8s/clusters/c-1"},
        Row{"https://[fd00::1]:6443/a", "https://[fd00::1]:6443", "/a"}}) {
    const auto server = parse_api_server(row.url);
    ASSERT_TRUE(server) << server.error().message;
    EXPECT_EQ(server->endpoint.url(), row.base);
    EXPECT_EQ(server->base_path, row.path);
    EXPECT_EQ(server->url(), std::string(row.base) + std::string(row.path));
  }
  for (std::string_view bad :
       {"", "10.0.0.1:6443", "ftp://a", "https://", "https://a/b?c", "https://a/b c", "https://a/#b", "/a"}) {
    const auto server = parse_api_server(bad);
    ASSERT_FALSE(server) << bad;
    EXPECT_EQ(server.error().kind, ErrorKind::invalid);
  }
}

TEST_F(KubeApiServer, TakesWhatTheContextNames) {
  const auto pair = ca.issue({"admin",
                              {},
                              {},
                              {SystemClock().now() - 1h, SystemClock().now() + 1h},
                              crypto::CertificateRequest::Use::client})
                        .value();
  const std::string path =
      write_config("server: \"https://10.0.0.1:6443\", tls-server-name: kubernetes, certificate-authority-data: " +
                       codec::base64_encode(ca.certificate_pem()),
                   "token: secret-token, client-certificate-data: " + codec::base64_encode(pair.certificate_pem) +
                       ", client-key-data: " + codec::base64_encode(pair.key_pem.reveal()));
  const auto server = read_kubeconfig(path);
  ASSERT_TRUE(server) << server.error().message;
  EXPECT_EQ(server->url(), "https://10.0.0.1:6443");
  EXPECT_EQ(server->tls.ca_pem, ca.certificate_pem());
  EXPECT_EQ(server->tls.server_name, "kubernetes");
  EXPECT_EQ(server->tls.certificate_pem, pair.certificate_pem);
  EXPECT_EQ(server->tls.key_pem.reveal(), pair.key_pem.reveal());
  EXPECT_EQ(server->token.reveal(), "secret-token");
  EXPECT_EQ(server->token_file, "");
  EXPECT_EQ(server->namespace_, "team");
}

TEST_F(KubeApiServer, FindsFilesBesideTheKubeconfig) {
  write("pki/ca.crt", ca.certificate_pem());
  const auto server = read_kubeconfig(
      write_config("server: \"https://a\", certificate-authority: pki/ca.crt", "tokenFile: pki/token, token: older"));
  ASSERT_TRUE(server) << server.error().message;
  EXPECT_EQ(server->tls.ca_pem, ca.certificate_pem());
  EXPECT_EQ(server->token_file, folder / "pki/token");
  EXPECT_TRUE(server->token.empty());
  const std::string absolute = folder / "pki/ca.crt";
  EXPECT_TRUE(
      read_kubeconfig(write_config("server: \"https://a\", certificate-authority: " + absolute, "", "x/config")));
}

TEST_F(KubeApiServer, ChoosesTheContext) {
  const std::string path = write("config", R"(
contexts:
- {name: a, context: {cluster: one}}
- {name: b, context: {cluster: two, user: u}}
- {name: c, context: {cluster: none}}
clusters:
- {name: one, cluster: {server: "http://one"}}
- {name: two, cluster: {server: "http://two"}}
users:
- {name: u, user: {token: t}}
)");
  EXPECT_EQ(read_kubeconfig(path, "a")->url(), "http://one");
  EXPECT_EQ(read_kubeconfig(path, "b")->url(), "http://two");
  EXPECT_EQ(read_kubeconfig(path, "b")->token.reveal(), "t");
  EXPECT_EQ(read_kubeconfig(path).error().message, path + " has no current context; choose one of: a, b, c");
  const Error context = read_kubeconfig(path, "d").error();
  EXPECT_EQ(context.kind, ErrorKind::not_found);
  EXPECT_EQ(context.message, "there is no context 'd' in " + path + "; there are: a, b, c");
  EXPECT_EQ(read_kubeconfig(path, "c").error().message,
            "there is no cluster 'none' in " + path + "; there are: one, two");
}

TEST_F(KubeApiServer, JoinsSeveralFiles) {
  const std::string first =
      write("1/config", "current-context: a\nclusters:\n- {name: k, cluster: {server: \"http://first\"}}\n");
  const std::string second = write("2/config", R"(
current-context: other
contexts:
- {name: a, context: {cluster: k, user: u}}
clusters:
- {name: k, cluster: {server: "http://second"}}
users:
- {name: u, user: {tokenFile: token}}
)");
  const auto server = read_kubeconfig(folder.string() + "/missing:" + first + "::" + second);
  ASSERT_TRUE(server) << server.error().message;
  EXPECT_EQ(server->url(), "http://first");
  EXPECT_EQ(server->token_file, folder / "2/token");
  const Error none = read_kubeconfig(folder.string() + "/missing").error();
  EXPECT_EQ(none.kind, ErrorKind::not_found);
  EXPECT_EQ(none.message, "there is no kubeconfig at " + folder.string() + "/missing");
}

TEST_F(KubeApiServer, RefusesWhatItDoesNotDo) {
  struct Row {
    std::string_view cluster, user, why;
  };
  for (const Row& row : {
           Row{"server: \"https://a\", insecure-skip-tls-verify: true", "",
               "insecure-skip-tls-verify is not supported here; name the cluster's authority in certificate-authority"},
           Row{"server: \"https://a\", proxy-url: \"http://p\"", "", "a proxy (proxy-url) is not supported"},
           Row{"server: \"http://a\"", "exec: {command: aws, apiVersion: v1}",
               "user 'u' in FILE: its credentials come from the plugin 'aws' (exec), and plugins are not run here; use "
               "a "
               "token of a service account (kubectl create token), a token file or a client certificate instead"},
           Row{"server: \"http://a\"", "auth-provider: {name: gcp}", "the plugin 'gcp' (auth-provider)"},
           Row{"server: \"http://a\"", "username: admin, password: hunter2", "passwords are not supported here"},
           Row{"server: \"http://a\"", "token: t, as: admin", "impersonation (as) is not supported here"},
           Row{"server: \"a\"", "",
               "cluster 'c' in FILE: 'a' is not an endpoint: it must begin with http:// or https://"},
           Row{"x: y", "", "cluster 'c' in FILE: '' is not an endpoint"},
           Row{"server: \"https://a\", certificate-authority-data: \"?\"", "",
               "certificate-authority-data is not base64"},
           Row{"server: \"https://a\", certificate-authority-data: aGk=", "",
               "context 'here' in FILE: the authority's certificate: there is no certificate in PEM form"},
           Row{"server: \"https://a\", certificate-authority: none.crt", "", "none.crt: no such file or directory"},
           Row{"server: \"https://a\"", "client-key-data: aHVudGVyMg==", "go together; one is missing"},
       }) {
    const std::string path = write_config(row.cluster, row.user);
    const auto server = read_kubeconfig(path);
    ASSERT_FALSE(server) << row.why;
    std::string why(row.why);
    if (const auto at = why.find("FILE"); at != std::string::npos) why.replace(at, 4, path);
    EXPECT_EQ(server.error().kind, ErrorKind::invalid);
    EXPECT_THAT(server.error().message, HasSubstr(why));
    EXPECT_THAT(server.error().message, Not(HasSubstr("hunter2")));
  }
  EXPECT_TRUE(read_kubeconfig(write_config("server: \"http://a\", insecure-skip-tls-verify: true", "exec: ")));
}

TEST_F(KubeApiServer, SaysWhatIsMalformed) {
  EXPECT_THAT(read_kubeconfig(write("config", "a: [")).error().message, HasSubstr("config: line 1, column 1: "));
  EXPECT_THAT(read_kubeconfig(write("config", "- a\n")).error().message, EndsWith("config is not a kubeconfig"));
  EXPECT_THAT(read_kubeconfig(write("config", "")).error().message,
              HasSubstr("has no current context; choose one of: none"));
  EXPECT_THAT(read_kubeconfig(write("config", "current-context: a\ncontexts: {a: b}\n")).error().message,
              HasSubstr("there is no context 'a'"));
  EXPECT_THAT(read_kubeconfig(write("config", "current-context: a\ncontexts:\n- name: a\n")).error().message,
              HasSubstr("it has no content"));
}

TEST_F(KubeApiServer, KubeconfigIsWhereItIsTold) {
  const auto both = environment_of({{"KUBECONFIG", "/k/1:/k/2"}, {"HOME", "/users/a"}});
  EXPECT_EQ(kubeconfig_path("given", both), "given");
  EXPECT_EQ(kubeconfig_path("", both), "/k/1:/k/2");
  EXPECT_EQ(kubeconfig_path("", environment_of({{"HOME", "/users/a"}})), "/users/a/.kube/config");
  EXPECT_EQ(kubeconfig_path("", environment_of({{"HOME", "/users/a"}, {"KUBECONFIG", ""}})), "/users/a/.kube/config");
}

TEST_F(KubeApiServer, IsKnownInsideThePod) {
  const auto inside = environment_of({{"KUBERNETES_SERVICE_HOST", "10.96.0.1"}, {"KUBERNETES_SERVICE_PORT", "443"}});
  const auto v6 = environment_of({{"KUBERNETES_SERVICE_HOST", "fd00::1"}, {"KUBERNETES_SERVICE_PORT", "6443"}});
  EXPECT_TRUE(is_in_cluster(inside));
  EXPECT_FALSE(is_in_cluster(environment_of({})));
  EXPECT_EQ(in_cluster(environment_of({}), folder).error().kind, ErrorKind::not_found);
  EXPECT_THAT(in_cluster(inside, folder).error().message, HasSubstr("ca.crt: no such file"));
  write("ca.crt", "");
  EXPECT_THAT(in_cluster(inside, folder).error().message, EndsWith("ca.crt is empty"));
  write("ca.crt", ca.certificate_pem());
  EXPECT_THAT(in_cluster(inside, folder).error().message, HasSubstr("token: no such file"));
  write("token", "t");
  EXPECT_EQ(in_cluster(inside, folder)->namespace_, "");
  write("namespace", "podpass\n");
  const auto server = in_cluster(inside, folder);
  ASSERT_TRUE(server) << server.error().message;
  EXPECT_EQ(server->url(), "https://10.96.0.1");
  EXPECT_EQ(server->token_file, folder / "token");
  EXPECT_EQ(server->namespace_, "podpass");
  EXPECT_EQ(in_cluster(v6, folder)->url(), "https://[fd00::1]:6443");
  write("ca.crt", "nonsense");
  EXPECT_THAT(in_cluster(inside, folder).error().message, HasSubstr("ca.crt: the authority's certificate: "));
}

}  // namespace
}  // namespace podpass::kube
