// Prints, for every kernel path of the CPU it runs on, a hash of what each kernel gives for the same numbers: a line "kernel hash path". All paths
// of all machines must agree (`run`).

#include <stdio.h>

#include "PixelKernels.h"

// The local least squares of a whole picture.
#include "../../spec/reference/squares.c"

enum { INPUTS = 96, OUTPUTS = 48, ROWS = 23, STRIDE = 128, SYMBOLS = 256, SPARE = 64 };

static uint64_t state;

/// A number from `low` to `high`, the same on all machines (Knuth's MMIX generator).
static int32_t number(int32_t low, int32_t high) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (int32_t)(low + (int64_t)((state >> 33) % (uint64_t)((int64_t)high - low + 1)));
}

#define FILL(a, low, high) \
  for (size_t i = 0; i < sizeof(a) / sizeof *(a); i++) (a)[i] = number(low, high)

/// FNV-1a.
static uint64_t hashed(uint64_t hash, const void *bytes, size_t count) {
  for (size_t i = 0; i < count; i++) hash = (hash ^ ((const uint8_t *)bytes)[i]) * 0x100000001b3u;
  return hash;
}

static const uint64_t EMPTY = 0xcbf29ce484222325u;

static void say(const char *kernel, const char *path, uint64_t hash) {
  printf("%s %016llx %s\n", kernel, (unsigned long long)hash, path);
}

static void layers(const prnn_kernels *k) {
  static int8_t weights[INPUTS * OUTPUTS];
  static int16_t wide_weights[INPUTS * OUTPUTS], wide_in[ROWS * STRIDE], wide_out[ROWS * STRIDE];
  static int32_t bias[OUTPUTS], shift[OUTPUTS];
  static uint8_t in[ROWS * STRIDE], out[2 * ROWS * STRIDE];
  FILL(weights, -127, 127);
  FILL(wide_weights, -1000, 1000);
  FILL(bias, -50000, 50000);
  FILL(shift, 5, 11);
  FILL(in, 0, 127);
  FILL(wide_in, -PRNN_WIDE_LIMIT, PRNN_WIDE_LIMIT);
  prnn_dense_layer dense = {INPUTS, OUTPUTS, weights, bias, shift};
  prnn_wide_layer wide = {INPUTS, OUTPUTS, wide_weights, bias, shift};
  uint64_t dense_hash = EMPTY, wide_hash = EMPTY;
  for (int n = 1; n <= ROWS; n += 11) {
    for (int kind = 0; kind < 3; kind++) {
      memset(out, 0, sizeof out);
      k->dense(&dense, in, STRIDE, out, STRIDE, n, kind);
      dense_hash = hashed(dense_hash, out, sizeof out);
      memset(wide_out, 0, sizeof wide_out);
      k->wide(&wide, wide_in, STRIDE, wide_out, STRIDE, n, kind);
      wide_hash = hashed(wide_hash, wide_out, sizeof wide_out);
    }
  }
  say("dense", k->name, dense_hash);
  say("wide", k->name, wide_hash);
  int16_t cells[2][STRIDE];
  k->lstm(wide_in, STRIDE, wide_in + 5 * STRIDE, cells[0], cells[1]);
  say("lstm", k->name, hashed(EMPTY, cells, sizeof cells));
  static uint8_t plane[20000];
  FILL(plane, 0, 255);
  const prnn_window window = {3, 4, 27, 12, 12, 2000};
  k->inputs(&window, plane + 10000, plane + 77, out);
  say("inputs", k->name, hashed(EMPTY, out, 240));
}

static void distributions(const prnn_kernels *k) {
  static int16_t logits[4][SYMBOLS], weights[SYMBOLS], mixed[SYMBOLS];
  static uint8_t slopes[SYMBOLS];
  const int16_t *sets[4];
  for (int i = 0; i < 4; i++) {
    for (int j = 0; j < SYMBOLS; j++) logits[i][j] = (int16_t)number(-3000, 900);
    sets[i] = logits[i];
  }
  FILL(weights, -300, 300);
  for (int i = 0; i < SYMBOLS; i += 3) weights[i] = PRNN_ABSENT;
  uint64_t hashes[4] = {EMPTY, EMPTY, EMPTY, EMPTY};
  for (int i = 0; i < 4; i++) {
    prnn_distribution d;
    uint32_t total = k->softmax(logits[i], i & 1 ? weights : NULL, &d);
    hashes[0] = hashed(hashed(hashes[0], &total, sizeof total), &d, sizeof d);
    for (uint32_t symbol = 1; symbol < SYMBOLS; symbol += 97) {
      k->slope(&d, total, symbol, symbol * 40503u, slopes);
      hashes[1] = hashed(hashes[1], slopes, sizeof slopes);
    }
    int32_t shares[4] = {number(-8192, 8191), number(-8192, 8191), number(-8192, 8191), number(-8192, 8191)}, means[4] = {0};
    k->mix(sets, shares, i + 1, mixed);
    hashes[2] = hashed(hashes[2], mixed, sizeof mixed);
    k->expectations(&d, sets, i + 1, means);
    hashes[3] = hashed(hashes[3], means, sizeof means);
  }
  const char *names[4] = {"softmax", "slope", "mix", "expectations"};
  for (int i = 0; i < 4; i++) say(names[i], k->name, hashes[i]);
}

static void learning(const prnn_kernels *k) {
  enum { N = INPUTS * OUTPUTS, QUADS = (ROWS + 3) / 4 };
  static uint8_t x[ROWS * STRIDE], g[ROWS * SYMBOLS], quads[2][QUADS * SYMBOLS * 4 + SPARE], gated[STRIDE];
  static int32_t sums[N], momentum[N], square[N], weight[N], totals[SYMBOLS], shifts[OUTPUTS], bias[OUTPUTS / 16 * INPUTS];
  static int16_t slopes[STRIDE], joined[STRIDE];
  static int8_t rows[16 * SYMBOLS + SPARE], rounded[N], packed[2][N + SPARE];
  memset(bias, 0, sizeof bias);
  FILL(x, 0, 127);
  FILL(g, 1, 127);
  FILL(slopes, -32768, 32767);
  FILL(joined, -32768, 32767);
  FILL(momentum, -100000, 100000);
  FILL(square, 0, 1000000);
  FILL(weight, -(8 << 20), 8 << 20);
  FILL(shifts, 0, 7);
  memset(totals, 0, sizeof totals);
  memset(sums, 0, sizeof sums);
  for (int y = 0; y < ROWS; y++) memset(g + y * SYMBOLS + 32, 64, 64);
  uint32_t active = k->active(g, SYMBOLS, ROWS);
  say("active", k->name, hashed(EMPTY, &active, sizeof active));
  k->gate(slopes, x, x + STRIDE, 7, STRIDE, gated);
  say("gate", k->name, hashed(EMPTY, gated, sizeof gated));
  k->join(slopes, 3, STRIDE, joined);
  k->join(slopes, -2, STRIDE, joined);
  say("join", k->name, hashed(EMPTY, joined, sizeof joined));
  k->totals(g, SYMBOLS, ROWS, SYMBOLS, totals);
  say("totals", k->name, hashed(EMPTY, totals, sizeof totals));
  k->quads(x, STRIDE, ROWS, INPUTS, 0, quads[0]);
  k->quads(g, SYMBOLS, ROWS, OUTPUTS, 64, quads[1]);
  say("quads", k->name, hashed(hashed(EMPTY, quads[0], QUADS * INPUTS * 4), quads[1], QUADS * OUTPUTS * 4));
  k->outer(quads[0], INPUTS, quads[1], OUTPUTS, QUADS, sums);
  say("outer", k->name, hashed(EMPTY, sums, sizeof sums));
  const prnn_rate rate = {1, 6, 14, 629, 1 << 24};
  k->update(&rate, N, sums, momentum, square, weight);
  say("update", k->name, hashed(hashed(hashed(hashed(EMPTY, sums, sizeof sums), momentum, sizeof momentum), square, sizeof square), weight, sizeof weight));
  k->round_weights(weight, N, 16, rounded);
  say("round_weights", k->name, hashed(EMPTY, rounded, sizeof rounded));
  k->pack(weight, INPUTS, OUTPUTS, rows, packed[0]);
  say("pack", k->name, hashed(EMPTY, packed[0], N));
  k->pack_transposed(weight, INPUTS, OUTPUTS, shifts, INPUTS, rows, packed[1], bias);
  say("pack_transposed", k->name, hashed(hashed(EMPTY, packed[1], N), bias, sizeof bias));
}

static void squares(const prnn_kernels *k) {
  enum { WIDTH = 90, HEIGHT = 31, MARGIN = 2, ACROSS = 3 * (WIDTH + 2 * MARGIN) };
  static uint8_t plane[ACROSS * (HEIGHT + MARGIN)], energies[3 * WIDTH * HEIGHT];
  static int16_t predictions[3 * WIDTH * HEIGHT];
  int level = 99;
  for (size_t i = 0; i < sizeof plane; i++) {
    level += number(-15, 15);
    plane[i] = (uint8_t)(level = level < 0 ? 0 : level > 255 ? 255 : level);
  }
  const int32_t counts[3] = {5, 10, 5};
  uint8_t *origin = plane + MARGIN * ACROSS + 3 * MARGIN;
  if (prnn_squares_picture(k->name, 3, WIDTH, HEIGHT, origin, ACROSS, counts, 2, 4, predictions, energies)) abort();
  say("squares", k->name, hashed(hashed(EMPTY, predictions, sizeof predictions), energies, sizeof energies));
}

/// - Parameter bytes: of a pixel.
static void mixing(prnn_mixing_kind kind, int bytes) {
  enum { WIDTH = 40, HEIGHT = 30 };
  prnn_mixing *m = prnn_mixing_make(WIDTH, HEIGHT, 1, bytes, kind);
  uint64_t candidates[PRNN_CANDIDATES], hash = EMPTY;
  prnn_mixing_start(m, 0);
  for (int i = 0; i < WIDTH * HEIGHT; i++) {
    int count = prnn_mixing_next(m, candidates), found = -1;
    uint64_t pixel = 0;
    if (bytes == 1) pixel = (uint64_t)(i % WIDTH / 7 * 30 + number(0, 2) / 2);
    // Samples of 16 bits, the high byte first: a slope with edges, and noise.
    for (int c = 0; c + 1 < bytes; c += 2) {
      const int sample = i % WIDTH > 30 ? 65535 * (i / WIDTH >> c & 1) : 3000 + 37 * (i % WIDTH) * (c + 1) + 211 * (i / WIDTH) + number(0, 40);
      pixel |= (uint64_t)(sample >> 8 | (sample & 255) << 8) << 8 * c;
    }
    for (int c = 0; c < count && found < 0; c++) {
      uint32_t p = prnn_mixing_flag(m, c);
      hash = hashed(hash, &p, sizeof p);
      prnn_mixing_learn(m, candidates[c] == pixel);
      if (candidates[c] == pixel) found = c;
    }
    for (int b = 0; b < bytes && found < 0; b++) {
      prnn_mixing_byte(m, b, pixel & (((uint64_t)1 << 8 * b) - 1));
      for (int bit = 8 * b + 7; bit >= 8 * b; bit--) {
        uint32_t p = prnn_mixing_bit(m);
        hash = hashed(hash, &p, sizeof p);
        prnn_mixing_learn(m, pixel >> bit & 1);
      }
    }
    prnn_mixing_end(m, pixel, found);
  }
  prnn_mixing_free(m);
  say(kind == PRNN_MIXING_BYTES ? "mixing" : kind == PRNN_MIXING_PAIRS ? "mixing_pairs" : "mixing_predicted", "all", hash);
}

int main(void) {
  for (const char *const *name = prnn_kernels_available(); *name; name++) {
    const prnn_kernels *k = prnn_kernels_named(*name);
    void (*const groups[])(const prnn_kernels *) = {layers, distributions, learning, squares};
    for (int i = 0; i < 4; i++) {
      state = 1 + i;
      groups[i](k);
    }
  }
  state = 9;
  mixing(PRNN_MIXING_BYTES, 1);
  mixing(PRNN_MIXING_PAIRS, 6);
  mixing(PRNN_MIXING_PREDICTED, 6);
  return 0;
}
