/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Blocks of a version 7 recording: zlib streams and zstd frames, each on its own,
 * and what can still be had of one that is damaged. Knows nothing of their content.
 */
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

static gsize part_zlib(const guint8 *in, gsize in_len, guint8 *out, gsize out_cap,
                       gsize *consumed, gboolean *whole)
{
  z_stream z = { .next_in = (guint8 *)in, .avail_in = (uInt)in_len, .next_out = out,
                 .avail_out = (uInt)out_cap };
  if (inflateInit(&z) != Z_OK)
    return 0;
  int rc = inflate(&z, Z_SYNC_FLUSH);
  *whole = rc == Z_STREAM_END;
  *consumed = in_len - z.avail_in;
  gsize got = out_cap - z.avail_out;
  inflateEnd(&z);
  return got;
}

static gsize part_zstd(const guint8 *in, gsize in_len, guint8 *out, gsize out_cap,
                       gsize *consumed, gboolean *whole)
{
  ZSTD_DCtx *context = ZSTD_createDCtx();
  ZSTD_inBuffer from = { in, in_len, 0 };
  ZSTD_outBuffer to = { out, out_cap, 0 };
  size_t rc, before;
  do {
    before = from.pos + to.pos;
    rc = ZSTD_decompressStream(context, &to, &from);
  } while (!ZSTD_isError(rc) && rc > 0 && from.pos + to.pos > before);
  *whole = rc == 0;
  *consumed = from.pos;
  ZSTD_freeDCtx(context);
  return to.pos;
}

gsize tc_decompress_part(TcCompression compression, const guint8 *in, gsize in_len, guint8 *out,
                         gsize out_cap, gsize *consumed, gboolean *whole)
{
  *consumed = 0;
  *whole = FALSE;
  if (compression == TC_COMPRESSION_ZLIB)
    return part_zlib(in, in_len, out, out_cap, consumed, whole);
  if (compression == TC_COMPRESSION_ZSTD)
    return part_zstd(in, in_len, out, out_cap, consumed, whole);
  return 0;
}

gboolean tc_block_starts(TcCompression compression, const guint8 *p)
{
  if (compression == TC_COMPRESSION_ZSTD)
    return p[0] == 0x28 && p[1] == 0xb5 && p[2] == 0x2f && p[3] == 0xfd;
  /* deflate with a window of at most 32 KiB; the two bytes together divide by 31 */
  return (p[0] & 0x0f) == 8 && p[0] >> 4 <= 7 && (p[0] << 8 | p[1]) % 31 == 0 && !(p[1] & 0x20);
}
