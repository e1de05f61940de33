// One connection of the client: a socket, with TLS or without. Private to the client.
//
// One coroutine at a time. Another thread may shut the socket down, which ends what the coroutine waits for.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "crypto/tls.h"
#include "http/client.h"

namespace podpass::http {

// Why nothing more can be read or written.
struct LinkEnd {
  enum class Kind : unsigned char { closed, failed };  // closed: the other side ended it in order
  Kind kind = Kind::failed;
  std::string why;  // a clause without a full stop
};
using Moved = std::expected<std::size_t, LinkEnd>;

class Link {
 public:
  explicit Link(const boost::asio::any_io_executor& executor) : socket_(executor) {}
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  boost::asio::awaitable<std::optional<LinkEnd>> connect(boost::asio::ip::tcp::endpoint to);
  boost::asio::awaitable<std::optional<LinkEnd>> shake_hands(const crypto::ClientTls& tls, const Endpoint& endpoint);
  boost::asio::awaitable<Moved> write(std::string_view bytes);
  boost::asio::awaitable<Moved> read(std::span<char> room);

  // True if the other side has closed it, or has sent what nobody asked for.
  bool is_stale();
  void notice_death();  // asks the kernel to find out when the other side's machine has gone
  void shut_down();     // any thread

 private:
  boost::asio::awaitable<std::optional<LinkEnd>> wait_for(crypto::TlsSession::Progress progress);
  LinkEnd end_of(crypto::TlsSession::Progress progress) const;

  boost::asio::ip::tcp::socket socket_;
  std::optional<crypto::TlsSession> tls_;  // goes before the socket does
};

std::string reason_of(const boost::system::error_code& error);

}  // namespace podpass::http
