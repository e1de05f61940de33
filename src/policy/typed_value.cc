#include "policy/typed_value.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstring>
#include <limits>

#include "base/strings.h"

namespace podpass::policy {
namespace {

constexpr std::int64_t kMaxYear = 292'278'993;  // what fits into 64 bits of milliseconds
constexpr std::size_t kMappedPrefix = 96;

// Takes exactly `size` digits off the text.
std::optional<std::int64_t> take_digits(std::string_view& text, std::size_t size) {
  if (text.size() < size) return {};
  std::int64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) {
    if (!is_digit(text[i])) return {};
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(size);
  return value;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

std::size_t leading_digits(std::string_view text) {
  return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_digit) - text.begin());
}

bool in_range(const std::optional<std::int64_t>& value, std::int64_t low, std::int64_t high) {
  return value && *value >= low && *value <= high;
}

// The offset from UTC in milliseconds.
std::optional<std::int64_t> read_zone(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  const bool minus = text.starts_with('-');
  if (!take(text, '+') && !take(text, '-')) return {};
  const auto hours = take_digits(text, 2);
  if (!in_range(hours, 0, 23)) return {};
  std::optional<std::int64_t> minutes = 0;
  if (!text.empty()) {
    take(text, ':');
    minutes = take_digits(text, 2);
    if (!in_range(minutes, 0, 59) || !text.empty()) return {};
  }
  const auto offset = (*hours * 60 + *minutes) * 60'000;
  return minus ? -offset : offset;
}

// "hh:mm[:ss[.f]]" and the zone, as milliseconds since midnight UTC.
std::optional<std::int64_t> read_clock(std::string_view text) {
  const auto hour = take_digits(text, 2);
  if (!in_range(hour, 0, 23) || !take(text, ':')) return {};
  const auto minute = take_digits(text, 2);
  if (!in_range(minute, 0, 59)) return {};
  std::int64_t millis = (*hour * 60 + *minute) * 60'000;
  if (take(text, ':')) {
    const auto second = take_digits(text, 2);
    if (!in_range(second, 0, 59)) return {};
    millis += *second * 1000;
    if (take(text, '.')) {
      const auto size = leading_digits(text);
      if (size == 0) return {};
      for (std::size_t i = 0, weight = 100; i < std::min<std::size_t>(size, 3); ++i, weight /= 10) {
        millis += (text[i] - '0') * static_cast<std::int64_t>(weight);
      }
      text.remove_prefix(size);
    }
  }
  const auto zone = read_zone(text);
  if (!zone) return {};
  return millis - *zone;
}

std::optional<std::int64_t> epoch_millis(std::string_view digits) {
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
  if (error != std::errc() || end != digits.data() + digits.size()) return {};
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  return seconds > kMost / 1000 ? kMost : seconds * 1000;
}

bool read_v4(const char* text, Network& network) {
  std::array<unsigned char, 4> bytes{};
  if (inet_pton(AF_INET, text, bytes.data()) != 1) return false;
  network.address[10] = network.address[11] = 0xFF;
  std::copy(bytes.begin(), bytes.end(), network.address.begin() + 12);
  network.v4 = true;
  return true;
}

}  // namespace

std::optional<Number> parse_number(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return {};
  }
  const auto digits = text.substr(text.starts_with('-') ? 1 : 0);
  if (digits.empty() || (!is_digit(digits[0]) && digits[0] != '.')) return {};  // from_chars would take inf and nan
  Number number;
  const char* last = text.data() + text.size();
  const auto whole = std::from_chars(text.data(), last, number.whole);
  if (whole.ec == std::errc() && whole.ptr == last) {
    number.real = static_cast<double>(number.whole);
    return number;
  }
  number.integer = false;
  const auto real = std::from_chars(text.data(), last, number.real);
  if (real.ec != std::errc() || real.ptr != last) return {};
  return number;
}

int compare(const Number& a, const Number& b) {
  if (a.integer && b.integer) return a.whole < b.whole ? -1 : a.whole > b.whole ? 1 : 0;
  return a.real < b.real ? -1 : a.real > b.real ? 1 : 0;
}

std::optional<std::int64_t> parse_instant(std::string_view text) {
  if (text.empty()) return {};
  if (leading_digits(text) == text.size()) return epoch_millis(text);
  const bool before_christ = take(text, '-');
  const auto year_size = leading_digits(text);
  if (year_size < 4 || year_size > 9) return {};
  auto year = *take_digits(text, year_size);
  if (year > kMaxYear - 1 || !take(text, '-')) return {};
  if (before_christ) year = -year;
  const auto month = take_digits(text, 2);
  if (!in_range(month, 1, 12)) return {};
  std::optional<std::int64_t> day = 1;
  if (take(text, '-')) {
    day = take_digits(text, 2);
    if (!in_range(day, 1, 31)) return {};
  } else if (!text.empty()) {
    return {};
  }
  // Days from civil, for any year: shift the year to begin in March and count 400-year eras of 146,097 days.
  const auto march_year = year - (*month <= 2 ? 1 : 0);
  const auto era = (march_year >= 0 ? march_year : march_year - 399) / 400;
  const auto year_of_era = march_year - era * 400;
  const auto day_of_year = (153 * (*month + (*month > 2 ? -3 : 9)) + 2) / 5 + *day - 1;
  const auto days = era * 146'097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719'468;
  std::int64_t millis = days * 86'400'000;
  if (take(text, 'T') || take(text, 't')) {
    const auto clock = read_clock(text);
    if (!clock) return {};
    millis += *clock;
  } else if (!text.empty()) {
    return {};
  }
  return millis;
}

std::optional<Network> parse_address(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN + 1> terminated{};
  if (text.empty() || text.size() >= terminated.size() || text.find('\0') != std::string_view::npos) return {};
  std::copy(text.begin(), text.end(), terminated.begin());
  Network network;
  if (read_v4(terminated.data(), network)) return network;
  if (inet_pton(AF_INET6, terminated.data(), network.address.data()) != 1) return {};
  constexpr std::array<unsigned char, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  network.v4 = std::equal(kMapped.begin(), kMapped.end(), network.address.begin());
  return network;
}

std::optional<Network> parse_network(std::string_view text) {
  const auto slash = text.find('/');
  auto network = parse_address(text.substr(0, slash));
  if (!network || slash == std::string_view::npos) return network;
  const bool written_as_v4 = text.substr(0, slash).find(':') == std::string_view::npos;
  auto digits = text.substr(slash + 1);
  if (digits.empty() || digits.size() > 3) return {};
  const auto bits = take_digits(digits, digits.size());
  if (!in_range(bits, 0, written_as_v4 ? 32 : 128)) return {};
  network->bits = static_cast<std::uint8_t>(*bits + (written_as_v4 ? kMappedPrefix : 0));
  network->v4 = network->v4 && network->bits >= kMappedPrefix;
  return network;
}

bool contains(const Network& network, const Network& address) {
  if (network.v4 != address.v4) return false;
  const std::size_t bytes = network.bits / 8;
  if (std::memcmp(network.address.data(), address.address.data(), bytes) != 0) return false;
  const unsigned rest = network.bits % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<unsigned char>(0xFFU << (8 - rest));
  return (network.address[bytes] & mask) == (address.address[bytes] & mask);
}

}  // namespace podpass::policy
