/// Local least squares: integer predictions of every sample, by weights fitted to the samples around it.
/// spec/arithmetic.md, "Local least squares".
#ifndef PRNN_LEAST_SQUARES_H
#define PRNN_LEAST_SQUARES_H

#include <stddef.h>
#include <stdint.h>

enum {
  PRNN_SQUARES_BLOCK = 4,    ///< columns that share their weights, at most
  PRNN_SQUARES_SIZE = 32,    ///< regressors and channels together, at most
  PRNN_SQUARES_OFFSETS = 11  ///< regressors of a channel, at most
};

/// What is kept of a row that is being coded; squares.h.
typedef struct prnn_squares_row prnn_squares_row;

/// One fit over a tile: what it sees, and its state.
typedef struct {
  int32_t channels;    ///< 1 or 3
  int32_t counts[3];   ///< regressors of each channel
  int32_t vertical;    ///< what is forgotten from row to row, in 1/16: 1 ... 15
  int32_t block;       ///< columns that share their weights: 4 or 1
  int32_t horizontal;  ///< what is forgotten from block to block, in 1/16: 4 ... 15, of blocks of 1 from 1 on
  int32_t width;       ///< of the tile
  int32_t lag;         ///< columns that a row is behind the row above: a multiple of the block, 2 blocks or more, 3 or more
  int32_t ring;        ///< rows that are being coded at a time, at most
  // Set by prnn_squares_start.
  int32_t count;                        ///< regressors
  ptrdiff_t offset[PRNN_SQUARES_SIZE];  ///< from a pixel to each regressor, in samples
  uint8_t channel[PRNN_SQUARES_SIZE];   ///< of each regressor
  prnn_squares_row *rows;               ///< (ring): row r is number r mod ring
  int32_t *above;                       ///< (blocks + 1, length): sums of the rows above a row; of the last block 0
} prnn_squares;

/// Rows of a step; row `first` + i is in column `column` - lag * i.
typedef struct {
  int32_t first, count, column;
} prnn_squares_step;

/// Bytes of memory for the state.
size_t prnn_squares_bytes(const prnn_squares *s);

/// Before the first step of a tile with `stride` samples a row; `memory` is at a multiple of 64.
void prnn_squares_start(prnn_squares *s, ptrdiff_t stride, void *memory);

#endif
