/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bounds-checked reading over one piece of memory whose place in the input is
 * known, so that every failure can name its absolute offset. For metadata and
 * records that are not on the hot path; hot loops check once per record and
 * use bytes.h.
 */
#pragma once

#include "base/bytes.h"
#include "base/error.h"

G_BEGIN_DECLS

/**
 * TbCursor:
 * @data: borrowed bytes
 * @len: how many
 * @pos: next byte to read
 * @base_off: absolute offset of @data[0] in the (uncompressed) input
 * @big: byte order of the numbers
 * @source: (transfer none): name for messages
 */
typedef struct {
  const guint8 *data;
  gsize len;
  gsize pos;
  guint64 base_off;
  gboolean big;
  const char *source;
} TbCursor;

static inline gsize tb_cursor_left(const TbCursor *c)
{
  return c->len - c->pos;
}

/** tb_cursor_offset: absolute offset of the next byte */
static inline guint64 tb_cursor_offset(const TbCursor *c)
{
  return c->base_off + c->pos;
}

/*
 * Each reader below returns FALSE with TB_ERROR_TRUNCATED, naming @what, when
 * fewer bytes are left than it needs; the position is then unchanged.
 */
gboolean tb_cursor_need(TbCursor *c, guint64 n, const char *what, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
gboolean tb_cursor_u8(TbCursor *c, guint8 *out, const char *what, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
gboolean tb_cursor_u16(TbCursor *c, guint16 *out, const char *what, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
gboolean tb_cursor_u32(TbCursor *c, guint32 *out, const char *what, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
gboolean tb_cursor_u64(TbCursor *c, guint64 *out, const char *what, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/** tb_cursor_bytes: @out borrows @n bytes of the cursor's memory */
gboolean tb_cursor_bytes(TbCursor *c, guint64 n, const guint8 **out, const char *what,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
/** tb_cursor_cstr: a NUL-terminated string, borrowed; fails when no NUL is left */
gboolean tb_cursor_cstr(TbCursor *c, const char **out, const char *what, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
