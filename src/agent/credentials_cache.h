// The agent's memory: for each token the answer that it got, until that must not be given any more.
//
// One thread: the agent runs on one event loop, so nothing here locks. Rules, better than the known agent's where its
// users complain:
//   - any number of readers of one token make one exchange (single flight);
//   - an answer is renewed when read after kRetention or with less than kLeastLife left, and is given out meanwhile
//   only if that fails;
//   - when EKS Auth is away, what is cached is given out until it expires (kDeadLife before);
//   - a definite no drops what is cached; every no is remembered for a moment, longer each time in a row (kFirstBackoff
//   to kLastBackoff);
//   - nothing is renewed that nobody reads.
// Limits: Options::max_entries tokens. Tokens without credentials go first, so that a pod which makes tokens up pushes
// nobody else's out; then the least recently read.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "agent/credentials_source.h"
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
      evicted{0}, entries{0};
};

class CredentialsCache {
 public:
  struct Options {
    std::size_t max_entries = 2'000;  // 0: nothing is remembered
    Seconds retention{3 * 3'600};
    Seconds least_life{20 * 60};
    Seconds dead_life{15};
    Milliseconds first_backoff{500};
    Milliseconds last_backoff{5'000};
  };

  CredentialsCache(Options options, CredentialsSource& source, const Clock& clock)
      : options_(options), source_(source), clock_(clock) {}

  // The answer for a token that could be cached already, without suspending; null if an exchange is due.
  std::shared_ptr<const Answer> find(std::string_view token);
  // The answer, exchanging if need be.
  boost::asio::awaitable<std::shared_ptr<const Answer>> get(std::string_view token);

  const CacheFigures& figures() const { return figures_; }
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry;
  using EntryPtr = std::shared_ptr<Entry>;

  // What is known of one token.
  struct Entry {
    std::string token;
    std::shared_ptr<const Answer> answer;   // good credentials
    std::optional<Time> expires, renew_at;  // of `answer`
    std::optional<Time> token_expires;
    std::shared_ptr<const Answer> refusal;  // the last no
    Time refused_until{};
    Milliseconds backoff{0};
    std::shared_ptr<boost::asio::steady_timer> flight;  // cancelled when the running exchange ends
    std::list<EntryPtr>* list = nullptr;                // the one that it stands in
    std::list<EntryPtr>::iterator place;
  };

  EntryPtr entry_for(std::string_view token);
  boost::asio::awaitable<void> exchange(EntryPtr entry);
  void take(Entry& entry, ExchangeResult result, Time started);
  void move_to_front(Entry& entry);
  bool evict_from(std::list<EntryPtr>& list);
  std::shared_ptr<const Answer> answer_of(const Entry& entry) const;
  void drop(const EntryPtr& entry);

  Options options_;
  CredentialsSource& source_;
  const Clock& clock_;
  std::list<EntryPtr> answered_, unanswered_;               // with credentials or without; most recently read first
  std::unordered_map<std::string_view, EntryPtr> entries_;  // by the entry's own token
  CacheFigures figures_;
};

// The bodies of answers, as the known agent writes them.
std::string render(const PodCredentials& credentials);
std::string render(const ExchangeFailure& failure);

}  // namespace podpass::agent
