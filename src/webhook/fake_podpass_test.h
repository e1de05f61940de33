// For tests: the operation WatchPodIdentityAssociations as docs/webhook.md tells it, over HTTP, of one cluster.
#pragma once

#include <fmt/format.h>

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/strings.h"
#include "cli/node_credentials.h"
#include "codec/json.h"
#include "codec/uri.h"
#include "http/server.h"

namespace podpass::webhook {

class FakePodpass {
 public:
  enum class Mode { answers, refuses, breaks, hastens, stands_still };

  FakePodpass() : server_({2, {}, "fake", nullptr}, [this](auto& request, auto&) { return serve(request); }) {
    port_ = server_.listen("127.0.0.1", 0).value();
    server_.start();
  }
  ~FakePodpass() {
    end_all_waits();
    server_.stop();
  }

  http::Endpoint endpoint() const { return http::parse_endpoint(fmt::format("http://127.0.0.1:{}", port_)).value(); }
  static std::unique_ptr<cli::CredentialsProvider> credentials() {
    return cli::static_credentials({"AKIAEXAMPLE", Secret("secret"), ""}, "a test");
  }

  void put(const std::string& namespace_, const std::string& service_account) {
    change(namespace_, service_account, false);
  }
  void remove(const std::string& namespace_, const std::string& service_account) {
    change(namespace_, service_account, true);
  }
  // As after a restart: places of before are not known any more.
  void restart() {
    std::lock_guard lock(mutex_);
    ++epoch_;
    changes_.clear();
    wake();
  }
  void set_mode(Mode mode) {
    std::lock_guard lock(mutex_);
    mode_ = mode;
    wake();
  }
  void set_page(std::size_t size) { page_ = size; }
  void keep_long_calls_asleep() { asleep_ = true; }  // so that only asks tell what is new
  // The next short call takes its answer, and gives it only after release().
  void hold_next() {
    std::lock_guard lock(mutex_);
    hold_ = true;
  }
  bool holding() {
    std::lock_guard lock(mutex_);
    return held_ != nullptr;
  }
  void release() {
    std::lock_guard lock(mutex_);
    auto timer = std::exchange(held_, nullptr);
    boost::asio::post(timer->get_executor(), [timer] { timer->cancel(); });
  }

  int short_calls() {
    std::lock_guard lock(mutex_);
    return short_calls_;
  }
  int long_calls() {
    std::lock_guard lock(mutex_);
    return long_calls_;
  }
  std::string last_authorization() {
    std::lock_guard lock(mutex_);
    return authorization_;
  }

 private:
  using Timer = std::shared_ptr<boost::asio::steady_timer>;
  struct Change {
    std::string namespace_, service_account;
    bool deleted;
  };

  void change(const std::string& namespace_, const std::string& service_account, bool deleted) {
    std::lock_guard lock(mutex_);
    changes_.push_back({namespace_, service_account, deleted});
    all_[namespace_ + "/" + service_account] = {namespace_, service_account, deleted};
    wake();
  }
  void wake() {
    if (asleep_) return;
    for (auto& timer : waiting_) boost::asio::post(timer->get_executor(), [timer] { timer->cancel(); });
    waiting_.clear();
  }
  void end_all_waits() {
    std::lock_guard lock(mutex_);
    asleep_ = false;
    wake();
    ending_ = true;
  }

  static boost::asio::awaitable<void> wait(Timer timer) {
    boost::system::error_code ignored;
    co_await timer->async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
  }

  boost::asio::awaitable<http::Response> serve(http::Request& request) {
    auto executor = co_await boost::asio::this_coro::executor;
    auto query = codec::parse_query_string(request.query).value();
    const auto* after = codec::find_query(query, "after");
    const std::string from = after ? *after : "";
    const bool is_long = *codec::find_query(query, "maxWaitSeconds") != "0";
    EXPECT_EQ(request.path, "/clusters/my-cluster/pod-identity-association-changes");
    Timer timer, held;
    {
      std::lock_guard lock(mutex_);
      ++(is_long ? long_calls_ : short_calls_);
      authorization_ = request.header("Authorization");
      if (is_long && !ending_ && mode_ == Mode::answers && read(from).nothing) {
        timer = std::make_shared<boost::asio::steady_timer>(executor, std::chrono::seconds(25));
        waiting_.push_back(timer);
      }
    }
    if (timer) co_await wait(timer);
    http::Response response;
    {
      std::lock_guard lock(mutex_);
      response = answer(from);
      if (!is_long && std::exchange(hold_, false)) {
        held = std::make_shared<boost::asio::steady_timer>(executor, std::chrono::seconds(25));
        held_ = held;
      }
    }
    if (held) co_await wait(held);
    co_return response;
  }

  struct Read {
    std::string body;
    bool nothing = false, unknown = false;
  };

  // A place is epoch:changes seen[:listed so far].
  Read read(const std::string& from) {
    std::size_t seen = 0, listed = 0;
    bool list = true, reset = true;
    if (!from.empty()) {
      auto parts = split(from, ':');
      if (parts.size() < 2) return {{}, false, true};
      if (parts[0] == std::to_string(epoch_)) {
        reset = false;
        seen = static_cast<std::size_t>(parse_integer(parts[1]).value());
        list = parts.size() == 3;
        if (list) listed = static_cast<std::size_t>(parse_integer(parts[2]).value());
      }
    }
    std::vector<Change> page;
    std::string next;
    bool complete = true;
    if (list) {
      if (reset) seen = changes_.size();
      std::size_t at = 0;
      for (const auto& [name, change] : all_) {
        if (change.deleted || at++ < listed) continue;
        if (page.size() == page_) {
          complete = false;
          break;
        }
        page.push_back(change);
      }
      next = fmt::format("{}:{}", epoch_, seen);
      if (!complete) next += fmt::format(":{}", listed + page.size());
    } else {
      for (; seen < changes_.size() && page.size() < page_; ++seen) page.push_back(changes_[seen]);
      complete = seen == changes_.size();
      next = fmt::format("{}:{}", epoch_, seen);
    }
    codec::Value::List changes;
    for (const auto& each : page) {
      changes.push_back(codec::Value::map({{"namespace", each.namespace_},
                                           {"serviceAccount", each.service_account},
                                           {"associationId", "a-1"},
                                           {"deleted", each.deleted},
                                           {"revision", 1}}));
    }
    const bool nothing = changes.empty() && complete && !reset;
    return {
        codec::write_json(codec::Value::map(
            {{"changes", codec::Value(std::move(changes))}, {"next", next}, {"complete", complete}, {"reset", reset}})),
        nothing, false};
  }

  http::Response answer(const std::string& from) {
    http::Response response;
    response.headers.emplace_back("Content-Type", "application/json");
    auto read_now = read(from);
    if (mode_ == Mode::refuses || read_now.unknown) {
      response.status = read_now.unknown ? 400 : 403;
      response.headers.emplace_back("x-amzn-ErrorType",
                                    read_now.unknown ? "InvalidParameterException" : "AccessDenied");
      response.body = R"({"message":"User x is not authorized"})";
    } else if (mode_ == Mode::breaks) {
      response.body = R"({"changes":{}})";
    } else if (mode_ == Mode::stands_still) {
      response.body = fmt::format(R"({{"changes":[],"next":"{}","complete":false}})", from);
    } else {
      response.body = std::move(read_now.body);
    }
    return response;
  }

  std::mutex mutex_;
  Mode mode_ = Mode::answers;
  std::size_t page_ = 1'000;
  bool asleep_ = false, ending_ = false, hold_ = false;
  int epoch_ = 1, short_calls_ = 0, long_calls_ = 0;
  std::string authorization_;
  std::vector<Change> changes_;
  std::map<std::string, Change> all_;
  std::vector<Timer> waiting_;
  Timer held_;
  std::uint16_t port_ = 0;
  http::Server server_;
};

}  // namespace podpass::webhook
