// For tests that compare with Python packages.
#pragma once

#include <cstdlib>
#include <optional>
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

/// An interpreter that can import `module`: ORDO_PYTHON, python3, or .venv's beside the sources.
inline std::optional<std::string> python_with(const std::string& module) {
  for (const std::string& interpreter :
       {python_interpreter(), std::string(ORDO_SOURCE_DIR "/.venv/bin/python")}) {
    const std::string command = interpreter + " -c 'import " + module + "' 2>/dev/null";
    if (std::system(command.c_str()) == 0) return interpreter;
  }
  return std::nullopt;
}

}  // namespace ordo
