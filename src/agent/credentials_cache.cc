#include "agent/credentials_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/log.h"
#include "base/strings.h"
#include "codec/json.h"

namespace podpass::agent {

namespace asio = boost::asio;

namespace {

constexpr int kRounds = 3;                   // exchanges in a row if the association changes while they run
constexpr Milliseconds kRetryAhead{15'000};  // at least, and at most twice that, after a renewal that failed
constexpr Milliseconds kFirstHold{1'000};    // without renewals when EKS Auth is away
constexpr Milliseconds kLastHold{10'000};
constexpr Milliseconds kLeastPause{20};  // of the timer
constexpr Milliseconds kLongestPause{10'000};

std::shared_ptr<const Answer> answer_with(int status, std::string_view code, std::string_view body) {
  return std::make_shared<const Answer>(Answer{status, std::string(body), std::string(code)});
}

std::string subject_of(std::string_view namespace_, std::string_view service_account) {
  return concat({namespace_, "/", service_account});
}

// Until a time that is at most `longest` away: if it is farther, the clock was set back.
bool is_pausing(Time now, Time until, Milliseconds longest) {
  return now < until && until - now <= longest;
}

// From 0 to 1, by the token: what is got at once is not renewed at once.
double spread(std::string_view token) {
  return static_cast<double>(std::hash<std::string_view>()(token) % 1'024) / 1'024;
}
Milliseconds part(Milliseconds whole, double share) {
  return Milliseconds{static_cast<std::int64_t>(static_cast<double>(whole.count()) * share)};
}

}  // namespace

CredentialsCache::CredentialsCache(Options options, CredentialsSource& source, const Clock& clock, OnOutcome on_outcome)
    : options_(options),
      source_(source),
      clock_(clock),
      on_outcome_(std::move(on_outcome)),
      budget_(options.calls_per_second) {}

std::shared_ptr<const Answer> CredentialsCache::find(std::string_view token) {
  auto found = entries_.find(token);
  if (found == entries_.end()) return nullptr;
  auto& entry = *found->second;
  const auto now = clock_.now();
  if (entry.claims.expires && now >= *entry.claims.expires) return nullptr;  // get() says so
  const auto age = now - entry.asked;
  const bool trusted = entry.era == era_ && (recheck_.count() == 0 || (age.count() >= 0 && age < recheck_));
  if (entry.answer && now < entry.renew_at && trusted) {
    move_to_front(entry);
    ++figures_.hits;
    entry.given_until = entry.expires;
    return entry.answer;
  }
  if (is_pausing(now, entry.refused_until, options_.last_backoff)) {
    ++figures_.negative_hits;
    return answer_of(entry);
  }
  return nullptr;
}

asio::awaitable<std::shared_ptr<const Answer>> CredentialsCache::get(std::string_view token, std::string_view client) {
  if (auto answer = find(token)) co_return answer;
  auto claims = read_token(token);
  auto checked = claims ? check_life(*claims, clock_.now()) : Result<void>(claims.error());
  if (!checked) co_return answer_with(400, "InvalidToken", checked.error().message + "\n");

  if (!executor_) executor_ = co_await asio::this_coro::executor;
  auto entry = entry_for(token, std::move(*claims));
  if (entry->flight != Flight::none) {
    ++figures_.shared_flights;
  } else if (is_good(*entry)) {
    entry->given_until = entry->expires;
    schedule(*entry, std::min(clock_.now(), entry->due.value_or(Time::max())));
    pump();
  } else if (queue_.push(client, entry)) {
    entry->flight = Flight::waiting;
    pump();
  } else {
    ++figures_.throttled;
    co_return answer_with(429, "TooManyRequests", "Too Many Requests\n");
  }
  if (entry->flight != Flight::none) {
    const bool can_wait = !is_good(*entry) || entry->backoff.count() == 0;
    const auto patience = is_good(*entry) ? options_.patience : Milliseconds::max();
    if (can_wait) co_await ended(entry, patience);
  }
  co_return answer_of(*entry);
}

asio::awaitable<void> CredentialsCache::ended(EntryPtr entry, Milliseconds patience) {
  asio::steady_timer timer(*executor_, asio::steady_timer::time_point::max());
  if (patience != Milliseconds::max()) timer.expires_after(patience);
  entry->readers.push_back(&timer);
  boost::system::error_code ended;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ended));
  std::erase(entry->readers, &timer);
}

CredentialsCache::EntryPtr CredentialsCache::entry_for(std::string_view token, TokenClaims claims) {
  if (auto found = entries_.find(token); found != entries_.end()) return found->second;
  auto entry = std::make_shared<Entry>();
  entry->token = token;
  entry->claims = std::move(claims);
  if (options_.max_entries == 0) return entry;
  while (entries_.size() >= options_.max_entries && (evict_from(unanswered_) || evict_from(answered_))) {
  }
  unanswered_.push_front(entry);
  entry->list = &unanswered_;
  entry->place = unanswered_.begin();
  entries_.emplace(entry->token, entry);
  by_subject_[subject_of(entry->claims.namespace_, entry->claims.service_account)].push_back(entry.get());
  figures_.entries = entries_.size();
  return entry;
}

// Of the list that it belongs to now.
void CredentialsCache::move_to_front(Entry& entry) {
  if (entry.list == nullptr) return;  // one that is not remembered
  auto& list = entry.answer ? answered_ : unanswered_;
  list.splice(list.begin(), *entry.list, entry.place);
  entry.list = &list;
}

bool CredentialsCache::evict_from(std::list<EntryPtr>& list) {
  const auto idle = [](const auto& each) { return each->flight == Flight::none; };
  const auto last = std::ranges::find_if(list.rbegin(), list.rend(), idle);
  if (last == list.rend()) return false;
  ++figures_.evicted;
  drop(EntryPtr(*last));
  return true;
}

void CredentialsCache::drop(const EntryPtr& entry) {
  unschedule(*entry);
  auto subject = by_subject_.find(subject_of(entry->claims.namespace_, entry->claims.service_account));
  std::erase(subject->second, entry.get());
  if (subject->second.empty()) by_subject_.erase(subject);
  entries_.erase(entry->token);
  entry->list->erase(entry->place);
  entry->list = nullptr;
  figures_.entries = entries_.size();
}

bool CredentialsCache::is_good(const Entry& entry) const {
  return entry.answer && entry.expires - clock_.now() > options_.dead_life;
}

std::shared_ptr<const Answer> CredentialsCache::answer_of(Entry& entry) const {
  if (is_good(entry)) {
    entry.given_until = entry.expires;
    return entry.answer;
  }
  if (entry.refusal) return entry.refusal;
  return answer_with(500, "Expired",
                     "[]: (Expired): the credentials expired and could not be renewed, fault: server\n");
}

void CredentialsCache::association_changed(std::string_view namespace_, std::string_view service_account) {
  const auto found = by_subject_.find(subject_of(namespace_, service_account));
  if (found == by_subject_.end()) return;
  for (auto* entry : found->second) {
    if (entry->answer) ++figures_.dropped;
    entry->changed = true;
    entry->answer = nullptr;
    entry->refusal = nullptr;
    entry->refused_until = Time{};
    entry->backoff = Milliseconds{0};
    unschedule(*entry);
    move_to_front(*entry);
  }
}

void CredentialsCache::distrust() {
  ++era_;
}

void CredentialsCache::recheck_after(Milliseconds age) {
  recheck_ = age;
}

void CredentialsCache::run_due() {
  look_for_oldest(clock_.now());
  pump();
}

void CredentialsCache::pump() {
  if (pumping_) return;  // an exchange that ended at once: the loop below goes on anyway
  pumping_ = true;
  const auto now = clock_.now();
  while (running_ < kMaxFlights) {
    // After three of one kind it is the other's turn, so that neither waits for ever.
    const bool renewals_first = ++turn_ % 4 == 0;
    if (renewals_first ? !start_renewal(now) && !start_first(now) : !start_first(now) && !start_renewal(now)) break;
  }
  pumping_ = false;
  figures_.waiting = queue_.size();
  arm();
}

bool CredentialsCache::start_first(Time now) {
  if (queue_.empty() || !budget_.take_first(now)) return false;
  start(queue_.pop());
  return true;
}

bool CredentialsCache::is_wanted(const Entry& entry, Time now) const {
  return is_good(entry) && now < entry.given_until && (!entry.claims.expires || now < *entry.claims.expires);
}

bool CredentialsCache::start_renewal(Time now) {
  while (!due_.empty() && due_.begin()->first <= now) {
    const auto entry = entries_.find(due_.begin()->second->token)->second;
    if (!is_good(*entry) || (entry->claims.expires && now >= *entry->claims.expires)) {
      drop(entry);
    } else if (!is_wanted(*entry, now)) {
      entry->renew_at = now;
      schedule(*entry, entry->expires);  // kept for who may come, and then dropped
    } else if (is_pausing(now, held_until_, kLastHold) || (away_ && running_renewals_ > 0) ||
               !budget_.take_renewal(now)) {
      return false;
    } else {
      unschedule(*entry);
      start(entry);
      return true;
    }
  }
  return false;
}

void CredentialsCache::start(EntryPtr entry) {
  entry->flight = Flight::running;
  figures_.running = ++running_;
  ++(entry->answer ? figures_.renewals : figures_.misses);
  asio::co_spawn(*executor_, exchange(std::move(entry)), asio::detached);
}

asio::awaitable<void> CredentialsCache::exchange(EntryPtr entry) {
  const std::size_t renews = is_good(*entry) ? 1 : 0;
  running_renewals_ += renews;
  for (int round = 0; round < kRounds; ++round) {
    entry->changed = false;
    unschedule(*entry);
    const auto started = clock_.now();
    const auto era = era_;
    ExchangeResult result;
    try {
      result = co_await source_.exchange(entry->token);
    } catch (const std::exception& failure) {  // those who wait for this flight must not wait for ever
      log::error(std::string("agent: the exchange failed: ") + failure.what());
      result.failure = {500, {}, "InternalFailure", "the agent failed to call EKS Auth", false};
    }
    note_whether_away(result);
    if (on_outcome_) on_outcome_(entry->claims, result);
    take(*entry, std::move(result), started, era);
    if (!entry->changed) break;  // else what came may be of the association as it was
  }
  if (entry->changed) entry->era = 0;
  move_to_front(*entry);
  entry->flight = Flight::none;
  figures_.running = --running_;
  running_renewals_ -= renews;
  for (auto* reader : std::exchange(entry->readers, {})) reader->cancel();
  pump();
}

void CredentialsCache::take(Entry& entry, ExchangeResult result, Time started, std::uint64_t era) {
  if (!result.credentials) return take_failure(entry, result.failure);
  const auto& credentials = *result.credentials;
  if (credentials.expiration - clock_.now() <= options_.dead_life) {
    return take_failure(
        entry,
        {500, {}, "ExpiredCredentials", "EKS Auth gave credentials that expire at once; compare the clocks", false});
  }
  entry.answer = answer_with(200, {}, render(credentials));
  entry.asked = started;
  entry.era = era;
  entry.expires = credentials.expiration;
  // Credentials of a short life (a session of a minute) are renewed at half of it rather than at every read.
  const Milliseconds life = credentials.expiration - started;
  const auto least = std::min<Milliseconds>(options_.least_life, life / 2);
  entry.renew_at = std::min(started + options_.retention, credentials.expiration - least);
  entry.refusal = nullptr;
  entry.refused_until = Time{};
  entry.backoff = Milliseconds{0};
  // Ahead of time: before any pod's SDK begins to renew by itself, with half as long to spread over.
  const auto early = std::min(std::max(least, life / 6), life / 2);
  schedule(entry, credentials.expiration - early - part(early / 2, spread(entry.token)));
}

void CredentialsCache::take_failure(Entry& entry, const ExchangeFailure& failure) {
  const auto now = clock_.now();
  if (entry.answer) ++figures_.failed_renewals;
  if (failure.fatal) {
    entry.answer = nullptr;
    unschedule(entry);
  }
  entry.refusal = answer_with(failure.status == 0 ? 500 : failure.status, failure.code, render(failure));
  entry.backoff = std::clamp(entry.backoff * 2, options_.first_backoff, options_.last_backoff);
  entry.refused_until = now + entry.backoff;
  if (is_good(entry)) schedule(entry, now + kRetryAhead + part(kRetryAhead, spread(entry.token)));
}

void CredentialsCache::note_whether_away(const ExchangeResult& result) {
  const int status = result.failure.status;
  away_ = !result.credentials && (status == 0 || status >= 500 || status == 429);
  hold_ = away_ ? std::clamp(hold_ * 2, kFirstHold, kLastHold) : Milliseconds{0};
  held_until_ = away_ ? clock_.now() + hold_ : Time{};
}

void CredentialsCache::schedule(Entry& entry, Time when) {
  unschedule(entry);
  if (entry.list == nullptr) return;  // one that is not remembered
  entry.due = when;
  due_.emplace(when, &entry);
}

void CredentialsCache::unschedule(Entry& entry) {
  if (entry.due) due_.erase({*entry.due, &entry});
  entry.due.reset();
}

// The timer runs only while there is something to come back for.
void CredentialsCache::arm() {
  if (!executor_ || (due_.empty() && queue_.empty())) return;
  Milliseconds pause = queue_.empty() ? due_.begin()->first - clock_.now() : kLeastPause;
  pause = std::clamp(pause, kLeastPause, kLongestPause);
  const auto when = std::chrono::steady_clock::now() + pause;
  if (armed_ && *armed_ <= when) return;
  armed_ = when;
  if (!timer_) timer_.emplace(*executor_);
  timer_->expires_at(when);
  timer_->async_wait([this](const boost::system::error_code& error) {
    if (error) return;  // armed anew, or gone
    armed_.reset();
    run_due();
  });
}

void CredentialsCache::look_for_oldest(Time now) {
  if (now - looked_ < kLongestPause / 2) return;
  looked_ = now;
  auto oldest = Time::max();
  for (const auto& entry : answered_) oldest = std::min(oldest, entry->asked);
  figures_.oldest_seconds = oldest == Time::max() ? 0 : to_epoch_seconds(oldest);
}

std::string render(const PodCredentials& credentials) {
  std::string out = "{\"AccessKeyId\":";
  codec::write_json_string(credentials.access_key_id, out);
  out += ",\"SecretAccessKey\":";
  codec::write_json_string(credentials.secret_access_key.reveal(), out);
  out += ",\"Token\":";
  codec::write_json_string(credentials.session_token.reveal(), out);
  out += ",\"AccountId\":";
  codec::write_json_string(credentials.account_id, out);
  out += ",\"Expiration\":\"" + format_iso8601(credentials.expiration) + "\"}";
  return out;
}

std::string render(const ExchangeFailure& failure) {
  return fmt::format("[{}]: ({}): {}, fault: {}\n", failure.request_id, failure.code, failure.message,
                     failure.status >= 400 && failure.status < 500 ? "client" : "server");
}

}  // namespace podpass::agent
