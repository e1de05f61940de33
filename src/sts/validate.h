// The input rules of STS, with AWS's texts: ErrorKind::invalid, code ValidationError unless said otherwise. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace podpass::sts {

Result<void> check_length(std::string_view member, std::string_view value, std::size_t least, std::size_t most);
// The same for what must not be shown.
Result<void> check_secret_length(std::string_view member, std::string_view value, std::size_t least, std::size_t most);
// [\w+=,.@-]*, 2 to 64
Result<void> check_session_name(std::string_view member, std::string_view value);
// [\w+=,.@:\/-]*, 2 to 1,224
Result<void> check_external_id(std::string_view value);
Result<void> check_duration(std::optional<std::int64_t> seconds, std::int64_t least, std::int64_t most);
// No MFA devices exist yet: a code can't be right.
Result<void> refuse_mfa(const std::optional<std::string>& serial_number, const std::optional<std::string>& token_code);

}  // namespace podpass::sts
