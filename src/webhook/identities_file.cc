#include "webhook/identities_file.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "base/strings.h"
#include "codec/json.h"
#include "webhook/associations.h"

namespace podpass::webhook {

using codec::Value;

Result<NameSet> parse_identities(std::string_view text) {
  NameSet names;
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return names;
  auto document = TRY(codec::parse_json(text));
  if (document.as<Value::Map>() == nullptr) return Error::invalid("it is not a JSON object");
  const auto* identities = document.find("identities");
  if (identities == nullptr || identities->is_null()) return names;
  const auto* list = identities->as<Value::List>();
  if (list == nullptr) return Error::invalid("'identities' is not a list");
  if (list->size() > kMaxAssociations) return Error::invalid("it has too many identities");
  for (const auto& identity : *list) {
    const auto namespace_ = identity.text("namespace"), service_account = identity.text("serviceAccount");
    if (namespace_.empty() || service_account.empty())
      return Error::invalid("an identity has no 'namespace' or no 'serviceAccount'");
    names.insert(full_name(namespace_, service_account));
  }
  return names;
}

IdentitiesFile::Version IdentitiesFile::look() const {
  struct stat facts{};
  if (stat(path_.c_str(), &facts) != 0) return {};
  return {facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec};
}

bool IdentitiesFile::has(std::string_view namespace_, std::string_view service_account) const {
  std::lock_guard lock(mutex_);
  return names_.contains(full_name(namespace_, service_account));
}

bool IdentitiesFile::ask(std::string_view namespace_, std::string_view service_account) {
  if (has(namespace_, service_account)) return true;
  refresh();
  return has(namespace_, service_account);
}

void IdentitiesFile::refresh() {
  std::lock_guard lock(mutex_);
  const auto version = look();
  if (read_ && version == version_) return;
  read_ = true;
  version_ = version;
  auto text = read_small_file(path_, kMaxIdentitiesBytes);
  if (!text && text.error().kind == ErrorKind::not_found) text = std::string();
  auto names = text ? parse_identities(*text) : Result<NameSet>(std::move(text).error());
  if (!names) {
    log::warn(fmt::format("{} is not used, what it said before stays: {}", path_, printable(names.error().message)));
    return;
  }
  names_ = std::move(*names);
  if (!names_.empty()) metrics_.set_used();
  log::info(fmt::format("{} has {} identities.", path_, names_.size()));
}

std::size_t IdentitiesFile::size() const {
  std::lock_guard lock(mutex_);
  return names_.size();
}

}  // namespace podpass::webhook
