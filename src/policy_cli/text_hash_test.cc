#include "policy_cli/text_hash.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace podpass::policy_cli {
namespace {

TEST(TextHash, TextsThatDifferALittleDiffer) {
  std::set<std::uint64_t> whole, low;
  std::size_t texts = 0;
  const auto add = [&](std::string_view text) {
    const auto hash = text_hash(text);
    EXPECT_EQ(hash, text_hash(std::string(text)));
    whole.insert(hash);
    low.insert(hash % (1U << 24U));
    ++texts;
  };
  for (std::size_t size = 0; size < 100; ++size) {
    std::string text(size, '\0');
    add(text);
    for (auto& c : text) {
      for (unsigned bit = 0; bit < 8; ++bit) {
        c = static_cast<char>(1U << bit);
        add(text);
      }
      c = 0;
    }
  }
  EXPECT_EQ(whole.size(), texts);
  EXPECT_LT(texts - low.size(), 100U);  // of 39,700 in 16 million places some 47 meet by chance
}

}  // namespace
}  // namespace podpass::policy_cli
