// How many calls to EKS Auth may be made, and whose turn it is: CallBudget counts, FairQueue orders those who wait.
//
// Pure bookkeeping of the agent's loop, one thread; the time is given. Limits: those below.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/time.h"

namespace podpass::agent {

// At most `per_second` calls a second, in bursts of as many. Renewals that nobody waits for take at most half of that,
// evenly: what a pod waits for finds room also while thousands of credentials are renewed.
class CallBudget {
 public:
  explicit CallBudget(double per_second) : all_(per_second, per_second), renewals_(per_second / 2, per_second / 20) {}

  bool is_unlimited() const { return all_.rate <= 0; }
  bool take_first(Time now);    // for who has nothing yet
  bool take_renewal(Time now);  // for who has credentials that are still good

 private:
  struct Bucket {
    Bucket(double per_second, double most) : rate(per_second), depth(std::max(1.0, most)), level(depth) {}
    void fill(Time now);

    double rate, depth, level;
    std::optional<Time> filled;
  };
  Bucket all_, renewals_;
};

// Those who wait, by client: each client's in its order, and the clients in turns, so that one who asks for a thousand
// waits for its own thousand only.
template <class T>
class FairQueue {
 public:
  static constexpr std::size_t kMaxOfClient = 64;
  static constexpr std::size_t kMax = 4'096;

  bool push(std::string_view client, T item) {  // false: full
    if (size_ >= kMax) return false;
    const auto found = by_name_.find(std::string(client));
    if (found == by_name_.end()) {
      clients_.push_back({std::string(client), {}});
      clients_.back().items.push_back(std::move(item));
      by_name_.emplace(clients_.back().name, std::prev(clients_.end()));
    } else {
      if (found->second->items.size() >= kMaxOfClient) return false;
      found->second->items.push_back(std::move(item));
    }
    ++size_;
    return true;
  }
  T pop() {  // of one that is not empty
    auto client = clients_.begin();
    T item = std::move(client->items.front());
    client->items.pop_front();
    --size_;
    if (client->items.empty()) {
      by_name_.erase(client->name);
      clients_.erase(client);
    } else {
      clients_.splice(clients_.end(), clients_, client);
    }
    return item;
  }
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }

 private:
  struct Client {
    std::string name;
    std::deque<T> items;
  };
  std::list<Client> clients_;  // the next one first
  std::unordered_map<std::string, typename std::list<Client>::iterator> by_name_;
  std::size_t size_ = 0;
};

}  // namespace podpass::agent
