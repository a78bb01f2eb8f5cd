#include "ordo/base/version.h"

namespace ordo {

std::string_view version() { return ORDO_VERSION; }

}  // namespace ordo
