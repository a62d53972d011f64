#if defined(__x86_64__)
#include <emmintrin.h>

#include "paths.h"
#include "generic.h"

#define INLINE static inline __attribute__((always_inline))

/// Adds neighbours: (a0 + a1, a2 + a3, b0 + b1, b2 + b3).
INLINE __m128i pair_sums(__m128i a, __m128i b) {
  __m128 x = _mm_castsi128_ps(a), y = _mm_castsi128_ps(b);
  return _mm_add_epi32(_mm_castps_si128(_mm_shuffle_ps(x, y, 0x88)), _mm_castps_si128(_mm_shuffle_ps(x, y, 0xdd)));
}

/// `pixels` rows by 4 outputs; weights are widened to 16 bits, each sum kept as two halves until the end.
INLINE void block(const prnn_dense_layer *layer, int32_t o, int pixels, const uint8_t *in, size_t in_stride, void *out,
                  size_t out_stride, prnn_dense_output output) {
  int32_t quads = layer->inputs / 4;
  const int8_t *w = layer->weights + (size_t)(o / 16) * quads * 64 + (o % 16) * 4;
  __m128i sum[4][2], zero = _mm_setzero_si128();
  for (int p = 0; p < pixels; p++) sum[p][0] = sum[p][1] = zero;
  for (int32_t q = 0; q < quads; q++, w += 64) {
    __m128i bytes = _mm_loadu_si128((const __m128i *)w);
    __m128i low = _mm_srai_epi16(_mm_unpacklo_epi8(zero, bytes), 8);
    __m128i high = _mm_srai_epi16(_mm_unpackhi_epi8(zero, bytes), 8);
    for (int p = 0; p < pixels; p++) {
      int32_t four;
      memcpy(&four, in + p * in_stride + 4 * q, 4);
      __m128i x = _mm_unpacklo_epi8(_mm_cvtsi32_si128(four), zero);
      x = _mm_unpacklo_epi64(x, x);
      sum[p][0] = _mm_add_epi32(sum[p][0], _mm_madd_epi16(x, low));
      sum[p][1] = _mm_add_epi32(sum[p][1], _mm_madd_epi16(x, high));
    }
  }
  for (int p = 0; p < pixels; p++) {
    int32_t four[4];
    _mm_storeu_si128((__m128i *)four, pair_sums(sum[p][0], sum[p][1]));
    for (int i = 0; i < 4; i++)
      prnn_finish(layer, o + i, four[i], in + p * in_stride, prnn_row(out, out_stride, p, output), output);
  }
}

static void dense(const prnn_dense_layer *layer, const uint8_t *in, size_t in_stride, void *out, size_t out_stride,
                  size_t n, prnn_dense_output output) {
  for (int32_t o = 0; o < layer->outputs; o += 4) {
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

typedef int32_t prnn_lanes __attribute__((vector_size(16)));

INLINE prnn_lanes prnn_add_pairs(prnn_lanes sum, int32_t pair, prnn_lanes weights) {
  return sum + (prnn_lanes)_mm_madd_epi16(_mm_set1_epi32(pair), (__m128i)weights);
}

INLINE prnn_lanes prnn_add_quads(prnn_lanes sum, prnn_lanes x, int32_t four) {
  // Even and odd bytes apart, as words.
  __m128i w = _mm_set1_epi32(four), even = _mm_and_si128((__m128i)x, _mm_set1_epi16(255)), odd = _mm_srli_epi16((__m128i)x, 8);
  __m128i w_even = _mm_srai_epi16(_mm_slli_epi16(w, 8), 8), w_odd = _mm_srai_epi16(w, 8);
  return sum + (prnn_lanes)_mm_madd_epi16(even, w_even) + (prnn_lanes)_mm_madd_epi16(odd, w_odd);
}

#include "wide.h"
#include "learn.h"

// SSE2 has unsigned products only. A negative number stands for itself plus 2^32, which adds the other times 2^32.
#define PRNN_EIGHT_PRODUCT(a, b) \
  ({                                                                                                      \
    union {                                                                                               \
      prnn_eight all;                                                                                     \
      __m128i two[4];                                                                                     \
    } x = {a}, y = {b};                                                                                   \
    for (int i = 0; i < 4; i++) {                                                                         \
      __m128i more = _mm_add_epi32(_mm_and_si128(_mm_srai_epi32(x.two[i], 31), y.two[i]),                 \
                                   _mm_and_si128(_mm_srai_epi32(y.two[i], 31), x.two[i]));                \
      x.two[i] = _mm_sub_epi64(_mm_mul_epu32(x.two[i], y.two[i]), _mm_slli_epi64(more, 32));              \
    }                                                                                                     \
    x.all;                                                                                                \
  })
#include "squares.h"

// The plain forms of the others, which the compiler vectorises for SSE2.
const prnn_kernels prnn_kernels_sse2 = {"sse2", dense, prnn_generic_inputs, prnn_generic_softmax, prnn_wide, prnn_lstm, PRNN_LEARNING, PRNN_SQUARES};
#endif
