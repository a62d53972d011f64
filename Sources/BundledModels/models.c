#include "BundledModels.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const uint8_t photo[] = {
#embed "photo.prnnmodel"
};
static const uint8_t photo_fast[] = {
#embed "photo-fast.prnnmodel"
};

static const prnn_bundled_model models[] = {
    {"photo", photo, sizeof photo},
    {"photo-fast", photo_fast, sizeof photo_fast},
};

const prnn_bundled_model *prnn_bundled_models(size_t *count) {
  *count = sizeof models / sizeof *models;
  return models;
}
