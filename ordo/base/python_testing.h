// For tests that compare with Python packages.
#pragma once

#include <cstdlib>
#include <string>

namespace ordo {

/// The interpreter that ORDO_PYTHON names, else python3.
inline std::string python_interpreter() {
  const char* const chosen = std::getenv("ORDO_PYTHON");
  return chosen != nullptr ? chosen : "python3";
}

/// Whether `code` (without double quotes) runs to its end.
inline bool python(const std::string& code) {
  return std::system((python_interpreter() + " -c \"" + code + "\" 2>/dev/null").c_str()) == 0;
}

}  // namespace ordo
