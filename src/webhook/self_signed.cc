#include "webhook/self_signed.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/log.h"
#include "codec/base64.h"
#include "codec/uri.h"
#include "crypto/x509.h"
#include "kube/backoff.h"

namespace podpass::webhook {

namespace asio = boost::asio;
using codec::Value;

namespace {

constexpr std::string_view kAuthorityName = "podpass webhook authority";
constexpr std::string_view kEndOfCertificate = "-----END CERTIFICATE-----";
constexpr std::chrono::hours kBackdated{1};  // for clocks that are behind ours

struct Pair {
  std::string authority_pem, certificate_pem;
  Secret authority_key, key;
};

// Base64 of a member of a Secret's data; empty if there is none.
std::string data_of(const Value& secret, std::string_view name) {
  const auto* data = secret.find("data");
  return data ? codec::base64_decode(data->text(name)).value_or("") : std::string();
}

Pair pair_of(const Value& secret) {
  return {data_of(secret, "ca.crt"), data_of(secret, "tls.crt"), Secret(data_of(secret, "ca.key")),
          Secret(data_of(secret, "tls.key"))};
}

Value new_secret(std::string_view namespace_, std::string_view name) {
  return Value::map({{"apiVersion", "v1"},
                     {"kind", "Secret"},
                     {"type", "kubernetes.io/tls"},
                     {"metadata", Value::map({{"name", name}, {"namespace", namespace_}})}});
}

Value data_of(const Pair& pair) {
  const auto encoded = [](std::string_view bytes) { return codec::base64_encode(bytes); };
  return Value::map({{"ca.crt", encoded(pair.authority_pem)},
                     {"ca.key", encoded(pair.authority_key.reveal())},
                     {"tls.crt", encoded(pair.certificate_pem)},
                     {"tls.key", encoded(pair.key.reveal())}});
}

// Whether the certificate lasts for more than a third of its life from now on.
bool lasts(const crypto::CertificateInfo& info, Time now) {
  return info.not_before <= now && info.not_after - now > (info.not_after - info.not_before) / 3;
}

std::vector<std::string> names_of(const SelfSigned::Options& options) {
  const auto& [service, namespace_, secret, configuration] = options;
  return {service, fmt::format("{}.{}", service, namespace_), fmt::format("{}.{}.svc", service, namespace_),
          fmt::format("{}.{}.svc.cluster.local", service, namespace_), "localhost"};
}

bool is_good(const Pair& pair, const SelfSigned::Options& options, Time now) {
  auto authority = crypto::read_certificates(pair.authority_pem);
  auto certificate = crypto::read_certificates(pair.certificate_pem);
  if (!authority || !certificate || !lasts(authority->front(), now) || !lasts(certificate->front(), now)) return false;
  if (certificate->front().issuer != authority->front().subject) return false;
  const auto& names = certificate->front().dns_names;
  const auto wanted = names_of(options);
  return std::ranges::all_of(wanted, [&](const auto& name) { return std::ranges::count(names, name) > 0; }) &&
         crypto::ServerTls::of({pair.certificate_pem, pair.key, {}}).has_value();
}

// A new certificate, by the old authority if that is good enough.
Result<Pair> renewed(const Pair& old, const SelfSigned::Options& options, Time now) {
  auto authority = crypto::CertificateAuthority::from_pem(old.authority_pem, old.authority_key);
  auto facts = crypto::read_certificates(old.authority_pem);
  if (!authority || !facts || !lasts(facts->front(), now)) {
    const crypto::Validity validity{now - kBackdated, now + kAuthorityLife};
    authority = crypto::CertificateAuthority::create(std::string(kAuthorityName), validity);
  }
  if (!authority) return std::move(authority).error();
  crypto::CertificateRequest request;
  request.dns_names = names_of(options);
  request.common_name = request.dns_names[2].substr(0, 64);
  request.ip_addresses = {"127.0.0.1", "::1"};
  request.validity = {now - kBackdated, now + kCertificateLife};
  auto issued = TRY(authority->issue(request));
  return Pair{authority->certificate_pem(), std::move(issued.certificate_pem), authority->key_pem(),
              std::move(issued.key_pem)};
}

std::vector<std::string> split_bundle(std::string_view bundle) {
  std::vector<std::string> pems;
  for (;;) {
    const auto begin = bundle.find("-----BEGIN CERTIFICATE-----");
    const auto end = bundle.find(kEndOfCertificate);
    if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) return pems;
    pems.push_back(std::string(bundle.substr(begin, end + kEndOfCertificate.size() - begin)) + "\n");
    bundle.remove_prefix(end + kEndOfCertificate.size());
  }
}

}  // namespace

std::string merge_bundle(std::string_view bundle, std::string_view authority, Time now) {
  std::vector<std::string> merged;
  for (auto& pem : split_bundle(bundle)) {
    auto facts = crypto::read_certificates(pem);
    const bool good = facts && facts->front().common_name == kAuthorityName && facts->front().not_after > now;
    if (good && std::ranges::count(merged, pem) == 0) merged.push_back(std::move(pem));
  }
  // Where it stands already it stays: replicas that each have their own must not take turns at being the last one.
  for (auto& pem : split_bundle(authority)) {
    if (std::ranges::count(merged, pem) == 0) merged.push_back(std::move(pem));
  }
  std::string out;
  for (std::size_t i = merged.size() - std::min(merged.size(), kMaxAuthorities); i < merged.size(); ++i)
    out += merged[i];
  return out;
}

struct SelfSigned::State {
  State(asio::any_io_executor on, Options given, kube::ApiClient& api, const Clock& time, Metrics& counted)
      : executor(std::move(on)), options(std::move(given)), client(api), clock(time), metrics(counted) {}

  std::string secrets_path() const {
    return fmt::format("/api/v1/namespaces/{}/secrets", codec::percent_encode(options.namespace_));
  }
  std::string secret_path() const { return secrets_path() + "/" + codec::percent_encode(options.secret); }

  asio::awaitable<Result<void>> settle() {
    auto shared = co_await share();
    if (!shared) co_return std::move(shared).error();
    if (options.configuration.empty()) co_return Result<void>();
    auto written = co_await write_bundle();
    co_return written;
  }

  // Takes over the Secret's pair, or puts one there.
  asio::awaitable<Result<void>> share() {
    constexpr int kTries = 3;  // two replicas may write at once; the loser takes what the other one wrote
    Result<void> last;
    for (int i = 0; i < kTries; ++i) {
      auto path = secret_path();
      auto secret = co_await client.call("GET", std::move(path));
      if (!secret && secret.error().status == 403) co_return keep_own(secret.error());
      if (!secret && secret.error().status != 404) co_return std::move(secret).error();
      auto pair = secret ? pair_of(*secret) : own;
      if (secret && is_good(pair, options, clock.now())) co_return use(std::move(pair));
      if (!is_good(pair, options, clock.now())) {
        auto fresh = renewed(pair, options, clock.now());
        if (!fresh) co_return std::move(fresh).error();
        pair = std::move(*fresh);
      }
      // One that somebody else made keeps its type, which can't be changed, and its metadata, with the resourceVersion.
      auto object = secret ? *secret : new_secret(options.namespace_, options.secret);
      object.set("data", data_of(pair));
      path = secret ? secret_path() : secrets_path();
      const std::string_view method = secret ? "PUT" : "POST";
      auto written = co_await client.call(method, std::move(path), std::move(object));
      if (written) co_return use(std::move(pair));
      if (written.error().status == 403) co_return keep_own(written.error());
      last = std::move(written).error();
      if (last.error().status != 409) break;
    }
    co_return last;
  }

  Result<void> keep_own(const Error& why) {
    if (!std::exchange(told_own, true))
      log::warn(fmt::format("Secret {}/{} can't be used, this replica's certificate is its own: {}", options.namespace_,
                            options.secret, why.message));
    if (is_good(own, options, clock.now())) return use(own);
    return use(TRY(renewed(own, options, clock.now())));
  }

  Result<void> use(Pair pair) {
    if (pair.certificate_pem == in_force) return {};
    TRY(tls->replace({pair.certificate_pem, pair.key, {}}));
    if (!in_force.empty()) metrics.count_rotation(std::chrono::duration_cast<Seconds>(clock.now() - since));
    since = clock.now();
    in_force = pair.certificate_pem;
    own = std::move(pair);
    log::info("The webhook's certificate is valid until " + format_iso8601(tls->not_after()) + ".");
    return {};
  }

  // Writes the authority into each webhook of the configuration that leads to our service, or to a URL.
  asio::awaitable<Result<void>> write_bundle() {
    auto path = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/" +
                codec::percent_encode(options.configuration);
    auto target = path;
    auto configuration = co_await client.call("GET", std::move(target));
    if (!configuration) co_return std::move(configuration).error();
    const auto* webhooks = configuration->find("webhooks");
    const auto* list = webhooks ? webhooks->as<Value::List>() : nullptr;
    auto patch = list ? bundle_patch(*list) : Value::List();
    if (patch.empty()) co_return Result<void>();
    Value body(std::move(patch));
    auto patched = co_await client.call("PATCH", std::move(path), std::move(body), kube::kJsonPatch);
    if (!patched) co_return std::move(patched).error();
    log::info("The authority is written into MutatingWebhookConfiguration " + options.configuration + ".");
    co_return Result<void>();
  }

  Value::List bundle_patch(const Value::List& webhooks) const {
    Value::List patch;
    for (std::size_t i = 0; i < webhooks.size(); ++i) {
      const auto* client_config = webhooks[i].find("clientConfig");
      if (client_config == nullptr) continue;
      const auto* service = client_config->find("service");
      if (service && (service->text("name") != options.service || service->text("namespace") != options.namespace_))
        continue;
      const auto present = client_config->text("caBundle");
      auto bundle = merge_bundle(codec::base64_decode(present).value_or(""), own.authority_pem, clock.now());
      auto encoded = codec::base64_encode(bundle);
      if (encoded == present) continue;
      const auto place = fmt::format("/webhooks/{}", i);
      // If somebody moved the webhooks meanwhile, nothing is written.
      patch.push_back(Value::map({{"op", "test"}, {"path", place + "/name"}, {"value", webhooks[i].text("name")}}));
      patch.push_back(
          Value::map({{"op", "add"}, {"path", place + "/clientConfig/caBundle"}, {"value", std::move(encoded)}}));
    }
    return patch;
  }

  static asio::awaitable<void> run(std::shared_ptr<State> state) {
    kube::Backoff backoff(std::chrono::milliseconds{200}, std::chrono::duration_cast<Milliseconds>(kSettleEvery));
    for (;;) {
      auto done = co_await state->settle();
      if (!done) {
        if (done.error().message != state->told)
          log::warn("The webhook's certificate is not settled: " + done.error().message);
        state->told = done.error().message;
        co_await backoff.wait();
        continue;
      }
      state->settled = true;
      state->told.clear();
      backoff.reset();
      co_await kube::pause(kSettleEvery);
    }
  }

  const asio::any_io_executor executor;
  const Options options;
  kube::ApiClient& client;
  const Clock& clock;
  Metrics& metrics;
  std::shared_ptr<crypto::ServerTls> tls;
  std::atomic<bool> settled{false};

  // On the executor's thread only.
  Pair own;
  std::string in_force;  // the certificate that was settled on; empty: none yet
  Time since{};
  std::string told;
  bool told_own = false;
};

SelfSigned::SelfSigned(std::shared_ptr<State> state) : state_(std::move(state)) {}

SelfSigned::~SelfSigned() = default;

Result<std::unique_ptr<SelfSigned>> SelfSigned::create(asio::any_io_executor executor, Options options,
                                                       kube::ApiClient& client, const Clock& clock, Metrics& metrics) {
  auto state = std::make_shared<State>(std::move(executor), std::move(options), client, clock, metrics);
  state->own = TRY(renewed({}, state->options, clock.now()));
  state->tls = TRY(crypto::ServerTls::of({state->own.certificate_pem, state->own.key, {}}));
  return std::unique_ptr<SelfSigned>(new SelfSigned(std::move(state)));  // tidy-ok: the constructor is private
}

std::shared_ptr<crypto::ServerTls> SelfSigned::tls() const {
  return state_->tls;
}

void SelfSigned::start() {
  auto running = State::run(state_);
  asio::co_spawn(state_->executor, std::move(running), asio::detached);
}

bool SelfSigned::settled() const {
  return state_->settled;
}

asio::awaitable<Result<void>> SelfSigned::settle() {
  auto state = state_;
  auto settling = state->settle();
  auto result = co_await asio::co_spawn(state->executor, std::move(settling), asio::use_awaitable);
  co_return result;
}

}  // namespace podpass::webhook
