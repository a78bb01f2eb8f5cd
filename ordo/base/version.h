// The project's version, set by the build.
#pragma once

#include <string_view>

namespace ordo {

/// "0.1.0".
std::string_view version();

}  // namespace ordo
