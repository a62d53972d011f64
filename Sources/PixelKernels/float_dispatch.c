#include <string.h>

#include "float_paths.h"

static int supported(const prnn_float_kernels *k) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (k == &prnn_float_kernels_avx512) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
  }
  if (k == &prnn_float_kernels_avx2) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
  (void)k;
  return 1;
}

// Fastest first.
static const prnn_float_kernels *const all[] = {
#if defined(__x86_64__)
    &prnn_float_kernels_avx512, &prnn_float_kernels_avx2,
#endif
    &prnn_float_kernels_plain,
};

enum { COUNT = sizeof all / sizeof *all };

const prnn_float_kernels *prnn_float_kernels_named(const char *name) {
  for (int i = 0; i < COUNT; i++) {
    if (strcmp(all[i]->name, name) == 0) return supported(all[i]) ? all[i] : 0;
  }
  return 0;
}

const prnn_float_kernels *prnn_float_kernels_fastest(void) {
  int i = 0;
  while (!supported(all[i])) i++;
  return all[i];
}
