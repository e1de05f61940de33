#include "kube/cluster_access.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "base/log.h"
#include "base/strings.h"
#include "codec/json.h"
#include "codec/uri.h"
#include "crypto/jwt.h"

namespace podpass::kube {

namespace asio = boost::asio;
using codec::Value;

namespace {

constexpr std::size_t kMaxAnswerBytes = 512;  // of an API server's words
constexpr std::size_t kListPage = 500;
constexpr int kMostPages = 2 * ClusterAccess::kMaxListed / kListPage;  // a page need not be full

struct DigestHash {
  std::size_t operator()(const crypto::Sha256Digest& digest) const {
    return std::hash<std::string_view>()(digest.view());
  }
};

Error unavailable(const Error& cause) {
  return Error::unavailable(cause.message, cause.cause);
}

void call_all(const std::vector<ClusterAccess::Done>& waiting) {
  for (const auto& done : waiting) done();
}

// What the API server says of the token. An answer without our audience is one of a server that knows no audiences:
// such a token is good for the API server only.
Result<void> judge(const Value& answer, const ClusterAccess::Question& question) {
  const auto rejected = [](std::string message) {
    return Error{ErrorKind::unauthenticated, "InvalidTokenException", 400, std::move(message), {}, {}};
  };
  const auto* status = answer.find("status");
  if (!status) return Error::unavailable("the API server's answer is no TokenReview");
  const auto* authenticated = status->find("authenticated");
  const auto* yes = authenticated ? authenticated->as<bool>() : nullptr;
  if (!yes || !*yes) {
    const auto said = status->text("error");
    return rejected(concat({"The cluster refuses the service account token; its pod or service account may have been ",
                            "deleted", said.empty() ? "." : ": ", said.substr(0, kMaxAnswerBytes)}));
  }
  const auto* listed = status->find("audiences");
  const auto* audiences = listed ? listed->as<Value::List>() : nullptr;
  const bool ours = audiences && std::ranges::any_of(*audiences, [&](const Value& each) {
                      return each.as_text() && *each.as_text() == question.audience;
                    });
  if (!ours) return rejected("The cluster does not accept the service account token for " + question.audience + ".");
  const auto* user = status->find("user");
  if (!user || user->text("username") != question.user) {
    return rejected("The cluster says that the service account token is of somebody else.");
  }
  return {};
}

// An API server remembers for ten seconds that a token was good, by token and audiences. One more audience, which
// nobody has and which is another one each time, makes it look again: a pod may have been deleted meanwhile.
Value review_of(std::string_view token, std::string_view audience, Random& random) {
  return Value::map(
      {{"apiVersion", "authentication.k8s.io/v1"},
       {"kind", "TokenReview"},
       {"spec", Value::map({{"token", token}, {"audiences", Value::list({audience, "podpass-" + random.uuid()})}})}});
}

// A page of a list of service accounts; returns what to go on with, empty: nothing.
Result<std::string> take_page(const Value& page, ClusterAccess::ServiceAccounts& listed) {
  const auto* items = page.find("items");
  const auto* list = items ? items->as<Value::List>() : nullptr;
  if (!list) return Error::unavailable("what it gave is no list of service accounts");
  for (const auto& item : *list) {
    const auto* metadata = item.find("metadata");
    if (!metadata || metadata->text("name").empty()) continue;
    if (listed.names.size() == ClusterAccess::kMaxListed) {
      listed.complete = false;
      return std::string();
    }
    listed.names.emplace_back(metadata->text("namespace"), metadata->text("name"));
  }
  const auto* metadata = page.find("metadata");
  return std::string(metadata ? metadata->text("continue") : std::string_view());
}

}  // namespace

Result<Value> as_json(Result<Value> answer) {
  if (!answer || !answer->as_text()) return answer;
  return codec::parse_json(*answer->as_text());
}

crypto::Sha256Digest ClusterAccess::Question::hash() const {
  crypto::Sha256 hash;
  for (std::string_view part : {std::string_view(name), std::string_view(id), std::string_view(user),
                                std::string_view(audience), std::string_view(token)}) {
    hash.update(std::to_string(part.size()) + ':');
    hash.update(part);
  }
  return hash.finish();
}

struct ClusterAccess::State {
  // What is known of one cluster.
  struct Access {
    std::string id;
    std::shared_ptr<ApiClient> client;
    bool reading = false;
    std::vector<Done> waiting;  // for the keys
    std::optional<Time> attempted;
    KeysStatus status;
    std::chrono::steady_clock::time_point due;
  };
  struct Reviewed {
    Result<void> outcome;
    Time until;
  };
  struct Listed {
    std::string name;
    Result<ServiceAccounts> outcome;
    Time until;
  };
  // A cluster and its client as a call uses them: they may be replaced meanwhile.
  struct Reached {
    Cluster cluster;
    std::shared_ptr<ApiClient> client;
  };

  State(Records records_, const Clock& clock_, Random& random_, Options options_)
      : records(std::move(records_)), clock(clock_), random(random_), options(options_) {}

  // Not at once, even on our own thread: whoever spawns may hold the mutex.
  void spawn(asio::awaitable<void> task) {
    asio::post(io, [this, task = std::move(task)]() mutable { asio::co_spawn(io, std::move(task), asio::detached); });
  }
  std::chrono::steady_clock::time_point after(Milliseconds pause);
  Result<Reached> reach(const std::string& name);
  asio::awaitable<void> sweep();
  void read_due();
  asio::awaitable<void> read_keys(std::string name);
  asio::awaitable<Result<void>> fetch_keys(std::string name);
  void end_reading(const std::string& name, Result<void> outcome);
  const Reviewed* verdict(const crypto::Sha256Digest& hash) const;
  asio::awaitable<void> review(Question question, crypto::Sha256Digest hash);
  void end_review(const std::string& name, const crypto::Sha256Digest& hash, Result<void> outcome);
  const Listed* listing(const std::string& name) const;
  asio::awaitable<void> list(std::string name);
  asio::awaitable<Result<ServiceAccounts>> fetch_list(std::string name);
  asio::awaitable<void> probe(std::string name, std::string key);
  void run();

  const Records records;
  const Clock& clock;
  Random& random;
  const Options options;

  asio::io_context io{1};  // above what lives on it
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};

  mutable std::mutex mutex;
  std::map<std::string, Access> clusters;
  std::size_t waiting = 0;
  std::unordered_map<crypto::Sha256Digest, Reviewed, DigestHash> reviewed;
  std::deque<crypto::Sha256Digest> review_order;  // oldest first
  std::unordered_map<crypto::Sha256Digest, std::vector<Done>, DigestHash> reviewing;
  std::map<std::string, std::size_t> reviews_of;  // of those, how many by cluster
  std::deque<Listed> lists;                       // oldest first
  std::map<std::string, std::vector<Done>> listings;
  std::deque<std::pair<std::string, Probe>> probes;
  std::map<std::string, Done> probing;
  bool stopping = false;
  int saving = 0;  // the store calls back for these: they must have ended before `io` goes
  std::condition_variable saved;
  std::thread thread;
};

// Give or take a tenth, so that clusters and replicas don't ask all at once.
std::chrono::steady_clock::time_point ClusterAccess::State::after(Milliseconds pause) {
  const auto tenth = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(pause.count()) / 10);
  const auto jitter = static_cast<std::int64_t>(random.number() % (2 * tenth)) - static_cast<std::int64_t>(tenth);
  return std::chrono::steady_clock::now() + pause + Milliseconds{jitter};
}

// On our thread.
Result<ClusterAccess::State::Reached> ClusterAccess::State::reach(const std::string& name) {
  auto cluster = TRY(records.find(name));
  std::lock_guard lock(mutex);
  auto& access = clusters[name];
  if (!access.client || access.id != cluster.id) {
    access.client = std::make_shared<ApiClient>(io.get_executor(), cluster.server, options.limits);
    access.id = cluster.id;
  }
  auto client = access.client;
  return Reached{std::move(cluster), std::move(client)};
}

asio::awaitable<void> ClusterAccess::State::sweep() {
  asio::steady_timer timer(io);
  while (true) {
    read_due();
    timer.expires_after(options.sweep);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

void ClusterAccess::State::read_due() {
  const auto names = records.names();
  const auto now = std::chrono::steady_clock::now();
  std::lock_guard lock(mutex);
  for (const auto& name : names) {
    auto& access = clusters[name];
    if (access.reading || access.due > now) continue;
    access.reading = true;
    spawn(read_keys(name));
  }
  std::erase_if(clusters, [&](const auto& each) {
    return !each.second.reading && std::ranges::find(names, each.first) == names.end();
  });
}

asio::awaitable<void> ClusterAccess::State::read_keys(std::string name) {
  auto fetching = fetch_keys(name);
  auto outcome = co_await std::move(fetching);
  end_reading(name, std::move(outcome));
}

asio::awaitable<Result<void>> ClusterAccess::State::fetch_keys(std::string name) {
  auto reached = reach(name);
  if (!reached) co_return std::move(reached).error();
  auto path = reached->cluster.jwks_path;
  auto calling = reached->client->call("GET", std::move(path));
  auto jwks = as_json(co_await std::move(calling));
  if (!jwks) co_return std::move(jwks).error();
  if (auto keys = crypto::KeySet::from_jwks(*jwks); !keys) {
    co_return Error::unavailable("what it gave is no usable key set: " + keys.error().message);
  }
  {
    std::lock_guard lock(mutex);
    if (stopping) co_return Error::unavailable("the server is stopping");
    ++saving;
  }
  auto storing = records.save_keys(name, reached->cluster.id, *std::move(jwks));
  auto stored = co_await std::move(storing);
  std::lock_guard lock(mutex);
  if (--saving == 0) saved.notify_all();
  co_return stored;
}

void ClusterAccess::State::end_reading(const std::string& name, Result<void> outcome) {
  std::vector<Done> ended;
  {
    std::lock_guard lock(mutex);
    auto& access = clusters[name];
    access.reading = false;
    const auto now = clock.now();
    access.attempted = now;
    const bool news = outcome ? !access.status.failure.empty() : access.status.failure.empty();
    if (outcome) {
      access.status.read = now;
      access.status.failure.clear();
    } else {
      access.status.failed = now;
      access.status.failure = outcome.error().message;
    }
    access.due = after(outcome ? options.refresh : options.retry);
    ended.swap(access.waiting);
    waiting -= ended.size();
    if (news && !outcome) {
      const auto& error = outcome.error();
      const auto& why = error.cause.empty() ? error.message : error.cause;
      log::warn(fmt::format("The keys of cluster {} could not be read: {}", name, printable(why)));
    }
  }
  call_all(ended);
}

// Under the mutex. Null if there is none that still holds. One that would hold for longer than any is of a time before
// the clock was set back.
const ClusterAccess::State::Reviewed* ClusterAccess::State::verdict(const crypto::Sha256Digest& hash) const {
  const auto found = reviewed.find(hash);
  if (found == reviewed.end()) return nullptr;
  const auto left = found->second.until - clock.now();
  return left > Milliseconds{0} && left <= options.reviewed ? &found->second : nullptr;
}

asio::awaitable<void> ClusterAccess::State::review(Question question, crypto::Sha256Digest hash) {
  Result<void> outcome;
  auto reached = reach(question.name);
  if (!reached) {
    outcome = unavailable(reached.error());
  } else if (reached->cluster.id != question.id) {
    outcome = Error::unavailable("its registration has just changed");
  } else {
    auto calling = reached->client->call("POST", std::string(kTokenReviewPath),
                                         review_of(question.token, question.audience, random));
    auto answer = co_await std::move(calling);
    if (answer) {
      outcome = judge(*answer, question);
    } else {
      outcome = unavailable(answer.error());
    }
  }
  end_review(question.name, hash, std::move(outcome));
}

void ClusterAccess::State::end_review(const std::string& name, const crypto::Sha256Digest& hash, Result<void> outcome) {
  std::vector<Done> ended;
  {
    std::lock_guard lock(mutex);
    auto& kept = reviewed[hash];
    if (kept.until == Time{}) review_order.push_back(hash);
    kept = {std::move(outcome), clock.now() + options.reviewed};
    while (review_order.size() > kReviewsKept) {
      reviewed.erase(review_order.front());
      review_order.pop_front();
    }
    auto under_way = reviewing.extract(hash);
    if (under_way) ended.swap(under_way.mapped());
    if (under_way && --reviews_of[name] == 0) reviews_of.erase(name);
    waiting -= ended.size();
  }
  call_all(ended);
}

// Under the mutex. Null if there is none that still holds.
const ClusterAccess::State::Listed* ClusterAccess::State::listing(const std::string& name) const {
  const auto found = std::ranges::find(lists, name, &Listed::name);
  return found == lists.end() || found->until <= clock.now() ? nullptr : &*found;
}

asio::awaitable<Result<ClusterAccess::ServiceAccounts>> ClusterAccess::State::fetch_list(std::string name) {
  auto reached = reach(name);
  if (!reached) co_return std::move(reached).error();
  ServiceAccounts listed;
  std::string next;
  for (int pages = 0; pages < kMostPages; ++pages) {
    auto path = fmt::format("{}?limit={}", kServiceAccountsPath, kListPage);
    if (!next.empty()) path += "&continue=" + codec::percent_encode(next);
    auto calling = reached->client->call("GET", std::move(path));
    auto page = co_await std::move(calling);
    if (!page) co_return std::move(page).error();
    auto taken = take_page(*page, listed);
    if (!taken) co_return std::move(taken).error();
    next = *std::move(taken);
    if (next.empty()) co_return listed;
  }
  listed.complete = false;
  co_return listed;
}

asio::awaitable<void> ClusterAccess::State::list(std::string name) {
  auto fetching = fetch_list(name);
  auto outcome = co_await std::move(fetching);
  std::vector<Done> ended;
  {
    std::lock_guard lock(mutex);
    std::erase_if(lists, [&](const Listed& each) { return each.name == name; });
    if (lists.size() == kListsKept) lists.pop_front();
    lists.push_back({name, std::move(outcome), clock.now() + options.listed});
    auto under_way = listings.extract(name);
    if (under_way) ended.swap(under_way.mapped());
    waiting -= ended.size();
  }
  call_all(ended);
}

asio::awaitable<void> ClusterAccess::State::probe(std::string name, std::string key) {
  Error nothing = Error::unavailable("it was not asked");
  Probe probe{nothing, nothing, nothing};
  auto reached = reach(name);
  if (!reached) {
    probe = {reached.error(), reached.error(), reached.error()};
  } else {
    auto& client = *reached->client;
    auto path = reached->cluster.jwks_path;
    if (!reached->cluster.only_keys) {
      auto discovery = client.call("GET", std::string(kDiscoveryPath));
      probe.discovery = as_json(co_await std::move(discovery));
      auto review = client.call("POST", std::string(kTokenReviewPath), review_of("not-a-token", "none", random));
      auto reviewed_nothing = co_await std::move(review);
      probe.review = reviewed_nothing ? Result<void>() : Result<void>(std::move(reviewed_nothing).error());
    }
    auto jwks = client.call("GET", std::move(path));
    probe.jwks = as_json(co_await std::move(jwks));
  }
  Done done;
  {
    std::lock_guard lock(mutex);
    done = std::move(probing.extract(key).mapped());
    if (probes.size() == kProbesKept) probes.pop_front();
    probes.emplace_back(std::move(key), std::move(probe));
  }
  done();
}

void ClusterAccess::State::run() {
  while (true) {
    try {
      io.run();
      return;
    } catch (const std::exception& error) {
      log::error(fmt::format("cluster access: {}", error.what()));
    }
  }
}

ClusterAccess::ClusterAccess(Records records, const Clock& clock, Random& random, Options options)
    : state_(std::make_shared<State>(std::move(records), clock, random, options)) {
  state_->thread = std::thread([state = state_.get()] { state->run(); });
}

ClusterAccess::~ClusterAccess() {
  stop();
}

void ClusterAccess::start() {
  state_->spawn(state_->sweep());
}

void ClusterAccess::stop() {
  auto& state = *state_;
  {
    std::unique_lock lock(state.mutex);
    if (std::exchange(state.stopping, true)) return;
    state.saved.wait(lock, [&] { return state.saving == 0; });
  }
  state.io.stop();
  state.thread.join();
  std::vector<Done> ended;
  for (auto& [name, access] : state.clusters) {
    std::ranges::move(access.waiting, std::back_inserter(ended));
    access.waiting.clear();
  }
  for (auto& [hash, waiting] : state.reviewing) std::ranges::move(waiting, std::back_inserter(ended));
  state.reviewing.clear();
  for (auto& [name, waiting] : state.listings) std::ranges::move(waiting, std::back_inserter(ended));
  state.listings.clear();
  for (auto& [key, done] : state.probing) ended.push_back(std::move(done));
  state.probing.clear();
  call_all(ended);
}

void ClusterAccess::read_keys(const std::string& name, Done done) {
  auto& state = *state_;
  {
    std::lock_guard lock(state.mutex);
    const auto now = state.clock.now();
    auto& access = state.clusters[name];
    const bool rests = access.attempted && std::chrono::abs(now - *access.attempted) < state.options.pause;
    if (!state.stopping && state.waiting < kMaxWaiting && (access.reading || !rests)) {
      access.waiting.push_back(std::move(done));
      ++state.waiting;
      if (!std::exchange(access.reading, true)) state.spawn(state.read_keys(name));
      return;
    }
  }
  done();
}

ClusterAccess::KeysStatus ClusterAccess::keys_status(const std::string& name) const {
  std::lock_guard lock(state_->mutex);
  const auto found = state_->clusters.find(name);
  return found == state_->clusters.end() ? KeysStatus{} : found->second.status;
}

std::optional<Result<void>> ClusterAccess::reviewed(const crypto::Sha256Digest& question) const {
  const auto& state = *state_;
  std::lock_guard lock(state.mutex);
  if (state.stopping) return Error::unavailable("the server is stopping");
  const auto* verdict = state.verdict(question);
  if (!verdict) return std::nullopt;
  return verdict->outcome;
}

void ClusterAccess::review(Question question, Done done) {
  auto& state = *state_;
  const auto hash = question.hash();
  {
    std::unique_lock lock(state.mutex);
    auto under_way = state.reviewing.find(hash);
    // Another one's review of the token may have ended since the caller looked.
    if (state.stopping || state.waiting >= kMaxWaiting || state.verdict(hash)) {
      lock.unlock();
      return done();
    }
    const auto of_cluster = state.reviews_of.find(question.name);
    const bool full = state.reviewing.size() >= kMaxReviews ||
                      (of_cluster != state.reviews_of.end() && of_cluster->second >= kMaxReviewsOfOne);
    if (under_way == state.reviewing.end() && full) {
      lock.unlock();
      state.end_review(question.name, hash, Error::unavailable("too many tokens are being reviewed"));
      return done();
    }
    ++state.waiting;
    if (under_way != state.reviewing.end()) {
      under_way->second.push_back(std::move(done));
      return;
    }
    state.reviewing[hash].push_back(std::move(done));
    ++state.reviews_of[question.name];
  }
  state.spawn(state.review(std::move(question), hash));
}

std::optional<Result<ClusterAccess::ServiceAccounts>> ClusterAccess::service_accounts(const std::string& name) const {
  const auto& state = *state_;
  std::lock_guard lock(state.mutex);
  if (state.stopping) return Error::unavailable("the server is stopping");
  const auto* listed = state.listing(name);
  if (!listed) return std::nullopt;
  return listed->outcome;
}

void ClusterAccess::list_service_accounts(const std::string& name, Done done) {
  auto& state = *state_;
  {
    std::lock_guard lock(state.mutex);
    if (!state.stopping && state.waiting < kMaxWaiting && !state.listing(name)) {
      ++state.waiting;
      auto& waiting = state.listings[name];
      waiting.push_back(std::move(done));
      if (waiting.size() == 1) state.spawn(state.list(name));
      return;
    }
  }
  done();
}

void ClusterAccess::probe(const std::string& name, const std::string& key, Done done) {
  {
    std::lock_guard lock(state_->mutex);
    auto& probing = state_->probing;
    if (!state_->stopping && probing.size() < kProbesKept && probing.try_emplace(key, done).second) {
      state_->spawn(state_->probe(name, key));
      return;
    }
  }
  done();
}

std::optional<ClusterAccess::Probe> ClusterAccess::take_probe(const std::string& key) {
  auto& state = *state_;
  std::lock_guard lock(state.mutex);
  const auto found =
      std::ranges::find(state.probes, key, [](const auto& each) -> const std::string& { return each.first; });
  if (found == state.probes.end()) return std::nullopt;
  auto probe = std::move(found->second);
  state.probes.erase(found);
  return probe;
}

}  // namespace podpass::kube
