#include "s3/lookup.h"

namespace podpass::s3 {

const BucketRecord* find_bucket(store::Transaction& tx, std::string_view name) {
  return tx.find(kBuckets, {name});
}

}  // namespace podpass::s3
