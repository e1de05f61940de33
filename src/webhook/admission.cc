#include "webhook/admission.h"

#include <fmt/format.h>

#include "base/log.h"
#include "base/strings.h"

namespace podpass::webhook {

namespace asio = boost::asio;

namespace {

http::Response text_response(int status, std::string body) {
  http::Response response;
  response.status = status;
  response.headers.emplace_back("Content-Type", "text/plain; charset=utf-8");
  response.body = std::move(body);
  return response;
}

}  // namespace

Admission::Admission(Parts parts) : parts_(std::move(parts)), reader_(parts_.settings.annotation_prefix) {}

asio::awaitable<http::Response> Admission::serve(http::Request& request, http::Body& body) {
  const auto started = std::chrono::steady_clock::now();
  auto response = co_await respond(request, body);
  response.head = request.method == "HEAD";
  parts_.metrics.count_request(request.method, request.path, response.status,
                               std::chrono::steady_clock::now() - started);
  co_return response;
}

asio::awaitable<http::Response> Admission::respond(http::Request& request, http::Body& body) {
  if (request.path != "/mutate") co_return probe(request.path);
  if (request.method != "POST") co_return text_response(405, "405 method not allowed\n");
  if (request.header("Content-Type") != "application/json")
    co_return text_response(415, "Invalid Content-Type, expected `application/json`\n");
  auto text = co_await body.read_all(kMaxReviewBytes);
  if (!text) co_return text_response(text.error().http_status(), text.error().message + "\n");
  const auto review = reader_.read(*text);
  Answer answer;
  if (!review.fault.empty()) {
    parts_.metrics.count_declined(Declined::unreadable);
    answer.refused = 400;
    answer.message = review.fault;
  } else if (review.creates_pod && !review.pod.service_account.empty() && !review.pod.opted_out) {
    auto identity = parts_.directory.known(review.namespace_, review.pod.service_account);
    if (identity) {
      answer = patch_answer(review, *identity, parts_.settings, parts_.random);
      parts_.metrics.count_pod(identity->method);
    } else {
      answer = co_await decide(review);
    }
  }
  http::Response response;
  response.headers.emplace_back("Content-Type", "application/json");
  response.body = write_answer(review, answer);
  co_return response;
}

asio::awaitable<Answer> Admission::decide(const Review& review) {
  auto identity = co_await parts_.directory.find(review.namespace_, review.pod.service_account);
  if (!identity) {
    auto answer = co_await undecided(review, identity.error());
    co_return answer;
  }
  if (!*identity) co_return Answer();
  parts_.metrics.count_pod((*identity)->method);
  co_return patch_answer(review, **identity, parts_.settings, parts_.random);
}

// Nobody knows whether the pod has an identity.
asio::awaitable<Answer> Admission::undecided(const Review& review, const Error& why) {
  std::string namespace_(review.namespace_);
  const auto policy = co_await parts_.policies.of(std::move(namespace_));
  const bool refuse = policy == FailurePolicy::fail;
  auto message = fmt::format("{} service account {}/{}: {}",
                             refuse ? "pod refused, for it is not known what identity has"
                                    : "pod admitted without credentials, for it is not known what identity has",
                             printable(review.namespace_), printable(review.pod.service_account), why.message);
  log::warn(message);
  parts_.metrics.count_declined(refuse ? Declined::refused : Declined::allowed_without);
  if (parts_.events && !review.dry_run)
    parts_.events->tell(review, refuse ? "PodIdentityRefused" : "PodIdentityUnknown", message);
  Answer answer;
  if (refuse) {
    answer.refused = 503;
    answer.message = "podpass: " + std::move(message);
  } else {
    answer.warnings.push_back(std::move(message));
  }
  co_return answer;
}

http::Response Admission::probe(std::string_view path) const {
  if (path == "/healthz") return text_response(200, "ok");
  if (path == "/readyz") return parts_.ready() ? text_response(200, "ok") : text_response(503, "not ready\n");
  return text_response(404, "404 page not found\n");
}

http::Response Admission::metrics() const {
  auto response = text_response(200, parts_.metrics.text());
  response.set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  return response;
}

}  // namespace podpass::webhook
