#include "store/transaction.h"

#include "base/check.h"
#include "codec/json.h"
#include "store/pack.h"
#include "store/record_json.h"
#include "store/transaction_state.h"

namespace podpass::store {
namespace {

std::string_view encode(TransactionState& state, std::string_view table, const KeyParts& parts) {
  constexpr std::size_t kUsualKey = 120;
  state.scratch.clear();
  state.scratch.reserve(kUsualKey);
  append_full_key(table, parts, state.scratch);
  return state.scratch;
}

}  // namespace

Transaction::Transaction(std::unique_ptr<TransactionState> state) : state_(std::move(state)) {}
Transaction::Transaction(Transaction&&) noexcept = default;
Transaction& Transaction::operator=(Transaction&&) noexcept = default;
Transaction::~Transaction() = default;

std::uint64_t Transaction::version() const {
  return state_->snapshot->number();
}

bool Transaction::has_writes() const {
  return !state_->writes.empty();
}

const Error* Transaction::failure() const {
  return state_->failure ? &*state_->failure : nullptr;
}

const Kept* Transaction::find_kept(const detail::RecordType& type, const KeyParts& key) {
  auto& state = *state_;
  auto full = encode(state, type.table, key);
  if (!state.writes.empty()) {
    if (auto own = state.writes.find(full); own != state.writes.end()) {
      CHECK(!own->second.decoded || own->second.decoded->type == type.type);
      return own->second.decoded.get();
    }
  }
  const auto* record = state.read(type.table, full);
  return record ? state.decoded_of_late(type, *record) : nullptr;
}

void Transaction::put_kept(const detail::RecordType& type, const KeyParts& key, const codec::Value& members,
                           std::unique_ptr<const Kept> decoded) {
  auto& state = *state_;
  auto full = encode(state, type.table, key);
  if (full.size() > kMaxKeyBytes || disk_key_size(full) > kMaxKeyBytes) {
    state.fail({ErrorKind::too_large, {}, 0, "A name is too long to be stored.", "key over the store's limit", {}});
    return;
  }
  auto json = record_json(members, type.format);
  if (json.size() > kMaxRecordBytes) {
    state.fail(
        {ErrorKind::too_large, {}, 0, "The resource is too large to be stored.", "record over the store's limit", {}});
    return;
  }
  std::string packed;
  pack(members, state.snapshot->names(), packed);
  auto& pending = state.writes[std::string(full)];
  if (pending.decoded) state.hold(std::move(pending.decoded));  // somebody may still point to it
  pending.record = Record::make(tail_of(full), packed, static_cast<std::uint16_t>(type.format), 0);
  pending.json = std::move(json);
  pending.decoded = std::move(decoded);
}

void Transaction::erase_key(std::string_view table, const KeyParts& key) {
  auto& state = *state_;
  auto& pending = state.writes[std::string(encode(state, table, key))];
  if (pending.decoded) state.hold(std::move(pending.decoded));
  pending = {};
}

std::vector<detail::KeptRow> Transaction::scan_kept(const detail::RecordType& type, const KeyParts& prefix,
                                                    std::size_t limit, const KeyParts& after) {
  auto& state = *state_;
  std::vector<detail::KeptRow> rows;
  if (limit == 0) return rows;
  auto extent = extent_below(tail_of(encode(state, type.table, prefix)));
  if (!after.empty()) extent.from = std::max(extent.from, behind(tail_of(encode(state, type.table, after))));
  if (extent.end && extent.from >= *extent.end) return rows;

  auto within = [&](std::string_view tail) { return !extent.end || tail < *extent.end; };
  auto start = std::string(type.table) + '\0';
  auto own = state.writes.lower_bound(start + extent.from);
  Tree::Cursor cursor(state.snapshot->table(type.table), extent.from);
  while (rows.size() < limit) {
    const auto* stored = cursor.get();
    if (stored && !within(stored->tail())) stored = nullptr;
    bool own_here = own != state.writes.end() && own->first.starts_with(start) && within(tail_of(own->first));
    if (!stored && !own_here) break;
    auto order = !stored ? 1 : !own_here ? -1 : stored->tail().compare(tail_of(own->first));
    auto tail = order < 0 ? stored->tail() : tail_of(own->first);
    const auto* kept = order < 0 ? state.decoded(type, *stored) : own->second.decoded.get();
    if (kept) rows.push_back({parts_of(tail), kept});
    if (rows.size() == limit) extent.end = behind(tail);
    if (order <= 0) cursor.next();
    if (order >= 0) ++own;
  }
  state.scans.push_back({type.table, std::move(extent)});
  return rows;
}

std::size_t Transaction::count_keys(std::string_view table, const KeyParts& prefix) {
  auto& state = *state_;
  auto extent = extent_below(tail_of(encode(state, table, prefix)));
  auto own = state.own_in(table, extent);
  auto stored = state.snapshot->count(table, extent);
  state.counts.push_back({table, std::move(extent), stored});
  return static_cast<std::size_t>(static_cast<std::ptrdiff_t>(stored) + own);
}

bool Transaction::keys_have_room(std::string_view table, const KeyParts& prefix, std::size_t limit) {
  auto& state = *state_;
  auto extent = extent_below(tail_of(encode(state, table, prefix)));
  auto own = state.own_in(table, extent);
  auto stored = state.snapshot->count(table, extent);
  bool answer = static_cast<std::ptrdiff_t>(stored) + own < static_cast<std::ptrdiff_t>(limit);
  state.rooms.push_back({table, std::move(extent), own, limit, answer});
  return answer;
}

}  // namespace podpass::store
