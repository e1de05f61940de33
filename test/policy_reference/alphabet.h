// What the random cases compare: each sort of condition operator with its key and with values for it, good and bad.
//
// For tests. Constant; safe from any thread.
#pragma once

#include <string>
#include <vector>

namespace podpass::reference {

struct Family {
  std::string key;
  std::vector<std::string> operators;
  std::vector<std::string> values;                 // the first ones are the likeliest
  std::vector<std::string> only_in_requests = {};  // no policy with them is accepted
};

const std::vector<Family>& families();

}  // namespace podpass::reference
