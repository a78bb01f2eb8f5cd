#include "ordo/models/gguf_blocks.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "ordo/base/array.h"
#include "ordo/base/error.h"

namespace ordo::models {
namespace {

using Bytes = const std::uint8_t*;

std::uint16_t load16(Bytes at) { return static_cast<std::uint16_t>(at[0] | at[1] << 8); }
float half_at(Bytes at) { return half_to_float(load16(at)); }

void unpack_f32(Bytes block, float* out) { std::memcpy(out, block, sizeof(float)); }
void unpack_f16(Bytes block, float* out) { *out = half_at(block); }
void unpack_bf16(Bytes block, float* out) { *out = bfloat_to_float(load16(block)); }

// d, 16 bytes: byte i holds code i below and code i + 16 above.
void unpack_q4_0(Bytes block, float* out) {
  const float scale = half_at(block);
  for (int i = 0; i < 16; ++i) {
    const std::uint8_t pair = block[2 + i];
    out[i] = static_cast<float>((pair & 15) - 8) * scale;
    out[i + 16] = static_cast<float>((pair >> 4) - 8) * scale;
  }
}

// d, m, 16 bytes.
void unpack_q4_1(Bytes block, float* out) {
  const float scale = half_at(block), offset = half_at(block + 2);
  for (int i = 0; i < 16; ++i) {
    const std::uint8_t pair = block[4 + i];
    out[i] = static_cast<float>(pair & 15) * scale + offset;
    out[i + 16] = static_cast<float>(pair >> 4) * scale + offset;
  }
}

// d, 32 signed bytes.
void unpack_q8_0(Bytes block, float* out) {
  const float scale = half_at(block);
  for (int i = 0; i < 32; ++i) {
    out[i] = static_cast<float>(static_cast<std::int8_t>(block[2 + i])) * scale;
  }
}

struct ScaleAndOffset {
  std::uint8_t scale, offset;
};
// Eight pairs of 6 bits in 12 bytes: the first four whole, the others' upper bits above those.
ScaleAndOffset packed_pair(Bytes packed, int group) {
  if (group < 4) {
    return {static_cast<std::uint8_t>(packed[group] & 63),
            static_cast<std::uint8_t>(packed[group + 4] & 63)};
  }
  return {static_cast<std::uint8_t>((packed[group + 4] & 15) | packed[group - 4] >> 6 << 4),
          static_cast<std::uint8_t>(packed[group + 4] >> 4 | packed[group] >> 6 << 4)};
}

// d, dmin, 12 bytes of pairs, 128 bytes: 32 bytes hold a group below and the next one above.
void unpack_q4_k(Bytes block, float* out) {
  const float scale = half_at(block), least = half_at(block + 2);
  for (int group = 0; group < 8; ++group) {
    const auto [own_scale, own_offset] = packed_pair(block + 4, group);
    const float step = scale * static_cast<float>(own_scale);
    const float offset = least * static_cast<float>(own_offset);
    const Bytes codes = block + 16 + group / 2 * 32;
    const int shift = group % 2 * 4;
    for (int i = 0; i < 32; ++i) {
      const float product = step * static_cast<float>(codes[i] >> shift & 15);
      out[32 * group + i] = product - offset;
    }
  }
}

// 128 bytes of lower halves, 64 of upper pairs of bits, 16 signed scales, d. Of each 128 numbers
// the four quarters share 32 bytes of upper bits, two of them each byte of lower ones.
void unpack_q6_k(Bytes block, float* out) {
  const float scale = half_at(block + 208);
  for (int half = 0; half < 2; ++half) {
    const Bytes low = block + 64 * half, high = block + 128 + 32 * half;
    const Bytes scales = block + 192 + 8 * half;
    for (int quarter = 0; quarter < 4; ++quarter) {
      for (int i = 0; i < 32; ++i) {
        const int lower = low[32 * (quarter % 2) + i] >> (quarter / 2 * 4) & 15;
        const int upper = high[i] >> (2 * quarter) & 3;
        const auto own = static_cast<std::int8_t>(scales[2 * quarter + i / 16]);
        const float step = scale * static_cast<float>(own);
        out[128 * half + 32 * quarter + i] = step * static_cast<float>((lower | upper << 4) - 32);
      }
    }
  }
}

using Output = std::uint8_t*;

void store16(std::uint16_t bits, Output at) {
  at[0] = static_cast<std::uint8_t>(bits);
  at[1] = static_cast<std::uint8_t>(bits >> 8);
}

// Both to the nearest, halves to even. A float's fraction has 13 bits more than a half's, and 16
// more than bfloat16's; adding just under half of the last place, and its own last bit, rounds.
std::uint16_t to_half(float number) {
  const auto bits = std::bit_cast<std::uint32_t>(number);
  const auto sign = static_cast<std::uint16_t>(bits >> 16 & 0x8000);
  const std::uint32_t size = bits & 0x7FFF'FFFF;
  if (size > 0x7F80'0000) return sign | 0x7E00;   // not a number
  if (size >= 0x4780'0000) return sign | 0x7C00;  // 65536 and more
  if (size < 0x3880'0000) {
    // Below 2^-14 halves are multiples of 2^-24, and so are floats from 0.5 on: adding 0.5 rounds.
    const float shifted = std::bit_cast<float>(size) + 0.5F;
    return static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(shifted) - 0x3F00'0000));
  }
  const std::uint32_t rounded = size + 0xFFF + (size >> 13 & 1);
  return static_cast<std::uint16_t>(sign | ((rounded - 0x3800'0000) >> 13));
}

std::uint16_t to_bfloat(float number) {
  const auto bits = std::bit_cast<std::uint32_t>(number);
  if ((bits & 0x7FFF'FFFF) > 0x7F80'0000) return static_cast<std::uint16_t>(bits >> 16 | 0x40);
  return static_cast<std::uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

[[noreturn]] void refuse(float number, const char* type) {
  throw NumericError(fmt::format("{} cannot hold the number {}", type, number));
}

void pack_f32(const float* numbers, Output block) { std::memcpy(block, numbers, sizeof(float)); }
void pack_bf16(const float* numbers, Output block) { store16(to_bfloat(*numbers), block); }

void pack_f16(const float* numbers, Output block) {
  const std::uint16_t half = to_half(*numbers);
  if ((half & 0x7FFF) == 0x7C00 && std::isfinite(*numbers)) refuse(*numbers, "F16");
  store16(half, block);
}

void pack_q8_0(const float* numbers, Output block) {
  float largest = 0;
  for (int i = 0; i < 32; ++i) {
    if (!std::isfinite(numbers[i])) refuse(numbers[i], "Q8_0");
    largest = std::max(largest, std::abs(numbers[i]));
  }
  const float scale = largest / 127;
  const std::uint16_t half = to_half(scale);
  if (half == 0x7C00) refuse(largest, "Q8_0");
  store16(half, block);
  // Of zeros, and of numbers so small that their scale is stored as 0.
  const float inverse = std::isfinite(1 / scale) ? 1 / scale : 0;
  for (int i = 0; i < 32; ++i) {
    block[2 + i] =
        static_cast<std::uint8_t>(static_cast<std::int8_t>(std::round(numbers[i] * inverse)));
  }
}

struct Kind {
  GgufType type;
  GgufLayout layout;
  void (*unpack)(Bytes block, float* out);
  void (*pack)(const float* numbers, Output block) = nullptr;
};
constexpr std::array kKinds = {
    Kind{GgufType::f32, {"F32", 1, 4}, unpack_f32, pack_f32},
    Kind{GgufType::f16, {"F16", 1, 2}, unpack_f16, pack_f16},
    Kind{GgufType::bf16, {"BF16", 1, 2}, unpack_bf16, pack_bf16},
    Kind{GgufType::q4_0, {"Q4_0", 32, 18}, unpack_q4_0},
    Kind{GgufType::q4_1, {"Q4_1", 32, 20}, unpack_q4_1},
    Kind{GgufType::q8_0, {"Q8_0", 32, 34}, unpack_q8_0, pack_q8_0},
    Kind{GgufType::q4_k, {"Q4_K", 256, 144}, unpack_q4_k},
    Kind{GgufType::q6_k, {"Q6_K", 256, 210}, unpack_q6_k},
};

const Kind* find(GgufType type) {
  for (const Kind& kind : kKinds) {
    if (kind.type == type) return &kind;
  }
  return nullptr;
}

}  // namespace

std::optional<GgufLayout> layout_of(GgufType type) {
  const Kind* const kind = find(type);
  return kind == nullptr ? std::nullopt : std::optional(kind->layout);
}

std::string gguf_type_name(std::uint32_t type) {
  if (const Kind* const kind = find(static_cast<GgufType>(type))) return kind->layout.name;
  // Names of ggml.h, by number.
  static constexpr std::array<const char*, 31> kOthers = {
      "F32",     "F16",    "Q4_0",    "Q4_1",  "4",      "5",     "Q5_0",  "Q5_1",
      "Q8_0",    "Q8_1",   "Q2_K",    "Q3_K",  "Q4_K",   "Q5_K",  "Q6_K",  "Q8_K",
      "IQ2_XXS", "IQ2_XS", "IQ3_XXS", "IQ1_S", "IQ4_NL", "IQ3_S", "IQ2_S", "IQ4_XS",
      "I8",      "I16",    "I32",     "I64",   "F64",    "IQ1_M", "BF16"};
  return type < kOthers.size() ? kOthers[type] : fmt::format("{}", type);
}

void unpack(GgufType type, std::span<const std::byte> bytes, std::span<float> numbers) {
  const Kind* const kind = find(type);
  if (kind == nullptr || numbers.size() % kind->layout.numbers != 0 ||
      bytes.size() != numbers.size() / kind->layout.numbers * kind->layout.bytes) {
    throw UsageError(fmt::format("{} bytes of {} are not {} numbers", bytes.size(),
                                 gguf_type_name(static_cast<std::uint32_t>(type)), numbers.size()));
  }
  if (type == GgufType::f32) {
    if (!numbers.empty()) std::memcpy(numbers.data(), bytes.data(), bytes.size());
    return;
  }
  auto block = reinterpret_cast<Bytes>(bytes.data());
  for (std::size_t done = 0; done < numbers.size(); done += kind->layout.numbers) {
    kind->unpack(block, numbers.data() + done);
    block += kind->layout.bytes;
  }
}

std::vector<std::byte> pack(GgufType type, std::span<const float> numbers) {
  const Kind* const kind = find(type);
  if (kind == nullptr || kind->pack == nullptr) {
    throw UsageError(fmt::format("{} cannot be written; F32, F16, BF16 and Q8_0 can",
                                 gguf_type_name(static_cast<std::uint32_t>(type))));
  }
  if (numbers.size() % kind->layout.numbers != 0) {
    throw UsageError(fmt::format("{} numbers do not fill {}'s blocks of {}", numbers.size(),
                                 kind->layout.name, kind->layout.numbers));
  }
  std::vector<std::byte> bytes(numbers.size() / kind->layout.numbers * kind->layout.bytes);
  auto block = reinterpret_cast<Output>(bytes.data());
  for (std::size_t done = 0; done < numbers.size(); done += kind->layout.numbers) {
    kind->pack(numbers.data() + done, block);
    block += kind->layout.bytes;
  }
  return bytes;
}

}  // namespace ordo::models
