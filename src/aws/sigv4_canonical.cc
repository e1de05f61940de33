#include "aws/sigv4_canonical.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/strings.h"

namespace podpass::aws {
namespace {

struct Scratch {
  std::string text;
  std::string query;
  struct Pair {
    std::size_t name, value, end;  // offsets in `query`
  };
  std::vector<Pair> pairs;
  std::vector<char> covered;  // by header: signed?
  std::vector<std::string_view> segments;
};

Scratch& scratch() {
  static thread_local Scratch mine;
  return mine;
}

constexpr auto kUnreserved = [] {
  std::array<bool, 256> table{};
  for (int c = 0; c < 256; ++c) {
    auto letter = static_cast<char>(c);
    table[static_cast<std::size_t>(c)] =
        is_alnum(letter) || letter == '-' || letter == '_' || letter == '.' || letter == '~';
  }
  return table;
}();

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void put_encoded(char c, std::string& out) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  auto byte = static_cast<unsigned char>(c);
  if (kUnreserved[byte]) {
    out += c;
    return;
  }
  out += '%';
  out += kHex[byte >> 4];
  out += kHex[byte & 15];
}

// Percent-encoding made uniform: what is encoded without need is decoded, what is bare is encoded. A '%' that starts no
// escape stands for itself.
void put_uniform(std::string_view text, std::string_view keep, std::string& out) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%' && i + 2 < text.size()) {
      int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
      if (high >= 0 && low >= 0) {
        put_encoded(static_cast<char>(high * 16 + low), out);
        i += 2;
        continue;
      }
    }
    if (keep.contains(c)) {
      out += c;
    } else {
      put_encoded(c, out);
    }
  }
}

void put_normalized_path(std::string_view path, Scratch& memory) {
  const bool plain = path.starts_with('/') && only_alnum_and(path, "/-_~") && !path.contains("//");
  if (plain) {  // nearly always
    memory.text += path;
    return;
  }
  auto& segments = memory.segments;
  segments.clear();
  bool slash_at_end = path.ends_with('/');
  while (!path.empty()) {
    auto end = std::min(path.find('/'), path.size());
    auto segment = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    if (segment.empty() || segment == ".") continue;
    if (segment == "..") {
      if (!segments.empty()) segments.pop_back();
    } else {
      segments.push_back(segment);
    }
  }
  for (auto segment : segments) {
    memory.text += '/';
    if (std::ranges::all_of(segment, [](char c) { return kUnreserved[static_cast<unsigned char>(c)]; })) {
      memory.text += segment;
      continue;
    }
    for (char c : segment) put_encoded(c, memory.text);
  }
  if (slash_at_end || segments.empty()) memory.text += '/';
}

void put_query(std::string_view query, Scratch& memory) {
  memory.query.clear();
  memory.pairs.clear();
  while (!query.empty()) {
    auto end = std::min(query.find('&'), query.size());
    auto part = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (part.empty()) continue;
    auto equals = std::min(part.find('='), part.size());
    auto name_at = memory.query.size();
    put_uniform(part.substr(0, equals), {}, memory.query);
    if (std::string_view(memory.query).substr(name_at) == "X-Amz-Signature") {
      memory.query.resize(name_at);
      continue;
    }
    auto value_at = memory.query.size();
    if (equals < part.size()) put_uniform(part.substr(equals + 1), {}, memory.query);
    memory.pairs.push_back({name_at, value_at, memory.query.size()});
  }
  std::string_view encoded = memory.query;
  auto name = [&](const Scratch::Pair& p) { return encoded.substr(p.name, p.value - p.name); };
  auto value = [&](const Scratch::Pair& p) { return encoded.substr(p.value, p.end - p.value); };
  std::ranges::sort(memory.pairs, [&](const auto& a, const auto& b) {
    auto order = name(a).compare(name(b));
    return order != 0 ? order < 0 : value(a) < value(b);
  });
  for (std::size_t i = 0; i < memory.pairs.size(); ++i) {
    if (i > 0) memory.text += '&';
    memory.text += name(memory.pairs[i]);
    memory.text += '=';
    memory.text += value(memory.pairs[i]);
  }
}

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

// Without blanks at the ends, runs of blanks as one space.
void put_header_value(std::string_view value, std::string& out) {
  value = trim(value);
  if (value.find("  ") == value.npos && value.find('\t') == value.npos) {  // nearly always
    out += value;
    return;
  }
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (!is_blank(value[i])) {
      out += value[i];
    } else if (!is_blank(value[i - 1])) {
      out += ' ';
    }
  }
}

// Compares with a name that is in lower case.
bool is_named(std::string_view header, std::string_view lower) {
  if (header.size() != lower.size()) return false;
  for (std::size_t i = 0; i < header.size(); ++i) {
    if (ascii_lower(header[i]) != lower[i]) return false;
  }
  return true;
}

void put_headers(const http::Request& request, std::string_view names, Scratch& memory) {
  memory.covered.assign(request.headers.size(), 0);
  while (!names.empty()) {
    auto end = std::min(names.find(';'), names.size());
    auto name = names.substr(0, end);
    names.remove_prefix(std::min(end + 1, names.size()));
    memory.text += name;
    memory.text += ':';
    bool first = true;
    for (std::size_t i = 0; i < request.headers.size(); ++i) {
      if (!is_named(request.headers[i].name, name)) continue;
      if (!first) memory.text += ',';
      first = false;
      put_header_value(request.headers[i].value, memory.text);
      memory.covered[i] = 1;
    }
    memory.text += '\n';
  }
}

std::string_view first_unsigned(const http::Request& request, const Scratch& memory) {
  constexpr std::string_view kPrefix = "x-amz-";
  for (std::size_t i = 0; i < request.headers.size(); ++i) {
    auto name = request.headers[i].name;
    if (!memory.covered[i] && name.size() >= kPrefix.size() && is_named(name.substr(0, kPrefix.size()), kPrefix))
      return name;
  }
  return {};
}

}  // namespace

Canonical canonical_request(const CanonicalInput& input) {
  auto& memory = scratch();
  auto& text = memory.text;
  text.assign(input.request.method);
  text += '\n';
  if (input.path == PathRule::as_is) {
    put_uniform(input.request.path.empty() ? "/" : input.request.path, "/", text);
  } else {
    put_normalized_path(input.request.path, memory);
  }
  text += '\n';
  put_query(input.request.query, memory);
  text += '\n';
  put_headers(input.request, input.signed_headers, memory);
  text += '\n';
  text += input.signed_headers;
  text += '\n';
  text += input.payload_hash;
  return {text, first_unsigned(input.request, memory)};
}

crypto::HexDigest sign_canonical(std::string_view canonical, std::string_view amz_date, std::string_view scope,
                                 const crypto::HmacKey& key) {
  auto hash = crypto::sha256_hex(canonical);
  auto& text = scratch().query;  // free again by now; `canonical` stands in another one
  text.assign("AWS4-HMAC-SHA256\n");
  text += amz_date;
  text += '\n';
  text += scope;
  text += '\n';
  text += hash.view();
  return key.mac_hex(text);
}

}  // namespace podpass::aws
