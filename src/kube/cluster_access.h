// The API servers of registered clusters: reads their signing keys, on schedule and when a token names a key that is
// not known, and asks them about tokens (TokenReview).
//
// Keys are read every Options::refresh, give or take a tenth, after a failure every Options::retry. For an unknown key
// they are read at once, but by one call at a time and at most one every Options::pause a cluster, so that made-up keys
// can't hammer an API server. What is read replaces what is stored, through Records: a key that the API server does not
// list any more is gone. A reading that fails changes nothing.
//
// A review's outcome is kept for Options::reviewed, as long as a request needs to find it; concurrent requests with one
// token share a call. What cannot be asked is an error: nobody is let in because an API server is away. Lists of
// service accounts are dealt with alike, and kept for Options::listed.
//
// Threads: every function is safe from any thread. Owns one thread, which makes all calls; Records are called there.
// `done` functions are called once, on any thread; stop() calls those that wait. Lifetimes: clock, random and what
// Records refer to outlive it. Limits: kMaxWaiting waits, kMaxReviews reviews at once, kMaxReviewsOfOne of a cluster,
// kReviewsKept and kProbesKept outcomes, kListsKept lists of kMaxListed; over the first three: an unavailable outcome.
// Sources: Kubernetes, "Service
// Account Issuer Discovery"; API reference, TokenReview.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "codec/value.h"
#include "crypto/hash.h"
#include "kube/api_client.h"

namespace podpass::kube {

inline constexpr std::string_view kDiscoveryPath = "/.well-known/openid-configuration";
inline constexpr std::string_view kJwksPath = "/openid/v1/jwks";
inline constexpr std::string_view kTokenReviewPath = "/apis/authentication.k8s.io/v1/tokenreviews";
inline constexpr std::string_view kServiceAccountsPath = "/api/v1/serviceaccounts";

// The JSON of an answer: some servers call a key set no JSON.
Result<codec::Value> as_json(Result<codec::Value> answer);

class ClusterAccess {
 public:
  static constexpr std::size_t kMaxWaiting = 10'000;
  static constexpr std::size_t kMaxReviews = 1'024;
  static constexpr std::size_t kMaxReviewsOfOne = 256;  // cluster: one that is slow leaves room for the others
  static constexpr std::size_t kReviewsKept = 16'384;
  static constexpr std::size_t kProbesKept = 64;
  static constexpr std::size_t kMaxAnswerBytes = 1024 * 1024;  // kMaxReviews of them may come at once
  static constexpr std::size_t kListsKept = 16;
  static constexpr std::size_t kMaxListed = 5'000;

  // How a cluster is reached.
  struct Cluster {
    std::string id;  // another one whenever what follows has changed
    ApiServer server;
    std::string jwks_path{kJwksPath};
    bool only_keys = false;  // `server` has nothing but the key set
  };
  // Where the clusters are stored.
  struct Records {
    std::function<std::vector<std::string>()> names;  // of those whose keys are to be read
    std::function<Result<Cluster>(const std::string& name)> find;
    std::function<boost::asio::awaitable<Result<void>>(std::string name, std::string id, codec::Value jwks)> save_keys;
  };
  struct Options {
    Milliseconds refresh{300'000};
    Milliseconds retry{30'000};
    Milliseconds pause{5'000};
    Milliseconds reviewed{1'000};
    Milliseconds listed{5'000};
    Milliseconds sweep{5'000};  // how often it is looked whose keys are due
    ApiLimits limits{
        .connect = Milliseconds{2'000}, .call = Milliseconds{4'000}, .repeats = 1, .answer_bytes = kMaxAnswerBytes};
  };

  ClusterAccess(Records records, const Clock& clock, Random& random, Options options);
  ClusterAccess(Records records, const Clock& clock, Random& random)
      : ClusterAccess(std::move(records), clock, random, Options()) {}
  ~ClusterAccess();  // stops
  ClusterAccess(const ClusterAccess&) = delete;
  ClusterAccess& operator=(const ClusterAccess&) = delete;

  void start();  // the schedule; calls for a request are made without it too
  void stop();   // ends what runs; from then on every outcome is unavailable

  using Done = std::function<void()>;

  // Reads the keys unless that was tried within Options::pause; joins a reading that is under way.
  void read_keys(const std::string& name, Done done);
  struct KeysStatus {
    std::optional<Time> read, failed;  // when, the last time, in this process
    std::string failure;               // of the last attempt; empty: it went well, or there was none
  };
  KeysStatus keys_status(const std::string& name) const;

  // Does the cluster accept this token of `user` for `audience`? `id` is the cluster's. Success; unauthenticated with
  // what the cluster says; unavailable: it could not be asked.
  struct Question {
    std::string name, id, token, user, audience;
    crypto::Sha256Digest hash() const;
  };
  std::optional<Result<void>> reviewed(const crypto::Sha256Digest& question) const;  // nothing: ask
  void review(Question question, Done done);

  // The cluster's service accounts, as its API server lists them, at most kMaxListed.
  struct ServiceAccounts {
    std::vector<std::pair<std::string, std::string>> names;  // namespace, name
    bool complete = true;                                    // false: there are more
  };
  std::optional<Result<ServiceAccounts>> service_accounts(const std::string& name) const;  // nothing: ask
  void list_service_accounts(const std::string& name, Done done);

  // What the API server says of itself, for a person. Kept by `key` until it is taken.
  struct Probe {
    Result<codec::Value> discovery, jwks;
    Result<void> review;  // may we ask for token reviews?
  };
  void probe(const std::string& name, const std::string& key, Done done);
  std::optional<Probe> take_probe(const std::string& key);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace podpass::kube
