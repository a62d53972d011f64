/* A C program on libprnn: what it does, and what it answers to bad arguments.
   Run by Tests/CLibrary/run, under valgrind too. */
#include <prnn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures = 0;
#define CHECK(x) \
  do { \
    if (!(x)) { fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x); failures++; } \
  } while (0)

enum { W = 70, H = 50 };

static void fill(uint8_t *pixels, size_t size, unsigned seed) {
  for (size_t i = 0; i < size; i++) pixels[i] = (uint8_t)(i / 7 + (seed = seed * 1103515245 + 12345) / 65536 % 9);
}

static prnn_buffer encoded(uint32_t type, uint32_t bits, const void *pixels, size_t size, const prnn_options *options) {
  static const uint8_t palette[768] = {255, 0, 0, 0, 255, 0, 0, 0, 255};
  prnn_picture picture = PRNN_PICTURE_INIT;
  picture.width = W, picture.height = H, picture.colour_type = type, picture.bit_depth = bits;
  picture.pixels = pixels, picture.size = size, picture.stride = size / H;
  if (type == PRNN_PALETTE) picture.palette = palette, picture.palette_count = 1u << bits;
  prnn_buffer archive = {NULL, 0};
  prnn_error error = {""};
  prnn_status status = prnn_encode(&picture, options, &archive, &error);
  if (status != PRNN_OK) fprintf(stderr, "encode: %s: %s\n", prnn_status_text(status), error.text);
  CHECK(status == PRNN_OK && archive.data);
  return archive;
}

/* Every type and depth comes back, with wide rows whose ends are not touched, and in parts. */
static void round_trips(void) {
  static const struct { uint32_t type, bits, channels; } kinds[] = {
      {PRNN_GRAY, 1, 1}, {PRNN_GRAY, 8, 1}, {PRNN_GRAY, 16, 1}, {PRNN_RGB, 8, 3}, {PRNN_RGB, 16, 3},
      {PRNN_PALETTE, 2, 1}, {PRNN_PALETTE, 8, 1}, {PRNN_GRAY_ALPHA, 8, 2}, {PRNN_RGBA, 8, 4}, {PRNN_RGBA, 16, 4}};
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
    size_t row = (size_t)W * kinds[k].channels * (kinds[k].bits == 16 ? 2 : 1), size = row * H;
    uint8_t *pixels = malloc(size), *back = malloc(H * (row + 5));
    fill(pixels, size, (unsigned)k);
    if (kinds[k].bits < 8) for (size_t i = 0; i < size; i++) pixels[i] &= (uint8_t)((1 << kinds[k].bits) - 1);
    prnn_options options = PRNN_OPTIONS_INIT;
    options.effort = PRNN_FAST, options.threads = 2;
    prnn_buffer archive = encoded(kinds[k].type, kinds[k].bits, pixels, size, &options);
    prnn_info info = PRNN_INFO_INIT;
    CHECK(prnn_probe(archive.data, archive.size, 0, &info, NULL) == PRNN_OK);
    CHECK(info.images == 1 && info.width == W && info.height == H && info.colour_type == kinds[k].type);
    CHECK(info.bit_depth == kinds[k].bits && info.channels == kinds[k].channels && info.levels == 1);
    memset(back, 0xA5, H * (row + 5));
    CHECK(prnn_decode(archive.data, archive.size, NULL, PRNN_SAMPLES, back, H * (row + 5), row + 5, NULL, NULL) == PRNN_OK);
    for (int y = 0; y < H; y++) {
      CHECK(!memcmp(back + y * (row + 5), pixels + y * row, row));
      CHECK(back[y * (row + 5) + row] == 0xA5 && back[y * (row + 5) + row + 4] == 0xA5);
    }
    prnn_request part = PRNN_REQUEST_INIT;
    part.x = 3, part.y = 7, part.width = 20, part.height = 10;
    size_t pixel = row / W;
    CHECK(prnn_decode(archive.data, archive.size, &part, PRNN_SAMPLES, back, 200 * pixel, 20 * pixel, &options, NULL) == PRNN_OK);
    for (int y = 0; y < 10; y++) CHECK(!memcmp(back + y * 20 * pixel, pixels + (y + 7) * row + 3 * pixel, 20 * pixel));
    prnn_buffer_free(&archive);
    CHECK(!archive.data);
    free(pixels), free(back);
  }
}

static void shown(void) {
  uint8_t pixels[W * H];
  for (int i = 0; i < W * H; i++) pixels[i] = (uint8_t)(i % 3);
  prnn_buffer archive = encoded(PRNN_PALETTE, 2, pixels, sizeof pixels, NULL);
  static uint8_t rgba[4 * W * H];
  CHECK(prnn_decode(archive.data, archive.size, NULL, PRNN_RGBA8, rgba, sizeof rgba, 4 * W, NULL, NULL) == PRNN_OK);
  for (int i = 0; i < W * H; i++)
    for (int c = 0; c < 4; c++) CHECK(rgba[4 * i + c] == (c == 3 || c == i % 3 ? 255 : 0));
  /* A PNG file of it and back: another archive of the same picture. */
  prnn_buffer png = {NULL, 0}, again = {NULL, 0};
  CHECK(prnn_decode_png(archive.data, archive.size, NULL, NULL, &png, NULL) == PRNN_OK);
  CHECK(png.size > 8 && !memcmp(png.data, "\x89PNG", 4));
  CHECK(prnn_encode_png(png.data, png.size, NULL, &again, NULL) == PRNN_OK);
  CHECK(again.size == archive.size && !memcmp(again.data, archive.data, again.size));
  prnn_buffer_free(&png), prnn_buffer_free(&again), prnn_buffer_free(&archive);
}

typedef struct { uint64_t last, total, stop; int calls; } progress_state;
static int progress(void *context, uint64_t done, uint64_t total) {
  progress_state *state = context;
  CHECK(done >= state->last && done <= total);
  state->last = done, state->total = total, state->calls++;
  return state->stop && done >= state->stop;
}

static void progress_and_cancel(void) {
  enum { SIDE = 220 };
  uint8_t *pixels = malloc(SIDE * SIDE * 3);
  fill(pixels, SIDE * SIDE * 3, 5);
  prnn_picture picture = PRNN_PICTURE_INIT;
  picture.width = SIDE, picture.height = SIDE, picture.colour_type = PRNN_RGB;
  picture.pixels = pixels, picture.size = SIDE * SIDE * 3, picture.stride = SIDE * 3;
  progress_state state = {0};
  prnn_options options = PRNN_OPTIONS_INIT;
  options.effort = PRNN_FAST, options.progress = progress, options.progress_context = &state;
  prnn_buffer archive = {NULL, 0}, none = {NULL, 0};
  CHECK(prnn_encode(&picture, &options, &archive, NULL) == PRNN_OK);
  CHECK(state.calls > 3 && state.total == 2 * SIDE * SIDE * 3 && state.last > state.total / 2);
  state = (progress_state){.stop = 20000};
  prnn_error error;
  CHECK(prnn_encode(&picture, &options, &none, &error) == PRNN_CANCELLED && !none.data);
  CHECK(!strcmp(error.text, "was cancelled") && state.last < 100000);
  state = (progress_state){.stop = 20000};
  CHECK(prnn_decode(archive.data, archive.size, NULL, PRNN_SAMPLES, pixels, SIDE * SIDE * 3, SIDE * 3, &options, &error) == PRNN_CANCELLED);
  CHECK(state.last < 100000);
  prnn_buffer_free(&archive);
  free(pixels);
}

/* Every pointer null, every number wrong, one after the other. */
static void bad_arguments(void) {
  static uint8_t pixels[W * H * 3], back[W * H * 3];
  fill(pixels, sizeof pixels, 1);
  prnn_buffer archive = encoded(PRNN_RGB, 8, pixels, sizeof pixels, NULL), out = {NULL, 0};
  const void *a = archive.data;
  size_t n = archive.size, row = W * 3;
  prnn_info info = PRNN_INFO_INIT;
  prnn_error error = {""};
  CHECK(prnn_probe(NULL, n, 0, &info, &error) == PRNN_INVALID_ARGUMENT && !strcmp(error.text, "archive is null"));
  CHECK(prnn_probe(a, n, 0, NULL, &error) == PRNN_INVALID_ARGUMENT);
  CHECK(prnn_probe(a, n, 1, &info, &error) == PRNN_NO_SUCH_IMAGE);
  CHECK(prnn_probe(a, n, UINT64_MAX, &info, &error) == PRNN_NO_SUCH_IMAGE);
  CHECK(prnn_probe(a, 0, 0, &info, &error) == PRNN_NOT_AN_ARCHIVE);
  CHECK(prnn_probe(a, SIZE_MAX, 0, &info, &error) == PRNN_INVALID_ARGUMENT);
  CHECK(prnn_probe(pixels, sizeof pixels, 0, &info, NULL) == PRNN_NOT_AN_ARCHIVE);
  CHECK(prnn_probe(a, n - 1, 0, &info, &error) == PRNN_TRUNCATED && strstr(error.text, "cut short"));
  info.struct_size = 0;
  CHECK(prnn_probe(a, n, 0, &info, &error) == PRNN_INVALID_ARGUMENT);
  /* A program of an earlier version, with a shorter structure. */
  info.struct_size = offsetof(prnn_info, height), info.height = 77;
  CHECK(prnn_probe(a, n, 0, &info, &error) == PRNN_OK && info.width == W && info.height == 77);

  CHECK(prnn_decode(a, n, NULL, PRNN_SAMPLES, NULL, sizeof back, row, NULL, &error) == PRNN_INVALID_ARGUMENT);
  CHECK(prnn_decode(NULL, n, NULL, PRNN_SAMPLES, back, sizeof back, row, NULL, &error) == PRNN_INVALID_ARGUMENT);
  CHECK(prnn_decode(a, n, NULL, (prnn_layout)2, back, sizeof back, row, NULL, &error) == PRNN_INVALID_ARGUMENT);
  CHECK(prnn_decode(a, n, NULL, PRNN_SAMPLES, back, sizeof back, row - 1, NULL, &error) == PRNN_INVALID_ARGUMENT);
  CHECK(prnn_decode(a, n, NULL, PRNN_SAMPLES, back, sizeof back, (size_t)-1, NULL, &error) == PRNN_INVALID_ARGUMENT);
  CHECK(prnn_decode(a, n, NULL, PRNN_SAMPLES, back, sizeof back, SIZE_MAX / 2, NULL, &error) == PRNN_BUFFER_TOO_SMALL);
  CHECK(prnn_decode(a, n, NULL, PRNN_SAMPLES, back, sizeof back - 1, row, NULL, &error) == PRNN_BUFFER_TOO_SMALL);
  CHECK(prnn_decode(a, n, NULL, PRNN_RGBA8, back, sizeof back, 4 * W, NULL, &error) == PRNN_BUFFER_TOO_SMALL);
  CHECK(prnn_decode(a, n, NULL, PRNN_SAMPLES, back, (size_t)1 << 63, row, NULL, &error) == PRNN_INVALID_ARGUMENT);
  CHECK(prnn_decode(a, n, NULL, PRNN_SAMPLES, back, 100, SIZE_MAX / 2 / (H - 1), NULL, &error) == PRNN_BUFFER_TOO_SMALL);
  prnn_request request = PRNN_REQUEST_INIT;
  request.width = W + 1, request.height = H;
  CHECK(prnn_decode(a, n, &request, PRNN_SAMPLES, back, sizeof back, row + 3, NULL, &error) == PRNN_INVALID_ARGUMENT);
  request = (prnn_request){sizeof request, .x = UINT32_MAX, .y = UINT32_MAX, .width = UINT32_MAX, .height = UINT32_MAX};
  CHECK(prnn_decode(a, n, &request, PRNN_SAMPLES, back, sizeof back, row, NULL, &error) == PRNN_INVALID_ARGUMENT);
  request = (prnn_request){sizeof request, .halvings = 1};
  CHECK(prnn_decode(a, n, &request, PRNN_SAMPLES, back, sizeof back, row, NULL, &error) == PRNN_UNSUPPORTED);
  request.halvings = UINT32_MAX;
  CHECK(prnn_decode(a, n, &request, PRNN_SAMPLES, back, sizeof back, row, NULL, &error) == PRNN_UNSUPPORTED);
  request = (prnn_request){0};
  CHECK(prnn_decode(a, n, &request, PRNN_SAMPLES, back, sizeof back, row, NULL, &error) == PRNN_INVALID_ARGUMENT);
  prnn_options options = PRNN_OPTIONS_INIT;
  options.effort = 9;
  CHECK(prnn_decode(a, n, NULL, PRNN_SAMPLES, back, sizeof back, row, &options, &error) == PRNN_INVALID_ARGUMENT);
  options = (prnn_options){sizeof options, .threads = 5000};
  CHECK(prnn_decode(a, n, NULL, PRNN_SAMPLES, back, sizeof back, row, &options, &error) == PRNN_INVALID_ARGUMENT);
  options = (prnn_options){sizeof options, .flags = 8};
  CHECK(prnn_decode(a, n, NULL, PRNN_SAMPLES, back, sizeof back, row, &options, &error) == PRNN_INVALID_ARGUMENT);
  options = (prnn_options){sizeof options, .model = pixels, .model_size = sizeof pixels};
  CHECK(prnn_decode(a, n, NULL, PRNN_SAMPLES, back, sizeof back, row, &options, &error) == PRNN_BAD_MODEL);
  options = (prnn_options){sizeof options, .memory_limit = 1000};
  CHECK(prnn_decode(a, n, NULL, PRNN_SAMPLES, back, sizeof back, row, &options, &error) == PRNN_TOO_LARGE);
  uint8_t *damaged = malloc(n);
  memcpy(damaged, a, n);
  damaged[n / 2] ^= 1;
  CHECK(prnn_decode(damaged, n, NULL, PRNN_SAMPLES, back, sizeof back, row, NULL, &error) == PRNN_DAMAGED);
  free(damaged);

  prnn_picture picture = PRNN_PICTURE_INIT, good;
  picture.width = W, picture.height = H, picture.colour_type = PRNN_RGB;
  picture.pixels = pixels, picture.size = sizeof pixels, picture.stride = row;
  good = picture;
#define REFUSED(change, status) \
  do { picture = good; change; CHECK(prnn_encode(&picture, NULL, &out, &error) == status && !out.data && *error.text); } while (0)
  REFUSED(picture.struct_size = 0, PRNN_INVALID_ARGUMENT);
  REFUSED(picture.width = 0, PRNN_INVALID_ARGUMENT);
  REFUSED(picture.height = UINT32_MAX, PRNN_INVALID_ARGUMENT);
  REFUSED((picture.width = INT32_MAX, picture.height = INT32_MAX), PRNN_TOO_LARGE);
  REFUSED(picture.colour_type = 1, PRNN_INVALID_ARGUMENT);
  REFUSED(picture.colour_type = 1000, PRNN_INVALID_ARGUMENT);
  REFUSED(picture.bit_depth = 4, PRNN_INVALID_ARGUMENT);
  REFUSED(picture.pixels = NULL, PRNN_INVALID_ARGUMENT);
  REFUSED(picture.stride = row - 1, PRNN_INVALID_ARGUMENT);
  REFUSED(picture.size = (size_t)1 << 63, PRNN_INVALID_ARGUMENT);
  REFUSED(picture.stride = (size_t)1 << 63, PRNN_INVALID_ARGUMENT);
  REFUSED(picture.size = sizeof pixels - 1, PRNN_BUFFER_TOO_SMALL);
  REFUSED((picture.colour_type = PRNN_PALETTE), PRNN_INVALID_ARGUMENT);
  REFUSED((picture.colour_type = PRNN_PALETTE, picture.palette = pixels, picture.palette_count = 257), PRNN_INVALID_ARGUMENT);
  memset(pixels, 0, sizeof pixels);
  pixels[5] = 2;
  REFUSED((picture.colour_type = PRNN_GRAY, picture.bit_depth = 1), PRNN_INVALID_ARGUMENT);
  REFUSED((picture.colour_type = PRNN_PALETTE, picture.palette = pixels, picture.palette_count = 2), PRNN_INVALID_ARGUMENT);
  CHECK(prnn_encode(NULL, NULL, &out, &error) == PRNN_INVALID_ARGUMENT);
  CHECK(prnn_encode(&good, NULL, NULL, &error) == PRNN_INVALID_ARGUMENT);
  CHECK(prnn_encode_png(NULL, 5, NULL, &out, &error) == PRNN_INVALID_ARGUMENT);
  CHECK(prnn_encode_png("no", 2, NULL, &out, &error) == PRNN_BAD_PNG && !out.data);
  CHECK(prnn_decode_png(a, n, NULL, NULL, NULL, &error) == PRNN_INVALID_ARGUMENT);
  prnn_buffer_free(NULL);
  prnn_buffer_free(&out);
  prnn_buffer_free(&archive);
}

typedef struct { prnn_buffer archive; uint8_t *pixels; int same; } thread_work;
static void *decode_many(void *context) {
  thread_work *work = context;
  uint8_t *back = malloc(W * H * 3);
  work->same = 1;
  for (int i = 0; i < 6; i++) {
    prnn_error error;
    memset(back, 0, W * H * 3);
    work->same &= prnn_decode(work->archive.data, work->archive.size, NULL, PRNN_SAMPLES, back, W * H * 3, W * 3, NULL, &error) == PRNN_OK;
    work->same &= !memcmp(back, work->pixels, W * H * 3);
    work->same &= prnn_decode(back, 100, NULL, PRNN_SAMPLES, back, W * H * 3, W * 3, NULL, &error) == PRNN_NOT_AN_ARCHIVE;
  }
  free(back);
  return NULL;
}

static void many_threads(void) {
  enum { THREADS = 4 };
  pthread_t threads[THREADS];
  thread_work work[THREADS];
  for (int i = 0; i < THREADS; i++) {
    work[i].pixels = malloc(W * H * 3);
    fill(work[i].pixels, W * H * 3, (unsigned)i);
    work[i].archive = encoded(PRNN_RGB, 8, work[i].pixels, W * H * 3, NULL);
    CHECK(!pthread_create(&threads[i], NULL, decode_many, &work[i]));
  }
  for (int i = 0; i < THREADS; i++) {
    pthread_join(threads[i], NULL);
    CHECK(work[i].same);
    prnn_buffer_free(&work[i].archive);
    free(work[i].pixels);
  }
}

int main(void) {
  CHECK(!strcmp(prnn_version(), PRNN_VERSION));
  CHECK(!strcmp(prnn_status_text(PRNN_DAMAGED), "archive damaged") && prnn_status_text((prnn_status)99));
  round_trips();
  shown();
  progress_and_cancel();
  bad_arguments();
  many_threads();
  if (!failures) puts("libprnn: all as it should be");
  return failures != 0;
}
