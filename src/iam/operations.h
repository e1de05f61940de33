// IAM's table of operations, for the gateway and for tools. Constant; safe from any thread.
#pragma once

#include "aws/operation.h"

namespace podpass::iam {

const aws::Service& service();

}  // namespace podpass::iam
