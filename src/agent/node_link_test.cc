// In a network namespace of the test's own: needs root. Without it the test fails unless PODPASS_TEST_WITHOUT_ROOT says
// that this is known, and then it says loudly that nothing was tested.
#include "agent/node_link.h"

#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <thread>

#include "agent/netlink.h"
#include "base/log.h"
#include "http/server.h"
#include "http/wire_test.h"

namespace podpass::agent {
namespace {

// Runs `body` on a thread in a fresh network namespace, which ends with the thread.
void in_new_network(const std::function<void()>& body) {
  int refused = 0;
  std::thread thread([&] {
    if (::unshare(CLONE_NEWNET) != 0) {
      refused = errno;
      return;
    }
    log::set_level(log::Level::off);
    body();
    log::set_level(log::Level::info);
  });
  thread.join();
  if (refused == 0) return;
  ASSERT_NE(std::getenv("PODPASS_TEST_WITHOUT_ROOT"), nullptr)
      << "cannot make a network namespace: " << std::strerror(refused)
      << ". Run as root, or set PODPASS_TEST_WITHOUT_ROOT=1 to leave these tests out.";
  GTEST_SKIP() << "NOT TESTED: no network namespace: " << std::strerror(refused);
}

// Attributes of all that a dump tells, as text: type and bytes that the test looks for.
int count(std::uint16_t type, std::size_t size, std::uint8_t family, std::string_view address,
          std::uint16_t attribute) {
  auto netlink = Netlink::open();
  rtmsg body{};
  body.rtm_family = family;
  int found = 0;
  netlink->ask(NetlinkRequest(type, NLM_F_DUMP, body), [&](const nlmsghdr& header, const char* answer) {
    if (type == RTM_GETROUTE && reinterpret_cast<const rtmsg*>(answer)->rtm_table != RT_TABLE_MAIN) return;
    for_each_attribute(header, size, [&](std::uint16_t each, std::string_view bytes) {
      if (each == attribute && bytes == address) ++found;
    });
  });
  return found;
}

constexpr std::string_view kBytes4("\xa9\xfe\xaa\x17", 4);
constexpr std::string_view kBytes6("\xfd\x00\x0e\xc2\0\0\0\0\0\0\0\0\0\0\0\x23", 16);

int addresses4() {
  return count(RTM_GETADDR, sizeof(ifaddrmsg), AF_INET, kBytes4, IFA_LOCAL);
}
int addresses6() {
  return count(RTM_GETADDR, sizeof(ifaddrmsg), AF_INET6, kBytes6, IFA_ADDRESS);
}
int routes4() {
  return count(RTM_GETROUTE, sizeof(rtmsg), AF_INET, kBytes4, RTA_DST);
}
int routes6() {
  return count(RTM_GETROUTE, sizeof(rtmsg), AF_INET6, kBytes6, RTA_DST);
}

bool set_ipv6(char disabled) {
  std::ofstream file("/proc/sys/net/ipv6/conf/all/disable_ipv6");
  file << disabled << std::flush;
  return file.good();
}

void add_link(const char* name) {
  NetlinkRequest request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, ifinfomsg{});
  request.add(IFLA_IFNAME, std::string_view(name, std::strlen(name) + 1));
  const auto info = request.begin(IFLA_LINKINFO);
  request.add(IFLA_INFO_KIND, std::string_view("veth"));
  request.end(info);
  ASSERT_EQ(Netlink::open()->change(request), 0);
  ifinfomsg up{};
  up.ifi_index = static_cast<int>(::if_nametoindex(name));
  up.ifi_flags = up.ifi_change = IFF_UP;
  ASSERT_EQ(Netlink::open()->change(NetlinkRequest(RTM_NEWLINK, 0, up)), 0);
}

void add_route(const char* link, std::uint8_t family, std::string_view address) {
  rtmsg body{};
  body.rtm_family = family;
  body.rtm_dst_len = static_cast<std::uint8_t>(address.size() * 8);
  body.rtm_table = RT_TABLE_MAIN;
  body.rtm_protocol = RTPROT_BOOT;
  body.rtm_scope = RT_SCOPE_LINK;
  body.rtm_type = RTN_UNICAST;
  NetlinkRequest request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, body);
  request.add(RTA_DST, address);
  request.add(RTA_OIF, ::if_nametoindex(link));
  ASSERT_EQ(Netlink::open()->change(request), 0);
}

TEST(NodeLink, MakesLinkAddressesAndRoutesOnce) {
  in_new_network([] {
    ASSERT_TRUE(set_ipv6('0')) << "these kernels have IPv6";
    for (int time = 0; time < 3; ++time) {
      auto made = make_node_link();
      ASSERT_TRUE(made) << made.error().message;
      EXPECT_EQ(*made, (std::vector<std::string>{"169.254.170.23", "fd00:ec2::23"}));
      EXPECT_NE(::if_nametoindex(kPodLink), 0u);
      EXPECT_EQ(addresses4(), 1);
      EXPECT_EQ(addresses6(), 1);
      EXPECT_EQ(routes4(), 1);
      EXPECT_EQ(routes6(), 1);
    }
  });
}

TEST(NodeLink, CanBeServedOnAtOnce) {
  in_new_network([] {
    auto made = make_node_link();
    ASSERT_TRUE(made) << made.error().message;
    for (const auto& address : *made) {
      http::Server server(
          {1, {}, "t", nullptr},
          [](http::Request&, http::Body&) -> boost::asio::awaitable<http::Response> { co_return http::Response{}; });
      auto port = server.listen(address, 80);
      EXPECT_TRUE(port) << port.error().message;
    }
  });
}

TEST(NodeLink, GoesOnWhereItWasInterrupted) {
  in_new_network([] {
    ASSERT_TRUE(set_ipv6('1'));
    ASSERT_TRUE(make_node_link());
    EXPECT_EQ(addresses6(), 0);
    ASSERT_TRUE(set_ipv6('0'));
    auto again = make_node_link();
    ASSERT_TRUE(again);
    EXPECT_EQ(again->size(), 2u);
    EXPECT_EQ(addresses4(), 1);
    EXPECT_EQ(routes4(), 1);
    EXPECT_EQ(addresses6(), 1);
    EXPECT_EQ(routes6(), 1);
  });
}

TEST(NodeLink, WithoutIpv6OnlyTheOtherAddress) {
  in_new_network([] {
    ASSERT_TRUE(set_ipv6('1'));
    auto made = make_node_link();
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(*made, std::vector<std::string>{"169.254.170.23"});
    EXPECT_EQ(routes4(), 1);
    EXPECT_EQ(routes6(), 0);
  });
}

TEST(NodeLink, ARouteOverAnotherInterfaceIsAnErrorThatNamesBoth) {
  in_new_network([] {
    add_link("other0");
    add_route("other0", AF_INET, kBytes4);
    auto made = make_node_link();
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().kind, ErrorKind::conflict);
    for (auto part : {"route to 169.254.170.23", "other0 (index ", "pod-id-link0 (index "}) {
      EXPECT_TRUE(made.error().message.contains(part)) << made.error().message;
    }
    EXPECT_EQ(routes4(), 1) << "the other one stays";
  });
}

TEST(NodeLink, TroubleWithIpv6IsNoError) {
  in_new_network([] {
    ASSERT_TRUE(set_ipv6('0'));
    add_link("other0");
    add_route("other0", AF_INET6, kBytes6);
    auto made = make_node_link();
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(*made, std::vector<std::string>{"169.254.170.23"});
  });
}

TEST(NodeLink, ALinkOfThatNameIsTakenWhateverItsKind) {
  in_new_network([] {
    add_link(kPodLink);
    const auto before = ::if_nametoindex(kPodLink);
    auto made = make_node_link();
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(::if_nametoindex(kPodLink), before);
    EXPECT_EQ(addresses4(), 1);
  });
}

}  // namespace
}  // namespace podpass::agent
