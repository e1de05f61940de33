// Explain: the whole of a decision. evaluate() stops at the first answer; explain() looks at every layer and every
// statement, says what each came to and what stands in the way, and always agrees with evaluate().
//
// What is reported shows the request, the layers and their policies, which must outlive it. Pure; safe from any thread.
// explain() allocates only where the explanation given has to grow, so one used again costs none; FailureReader,
// missing_keys() and remedies() are for people and read the documents again.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policy/policy.h"

namespace podpass::policy {

inline constexpr std::size_t kLayerCount = 9;

// allow: a statement allows and none denies. It need not matter: where a bucket policy grants, identity policies need
// not.
enum class LayerResult : std::uint8_t { not_applicable, allow, implicit_deny, explicit_deny };

// What of a statement the request has to meet. Bits.
enum Element : std::uint8_t { kPrincipal = 1, kAction = 2, kResource = 4, kCondition = 8 };

// A statement and the elements that the request does not meet.
struct Examined {
  Layer layer = Layer::none;
  Effect effect = Effect::deny;
  std::uint8_t failed = 0;
  std::int32_t level = -1;
  std::int32_t policy = 0;
  std::int32_t statement = 0;
  bool applies() const { return failed == 0; }
  bool is_about(std::uint8_t elements) const { return (failed & elements) == 0; }
};

struct Explanation {
  Decision decision;
  std::array<LayerResult, kLayerCount> results{};  // by Layer
  std::vector<Layer> blocked_by;                   // every layer in the way, in the order of evaluation
  std::vector<Examined> statements;                // of every layer that applies, in the order of evaluation

  LayerResult result(Layer layer) const { return results[static_cast<std::size_t>(layer)]; }
};

// matched: the elements behind an action that fails are not looked at, and count as met.
enum class Depth : std::uint8_t { matched, everything };

void explain(const Request& request, const Layers& layers, Depth depth, Explanation& out);

// The policy that a statement is of.
NamedPolicy policy_of(const Layers& layers, const Examined& examined);

// Condition keys that statements about the caller and the action ask for, in conditions or in variables without a
// default, and that the request does not have. Spelled as the first policy to ask spells them, without repeats.
std::vector<std::string> missing_keys(const Request& request, const Layers& layers, const Explanation& explanation);

// One element of a statement that the request does not meet.
struct Failure {
  Element element = kAction;
  bool inverted = false;  // NotPrincipal, NotAction, NotResource
  Place place;            // of the element's value; of the key's for a condition
  std::string op;         // condition: the operator as written
  std::string key;        // condition
  bool key_missing = false;
  std::vector<std::string> wanted;  // as written in the policy
  std::vector<std::string> actual;  // what the request has
  std::string reason;               // where wanted and actual look alike
};

// Reads of what statements of one explanation fail. Keeps the document that it read last; what it is made of must
// outlive it.
class FailureReader {
 public:
  FailureReader(const Request& request, const Layers& layers);
  ~FailureReader();
  std::vector<Failure> read(const Examined& examined);

 private:
  struct Kept;
  const Request& request_;
  const Layers& layers_;
  std::unique_ptr<Kept> kept_;
};

// What would turn an implicit deny into an allow: for each layer in the way one statement, as small as can be, as JSON.
// Proven by evaluate(). Empty where no statement can: an explicit deny, or a request that nothing may allow.
struct Remedy {
  Layer layer = Layer::none;
  std::int32_t level = -1;
  std::string statement;
};

std::vector<Remedy> remedies(const Request& request, const Layers& layers);

}  // namespace podpass::policy
