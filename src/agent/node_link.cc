#include "agent/node_link.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "agent/netlink.h"
#include "base/log.h"

namespace podpass::agent {
namespace {

// Kinds of links that lead nowhere, the better one first.
constexpr std::string_view kKinds[] = {"dummy", "bridge"};

struct Address {
  std::string text;
  std::uint8_t family = 0, bits = 0;
  std::string bytes;  // in network order
};

Address address_of(const char* text, int family) {
  Address address{text, static_cast<std::uint8_t>(family), static_cast<std::uint8_t>(family == AF_INET ? 32 : 128), {}};
  address.bytes.resize(address.bits / 8);
  ::inet_pton(family, text, address.bytes.data());
  return address;
}

Error failed(std::string_view what, int reason) {
  return Error::unavailable(fmt::format("Cannot {}: {}{}.", what, std::strerror(reason),
                                        reason == EPERM ? " (this needs the capability NET_ADMIN)" : ""));
}

// The link's index; 0 if there is none.
Result<int> find_link(Netlink& netlink) {
  ifinfomsg body{};
  body.ifi_family = AF_UNSPEC;
  NetlinkRequest request(RTM_GETLINK, 0, body);
  request.add(IFLA_IFNAME, std::string_view(kPodLink, std::strlen(kPodLink) + 1));
  int link = 0;
  const int error = netlink.ask(request, [&](const nlmsghdr&, const char* answer) {
    link = reinterpret_cast<const ifinfomsg*>(answer)->ifi_index;
  });
  if (error == ENODEV) return 0;
  if (error != 0) return failed(fmt::format("look for the link {}", kPodLink), error);
  return link;
}

int add_link(Netlink& netlink, std::string_view kind) {
  NetlinkRequest request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, ifinfomsg{});
  request.add(IFLA_IFNAME, std::string_view(kPodLink, std::strlen(kPodLink) + 1));
  const auto info = request.begin(IFLA_LINKINFO);
  request.add(IFLA_INFO_KIND, kind);
  request.end(info);
  return netlink.change(request);
}

Result<int> ensure_link(Netlink& netlink) {
  auto link = TRY(find_link(netlink));
  for (const auto kind : kKinds) {
    if (link != 0) break;
    const int error = add_link(netlink, kind);
    if (error == EOPNOTSUPP) continue;
    if (error != 0 && error != EEXIST) return failed(fmt::format("add the link {} ({})", kPodLink, kind), error);
    if (kind != kKinds[0])
      log::warn(fmt::format("This kernel has no {} links; {} is a {}.", kKinds[0], kPodLink, kind));
    link = TRY(find_link(netlink));
  }
  if (link == 0) return failed(fmt::format("add the link {}", kPodLink), EOPNOTSUPP);
  ifinfomsg up{};
  up.ifi_index = link;
  up.ifi_flags = IFF_UP;
  up.ifi_change = IFF_UP;
  if (const int error = netlink.change(NetlinkRequest(RTM_NEWLINK, 0, up))) {
    return failed(fmt::format("set the link {} up", kPodLink), error);
  }
  return link;
}

Result<void> ensure_address(Netlink& netlink, int link, const Address& address) {
  ifaddrmsg body{};
  body.ifa_family = address.family;
  body.ifa_prefixlen = address.bits;
  body.ifa_scope = RT_SCOPE_UNIVERSE;
  body.ifa_index = static_cast<std::uint32_t>(link);
  // Nobody else can have it on a link without neighbours: usable at once, without duplicate address detection.
  body.ifa_flags = address.family == AF_INET6 ? IFA_F_NODAD : 0;
  NetlinkRequest request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, body);
  request.add(IFA_LOCAL, address.bytes);
  request.add(IFA_ADDRESS, address.bytes);
  const int error = netlink.change(request);
  if (error != 0 && error != EEXIST) return failed(fmt::format("add {} to {}", address.text, kPodLink), error);
  return {};
}

// The interfaces over which the main table has a route to exactly this address.
Result<std::vector<int>> routes_to(Netlink& netlink, const Address& address) {
  rtmsg body{};
  body.rtm_family = address.family;
  body.rtm_table = RT_TABLE_MAIN;
  std::vector<int> found;
  const int error =
      netlink.ask(NetlinkRequest(RTM_GETROUTE, NLM_F_DUMP, body), [&](const nlmsghdr& header, const char* answer) {
        const auto& route = *reinterpret_cast<const rtmsg*>(answer);
        if (header.nlmsg_type != RTM_NEWROUTE || route.rtm_dst_len != address.bits) return;
        std::uint32_t table = route.rtm_table;
        int link = 0;
        std::string_view destination;
        for_each_attribute(header, sizeof(rtmsg), [&](std::uint16_t type, std::string_view bytes) {
          if (type == RTA_DST) destination = bytes;
          if (type == RTA_OIF && bytes.size() == sizeof link) std::memcpy(&link, bytes.data(), sizeof link);
          if (type == RTA_TABLE && bytes.size() == sizeof table) std::memcpy(&table, bytes.data(), sizeof table);
        });
        if (table == RT_TABLE_MAIN && destination == address.bytes) found.push_back(link);
      });
  if (error != 0) return failed("read the routes", error);
  return found;
}

std::string link_name(int index) {
  char name[IF_NAMESIZE] = {};
  const bool known = ::if_indextoname(static_cast<unsigned>(index), name) != nullptr;
  return fmt::format("{} (index {})", known ? name : "?", index);
}

Result<void> ensure_route(Netlink& netlink, int link, const Address& address) {
  auto links = TRY(routes_to(netlink, address));
  for (const int other : links) {
    if (other == link) continue;
    return Error{ErrorKind::conflict,
                 {},
                 0,
                 fmt::format("There is a route to {} over {} already, where it should be over {}; remove that route.",
                             address.text, link_name(other), link_name(link)),
                 {},
                 {}};
  }
  if (!links.empty()) return {};
  rtmsg body{};
  body.rtm_family = address.family;
  body.rtm_dst_len = address.bits;
  body.rtm_table = RT_TABLE_MAIN;
  body.rtm_protocol = RTPROT_BOOT;
  body.rtm_scope = RT_SCOPE_LINK;
  body.rtm_type = RTN_UNICAST;
  NetlinkRequest request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, body);
  request.add(RTA_DST, address.bytes);
  request.add(RTA_OIF, static_cast<std::uint32_t>(link));
  const int error = netlink.change(request);
  if (error != 0 && error != EEXIST) {
    return failed(fmt::format("add the route to {} over {}", address.text, kPodLink), error);
  }
  return {};
}

Result<void> ensure(Netlink& netlink, int link, const Address& address) {
  TRY(ensure_address(netlink, link, address));
  return ensure_route(netlink, link, address);
}

bool has_ipv6() {
  std::ifstream file("/proc/sys/net/ipv6/conf/all/disable_ipv6");
  char disabled = '1';
  return (file >> disabled) && disabled == '0';
}

}  // namespace

Result<std::vector<std::string>> make_node_link() {
  auto netlink = TRY(Netlink::open());
  const int link = TRY(ensure_link(netlink));
  TRY(ensure(netlink, link, address_of(kPodAddress4, AF_INET)));
  std::vector<std::string> there{kPodAddress4};
  if (!has_ipv6()) {
    log::info(fmt::format("IPv6 is off on this node: {} is left out.", kPodAddress6));
    return there;
  }
  if (auto made = ensure(netlink, link, address_of(kPodAddress6, AF_INET6))) {
    there.emplace_back(kPodAddress6);
  } else {
    log::warn(fmt::format("IPv6 is left out. {}", made.error().message));
  }
  return there;
}

}  // namespace podpass::agent
