// AdmissionReview, admission.k8s.io/v1 and v1beta1, which are alike here: bytes in, what matters of them, bytes out.
// Pure; safe from any thread. A Review owns what its views point into and may be moved.
//
// Source: Kubernetes, "Dynamic Admission Control", request and response.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "codec/json_select.h"
#include "codec/value.h"
#include "kube/pod_patch.h"

namespace podpass::webhook {

inline constexpr std::size_t kMaxReviewBytes = 8 * 1024 * 1024;  // an API server's own limit for a request is 3 MiB

struct Review {
  codec::Value document;
  std::string_view api_version, uid;
  std::string fault;         // why it can't be read; then nothing below counts
  bool creates_pod = false;  // else there is nothing to do
  bool dry_run = false;      // then nothing outside may change
  std::string_view namespace_;
  const codec::Value* object = nullptr;
  kube::PodShape pod;
};

// Holds what is to be read of a review.
class ReviewReader {
 public:
  explicit ReviewReader(std::string_view annotation_prefix);
  Review read(std::string_view text) const;

 private:
  codec::Selection wanted_;
};

struct Answer {
  int refused = 0;      // the status code of a refusal; 0: allowed
  std::string message;  // why it is refused
  std::vector<kube::AddOperation> patch;
  std::vector<std::string> warnings;
};
std::string write_answer(const Review& review, const Answer& answer);

// The answer where the identity is known.
Answer patch_answer(const Review& review, const kube::Identity& identity, const kube::PatchSettings& settings,
                    Random& random);

}  // namespace podpass::webhook
