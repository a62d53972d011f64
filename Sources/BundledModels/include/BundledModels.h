/// The model files that are part of the program.
#ifndef PRNN_BUNDLED_MODELS_H
#define PRNN_BUNDLED_MODELS_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
  const char *name;
  const uint8_t *bytes;
  size_t count;
} prnn_bundled_model;

/// All of them, the default first; `count` is set to their number.
const prnn_bundled_model *prnn_bundled_models(size_t *count);

#endif
