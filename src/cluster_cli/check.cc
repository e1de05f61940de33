#include "cluster_cli/check.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "cli/connection.h"
#include "codec/uri.h"
#include "crypto/jwt.h"
#include "kube/service_account_tokens.h"

namespace podpass::cluster_cli {
namespace {

using codec::Value;

constexpr int kTokenSeconds = 600;

class Check {
 public:
  Check(const CheckOptions& options, cli::Connection connection)
      : options_(options), connection_(std::move(connection)) {}

  Result<Value> run() {
    const auto path = "/cluster-registrations/" + codec::percent_encode(options_.name);
    auto described = TRY(cli::call_server(connection_, "podpass", "GET", path, Value::map()));
    if (const auto* registration = described.find("registration")) registration_ = *registration;
    TRY(ask_server());
    const bool pending = registration_.text("status") == "PENDING";
    if (options_.uses_kubeconfig && !pending) TRY(look_from_here());
    if (!options_.service_account.empty() && !pending) TRY(try_token());
    return Value::map({{"steps", std::move(steps_)}});
  }

 private:
  void step(std::string_view name, std::string_view outcome, std::string_view message, std::string_view advice = {}) {
    auto made = Value::map({{"name", name}, {"outcome", outcome}, {"message", printable(message)}});
    if (!advice.empty()) made.add("advice", advice);
    steps_.push_back(std::move(made));
  }
  void ok(std::string_view name, std::string_view message) { step(name, "ok", message); }
  void skip(std::string_view name, std::string_view message) { step(name, "skipped", message); }
  void fail(std::string_view name, std::string_view message, std::string_view advice) {
    step(name, "failed", message, advice);
  }

  std::string path(std::string_view suffix) const {
    return concat({"/clusters/", codec::percent_encode(options_.name), suffix});
  }
  bool is_local() const { return registration_.text("kind") == "LOCAL"; }

  Result<void> ask_server() {
    auto request = Value::map();
    if (!options_.service_account.empty()) {
      request.set("namespace", options_.namespace_);
      request.set("serviceAccount", options_.service_account);
    }
    auto answer = TRY(cli::call_server(connection_, "podpass", "POST", path("/check"), request));
    if (auto* steps = answer.find("steps"); steps && steps->as<Value::List>()) {
      steps_ = std::move(*steps->as<Value::List>());
    }
    return {};
  }

  Result<void> look_from_here() {
    const auto server = TRY(api_server(options_.kubeconfig));
    const auto issuer = read_issuer(server);
    if (!issuer) {
      fail("kubeconfig", issuer.error().message,
           "Try the same with kubectl get --raw /openid/v1/jwks. The kubeconfig's user needs the ClusterRole "
           "system:service-account-issuer-discovery.");
      return {};
    }
    ok("kubeconfig", server.url() + " answers, and its certificate is good.");
    const auto again = fmt::format(
        "If the kubeconfig is of the right cluster, register it again: podpass cluster "
        "register {} --kubeconfig FILE.",
        options_.name);
    if (issuer->url == registration_.text("issuer")) {
      ok("kubeconfig issuer", "It is the one that is stored.");
    } else {
      fail("kubeconfig issuer",
           fmt::format("The API server issues tokens as {}, stored is {}.", issuer->url, registration_.text("issuer")),
           again);
    }
    const auto keys = TRY(crypto::KeySet::from_jwks(issuer->jwks));
    if (hex(keys->fingerprint().view()) == registration_.text("keysFingerprint")) {
      ok("kubeconfig keys", "They are those that are stored.");
    } else {
      fail("kubeconfig keys", "The API server lists other keys than those that are stored.", again);
    }
    return {};
  }

  // A token of one of the service account's pods; nothing if there can't be one, which is then said.
  Result<std::optional<std::string>> make_token() {
    const auto& space = options_.namespace_;
    const auto& account = options_.service_account;
    if (!options_.token_file.empty()) {
      auto text = TRY(cli::read_file(options_.token_file));
      return std::optional(std::string(trim(split(text, '\n')[0])));
    }
    if (is_local()) {
      auto request =
          Value::map({{"namespace", space}, {"serviceAccount", account}, {"expirationSeconds", kTokenSeconds}});
      auto made = TRY(cli::call_server(connection_, "podpass", "POST", path("/service-account-tokens"), request));
      return std::optional(std::string(made.text("token")));
    }
    if (!options_.uses_kubeconfig) {
      skip("token", "Without --kubeconfig no token can be made. Give one of a pod with --token-file.");
      return std::optional<std::string>();
    }
    return request_token(TRY(api_server(options_.kubeconfig)));
  }

  Result<std::optional<std::string>> request_token(const kube::ApiServer& server) {
    const auto below = concat({"/api/v1/namespaces/", codec::percent_encode(options_.namespace_)});
    const auto selector =
        codec::percent_encode("spec.serviceAccountName=" + options_.service_account + ",status.phase=Running");
    std::optional<std::string> none;
    const auto pods = ask(server, below + "/pods?limit=1&fieldSelector=" + selector);
    const auto* found = pods ? pods->find("items") : nullptr;
    const auto* items = found ? found->as<Value::List>() : nullptr;
    if (!items || items->empty()) {
      skip("token", pods ? std::string("No pod of the service account runs, and a token is made for a pod. Give one of "
                                       "a pod with --token-file.")
                         : "The pods cannot be listed: " + pods.error().message);
      return none;
    }
    const auto* metadata = (*items)[0].find("metadata");
    const std::string pod(metadata ? metadata->text("name") : "");
    auto spec = Value::map({{"audiences", Value::list({kube::kPodIdentityAudience})},
                            {"expirationSeconds", kTokenSeconds},
                            {"boundObjectRef", Value::map({{"apiVersion", "v1"},
                                                           {"kind", "Pod"},
                                                           {"name", pod},
                                                           {"uid", metadata ? metadata->text("uid") : ""}})}});
    auto request = Value::map({{"apiVersion", "authentication.k8s.io/v1"}, {"kind", "TokenRequest"}, {"spec", spec}});
    const auto made =
        post(server, concat({below, "/serviceaccounts/", codec::percent_encode(options_.service_account), "/token"}),
             request);
    if (!made) {
      const auto why = "A token cannot be made: " + made.error().message;
      if (made.error().status == 403) {
        skip("token", why);
      } else {
        fail("token", why, "Try kubectl create token with the same service account.");
      }
      return none;
    }
    const auto* status = made->find("status");
    ok("token", fmt::format("The API server made one for pod {}.", pod));
    return std::optional(std::string(status ? status->text("token") : ""));
  }

  Result<void> try_token() {
    const auto token = TRY(make_token());
    if (!token) return {};
    auto answer = cli::call_server(connection_, "eks-auth", "POST", path("/assume-role-for-pod-identity"),
                                   Value::map({{"token", *token}}));
    if (answer) {
      const auto* user = answer->find("assumedRoleUser");
      ok("exchange", fmt::format("EKS Auth gives credentials of {}.", user ? user->text("arn") : ""));
      return {};
    }
    fail("exchange", fmt::format("EKS Auth says {}: {}", answer.error().code, answer.error().message),
         advice_for(answer.error()));
    return {};
  }

  std::string advice_for(const Error& error) const {
    if (error.code == "ResourceNotFoundException") return "Create the association first.";
    if (error.code == "ServiceUnavailableException") return "The API server has to answer the server; see above.";
    if (error.code == "AccessDeniedException") {
      return "The audit trail has the reason. Ask: podpass explain REQUEST-ID, or look at the role's trust policy.";
    }
    return "The token is not of this cluster, or the stored keys are old; see above.";
  }

  const CheckOptions& options_;
  cli::Connection connection_;
  Value registration_ = Value::map();
  Value::List steps_;
};

}  // namespace

Result<Value> check_cluster(const CheckOptions& options) {
  return Check(options, TRY(cli::find_connection(options.data_directory))).run();
}

}  // namespace podpass::cluster_cli
