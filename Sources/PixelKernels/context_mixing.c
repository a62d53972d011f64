#include "ContextMixing.h"

#include <string.h>

#include "mixer.h"
#include "predictor.h"

enum {
  FLAG_CONTEXTS = 14,
  BIT_CONTEXTS = 16,
  PAD = 8,              // columns beside a row
  ABOVE = 4,            // rows above a picture
};

struct prnn_mixing {
  size_t width, height;
  size_t stride;
  int sample_bytes;
  uint64_t *pixels, *place;       // (pictures, ABOVE + height, stride); the next pixel
  size_t row, column;
  mixer flags, bits;
  mixer *last;
  uint32_t *found[2];             // places after contexts that match, long ones and short ones
  int log2_found;
  size_t match;                   // place of the pixel that should come, + 1
  int32_t length;                 // of the match; -1: a short one
  int state;
  uint64_t matched;
  uint64_t candidates[PRNN_CANDIDATES];
  int kinds[PRNN_CANDIDATES];     // W, N, NE, NW, WW, match
  int count;
  uint64_t w, n, nw, ne, ww, nn, nee, nww, nne, nnw, nnn, www;
  uint32_t pattern, wide, left, above;
  uint32_t history, run;
  int byte, part, activity, guess, side, top;
  uint32_t hashes[CONTEXTS];
  int predicts;                   // whether bits have contexts of predictions; the samples have two bytes
  predictor predictor;
  uint64_t known;                 // the bytes before the one at hand
  uint64_t learned;               // bits
  mixer_tables tables;
};

static int log2_slots(size_t pixels) {
  int bits = 12;
  while (bits < 20 && (size_t)1 << bits < 4 * pixels) bits++;
  return bits;
}

size_t prnn_mixing_bytes(size_t width, size_t height, size_t count, int pixel_bytes, prnn_mixing_kind kind) {
  size_t pixels, padded, all;
  if (__builtin_mul_overflow(width + 2 * PAD, height + ABOVE, &padded) || __builtin_mul_overflow(padded, count, &padded) ||
      __builtin_mul_overflow(padded, sizeof(uint64_t), &all) || __builtin_mul_overflow(width * height, count, &pixels) ||
      padded > UINT32_MAX)
    return SIZE_MAX;
  size_t slots = (size_t)1 << log2_slots(pixels);
  size_t weights = (2048 + 4096 + 2048) * (2 * FLAG_CONTEXTS + 1) + (2048 + 1024 + 648) * (2 * BIT_CONTEXTS + 1);
  if (kind == PRNN_MIXING_PREDICTED) all += 2 * sizeof(int32_t) * error_row(width, pixel_bytes / 2);
  return all + slots * 4 * (FLAG_CONTEXTS + BIT_CONTEXTS + 2) + 4 * (weights + 4 * REFINED * NODES) + sizeof(prnn_mixing);
}

prnn_mixing *prnn_mixing_make(size_t width, size_t height, size_t count, int pixel_bytes, prnn_mixing_kind kind) {
  static const int flag_sets[SETS] = {2048, 4096, 2048}, bit_sets[SETS] = {2048, 1024, 648}, predicted_sets[SETS] = {1024, 16 * 33, 64};
  prnn_mixing *m = prnn_mixing_bytes(width, height, count, pixel_bytes, kind) == SIZE_MAX ? NULL : calloc(1, sizeof *m);
  if (!m) return NULL;
  fill_tables(&m->tables);
  m->width = width;
  m->height = height;
  m->stride = width + 2 * PAD;
  m->sample_bytes = kind == PRNN_MIXING_BYTES ? 1 : 2;
  m->predicts = kind == PRNN_MIXING_PREDICTED;
  const int bits = log2_slots(width * height * count);
  m->log2_found = bits;
  m->pixels = calloc(m->stride * (height + ABOVE) * count, sizeof(uint64_t));
  for (int i = 0; i < 2; i++) m->found[i] = calloc((size_t)1 << bits, sizeof(uint32_t));
  if (!m->pixels || !m->found[0] || !m->found[1] || (m->predicts && !make_predictor(&m->predictor, width, pixel_bytes / 2)) ||
      !make_mixer(&m->flags, &m->tables, FLAG_CONTEXTS, flag_sets, 10000, 15, bits) ||
      !make_mixer(&m->bits, &m->tables, BIT_CONTEXTS, m->predicts ? predicted_sets : bit_sets, m->predicts ? 7000 : 10000, 14, bits)) {
    prnn_mixing_free(m);
    return NULL;
  }
  return m;
}

void prnn_mixing_free(prnn_mixing *m) {
  free_mixer(&m->flags);
  free_mixer(&m->bits);
  free(m->predictor.rows);
  free(m->pixels);
  free(m->found[0]);
  free(m->found[1]);
  free(m);
}

/// Goes to the beginning of a row.
static void start_row(prnn_mixing *m) {
  m->column = 0;
  for (int i = 1; i <= PAD; i++) m->place[-i] = m->place[-(ptrdiff_t)m->stride];
  m->match = 0;
  m->length = 0;
  m->run = 0;
  if (m->predicts) start_errors(&m->predictor, m->row);
}

/// Fills what is beside a row that is known.
static void end_row(prnn_mixing *m) {
  uint64_t *row = m->place - m->width;
  for (int i = 1; i <= PAD; i++) {
    row[-i] = row[0];
    row[(ptrdiff_t)m->width - 1 + i] = row[m->width - 1];
  }
}

void prnn_mixing_start(prnn_mixing *m, size_t picture) {
  m->row = 0;
  m->place = m->pixels + (picture * (m->height + ABOVE) + ABOVE) * m->stride + PAD;
  start_row(m);
}

/// Which of the first three candidates a pixel is; 3: none.
static uint32_t rank(const prnn_mixing *m, uint64_t pixel) {
  for (uint32_t i = 0; i < 3 && i < (uint32_t)m->count; i++)
    if (m->candidates[i] == pixel) return i;
  return 3;
}

static void find_match(prnn_mixing *m) {
  const uint64_t *at = m->place;
  uint32_t near = mix3(mix3(fold(m->w), fold(m->ww), fold(m->n)), mix(fold(m->nw), fold(m->ne)), fold(m->nn));
  uint32_t far = mix3(near, mix3(fold(m->www), fold(at[-4]), fold(at[-5])), mix(fold(at[-6]), fold(m->nee)));
  uint32_t *longer = m->found[0] + (far >> (32 - m->log2_found)), *shorter = m->found[1] + (near >> (32 - m->log2_found));
  if (!m->match) {
    m->length = 1;
    m->match = *longer;
    if (!m->match) {
      m->match = *shorter;
      m->length = m->match ? -1 : 0;
    }
  }
  *longer = *shorter = (uint32_t)(at - m->pixels) + 1;
  m->matched = m->match ? m->pixels[m->match - 1] : 0;
  m->state = !m->match ? 0 : m->length < 0 ? 1 : m->length < 16 ? 2 : 3;
}

int prnn_mixing_next(prnn_mixing *m, uint64_t *candidates) {
  const uint64_t *at = m->place, *up = at - m->stride, *up2 = up - m->stride;
  m->w = at[-1], m->ww = at[-2], m->www = at[-3];
  m->n = up[0], m->nw = up[-1], m->ne = up[1], m->nee = up[2], m->nww = up[-2];
  m->nn = up2[0], m->nne = up2[1], m->nnw = up2[-1], m->nnn = (up2 - m->stride)[0];
  find_match(m);
  const uint64_t near[5] = {m->w, m->n, m->ne, m->nw, m->ww};
  m->count = 0;
  if (m->state >= 2) m->candidates[0] = m->matched, m->kinds[0] = 5, m->count = 1;
  // Noise is seldom equal to what is beside it.
  const int some = !m->predicts ? 5 : m->w == m->n || (m->history & 7) != 7 ? 1 : 0;
  for (int k = 0; k < some; k++) {
    int is_new = 1;
    for (int i = 0; i < m->count; i++) is_new &= m->candidates[i] != near[k];
    if (is_new) m->candidates[m->count] = near[k], m->kinds[m->count++] = k;
  }
  m->pattern = (uint32_t)((m->w == m->n) | (m->w == m->nw) << 1 | (m->n == m->nw) << 2 | (m->n == m->ne) << 3 | (m->w == m->ww) << 4 |
                          (m->n == m->nn) << 5 | (m->ne == m->nee) << 6 | (m->nw == m->nww) << 7 | (m->nn == m->nne) << 8 |
                          (m->ww == m->nww) << 9 | (m->ne == m->nne) << 10 | (m->nw == m->nnw) << 11);
  const uint64_t around[12] = {m->ww, m->nn, m->nee, m->nww, m->nne, m->nnw, m->nnn, m->www, up[3], up[-3], up2[2], up2[-2]};
  m->wide = 0;
  for (int k = 0; k < 12; k++) m->wide = m->wide * 4 + rank(m, around[k]);
  m->left = m->run < 31 ? m->run : 31;
  m->above = 0;
  while (m->above < 15 && m->column + m->above + 1 < m->width && up[m->above + 1] == m->n) m->above++;
  memcpy(candidates, m->candidates, sizeof m->candidates);
  return m->count;
}

uint32_t prnn_mixing_flag(prnn_mixing *m, int i) {
  const uint64_t candidate = m->candidates[i];
  const uint32_t agrees = m->match && m->matched == candidate;
  const uint32_t s = (uint32_t)(i | m->kinds[i] << 3) | agrees << 6 | (uint32_t)m->state << 7 | (uint32_t)(m->count == i + 1) << 9;
  const uint32_t w = fold(m->w), n = fold(m->n), nw = fold(m->nw), ne = fold(m->ne), ww = fold(m->ww), nn = fold(m->nn),
                 nee = fold(m->nee);
  const uint32_t length = (uint32_t)(m->length < 0 ? 0 : m->length > 400 ? 40 : m->length > 32 ? 20 + m->length / 32 : m->length);
  const uint32_t wn = mix(w, n), near = mix3(wn, nw, ne);
  const uint32_t contexts[FLAG_CONTEXTS] = {
      near,
      wn,
      mix3(n, ne, nw),
      mix3(w, ww, nw),
      m->pattern,
      mix(m->pattern, m->wide),
      mix3(near, mix3(ww, nn, nee), mix(fold(m->nww), fold(m->nne))),
      length | agrees << 6,
      fold(candidate),
      m->left << 4 | m->above | (m->pattern & 31) << 9,
      mix3(wn, mix(ne, nee), mix(nn, ww)),
      m->history,
      mix3(mix(n, nn), w, (uint32_t)m->column),
      mix3(mix(w, ww), mix(fold(m->www), fold(m->place[-4])), mix(n, ne)),
  };
  for (int j = 0; j < FLAG_CONTEXTS; j++) look_up(&m->flags, j, mix3(contexts[j], s, (uint32_t)j));
  const uint32_t sets[SETS] = {(uint32_t)i * 256 + (uint32_t)m->state * 64 + (m->pattern & 63), m->pattern,
                               (uint32_t)i * 256 + m->left * 8 + (m->above < 7 ? m->above : 7)};
  for (int k = 0; k < SETS; k++) m->flags.chosen[k] = m->flags.weights[k] + sets[k] * (2 * FLAG_CONTEXTS + 1);
  m->last = &m->flags;
  return predict(&m->flags, (uint32_t)i << 8 | (m->pattern & 255), mix(wn, s) >> 20);
}

static int byte_of(uint64_t pixel, int number) { return (int)(pixel >> 8 * number & 255); }

/// A sample of 16 bits.
static int32_t sample_of(uint64_t pixel, int channel) { return byte_of(pixel, 2 * channel) << 8 | byte_of(pixel, 2 * channel + 1); }

static neighbours around(const prnn_mixing *m, int channel) {
#define SAMPLE(name) .name = sample_of(m->name, channel)
  return (neighbours){SAMPLE(w),   SAMPLE(n),   SAMPLE(nw),  SAMPLE(ne),  SAMPLE(ww),  SAMPLE(nn),
                      SAMPLE(nne), SAMPLE(nee), SAMPLE(nww), SAMPLE(nnw), SAMPLE(www), SAMPLE(nnn)};
#undef SAMPLE
}

/// - Parameter known: the samples before.
static void predict_channel(prnn_mixing *m, int channel, uint64_t known) {
  const neighbours a = around(m, channel);
  neighbours b;
  if (channel > 0) b = around(m, channel - 1);
  predict_sample(&m->predictor, m->row, m->column, channel, &a, channel > 0 ? &b : NULL, channel > 0 ? sample_of(known, channel - 1) : 0);
}

/// The next bit of a sample of 16 bits: its contexts are how far predictions are from the threshold at and above which it is 1.
static uint32_t predicted_bit(prnn_mixing *m) {
  const int channel = m->byte >> 1, is_low = m->byte & 1, part = m->part;
  int bit = is_low ? 7 : 15;
  while (part >> ((is_low ? 8 : 16) - bit) != 0) bit--;
  const int32_t high = is_low ? byte_of(m->known, m->byte - 1) : 0;
  const int32_t least = (is_low ? high << 8 : 0) | ((part << (bit + 1 - (is_low ? 0 : 8)) & 255) << (is_low ? 0 : 8));
  const int32_t threshold = least | 1 << bit;
  const prediction *p = m->predictor.of + channel;
  const int32_t *g = p->guesses;
  const uint32_t which = (uint32_t)(channel * 16 + bit), prefix = (uint32_t)(least >> bit | 1 << (16 - bit));
  const uint32_t energy = level(p->blend_energy);
#define FINE(x) fine((x) - threshold)
#define COARSE(x) coarse((x) - threshold)
  const uint32_t blend = FINE(p->blend), filter = FINE(p->filtered);
  const uint32_t before = channel > 0 ? fold(m->known & (((uint64_t)1 << 16 * channel) - 1)) : 0;
  const uint32_t contexts[BIT_CONTEXTS] = {
      blend | energy << 8,
      blend | COARSE(p->blend + p->blend_w) << 8 | COARSE(p->blend + p->blend_n) << 16,
      FINE(g[0]) | level(p->spread) << 8,
      FINE(g[1]) | COARSE(g[5]) << 8,
      filter | coarse(p->filter_w) << 8 | coarse(p->filter_n) << 16,
      FINE(g[2]) | COARSE(g[3]) << 8,
      FINE(p->filtered + ((p->filter_w + p->filter_n) >> 2)) | energy << 8,
      filter | energy << 8,
      prefix,
      mix3(prefix, mix(fold(m->w), fold(m->n)), before),
      mix(prefix, (uint32_t)(byte_of(m->w, 2 * channel) | byte_of(m->n, 2 * channel) << 8)),
      FINE(g[6]) | energy << 8 | level(p->spread) << 16,
      filter | COARSE(p->blend) << 8 | COARSE(g[0]) << 16,
      mix(prefix, before),
      filter | coarse(p->filter_w + p->filter_n) << 8 | level(p->filter_energy) << 16,
      (uint32_t)(part | high >> 4 << 8),
  };
  for (int j = 0; j < BIT_CONTEXTS; j++) look_up(&m->bits, j, mix3(contexts[j], which, (uint32_t)j));
  const uint32_t sets[SETS] = {which * 16 + energy, (uint32_t)bit * 33 + COARSE(p->blend), which};
#undef FINE
#undef COARSE
  for (int k = 0; k < SETS; k++) m->bits.chosen[k] = m->bits.weights[k] + sets[k] * (2 * BIT_CONTEXTS + 1);
  m->last = &m->bits;
  return predict(&m->bits, (which & 31) << 7 | filter, mix3(filter, which, energy) >> 20);
}

void prnn_mixing_byte(prnn_mixing *m, int byte, uint64_t known) {
  m->byte = byte;
  m->part = 1;
  m->known = known;
  if (m->predicts) {
    if (byte % 2 == 0) predict_channel(m, byte / 2, known);
    return;
  }
  // A low byte is compared to what neighbours are above the high byte before it.
  const int is_low = byte % m->sample_bytes;
  const int high = is_low ? byte_of(known, byte - 1) : 0;
#define VALUE(x) (byte_of(x, byte) + (is_low ? 256 * (byte_of(x, byte - 1) - high) : 0))
  int w = VALUE(m->w), n = VALUE(m->n), nw = VALUE(m->nw), ne = VALUE(m->ne), ww = VALUE(m->ww), nn = VALUE(m->nn);
#undef VALUE
  const int median = clamp(middle(w, n, nw), 0, 255), sum = abs(w - nw) + abs(n - nw) + abs(n - ne);
  w = clamp(w, 0, 255), n = clamp(n, 0, 255), nw = clamp(nw, 0, 255), ne = clamp(ne, 0, 255), ww = clamp(ww, 0, 255), nn = clamp(nn, 0, 255);
  // What the same byte of the channel before is more than its median, its left and its upper neighbour.
  int more = 0, more_w = 0, more_n = 0;
  if (!is_low && byte > 0) {
    const int k = byte - m->sample_bytes, v = byte_of(known, k), pw = byte_of(m->w, k), pn = byte_of(m->n, k);
    more = v - middle(pw, pn, byte_of(m->nw, k));
    more_w = v - pw;
    more_n = v - pn;
  }
  m->activity = (sum >= 2) + (sum >= 6) + (sum >= 14) + (sum >= 30) + (sum >= 60) + (sum >= 120) + (sum >= 200);
  m->guess = clamp(median + more, 0, 255);
  m->side = w;
  m->top = n;
  const uint32_t before = fold(known), fw = fold(m->w), fn = fold(m->n), q = (uint32_t)m->activity;
  const uint32_t wn = (uint32_t)(w | n << 8);
  const uint32_t contexts[BIT_CONTEXTS] = {
      wn,
      before,
      mix(before, wn),
      (uint32_t)median,
      (uint32_t)m->guess | q << 8,
      (uint32_t)((w + n) >> 1 | abs(w - n) >> 3 << 8),
      (uint32_t)(w | nw << 8),
      0,
      mix3(fw, fn, before),
      (uint32_t)(n | ne << 8),
      (uint32_t)(clamp(w + more_w, 0, 255) | m->guess << 8),
      (uint32_t)clamp(n + more_n, 0, 255) | q << 8,
      (uint32_t)(clamp(2 * n - nn, 0, 255) | ww >> 4 << 8),
      mix(fw, before),
      mix(fn, before),
      (uint32_t)clamp(((w + ne) >> 1) + more, 0, 255),
  };
  for (int j = 0; j < BIT_CONTEXTS; j++) m->hashes[j] = mix3(contexts[j], (uint32_t)byte, (uint32_t)j);
}

/// What a guess says of the next bit: 0: nothing, since the bits before are others; 1 + the bit.
static uint32_t says(int guess, int part, int bit) {
  return (guess | 256) >> (bit + 1) == part ? 1 + (uint32_t)(guess >> bit & 1) : 0;
}

uint32_t prnn_mixing_bit(prnn_mixing *m) {
  if (m->predicts) return predicted_bit(m);
  const uint32_t part = (uint32_t)m->part, byte = (uint32_t)m->byte;
  int bit = 7;
  while (part >> (8 - bit) != 0) bit--;
  for (int j = 0; j < BIT_CONTEXTS; j++) look_up(&m->bits, j, mix(m->hashes[j], part));
  const uint32_t sets[SETS] = {byte * 256 + part, (byte * 8 + (uint32_t)m->activity) * 16 + (uint32_t)bit,
                               (byte * 9 + (uint32_t)bit) * 9 + says(m->guess, m->part, bit) * 3 + says(m->side, m->part, bit)};
  for (int k = 0; k < SETS; k++) m->bits.chosen[k] = m->bits.weights[k] + sets[k] * (2 * BIT_CONTEXTS + 1);
  m->last = &m->bits;
  return predict(&m->bits, byte << 8 | part, mix3((uint32_t)m->guess, part, byte) >> 20);
}

void prnn_mixing_learn(prnn_mixing *m, int bit) {
  const int is_bit = m->last == &m->bits;
  // What is predicted is learned ever more slowly.
  learn(m->last, bit, is_bit && m->predicts ? 12 + (int32_t)((uint64_t)52 * 32768 / (++m->learned + 32768)) : 64);
  if (is_bit) m->part = 2 * m->part + bit;
}

void prnn_mixing_end(prnn_mixing *m, uint64_t pixel, int candidate) {
  for (int c = 0; m->predicts && c < m->predictor.channels; c++) {
    if (candidate >= 0) predict_channel(m, c, pixel);
    learn_sample(&m->predictor, m->row, m->column, c, sample_of(pixel, c));
  }
  *m->place++ = pixel;
  m->run = pixel == m->w ? m->run + 1 : 0;
  m->history = (m->history << 3 | (uint32_t)(candidate < 0 ? 7 : m->kinds[candidate])) & 0xFFFF;
  if (m->match) {
    if (m->matched == pixel) {
      m->length = m->length < 0 ? 1 : m->length < 65535 ? m->length + 1 : 65535;
      m->match++;
    }
    // Its row may end before this one.
    if (m->matched != pixel || (m->match - 1) % m->stride == PAD + m->width) m->match = 0, m->length = 0;
  }
  if (++m->column == m->width) {
    end_row(m);
    m->place += 2 * PAD;
    if (++m->row < m->height) start_row(m);
  }
}
