#include "agent/netlink.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "base/check.h"

namespace podpass::agent {

namespace {

constexpr std::size_t kAnswerBytes = 64 * 1024;

}  // namespace

void NetlinkRequest::append(const void* bytes, std::size_t size) {
  const std::size_t at = NLMSG_ALIGN(header().nlmsg_len);
  CHECK(at + size <= bytes_.size());
  std::memcpy(bytes_.data() + at, bytes, size);
  header().nlmsg_len = static_cast<std::uint32_t>(at + size);
}

void NetlinkRequest::add(std::uint16_t type, std::string_view bytes) {
  const rtattr attribute{static_cast<std::uint16_t>(RTA_LENGTH(bytes.size())), type};
  append(&attribute, sizeof attribute);
  if (!bytes.empty()) append(bytes.data(), bytes.size());
}

void NetlinkRequest::add(std::uint16_t type, std::uint32_t number) {
  add(type, std::string_view(reinterpret_cast<const char*>(&number), sizeof number));
}

std::size_t NetlinkRequest::begin(std::uint16_t type) {
  const std::size_t at = NLMSG_ALIGN(header().nlmsg_len);
  add(type, std::string_view());
  return at;
}

void NetlinkRequest::end(std::size_t begun) {
  reinterpret_cast<rtattr*>(bytes_.data() + begun)->rta_len = static_cast<std::uint16_t>(header().nlmsg_len - begun);
}

Result<Netlink> Netlink::open() {
  const int socket = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (socket < 0) return Error::unavailable(std::string("Cannot talk to the kernel's netlink: ") + strerror(errno));
  return Netlink(socket);
}

Netlink::Netlink(Netlink&& other) noexcept : socket_(std::exchange(other.socket_, -1)), sequence_(other.sequence_) {}

Netlink::~Netlink() {
  if (socket_ >= 0) ::close(socket_);
}

int Netlink::change(NetlinkRequest request) {
  request.header().nlmsg_flags |= NLM_F_ACK;
  return ask(request, [](const nlmsghdr&, const char*) {});
}

int Netlink::ask(NetlinkRequest request, const OnMessage& on_message) {
  request.header().nlmsg_seq = ++sequence_;
  const bool dumps = (request.header().nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
  const bool acknowledged = (request.header().nlmsg_flags & NLM_F_ACK) != 0;
  if (::send(socket_, &request.header(), request.header().nlmsg_len, 0) < 0) return errno;
  const auto room = std::make_unique_for_overwrite<char[]>(kAnswerBytes);
  while (true) {
    const auto got = ::recv(socket_, room.get(), kAnswerBytes, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got < 0 ? errno : EIO;
    auto left = static_cast<std::uint32_t>(got);
    for (auto* each = reinterpret_cast<nlmsghdr*>(room.get()); NLMSG_OK(each, left); each = NLMSG_NEXT(each, left)) {
      if (each->nlmsg_seq != sequence_) continue;  // of an earlier request
      if (each->nlmsg_type == NLMSG_DONE) return 0;
      if (each->nlmsg_type == NLMSG_ERROR) return -static_cast<const nlmsgerr*>(NLMSG_DATA(each))->error;
      on_message(*each, static_cast<const char*>(NLMSG_DATA(each)));
      if (!dumps && !acknowledged) return 0;
    }
  }
}

void for_each_attribute(const nlmsghdr& header, std::size_t size,
                        const std::function<void(std::uint16_t, std::string_view)>& on_attribute) {
  const auto* body = reinterpret_cast<const char*>(&header) + NLMSG_HDRLEN;
  auto left = static_cast<int>(header.nlmsg_len - NLMSG_LENGTH(NLMSG_ALIGN(size)));
  for (const auto* each = reinterpret_cast<const rtattr*>(body + NLMSG_ALIGN(size)); RTA_OK(each, left);
       each = RTA_NEXT(each, left)) {
    on_attribute(each->rta_type, {static_cast<const char*>(RTA_DATA(each)), RTA_PAYLOAD(each)});
  }
}

}  // namespace podpass::agent
