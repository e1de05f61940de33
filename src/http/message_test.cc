#include "http/message.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <random>

#include "base/strings.h"
#include "http/chunked.h"
#include "http/head.h"
#include "http/response_head.h"

namespace podpass::http {
namespace {

TEST(HttpMessage, FindsHeadersWhateverTheirCase) {
  Request request;
  request.headers = {{"Host", "a"}, {"X-Two", "1"}, {"x-two", "2"}, {"X-Empty", ""}};
  EXPECT_EQ(request.find("x-TWO"), "1");
  EXPECT_EQ(request.header("X-Empty"), "");
  EXPECT_TRUE(request.find("x-empty").has_value());
  EXPECT_FALSE(request.find("x-tw").has_value());
  EXPECT_EQ(request.header("absent"), "");
}

TEST(HttpMessage, SetReplaces) {
  Response response;
  response.set("Content-Type", "a");
  response.set("ETag", "b");
  response.set("content-type", "c");
  ASSERT_EQ(response.headers.size(), 2U);
  EXPECT_EQ(response.header("CONTENT-TYPE"), "c");
  EXPECT_EQ(response.header("absent"), "");
}

TEST(HttpMessage, FilePartClosesItsDescriptor) {
  const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  {
    const FilePart part = FilePart::own(fd, 0, 5);
    const FilePart copy = part;
    EXPECT_NE(::fcntl(fd, F_GETFD), -1);
    Response response;
    response.body = copy;
    EXPECT_EQ(response.length(), 5U);
  }
  EXPECT_EQ(::fcntl(fd, F_GETFD), -1);
}

TEST(HttpMessage, KnowsReasonPhrases) {
  EXPECT_EQ(reason_phrase(200), "OK");
  EXPECT_EQ(reason_phrase(100), "Continue");
  EXPECT_EQ(reason_phrase(505), "HTTP Version Not Supported");
  EXPECT_EQ(reason_phrase(299), "Unknown");
  EXPECT_EQ(reason_phrase(999), "Unknown");
}

// Every byte at every place of a name and of a value, RFC 9110 sections 5.1 and 5.5.
TEST(HttpRequestHead, TakesWhatMayStandInHeaders) {
  const auto fault = [](const std::string& line) {
    Request request;
    Framing framing;
    const auto refusal = parse_request_head("GET / HTTP/1.1\r\nHost: a\r\n" + line + "\r\n\r\n", request, framing);
    return refusal ? std::string(refusal->reason) : std::string();
  };
  const std::string_view tokens = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    for (std::size_t at = 1; at < 50; ++at) {
      std::string value(51, 'v'), name(51, 'n');
      value[at] = c;
      name[at] = c;
      const bool good = (byte >= 0x20 && byte != 0x7f) || c == '\t';
      EXPECT_EQ(fault("a: " + value), good ? "" : "malformed header value") << byte << " at " << at;
      if (c == ':') continue;
      const bool token = c != '\0' && tokens.contains(c);
      EXPECT_EQ(fault(name + ": v"), token ? "" : "malformed header name") << byte << " at " << at;
    }
  }
  EXPECT_EQ(fault(": v"), "malformed header name");
  EXPECT_EQ(fault("name"), "malformed header name");
}

TEST(HttpRequestHead, KeepsTheConnectionAsItIsAsked) {
  struct Row {
    std::string_view version, lines;
    bool keeps;
  };
  const Row rows[] = {{"1.1", "", true},
                      {"1.1", "Connection: upgrade, CLOSE\r\n", false},
                      {"1.1", "Connection: keep-alive\r\nConnection: close\r\n", false},
                      {"1.1", "Connection: closed\r\n", true},
                      {"1.0", "", false},
                      {"1.0", "Connection: te , Keep-Alive\r\n", true},
                      {"1.0", "Connection: keep-alive, close\r\n", false}};
  for (const auto& [version, lines, keeps] : rows) {
    Request request;
    Framing framing;
    const auto head = concat({"GET / HTTP/", version, "\r\nHost: a\r\n", lines, "\r\n"});
    ASSERT_FALSE(parse_request_head(head, request, framing)) << head;
    EXPECT_EQ(framing.keep_alive, keeps) << head;
  }
}

TEST(HttpResponseHead, RefusesWhatWouldSplitTheResponse) {
  for (const auto& [name, value] :
       std::initializer_list<std::pair<std::string_view, std::string>>{{"X-A", "b\r\nSet-Cookie: c"},
                                                                       {"X-A", "b\n"},
                                                                       {"X-A", std::string("b\0", 2)},
                                                                       {"X A", "b"},
                                                                       {"", "b"},
                                                                       {"X:", "b"}}) {
    Response response;
    response.headers.emplace_back(name, value);
    std::string out;
    EXPECT_FALSE(append_response_head(out, response, "", Persistence::keep)) << name;
    EXPECT_EQ(out, "");
  }
}

struct ChunkRow {
  std::string_view wire;
  std::string_view body;  // what comes out before the end or the fault
  std::string_view end;   // "done", "faulty" or "more"
};

constexpr ChunkRow kChunkRows[] = {
    {"0\r\n\r\n", "", "done"},
    {"000000000000000\r\n\r\n", "", "done"},
    {"0000000000000000\r\n\r\n", "", "faulty"},
    {"3\r\nabc\r\n0\r\n\r\n", "abc", "done"},
    {"3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n", "abc0123456789", "done"},
    {"3;a=b;c=\"d e\"\r\nabc\r\n0;x\r\nT: u\r\nV: w\r\n\r\n", "abc", "done"},
    {"3 \r\nabc\r\n0\r\n\r\n", "abc", "done"},
    {"3\r\nabc", "abc", "more"},
    {"3\r\nabc\r\n0\r\n\r", "abc", "more"},
    {"", "", "more"},
    {"\r\n", "", "faulty"},
    {"-1\r\n", "", "faulty"},
    {"0x3\r\nabc", "", "faulty"},
    {" 3\r\nabc", "", "faulty"},
    {"3\nabc\r\n0\r\n\r\n", "", "faulty"},
    {"3;\nabc\r\n0\r\n\r\n", "", "faulty"},
    {"3\r\nabc0\r\n\r\n", "abc", "faulty"},
    {"3\r\nabc\r0\r\n\r\n", "abc", "faulty"},
    {"3\r\nabc\n0\r\n\r\n", "abc", "faulty"},
    {"0\r\nA: b\n\r\n", "", "faulty"},
    {"0\r\nA: b\rc\r\n\r\n", "", "faulty"},
    {"0\r\n\rx", "", "faulty"},
};

// Feeds `wire` in pieces of the sizes that `next` gives.
template <class Next>
void expect_chunks(const ChunkRow& row, Next next) {
  SCOPED_TRACE(testing::PrintToString(row.wire));
  ChunkDecoder decoder;
  std::string body;
  std::string_view rest = row.wire;
  while (!rest.empty() && !decoder.done() && !decoder.faulty()) {
    const std::string_view piece = rest.substr(0, next());
    const ChunkDecoder::Step step = decoder.feed(piece);
    ASSERT_GT(step.consumed, 0U);
    body += step.data;
    rest.remove_prefix(step.consumed);
  }
  EXPECT_EQ(body, row.body);
  EXPECT_EQ(decoder.done() ? "done" : decoder.faulty() ? "faulty" : "more", row.end);
}

TEST(HttpChunks, AreTakenOffWholeAndInFragments) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (const ChunkRow& row : kChunkRows) {
    expect_chunks(row, [] { return std::string_view::npos; });
    expect_chunks(row, [] { return 1; });
    for (int i = 0; i < 20; ++i) expect_chunks(row, [&random] { return 1 + random() % 7; });
  }
}

TEST(HttpChunks, HaveBoundedExtensionsAndTrailers) {
  ChunkDecoder extension, trailer, small;
  extension.feed("1;" + std::string(300, 'x'));
  EXPECT_TRUE(extension.faulty());
  trailer.feed("0\r\n" + std::string(9'000, 'x'));
  EXPECT_TRUE(trailer.faulty());
  small.feed("0\r\n" + std::string(8'000, 'x'));
  EXPECT_FALSE(small.faulty());
}

}  // namespace
}  // namespace podpass::http
