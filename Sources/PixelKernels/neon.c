#if defined(__aarch64__)
#include <arm_neon.h>

#include "paths.h"
#include "generic.h"

#define INLINE static inline __attribute__((always_inline))

/// Adds four products to each of four sums. Activations are below 128, so they are signed bytes too.
INLINE int32x4_t add_products(int32x4_t sum, int8x16_t x, int8x16_t w) {
#if defined(__ARM_FEATURE_DOTPROD)
  return vdotq_s32(sum, x, w);
#else
  // A product fits 16 bits: 127 * 127 < 2^15.
  int16x8_t low = vmull_s8(vget_low_s8(x), vget_low_s8(w)), high = vmull_high_s8(x, w);
  return vaddq_s32(sum, vpaddq_s32(vpaddlq_s16(low), vpaddlq_s16(high)));
#endif
}

INLINE void finish(const prnn_dense_layer *layer, int32_t o, int32x4_t sum, const uint8_t *in, void *out,
                   prnn_dense_output output) {
  int32x4_t y = vshlq_s32(vaddq_s32(sum, vld1q_s32(layer->bias + o)), vnegq_s32(vld1q_s32(layer->shift + o)));
  int16x4_t words = vqmovn_s32(y);
  if (output == PRNN_LOGITS) {
    vst1_s16((int16_t *)out + o, words);
  } else {
    uint8x8_t a = vmin_u8(vqmovun_s16(vcombine_s16(words, words)), vdup_n_u8(127));
    uint32_t four;
    if (output == PRNN_RESIDUAL) {
      memcpy(&four, in + o, 4);
      a = vmin_u8(vadd_u8(a, vreinterpret_u8_u32(vdup_n_u32(four))), vdup_n_u8(127));
    }
    four = vget_lane_u32(vreinterpret_u32_u8(a), 0);
    memcpy((uint8_t *)out + o, &four, 4);
  }
}

INLINE void block(const prnn_dense_layer *layer, int32_t o, int pixels, const uint8_t *in, size_t in_stride, void *out,
                  size_t out_stride, prnn_dense_output output) {
  int32_t quads = layer->inputs / 4;
  const int8_t *w = layer->weights + (size_t)(o / 16) * quads * 64;
  int32x4_t sum[4][4];
  for (int p = 0; p < pixels; p++)
    for (int v = 0; v < 4; v++) sum[p][v] = vdupq_n_s32(0);
  for (int32_t q = 0; q < quads; q++, w += 64) {
    int8x16_t weights[4] = {vld1q_s8(w), vld1q_s8(w + 16), vld1q_s8(w + 32), vld1q_s8(w + 48)};
    for (int p = 0; p < pixels; p++) {
      int32_t four;
      memcpy(&four, in + p * in_stride + 4 * q, 4);
      int8x16_t x = vreinterpretq_s8_s32(vdupq_n_s32(four));
      for (int v = 0; v < 4; v++) sum[p][v] = add_products(sum[p][v], x, weights[v]);
    }
  }
  for (int p = 0; p < pixels; p++)
    for (int v = 0; v < 4; v++)
      finish(layer, o + 4 * v, sum[p][v], in + p * in_stride, prnn_row(out, out_stride, p, output), output);
}

static void dense(const prnn_dense_layer *layer, const uint8_t *in, size_t in_stride, void *out, size_t out_stride,
                  size_t n, prnn_dense_output output) {
  for (int32_t o = 0; o < layer->outputs; o += 16) {
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
      block(layer, o, 4, in + i * in_stride, in_stride, prnn_row(out, out_stride, i, output), out_stride, output);
    for (; i < n; i++)
      block(layer, o, 1, in + i * in_stride, in_stride, prnn_row(out, out_stride, i, output), out_stride, output);
  }
}

#define PRNN_LANES 4
#define PRNN_BLOCKS 1
#define PRNN_PIXELS 2

INLINE int32x4_t prnn_add_pairs(int32x4_t sum, int32_t pair, int32x4_t weights) {
  int16x8_t x = vreinterpretq_s16_s32(vdupq_n_s32(pair)), w = vreinterpretq_s16_s32(weights);
  return vaddq_s32(sum, vpaddq_s32(vmull_s16(vget_low_s16(x), vget_low_s16(w)), vmull_high_s16(x, w)));
}

INLINE int32x4_t prnn_add_quads(int32x4_t sum, int32x4_t x, int32_t four) {
  return add_products(sum, vreinterpretq_s8_s32(x), vreinterpretq_s8_s32(vdupq_n_s32(four)));
}

#include "wide.h"
#include "learn.h"

#include "squares.h"

// The plain forms of the others, which the compiler vectorises for NEON.
const prnn_kernels prnn_kernels_neon = {"neon", dense, prnn_generic_inputs, prnn_generic_softmax, prnn_wide, prnn_lstm, PRNN_LEARNING, PRNN_SQUARES};
#endif
