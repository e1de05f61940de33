// Records and shorthand for the store's tests.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "codec/fields.h"
#include "store/store.h"

namespace podpass::store {

struct Pet {
  std::string name;
  std::int64_t age = 0;
};
BOOST_DESCRIBE_STRUCT(Pet, (), (name, age))

struct Everything {
  std::string text;
  bool flag = false;
  int number = 0;
  std::int64_t big = 0;
  double real = 0;
  Time time;
  std::optional<std::string> maybe;
  std::vector<std::string> list;
  std::map<std::string, std::string> tags;
  Pet nested;
};
BOOST_DESCRIBE_STRUCT(Everything, (), (text, flag, number, big, real, time, maybe, list, tags, nested))

inline constexpr Table<Pet> kPets{"pets"};
inline constexpr Table<Pet> kFreshPets{"fresh_pets", Decoded::fresh};
inline constexpr Table<Everything> kEverything{"everything"};

// The age of a pet; nothing if there is none.
inline std::optional<std::int64_t> age_of(Transaction& tx, const KeyParts& key) {
  const auto* pet = tx.find(kPets, key);
  return pet ? std::optional(pet->age) : std::nullopt;
}

inline Result<void> put_pet(Store& store, const KeyParts& key, std::int64_t age) {
  return store.run([&](Transaction& tx) -> Result<void> {
    tx.put(kPets, key, {"pet", age});
    return {};
  });
}

}  // namespace podpass::store
