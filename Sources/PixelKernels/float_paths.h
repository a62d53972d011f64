// The float kernels of each path, where this build has them.
#ifndef PRNN_FLOAT_PATHS_H
#define PRNN_FLOAT_PATHS_H

#include "FloatKernels.h"

extern const prnn_float_kernels prnn_float_kernels_plain;
#if defined(__x86_64__)
extern const prnn_float_kernels prnn_float_kernels_avx2, prnn_float_kernels_avx512;
#endif

#endif
