#include "http/link.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>

#include "base/strings.h"

namespace podpass::http {
namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Progress = crypto::TlsSession::Progress;

namespace {

LinkEnd end_of(const error_code& error) {
  if (error == asio::error::eof) return {LinkEnd::Kind::closed, "the connection ended"};
  return {LinkEnd::Kind::failed, reason_of(error)};
}

}  // namespace

std::string reason_of(const error_code& error) {
  std::string text = error.message();
  if (!text.empty()) text[0] = ascii_lower(text[0]);
  return text;
}

Link::~Link() {
  if (tls_) tls_->say_end();
}

LinkEnd Link::end_of(Progress progress) const {
  if (progress == Progress::closed && tls_->failure().empty()) return {LinkEnd::Kind::closed, "the connection ended"};
  return {LinkEnd::Kind::failed, tls_->failure()};
}

asio::awaitable<std::optional<LinkEnd>> Link::connect(tcp::endpoint to) {
  error_code error;
  socket_.open(to.protocol(), error);
  if (error) co_return http::end_of(error);
  co_await socket_.async_connect(to, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return http::end_of(error);
  socket_.set_option(tcp::no_delay(true), error);
  co_return std::nullopt;
}

asio::awaitable<std::optional<LinkEnd>> Link::wait_for(Progress progress) {
  const auto what = progress == Progress::want_write ? tcp::socket::wait_write : tcp::socket::wait_read;
  error_code error;
  co_await socket_.async_wait(what, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return http::end_of(error);
  co_return std::nullopt;
}

asio::awaitable<std::optional<LinkEnd>> Link::shake_hands(const crypto::ClientTls& tls, const Endpoint& endpoint) {
  error_code error;
  socket_.native_non_blocking(true, error);
  if (error) co_return http::end_of(error);
  tls_.emplace(crypto::TlsSession::connect(tls, socket_.native_handle(), endpoint.host, endpoint.port));
  Progress progress = tls_->handshake();
  while (crypto::TlsSession::wants_more(progress)) {
    std::optional<LinkEnd> end = co_await wait_for(progress);
    if (end) co_return end;
    progress = tls_->handshake();
  }
  if (progress == Progress::done) co_return std::nullopt;
  co_return LinkEnd{LinkEnd::Kind::failed, tls_->failure()};
}

asio::awaitable<Moved> Link::write(std::string_view bytes) {
  while (tls_) {
    const crypto::TlsSession::Step step = tls_->write(bytes);
    if (step.progress == Progress::done) co_return step.bytes;
    if (!crypto::TlsSession::wants_more(step.progress)) co_return std::unexpected(end_of(step.progress));
    std::optional<LinkEnd> end = co_await wait_for(step.progress);
    if (end) co_return std::unexpected(*std::move(end));
  }
  error_code error;
  const std::size_t sent = co_await socket_.async_write_some(asio::buffer(bytes.data(), bytes.size()),
                                                             asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return std::unexpected(http::end_of(error));
  co_return sent;
}

asio::awaitable<Moved> Link::read(std::span<char> room) {
  while (tls_) {
    const crypto::TlsSession::Step step = tls_->read(room);
    if (step.progress == Progress::done) co_return step.bytes;
    if (!crypto::TlsSession::wants_more(step.progress)) co_return std::unexpected(end_of(step.progress));
    std::optional<LinkEnd> end = co_await wait_for(step.progress);
    if (end) co_return std::unexpected(*std::move(end));
  }
  error_code error;
  const std::size_t got = co_await socket_.async_read_some(asio::buffer(room.data(), room.size()),
                                                           asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return std::unexpected(http::end_of(error));
  co_return got;
}

bool Link::is_stale() {
  std::array<char, 1> byte;
  // What has come may be a ticket or the like, which only the session can tell.
  if (tls_) return tls_->read(byte).progress != Progress::want_read;
  const ssize_t got = ::recv(socket_.native_handle(), byte.data(), 1, MSG_PEEK | MSG_DONTWAIT);
  return got >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

void Link::notice_death() {
  error_code ignored;
  socket_.set_option(asio::socket_base::keep_alive(true), ignored);
  for (const auto& [option, value] : {std::pair{TCP_KEEPIDLE, 30}, {TCP_KEEPINTVL, 10}, {TCP_KEEPCNT, 3}}) {
    ::setsockopt(socket_.native_handle(), IPPROTO_TCP, option, &value, sizeof value);
  }
}

void Link::shut_down() {
  ::shutdown(socket_.native_handle(), SHUT_RDWR);
}

}  // namespace podpass::http
