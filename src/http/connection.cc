#include "http/connection.h"

#include <sys/sendfile.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <utility>

#include "base/clock.h"
#include "base/log.h"

namespace podpass::http {
namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::milliseconds;

namespace {

using TlsProgress = crypto::TlsSession::Progress;

constexpr std::size_t kSmallestRead = 1024;
constexpr std::size_t kBodyRead = 64 * 1024;
constexpr std::size_t kMaxSkippedBody = 64 * 1024;
constexpr std::size_t kFileChunk = 256 * 1024;
constexpr std::size_t kSecureFileChunk = 64 * 1024;
constexpr std::size_t kWhole = 16 * 1024;  // shorter answers go out as one piece: a record of TLS, a plain send
constexpr std::size_t kMaxLingerBytes = 1024 * 1024;
constexpr milliseconds kLinger{2'000};

Error body_error(int status, std::string message) {
  Error error = Error::invalid(std::move(message));
  error.status = status;
  return error;
}

Error too_large() {
  return {ErrorKind::too_large, {}, 0, "The request body is too large.", {}, {}};
}

bool would_block(const error_code& error) {
  return error == asio::error::would_block || error == asio::error::try_again || error == asio::error::interrupted;
}

}  // namespace

bool ServerShared::connection_came(const std::string& peer) {
  const std::size_t most = options.limits.connections_of_peer;
  if (open.fetch_add(1) < options.limits.connections) {
    if (most == 0) return true;
    const std::lock_guard lock(mutex);
    std::size_t& count = of_peer[peer];
    if (count < most) {
      ++count;
      return true;
    }
  }
  place_free();
  return false;
}

void ServerShared::connection_gone(const std::string& peer) {
  if (options.limits.connections_of_peer != 0) {
    const std::lock_guard lock(mutex);
    const auto found = of_peer.find(peer);
    if (--found->second == 0) of_peer.erase(found);
  }
  place_free();
}

void ServerShared::place_free() {
  if (open.fetch_sub(1) > 1 || !stopping) return;
  const std::lock_guard lock(mutex);
  emptied.notify_all();
}

Connection::Connection(Loop& loop, asio::ip::tcp::socket socket, std::string peer)
    : loop_(loop),
      limits_(loop.shared.options.limits),
      socket_(std::move(socket)),
      peer_(std::move(peer)),
      place_(loop.connections.insert(loop.connections.end(), this)) {
  request_.peer = peer_;
  error_code ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
}

Connection::~Connection() {
  loop_.connections.erase(place_);
  if (tls_) tls_->say_end();
  error_code ignored;
  socket_.close(ignored);
  loop_.shared.connection_gone(peer_);
}

void Connection::arm(milliseconds limit) {
  late_ = false;
  deadline_ = loop_.now + limit + loop_.shared.tick;  // loop_.now may be a tick old: late rather than early
}

void Connection::check_deadline(SteadyTime now) {
  if (now < deadline_) return;
  disarm();
  late_ = true;
  error_code ignored;
  socket_.cancel(ignored);
}

void Connection::release_idle() {
  if (phase_ == Phase::fresh) arm(limits_.first);
  if (phase_ != Phase::idle) return;
  error_code ignored;
  socket_.cancel(ignored);
}

void Connection::cut() {
  if (tls_) tls_->leave_socket();
  error_code ignored;
  socket_.close(ignored);
}

// Waits until the socket is as a session wants it, until the deadline at most.
asio::awaitable<bool> Connection::wait_for(TlsProgress progress) {
  const auto what = progress == TlsProgress::want_write ? asio::ip::tcp::socket::wait_write  //
                                                        : asio::ip::tcp::socket::wait_read;
  error_code error;
  co_await socket_.async_wait(what, asio::redirect_error(asio::use_awaitable, error));
  co_return !error;
}

asio::awaitable<bool> Connection::shake_hands() {
  ServerShared& shared = loop_.shared;
  tls_.emplace(crypto::TlsSession::accept(*shared.options.tls, socket_.native_handle()));
  arm(shared.stopping ? limits_.first : limits_.handshake);
  TlsProgress progress = tls_->handshake();
  while (crypto::TlsSession::wants_more(progress)) {
    const bool ready = co_await wait_for(progress);
    if (!ready) break;
    progress = tls_->handshake();
  }
  disarm();
  if (progress == TlsProgress::done) {
    shared.handshakes.fetch_add(1, std::memory_order_relaxed);
    if (tls_->is_resumed()) shared.handshakes_resumed.fetch_add(1, std::memory_order_relaxed);
    request_.secure = true;
    co_return true;
  }
  shared.handshakes_failed.fetch_add(1, std::memory_order_relaxed);
  if (progress != TlsProgress::failed) co_return false;
  loop_.complain(peer_, tls_->failure());
  if (tls_->met_plain_http()) {
    tls_.reset();
    Response response = refusal_response({400, "this port speaks TLS: use https"});
    make_wire(response);
    co_await flush();
  }
  co_await linger();  // else the reason might be lost on its way
  co_return false;
}

// Waits for bytes, until the deadline at most. Room for `wanted` is made; more may come.
asio::awaitable<Connection::Wait> Connection::receive(std::size_t wanted) {
  const std::span<char> room = input_.room(wanted);
  while (tls_) {
    const crypto::TlsSession::Step step = tls_->read(room);
    input_.commit(step.bytes);
    if (step.progress == TlsProgress::done) co_return Wait::ready;
    if (!crypto::TlsSession::wants_more(step.progress)) co_return Wait::ended;
    const bool ready = co_await wait_for(step.progress);
    if (!ready) co_return late_ ? Wait::late : Wait::ended;
  }
  error_code error;
  const std::size_t got = co_await socket_.async_read_some(asio::buffer(room.data(), room.size()),
                                                           asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return late_ ? Wait::late : Wait::ended;
  input_.commit(got);
  co_return Wait::ready;
}

// RFC 9112 section 2.2: empty lines before a request are to be ignored.
void Connection::skip_blank_lines() {
  while (input_.pending().starts_with("\r\n")) input_.consume(2);
}

std::optional<Refusal> Connection::begin_request(std::size_t head_size) {
  const std::string_view head = input_.pending().substr(0, head_size);
  input_.consume(head_size);
  input_.hold();
  phase_ = Phase::busy;
  disarm();
  loop_.shared.requests.fetch_add(1, std::memory_order_relaxed);
  if (auto refusal = parse_request_head(head, request_, framing_)) return refusal;
  remaining_ = framing_.kind == Framing::Kind::length ? framing_.length : 0;
  owes_continue_ = framing_.expect == Framing::Expect::go_ahead;
  return std::nullopt;
}

asio::awaitable<std::optional<Refusal>> Connection::next_head() {
  scanner_.reset();
  // Whoever connected before the end began may not know of it: their first request is taken still.
  arm(phase_ == Phase::fresh && loop_.shared.stopping ? limits_.first : limits_.idle);
  while (true) {
    skip_blank_lines();
    const std::string_view bytes = input_.pending();
    const bool lone_return = bytes == "\r";  // perhaps the first half of an empty line
    const std::size_t size = bytes.empty() || lone_return ? 0 : scanner_.scan(bytes.substr(0, limits_.header_bytes));
    if (size > 0) co_return begin_request(size);
    if (scanner_.refusal()) co_return scanner_.refusal();
    if (bytes.size() >= limits_.header_bytes) co_return Refusal{431, "the request's headers are too large"};
    if (phase_ != Phase::busy && !bytes.empty()) {
      phase_ = Phase::busy;
      arm(limits_.head);  // once: it covers all the reads of this head
    }
    ended_ = phase_ == Phase::idle && loop_.shared.stopping;
    if (ended_) co_return std::nullopt;
    const Wait wait = co_await receive(kSmallestRead);
    if (wait == Wait::late && phase_ == Phase::busy) co_return Refusal{408, "the request's head took too long"};
    ended_ = wait != Wait::ready;
    if (ended_) co_return std::nullopt;
  }
}

void Connection::end_request() {
  phase_ = Phase::idle;
  chunks_.reset();
  remaining_ = 0;
  owes_continue_ = whole_ = false;
  request_.body = {};
  body_.clear();
  if (body_.capacity() > kBodyRead) body_ = std::string();
  if (output_.capacity() > kBodyRead) output_ = std::string();
  input_.release();
}

Response Connection::refusal_response(const Refusal& refusal) const {
  Response response;
  response.status = refusal.status;
  response.close = true;
  response.set("Content-Type", "text/plain");
  response.body = std::string(refusal.reason) + "\n";
  return response;
}

Response Connection::failure_response(std::string_view what) const {
  log::error("http: the handler of " + std::string(request_.method) + " " + std::string(request_.path) +
             " threw: " + std::string(what));
  Response response;
  response.status = 500;
  response.set("Content-Type", "text/plain");
  response.body = "internal error\n";
  return response;
}

asio::awaitable<void> Connection::run() {
  if (loop_.shared.options.tls) {
    const bool ready = co_await shake_hands();
    if (!ready) co_return;
  }
  while (true) {
    const std::optional<Refusal> refusal = co_await next_head();
    if (ended_) co_return;
    Response response;
    if (refusal) {
      response = refusal_response(*refusal);
    } else {
      try {
        response = co_await loop_.shared.handler(request_, *this);
      } catch (const std::exception& error) {
        response = failure_response(error.what());
      } catch (...) {
        response = failure_response("something that is no std::exception");
      }
      response.head = response.head || request_.method == "HEAD";
    }
    const bool asked_to_close = !refusal && !framing_.keep_alive;
    if (!response.close) response.close = asked_to_close || loop_.shared.stopping || !can_skip();
    make_wire(response);
    const auto send_soon = [this](auto resume) { loop_.send_soon(*this, std::move(resume)); };
    co_await asio::async_initiate<const asio::use_awaitable_t<>&, void()>(send_soon, asio::use_awaitable);
    if (sent_ == Sending::failed) co_return;
    if (sent_ == Sending::full || std::holds_alternative<FilePart>(response.body)) {
      const bool sent = co_await send_rest(response);
      if (!sent) co_return;
    }
    if (response.close && asked_to_close && body_done()) co_return;
    if (response.close) {
      co_await linger();
      co_return;
    }
    if (!body_done()) {
      const bool skipped = co_await skip_body();
      if (!skipped) co_return;
    }
    end_request();
  }
}

void Connection::make_wire(Response& response) {
  Persistence persistence = framing_.http_1_0 ? Persistence::keep_said : Persistence::keep;
  if (response.close) persistence = Persistence::close;
  output_.clear();
  if (!append_response_head(output_, response, loop_.common_headers, persistence)) {
    log::error("http: the answer to " + std::string(request_.path) + " had a malformed header");
    Response plain = refusal_response({500, "internal error"});
    plain.head = response.head;
    plain.close = response.close;
    response = std::move(plain);
    append_response_head(output_, response, loop_.common_headers, persistence);
  }
  unsent_body_ = {};
  if (sends_body(response)) unsent_body_ = response.text();
  if (output_.size() + unsent_body_.size() <= kWhole) {
    output_ += std::exchange(unsent_body_, {});
    // Not at the end of the request: so the next one finds memory that is still in the processor's cache.
    if (auto* text = std::get_if<std::string>(&response.body)) *text = std::string();
  }
  unsent_head_ = output_;
}

// Most responses go out here, in one call; what does not is left to send_rest().
void Connection::send() {
  sent_ = push();
}

Connection::Sending Connection::push_over_tls() {
  while (!unsent_head_.empty() || !unsent_body_.empty()) {
    std::string_view& part = unsent_head_.empty() ? unsent_body_ : unsent_head_;
    const crypto::TlsSession::Step step = tls_->write(part);
    if (step.progress == TlsProgress::want_write) return Sending::full;
    if (step.progress != TlsProgress::done) return Sending::failed;
    part.remove_prefix(step.bytes);
  }
  return Sending::done;
}

Connection::Sending Connection::push() {
  if (tls_) return push_over_tls();
  while (!unsent_head_.empty() || !unsent_body_.empty()) {
    const std::array parts{asio::buffer(unsent_head_), asio::buffer(unsent_body_)};
    error_code error;
    const std::size_t sent =
        unsent_body_.empty() ? socket_.write_some(parts[0], error) : socket_.write_some(parts, error);
    if (would_block(error)) return Sending::full;
    if (error) return Sending::failed;
    const std::size_t of_head = std::min(sent, unsent_head_.size());
    unsent_head_.remove_prefix(of_head);
    unsent_body_.remove_prefix(sent - of_head);
  }
  return Sending::done;
}

asio::awaitable<bool> Connection::flush() {
  Sending sending = push();
  while (sending == Sending::full) {
    const bool ready = co_await wait_writable();
    if (!ready) co_return false;
    sending = push();
  }
  co_return sending == Sending::done;
}

asio::awaitable<bool> Connection::send_rest(const Response& response) {
  const bool flushed = co_await flush();
  if (!flushed) co_return false;
  const auto* file = std::get_if<FilePart>(&response.body);
  if (file == nullptr || !sends_body(response)) co_return true;
  if (tls_) co_return co_await send_file_over_tls(*file);
  co_return co_await send_file(*file);
}

asio::awaitable<bool> Connection::wait_writable() {
  arm(limits_.body);
  error_code error;
  co_await socket_.async_wait(asio::ip::tcp::socket::wait_write, asio::redirect_error(asio::use_awaitable, error));
  disarm();
  co_return !error;
}

asio::awaitable<bool> Connection::send_file(FilePart part) {
  auto offset = static_cast<off_t>(part.offset);
  while (part.length > 0) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(part.length, kFileChunk));
    const ssize_t sent = ::sendfile(socket_.native_handle(), *part.fd, &offset, wanted);
    if (sent > 0) {
      part.length -= static_cast<std::uint64_t>(sent);
      // Others get their turn after each chunk.
      if (part.length > 0) co_await asio::post(loop_.context, asio::use_awaitable);
    } else if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
      const bool ready = co_await wait_writable();
      if (!ready) co_return false;
    } else {
      if (sent == 0) log::error("http: a file became shorter while it was being sent");
      co_return false;  // the length promised cannot be kept: only the end of the connection says so
    }
  }
  co_return true;
}

asio::awaitable<bool> Connection::send_file_over_tls(FilePart part) {
  while (part.length > 0) {
    output_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(part.length, kSecureFileChunk)));
    const ssize_t got = ::pread(*part.fd, output_.data(), output_.size(), static_cast<off_t>(part.offset));
    if (got < 0 && errno == EINTR) continue;
    if (got == 0) log::error("http: a file became shorter while it was being sent");
    if (got <= 0) co_return false;
    unsent_body_ = std::string_view(output_).substr(0, static_cast<std::size_t>(got));
    const bool sent = co_await flush();
    if (!sent) co_return false;
    part.offset += static_cast<std::uint64_t>(got);
    part.length -= static_cast<std::uint64_t>(got);
    co_await asio::post(loop_.context, asio::use_awaitable);
  }
  co_return true;
}

// Closing with bytes unread makes the kernel reset the connection, and the client may lose the answer: so say that no
// more is coming, and read on for a little while. RFC 9112 section 9.6.
asio::awaitable<void> Connection::linger() {
  if (tls_) tls_->say_end();
  error_code error;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, error);
  input_.release();
  std::array<char, 4096> waste;
  std::size_t total = 0;
  arm(std::min(kLinger, limits_.body));
  while (!error && total < kMaxLingerBytes) {
    total += co_await socket_.async_read_some(asio::buffer(waste), asio::redirect_error(asio::use_awaitable, error));
  }
}

std::optional<std::uint64_t> Connection::length() const {
  if (framing_.kind == Framing::Kind::chunked) return std::nullopt;
  return framing_.length;
}

bool Connection::body_done() const {
  return framing_.kind == Framing::Kind::chunked ? chunks_.done() : remaining_ == 0;
}

std::string_view Connection::take_buffered() {
  const std::string_view pending = input_.pending();
  if (framing_.kind != Framing::Kind::chunked) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, pending.size()));
    input_.consume(size);
    remaining_ -= size;
    return pending.substr(0, size);
  }
  const ChunkDecoder::Step step = chunks_.feed(pending);
  input_.consume(step.consumed);
  if (chunks_.faulty()) broken_ = true;
  return broken_ ? std::string_view() : step.data;
}

bool Connection::can_skip() {
  if (broken_) return false;
  if (body_done()) return true;
  if (owes_continue_) return false;  // the client may or may not send the body now
  if (framing_.kind != Framing::Kind::chunked) return remaining_ <= kMaxSkippedBody;
  while (!take_buffered().empty()) {
  }
  return body_done();
}

asio::awaitable<bool> Connection::skip_body() {
  while (!body_done()) {
    if (!take_buffered().empty()) continue;
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, kSmallestRead));
    arm(limits_.body);
    const Wait wait = co_await receive(wanted);
    disarm();
    if (wait != Wait::ready) co_return false;
  }
  co_return true;
}

asio::awaitable<bool> Connection::say_continue() {
  owes_continue_ = false;
  unsent_head_ = "HTTP/1.1 100 Continue\r\n\r\n";
  unsent_body_ = {};
  const Response nothing{204, {}, {}};
  co_return co_await send_rest(nothing);
}

asio::awaitable<Result<std::string_view>> Connection::read_some() {
  while (true) {
    const std::string_view data = take_buffered();
    if (!data.empty()) co_return data;
    if (broken_) co_return body_error(400, "The request body is malformed or was cut off.");
    if (body_done()) co_return std::string_view();
    if (owes_continue_) {
      const bool said = co_await say_continue();
      if (!said) broken_ = true;
      if (broken_) continue;
    }
    std::size_t wanted = kBodyRead;
    if (framing_.kind == Framing::Kind::length) {
      wanted = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, kBodyRead));
    }
    arm(limits_.body);
    const Wait wait = co_await receive(wanted);
    disarm();
    if (wait == Wait::ready) continue;
    broken_ = true;
    if (wait == Wait::late) co_return body_error(408, "The request body took too long.");
  }
}

std::optional<std::string_view> Connection::all_here(std::size_t limit) {
  if (whole_) return request_.body;
  const bool here =
      framing_.kind != Framing::Kind::chunked && remaining_ <= limit && input_.pending().size() >= remaining_;
  if (!here) return std::nullopt;
  request_.body = take_buffered();
  whole_ = true;
  return request_.body;
}

asio::awaitable<Result<std::string_view>> Connection::read_all(std::size_t limit) {
  if (const auto here = all_here(limit)) co_return *here;
  if (framing_.kind != Framing::Kind::chunked && remaining_ > limit) co_return too_large();
  while (true) {
    Result<std::string_view> piece = co_await read_some();
    if (!piece) co_return std::move(piece).error();
    if (piece->empty()) break;
    if (piece->size() > limit - body_.size()) co_return too_large();
    body_.append(*piece);
  }
  request_.body = body_;
  whole_ = true;
  co_return request_.body;
}

}  // namespace podpass::http
