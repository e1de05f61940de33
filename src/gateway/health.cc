#include "gateway/health.h"

#include "codec/json.h"

namespace podpass::gateway {

void Health::wrote(const Result<void>& outcome) {
  const bool failed = !outcome && outcome.error().kind != ErrorKind::conflict;
  if (failed != write_failed()) write_failed_.store(failed, std::memory_order_relaxed);
}

std::vector<std::string> Health::reasons() const {
  std::vector<std::string> reasons;
  if (stopping_.load(std::memory_order_relaxed)) reasons.emplace_back("It is stopping.");
  if (write_failed()) reasons.emplace_back("The last write to the store failed; see the log.");
  for (const auto& check : checks_) {
    if (auto reason = check()) reasons.push_back(*std::move(reason));
  }
  return reasons;
}

std::optional<http::Response> Health::answer(std::string_view path) const {
  const bool ready = path == "/_podpass/ready";
  if (!ready && path != "/_podpass/health") return std::nullopt;
  const auto reasons = ready ? this->reasons() : std::vector<std::string>();
  auto body = codec::Value::map({{"status", reasons.empty() ? (ready ? "ready" : "ok") : "not ready"}});
  if (!reasons.empty()) {
    codec::Value::List list;
    for (const auto& reason : reasons) list.emplace_back(reason);
    body.set("reasons", codec::Value(std::move(list)));
  }
  http::Response response;
  response.status = reasons.empty() ? 200 : 503;
  response.headers.emplace_back("Content-Type", "application/json");
  response.headers.emplace_back("Cache-Control", "no-store");
  response.body = codec::write_json(body);
  return response;
}

}  // namespace podpass::gateway
