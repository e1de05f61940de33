// Context: the condition keys of one request and their values. Built per request on the stack; views must outlive it.
//
// Key names are case-insensitive, tag keys behind the slash too. A key is absent, single-valued or multivalued; the latter is how it is
// added, not how many values it has. Not thread-safe while it is built. Limit: kMaxContextKeys; more are a CHECK.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace podpass::policy {

inline constexpr std::size_t kMaxContextKeys = 256;

class Context {
 public:
  // `key` as AWS writes it, e.g. "aws:SourceIp". A later value for the same key replaces the earlier one.
  void add(std::string_view key, std::string_view value);
  void add_list(std::string_view key, std::span<const std::string_view> values);
  // A key with a tag's name behind the slash: add_tag("aws:PrincipalTag/", "team", "blue").
  void add_tag(std::string_view prefix, std::string_view tag, std::string_view value);
  // Text made for this context; the view returned lives as long as the context.
  std::string_view keep(std::string_view text);
};

}  // namespace podpass::policy
