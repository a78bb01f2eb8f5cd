// Loops compiled for several instruction sets, of which the fastest that the processor has is
// chosen when the program starts. Write the loop once as an ORDO_INLINE template; a function in
// front of which ORDO_CLONES stands calls it, so that it becomes part of each clone.
// ORDO_ALWAYS_INLINE is for lambdas that such a loop calls.
//
// Where registers must be counted, three functions take the place of one, and chosen() chooses:
// ORDO_AVX512 has 32 registers of 16 floats, ORDO_FMA 16 of 8; the third is for other processors.
// The first two fuse products with sums.
#pragma once

#ifdef __x86_64__
#define ORDO_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#define ORDO_AVX512 __attribute__((target("avx512f")))
#define ORDO_FMA __attribute__((target("avx2,fma")))
#else
#define ORDO_CLONES
#define ORDO_AVX512
#define ORDO_FMA
#endif
#define ORDO_ALWAYS_INLINE __attribute__((always_inline))
#define ORDO_INLINE inline ORDO_ALWAYS_INLINE

namespace ordo {

#ifdef __x86_64__
inline bool has_avx512() { return __builtin_cpu_supports("avx512f") != 0; }
inline bool has_fma() {
  return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
}
#else
inline bool has_avx512() { return false; }
inline bool has_fma() { return false; }
#endif

/// Of these three functions, the one for this processor.
template <class Function>
Function chosen(Function avx512, Function fma, Function other) {
  return has_avx512() ? avx512 : has_fma() ? fma : other;
}

/// Floats that are computed with at once. (GCC passes over the attribute behind the type.)
template <int lanes>
struct Floats {
  using Vector [[gnu::vector_size(lanes * sizeof(float))]] = float;
  static_assert(sizeof(Vector) == lanes * sizeof(float));
};

}  // namespace ordo
