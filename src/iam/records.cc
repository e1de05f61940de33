#include "iam/records.h"

namespace podpass::store {

template struct RecordCodec<iam::RoleRecord>;
template struct RecordCodec<iam::UserRecord>;
template struct RecordCodec<iam::PolicyRecord>;
template struct RecordCodec<iam::PolicyUseRecord>;
template struct RecordCodec<iam::OidcProviderRecord>;
template struct RecordCodec<iam::AccessKeyRecord>;
template struct RecordCodec<iam::AccessKeySecretRecord>;

}  // namespace podpass::store
