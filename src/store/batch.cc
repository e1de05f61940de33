#include "store/batch.h"

#include <algorithm>

#include "base/check.h"

namespace podpass::store {
namespace {

void apply(Snapshot& snapshot, Edit edit, const std::string& full, const RecordPtr& record) {
  if (record) {
    snapshot.put(edit, table_of(full), record);
  } else {
    snapshot.erase(edit, full);
  }
}

}  // namespace

Batch::Batch(std::shared_ptr<const Snapshot> base, Edit edit)
    : base_(std::move(base)), working_(std::make_shared<Snapshot>(*base_)), edit_(edit) {}

Batch::Outcome Batch::add(TransactionState& state) {
  for (const auto& [full, pending] : state.writes) {
    if (const auto* there = working_->find(full); there && there->revision() == 0) {
      return still_stands(state, *working_) ? Outcome::later : Outcome::conflict;
    }
  }
  if (!still_stands(state, *working_)) return Outcome::conflict;

  Commit commit;
  std::vector<Change> changes;
  for (auto& [full, pending] : state.writes) {
    const auto* there = working_->find(full);
    if (!pending.record && !there) continue;
    Write write{to_disk_key(full), std::nullopt, there ? there->revision() : 0};
    bytes_ += pending.json.size();
    if (pending.record) write.value = std::move(pending.json);
    apply(*working_, edit_, full, pending.record);
    commit.writes.push_back(std::move(write));
    changes.push_back({full, std::move(pending.record)});
  }
  if (commit.writes.empty()) return Outcome::unneeded;
  commits_.push_back(std::move(commit));
  changes_.push_back(std::move(changes));
  return Outcome::joined;
}

std::shared_ptr<Snapshot> Batch::settle(std::span<const Result<Committed>> results) {
  CHECK(results.size() == commits_.size());
  for (std::size_t i = 0; i < results.size(); ++i) {
    for (std::size_t k = 0; results[i] && k < changes_[i].size(); ++k) {
      if (changes_[i][k].record) changes_[i][k].record.set_revision(results[i]->of(k));
    }
  }
  if (std::ranges::all_of(results, [](const auto& result) { return result.has_value(); })) return working_;
  auto redone = std::make_shared<Snapshot>(*base_);
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (!results[i]) continue;
    for (const auto& change : changes_[i]) apply(*redone, edit_ + 1, change.full, change.record);
  }
  return redone;
}

std::vector<std::string> Batch::keys_of(std::span<const Result<Committed>> results) const {
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < results.size(); ++i) {
    for (std::size_t k = 0; results[i] && k < changes_[i].size(); ++k) keys.push_back(changes_[i][k].full);
  }
  return keys;
}

}  // namespace podpass::store
