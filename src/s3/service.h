// S3 over HTTP: the service that the gateway hands verified requests to.
//
// The gateway has checked the signature of the head; what is left, the body against it, is checked here as it streams.
// Bodies of objects go to files (blobs.h), everything else is in the store (records.h). An object is acknowledged when
// its bytes and its record are durable.
//
// Threads: Service is safe from any thread; serve() runs on the caller's executor and waits on no disk there, but for
// opening files. What it was given must outlive it; it must outlive the server whose handlers call it. Limits:
// kMaxObjectBytes a PUT, and those of the parts. Errors: are answers; serve() always gives a response. Source: S3 API
// reference.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

#include "aws/call.h"
#include "aws/operation.h"
#include "aws/sigv4.h"
#include "aws/sigv4_chunked.h"
#include "http/message.h"
#include "http/server.h"
#include "store/store.h"

namespace podpass::s3 {

inline constexpr std::uint64_t kMaxObjectBytes = 5ULL * 1024 * 1024 * 1024;

// One request. All of it lives until its answer has been given back.
struct Exchange {
  const http::Request& request;
  http::Body& body;
  const aws::Caller& caller;  // PrincipalType::anonymous for an unsigned request
  policy::Context& context;   // with the global condition keys
  Time now;
  std::string_view request_id;
  aws::Audit& audit;
  const aws::Credentialed& credentialed;  // of a verified signature, or anonymous
  aws::PayloadRule payload;               // aws::payload_rule() or aws::anonymous_payload_rule()

  // Filled in by serve(), for the audit. No name: no such operation.
  std::string_view operation;
  aws::Access access = aws::Access::read;
  Error error;  // what the answer says, and its cause, if it is one; else its status is 0
};

class Service {
 public:
  // Opens the directory of blobs and begins to remove, in the background, those that a crash has left without a record.
  static Result<std::unique_ptr<Service>> open(store::Store& store, const aws::Deployment& deployment,
                                               std::filesystem::path blob_directory);
  ~Service();

  boost::asio::awaitable<http::Response> serve(Exchange& exchange);

  // Removes files without a record that an earlier process left. Returns how many. Blocks; open() has already started
  // one.
  std::size_t collect_orphans();

 private:
  struct State;
  explicit Service(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace podpass::s3
