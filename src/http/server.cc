#include "http/server.h"

#include <pthread.h>
#include <sys/resource.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <future>
#include <thread>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/strings.h"
#include "http/connection.h"
#include "http/link.h"

namespace podpass::http {
namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds kLongestTick{1'000};
constexpr milliseconds kShortestTick{5};
constexpr milliseconds kComplaints{1'000};
constexpr milliseconds kAcceptPause{100};  // after running out of descriptors

milliseconds tick_for(const Limits& limits) {
  const milliseconds shortest =
      std::min({limits.handshake, limits.idle, limits.head, limits.body, limits.certificate_look});
  return std::clamp(shortest / 4, kShortestTick, kLongestTick);
}

std::string text_of(const std::string& address, std::uint16_t port) {
  const bool v6 = address.find(':') != std::string::npos;
  return (v6 ? "[" + address + "]" : address) + ":" + std::to_string(port);
}

void allow_all_files() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
}

}  // namespace

void Loop::refresh_clock() {
  now = std::chrono::steady_clock::now();
  common_headers =
      "Server: " + shared.options.server_name + "\r\nDate: " + format_http_date(SystemClock().now()) + "\r\n";
}

void Loop::sweep() {
  refresh_clock();
  for (Connection* connection : connections) connection->check_deadline(now);
  if (now >= next_look) look_at_certificate();
  timer.expires_after(shared.tick);
  timer.async_wait([this](const error_code& error) {
    if (!error) sweep();
  });
}

void Loop::look_at_certificate() {
  next_look = now + shared.options.limits.certificate_look;
  crypto::ServerTls& tls = *shared.options.tls;
  const Result<bool> changed = tls.reload_if_changed();
  if (!changed) {
    log::error("http: the certificate in force stays: " + changed.error().message);
  } else if (*changed) {
    log::info("http: there is a new certificate, good until " + format_iso8601(tls.not_after()));
  }
}

void Loop::complain(const std::string& peer, const std::string& failure) {
  if (now < next_complaint) return;
  next_complaint = now + kComplaints;
  log::warn("http: no TLS with " + peer + ": " + failure);
}

void Loop::send_soon(Connection& connection, std::move_only_function<void()> resume) {
  if (ready.empty()) asio::post(context, [this] { send_all(); });
  ready.push_back({&connection, std::move(resume)});
}

// What is ready is made first, then all is sent, and only then more is read: a client that handles many connections is
// woken once for many answers, and has most often asked again by then, which saves a read that finds nothing. Under
// load that is a tenth to a fifth of the CPU; alone it costs one look for events.
void Loop::send_all() {
  auto batch = std::move(spare);  // its memory is used again
  batch.swap(ready);
  for (const auto& each : batch) each.connection->send();
  for (auto& each : batch) each.resume();  // until it waits for something else, or has ended
  batch.clear();
  spare = std::move(batch);
}

void Loop::release_idle() {
  for (Connection* connection : connections) connection->release_idle();
}

struct Server::State {
  State(Options options, Handler handler);

  asio::awaitable<void> accept(tcp::acceptor& acceptor);
  void admit(tcp::socket socket, Loop& loop);
  void run(Loop& loop);
  void close_acceptors();
  void drain();
  bool finish();

  ServerShared shared;
  std::vector<std::unique_ptr<Loop>> loops;
  std::vector<std::unique_ptr<tcp::acceptor>> acceptors;  // all on the first loop, which deals connections out in turn
  std::size_t next_loop = 0;
  std::vector<std::thread> threads;
  bool stopped = false;
};

Server::State::State(Options options, Handler handler) {
  CHECK(options.threads > 0);
  shared.tick = tick_for(options.limits);
  shared.options = std::move(options);
  shared.handler = std::move(handler);
  for (int i = 0; i < shared.options.threads; ++i) loops.push_back(std::make_unique<Loop>(shared));
  if (shared.options.tls) loops.front()->next_look = {};
}

namespace {

// Owns the connection until its coroutine ends.
asio::awaitable<void> serve(Loop& loop, tcp::socket socket, std::string peer) {
  Connection connection(loop, std::move(socket), std::move(peer));
  co_await connection.run();
}

}  // namespace

void Server::State::admit(tcp::socket socket, Loop& loop) {
  error_code error;
  const tcp::endpoint remote = socket.remote_endpoint(error);
  std::string peer = error ? std::string() : remote.address().to_string();
  if (!shared.connection_came(peer)) return;  // closes it
  // Posted, so that the connection is made, and lives, on its own loop's thread.
  asio::co_spawn(loop.context, serve(loop, std::move(socket), std::move(peer)), asio::detached);
}

asio::awaitable<void> Server::State::accept(tcp::acceptor& acceptor) {
  asio::steady_timer pause(loops.front()->context);
  while (!shared.stopping) {
    Loop& loop = *loops[next_loop++ % loops.size()];
    tcp::socket socket(loop.context);
    error_code error;
    co_await acceptor.async_accept(socket, asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted) co_return;
    if (!error) {
      admit(std::move(socket), loop);
      continue;
    }
    if (error == asio::error::connection_aborted) continue;
    log::warn("http: cannot accept a connection: " + reason_of(error));
    pause.expires_after(kAcceptPause);
    co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
  }
}

void Server::State::run(Loop& loop) {
  // sendfile(2) has no flag against SIGPIPE.
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  pthread_setname_np(pthread_self(), "http");
  const auto work = asio::make_work_guard(loop.context);
  loop.sweep();
  loop.context.run();
}

Server::Server(Options options, Handler handler)
    : state_(std::make_unique<State>(std::move(options), std::move(handler))) {}

Server::~Server() {
  stop();
}

Result<std::uint16_t> Server::adopt(int listening_socket) {
  CHECK(state_->threads.empty() && !state_->stopped);
  sockaddr_storage local{};
  socklen_t size = sizeof local;
  int listening = 0;
  socklen_t flag = sizeof listening;
  if (::getsockname(listening_socket, reinterpret_cast<sockaddr*>(&local), &size) != 0 ||
      ::getsockopt(listening_socket, SOL_SOCKET, SO_ACCEPTCONN, &listening, &flag) != 0 || listening == 0 ||
      (local.ss_family != AF_INET && local.ss_family != AF_INET6)) {
    return Error::invalid("the socket that was handed over does not listen for TCP");
  }
  const auto protocol = local.ss_family == AF_INET ? tcp::v4() : tcp::v6();
  error_code error;
  auto acceptor = std::make_unique<tcp::acceptor>(state_->loops.front()->context);
  acceptor->assign(protocol, listening_socket, error);
  std::uint16_t bound = 0;
  if (!error) bound = acceptor->local_endpoint(error).port();
  if (error) return Error::unavailable("cannot use the socket that was handed over: " + reason_of(error));
  state_->acceptors.push_back(std::move(acceptor));
  return bound;
}

int Server::listening_socket() const {
  return state_->acceptors.empty() ? -1 : state_->acceptors.front()->native_handle();
}

Result<std::uint16_t> Server::listen(const std::string& address, std::uint16_t port) {
  CHECK(state_->threads.empty() && !state_->stopped);
  const std::string where = text_of(address, port);
  error_code error;
  const auto parsed = asio::ip::make_address(address, error);
  if (error) return Error::invalid("cannot listen on " + where + ": not an IPv4 or IPv6 address");
  const tcp::endpoint endpoint(parsed, port);
  auto acceptor = std::make_unique<tcp::acceptor>(state_->loops.front()->context);
  acceptor->open(endpoint.protocol(), error);
  if (!error) acceptor->set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && parsed.is_v6()) acceptor->set_option(asio::ip::v6_only(true), error);
  if (!error) acceptor->bind(endpoint, error);
  if (!error) acceptor->listen(asio::socket_base::max_listen_connections, error);
  std::uint16_t bound = 0;
  if (!error) bound = acceptor->local_endpoint(error).port();
  if (error) return Error::unavailable("cannot listen on " + where + ": " + reason_of(error));
  state_->acceptors.push_back(std::move(acceptor));
  return bound;
}

void Server::start() {
  CHECK(state_->threads.empty() && !state_->stopped);
  allow_all_files();
  State& state = *state_;
  for (const auto& loop : state.loops) loop->refresh_clock();
  for (const auto& acceptor : state.acceptors) {
    asio::co_spawn(state.loops.front()->context, state.accept(*acceptor), asio::detached);
  }
  for (const auto& loop : state.loops) {
    state.threads.emplace_back([&state, &loop = *loop] { state.run(loop); });
  }
}

// Returns when nobody is admitted any more: what was accepted before has been.
void Server::State::close_acceptors() {
  std::promise<void> closed;
  asio::post(loops.front()->context, [this, &closed] {
    error_code ignored;
    for (const auto& acceptor : acceptors) acceptor->close(ignored);
    asio::post(loops.front()->context, [&closed] { closed.set_value(); });  // behind what was accepted
  });
  closed.get_future().wait();
}

void Server::State::drain() {
  close_acceptors();
  for (const auto& loop : loops) asio::post(loop->context, [&loop = *loop] { loop.release_idle(); });
  std::unique_lock lock(shared.mutex);
  if (!shared.emptied.wait_for(lock, shared.options.limits.drain, [this] { return shared.open == 0; })) {
    log::warn("http: stopped with " + std::to_string(shared.open) + " connections still busy");
  }
}

// With the threads gone: cuts the connections and runs their coroutines to their ends. False if some are suspended
// elsewhere.
bool Server::State::finish() {
  bool all = true;
  for (const auto& loop : loops) {
    for (Connection* connection : loop->connections) connection->cut();
    loop->timer.cancel();
    loop->context.restart();
    loop->context.poll();
    all = all && loop->connections.empty();
  }
  return all;
}

void Server::stop() {
  State& state = *state_;
  if (state.stopped) return;
  for (const auto& thread : state.threads) CHECK(thread.get_id() != std::this_thread::get_id());
  state.stopped = true;
  state.shared.stopping = true;
  if (!state.threads.empty()) state.drain();
  for (const auto& loop : state.loops) loop->context.stop();
  for (auto& thread : state.threads) thread.join();
  state.acceptors.clear();
  state.finish();
}

asio::any_io_executor Server::executor() {
  return state_->loops.front()->context.get_executor();
}

Server::Counters Server::counters() const {
  const ServerShared& shared = state_->shared;
  return {shared.open, shared.requests, shared.handshakes, shared.handshakes_resumed, shared.handshakes_failed};
}

}  // namespace podpass::http
