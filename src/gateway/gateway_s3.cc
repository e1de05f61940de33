#include "aws/global_keys.h"
#include "aws/sigv4_chunked.h"
#include "base/log.h"
#include "gateway/gateway.h"
#include "s3/errors.h"

namespace podpass::gateway {

namespace asio = boost::asio;

namespace {

// The caller, and the rule that the body must keep to.
struct Admitted {
  std::shared_ptr<const aws::Caller> caller;
  aws::Credentialed credentialed;
  aws::PayloadRule payload;
};

Result<Admitted> admit(Authenticator& authenticator, const http::Request& request, Time now) {
  Admitted admitted;
  admitted.credentialed = TRY(aws::read_authorization(request, aws::Dialect::s3));
  if (admitted.credentialed.anonymous()) {
    admitted.caller = Authenticator::anonymous();
    admitted.payload = TRY(aws::anonymous_payload_rule(request));
    return admitted;
  }
  auto authenticated = TRY(authenticator.authenticate(admitted.credentialed, request, "s3", now));
  admitted.caller = std::move(authenticated.caller);
  admitted.payload = aws::payload_rule(admitted.credentialed, *authenticated.key);
  return admitted;
}

// Objects come from the host and port that the console comes from, with whatever type their owner gave them. A browser
// must not take one for a page of ours: in a sandbox it has an origin of its own, and no cookie of ours.
void keep_apart(http::Response& response) {
  response.set("Content-Security-Policy", "sandbox allow-scripts allow-forms allow-popups allow-downloads");
  response.set("X-Content-Type-Options", "nosniff");
}

}  // namespace

asio::awaitable<http::Response> Gateway::serve_s3(http::Request& request, http::Body& body,
                                                  std::string_view request_id) {
  const auto now = deployment_.clock->now();
  aws::Audit audit;
  AuditEvent event{nullptr, request, request_id, "s3",    "Unknown", deployment_.region, deployment_.account,
                   now,     true,    nullptr,    nullptr, &audit};
  auto admitted = admit(authenticator_, request, now);
  if (!admitted) {
    if (audit_ != nullptr) {
      event.error = &admitted.error();
      audit_->append(audit_line(event));
    }
    auto refused = s3::error_response(admitted.error(), request, request_id);
    keep_apart(refused);
    co_return refused;
  }
  auto context = std::make_unique<policy::Context>();  // 20 KiB: not in the coroutine's frame
  aws::add_principal_keys(*context, *admitted->caller);
  aws::add_environment_keys(*context, deployment_, now);
  aws::add_network_keys(*context, request);
  s3::Exchange exchange{request,
                        body,
                        *admitted->caller,
                        *context,
                        now,
                        request_id,
                        audit,
                        admitted->credentialed,
                        std::move(admitted->payload),
                        {},
                        {},
                        {}};
  auto response = co_await s3_.serve(exchange);
  keep_apart(response);
  if (audit_ != nullptr) {
    event.caller = admitted->caller.get();
    if (!exchange.operation.empty()) event.operation = exchange.operation;
    event.read_only = exchange.access == aws::Access::read;
    if (exchange.error.status != 0) event.error = &exchange.error;
    audit_->append(audit_line(event));
  }
  co_return response;
}

}  // namespace podpass::gateway
