// Any JSON as the claims of a web identity token that somebody we trust signed. What is read is whole: it has a subject
// and an audience, and tags that a session may have.
#include <cstddef>
#include <cstdint>
#include <set>
#include <string_view>

#include "aws/tags.h"
#include "base/check.h"
#include "base/strings.h"
#include "codec/json.h"
#include "web_identity/claims.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace podpass;
  const auto claims = codec::parse_json({reinterpret_cast<const char*>(data), size});
  if (!claims || !claims->as<codec::Value::Map>()) return 0;
  const auto read = web_identity::read_claims(*claims);
  if (!read) return 0;
  CHECK(!read->issuer.empty() && !read->subject.empty() && !read->audience.empty() && !read->audiences.empty());
  CHECK(read->tags.size() <= aws::kMaxTags);
  std::set<std::string> keys;
  for (const auto& tag : read->tags) {
    CHECK(aws::check_tag_key(tag.key) && aws::check_tag_value(tag.value));
    CHECK(keys.insert(to_lower(tag.key)).second);
  }
  CHECK(!read->source_identity || read->source_identity->size() >= 2);
  CHECK(!web_identity::check_time(*read, read->expires));
  return 0;
}
