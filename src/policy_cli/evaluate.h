// `podpass policy evaluate`: a case a line in, a decision a line out.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/explain.h"
#include "policy_cli/case.h"

namespace podpass::policy_cli {

// Writes the decision of a line, or {"id", "line", "error"} for one that can't be read.
class Evaluator {
 public:
  // False if the line was not a case. `number` is the line's, for the error.
  bool evaluate(std::string_view line, std::size_t number, std::string& out);

 private:
  void write(const Case& made, std::string& out);
  void write_matched(const Case& made, std::string& out);

  CaseReader reader_;
  policy::Explanation explanation_;
};

// Exit code: 0, or 2 if a line could not be read. Empty lines are passed over.
Result<int> evaluate(const std::vector<std::string>& files, const std::function<void(std::string_view)>& print);

}  // namespace podpass::policy_cli
