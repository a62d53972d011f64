// What local least squares keeps between steps.
#ifndef PRNN_SQUARES_STATE_H
#define PRNN_SQUARES_STATE_H

#include "LeastSquares.h"

/// Sums are lower triangles, row by row in lines of 16 numbers, rows from 16 on in two; in the last line the weights' sum.
enum { PRNN_SQUARES_LINES = 16 + 2 * 16 };

struct prnn_squares_row {
  int32_t sums[PRNN_SQUARES_LINES * 16] __attribute__((aligned(64)));  ///< around the block at hand
  int32_t weights[3][PRNN_SQUARES_SIZE];  ///< (channel, regressor), 20 fraction bits
  int16_t values[PRNN_SQUARES_BLOCK][PRNN_SQUARES_SIZE];  ///< of the block's pixels: regressors, samples; less those to the left
  int32_t trust[PRNN_SQUARES_BLOCK];                      ///< weights of the block's pixels in the sums
  int32_t total;                                          ///< sum of such weights
  uint8_t energy[4];                                      ///< (channel)
};

/// Numbers in the sums of one block.
static inline int32_t prnn_squares_length(int32_t size) { return 16 * (size + (size > 16 ? size - 16 : 0) + 1); }

static inline int32_t prnn_squares_blocks(const prnn_squares *s) {
  return s->width / s->block + (s->width % s->block != 0);
}

#endif
