#include "own_api/activity_filter.h"

#include <algorithm>
#include <cstring>

#include "base/strings.h"
#include "codec/json.h"

namespace podpass::own_api {
namespace {

using codec::Value;

constexpr std::string_view kOutcomes[] = {"success", "denied", "failed"};  // as ActivityOutcome has them

// Takes `end` off the text, if it ends with that.
bool take_end(std::string_view& text, std::string_view end) {
  if (!text.ends_with(end)) return false;
  text.remove_suffix(end.size());
  return true;
}

// It is what a record ends with; what stands before it is left.
ActivityOutcome take_outcome(std::string_view& line) {
  if (!take_end(line, R"("})")) return ActivityOutcome::failed;
  const auto name = line.substr(line.rfind('"') + 1);
  line.remove_suffix(name.size());
  const auto outcome = take_end(line, R"(,"outcome":")") ? read_activity_outcome(name) : std::nullopt;
  return outcome.value_or(ActivityOutcome::failed);
}

// Where `part` begins in `text`. Two bytes of `part` are looked for at sixteen places at once: std::string_view::find
// looks at every quote, and memmem makes a table first.
std::size_t find_text(std::string_view text, std::string_view part) {
  using Bytes [[gnu::vector_size(16)]] = char;
  using Words [[gnu::vector_size(16)]] = std::uint64_t;
  if (part.empty()) return 0;
  const auto first = std::min<std::size_t>(1, part.size() - 1), second = part.size() / 2;  // most begin with a quote
  std::size_t at = 0;
  for (; at + part.size() + sizeof(Bytes) <= text.size(); at += sizeof(Bytes)) {
    Bytes ones, others;
    std::memcpy(&ones, text.data() + at + first, sizeof ones);
    std::memcpy(&others, text.data() + at + second, sizeof others);
    const auto both = (ones == part[first]) & (others == part[second]);
    const auto words = reinterpret_cast<Words>(both);
    if ((words[0] | words[1]) == 0) continue;
    for (std::size_t i = 0; i < sizeof(Bytes); ++i) {
      if (both[i] != 0 && text.substr(at + i).starts_with(part)) return at + i;
    }
  }
  const auto rest = text.substr(at).find(part);
  return rest == text.npos ? rest : at + rest;
}

// The inside of the text as JSON writes it.
std::string as_written(std::string_view text) {
  std::string out;
  codec::write_foreign_json_string(text, out);
  return out.substr(1, out.size() - 2);
}

// Texts of a record, by their path; absent ones are empty.
class Record {
 public:
  explicit Record(const Value& value) : value_(value) {}

  std::string_view at(std::initializer_list<std::string_view> path) const {
    const auto* here = &value_;
    for (const auto part : path) {
      here = here->find(part);
      if (!here) return {};
    }
    return here->as_text() ? std::string_view(*here->as_text()) : std::string_view();
  }
  std::string_view fact(std::string_view name) const { return at({"additionalEventData", name}); }
  std::string_view parameter(std::string_view name) const { return at({"requestParameters", name}); }

  // A session's tag, which is known of refusals only: they have the decision's whole request.
  std::string_view session_tag(std::string_view name) const {
    const auto* facts = value_.find("additionalEventData");
    const auto* decisions = facts ? facts->find("decisions") : nullptr;
    const auto* list = decisions ? decisions->as<Value::List>() : nullptr;
    if (!list || list->empty()) return {};
    const auto* request = list->front().find("request");
    const auto* context = request ? request->find("context") : nullptr;
    return context ? context->text(concat({"aws:PrincipalTag/", name})) : std::string_view();
  }

  bool is_of_cluster(std::string_view name) const {
    if (parameter("clusterName") == name || session_tag("eks-cluster-name") == name) return true;
    const bool of_eks = at({"eventSource"}) == "eks.amazonaws.com";
    return of_eks && parameter("name") == name;
  }
  bool is_of_association(std::string_view id) const {
    return fact("associationId") == id || parameter("associationId") == id;
  }
  bool is_of_role(std::string_view arn) const {
    for (const auto of : {fact("roleArn"), fact("targetRoleArn"), parameter("roleArn"), parameter("RoleArn"),
                          parameter("targetRoleArn"), session_role()}) {
      if (of == arn) return true;
    }
    return false;
  }
  bool is_of_pod(std::string_view pod) const {
    const auto is = [&](std::string_view space, std::string_view name) {
      return !name.empty() && (pod == name || pod == concat({space, "/", name}));
    };
    return is(fact("namespace"), fact("podName")) ||
           is(session_tag("kubernetes-namespace"), session_tag("kubernetes-pod-name"));
  }
  bool is_of_principal(std::string_view arn) const {
    return at({"userIdentity", "arn"}) == arn || session_role() == arn;
  }
  bool is_called(std::string_view name) const { return at({"eventName"}) == name; }

 private:
  std::string_view session_role() const { return at({"userIdentity", "sessionContext", "sessionIssuer", "arn"}); }

  const Value& value_;
};

// What stands behind `label` up to the next quote; `label` ends with the quote before. Empty: it is not there.
std::string_view quoted_behind(std::string_view text, std::string_view label) {
  const auto at = find_text(text, label);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + label.size());
  return text.substr(0, text.find('"'));
}

}  // namespace

std::optional<ActivityOutcome> read_activity_outcome(std::string_view name) {
  const auto found = std::ranges::find(kOutcomes, name);
  if (found == std::end(kOutcomes)) return std::nullopt;
  return static_cast<ActivityOutcome>(found - std::begin(kOutcomes));
}

ActivityMatcher::ActivityMatcher(const ActivityFilter& filter) : filter_(filter) {
  for (const auto* wanted :
       {&filter.cluster_name, &filter.association_id, &filter.role_arn, &filter.event_name, &filter.principal_arn}) {
    if (*wanted) needles_.push_back(as_written(**wanted));
  }
  if (filter.pod) needles_.push_back(as_written(filter.pod->substr(filter.pod->rfind('/') + 1)));
  if (filter.text) text_ = to_lower(as_written(*filter.text));
}

std::optional<Value> ActivityMatcher::match(std::string_view line) const {
  if (auto rest = line; filter_.outcome && take_outcome(rest) != *filter_.outcome) return std::nullopt;
  const auto has = [&](const std::string& needle) { return find_text(line, needle) != line.npos; };
  if (!std::ranges::all_of(needles_, has) || (!text_.empty() && !to_lower(line).contains(text_))) return std::nullopt;
  auto value = codec::parse_json(line);
  if (!value || !value->as<Value::Map>()) return std::nullopt;
  const Record record(*value);
  const auto fits = [&](const std::optional<std::string>& wanted, auto is) { return !wanted || (record.*is)(*wanted); };
  const bool all =
      fits(filter_.cluster_name, &Record::is_of_cluster) && fits(filter_.association_id, &Record::is_of_association) &&
      fits(filter_.role_arn, &Record::is_of_role) && fits(filter_.pod, &Record::is_of_pod) &&
      fits(filter_.event_name, &Record::is_called) && fits(filter_.principal_arn, &Record::is_of_principal);
  if (!all) return std::nullopt;
  return *std::move(value);
}

std::string_view event_time_of(std::string_view line) {
  return quoted_behind(line, R"("eventTime":")");
}

// gateway/audit.cc writes the association as the last of a record's facts, and those right before the outcome. A quote
// inside of a text is escaped, so that nobody's text looks like it, and what else callers may put in stands before.
std::optional<ExchangeSeen> read_exchange(std::string_view line) {
  constexpr std::string_view kCalled =
      R"(","eventSource":"eks-auth.amazonaws.com","eventName":"AssumeRoleForPodIdentity")";
  auto rest = line;
  const auto outcome = take_outcome(rest);
  if (!take_end(rest, R"("})")) return std::nullopt;
  const auto id = rest.substr(rest.rfind('"') + 1);
  rest.remove_suffix(id.size());
  if (!take_end(rest, R"("associationId":")") || id.empty()) return std::nullopt;
  const auto time = event_time_of(line);
  if (time.empty() || !line.substr(static_cast<std::size_t>(time.end() - line.begin())).starts_with(kCalled)) {
    return std::nullopt;
  }
  return ExchangeSeen{id, time, outcome};
}

}  // namespace podpass::own_api
