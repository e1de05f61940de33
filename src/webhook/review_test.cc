#include "webhook/review.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/base64.h"
#include "codec/json.h"
#include "crypto/random.h"

namespace podpass::webhook {
namespace {

using codec::Value;

std::string review_of(std::string_view request, std::string_view version = "v1") {
  return fmt::format(R"({{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/{}","request":{}}})", version,
                     request);
}

std::string pod_request(std::string_view pod, std::string_view more = "") {
  return fmt::format(R"({{"uid":"u-1","namespace":"ns","operation":"CREATE",)"
                     R"("resource":{{"group":"","version":"v1","resource":"pods"}},"object":{}{}}})",
                     pod, more);
}

Review read(std::string_view text) {
  return ReviewReader("eks.amazonaws.com").read(text);
}

TEST(Review, ReadsWhatMatters) {
  const auto text = review_of(pod_request(
      R"({"metadata":{"generateName":"app-"},"spec":{"serviceAccountName":"sa","containers":[{"name":"a","image":"i"}]}})",
      R"(,"dryRun":true)"));
  const auto review = read(text);
  EXPECT_EQ(review.fault, "");
  EXPECT_TRUE(review.creates_pod);
  EXPECT_TRUE(review.dry_run);
  EXPECT_EQ(review.uid, "u-1");
  EXPECT_EQ(review.namespace_, "ns");
  EXPECT_EQ(review.pod.service_account, "sa");
  EXPECT_EQ(review.pod.generate_name, "app-");
  ASSERT_EQ(review.pod.containers.size(), 1U);
  EXPECT_EQ(review.pod.containers[0].name, "a");
}

// The namespace is the request's, whatever the pod says.
TEST(Review, TheRequestsNamespaceCounts) {
  EXPECT_EQ(read(review_of(pod_request(R"({"metadata":{"namespace":"other"},"spec":{}})"))).namespace_, "ns");
}

TEST(Review, OtherThanPodsThatAreMadeAreLeftAlone) {
  const std::string pod = R"({"spec":{"containers":"nonsense"}})";
  for (const auto& request :
       {fmt::format(R"({{"uid":"u","operation":"UPDATE","resource":{{"group":"","resource":"pods"}},"object":{}}})",
                    pod),
        fmt::format(R"({{"uid":"u","operation":"DELETE","resource":{{"group":"","resource":"pods"}},"object":null}})"),
        fmt::format(R"({{"uid":"u","operation":"CREATE","resource":{{"group":"","resource":"secrets"}},"object":{}}})",
                    pod),
        fmt::format(R"({{"uid":"u","operation":"CREATE","resource":{{"group":"x.io","resource":"pods"}},"object":{}}})",
                    pod),
        fmt::format(R"({{"uid":"u","operation":"CREATE","resource":{{"group":"","resource":"pods"}},"subResource":)"
                    R"("ephemeralcontainers","object":{}}})",
                    pod)}) {
    const auto review = read(review_of(request));
    EXPECT_EQ(review.fault, "") << request;
    EXPECT_FALSE(review.creates_pod) << request;
    EXPECT_EQ(write_answer(review, {}), R"({"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1",)"
                                        R"("response":{"uid":"u","allowed":true}})");
  }
}

TEST(Review, WhatCannotBeReadIsRefusedWithAReason) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "the review can't be read: incomplete JSON at byte 0"},
      {"nonsense", "the review can't be read: syntax error at byte 0"},
      {"[]", "not an AdmissionReview of admission.k8s.io/v1 or v1beta1"},
      {R"({"kind":"Pod","apiVersion":"v1"})", "not an AdmissionReview of admission.k8s.io/v1 or v1beta1"},
      {review_of("{}", "v2"), "not an AdmissionReview of admission.k8s.io/v1 or v1beta1"},
      {review_of("null"), "bad content"},
      {R"({"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1"})", "bad content"},
      {review_of(pod_request("null")), "the pod can't be read: the pod is not a map"},
      {review_of(R"({"uid":"u-1","operation":"CREATE"})"), "the pod can't be read: the pod is not a map"},
      {review_of(pod_request(R"({"spec":{"containers":{}}})")), "the pod can't be read: spec.containers is not a list"},
  };
  for (const auto& [text, fault] : cases) EXPECT_EQ(read(text).fault, fault) << text;
}

TEST(Review, AnswersInTheVersionOfTheQuestion) {
  for (std::string_view version : {"v1", "v1beta1"}) {
    const auto review = read(review_of(pod_request(R"({"spec":{}})"), version));
    EXPECT_EQ(review.fault, "");
    Answer answer;
    answer.patch.push_back({"/a", Value::map({{"b", "c"}})});
    answer.warnings = {"one \"x\"", "two"};
    auto written = codec::parse_json(write_answer(review, answer));
    ASSERT_TRUE(written);
    EXPECT_EQ(written->text("apiVersion"), fmt::format("admission.k8s.io/{}", version));
    EXPECT_EQ(written->text("kind"), "AdmissionReview");
    const auto* response = written->find("response");
    EXPECT_EQ(response->text("uid"), "u-1");
    EXPECT_EQ(*response->find("allowed"), Value(true));
    EXPECT_EQ(response->text("patchType"), "JSONPatch");
    EXPECT_EQ(codec::base64_decode(response->text("patch")).value(), R"([{"op":"add","path":"/a","value":{"b":"c"}}])");
    EXPECT_EQ(*response->find("warnings"), Value::list({"podpass: one \"x\"", "podpass: two"}));
  }
}

TEST(Review, ARefusalHasCodeAndMessageAndNoPatch) {
  const auto review = read(review_of(pod_request("7")));
  EXPECT_EQ(write_answer(review, {400, "no\xff", {}, {}}),
            R"({"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","response":{"uid":"u-1","allowed":false,)"
            R"("status":{"status":"Failure","message":"no?","code":400}}})");
}

TEST(Review, AnEmptyPatchIsNone) {
  const auto text = review_of(pod_request(R"({"metadata":{"labels":{"eks.amazonaws.com/pod-identity":"enabled"}},)"
                                          R"("spec":{"volumes":[{"name":"eks-pod-identity-token","projected":{}}]}})"));
  const auto review = read(text);
  crypto::SystemRandom random;
  const auto answer = patch_answer(review, {}, {}, random);
  EXPECT_THAT(answer.patch, testing::IsEmpty());
  EXPECT_THAT(write_answer(review, answer), testing::EndsWith(R"("response":{"uid":"u-1","allowed":true}})"));
}

TEST(Review, MayBeMoved) {
  auto text = std::make_unique<std::string>(review_of(pod_request(
      R"({"metadata":{"name":"a-pod-with-a-long-name-that-is-on-the-heap"},"spec":{"serviceAccountName":"sa"}})")));
  auto review = read(*text);
  text.reset();
  const Review moved = std::move(review);
  EXPECT_EQ(moved.pod.name, "a-pod-with-a-long-name-that-is-on-the-heap");
  EXPECT_EQ(moved.pod.service_account, "sa");
  EXPECT_EQ(moved.uid, "u-1");
}

}  // namespace
}  // namespace podpass::webhook
