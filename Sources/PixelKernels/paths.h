// The kernels of each path, where this build has them.
#ifndef PRNN_PATHS_H
#define PRNN_PATHS_H

#include "PixelKernels.h"

extern const prnn_kernels prnn_kernels_scalar;
#if defined(__x86_64__)
extern const prnn_kernels prnn_kernels_sse2, prnn_kernels_avx2, prnn_kernels_avx512;
#elif defined(__aarch64__)
extern const prnn_kernels prnn_kernels_neon;
#endif

#endif
