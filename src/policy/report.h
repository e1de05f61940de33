// Report: an Explanation as a tree for JSON, as `podpass policy`, the server's explain operation and the console show
// it, and the names that layers and outcomes have there. Pure; safe from any thread.
#pragma once

#include <string_view>

#include "codec/value.h"
#include "policy/explain.h"

namespace podpass::policy {

std::string_view name_of(Outcome outcome);     // allow, explicitDeny, implicitDeny
std::string_view name_of(LayerResult result);  // as outcomes, and notApplicable
std::string_view name_of(Layer layer);         // identity, boundary, session, resource, trust, scp, rcp, endpoint
std::string_view name_of(Effect effect);
std::string_view name_of(Element element);

// The request in the form that aws/request_json.h reads.
codec::Value describe(const Request& request);

// {decision, message, request, layers, statements, documents, missingKeys, remedies}. Statements are those that come
// close: they apply, or are about the action, or fail in one element only; each with its text, its place and what
// failed. Documents are the policies that were looked at, whole; layer, level and policy say which one a statement is
// of.
codec::Value report(const Request& request, const Layers& layers);

}  // namespace podpass::policy
