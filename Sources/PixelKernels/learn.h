// Learning while coding (spec/arithmetic.md, "Learning"). Each path defines, before it includes this:
//
//   PRNN_LANES              sums in a register
//   prnn_add_quads(s, x, w) s[i] += x[4 i] * w[0] + ... + x[4 i + 3] * w[3]; x: bytes 0 ... 127, w: four in 32 bits, -63 ... 63
//
// The rest are plain loops, which the compiler vectorises for each path.
#ifndef PRNN_LEARN_H
#define PRNN_LEARN_H

#include <string.h>

#include "PixelKernels.h"

enum { PRNN_ROWS_TOGETHER = 4 };

static inline int32_t prnn_clamp(int32_t x, int32_t least, int32_t most) {
  return x < least ? least : x > most ? most : x;
}

static inline int32_t prnn_floor_log2(uint32_t x) { return 31 - __builtin_clz(x | 1); }

static void prnn_slope(const prnn_distribution *d, uint32_t total, uint32_t symbol, uint32_t number, uint8_t *out) {
  const uint64_t whole = (uint64_t)PRNN_SLOPE * 64 << 27;
  uint64_t share = whole / total;
  uint32_t scale = share > UINT32_MAX ? UINT32_MAX : (uint32_t)share;
  uint32_t start = number * 39;
  for (uint32_t s = 0; s < 256; s++) {
    int32_t q = (int32_t)((d->frequency[s] >> 7) * scale >> 20);
    out[s] = (uint8_t)(64 + prnn_clamp((q + (int32_t)((start + s * 23) & 63)) >> 6, -PRNN_SLOPE, PRNN_SLOPE));
  }
  int32_t q = (int32_t)((d->frequency[symbol] >> 7) * scale >> 20) - PRNN_SLOPE * 64;
  out[symbol] = (uint8_t)(64 + prnn_clamp((q + (int32_t)((start + symbol * 23) & 63)) >> 6, -PRNN_SLOPE, PRNN_SLOPE));
}

static void prnn_gate(const int16_t *slope, const uint8_t *below, const uint8_t *activation, int32_t shift, size_t n,
                      uint8_t *out) {
  int32_t half = (1 << shift) >> 1;
  for (size_t i = 0; i < n; i++) {
    int32_t y = prnn_clamp((slope[i] + half) >> shift, -PRNN_SLOPE, PRNN_SLOPE);
    out[i] = (uint8_t)(64 + (activation[i] > below[i] && activation[i] < 127 ? y : 0));
  }
}

static void prnn_quads(const uint8_t *in, size_t in_stride, size_t n, size_t count, uint8_t zero, uint8_t *out) {
  static const uint8_t none[PRNN_MOST_FEATURES];
  for (size_t b = 0; b < n; b += 4, out += 4 * count) {
    const uint8_t *r[4];
    uint8_t offset[4];
    for (size_t k = 0; k < 4; k++) {
      r[k] = b + k < n ? in + (b + k) * in_stride : none;
      offset[k] = b + k < n ? zero : 0;
    }
    const uint8_t *r0 = r[0], *r1 = r[1], *r2 = r[2], *r3 = r[3];
    for (size_t i = 0; i < count; i++) {
      out[4 * i] = (uint8_t)(r0[i] - offset[0]);
      out[4 * i + 1] = (uint8_t)(r1[i] - offset[1]);
      out[4 * i + 2] = (uint8_t)(r2[i] - offset[2]);
      out[4 * i + 3] = (uint8_t)(r3[i] - offset[3]);
    }
  }
}

/// `rows` rows of `sums` by `vectors` registers, all in registers.
PRNN_INLINE void prnn_outer_block(const uint8_t *x, size_t inputs, const uint8_t *slopes, size_t outputs, size_t quads,
                                  int rows, int vectors, int32_t *sums) {
  prnn_sums s[PRNN_ROWS_TOGETHER][4];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) s[r][v] = prnn_load_sums(sums + (size_t)r * inputs + v * PRNN_LANES);
  for (size_t q = 0; q < quads; q++, x += 4 * inputs, slopes += 4 * outputs) {
    prnn_sums a[4];
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) memcpy(&a[v], x + 4 * PRNN_LANES * v, sizeof a[v]);
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
      int32_t four;
      memcpy(&four, slopes + 4 * r, 4);
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; v++) s[r][v] = prnn_add_quads(s[r][v], a[v], four);
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) memcpy(sums + (size_t)r * inputs + v * PRNN_LANES, &s[r][v], sizeof s[r][v]);
}

static void prnn_outer(const uint8_t *x, size_t inputs, const uint8_t *slopes, size_t outputs, size_t quads, int32_t *sums) {
  for (size_t o = 0; o < outputs; o += PRNN_ROWS_TOGETHER) {
    size_t i = 0;
    for (; i + 4 * PRNN_LANES <= inputs; i += 4 * PRNN_LANES)
      prnn_outer_block(x + 4 * i, inputs, slopes + 4 * o, outputs, quads, PRNN_ROWS_TOGETHER, 4, sums + o * inputs + i);
    for (; i + 2 * PRNN_LANES <= inputs; i += 2 * PRNN_LANES)
      prnn_outer_block(x + 4 * i, inputs, slopes + 4 * o, outputs, quads, PRNN_ROWS_TOGETHER, 2, sums + o * inputs + i);
    for (; i < inputs; i += PRNN_LANES)
      prnn_outer_block(x + 4 * i, inputs, slopes + 4 * o, outputs, quads, PRNN_ROWS_TOGETHER, 1, sums + o * inputs + i);
  }
}

static void prnn_totals(const uint8_t *slopes, size_t stride, size_t n, size_t count, int32_t *sums) {
  for (size_t b = 0; b < n; b++, slopes += stride)
    for (size_t i = 0; i < count; i++) sums[i] += slopes[i] - 64;
}

static uint32_t prnn_active(const uint8_t *slopes, size_t stride, size_t n) {
  uint8_t any[256] = {0};
  for (size_t b = 0; b < n; b++, slopes += stride)
    for (size_t i = 0; i < 256; i++) any[i] |= slopes[i] ^ 64;
  uint32_t active = 0;
  for (size_t i = 0; i < 256; i += 16) {
    uint8_t some = 0;
    for (size_t k = 0; k < 16; k++) some |= any[i + k];
    active |= (uint32_t)(some != 0) << (i / 16);
  }
  return active;
}

static void prnn_join(const int16_t *slopes, int32_t shift, size_t n, int16_t *sums) {
  int32_t right = shift > 0 ? shift : 0, left = shift < 0 ? -shift : 0;
  for (size_t i = 0; i < n; i++) sums[i] = (int16_t)prnn_clamp(sums[i] + ((slopes[i] >> right) * (1 << left)), -32768, 32767);
}

static void prnn_mix(const int16_t *const *logits, const int32_t *weights, int32_t n, int16_t *out) {
  int32_t sums[256];
  for (int s = 0; s < 256; s++) sums[s] = 1 << 11;
  for (int32_t k = 0; k < n; k++) {
    const int16_t *l = logits[k];
    int32_t w = weights[k];
    for (int s = 0; s < 256; s++) sums[s] += l[s] * w;
  }
  for (int s = 0; s < 256; s++) out[s] = (int16_t)prnn_clamp(sums[s] >> 12, -32768, 32767);
}

static void prnn_expectations(const prnn_distribution *d, const int16_t *const *logits, int32_t n, int32_t *means) {
  int32_t shares[256], total = 0;
  for (int s = 0; s < 256; s++) {
    shares[s] = (int32_t)(d->frequency[s] >> 8);
    total += shares[s];
  }
  for (int32_t k = 0; k < n; k++) {
    const int16_t *l = logits[k];
    int64_t sum = 0;
    // Products are below 2^30 in magnitude.
    for (int s = 0; s < 256; s++) sum += shares[s] * l[s];
    int64_t mean = sum / total;
    means[k] = (int32_t)(mean - (mean * total > sum));
  }
}

static void prnn_update(const prnn_rate *rate, size_t n, int32_t *sum, int32_t *momentum, int32_t *square, int32_t *weight) {
  const int32_t m_shift = rate->momentum_shift, v_shift = rate->square_shift, floor = rate->floor, gain = rate->gain;
  const int32_t limit = rate->limit;
  for (size_t i = 0; i < n; i++) {
    int32_t g = prnn_clamp(sum[i], -(1 << 23), 1 << 23) * 64;
    int32_t m = momentum[i] + ((g - momentum[i]) >> m_shift);
    int32_t a = prnn_clamp(g >> 8, -32767, 32767);
    int32_t v = square[i] + ((a * a - square[i]) >> v_shift);
    int32_t e = (prnn_floor_log2((uint32_t)v) >> 1) + 8;
    e = e < floor ? floor : e;
    int32_t x = prnn_clamp(m, -(8 << e), 8 << e);
    x = e <= 12 ? x << (12 - (e < 12 ? e : 12)) : x >> (e - 12 > 0 ? e - 12 : 0);
    sum[i] = 0;
    momentum[i] = m;
    square[i] = v;
    weight[i] = prnn_clamp(weight[i] - ((x * gain + 2048) >> 12), -limit, limit);
  }
}

static void prnn_round_weights(const int32_t *weight, size_t n, int32_t shift, int8_t *out) {
  int32_t half = (1 << shift) >> 1;
  for (size_t i = 0; i < n; i++) out[i] = (int8_t)prnn_clamp((weight[i] + half) >> shift, -127, 127);
}

static void prnn_pack(const int32_t *weights, size_t inputs, size_t outputs, int8_t *rows, int8_t *out) {
  for (size_t o = 0; o < outputs; o += 16) {
    prnn_round_weights(weights + o * inputs, 16 * inputs, 16, rows);
    for (size_t q = 0; q < inputs / 4; q++, out += 64)
      for (size_t r = 0; r < 16; r++) memcpy(out + 4 * r, rows + r * inputs + 4 * q, 4);
  }
}

static void prnn_pack_transposed(const int32_t *weights, size_t inputs, size_t outputs, const int32_t *shifts, size_t passing,
                                 int8_t *rows, int8_t *out, int32_t *bias) {
  for (size_t j = 0; j < outputs / 16 * passing; j++) bias[j] = 0;
  for (size_t o = 0; o < outputs; o += 4, bias += o % 16 == 0 ? passing : 0) {
    for (size_t k = 0; k < 4; k++) prnn_round_weights(weights + (o + k) * inputs, passing, shifts[o + k], rows + k * passing);
    const int8_t *a = rows, *b = a + passing, *c = b + passing, *d = c + passing;
    for (size_t j = 0; j < passing; j++) bias[j] -= 64 * (a[j] + b[j] + c[j] + d[j]);
    for (size_t j = 0; j < passing; j += 16) {
      int8_t *to = out + (j / 16 * (outputs / 4) + o / 4) * 64;
      for (size_t i = 0; i < 16; i++) {
        to[4 * i] = a[j + i];
        to[4 * i + 1] = b[j + i];
        to[4 * i + 2] = c[j + i];
        to[4 * i + 3] = d[j + i];
      }
    }
  }
}

// In the order of prnn_kernels.
#define PRNN_LEARNING                                                                                                  \
  prnn_slope, prnn_gate, prnn_quads, prnn_outer, prnn_totals, prnn_active, prnn_join, prnn_mix, prnn_expectations, prnn_update,      \
      prnn_round_weights, prnn_pack, prnn_pack_transposed

#endif
