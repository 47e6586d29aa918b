/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Temporary copies, plain or decompressed; see spool.h. */
#include "base/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum { SPOOL_BUFFER = 256 * 1024 };

/* One copy under way. */
typedef struct {
  int in, out;
  const char *name;
  guint64 max_bytes;
  guint64 in_bytes;
  guint64 out_bytes;
  gboolean in_end;
  guint8 *in_buf;
  guint8 *out_buf;
} Spool;

TbSpoolKind tb_spool_detect(const guint8 *head, gsize len)
{
  static const guint8 zstd[] = { 0x28, 0xb5, 0x2f, 0xfd };
  if (len >= 3 && head[0] == 0x1f && head[1] == 0x8b && head[2] == 8)
    return TB_SPOOL_GZIP;
  if (len >= 4 && memcmp(head, zstd, 4) == 0)
    return TB_SPOOL_ZSTD;
  return TB_SPOOL_PLAIN;
}

int tb_spool_open_temp(const char *folder, GError **error)
{
  const char *tmpdir = g_getenv("TMPDIR");
  const char *dir = folder ? folder : tmpdir && *tmpdir ? tmpdir : "/var/tmp";
  int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0)
    return fd;
  g_autofree char *path = g_build_filename(dir, "tracebraid-XXXXXX", NULL);
  fd = g_mkstemp_full(path, O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0) {
    unlink(path);
    return fd;
  }
  tb_error_set(error, TB_ERROR_IO, dir, TB_OFFSET_NONE,
               "cannot make a temporary file: %s (set TMPDIR to a folder with room)",
               g_strerror(errno));
  return -1;
}

/* Fills in_buf. Returns bytes read, 0 at the end, -1 with error. */
static gssize spool_read(Spool *s, GError **error)
{
  ssize_t n = read(s->in, s->in_buf, SPOOL_BUFFER);
  if (n < 0) {
    /* A pipe can be silent for ever; whoever installed a signal handler wants to be heard. */
    tb_error_set(error, errno == EINTR ? TB_ERROR_CANCELLED : TB_ERROR_IO, s->name, s->in_bytes,
                 "cannot read: %s", g_strerror(errno));
    return -1;
  }
  s->in_bytes += (guint64)n;
  s->in_end = n == 0;
  return n;
}

static gboolean spool_write(Spool *s, const guint8 *bytes, gsize len, GError **error)
{
  if (len > s->max_bytes - s->out_bytes) {
    tb_error_set(error, TB_ERROR_LIMIT, s->name, s->in_bytes,
                 "temporary copy would pass %" G_GUINT64_FORMAT " bytes", s->max_bytes);
    return FALSE;
  }
  s->out_bytes += len;
  while (len > 0) {
    ssize_t n = write(s->out, bytes, len);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0) {
      tb_error_set(error, TB_ERROR_IO, s->name, TB_OFFSET_NONE,
                   "cannot write its temporary copy: %s (set TMPDIR to a folder with room)",
                   g_strerror(errno));
      return FALSE;
    }
    bytes += n;
    len -= (gsize)n;
  }
  return TRUE;
}

static gboolean spool_plain(Spool *s, GError **error)
{
  gssize n;
  while ((n = spool_read(s, error)) > 0)
    if (!spool_write(s, s->in_buf, (gsize)n, error))
      return FALSE;
  return n == 0;
}

static void spool_damage(Spool *s, GError **damage, TbError code, const char *what)
{
  tb_error_set(damage, code, s->name, s->out_bytes,
               "the compressed stream %s (compressed byte %" G_GUINT64_FORMAT
               "); what precedes it is read", what, s->in_bytes);
}

/* Inflates what in_buf holds. Returns FALSE with error set, or with *stop at the end or damage. */
static gboolean spool_inflate(Spool *s, z_stream *z, gboolean *stop, GError **damage,
                              GError **error)
{
  while (z->avail_in > 0) {
    z->next_out = s->out_buf;
    z->avail_out = SPOOL_BUFFER;
    int rc = inflate(z, Z_NO_FLUSH);
    if (!spool_write(s, s->out_buf, SPOOL_BUFFER - z->avail_out, error))
      return FALSE;
    if (rc == Z_STREAM_END) {
      /* Another member may follow; zero padding and anything else does not belong to it. */
      if (z->avail_in > 0 && z->next_in[0] != 0x1f) {
        *stop = TRUE;
        return TRUE;
      }
      inflateReset(z);
    } else if (rc != Z_OK) {
      spool_damage(s, damage, TB_ERROR_CORRUPT, z->msg ? z->msg : "is damaged");
      *stop = TRUE;
      return TRUE;
    }
  }
  return TRUE;
}

static gboolean spool_gzip(Spool *s, GError **damage, GError **error)
{
  z_stream z = { 0 };
  gboolean ok = TRUE, stop = FALSE;
  if (inflateInit2(&z, 15 + 16) != Z_OK) {
    tb_error_set(error, TB_ERROR_IO, s->name, 0, "cannot start inflate");
    return FALSE;
  }
  while (ok && !stop) {
    gssize n = spool_read(s, error);
    if (n <= 0) {
      ok = n == 0;
      if (ok && z.total_in > 0)
        spool_damage(s, damage, TB_ERROR_TRUNCATED, "ends early");
      break;
    }
    z.next_in = s->in_buf;
    z.avail_in = (uInt)n;
    ok = spool_inflate(s, &z, &stop, damage, error);
  }
  inflateEnd(&z);
  return ok;
}

static gboolean spool_zstd(Spool *s, GError **damage, GError **error)
{
  ZSTD_DCtx *dctx = ZSTD_createDCtx();
  size_t need = 1;
  gboolean ok = TRUE, stop = FALSE;
  while (ok && !stop) {
    gssize n = spool_read(s, error);
    if (n <= 0) {
      ok = n == 0;
      if (ok && need != 0)
        spool_damage(s, damage, TB_ERROR_TRUNCATED, "ends early");
      break;
    }
    ZSTD_inBuffer in = { s->in_buf, (size_t)n, 0 };
    gboolean full = FALSE;
    while (ok && !stop && (in.pos < in.size || full)) {
      ZSTD_outBuffer out = { s->out_buf, SPOOL_BUFFER, 0 };
      need = ZSTD_decompressStream(dctx, &out, &in);
      full = out.pos == out.size;
      if (ZSTD_isError(need)) {
        spool_damage(s, damage, TB_ERROR_CORRUPT, ZSTD_getErrorName(need));
        stop = TRUE;
      }
      ok = spool_write(s, s->out_buf, out.pos, error);
    }
  }
  ZSTD_freeDCtx(dctx);
  return ok;
}

int tb_spool(int fd, TbSpoolKind kind, const char *name, guint64 max_bytes, guint64 *size,
             GError **damage, GError **error)
{
  int out = tb_spool_open_temp(NULL, error);
  if (out < 0)
    return -1;
  g_autofree guint8 *in_buf = g_malloc(SPOOL_BUFFER);
  g_autofree guint8 *out_buf = g_malloc(SPOOL_BUFFER);
  Spool s = { .in = fd, .out = out, .name = name, .max_bytes = max_bytes,
              .in_buf = in_buf, .out_buf = out_buf };
  gboolean ok = kind == TB_SPOOL_GZIP   ? spool_gzip(&s, damage, error)
                : kind == TB_SPOOL_ZSTD ? spool_zstd(&s, damage, error)
                                        : spool_plain(&s, error);
  if (!ok) {
    close(out);
    return -1;
  }
  *size = s.out_bytes;
  return out;
}
