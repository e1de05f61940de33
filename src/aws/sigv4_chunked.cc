#include "aws/sigv4_chunked.h"

#include <algorithm>

#include "base/secret.h"
#include "base/strings.h"

namespace podpass::aws {
namespace {

constexpr std::string_view kSignatureExtension = ";chunk-signature=";
constexpr std::string_view kTrailerSignature = "x-amz-trailer-signature";

Error bad_request(std::string code, std::string message) {
  return {ErrorKind::invalid, std::move(code), 400, std::move(message), {}, {}};
}

Error cut_off() {
  return bad_request("IncompleteBody", "The request body terminated unexpectedly");
}

Error wrong_length() {
  return bad_request("IncompleteBody",
                     "You did not provide the number of bytes specified by the Content-Length HTTP header");
}

Error bad_trailer() {
  return bad_request("MalformedTrailerError",
                     "The request contained trailing data that was not well-formed or did not conform to our published "
                     "schema.");
}

std::optional<std::uint64_t> parse_hex(std::string_view text) {
  if (text.empty() || text.size() > 16) return std::nullopt;
  std::uint64_t value = 0;
  for (char c : text) {
    auto lower = ascii_lower(c);
    if (is_digit(lower)) {
      value = value * 16 + static_cast<std::uint64_t>(lower - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      value = value * 16 + static_cast<std::uint64_t>(lower - 'a' + 10);
    } else {
      return std::nullopt;
    }
  }
  return value;
}

}  // namespace

PayloadRule payload_rule(const Credentialed& claims, const DerivedKey& key) {
  PayloadRule rule;
  rule.mode = claims.payload;
  if (rule.mode == PayloadMode::hashed) rule.sha256 = claims.content_sha256;
  if (rule.signs_chunks()) {
    rule.key = key.key;
    rule.amz_date = claims.amz_date_text();
    rule.scope = claims.scope;
    rule.seed_signature = claims.signature;
  }
  return rule;
}

Result<PayloadRule> anonymous_payload_rule(const http::Request& request) {
  PayloadRule rule;
  auto declared = request.find("x-amz-content-sha256");
  if (!declared || *declared == "UNSIGNED-PAYLOAD") return rule;
  if (*declared == "STREAMING-UNSIGNED-PAYLOAD-TRAILER") {
    rule.mode = PayloadMode::chunks_unsigned_trailer;
  } else if (declared->starts_with("STREAMING-")) {
    return bad_request("InvalidRequest", "An anonymous request cannot have signed chunks.");
  } else {
    rule.mode = PayloadMode::hashed;
    rule.sha256 = *declared;
  }
  return rule;
}

Result<std::optional<std::uint64_t>> decoded_length(const http::Request& request) {
  auto text = request.find("x-amz-decoded-content-length");
  if (!text) return std::optional<std::uint64_t>();
  auto length = parse_integer(*text);
  if (!length || *length < 0) {
    return bad_request("InvalidArgument", "The x-amz-decoded-content-length header is not a number of bytes.");
  }
  return std::optional<std::uint64_t>(static_cast<std::uint64_t>(*length));
}

PayloadDecoder::PayloadDecoder(PayloadRule rule, std::optional<std::uint64_t> decoded_length)
    : rule_(std::move(rule)),
      expected_bytes_(decoded_length),
      state_(rule_.chunked() ? State::size_line : State::plain),
      previous_signature_(rule_.seed_signature) {}

Result<std::string_view> PayloadDecoder::next(std::string_view& wire) {
  while (!wire.empty()) {
    switch (state_) {
      case State::plain:
        return take_plain(wire);
      case State::size_line:
        if (TRY(take_line(wire, kMaxChunkLine))) TRY(start_chunk());
        break;
      case State::data:
        return take_data(wire);
      case State::data_end:
        if (TRY(take_line(wire, 2))) TRY(end_chunk());
        break;
      case State::trailer:
        if (TRY(take_line(wire, kMaxTrailerBytes))) TRY(take_trailer());
        break;
      case State::done:
        return cut_off();  // bytes behind the end
    }
  }
  return std::string_view();
}

Result<void> PayloadDecoder::count(std::size_t bytes) {
  decoded_bytes_ += bytes;
  if (expected_bytes_ && decoded_bytes_ > *expected_bytes_) return wrong_length();
  return {};
}

Result<std::string_view> PayloadDecoder::take_plain(std::string_view& wire) {
  auto piece = std::exchange(wire, {});
  TRY(count(piece.size()));
  if (rule_.mode == PayloadMode::hashed) hash_.update(piece);
  return piece;
}

Result<std::string_view> PayloadDecoder::take_data(std::string_view& wire) {
  auto piece = wire.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(wire.size(), chunk_left_)));
  wire.remove_prefix(piece.size());
  TRY(count(piece.size()));
  if (rule_.signs_chunks()) hash_.update(piece);
  chunk_left_ -= piece.size();
  if (chunk_left_ == 0) state_ = State::data_end;
  return piece;
}

// Gathers a line up to its line feed, without the line break. A part of a line is kept until the rest comes.
Result<bool> PayloadDecoder::take_line(std::string_view& wire, std::size_t limit) {
  auto end = wire.find('\n');
  auto part = wire.substr(0, end);
  if (line_.size() + part.size() > limit) return state_ == State::trailer ? bad_trailer() : cut_off();
  line_ += part;
  if (end == wire.npos) {
    wire = {};
    return false;
  }
  wire.remove_prefix(end + 1);
  if (line_.ends_with('\r')) {
    line_.pop_back();
  } else if (state_ != State::trailer) {  // some clients end a trailer with a bare line feed before the line break
    return cut_off();
  }
  return true;
}

Result<void> PayloadDecoder::start_chunk() {
  auto line = std::exchange(line_, {});
  std::string_view size = line;
  if (rule_.signs_chunks()) {
    auto at = size.find(kSignatureExtension);
    if (at == size.npos) return cut_off();
    chunk_signature_ = size.substr(at + kSignatureExtension.size());
    size = size.substr(0, at);
  } else {
    size = size.substr(0, size.find(';'));
  }
  auto bytes = parse_hex(size);
  if (!bytes) return cut_off();
  chunk_left_ = *bytes;
  last_chunk_ = chunk_left_ == 0;
  if (!last_chunk_) {
    state_ = State::data;
  } else if (rule_.has_trailer()) {
    TRY(end_chunk());  // trailers follow at once, without the line break of a chunk's end
  } else {
    state_ = State::data_end;
  }
  return {};
}

Result<void> PayloadDecoder::end_chunk() {
  if (!line_.empty()) return cut_off();
  if (rule_.signs_chunks()) {
    auto hash = crypto::to_hex(std::exchange(hash_, {}).finish());
    if (!constant_time_equal(chunk_signature("PAYLOAD", hash), chunk_signature_))
      return signature_mismatch(Dialect::s3);
    previous_signature_ = chunk_signature_;
  }
  state_ = !last_chunk_ ? State::size_line : rule_.has_trailer() ? State::trailer : State::done;
  return {};
}

crypto::HexDigest PayloadDecoder::chunk_signature(std::string_view kind, std::string_view hash) const {
  static constexpr std::string_view kEmptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  std::string text = "AWS4-HMAC-SHA256-";
  text += kind;
  for (std::string_view part :
       {std::string_view(rule_.amz_date), std::string_view(rule_.scope), std::string_view(previous_signature_)}) {
    text += '\n';
    text += part;
  }
  if (kind == "PAYLOAD") {
    text += '\n';
    text += kEmptyHash;
  }
  text += '\n';
  text += hash;
  return rule_.key.mac_hex(text);
}

// A blank line ends the trailers. Some clients end the last chunk with one too, so the first of all only counts if
// nothing comes after it.
Result<void> PayloadDecoder::take_trailer() {
  auto line = std::exchange(line_, {});
  trailer_bytes_ += line.size() + 2;
  if (trailer_bytes_ > kMaxTrailerBytes) return bad_trailer();
  if (line.empty()) {
    bool first = trailers_.empty() && trailer_signature_.empty() && !trailers_ended_;
    if (!first && !(rule_.signs_chunks() && trailer_signature_.empty())) state_ = State::done;
    trailers_ended_ = true;
    return {};
  }
  auto colon = line.find(':');
  if (colon == line.npos || colon == 0 || trailers_.size() >= kMaxTrailers) return bad_trailer();
  trailers_ended_ = false;
  auto name = to_lower(trim(std::string_view(line).substr(0, colon)));
  auto value = trim(std::string_view(line).substr(colon + 1));
  if (name == kTrailerSignature) {
    if (!trailer_signature_.empty() || value.empty()) return bad_trailer();
    trailer_signature_ = value;
    return {};
  }
  if (std::ranges::any_of(trailers_, [&](const auto& trailer) { return trailer.first == name; })) return bad_trailer();
  trailers_.emplace_back(std::move(name), std::string(value));
  return {};
}

Result<void> PayloadDecoder::end_trailers() {
  if (!rule_.signs_chunks()) {
    if (!trailer_signature_.empty()) return bad_trailer();
    return {};
  }
  if (trailer_signature_.empty() && trailers_.empty()) return {};
  auto sorted = trailers_;
  std::ranges::sort(sorted);
  crypto::Sha256 hash;
  for (const auto& [name, value] : sorted) hash.update(name + ":" + value + "\n");
  if (!constant_time_equal(chunk_signature("TRAILER", crypto::to_hex(hash.finish())), trailer_signature_)) {
    return signature_mismatch(Dialect::s3);
  }
  return {};
}

// A body may end right behind the trailer's signature, without the blank line: AWS's own example does.
Result<void> PayloadDecoder::finish() {
  if (state_ == State::trailer && rule_.signs_chunks()) {
    if (!line_.empty()) TRY(take_trailer());
    if (!trailer_signature_.empty()) trailers_ended_ = true;
  }
  bool whole = state_ == State::plain || state_ == State::done || (state_ == State::trailer && trailers_ended_);
  if (!whole || !line_.empty()) return cut_off();
  if (expected_bytes_ && decoded_bytes_ != *expected_bytes_) return wrong_length();
  if (rule_.has_trailer()) TRY(end_trailers());
  if (rule_.mode != PayloadMode::hashed) return {};
  auto computed = crypto::to_hex(hash_.finish());
  if (constant_time_equal(computed, rule_.sha256)) return {};
  auto error = bad_request("XAmzContentSHA256Mismatch",
                           "The provided 'x-amz-content-sha256' header does not match what was computed.");
  error.members = {{"ClientComputedContentSHA256", rule_.sha256}, {"S3ComputedContentSHA256", computed.str()}};
  return error;
}

}  // namespace podpass::aws
