// Little-endian fields in byte strings, for the formats of this room.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ordo {

/// The unsigned number of type T at `position`, which must lie wholly inside `bytes`.
template <class T>
T load_little(std::string_view bytes, std::size_t position) {
  T value = 0;
  for (std::size_t byte = 0; byte < sizeof(T); ++byte) {
    value = static_cast<T>(
        value | static_cast<T>(static_cast<unsigned char>(bytes[position + byte])) << (8 * byte));
  }
  return value;
}

/// Appends `value` in sizeof(T) bytes, lowest first.
template <class T>
void append_little(std::string& bytes, T value) {
  for (std::size_t byte = 0; byte < sizeof(T); ++byte) {
    bytes += static_cast<char>(value >> (8 * byte) & 0xFF);
  }
}

}  // namespace ordo
