// One connection of the server and the event loop it lives on. Private to the server: include server.h instead.
//
// Threads: a Loop and its connections are touched by the loop's thread only, but for the counters and what says
// otherwise. A Connection is owned by its coroutine; the Loop lists the open ones so that the sweep can see to their
// deadlines.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "crypto/tls.h"
#include "http/chunked.h"
#include "http/head.h"
#include "http/input_buffer.h"
#include "http/response_head.h"
#include "http/server.h"

namespace podpass::http {

using SteadyTime = std::chrono::steady_clock::time_point;
class Connection;

// What all loops share.
struct ServerShared {
  Server::Options options;
  Handler handler;
  std::chrono::milliseconds tick{1'000};  // how often deadlines are looked at
  std::atomic<bool> stopping = false;
  std::atomic<std::uint64_t> open = 0;
  std::atomic<std::uint64_t> requests = 0;
  std::atomic<std::uint64_t> handshakes = 0, handshakes_resumed = 0, handshakes_failed = 0;
  std::mutex mutex;  // with `emptied`: tells stop() that a connection has gone; and over what follows
  std::condition_variable emptied;
  std::unordered_map<std::string, std::size_t> of_peer;  // open ones by address, if there is a limit

  // Any thread. True: there is room, and connection_gone() must follow.
  bool connection_came(const std::string& peer);
  void connection_gone(const std::string& peer);

 private:
  void place_free();
};

struct Loop {
  explicit Loop(ServerShared& owner) : shared(owner) {}
  void sweep();  // cuts what is overdue, refreshes the clock
  void refresh_clock();
  void release_idle();  // on stop: connections between requests end now
  void look_at_certificate();
  void complain(const std::string& peer, const std::string& failure);  // of a handshake; once a second
  // Sends the connection's response when all that are ready have been made, and then calls `resume`.
  void send_soon(Connection& connection, std::move_only_function<void()> resume);
  void send_all();

  struct Ready {
    Connection* connection;
    std::move_only_function<void()> resume;
  };

  ServerShared& shared;
  std::list<Connection*> connections;
  SteadyTime now = std::chrono::steady_clock::now();  // as of the last sweep
  std::string common_headers;                         // Server and Date lines
  SteadyTime next_look = SteadyTime::max();           // at the certificate's files; one loop does it
  SteadyTime next_complaint{};
  boost::asio::io_context context{1};  // destroyed before what stands above: the coroutines in it use that
  boost::asio::steady_timer timer{context};
  // Behind the context: what is to be resumed and never is gives itself back to it.
  std::vector<Ready> ready;
  std::vector<Ready> spare;  // empty
};

class Connection final : public Body {
 public:
  Connection(Loop& loop, boost::asio::ip::tcp::socket socket, std::string peer);
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  boost::asio::awaitable<void> run();
  void check_deadline(SteadyTime now);
  void release_idle();
  void cut();
  void send();  // as far as the socket takes it

  std::optional<std::string_view> all_here(std::size_t limit) override;
  boost::asio::awaitable<Result<std::string_view>> read_all(std::size_t limit) override;
  boost::asio::awaitable<Result<std::string_view>> read_some() override;
  std::optional<std::uint64_t> length() const override;

 private:
  enum class Phase : unsigned char { fresh, idle, busy };  // fresh: its first request has not begun
  enum class Wait : unsigned char { ready, ended, late };  // late: the deadline passed

  boost::asio::awaitable<bool> shake_hands();
  boost::asio::awaitable<bool> wait_for(crypto::TlsSession::Progress progress);
  boost::asio::awaitable<Wait> receive(std::size_t wanted);
  boost::asio::awaitable<std::optional<Refusal>> next_head();  // sets ended_ when there is none
  Response failure_response(std::string_view what) const;
  boost::asio::awaitable<bool> send_rest(const Response& response);
  boost::asio::awaitable<bool> flush();
  boost::asio::awaitable<bool> send_file(FilePart part);
  boost::asio::awaitable<bool> send_file_over_tls(FilePart part);
  boost::asio::awaitable<bool> wait_writable();
  boost::asio::awaitable<bool> skip_body();
  boost::asio::awaitable<void> linger();
  boost::asio::awaitable<bool> say_continue();

  enum class Sending : unsigned char { done, full, failed };  // full: the socket takes no more now
  void make_wire(Response& response);
  Sending push();
  Sending push_over_tls();
  std::optional<Refusal> begin_request(std::size_t head_size);
  void end_request();
  void skip_blank_lines();
  std::string_view take_buffered();  // the next body bytes that have come already
  bool body_done() const;
  bool can_skip();  // what is left of the body is short enough
  Response refusal_response(const Refusal& refusal) const;
  void arm(std::chrono::milliseconds limit);
  void disarm() { deadline_ = SteadyTime::max(); }

  Loop& loop_;
  const Limits& limits_;
  boost::asio::ip::tcp::socket socket_;
  std::optional<crypto::TlsSession> tls_;  // nothing: plain
  std::string peer_;
  std::list<Connection*>::iterator place_;

  Phase phase_ = Phase::fresh;
  SteadyTime deadline_ = SteadyTime::max();
  bool late_ = false;    // the sweep cancelled the wait
  bool ended_ = false;   // nothing more will come
  bool broken_ = false;  // the body was malformed, cut off or late: where the next request begins is unknown
  bool owes_continue_ = false;
  bool whole_ = false;  // request_.body is there

  InputBuffer input_;
  HeadScanner scanner_;
  Request request_;
  Framing framing_;
  std::uint64_t remaining_ = 0;  // of a body of known length
  ChunkDecoder chunks_;
  std::string body_;    // a body that read_all had to put together
  std::string output_;  // the head of the response
  std::string_view unsent_head_, unsent_body_;
  Sending sent_ = Sending::done;
};

}  // namespace podpass::http
