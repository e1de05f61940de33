#include "sts/operations.h"

#include "sts/assume_role.h"
#include "sts/assume_role_with_web_identity.h"
#include "sts/caller_identity.h"
#include "sts/get_session_token.h"

namespace podpass::sts {
namespace {

using aws::Access;
using aws::operation;

constexpr aws::Operation kOperations[] = {
    operation<AssumeRole, "AssumeRole">(Access::read),
    operation<AssumeRoleWithWebIdentity, "AssumeRoleWithWebIdentity">(Access::read),
    operation<GetCallerIdentity, "GetCallerIdentity">(Access::read),
    operation<GetSessionToken, "GetSessionToken">(Access::read),
};

constexpr aws::ErrorNames kErrors = {{
    {"ValidationError", 400},
    {"InvalidClientTokenId", 403},
    {"AccessDenied", 403},
    {"NoSuchEntity", 404},
    {"Conflict", 409},
    {"LimitExceeded", 409},
    {"RequestEntityTooLarge", 413},
    {"Throttling", 400},
    {"ServiceUnavailable", 503},
    {"InternalFailure", 500},
}};

}  // namespace

const aws::Service& service() {
  static constexpr aws::Service kService{
      "sts", aws::Protocol::query, "2011-06-15", "https://sts.amazonaws.com/doc/2011-06-15/", kOperations, kErrors};
  return kService;
}

}  // namespace podpass::sts
