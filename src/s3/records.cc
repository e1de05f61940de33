#include "s3/records.h"

namespace podpass::store {

template struct RecordCodec<s3::BucketRecord>;
template struct RecordCodec<s3::ObjectRecord>;

}  // namespace podpass::store
