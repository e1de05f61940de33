// What gateway.cc and gateway_console.cc share: a request on its way, and how the two ways of asking differ.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "aws/call.h"
#include "aws/operation.h"
#include "aws/sigv4.h"
#include "aws/sigv4_errors.h"
#include "codec/value.h"
#include "gateway/gateway.h"
#include "http/message.h"

namespace podpass::gateway {

// Whom a browser acts for, and what its page asks for.
struct Gateway::SignedIn {
  std::shared_ptr<const aws::Caller> caller;
  std::string cookie;
  Time expires{};
  bool touch = false;          // the session's use is to be written down
  std::string_view operation;  // its name
};

// One request on its way, from the moment that its service is known.
struct Gateway::Running {
  const aws::Service& service;
  std::string_view request_id;
  Time now;
  const SignedIn* console;                    // null: it is signed
  aws::Credentialed credentialed;             // of whom signed
  std::shared_ptr<const aws::Caller> caller;  // null until authenticated
  const aws::Operation* operation = nullptr;
  codec::Value input;
  codec::Reading reading = codec::Reading::typed;
  std::optional<crypto::Sha256Digest> body_hash;
  aws::Audit audit;
  aws::Wait wait;  // the handler's, if it lacked something from outside
  int waits = 0;
};

// What JSON services call an error of the layers below them, which know no service.
aws::Dialect dialect_of(const aws::Service& service);

// As AWS has it: what GetSessionToken gives without MFA is good for everything but IAM.
Result<void> check_use(const aws::Caller& caller, const aws::Service& service);

bool is_console(std::string_view path);
http::Response console_answer(aws::Answer answer);
http::Response console_error(Error error, std::string_view request_id);

}  // namespace podpass::gateway
