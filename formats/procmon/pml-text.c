/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Texts and numbers as Process Monitor writes them; see pml-text.h. UTF-16
 * becomes UTF-8; half a surrogate pair, which UTF-8 has no place for, becomes
 * \uD83D: backslash, u and its four hexadecimal digits. So does a NUL inside a
 * text, which names in the registry can have.
 */
#include "procmon/pml-text.h"

enum { FILETIME_PER_SECOND = 10000000 };
static const gint64 filetime_epoch_s = 11644473600; /* 1601-01-01 to 1970-01-01 */

static void text_append_char(TbBuf *out, guint32 c)
{
  guint8 *p = tb_buf_reserve(out, 4);
  gsize n = 0;
  if (c < 0x80) {
    p[n++] = (guint8)c;
  } else if (c < 0x800) {
    p[n++] = (guint8)(0xc0 | c >> 6);
    p[n++] = (guint8)(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    p[n++] = (guint8)(0xe0 | c >> 12);
    p[n++] = (guint8)(0x80 | (c >> 6 & 0x3f));
    p[n++] = (guint8)(0x80 | (c & 0x3f));
  } else {
    p[n++] = (guint8)(0xf0 | c >> 18);
    p[n++] = (guint8)(0x80 | (c >> 12 & 0x3f));
    p[n++] = (guint8)(0x80 | (c >> 6 & 0x3f));
    p[n++] = (guint8)(0x80 | (c & 0x3f));
  }
  tb_buf_commit(out, n);
}

static void text_append_lone(TbBuf *out, guint16 unit)
{
  static const char digits[] = "0123456789ABCDEF";
  char text[6] = { '\\', 'u', digits[unit >> 12], digits[unit >> 8 & 15], digits[unit >> 4 & 15],
                   digits[unit & 15] };
  tb_buf_append(out, text, sizeof text);
}

void pml_text_append_utf16(TbBuf *out, const guint8 *text, gsize units)
{
  for (gsize i = 0; i < units; i++) {
    guint32 c = tb_get_u16(text + 2 * i, FALSE);
    if (G_LIKELY((c & 0xf800) != 0xd800 && c)) {
      text_append_char(out, c);
      continue;
    }
    guint32 low = c && c < 0xdc00 && i + 1 < units ? tb_get_u16(text + 2 * i + 2, FALSE) : 0;
    if ((low & 0xfc00) == 0xdc00) {
      text_append_char(out, 0x10000 + ((c & 0x3ff) << 10) + (low & 0x3ff));
      i++;
    } else {
      text_append_lone(out, (guint16)c);
    }
  }
}

void pml_text_append_utf16_z(TbBuf *out, const guint8 *text, gsize units)
{
  gsize n = 0;
  while (n < units && (text[2 * n] | text[2 * n + 1]))
    n++;
  pml_text_append_utf16(out, text, n);
}

void pml_text_append_narrow(TbBuf *out, const guint8 *text, gsize len)
{
  gsize plain = 0;
  while (plain < len && text[plain] && text[plain] < 0x80)
    plain++;
  tb_buf_append(out, text, plain);
  for (gsize i = plain; i < len; i++)
    if (text[i])
      text_append_char(out, text[i]);
    else
      text_append_lone(out, 0);
}

gsize pml_text_info_bytes(guint16 word)
{
  return word & 0x8000 ? word & 0x7fff : 2 * (gsize)word;
}

gboolean pml_text_append_info(TbBuf *out, PmlSpan *s, guint16 word)
{
  gsize bytes = pml_text_info_bytes(word);
  const guint8 *text = pml_span_take(s, bytes);
  if (!text)
    return FALSE;
  if (word & 0x8000)
    pml_text_append_narrow(out, text, bytes);
  else
    pml_text_append_utf16(out, text, bytes / 2);
  return TRUE;
}

void pml_text_append_grouped(TbBuf *out, guint64 value)
{
  char text[32];
  guint at = sizeof text;
  guint digits = 0;
  do {
    if (digits && digits % 3 == 0)
      text[--at] = ',';
    text[--at] = (char)('0' + value % 10);
    value /= 10;
    digits++;
  } while (value);
  tb_buf_append(out, text + at, sizeof text - at);
}

void pml_text_append_grouped_signed(TbBuf *out, gint64 value)
{
  if (value < 0)
    tb_buf_append_c(out, '-');
  pml_text_append_grouped(out, value < 0 ? 0 - (guint64)value : (guint64)value);
}

void pml_text_append_hex(TbBuf *out, guint64 value)
{
  tb_buf_append(out, "0x", 2);
  tb_buf_append_hex(out, value);
}

void pml_text_append_seconds(TbBuf *out, guint64 units)
{
  tb_buf_append_fixed(out, units, FILETIME_PER_SECOND, 7);
}

static void text_append_2(TbBuf *out, guint value)
{
  tb_buf_append_c(out, (char)('0' + value / 10));
  tb_buf_append_c(out, (char)('0' + value % 10));
}

void pml_text_append_time(TbBuf *out, guint64 filetime, TbZone *zone)
{
  gint64 unix_s = (gint64)(filetime / FILETIME_PER_SECOND) - filetime_epoch_s;
  TbCivil t;
  tb_civil_from_unix(unix_s + tb_zone_get_offset(zone, unix_s), &t);
  tb_buf_append_u64(out, t.month);
  tb_buf_append_c(out, '/');
  tb_buf_append_u64(out, t.day);
  tb_buf_append_c(out, '/');
  tb_buf_append_i64(out, t.year);
  tb_buf_append_c(out, ' ');
  tb_buf_append_u64(out, t.hour % 12 ? t.hour % 12 : 12);
  tb_buf_append_c(out, ':');
  text_append_2(out, t.minute);
  tb_buf_append_c(out, ':');
  text_append_2(out, t.second);
  tb_buf_append(out, t.hour < 12 ? " AM" : " PM", 3);
}

gboolean pml_text_append_sid(TbBuf *out, const guint8 *sid, gsize len)
{
  if (len < 8 || sid[0] != 1 || len != 8 + 4 * (gsize)sid[1])
    return FALSE;
  guint64 authority = (guint64)tb_get_u16(sid + 2, TRUE) << 32 | tb_get_u32(sid + 4, TRUE);
  tb_buf_append(out, "S-1-", 4);
  tb_buf_append_u64(out, authority);
  for (gsize i = 8; i < len; i += 4) {
    tb_buf_append_c(out, '-');
    tb_buf_append_u64(out, tb_get_u32(sid + i, FALSE));
  }
  return TRUE;
}

void pml_text_append_bits(TbBuf *out, guint32 value, const PmlBits *table, gsize n,
                          const char *separator, guint32 *rest)
{
  gsize start = out->len;
  for (gsize i = 0; i < n; i++) {
    if ((value & table[i].bits) != table[i].bits)
      continue;
    if (out->len > start)
      tb_buf_append_str(out, separator);
    tb_buf_append_str(out, table[i].name);
    value &= ~table[i].bits;
  }
  if (rest)
    *rest = value;
}

TbBuf *pml_list_key(PmlList *list, const char *key)
{
  if (list->out->len > list->start)
    tb_buf_append(list->out, ", ", 2);
  tb_buf_append_str(list->out, key);
  tb_buf_append(list->out, ": ", 2);
  return list->out;
}

void pml_list_str(PmlList *list, const char *key, const char *value)
{
  tb_buf_append_str(pml_list_key(list, key), value);
}

void pml_list_bool(PmlList *list, const char *key, gboolean value)
{
  pml_list_str(list, key, value ? "True" : "False");
}

void pml_list_u64(PmlList *list, const char *key, guint64 value)
{
  tb_buf_append_u64(pml_list_key(list, key), value);
}

void pml_list_grouped(PmlList *list, const char *key, guint64 value)
{
  pml_text_append_grouped(pml_list_key(list, key), value);
}

void pml_list_signed(PmlList *list, const char *key, gint64 value)
{
  pml_text_append_grouped_signed(pml_list_key(list, key), value);
}

void pml_list_hex(PmlList *list, const char *key, guint64 value)
{
  pml_text_append_hex(pml_list_key(list, key), value);
}

void pml_list_seconds(PmlList *list, const char *key, guint64 units, const char *unit)
{
  pml_text_append_seconds(pml_list_key(list, key), units);
  tb_buf_append_str(list->out, unit);
}

void pml_list_time(PmlList *list, const char *key, guint64 filetime, TbZone *zone)
{
  pml_text_append_time(pml_list_key(list, key), filetime, zone);
}

void pml_list_utf16(PmlList *list, const char *key, PmlSpan *s, gsize bytes)
{
  gsize have = MIN(bytes, s->len - s->pos);
  const guint8 *text = pml_span_take(s, have);
  pml_list_key(list, key);
  if (text)
    pml_text_append_utf16(list->out, text, have / 2);
}
