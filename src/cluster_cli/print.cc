#include "cluster_cli/print.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "base/time.h"

namespace podpass::cluster_cli {
namespace {

using codec::Value;

std::string text(const Value& value, std::string_view name, std::string_view otherwise = "-") {
  const auto found = value.text(name);
  return found.empty() ? std::string(otherwise) : printable(found);
}

// Times are numbers on the wire.
std::string time(const Value& value, std::string_view name) {
  const auto* found = value.find(name);
  if (!found) return "-";
  if (const auto* whole = found->as<std::int64_t>()) return format_iso8601(from_epoch_seconds(*whole));
  const auto* real = found->as<double>();
  return real ? format_iso8601(from_epoch_seconds(static_cast<long long>(*real))) : "-";
}

bool flag(const Value& value, std::string_view name) {
  const auto* found = value.find(name);
  const auto* yes = found ? found->as<bool>() : nullptr;
  return yes && *yes;
}

std::vector<std::string> texts(const Value& value, std::string_view name) {
  std::vector<std::string> out;
  const auto* found = value.find(name);
  const auto* list = found ? found->as<Value::List>() : nullptr;
  if (!list) return out;
  for (const auto& each : *list) out.push_back(printable(each.as_text() ? *each.as_text() : ""));
  return out;
}

// Where the keys come from.
std::string source(const Value& registration) {
  if (registration.text("kind") == "LOCAL") return "made here";
  if (registration.find("apiServerEndpoint")) {
    return fmt::format("{} (credentials: {})", text(registration, "apiServerEndpoint"),
                       text(registration, "credentials"));
  }
  if (registration.find("jwksUri")) return text(registration, "jwksUri");
  return "as registered";
}

std::string field(std::string_view name, std::string_view value) {
  return fmt::format("  {:<16}{}\n", fmt::format("{}:", name), value);
}

}  // namespace

std::string as_list(const std::vector<Value>& registrations) {
  if (registrations.empty()) return "There is no cluster.\n";
  std::size_t names = 4;
  for (const auto& each : registrations) names = std::max(names, each.text("clusterName").size());
  auto out = fmt::format("{:<{}}  {:<10}  {:<7}  {}\n", "NAME", names, "KIND", "STATUS", "ISSUER");
  for (const auto& each : registrations) {
    out += fmt::format("{:<{}}  {:<10}  {:<7}  {}\n", text(each, "clusterName"), names, text(each, "kind"),
                       text(each, "status"), text(each, "issuer"));
  }
  return out;
}

std::string as_registration(const Value& registration) {
  auto out = text(registration, "clusterName") + "\n";
  out += field("ARN", text(registration, "clusterArn"));
  out += field("Kind", text(registration, "kind"));
  out += field("Status", text(registration, "status"));
  out += field("Issuer", text(registration, "issuer") +
                             (flag(registration, "sharesIssuer") ? " (other clusters have it too)" : ""));
  out += field("Keys", fmt::format("{}", fmt::join(texts(registration, "keyIds"), ", ")));
  out += field("Keys from", source(registration));
  if (registration.text("kind") == "LOCAL") return out;
  out += field("Keys changed", time(registration, "keysChangedAt"));
  out += field("Token review", flag(registration, "tokenReview") ? "on" : "off");
  if (!registration.find("apiServerEndpoint") && !registration.find("jwksUri")) return out;
  out += field("Keys read", time(registration, "keysReadAt"));
  if (registration.find("lastFailure")) {
    out += field("Failing since",
                 fmt::format("{}: {}", time(registration, "lastFailureAt"), text(registration, "lastFailure")));
  }
  return out;
}

std::string as_registered(const Value& answer) {
  const auto* registration = answer.find("registration");
  auto out = fmt::format("Cluster {} is registered.\n\n", text(registration ? *registration : Value(), "clusterName"));
  if (registration) out += as_registration(*registration);
  if (answer.find("nodeRoleArn")) {
    out += field("Node role", text(answer, "nodeRoleArn"));
    out += field("Webhook role", text(answer, "webhookRoleArn"));
  }
  if (registration && flag(*registration, "sharesIssuer")) {
    out +=
        "\nOther clusters have the same issuer. The trust policies of roles for web identities (IRSA) must say by\n"
        "aws:SourceArn which one they mean; those that don't let nobody in now.\n";
  }
  for (const auto& note : texts(answer, "notes")) out += "\n" + note + "\n";
  return out;
}

std::string as_steps(const Value& checked) {
  std::string out;
  const auto* found = checked.find("steps");
  const auto* steps = found ? found->as<Value::List>() : nullptr;
  if (!steps) return out;
  for (const auto& step : *steps) {
    out += fmt::format("{:<8} {:<18} {}\n", text(step, "outcome"), text(step, "name"), text(step, "message"));
    if (step.find("advice")) out += fmt::format("{:<8} {:<18} -> {}\n", "", "", text(step, "advice"));
  }
  return out;
}

bool has_failed(const Value& checked) {
  const auto* found = checked.find("steps");
  const auto* steps = found ? found->as<Value::List>() : nullptr;
  return !steps || std::ranges::any_of(*steps, [](const Value& step) { return step.text("outcome") == "failed"; });
}

}  // namespace podpass::cluster_cli
