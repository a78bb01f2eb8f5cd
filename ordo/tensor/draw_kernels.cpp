#include "ordo/tensor/draw_kernels.h"

#include <algorithm>
#include <bit>
#include <vector>

#if defined(__clang__)
#define ORDO_BEGIN_TARGET(features) \
  ORDO_PRAGMA(clang attribute push(__attribute__((target(features))), apply_to = function))
#define ORDO_END_TARGET ORDO_PRAGMA(clang attribute pop)
#else
#define ORDO_BEGIN_TARGET(features) ORDO_PRAGMA(GCC push_options) ORDO_PRAGMA(GCC target(features))
#define ORDO_END_TARGET ORDO_PRAGMA(GCC pop_options)
#endif
#define ORDO_PRAGMA(text) _Pragma(#text)

namespace ordo::tensor::kernels {
namespace {

static_assert(std::endian::native == std::endian::little, "pairs of words are joined low first");

constexpr std::int64_t kAhead = 1024;  // elements: a page

// work(group, from, to) for the groups that elements [begin, end) touch; from and to count from the
// group's beginning.
template <class Work>
inline __attribute__((always_inline)) void for_groups(std::int64_t begin, std::int64_t end,
                                                      const Work& work) {
  for (std::int64_t group = begin / kGroup; group * kGroup < end; ++group) {
    const std::int64_t start = group * kGroup;
    work(group, std::max<std::int64_t>(begin - start, 0), std::min(end - start, kGroup));
  }
}

namespace baseline {
#define ORDO_LANES 4
#include "ordo/tensor/draw_kernels.inc"
#undef ORDO_LANES
}  // namespace baseline

#ifdef __x86_64__
ORDO_BEGIN_TARGET("avx2")
namespace avx2 {
#define ORDO_LANES 8
#include "ordo/tensor/draw_kernels.inc"
#undef ORDO_LANES
}  // namespace avx2
ORDO_END_TARGET

ORDO_BEGIN_TARGET("avx512f,avx512dq,avx512bw,avx512vl")
namespace avx512 {
#define ORDO_LANES 16
#include "ordo/tensor/draw_kernels.inc"
#undef ORDO_LANES
}  // namespace avx512
ORDO_END_TARGET
#endif

std::vector<Kernels> find_available() {
  std::vector<Kernels> found;
#ifdef __x86_64__
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")) {
    found.push_back({"avx512", avx512::blend, avx512::dropout});
  }
  if (__builtin_cpu_supports("avx2")) found.push_back({"avx2", avx2::blend, avx2::dropout});
#endif
  found.push_back({"baseline", baseline::blend, baseline::dropout});
  return found;
}

}  // namespace

std::span<const Kernels> available() {
  static const std::vector<Kernels> found = find_available();
  return found;
}

}  // namespace ordo::tensor::kernels
