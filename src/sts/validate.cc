#include "sts/validate.h"

#include <fmt/format.h>

#include "base/strings.h"

namespace podpass::sts {
namespace {

Error constraint(std::string_view member, std::string_view value, std::string_view rule) {
  return Error::invalid(
      fmt::format("1 validation error detected: Value '{}' at '{}' failed to satisfy constraint: Member must {}", value,
                  member, rule));
}

// The rule that a length breaks; empty: none.
std::string length_rule(std::string_view value, std::size_t least, std::size_t most) {
  const auto length = utf8_length(value);
  if (length < least) return fmt::format("have length greater than or equal to {}", least);
  if (length > most) return fmt::format("have length less than or equal to {}", most);
  return {};
}

}  // namespace

Result<void> check_length(std::string_view member, std::string_view value, std::size_t least, std::size_t most) {
  if (auto rule = length_rule(value, least, most); !rule.empty()) return constraint(member, value, rule);
  return {};
}

Result<void> check_secret_length(std::string_view member, std::string_view value, std::size_t least, std::size_t most) {
  auto rule = length_rule(value, least, most);
  if (rule.empty()) return {};
  return Error::invalid(fmt::format(
      "1 validation error detected: Value at '{}' failed to satisfy constraint: Member must {}", member, rule));
}

Result<void> check_session_name(std::string_view member, std::string_view value) {
  TRY(check_length(member, value, 2, 64));
  if (!only_alnum_and(value, "_+=,.@-")) {
    return constraint(member, value, "satisfy regular expression pattern: [\\w+=,.@-]*");
  }
  return {};
}

Result<void> check_external_id(std::string_view value) {
  TRY(check_length("externalId", value, 2, 1224));
  if (!only_alnum_and(value, "_+=,.@:/-")) {
    return constraint("externalId", value, "satisfy regular expression pattern: [\\w+=,.@:\\/-]*");
  }
  return {};
}

Result<void> check_duration(std::optional<std::int64_t> seconds, std::int64_t least, std::int64_t most) {
  if (!seconds) return {};
  auto value = std::to_string(*seconds);
  if (*seconds < least) {
    return constraint("durationSeconds", value, fmt::format("have value greater than or equal to {}", least));
  }
  if (*seconds > most) {
    return constraint("durationSeconds", value, fmt::format("have value less than or equal to {}", most));
  }
  return {};
}

Result<void> refuse_mfa(const std::optional<std::string>& serial_number, const std::optional<std::string>& token_code) {
  if (!serial_number && !token_code) return {};
  return Error{
      ErrorKind::denied, {}, 0, "MultiFactorAuthentication failed with invalid MFA one time pass code. ", {}, {}};
}

}  // namespace podpass::sts
