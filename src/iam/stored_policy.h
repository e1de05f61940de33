// A policy document as a record holds it: the text as it was given, the unique ids that its principals resolved to when
// it was saved, and the compiled policy, made once when the record is decoded. Written to the store as {"text",
// "principals"}.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "codec/fields.h"
#include "policy/policy.h"

namespace podpass::iam {

template <policy::Kind kind>
struct StoredPolicy {
  std::string text;
  policy::PrincipalIds principals;  // ARN in the text -> AROA or AIDA id; trust policies only
  std::shared_ptr<const policy::Policy>
      compiled;  // null only if a newer version's grammar is unknown here: then nothing is allowed

  static StoredPolicy make(std::string text, policy::PrincipalIds principals,
                           std::shared_ptr<const policy::Policy> compiled) {
    return {std::move(text), std::move(principals), std::move(compiled)};
  }
};

using StoredIdentityPolicy = StoredPolicy<policy::Kind::identity>;
using StoredTrustPolicy = StoredPolicy<policy::Kind::trust>;

template <policy::Kind kind>
codec::Value to_value(const StoredPolicy<kind>& stored) {
  codec::Value::Map principals;
  for (const auto& [arn, id] : stored.principals) principals.emplace_back(arn, id);
  return codec::Value::map({{"text", stored.text}, {"principals", std::move(principals)}});
}

template <policy::Kind kind>
Result<void> from_value(const codec::Value& value, codec::Reading, StoredPolicy<kind>& stored) {
  stored.text = value.text("text");
  if (const auto* principals = value.find("principals"); principals && principals->as<codec::Value::Map>()) {
    for (const auto& [arn, id] : *principals->as<codec::Value::Map>()) {
      if (id.as_text()) stored.principals.emplace(arn, *id.as_text());
    }
  }
  if (auto compiled = policy::Policy::parse(stored.text, kind, stored.principals)) stored.compiled = *compiled;
  return {};
}

}  // namespace podpass::iam
