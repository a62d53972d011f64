#include "CJPEG.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

_Static_assert(JMSG_LENGTH_MAX <= 200, "messages fit");

typedef struct {
  struct jpeg_error_mgr base;
  jmp_buf back;
  char *message;
} failure;

static void fail(j_common_ptr cinfo) {
  failure *f = (failure *)cinfo->err;
  cinfo->err->format_message(cinfo, f->message);
  longjmp(f->back, 1);
}

static void ignore(j_common_ptr cinfo) { (void)cinfo; }

uint8_t *prnn_jpeg_decode(const uint8_t *bytes, size_t count, uint64_t sample_limit, uint32_t *width,
                          uint32_t *height, uint32_t *channels, char *message) {
  struct jpeg_decompress_struct c;
  failure f;
  uint8_t *volatile samples = NULL;
  c.err = jpeg_std_error(&f.base);
  f.base.error_exit = fail;
  f.base.output_message = ignore;
  f.message = message;
  if (setjmp(f.back)) {
    jpeg_destroy_decompress(&c);
    free(samples);
    return NULL;
  }
  jpeg_create_decompress(&c);
  jpeg_mem_src(&c, bytes, count);
  jpeg_read_header(&c, TRUE);
  c.out_color_space = c.jpeg_color_space == JCS_GRAYSCALE ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_start_decompress(&c);
  size_t row = (size_t)c.output_width * (size_t)c.output_components;
  if ((uint64_t)row * c.output_height > sample_limit || !(samples = malloc(row * c.output_height + 1))) {
    snprintf(message, 200, "the picture is too large");
    longjmp(f.back, 1);
  }
  while (c.output_scanline < c.output_height) {
    JSAMPROW line = samples + row * c.output_scanline;
    jpeg_read_scanlines(&c, &line, 1);
  }
  *width = c.output_width;
  *height = c.output_height;
  *channels = (uint32_t)c.output_components;
  jpeg_finish_decompress(&c);
  jpeg_destroy_decompress(&c);
  return samples;
}

void prnn_jpeg_free(uint8_t *samples) { free(samples); }
