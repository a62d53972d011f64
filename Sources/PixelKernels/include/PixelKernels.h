/// Exact integer kernels of prnn. Every path computes the same numbers, to the last bit (spec/arithmetic.md).
#ifndef PRNN_PIXEL_KERNELS_H
#define PRNN_PIXEL_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "ContextMixing.h"
#include "FloatKernels.h"
#include "LeastSquares.h"

/// One 1x1 convolution. Activations are 0 ... 127, weights -127 ... 127.
typedef struct {
  int32_t inputs;         ///< multiple of 4
  int32_t outputs;        ///< multiple of 16
  const int8_t *weights;  ///< (outputs / 16, inputs / 4, 16, 4)
  const int32_t *bias;    ///< (outputs)
  const int32_t *shift;   ///< (outputs), 0 ... 31
} prnn_dense_layer;

/// What becomes of y = (sum of products + bias) >> shift.
typedef enum {
  PRNN_RELU = 0,      ///< uint8: y clamped to 0 ... 127
  PRNN_RESIDUAL = 1,  ///< uint8: min(127, y clamped to 0 ... 127 + input of the same index)
  PRNN_LOGITS = 2,    ///< int16: y clamped to int16
} prnn_dense_output;

/// Activations of 16-bit layers are -8192 ... 8192.
#define PRNN_WIDE_LIMIT 8192

/// One layer of 16-bit numbers. No sum of products may leave 32 bits.
typedef struct {
  int32_t inputs;          ///< multiple of 2
  int32_t outputs;         ///< multiple of 16
  const int16_t *weights;  ///< (outputs / 16, inputs / 2, 16, 2)
  const int32_t *bias;     ///< (outputs)
  const int32_t *shift;    ///< (outputs), 0 ... 31
} prnn_wide_layer;

/// What y = (sum of products + bias) >> shift is clamped to.
typedef enum {
  PRNN_WIDE_RELU = 0,    ///< 0 ... 8192
  PRNN_WIDE_SIGNED = 1,  ///< -8192 ... 8192
  PRNN_WIDE_FULL = 2,    ///< int16
} prnn_wide_output;

/// Where the causal window of a pixel lies in a padded tile of interleaved samples.
typedef struct {
  int32_t channels;   ///< 1 or 3
  int32_t up;         ///< rows above
  int32_t row_bytes;  ///< samples taken from each row above: (left + 1 + right) * channels
  int32_t own_bytes;  ///< samples taken from the pixel's own row: left * channels
  int32_t left_bytes; ///< distance from the first sample of a row's window to the pixel's column
  ptrdiff_t stride;   ///< samples from a row of the tile to the next
} prnn_window;

/// The unnormalised softmax of 256 logits: frequencies and the sums of those with equal (symbol mod 16).
typedef struct {
  uint32_t frequency[256];
  uint32_t lane[16];
} prnn_distribution;

/// The weight of a symbol that cannot occur.
#define PRNN_ABSENT (-32768)

/// The largest slope of a cost: slopes are -63 ... 63, stored with 64 added, so that the kernels take them for activations.
#define PRNN_SLOPE 63

/// The most features, inputs of a layer included, that `quads` takes.
#define PRNN_MOST_FEATURES 4096

/// How the weights of an output follow the slopes of the cost; spec/arithmetic.md, "Learning".
typedef struct {
  int32_t momentum_shift;  ///< 0 ... 15
  int32_t square_shift;    ///< 0 ... 15
  int32_t floor;           ///< 8 ... 24
  int32_t gain;            ///< 0 ... 32767
  int32_t limit;           ///< largest magnitude of a weight, below 2^30
} prnn_rate;

typedef struct {
  const char *name;

  /// `n` rows of `in` (in_stride bytes apart) through one layer to `n` rows of `out` (out_stride elements apart).
  void (*dense)(const prnn_dense_layer *layer, const uint8_t *in, size_t in_stride, void *out, size_t out_stride,
                size_t n, prnn_dense_output output);

  /// Window of the pixel at `pixel` minus the prediction (channels samples) as fine, then coarse differences.
  /// Reads up to 32 bytes past each row of the window and writes up to 32 bytes past the end of the 2 * window inputs.
  void (*inputs)(const prnn_window *window, const uint8_t *pixel, const uint8_t *prediction, uint8_t *out);

  /// Fills `d` from 256 logits in 1/32 bit, to each of which its weight is added (null: none; the sum is clamped to
  /// int16); returns the total, 1 ... 2^31 - 1. Symbols of weight PRNN_ABSENT get frequency 0; at least one must not.
  uint32_t (*softmax)(const int16_t *logits, const int16_t *weights, prnn_distribution *d);

  /// `n` rows of `in` through one layer to `n` rows of `out`; strides in elements.
  void (*wide)(const prnn_wide_layer *layer, const int16_t *in, size_t in_stride, int16_t *out, size_t out_stride,
               size_t n, prnn_wide_output output);

  /// One step of an LSTM for `features` (a multiple of 16) of one pixel. `gates`: (4, features), o f i g, 11 fraction bits;
  /// `cell`, `new_cell`: (features), 11 fraction bits; `hidden`: (features), 13 fraction bits, -8192 ... 8192.
  void (*lstm)(const int16_t *gates, size_t features, const int16_t *cell, int16_t *new_cell, int16_t *hidden);

  /// The slopes of the cost of `symbol` by its 256 logits, from its frequencies; `number`: of the pixel in its stream.
  void (*slope)(const prnn_distribution *d, uint32_t total, uint32_t symbol, uint32_t number, uint8_t *out);

  /// Slopes by `n` activations, rounded by `shift`, as slopes by what the ReLU was given: 0 where it is not above `below`, or
  /// is 127.
  void (*gate)(const int16_t *slope, const uint8_t *below, const uint8_t *activation, int32_t shift, size_t n, uint8_t *out);

  /// `n` rows of `count` bytes less `zero`, four rows interleaved: (n / 4 rounded up, count, 4); rows that are missing are 0.
  void (*quads)(const uint8_t *in, size_t in_stride, size_t n, size_t count, uint8_t zero, uint8_t *out);

  /// sums[o][i] += the sum over all rows of slope o times activation i. `x`: (quads, inputs, 4), `slopes`: (quads, outputs, 4);
  /// inputs and outputs are multiples of 16.
  void (*outer)(const uint8_t *x, size_t inputs, const uint8_t *slopes, size_t outputs, size_t quads, int32_t *sums);

  /// sums[i] += slope i of all `n` rows.
  void (*totals)(const uint8_t *slopes, size_t stride, size_t n, size_t count, int32_t *sums);

  /// For each 16 of 256 slopes a bit, the first one's lowest: whether any of them is not 0 (a byte of 64) in any of `n` rows.
  uint32_t (*active)(const uint8_t *slopes, size_t stride, size_t n);

  /// sums[i] = clamp(sums[i] + (slopes[i] >> shift)) to int16, a shift below 0 being one to the left; shift: -15 ... 15.
  void (*join)(const int16_t *slopes, int32_t shift, size_t n, int16_t *sums);

  /// The sum of `n` (1 ... 4) sets of 256 logits with weights of 12 fraction bits, -8192 ... 8191, rounded, clamped to int16.
  void (*mix)(const int16_t *const *logits, const int32_t *weights, int32_t n, int16_t *out);

  /// The means of `n` sets of 256 logits under frequencies of a total from 2^22, each shifted right by 8; rounded down.
  void (*expectations)(const prnn_distribution *d, const int16_t *const *logits, int32_t n, int32_t *means);

  /// Moves `n` weights of one output against the sums of their slopes, which become 0.
  void (*update)(const prnn_rate *rate, size_t n, int32_t *sum, int32_t *momentum, int32_t *square, int32_t *weight);

  /// `n` weights, shifted right and rounded, in -127 ... 127; shift: 1 ... 30.
  void (*round_weights)(const int32_t *weight, size_t n, int32_t shift, int8_t *out);

  /// The weights of a layer, (outputs, inputs), both multiples of 16, rounded from 16 fraction bits, as `prnn_dense_layer` has them.
  /// `rows`: room for (16, inputs).
  void (*pack)(const int32_t *weights, size_t inputs, size_t outputs, int8_t *rows, int8_t *out);

  /// The transposed weights of the first `passing` inputs, a multiple of 16, those of output o shifted by shifts[o], as those of
  /// a layer of `outputs` inputs; `bias`, (outputs / 16, passing), takes 64 off each 16 of these. `rows`: room for (4, passing).
  void (*pack_transposed)(const int32_t *weights, size_t inputs, size_t outputs, const int32_t *shifts, size_t passing,
                          int8_t *rows, int8_t *out, int32_t *bias);
  /// Local least squares. Before the pixels of a step whose columns are multiples of 4: their weights.
  void (*squares_begin)(const prnn_squares *s, prnn_squares_step step);

  /// Predictions of a channel in 1/16, 0 ... 4080, once the channels before are in place at `pixels`; with channel 0 the
  /// energies of all channels, 0 ... 127. Both are (count, stride), a pixel's channels side by side. For all channels in turn.
  void (*squares_predict)(const prnn_squares *s, prnn_squares_step step, int32_t channel, uint8_t *const *pixels,
                          int16_t *predictions, uint8_t *energies, size_t stride);

  /// After a step, with what it predicted: learns its samples.
  void (*squares_learn)(const prnn_squares *s, prnn_squares_step step, uint8_t *const *pixels,
                        const int16_t *predictions, size_t stride);
} prnn_kernels;

/// The kernels called `name` (scalar, sse2, avx2, avx512, neon), or null when this CPU or build lacks them.
const prnn_kernels *prnn_kernels_named(const char *name);

/// 2^22 · 2^(-exponent / 32), rounded for exponents below 32, others rounded down from those. spec/arithmetic.md, "Powers of two".
uint32_t prnn_power_below(uint32_t exponent);

/// Names of all kernels this CPU can run, fastest first; null-terminated.
const char *const *prnn_kernels_available(void);

/// Frequencies of the symbols 0 and 1 from the logit of 1 in 1/32 bit, that of 0 being 0; the others of `d`, which must be
/// zero before, are left. Returns the total.
uint32_t prnn_bernoulli(int32_t logit, prnn_distribution *d);

static inline uint32_t prnn_frequency(const prnn_distribution *d, uint32_t symbol) { return d->frequency[symbol & 255]; }

/// Cumulative frequency of `symbol` in the order of spec/arithmetic.md ("Order of symbols").
static inline uint32_t prnn_cumulative(const prnn_distribution *d, uint32_t symbol) {
  uint32_t lane = symbol & 15, row = symbol >> 4, sum = 0;
  for (uint32_t i = 0; i < lane; i++) sum += d->lane[i];
  for (uint32_t i = 0; i < row; i++) sum += d->frequency[16 * i + lane];
  return sum;
}

/// The symbol whose interval holds `target` (less than the total); its cumulative frequency goes to `cumulative`.
static inline uint32_t prnn_locate(const prnn_distribution *d, uint32_t target, uint32_t *cumulative) {
  uint32_t lane = 0, row = 0, sum = 0;
  uint32_t before = 0, after = 0;
  for (uint32_t i = 0; i < 15; i++) {
    after += d->lane[i];
    uint32_t past = after <= target;
    lane += past;
    before = past ? after : before;
  }
  sum = after = before;
  for (uint32_t i = 0; i < 15; i++) {
    after += d->frequency[16 * i + lane];
    uint32_t past = after <= target;
    row += past;
    sum = past ? after : sum;
  }
  *cumulative = sum;
  return 16 * row + lane;
}

#endif
