// What the commands `podpass cluster ...` answer, for a person. Control characters in what others wrote are escaped.
// Pure functions.
#pragma once

#include <string>
#include <vector>

#include "codec/value.h"

namespace podpass::cluster_cli {

std::string as_list(const std::vector<codec::Value>& registrations);
std::string as_registration(const codec::Value& registration);
std::string as_registered(const codec::Value& answer);  // of register_cluster()
std::string as_steps(const codec::Value& checked);      // of check_cluster()
bool has_failed(const codec::Value& checked);

}  // namespace podpass::cluster_cli
