/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Blocks of a version 7 recording: zlib streams and zstd frames, each on its own. */
#include "tracecmd/tracecmd-file.h"

#include <zlib.h>
#include <zstd.h>

static gboolean decompress_zlib(const guint8 *in, gsize in_len, guint8 *out, gsize out_len,
                                const char *source, guint64 offset, GError **error)
{
  uLongf got = (uLongf)out_len;
  int rc = uncompress(out, &got, in, (uLong)in_len);
  if (rc == Z_OK && got == out_len)
    return TRUE;
  tb_error_set(error, TB_ERROR_CORRUPT, source, offset,
               "zlib block of %" G_GSIZE_FORMAT " bytes does not unpack to %" G_GSIZE_FORMAT
               " bytes (%s)", in_len, out_len, rc == Z_OK ? "it is shorter" : zError(rc));
  return FALSE;
}

static gboolean decompress_zstd(gpointer context, const guint8 *in, gsize in_len, guint8 *out,
                                gsize out_len, const char *source, guint64 offset,
                                GError **error)
{
  size_t got = context ? ZSTD_decompressDCtx(context, out, out_len, in, in_len)
                       : ZSTD_decompress(out, out_len, in, in_len);
  if (!ZSTD_isError(got) && got == out_len)
    return TRUE;
  tb_error_set(error, TB_ERROR_CORRUPT, source, offset,
               "zstd block of %" G_GSIZE_FORMAT " bytes does not unpack to %" G_GSIZE_FORMAT
               " bytes (%s)", in_len, out_len,
               ZSTD_isError(got) ? ZSTD_getErrorName(got) : "it is shorter");
  return FALSE;
}

gboolean tc_decompress(TcCompression compression, gpointer zstd_context, const guint8 *in,
                       gsize in_len, guint8 *out, gsize out_len, const char *source,
                       guint64 offset, GError **error)
{
  switch (compression) {
  case TC_COMPRESSION_ZLIB:
    return decompress_zlib(in, in_len, out, out_len, source, offset, error);
  case TC_COMPRESSION_ZSTD:
    return decompress_zstd(zstd_context, in, in_len, out, out_len, source, offset, error);
  case TC_COMPRESSION_NONE:
  default:
    tb_error_set(error, TB_ERROR_CORRUPT, source, offset,
                 "a compressed block in a file that names no compression");
    return FALSE;
  }
}
