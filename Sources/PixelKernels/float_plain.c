// For what every CPU of the build's architecture has: SSE2 on x86-64, NEON on AArch64, which has twice the registers.
#define FLOAT_BYTES 16
#if defined(__aarch64__)
#define FLOAT_ROWS 8
#else
#define FLOAT_ROWS 4
#endif
#define FLOAT_VECTORS 2

#include "float_paths.h"
#include "float.h"

const prnn_float_kernels prnn_float_kernels_plain = FLOAT_KERNELS("plain");
