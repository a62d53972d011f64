/// Local least squares: exact integer predictions of every sample by weights fitted to the pixels around it.
/// spec/arithmetic.md, "Local least squares". Each window (a set of regressors and two decays) has a `prnn_squares`.
#ifndef PRNN_LEAST_SQUARES_H
#define PRNN_LEAST_SQUARES_H

#include <stddef.h>
#include <stdint.h>

/// Columns that share their weights.
#define PRNN_SQUARES_BLOCK 4
/// Regressors and channels of a window, at most.
#define PRNN_SQUARES_SIZE 32

/// What a window keeps of a row that is being coded.
typedef struct {
  /// Sums of products around the block at hand, one line of 16 for each vector of a row of the triangle; see `line` in squares.h.
  int32_t sums[(16 + 2 * 16) * 16] __attribute__((aligned(64)));
  int32_t weights[3][PRNN_SQUARES_SIZE];  ///< (channel, regressor), 20 fraction bits
  int16_t values[PRNN_SQUARES_BLOCK][PRNN_SQUARES_SIZE];  ///< regressors and samples of the block's pixels, less those to their left
  int32_t trust[PRNN_SQUARES_BLOCK];      ///< weight of each pixel in the sums
  int32_t total;                          ///< sum of weights
  uint8_t energy[4];                      ///< (channel): what is left of the samples, as activations
} prnn_squares_row;

typedef struct {
  int32_t channels;    ///< 1 or 3
  int32_t count;       ///< regressors; with the channels at most 32
  int32_t vertical;    ///< what is forgotten from row to row, in 1/16: 1 ... 15
  int32_t horizontal;  ///< what is forgotten from block to block, in 1/16: 4 ... 15
  int32_t width;       ///< of the tile
  int32_t lag;         ///< columns that a row is behind the row above: a multiple of 4, 8 or more
  int32_t ring;        ///< rows that are being coded at a time, at most
  ptrdiff_t offset[PRNN_SQUARES_SIZE];  ///< from a pixel to each regressor, in samples
  uint8_t channel[PRNN_SQUARES_SIZE];   ///< of each regressor
  prnn_squares_row *rows;  ///< (ring): row r is number r mod ring
  int32_t *above;          ///< (blocks + 1, prnn_squares_length): sums of the rows above, 0 at first
} prnn_squares;

/// Numbers in the sums of a block of `above`.
static inline int32_t prnn_squares_length(const prnn_squares *s) {
  int32_t size = s->count + s->channels;
  return 16 * (size + (size > 16 ? size - 16 : 0) + 1);
}

/// Some rows of a step; row `first` + i is in column `column` - lag * i.
typedef struct {
  int32_t first, count, column;
} prnn_squares_step;

#endif
