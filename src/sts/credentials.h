// The shape that STS gives temporary credentials in.
#pragma once

#include <string>

#include "aws/caller.h"
#include "codec/fields.h"
#include "crypto/seal.h"

namespace podpass::sts {

struct Credentials {
  std::string AccessKeyId, SecretAccessKey, SessionToken;
  Time Expiration{};
};
BOOST_DESCRIBE_STRUCT(Credentials, (), (AccessKeyId, SecretAccessKey, SessionToken, Expiration))

Credentials credentials_of(const aws::Session& session, const crypto::KeyRing& keys);

}  // namespace podpass::sts
