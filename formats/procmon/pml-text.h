/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Building Detail texts the way Process Monitor words them: a bounded reader
 * over one piece of a record that never fails loudly, and "Key: value" lists.
 * Knows no operation.
 */
#pragma once

#include "tracebraid.h"

#include <glib.h>

G_BEGIN_DECLS

/** PmlSpan: bytes of a record still to be read; reading past the end gives zeros and sets @short_of */
typedef struct {
  const guint8 *data;
  gsize len;
  gsize pos;
  gboolean short_of;
} PmlSpan;

static inline PmlSpan pml_span(const guint8 *data, gsize len)
{
  return (PmlSpan){ .data = data, .len = data ? len : 0 };
}

static inline const guint8 *pml_span_take(PmlSpan *s, gsize n)
{
  if (G_UNLIKELY(s->short_of || n > s->len - s->pos)) {
    s->short_of = TRUE;
    return NULL;
  }
  const guint8 *p = s->data + s->pos;
  s->pos += n;
  return p;
}

static inline guint64 pml_span_uint(PmlSpan *s, gsize size)
{
  const guint8 *p = pml_span_take(s, size);
  return p ? tb_get_uint(p, size, FALSE) : 0;
}

#define pml_span_u8(s) ((guint8)pml_span_uint((s), 1))
#define pml_span_u16(s) ((guint16)pml_span_uint((s), 2))
#define pml_span_u32(s) ((guint32)pml_span_uint((s), 4))
#define pml_span_u64(s) (pml_span_uint((s), 8))

/** pml_span_seek: FALSE and short when @pos is past the end */
static inline gboolean pml_span_seek(PmlSpan *s, gsize pos)
{
  if (pos > s->len)
    s->short_of = TRUE;
  else
    s->pos = pos;
  return !s->short_of;
}

/** pml_span_u32_at: @size bytes at @pos, 0 when they are not there; does not move */
static inline guint64 pml_span_at(const PmlSpan *s, gsize pos, gsize size)
{
  return pos <= s->len && size <= s->len - pos ? tb_get_uint(s->data + pos, size, FALSE) : 0;
}

/* Numbers and texts. */
void pml_text_append_utf16(TbBuf *out, const guint8 *text, gsize units);
/** pml_text_append_utf16_z: the same, up to the first NUL */
void pml_text_append_utf16_z(TbBuf *out, const guint8 *text, gsize units);
void pml_text_append_narrow(TbBuf *out, const guint8 *text, gsize len);
/** pml_text_append_info: a string announced by @word (section 4), taken from @s. FALSE when it is cut */
gboolean pml_text_append_info(TbBuf *out, PmlSpan *s, guint16 word);
/** pml_text_skip_info: bytes taken by such a string */
gsize pml_text_info_bytes(guint16 word);
/** pml_text_append_grouped: 1,234,567 */
void pml_text_append_grouped(TbBuf *out, guint64 value);
void pml_text_append_grouped_signed(TbBuf *out, gint64 value);
void pml_text_append_hex(TbBuf *out, guint64 value);
/** pml_text_append_seconds: 100 ns units as 12.3456789 */
void pml_text_append_seconds(TbBuf *out, guint64 units);
/** pml_text_append_time: a FILETIME as 7/31/2020 6:55:07 AM */
void pml_text_append_time(TbBuf *out, guint64 filetime, TbZone *zone);
/** pml_text_append_sid: S-1-5-18. FALSE when it is no SID */
gboolean pml_text_append_sid(TbBuf *out, const guint8 *sid, gsize len);

typedef struct {
  guint32 bits;
  const char *name;
} PmlBits;

/**
 * pml_text_append_bits: names of the masks that are wholly set, in table order, each bit once
 * @rest: (nullable): filled with the bits no mask took
 */
void pml_text_append_bits(TbBuf *out, guint32 value, const PmlBits *table, gsize n,
                          const char *separator, guint32 *rest);

/** PmlList: "Key: value, Key: value" */
typedef struct {
  TbBuf *out;
  gsize start;
} PmlList;

static inline PmlList pml_list(TbBuf *out)
{
  return (PmlList){ .out = out, .start = out->len };
}

/** pml_list_key: the separator, the key and its colon; the value is appended to the returned buffer */
TbBuf *pml_list_key(PmlList *list, const char *key);
void pml_list_str(PmlList *list, const char *key, const char *value);
void pml_list_bool(PmlList *list, const char *key, gboolean value);
void pml_list_u64(PmlList *list, const char *key, guint64 value);
void pml_list_grouped(PmlList *list, const char *key, guint64 value);
void pml_list_signed(PmlList *list, const char *key, gint64 value);
void pml_list_hex(PmlList *list, const char *key, guint64 value);
void pml_list_seconds(PmlList *list, const char *key, guint64 units, const char *unit);
void pml_list_time(PmlList *list, const char *key, guint64 filetime, TbZone *zone);
/** pml_list_utf16: @bytes of text, as far as @s has them */
void pml_list_utf16(PmlList *list, const char *key, PmlSpan *s, gsize bytes);

G_END_DECLS
