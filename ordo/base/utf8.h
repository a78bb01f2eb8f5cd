// Well-formed UTF-8, as Unicode's table 3-7 has it: no overlong forms, no surrogates, at most
// U+10FFFF.
#pragma once

#include <cstddef>
#include <string_view>

namespace ordo {

/// Bytes of the well-formed sequence of several bytes that `text` begins with, or 0.
std::size_t utf8_multibyte_length(std::string_view text);

/// Bytes of the well-formed sequence that `text`, which is not empty, begins with, or 0.
inline std::size_t utf8_length(std::string_view text) {
  return static_cast<unsigned char>(text.front()) < 0x80 ? 1 : utf8_multibyte_length(text);
}

}  // namespace ordo
