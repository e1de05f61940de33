// Any bytes as what a caller can put into an audit record: what is read of its line is what the record's own facts say.
// And any bytes as lines of the trail.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/random.h"
#include "codec/json.h"
#include "gateway/audit.h"
#include "own_api/activity.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace podpass;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto parameters = codec::parse_json(text);
  http::Request request;
  request.headers.push_back({"User-Agent", text});
  const Error error{ErrorKind::denied, "AccessDeniedException", 403, std::string(text), {}, {}};
  aws::Audit facts;
  facts.add("reason", text);
  gateway::AuditEvent event{nullptr,     request,        "r",    "eks-auth", "AssumeRoleForPodIdentity",
                            "us-west-2", "111122223333", Time{}, true,       parameters ? &*parameters : nullptr,
                            &error,      &facts};
  const auto without = gateway::audit_line(event);
  CHECK(!own_api::read_exchange(std::string_view(without).substr(0, without.size() - 1)));
  facts.association_id = "a-1";
  auto line = gateway::audit_line(event);
  line.pop_back();
  const auto seen = own_api::read_exchange(line);
  CHECK(seen && seen->association_id == "a-1" && seen->outcome == own_api::ActivityOutcome::denied);
  CHECK(parse_iso8601(seen->time) == Time{});
  own_api::ActivityFilter filter;
  filter.association_id = "a-1";
  CHECK(own_api::ActivityMatcher(filter).match(line));

  const SystemClock clock;
  SeededRandom random(1);
  own_api::Activity activity(clock, random);
  activity.add(text);
  CHECK(activity.read({}));
  return 0;
}
