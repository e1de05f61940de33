// The node's interface for pods: a link `pod-id-link0` that leads nowhere, with the addresses that pods call the agent
// by, and a route to each in the main table. Made by rtnetlink(7), without other programs; needs CAP_NET_ADMIN.
//
// Idempotent: what is there already stays. An equal route over another interface is an error, for then packets would go
// there. The link is of kind dummy; where the kernel has none, a bridge without ports, which does the same. One of that
// name that is there already is taken, whatever its kind.
//
// One thread; blocks for the kernel's answers, which are immediate. Errors: unavailable, naming what could not be done
// and the kernel's reason; conflict for the route. Sources: rtnetlink(7), RFC 4193 for fd00::/8, linux/if_link.h.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace podpass::agent {

inline constexpr const char* kPodLink = "pod-id-link0";
inline constexpr const char* kPodAddress4 = "169.254.170.23";
inline constexpr const char* kPodAddress6 = "fd00:ec2::23";

// The IPv4 address must be there in the end; trouble with IPv6 is logged. Returns the addresses that are there.
Result<std::vector<std::string>> make_node_link();

}  // namespace podpass::agent
