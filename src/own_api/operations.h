// The operations that Podpass has and AWS has not: service "podpass", rest-json. Its permissions are
// podpass:<operation>.
#pragma once

#include "aws/operation.h"

namespace podpass::own_api {

const aws::Service& service();

}  // namespace podpass::own_api
