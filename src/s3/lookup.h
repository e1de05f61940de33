// What other folders may ask of S3. Reads only; pointers live as long as the transaction.
#pragma once

#include <string_view>

#include "aws/call.h"
#include "s3/records.h"

namespace podpass::s3 {

const BucketRecord* find_bucket(store::Transaction& tx, std::string_view name);

}  // namespace podpass::s3
