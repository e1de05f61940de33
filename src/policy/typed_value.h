// The typed values of conditions: numbers, instants, IP networks, as policies and requests write them.
// Pure functions; no allocation; safe from any thread. What can't be read is nothing, and compares equal to nothing.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace podpass::policy {

// An integer or a decimal. Two integers compare exactly, others as doubles.
struct Number {
  bool integer = true;
  std::int64_t whole = 0;
  double real = 0;
};
std::optional<Number> parse_number(std::string_view text);
int compare(const Number& a, const Number& b);  // negative, zero, positive

// Milliseconds since the epoch. All digits: seconds since the epoch. Else the W3C subset of ISO 8601: YYYY-MM,
// YYYY-MM-DD, YYYY-MM-DDThh:mm[:ss[.f]] with Z, +hh, +hhmm or +hh:mm. A day of the month up to 31 is taken in any month
// and carries over.
std::optional<std::int64_t> parse_instant(std::string_view text);

// An address is sixteen bytes in network order; IPv4 as ::ffff:a.b.c.d, so a v4-mapped IPv6 address is the same as the
// IPv4 one.
struct Network {
  std::array<unsigned char, 16> address{};
  std::uint8_t bits = 128;  // of the sixteen bytes: an IPv4 prefix counts 96 more
  bool v4 = false;
};
std::optional<Network> parse_network(std::string_view text);  // address or CIDR; bits behind the prefix are ignored
std::optional<Network> parse_address(std::string_view text);  // no prefix allowed
bool contains(const Network& network, const Network& address);

}  // namespace podpass::policy
