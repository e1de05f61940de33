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
  Gateway(store::Store& store, const aws::Deployment& deployment, s3::Service& s3, AuditTrail* audit, Health& health);

  boost::asio::awaitable<http::Response> serve(http::Request& request, http::Body& body);

 private:
  struct Running;
  boost::asio::awaitable<http::Response> serve_operation(http::Request& request, http::Body& body,
                                                         const aws::Service& service, std::string_view request_id);
  boost::asio::awaitable<http::Response> serve_s3(http::Request& request, http::Body& body,
                                                  std::string_view request_id);
  Result<void> prepare(Running& running, http::Request& request);
  Result<void> let_in(Running& running, const http::Request& request, const aws::Operation* operation);
  Result<aws::Answer> run_once(Running& running, const http::Request& request, store::Transaction& tx);
  http::Response finish(const Running& running, const http::Request& request, Result<aws::Answer>& output);
  void record(const Running& running, const http::Request& request, const Error* error);
  const aws::Service* choose(std::string_view claimed, const http::Request& request) const;
  std::optional<http::Response> serve_plain(const http::Request& request);

  store::Store& store_;
  const aws::Deployment& deployment_;
  s3::Service& s3_;
  const std::string s3_host_;
  AuditTrail* audit_;
  Health& health_;
  Authenticator authenticator_;
};

}  // namespace podpass::gateway
