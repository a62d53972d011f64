// The local least squares of a whole picture with the program's own kernels, for training; least_squares.py compiles it.
#include <stdlib.h>
#include <string.h>

#include "PixelKernels.h"

/// Predictions in 1/16 and energies of all samples of a picture, (height, width, channels).
///
/// `offsets`: (count, 3), of each regressor the channel, row and column relative to a pixel. `origin`: the picture's first
/// sample in memory of `stride` samples a row, in which what the network sees outside is set.
int prnn_squares_picture(const char *kernels, int32_t channels, int32_t width, int32_t height, uint8_t *origin,
                         int64_t stride, int32_t count, const int32_t *offsets, int32_t vertical, int32_t horizontal,
                         int16_t *predictions, uint8_t *energies) {
  const prnn_kernels *k = prnn_kernels_named(kernels ? kernels : prnn_kernels_available()[0]);
  if (!k) return 1;
  const int32_t lag = 8, most = (width - 1) / lag + 1, ring = most < height ? most : height;
  prnn_squares s = {channels, count, vertical, horizontal, width, lag, ring, {0}, {0}, 0, 0};
  for (int32_t i = 0; i < count; i++) {
    s.channel[i] = (uint8_t)offsets[3 * i];
    s.offset[i] = offsets[3 * i + 1] * stride + offsets[3 * i + 2] * channels + offsets[3 * i];
  }
  size_t blocks = (width + PRNN_SQUARES_BLOCK - 1) / PRNN_SQUARES_BLOCK + 1;
  size_t bytes = blocks * prnn_squares_length(&s) * sizeof *s.above;
  s.rows = aligned_alloc(64, ring * sizeof *s.rows);
  memset(s.rows, 0, ring * sizeof *s.rows);
  s.above = aligned_alloc(64, bytes);
  memset(s.above, 0, bytes);
  uint8_t **pixels = malloc(ring * sizeof *pixels), *energy = malloc(ring * channels);
  int16_t *prediction = malloc(ring * channels * sizeof *prediction);
  for (int32_t step = 0; step < width + lag * (height - 1); step++) {
    int32_t first = step < width ? 0 : (step - width) / lag + 1;
    int32_t end = step / lag + 1 < height ? step / lag + 1 : height;
    if (first >= end) continue;
    prnn_squares_step now = {first, end - first, step - lag * first};
    for (int32_t i = 0; i < now.count; i++)
      pixels[i] = origin + (first + i) * stride + (now.column - lag * i) * channels;
    if (now.column % PRNN_SQUARES_BLOCK == 0) k->squares_begin(&s, now);
    for (int32_t c = 0; c < channels; c++)
      k->squares_predict(&s, now, c, pixels, prediction + c, energy + c, channels);
    k->squares_learn(&s, now, pixels, prediction, channels);
    for (int32_t i = 0; i < now.count; i++) {
      size_t at = ((size_t)(first + i) * width + now.column - lag * i) * channels;
      memcpy(predictions + at, prediction + i * channels, channels * sizeof *prediction);
      memcpy(energies + at, energy + i * channels, channels);
    }
  }
  free(s.rows), free(s.above), free(pixels), free(energy), free(prediction);
  return 0;
}
