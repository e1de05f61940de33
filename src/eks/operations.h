// EKS's operation tables. Constant; safe from any thread.
#pragma once

#include "aws/operation.h"

namespace podpass::eks {

const aws::Service& service();          // "eks"
const aws::Service& podpass_service();  // "podpass": what EKS has no API for

}  // namespace podpass::eks
