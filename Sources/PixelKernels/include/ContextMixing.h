// Context mixing of pixels: the model behind spec/mixing.md.
#ifndef PRNN_CONTEXT_MIXING_H
#define PRNN_CONTEXT_MIXING_H

#include <stddef.h>
#include <stdint.h>

/// Most candidates of a pixel.
#define PRNN_CANDIDATES 6

/// The model of a lot. What it has learned goes on from picture to picture.
typedef struct prnn_mixing prnn_mixing;

/// What the bits of pixels have as contexts.
typedef enum {
  /// Bytes around, of samples of a byte.
  PRNN_MIXING_BYTES,
  /// The same, of samples of two bytes, the high one first.
  PRNN_MIXING_PAIRS,
  /// Predictions, of samples of two bytes, the high one first.
  PRNN_MIXING_PREDICTED,
} prnn_mixing_kind;

/// Bytes of a model for pictures of some size; SIZE_MAX for more than that.
size_t prnn_mixing_bytes(size_t width, size_t height, size_t count, int pixel_bytes, prnn_mixing_kind kind);

/// A model for `count` pictures of (height, width) pixels of 1 ... 8 bytes each (of samples of two bytes 2, 4, 6 or 8); NULL without memory for it.
prnn_mixing *prnn_mixing_make(size_t width, size_t height, size_t count, int pixel_bytes, prnn_mixing_kind kind);
void prnn_mixing_free(prnn_mixing *m);

/// Goes to the first pixel of a picture.
void prnn_mixing_start(prnn_mixing *m, size_t picture);

/// Goes to the next pixel in raster order, the first time to the first one. Returns the number of its candidates: pixels that it may be equal to, all different.
int prnn_mixing_next(prnn_mixing *m, uint64_t *candidates);

/// The probability, in 2^-16, that the pixel is a candidate, when it is none of those before.
uint32_t prnn_mixing_flag(prnn_mixing *m, int candidate);

/// Begins a byte of a pixel that is none of its candidates; the bytes before it are the lowest of `known`.
void prnn_mixing_byte(prnn_mixing *m, int byte, uint64_t known);

/// The probability, in 2^-16, that the next bit of the byte, from the highest to the lowest, is 1.
uint32_t prnn_mixing_bit(prnn_mixing *m);

/// Learns the bit that the last probability was of.
void prnn_mixing_learn(prnn_mixing *m, int bit);

/// Ends a pixel.
///
/// - Parameter candidate: that it is; -1: none.
void prnn_mixing_end(prnn_mixing *m, uint64_t pixel, int candidate);

#endif
