#include "aws/paging.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "codec/base64.h"
#include "codec/uri.h"

namespace podpass::aws {

std::string make_page_token(const std::vector<std::string>& key) {
  std::string parts = "1";
  for (const auto& part : key) parts += "/" + codec::percent_encode(part);
  return codec::base64url_encode(parts);
}

Result<std::vector<std::string>> read_page_token(std::string_view token, std::string_view invalid_text) {
  auto wrong = [&] { return Error::invalid(std::string(invalid_text)); };
  if (token.size() > kMaxTokenBytes) return wrong();
  auto text = codec::base64url_decode(token);
  if (!text || !text->starts_with("1/")) return wrong();
  std::vector<std::string> key;
  for (auto part : split(std::string_view(*text).substr(2), '/')) {
    auto decoded = codec::percent_decode(part);
    if (!decoded) return wrong();
    key.push_back(std::move(*decoded));
  }
  return key;
}

Result<std::vector<std::string>> read_page_token(std::string_view token, const store::KeyParts& prefix,
                                                 std::size_t parts, std::string_view invalid_text) {
  auto key = TRY(read_page_token(token, invalid_text));
  const bool ours =
      key.size() == parts && parts >= prefix.size() && std::equal(prefix.begin(), prefix.end(), key.begin());
  if (!ours) return Error::invalid(std::string(invalid_text));
  return key;
}

Result<std::size_t> page_size(std::optional<std::int64_t> wanted, std::size_t usual, std::size_t most,
                              std::string_view name) {
  if (!wanted) return usual;
  if (*wanted < 1 || *wanted > static_cast<std::int64_t>(most)) {
    return Error::invalid(
        fmt::format("1 validation error detected: Value '{}' at '{}' failed to satisfy constraint: Member must have "
                    "value {} than or "
                    "equal to {}",
                    *wanted, name, *wanted < 1 ? "greater" : "less", *wanted < 1 ? 1 : most));
  }
  return static_cast<std::size_t>(*wanted);
}

}  // namespace podpass::aws
