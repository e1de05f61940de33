// fold: a policy as it is for one session, whose own keys - who it is, its tags - are the same in all its requests.
//
// Variables of such keys become text, conditions about nothing else are decided, and statements that can't apply fall
// away. What is left decides every request of the session as the whole policy does, statement for statement: indices
// and places stay. Reports are for the whole policy, though: of a statement that fell away a folded one says only that
// it is not about the request. Pure; safe from any thread. A folded policy keeps the whole one alive.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "policy/policy.h"

namespace podpass::policy {

struct SessionKeys {
  const Context& context;  // the keys that all requests of the session have, with their values; needed by fold() only
  // Whether a key that is not there is in no request of the session either.
  std::function<bool(std::string_view key)> is_absent;
};

// The policy itself if nothing in it depends on those keys.
std::shared_ptr<const Policy> fold(const std::shared_ptr<const Policy>& policy, const SessionKeys& keys);

// False: a policy decides without looking at the keys of a context. True says little: it may.
bool asks_for_keys(const Policy& policy);

}  // namespace podpass::policy
