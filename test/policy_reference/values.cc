#include "policy_reference/values.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstdlib>

namespace podpass::reference {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool all_digits(const std::string& text) {
  return !text.empty() && std::ranges::all_of(text, is_digit);
}

void append_literally(Pattern& pattern, const std::string& text) {
  for (const auto c : characters(text)) pattern.push_back({Symbol::Type::character, c});
}

// What stands between "${" and "}". Sets `end` behind the brace. Nothing if it has no value.
// "IAM policy elements: Variables and tags": ${*}, ${?} and ${$} are those characters; ${key, 'text'} has a default,
// with a comma, one space and single quotes; only single-valued keys can be variables.
std::optional<std::string> variable(const std::string& text, std::size_t begin, std::size_t& end, const Keys& keys) {
  const auto stop = text.find_first_of("},", begin);
  if (stop == std::string::npos) return {};
  const auto name = text.substr(begin, stop - begin);
  std::optional<std::string> otherwise;
  end = stop + 1;
  if (text[stop] == ',') {
    if (text.substr(stop, 3) != ", '") return {};
    const auto close = text.find("'}", stop + 3);
    if (close == std::string::npos) return {};
    otherwise = text.substr(stop + 3, close - stop - 3);
    end = close + 2;
  }
  if (!otherwise && (name == "*" || name == "?" || name == "$")) return name;
  if (name.empty()) return {};
  const auto* found = find_key(keys, name);
  if (!found) return otherwise;
  if (found->many) return {};
  return found->values[0];
}

std::vector<Pattern> fields_of(const Pattern& pattern) {
  std::vector<Pattern> fields(1);
  for (const auto& symbol : pattern) {
    if (symbol == Symbol{Symbol::Type::character, U':'} && fields.size() < 6) {
      fields.emplace_back();
    } else {
      fields.back().push_back(symbol);
    }
  }
  return fields;
}

std::vector<std::u32string> fields_of(const std::u32string& text) {
  std::vector<std::u32string> fields(1);
  for (const auto c : text) {
    if (c == U':' && fields.size() < 6) {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  return fields;
}

}  // namespace

std::string lower(std::string text) {
  for (auto& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

const Values* find_key(const Keys& keys, const std::string& name) {
  const auto found = keys.find(lower(name));
  return found == keys.end() || found->second.values.empty() ? nullptr : &found->second;
}

bool is_all_stars(const std::string& text) {
  return !text.empty() && text.find_first_not_of('*') == std::string::npos;
}

std::u32string characters(const std::string& utf8) {
  std::u32string all;
  for (std::size_t i = 0; i < utf8.size();) {
    const auto first = static_cast<unsigned char>(utf8[i]);
    const std::size_t size = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    char32_t c = first;
    for (std::size_t k = 1; k < size && i + k < utf8.size(); ++k) {
      c = (c << 8) | static_cast<unsigned char>(utf8[i + k]);
    }
    all += c;
    i += size;
  }
  return all;
}

std::optional<Pattern> expand(const std::string& text, Wildcards wildcards, Variables variables, const Keys& keys) {
  Pattern pattern;
  for (std::size_t i = 0; i < text.size();) {
    if (variables == Variables::yes && text.compare(i, 2, "${") == 0) {
      const auto value = variable(text, i + 2, i, keys);
      if (!value) return {};
      append_literally(pattern, *value);
      continue;
    }
    const auto stop = std::min(text.find('$', i + 1), text.size());
    for (const auto c : characters(text.substr(i, stop - i))) {
      auto type = Symbol::Type::character;
      if (wildcards == Wildcards::yes && c == U'*') type = Symbol::Type::run;
      if (wildcards == Wildcards::yes && c == U'?') type = Symbol::Type::one;
      pattern.push_back({type, c});
    }
    i = stop;
  }
  return pattern;
}

// reached[i]: the pattern so far matches the first i characters.
bool matches(const Pattern& pattern, const std::u32string& subject) {
  std::vector<bool> reached(subject.size() + 1);
  reached[0] = true;
  for (const auto& symbol : pattern) {
    std::vector<bool> next(subject.size() + 1);
    for (std::size_t i = 0; i <= subject.size(); ++i) {
      if (symbol.type == Symbol::Type::run) {
        next[i] = reached[i] || (i > 0 && next[i - 1]);
      } else if (i > 0) {
        next[i] = reached[i - 1] && (symbol.type == Symbol::Type::one || symbol.character == subject[i - 1]);
      }
    }
    reached = next;
  }
  return reached[subject.size()];
}

bool matches_arn(const std::string& written, const Pattern& pattern, const std::u32string& subject) {
  const auto patterns = fields_of(pattern);
  const auto subjects = fields_of(subject);
  if (subjects.size() < 6) return false;
  if (patterns.size() < 6 && !written.ends_with('*')) return false;
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    if (!matches(patterns[i], subjects[i])) return false;
  }
  return true;
}

namespace {

bool fits_64_bits(const Decimal& number) {
  const std::string most = number.negative ? "9223372036854775808" : "9223372036854775807";
  if (number.exponent != 19) return number.exponent < 19;
  auto digits = number.digits;
  digits.resize(19, '0');
  return digits <= most;
}

}  // namespace

// A sign, digits with a point somewhere, and a power of ten.
std::optional<Decimal> read_number(const std::string& text) {
  Decimal number;
  std::size_t i = 0;
  if (i < text.size() && (text[i] == '+' || text[i] == '-')) number.negative = text[i++] == '-';
  std::string before, behind;
  while (i < text.size() && is_digit(text[i])) before += text[i++];
  if (i < text.size() && text[i] == '.') {
    ++i;
    while (i < text.size() && is_digit(text[i])) behind += text[i++];
  }
  if (before.empty() && behind.empty()) return {};
  long long power = 0;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    bool down = false;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) down = text[i++] == '-';
    if (i == text.size()) return {};
    while (i < text.size() && is_digit(text[i])) power = std::min(power * 10 + (text[i++] - '0'), 1'000'000'000LL);
    if (down) power = -power;
  }
  if (i != text.size()) return {};
  number.digits = before + behind;
  number.exponent = static_cast<long long>(before.size()) + power;
  while (!number.digits.empty() && number.digits.front() == '0') {
    number.digits.erase(0, 1);
    --number.exponent;
  }
  while (!number.digits.empty() && number.digits.back() == '0') number.digits.pop_back();
  number.integer = all_digits(text.substr(text[0] == '+' || text[0] == '-' ? 1 : 0)) && fits_64_bits(number);
  if (number.digits.empty()) number = {false, number.integer, {}, 0};
  if (number.exponent > 309 || number.exponent < -307) return {};  // decision 010: no double
  return number;
}

namespace {

double as_double(const Decimal& number) {
  const auto text =
      std::string(number.negative ? "-" : "") + "0." + number.digits + "e" + std::to_string(number.exponent);
  return number.digits.empty() ? 0 : std::strtod(text.c_str(), nullptr);
}

}  // namespace

// Decision 010: integers of 64 bits exactly, all others as doubles.
int compare(const Decimal& a, const Decimal& b) {
  if (!a.integer || !b.integer) return as_double(a) < as_double(b) ? -1 : as_double(a) > as_double(b) ? 1 : 0;
  const auto sign = [](const Decimal& x) { return x.digits.empty() ? 0 : x.negative ? -1 : 1; };
  if (sign(a) != sign(b)) return sign(a) < sign(b) ? -1 : 1;
  if (a.exponent != b.exponent) return (a.exponent < b.exponent) == a.negative ? 1 : -1;
  const int order = a.digits.compare(b.digits);
  if (order == 0) return 0;
  return (order < 0) == a.negative ? 1 : -1;
}

namespace {

// Takes `count` digits off the front, whose value must be within the limits.
std::optional<int> take_number(std::string& text, std::size_t count, int least, int most) {
  if (text.size() < count || !all_digits(text.substr(0, count))) return {};
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) value = value * 10 + (text[i] - '0');
  text.erase(0, count);
  if (value < least || value > most) return {};
  return value;
}

bool take(std::string& text, char c) {
  if (text.empty() || text[0] != c) return false;
  text.erase(0, 1);
  return true;
}

// Days since 1970 of a proleptic Gregorian year's first of January, counted year by year from a multiple of 400.
__int128 days_before_year(long long year) {
  const auto leap = [](long long y) { return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0); };
  const long long era = (year >= 0 ? year : year - 399) / 400;
  __int128 days = static_cast<__int128>(era) * 146097;
  for (auto y = era * 400; y < year; ++y) days += leap(y) ? 366 : 365;
  return days - 719528;  // from year 0
}

int days_before_month(long long year, int month) {
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  const std::array<int, 12> sizes = {31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int days = 0;
  for (int i = 0; i + 1 < month; ++i) days += sizes[static_cast<std::size_t>(i)];
  return days;
}

// Z, +hh, +hhmm or +hh:mm, in seconds.
std::optional<int> read_zone(std::string text) {
  if (text == "Z" || text == "z") return 0;
  const bool west = !text.empty() && text[0] == '-';
  if (!take(text, '+') && !take(text, '-')) return {};
  const auto hours = take_number(text, 2, 0, 23);
  if (!hours) return {};
  int minutes = 0;
  if (!text.empty()) {
    take(text, ':');
    const auto read = take_number(text, 2, 0, 59);
    if (!read || !text.empty()) return {};
    minutes = *read;
  }
  return (*hours * 3600 + minutes * 60) * (west ? -1 : 1);
}

// Thh:mm[:ss[.f]] and the zone, behind the day.
bool read_time(std::string text, Date& date) {
  if (!take(text, 'T') && !take(text, 't')) return false;
  const auto hour = take_number(text, 2, 0, 23);
  if (!hour || !take(text, ':')) return false;
  const auto minute = take_number(text, 2, 0, 59);
  if (!minute) return false;
  int second = 0;
  if (take(text, ':')) {
    const auto read = take_number(text, 2, 0, 59);
    if (!read) return false;
    second = *read;
    if (take(text, '.')) {
      if (text.empty() || !is_digit(text[0])) return false;
      while (!text.empty() && is_digit(text[0])) {
        if (date.fraction.size() < 3) date.fraction += text[0];  // decision 010: milliseconds
        text.erase(0, 1);
      }
      while (!date.fraction.empty() && date.fraction.back() == '0') date.fraction.pop_back();
    }
  }
  const auto zone = read_zone(text);
  if (!zone) return false;
  date.seconds += *hour * 3600 + *minute * 60 + second - *zone;
  return true;
}

}  // namespace

// W3C's profile of ISO 8601, or seconds since 1970: all digits are the latter. A day that its month has not is counted
// on into the next month.
std::optional<Date> read_date(const std::string& written) {
  Date date;
  if (all_digits(written)) {
    for (const char c : written) {
      date.seconds = date.seconds * 10 + (c - '0');
      if (date.seconds > INT64_MAX) return {};
    }
    date.seconds = std::min(date.seconds, static_cast<__int128>(INT64_MAX / 1000 + 1));  // decision 010: one far day
    return date;
  }
  auto text = written;
  const bool before = take(text, '-');
  std::string digits;
  while (!text.empty() && is_digit(text[0])) {
    digits += text[0];
    text.erase(0, 1);
  }
  if (digits.size() < 4 || digits.size() > 9) return {};
  long long year = 0;
  for (const char c : digits) year = year * 10 + (c - '0');
  if (before) year = -year;
  if (year < -292275054 || year > 292278993 || !take(text, '-')) return {};
  const auto month = take_number(text, 2, 1, 12);
  if (!month) return {};
  int day = 1;
  if (take(text, '-')) {
    const auto read = take_number(text, 2, 1, 31);
    if (!read) return {};
    day = *read;
  }
  date.seconds = (days_before_year(year) + days_before_month(year, *month) + day - 1) * 86400;
  if (!text.empty() && !read_time(text, date)) return {};
  return date;
}

int compare(const Date& a, const Date& b) {
  if (a.seconds != b.seconds) return a.seconds < b.seconds ? -1 : 1;
  return a.fraction.compare(b.fraction);
}

std::optional<bool> read_bool(const std::string& text) {
  if (lower(text) == "true") return true;
  if (lower(text) == "false") return false;
  return {};
}

// RFC 4648 with its padding.
std::optional<std::string> read_base64(const std::string& text) {
  const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (text.size() % 4 != 0) return {};
  std::string bits, bytes;
  const auto padding = text.size() - std::min(text.find('='), text.size());
  if (padding > 2) return {};
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i >= text.size() - padding) {
      if (text[i] != '=') return {};
      continue;
    }
    const auto value = alphabet.find(text[i]);
    if (value == std::string::npos) return {};
    for (int bit = 5; bit >= 0; --bit) bits += ((value >> bit) & 1) != 0 ? '1' : '0';
  }
  for (std::size_t i = 0; i + 8 <= bits.size(); i += 8) {
    int byte = 0;
    for (std::size_t bit = 0; bit < 8; ++bit) byte = byte * 2 + (bits[i + bit] - '0');
    bytes += static_cast<char>(byte);
  }
  if (bits.substr(bytes.size() * 8).contains('1')) return {};  // RFC 4648, 3.5
  return bytes;
}

std::optional<Network> read_address(const std::string& text) {
  Network network;
  network.bytes.resize(4);
  network.prefix = 32;
  if (inet_pton(AF_INET, text.c_str(), network.bytes.data()) == 1) return network;
  network.bytes.resize(16);
  network.prefix = 128;
  if (inet_pton(AF_INET6, text.c_str(), network.bytes.data()) != 1) return {};
  return network;
}

namespace {

// IPv4 that is written as IPv6 is IPv4, as long as the prefix says that much.
Network as_ipv4(Network network) {
  const std::array<std::uint8_t, 12> mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  if (network.bytes.size() != 16 || network.prefix < 96) return network;
  if (!std::equal(mapped.begin(), mapped.end(), network.bytes.begin())) return network;
  return {{network.bytes.begin() + 12, network.bytes.end()}, network.prefix - 96};
}

}  // namespace

std::optional<Network> read_network(const std::string& text) {
  const auto slash = text.find('/');
  auto network = read_address(text.substr(0, slash));
  if (!network) return {};
  if (slash != std::string::npos) {
    const auto digits = text.substr(slash + 1);
    if (!all_digits(digits) || digits.size() > 3) return {};
    int prefix = 0;
    for (const char c : digits) prefix = prefix * 10 + (c - '0');
    if (prefix > network->prefix) return {};
    network->prefix = prefix;
  }
  return as_ipv4(*network);
}

bool contains(const Network& network, const Network& written) {
  const auto address = as_ipv4(written);
  if (network.bytes.size() != address.bytes.size()) return false;
  for (int bit = 0; bit < network.prefix; ++bit) {
    const auto byte = static_cast<std::size_t>(bit / 8);
    const int mask = 0x80 >> (bit % 8);
    if ((network.bytes[byte] & mask) != (address.bytes[byte] & mask)) return false;
  }
  return true;
}

}  // namespace podpass::reference
