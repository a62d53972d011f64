/// libjpeg behind one function that returns instead of jumping, so that Swift can call it.
#ifndef PRNN_CJPEG_H
#define PRNN_CJPEG_H

#include <stddef.h>
#include <stdint.h>

/// Decodes a whole JPEG file in memory to interleaved samples (1 or 3 channels); free them with prnn_jpeg_free.
/// Null on failure, with the cause in `message` (200 bytes).
uint8_t *prnn_jpeg_decode(const uint8_t *bytes, size_t count, uint64_t sample_limit, uint32_t *width,
                          uint32_t *height, uint32_t *channels, char *message);

void prnn_jpeg_free(uint8_t *samples);

#endif
