// Result<T>: what a function that can fail returns, and Error: what it then carries.
//
// Errors are for what the caller or the world did wrong. A bug of ours is CHECK (check.h). Public text and logged cause
// are two fields: `message` may be shown to anybody, `cause` goes to the log only. Neither may ever hold a secret.
//
// An Error with an empty `code` comes from a layer that knows no AWS service; the wire writer turns its kind into the
// protocol's generic code. Services set `code` (and `status`) to what AWS documents.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace podpass {

enum class ErrorKind : unsigned char {
  invalid,          // malformed or unacceptable input
  unauthenticated,  // who you are could not be established
  denied,           // who you are may not do this
  not_found,
  conflict,     // clashes with what exists
  limit,        // a quota
  too_large,    // a size limit of the wire
  throttled,    // too fast
  unavailable,  // try again
  internal,     // our fault
};

struct [[nodiscard]] Error {
  ErrorKind kind = ErrorKind::internal;
  std::string code;     // AWS error code, e.g. "ResourceInUseException"; empty: see above
  int status = 0;       // HTTP status; 0: the kind's usual one
  std::string message;  // for the caller
  std::string cause;    // for the log
  std::vector<std::pair<std::string, std::string>> members;  // further members of the modelled exception

  int http_status() const;

  static Error invalid(std::string message) { return {ErrorKind::invalid, {}, 0, std::move(message), {}, {}}; }
  static Error not_found(std::string message) { return {ErrorKind::not_found, {}, 0, std::move(message), {}, {}}; }
  static Error unavailable(std::string message, std::string cause = {}) {
    return {ErrorKind::unavailable, {}, 0, std::move(message), std::move(cause), {}};
  }
  static Error internal(std::string cause) {
    return {ErrorKind::internal, {}, 0, "An internal error occurred.", std::move(cause), {}};
  }
};

template <class T>
struct [[nodiscard]] Result : std::expected<T, Error> {
  using Base = std::expected<T, Error>;
  using Base::Base;
  Result(Error error) : Base(std::unexpected(std::move(error))) {}  // NOLINT: implicit on purpose
};

template <>
struct [[nodiscard]] Result<void> : std::expected<void, Error> {
  using Base = std::expected<void, Error>;
  using Base::Base;
  Result(Error error) : Base(std::unexpected(std::move(error))) {}  // NOLINT: implicit on purpose
};

// auto value = TRY(may_fail());   returns the error from the enclosing function. Not in coroutines.
#define TRY(...)                                             \
  ({                                                         \
    auto try_result_ = (__VA_ARGS__);                        \
    if (!try_result_) return std::move(try_result_).error(); \
    std::move(try_result_).value();                          \
  })

}  // namespace podpass
