#include "aws/query.h"

#include <fmt/format.h>

#include "codec/form.h"
#include "codec/xml.h"

namespace podpass::aws::query {
namespace {

Error named(std::string code, std::string message) {
  return {ErrorKind::invalid, std::move(code), 400, std::move(message), {}, {}};
}

http::Response xml(std::string body) {
  http::Response response;
  response.headers.emplace_back("Content-Type", "text/xml");
  response.body = std::move(body);
  return response;
}

}  // namespace

Result<Match> read(const Service& service, const http::Request& request) {
  if (request.method != "POST" && request.method != "GET") {
    return Error{ErrorKind::invalid, "InvalidAction", 405, "Use POST or GET.", {}, {}};
  }
  auto form = codec::parse_query_form(request.method == "POST" ? request.body : request.query);
  if (!form) return named("MalformedQueryString", form.error().message);
  auto action = form->text("Action");
  auto version = form->text("Version");
  if (action.empty()) return named("MissingAction", "The request has no Action parameter.");
  for (const auto& operation : service.operations) {
    if (operation.name == action && version == service.api_version) return Match{&operation, std::move(*form)};
  }
  return named("InvalidAction", fmt::format("Could not find operation {} for version {}", action,
                                            version.empty() ? "NO_VERSION_SPECIFIED" : version));
}

http::Response write(const Service& service, const Operation& operation, const codec::Value& output,
                     std::string_view request_id) {
  std::string body;
  body.reserve(1024);
  fmt::format_to(std::back_inserter(body), "<{}Response xmlns=\"{}\">", operation.name, service.xml_namespace);
  const auto* members = output.as<codec::Value::Map>();
  if (members != nullptr) {  // an operation without output has none; one with an empty output has an empty element
    codec::write_xml_element(fmt::format("{}Result", operation.name), output, body);
  }
  fmt::format_to(std::back_inserter(body),
                 "<ResponseMetadata><RequestId>{}</RequestId></ResponseMetadata></{}Response>", request_id,
                 operation.name);
  return xml(std::move(body));
}

http::Response write_error(const Service& service, const Error& error, std::string_view request_id) {
  std::string body;
  fmt::format_to(std::back_inserter(body), "<ErrorResponse xmlns=\"{}\"><Error><Type>{}</Type><Code>{}</Code><Message>",
                 service.xml_namespace, error.http_status() < 500 ? "Sender" : "Receiver", error.code);
  codec::write_xml_text(error.message, body);
  fmt::format_to(std::back_inserter(body), "</Message></Error><RequestId>{}</RequestId></ErrorResponse>", request_id);
  auto response = xml(std::move(body));
  response.status = error.http_status();
  return response;
}

}  // namespace podpass::aws::query
