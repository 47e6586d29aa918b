/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The growing and the slow-path appends of TbBuf; see buf.h. */
#include "base/buf.h"

void tb_buf_grow(TbBuf *buf, gsize extra)
{
  gsize want = buf->len + extra;
  gsize cap = buf->cap ? buf->cap : 256;
  while (cap < want)
    cap *= 2;
  buf->data = g_realloc(buf->data, cap);
  buf->cap = cap;
}

void tb_buf_clear(TbBuf *buf)
{
  g_free(buf->data);
  *buf = (TbBuf){ 0 };
}

void tb_buf_append_fixed(TbBuf *buf, guint64 units, guint64 per_unit, guint digits)
{
  guint64 fraction = units % per_unit;
  guint8 *p;
  tb_buf_append_u64(buf, units / per_unit);
  tb_buf_append_c(buf, '.');
  p = tb_buf_reserve(buf, digits);
  for (guint i = digits; i-- > 0; fraction /= 10)
    p[i] = (guint8)('0' + fraction % 10);
  tb_buf_commit(buf, digits);
}

void tb_buf_append_printf(TbBuf *buf, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args);
  va_end(args);
  tb_buf_append_str(buf, text);
}
