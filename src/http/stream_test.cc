// AsyncClient::stream(): answers that come bit by bit.
#include <gmock/gmock.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <future>

#include "base/clock.h"
#include "crypto/tls.h"
#include "crypto/x509.h"
#include "http/client.h"
#include "http/script_test.h"

namespace podpass::http {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr std::string_view kChunkedHead = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

Result<void> fine() {
  return Result<void>(std::in_place);
}

struct Streamed {
  Result<ClientResponse> response;
  std::string body;
};

Streamed stream(Endpoint endpoint, StreamLimits limits = {}, std::shared_ptr<const crypto::ClientTls> tls = nullptr,
                const std::function<Result<void>(std::string_view)>& on_bytes = nullptr) {
  asio::io_context context{1};
  AsyncClient client(context.get_executor(), std::move(endpoint), {}, 8, std::move(tls));
  std::string body;
  const auto call = [&]() -> asio::awaitable<Result<ClientResponse>> {
    ClientRequest request;
    AsyncClient::OnBytes sink = [&](std::string_view bytes) {
      body += bytes;
      return on_bytes ? on_bytes(bytes) : fine();
    };
    Result<ClientResponse> response = co_await client.stream(std::move(request), std::move(sink), limits);
    co_return response;
  };
  std::future<Result<ClientResponse>> result = asio::co_spawn(context, call, asio::use_future);
  context.run();
  return {result.get(), body};
}

TEST(HttpStream, DeliversEachPieceBeforeTheNextIsSent) {
  std::promise<void> seen;
  Script script({[&seen](Wire& wire) {
    wire.read_until("\r\n\r\n");
    wire.send(std::string(kChunkedHead) + "5\r\nfirst\r\n");
    EXPECT_EQ(seen.get_future().wait_for(10s), std::future_status::ready);
    wire.send("6\r\nsecond\r\n0\r\n\r\n");
  }});
  std::vector<std::string> pieces;
  const Streamed streamed = stream(script.endpoint, {}, nullptr, [&](std::string_view bytes) {
    pieces.emplace_back(bytes);
    if (pieces.size() == 1) seen.set_value();
    return fine();
  });
  ASSERT_TRUE(streamed.response) << streamed.response.error().message;
  EXPECT_EQ(streamed.response->status, 200);
  EXPECT_EQ(streamed.response->body, "");
  EXPECT_THAT(pieces, testing::ElementsAre("first", "second"));
}

TEST(HttpStream, TakesAnyFraming) {
  for (std::string_view head : {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HTTP/1.1 206 OK\r\n\r\n"}) {
    Script script({[head](Wire& wire) {
      wire.read_until("\r\n\r\n");
      wire.send(head);
      wire.send("hello");
    }});
    const Streamed streamed = stream(script.endpoint);
    ASSERT_TRUE(streamed.response) << streamed.response.error().message;
    EXPECT_EQ(streamed.body, "hello");
  }
}

TEST(HttpStream, IsNotBoundByTheLimitOfBodies) {
  constexpr int kPieces = 300;
  Script script({[](Wire& wire) {
    wire.read_until("\r\n\r\n");
    wire.send(kChunkedHead);
    const std::string piece = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
    for (int i = 0; i < kPieces; ++i) wire.send(piece);
    wire.send("0\r\n\r\n");
  }});
  const Streamed streamed = stream(script.endpoint);
  ASSERT_TRUE(streamed.response) << streamed.response.error().message;
  EXPECT_EQ(streamed.body.size(), kPieces * 0x10000U);
  EXPECT_GT(streamed.body.size(), ClientLimits().body_bytes);
}

TEST(HttpStream, HandsOverOtherAnswersWhole) {
  Script script({[](Wire& wire) {
    wire.read_until("\r\n\r\n");
    wire.send("HTTP/1.1 410 Gone\r\nContent-Length: 4\r\n\r\ngone");
  }});
  const Streamed streamed = stream(script.endpoint);
  ASSERT_TRUE(streamed.response);
  EXPECT_EQ(streamed.response->status, 410);
  EXPECT_EQ(streamed.response->body, "gone");
  EXPECT_EQ(streamed.body, "");
}

TEST(HttpStream, EndsWithTheErrorOfTheOneWhoTakesIt) {
  Script script({[](Wire& wire) {
    wire.read_until("\r\n\r\n");
    wire.send(std::string(kChunkedHead) + "5\r\nfirst\r\n");
    wire.read_to_end();
  }});
  const Streamed streamed =
      stream(script.endpoint, {}, nullptr, [](std::string_view) { return Result<void>(Error::invalid("enough")); });
  ASSERT_FALSE(streamed.response);
  EXPECT_EQ(streamed.response.error().kind, ErrorKind::invalid);
  EXPECT_EQ(streamed.response.error().message, "enough");
}

TEST(HttpStream, KeepsItsTimes) {
  struct Row {
    StreamLimits limits;
    std::string_view sends, why;
  };
  for (const Row& row : {
           Row{{30ms, 10s, 0ms}, "HTTP/1.1 200 OK\r\n", "no answer within 30 ms"},
           Row{{10s, 30ms, 0ms}, "HTTP/1.1 200 OK\r\n\r\nsome", "nothing more within 30 ms"},
           Row{{10s, 10s, 30ms}, "HTTP/1.1 200 OK\r\n\r\nsome", "not at its end within 30 ms"},
       }) {
    Script script({[&row](Wire& wire) {
      wire.read_until("\r\n\r\n");
      wire.send(row.sends);
      wire.read_to_end();
    }});
    const Streamed streamed = stream(script.endpoint, row.limits);
    ASSERT_FALSE(streamed.response) << row.why;
    EXPECT_EQ(streamed.response.error().kind, ErrorKind::unavailable);
    EXPECT_EQ(streamed.response.error().message, script.endpoint.url() + ": " + std::string(row.why));
  }
}

TEST(HttpStream, MayLastLongerThanItsIdleTime) {
  Script script({[](Wire& wire) {
    wire.read_until("\r\n\r\n");
    wire.send(kChunkedHead);
    const auto begun = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - begun < 300ms) {
      wire.send("1\r\nx\r\n");
      std::this_thread::yield();
    }
    wire.send("0\r\n\r\n");
  }});
  const Streamed streamed = stream(script.endpoint, {10s, 200ms, 0ms});
  EXPECT_TRUE(streamed.response) << streamed.response.error().message;
}

TEST(HttpStream, SaysWhenItIsCutOff) {
  Script script({[](Wire& wire) {
    wire.read_until("\r\n\r\n");
    wire.send(std::string(kChunkedHead) + "5\r\nfir");
  }});
  const Streamed streamed = stream(script.endpoint);
  ASSERT_FALSE(streamed.response);
  EXPECT_EQ(streamed.response.error().message,
            script.endpoint.url() + ": the connection ended before the whole answer had come");
  EXPECT_EQ(streamed.body, "fir");
}

TEST(HttpStream, EndsAtOnceWhenTheClientGoes) {
  std::atomic<bool> ended = false;
  Script script({[&ended](Wire& wire) {
    wire.read_until("\r\n\r\n");
    wire.send(std::string(kChunkedHead) + "5\r\nfirst\r\n");
    wire.read_to_end();
    ended = true;
  }});
  asio::io_context context{1};
  std::optional<AsyncClient> client(std::in_place, context.get_executor(), script.endpoint);
  bool first = false;
  const auto call = [&]() -> asio::awaitable<Result<ClientResponse>> {
    ClientRequest request;
    AsyncClient::OnBytes sink = [&first](std::string_view) {
      first = true;
      return fine();
    };
    Result<ClientResponse> response = co_await client->stream(std::move(request), std::move(sink));
    co_return response;
  };
  std::future<Result<ClientResponse>> result = asio::co_spawn(context, call, asio::use_future);
  while (!first) context.poll();
  client.reset();
  context.run();
  const Result<ClientResponse> response = result.get();
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().message, script.endpoint.url() + ": the client has been closed");
  while (!ended) std::this_thread::yield();
}

// The coroutine is cancelled, or goes with its loop: the connection goes too, and no timer holds it.
TEST(HttpStream, EndsWithItsCoroutine) {
  for (const bool destroyed : {false, true}) {
    std::atomic<bool> ended = false;
    Script script({[&ended](Wire& wire) {
      wire.read_until("\r\n\r\n");
      wire.send(std::string(kChunkedHead) + "5\r\nfirst\r\n");
      wire.read_to_end();
      ended = true;
    }});
    auto context = std::make_unique<asio::io_context>(1);
    AsyncClient client(context->get_executor(), script.endpoint);
    bool first = false;
    const auto call = [&]() -> asio::awaitable<void> {
      ClientRequest request;
      AsyncClient::OnBytes sink = [&first](std::string_view) {
        first = true;
        return fine();
      };
      StreamLimits limits;
      limits.idle = 24h;
      Result<ClientResponse> response = co_await client.stream(std::move(request), std::move(sink), limits);
      EXPECT_FALSE(destroyed);
      EXPECT_FALSE(response);
    };
    asio::cancellation_signal signal;
    asio::co_spawn(*context, call, asio::bind_cancellation_slot(signal.slot(), [](const std::exception_ptr&) {}));
    while (!first) context->poll();
    if (destroyed) {
      context.reset();
    } else {
      signal.emit(asio::cancellation_type::terminal);
      context->poll();
    }
    while (!ended) std::this_thread::yield();
  }
}

TEST(HttpStream, WorksOverTls) {
  const Time now = SystemClock().now();
  const auto ca = crypto::CertificateAuthority::create("Test CA", {now - 1h, now + 1h}).value();
  crypto::CertificateRequest wanted;
  wanted.common_name = "test";
  wanted.ip_addresses = {"127.0.0.1"};
  wanted.validity = {now - 1h, now + 1h};
  const auto pair = ca.issue(wanted).value();
  const auto tls = crypto::ServerTls::of({pair.certificate_pem, pair.key_pem, {}}).value();
  crypto::ClientTls::Options options;
  options.ca_pem = ca.certificate_pem();
  const auto trust = crypto::ClientTls::make(std::move(options)).value();

  std::promise<void> seen;
  Script script({[&](Wire& wire) {
    crypto::TlsSession session = crypto::TlsSession::accept(*tls, wire.fd());
    EXPECT_EQ(session.handshake(), crypto::TlsSession::Progress::done) << session.failure();
    std::array<char, 1000> room;
    session.read(room);
    session.write(std::string(kChunkedHead) + "5\r\nfirst\r\n");
    EXPECT_EQ(seen.get_future().wait_for(10s), std::future_status::ready);
    session.write("6\r\nsecond\r\n0\r\n\r\n");
    session.read(room);
  }});
  Endpoint where = script.endpoint;
  where.secure = true;
  bool first = true;
  const Streamed streamed = stream(where, {}, trust, [&](std::string_view) {
    if (std::exchange(first, false)) seen.set_value();
    return fine();
  });
  ASSERT_TRUE(streamed.response) << streamed.response.error().message;
  EXPECT_EQ(streamed.body, "firstsecond");
}

}  // namespace
}  // namespace podpass::http
