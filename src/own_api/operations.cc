#include "own_api/operations.h"

#include <vector>

#include "eks/operations.h"
#include "own_api/create_console_sign_in.h"
#include "own_api/explain.h"

namespace podpass::own_api {
namespace {

using aws::Access;
using aws::operation;

constexpr aws::Operation kOperations[] = {
    operation<CreateConsoleSignIn, "CreateConsoleSignIn">(Access::write, "POST", "/console-sign-ins"),
    operation<Explain, "Explain">(Access::read, "POST", "/explain"),
};

}  // namespace

const aws::Service& service() {
  static const auto kAll = [] {
    const auto tokens = eks::podpass_service().operations;
    std::vector<aws::Operation> all(tokens.begin(), tokens.end());
    all.insert(all.end(), std::begin(kOperations), std::end(kOperations));
    return all;
  }();
  static const auto kService = [] {
    auto made = eks::podpass_service();
    made.operations = kAll;
    return made;
  }();
  return kService;
}

}  // namespace podpass::own_api
