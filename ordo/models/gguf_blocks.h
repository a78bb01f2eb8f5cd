// The blocks of ggml: a few numbers share a scale (and an offset), each has 4 to 8 bits. Unpacking
// gives the float32 numbers that ggml's own reference does, bit for bit, and so does packing for
// the types that files are written in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ordo::models {

/// Numbers as in the files.
enum class GgufType : std::uint32_t {
  f32 = 0,
  f16 = 1,
  q4_0 = 2,   ///< 32 numbers: d (code - 8)
  q4_1 = 3,   ///< 32 numbers: d code + m
  q8_0 = 8,   ///< 32 numbers: d code
  q4_k = 12,  ///< 256 numbers in 8 groups with scales and offsets of 6 bits
  q6_k = 14,  ///< 256 numbers in 16 groups with scales of 8 bits
  bf16 = 30,
};

/// How a type is laid out.
struct GgufLayout {
  const char* name;
  std::size_t numbers;  ///< in a block
  std::size_t bytes;    ///< of a block
};
/// Nothing for a type that cannot be read.
std::optional<GgufLayout> layout_of(GgufType type);
/// "Q4_1" of any number, also of those that cannot be read.
std::string gguf_type_name(std::uint32_t type);

/// Unpacks whole blocks: `bytes` holds as many as `numbers` asks for.
void unpack(GgufType type, std::span<const std::byte> bytes, std::span<float> numbers);

/// Packs whole blocks as F32, F16, BF16 (both to the nearest, halves to even) or Q8_0 (d = max |x|
/// / 127 in half precision, codes x / d with the d before it was rounded, halves away from zero).
/// Throws UsageError for another type and for parts of blocks, NumericError for a number that the
/// type cannot hold: what is not finite in Q8_0, what is too large for a half.
std::vector<std::byte> pack(GgufType type, std::span<const float> numbers);

}  // namespace ordo::models
