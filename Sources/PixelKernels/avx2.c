#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

#include "paths.h"
#include "generic.h"

#define INLINE static inline __attribute__((always_inline))

/// Stores 8 outputs of one pixel.
INLINE void finish(const prnn_dense_layer *layer, int32_t o, __m256i sum, const uint8_t *in, void *out,
                   prnn_dense_output output) {
  __m256i y = _mm256_srav_epi32(_mm256_add_epi32(sum, _mm256_loadu_si256((const __m256i *)(layer->bias + o))),
                                _mm256_loadu_si256((const __m256i *)(layer->shift + o)));
  __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(y), _mm256_extracti128_si256(y, 1));
  if (output == PRNN_LOGITS) {
    _mm_storeu_si128((__m128i *)((int16_t *)out + o), words);
  } else {
    __m128i a = _mm_min_epu8(_mm_packus_epi16(words, words), _mm_set1_epi8(127));
    if (output == PRNN_RESIDUAL) {
      a = _mm_min_epu8(_mm_add_epi8(a, _mm_loadl_epi64((const __m128i *)(in + o))), _mm_set1_epi8(127));
    }
    _mm_storel_epi64((__m128i *)((uint8_t *)out + o), a);
  }
}

/// `pixels` rows by 16 outputs. The sum of two products of 0 ... 127 and -127 ... 127 fits 16 bits, so maddubs is exact.
INLINE void block(const prnn_dense_layer *layer, int32_t o, int pixels, const uint8_t *in, size_t in_stride, void *out,
                  size_t out_stride, prnn_dense_output output) {
  int32_t quads = layer->inputs / 4;
  const int8_t *w = layer->weights + (size_t)(o / 16) * quads * 64;
  __m256i sum[4][2], ones = _mm256_set1_epi16(1);
#pragma clang loop unroll(full)
  for (int p = 0; p < pixels; p++) sum[p][0] = sum[p][1] = _mm256_setzero_si256();
  for (int32_t q = 0; q < quads; q++, w += 64) {
    __m256i low = _mm256_loadu_si256((const __m256i *)w), high = _mm256_loadu_si256((const __m256i *)(w + 32));
#pragma clang loop unroll(full)
    for (int p = 0; p < pixels; p++) {
      int32_t four;
      memcpy(&four, in + p * in_stride + 4 * q, 4);
      __m256i x = _mm256_set1_epi32(four);
      sum[p][0] = _mm256_add_epi32(sum[p][0], _mm256_madd_epi16(_mm256_maddubs_epi16(x, low), ones));
      sum[p][1] = _mm256_add_epi32(sum[p][1], _mm256_madd_epi16(_mm256_maddubs_epi16(x, high), ones));
    }
  }
#pragma clang loop unroll(full)
  for (int p = 0; p < pixels; p++) {
    void *row = prnn_row(out, out_stride, p, output);
    finish(layer, o, sum[p][0], in + p * in_stride, row, output);
    finish(layer, o + 8, sum[p][1], in + p * in_stride, row, output);
  }
}

INLINE void dense_to(const prnn_dense_layer *layer, const uint8_t *in, size_t in_stride, void *out,
                     size_t out_stride, size_t n, prnn_dense_output output) {
  for (int32_t o = 0; o < layer->outputs; o += 16) {
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
      block(layer, o, 4, in + i * in_stride, in_stride, prnn_row(out, out_stride, i, output), out_stride, output);
    for (; i < n; i++)
      block(layer, o, 1, in + i * in_stride, in_stride, prnn_row(out, out_stride, i, output), out_stride, output);
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

static uint32_t softmax(const int16_t *logits, const int16_t *weights, prnn_distribution *d) {
  __m256i l[16], absent = _mm256_set1_epi16(PRNN_ABSENT), top = absent, zero = _mm256_setzero_si256();
  for (int i = 0; i < 16; i++) {
    l[i] = _mm256_loadu_si256((const __m256i *)(logits + 16 * i));
    if (weights) {
      __m256i w = _mm256_loadu_si256((const __m256i *)(weights + 16 * i));
      l[i] = _mm256_blendv_epi8(_mm256_adds_epi16(l[i], w), absent, _mm256_cmpeq_epi16(w, absent));
    }
    top = _mm256_max_epi16(top, l[i]);
  }
  __m128i s = _mm_max_epi16(_mm256_castsi256_si128(top), _mm256_extracti128_si256(top, 1));
  s = _mm_minpos_epu16(_mm_sub_epi16(_mm_set1_epi16(32767), s));
  int32_t most = 32767 - _mm_extract_epi16(s, 0);
  __m256i start = _mm256_set1_epi32(most), one = _mm256_set1_epi32(1), low5 = _mm256_set1_epi32(31);
  __m256i lanes[2] = {zero, zero};
  for (int i = 0; i < 32; i++) {
    __m128i half = i & 1 ? _mm256_extracti128_si256(l[i / 2], 1) : _mm256_castsi256_si128(l[i / 2]);
    __m256i below = _mm256_sub_epi32(start, _mm256_cvtepi16_epi32(half));
    __m256i power = _mm256_i32gather_epi32((const int *)prnn_power, _mm256_and_si256(below, low5), 4);
    __m256i e = _mm256_srlv_epi32(power, _mm256_srli_epi32(below, 5));
    e = _mm256_add_epi32(e, one);
    if (weights) {
      __m128i missing = _mm_cmpeq_epi16(_mm_loadu_si128((const __m128i *)(weights + 8 * i)), _mm256_castsi256_si128(absent));
      e = _mm256_andnot_si256(_mm256_cvtepi16_epi32(missing), e);
    }
    _mm256_storeu_si256((__m256i *)(d->frequency + 8 * i), e);
    lanes[i & 1] = _mm256_add_epi32(lanes[i & 1], e);
  }
  _mm256_storeu_si256((__m256i *)d->lane, lanes[0]);
  _mm256_storeu_si256((__m256i *)(d->lane + 8), lanes[1]);
  uint32_t total = 0;
  for (int i = 0; i < 16; i++) total += d->lane[i];
  return total;
}

// The plain form of `inputs`, compiled for AVX2 by the pragma above.
static void inputs(const prnn_window *window, const uint8_t *pixel, const uint8_t *prediction, uint8_t *out) {
  prnn_generic_inputs(window, pixel, prediction, out);
}

#define PRNN_LANES 8
#define PRNN_BLOCKS 1
#define PRNN_PIXELS 4

typedef int32_t prnn_lanes __attribute__((vector_size(32)));

INLINE prnn_lanes prnn_add_pairs(prnn_lanes sum, int32_t pair, prnn_lanes weights) {
  return sum + (prnn_lanes)_mm256_madd_epi16(_mm256_set1_epi32(pair), (__m256i)weights);
}

INLINE prnn_lanes prnn_add_quads(prnn_lanes sum, prnn_lanes x, int32_t four) {
  __m256i pairs = _mm256_maddubs_epi16((__m256i)x, _mm256_set1_epi32(four));
  return sum + (prnn_lanes)_mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
}

#include "wide.h"
#include "learn.h"

#include "squares.h"

const prnn_kernels prnn_kernels_avx2 = {"avx2", dense, inputs, softmax, prnn_wide, prnn_lstm, PRNN_LEARNING, PRNN_SQUARES};

#pragma clang attribute pop
#endif
