// EKS Auth's operation table. Constant; safe from any thread.
#pragma once

#include "aws/operation.h"

namespace podpass::eks_auth {

const aws::Service& service();

}  // namespace podpass::eks_auth
