// For the gateway's tests: every service behind a real server on loopback, over a memory store, with a clock that
// stands still. Requests are signed as clients sign them. send() is safe from any thread.
#pragma once

#include <gtest/gtest.h>

#include "aws/sigv4_sign.h"
#include "base/clock.h"
#include "codec/json.h"
#include "gateway/gateway.h"
#include "http/client.h"
#include "store/memory_backend.h"
#include "store/test_directory.h"

namespace podpass::gateway {

struct Ask {
  std::string service, method = "GET", target = "/", body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
};

class Served {
 public:
  Served();
  ~Served() { server_.stop(); }

  http::ClientResponse send(const Ask& ask, const aws::SigningCredentials& credentials);
  http::ClientResponse send(const Ask& ask) { return send(ask, root); }
  http::ClientRequest sign(const Ask& ask, const aws::SigningCredentials& credentials, Time when);
  http::ClientResponse deliver(const http::ClientRequest& request);

  // IAM or STS, by form.
  http::ClientResponse query(std::string service, std::string form, const aws::SigningCredentials& credentials);
  http::ClientResponse query(std::string service, std::string form) {
    return query(std::move(service), std::move(form), root);
  }
  // A JSON service.
  http::ClientResponse json(std::string service, std::string method, std::string target, std::string body = {}) {
    return send({std::move(service), std::move(method), std::move(target), std::move(body), {}}, root);
  }

  // The session that sts:AssumeRole gives `caller`.
  aws::SigningCredentials assume(const std::string& role, const aws::SigningCredentials& caller);
  // A user with its first access key, and permission for everything.
  aws::SigningCredentials make_user(const std::string& name);
  void make_cluster(const std::string& name);
  // The audit records so far, oldest first.
  std::vector<codec::Value> audit();
  std::string audit_text();

  ManualClock clock;
  SeededRandom random{11};
  aws::Deployment deployment;
  aws::SigningCredentials root;
  std::unique_ptr<store::Store> store;
  Health health;
  own_api::Activity activity{clock, random};

 private:
  store::TestDirectory directory_;
  std::string address_;  // where it really listens, whatever the deployment's endpoint is made
  std::unique_ptr<s3::Service> s3_;
  std::unique_ptr<AuditTrail> audit_;
  std::unique_ptr<Gateway> gateway_;
  http::Server server_;
};

// What stands between <name> and </name>.
std::string element(std::string_view xml, std::string_view name);

}  // namespace podpass::gateway
