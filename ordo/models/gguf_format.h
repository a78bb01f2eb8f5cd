// What reading and writing GGUF share.
#pragma once

#include <cstdint>

namespace ordo::models {

inline constexpr std::uint32_t kGgufMagic = 0x46554747;  // "GGUF"
inline constexpr std::uint32_t kGgufVersion = 3;
inline constexpr std::uint32_t kGgufMaxDimensions = 4;  // ggml's own
inline constexpr std::uint64_t kGgufAlignment = 32;     // where metadata say no other

/// Types of metadata.
enum class GgufValue : std::uint32_t {
  u8,
  i8,
  u16,
  i16,
  u32,
  i32,
  f32,
  boolean,
  string,
  array,
  u64,
  i64,
  f64,
};

}  // namespace ordo::models
