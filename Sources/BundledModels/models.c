#include "BundledModels.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const uint8_t photo_3[] = {
#embed "photo-3.prnnmodel"
};
static const uint8_t photo_2[] = {
#embed "photo-2.prnnmodel"
};
static const uint8_t photo[] = {
#embed "photo.prnnmodel"
};
static const uint8_t photo_fast[] = {
#embed "photo-fast.prnnmodel"
};

static const prnn_bundled_model models[] = {
    {"photo-3", photo_3, sizeof photo_3},
    {"photo-2", photo_2, sizeof photo_2},
    {"photo", photo, sizeof photo},
    {"photo-fast", photo_fast, sizeof photo_fast},
};

const prnn_bundled_model *prnn_bundled_models(size_t *count) {
  *count = sizeof models / sizeof *models;
  return models;
}
