// The agent's memory: for each token the answer that it got, until that must not be given any more.
//
// One thread: the agent runs on one event loop, so nothing here locks. Rules, better than the known agent's where its
// users complain:
//   - any number of readers of one token make one exchange (single flight);
//   - an answer is renewed when read after kRetention or with less than kLeastLife left. A reader waits for that, but
//   no longer than `patience`, and not at all after a failure: then it gets what there is, until dead_life before it
//   expires;
//   - once in its life an answer is renewed ahead of time, whether it is read or not, because the pod that has it will
//   come back before it expires and EKS Auth may be away just then. What nobody has read since is not renewed again:
//   the pods are gone. When: spread over a part of the life, by the token;
//   - what is told of an association (association_changed) drops the answers of its tokens, a refusal too. Without
//   being told (recheck_after, distrust), answers from before are asked for again when they are read;
//   - a definite no drops what is cached; every no is remembered for a moment, longer each time in a row (first_backoff
//   to last_backoff);
//   - calls keep to a budget (call_budget.h); who has nothing comes before renewals, and clients take turns. While EKS
//   Auth does not answer, one renewal at a time tries whether it does again.
// A clock that is set back makes no pause longer than it may be, and no answer younger.
// Limits: Options::max_entries tokens. Tokens without credentials go first, so that a pod which makes tokens up pushes
// nobody else's out; then the least recently read. kMaxFlights calls at a time; who waits: see FairQueue, more are 429.
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "agent/call_budget.h"
#include "agent/credentials_source.h"
#include "agent/jwt_claims.h"
#include "base/clock.h"

namespace podpass::agent {

// What is sent to the pod.
struct Answer {
  int status = 200;
  std::string body;
  std::string code;  // of EKS Auth's error; empty on success
};

// Counted on the agent's thread, read from any.
struct CacheFigures {
  std::atomic<std::uint64_t> hits{0}, misses{0}, renewals{0}, failed_renewals{0}, negative_hits{0}, shared_flights{0},
      evicted{0}, dropped{0}, throttled{0};
  std::atomic<std::uint64_t> entries{0}, waiting{0}, running{0};  // now
  std::atomic<std::int64_t> oldest_seconds{0};  // when the oldest credentials that are kept were got; 0: there are none
};

class CredentialsCache {
 public:
  static constexpr std::size_t kMaxFlights = 256;

  struct Options {
    std::size_t max_entries = 2'000;  // 0: nothing is remembered
    Seconds retention{3 * 3'600};
    Seconds least_life{20 * 60};
    Seconds dead_life{15};
    Milliseconds first_backoff{500};
    Milliseconds last_backoff{5'000};
    Milliseconds patience{700};   // less than the shortest timeout of an SDK
    double calls_per_second = 0;  // to EKS Auth; 0: no limit
  };
  // Told of each exchange that has ended, what EKS Auth said about which token. The claims are verified only if EKS
  // Auth's answer says so.
  using OnOutcome = std::function<void(const TokenClaims& claims, const ExchangeResult& result)>;

  CredentialsCache(Options options, CredentialsSource& source, const Clock& clock, OnOutcome on_outcome = {});

  // The answer for a token that could be cached already, without suspending; null if an exchange is due.
  std::shared_ptr<const Answer> find(std::string_view token);
  // The answer, exchanging if need be. `client` is who asks, for fairness.
  boost::asio::awaitable<std::shared_ptr<const Answer>> get(std::string_view token, std::string_view client);

  void association_changed(std::string_view namespace_, std::string_view service_account);
  void distrust();                       // anything may have changed until now
  void recheck_after(Milliseconds age);  // answers older than that are asked for again when read; 0: never
  void run_due();                        // starts what is due; a timer calls it

  const CacheFigures& figures() const { return figures_; }
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry;
  using EntryPtr = std::shared_ptr<Entry>;
  enum class Flight : unsigned char { none, waiting, running };

  // What is known of one token.
  struct Entry {
    std::string token;
    TokenClaims claims;
    std::shared_ptr<const Answer> answer;   // good credentials
    Time asked{}, expires{}, renew_at{};    // of `answer`
    std::uint64_t era = 0;                  // in which it was asked for; 0: it is not trusted
    Time given_until{};                     // a pod has credentials until then
    std::optional<Time> due;                // its place in due_
    std::shared_ptr<const Answer> refusal;  // the last no
    Time refused_until{};
    Milliseconds backoff{0};
    Flight flight = Flight::none;
    bool changed = false;                             // its association, while the exchange ran
    std::vector<boost::asio::steady_timer*> readers;  // cancelled when the exchange ends
    std::list<EntryPtr>* list = nullptr;              // the one that it stands in
    std::list<EntryPtr>::iterator place;
  };

  EntryPtr entry_for(std::string_view token, TokenClaims claims);
  bool is_good(const Entry& entry) const;  // has credentials that may be given out
  std::shared_ptr<const Answer> answer_of(Entry& entry) const;
  boost::asio::awaitable<void> ended(EntryPtr entry, Milliseconds patience);
  void move_to_front(Entry& entry);
  bool evict_from(std::list<EntryPtr>& list);
  void drop(const EntryPtr& entry);

  void pump();
  bool start_first(Time now);
  bool start_renewal(Time now);
  bool is_wanted(const Entry& entry, Time now) const;
  void start(EntryPtr entry);
  boost::asio::awaitable<void> exchange(EntryPtr entry);
  void take(Entry& entry, ExchangeResult result, Time started, std::uint64_t era);
  void take_failure(Entry& entry, const ExchangeFailure& failure);
  void note_whether_away(const ExchangeResult& result);
  void schedule(Entry& entry, Time when);
  void unschedule(Entry& entry);
  void arm();
  void look_for_oldest(Time now);

  Options options_;
  CredentialsSource& source_;
  const Clock& clock_;
  OnOutcome on_outcome_;
  CallBudget budget_;
  FairQueue<EntryPtr> queue_;                               // who has nothing yet
  std::list<EntryPtr> answered_, unanswered_;               // with credentials or without; most recently read first
  std::unordered_map<std::string_view, EntryPtr> entries_;  // by the entry's own token
  std::unordered_map<std::string, std::vector<Entry*>> by_subject_;
  std::set<std::pair<Time, Entry*>> due_;  // renewals, and entries to look at
  std::uint64_t era_ = 1;                  // answers of earlier ones are not trusted
  Milliseconds recheck_{0};
  bool away_ = false;  // EKS Auth gave no answer last
  Time held_until_{};  // no renewal before
  Milliseconds hold_{0};
  std::size_t running_ = 0, running_renewals_ = 0;
  unsigned turn_ = 0;
  bool pumping_ = false;
  std::optional<boost::asio::any_io_executor> executor_;  // the loop's, known with the first reader
  std::optional<boost::asio::steady_timer> timer_;
  std::optional<boost::asio::steady_timer::time_point> armed_;
  Time looked_{};
  CacheFigures figures_;
};

// The bodies of answers, as the known agent writes them.
std::string render(const PodCredentials& credentials);
std::string render(const ExchangeFailure& failure);

}  // namespace podpass::agent
