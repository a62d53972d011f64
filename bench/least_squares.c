// Checks local least squares of every kernel path of this CPU against the portable one, and times it.
//
//   clang -O2 -ISources/PixelKernels/include bench/least_squares.c Sources/PixelKernels/*.c -lm -o squares && ./squares

#include <stdio.h>
#include <time.h>

#include "../spec/reference/squares.c"

enum { WIDTH = 768, HEIGHT = 256, MARGIN = 4, STRIDE = (WIDTH + 2 * MARGIN) * 3 };

static uint8_t picture[(HEIGHT + MARGIN) * STRIDE];
static int16_t predictions[2][WIDTH * HEIGHT * 3];
static uint8_t energies[2][WIDTH * HEIGHT * 3];

/// Of this process: other work shares the machine.
static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

int main(void) {
  static const int32_t fits[][5] = {{3, 3, 3, 4, 8}, {5, 10, 5, 2, 4}, {8, 11, 8, 2, 4}};
  int bad = 0;
  int32_t level = 100;
  for (size_t i = 0; i < sizeof picture; i++) {
    level += rand() % 21 - 10;
    level = level < 0 ? 0 : level > 255 ? 255 : level;
    picture[i] = (uint8_t)level;
  }
  printf("path     us a pixel, all channels, for (3, 3, 3), (5, 10, 5), (8, 11, 8) regressors\n");
  for (const char *const *name = prnn_kernels_available(); *name; name++) {
    printf("%-7s", *name);
    for (size_t f = 0; f < sizeof fits / sizeof *fits; f++) {
      double best = 1e9;
      for (int i = 0; i < 3; i++) {
        double start = now();
        prnn_squares_picture(*name, 3, WIDTH, HEIGHT, picture + MARGIN * STRIDE + MARGIN * 3, STRIDE, fits[f],
                             fits[f][3], fits[f][4], predictions[0], energies[0]);
        double time = now() - start;
        best = time < best ? time : best;
      }
      printf("  %7.3f", best / (WIDTH * HEIGHT) * 1e6);
      prnn_squares_picture("scalar", 3, WIDTH, HEIGHT, picture + MARGIN * STRIDE + MARGIN * 3, STRIDE, fits[f],
                           fits[f][3], fits[f][4], predictions[1], energies[1]);
      if (memcmp(predictions[0], predictions[1], sizeof *predictions) || memcmp(energies[0], energies[1], sizeof *energies))
        bad = 1, printf(" differs from scalar");
    }
    printf("\n");
  }
  return bad;
}
