#include "base/result.h"

namespace podpass {

int Error::http_status() const {
  if (status != 0) return status;
  switch (kind) {
    case ErrorKind::invalid:
      return 400;
    case ErrorKind::unauthenticated:
      return 403;
    case ErrorKind::denied:
      return 403;
    case ErrorKind::not_found:
      return 404;
    case ErrorKind::conflict:
      return 409;
    case ErrorKind::limit:
      return 400;
    case ErrorKind::too_large:
      return 413;
    case ErrorKind::throttled:
      return 429;
    case ErrorKind::unavailable:
      return 503;
    case ErrorKind::internal:
      return 500;
  }
  return 500;
}

}  // namespace podpass
