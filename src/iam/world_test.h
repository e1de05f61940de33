// A small world for tests of operations: a store in memory, a clock and randomness that repeat, callers, and the
// operations of IAM and of whatever services a test adds. In a header, so that other folders' tests have it too.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "aws/call.h"
#include "aws/global_keys.h"
#include "aws/operation.h"
#include "base/clock.h"
#include "base/strings.h"
#include "codec/json.h"
#include "iam/lookup.h"
#include "iam/operations.h"
#include "store/memory_backend.h"

namespace podpass::iam {

class World {
 public:
  static constexpr std::string_view kAccount = "111122223333";

  explicit World(std::vector<const aws::Service*> more_services = {}) : services_(std::move(more_services)) {
    services_.push_back(&service());
    deployment_.account = kAccount;
    deployment_.endpoint = "http://127.0.0.1:4566";
    deployment_.clock = &clock_;
    deployment_.random = &random_;
    deployment_.at_rest = crypto::KeyRing::generate(random_);
    deployment_.sessions = std::make_shared<aws::SessionKeys>(crypto::KeyRing::generate(random_));
    auto opened = store::Store::open(std::make_unique<store::MemoryBackend>());
    EXPECT_TRUE(opened);
    store_ = std::move(*opened);
  }

  std::unique_ptr<aws::Caller> root() const {
    auto caller = std::make_unique<aws::Caller>();
    caller->type = policy::PrincipalType::root;
    caller->account = caller->user_id = kAccount;
    caller->arn = "arn:aws:iam::" + std::string(kAccount) + ":root";
    return caller;
  }

  // Null if there is no such user.
  std::unique_ptr<aws::Caller> user(std::string_view name) {
    auto tx = store_->begin();
    const auto* record = find_user(tx, kAccount, name);
    if (!record) return nullptr;
    auto caller = std::make_unique<aws::Caller>();
    caller->type = policy::PrincipalType::user;
    caller->account = kAccount;
    caller->arn = user_arn(deployment_, kAccount, *record);
    caller->unique_id = caller->user_id = record->id;
    caller->user_name = record->name;
    caller->tags = record->tags;
    caller->authority = authority_of(tx, *record);
    return caller;
  }

  // Null if there is no such role.
  std::unique_ptr<aws::Caller> role(std::string_view name) {
    auto tx = store_->begin();
    const auto* record = find_role(tx, kAccount, name);
    if (!record) return nullptr;
    auto caller = std::make_unique<aws::Caller>();
    caller->type = policy::PrincipalType::role_session;
    caller->account = kAccount;
    caller->arn = "arn:aws:sts::" + std::string(kAccount) + ":assumed-role/" + record->name + "/test";
    caller->role_arn = role_arn(deployment_, kAccount, *record);
    caller->unique_id = record->id;
    caller->user_id = record->id + ":test";
    caller->authority = authority_of(tx, *record);
    return caller;
  }

  // Runs an operation of a service's table and commits. Errors have the service's code and status.
  Result<codec::Value> run(std::string_view operation, const codec::Value& input, const aws::Caller& caller) {
    codec::Value answer;
    TRY(store_->run([&](store::Transaction& tx) -> Result<void> {
      answer = TRY(call(tx, operation, input, caller));
      return {};
    }));
    return answer;
  }

  // The same without committing; `wrote` says whether there was something to commit.
  Result<codec::Value> rehearse(std::string_view operation, const codec::Value& input, const aws::Caller& caller,
                                bool* wrote = nullptr) {
    auto tx = store_->begin();
    auto result = call(tx, operation, input, caller);
    if (wrote) *wrote = tx.has_writes();
    return result;
  }

  // In a transaction that the test commits, or not.
  Result<codec::Value> call(store::Transaction& tx, std::string_view operation, const codec::Value& input,
                            const aws::Caller& caller, codec::Reading reading = codec::Reading::typed) {
    for (const auto* service : services_) {
      for (const auto& row : service->operations) {
        if (row.name == operation || concat({service->name, ":", row.name}) == operation)
          return call(tx, *service, row, input, caller, reading);
      }
    }
    return Error::internal("no such operation: " + std::string(operation));
  }

  Result<codec::Value> call(store::Transaction& tx, const aws::Service& service, const aws::Operation& operation,
                            const codec::Value& input, const aws::Caller& caller, codec::Reading reading) {
    policy::Context context;
    aws::add_principal_keys(context, caller);
    aws::add_environment_keys(context, deployment_, clock_.now());
    audit_ = {};
    aws::Call call{tx, deployment_, caller, context, clock_.now(), "test", audit_};
    const auto body_hash = hash_of_body(input);
    call.body_hash = &body_hash;
    auto result = operation.run(call, service, input, reading);
    if (result) return tree_of(*std::move(result));
    aws::name_error(service.errors_of(&operation), result.error());
    return std::move(result).error();
  }

  // What the last operation told the audit record; empty if it told nothing of that name.
  std::string audited(std::string_view name) const {
    if (name == "associationId") return audit_.association_id;
    auto facts = codec::parse_json("{" + std::string(audit_.facts) + "}");
    return std::string(facts.value().text(name));
  }

  store::Store& store() { return *store_; }
  aws::Deployment& deployment() { return deployment_; }
  ManualClock& clock() { return clock_; }

 private:
  // As if the cluster's name stood in the path and all else in the body.
  static crypto::Sha256Digest hash_of_body(const codec::Value& input) {
    codec::Value body(codec::Value::Map{});
    if (const auto* members = input.as<codec::Value::Map>()) {
      for (const auto& [name, value] : *members) {
        if (name != "clusterName") body.add(name, value);
      }
    }
    return crypto::sha256(codec::write_json(body));
  }

  static Result<codec::Value> tree_of(aws::Answer answer) {
    if (const auto* json = std::get_if<std::string>(&answer)) return codec::parse_json(*json);
    return std::get<codec::Value>(std::move(answer));
  }

  std::vector<const aws::Service*> services_;
  ManualClock clock_;
  SeededRandom random_{7};
  aws::Deployment deployment_;
  std::unique_ptr<store::Store> store_;
  aws::Audit audit_;
};

}  // namespace podpass::iam
