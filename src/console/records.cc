#include "console/records.h"

namespace podpass::store {

template struct RecordCodec<console::SessionRecord>;
template struct RecordCodec<console::CodeRecord>;

}  // namespace podpass::store
