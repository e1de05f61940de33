#include "policy/principal.h"

#include <algorithm>
#include <array>

#include "base/strings.h"

namespace podpass::policy {
namespace {

bool is_account(std::string_view text) {
  return text.size() == 12 && std::all_of(text.begin(), text.end(), is_digit);
}

bool is_unique_id(std::string_view text) {
  return text.size() >= 16 && text.size() <= 128 && (text.starts_with("AIDA") || text.starts_with("AROA")) &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c) || (c >= 'A' && c <= 'Z'); });
}

struct ArnForm {
  std::string_view service;
  std::string_view prefix;  // of the resource part
  PrincipalForm form;
};

constexpr std::array kArnForms = {
    ArnForm{"iam", "user/", PrincipalForm::user},
    ArnForm{"iam", "role/", PrincipalForm::role},
    ArnForm{"sts", "assumed-role/", PrincipalForm::role_session},
    ArnForm{"sts", "federated-user/", PrincipalForm::federated_user},
};

struct ArnFields {
  std::string_view partition, service, region, account, resource;
};

std::optional<ArnFields> split_arn(std::string_view text) {
  if (!text.starts_with("arn:")) return {};
  text.remove_prefix(4);
  std::array<std::string_view, 4> fields;
  for (auto& field : fields) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return {};
    field = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  return ArnFields{fields[0], fields[1], fields[2], fields[3], text};
}

std::optional<PrincipalForm> aws_form(std::string_view value) {
  if (value == "*") return PrincipalForm::everyone;
  if (is_account(value)) return PrincipalForm::account;
  if (is_unique_id(value)) return PrincipalForm::unique_id;
  const auto arn = split_arn(value);
  if (!arn || arn->partition.empty() || !arn->region.empty() || !is_account(arn->account)) return {};
  if (value.find_first_of("*? ") != std::string_view::npos) return {};
  if (arn->service == "iam" && arn->resource == "root") return PrincipalForm::account;
  for (const auto& row : kArnForms) {
    if (arn->service != row.service || !arn->resource.starts_with(row.prefix)) continue;
    const auto name = arn->resource.substr(row.prefix.size());
    const bool needs_session = row.form == PrincipalForm::role_session;
    if (name.empty() || name.ends_with('/') || (needs_session && name.find('/') == std::string_view::npos)) return {};
    return row.form;
  }
  return {};
}

bool is_host(std::string_view value) {
  return value.find('.') != std::string_view::npos && only_alnum_and(value, ".-") && value.size() <= 255;
}

std::optional<PrincipalForm> federated_form(std::string_view value) {
  if (is_host(value)) return PrincipalForm::federated;  // cognito-identity.amazonaws.com and the like
  const auto arn = split_arn(value);
  if (!arn || arn->service != "iam" || !is_account(arn->account)) return {};
  if (value.find_first_of("*? ") != std::string_view::npos) return {};
  const bool provider = arn->resource.starts_with("oidc-provider/") || arn->resource.starts_with("saml-provider/");
  return provider ? std::optional(PrincipalForm::federated) : std::nullopt;
}

std::optional<PrincipalForm> canonical_form(std::string_view value) {
  const bool hex =
      std::all_of(value.begin(), value.end(), [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
  return hex && value.size() == 64 ? std::optional(PrincipalForm::canonical_user) : std::nullopt;
}

Match match_entity(const PatternPool& pool, const PrincipalPattern& pattern, const Principal& principal,
                   std::string_view arn) {
  const bool same =
      pattern.id.size != 0 ? pool.view(pattern.id) == principal.unique_id : pool.view(pattern.value) == arn;
  return same ? kDirectMatch : kNoMatch;
}

Match match_one(const PatternPool& pool, const PrincipalPattern& pattern, const Principal& principal) {
  const auto value = pool.view(pattern.value);
  const auto type = principal.type;
  const auto parent = [](Match match) { return match == kDirectMatch ? kParentMatch : kNoMatch; };
  switch (pattern.form) {
    case PrincipalForm::everyone:
      return kEveryoneMatch;
    case PrincipalForm::account: {
      const auto partition = pool.view(pattern.partition);
      const bool same = value == principal.account && (partition.empty() || partition == principal.partition);
      return same ? kAccountMatch : kNoMatch;
    }
    case PrincipalForm::user:
      if (type == PrincipalType::user) return match_entity(pool, pattern, principal, principal.arn);
      if (type == PrincipalType::federated_user)
        return parent(match_entity(pool, pattern, principal, principal.role_arn));
      return kNoMatch;
    case PrincipalForm::role:
      if (type != PrincipalType::role_session) return kNoMatch;
      return parent(match_entity(pool, pattern, principal, principal.role_arn));
    case PrincipalForm::role_session:
      return type == PrincipalType::role_session && value == principal.arn ? kDirectMatch : kNoMatch;
    case PrincipalForm::federated_user:
      return type == PrincipalType::federated_user && value == principal.arn ? kDirectMatch : kNoMatch;
    case PrincipalForm::service:
      return type == PrincipalType::service && value == principal.service ? kDirectMatch : kNoMatch;
    case PrincipalForm::federated:
      return type == PrincipalType::web_identity && value == principal.provider ? kDirectMatch : kNoMatch;
    case PrincipalForm::canonical_user:
      return kNoMatch;  // of an account that was not known when the policy was saved
    case PrincipalForm::unique_id:
      if (value != principal.unique_id) return kNoMatch;
      return type == PrincipalType::user ? kDirectMatch : kParentMatch;
  }
  return kNoMatch;
}

}  // namespace

std::optional<PrincipalForm> principal_form(std::string_view type, std::string_view value, Kind kind) {
  if (type == "AWS") return aws_form(value);
  if (type == "Service") return is_host(value) ? std::optional(PrincipalForm::service) : std::nullopt;
  if (type == "Federated") return federated_form(value);
  if (type == "CanonicalUser" && kind == Kind::bucket) return canonical_form(value);
  return {};
}

PrincipalPattern compile_principal(PatternPool& pool, PrincipalForm form, std::string_view value,
                                   const PrincipalIds& ids) {
  PrincipalPattern pattern;
  pattern.form = form;
  if (form == PrincipalForm::account) {
    if (const auto arn = split_arn(value)) {
      pattern.partition = pool.keep(arn->partition);
      value = arn->account;
    }
  }
  if (form == PrincipalForm::canonical_user) {  // another name of an account
    if (const auto account = ids.find(value); account != ids.end()) {
      pattern.form = PrincipalForm::account;
      value = account->second;
    }
  }
  pattern.value = pool.keep(value);
  if (form == PrincipalForm::user || form == PrincipalForm::role) {
    if (const auto id = ids.find(value); id != ids.end()) pattern.id = pool.keep(id->second);
  }
  return pattern;
}

std::uint8_t match_principal(const PatternPool& pool, std::span<const PrincipalPattern> patterns,
                             const Principal& principal) {
  std::uint8_t matches = kNoMatch;
  for (const auto& pattern : patterns) matches |= match_one(pool, pattern, principal);
  return matches;
}

bool exempt(const PatternPool& pool, std::span<const PrincipalPattern> patterns, const Principal& principal) {
  const auto matches = match_principal(pool, patterns, principal);
  if ((matches & kEveryoneMatch) != 0) return true;
  std::uint8_t needed = kDirectMatch;
  switch (principal.type) {
    case PrincipalType::root:
      needed = kAccountMatch;
      break;
    case PrincipalType::user:
      needed = kDirectMatch | kAccountMatch;
      break;
    case PrincipalType::role_session:
    case PrincipalType::federated_user:
      needed = kDirectMatch | kParentMatch | kAccountMatch;
      break;
    case PrincipalType::anonymous:
    case PrincipalType::service:
    case PrincipalType::web_identity:
      break;
  }
  return (matches & needed) == needed;
}

}  // namespace podpass::policy
