#include <unistd.h>

#include <algorithm>

#include "s3/conditions.h"
#include "s3/errors.h"
#include "s3/object_headers.h"
#include "s3/operations.h"

namespace podpass::s3 {
namespace {

// What an answer needs while it is being sent: the open file, and the names of its metadata headers.
struct Sent {
  int fd = -1;
  std::vector<std::unique_ptr<std::string>> names;

  Sent() = default;
  Sent(const Sent&) = delete;
  ~Sent() {
    if (fd >= 0) ::close(fd);
  }
};

// Parameters of a signed GET that replace headers of the answer.
constexpr std::pair<std::string_view, std::string_view> kOverrides[] = {
    {"response-content-type", "Content-Type"},
    {"response-content-language", "Content-Language"},
    {"response-expires", "Expires"},
    {"response-cache-control", "Cache-Control"},
    {"response-content-disposition", "Content-Disposition"},
    {"response-content-encoding", "Content-Encoding"},
};

constexpr std::string_view kStoredHeaders[] = {"Content-Type",     "Cache-Control",    "Content-Disposition",
                                               "Content-Encoding", "Content-Language", "Expires"};

Result<void> add_headers(const Input& input, const ObjectRecord& object, Sent& sent, http::Response& response) {
  response.set("ETag", '"' + object.etag + '"');
  response.set("Last-Modified", format_http_date(object.modified));
  response.set("Accept-Ranges", "bytes");
  for (auto name : kStoredHeaders) {
    auto found = object.headers.find(std::string(name));
    if (found != object.headers.end()) response.set(name, found->second);
  }
  for (const auto& [name, value] : object.metadata) {
    sent.names.push_back(std::make_unique<std::string>("x-amz-meta-" + name));
    response.set(*sent.names.back(), value);
  }
  for (const auto& [parameter, header] : kOverrides) {
    auto value = input.parameter(parameter);
    if (!value) continue;
    if (input.credentialed.anonymous()) {
      return error_with_text("InvalidRequest",
                             "Request specific response headers cannot be used for anonymous GET requests.");
    }
    if (std::ranges::any_of(*value, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; })) {
      return error_with_text("InvalidArgument", "Header value cannot be represented.",
                             {{"ArgumentName", std::string(parameter)}});
    }
    response.set(header, std::string(*value));
  }
  return {};
}

// The object, if it is there and the caller may read it. Who may not list the bucket is not told what is missing.
Result<const ObjectRecord*> readable_object(Run& run, const BucketRecord& bucket) {
  const auto& key = run.input.address.key;
  TRY(run.authorize_object("s3:GetObject", bucket, key));
  if (const auto* object = run.call.tx.find(kObjects, {bucket.name, key})) return object;
  TRY(run.authorize_bucket("s3:ListBucket", bucket));
  return error("NoSuchKey", {{"Key", key}});
}

// Conflict if the blob was removed meanwhile: then the record is another one by now.
Result<void> open_blob(Run& run, const ObjectRecord& object, Sent& sent) {
  sent.fd = TRY(run.blobs.open_for_reading(object.blob));
  if (sent.fd < 0) {
    return Error{ErrorKind::conflict, {}, 0, {}, "blob " + object.blob + " of an object is missing", {}};
  }
  return {};
}

}  // namespace

Result<http::Response> get_object(Run& run) {
  const auto& request = run.input.request;
  const auto* bucket = TRY(run.bucket());
  const auto* object = TRY(readable_object(run, *bucket));
  TRY(check_read_conditions(request, *object, Reading::object));
  const auto size = static_cast<std::uint64_t>(object->size);
  std::optional<ByteRange> range;
  auto if_range = request.find("If-Range");
  if (auto header = request.find("Range"); header && (!if_range || names_etag(*if_range, object->etag))) {
    range = TRY(range_of(*header, size));
  }
  auto sent = std::make_shared<Sent>();
  http::Response response;
  TRY(add_headers(run.input, *object, *sent, response));
  if (range) {
    response.status = 206;
    response.set("Content-Range", "bytes " + std::to_string(range->offset) + '-' +
                                      std::to_string(range->offset + range->length - 1) + '/' + std::to_string(size));
  } else if (request.header("x-amz-checksum-mode") == "ENABLED") {
    add_checksum_headers(*object, response);
  }
  const auto part = range.value_or(ByteRange{0, size});
  response.head = request.method == "HEAD";
  if (!response.head && part.length > 0) TRY(open_blob(run, *object, *sent));
  response.body = http::FilePart{std::shared_ptr<const int>(sent, &sent->fd), part.offset, part.length};
  return response;
}

}  // namespace podpass::s3
