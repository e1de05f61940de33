#include "http/call.h"

#include <algorithm>
#include <array>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "http/exchange.h"

namespace podpass::http {
namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

constexpr std::size_t kReadSize = 16 * 1024;

}  // namespace

std::unique_ptr<Link> Pool::take_idle() {
  const std::lock_guard lock(mutex);
  while (!idle.empty()) {
    std::unique_ptr<Link> link = std::move(idle.back());
    idle.pop_back();
    if (!link->is_stale()) return link;
  }
  return nullptr;
}

void Pool::keep(std::unique_ptr<Link> link) {
  const std::lock_guard lock(mutex);
  if (idle.size() < idle_limit) idle.push_back(std::move(link));
}

void Pool::enter(Call& stream) {
  const std::lock_guard lock(mutex);
  streams.push_back(&stream);
  if (closed) stream.cut();
}

void Pool::leave(Call& stream) {
  const std::lock_guard lock(mutex);
  std::erase(streams, &stream);
}

void Pool::end_streams() {
  const std::lock_guard lock(mutex);
  closed = true;
  for (Call* stream : streams) stream->cut();
}

// Whatever ends a call, its coroutine being destroyed included: the timer and the connection go.
class Call::Ending {
 public:
  explicit Ending(Call& call) : call_(call) {}
  ~Ending() {
    if (call_.is_stream()) call_.pool_->leave(call_);
    call_.disarm();
    call_.own(nullptr);
  }
  Ending(const Ending&) = delete;
  Ending& operator=(const Ending&) = delete;

 private:
  Call& call_;
};

Call::Call(std::shared_ptr<Pool> pool, ClientRequest request)
    : pool_(std::move(pool)), request_(std::move(request)), timer_(pool_->executor), resolver_(pool_->executor) {}

bool Call::prepare() {
  begun_ = steady_clock::now();
  Result<std::string> wire = write_request(pool_->endpoint, request_);
  if (!wire) {
    result = std::move(wire).error();
    return false;
  }
  wire_ = std::move(*wire);
  return true;
}

asio::awaitable<void> Call::run() {
  if (!prepare()) co_return;
  const Ending ending(*this);
  overall_.limit = pool_->limits.total;
  deadline_ = begun_ + overall_.limit;
  own(pool_->take_idle());
  const bool reused = link_ != nullptr;
  AnswerReader reader(request_.method, pool_->limits.body_bytes);
  co_await attempt(reader);
  if (reused && unanswered_ && !is_late() && (written_ == 0 || is_repeatable(request_))) {
    own(nullptr);
    co_await attempt(reader);
  }
}

asio::awaitable<void> Call::run_stream(AsyncClient::OnBytes on_bytes, StreamLimits limits) {
  on_bytes_ = std::move(on_bytes);
  stream_limits_ = limits;
  if (!prepare()) co_return;
  const Ending ending(*this);
  pool_->enter(*this);
  overall_.limit = limits.answer;
  deadline_ = begun_ + limits.answer;
  AnswerReader reader(request_.method, pool_->limits.body_bytes, [this](std::string_view bytes) {
    Result<void> taken = on_bytes_(bytes);
    if (!taken) refusal_ = taken.error();
    return taken;
  });
  co_await attempt(reader);
}

asio::awaitable<void> Call::attempt(AnswerReader& reader) {
  unanswered_ = false;
  written_ = 0;
  if (!link_) {
    const bool connected = co_await connect();
    if (!connected) co_return;
  }
  arm(overall_.wanted, overall_.limit, begun_);
  std::optional<LinkEnd> end = co_await write();
  // An answer may have come although the request was not taken whole (413): read on.
  co_await read(reader, std::move(end));
}

void Call::fail(Error error) {
  error.message = pool_->endpoint.url() + ": " + error.message;
  result = std::move(error);
}

void Call::fail(const LinkEnd& end) {
  std::string why = end.why;
  {
    const std::lock_guard lock(mutex_);
    if (late_) why = std::string(patience_.wanted) + " within " + std::to_string(patience_.limit.count()) + " ms";
    if (cut_) why = "the client has been closed";
    if (!late_ && !cut_ && end.kind == LinkEnd::Kind::closed) why += " before an answer had come";
  }
  fail(Error::unavailable(std::move(why)));
}

// The connection in use, replaced under the mutex: the old one is closed.
void Call::own(std::unique_ptr<Link> link) {
  const std::lock_guard lock(mutex_);
  link_ = std::move(link);
}

std::unique_ptr<Link> Call::give_up() {
  const std::lock_guard lock(mutex_);
  return late_ ? nullptr : std::move(link_);
}

bool Call::is_late() {
  const std::lock_guard lock(mutex_);
  return late_ || cut_;
}

void Call::cut() {
  const std::lock_guard lock(mutex_);
  cut_ = true;
  if (link_) {
    link_->shut_down();
  } else {
    resolver_.cancel();
  }
}

void Call::arm(std::string_view wanted, milliseconds limit, SteadyTime since) {
  const std::uint64_t mine = disarm();
  {
    const std::lock_guard lock(mutex_);
    patience_ = {wanted, limit};
  }
  timer_.expires_at(since + limit);
  timer_.async_wait([self = shared_from_this(), mine](const error_code&) { self->expire(mine); });
}

void Call::arm_within(std::string_view wanted, milliseconds limit) {
  const SteadyTime now = steady_clock::now();
  if (now + limit < deadline_) return arm(wanted, limit, now);
  arm(wanted, overall_.limit, begun_);
}

void Call::arm_for_body() {
  const SteadyTime now = steady_clock::now();
  const bool bounded = stream_limits_.total.count() > 0;
  if (bounded && now + stream_limits_.idle >= begun_ + stream_limits_.total) {
    return arm("not at its end", stream_limits_.total, begun_);
  }
  arm("nothing more", stream_limits_.idle, now);
}

std::uint64_t Call::disarm() {
  std::uint64_t next;
  {
    const std::lock_guard lock(mutex_);
    next = ++armed_;  // before the cancelled wait can look at it
  }
  timer_.cancel();
  return next;
}

void Call::expire(std::uint64_t armed) {
  const std::lock_guard lock(mutex_);
  if (armed != armed_) return;
  late_ = true;
  if (link_) {
    link_->shut_down();
  } else {
    resolver_.cancel();
  }
}

asio::awaitable<bool> Call::connect() {
  arm_within("no connection", std::min(pool_->limits.connect, overall_.limit));
  error_code error;
  const std::vector<tcp::endpoint> endpoints = co_await resolve(error);
  LinkEnd end{LinkEnd::Kind::failed, error ? reason_of(error) : "no address"};
  for (const tcp::endpoint& endpoint : endpoints) {
    if (is_late()) break;
    own(std::make_unique<Link>(pool_->executor));
    std::optional<LinkEnd> failed = co_await link_->connect(endpoint);
    if (failed) {
      end = *std::move(failed);
    } else if (!is_late()) {
      if (is_stream()) link_->notice_death();
      co_return co_await shake_hands();
    }
  }
  own(nullptr);
  fail(LinkEnd{LinkEnd::Kind::failed, "cannot connect: " + end.why});
  co_return false;
}

asio::awaitable<bool> Call::shake_hands() {
  if (!pool_->tls) co_return true;
  arm_within("no TLS handshake", pool_->limits.handshake);
  std::optional<LinkEnd> end = co_await link_->shake_hands(*pool_->tls, pool_->endpoint);
  if (!end && !is_late()) co_return true;
  own(nullptr);
  fail(end.value_or(LinkEnd{}));
  co_return false;
}

asio::awaitable<std::vector<tcp::endpoint>> Call::resolve(error_code& error) {
  std::vector<tcp::endpoint> endpoints;
  const auto literal = asio::ip::make_address(pool_->endpoint.host, error);
  if (!error) {
    endpoints.emplace_back(literal, pool_->endpoint.port);
    co_return endpoints;
  }
  error = {};
  const std::string port = std::to_string(pool_->endpoint.port);
  const auto found = co_await resolver_.async_resolve(pool_->endpoint.host, port, tcp::resolver::numeric_service,
                                                      asio::redirect_error(asio::use_awaitable, error));
  for (const auto& entry : found) endpoints.push_back(entry.endpoint());
  co_return endpoints;
}

asio::awaitable<std::optional<LinkEnd>> Call::write() {
  while (written_ < wire_.size()) {
    Moved moved = co_await link_->write(std::string_view(wire_).substr(written_));
    if (!moved) co_return std::move(moved).error();
    written_ += *moved;
  }
  co_return std::nullopt;
}

asio::awaitable<void> Call::read(AnswerReader& reader, std::optional<LinkEnd> write_end) {
  const auto block = std::make_unique_for_overwrite<std::array<char, kReadSize>>();
  bool answered = false;
  while (!reader.done()) {
    if (is_stream() && reader.has_head()) arm_for_body();
    Moved moved = co_await link_->read(*block);
    if (!moved && !answered) {
      unanswered_ = true;
      const bool told = moved.error().kind == LinkEnd::Kind::failed;
      co_return fail(write_end && !told ? *write_end : moved.error());
    }
    answered = true;
    if (!moved && (moved.error().kind == LinkEnd::Kind::failed || is_late())) co_return fail(moved.error());
    Result<void> fed = moved ? reader.feed(std::string_view(block->data(), *moved)) : reader.feed_end();
    if (refusal_) {
      result = *std::move(refusal_);
      co_return;
    }
    if (!fed) co_return fail(std::move(fed).error());
  }
  if (!write_end && !is_stream() && reader.keeps_alive()) {
    if (std::unique_ptr<Link> link = give_up()) pool_->keep(std::move(link));
  }
  result = reader.take();
}

}  // namespace podpass::http
