// A conversation with the kernel over NETLINK_ROUTE: build a request, send it, read the answers. For node_link.cc and
// its test. One thread. Owns its socket. Limits: a request of 512 bytes. Errors are errno values, 0 for success.
// Source: netlink(7), rtnetlink(7).
#pragma once

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <array>
#include <cstddef>
#include <functional>
#include <span>
#include <string_view>

#include "base/result.h"

namespace podpass::agent {

// Bytes of one request: header, the family's struct, attributes.
class NetlinkRequest {
 public:
  template <class Body>
  NetlinkRequest(std::uint16_t type, std::uint16_t flags, const Body& body) {
    header().nlmsg_len = NLMSG_LENGTH(0);
    header().nlmsg_type = type;
    header().nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    append(&body, sizeof body);
  }
  void add(std::uint16_t type, std::string_view bytes);
  void add(std::uint16_t type, std::uint32_t number);
  std::size_t begin(std::uint16_t type);  // an attribute that holds what is added until end()
  void end(std::size_t begun);

  nlmsghdr& header() { return *reinterpret_cast<nlmsghdr*>(bytes_.data()); }

 private:
  void append(const void* bytes, std::size_t size);
  alignas(nlmsghdr) std::array<char, 512> bytes_{};
};

class Netlink {
 public:
  static Result<Netlink> open();
  Netlink(Netlink&& other) noexcept;
  Netlink& operator=(Netlink&&) = delete;
  ~Netlink();

  int change(NetlinkRequest request);  // waits for the kernel's acknowledgement
  // Every message of a dump or the one of a get, with the bytes behind its header.
  using OnMessage = std::function<void(const nlmsghdr& header, const char* body)>;
  int ask(NetlinkRequest request, const OnMessage& on_message);

 private:
  explicit Netlink(int socket) : socket_(socket) {}
  int socket_;
  std::uint32_t sequence_ = 0;
};

// Calls `on_attribute` with each attribute that follows a message's struct of `size` bytes.
void for_each_attribute(const nlmsghdr& header, std::size_t size,
                        const std::function<void(std::uint16_t type, std::string_view bytes)>& on_attribute);

}  // namespace podpass::agent
