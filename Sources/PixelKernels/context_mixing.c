#include "ContextMixing.h"

#include <stdlib.h>
#include <string.h>

enum {
  FLAG_CONTEXTS = 14,
  BIT_CONTEXTS = 16,
  CONTEXTS = 16,
  INPUTS = 2 * CONTEXTS + 1,
  SETS = 3,
  LIMIT = 2943,         // of a logit, in 1/256
  PAD = 8,              // columns beside a row
  ABOVE = 4,            // rows above a picture
  REFINED = 4096,       // contexts of a refinement
  NODES = 33,
  NODE = 184,           // between two nodes, in 1/256
  MOST = 30,            // of a count
  LARGEST_WEIGHT = 1 << 22,
};

// round(65536 / (1 + e^(-k / 4))), k = 0 ... 46.
static const uint16_t sigmoid[47] = {
    32768, 36843, 40793, 44511, 47911, 50941, 53581, 55834, 57724, 59287, 60565, 61598, 62428, 63090, 63615, 64030,
    64357, 64614, 64816, 64974, 65097, 65194, 65269, 65328, 65374, 65410, 65438, 65459, 65476, 65489, 65500, 65508,
    65514, 65519, 65523, 65526, 65528, 65530, 65531, 65532, 65533, 65534, 65534, 65535, 65535, 65535, 65535,
};

/// Contexts, what they have seen, and how their opinions are mixed, for one kind of decision.
typedef struct {
  int contexts;
  int shift;                      // of a step of the weights
  int log2_slots;
  uint32_t *slots[CONTEXTS];      // probability in 2^-20, check of 7 bits, count of 5 bits
  uint32_t *at[CONTEXTS];
  int32_t inputs[INPUTS];
  int32_t *weights[SETS];         // in 2^-16
  int32_t *chosen[SETS];
  int32_t logits[SETS];
  uint32_t *refined[2];           // (contexts, nodes) probabilities in 2^-22
  uint32_t *node[2];
} mixer;

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
  int16_t logit[4096];
  uint16_t probability[2 * LIMIT + 1];
  int32_t rate[MOST + 1], trust[MOST + 1];
};

// ---------------------------------------------------------------------------------------------------------- arithmetic

static int32_t node_of(int k) { return k < 0 ? 65536 - sigmoid[-k] : sigmoid[k]; }

static void fill_tables(prnn_mixing *m) {
  for (int z = -LIMIT; z <= LIMIT; z++) {
    int j = (z + 2944) >> 6, f = (z + 2944) & 63;
    int32_t a = node_of(j - 46), b = node_of(j - 45);
    m->probability[z + LIMIT] = (uint16_t)(a + (((b - a) * f + 32) >> 6));
  }
  int z = -LIMIT;
  for (int i = 0; i < 4096; i++) {
    while (z < LIMIT && m->probability[z + LIMIT] < 16 * i + 8) z++;
    m->logit[i] = (int16_t)z;
  }
  for (int n = 0; n <= MOST; n++) {
    m->rate[n] = 655360 / (10 * n + 13);
    m->trust[n] = n == 0 ? 0 : n < 8 ? 128 + 16 * n : 256;
  }
}

static int32_t clamp(int32_t x, int32_t low, int32_t high) { return x < low ? low : x > high ? high : x; }

static uint32_t mix(uint32_t a, uint32_t b) {
  uint64_t h = (uint64_t)a * 0x9E3779B1u ^ (uint64_t)b * 0x85EBCA77u << 7;
  h ^= h >> 29;
  return (uint32_t)(h * 0xBF58476D1CE4E5B9u >> 32);
}

static uint32_t mix3(uint32_t a, uint32_t b, uint32_t c) { return mix(mix(a, b), c); }

static uint32_t fold(uint64_t pixel) { return mix((uint32_t)pixel, (uint32_t)(pixel >> 32)); }

// --------------------------------------------------------------------------------------------------------------- mixer

static void *zeros(size_t count, size_t size) { return calloc(count, size); }

static int make_mixer(prnn_mixing *m, mixer *x, int contexts, const int sets[SETS], int shift, int log2_slots) {
  x->contexts = contexts;
  x->shift = shift;
  x->log2_slots = log2_slots;
  for (int i = 0; i < contexts; i++)
    if (!(x->slots[i] = zeros((size_t)1 << log2_slots, sizeof(uint32_t)))) return 0;
  int inputs = 2 * contexts + 1;
  for (int s = 0; s < SETS; s++) {
    if (!(x->weights[s] = malloc((size_t)sets[s] * (size_t)inputs * sizeof(int32_t)))) return 0;
    for (int i = 0; i < sets[s] * inputs; i++) x->weights[s][i] = i % inputs < contexts ? 10000 : 0;
  }
  for (int r = 0; r < 2; r++) {
    if (!(x->refined[r] = malloc((size_t)REFINED * NODES * sizeof(uint32_t)))) return 0;
    for (int i = 0; i < REFINED * NODES; i++)
      x->refined[r][i] = (uint32_t)m->probability[clamp((i % NODES - 16) * NODE, -LIMIT, LIMIT) + LIMIT] << 6;
  }
  return 1;
}

static void free_mixer(mixer *x) {
  for (int i = 0; i < CONTEXTS; i++) free(x->slots[i]);
  for (int s = 0; s < SETS; s++) free(x->weights[s]);
  for (int r = 0; r < 2; r++) free(x->refined[r]);
}

/// The slot of a context: one of two, found by its check, or the one that has seen less.
static void look_up(mixer *x, int i, uint32_t hash) {
  uint32_t *slot = x->slots[i] + (hash >> (32 - x->log2_slots)), check = hash & 127;
  if ((*slot >> 5 & 127) != check) {
    uint32_t *other = x->slots[i] + ((hash >> (32 - x->log2_slots)) ^ 1);
    if ((*other >> 5 & 127) == check) {
      slot = other;
    } else {
      if ((*other & 31) < (*slot & 31)) slot = other;
      *slot = 1u << 31 | check << 5;
    }
  }
  x->at[i] = slot;
}

/// Nodes on both sides of a logit; the nearer one learns.
static int32_t refine(mixer *x, int r, uint32_t context, int32_t z) {
  int32_t j = (z + 2944) / NODE, f = (z + 2944) % NODE;
  uint32_t *t = x->refined[r] + context * NODES + j;
  x->node[r] = t + (f >= NODE / 2);
  return (int32_t)((t[0] * (uint64_t)(NODE - f) + t[1] * (uint64_t)f) / NODE >> 6);
}

static uint32_t predict(prnn_mixing *m, mixer *x, uint32_t first, uint32_t second) {
  const int n = x->contexts;
  for (int i = 0; i < n; i++) {
    uint32_t slot = *x->at[i];
    int32_t trust = m->trust[slot & 31];
    x->inputs[i] = m->logit[slot >> 20] * trust >> 8;
    x->inputs[n + i] = ((int32_t)(slot >> 16) - 32768) * trust >> 13;
  }
  x->inputs[2 * n] = 256;
  int32_t all = 0;
  for (int s = 0; s < SETS; s++) {
    int64_t sum = 0;
    for (int i = 0; i <= 2 * n; i++) sum += (int64_t)x->inputs[i] * x->chosen[s][i];
    sum >>= 16;
    x->logits[s] = sum < -LIMIT ? -LIMIT : sum > LIMIT ? LIMIT : (int32_t)sum;
    all += x->logits[s];
  }
  // Rounded down, also below 0.
  int32_t z = (all + 3 * 4096) / 3 - 4096;
  m->last = x;
  int32_t p = 2 * m->probability[z + LIMIT] + refine(x, 0, first, z) + refine(x, 1, second, z);
  return (uint32_t)clamp((p + 2) >> 2, 1, 65535);
}

void prnn_mixing_learn(prnn_mixing *m, int bit) {
  mixer *x = m->last;
  const int n = x->contexts;
  for (int s = 0; s < SETS; s++) {
    int32_t error = (bit ? 65535 : 0) - m->probability[x->logits[s] + LIMIT];
    for (int i = 0; i <= 2 * n; i++)
      x->chosen[s][i] = clamp(x->chosen[s][i] + ((x->inputs[i] * error + (1 << (x->shift - 1))) >> x->shift), -LARGEST_WEIGHT,
                              LARGEST_WEIGHT);
  }
  for (int i = 0; i < n; i++) {
    uint32_t slot = *x->at[i], count = slot & 31;
    int32_t p = (int32_t)(slot >> 12);
    p += (int32_t)((int64_t)((bit ? (1 << 20) - 1 : 0) - p) * m->rate[count] >> 16);
    *x->at[i] = (uint32_t)p << 12 | (slot & 127 << 5) | (count < MOST ? count + 1 : MOST);
  }
  for (int r = 0; r < 2; r++) {
    int32_t p = (int32_t)*x->node[r];
    *x->node[r] = (uint32_t)(p + (((bit ? 65535 << 6 : 0) - p) >> 6));
  }
  if (x == &m->bits) m->part = 2 * m->part + bit;
}

// -------------------------------------------------------------------------------------------------------------- pixels

static int log2_slots(size_t pixels) {
  int bits = 12;
  while (bits < 20 && (size_t)1 << bits < 4 * pixels) bits++;
  return bits;
}

size_t prnn_mixing_bytes(size_t width, size_t height, size_t count) {
  size_t pixels, padded, all;
  if (__builtin_mul_overflow(width + 2 * PAD, height + ABOVE, &padded) || __builtin_mul_overflow(padded, count, &padded) ||
      __builtin_mul_overflow(padded, sizeof(uint64_t), &all) || __builtin_mul_overflow(width * height, count, &pixels) ||
      padded > UINT32_MAX)
    return SIZE_MAX;
  size_t slots = (size_t)1 << log2_slots(pixels);
  size_t weights = (2048 + 4096 + 2048) * (2 * FLAG_CONTEXTS + 1) + (2048 + 1024 + 648) * (2 * BIT_CONTEXTS + 1);
  return all + slots * 4 * (FLAG_CONTEXTS + BIT_CONTEXTS + 2) + 4 * (weights + 4 * REFINED * NODES) + sizeof(prnn_mixing);
}

prnn_mixing *prnn_mixing_make(size_t width, size_t height, size_t count, int sample_bytes) {
  static const int flag_sets[SETS] = {2048, 4096, 2048}, bit_sets[SETS] = {2048, 1024, 648};
  prnn_mixing *m = prnn_mixing_bytes(width, height, count) == SIZE_MAX ? NULL : zeros(1, sizeof *m);
  if (!m) return NULL;
  fill_tables(m);
  m->width = width;
  m->height = height;
  m->stride = width + 2 * PAD;
  m->sample_bytes = sample_bytes;
  const int bits = log2_slots(width * height * count);
  m->log2_found = bits;
  m->pixels = zeros(m->stride * (height + ABOVE) * count, sizeof(uint64_t));
  for (int i = 0; i < 2; i++) m->found[i] = zeros((size_t)1 << bits, sizeof(uint32_t));
  if (!m->pixels || !m->found[0] || !m->found[1] || !make_mixer(m, &m->flags, FLAG_CONTEXTS, flag_sets, 15, bits) ||
      !make_mixer(m, &m->bits, BIT_CONTEXTS, bit_sets, 14, bits)) {
    prnn_mixing_free(m);
    return NULL;
  }
  return m;
}

void prnn_mixing_free(prnn_mixing *m) {
  free_mixer(&m->flags);
  free_mixer(&m->bits);
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
  for (int k = 0; k < 5; k++) {
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
  return predict(m, &m->flags, (uint32_t)i << 8 | (m->pattern & 255), mix(wn, s) >> 20);
}

static int byte_of(uint64_t pixel, int number) { return (int)(pixel >> 8 * number & 255); }

/// The median edge detector.
static int middle(int w, int n, int nw) { return clamp(w + n - nw, w < n ? w : n, w < n ? n : w); }

void prnn_mixing_byte(prnn_mixing *m, int byte, uint64_t known) {
  m->byte = byte;
  m->part = 1;
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
  const uint32_t part = (uint32_t)m->part, byte = (uint32_t)m->byte;
  int bit = 7;
  while (part >> (8 - bit) != 0) bit--;
  for (int j = 0; j < BIT_CONTEXTS; j++) look_up(&m->bits, j, mix(m->hashes[j], part));
  const uint32_t sets[SETS] = {byte * 256 + part, (byte * 8 + (uint32_t)m->activity) * 16 + (uint32_t)bit,
                               (byte * 9 + (uint32_t)bit) * 9 + says(m->guess, m->part, bit) * 3 + says(m->side, m->part, bit)};
  for (int k = 0; k < SETS; k++) m->bits.chosen[k] = m->bits.weights[k] + sets[k] * (2 * BIT_CONTEXTS + 1);
  return predict(m, &m->bits, byte << 8 | part, mix3((uint32_t)m->guess, part, byte) >> 20);
}

void prnn_mixing_end(prnn_mixing *m, uint64_t pixel, int candidate) {
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
