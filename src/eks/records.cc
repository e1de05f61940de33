#include "eks/records.h"

namespace podpass::store {

template struct RecordCodec<eks::ClusterRecord>;
template struct RecordCodec<eks::SigningKeyRecord>;
template struct RecordCodec<eks::ClusterAccessRecord>;
template struct RecordCodec<eks::IssuerRecord>;
template struct RecordCodec<eks::AssociationRecord>;
template struct RecordCodec<eks::AssociationIdRecord>;

}  // namespace podpass::store
