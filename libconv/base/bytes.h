/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Unaligned loads and stores in a chosen byte order. No bounds are known
 * here: callers have checked them (TbCursor, or one check per record).
 */
#pragma once

#include <glib.h>
#include <string.h>

G_BEGIN_DECLS

static inline guint16 tb_get_u16(const guint8 *p, gboolean big)
{
  guint16 v;
  memcpy(&v, p, sizeof v);
  return big ? GUINT16_FROM_BE(v) : GUINT16_FROM_LE(v);
}

static inline guint32 tb_get_u32(const guint8 *p, gboolean big)
{
  guint32 v;
  memcpy(&v, p, sizeof v);
  return big ? GUINT32_FROM_BE(v) : GUINT32_FROM_LE(v);
}

static inline guint64 tb_get_u64(const guint8 *p, gboolean big)
{
  guint64 v;
  memcpy(&v, p, sizeof v);
  return big ? GUINT64_FROM_BE(v) : GUINT64_FROM_LE(v);
}

static inline void tb_put_u16(guint8 *p, guint16 v, gboolean big)
{
  v = big ? GUINT16_TO_BE(v) : GUINT16_TO_LE(v);
  memcpy(p, &v, sizeof v);
}

static inline void tb_put_u32(guint8 *p, guint32 v, gboolean big)
{
  v = big ? GUINT32_TO_BE(v) : GUINT32_TO_LE(v);
  memcpy(p, &v, sizeof v);
}

static inline void tb_put_u64(guint8 *p, guint64 v, gboolean big)
{
  v = big ? GUINT64_TO_BE(v) : GUINT64_TO_LE(v);
  memcpy(p, &v, sizeof v);
}

/** tb_get_uint: @size (1, 2, 4 or 8) bytes at @p as an unsigned number; other sizes give 0 */
static inline guint64 tb_get_uint(const guint8 *p, gsize size, gboolean big)
{
  switch (size) {
  case 1: return p[0];
  case 2: return tb_get_u16(p, big);
  case 4: return tb_get_u32(p, big);
  case 8: return tb_get_u64(p, big);
  default: return 0;
  }
}

/** tb_get_int: the same, sign-extended */
static inline gint64 tb_get_int(const guint8 *p, gsize size, gboolean big)
{
  switch (size) {
  case 1: return (gint8)p[0];
  case 2: return (gint16)tb_get_u16(p, big);
  case 4: return (gint32)tb_get_u32(p, big);
  case 8: return (gint64)tb_get_u64(p, big);
  default: return 0;
  }
}

static inline gsize tb_pad4(gsize n)
{
  return (n + 3) & ~(gsize)3;
}

G_END_DECLS
