// A small world for IAM's tests: a store in memory, a clock and randomness that repeat, callers, and a runner of
// scenarios.
//
// A scenario is a text file, run from an empty store; a line is one of:
//   # comment
//   doc NAME {json}            a policy document, or any text, for later lines: @NAME@ inside a JSON text, @%NAME@
//   percent-encoded as root | user NAME | role NAME      who calls from here on; policies as they are at each call >
//   Operation {json}         runs it; twice, the first time in a transaction that is thrown away, as after a conflict
//   = {json}                   the answer has at least these members; "*" is any value, lists match item by item
//   - Member.Path              the answer does not have this member
//   ! 404 NoSuchEntity text    it failed like this
//   let NAME Member.Path       keeps a text of the answer, for @NAME@
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "aws/call.h"
#include "aws/operation.h"
#include "base/clock.h"

namespace podpass::iam {

class World {
 public:
  static constexpr std::string_view kAccount = "111122223333";

  World();

  std::unique_ptr<aws::Caller> root() const;
  std::unique_ptr<aws::Caller> user(std::string_view name);
  std::unique_ptr<aws::Caller> role(std::string_view name);

  // Runs an operation of the table and commits. Errors have IAM's code and status.
  Result<codec::Value> run(std::string_view operation, const codec::Value& input, const aws::Caller& caller);
  // The same without committing; `wrote` says whether there was something to commit.
  Result<codec::Value> rehearse(std::string_view operation, const codec::Value& input, const aws::Caller& caller,
                                bool* wrote = nullptr);
  // In a transaction that the test commits, or not.
  Result<codec::Value> call(store::Transaction& tx, std::string_view operation, const codec::Value& input,
                            const aws::Caller& caller, codec::Reading reading = codec::Reading::typed);
  store::Store& store() { return *store_; }
  aws::Deployment& deployment() { return deployment_; }
  ManualClock& clock() { return clock_; }

 private:
  ManualClock clock_;
  SeededRandom random_{7};
  aws::Deployment deployment_;
  std::unique_ptr<store::Store> store_;
};

// Runs the scenario in a new world and reports with gtest, naming file and line.
void run_scenario(const std::string& path);

}  // namespace podpass::iam
