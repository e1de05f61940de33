#include "own_api/policy_editor.h"

#include <fmt/format.h>

#include <algorithm>

#include "aws/paging.h"
#include "base/strings.h"
#include "own_api/operations.h"
#include "policy/actions.h"
#include "policy/lint.h"

namespace podpass::own_api {
namespace {

constexpr std::size_t kMaxDocumentBytes = 20 * 1024;  // of a bucket policy; all others are shorter
constexpr std::size_t kUsualActions = 100, kMostActions = 1'000;

constexpr std::pair<std::string_view, policy::Kind> kKinds[] = {{"identity", policy::Kind::identity},
                                                                {"trust", policy::Kind::trust},
                                                                {"resource", policy::Kind::resource},
                                                                {"session", policy::Kind::session}};

bool begins(std::string_view text, std::string_view prefix) {
  return iequals(text.substr(0, prefix.size()), prefix);
}

}  // namespace

Result<aws::Resource> ValidatePolicy::resource(aws::Call&, const Request&) {
  return aws::Resource::all();
}

Result<ValidatePolicy::Response> ValidatePolicy::handle(aws::Call&, const Request& request) {
  const auto kind = std::ranges::find(kKinds, request.kind, [](const auto& each) { return each.first; });
  if (kind == std::end(kKinds)) return Error::invalid("kind: give identity, trust, resource or session.");
  if (request.document.size() > kMaxDocumentBytes) {
    return Error::invalid(fmt::format("document: it has more than {} bytes.", kMaxDocumentBytes));
  }
  Response response;
  for (auto& finding : policy::lint(request.document, kind->second)) {
    response.findings.push_back({finding.severity == policy::Severity::error ? "error" : "warning",
                                 std::move(finding.message), finding.place.line, finding.place.column});
  }
  return response;
}

Result<aws::Resource> ListActions::resource(aws::Call&, const Request&) {
  return aws::Resource::all();
}

Result<ListActions::Response> ListActions::handle(aws::Call&, const Request& request) {
  const auto limit = TRY(aws::page_size(request.maxResults, kUsualActions, kMostActions, "maxResults"));
  const std::string_view prefix = request.prefix ? std::string_view(*request.prefix) : "";
  const auto& own = service();
  std::vector<std::string> found;
  const auto take = [&](std::string name) {
    if (begins(name, prefix)) found.push_back(std::move(name));
  };
  const auto colon = prefix.find(':');
  if (colon == std::string_view::npos) {
    for (const auto each : policy::services()) take(concat({each.prefix, ":"}));
    take(concat({own.name, ":"}));
  } else if (iequals(prefix.substr(0, colon), own.name)) {
    for (const auto& each : own.operations) take(concat({own.name, ":", each.name}));
  } else if (const auto of = policy::find_service(prefix.substr(0, colon))) {
    for (const auto each : of->actions) take(std::string(each.name));
  }
  std::ranges::sort(found);
  found.resize(std::min(found.size(), limit));
  return Response{std::move(found)};
}

}  // namespace podpass::own_api
