#include "iam/arns.h"

#include <algorithm>
#include <array>

#include "base/strings.h"

namespace podpass::iam {
namespace {

constexpr std::size_t kMaxPath = 512;
constexpr std::size_t kMaxArn = 2'048;
constexpr std::string_view kNameCharacters = "_+=,.@-";

bool is_partition(std::string_view text) {
  return text.starts_with("aws") && std::ranges::all_of(text, [](char c) { return is_alnum(c) || c == '-'; });
}

}  // namespace

std::string make_arn(std::string_view partition, std::string_view account, std::string_view kind, std::string_view path,
                     std::string_view name) {
  return concat({"arn:", partition, ":iam::", account, ":", kind, path, name});
}

std::optional<EntityArn> parse_arn(std::string_view arn, std::string_view kind) {
  if (arn.size() > kMaxArn) return std::nullopt;
  // A path may hold colons, so all that is behind the fifth one belongs to the name.
  std::array<std::string_view, 5> parts;
  auto rest = arn;
  for (auto& part : parts) {
    const auto colon = rest.find(':');
    if (colon == rest.npos) return std::nullopt;
    part = rest.substr(0, colon);
    rest.remove_prefix(colon + 1);
  }
  if (parts[0] != "arn" || !is_partition(parts[1]) || parts[2] != "iam" || !parts[3].empty()) return std::nullopt;
  EntityArn result{parts[1], parts[4], kind, {}, {}};
  if (!is_account(result.account) && !(kind == "policy" && result.account == "aws")) return std::nullopt;
  if (!rest.starts_with(kind) || rest.size() <= kind.size() || rest[kind.size()] != '/') return std::nullopt;
  rest.remove_prefix(kind.size());
  auto slash = rest.rfind('/');
  result.path = rest.substr(0, slash + 1);
  result.name = rest.substr(slash + 1);
  if (!is_path(result.path) || !is_name(result.name, kind == "policy" ? 128 : 64)) return std::nullopt;
  return result;
}

bool is_name(std::string_view text, std::size_t most) {
  return !text.empty() && text.size() <= most && only_alnum_and(text, kNameCharacters);
}

bool is_path(std::string_view text) {
  if (text == "/") return true;
  return text.size() > 2 && text.size() <= kMaxPath && text.front() == '/' && text.back() == '/' &&
         std::ranges::all_of(text, [](char c) { return c >= '!' && c <= '~'; });
}

bool is_policy_path(std::string_view text) {
  return is_path(text) && only_alnum_and(text, "/.,+@=_-") && !text.contains("//");
}

bool is_account(std::string_view text) {
  return text.size() == 12 && std::ranges::all_of(text, is_digit);
}

}  // namespace podpass::iam
