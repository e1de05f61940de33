// What checking a token, a signature and a seal cost.
#include <benchmark/benchmark.h>

#include <string>

#include "aws/sigv4.h"
#include "aws/sigv4_sign.h"
#include "crypto/jwt.h"
#include "crypto/random.h"
#include "crypto/seal.h"
#include "http/client.h"

namespace podpass {
namespace {

using codec::Value;

// About what a kubelet projects into a pod: 1.2 KB.
Value pod_claims() {
  auto named = [](std::string_view name) {
    return Value::map({{"name", name}, {"uid", "0d8a0b7c-6c0f-4a55-9d3a-3c1f0c9b7e11"}});
  };
  return Value::map({{"aud", Value::list({"pods.eks.amazonaws.com"})},
                     {"exp", 1'800'000'000},
                     {"iat", 1'799'900'000},
                     {"iss", "https://oidc.example.com/id/0123456789ABCDEF0123456789ABCDEF"},
                     {"jti", "7a1f5a0e-3b0e-4c39-8f0d-2f6f0d1f9a77"},
                     {"kubernetes.io", Value::map({{"namespace", "default"},
                                                   {"node", named("ip-10-0-0-1.us-west-2.compute.internal")},
                                                   {"pod", named("app-6d4cf56db6-abcde")},
                                                   {"serviceaccount", named("app")}})},
                     {"nbf", 1'799'900'000},
                     {"sub", "system:serviceaccount:default:app"}});
}

void verify_signature_of(benchmark::State& state, const crypto::SigningKey& key) {
  std::string message(800, 'm');
  auto signature = key.sign(message);
  auto public_key = key.public_key();
  for (auto _ : state) benchmark::DoNotOptimize(public_key.verify(message, signature));
}
void rs256_verify(benchmark::State& state) {
  verify_signature_of(state, crypto::SigningKey::generate_rsa());
}
void es256_verify(benchmark::State& state) {
  verify_signature_of(state, crypto::SigningKey::generate_ec());
}
BENCHMARK(rs256_verify);
BENCHMARK(es256_verify);

void jwt_verify(benchmark::State& state) {
  auto key = crypto::SigningKey::generate_rsa();
  auto keys = crypto::KeySet::of({key.public_key()});
  auto token = crypto::mint_jwt(pod_claims(), key);
  for (auto _ : state) {
    auto claims = crypto::verify_jwt(token, *keys);
    if (!claims) state.SkipWithError("not verified");
    benchmark::DoNotOptimize(claims);
  }
}
BENCHMARK(jwt_verify);

// GetCallerIdentity as botocore sends it, read, checked and verified.
void sigv4(benchmark::State& state, const aws::DerivedKey& (*key_of)(const aws::Credentialed&, const Secret&)) {
  auto now = *parse_amz_date("20260102T030405Z");
  http::ClientRequest signed_request;
  signed_request.method = "POST";
  signed_request.headers = {{"Accept-Encoding", "identity"},
                            {"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"},
                            {"User-Agent", std::string(120, 'a')},
                            {"amz-sdk-invocation-id", "7a1f5a0e-3b0e-4c39-8f0d-2f6f0d1f9a77"},
                            {"amz-sdk-request", "attempt=1"}};
  signed_request.body = "Action=GetCallerIdentity&Version=2011-06-15";
  Secret secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
  aws::sign_request(signed_request, "127.0.0.1:4566", {"AKIAIOSFODNN7EXAMPLE", secret, ""}, "us-west-2", "sts", now);
  http::Request request;
  request.method = signed_request.method;
  request.target = request.path = "/";
  request.body = signed_request.body;
  request.headers.push_back({"Host", "127.0.0.1:4566"});
  for (const auto& [name, value] : signed_request.headers) request.headers.push_back({name, value});
  for (auto _ : state) {
    auto claims = aws::read_authorization(request, aws::Dialect::query);
    bool good = claims && aws::check_scope(*claims, "us-west-2", "sts", now) &&
                aws::verify_signature(*claims, request, key_of(*claims, secret));
    if (!good) state.SkipWithError("not verified");
  }
}

const aws::DerivedKey& derive_anew(const aws::Credentialed& claims, const Secret& secret) {
  static aws::DerivedKey key;
  key = aws::derive_key(secret, claims.date, claims.region, claims.service);
  return key;
}

void sigv4_cached_key(benchmark::State& state) {
  sigv4(state, aws::derived_key);
}
void sigv4_derived_key(benchmark::State& state) {
  sigv4(state, derive_anew);
}
BENCHMARK(sigv4_cached_key);
BENCHMARK(sigv4_derived_key);

void seal(benchmark::State& state) {
  crypto::SystemRandom random;
  auto ring = crypto::KeyRing::generate(random);
  std::string plain(static_cast<std::size_t>(state.range(0)), 'p');
  for (auto _ : state) benchmark::DoNotOptimize(ring->seal(plain, "purpose"));
}
void open(benchmark::State& state) {
  crypto::SystemRandom random;
  auto ring = crypto::KeyRing::generate(random);
  auto sealed = ring->seal(std::string(static_cast<std::size_t>(state.range(0)), 'p'), "purpose");
  for (auto _ : state) benchmark::DoNotOptimize(ring->open(sealed, "purpose"));
}
BENCHMARK(seal)->Arg(256)->Arg(1'024);
BENCHMARK(open)->Arg(256)->Arg(1'024);

void checksum(benchmark::State& state, std::uint64_t (*sum)(std::string_view)) {
  std::string bytes(64 * 1'024, 'b');
  for (auto _ : state) benchmark::DoNotOptimize(sum(bytes));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(bytes.size()));
}
void crc32_64k(benchmark::State& state) {
  checksum(state, [](std::string_view bytes) -> std::uint64_t { return crypto::crc32(0, bytes); });
}
void crc32c_64k(benchmark::State& state) {
  checksum(state, [](std::string_view bytes) -> std::uint64_t { return crypto::crc32c(0, bytes); });
}
void crc64nvme_64k(benchmark::State& state) {
  checksum(state, [](std::string_view bytes) -> std::uint64_t { return crypto::crc64nvme(0, bytes); });
}
BENCHMARK(crc32_64k);
BENCHMARK(crc32c_64k);
BENCHMARK(crc64nvme_64k);

}  // namespace
}  // namespace podpass
