// Pod tokens of local clusters, for `podpass token` and `podpass exec`.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "cli/connection.h"

namespace podpass::exec {

// The pod that a process plays.
struct Pod {
  std::string cluster, namespace_ = "default", service_account, name, uid;
};

struct Token {
  std::string text;
  Time expires{};
};
Result<Token> request_token(const cli::Connection& connection, const Pod& pod, std::optional<std::int64_t> seconds,
                            const std::string& audience);

}  // namespace podpass::exec
