#include "gateway/audit.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>

#include "base/log.h"
#include "base/strings.h"
#include "codec/json.h"
#include "codec/utf8.h"

namespace podpass::gateway {
namespace {

constexpr std::string_view kHidden = "\"HIDDEN_DUE_TO_SECURITY_REASONS\"";
constexpr std::string_view kSecretParameters[] = {"token",       "SecretAccessKey",  "TokenCode",     "Password",
                                                  "NewPassword", "WebIdentityToken", "SAMLAssertion", "credentials"};
constexpr std::size_t kMaxParameterBytes = 4'096;
constexpr std::size_t kMaxUserAgentBytes = 1'024;  // as CloudTrail

// Errors that say no to the caller, as the services call them.
constexpr std::string_view kDenials[] = {"AccessDenied",
                                         "AccessDeniedException",
                                         "AuthorizationHeaderMalformed",
                                         "ExpiredToken",
                                         "ExpiredTokenException",
                                         "IncompleteSignature",
                                         "IncompleteSignatureException",
                                         "InvalidAccessKeyId",
                                         "InvalidClientTokenId",
                                         "InvalidIdentityToken",
                                         "InvalidSignatureException",
                                         "InvalidToken",
                                         "InvalidTokenException",
                                         "MissingAuthenticationToken",
                                         "MissingAuthenticationTokenException",
                                         "NotSignedIn",
                                         "RequestTimeTooSkewed",
                                         "SignatureDoesNotMatch",
                                         "SignInFailed",
                                         "UnrecognizedClientException"};

std::string_view outcome_of(const Error* error) {
  if (!error) return "success";
  return std::ranges::find(kDenials, error->code) == std::end(kDenials) ? "failed" : "denied";
}

void text(std::string& out, std::string_view name, std::string_view value) {
  out += ",\"";
  out += name;
  out += "\":";
  codec::write_foreign_json_string(value, out);
}

// Of what is known to need no escape: ids of our own making, names from tables, what a deployment is.
void own_text(std::string& out, std::string_view name, std::string_view value) {
  out += ",\"";
  out += name;
  out += "\":\"";
  out += value;
  out += '"';
}

std::string_view identity_type(const aws::Caller& caller) {
  switch (caller.type) {
    case policy::PrincipalType::root:
      return "Root";
    case policy::PrincipalType::user:
      return "IAMUser";
    case policy::PrincipalType::role_session:
      return "AssumedRole";
    case policy::PrincipalType::federated_user:
      return "FederatedUser";
    case policy::PrincipalType::service:
      return "AWSService";
    case policy::PrincipalType::web_identity:
      return "WebIdentityUser";
    case policy::PrincipalType::anonymous:
      return "AWSAccount";
  }
  return "Unknown";
}

void write_session_context(std::string& out, const aws::Caller& caller) {
  out += ",\"sessionContext\":{\"attributes\":{\"creationDate\":\"" + format_iso8601(caller.session->issued) +
         "\",\"mfaAuthenticated\":\"false\"}";
  if (!caller.role_arn.empty()) {
    out += ",\"sessionIssuer\":{\"type\":\"Role\"";
    text(out, "principalId", caller.unique_id);
    text(out, "arn", caller.role_arn);
    text(out, "userName", caller.session->role_name);
    out += '}';
  }
  out += '}';
}

void write_parameters(std::string& out, const codec::Value* parameters) {
  const auto* members = parameters ? parameters->as<codec::Value::Map>() : nullptr;
  out += ",\"requestParameters\":";
  if (!members || members->empty()) {
    out += "null";
    return;
  }
  const auto start = out.size();
  out += '{';
  for (const auto& [name, value] : *members) {
    if (name == "Action" || name == "Version") continue;
    if (out.size() > start + 1) out += ',';
    codec::write_json_string(name, out);
    out += ':';
    // A presigned request brings its signature and session token along.
    const bool secret = (name.size() > 6 && iequals(std::string_view(name).substr(0, 6), "X-Amz-")) ||
                        std::ranges::any_of(kSecretParameters, [&](auto each) { return iequals(each, name); });
    if (secret) {
      out += kHidden;
    } else {
      codec::write_json(value, out);
    }
    if (out.size() - start > kMaxParameterBytes) {
      out.resize(start);
      out += "{\"omitted\":\"too long\"}";
      return;
    }
  }
  out += '}';
}

void write_facts(std::string& out, const aws::Audit& audit) {
  constexpr std::string_view kOpening = ",\"additionalEventData\":{";
  const auto start = out.size();
  const auto open = [&] { out += out.size() == start ? kOpening : ","; };
  if (!audit.decisions.empty()) {
    open();
    out += "\"decisions\":[";
    out += codec::clean_text(audit.decisions);
    out += ']';
  }
  if (!audit.facts.empty()) {
    open();
    out += audit.facts;
  }
  if (!audit.association_id.empty()) {
    open();
    out += "\"associationId\":\"";
    out += audit.association_id;
    out += '"';
  }
  if (out.size() != start) out += '}';
}

// Shows the last `most` bytes of a file, as far as they are whole lines, piece by piece. Returns how many it looked at.
std::size_t show_end(const std::filesystem::path& path, std::size_t most, own_api::Activity& activity) {
  constexpr std::size_t kPiece = 1024 * 1024;
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return 0;
  const auto size = static_cast<std::size_t>(file.tellg());
  const auto begin = size - std::min(size, most);
  file.seekg(static_cast<std::streamoff>(begin));
  std::string text;         // what is not shown yet
  bool whole = begin == 0;  // else it begins within a line
  for (std::size_t rest = size - begin; rest > 0;) {
    const auto before = text.size(), piece = std::min(rest, kPiece);
    text.resize(before + piece);
    if (!file.read(text.data() + before, static_cast<std::streamsize>(piece))) break;
    rest -= piece;
    const auto end = text.rfind('\n') + 1;  // 0: there is none
    const auto start = whole ? 0 : std::min(text.find('\n'), text.size() - 1) + 1;
    if (end > 0) {
      whole = true;
      if (start < end) activity.add(std::string_view(text).substr(start, end - start));
    }
    text.erase(0, end > 0 ? end : (text.size() > kPiece ? text.size() : 0));  // a line longer than that is none of ours
  }
  return size - begin;
}

}  // namespace

std::string audit_identity(const aws::Caller& caller) {
  std::string out = "{\"type\":";
  codec::write_json_string(identity_type(caller), out);
  if (caller.type == policy::PrincipalType::anonymous) {
    text(out, "accountId", "ANONYMOUS_PRINCIPAL");
  } else {
    text(out, "principalId", caller.user_id);
    text(out, "arn", caller.arn);
    text(out, "accountId", caller.account);
    text(out, "accessKeyId", caller.access_key_id);
    if (!caller.user_name.empty()) text(out, "userName", caller.user_name);
    if (caller.session) write_session_context(out, caller);
  }
  out += '}';
  return out;
}

std::string audit_line(const AuditEvent& event) {
  std::string out;
  append_audit_line(event, out);
  return out;
}

void append_audit_line(const AuditEvent& event, std::string& out) {
  out += "{\"eventVersion\":\"1.11\",\"userIdentity\":";
  if (event.facts && !event.facts->identity.empty()) {
    out += event.facts->identity;
  } else if (!event.caller) {
    out += "{\"type\":\"Unknown\"}";
  } else if (event.caller->audit_identity.empty()) {
    out += audit_identity(*event.caller);
  } else {
    out += event.caller->audit_identity;
  }
  own_text(out, "eventTime", iso8601_text(event.time));
  out += ",\"eventSource\":\"";
  out += event.service;
  out += ".amazonaws.com\"";
  own_text(out, "eventName", event.operation);
  own_text(out, "awsRegion", event.region);
  text(out, "sourceIPAddress", event.request.peer);
  text(out, "userAgent", event.request.header("User-Agent").substr(0, kMaxUserAgentBytes));
  if (event.error) {
    text(out, "errorCode", event.error->code);
    text(out, "errorMessage", event.error->message);
  }
  write_parameters(out, event.parameters);
  out += ",\"responseElements\":null";
  own_text(out, "requestID", event.request_id);
  out += event.read_only ? ",\"readOnly\":true" : ",\"readOnly\":false";
  out += ",\"eventType\":\"AwsApiCall\",\"managementEvent\":";
  out += event.service == "s3" ? "false" : "true";
  own_text(out, "recipientAccountId", event.account);
  if (event.facts) write_facts(out, *event.facts);  // what own_api/activity_filter.cc reads stands last
  out += ",\"outcome\":\"";
  out += outcome_of(event.error);
  out += "\"}\n";
}

Result<std::unique_ptr<AuditTrail>> AuditTrail::open(const std::filesystem::path& directory,
                                                     own_api::Activity* activity) {
  auto path = directory / "audit.jsonl";
  int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) {
    return Error::unavailable(fmt::format("Cannot write the audit trail {}: {}.", path.string(), std::strerror(errno)));
  }
  return std::unique_ptr<AuditTrail>(new AuditTrail(std::move(path), fd, activity));
}

AuditTrail::AuditTrail(std::filesystem::path path, int fd, own_api::Activity* activity)
    : path_(std::move(path)), fd_(fd), activity_(activity) {
  struct stat status{};
  if (fstat(fd_, &status) == 0) file_bytes_ = static_cast<std::size_t>(status.st_size);
  writer_ = std::thread([this] { run(); });
}

AuditTrail::~AuditTrail() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  writer_.join();
  ::close(fd_);
}

void AuditTrail::append(std::string_view line) {
  auto& buffer = buffers_.get();
  bool list = false, full = false;
  {
    std::lock_guard lock(buffer.mutex);
    if (buffer.text.size() + line.size() > kMaxBufferedBytes) {
      dropped_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    full = buffer.text.size() < kEarlyBytes && buffer.text.size() + line.size() >= kEarlyBytes;
    buffer.text += line;
    list = !std::exchange(buffer.listed, true);
  }
  if (!list && !full) return;
  std::lock_guard lock(mutex_);
  if (list) listed_.push_back(&buffer);  // once a thread
  if (full) {                            // once in kEarlyBytes
    hurry_ = true;
    wake_.notify_one();
  }
}

void AuditTrail::flush() {
  std::unique_lock lock(mutex_);
  const auto wanted = ++asked_;
  wake_.notify_one();
  written_.wait(lock, [&] { return done_ >= wanted; });
}

// What was written before, newest last. Only this thread writes to the file, and it has not begun.
void AuditTrail::read_back() {
  const auto newer = std::min(file_bytes_, kReadBackBytes);
  show_end(older_path(), kReadBackBytes - newer, *activity_);
  show_end(path_, newer, *activity_);
}

void AuditTrail::run() {
  if (activity_) read_back();
  std::unique_lock lock(mutex_);
  std::uint64_t dropped_said = 0;
  while (true) {
    wake_.wait_for(lock, kFlushInterval, [&] { return stopping_ || hurry_ || asked_ > done_; });
    hurry_ = false;
    const auto asked = asked_;
    const bool stopping = stopping_;
    lock.unlock();
    write_out();
    if (activity_) activity_->turn();
    if (auto dropped = dropped_.load(); dropped != dropped_said) {
      log::warn(fmt::format("{} audit records were dropped: {} cannot be written fast enough", dropped - dropped_said,
                            path_.string()));
      dropped_said = dropped;
    }
    lock.lock();
    done_ = asked;
    written_.notify_all();
    if (stopping) return;
  }
}

void AuditTrail::write_out() {
  std::vector<Buffer*> buffers;
  {
    std::lock_guard lock(mutex_);
    buffers = listed_;
  }
  for (auto* buffer : buffers) {
    {
      std::lock_guard lock(buffer->mutex);
      buffer->writing.swap(buffer->text);
    }
    if (!buffer->writing.empty()) {
      write_text(buffer->writing);
      if (activity_) activity_->add(buffer->writing);
    }
    buffer->writing.clear();  // its memory is used again, unless it is much
    if (buffer->writing.capacity() > 8 * kEarlyBytes) buffer->writing = std::string();
  }
}

void AuditTrail::write_text(const std::string& text) {
  if (file_bytes_ + text.size() > kMaxFileBytes) rotate();
  std::string_view rest = text;
  while (!rest.empty()) {
    auto wrote = ::write(fd_, rest.data(), rest.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) {
      dropped_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    file_bytes_ += static_cast<std::size_t>(wrote);
    rest.remove_prefix(static_cast<std::size_t>(wrote));
  }
}

void AuditTrail::rotate() {
  std::error_code failed;
  std::filesystem::rename(path_, older_path(), failed);
  int fd = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (failed || fd < 0) return;  // the old file goes on
  ::close(fd_);
  fd_ = fd;
  file_bytes_ = 0;
}

}  // namespace podpass::gateway
