// Any bytes as a line of `podpass policy evaluate`, to a reader that keeps what it has seen: one line of JSON comes
// out, the same every time, and the explanation of what was read can be written and printed.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "codec/json.h"
#include "policy_cli/evaluate.h"
#include "policy_cli/explain.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace podpass;
  std::string_view line(reinterpret_cast<const char*>(data), size);
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.find('\n') != std::string_view::npos) return 0;  // it would be two
  static policy_cli::Evaluator evaluator;
  std::string first, again;
  const bool good = evaluator.evaluate(line, 1, first);
  CHECK(evaluator.evaluate(line, 1, again) == good && again == first);
  CHECK(first.ends_with("}\n") && first.find('\n') + 1 == first.size());
  const auto answer = codec::parse_json(first, codec::DuplicateKeys::refuse);
  CHECK(answer && (answer->find("error") == nullptr) == good);
  for (const auto form : {policy_cli::Form::text, policy_cli::Form::json}) {
    CHECK(policy_cli::explain(line, form).has_value() == good);
  }
  return 0;
}
