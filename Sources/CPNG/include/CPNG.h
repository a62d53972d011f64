/// libpng behind functions that return instead of jumping, so that Swift can call them.
#ifndef PRNN_CPNG_H
#define PRNN_CPNG_H

#include <stddef.h>
#include <stdint.h>

/// Reads up to `count` bytes (fewer only at the end), or writes all of them. Returns the number done.
typedef size_t (*prnn_png_transfer)(void *context, void *bytes, size_t count);

typedef struct {
  uint32_t width, height;
  uint8_t bit_depth;    ///< 1, 2, 4, 8 or 16
  uint8_t colour_type;  ///< as in IHDR: 0 gray, 2 RGB, 3 palette, 4 gray + alpha, 6 RGBA
  uint8_t interlaced;   ///< 1: Adam7
} prnn_png_header;

/// One chunk beside IHDR, IDAT and IEND. `place`: 0 before PLTE, 1 before IDAT, 2 after IDAT.
typedef struct {
  uint8_t type[4];
  uint8_t place;
  const uint8_t *bytes;
  size_t count;
} prnn_png_chunk;

typedef struct prnn_png_reader prnn_png_reader;

/// Reads up to the first row. Null on failure, with the cause in `message` (160 bytes). `room`: the most bytes that all samples and chunks
/// may take; a file that needs more fails here or in `prnn_png_read`.
prnn_png_reader *prnn_png_open(prnn_png_transfer read, void *context, size_t room, prnn_png_header *header,
                               char *message);

/// Reads all rows, one byte a sample (packed depths unpacked, not scaled; 16 bits: two bytes, the high one first), `height` rows of width * channels, and
/// then the rest of the file. 0 on failure.
int prnn_png_read(prnn_png_reader *reader, uint8_t *samples, char *message);

/// The chunks kept from the file, PLTE and tRNS included; valid until the reader is closed. Call after reading.
size_t prnn_png_chunks(prnn_png_reader *reader, const prnn_png_chunk **chunks);

void prnn_png_close(prnn_png_reader *reader);

/// Writes a whole file from such samples. 0 on failure.
int prnn_png_write(prnn_png_transfer write, void *context, const prnn_png_header *header, const uint8_t *samples,
                   const prnn_png_chunk *chunks, size_t chunk_count, char *message);

#endif
