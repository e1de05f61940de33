#include "eks/association_feed.h"

#include <algorithm>
#include <utility>

#include "base/strings.h"
#include "codec/base64.h"
#include "eks/records.h"

namespace podpass::eks {
namespace {

constexpr std::size_t kMaxPlaceBytes = 1'024;

}  // namespace

// epoch/number, and while the whole list is read /namespace/service account of the last one; base64url.
struct AssociationFeed::Place {
  bool readable = false;
  bool ours = false;  // of this process
  std::int64_t number = 0;
  std::string namespace_, service_account;  // empty: not listing
};

AssociationFeed::AssociationFeed(store::Store& store, const aws::Deployment& deployment)
    : store_(store), deployment_(deployment), epoch_(deployment.random->text("0123456789abcdef", 16)) {
  store_.observe(kAssociations.name, [this](store::Store::TableChange& change) { take(change); });
  thread_ = std::thread([this] { work(); });
}

AssociationFeed::~AssociationFeed() {
  store_.observe(kAssociations.name, nullptr);
  stop();
  thread_.join();
}

void AssociationFeed::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_.notify_one();
}

// Needs the mutex.
AssociationFeed::Place AssociationFeed::read_place(std::string_view text) const {
  Place place;
  if (text.size() > kMaxPlaceBytes) return place;
  const auto decoded = codec::base64url_decode(text);
  if (!decoded) return place;
  const auto parts = split(*decoded, '/');
  if (parts.size() != 2 && parts.size() != 4) return place;
  const auto number = parse_integer(parts[1]);
  if (!number || *number < 0) return place;
  place.readable = true;
  place.ours = parts[0] == epoch_ && *number <= number_;
  place.number = *number;
  if (parts.size() == 4) {
    place.namespace_ = parts[2];
    place.service_account = parts[3];
  }
  return place;
}

// Needs the mutex.
std::string AssociationFeed::write_place(std::int64_t number, const Change* listed) const {
  auto text = epoch_ + '/' + std::to_string(number);
  if (listed) text += concat({"/", listed->namespace_, "/", listed->service_account});
  return codec::base64url_encode(text);
}

Result<AssociationFeed::Page> AssociationFeed::read(std::string_view cluster, std::string_view text) {
  Place place;
  {
    std::lock_guard lock(mutex_);
    if (!text.empty()) {
      place = read_place(text);
      if (!place.readable) return Error::invalid("after: it is not one that this operation gave.");
    }
    const auto found = clusters_.find(cluster);
    const auto known_from = found == clusters_.end() ? forgotten_ : found->second.dropped;
    if (place.ours && place.namespace_.empty() && place.number >= known_from) {
      Page page;
      auto at = place.number;
      if (found != clusters_.end()) {
        const auto& changes = found->second.changes;
        auto next = std::ranges::upper_bound(changes, place.number, {}, &Change::number);
        for (; next != changes.end() && page.changes.size() < kPage; ++next) page.changes.push_back(*next);
        page.complete = next == changes.end();
        at = std::max(at, page.complete ? found->second.last() : page.changes.back().number);
      }
      page.next = write_place(at, nullptr);
      return page;
    }
    // A list that is being read goes on as long as what changed since it began is still known.
    if (!place.ours || place.namespace_.empty() || place.number < known_from) {
      place = {};
      place.number = number_;
    }
  }
  return list(cluster, place);
}

// The list as it is now or later: what has changed since place.number is told again behind it.
AssociationFeed::Page AssociationFeed::list(std::string_view cluster, const Place& place) {
  Page page;
  page.reset = place.namespace_.empty();
  const store::KeyParts prefix{deployment_.account, deployment_.region, cluster};
  auto after = prefix;
  after.push_back(place.namespace_);
  after.push_back(place.service_account);
  auto tx = store_.begin();
  auto rows = tx.scan(kAssociations, prefix, kPage + 1, page.reset ? store::KeyParts() : after);
  page.complete = rows.size() <= kPage;
  if (!page.complete) rows.pop_back();
  for (const auto& row : rows) {
    page.changes.push_back({row.key[3], row.key[4], row.record->id, false, place.number});
  }
  std::lock_guard lock(mutex_);
  page.next = write_place(place.number, page.complete ? nullptr : &page.changes.back());
  return page;
}

void AssociationFeed::wait(std::string_view cluster, std::string_view text, Milliseconds most,
                           std::function<void()> done) {
  {
    std::lock_guard lock(mutex_);
    const auto place = read_place(text);
    const auto found = clusters_.find(cluster);
    const bool nothing_new =
        place.ours && place.number >= (found == clusters_.end() ? forgotten_ : found->second.last());
    if (!stopping_ && nothing_new && waiting_.size() < kMaxWaiting) {
      const auto ends = std::chrono::steady_clock::now() + std::min<Milliseconds>(most, kMaxWait);
      const bool first = waiting_.empty() || ends < waiting_.begin()->first;
      waiting_.emplace(ends, Waiter{std::string(cluster), std::move(done)});
      if (first) work_.notify_one();
      return;
    }
  }
  done();
}

// On the store's writer thread.
void AssociationFeed::take(store::Store::TableChange& change) {
  {
    std::lock_guard lock(mutex_);
    if (change.everything) forget_everything();
    for (const auto& key : change.keys) {
      if (key.size() != kAssociationKeyParts || key[0] != deployment_.account || key[1] != deployment_.region) continue;
      const store::KeyParts parts(key.begin(), key.end());
      const auto* record = change.after.find(kAssociations, parts);
      const bool deleted = !record;
      if (deleted) record = change.before.find(kAssociations, parts);
      if (record) add(key[2], {key[3], key[4], record->id, deleted, 0});
    }
    if (waiting_.empty()) return;
  }
  work_.notify_one();
}

// Needs the mutex.
void AssociationFeed::add(const std::string& cluster, Change change) {
  change.number = ++number_;
  auto found = clusters_.find(cluster);
  if (found == clusters_.end()) {
    if (clusters_.size() == kClustersKept) {
      const auto oldest = std::ranges::min_element(clusters_, {}, [](const auto& each) { return each.second.last(); });
      forgotten_ = std::max(forgotten_, oldest->second.last());
      clusters_.erase(oldest);
    }
    found = clusters_.emplace(cluster, Changed{{}, forgotten_}).first;
  }
  auto& changes = found->second.changes;
  if (changes.size() == kChangesKept) {
    found->second.dropped = changes.front().number;
    changes.pop_front();
  }
  changes.push_back(std::move(change));
  if (!waiting_.empty()) woken_.insert(cluster);
}

// Needs the mutex. Every place from before is then too far behind.
void AssociationFeed::forget_everything() {
  clusters_.clear();
  forgotten_ = ++number_;
  wake_all_ = !waiting_.empty();
}

void AssociationFeed::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    std::vector<std::function<void()>> ended;
    const auto now = std::chrono::steady_clock::now();
    const bool all = stopping_ || std::exchange(wake_all_, false);
    for (auto next = waiting_.begin(); next != waiting_.end();) {
      const bool ends = all || next->first <= now || woken_.contains(next->second.cluster);
      if (ends) ended.push_back(std::move(next->second.done));
      next = ends ? waiting_.erase(next) : std::next(next);
    }
    woken_.clear();
    if (!ended.empty()) {
      lock.unlock();
      for (const auto& done : ended) done();
      lock.lock();
      continue;
    }
    if (stopping_) return;
    const auto changed = [this] { return stopping_ || wake_all_ || !woken_.empty(); };
    if (changed()) continue;
    if (waiting_.empty()) {
      work_.wait(lock);
    } else {
      work_.wait_until(lock, waiting_.begin()->first);
    }
  }
}

}  // namespace podpass::eks
