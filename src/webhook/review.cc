#include "webhook/review.h"

#include <algorithm>

#include "codec/base64.h"
#include "codec/json.h"

namespace podpass::webhook {

using codec::Value;

namespace {

constexpr std::string_view kVersions[] = {"admission.k8s.io/v1", "admission.k8s.io/v1beta1"};

// What an answer says of itself where the review doesn't say it.
constexpr std::string_view kUsualVersion = kVersions[0];

bool is_true(const Value* value) {
  const auto* flag = value ? value->as<bool>() : nullptr;
  return flag != nullptr && *flag;
}

// A pod that is made; nothing of an existing one can be changed, and subresources are not the pod.
bool is_pod_creation(const Value& request) {
  const auto* resource = request.find("resource");
  const auto operation = request.text("operation");
  return (operation.empty() || operation == "CREATE") && request.text("subResource").empty() &&
         (resource == nullptr || resource->is_null() ||
          (resource->text("resource") == "pods" && resource->text("group").empty()));
}

void read_request(Review& review) {
  const auto* kind = review.document.find("kind");
  review.api_version = review.document.text("apiVersion");
  const bool known = std::ranges::find(kVersions, review.api_version) != std::end(kVersions);
  if (kind == nullptr || review.document.text("kind") != "AdmissionReview" || !known) {
    review.api_version = kUsualVersion;
    review.fault = "not an AdmissionReview of admission.k8s.io/v1 or v1beta1";
    return;
  }
  const auto* request = review.document.find("request");
  if (request == nullptr || request->as<Value::Map>() == nullptr) {
    review.fault = "bad content";
    return;
  }
  review.uid = request->text("uid");
  review.namespace_ = request->text("namespace");
  review.dry_run = is_true(request->find("dryRun"));
  if (!is_pod_creation(*request)) return;
  review.object = request->find("object");
  static const Value kNothing;
  auto pod = kube::read_pod(review.object ? *review.object : kNothing);
  if (!pod) {
    review.fault = "the pod can't be read: " + pod.error().message;
    return;
  }
  review.pod = std::move(*pod);
  review.creates_pod = true;
}

}  // namespace

ReviewReader::ReviewReader(std::string_view annotation_prefix)
    : wanted_(codec::Selection::of(
          {{"apiVersion", {}},
           {"kind", {}},
           {"request", codec::Selection::of({{"uid", {}},
                                             {"namespace", {}},
                                             {"operation", {}},
                                             {"subResource", {}},
                                             {"dryRun", {}},
                                             {"resource", codec::Selection::of({{"group", {}}, {"resource", {}}})},
                                             {"object", kube::pod_selection(annotation_prefix)}})}})) {}

Review ReviewReader::read(std::string_view text) const {
  Review review;
  auto document = codec::parse_json(text, wanted_);
  if (!document) {
    review.api_version = kUsualVersion;
    review.fault = "the review can't be read: " + document.error().message;
    return review;
  }
  review.document = std::move(*document);
  read_request(review);
  return review;
}

std::string write_answer(const Review& review, const Answer& answer) {
  std::string out;
  out.reserve(512 + 512 * answer.patch.size());
  out += R"({"kind":"AdmissionReview","apiVersion":)";
  codec::write_json_string(review.api_version, out);
  out += R"(,"response":{"uid":)";
  codec::write_json_string(review.uid, out);
  out += answer.refused == 0 ? R"(,"allowed":true)" : R"(,"allowed":false)";
  if (answer.refused != 0) {
    out += R"(,"status":{"status":"Failure","message":)";
    codec::write_foreign_json_string(answer.message, out);
    out += R"(,"code":)" + std::to_string(answer.refused) + '}';
  }
  if (!answer.patch.empty()) {
    out += R"(,"patch":")";
    out += codec::base64_encode(kube::write_patch(answer.patch));
    out += R"(","patchType":"JSONPatch")";
  }
  if (!answer.warnings.empty()) {
    out += R"(,"warnings":)";
    for (const auto& warning : answer.warnings) {
      out += &warning == answer.warnings.data() ? '[' : ',';
      codec::write_foreign_json_string("podpass: " + warning, out);
    }
    out += ']';
  }
  return out += "}}";
}

Answer patch_answer(const Review& review, const kube::Identity& identity, const kube::PatchSettings& settings,
                    Random& random) {
  auto patch = kube::patch_pod(review.pod, identity, settings, random);
  return {0, {}, std::move(patch.operations), std::move(patch.warnings)};
}

}  // namespace podpass::webhook
