#include "exec/token.h"

#include "codec/fields.h"
#include "codec/uri.h"

namespace podpass::exec {

Result<Token> request_token(const cli::Connection& connection, const Pod& pod, std::optional<std::int64_t> seconds,
                            const std::string& audience) {
  codec::Value body(codec::Value::Map{});
  body.add("namespace", pod.namespace_);
  body.add("serviceAccount", pod.service_account);
  if (!pod.name.empty()) body.add("podName", pod.name);
  if (!pod.uid.empty()) body.add("podUid", pod.uid);
  if (!audience.empty()) body.add("audience", audience);
  if (seconds) body.add("expirationSeconds", *seconds);
  auto answer =
      TRY(cli::call_server(connection, "podpass", "POST",
                           "/clusters/" + codec::percent_encode(pod.cluster) + "/service-account-tokens", body));
  Token token;
  token.text = answer.text("token");
  const auto* expires = answer.find("expiration");
  if (token.text.empty() || expires == nullptr) return Error::internal("the server's answer has no token");
  TRY(codec::detail::read(*expires, codec::Reading::typed, token.expires));
  return token;
}

}  // namespace podpass::exec
