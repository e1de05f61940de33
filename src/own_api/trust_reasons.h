// Why a role's trust policy does not let pod identity in, in sentences for people: which element of which statement is
// in the way of an action. Pure; safe from any thread. What the request and the layers show must outlive the call.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "codec/fields.h"
#include "policy/explain.h"

namespace podpass::own_api {

struct TrustReason {
  std::string action, message;
  std::optional<std::int64_t> line, column;  // in the trust policy, where a place is to blame
};
BOOST_DESCRIBE_STRUCT(TrustReason, (), (action, message, line, column))

// may_come_true: there is no pod yet, so conditions are not held against a statement, and a Deny is not looked at
// (docs/decisions/032). decided: they are, but for those on a pod's own name and uid, which some pod may meet.
enum class Conditions { may_come_true, decided };

// What stands in the way of `request.action`; empty: nothing does. The layers have a trust policy.
std::vector<TrustReason> reasons_against(const policy::Request& request, const policy::Layers& layers,
                                         Conditions conditions);

}  // namespace podpass::own_api
