// Checks every kernel path of this CPU against the portable one on random numbers, and times it.
//
//   clang -O2 -ISources/PixelKernels/include bench/kernels.c Sources/PixelKernels/*.c -lm -o kernels && ./kernels
//
// Tests/Arm/run compares the paths of Arm with those of other machines.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "PixelKernels.h"

enum { INPUTS = 252, OUTPUTS = 96, PIXELS = 128, STRIDE = 256 };

static int8_t weights[INPUTS * OUTPUTS];
static int32_t bias[OUTPUTS], shift[OUTPUTS];
static uint8_t in[PIXELS * STRIDE], out[2 * PIXELS * STRIDE], expected[2 * PIXELS * STRIDE], plane[100000];
static int16_t logits[256], values[256];
static int16_t wide_weights[INPUTS * OUTPUTS], wide_in[PIXELS * STRIDE], wide_out[2][PIXELS * STRIDE];

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

static int differs(const prnn_kernels *k, const prnn_kernels *plain, const prnn_dense_layer *layer) {
  int bad = 0;
  for (int kind = PRNN_RELU; kind <= PRNN_LOGITS; kind++) {
    memset(out, 0, sizeof out);
    memset(expected, 0, sizeof expected);
    plain->dense(layer, in, STRIDE, expected, STRIDE, PIXELS - 1, kind);
    k->dense(layer, in, STRIDE, out, STRIDE, PIXELS - 1, kind);
    bad |= memcmp(out, expected, sizeof out) != 0;
  }
  for (int weighted = 0; weighted < 2; weighted++) {
    prnn_distribution a, b;
    uint32_t total = plain->softmax(logits, weighted ? values : NULL, &a);
    bad |= k->softmax(logits, weighted ? values : NULL, &b) != total || memcmp(&a, &b, sizeof a) != 0;
  }
  prnn_window window = {3, 4, 27, 12, 12, 2000};
  uint8_t prediction[3] = {77, 130, 220};
  plain->inputs(&window, plane + 10000, prediction, expected);
  k->inputs(&window, plane + 10000, prediction, out);
  return bad | (memcmp(out, expected, 240) != 0);
}

static int differs_wide(const prnn_kernels *k, const prnn_kernels *plain, const prnn_wide_layer *layer) {
  int bad = 0;
  for (int kind = PRNN_WIDE_RELU; kind <= PRNN_WIDE_FULL; kind++) {
    memset(wide_out, 0, sizeof wide_out);
    plain->wide(layer, wide_in, STRIDE, wide_out[0], STRIDE, PIXELS - 1, kind);
    k->wide(layer, wide_in, STRIDE, wide_out[1], STRIDE, PIXELS - 1, kind);
    bad |= memcmp(wide_out[0], wide_out[1], sizeof wide_out[0]) != 0;
  }
  enum { CELLS = 4096 };
  int16_t states[2][2 * CELLS];
  plain->lstm(wide_in, CELLS, wide_in + 5, states[0], states[0] + CELLS);
  k->lstm(wide_in, CELLS, wide_in + 5, states[1], states[1] + CELLS);
  return bad | (memcmp(states[0], states[1], sizeof states[0]) != 0);
}

int main(void) {
  for (size_t i = 0; i < sizeof weights; i++) weights[i] = (int8_t)(rand() % 255 - 127);
  for (int i = 0; i < OUTPUTS; i++) bias[i] = rand() % 100000 - 50000, shift[i] = 6 + rand() % 6;
  for (size_t i = 0; i < sizeof in; i++) in[i] = (uint8_t)(rand() & 127);
  for (size_t i = 0; i < sizeof plane; i++) plane[i] = (uint8_t)rand();
  for (int i = 0; i < 256; i++) {
    logits[i] = (int16_t)(rand() % 600 - 3 * i);
    values[i] = (int16_t)(rand() % 3 ? rand() % 200 - 100 : PRNN_ABSENT);
  }
  for (int i = 0; i < INPUTS * OUTPUTS; i++) wide_weights[i] = (int16_t)(rand() % 2001 - 1000);
  for (int i = 0; i < PIXELS * STRIDE; i++) wide_in[i] = (int16_t)(rand() % 16385 - 8192);
  int16_t gates[64], cell[16] = {0}, state[16];
  for (int i = 0; i < 64; i++) gates[i] = (int16_t)(rand() % 8000 - 4000);
  prnn_wide_layer wide = {INPUTS, OUTPUTS, wide_weights, bias, shift};
  prnn_dense_layer layer = {INPUTS, OUTPUTS, weights, bias, shift};
  const prnn_kernels *plain = prnn_kernels_named("scalar");
  int bad = 0;
  printf("path     GMAC/s  softmax ns  weighted  locate  inputs  wide GMAC/s  16 cells ns\n");
  for (const char *const *name = prnn_kernels_available(); *name; name++) {
    const prnn_kernels *k = prnn_kernels_named(*name);
    if (differs(k, plain, &layer) || differs_wide(k, plain, &wide)) bad = 1, printf("%s differs from scalar\n", *name);
    prnn_distribution d;
    uint32_t sum = 0, total = 0, at = 0;
    double t[8];
    enum { DENSE = 300, SMALL = 100000 };
    t[0] = now();
    for (int i = 0; i < DENSE; i++) k->dense(&layer, in, STRIDE, out, STRIDE, PIXELS, PRNN_RELU);
    t[1] = now();
    for (int i = 0; i < SMALL; i++) logits[i & 255] ^= 1, sum += k->softmax(logits, NULL, &d);
    t[2] = now();
    for (int i = 0; i < SMALL; i++) logits[i & 255] ^= 1, sum += total = k->softmax(logits, values, &d);
    t[3] = now();
    for (int i = 0; i < SMALL; i++) sum += prnn_locate(&d, sum % total, &at) + at;
    t[4] = now();
    prnn_window window = {3, 4, 27, 12, 12, 2000};
    for (int i = 0; i < SMALL; i++) k->inputs(&window, plane + 10000 + i % 1000, plane + i % 5000, out), sum += out[7];
    t[5] = now();
    for (int i = 0; i < DENSE; i++) k->wide(&wide, wide_in, STRIDE, wide_out[0], STRIDE, PIXELS, PRNN_WIDE_SIGNED);
    t[6] = now();
    for (int i = 0; i < SMALL; i++) k->lstm(gates, 16, cell, cell, state), sum += (uint32_t)state[i & 15];
    t[7] = now();
    printf("%-7s %7.1f %11.1f %9.1f %7.1f %7.1f %12.1f %12.1f%s\n", *name, 1e-9 * INPUTS * OUTPUTS * PIXELS * DENSE / (t[1] - t[0]),
           (t[2] - t[1]) / SMALL * 1e9, (t[3] - t[2]) / SMALL * 1e9, (t[4] - t[3]) / SMALL * 1e9,
           (t[5] - t[4]) / SMALL * 1e9, 1e-9 * INPUTS * OUTPUTS * PIXELS * DENSE / (t[6] - t[5]),
           (t[7] - t[6]) / SMALL * 1e9, sum == 1 ? " " : "");
  }
  return bad;
}
