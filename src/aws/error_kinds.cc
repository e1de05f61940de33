#include "aws/error_kinds.h"

namespace podpass::aws {

void name_error(const ErrorNames& names, Error& error) {
  const auto& row = names[static_cast<std::size_t>(error.kind)];
  if (error.status == 0) error.status = error.code.empty() ? row.status : error.http_status();
  if (error.code.empty()) error.code = row.code;
}

}  // namespace podpass::aws
