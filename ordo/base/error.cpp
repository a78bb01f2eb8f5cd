#include "ordo/base/error.h"

#include <system_error>

#include <fmt/format.h>

namespace ordo {

std::string Location::to_string() const {
  std::string text = source;
  if (line > 0) text += fmt::format(":{}", line);
  if (line > 0 && column > 0) text += fmt::format(":{}", column);
  if (!field.empty()) text += text.empty() ? field : ": " + field;
  return text;
}

InputError::InputError(Location location, const std::string& message)
    : Error(ExitCode::input,
            location.to_string().empty() ? message : location.to_string() + ": " + message),
      location_(std::move(location)) {}

IoError IoError::from_errno(const std::string& action, const std::string& path, int errno_value) {
  return IoError(fmt::format("cannot {} '{}': {}", action, path,
                             std::generic_category().message(errno_value)));
}

}  // namespace ordo
