#include "webhook/associations.h"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <mutex>
#include <optional>

#include "base/log.h"
#include "base/strings.h"
#include "codec/json.h"
#include "codec/uri.h"
#include "kube/backoff.h"
#include "webhook/name_set.h"

namespace podpass::webhook {

namespace asio = boost::asio;
using codec::Value;

namespace {

constexpr std::size_t kAnswerBytes = 8 * 1024 * 1024;
constexpr int kMaxPages = 100'000;  // of one ask

struct Page {
  struct Change {
    std::string name;
    bool deleted = false;
  };
  std::vector<Change> changes;
  std::string next;
  bool complete = false, reset = false;
};

bool is_set(const Value& value, std::string_view name) {
  const auto* member = value.find(name);
  const auto* flag = member ? member->as<bool>() : nullptr;
  return flag && *flag;
}

Result<Page> read_page(std::string_view text) {
  auto document = TRY(codec::parse_json(text));
  Page page{{}, std::string(document.text("next")), is_set(document, "complete"), is_set(document, "reset")};
  const auto* changes = document.find("changes");
  const auto* list = changes ? changes->as<Value::List>() : nullptr;
  if (list == nullptr || page.next.empty()) return Error::unavailable("its answer is not that of this operation");
  page.changes.reserve(list->size());
  for (const auto& change : *list) {
    page.changes.push_back(
        {full_name(change.text("namespace"), change.text("serviceAccount")), is_set(change, "deleted")});
  }
  return page;
}

// What an answer that is not 200 says.
Error refusal(const http::ClientResponse& response) {
  auto body = codec::parse_json(response.body);
  auto code = std::string(response.header("x-amzn-ErrorType"));
  if (code.empty() && body) code = body->text("code");
  const auto message = body ? std::string(body->text("message")) : std::string();
  return Error::unavailable(fmt::format("{} {}: {}", response.status, printable(code), printable(message)));
}

}  // namespace

struct Associations::State : std::enable_shared_from_this<State> {
  // Those who wait for one ask.
  struct Round {
    explicit Round(const asio::any_io_executor& executor) : over(executor) {}
    asio::steady_timer over;  // expires when patience ends, is cancelled when there is a result
    std::optional<Result<void>> result;
  };

  State(asio::any_io_executor on, Options given, std::unique_ptr<cli::CredentialsProvider> from, const Clock& time,
        Metrics& counted)
      : executor(std::move(on)),
        options(std::move(given)),
        credentials(std::move(from)),
        clock(time),
        metrics(counted),
        wake(executor),
        short_client(executor, options.endpoint, limits(options.call), 2, options.tls),
        long_client(executor, options.endpoint, limits(options.wait + Seconds{10}), 1, options.tls) {}

  static http::ClientLimits limits(std::chrono::milliseconds total) {
    http::ClientLimits limits;
    limits.total = total;
    limits.body_bytes = kAnswerBytes;
    return limits;
  }

  bool has(std::string_view name) const {
    std::lock_guard lock(mutex);
    return known.contains(name);
  }

  asio::awaitable<Result<bool>> ask(std::string name) {
    if (has(name)) co_return true;
    auto round = join();
    boost::system::error_code ignored;
    if (!round->result) co_await round->over.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    if (has(name)) co_return true;
    if (!round->result) co_return Error::unavailable("the Podpass server took too long to answer");
    if (!*round->result) co_return round->result->error();
    if (overflowed) co_return Error::unavailable("there are more associations than can be kept");
    co_return false;
  }

  // The next round, which begins after now.
  std::shared_ptr<Round> join() {
    if (!next || next->over.expiry() <= asio::steady_timer::clock_type::now()) {
      next = std::make_shared<Round>(executor);
      next->over.expires_after(options.patience);
      wake.cancel();
    }
    return next;
  }

  asio::awaitable<void> serve_rounds() {
    boost::system::error_code ignored;
    for (;;) {
      while (!next) {
        wake.expires_after(std::chrono::hours{1});
        co_await wake.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
      }
      auto round = std::exchange(next, nullptr);
      const auto begun = std::chrono::steady_clock::now();
      auto caught_up = co_await catch_up();
      if (caught_up) {
        metrics.count_ask_answered();
      } else {
        metrics.count_ask_failed();
      }
      round->result = std::move(caught_up);
      round->over.cancel();
      const auto until = begun + kAskSpacing - std::chrono::steady_clock::now();
      if (until > until.zero()) co_await kube::pause(std::chrono::ceil<std::chrono::milliseconds>(until));
    }
  }

  // Fetches what changed until now.
  asio::awaitable<Result<void>> catch_up() {
    for (int pages = 0; pages < kMaxPages; ++pages) {
      const auto from = place;
      auto page = co_await call(short_client, from, Seconds{0});
      if (from != place) continue;  // the long call was quicker, or the server does not know this place
      if (!page) co_return std::move(page).error();
      const bool complete = page->complete;
      if (!complete && page->next == from) break;
      apply(std::move(*page));
      if (complete) co_return Result<void>();
    }
    co_return tell(Error::unavailable("its list does not end"));
  }

  asio::awaitable<void> listen() {
    kube::Backoff backoff(options.first_pause, options.longest_pause);
    bool more = true;
    for (;;) {
      if (more) {
        auto round = join();
        boost::system::error_code ignored;
        if (!round->result) co_await round->over.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        more = !round->result || !*round->result;
        if (more) {
          co_await backoff.wait();
          continue;
        }
      }
      const auto from = place;
      const auto begun = std::chrono::steady_clock::now();
      auto page = co_await call(long_client, from, options.wait);
      if (!page) {
        co_await backoff.wait();
        continue;
      }
      backoff.reset();
      if (from != place) continue;  // an ask was quicker and has got this and more
      more = !page->complete;
      const bool empty = page->changes.empty();
      apply(std::move(*page));
      if (empty && std::chrono::steady_clock::now() - begun < kLeastRound) co_await kube::pause(kLeastRound);
    }
  }

  void apply(Page page) {
    if (page.reset || place.empty()) {
      incoming.emplace();
      overflowed = false;
    }
    place = std::move(page.next);
    std::lock_guard lock(mutex);
    auto& names = incoming ? *incoming : known;
    for (auto& change : page.changes) {
      if (change.deleted) {
        names.erase(change.name);
      } else if (names.size() < kMaxAssociations) {
        names.insert(std::move(change.name));
      } else {
        overflowed = true;
      }
    }
    if (incoming && page.complete) {
      known = std::move(*incoming);
      incoming.reset();
      was_complete = true;
      log::info(fmt::format("The Podpass server knows {} associations of cluster {}.", known.size(), options.cluster));
    }
    if (!known.empty()) metrics.set_used();
  }

  asio::awaitable<Result<Page>> call(http::AsyncClient& client, std::string after, Seconds wait) {
    auto signing = co_await credentials->get();
    if (!signing) co_return tell(std::move(signing).error());
    http::ClientRequest request;
    request.target =
        fmt::format("/clusters/{}/pod-identity-association-changes?", codec::percent_encode(options.cluster));
    if (!after.empty()) request.target += fmt::format("after={}&", codec::percent_encode(after));
    request.target += fmt::format("maxWaitSeconds={}", wait.count());
    aws::sign_request(request, options.endpoint.authority(), *signing, options.region, "podpass", clock.now());
    auto response = co_await client.send(std::move(request));
    if (!response) co_return tell(std::move(response).error());
    if (response->status == 400 && !after.empty()) {
      place.clear();  // not one of the server's that answers now: begin anew
    }
    if (response->status == 401 || response->status == 403) credentials->refused(signing->access_key_id);
    if (response->status != 200) co_return tell(refusal(*response));
    auto page = read_page(response->body);
    if (!page) co_return tell(std::move(page).error());
    if (!told.empty()) log::info("The Podpass server answers again.");
    told.clear();
    co_return std::move(*page);
  }

  // Says it in the log, once.
  Error tell(Error error) {
    auto text =
        fmt::format("cannot ask the Podpass server at {} for associations: {}", options.endpoint.url(), error.message);
    if (text != told) log::warn(text);
    told = text;
    return Error::unavailable(std::move(text));
  }

  const asio::any_io_executor executor;
  const Options options;
  const std::unique_ptr<cli::CredentialsProvider> credentials;
  const Clock& clock;
  Metrics& metrics;

  // On the executor's thread only.
  std::string place;                // where the server's changes were read up to; empty: nothing was read
  std::optional<NameSet> incoming;  // the whole list while it is read
  std::shared_ptr<Round> next;
  asio::steady_timer wake;  // of serve_rounds()
  std::string told;
  http::AsyncClient short_client, long_client;

  mutable std::mutex mutex;  // for what is below
  NameSet known;
  std::atomic<bool> was_complete{false}, overflowed{false};
};

Associations::Associations(asio::any_io_executor executor, Options options,
                           std::unique_ptr<cli::CredentialsProvider> credentials, const Clock& clock, Metrics& metrics)
    : state_(std::make_shared<State>(std::move(executor), std::move(options), std::move(credentials), clock, metrics)) {
}

Associations::~Associations() = default;

void Associations::start() {
  const auto serve = [](std::shared_ptr<State> state) -> asio::awaitable<void> { co_await state->serve_rounds(); };
  const auto listen = [](std::shared_ptr<State> state) -> asio::awaitable<void> { co_await state->listen(); };
  asio::co_spawn(state_->executor, serve(state_), asio::detached);
  asio::co_spawn(state_->executor, listen(state_), asio::detached);
}

bool Associations::has(std::string_view namespace_, std::string_view service_account) const {
  return state_->has(full_name(namespace_, service_account));
}

bool Associations::complete() const {
  return state_->was_complete;
}

std::size_t Associations::size() const {
  std::lock_guard lock(state_->mutex);
  return state_->known.size();
}

asio::awaitable<Result<bool>> Associations::ask(std::string namespace_, std::string service_account) {
  auto state = state_;
  auto name = full_name(namespace_, service_account);
  auto asked = state->ask(std::move(name));
  auto result = co_await asio::co_spawn(state->executor, std::move(asked), asio::use_awaitable);
  co_return result;
}

}  // namespace podpass::webhook
