#include "server/keys.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <string>

#include "base/strings.h"
#include "cli/connection.h"
#include "codec/base64.h"

namespace podpass::server {
namespace {

// session_keys/ring
struct SessionKeysRecord {
  std::string sealed;  // the ring, sealed under the master key; base64
  Time newest{};       // when its newest key was made
};
BOOST_DESCRIBE_STRUCT(SessionKeysRecord, (), (sealed, newest))
constexpr store::Table<SessionKeysRecord> kSessionKeys{"session_keys"};

std::optional<std::string> from_hex(std::string_view text) {
  std::string bytes;
  if (text.size() % 2 != 0) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    int byte = 0;
    for (char c : text.substr(i, 2)) {
      c = ascii_lower(c);
      if (!is_digit(c) && (c < 'a' || c > 'f')) return std::nullopt;
      byte = byte * 16 + (is_digit(c) ? c - '0' : c - 'a' + 10);
    }
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

}  // namespace

Result<std::shared_ptr<const crypto::KeyRing>> open_master_key(const std::filesystem::path& data_directory,
                                                               Random& random) {
  const auto path = data_directory / "master.key";
  std::error_code unknown;
  if (!std::filesystem::exists(path, unknown)) {
    if (std::filesystem::exists(data_directory / "store.sqlite", unknown)) {
      return Error::invalid(fmt::format(
          "{} is missing, but there is data. Restore the file: the secrets in the data cannot be read without it.",
          path.string()));
    }
    std::string bytes(crypto::KeyRing::kKeyBytes, '\0');
    random.fill(std::span(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size()));
    TRY(cli::write_file(path, hex(bytes) + "\n", 0600));
  }
  struct stat status{};
  if (stat(path.c_str(), &status) == 0 && (status.st_mode & 077) != 0) {
    return Error::invalid(fmt::format("{} may be read by others. Run: chmod 600 {}", path.string(), path.string()));
  }
  auto text = TRY(cli::read_file(path));
  while (text.ends_with('\n')) text.pop_back();
  auto bytes = from_hex(text);
  if (!bytes || bytes->size() != crypto::KeyRing::kKeyBytes) {
    return Error::invalid(fmt::format("{} is damaged: it must hold 64 hex digits.", path.string()));
  }
  return crypto::KeyRing::from_key(1, Secret(std::move(*bytes)));
}

Result<std::shared_ptr<const crypto::KeyRing>> current_session_keys(store::Store& store, const crypto::KeyRing& master,
                                                                    Random& random, Time now) {
  std::shared_ptr<const crypto::KeyRing> ring;
  TRY(store.run([&](store::Transaction& tx) -> Result<void> {
    const auto* record = tx.find(kSessionKeys, {"ring"});
    if (record != nullptr) {
      auto sealed = codec::base64_decode(record->sealed);
      auto opened = crypto::KeyRing::unsealed_by(master, sealed.value_or(""));
      if (!opened) return Error::invalid("The session keys cannot be read: master.key is not the one of this data.");
      ring = *opened;
      if (now - record->newest < kSessionKeyAge) return {};
    }
    ring = record != nullptr ? ring->rotated(random, kSessionKeysKept) : crypto::KeyRing::generate(random);
    tx.put(kSessionKeys, {"ring"}, SessionKeysRecord{codec::base64_encode(ring->sealed_by(master)), now});
    return {};
  }));
  return ring;
}

}  // namespace podpass::server
