// What a simulation says to one action on all resources, in IAM's shape: one result for the action, and within it one
// for each resource. One thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "iam/simulation.h"

namespace podpass::iam {

EvaluationResult evaluate_action(Simulation& simulation, const std::string& action,
                                 std::span<const std::string> resources, std::string_view partition);

}  // namespace podpass::iam
