// A mixer of what contexts have seen (Mahoney, "Adaptive weighing of context models for lossless data compression", 2005);
// spec/mixing.md, "Numbers" and "A mixer".
#ifndef PRNN_MIXER_H
#define PRNN_MIXER_H

#include <stdint.h>
#include <stdlib.h>

enum {
  CONTEXTS = 16,        // at most
  INPUTS = 2 * CONTEXTS + 1,
  SETS = 3,
  LIMIT = 2943,         // of a logit, in 1/256
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

typedef struct {
  int16_t logit[4096];
  uint16_t probability[2 * LIMIT + 1];
  int32_t rate[MOST + 1], trust[MOST + 1];
} mixer_tables;

/// Contexts, what they have seen, and how their opinions are mixed, for one kind of decision.
typedef struct {
  const mixer_tables *tables;
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

static int32_t node_of(int k) { return k < 0 ? 65536 - sigmoid[-k] : sigmoid[k]; }

static void fill_tables(mixer_tables *m) {
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

static inline int32_t clamp(int32_t x, int32_t low, int32_t high) { return x < low ? low : x > high ? high : x; }

static inline uint32_t mix(uint32_t a, uint32_t b) {
  uint64_t h = (uint64_t)a * 0x9E3779B1u ^ (uint64_t)b * 0x85EBCA77u << 7;
  h ^= h >> 29;
  return (uint32_t)(h * 0xBF58476D1CE4E5B9u >> 32);
}

static inline uint32_t mix3(uint32_t a, uint32_t b, uint32_t c) { return mix(mix(a, b), c); }

static inline uint32_t fold(uint64_t pixel) { return mix((uint32_t)pixel, (uint32_t)(pixel >> 32)); }

/// - Parameters:
///   - sets: entries of each set of weights.
///   - weight: of an opinion, at first.
/// Returns: whether there was memory for it.
static int make_mixer(mixer *x, const mixer_tables *tables, int contexts, const int sets[SETS], int32_t weight, int shift,
                      int log2_slots) {
  x->tables = tables;
  x->contexts = contexts;
  x->shift = shift;
  x->log2_slots = log2_slots;
  for (int i = 0; i < contexts; i++)
    if (!(x->slots[i] = calloc((size_t)1 << log2_slots, sizeof(uint32_t)))) return 0;
  int inputs = 2 * contexts + 1;
  for (int s = 0; s < SETS; s++) {
    if (!(x->weights[s] = malloc((size_t)sets[s] * (size_t)inputs * sizeof(int32_t)))) return 0;
    for (int i = 0; i < sets[s] * inputs; i++) x->weights[s][i] = i % inputs < contexts ? weight : 0;
  }
  for (int r = 0; r < 2; r++) {
    if (!(x->refined[r] = malloc((size_t)REFINED * NODES * sizeof(uint32_t)))) return 0;
    for (int i = 0; i < REFINED * NODES; i++)
      x->refined[r][i] = (uint32_t)tables->probability[clamp((i % NODES - 16) * NODE, -LIMIT, LIMIT) + LIMIT] << 6;
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

/// The probability of 1, in 2^-16; `first` and `second` are the contexts of the refinements.
static uint32_t predict(mixer *x, uint32_t first, uint32_t second) {
  const mixer_tables *t = x->tables;
  const int n = x->contexts;
  for (int i = 0; i < n; i++) {
    uint32_t slot = *x->at[i];
    int32_t trust = t->trust[slot & 31];
    x->inputs[i] = t->logit[slot >> 20] * trust >> 8;
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
  int32_t p = 2 * t->probability[z + LIMIT] + refine(x, 0, first, z) + refine(x, 1, second, z);
  return (uint32_t)clamp((p + 2) >> 2, 1, 65535);
}

/// Learns the bit that the last probability was of.
///
/// - Parameter rate: what part of an error the weights learn, in 1/64.
static void learn(mixer *x, int bit, int32_t rate) {
  const mixer_tables *t = x->tables;
  const int n = x->contexts;
  for (int s = 0; s < SETS; s++) {
    int32_t error = ((bit ? 65535 : 0) - t->probability[x->logits[s] + LIMIT]) * rate >> 6;
    for (int i = 0; i <= 2 * n; i++)
      x->chosen[s][i] = clamp(x->chosen[s][i] + ((x->inputs[i] * error + (1 << (x->shift - 1))) >> x->shift), -LARGEST_WEIGHT,
                              LARGEST_WEIGHT);
  }
  for (int i = 0; i < n; i++) {
    uint32_t slot = *x->at[i], count = slot & 31;
    int32_t p = (int32_t)(slot >> 12);
    p += (int32_t)((int64_t)((bit ? (1 << 20) - 1 : 0) - p) * t->rate[count] >> 16);
    *x->at[i] = (uint32_t)p << 12 | (slot & 127 << 5) | (count < MOST ? count + 1 : MOST);
  }
  for (int r = 0; r < 2; r++) {
    int32_t p = (int32_t)*x->node[r];
    *x->node[r] = (uint32_t)(p + (((bit ? 65535 << 6 : 0) - p) >> 6));
  }
}

#endif
