// Loops compiled for several instruction sets, of which the fastest that the processor has is
// chosen when the program starts. Write the loop once as an ORDO_INLINE template; a function in
// front of which ORDO_CLONES stands calls it, so that it becomes part of each clone.
// ORDO_ALWAYS_INLINE is for lambdas that such a loop calls.
#pragma once

#ifdef __x86_64__
#define ORDO_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define ORDO_CLONES
#endif
#define ORDO_ALWAYS_INLINE __attribute__((always_inline))
#define ORDO_INLINE inline ORDO_ALWAYS_INLINE
