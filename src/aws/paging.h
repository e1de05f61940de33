// Pages of a list. A token is where the last page ended, opaque to the caller (base64url of the key's parts). A token
// that cannot be read is the caller's error. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/key.h"

namespace podpass::aws {

inline constexpr std::size_t kMaxTokenBytes = 4'096;

std::string make_page_token(const std::vector<std::string>& key);
// The parts of the key to go on behind; ErrorKind::invalid, message `invalid_text`, if the token was not made here.
Result<std::vector<std::string>> read_page_token(std::string_view token, std::string_view invalid_text);

// The same for a list whose rows have keys of `parts` parts, the first of them `prefix`: another list's token is not
// valid.
Result<std::vector<std::string>> read_page_token(std::string_view token, const store::KeyParts& prefix,
                                                 std::size_t parts, std::string_view invalid_text);

// The page size: `wanted` if given, else `usual`; outside 1..`most` is the caller's error, with AWS's text for member
// `name`.
Result<std::size_t> page_size(std::optional<std::int64_t> wanted, std::size_t usual, std::size_t most,
                              std::string_view name);

}  // namespace podpass::aws
