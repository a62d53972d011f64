/*
 * A gdk-pixbuf loader for prnn archives: their first picture.
 *
 * The picture goes as PNG through gdk-pixbuf's own loader, so that depths, palettes, transparency, colour profile, resolution and
 * texts are what they would be of the file that was compressed.
 */
#define GDK_PIXBUF_ENABLE_BACKEND
#include <gdk-pixbuf/gdk-pixbuf.h>
#include <prnn.h>

/* Bytes of an archive, and of a picture: a few bytes may hold a picture of one colour that is larger than memory. */
static const guint memory_limit = 1u << 30;

typedef struct {
  GByteArray *archive;
  GdkPixbufModuleSizeFunc size;
  GdkPixbufModulePreparedFunc prepared;
  GdkPixbufModuleUpdatedFunc updated;
  gpointer user;
} Loading;

static gpointer begin_load(
    GdkPixbufModuleSizeFunc size, GdkPixbufModulePreparedFunc prepared, GdkPixbufModuleUpdatedFunc updated, gpointer user,
    GError **error) {
  (void)error;
  Loading *loading = g_new(Loading, 1);
  *loading = (Loading){g_byte_array_sized_new(65536), size, prepared, updated, user};
  return loading;
}

static gboolean load_increment(gpointer context, const guchar *bytes, guint count, GError **error) {
  Loading *loading = context;
  if (count > memory_limit - loading->archive->len) {
    g_set_error(
        error, GDK_PIXBUF_ERROR, GDK_PIXBUF_ERROR_INSUFFICIENT_MEMORY, "the archive has more than %u bytes", memory_limit);
    return FALSE;
  }
  g_byte_array_append(loading->archive, bytes, count);
  return TRUE;
}

static gboolean fail(prnn_status status, const prnn_error *text, GError **error) {
  int code = GDK_PIXBUF_ERROR_FAILED;
  switch (status) {
  case PRNN_NOT_AN_ARCHIVE:
  case PRNN_TRUNCATED:
  case PRNN_DAMAGED: code = GDK_PIXBUF_ERROR_CORRUPT_IMAGE; break;
  case PRNN_TOO_LARGE: code = GDK_PIXBUF_ERROR_INSUFFICIENT_MEMORY; break;
  case PRNN_UNSUPPORTED: code = GDK_PIXBUF_ERROR_UNKNOWN_TYPE; break;
  default: break;
  }
  g_set_error_literal(error, GDK_PIXBUF_ERROR, code, text->text);
  return FALSE;
}

/* A side of a level. */
static gint64 halved(gint64 side, guint halvings) { return (side + (1 << halvings) - 1) >> halvings; }

static GdkPixbuf *from_png(const prnn_buffer *png, GError **error) {
  GdkPixbufLoader *loader = gdk_pixbuf_loader_new_with_type("png", error);
  if (!loader) return NULL;
  GdkPixbuf *pixbuf = NULL;
  if (!gdk_pixbuf_loader_write(loader, png->data, png->size, error)) {
    gdk_pixbuf_loader_close(loader, NULL);
  } else if (gdk_pixbuf_loader_close(loader, error)) {
    pixbuf = g_object_ref(gdk_pixbuf_loader_get_pixbuf(loader));
  }
  g_object_unref(loader);
  return pixbuf;
}

static gboolean decode(Loading *loading, GError **error) {
  const GByteArray *archive = loading->archive;
  prnn_info info = PRNN_INFO_INIT;
  prnn_error text;
  prnn_status status = prnn_probe(archive->data, archive->len, 0, &info, &text);
  if (status) return fail(status, &text, error);

  int width = (int)info.width, height = (int)info.height;
  /* Programs that want whole pictures need not be asked. */
  if (loading->size) loading->size(&width, &height, loading->user);
  if (width == 0 || height == 0) {
    /* As gdk_pixbuf_get_file_info does, which wants no pixels. */
    g_set_error_literal(error, GDK_PIXBUF_ERROR, GDK_PIXBUF_ERROR_FAILED, "a picture without pixels was asked for");
    return FALSE;
  }
  /* The smallest level that is large enough; what is left to scale the caller does. */
  prnn_request request = PRNN_REQUEST_INIT;
  while (request.halvings + 1 < info.levels && halved(info.width, request.halvings + 1) >= width
         && halved(info.height, request.halvings + 1) >= height) {
    request.halvings++;
  }
  prnn_options options = PRNN_OPTIONS_INIT;
  options.memory_limit = memory_limit;
  prnn_buffer png = {NULL, 0};
  status = prnn_decode_png(archive->data, archive->len, &request, &options, &png, &text);
  if (status) return fail(status, &text, error);

  GdkPixbuf *pixbuf = from_png(&png, error);
  prnn_buffer_free(&png);
  if (!pixbuf) return FALSE;
  if (loading->prepared) loading->prepared(pixbuf, NULL, loading->user);
  if (loading->updated) loading->updated(pixbuf, 0, 0, gdk_pixbuf_get_width(pixbuf), gdk_pixbuf_get_height(pixbuf), loading->user);
  g_object_unref(pixbuf);
  return TRUE;
}

/* Also called after load_increment has failed, and when the caller has not given all bytes. */
static gboolean stop_load(gpointer context, GError **error) {
  Loading *loading = context;
  gboolean done = decode(loading, error);
  g_byte_array_unref(loading->archive);
  g_free(loading);
  return done;
}

G_MODULE_EXPORT void fill_vtable(GdkPixbufModule *module) {
  module->begin_load = begin_load;
  module->load_increment = load_increment;
  module->stop_load = stop_load;
}

G_MODULE_EXPORT void fill_info(GdkPixbufFormat *info) {
  /* gdk-pixbuf takes these to be writable, but does not write to them. */
  static GdkPixbufModulePattern signature[] = {{"\x89PRNN\r\n\x1a", NULL, 100}, {NULL, NULL, 0}};
  static gchar *types[] = {"image/x-prnn", NULL};
  static gchar *extensions[] = {"prnn", NULL};
  info->name = "prnn";
  info->signature = signature;
  info->description = "PRNN";
  info->mime_types = types;
  info->extensions = extensions;
  info->flags = GDK_PIXBUF_FORMAT_THREADSAFE;
  info->license = "Apache-2.0";
}
