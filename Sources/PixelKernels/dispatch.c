#include <string.h>

#include "paths.h"
#include "tables.h"

// Fastest first; entry i is usable when its test holds.
static int supported(const prnn_kernels *k) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (k == &prnn_kernels_avx512) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512cd") &&
           __builtin_cpu_supports("avx512vnni");
  }
  if (k == &prnn_kernels_avx2) return __builtin_cpu_supports("avx2");
#endif
  (void)k;
  return 1;
}

static const prnn_kernels *const all[] = {
#if defined(__x86_64__)
    &prnn_kernels_avx512, &prnn_kernels_avx2, &prnn_kernels_sse2,
#elif defined(__aarch64__)
    &prnn_kernels_neon,
#endif
    &prnn_kernels_scalar,
};

enum { COUNT = sizeof all / sizeof *all };

const prnn_kernels *prnn_kernels_named(const char *name) {
  for (int i = 0; i < COUNT; i++) {
    if (strcmp(all[i]->name, name) == 0) return supported(all[i]) ? all[i] : 0;
  }
  return 0;
}

const char *const *prnn_kernels_available(void) {
  static _Thread_local const char *names[COUNT + 1];
  int n = 0;
  for (int i = 0; i < COUNT; i++) {
    if (supported(all[i])) names[n++] = all[i]->name;
  }
  names[n] = 0;
  return names;
}

uint32_t prnn_power_below(uint32_t exponent) { return exponent < 1024 ? prnn_power[exponent & 31] >> (exponent >> 5) : 0; }

uint32_t prnn_bernoulli(int32_t logit, prnn_distribution *d) {
  uint32_t less = prnn_power_below((uint32_t)(logit < 0 ? -logit : logit)) + 1;
  d->frequency[logit > 0] = d->lane[logit > 0] = prnn_power[0] + 1;
  d->frequency[logit <= 0] = d->lane[logit <= 0] = less;
  return prnn_power[0] + 1 + less;
}
