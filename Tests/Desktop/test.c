/* What gdk-pixbuf shows of prnn archives. usage: test FOLDER, as Tests/Desktop/run fills it */
#include <gdk-pixbuf/gdk-pixbuf.h>
#include <string.h>

static const char *folder;

static gchar *file(const char *name) { return g_build_filename(folder, name, NULL); }

static void read_file(const char *name, guchar **bytes, gsize *size) {
  g_autofree gchar *path = file(name);
  g_autoptr(GError) error = NULL;
  if (!g_file_get_contents(path, (gchar **)bytes, size, &error)) g_error("%s", error->message);
}

static GdkPixbuf *opened(const char *name) {
  g_autofree gchar *path = file(name);
  g_autoptr(GError) error = NULL;
  GdkPixbuf *pixbuf = gdk_pixbuf_new_from_file(path, &error);
  if (!pixbuf) g_error("%s: %s", name, error->message);
  return pixbuf;
}

/* Samples, and what is said of them: profiles, resolution, texts. */
static void expect_equal(GdkPixbuf *a, GdkPixbuf *b) {
  g_assert_cmpint(gdk_pixbuf_get_width(a), ==, gdk_pixbuf_get_width(b));
  g_assert_cmpint(gdk_pixbuf_get_height(a), ==, gdk_pixbuf_get_height(b));
  g_assert_cmpint(gdk_pixbuf_get_n_channels(a), ==, gdk_pixbuf_get_n_channels(b));
  for (int y = 0; y < gdk_pixbuf_get_height(a); y++) {
    const gsize size = (gsize)gdk_pixbuf_get_width(a) * gdk_pixbuf_get_n_channels(a);
    g_assert_cmpmem(
        gdk_pixbuf_read_pixels(a) + (gsize)y * gdk_pixbuf_get_rowstride(a), size,
        gdk_pixbuf_read_pixels(b) + (gsize)y * gdk_pixbuf_get_rowstride(b), size);
  }
  g_autoptr(GHashTable) said = gdk_pixbuf_get_options(a), of_other = gdk_pixbuf_get_options(b);
  g_assert_cmpuint(g_hash_table_size(said), ==, g_hash_table_size(of_other));
  GHashTableIter next;
  gpointer key, value;
  g_hash_table_iter_init(&next, said);
  while (g_hash_table_iter_next(&next, &key, &value)) g_assert_cmpstr(value, ==, g_hash_table_lookup(of_other, key));
}

/* Gives bytes to the loader of a format, `step` at a time. */
static GdkPixbuf *loaded_as(const char *format, const guchar *bytes, gsize size, gsize step, GError **error) {
  g_autoptr(GdkPixbufLoader) loader = gdk_pixbuf_loader_new_with_type(format, error);
  if (!loader) return NULL;
  for (gsize at = 0; at < size; at += step) {
    if (!gdk_pixbuf_loader_write(loader, bytes + at, MIN(step, size - at), error)) {
      gdk_pixbuf_loader_close(loader, NULL);
      return NULL;
    }
  }
  if (!gdk_pixbuf_loader_close(loader, error)) return NULL;
  return g_object_ref(gdk_pixbuf_loader_get_pixbuf(loader));
}

static GdkPixbuf *loaded(const guchar *bytes, gsize size, gsize step, GError **error) {
  return loaded_as("prnn", bytes, size, step, error);
}

/* A PNG file. gdk_pixbuf_new_from_file does not say the resolution. */
static GdkPixbuf *original(const char *name) {
  guchar *bytes;
  gsize size;
  read_file(name, &bytes, &size);
  GdkPixbuf *pixbuf = loaded_as("png", bytes, size, size, NULL);
  g_assert_nonnull(pixbuf);
  g_free(bytes);
  return pixbuf;
}

/* Every archive in the folder that has a PNG file of its name beside it. */
static void expect_pictures(void) {
  g_autoptr(GDir) names = g_dir_open(folder, 0, NULL);
  int count = 0;
  for (const char *name; (name = g_dir_read_name(names));) {
    if (!g_str_has_suffix(name, ".png")) continue;
    g_autofree gchar *archive = g_strdup_printf("%.*s.prnn", (int)strlen(name) - 4, name);
    g_autoptr(GdkPixbuf) png = original(name), same = opened(archive);
    expect_equal(same, png);
    guchar *bytes;
    gsize size;
    read_file(archive, &bytes, &size);
    g_autoptr(GdkPixbuf) again = loaded(bytes, size, 1, NULL);
    g_assert_nonnull(again);
    expect_equal(again, png);
    g_free(bytes);
    g_autofree gchar *png_path = file(name), *path = file(archive);
    g_autoptr(GdkPixbuf) small_png = gdk_pixbuf_new_from_file_at_scale(png_path, 17, 40, TRUE, NULL);
    g_autoptr(GdkPixbuf) small = gdk_pixbuf_new_from_file_at_scale(path, 17, 40, TRUE, NULL);
    g_assert_nonnull(small);
    expect_equal(small, small_png);
    int width, height;
    g_autofree gchar *format = gdk_pixbuf_format_get_name(gdk_pixbuf_get_file_info(path, &width, &height));
    g_assert_cmpstr(format, ==, "prnn");
    g_assert_cmpint(width, ==, gdk_pixbuf_get_width(png));
    g_assert_cmpint(height, ==, gdk_pixbuf_get_height(png));
    count++;
  }
  g_print("%d pictures\n", count);
  g_assert_cmpint(count, >, 0);
}

/* Of an archive with levels no more is decoded than needed: the level of half the size has every second pixel. */
static void expect_level(void) {
  g_autofree gchar *path = file("levels");
  g_autoptr(GdkPixbuf) whole = opened("levels");
  const int width = (gdk_pixbuf_get_width(whole) + 1) / 2, height = (gdk_pixbuf_get_height(whole) + 1) / 2;
  g_autoptr(GdkPixbuf) half = gdk_pixbuf_new_from_file_at_scale(path, width, height, FALSE, NULL);
  g_assert_cmpint(gdk_pixbuf_get_width(half), ==, width);
  g_assert_cmpint(gdk_pixbuf_get_height(half), ==, height);
  const int channels = gdk_pixbuf_get_n_channels(whole);
  g_assert_cmpint(gdk_pixbuf_get_n_channels(half), ==, channels);
  for (int y = 0; y < height; y++) {
    for (int x = 0; x < width; x++) {
      g_assert_cmpmem(
          gdk_pixbuf_read_pixels(half) + y * gdk_pixbuf_get_rowstride(half) + x * channels, channels,
          gdk_pixbuf_read_pixels(whole) + 2 * y * gdk_pixbuf_get_rowstride(whole) + 2 * x * channels, channels);
    }
  }
  /* One pixel more is not in that level. */
  g_autoptr(GdkPixbuf) more = gdk_pixbuf_new_from_file_at_scale(path, width + 1, height, FALSE, NULL);
  g_assert_cmpint(gdk_pixbuf_get_width(more), ==, width + 1);
}

static void expect_error(const guchar *bytes, gsize size, int code, const char *text) {
  g_autoptr(GError) error = NULL;
  g_assert_null(loaded(bytes, size, 4096, &error));
  g_assert_error(error, GDK_PIXBUF_ERROR, code);
  if (!strstr(error->message, text)) g_error("“%s” does not say “%s”", error->message, text);
}

static void expect_refused(const char *name, int code, const char *text) {
  guchar *bytes;
  gsize size;
  read_file(name, &bytes, &size);
  expect_error(bytes, size, code, text);
  g_free(bytes);
}

static void expect_damage_refused(void) {
  expect_error(NULL, 0, GDK_PIXBUF_ERROR_CORRUPT_IMAGE, "empty");
  expect_refused("foreign", GDK_PIXBUF_ERROR_CORRUPT_IMAGE, "not a prnn archive");
  expect_refused("huge", GDK_PIXBUF_ERROR_INSUFFICIENT_MEMORY, "memory");
  expect_refused("newer", GDK_PIXBUF_ERROR_UNKNOWN_TYPE, "version");
  expect_refused("other-model", GDK_PIXBUF_ERROR_FAILED, "model");
  guchar *bytes;
  gsize size;
  read_file("small", &bytes, &size);
  for (gsize cut = 1; cut < size; cut++) expect_error(bytes, cut, GDK_PIXBUF_ERROR_CORRUPT_IMAGE, "");
  for (gsize at = 0; at < size; at++) {
    bytes[at] ^= 1 << at % 8;
    g_autoptr(GError) error = NULL;
    g_assert_null(loaded(bytes, size, size, &error));
    g_assert_true(error && error->domain == GDK_PIXBUF_ERROR);
    bytes[at] ^= 1 << at % 8;
  }
  g_autoptr(GdkPixbuf) whole = loaded(bytes, size, size, NULL);
  g_assert_nonnull(whole);
  g_free(bytes);
  /* Given up before it is whole. */
  g_autoptr(GdkPixbufLoader) loader = gdk_pixbuf_loader_new_with_type("prnn", NULL);
  g_assert_true(gdk_pixbuf_loader_write(loader, (const guchar *)"\x89PRNN", 5, NULL));
  g_assert_false(gdk_pixbuf_loader_close(loader, NULL));
}

static gpointer decode_some(gpointer png) {
  for (int i = 0; i < 8; i++) {
    g_autoptr(GdkPixbuf) same = opened("basn3p04.prnn");
    expect_equal(same, png);
  }
  return NULL;
}

static void expect_threads(void) {
  g_autoptr(GdkPixbuf) png = original("basn3p04.png");
  GThread *threads[4];
  for (int i = 0; i < 4; i++) threads[i] = g_thread_new(NULL, decode_some, png);
  for (int i = 0; i < 4; i++) g_thread_join(threads[i]);
}

int main(int count, char **arguments) {
  if (count != 2) g_error("usage: test FOLDER");
  folder = arguments[1];
  expect_pictures();
  expect_level();
  expect_damage_refused();
  expect_threads();
  return 0;
}
