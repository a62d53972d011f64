#include "CPNG.h"

#include <png.h>
#include <zlib.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE = 160 };

typedef struct {
  prnn_png_transfer move;
  void *context;
  char *message;
} stream;

struct prnn_png_reader {
  png_structp png;
  png_infop info;
  stream source;
  prnn_png_header header;
  prnn_png_chunk *chunks;
  size_t chunk_count;
  /// Bytes that samples and chunks may take yet.
  size_t room;
  uint8_t palette[3 * 256];
};

static void fail(png_structp png, png_const_charp text) {
  stream *s = png_get_error_ptr(png);
  snprintf(s->message, MESSAGE, "%s", text);
  png_longjmp(png, 1);
}

static void warn(png_structp png, png_const_charp text) {
  // libpng leaves out a chunk that it cannot hold.
  if (strstr(text, "memory")) png_error(png, text);
}

/// What a chunk takes beside its bytes, about.
enum { CHUNK_COST = 128 };

/// Called for every chunk that is kept.
static int count_chunk(png_structp png, png_unknown_chunkp chunk) {
  prnn_png_reader *r = png_get_user_chunk_ptr(png);
  if (chunk->size + CHUNK_COST > r->room) png_error(png, "its chunks take more memory than allowed");
  r->room -= chunk->size + CHUNK_COST;
  return 0;
}

static void pull(png_structp png, png_bytep bytes, size_t count) {
  stream *s = png_get_io_ptr(png);
  if (s->move(s->context, bytes, count) != count) png_error(png, "the file ends too early");
}

static void push(png_structp png, png_bytep bytes, size_t count) {
  stream *s = png_get_io_ptr(png);
  if (s->move(s->context, bytes, count) != count) png_error(png, "could not be written");
}

static void flush(png_structp png) { (void)png; }

static int channels(uint8_t colour_type) {
  static const int of_type[7] = {1, 0, 3, 1, 2, 0, 4};
  return of_type[colour_type];
}

static size_t row_bytes(const prnn_png_header *h) {
  return (size_t)h->width * (size_t)channels(h->colour_type) * (h->bit_depth == 16 ? 2 : 1);
}

prnn_png_reader *prnn_png_open(prnn_png_transfer read, void *context, size_t room, prnn_png_header *header,
                               char *message) {
  prnn_png_reader *r = calloc(1, sizeof *r);
  if (!r) {
    snprintf(message, MESSAGE, "out of memory");
    return NULL;
  }
  r->source = (stream){read, context, message};
  r->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &r->source, fail, warn);
  r->info = r->png ? png_create_info_struct(r->png) : NULL;
  if (!r->info) {
    snprintf(message, MESSAGE, "out of memory");
    prnn_png_close(r);
    return NULL;
  }
  if (setjmp(png_jmpbuf(r->png))) {
    prnn_png_close(r);
    return NULL;
  }
  png_set_read_fn(r->png, &r->source, pull);
  png_set_user_limits(r->png, 0x7fffffff, 0x7fffffff);
  // Every chunk beside the picture data and the palette is kept as it is, however many, as long as there is room; libpng
  // would correct or drop what it does not like.
  png_set_keep_unknown_chunks(r->png, PNG_HANDLE_CHUNK_ALWAYS, NULL, -1);
  png_set_keep_unknown_chunks(r->png, PNG_HANDLE_CHUNK_ALWAYS, (png_const_bytep) "tRNS", 1);
  png_set_chunk_cache_max(r->png, 0);
  r->room = room;
  png_set_chunk_malloc_max(r->png, room > 0 ? room : 1);
  png_set_read_user_chunk_fn(r->png, r, count_chunk);
  png_set_crc_action(r->png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
  png_read_info(r->png, r->info);
  r->header.width = png_get_image_width(r->png, r->info);
  r->header.height = png_get_image_height(r->png, r->info);
  r->header.bit_depth = png_get_bit_depth(r->png, r->info);
  r->header.colour_type = png_get_color_type(r->png, r->info);
  r->header.interlaced = png_get_interlace_type(r->png, r->info) != PNG_INTERLACE_NONE;
  *header = r->header;
  return r;
}

static void add_chunk(prnn_png_reader *r, const char *type, int place, const uint8_t *bytes, size_t count) {
  prnn_png_chunk *c = &r->chunks[r->chunk_count++];
  memcpy(c->type, type, 4);
  c->place = (uint8_t)place;
  c->bytes = bytes;
  c->count = count;
}

static void collect_chunks(prnn_png_reader *r) {
  png_unknown_chunkp unknown;
  int count = png_get_unknown_chunks(r->png, r->info, &unknown);
  r->chunks = calloc((size_t)count + 2, sizeof *r->chunks);
  if (!r->chunks) png_error(r->png, "out of memory");
  png_colorp palette;
  int entries;
  // libpng leaves out that of a gray picture, which must not have one: then nothing is behind it.
  int has_palette = png_get_PLTE(r->png, r->info, &palette, &entries) != 0;
  for (int place = 0; place < 3; place++) {
    if (place == 1 && has_palette) {
      for (int i = 0; i < entries; i++) {
        r->palette[3 * i] = palette[i].red;
        r->palette[3 * i + 1] = palette[i].green;
        r->palette[3 * i + 2] = palette[i].blue;
      }
      add_chunk(r, "PLTE", 1, r->palette, 3 * (size_t)entries);
    }
    for (int i = 0; i < count; i++) {
      int after = has_palette && unknown[i].location & PNG_HAVE_PLTE;
      int at = unknown[i].location & PNG_AFTER_IDAT ? 2 : after ? 1 : 0;
      if (at == place) add_chunk(r, (const char *)unknown[i].name, place, unknown[i].data, unknown[i].size);
    }
  }
}

int prnn_png_read(prnn_png_reader *r, uint8_t *samples, char *message) {
  r->source.message = message;
  if (setjmp(png_jmpbuf(r->png))) return 0;
  png_set_packing(r->png);
  int passes = png_set_interlace_handling(r->png);
  png_read_update_info(r->png, r->info);
  size_t row = row_bytes(&r->header), all = row * r->header.height;
  if (all > r->room) png_error(r->png, "its samples and chunks take more memory than allowed");
  r->room -= all;
  for (int pass = 0; pass < passes; pass++) {
    for (uint32_t y = 0; y < r->header.height; y++) png_read_row(r->png, samples + y * row, NULL);
  }
  png_read_end(r->png, r->info);
  collect_chunks(r);
  return 1;
}

size_t prnn_png_chunks(prnn_png_reader *r, const prnn_png_chunk **chunks) {
  *chunks = r->chunks;
  return r->chunk_count;
}

void prnn_png_close(prnn_png_reader *r) {
  if (!r) return;
  png_destroy_read_struct(&r->png, &r->info, NULL);
  free(r->chunks);
  free(r);
}

static void set_palette(png_structp png, png_infop info, const prnn_png_chunk *c) {
  png_color palette[256];
  int entries = (int)(c->count / 3 > 256 ? 256 : c->count / 3);
  for (int i = 0; i < entries; i++) {
    palette[i] = (png_color){c->bytes[3 * i], c->bytes[3 * i + 1], c->bytes[3 * i + 2]};
  }
  png_set_PLTE(png, info, palette, entries);
}

/// Whether fewer than a quarter of the pixels, of every sixteenth row, are equal to the one on their left: deflate finds little but runs
/// in such a picture. Only of samples of 8 bits and more.
static int is_photographic(const prnn_png_header *h, const uint8_t *samples) {
  if (h->bit_depth < 8 || h->colour_type == PNG_COLOR_TYPE_PALETTE) return 0;
  size_t row = row_bytes(h), pixel = row / h->width, repeats = 0, all = 0;
  for (uint32_t y = 0; y < h->height; y += 16) {
    const uint8_t *p = samples + y * row;
    for (size_t x = pixel; x < row; x += pixel) repeats += !memcmp(p + x, p + x - pixel, pixel);
    all += h->width;
  }
  return repeats < all / 4;
}

static int write_file(png_structp png, png_infop info, png_unknown_chunkp unknown, const prnn_png_header *h,
                      const uint8_t *samples, const prnn_png_chunk *chunks, size_t chunk_count) {
  png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
  png_set_IHDR(png, info, h->width, h->height, h->bit_depth, h->colour_type,
               h->interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  // An index past the palette is the picture's own affair.
  png_set_check_for_invalid_index(png, 0);
  // On photographs runs alone take a tenth of the time of zlib's usual 6 and give files 1 % larger; elsewhere level 4 half of it.
  png_set_compression_level(png, 4);
  if (is_photographic(h, samples)) png_set_compression_strategy(png, Z_RLE);
  int count = 0;
  for (size_t i = 0; i < chunk_count; i++) {
    if (!memcmp(chunks[i].type, "PLTE", 4)) {
      set_palette(png, info, &chunks[i]);
    } else {
      png_unknown_chunk *u = &unknown[count++];
      memcpy(u->name, chunks[i].type, 4);
      u->name[4] = 0;
      u->data = (png_bytep)chunks[i].bytes;
      u->size = chunks[i].count;
      u->location = chunks[i].place == 2 ? PNG_AFTER_IDAT : chunks[i].place == 1 ? PNG_HAVE_PLTE : PNG_HAVE_IHDR;
    }
  }
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_ALWAYS, NULL, 0);
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_ALWAYS, (png_const_bytep) "tRNS", 1);
  png_set_unknown_chunks(png, info, unknown, count);
  png_write_info(png, info);
  png_set_packing(png);
  int passes = png_set_interlace_handling(png);
  size_t row = row_bytes(h);
  for (int pass = 0; pass < passes; pass++) {
    for (uint32_t y = 0; y < h->height; y++) png_write_row(png, samples + y * row);
  }
  png_write_end(png, info);
  return 1;
}

int prnn_png_write(prnn_png_transfer write, void *context, const prnn_png_header *header, const uint8_t *samples,
                   const prnn_png_chunk *chunks, size_t chunk_count, char *message) {
  stream sink = {write, context, message};
  png_unknown_chunkp unknown = calloc(chunk_count + 1, sizeof *unknown);
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &sink, fail, warn);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  int done = 0;
  if (!info || !unknown) {
    snprintf(message, MESSAGE, "out of memory");
  } else if (!setjmp(png_jmpbuf(png))) {
    png_set_write_fn(png, &sink, push, flush);
    done = write_file(png, info, unknown, header, samples, chunks, chunk_count);
  } else {
    done = 0;
  }
  png_destroy_write_struct(&png, &info);
  free(unknown);
  return done;
}
