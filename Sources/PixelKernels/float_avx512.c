#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,fma"))), apply_to = function)

#define FLOAT_BYTES 64
#define FLOAT_ROWS 8
#define FLOAT_VECTORS 2

#include "float_paths.h"
#include "float.h"

const prnn_float_kernels prnn_float_kernels_avx512 = FLOAT_KERNELS("avx512");

#pragma clang attribute pop
#endif
