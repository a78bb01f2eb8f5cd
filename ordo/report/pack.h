// Series as base64 of little-endian IEEE numbers.
#pragma once

#include <span>

#include "ordo/base/json.h"

namespace ordo::report {

/// {"f64": BASE64}
Json pack_f64(std::span<const double> values);
/// {"f32": BASE64}: each value rounded to the nearest 32-bit number, which drawing can't tell
/// apart.
Json pack_f32(std::span<const double> values);

}  // namespace ordo::report
