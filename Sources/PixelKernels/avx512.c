#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512cd,avx512vnni"))), apply_to = function)

#include "paths.h"
#include "generic.h"

#define INLINE static inline __attribute__((always_inline))

/// Stores `vectors` times 16 outputs of one pixel, from sums with their bias in.
INLINE void finish(const prnn_dense_layer *layer, int32_t o, int vectors, const __m512i *sum, const uint8_t *in,
                   void *out, prnn_dense_output output) {
  __m512i y[4];
#pragma clang loop unroll(full)
  for (int v = 0; v < 4; v++) {
    y[v] = v < vectors ? _mm512_srav_epi32(sum[v], _mm512_loadu_si512(layer->shift + o + 16 * v)) : _mm512_setzero_si512();
  }
  // Packing works within 128-bit lanes; the permutations put the outputs back in order.
  __m512i low = _mm512_packs_epi32(y[0], y[1]), high = _mm512_packs_epi32(y[2], y[3]);
  if (output == PRNN_LOGITS) {
    const __m512i order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
    int16_t *to = (int16_t *)out + o;
    _mm512_mask_storeu_epi16(to, vectors > 1 ? ~0u : 0xffff, _mm512_permutexvar_epi64(order, low));
    if (vectors > 2) {
      _mm512_mask_storeu_epi16(to + 32, vectors > 3 ? ~0u : 0xffff, _mm512_permutexvar_epi64(order, high));
    }
  } else {
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const __m512i top = _mm512_set1_epi8(127);
    __mmask64 some = vectors == 4 ? ~0ull : (1ull << (16 * vectors)) - 1;
    __m512i a = _mm512_min_epu8(_mm512_permutexvar_epi32(order, _mm512_packus_epi16(low, high)), top);
    if (output == PRNN_RESIDUAL) {
      a = _mm512_min_epu8(_mm512_add_epi8(a, _mm512_maskz_loadu_epi8(some, in + o)), top);
    }
    _mm512_mask_storeu_epi8((uint8_t *)out + o, some, a);
  }
}

/// `pixels` rows by `vectors` times 16 outputs, all sums in registers.
INLINE void block(const prnn_dense_layer *layer, int32_t o, int vectors, int pixels, const uint8_t *in,
                  size_t in_stride, void *out, size_t out_stride, prnn_dense_output output) {
  int32_t quads = layer->inputs / 4;
  const int8_t *w = layer->weights + (size_t)(o / 16) * quads * 64;
  __m512i sum[8][4];
#pragma clang loop unroll(full)
  for (int p = 0; p < pixels; p++)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) sum[p][v] = _mm512_loadu_si512(layer->bias + o + 16 * v);
  for (int32_t q = 0; q < quads; q++) {
    __m512i weights[4];
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) weights[v] = _mm512_loadu_si512(w + ((size_t)v * quads + q) * 64);
#pragma clang loop unroll(full)
    for (int p = 0; p < pixels; p++) {
      int32_t four;
      memcpy(&four, in + p * in_stride + 4 * q, 4);
      __m512i x = _mm512_set1_epi32(four);
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; v++) sum[p][v] = _mm512_dpbusd_epi32(sum[p][v], x, weights[v]);
    }
  }
#pragma clang loop unroll(full)
  for (int p = 0; p < pixels; p++)
    finish(layer, o, vectors, sum[p], in + p * in_stride, prnn_row(out, out_stride, p, output), output);
}

INLINE void columns(const prnn_dense_layer *layer, int32_t o, int vectors, const uint8_t *in, size_t in_stride,
                    void *out, size_t out_stride, size_t n, prnn_dense_output output) {
  size_t i = 0;
#define STEP(count)                                                                                         \
  for (; i + count <= n; i += count)                                                                        \
    block(layer, o, vectors, count, in + i * in_stride, in_stride, prnn_row(out, out_stride, i, output), \
          out_stride, output);
  STEP(6) STEP(3) STEP(1)
#undef STEP
}

INLINE void dense_to(const prnn_dense_layer *layer, const uint8_t *in, size_t in_stride, void *out,
                     size_t out_stride, size_t n, prnn_dense_output output) {
  int32_t o = 0;
  for (int32_t left = layer->outputs / 16; left > 0;) {
    int take = left == 5 || left == 6 ? 3 : left > 4 ? 4 : left;
    switch (take) {
      case 4: columns(layer, o, 4, in, in_stride, out, out_stride, n, output); break;
      case 3: columns(layer, o, 3, in, in_stride, out, out_stride, n, output); break;
      case 2: columns(layer, o, 2, in, in_stride, out, out_stride, n, output); break;
      default: columns(layer, o, 1, in, in_stride, out, out_stride, n, output);
    }
    o += 16 * take;
    left -= take;
  }
}

static void dense(const prnn_dense_layer *layer, const uint8_t *in, size_t in_stride, void *out, size_t out_stride,
                  size_t n, prnn_dense_output output) {
  switch (output) {
    case PRNN_RELU: dense_to(layer, in, in_stride, out, out_stride, n, PRNN_RELU); break;
    case PRNN_RESIDUAL: dense_to(layer, in, in_stride, out, out_stride, n, PRNN_RESIDUAL); break;
    case PRNN_LOGITS: dense_to(layer, in, in_stride, out, out_stride, n, PRNN_LOGITS); break;
  }
}

// The plain form of `inputs`, compiled for AVX-512 by the pragma above.
static void inputs(const prnn_window *window, const uint8_t *pixel, const uint8_t *prediction, uint8_t *out) {
  prnn_generic_inputs(window, pixel, prediction, out);
}

INLINE uint32_t softmax_of(const int16_t *logits, const int16_t *weights, prnn_distribution *d) {
  __m512i l[8], absent = _mm512_set1_epi16(PRNN_ABSENT), top = absent;
  __mmask32 keep[8];
  for (int i = 0; i < 8; i++) {
    l[i] = _mm512_loadu_si512(logits + 32 * i);
    if (weights) {
      __m512i w = _mm512_loadu_si512(weights + 32 * i);
      keep[i] = _mm512_cmpneq_epi16_mask(w, absent);
      l[i] = _mm512_mask_adds_epi16(absent, keep[i], l[i], w);
    }
    top = _mm512_max_epi16(top, l[i]);
  }
  __m256i t = _mm256_max_epi16(_mm512_castsi512_si256(top), _mm512_extracti64x4_epi64(top, 1));
  __m128i s = _mm_max_epi16(_mm256_castsi256_si128(t), _mm256_extracti128_si256(t, 1));
  // The smallest of eight 16-bit numbers is one instruction, for unsigned ones: turn the order round.
  s = _mm_minpos_epu16(_mm_sub_epi16(_mm_set1_epi16(32767), s));
  int32_t most = 32767 - _mm_extract_epi16(s, 0);
  __m512i start = _mm512_set1_epi32(most), one = _mm512_set1_epi32(1);
  __m512i high = _mm512_load_si512(prnn_power), low = _mm512_load_si512(prnn_power + 16);
  __m512i lanes = _mm512_setzero_si512();
  for (int i = 0; i < 16; i++) {
    __m256i half = i & 1 ? _mm512_extracti64x4_epi64(l[i / 2], 1) : _mm512_castsi512_si256(l[i / 2]);
    __m512i below = _mm512_sub_epi32(start, _mm512_cvtepi16_epi32(half));
    __m512i power = _mm512_permutex2var_epi32(high, below, low);
    __m512i e = _mm512_add_epi32(_mm512_srlv_epi32(power, _mm512_srli_epi32(below, 5)), one);
    if (weights) e = _mm512_maskz_mov_epi32((__mmask16)(keep[i / 2] >> (16 * (i & 1))), e);
    _mm512_storeu_si512(d->frequency + 16 * i, e);
    lanes = _mm512_add_epi32(lanes, e);
  }
  _mm512_storeu_si512(d->lane, lanes);
  return (uint32_t)_mm512_reduce_add_epi32(lanes);
}

static uint32_t softmax(const int16_t *logits, const int16_t *weights, prnn_distribution *d) {
  return weights ? softmax_of(logits, weights, d) : softmax_of(logits, 0, d);
}

#define PRNN_LANES 16
#define PRNN_BLOCKS 4
#define PRNN_PIXELS 6

typedef int32_t prnn_lanes __attribute__((vector_size(64)));

INLINE prnn_lanes prnn_add_pairs(prnn_lanes sum, int32_t pair, prnn_lanes weights) {
  return (prnn_lanes)_mm512_dpwssd_epi32((__m512i)sum, _mm512_set1_epi32(pair), (__m512i)weights);
}

INLINE prnn_lanes prnn_add_quads(prnn_lanes sum, prnn_lanes x, int32_t four) {
  return (prnn_lanes)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)x, _mm512_set1_epi32(four));
}

#include "wide.h"
#include "learn.h"

#define PRNN_EIGHT_PRODUCT(a, b) (prnn_eight) _mm512_mul_epi32((__m512i)(a), (__m512i)(b))
#include "squares.h"

const prnn_kernels prnn_kernels_avx512 = {"avx512", dense, inputs, softmax, prnn_wide, prnn_lstm, PRNN_LEARNING, PRNN_SQUARES};

#pragma clang attribute pop
#endif
