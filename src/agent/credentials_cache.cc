#include "agent/credentials_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "agent/jwt_claims.h"
#include "base/log.h"
#include "codec/json.h"

namespace podpass::agent {

namespace asio = boost::asio;

std::shared_ptr<const Answer> CredentialsCache::find(std::string_view token) {
  auto found = entries_.find(token);
  if (found == entries_.end()) return nullptr;
  auto& entry = *found->second;
  const auto now = clock_.now();
  if (entry.token_expires && now >= *entry.token_expires) return nullptr;  // get() says so
  if (entry.answer && now < *entry.renew_at) {
    move_to_front(entry);
    ++figures_.hits;
    return entry.answer;
  }
  if (now < entry.refused_until) {
    ++figures_.negative_hits;
    return answer_of(entry);
  }
  return nullptr;
}

asio::awaitable<std::shared_ptr<const Answer>> CredentialsCache::get(std::string_view token) {
  if (auto answer = find(token)) co_return answer;
  auto life = read_token(token);
  auto checked = life ? check_life(*life, clock_.now()) : Result<void>(life.error());
  if (!checked) co_return std::make_shared<const Answer>(Answer{400, checked.error().message + "\n", "InvalidToken"});

  auto entry = entry_for(token);
  entry->token_expires = life->expires;
  if (entry->flight) {
    ++figures_.shared_flights;
    auto flight = entry->flight;
    boost::system::error_code ended;
    co_await flight->async_wait(asio::redirect_error(asio::use_awaitable, ended));
  } else {
    co_await exchange(entry);
  }
  co_return answer_of(*entry);
}

CredentialsCache::EntryPtr CredentialsCache::entry_for(std::string_view token) {
  if (auto found = entries_.find(token); found != entries_.end()) return found->second;
  // A running exchange keeps its entry; if all are running, the limit may be passed by as many as there are
  // connections.
  auto entry = std::make_shared<Entry>();
  entry->token = token;
  if (options_.max_entries == 0) return entry;
  while (entries_.size() >= options_.max_entries && (evict_from(unanswered_) || evict_from(answered_))) {
  }
  unanswered_.push_front(entry);
  entry->list = &unanswered_;
  entry->place = unanswered_.begin();
  entries_.emplace(entry->token, entry);
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
  const auto last = std::ranges::find_if(list.rbegin(), list.rend(), [](const auto& each) { return !each->flight; });
  if (last == list.rend()) return false;
  ++figures_.evicted;
  drop(EntryPtr(*last));
  return true;
}

void CredentialsCache::drop(const EntryPtr& entry) {
  entries_.erase(entry->token);
  entry->list->erase(entry->place);
  figures_.entries = entries_.size();
}

asio::awaitable<void> CredentialsCache::exchange(EntryPtr entry) {
  auto executor = co_await asio::this_coro::executor;
  entry->flight = std::make_shared<asio::steady_timer>(executor, asio::steady_timer::time_point::max());
  ++(entry->answer ? figures_.renewals : figures_.misses);
  const auto started = clock_.now();
  ExchangeResult result;
  try {
    result = co_await source_.exchange(entry->token);
  } catch (const std::exception& failure) {  // those who wait for this flight must not wait for ever
    log::error(std::string("agent: the exchange failed: ") + failure.what());
    result.failure = {500, {}, "InternalFailure", "the agent failed to call EKS Auth", false};
  }
  take(*entry, std::move(result), started);
  move_to_front(*entry);
  std::exchange(entry->flight, nullptr)->cancel();
}

void CredentialsCache::take(Entry& entry, ExchangeResult result, Time started) {
  const auto now = clock_.now();
  if (result.credentials && result.credentials->expiration - now > options_.dead_life) {
    const auto& credentials = *result.credentials;
    entry.answer = std::make_shared<const Answer>(Answer{200, render(credentials), {}});
    entry.expires = credentials.expiration;
    // Credentials of a short life (a session of a minute) are renewed at half of it rather than at every read.
    auto life = credentials.expiration - started;
    auto least = std::min<Milliseconds>(options_.least_life, life / 2);
    entry.renew_at = std::min(started + options_.retention, credentials.expiration - least);
    entry.refusal = nullptr;
    entry.refused_until = Time{};
    entry.backoff = Milliseconds{0};
    return;
  }
  if (result.credentials) {
    result.failure = {
        500, {}, "ExpiredCredentials", "EKS Auth gave credentials that expire at once; compare the clocks", false};
  }
  if (entry.answer) ++figures_.failed_renewals;
  if (result.failure.fatal) entry.answer = nullptr;
  entry.refusal = std::make_shared<const Answer>(
      Answer{result.failure.status == 0 ? 500 : result.failure.status, render(result.failure), result.failure.code});
  entry.backoff = std::clamp(entry.backoff * 2, options_.first_backoff, options_.last_backoff);
  entry.refused_until = now + entry.backoff;
}

std::shared_ptr<const Answer> CredentialsCache::answer_of(const Entry& entry) const {
  if (entry.answer && *entry.expires - clock_.now() > options_.dead_life) return entry.answer;
  if (entry.refusal) return entry.refusal;
  return std::make_shared<const Answer>(
      Answer{500, "[]: (Expired): the credentials expired and could not be renewed, fault: server\n", "Expired"});
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
