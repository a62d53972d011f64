/* The loop that bench/tree.py compares the program with: threads that take the next file, encode it by libprnn and write it.
   usage: tree THREADS EFFORT OUT FILE...     EFFORT: of prnn.h, 0 balanced, 1 fast; OUT: a folder */
#include <prnn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static atomic_int next = 4, failures = 0;
static int count, effort;
static char **words;

static void *work(void *unused) {
  (void)unused;
  for (int i; (i = atomic_fetch_add(&next, 1)) < count;) {
    FILE *in = fopen(words[i], "rb");
    if (!in) { failures++; continue; }
    fseek(in, 0, SEEK_END);
    size_t size = (size_t)ftell(in);
    rewind(in);
    char *png = malloc(size), name[4096];
    size_t got = fread(png, 1, size, in);
    fclose(in);
    prnn_options options = PRNN_OPTIONS_INIT;
    options.threads = 1, options.effort = (uint32_t)effort;
    prnn_buffer archive = {NULL, 0};
    prnn_error error;
    if (got != size || prnn_encode_png(png, size, &options, &archive, &error) != PRNN_OK) { failures++; free(png); continue; }
    snprintf(name, sizeof name, "%s/%d.prnn", words[3], i);
    FILE *out = fopen(name, "wb");
    if (!out || fwrite(archive.data, 1, archive.size, out) != archive.size) failures++;
    if (out) fclose(out);
    prnn_buffer_free(&archive);
    free(png);
  }
  return NULL;
}

int main(int argc, char **argv) {
  count = argc, words = argv, effort = atoi(argv[2]);
  int threads = atoi(argv[1]);
  pthread_t all[64];
  for (int i = 0; i < threads && i < 64; i++) pthread_create(&all[i], NULL, work, NULL);
  for (int i = 0; i < threads && i < 64; i++) pthread_join(all[i], NULL);
  return failures > 0;
}
