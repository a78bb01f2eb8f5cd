#include "ordo/base/non_finite.h"

namespace ordo {

std::string quote_non_finite(std::string_view line) {
  std::string out;
  bool in_string = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (in_string) {
      if (line[i] == '\\' && i + 1 < line.size())
        out += line[i++];
      else if (line[i] == '"')
        in_string = false;
      out += line[i];
      continue;
    }
    const std::string_view rest = line.substr(i);
    if (rest.starts_with("NaN")) {
      out += "\"nan\"";
      i += 2;
    } else if (rest.starts_with("-Infinity")) {
      out += "\"-inf\"";
      i += 8;
    } else if (rest.starts_with("Infinity")) {
      out += "\"inf\"";
      i += 7;
    } else {
      in_string = line[i] == '"';
      out += line[i];
    }
  }
  return out;
}

}  // namespace ordo
