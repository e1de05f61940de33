// application/x-www-form-urlencoded, and AWS's query protocol on it: dotted names become a tree, `member.N` a list,
// `entry.N.key|value` a map. Limits: kMaxFormPairs pairs, kMaxFormDepth dots, N from 1 to kMaxFormIndex with no gaps.
// All leaves are text (read with Reading::text); names and values are UTF-8. A name may stand once, as a value or with
// parts below it, not both. Pure functions; safe from any thread.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "codec/value.h"

namespace podpass::codec {

inline constexpr std::size_t kMaxFormPairs = 2'000;
inline constexpr int kMaxFormDepth = 16;
inline constexpr int kMaxFormIndex = 1'000;

using FormPairs = std::vector<std::pair<std::string, std::string>>;

Result<FormPairs> parse_form(std::string_view text);  // '+' is a space; bad percent-encoding is an error
Result<Value> parse_query_form(std::string_view text);

}  // namespace podpass::codec
