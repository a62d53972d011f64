#include "paths.h"
#include "generic.h"

// Sums of pairs of products, one lane after the other; the compiler makes of it what it can.
#define PRNN_LANES 4
#define PRNN_BLOCKS 1
#define PRNN_PIXELS 1

typedef int32_t prnn_lanes __attribute__((vector_size(16)));

static inline prnn_lanes prnn_add_pairs(prnn_lanes sum, int32_t pair, prnn_lanes weights) {
  int32_t low = (int16_t)pair, high = pair >> 16;
  return sum + low * (weights << 16 >> 16) + high * (weights >> 16);
}

static inline prnn_lanes prnn_add_quads(prnn_lanes sum, prnn_lanes x, int32_t four) {
  for (int k = 0; k < 4; k++) sum += (x >> 8 * k & 255) * (int32_t)(int8_t)(four >> 8 * k);
  return sum;
}

#include "wide.h"
#include "learn.h"

#include "squares.h"

const prnn_kernels prnn_kernels_scalar = {"scalar", prnn_generic_dense, prnn_generic_inputs, prnn_generic_softmax,
                                           prnn_wide, prnn_lstm, PRNN_LEARNING, PRNN_SQUARES};
