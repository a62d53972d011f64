#include <string.h>

#include "squares_state.h"

/// The regressors of a channel in order of rank: rows down, columns right.
static const int8_t offsets[PRNN_SQUARES_OFFSETS][2] = {{-1, 0}, {-1, 1},  {-1, -1}, {0, -2}, {-2, 0}, {-2, 1},
                                                        {-1, 2}, {-2, -1}, {-1, -2}, {-2, 2}, {-2, -2}};

static int32_t count(const prnn_squares *s) {
  int32_t sum = 0;
  for (int32_t c = 0; c < s->channels; c++) sum += s->counts[c];
  return sum;
}

static size_t above_bytes(const prnn_squares *s) {
  return ((size_t)prnn_squares_blocks(s) + 1) * prnn_squares_length(count(s) + s->channels) * sizeof *s->above;
}

size_t prnn_squares_bytes(const prnn_squares *s) { return s->ring * sizeof *s->rows + above_bytes(s); }

void prnn_squares_start(prnn_squares *s, ptrdiff_t stride, void *memory) {
  s->count = 0;
  for (int32_t c = 0; c < s->channels; c++)
    for (int32_t i = 0; i < s->counts[c]; i++, s->count++) {
      s->offset[s->count] = offsets[i][0] * stride + offsets[i][1] * s->channels + c;
      s->channel[s->count] = (uint8_t)c;
    }
  s->rows = memory;
  s->above = (int32_t *)(s->rows + s->ring);
  memset(memory, 0, prnn_squares_bytes(s));
}
