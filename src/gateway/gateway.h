// The gateway: one request from the wire to its service and back. Chooses the service (scope of the signature, else
// host), authenticates, runs the operation in a transaction, commits, runs again on a conflict, writes answer or error
// in the service's protocol, and one audit record.
//
// Threads: serve() is called on any of the server's threads at once. Lives as long as the server that calls it.
// Limits: kMaxBodyBytes for everything but S3's objects, which stream.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>

#include "aws/call.h"
#include "aws/operation.h"
#include "console/files.h"
#include "gateway/audit.h"
#include "gateway/authenticate.h"
#include "gateway/health.h"
#include "http/server.h"
#include "s3/service.h"
#include "store/store.h"

namespace podpass::gateway {

inline constexpr std::size_t kMaxBodyBytes = 1024 * 1024;

class Gateway {
 public:
  // `audit` may be null: no trail is kept.
  Gateway(store::Store& store, const aws::Deployment& deployment, s3::Service& s3, AuditTrail* audit, Health& health,
          console::Files console = {});

  boost::asio::awaitable<http::Response> serve(http::Request& request, http::Body& body);

 private:
  struct Running;
  struct SignedIn;
  boost::asio::awaitable<http::Response> serve_operation(http::Request& request, http::Body& body,
                                                         const aws::Service& service, std::string request_id,
                                                         const SignedIn* console = nullptr);
  boost::asio::awaitable<http::Response> serve_unclaimed(http::Request& request, http::Body& body,
                                                         std::string_view claimed);
  boost::asio::awaitable<http::Response> serve_s3(http::Request& request, http::Body& body,
                                                  std::string_view request_id);
  // gateway_console.cc
  boost::asio::awaitable<http::Response> serve_console(http::Request& request, http::Body& body,
                                                       std::string_view request_id);
  boost::asio::awaitable<http::Response> sign_in(http::Request& request, http::Body& body, std::string_view request_id);
  Result<Secret> try_sign_in(store::Transaction& tx, const codec::Value& input, Time now,
                             std::shared_ptr<const aws::Caller>& caller);
  void record_sign_in(const http::Request& request, std::string_view request_id, Time now, const aws::Caller* caller,
                      const Error* error);
  bool is_secure(const http::Request& request) const;
  boost::asio::awaitable<http::Response> call_from_console(http::Request& request, http::Body& body,
                                                           std::string_view request_id);
  Result<SignedIn> signed_in(const http::Request& request, Time now);
  Result<void> prepare_console(Running& running, const http::Request& request);

  Result<void> prepare(Running& running, http::Request& request);
  Result<void> let_in(Running& running, const http::Request& request, const aws::Operation* operation);
  Result<void> look_again(Running& running, const http::Request& request);
  Result<aws::Answer> run_once(Running& running, const http::Request& request, store::Transaction& tx);
  http::Response finish(const Running& running, const http::Request& request, Result<aws::Answer>& output);
  void record(const Running& running, const http::Request& request, const Error* error);
  const aws::Service* choose(std::string_view claimed, const http::Request& request) const;
  std::optional<http::Response> serve_plain(const http::Request& request, std::string_view claimed);

  store::Store& store_;
  const aws::Deployment& deployment_;
  s3::Service& s3_;
  const std::string s3_host_;
  AuditTrail* audit_;
  Health& health_;
  Authenticator authenticator_;
  const console::Site console_;
};

}  // namespace podpass::gateway
