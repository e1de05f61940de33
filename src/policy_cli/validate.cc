#include "policy_cli/validate.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "codec/json.h"
#include "policy/lint.h"
#include "policy_cli/lines.h"

namespace podpass::policy_cli {
namespace {

using codec::Value;
using policy::Kind;

constexpr std::pair<std::string_view, Kind> kKinds[] = {
    {"identity", Kind::identity},   {"managed", Kind::managed},      {"trust", Kind::trust},
    {"session", Kind::session},     {"bucket", Kind::bucket},        {"resource", Kind::resource},
    {"scp", Kind::service_control}, {"rcp", Kind::resource_control}, {"endpoint", Kind::endpoint},
};

std::string_view name_of(Kind kind) {
  for (const auto& [name, each] : kKinds) {
    if (each == kind) return name;
  }
  return "";
}

std::string describe(const std::string& file, const policy::Finding& finding) {
  return fmt::format("{}:{}:{}: {}: {} [{}]\n", file == "-" ? "stdin" : file, finding.place.line, finding.place.column,
                     finding.severity == policy::Severity::error ? "error" : "warning", printable(finding.message),
                     finding.code);
}

Value as_json(const std::string& file, Kind kind, const policy::Finding& finding) {
  return Value::map({{"file", file},
                     {"kind", name_of(kind)},
                     {"line", static_cast<std::int64_t>(finding.place.line)},
                     {"column", static_cast<std::int64_t>(finding.place.column)},
                     {"severity", finding.severity == policy::Severity::error ? "error" : "warning"},
                     {"code", finding.code},
                     {"message", finding.message}});
}

}  // namespace

// A document with a Principal and no Resource is a trust policy; with both, a bucket's if it speaks of S3 only.
Kind guess_kind(std::string_view json) {
  const auto tree = codec::parse_json(json);
  const auto* statement = tree ? tree->find("Statement") : nullptr;
  if (!statement) return Kind::identity;
  if (const auto* list = statement->as<Value::List>()) statement = list->empty() ? statement : &list->front();
  const bool names_principal = statement->find("Principal") || statement->find("NotPrincipal");
  if (!names_principal) return Kind::identity;
  if (!statement->find("Resource") && !statement->find("NotResource")) return Kind::trust;
  const auto* action = statement->find("Action");
  if (const auto* list = action ? action->as<Value::List>() : nullptr)
    action = list->empty() ? nullptr : &list->front();
  const auto* text = action ? action->as_text() : nullptr;
  return text && text->starts_with("s3:") ? Kind::bucket : Kind::resource;
}

std::vector<std::string> kind_names() {
  std::vector<std::string> names;
  for (const auto& [name, kind] : kKinds) names.emplace_back(name);
  return names;
}

Result<int> validate(const ValidateOptions& options, const std::function<void(std::string_view)>& print) {
  const auto files = options.files.empty() ? std::vector<std::string>{"-"} : options.files;
  std::size_t errors = 0, warnings = 0;
  for (const auto& file : files) {
    const auto text = TRY(read_whole(file));
    auto kind = options.kind.empty() ? guess_kind(text) : Kind::identity;
    for (const auto& [name, each] : kKinds) {
      if (name == options.kind) kind = each;
    }
    for (const auto& finding : policy::lint(text, kind)) {
      (finding.severity == policy::Severity::error ? errors : warnings) += 1;
      print(options.form == Form::json ? codec::write_json(as_json(file, kind, finding)) + "\n"
                                       : describe(file, finding));
    }
  }
  if (options.form == Form::text) {
    print(fmt::format("{} {}: {} {}, {} {}\n", files.size(), files.size() == 1 ? "document" : "documents", errors,
                      errors == 1 ? "error" : "errors", warnings, warnings == 1 ? "warning" : "warnings"));
  }
  return errors > 0 || (options.strict && warnings > 0) ? 1 : 0;
}

}  // namespace podpass::policy_cli
