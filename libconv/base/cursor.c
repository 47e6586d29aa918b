/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checked reads; see cursor.h. */
#include "base/cursor.h"

gboolean tb_cursor_need(TbCursor *c, guint64 n, const char *what, GError **error)
{
  if (n <= tb_cursor_left(c))
    return TRUE;
  tb_error_set(error, TB_ERROR_TRUNCATED, c->source, tb_cursor_offset(c),
               "%s needs %" G_GUINT64_FORMAT " bytes, %" G_GSIZE_FORMAT " are left", what, n,
               tb_cursor_left(c));
  return FALSE;
}

gboolean tb_cursor_u8(TbCursor *c, guint8 *out, const char *what, GError **error)
{
  if (!tb_cursor_need(c, 1, what, error))
    return FALSE;
  *out = c->data[c->pos++];
  return TRUE;
}

gboolean tb_cursor_u16(TbCursor *c, guint16 *out, const char *what, GError **error)
{
  if (!tb_cursor_need(c, 2, what, error))
    return FALSE;
  *out = tb_get_u16(c->data + c->pos, c->big);
  c->pos += 2;
  return TRUE;
}

gboolean tb_cursor_u32(TbCursor *c, guint32 *out, const char *what, GError **error)
{
  if (!tb_cursor_need(c, 4, what, error))
    return FALSE;
  *out = tb_get_u32(c->data + c->pos, c->big);
  c->pos += 4;
  return TRUE;
}

gboolean tb_cursor_u64(TbCursor *c, guint64 *out, const char *what, GError **error)
{
  if (!tb_cursor_need(c, 8, what, error))
    return FALSE;
  *out = tb_get_u64(c->data + c->pos, c->big);
  c->pos += 8;
  return TRUE;
}

gboolean tb_cursor_bytes(TbCursor *c, guint64 n, const guint8 **out, const char *what,
                         GError **error)
{
  if (!tb_cursor_need(c, n, what, error))
    return FALSE;
  *out = c->data + c->pos;
  c->pos += n;
  return TRUE;
}

gboolean tb_cursor_cstr(TbCursor *c, const char **out, const char *what, GError **error)
{
  const guint8 *start = c->data + c->pos;
  const guint8 *nul = tb_cursor_left(c) ? memchr(start, 0, tb_cursor_left(c)) : NULL;
  if (!nul) {
    tb_error_set(error, TB_ERROR_TRUNCATED, c->source, tb_cursor_offset(c),
                 "%s is a string without an end", what);
    return FALSE;
  }
  *out = (const char *)start;
  c->pos += (gsize)(nul - start) + 1;
  return TRUE;
}
