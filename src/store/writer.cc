#include "store/writer.h"

#include <iterator>

#include "base/log.h"
#include "store/record_json.h"

namespace podpass::store {
namespace {

Result<std::shared_ptr<Snapshot>> load_snapshot(Backend& backend, std::shared_ptr<Names> names, Edit edit) {
  auto snapshot = std::make_shared<Snapshot>(names);
  Result<void> good;
  TRY(backend.load([&](std::string_view key, std::string_view value, Revision revision) {
    if (!good) return;
    auto stored = read_stored_record(key, value, revision, *names);
    if (!stored) {
      good = std::move(stored).error();
    } else if (snapshot->find(stored->full)) {
      good = Error::invalid("the record " + std::string(key) + " is there twice");
    } else {
      snapshot->put(edit, table_of(stored->full), std::move(stored->record));
    }
  }));
  if (!good) {
    auto cause = "The stored data cannot be read: " + good.error().message + ". Restore it from a backup.";
    return Error{ErrorKind::invalid, {}, 0, cause, cause, {}};
  }
  return snapshot;
}

}  // namespace

Result<std::unique_ptr<Writer>> Writer::start(std::unique_ptr<Backend> backend) {
  auto names = std::make_shared<Names>();
  auto first = TRY(load_snapshot(*backend, names, 1));
  std::unique_ptr<Writer> writer(new Writer(std::move(backend), std::move(names), std::move(first)));
  writer->thread_ = std::thread([raw = writer.get()] { raw->work(); });
  return writer;
}

Writer::Writer(std::unique_ptr<Backend> backend, std::shared_ptr<Names> names, std::shared_ptr<Snapshot> first)
    : backend_(std::move(backend)), names_(std::move(names)), published_(std::move(first)) {
  backend_->watch([this](std::string key, std::optional<std::string> value, Revision revision) {
    std::lock_guard lock(mutex_);
    changes_.push_back({std::move(key), std::move(value), revision});
    work_.notify_one();
  });
}

Writer::~Writer() {
  backend_->watch(nullptr);
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_.notify_one();
  thread_.join();
}

void Writer::submit(std::unique_ptr<TransactionState> state, Store::Done done) {
  {
    std::unique_lock lock(mutex_);
    if (waiting_ >= kMaxQueued) {
      lock.unlock();
      return done(Error::unavailable("Too many changes are waiting to be stored. Try again later."));
    }
    ++waiting_;
    queue_.push_back({std::move(state), std::move(done)});
  }
  work_.notify_one();
}

Store::Figures Writer::figures() const {
  auto snapshot = newest();
  return {snapshot->records(), snapshot->bytes(), commits_, syncs_, conflicts_};
}

void Writer::work() {
  while (wait_for_work()) {
    take_in_changes();
    while (!jobs_.empty()) commit_some();
  }
}

// False: there is nothing left to do, and never will be.
bool Writer::wait_for_work() {
  std::unique_lock lock(mutex_);
  work_.wait(lock, [this] { return stopping_ || !queue_.empty() || !changes_.empty(); });
  std::move(queue_.begin(), queue_.end(), std::back_inserter(jobs_));
  queue_.clear();
  return !jobs_.empty() || !changes_.empty();
}

void Writer::commit_some() {
  std::vector<Ending> endings;
  if (auto caught_up = catch_up(); !caught_up) {
    log::error("store: " + caught_up.error().cause);
    for (auto& job : jobs_) endings.push_back({std::move(job.done), Error::unavailable("The store is not available.")});
    jobs_.clear();
    return finish(std::move(endings));
  }
  Batch batch(newest(), edit_);
  edit_ += 2;
  std::vector<Store::Done> joined;
  fill(batch, joined, endings);
  if (!joined.empty()) settle(batch, std::move(joined), endings);
  finish(std::move(endings));
}

void Writer::fill(Batch& batch, std::vector<Store::Done>& joined, std::vector<Ending>& endings) {
  while (!jobs_.empty() && !batch.full()) {
    auto& job = jobs_.front();
    switch (batch.add(*job.state)) {
      case Batch::Outcome::joined:
        joined.push_back(std::move(job.done));
        break;
      case Batch::Outcome::unneeded:
        endings.push_back({std::move(job.done), {}});
        break;
      case Batch::Outcome::conflict:
        ++conflicts_;
        endings.push_back(
            {std::move(job.done), Error{ErrorKind::conflict, {}, 0, "The resource is being changed.", {}, {}}});
        break;
      case Batch::Outcome::later:
        return;
    }
    jobs_.pop_front();
  }
}

void Writer::settle(Batch& batch, std::vector<Store::Done> joined, std::vector<Ending>& endings) {
  auto results = backend_->commit_if(batch.commits());
  ++syncs_;
  auto settled = batch.settle(results);
  publish(std::move(settled), batch.keys_of(results));
  bool in_the_way = false;
  for (std::size_t i = 0; i < joined.size(); ++i) {
    Result<void> ending;
    if (results[i]) {
      ++commits_;
    } else if (results[i].error().kind == ErrorKind::conflict) {
      ++conflicts_;
      in_the_way = true;
      ending = std::move(results[i]).error();
    } else {
      log::error("store: " + results[i].error().cause);
      out_of_step_ = true;
      ending = Error::unavailable("The change could not be stored. Try again.", std::move(results[i].error().cause));
    }
    endings.push_back({std::move(joined[i]), std::move(ending)});
  }
  // What another process wrote must be visible before the caller runs again.
  if (in_the_way && take_in_changes() == 0) out_of_step_ = true;
}

std::size_t Writer::take_in_changes() {
  std::vector<Change> changes;
  {
    std::lock_guard lock(mutex_);
    changes.swap(changes_);
  }
  if (changes.empty()) return 0;
  auto next = std::make_shared<Snapshot>(*newest());
  std::vector<std::string> keys;
  for (auto& change : changes) {
    auto full = from_disk_key(change.key);
    const auto* there = full ? next->find(*full) : nullptr;
    if (there && there->revision() >= change.revision) continue;
    if (full && !change.value) {
      next->erase(edit_, *full);
      keys.push_back(*full);
      continue;
    }
    auto stored = read_stored_record(change.key, change.value.value_or(""), change.revision, next->names());
    if (!stored) {
      log::error("store: another process has written something unreadable: " + stored.error().message);
      continue;
    }
    next->put(edit_, table_of(stored->full), std::move(stored->record));
    keys.push_back(std::move(stored->full));
  }
  ++edit_;
  publish(std::move(next), std::move(keys));
  return changes.size();
}

Result<void> Writer::catch_up() {
  if (!out_of_step_) return {};
  publish(TRY(load_snapshot(*backend_, names_, edit_++)), {}, true);
  out_of_step_ = false;
  return {};
}

void Writer::observe(std::string table, Observer observer) {
  std::lock_guard lock(observing_);
  observed_ = std::move(table);
  observer_ = std::move(observer);
}

void Writer::publish(std::shared_ptr<Snapshot> next, std::vector<std::string> keys, bool everything) {
  std::lock_guard lock(observing_);
  auto before = newest();
  published_.set(next);
  if (!observer_) return;
  std::erase_if(keys, [&](const std::string& full) { return table_of(full) != observed_; });
  if (everything || !keys.empty()) observer_({std::move(before), std::move(next), std::move(keys), everything});
}

void Writer::finish(std::vector<Ending> endings) {
  {
    std::lock_guard lock(mutex_);
    waiting_ -= endings.size();
  }
  for (auto& ending : endings) ending.done(std::move(ending.result));
}

}  // namespace podpass::store
