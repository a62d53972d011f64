// Times the matrix products of training against OpenBLAS, one thread, for the shapes that occur.
//
//   apt-get install libopenblas-dev
//   clang -O2 -ISources/PixelKernels/include bench/float_kernels.c Sources/PixelKernels/*.c -lopenblas -lm -o fk && ./fk
//
// "products" is C = A·B, "gradient" B += Aᵀ·C. Numbers are 10^9 multiplications and additions a second of processor
// time. What OpenBLAS cannot do in one call: the sum of a convolution's taps, a bias, a ReLU, leaving out masked groups.

#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "FloatKernels.h"

void openblas_set_num_threads(int);

/// Rows, columns, k, and where they occur: width · batch rows of a 28×28 picture with h = 16 or a 32×32 one with h = 48.
static const struct {
  int rows, columns, k;
  const char *what;
} shapes[] = {
    {448, 16, 32, "PixelCNN h 16: reduce"},    {448, 16, 80, "PixelCNN h 16: middle"},
    {448, 32, 16, "PixelCNN h 16: expand"},    {448, 64, 112, "Row LSTM h 16: all gates of a row"},
    {16, 64, 64, "BiLSTM h 16: all gates of a cell"}, {16, 16, 128, "BiLSTM h 16: backward of a cell"},
    {512, 48, 96, "PixelCNN h 48: reduce"},    {512, 48, 240, "PixelCNN h 48: middle"},
    {512, 96, 48, "PixelCNN h 48: expand"},    {128, 768, 96, "softmax of 3 channels: logits"},
    {128, 96, 768, "softmax of 3 channels: backward"},
};

static float *some(size_t count) {
  float *x = aligned_alloc(64, (4 * count + 63) & ~(size_t)63);
  for (size_t i = 0; i < count; i++) x[i] = (float)(rand() % 100) * 0.01f - 0.5f;
  return x;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/// The best of some times of `code`.
#define TIME(macs, code)                                            \
  do {                                                              \
    double best = 1e9;                                              \
    int repeats = (int)(1e8 / (macs)) + 1;                          \
    for (int i = 0; i < 9; i++) {                                   \
      double start = now();                                         \
      for (int j = 0; j < repeats; j++) code;                       \
      double seconds = (now() - start) / repeats;                   \
      best = seconds < best ? seconds : best;                       \
    }                                                               \
    printf(" %8.1f", 1e-9 * (macs) / best);                         \
  } while (0)

int main(void) {
  static const char *const names[] = {"avx512", "avx2", "plain"};
  openblas_set_num_threads(1);
  printf("%-34s %16s", "", "");
  for (int i = 0; i < 3; i++) printf(" %17s", names[i]);
  printf(" %17s\n%-34s %16s", "OpenBLAS", "", "rows columns k");
  for (int i = 0; i < 4; i++) printf(" products gradient");
  printf("\n");
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
    int m = shapes[s].rows, n = shapes[s].columns, k = shapes[s].k;
    size_t rows = (size_t)m, columns = (size_t)n, ks = (size_t)k;
    float *a = some(rows * ks), *b = some(ks * columns), *c = some(rows * columns), *w = some(ks * columns);
    double macs = (double)m * n * k;
    printf("%-34s %6d %5d %3d", shapes[s].what, m, n, k);
    for (int i = 0; i < 3; i++) {
      const prnn_float_kernels *kernels = prnn_float_kernels_named(names[i]);
      if (!kernels) {
        printf(" %17s", "-");
        continue;
      }
      prnn_term term = {a, ks, b, columns, ks, NULL};
      prnn_result result = {.y = c, .y_stride = columns};
      TIME(macs, kernels->products(&term, 1, &result, rows, columns));
      TIME(macs, kernels->gradient(a, ks, c, columns, rows, ks, columns, NULL, w, columns));
    }
    TIME(macs, cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, a, k, b, n, 0, c, n));
    TIME(macs, cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, k, n, m, 1, a, k, c, n, 1, w, n));
    printf("\n");
    free(a);
    free(b);
    free(c);
    free(w);
  }
}
