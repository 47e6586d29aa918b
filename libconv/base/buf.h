/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A growable byte buffer for the hot path: text and rows are built in one
 * buffer that is emptied, not freed, between records, so that nothing is
 * allocated per event once it has grown.
 */
#pragma once

#include <glib.h>
#include <string.h>

G_BEGIN_DECLS

/** TbBuf: @data (owned), @len bytes used of @cap. All zero is a valid empty buffer. */
typedef struct {
  guint8 *data;
  gsize len;
  gsize cap;
} TbBuf;

void tb_buf_grow(TbBuf *buf, gsize extra);
/** tb_buf_clear: frees the memory; the buffer is valid and empty afterwards */
void tb_buf_clear(TbBuf *buf);
/** tb_buf_append_fixed: @units / @per_unit with @digits decimals (@per_unit = 10^digits), never by locale */
void tb_buf_append_fixed(TbBuf *buf, guint64 units, guint64 per_unit, guint digits);
/** tb_buf_append_printf: for what is not on the hot path */
void tb_buf_append_printf(TbBuf *buf, const char *format, ...) G_GNUC_PRINTF(2, 3);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TbBuf, tb_buf_clear)

static inline void tb_buf_reset(TbBuf *buf)
{
  buf->len = 0;
}

/** tb_buf_reserve: room for @extra bytes; Returns: where they go (advance with tb_buf_commit()) */
static inline guint8 *tb_buf_reserve(TbBuf *buf, gsize extra)
{
  if (G_UNLIKELY(buf->cap - buf->len < extra))
    tb_buf_grow(buf, extra);
  return buf->data + buf->len;
}

static inline void tb_buf_commit(TbBuf *buf, gsize n)
{
  buf->len += n;
}

static inline void tb_buf_append(TbBuf *buf, const void *bytes, gsize len)
{
  if (!len)
    return;
  memcpy(tb_buf_reserve(buf, len), bytes, len);
  buf->len += len;
}

static inline void tb_buf_append_c(TbBuf *buf, char c)
{
  *tb_buf_reserve(buf, 1) = (guint8)c;
  buf->len++;
}

static inline void tb_buf_append_str(TbBuf *buf, const char *str)
{
  tb_buf_append(buf, str, strlen(str));
}

static inline void tb_buf_append_fill(TbBuf *buf, char c, gsize n)
{
  memset(tb_buf_reserve(buf, n), c, n);
  buf->len += n;
}

/** tb_buf_append_u64: decimal */
static inline void tb_buf_append_u64(TbBuf *buf, guint64 v)
{
  guint8 tmp[20];
  guint n = 0;
  do {
    tmp[sizeof tmp - ++n] = (guint8)('0' + v % 10);
    v /= 10;
  } while (v);
  tb_buf_append(buf, tmp + sizeof tmp - n, n);
}

static inline void tb_buf_append_i64(TbBuf *buf, gint64 v)
{
  if (v < 0)
    tb_buf_append_c(buf, '-');
  tb_buf_append_u64(buf, v < 0 ? 0 - (guint64)v : (guint64)v);
}

/** tb_buf_append_hex: lower-case hexadecimal without leading zeros */
static inline void tb_buf_append_hex(TbBuf *buf, guint64 v)
{
  guint8 tmp[16];
  guint n = 0;
  do {
    tmp[sizeof tmp - ++n] = (guint8)"0123456789abcdef"[v & 15];
    v >>= 4;
  } while (v);
  tb_buf_append(buf, tmp + sizeof tmp - n, n);
}

static inline void tb_buf_append_be16(TbBuf *buf, guint16 v)
{
  v = GUINT16_TO_BE(v);
  tb_buf_append(buf, &v, sizeof v);
}

static inline void tb_buf_append_le16(TbBuf *buf, guint16 v)
{
  v = GUINT16_TO_LE(v);
  tb_buf_append(buf, &v, sizeof v);
}

static inline void tb_buf_append_le32(TbBuf *buf, guint32 v)
{
  v = GUINT32_TO_LE(v);
  tb_buf_append(buf, &v, sizeof v);
}

static inline void tb_buf_append_le64(TbBuf *buf, guint64 v)
{
  v = GUINT64_TO_LE(v);
  tb_buf_append(buf, &v, sizeof v);
}

G_END_DECLS
