/// Float kernels of training. Paths may differ in the last bits.
///
/// All matrices are row by row; a stride is the distance from a row to the next, in elements. No alignment is asked
/// for. Why not a BLAS: bench/results/float_kernels.md.
#ifndef PRNN_FLOAT_KERNELS_H
#define PRNN_FLOAT_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/// Columns of a matrix that share a span.
#define PRNN_SPAN_COLUMNS 16

/// Where in PRNN_SPAN_COLUMNS columns of a matrix (k, columns) the numbers are: elsewhere they are 0. begin ≤ end.
typedef struct {
  uint32_t begin;
  uint32_t end;
} prnn_span;

/// One product of a sum of products: (rows, k) times (k, columns).
typedef struct {
  const float *a;
  size_t a_stride;
  const float *b;
  size_t b_stride;
  size_t k;
  const prnn_span *spans;  ///< of b, or null
} prnn_term;

/// What becomes of s = the sum of products: y = gate(s + bias) + addend, where gate keeps s where `gate` is above 0.
typedef struct {
  const float *bias;  ///< (columns), or null
  const float *gate;  ///< (rows, columns), or null
  size_t gate_stride;
  const float *addend;  ///< (rows, columns), or null; may be `y`
  size_t addend_stride;
  float *y;  ///< (rows, columns)
  size_t y_stride;
  float *positive;  ///< (rows, columns) max(0, y), or null; may be `y`
  size_t positive_stride;
} prnn_result;

typedef struct {
  const char *name;

  /// Σ terms to `to`.
  void (*products)(const prnn_term *terms, size_t count, const prnn_result *to, size_t rows, size_t columns);

  /// w (k, columns) += aᵀ (k, rows) · d (rows, columns); outside the spans, where there are some, w may be left as it
  /// is.
  void (*gradient)(const float *a, size_t a_stride, const float *d, size_t d_stride, size_t rows, size_t k,
                   size_t columns, const prnn_span *spans, float *w, size_t w_stride);

  /// sums (columns) += the sums of the columns of d (rows, columns).
  void (*sums)(const float *d, size_t d_stride, size_t rows, size_t columns, float *sums);

  /// `rows` LSTM cells of `h` features. gates: (rows, 4 h), in: sums of the gates o, f, i, g; out: σ, σ, σ, tanh of
  /// them. c = f · before + i · g, y = o · tanh(c), all (rows, h).
  void (*lstm)(float *gates, const float *before, float *c, float *y, size_t rows, size_t h);

  /// Its backward: dy (rows, h) and dc (rows, h) to the sums' dz (rows, 4 h) and, in `dc`, to the cells before.
  void (*lstm_backward)(const float *gates, const float *before, const float *c, const float *dy, float *dc, float *dz,
                        size_t rows, size_t h);

  /// Σ −ln softmax(logits)[target] in nats. logits: (rows, 256) of stride `stride`, out: the gradient.
  double (*softmax_loss)(float *logits, size_t stride, const uint8_t *targets, size_t targets_stride, size_t rows);

  /// Σ −ln p(target), p(1) = σ(logit), in nats; out: the gradient.
  double (*bernoulli_loss)(float *logits, const uint8_t *targets, size_t rows);

  /// y = max(0, x)
  void (*relu)(const float *x, float *y, size_t count);

  /// y += x
  void (*add)(const float *x, float *y, size_t count);

  /// The largest |x|; 0 for none.
  float (*magnitude)(const float *x, size_t count);
} prnn_float_kernels;

/// The float kernels called `name` (avx512, avx2, plain), or null when this CPU or build lacks them.
const prnn_float_kernels *prnn_float_kernels_named(const char *name);

/// The fastest this CPU can run.
const prnn_float_kernels *prnn_float_kernels_fastest(void);

#endif
