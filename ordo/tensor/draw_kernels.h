// The inner loops of `random`: Philox 4x32-10 and what is made of its words, fused with what is
// done to the tensor, many elements at a time.
//
// Which word an element gets suits vectors, and is the same for all of them: 64 elements in a row
// come from 16 blocks in a row, the first 16 elements from the blocks' first words, the next 16
// from their second words, and so on. So element i is word (i / 16) % 4 of block
// 16 * (i / 64) + i % 16.
//
//   uniform  u = (2 floor(w / 256) + 1) / 2^24 - 1, one of the 2^24 odd multiples of 2^-24 inside
//            (-1, 1)
//   normal   Box-Muller (1958) on the words (v, w) of the same block, 0 and 1 or 2 and 3:
//            r = sqrt(-2 log(((v >> 1) | 1) / 2^31)), angle = 2 pi w / 2^32, and r cos(angle) goes
//            where v would have gone, r sin(angle) where w would; |z| < 6.6
//   dropout  kept if w < threshold
//
// The same source is compiled for several instruction sets. Products and sums are rounded
// one by one (no fused ones), so that all give the same bits.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace ordo::tensor::kernels {

/// Elements that share 16 blocks.
inline constexpr std::int64_t kGroup = 64;

/// Philox's key and the upper half of its counter.
struct Stream {
  std::array<std::uint32_t, 2> key;
  std::array<std::uint32_t, 2> upper;
};

enum class Variate { uniform, normal };

/// element <- keep * element + (slope * variate + offset); keep = 0: <- slope * variate + offset.
struct Blend {
  Variate variate = Variate::uniform;
  float keep = 0;
  float slope = 1;
  float offset = 0;
};

/// out <- scale * in where the element's word is below `threshold`, else 0.
struct Dropout {
  std::uint64_t threshold = 0;  ///< 0 to 2^32
  float scale = 1;
};

/// Elements [begin, end) of a tensor that begins at the pointers.
struct Kernels {
  const char* name;
  void (*blend)(float* target, std::int64_t begin, std::int64_t end, const Blend& blend,
                const Stream& stream);
  void (*dropout)(const float* in, float* out, std::int64_t begin, std::int64_t end,
                  const Dropout& dropout, const Stream& stream);
};

/// Those that this processor can run, the fastest first.
std::span<const Kernels> available();

}  // namespace ordo::tensor::kernels
