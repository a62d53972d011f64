#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#define FLOAT_BYTES 32
#define FLOAT_ROWS 6
#define FLOAT_VECTORS 2

#include "float_paths.h"
#include "float.h"

const prnn_float_kernels prnn_float_kernels_avx2 = FLOAT_KERNELS("avx2");

#pragma clang attribute pop
#endif
