#include "own_api/activity.h"

#include <fmt/format.h>

#include <algorithm>

#include "aws/paging.h"
#include "base/strings.h"

namespace podpass::own_api {
namespace {

void call_all(const std::vector<std::function<void()>>& ended) {
  for (const auto& done : ended) done();
}

}  // namespace

std::string_view Activity::Block::line(std::size_t index) const {
  const auto end = index + 1 < starts.size() ? starts[index + 1] : text.size();
  auto line = std::string_view(text).substr(starts[index], end - starts[index]);
  while (line.ends_with('\n')) line.remove_suffix(1);
  return line;
}

Activity::Activity(const Clock& clock, Random& random)
    : run_(random.text("0123456789abcdef", 16)), counts_(clock.now()) {}

std::optional<Time> Activity::read_time(std::string_view text) {
  if (text != last_time_text_) {
    last_time_text_ = text;
    last_time_ = parse_iso8601(text);
  }
  return last_time_;
}

void Activity::add(std::string_view lines) {
  struct Counted {
    std::string_view association;
    Time when;
    AssociationCounts::Kind kind;
  };
  std::vector<Counted> counted;
  auto block = std::make_shared<Block>();
  const auto kept_from = lines.size() - std::min(lines.size(), kBytesKept);
  std::size_t begin = lines.size();  // of what is kept
  for (std::size_t at = 0, end = 0; at < lines.size(); at = end + 1) {
    end = std::min(lines.find('\n', at), lines.size());
    const auto line = lines.substr(at, end - at);
    if (line.empty()) continue;
    if (at >= kept_from) {
      begin = std::min(begin, at);
      block->starts.push_back(static_cast<std::uint32_t>(at - begin));
    }
    const auto seen = read_exchange(line);
    if (!seen || seen->outcome == ActivityOutcome::failed) continue;
    const auto when = read_time(seen->time);
    const bool allowed = seen->outcome == ActivityOutcome::success;
    using Kind = AssociationCounts::Kind;
    if (when) counted.push_back({seen->association_id, *when, allowed ? Kind::exchange : Kind::denial});
  }
  if (block->starts.empty()) return;
  block->text = lines.substr(begin);
  const auto first_time = parse_iso8601(event_time_of(lines.substr(0, lines.find('\n'))));

  std::vector<std::function<void()>> ended;
  {
    std::lock_guard lock(mutex_);
    if (last_ == 0 && first_time) counts_.count_since(*first_time);
    for (const auto& each : counted) counts_.count(each.association, each.when, each.kind);
    block->first = last_ + 1;
    last_ = block->end() - 1;
    bytes_ += block->text.size();
    blocks_.push_back(std::move(block));
    const auto is_full = [&] {
      const auto rest = last_ + 1 - blocks_.front()->end();
      return bytes_ > kBytesKept || rest >= static_cast<std::int64_t>(kRecordsKept);
    };
    while (blocks_.size() > 1 && is_full()) {
      bytes_ -= blocks_.front()->text.size();
      blocks_.pop_front();
    }
    for (auto& waiter : waiting_) ended.push_back(std::move(waiter.done));
    waiting_.clear();
  }
  call_all(ended);
}

void Activity::turn() {
  std::vector<std::function<void()>> ended;
  {
    std::lock_guard lock(mutex_);
    if (waiting_.empty()) return;
    const auto now = std::chrono::steady_clock::now();
    std::erase_if(waiting_, [&](Waiter& waiter) {
      if (waiter.ends > now) return false;
      ended.push_back(std::move(waiter.done));
      return true;
    });
  }
  call_all(ended);
}

void Activity::stop() {
  std::vector<std::function<void()>> ended;
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    for (auto& waiter : waiting_) ended.push_back(std::move(waiter.done));
    waiting_.clear();
  }
  call_all(ended);
}

std::string Activity::cursor(std::int64_t number) const {
  return aws::make_page_token({run_, std::to_string(number)});
}

Result<std::int64_t> Activity::read_cursor(const std::string& text, std::string_view member, std::int64_t most) const {
  const auto invalid = fmt::format("The {} is not valid.", member);
  const auto parts = TRY(aws::read_page_token(text, invalid));
  const auto number = parts.size() == 2 && parts[0] == run_ ? parse_integer(parts[1]) : std::nullopt;
  if (!number || *number < 0 || *number > most) return Error::invalid(invalid);
  return *number;
}

// A page as it is filled, record by record in either direction.
struct Activity::Selected {
  const ActivityMatcher matcher;
  const std::size_t limit;
  std::vector<codec::Value> records;
  std::int64_t last = 0;  // the number of the last one that was taken
  std::size_t bytes = 0;
  bool more = false;

  bool take(std::int64_t number, std::string_view line) {  // false: the page is full
    auto record = matcher.match(line);
    if (!record) return true;
    more = records.size() == limit || bytes > kPageBytes;
    if (more) return false;
    records.push_back(*std::move(record));
    last = number;
    bytes += line.size();
    return true;
  }

  // The records from `from` to `to`, without it.
  void upwards(const Blocks& blocks, std::int64_t from, std::int64_t to) {
    for (const auto& block : blocks) {
      for (auto number = std::max(from, block->first); number < std::min(to, block->end()); ++number) {
        if (!take(number, block->line(static_cast<std::size_t>(number - block->first)))) return;
      }
    }
    last = to - 1;
  }
  void downwards(const Blocks& blocks, std::int64_t from, std::int64_t to) {
    for (auto block = blocks.rbegin(); block != blocks.rend(); ++block) {
      for (auto number = std::min(to, (*block)->end()); number-- > std::max(from, (*block)->first);) {
        if (!take(number, (*block)->line(static_cast<std::size_t>(number - (*block)->first)))) return;
      }
    }
    last = from;
  }
};

Result<Activity::Page> Activity::read(const Query& query) const {
  Blocks blocks;
  std::int64_t newest = 0;
  {
    std::lock_guard lock(mutex_);
    blocks = blocks_;
    newest = last_;
  }
  const auto after = query.after ? TRY(read_cursor(*query.after, "after", newest)) : 0;
  const auto before = query.before ? TRY(read_cursor(*query.before, "before", newest + 1)) : newest + 1;
  const auto from = std::max(after + 1, blocks.empty() ? newest + 1 : blocks.front()->first);
  const auto to = std::max(from, before);
  Selected selected{ActivityMatcher(query.filter), query.limit, {}, 0, 0, false};
  Page page;
  if (query.after) {
    selected.upwards(blocks, from, to);
    std::ranges::reverse(selected.records);
    page.newest = cursor(selected.last);
    page.oldest = cursor(from);
  } else {
    selected.downwards(blocks, from, to);
    page.newest = cursor(to - 1);
    page.oldest = cursor(selected.last);
  }
  page.records = std::move(selected.records);
  page.more = selected.more;
  return page;
}

void Activity::wait(const std::string& after, Milliseconds most, std::function<void()> done) {
  {
    std::lock_guard lock(mutex_);
    const auto number = read_cursor(after, "after", last_);
    if (!stopping_ && number && *number >= last_ && waiting_.size() < kMaxWaiting) {
      waiting_.push_back({std::chrono::steady_clock::now() + std::min<Milliseconds>(most, kMaxWait), std::move(done)});
      return;
    }
  }
  done();
}

std::size_t Activity::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size();
}

bool Activity::is_repeated(const std::string& principal_arn, Reading reading, Time now) {
  std::lock_guard lock(mutex_);
  const auto found = readers_.find(principal_arn);
  if (reading == Reading::again && found != readers_.end() && now - found->second < kReaderKept) return true;
  if (found == readers_.end() && readers_.size() == kReadersKept) readers_.clear();  // they are recorded once more
  readers_[principal_arn] = now;
  return false;
}

AssociationCounts::Counts Activity::counts_of(std::string_view association) const {
  std::lock_guard lock(mutex_);
  return counts_.of(association);
}

}  // namespace podpass::own_api
