// What people read: an explanation, from the tree that policy::report and the server's explain operation give. Pure.
#pragma once

#include <string>

#include "codec/value.h"

namespace podpass::policy_cli {

std::string print_explanation(const codec::Value& report);

}  // namespace podpass::policy_cli
