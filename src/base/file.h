// Small files read whole: certificates, tokens, configuration. Any thread. The limit is in bytes.
//
// Errors: not_found (there is none), too_large, unavailable (else); the text names the file and the reason.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"

namespace podpass {

Result<std::string> read_small_file(const std::string& path, std::size_t limit);

}  // namespace podpass
