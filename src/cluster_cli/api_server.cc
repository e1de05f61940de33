#include "cluster_cli/api_server.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <optional>

#include "crypto/jwt.h"
#include "kube/api_client.h"
#include "kube/cluster_access.h"

namespace podpass::cluster_cli {
namespace {

namespace asio = boost::asio;
using codec::Value;

Result<Value> call(const kube::ApiServer& server, std::string_view method, const std::string& path, Value body) {
  asio::io_context io(1);
  kube::ApiClient client(io.get_executor(), server);
  std::optional<Result<Value>> answer;
  auto calling = client.call(method, path, std::move(body));
  asio::co_spawn(io, std::move(calling), [&](std::exception_ptr failed, Result<Value> result) {
    if (failed) {
      answer = Error::internal("a call to an API server threw");
    } else {
      answer = std::move(result);
    }
  });
  io.run();
  auto told = kube::as_json(*std::move(answer));
  if (!told && !told.error().message.contains(server.url())) {
    told.error().message = server.url() + ": " + told.error().message;
  }
  return told;
}

}  // namespace

Result<Value> ask(const kube::ApiServer& server, const std::string& path) {
  return call(server, "GET", path, {});
}

Result<Value> post(const kube::ApiServer& server, const std::string& path, Value body) {
  return call(server, "POST", path, std::move(body));
}

Result<kube::ApiServer> api_server(const KubeconfigFlags& flags) {
  return kube::read_kubeconfig(kube::kubeconfig_path(flags.path, ::getenv), flags.context);
}

Result<Issuer> read_issuer(const kube::ApiServer& server) {
  auto discovery = TRY(ask(server, std::string(kube::kDiscoveryPath)));
  auto jwks = TRY(ask(server, std::string(kube::kJwksPath)));
  Issuer issuer{std::string(discovery.text("issuer")), std::move(jwks)};
  if (issuer.url.empty()) return Error::invalid(server.url() + ": its openid-configuration names no issuer.");
  if (auto keys = crypto::KeySet::from_jwks(issuer.jwks); !keys) {
    return Error::invalid(server.url() + ": its keys cannot be used: " + keys.error().message);
  }
  return issuer;
}

}  // namespace podpass::cluster_cli
