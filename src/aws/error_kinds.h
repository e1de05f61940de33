// What a service calls each kind of error on the wire. Handlers return Errors by kind and message; only where AWS has a
// more particular code do they set it themselves. One table a service; sources: the service's botocore model and its
// "Common errors" page.
#pragma once

#include <array>
#include <string_view>

#include "base/result.h"

namespace podpass::aws {

struct ErrorName {
  std::string_view code;
  int status;
};

// One row for each ErrorKind, in its order.
using ErrorNames = std::array<ErrorName, 10>;

// Fills in the code and status that the service uses for the error's kind, where they are not set.
void name_error(const ErrorNames& names, Error& error);

}  // namespace podpass::aws
