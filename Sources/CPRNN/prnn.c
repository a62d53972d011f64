#include "prnn.h"

const char *prnn_version(void) { return PRNN_VERSION; }

const char *prnn_status_text(prnn_status status) {
  switch (status) {
  case PRNN_OK: return "done";
  case PRNN_INVALID_ARGUMENT: return "invalid argument";
  case PRNN_BUFFER_TOO_SMALL: return "buffer too small";
  case PRNN_NOT_AN_ARCHIVE: return "not a prnn archive";
  case PRNN_TRUNCATED: return "archive cut short";
  case PRNN_DAMAGED: return "archive damaged";
  case PRNN_UNSUPPORTED: return "not supported";
  case PRNN_UNKNOWN_MODEL: return "unknown model";
  case PRNN_BAD_MODEL: return "bad model file";
  case PRNN_BAD_PNG: return "bad PNG picture";
  case PRNN_TOO_LARGE: return "more memory than allowed";
  case PRNN_NO_SUCH_IMAGE: return "no such image in the archive";
  case PRNN_CANCELLED: return "cancelled";
  case PRNN_INTERNAL: return "internal error";
  }
  return "unknown status";
}
