// Activity: the newest audit records, in memory, for who looks at the trail as it grows, and what they say of each pod
// identity association (association_counts.h). The audit trail's thread puts the lines in that it has just written;
// when a trail is opened on files of before, it puts their end in first.
//
// Records are numbered from one, in the order in which they were written; a cursor is a run's name and such a number,
// and is not known after a restart. Threads: add() and turn() are the trail's; everything else is safe from any.
// Limits: below; a wait over kMaxWaiting ends at once. See docs/decisions/071.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "codec/value.h"
#include "own_api/activity_filter.h"
#include "own_api/association_counts.h"

namespace podpass::own_api {

class Activity {
 public:
  static constexpr std::size_t kRecordsKept = 20'000;
  static constexpr std::size_t kBytesKept = 16 * 1024 * 1024;
  static constexpr std::size_t kPageBytes = 2 * 1024 * 1024;  // of lines in one answer, and the one over it
  static constexpr std::size_t kMaxWaiting = 1'000;
  static constexpr std::size_t kReadersKept = 1'000;
  static constexpr Seconds kMaxWait{20};
  static constexpr Seconds kReaderKept{15 * 60};

  Activity(const Clock& clock, Random& random);
  Activity(const Activity&) = delete;
  Activity& operator=(const Activity&) = delete;

  void add(std::string_view lines);  // whole ones
  void turn();                       // ends the waits whose time is up; called a few times a second
  void stop();                       // ends all waits, now and later

  struct Query {
    ActivityFilter filter = {};
    std::optional<std::string> after = {}, before = {};
    std::size_t limit = 100;
  };
  // Newest first. All records between `oldest` and `newest` that fit are in it. With `after` they are those that came
  // next behind it, else the newest ones; `more`: others that fit lie beyond.
  struct Page {
    std::vector<codec::Value> records;
    std::string newest, oldest;
    bool more = false;
  };
  Result<Page> read(const Query& query) const;  // invalid: a cursor that is not of this run

  // Calls `done` once, from the trail's thread or at once: when there is a record behind `after`, after `most`, or at
  // stop().
  void wait(const std::string& after, Milliseconds most, std::function<void()> done);
  std::size_t waiting() const;  // how many do now

  // Somebody reads; `again` goes on with what was read before. True: that they read stands in the trail already, since
  // kReaderKept at most.
  enum class Reading { anew, again };
  bool is_repeated(const std::string& principal_arn, Reading reading, Time now);

  AssociationCounts::Counts counts_of(std::string_view association) const;

 private:
  // Lines that came together. Immutable.
  struct Block {
    std::int64_t first = 0;  // the number of its first line
    std::string text;
    std::vector<std::uint32_t> starts;
    std::string_view line(std::size_t index) const;
    std::int64_t end() const { return first + static_cast<std::int64_t>(starts.size()); }
  };
  using Blocks = std::deque<std::shared_ptr<const Block>>;
  struct Waiter {
    std::chrono::steady_clock::time_point ends;
    std::function<void()> done;
  };
  struct Selected;

  std::string cursor(std::int64_t number) const;
  Result<std::int64_t> read_cursor(const std::string& text, std::string_view member, std::int64_t most) const;
  std::optional<Time> read_time(std::string_view text);

  const std::string run_;
  std::string last_time_text_;  // of add(), which meets the same second often
  std::optional<Time> last_time_;

  mutable std::mutex mutex_;  // of what follows
  Blocks blocks_;
  std::size_t bytes_ = 0;
  std::int64_t last_ = 0;  // the newest record's number
  AssociationCounts counts_;
  std::vector<Waiter> waiting_;
  std::map<std::string, Time> readers_;  // when their reading was last recorded
  bool stopping_ = false;
};

}  // namespace podpass::own_api
