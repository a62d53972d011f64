// What is predicted for samples of 16 bits, for the contexts of their bits; spec/mixing.md, "Bits with predictions".
#ifndef PRNN_PREDICTOR_H
#define PRNN_PREDICTOR_H

#include <string.h>

#include "mixer.h"

enum {
  GUESSES = 8,
  ERRORS = GUESSES + 2,  // that are kept of a sample: of the guesses, their blend, and the filter
  TAPS = 12,
  CHANNELS = 4,
  LARGEST_TAP = 1 << 20,
};

/// Samples of a channel around the one to code.
typedef struct {
  int32_t w, n, nw, ne, ww, nn, nne, nee, nww, nnw, www, nnn;
} neighbours;

/// What is known of the sample of a channel before it is coded.
typedef struct {
  int32_t guesses[GUESSES];
  int32_t blend;                       // of the guesses, each weighed by how well it did nearby
  int32_t filtered;                    // the blend, moved by an adaptive filter
  int32_t inputs[TAPS + 4], inputs_used;
  int32_t norm;
  int32_t blend_w, blend_n;            // what the sample was more than the blend, at W and N
  int32_t filter_w, filter_n;          // the same of the filter
  int32_t blend_energy, filter_energy; // sums of such errors, without their signs, at W, N, NW, NE
  int32_t spread;
} prediction;

typedef struct {
  size_t width;
  int channels;
  int32_t *rows;                  // (2, 1 + width + 1, channels, ERRORS) errors of the row above and the row at hand, in turns
  int32_t taps[CHANNELS][TAPS + 4];  // in 2^-16
  prediction of[CHANNELS];
} predictor;

static size_t error_row(size_t width, int channels) { return (width + 2) * (size_t)channels * ERRORS; }

static int make_predictor(predictor *s, size_t width, int channels) {
  s->width = width;
  s->channels = channels;
  s->rows = calloc(2 * error_row(width, channels), sizeof(int32_t));
  return s->rows != NULL;
}

/// The errors at a column of a row; -1 and `width`: beside it.
static int32_t *errors_at(const predictor *s, size_t row, ptrdiff_t column, int channel) {
  return s->rows + (row & 1) * error_row(s->width, s->channels) + ((size_t)(column + 1) * (size_t)s->channels + (size_t)channel) * ERRORS;
}

/// Before a row is coded: beside it stands what stands beside pixels, see spec/mixing.md, "Pixels".
static void start_errors(predictor *s, size_t row) {
  const size_t each = (size_t)s->channels * ERRORS * sizeof(int32_t);
  if (row == 0) memset(s->rows, 0, 2 * error_row(s->width, s->channels) * sizeof(int32_t));
  int32_t *above = errors_at(s, row + 1, -1, 0);
  memcpy(above, errors_at(s, row + 1, 0, 0), each);
  memcpy(errors_at(s, row + 1, (ptrdiff_t)s->width, 0), errors_at(s, row + 1, (ptrdiff_t)s->width - 1, 0), each);
  memcpy(errors_at(s, row, -1, 0), above, each);
}

/// The median edge detector.
static inline int middle(int w, int n, int nw) { return clamp(w + n - nw, w < n ? w : n, w < n ? n : w); }

/// - Parameters:
///   - a: around the sample, of its channel.
///   - b: the same of the channel before; NULL for the first.
///   - before: the sample of that channel.
static void predict_sample(predictor *s, size_t row, size_t column, int channel, const neighbours *a, const neighbours *b,
                           int32_t before) {
  prediction *p = s->of + channel;
  const int32_t gradient = a->w + a->n - a->nw;
  const int32_t guesses[GUESSES] = {
      middle(a->w, a->n, a->nw) + (b ? before - middle(b->w, b->n, b->nw) : 0),
      gradient + (b ? before - (b->w + b->n - b->nw) : 0),
      a->w + (b ? before - b->w : 0),
      a->n + (b ? before - b->n : 0),
      ((a->w + a->ne) >> 1) + (b ? before - ((b->w + b->ne) >> 1) : 0),
      a->n + a->ne - a->nne + (b ? before - (b->n + b->ne - b->nne) : 0),
      ((a->w + a->n) >> 1) + ((a->ne - a->nw) >> 2) + (b ? (2 * before - b->w - b->n) >> 1 : 0),
      b ? middle(a->w, a->n, a->nw) : 2 * a->n - a->nn,
  };
  const int32_t *at[4] = {errors_at(s, row, (ptrdiff_t)column - 1, channel), errors_at(s, row + 1, (ptrdiff_t)column, channel),
                          errors_at(s, row + 1, (ptrdiff_t)column - 1, channel), errors_at(s, row + 1, (ptrdiff_t)column + 1, channel)};
  int64_t sum = 0, weights = 0;
  for (int i = 0; i < GUESSES; i++) {
    p->guesses[i] = clamp(guesses[i], 0, 65535);
    const int64_t error = 2 + (int64_t)at[0][i] + at[1][i] + at[2][i] + at[3][i];
    const int64_t weight = ((int64_t)1 << 40) / (error * error);
    sum += weight * p->guesses[i];
    weights += weight;
  }
  p->blend = (int32_t)((sum + weights / 2) / weights);
  p->blend_w = at[0][GUESSES], p->blend_n = at[1][GUESSES];
  p->filter_w = at[0][GUESSES + 1], p->filter_n = at[1][GUESSES + 1];
  p->blend_energy = p->filter_energy = 0;
  for (int i = 0; i < 4; i++) p->blend_energy += abs(at[i][GUESSES]), p->filter_energy += abs(at[i][GUESSES + 1]);
  p->spread = abs(a->w - a->nw) + abs(a->n - a->nw) + abs(a->n - a->ne);

  const int32_t inputs[TAPS + 4] = {a->w, a->n, a->nw, a->ne, a->ww, a->nn, a->nne, a->nee, a->nww, a->nnw, a->www, a->nnn,
                                    b ? b->w : 0, b ? b->n : 0, b ? b->nw : 0, b ? b->ne : 0};
  p->inputs_used = b ? TAPS + 4 : TAPS;
  int64_t moved = 0, norm = 0;
  for (int i = 0; i < p->inputs_used; i++) {
    p->inputs[i] = inputs[i] - (i < TAPS ? p->blend : before);
    moved += (int64_t)p->inputs[i] * s->taps[channel][i];
    norm += (int64_t)p->inputs[i] * p->inputs[i];
  }
  p->filtered = clamp(p->blend + (int32_t)(moved >> 16), 0, 65535);
  p->norm = 1 + (int32_t)(norm >> 8);
}

/// Learns the sample that was predicted.
static void learn_sample(predictor *s, size_t row, size_t column, int channel, int32_t sample) {
  prediction *p = s->of + channel;
  int32_t *errors = errors_at(s, row, (ptrdiff_t)column, channel);
  for (int i = 0; i < GUESSES; i++) errors[i] = abs(sample - p->guesses[i]);
  errors[GUESSES] = sample - p->blend;
  errors[GUESSES + 1] = sample - p->filtered;
  // Normalised least mean squares; quotients are rounded towards 0.
  const int64_t step = 8 * (int64_t)errors[GUESSES + 1];
  for (int i = 0; i < p->inputs_used; i++) {
    int32_t *tap = s->taps[channel] + i;
    *tap = (int32_t)(*tap + step * p->inputs[i] / p->norm);
    *tap = clamp(*tap, -LARGEST_TAP, LARGEST_TAP);
  }
}

/// A difference in steps that grow with it: those of up to 7 are exact, others have three bits.
static inline uint32_t fine(int32_t difference) {
  const uint32_t size = (uint32_t)clamp(abs(difference), 0, 65535);
  const int high = size < 4 ? 0 : 31 - __builtin_clz(size);
  return (size < 4 ? size : (uint32_t)(4 * (high - 1)) + (size >> (high - 2) & 3)) + (difference < 0 ? 64 : 0);
}

/// Its sign, and how many bits it has.
static inline uint32_t coarse(int32_t difference) {
  const uint32_t size = (uint32_t)clamp(abs(difference), 0, 65535);
  return (size == 0 ? 0 : 32 - (uint32_t)__builtin_clz(size)) + (difference < 0 ? 16 : 0);
}

/// How many of 1, 3, 6, 12, 24, ..., 3 * 2^13 a sum of errors reaches.
static inline uint32_t level(int32_t energy) {
  uint32_t count = 0;
  while (count < 15 && energy >= 3 << count >> 1) count++;
  return count;
}

#endif
