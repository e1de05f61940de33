#include "store/faulty_backend.h"

namespace podpass::store {
namespace {

std::vector<Result<Committed>> all_unavailable(std::size_t size) {
  return std::vector<Result<Committed>>(size, Error::unavailable("The store is not available.", "injected fault"));
}

}  // namespace

void FaultPlan::fail(Fault fault, int times, int skip) {
  std::lock_guard lock(mutex_);
  fault_ = fault;
  times_ = times;
  skip_ = skip;
}

void FaultPlan::hold() {
  std::lock_guard lock(mutex_);
  held_ = true;
}

void FaultPlan::release() {
  std::lock_guard lock(mutex_);
  held_ = false;
  changed_.notify_all();
}

void FaultPlan::wait_until_held() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return held_calls_ > 0; });
}

bool FaultPlan::strikes(Fault fault) {
  std::lock_guard lock(mutex_);
  if (fault_ != fault || times_ == 0) return false;
  if (skip_ > 0) {
    --skip_;
    return false;
  }
  --times_;
  return true;
}

void FaultPlan::wait_while_held() {
  std::unique_lock lock(mutex_);
  ++held_calls_;
  changed_.notify_all();
  changed_.wait(lock, [this] { return !held_; });
  --held_calls_;
}

Result<void> FaultyBackend::load(const Visitor& visitor) {
  if (plan_->strikes(Fault::load)) return Error::unavailable("The store is not available.", "injected fault");
  return real_->load(visitor);
}

std::vector<Result<Committed>> FaultyBackend::commit_if(std::span<const Commit> commits) {
  plan_->wait_while_held();
  if (plan_->strikes(Fault::before)) return all_unavailable(commits.size());
  auto results = real_->commit_if(commits);
  if (plan_->strikes(Fault::after)) return all_unavailable(commits.size());
  return results;
}

}  // namespace podpass::store
