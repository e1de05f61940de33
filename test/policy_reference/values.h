// What the reference reads out of texts: patterns with wildcards and variables, numbers, dates, addresses, base64.
// Each is written from the rule alone, as plainly as it can be.
//
// For tests: slow. Pure, safe from any thread. What can't be read is std::nullopt. Sources: IAM user guide, "Condition
// operators", "Variables and tags"; docs/decisions/010_policy_open_points.md.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace podpass::reference {

std::string lower(std::string text);  // ASCII only

// A key of the request: one value, or a list, which may be empty.
struct Values {
  bool many = false;
  std::vector<std::string> values;
};

// By name in lower case.
using Keys = std::map<std::string, Values>;

// The key's values; null if it is absent, as a key with an empty list is.
const Values* find_key(const Keys& keys, const std::string& name);

// A pattern, a character at a time.
struct Symbol {
  enum class Type { character, one, run };
  Type type = Type::character;
  char32_t character = 0;
  bool operator==(const Symbol&) const = default;
};
using Pattern = std::vector<Symbol>;

bool is_all_stars(const std::string& text);
std::u32string characters(const std::string& utf8);

enum class Wildcards { yes, no };
enum class Variables { yes, no };

// The pattern that a policy's text stands for. Nothing if a variable in it is malformed or has no value: then it
// matches nothing.
std::optional<Pattern> expand(const std::string& text, Wildcards wildcards, Variables variables, const Keys& keys);

bool matches(const Pattern& pattern, const std::u32string& subject);

// The fields of an ARN compared one by one, each with its own wildcards; the sixth has all the rest. A pattern of fewer
// fields must be written with a star at its end, which stands for the missing ones. A subject of fewer is no ARN.
bool matches_arn(const std::string& written, const Pattern& pattern, const std::u32string& subject);

// A number as it is written, of any size: 0.digits times ten to the exponent. Zero has no digits. Integers of 64 bits
// compare exactly, others as doubles.
struct Decimal {
  bool negative = false;
  bool integer = false;
  std::string digits;
  long long exponent = 0;
};
std::optional<Decimal> read_number(const std::string& text);
int compare(const Decimal& a, const Decimal& b);

struct Date {
  __int128 seconds = 0;  // since 1970
  std::string fraction;  // digits behind the point, without zeros at the end
};
std::optional<Date> read_date(const std::string& text);
int compare(const Date& a, const Date& b);

std::optional<bool> read_bool(const std::string& text);
std::optional<std::string> read_base64(const std::string& text);

struct Network {
  std::vector<std::uint8_t> bytes;  // four or sixteen
  int prefix = 0;
};
std::optional<Network> read_address(const std::string& text);
std::optional<Network> read_network(const std::string& text);
bool contains(const Network& network, const Network& address);

}  // namespace podpass::reference
