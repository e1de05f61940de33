// STS's operation table. Constant; safe from any thread.
#pragma once

#include "aws/operation.h"

namespace podpass::sts {

const aws::Service& service();

}  // namespace podpass::sts
