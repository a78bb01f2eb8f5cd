// Numbers that JSON lacks, as Python's json module writes them all the same.
#pragma once

#include <string>
#include <string_view>

namespace ordo {

/// `json` with quotes around the bare words NaN, Infinity and -Infinity outside strings: "nan",
/// "inf", "-inf", as Ordo writes them.
std::string quote_non_finite(std::string_view json);

}  // namespace ordo
