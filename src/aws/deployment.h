// What is the same for every request of one Podpass: where it is, what it may hold, where randomness and keys come
// from. Made at start-up by the program, then constant; safe from any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "crypto/seal.h"

namespace podpass::kube {
class ClusterAccess;
}
namespace podpass::eks {
class AssociationFeed;
}
namespace podpass::own_api {
class Activity;
}

namespace podpass::aws {

struct Quotas {
  std::size_t associations_per_cluster = 5'000;
  std::size_t clusters = 100;
  std::size_t roles = 1'000;
  std::size_t users = 5'000;
  std::size_t policies = 1'500;
};

// The keys that seal session tokens. The newest seals, all open. Old rings are kept until the end, so that a reader
// needs no lock; rotation is rare (days).
class SessionKeys {
 public:
  explicit SessionKeys(std::shared_ptr<const crypto::KeyRing> ring) { replace(std::move(ring)); }
  const crypto::KeyRing& ring() const { return *current_.load(std::memory_order_acquire); }
  void replace(std::shared_ptr<const crypto::KeyRing> ring) {
    std::lock_guard lock(mutex_);
    held_.push_back(std::move(ring));
    current_.store(held_.back().get(), std::memory_order_release);
  }

 private:
  std::mutex mutex_;
  std::vector<std::shared_ptr<const crypto::KeyRing>> held_;
  std::atomic<const crypto::KeyRing*> current_{nullptr};
};

struct Deployment {
  std::string account = "111122223333";
  std::string region = "us-west-2";
  std::string partition = "aws";
  std::string endpoint;  // "http://127.0.0.1:4566", without a slash at the end
  Time created{};        // when the account came into being: at the first start
  Quotas quotas;
  bool audits_every_decision = false;  // not only those that refuse
  const Clock* clock = nullptr;
  Random* random = nullptr;
  std::shared_ptr<const crypto::KeyRing> at_rest;  // seals secrets in the store
  std::shared_ptr<SessionKeys> sessions;
  kube::ClusterAccess* clusters = nullptr;       // the API servers of registered clusters; null: none can be asked
  eks::AssociationFeed* associations = nullptr;  // what changes among the associations; null: nobody is told
  own_api::Activity* activity = nullptr;         // the newest audit records; null: no trail is kept
};

}  // namespace podpass::aws
