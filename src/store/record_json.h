// A record's stored form: one JSON object, `{"v":<format>, ...members}`. Pure functions; safe from any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "codec/value.h"
#include "store/record.h"
#include "store/snapshot.h"

namespace podpass::store {

std::string record_json(const codec::Value& members, int format);

// The record in memory; the error says what is wrong with which key.
struct StoredRecord {
  std::string full;
  RecordPtr record;
};
Result<StoredRecord> read_stored_record(std::string_view disk_key, std::string_view json, Revision revision,
                                        Names& names);

}  // namespace podpass::store
