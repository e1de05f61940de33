// For the tests of S3: a service over a memory store and a directory of its own, bodies fed in pieces, and requests as
// one call. One thread. Everything goes with the fixture; the directory too.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "s3/service.h"
#include "store/memory_backend.h"

namespace podpass::s3 {

// A body that gives `pieces` in turn; a failure may come behind them.
class FakeBody final : public http::Body {
 public:
  explicit FakeBody(std::string text, std::size_t piece = SIZE_MAX);
  // Made as it is asked for: `count` times `piece`.
  static FakeBody repeated(std::string piece, std::uint64_t count);

  std::optional<std::string_view> all_here(std::size_t) override { return std::nullopt; }
  boost::asio::awaitable<Result<std::string_view>> read_all(std::size_t limit) override;
  boost::asio::awaitable<Result<std::string_view>> read_some() override;
  std::optional<std::uint64_t> length() const override { return length_; }

  FakeBody& without_length();
  FakeBody& failing(Error error);  // behind the last piece
  std::size_t reads() const { return reads_; }
  std::function<void()> before_end;  // called once all has been read

 private:
  std::string text_, piece_;
  std::size_t piece_size_ = SIZE_MAX, at_ = 0, reads_ = 0;
  std::uint64_t repeats_ = 0;
  std::optional<std::uint64_t> length_;
  std::optional<Error> failure_;
};

struct Answer {
  int status = 0;
  std::map<std::string, std::string> headers;  // lower case
  std::string body;
  std::string operation;
  Error error;  // as the audit sees it

  std::string text(std::string_view element) const;                // the first such element's, unescaped only of &quot;
  std::vector<std::string> texts(std::string_view element) const;  // of all
  std::string code() const { return text("Code"); }
};

struct Ask {
  std::string method, target;
  std::map<std::string, std::string> headers = {};
  std::string body = {};
  std::size_t piece = SIZE_MAX;         // of the body
  aws::PayloadRule payload = {};        // unsigned
  const aws::Caller* caller = nullptr;  // null: the account's root
  bool presigned = false;
};

class S3Test : public testing::Test {
 protected:
  S3Test();
  ~S3Test() override;

  Answer ask(Ask ask);
  Answer ask(Ask ask, FakeBody& body);
  Answer ask(std::string method, std::string target) { return ask(Ask{std::move(method), std::move(target)}); }
  Answer put(std::string target, std::string body, std::map<std::string, std::string> headers = {});
  void make_bucket(std::string name = "bucket");
  void reopen();  // the service, on the same store and directory

  // A user of `account` with one inline policy; empty: none.
  std::unique_ptr<aws::Caller> user(std::string policy, std::string account = "111122223333");
  std::unique_ptr<aws::Caller> anonymous();

  std::vector<std::filesystem::path> files() const;  // below the directory of blobs, at rest

  // Outlives the store, whose writer may still be on its way out of handing over a result.
  boost::asio::io_context loop_;
  std::filesystem::path directory_;
  ManualClock clock_;
  SeededRandom random_{1};
  aws::Deployment deployment_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<Service> service_;
  std::unique_ptr<aws::Caller> root_;
};

}  // namespace podpass::s3
