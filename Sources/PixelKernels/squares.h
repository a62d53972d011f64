// Local least squares in clang's vectors: every path compiles this for its own target.
#ifndef PRNN_SQUARES_H
#define PRNN_SQUARES_H

#include <string.h>

#include "PixelKernels.h"
#include "squares_state.h"

typedef int32_t prnn_line __attribute__((vector_size(64)));   // 16 sums
typedef int64_t prnn_eight __attribute__((vector_size(64)));  // a number of 8 systems
typedef int32_t prnn_half __attribute__((vector_size(32)));

// All that takes or returns vectors is inlined, so how they are passed does not matter.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpsabi"

#define PRNN_SQUARES_INLINE static inline __attribute__((always_inline))

enum {
  PRNN_SQUARES_RIDGE = 16,
  PRNN_SQUARES_TRUST = 64,
  PRNN_SQUARES_LEAST = 64,
  PRNN_SQUARES_TOP = (1 << 28) - 1,
};

/// The line of the triangle's row i where column j is.
PRNN_SQUARES_INLINE int32_t prnn_squares_line(int32_t i, int32_t j) { return i + (i > 16 ? i - 16 : 0) + (j >= 16); }

PRNN_SQUARES_INLINE prnn_eight prnn_eight_all(int64_t x) { return (prnn_eight){0} + x; }

/// Products of numbers of 32 bits. The shifts tell the compiler so; paths with an instruction for it say it themselves.
PRNN_SQUARES_INLINE prnn_eight prnn_eight_product(prnn_eight a, prnn_eight b) {
#ifdef PRNN_EIGHT_PRODUCT
  return PRNN_EIGHT_PRODUCT(a, b);
#else
  return ((a << 32) >> 32) * ((b << 32) >> 32);
#endif
}

PRNN_SQUARES_INLINE prnn_eight prnn_eight_clamp(prnn_eight x, int64_t least, int64_t most) {
  x = __builtin_elementwise_max(x, prnn_eight_all(least));
  return __builtin_elementwise_min(x, prnn_eight_all(most));
}

/// floor(log2 x) for x = 1 ... 2^31, by the exponent of an exact double.
PRNN_SQUARES_INLINE prnn_eight prnn_eight_log(prnn_eight x) {
  typedef double doubles __attribute__((vector_size(64)));
  const prnn_eight magic = prnn_eight_all(0x4330000000000000);  // 2^52
  doubles d = (doubles)(x | magic) - (doubles)magic;
  return ((prnn_eight)d >> 52) - 1023;
}

/// About 2^44 / sqrt(m) for m = 2^28 ... 2^30 - 1: four steps of Newton's.
PRNN_SQUARES_INLINE prnn_eight prnn_eight_inverse_root(prnn_eight m) {
  prnn_eight r = prnn_eight_all(1181116006) - (prnn_eight_product(m, prnn_eight_all(171798692)) >> 28);
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; i++) {
    prnn_eight t = prnn_eight_product(prnn_eight_product(r, r) >> 30, m) >> 29;
    r = prnn_eight_product(r, 1610612736 - t) >> 30;
  }
  return r;
}

/// 8 log2 x, with the straight line between powers of two, for x = 1 ... 2^31 - 1.
PRNN_SQUARES_INLINE prnn_eight prnn_eight_level(prnn_eight x) {
  prnn_eight log = prnn_eight_log(x);
  return 8 * log + (((x << 3) >> log) & 7);
}

/// Sums of eight rows as (column, system) of eight columns.
PRNN_SQUARES_INLINE void prnn_squares_transpose(const int32_t *const from[8], int32_t at, prnn_eight to[8]) {
  prnn_half x[8], y[8], z[8];
#pragma clang loop unroll(full)
  for (int i = 0; i < 8; i++) memcpy(&x[i], from[i] + at, sizeof x[i]);
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; i++) {
    y[2 * i] = __builtin_shufflevector(x[2 * i], x[2 * i + 1], 0, 8, 2, 10, 4, 12, 6, 14);
    y[2 * i + 1] = __builtin_shufflevector(x[2 * i], x[2 * i + 1], 1, 9, 3, 11, 5, 13, 7, 15);
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < 2; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < 2; j++) {
      z[4 * i + j] = __builtin_shufflevector(y[4 * i + j], y[4 * i + j + 2], 0, 1, 8, 9, 4, 5, 12, 13);
      z[4 * i + j + 2] = __builtin_shufflevector(y[4 * i + j], y[4 * i + j + 2], 2, 3, 10, 11, 6, 7, 14, 15);
    }
#pragma clang loop unroll(full)
  for (int j = 0; j < 4; j++) {
    to[j] = __builtin_convertvector(__builtin_shufflevector(z[j], z[j + 4], 0, 1, 2, 3, 8, 9, 10, 11), prnn_eight);
    to[j + 4] = __builtin_convertvector(__builtin_shufflevector(z[j], z[j + 4], 4, 5, 6, 7, 12, 13, 14, 15), prnn_eight);
  }
}

/// What has been factored of eight systems: A = G G^T.
typedef struct {
  prnn_eight g[PRNN_SQUARES_SIZE * (PRNN_SQUARES_SIZE + 1) / 2];  ///< lower triangle, row by row; below the diagonal 15 fraction bits
  prnn_eight inverse[PRNN_SQUARES_SIZE];  ///< of the diagonal: inverse / 2^(30 + down)
  prnn_eight down[PRNN_SQUARES_SIZE];
} prnn_squares_factor;

PRNN_SQUARES_INLINE int32_t prnn_squares_index(int32_t i, int32_t j) { return i * (i + 1) / 2 + j; }

/// Column j of `rows` rows from row i on.
PRNN_SQUARES_INLINE void prnn_squares_column(prnn_squares_factor *f, int32_t i, int32_t j, int rows) {
  const prnn_eight *left = f->g + prnn_squares_index(j, 0);
  prnn_eight *to[4], sum[4];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) to[r] = f->g + prnn_squares_index(i + r, 0), sum[r] = prnn_eight_all(0);
  for (int32_t k = 0; k < j; k++) {
    prnn_eight x = left[k];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) sum[r] += prnn_eight_product(x, to[r][k]);
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) {
    prnn_eight y = prnn_eight_clamp(to[r][j] - (sum[r] >> 30), -PRNN_SQUARES_TOP, PRNN_SQUARES_TOP);
    y = prnn_eight_product(y, f->inverse[j]) >> (f->down[j] + 15);
    to[r][j] = prnn_eight_clamp(y, -2 * PRNN_SQUARES_TOP, 2 * PRNN_SQUARES_TOP);
  }
}

/// Cholesky's factors of systems of `size` rows whose entries are below 2^28.
static void prnn_squares_cholesky(prnn_squares_factor *f, int32_t size) {
  for (int32_t j = 0; j < size; j++) {
    prnn_eight *row = f->g + prnn_squares_index(j, 0), sum = prnn_eight_all(0), other = sum;
    int32_t k = 0;
    for (; k + 2 <= j; k += 2) {
      sum += prnn_eight_product(row[k], row[k]);
      other += prnn_eight_product(row[k + 1], row[k + 1]);
    }
    if (k < j) sum += prnn_eight_product(row[k], row[k]);
    row[j] = prnn_eight_clamp(row[j] - ((sum + other) >> 30), PRNN_SQUARES_LEAST, PRNN_SQUARES_TOP);
    f->down[j] = prnn_eight_log(row[j]) >> 1;
    f->inverse[j] = prnn_eight_inverse_root(row[j] << (28 - 2 * f->down[j]));
    int32_t i = j + 1;
    for (; i + 4 <= size; i += 4) prnn_squares_column(f, i, j, 4);
    for (; i < size; i++) prnn_squares_column(f, i, j, 1);
  }
}

/// Weights of eight systems: (channel, regressor).
typedef prnn_eight prnn_squares_solution[3][PRNN_SQUARES_SIZE];

/// Weight j of a channel from what the weights behind it leave.
PRNN_SQUARES_INLINE void prnn_squares_weight(const prnn_squares_factor *f, int c, int32_t j, prnn_eight left,
                                             prnn_squares_solution w, prnn_squares_row *const rows[8]) {
  prnn_eight a = prnn_eight_clamp(left >> 21, -INT32_MAX, INT32_MAX);
  a = prnn_eight_product(a, f->inverse[j]) >> (f->down[j] + 24);
  a = w[c][j] = prnn_eight_clamp(a, -PRNN_SQUARES_TOP, PRNN_SQUARES_TOP);
  for (int i = 0; i < 8; i++) rows[i]->weights[c][j] = (int32_t)a[i];
}

/// What channel c's row leaves for weight j after the weights of the channels before c that are behind it.
PRNN_SQUARES_INLINE prnn_eight prnn_squares_left(const prnn_squares_factor *f, int32_t n, int c, int32_t j,
                                                 prnn_squares_solution w) {
  prnn_eight left = f->g[prnn_squares_index(n + c, j)] << 20;
  for (int32_t i = j < n ? n : j + 1; i < n + c; i++)
    left -= prnn_eight_product(f->g[prnn_squares_index(i, j)], w[c][i]);
  return left;
}

/// The weights of all channels, from the last to the first; what the channels share is loaded once.
PRNN_SQUARES_INLINE void prnn_squares_weights(const prnn_squares_factor *f, int32_t n, int channels,
                                              prnn_squares_row *const rows[8]) {
  prnn_squares_solution w;
  for (int c = 1; c < channels; c++)
    for (int32_t j = n + c - 1; j >= n; j--) prnn_squares_weight(f, c, j, prnn_squares_left(f, n, c, j, w), w, rows);
  for (int32_t j = n - 1; j >= 0; j--) {
    prnn_eight sum[3] = {{0}, {0}, {0}};
    const prnn_eight *below = f->g + prnn_squares_index(n - 1, j);
    for (int32_t i = n - 1; i > j; below -= i, i--) {
#pragma clang loop unroll(full)
      for (int c = 0; c < channels; c++) sum[c] += prnn_eight_product(*below, w[c][i]);
    }
#pragma clang loop unroll(full)
    for (int c = 0; c < channels; c++)
      prnn_squares_weight(f, c, j, prnn_squares_left(f, n, c, j, w) - sum[c], w, rows);
  }
}

/// Weights and energies of eight rows from their sums.
static void prnn_squares_solve(const prnn_squares *s, prnn_squares_row *const rows[8]) {
  const int32_t n = s->count, size = n + s->channels;
  prnn_squares_factor f;
  const int32_t *from[8];
  for (int i = 0; i < 8; i++) from[i] = rows[i]->sums;
  prnn_eight top = prnn_eight_all(PRNN_SQUARES_RIDGE);
  for (int32_t i = 0; i < size; i++) {
    prnn_eight *row = f.g + prnn_squares_index(i, 0), eight[8];
    for (int32_t j = 0; j <= i; j += 8) {
      prnn_squares_transpose(from, 16 * prnn_squares_line(i, j) + j % 16, eight);
      for (int32_t k = j; k <= i && k < j + 8; k++) row[k] = eight[k - j];
    }
    row[i] += PRNN_SQUARES_RIDGE;
    top = __builtin_elementwise_max(top, row[i]);
  }
  const prnn_eight scale = 27 - prnn_eight_log(top);
  for (int32_t i = 0; i < size; i++) {
    prnn_eight *row = f.g + prnn_squares_index(i, 0);
    for (int32_t j = 0; j <= i; j++)
      row[j] = prnn_eight_clamp((row[j] << (scale + 3)) >> 3, -PRNN_SQUARES_TOP, PRNN_SQUARES_TOP - 256);
    row[i] += 256;
  }
  prnn_squares_cholesky(&f, size);
  prnn_eight total;
  for (int i = 0; i < 8; i++) total[i] = rows[i]->total + 1;
  const prnn_eight unit = 8 * scale + prnn_eight_level(total) - 32;
  if (s->channels == 3) {
    prnn_squares_weights(&f, n, 3, rows);
  } else {
    prnn_squares_weights(&f, n, 1, rows);
  }
  for (int32_t c = 0; c < s->channels; c++) {
    prnn_eight left = f.g[prnn_squares_index(n + c, n + c)];
    left = prnn_eight_clamp(prnn_eight_level(left) - unit, 0, 127);
    for (int i = 0; i < 8; i++) rows[i]->energy[c] = (uint8_t)left[i];
  }
}

/// Row i of a step; `start` is the number of the first in the ring.
PRNN_SQUARES_INLINE prnn_squares_row *prnn_squares_at(const prnn_squares *s, int32_t start, int32_t i) {
  int32_t number = start + i;
  return s->rows + (number < s->ring ? number : number - s->ring);
}

/// Before the first pixels of blocks: the weights of the blocks.
static void prnn_squares_begin(const prnn_squares *s, prnn_squares_step step) {
  const int32_t length = prnn_squares_length(s->count + s->channels);
  const int32_t start = step.first % s->ring, last = step.count - 1;
  if (step.column == s->lag * last) {
    // The row begins. Its blocks 0 and 1 are known in the rows above.
    prnn_squares_row *row = prnn_squares_at(s, start, last);
    const int32_t *above = s->above;
    const int32_t *next = s->width > s->block ? above + length : 0;
    for (int32_t i = 0; i < length; i++) {
      int32_t sum = above[i] - (above[i] >> 4) * s->horizontal + (next ? next[i] : 0);
      if (i < length - 16) row->sums[i] = sum;
      if (i == length - 16) row->total = sum;
    }
  }
  for (int32_t i = 0; i < step.count; i += 8) {
    prnn_squares_row *rows[8];
    for (int32_t j = 0; j < 8; j++) rows[j] = prnn_squares_at(s, start, i + j < step.count ? i + j : i);
    prnn_squares_solve(s, rows);
  }
}

/// Predictions of a channel, for pixels whose channels before are known; with channel 0 all energies.
static void prnn_squares_predict(const prnn_squares *s, prnn_squares_step step, int32_t channel,
                                 uint8_t *const *pixels, int16_t *predictions, uint8_t *energies, size_t stride) {
  const int32_t n = s->count, channels = s->channels, start = step.first % s->ring;
  const int32_t place = step.column % s->block;  // of all rows: the lag is a multiple
  // Values first: what is stored number by number is slow to load as a vector soon after.
  for (int32_t i = 0; i < step.count; i++) {
    prnn_squares_row *row = prnn_squares_at(s, start, i);
    const uint8_t *pixel = pixels[i], *west = pixel - channels;
    int16_t *v = row->values[place];
    if (channel > 0) {
      v[n + channel - 1] = (int16_t)(pixel[channel - 1] - west[channel - 1]);
      continue;
    }
    for (int32_t j = 0; j < n; j++) v[j] = (int16_t)(pixel[s->offset[j]] - west[s->channel[j]]);
    for (int32_t c = 0; c < channels; c++) energies[i * stride + c] = row->energy[c];
  }
  for (int32_t i = 0; i < step.count; i++) {
    prnn_squares_row *row = prnn_squares_at(s, start, i);
    const int16_t *v = row->values[place];
    // Weights behind the last are 0.
    prnn_eight products = {0};
    for (int32_t j = 0; j < n + channel; j += 8) {
      typedef int16_t words __attribute__((vector_size(16)));
      prnn_half w;
      words x;
      memcpy(&w, row->weights[channel] + j, sizeof w);
      memcpy(&x, v + j, sizeof x);
      products += prnn_eight_product(__builtin_convertvector(w, prnn_eight), __builtin_convertvector(x, prnn_eight));
    }
    int64_t sum = 1 << 15;
    for (int j = 0; j < 8; j++) sum += products[j];
    sum = 16 * pixels[i][channel - channels] + (sum >> 16);
    predictions[i * stride + channel] = (int16_t)(sum < 0 ? 0 : sum > 4080 ? 4080 : sum);
  }
}

/// Adds a block of a row to the sums; `columns`: of a block, known to the compiler.
PRNN_SQUARES_INLINE void prnn_squares_fold(const prnn_squares *s, prnn_squares_row *row, int32_t block, int32_t pixels,
                                           int columns) {
  const int32_t size = s->count + s->channels, length = prnn_squares_length(size);
  const int32_t blocks = prnn_squares_blocks(s);
  int32_t *above = s->above + (size_t)block * length;
  // Beyond the last block there are zeros.
  const int32_t *ahead = s->above + (size_t)(block + 2 < blocks ? block + 2 : blocks) * length;
  prnn_line v[PRNN_SQUARES_BLOCK][2];
  int32_t trust = 0;
  for (int p = 0; p < columns; p++) {
    typedef int16_t words __attribute__((vector_size(32)));
    for (int h = 0; h < 2; h++) {
      words x;
      memcpy(&x, row->values[p] + 16 * h, sizeof x);
      v[p][h] = __builtin_convertvector(x, prnn_line);
    }
    if (p >= pixels) row->trust[p] = 0;
    trust += row->trust[p];
  }
  for (int32_t i = 0; i < size; i++) {
    for (int h = 0; h <= (i >= 16); h++) {
      const int32_t at = 16 * prnn_squares_line(i, 16 * h);
      prnn_line old, sum, next, product = {0};
      for (int p = 0; p < columns; p++) product += v[p][h] * (row->values[p][i] * row->trust[p]);
      memcpy(&old, above + at, sizeof old);
      memcpy(&next, ahead + at, sizeof next);
      memcpy(&sum, row->sums + at, sizeof sum);
      sum += product + next - (sum >> 4) * s->horizontal;
      old += product - (old >> 4) * s->vertical;
      memcpy(row->sums + at, &sum, sizeof sum);
      memcpy(above + at, &old, sizeof old);
    }
  }
  const int32_t at = length - 16;
  row->total += trust + ahead[at] - (row->total >> 4) * s->horizontal;
  above[at] += trust - (above[at] >> 4) * s->vertical;
}

/// After a step: its pixels are learned from. `predictions`: (count, stride), `stride` at least the channels.
static void prnn_squares_learn(const prnn_squares *s, prnn_squares_step step, uint8_t *const *pixels,
                               const int16_t *predictions, size_t stride) {
  const int32_t channels = s->channels, start = step.first % s->ring, place = step.column % s->block;
  for (int32_t i = 0; i < step.count; i++) {
    prnn_squares_row *row = prnn_squares_at(s, start, i);
    const int32_t column = step.column - s->lag * i;
    int32_t error = 0;
    for (int32_t c = 0; c < channels; c++) {
      int32_t d = pixels[i][c] - ((predictions[i * stride + c] + 8) >> 4);
      error += d < 0 ? -d : d;
    }
    if (channels == 1) error *= 3;
    row->values[place][s->count + channels - 1] = (int16_t)(pixels[i][channels - 1] - pixels[i][-1]);
    row->trust[place] = step.first + i > 0 ? PRNN_SQUARES_TRUST * 12 / (12 + error) : 0;
    if (s->block == 1)
      prnn_squares_fold(s, row, column, 1, 1);
    else if (place == PRNN_SQUARES_BLOCK - 1 || column == s->width - 1)
      prnn_squares_fold(s, row, column / PRNN_SQUARES_BLOCK, place + 1, PRNN_SQUARES_BLOCK);
  }
}

#pragma clang diagnostic pop

#define PRNN_SQUARES prnn_squares_begin, prnn_squares_predict, prnn_squares_learn

#endif
