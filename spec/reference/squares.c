// The local least squares of a whole picture with the program's own kernels, for training; least_squares.py compiles it.
#include <stdlib.h>
#include <string.h>

#include "PixelKernels.h"

/// Predictions in 1/16 and energies of all samples of a picture, (height, width, channels).
///
/// `counts`: regressors of each channel. `origin`: the picture's first sample in memory of `stride` samples a row, in which
/// what the network sees outside is set.
int prnn_squares_picture(const char *kernels, int32_t channels, int32_t width, int32_t height, uint8_t *origin,
                         int64_t stride, const int32_t *counts, int32_t vertical, int32_t horizontal,
                         int16_t *predictions, uint8_t *energies) {
  const prnn_kernels *k = prnn_kernels_named(kernels ? kernels : prnn_kernels_available()[0]);
  if (!k) return 1;
  const int32_t lag = 8, most = (width - 1) / lag + 1, ring = most < height ? most : height;
  prnn_squares s = {.channels = channels, .vertical = vertical, .horizontal = horizontal, .block = PRNN_SQUARES_BLOCK,
                    .width = width, .lag = lag,
                    .ring = ring};
  memcpy(s.counts, counts, channels * sizeof *counts);
  void *memory = aligned_alloc(64, prnn_squares_bytes(&s));
  prnn_squares_start(&s, stride, memory);
  uint8_t **pixels = malloc(ring * sizeof *pixels), *energy = malloc(ring * channels);
  int16_t *prediction = malloc(ring * channels * sizeof *prediction);
  for (int32_t step = 0; step < width + lag * (height - 1); step++) {
    int32_t first = step < width ? 0 : (step - width) / lag + 1;
    int32_t end = step / lag + 1 < height ? step / lag + 1 : height;
    if (first >= end) continue;
    prnn_squares_step now = {first, end - first, step - lag * first};
    for (int32_t i = 0; i < now.count; i++)
      pixels[i] = origin + (first + i) * stride + (now.column - lag * i) * channels;
    if (now.column % s.block == 0) k->squares_begin(&s, now);
    for (int32_t c = 0; c < channels; c++)
      k->squares_predict(&s, now, c, pixels, prediction, energy, channels);
    k->squares_learn(&s, now, pixels, prediction, channels);
    for (int32_t i = 0; i < now.count; i++) {
      size_t at = ((size_t)(first + i) * width + now.column - lag * i) * channels;
      memcpy(predictions + at, prediction + i * channels, channels * sizeof *prediction);
      memcpy(energies + at, energy + i * channels, channels);
    }
  }
  free(memory), free(pixels), free(energy), free(prediction);
  return 0;
}
