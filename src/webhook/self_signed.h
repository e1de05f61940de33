// The webhook's own certificate, for clusters where nobody else issues one: an authority, a certificate for the
// service's names, both kept in a Secret that all replicas share, and the authority written as caBundle into the
// MutatingWebhookConfiguration.
//
// At the start there is a pair of this process's own, so that the server can listen; it is not ready until settle()
// has found or made the shared one. From then on, every kSettleEvery: what another replica renewed is taken over, what
// ends within a third of its life is renewed, and a caBundle that somebody overwrote is written again. Where the Secret
// may not be read or written (403), the pair stays this process's own, and each replica adds its own authority.
//
// In the bundle stay earlier authorities of ours that are still valid, kMaxAuthorities with the new one: replicas that
// have not changed yet are trusted meanwhile.
//
// Threads: runs on its executor, which has one thread; tls() and settled() from any. start() once. The executor's
// context must be stopped before this is destroyed; client, clock and metrics outlive it. Errors are logged, once for
// each new text, and tried again.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/tls.h"
#include "kube/api_client.h"
#include "webhook/metrics.h"

namespace podpass::webhook {

inline constexpr Seconds kSettleEvery{30};
inline constexpr std::chrono::days kAuthorityLife{3'650}, kCertificateLife{90};
inline constexpr std::size_t kMaxAuthorities = 16;

class SelfSigned {
 public:
  struct Options {
    std::string service = "pod-identity-webhook", namespace_ = "eks", secret = "pod-identity-webhook";
    std::string configuration;  // of the MutatingWebhookConfiguration; empty: none is written to
  };

  static Result<std::unique_ptr<SelfSigned>> create(boost::asio::any_io_executor executor, Options options,
                                                    kube::ApiClient& client, const Clock& clock, Metrics& metrics);
  ~SelfSigned();
  SelfSigned(const SelfSigned&) = delete;
  SelfSigned& operator=(const SelfSigned&) = delete;

  std::shared_ptr<crypto::ServerTls> tls() const;
  void start();
  bool settled() const;
  boost::asio::awaitable<Result<void>> settle();  // on its executor; what start() does over and over

 private:
  struct State;
  explicit SelfSigned(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

// What of `bundle` is ours and valid at `now`, in its order, and `authority`, last if it was not there.
std::string merge_bundle(std::string_view bundle, std::string_view authority, Time now);

}  // namespace podpass::webhook
