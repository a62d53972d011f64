/*
 * prnn: lossless image compression with autoregressive networks, for C.
 *
 * There are no globals: any function may be called from any number of threads at once, as long as they are not given the same
 * buffer to write to. What fails returns a status other than PRNN_OK, leaves outputs as they were (but pixels of a picture, which
 * may then be in part overwritten), and says what is wrong and what to do in `error`, which may be null.
 *
 * Structures begin with `struct_size`, their size in bytes, so that a program goes on working with later versions of the library.
 * The macros ..._INIT set it, and everything else to what is usual, which is 0.
 */
#ifndef PRNN_H
#define PRNN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PRNN_VERSION "0.1.0"

typedef enum prnn_status {
  PRNN_OK = 0,
  PRNN_INVALID_ARGUMENT = 1, /* a null pointer, a stride that is too small, samples that do not fit their bits, ... */
  PRNN_BUFFER_TOO_SMALL = 2,
  PRNN_NOT_AN_ARCHIVE = 3,
  PRNN_TRUNCATED = 4,
  PRNN_DAMAGED = 5,
  PRNN_UNSUPPORTED = 6,   /* a newer format, or one picture was asked for in another size than there is */
  PRNN_UNKNOWN_MODEL = 7, /* give its file in prnn_options */
  PRNN_BAD_MODEL = 8,
  PRNN_BAD_PNG = 9,
  PRNN_TOO_LARGE = 10, /* more memory than prnn_options allow */
  PRNN_NO_SUCH_IMAGE = 11,
  PRNN_CANCELLED = 12, /* by the progress callback */
  PRNN_INTERNAL = 13   /* a bug */
} prnn_status;

/* What went wrong, in a line of UTF-8 that ends with 0. */
typedef struct prnn_error {
  char text[256];
} prnn_error;

/* PNG's colour types. */
typedef enum prnn_colour_type {
  PRNN_GRAY = 0,
  PRNN_RGB = 2,
  PRNN_PALETTE = 3,
  PRNN_GRAY_ALPHA = 4,
  PRNN_RGBA = 6
} prnn_colour_type;

/* What is said of one picture of an archive. */
typedef struct prnn_info {
  size_t struct_size;
  uint64_t images; /* in the archive */
  uint32_t width;  /* pixels */
  uint32_t height;
  uint32_t colour_type; /* prnn_colour_type */
  uint32_t bit_depth;   /* bits a sample: 1, 2, 4, 8 or 16 */
  uint32_t channels;    /* samples a pixel */
  uint32_t interlaced;  /* whether the PNG file was */
  uint32_t levels;      /* sizes that prnn_request can ask for: 1, but for multi-scale models */
  uint32_t version;     /* of the format */
} prnn_info;
#define PRNN_INFO_INIT {sizeof(prnn_info), 0, 0, 0, 0, 0, 0, 0, 0, 0}

/* Which picture, and which part of it. */
typedef struct prnn_request {
  size_t struct_size;
  uint64_t image;    /* its number in the archive */
  uint32_t halvings; /* 0: as it is; h: its sides / 2^h, rounded up; less than `levels` */
  uint32_t x;        /* the part's first column and row, and its sides, in pixels of that size; all 0: the whole picture */
  uint32_t y;
  uint32_t width;
  uint32_t height;
} prnn_request;
#define PRNN_REQUEST_INIT {sizeof(prnn_request), 0, 0, 0, 0, 0, 0}

/* How pixels lie in a buffer: rows from the top, `stride` bytes from one to the next. */
typedef enum prnn_layout {
  /* The samples as they are, unscaled: one byte each, of 16 bits two, in the machine's order. */
  PRNN_SAMPLES = 0,
  /* To show: red, green, blue, alpha, 8 bits each; palettes and transparent colours are looked up, depths scaled, of 16 bits the high byte. */
  PRNN_RGBA8 = 1
} prnn_layout;

/*
 * Called now and then, by one thread at a time, but not always the same one. `done` of `total` samples are coded; neither is
 * exact. What is not 0 cancels the call.
 */
typedef int (*prnn_progress)(void *context, uint64_t done, uint64_t total);

typedef enum prnn_effort { PRNN_BALANCED = 0, PRNN_FAST = 1, PRNN_MAX = 2 } prnn_effort;

enum {
  PRNN_NO_VERIFY = 1, /* do not decode what was encoded to compare it */
  PRNN_STRIP = 2      /* prnn_encode_png: leave out chunks that do not change what the picture looks like */
};

/* How to work. Null in place of a pointer to it: everything as usual. */
typedef struct prnn_options {
  size_t struct_size;
  uint32_t threads;      /* 0: one for each processor */
  uint32_t effort;       /* prnn_effort */
  uint32_t flags;        /* PRNN_NO_VERIFY, PRNN_STRIP */
  uint64_t memory_limit; /* bytes a picture may take; 0: 2 GiB */
  const void *model;     /* a model file, to encode with, and for archives that need it; null: those of the library */
  size_t model_size;
  prnn_progress progress; /* may be null */
  void *progress_context;
} prnn_options;
#define PRNN_OPTIONS_INIT {sizeof(prnn_options), 0, PRNN_BALANCED, 0, 0, NULL, 0, NULL, NULL}

/* A picture to encode. */
typedef struct prnn_picture {
  size_t struct_size;
  uint32_t width;
  uint32_t height;
  uint32_t colour_type; /* prnn_colour_type */
  uint32_t bit_depth;
  const void *pixels; /* PRNN_SAMPLES */
  size_t size;        /* bytes at `pixels` */
  size_t stride;
  const uint8_t *palette; /* red, green and blue of every colour; of PRNN_PALETTE only */
  uint32_t palette_count; /* 1 to 256 colours */
} prnn_picture;
#define PRNN_PICTURE_INIT {sizeof(prnn_picture), 0, 0, 0, 8, NULL, 0, 0, NULL, 0}

/* Bytes that the library has allocated. */
typedef struct prnn_buffer {
  void *data;
  size_t size;
} prnn_buffer;

/* The version of the library, as PRNN_VERSION is that of the header. */
const char *prnn_version(void);

/* A status in a few words. */
const char *prnn_status_text(prnn_status status);

/* What an archive says of the picture of a number, without decoding it. */
prnn_status prnn_probe(const void *archive, size_t size, uint64_t image, prnn_info *info, prnn_error *error);

/*
 * Decodes a picture, or a part of it, into a buffer of `capacity` bytes. Rows of PRNN_SAMPLES have width * channels samples.
 * `request` may be null: the first picture, all of it.
 */
prnn_status prnn_decode(
    const void *archive, size_t size, const prnn_request *request, prnn_layout layout, void *pixels, size_t capacity,
    size_t stride, const prnn_options *options, prnn_error *error);

/* Decodes a picture, or a part of it, to a PNG file with all chunks; of archives made with --exact, whole pictures to the very file. */
prnn_status prnn_decode_png(
    const void *archive, size_t size, const prnn_request *request, const prnn_options *options, prnn_buffer *png,
    prnn_error *error);

/* Encodes a picture. */
prnn_status prnn_encode(const prnn_picture *picture, const prnn_options *options, prnn_buffer *archive, prnn_error *error);

/* Encodes a PNG file with all its chunks. */
prnn_status prnn_encode_png(
    const void *png, size_t size, const prnn_options *options, prnn_buffer *archive, prnn_error *error);

/* Gives the bytes back. Null, and a buffer that is free already, are allowed. */
void prnn_buffer_free(prnn_buffer *buffer);

#ifdef __cplusplus
}
#endif

#endif
