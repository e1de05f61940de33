// The holder of a session token, for scenarios in which a session calls.
#pragma once

#include <memory>
#include <string_view>

#include "iam/scenario_test.h"
#include "sts/assume.h"
#include "sts/session_token.h"

namespace podpass::sts {

// Null if the token is not good, has expired, or its role or user is gone.
inline std::unique_ptr<aws::Caller> session_caller(iam::World& world, std::string_view token) {
  auto session = open_session(token, world.deployment().sessions->ring());
  if (!session || session->expires <= world.clock().now()) return nullptr;
  auto caller = std::make_unique<aws::Caller>();
  auto tx = world.store().begin();
  if (!fill_caller(tx, world.deployment(), std::move(*session), *caller)) return nullptr;
  return caller;
}

}  // namespace podpass::sts
