#include "console/files.h"

#include <zlib.h>

#include <algorithm>
#include <string>
#include <utility>

#include "base/strings.h"

namespace podpass::console {
namespace {

constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

http::Response text(int status, std::string message) {
  http::Response response;
  response.status = status;
  response.headers.emplace_back("Content-Type", "text/plain; charset=utf-8");
  response.body = std::move(message);
  return response;
}

std::string unzip(std::string_view gzipped) {
  std::string out;
  z_stream stream{};
  inflateInit2(&stream, 16 + MAX_WBITS);  // gzip's wrapping
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(gzipped.data()));
  stream.avail_in = static_cast<uInt>(gzipped.size());
  for (int state = Z_OK; state == Z_OK;) {
    const auto had = out.size();
    out.resize(had + 64 * 1024);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + had);
    stream.avail_out = 64 * 1024;
    state = inflate(&stream, Z_NO_FLUSH);
    out.resize(out.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  return out;
}

}  // namespace

http::Response Site::answer(const http::Request& request, std::string_view path) const {
  if (request.method != "GET" && request.method != "HEAD") return text(405, "Only GET and HEAD.\n");
  if (files_.empty()) return text(404, "This podpass was built without its console.\n");
  const bool asset = path.starts_with("/assets/");
  const auto* file = find(path);
  if (!file && asset) return text(404, "There is no such file.\n");  // of an older console: not the page
  if (!file) file = find("/index.html");
  if (!file) return text(404, "There is no such file.\n");
  http::Response response;
  response.head = request.method == "HEAD";
  response.headers.emplace_back("Content-Type", file->type);
  response.headers.emplace_back("Cache-Control", asset ? "public, max-age=31536000, immutable" : "no-cache");
  response.headers.emplace_back("Vary", "Accept-Encoding");
  const bool zipped = request.header("Accept-Encoding").find("gzip") != std::string_view::npos;
  if (zipped) response.headers.emplace_back("Content-Encoding", "gzip");
  response.body = http::Constant{zipped ? file->gzipped : unzipped(*file)};
  return response;
}

const File* Site::find(std::string_view path) const {
  const auto found = std::ranges::find(files_, path, &File::path);
  return found == files_.end() ? nullptr : &*found;
}

std::string_view Site::unzipped(const File& file) const {
  const std::lock_guard lock(mutex_);
  auto& kept = unzipped_[&file];
  if (kept.empty()) kept = unzip(file.gzipped);
  return kept;
}

void add_security_headers(http::Response& response) {
  response.headers.emplace_back("Content-Security-Policy", kPolicy);
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  response.headers.emplace_back("Referrer-Policy", "no-referrer");
  response.headers.emplace_back("Cross-Origin-Opener-Policy", "same-origin");
  response.headers.emplace_back("Cross-Origin-Resource-Policy", "same-origin");
}

}  // namespace podpass::console
