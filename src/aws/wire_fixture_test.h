// Requests for tests of the protocols, from texts.
#pragma once

#include <string>
#include <string_view>

#include "http/message.h"

namespace podpass::aws {

// "POST /clusters?x=y"; what the views show must live on.
inline http::Request wire_request(std::string_view line, std::string_view body = {}) {
  http::Request request;
  auto space = line.find(' ');
  request.method = line.substr(0, space);
  request.target = line.substr(space + 1);
  auto question = request.target.find('?');
  request.path = request.target.substr(0, question);
  if (question != request.target.npos) request.query = request.target.substr(question + 1);
  request.body = body;
  return request;
}

inline std::string wire_text(const http::Response& response) {
  return std::to_string(response.status) + " " + std::get<std::string>(response.body);
}

}  // namespace podpass::aws
