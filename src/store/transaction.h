// Tables of typed records, and the transaction that reads and changes them. Included through store.h.
//
// Threads: a Transaction belongs to one thread at a time. Lifetimes: what find() and scan() give lives as long as the
// transaction. Errors: a stored record that cannot be read as its table says, or a record or key over its limit, reads
// as absent and makes commit() fail, so that no answer is built on it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "codec/fields.h"
#include "store/key.h"
#include "store/record.h"

namespace podpass::store {

inline constexpr std::size_t kMaxKeyBytes = 4'096;  // as stored: with its table's name, escaped
inline constexpr std::size_t kMaxRecordBytes = 1024 * 1024;

// How decoded records are held. kept: decoded once a version, shared by all readers (roles, policies: few, hot).
// fresh: decoded by the transaction that reads it, so that a million of them cost only their bytes (associations); each
// thread remembers those that it found last.
enum class Decoded { kept, fresh };

// A table: its name in the key (`/podpass/v1/<name>/...`; small letters, digits, '_'; a literal) and the shape of its
// records, which has no member `v`. Declared as an inline constexpr constant by the folder that owns it. `format` is
// written with each record; raise it when old records need a change to be read, and give `upgrade`, which turns the
// members of an older record into this format's.
template <codec::Shape T>
struct Table {
  std::string_view name;
  Decoded decoded = Decoded::kept;
  int format = 1;
  codec::Value (*upgrade)(codec::Value members, int from_format) = nullptr;
};

// A record from and to its members. This takes a compiler seconds: a header that many include says `extern template`
// for its records and leaves that to one file, as eks/records.h does.
template <class T>
struct RecordCodec {
  static Result<std::unique_ptr<const Kept>> decode(const codec::Value& members);
  static codec::Value encode(const T& record);
};

template <class T>
struct Row {
  std::vector<std::string> key;  // the parts behind the table's name
  const T* record;
};

namespace detail {

template <class T>
inline constexpr char kTypeTag = 0;  // its address stands for the type

template <class T>
struct KeptRecord final : Kept {
  explicit KeptRecord(T&& from) : Kept(&kTypeTag<T>), record(std::move(from)) {}
  T record;
};

// A Table without its type.
struct RecordType {
  std::string_view table;
  Decoded decoded;
  int format;
  codec::Value (*upgrade)(codec::Value members, int from_format);
  const void* type;
  Result<std::unique_ptr<const Kept>> (*decode)(const codec::Value& members);
};

template <class T>
RecordType type_of(const Table<T>& table) {
  return {table.name, table.decoded, table.format, table.upgrade, &kTypeTag<T>, &RecordCodec<T>::decode};
}

template <class T>
const T* record_in(const Kept* kept) {
  return kept ? &static_cast<const KeptRecord<T>*>(kept)->record : nullptr;
}

struct KeptRow {
  std::vector<std::string> key;
  const Kept* kept;
};

}  // namespace detail

// Not inline, or `extern template` would do nothing.
template <class T>
Result<std::unique_ptr<const Kept>> RecordCodec<T>::decode(const codec::Value& members) {
  return std::make_unique<const detail::KeptRecord<T>>(TRY(codec::from_value<T>(members, codec::Reading::typed)));
}

template <class T>
codec::Value RecordCodec<T>::encode(const T& record) {
  return codec::to_value(record);
}

struct TransactionState;

class Transaction {
 public:
  Transaction(Transaction&&) noexcept;
  Transaction& operator=(Transaction&&) noexcept;
  ~Transaction();

  // The record, as this transaction sees it (its own writes included); null if there is none.
  template <codec::Shape T>
  const T* find(const Table<T>& table, const KeyParts& key) {
    return detail::record_in<T>(find_kept(detail::type_of(table), key));
  }
  // Inserts or replaces. Without a find() before it, whatever is there by the time of the commit is replaced.
  template <codec::Shape T>
  void put(const Table<T>& table, const KeyParts& key, T record) {
    const auto members = RecordCodec<T>::encode(record);
    put_kept(detail::type_of(table), key, members, std::make_unique<const detail::KeptRecord<T>>(std::move(record)));
  }
  // Nothing happens if there is none.
  template <codec::Shape T>
  void erase(const Table<T>& table, const KeyParts& key) {
    erase_key(table.name, key);
  }

  // Records whose key begins with the whole parts of `prefix`, in key order, behind `after` (the whole parts of a row's
  // key; empty: from the first), at most `limit`. The commit fails if what was scanned changed.
  template <codec::Shape T>
  std::vector<Row<T>> scan(const Table<T>& table, const KeyParts& prefix, std::size_t limit,
                           const KeyParts& after = {}) {
    std::vector<Row<T>> rows;
    for (auto& row : scan_kept(detail::type_of(table), prefix, limit, after)) {
      rows.push_back({std::move(row.key), detail::record_in<T>(row.kept)});
    }
    return rows;
  }
  // How many there are. Costs a walk down the tree, not one over the records. The commit fails if the number changed.
  template <codec::Shape T>
  std::size_t count(const Table<T>& table, const KeyParts& prefix) {
    return count_keys(table.name, prefix);
  }
  // True if fewer than `limit` exist, this transaction's own counted. The commit fails only if the answer would now be
  // another, so that many may create below one prefix at once. Ask before each creation.
  template <codec::Shape T>
  bool has_room(const Table<T>& table, const KeyParts& prefix, std::size_t limit) {
    return keys_have_room(table.name, prefix, limit);
  }

  // Of what this transaction reads. As Store::version(): no two different states of any store in this process have the
  // same, so what was derived from one transaction holds in every other of the same version.
  std::uint64_t version() const;
  bool has_writes() const;
  // Why commit() will fail: see the head of this file. Null if it need not. For a read that is answered without a
  // commit().
  const Error* failure() const;

 private:
  friend class Store;
  explicit Transaction(std::unique_ptr<TransactionState> state);

  const Kept* find_kept(const detail::RecordType& type, const KeyParts& key);
  void put_kept(const detail::RecordType& type, const KeyParts& key, const codec::Value& members,
                std::unique_ptr<const Kept> decoded);
  void erase_key(std::string_view table, const KeyParts& key);
  std::vector<detail::KeptRow> scan_kept(const detail::RecordType& type, const KeyParts& prefix, std::size_t limit,
                                         const KeyParts& after);
  std::size_t count_keys(std::string_view table, const KeyParts& prefix);
  bool keys_have_room(std::string_view table, const KeyParts& prefix, std::size_t limit);

  std::unique_ptr<TransactionState> state_;
};

}  // namespace podpass::store
