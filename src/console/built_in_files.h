// The files that this program was built with: scripts/console makes their source from console/.
#pragma once

#include "console/files.h"

namespace podpass::console {

Files built_in_files();

}  // namespace podpass::console
