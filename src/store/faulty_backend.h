// A backend that passes everything on to another one, and fails or waits when told to. For tests.
//
// The FaultPlan is shared with the test. Threads: the plan is safe from any thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>

#include "store/backend.h"

namespace podpass::store {

enum class Fault {
  before,  // nothing is written
  after,   // everything is written, but the answer is an error
  load,    // load fails
};

class FaultPlan {
 public:
  // The next `times` calls that can fail this way do, after `skip` that don't.
  void fail(Fault fault, int times = 1, int skip = 0);
  // Calls of commit_if wait from hold() until release().
  void hold();
  void release();
  // Returns when a commit_if is waiting.
  void wait_until_held();

 private:
  friend class FaultyBackend;
  bool strikes(Fault fault);
  void wait_while_held();

  std::mutex mutex_;
  std::condition_variable changed_;
  Fault fault_ = Fault::before;
  int times_ = 0, skip_ = 0, held_calls_ = 0;
  bool held_ = false;
};

class FaultyBackend final : public Backend {
 public:
  FaultyBackend(std::unique_ptr<Backend> real, std::shared_ptr<FaultPlan> plan)
      : real_(std::move(real)), plan_(std::move(plan)) {}

  Result<void> load(const Visitor& visitor) override;
  std::vector<Result<Committed>> commit_if(std::span<const Commit> commits) override;
  void watch(Watcher watcher) override { real_->watch(std::move(watcher)); }

 private:
  std::unique_ptr<Backend> real_;
  std::shared_ptr<FaultPlan> plan_;
};

}  // namespace podpass::store
