/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Escaping; see escape.h. */
#include "base/escape.h"

#include <string.h>

/* Length of the valid UTF-8 sequence at p, 0 if there is none (RFC 3629: no surrogates,
 * nothing overlong, nothing past U+10FFFF). C1 controls (U+0080..9F) count as invalid:
 * some terminals obey them. */
static gsize escape_utf8(const guint8 *p, gsize left)
{
  guint8 c = p[0];
  gsize n = c >= 0xc2 && c <= 0xdf ? 2 : (c & 0xf0) == 0xe0 ? 3 : c >= 0xf0 && c <= 0xf4 ? 4 : 0;
  if (n == 0 || n > left)
    return 0;
  for (gsize i = 1; i < n; i++)
    if ((p[i] & 0xc0) != 0x80)
      return 0;
  if ((c == 0xc2 && p[1] < 0xa0) || (c == 0xe0 && p[1] < 0xa0) || (c == 0xed && p[1] > 0x9f) ||
      (c == 0xf0 && p[1] < 0x90) || (c == 0xf4 && p[1] > 0x8f))
    return 0;
  return n;
}

/* Whether an ASCII byte is written as it is. */
static inline gboolean escape_keeps(guint8 c, TbEscape how)
{
  if (c > 0x20 && c < 0x7f)
    return !((how & (TB_ESCAPE_PAIR | TB_ESCAPE_BACKSLASH)) && c == '\\') &&
           !((how & TB_ESCAPE_PAIR) && c == '=');
  if (c == ' ')
    return !(how & TB_ESCAPE_PAIR);
  if (c == '\n')
    return !(how & (TB_ESCAPE_NEWLINE | TB_ESCAPE_PAIR));
  if (c == '\t')
    return !(how & (TB_ESCAPE_TAB | TB_ESCAPE_PAIR));
  return FALSE;
}

/* Bytes from p on that need no escape. */
static gsize escape_plain_run(const guint8 *p, gsize len, TbEscape how)
{
  gsize i = 0;
  while (i < len) {
    if (p[i] < 0x80) {
      if (!escape_keeps(p[i], how))
        break;
      i++;
    } else {
      gsize n = escape_utf8(p + i, len - i);
      if (n == 0)
        break;
      i += n;
    }
  }
  return i;
}

gboolean tb_escape_is_plain(const void *bytes, gsize len, TbEscape how)
{
  return escape_plain_run(bytes, len, how) == len;
}

void tb_escape_append(TbBuf *out, const void *bytes, gsize len, TbEscape how)
{
  static const char digits[] = "0123456789abcdef";
  const guint8 *p = bytes;
  while (len > 0) {
    gsize n = escape_plain_run(p, len, how);
    tb_buf_append(out, p, n);
    p += n;
    len -= n;
    if (len > 0) {
      char hex[4] = { '\\', 'x', digits[*p >> 4], digits[*p & 15] };
      tb_buf_append(out, hex, sizeof hex);
      p++;
      len--;
    }
  }
}

gsize tb_escape_undo(char *text, gsize len)
{
  gsize to = 0;
  for (gsize i = 0; i < len; to++) {
    if (len - i >= 4 && text[i] == '\\' && text[i + 1] == 'x' && g_ascii_isxdigit(text[i + 2]) &&
        g_ascii_isxdigit(text[i + 3])) {
      text[to] = (char)(g_ascii_xdigit_value(text[i + 2]) << 4 |
                        g_ascii_xdigit_value(text[i + 3]));
      i += 4;
    } else {
      text[to] = text[i++];
    }
  }
  return to;
}

char *tb_escape_dup(const char *text)
{
  g_auto(TbBuf) out = { 0 };
  tb_escape_append(&out, text, strlen(text), TB_ESCAPE_NEWLINE | TB_ESCAPE_TAB);
  return g_strndup((const char *)out.data, out.len);
}
