// One call of the client, and what the calls of one client share. Private to the client.
//
// Threads: a Call's coroutine runs wherever the caller does. Two others meet it, under its mutex: the timer, and the
// client's destructor when it ends a stream. They do no more than shut the connection down, which ends whatever the
// coroutine waits for.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "http/client.h"
#include "http/link.h"

namespace podpass::http {

class AnswerReader;
class Call;

// Shared by the client and its calls.
struct Pool {
  std::unique_ptr<Link> take_idle();
  void keep(std::unique_ptr<Link> link);
  void enter(Call& stream);
  void leave(Call& stream);
  void end_streams();

  boost::asio::any_io_executor executor;
  Endpoint endpoint;
  ClientLimits limits;
  std::shared_ptr<const crypto::ClientTls> tls;  // null: plain
  std::size_t idle_limit;

  std::mutex mutex;                         // over what follows; taken before a Call's, never after
  std::vector<std::unique_ptr<Link>> idle;  // the most recently used last
  std::vector<Call*> streams;               // those that run
  bool closed = false;                      // the client has gone
};

class Call : public std::enable_shared_from_this<Call> {
 public:
  Call(std::shared_ptr<Pool> pool, ClientRequest request);

  boost::asio::awaitable<void> run();
  boost::asio::awaitable<void> run_stream(AsyncClient::OnBytes on_bytes, StreamLimits limits);
  std::optional<Result<ClientResponse>> result;  // once it has run

  void cut();  // any thread

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  struct Patience {
    std::string_view wanted;  // "no answer"
    std::chrono::milliseconds limit;
  };
  class Ending;

  bool prepare();  // false, with a result, if the request cannot be written
  boost::asio::awaitable<void> attempt(AnswerReader& reader);
  boost::asio::awaitable<bool> connect();
  boost::asio::awaitable<bool> shake_hands();
  boost::asio::awaitable<std::vector<boost::asio::ip::tcp::endpoint>> resolve(boost::system::error_code& error);
  boost::asio::awaitable<std::optional<LinkEnd>> write();
  boost::asio::awaitable<void> read(AnswerReader& reader, std::optional<LinkEnd> write_end);

  void fail(Error error);
  void fail(const LinkEnd& end);
  void own(std::unique_ptr<Link> link);
  std::unique_ptr<Link> give_up();
  bool is_late();
  bool is_stream() const { return on_bytes_ != nullptr; }
  void arm(std::string_view wanted, std::chrono::milliseconds limit, SteadyTime since);
  void arm_within(std::string_view wanted, std::chrono::milliseconds limit);  // from now on, but before deadline_
  void arm_for_body();
  std::uint64_t disarm();
  void expire(std::uint64_t armed);

  std::shared_ptr<Pool> pool_;
  ClientRequest request_;
  boost::asio::steady_timer timer_;
  boost::asio::ip::tcp::resolver resolver_;
  AsyncClient::OnBytes on_bytes_;  // of a stream
  std::optional<Error> refusal_;   // what it returned
  StreamLimits stream_limits_;
  SteadyTime begun_, deadline_;
  Patience overall_{"no answer", {}};  // until deadline_
  std::string wire_;
  std::size_t written_ = 0;
  bool unanswered_ = false;  // the attempt failed before the first byte of an answer

  std::mutex mutex_;  // over what others touch; the coroutine alone changes link_
  std::unique_ptr<Link> link_;
  Patience patience_{};
  std::uint64_t armed_ = 0;  // tells a timer that has been replaced
  bool late_ = false;        // the timer has ended the call
  bool cut_ = false;         // the client's destructor has
};

}  // namespace podpass::http
