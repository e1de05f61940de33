#include "own_api/list_activity.h"

#include "aws/paging.h"
#include "own_api/activity.h"

namespace podpass::own_api {
namespace {

constexpr std::size_t kUsualPage = 100, kMostRecords = 500;

// An empty one, as a form has it, filters nothing.
std::optional<std::string> unless_empty(const std::optional<std::string>& text) {
  return text && !text->empty() ? text : std::nullopt;
}

Result<Activity::Query> read_query(const ListActivity::Request& request) {
  Activity::Query query;
  query.limit = TRY(aws::page_size(request.maxResults, kUsualPage, kMostRecords, "maxResults"));
  query.after = request.after;
  query.before = request.before;
  auto& filter = query.filter;
  filter.cluster_name = unless_empty(request.clusterName);
  filter.association_id = unless_empty(request.associationId);
  filter.role_arn = unless_empty(request.roleArn);
  filter.pod = unless_empty(request.pod);
  filter.event_name = unless_empty(request.eventName);
  filter.principal_arn = unless_empty(request.principalArn);
  filter.text = unless_empty(request.text);
  if (!unless_empty(request.outcome)) return query;
  filter.outcome = read_activity_outcome(*request.outcome);
  if (!filter.outcome) return Error::invalid("outcome: give success, denied or failed.");
  return query;
}

}  // namespace

Result<aws::Resource> ListActivity::resource(aws::Call&, const Request&) {
  return aws::Resource::all();
}

Result<ListActivity::Response> ListActivity::handle(aws::Call& call, const Request& request) {
  const auto query = TRY(read_query(request));
  const Seconds most{request.waitSeconds.value_or(0)};
  if (most < Seconds{0} || most > Activity::kMaxWait) return Error::invalid("waitSeconds: give 0 to 20.");
  auto* activity = call.deployment.activity;
  if (!activity) return Error::unavailable("No audit trail is kept here.");
  auto page = TRY(activity->read(query));
  const bool nothing_new = request.after && page.newest == *request.after;
  if (nothing_new && most > Seconds{0} && call.waits == 0) {
    return call.wait_for([activity, after = *request.after, most](std::function<void()> done) {
      activity->wait(after, most, std::move(done));
    });
  }
  const auto reading = request.after ? Activity::Reading::again : Activity::Reading::anew;
  call.audit.repeated = activity->is_repeated(call.caller.arn, reading, call.now);
  return Response{std::move(page.records), std::move(page.newest), std::move(page.oldest), page.more};
}

}  // namespace podpass::own_api
