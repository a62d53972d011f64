// For what every CPU of the build's architecture has: SSE2 on x86-64, NEON on AArch64.
#define FLOAT_BYTES 16
#define FLOAT_ROWS 4
#define FLOAT_VECTORS 2

#include "float_paths.h"
#include "float.h"

const prnn_float_kernels prnn_float_kernels_plain = FLOAT_KERNELS("plain");
