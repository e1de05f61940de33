// The webhook without HTTP: the bytes of a review in, the bytes of the answer out.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "base/check.h"
#include "codec/json.h"
#include "crypto/random.h"
#include "kube/pod_patch.h"
#include "webhook/review.h"

namespace podpass {
namespace {

// A review of about 5 KB, as an API server sends it for a pod of a deployment with one sidecar.
std::string review_text() {
  std::string managed_fields;
  for (int i = 0; i < 24; ++i) {
    managed_fields += fmt::format(
        R"({}"f:field{}":{{"f:name":{{}},"f:image":{{}},"k:{{\"name\":\"c{}\"}}":{{".":{{}},"f:value":{{}}}}}})",
        i > 0 ? "," : "", i, i);
  }
  const std::string container =
      R"({"name":"NAME","image":"registry.example.com/team/application:1.24.7","ports":[{"containerPort":8080,)"
      R"("protocol":"TCP"}],"env":[{"name":"LOG_LEVEL","value":"info"},{"name":"QUEUE","value":"orders"},)"
      R"({"name":"POD_IP","valueFrom":{"fieldRef":{"apiVersion":"v1","fieldPath":"status.podIP"}}}],)"
      R"("resources":{"limits":{"cpu":"500m","memory":"512Mi"},"requests":{"cpu":"100m","memory":"128Mi"}},)"
      R"("volumeMounts":[{"name":"kube-api-access-abcde","readOnly":true,)"
      R"("mountPath":"/var/run/secrets/kubernetes.io/serviceaccount"}],"terminationMessagePath":)"
      R"("/dev/termination-log","terminationMessagePolicy":"File","imagePullPolicy":"IfNotPresent"})";
  auto named = [&](std::string_view name) { return std::string(container).replace(9, 4, name); };
  return fmt::format(
      R"({{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{{"uid":)"
      R"("705ab4f5-6393-11e8-b7cc-42010a800002","kind":{{"group":"","version":"v1","kind":"Pod"}},"resource":)"
      R"({{"group":"","version":"v1","resource":"pods"}},"requestKind":{{"group":"","version":"v1","kind":"Pod"}},)"
      R"("requestResource":{{"group":"","version":"v1","resource":"pods"}},"namespace":"default","operation":"CREATE",)"
      R"("userInfo":{{"username":"system:serviceaccount:kube-system:replicaset-controller","groups":)"
      R"(["system:serviceaccounts","system:authenticated"]}},"object":{{"kind":"Pod","apiVersion":"v1","metadata":)"
      R"({{"generateName":"app-6d4cf56db6-","labels":{{"app":"app","pod-template-hash":"6d4cf56db6"}},)"
      R"("ownerReferences":[{{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"app-6d4cf56db6","uid":)"
      R"("a1b2c3d4-0000-11e8-b7cc-42010a800002","controller":true,"blockOwnerDeletion":true}}],"managedFields":)"
      R"([{{"manager":"kube-controller-manager","operation":"Update","apiVersion":"v1","fieldsType":"FieldsV1",)"
      R"("fieldsV1":{{{}}}}}]}},"spec":{{"volumes":[{{"name":"kube-api-access-abcde","projected":{{"sources":)"
      R"([{{"serviceAccountToken":{{"expirationSeconds":3607,"path":"token"}}}}],"defaultMode":420}}}}],"containers":)"
      R"([{},{}],"restartPolicy":"Always","dnsPolicy":"ClusterFirst","serviceAccountName":"my-service-account",)"
      R"("serviceAccount":"my-service-account","securityContext":{{}},"schedulerName":"default-scheduler"}},)"
      R"("status":{{}}}},"oldObject":null,"dryRun":false,"options":{{"kind":"CreateOptions","apiVersion":)"
      R"("meta.k8s.io/v1"}}}}}})",
      managed_fields, named("app"), named("sidecar"));
}

void bench_answer(benchmark::State& state) {
  const auto text = review_text();
  const webhook::ReviewReader reader("eks.amazonaws.com");
  const kube::PatchSettings settings;
  crypto::SystemRandom random;
  for (auto _ : state) {
    auto review = reader.read(text);
    CHECK(review.creates_pod);
    auto answer = webhook::write_answer(review, webhook::patch_answer(review, {}, settings, random));
    benchmark::DoNotOptimize(answer);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
  state.counters["review_bytes"] = static_cast<double>(text.size());
}
BENCHMARK(bench_answer);

void bench_read(benchmark::State& state) {
  const auto text = review_text();
  const webhook::ReviewReader reader("eks.amazonaws.com");
  for (auto _ : state) benchmark::DoNotOptimize(reader.read(text));
}
BENCHMARK(bench_read);

// What it would be to make a tree of all of it.
void bench_parse_whole(benchmark::State& state) {
  const auto text = review_text();
  for (auto _ : state) benchmark::DoNotOptimize(codec::parse_json(text));
}
BENCHMARK(bench_parse_whole);

}  // namespace
}  // namespace podpass
