// Plain C forms of the kernels. Each translation unit that includes this compiles them for its own target.
#ifndef PRNN_GENERIC_H
#define PRNN_GENERIC_H

#include <string.h>

#include "PixelKernels.h"
#include "tables.h"

static inline uint8_t prnn_clamp_activation(int32_t y) { return (uint8_t)(y < 0 ? 0 : y > 127 ? 127 : y); }

/// Stores one output of a layer from its sum of products.
static inline void prnn_finish(const prnn_dense_layer *layer, int32_t o, int32_t sum, const uint8_t *in, void *out,
                               prnn_dense_output output) {
  int32_t y = (sum + layer->bias[o]) >> layer->shift[o];
  if (output == PRNN_LOGITS) {
    ((int16_t *)out)[o] = (int16_t)(y < -32768 ? -32768 : y > 32767 ? 32767 : y);
  } else {
    int32_t a = prnn_clamp_activation(y);
    if (output == PRNN_RESIDUAL) a = a + in[o] > 127 ? 127 : a + in[o];
    ((uint8_t *)out)[o] = (uint8_t)a;
  }
}

static inline void *prnn_row(void *out, size_t out_stride, size_t i, prnn_dense_output output) {
  return output == PRNN_LOGITS ? (void *)((int16_t *)out + i * out_stride) : (void *)((uint8_t *)out + i * out_stride);
}

static inline void prnn_generic_dense(const prnn_dense_layer *layer, const uint8_t *in, size_t in_stride, void *out,
                                      size_t out_stride, size_t n, prnn_dense_output output) {
  int32_t quads = layer->inputs / 4;
  for (size_t i = 0; i < n; i++) {
    const uint8_t *x = in + i * in_stride;
    void *row = prnn_row(out, out_stride, i, output);
    for (int32_t block = 0; block < layer->outputs / 16; block++) {
      int32_t sum[16] = {0};
      const int8_t *w = layer->weights + (size_t)block * quads * 64;
      for (int32_t q = 0; q < quads; q++, w += 64) {
        for (int o = 0; o < 16; o++) {
          sum[o] += w[4 * o] * x[4 * q] + w[4 * o + 1] * x[4 * q + 1] + w[4 * o + 2] * x[4 * q + 2] +
                    w[4 * o + 3] * x[4 * q + 3];
        }
      }
      for (int o = 0; o < 16; o++) prnn_finish(layer, 16 * block + o, sum[o], x, row, output);
    }
  }
}

/// 32 samples of a window at a time; the next run starts 30 further, so that the channels stay in step with `predicted`.
enum { PRNN_RUN = 30 };

typedef uint8_t prnn_bytes __attribute__((vector_size(32)));

/// The prediction, repeated to 32 bytes.
static inline void prnn_repeat(const uint8_t *p, int32_t channels, prnn_bytes *repeated) {
  typedef uint64_t words __attribute__((vector_size(32)));
  uint64_t a = p[0], b = p[channels == 3 ? 1 : 0], c = p[channels == 3 ? 2 : 0], three = 1 | 1ull << 24 | 1ull << 48;
  uint64_t abc = (a | b << 8 | c << 16) * three, cab = (c | a << 8 | b << 16) * three, bca = (b | c << 8 | a << 16) * three;
  *repeated = (prnn_bytes)(words){abc, cab, bca, abc};
}

/// Fine differences of one row of the window, or coarse ones.
static inline void prnn_differences(const uint8_t *row, int32_t count, const prnn_bytes *prediction, int coarse,
                                    uint8_t *out) {
  const prnn_bytes predicted = *prediction;
  prnn_bytes most = (prnn_bytes){0} + 15;
  for (int32_t b = 0; b < count; b += PRNN_RUN) {
    prnn_bytes x;
    memcpy(&x, row + b, sizeof x);
    prnn_bytes above = (x - predicted) & (prnn_bytes)(x > predicted);
    prnn_bytes below = (predicted - x) & (prnn_bytes)(predicted > x);
    if (coarse) {
      x = (above >> 2) - (below >> 2) + 64;
    } else {
      above = __builtin_elementwise_min(above, most);
      below = __builtin_elementwise_min(below, most);
      x = (above - below) * 4 + 64;
    }
    memcpy(out + b, &x, sizeof x);
  }
}

static inline void prnn_generic_inputs(const prnn_window *window, const uint8_t *pixel, const uint8_t *prediction,
                                       uint8_t *out) {
  prnn_bytes predicted;
  prnn_repeat(prediction, window->channels, &predicted);
  const uint8_t *first = pixel - window->up * window->stride - window->left_bytes;
  // A run may write past its row's end, so rows go in order, and all fine differences before the coarse ones.
  for (int coarse = 0; coarse < 2; coarse++) {
    const uint8_t *row = first;
    for (int32_t r = 0; r < window->up; r++, row += window->stride, out += window->row_bytes)
      prnn_differences(row, window->row_bytes, &predicted, coarse, out);
    prnn_differences(row, window->own_bytes, &predicted, coarse, out);
    out += window->own_bytes;
  }

}

static inline uint32_t prnn_generic_softmax(const int16_t *logits, const int16_t *weights, prnn_distribution *d) {
  int16_t l[256];
  int32_t top = -32768;
  for (int i = 0; i < 256; i++) {
    int32_t sum = logits[i] + (weights ? weights[i] : 0);
    sum = sum < -32768 ? -32768 : sum > 32767 ? 32767 : sum;
    if (weights && weights[i] == PRNN_ABSENT) sum = -32768;
    l[i] = (int16_t)sum;
    top = sum > top ? sum : top;
  }
  memset(d->lane, 0, sizeof d->lane);
  for (int i = 0; i < 256; i++) {
    uint32_t below = (uint32_t)(top - l[i]);
    uint32_t e = (below < 1024 ? prnn_power[below & 31] >> (below >> 5) : 0) + 1;
    if (weights && weights[i] == PRNN_ABSENT) e = 0;
    d->frequency[i] = e;
    d->lane[i & 15] += e;
  }
  uint32_t total = 0;
  for (int i = 0; i < 16; i++) total += d->lane[i];
  return total;
}

#endif
