// Layers of 16-bit numbers, in clang's vectors: each path defines, before it includes this, how many sums a register holds
// and how a register of pairs of products is added to them.
//
//   PRNN_LANES                 sums in a register
//   PRNN_BLOCKS, PRNN_PIXELS   blocks of 16 outputs and rows whose sums are in registers together
//   prnn_add_pairs(s, x, w)    s[i] += x[0] * w[2 i] + x[1] * w[2 i + 1]; x is a pair in 32 bits
#ifndef PRNN_WIDE_H
#define PRNN_WIDE_H

#include <string.h>

#include "PixelKernels.h"
#include "gates.h"

typedef int32_t prnn_sums __attribute__((vector_size(4 * PRNN_LANES)));
typedef int16_t prnn_words __attribute__((vector_size(2 * PRNN_LANES)));

#define PRNN_INLINE static inline __attribute__((always_inline))
enum { PRNN_REGISTERS = 16 / PRNN_LANES };

PRNN_INLINE prnn_sums prnn_load_sums(const int32_t *from) {
  prnn_sums s;
  memcpy(&s, from, sizeof s);
  return s;
}

PRNN_INLINE void prnn_wide_finish(const prnn_wide_layer *layer, int32_t o, prnn_sums sum, int16_t *out,
                                  prnn_wide_output output) {
  prnn_sums y = (sum + prnn_load_sums(layer->bias + o)) >> prnn_load_sums(layer->shift + o);
  int32_t least = output == PRNN_WIDE_RELU ? 0 : output == PRNN_WIDE_SIGNED ? -PRNN_WIDE_LIMIT : -32768;
  int32_t most = output == PRNN_WIDE_FULL ? 32767 : PRNN_WIDE_LIMIT;
  y = __builtin_elementwise_max(y, (prnn_sums){0} + least);
  y = __builtin_elementwise_min(y, (prnn_sums){0} + most);
  prnn_words words = __builtin_convertvector(y, prnn_words);
  memcpy(out + o, &words, sizeof words);
}

/// `pixels` rows by `blocks` times 16 outputs.
PRNN_INLINE void prnn_wide_block(const prnn_wide_layer *layer, int32_t o, int blocks, int pixels, const int16_t *in,
                                 size_t in_stride, int16_t *out, size_t out_stride, prnn_wide_output output) {
  int32_t pairs = layer->inputs / 2;
  const int16_t *w = layer->weights + (size_t)(o / 16) * pairs * 32;
  prnn_sums sum[PRNN_PIXELS][PRNN_BLOCKS * PRNN_REGISTERS];
#pragma clang loop unroll(full)
  for (int p = 0; p < pixels; p++)
#pragma clang loop unroll(full)
    for (int v = 0; v < blocks * PRNN_REGISTERS; v++) sum[p][v] = (prnn_sums){0};
  for (int32_t q = 0; q < pairs; q++) {
    prnn_sums weights[PRNN_BLOCKS * PRNN_REGISTERS];
#pragma clang loop unroll(full)
    for (int v = 0; v < blocks * PRNN_REGISTERS; v++) {
      const int16_t *from = w + ((size_t)(v / PRNN_REGISTERS) * pairs + q) * 32 + v % PRNN_REGISTERS * 2 * PRNN_LANES;
      memcpy(&weights[v], from, sizeof weights[v]);
    }
#pragma clang loop unroll(full)
    for (int p = 0; p < pixels; p++) {
      int32_t pair;
      memcpy(&pair, in + p * in_stride + 2 * q, 4);
#pragma clang loop unroll(full)
      for (int v = 0; v < blocks * PRNN_REGISTERS; v++) sum[p][v] = prnn_add_pairs(sum[p][v], pair, weights[v]);
    }
  }
#pragma clang loop unroll(full)
  for (int p = 0; p < pixels; p++)
#pragma clang loop unroll(full)
    for (int v = 0; v < blocks * PRNN_REGISTERS; v++)
      prnn_wide_finish(layer, o + v * PRNN_LANES, sum[p][v], out + p * out_stride, output);
}

PRNN_INLINE void prnn_wide_columns(const prnn_wide_layer *layer, int32_t o, int blocks, const int16_t *in,
                                   size_t in_stride, int16_t *out, size_t out_stride, size_t n,
                                   prnn_wide_output output) {
  size_t i = 0;
  for (; i + PRNN_PIXELS <= n; i += PRNN_PIXELS)
    prnn_wide_block(layer, o, blocks, PRNN_PIXELS, in + i * in_stride, in_stride, out + i * out_stride, out_stride, output);
  for (; i < n; i++)
    prnn_wide_block(layer, o, blocks, 1, in + i * in_stride, in_stride, out + i * out_stride, out_stride, output);
}

PRNN_INLINE void prnn_wide_to(const prnn_wide_layer *layer, const int16_t *in, size_t in_stride, int16_t *out,
                              size_t out_stride, size_t n, prnn_wide_output output) {
  int32_t o = 0;
  for (; o + 16 * PRNN_BLOCKS <= layer->outputs; o += 16 * PRNN_BLOCKS)
    prnn_wide_columns(layer, o, PRNN_BLOCKS, in, in_stride, out, out_stride, n, output);
  for (; o < layer->outputs; o += 16) prnn_wide_columns(layer, o, 1, in, in_stride, out, out_stride, n, output);
}

static void prnn_wide(const prnn_wide_layer *layer, const int16_t *in, size_t in_stride, int16_t *out,
                      size_t out_stride, size_t n, prnn_wide_output output) {
  switch (output) {
    case PRNN_WIDE_RELU: prnn_wide_to(layer, in, in_stride, out, out_stride, n, PRNN_WIDE_RELU); break;
    case PRNN_WIDE_SIGNED: prnn_wide_to(layer, in, in_stride, out, out_stride, n, PRNN_WIDE_SIGNED); break;
    case PRNN_WIDE_FULL: prnn_wide_to(layer, in, in_stride, out, out_stride, n, PRNN_WIDE_FULL); break;
  }
}

static void prnn_lstm(const int16_t *gates, size_t features, const int16_t *cell, int16_t *new_cell, int16_t *hidden) {
  const int16_t *o = gates, *f = o + features, *i = f + features, *g = i + features;
  for (size_t j = 0; j < features; j++) {
    int32_t gain = prnn_sigmoid(i[j]) * prnn_tanh(g[j]) >> 4;
    int32_t c = (prnn_sigmoid(f[j]) * cell[j] + gain + 16384) >> 15;
    c = c < -32768 ? -32768 : c > 32767 ? 32767 : c;
    new_cell[j] = (int16_t)c;
    hidden[j] = (int16_t)((prnn_sigmoid(o[j]) * prnn_tanh(c) + 65536) >> 17);
  }
}

#endif
