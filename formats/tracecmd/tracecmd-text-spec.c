/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The conversions of print formats, as libtraceevent divides them, and the
 * numbers and strings they make, as printf makes them. Knows no records.
 */
#include "tracecmd/tracecmd-text-private.h"

#include <string.h>

/* Widths and precisions beyond this are cut: no field of a trace line is as wide. */
#define TC_SPEC_MAX_WIDTH 4096

/* How many letters behind %p belong to it. */
static gsize spec_pointer_letters(const char *p)
{
  gsize n = 2;
  switch (p[0]) {
  case 'F':
  case 'S':
  case 'f':
  case 's':
    return 1;
  case 'M':
  case 'm':
    return p[1] == 'R' || p[1] == 'F' ? 2 : 1;
  case 'U':
    return p[1] && strchr("LlBb", p[1]) ? 2 : 1;
  case 'h':
    return p[1] && strchr("CDN", p[1]) ? 2 : 1;
  case 'I':
  case 'i':
    if (p[1] != '4' && p[1] != '6' && p[1] != 'S')
      return 1;
    if (p[1] == 'S')
      while (p[n] && strchr("pfs", p[n]))
        n++;
    if (p[1] != '6' && p[n] && strchr("hnlb", p[n]))
      n++;
    if (p[1] != '4' && p[n] == 'c')
      n++;
    return n;
  default:
    return 0;
  }
}

static void spec_digit(TcSpec *spec, char digit)
{
  gint *number = spec->precision >= 0 ? &spec->precision : &spec->width;
  if (digit == '0' && spec->precision < 0 && spec->width == 0)
    spec->zero = TRUE;
  else if (*number < TC_SPEC_MAX_WIDTH)
    *number = *number * 10 + (digit - '0');
}

static void spec_finish(TcSpec *spec, gint longs)
{
  if (longs >= 1)
    spec->bits = 64;
  else if (longs == -1)
    spec->bits = 16;
  else if (longs <= -2)
    spec->bits = 8;
  else
    spec->bits = 32;
  spec->width = MIN(spec->width, TC_SPEC_MAX_WIDTH);
  spec->precision = MIN(spec->precision, TC_SPEC_MAX_WIDTH);
}

gsize tc_spec_parse(const char *format, TcSpec *spec)
{
  const char *p = format + 1;
  gint longs = 0;
  *spec = (TcSpec){ .precision = -1, .bits = 32 };
  for (; *p; p++) {
    if (g_ascii_isdigit(*p)) {
      spec_digit(spec, *p);
      continue;
    }
    switch (*p) {
    case '#': spec->alternate = TRUE; continue;
    case '-': spec->minus = TRUE; continue;
    case '+': spec->plus = TRUE; continue;
    case '.': spec->precision = 0; continue;
    case 'h': longs--; continue;
    case 'l': longs++; continue;
    case 'L': longs = 2; continue;
    case 'z':
    case 'Z': longs = 1; continue;
    case '*':
      spec->star = TRUE;
      spec->star_width = spec->precision < 0;
      continue;
    case 'p': {
      gsize letters = spec_pointer_letters(p + 1);
      memcpy(spec->pointer, p + 1, MIN(letters, sizeof spec->pointer - 1));
      p += letters;
      spec->conversion = 'p';
      break;
    }
    default:
      spec->conversion = strchr("cduixXos", *p) ? *p : '?';
      spec->bad = *p;
      break;
    }
    spec_finish(spec, longs);
    return (gsize)(p + 1 - format);
  }
  return (gsize)(p - format);
}

gsize tc_spec_append_literal(const char *format, TbBuf *out)
{
  const char *p = format;
  for (; *p; p++) {
    char c = *p;
    if (c == '%' && p[1] != '%')
      break;
    if (c == '%') {
      p++;
    } else if (c == '\\') {
      if (!*++p)
        break;
      c = *p == 'n' ? '\n' : *p == 't' ? '\t' : *p == 'r' ? '\r' : *p;
    }
    tb_buf_append_c(out, c);
  }
  return (gsize)(p - format);
}

TcSpec tc_spec_with_length(const TcSpec *spec, gint length)
{
  TcSpec with = *spec;
  length = MIN(length, TC_SPEC_MAX_WIDTH);
  if (length < 0)
    return with;
  if (spec->star_width)
    with.width = length;
  else
    with.precision = length;
  return with;
}

static const char decimal_pairs[] =
    "00010203040506070809101112131415161718192021222324252627282930313233"
    "34353637383940414243444546474849505152535455565758596061626364656667"
    "6869707172737475767778798081828384858687888990919293949596979899";

static guint spec_count_decimal(guint64 value)
{
  guint n = 1;
  for (;;) {
    if (value < 10)
      return n;
    if (value < 100)
      return n + 1;
    if (value < 1000)
      return n + 2;
    if (value < 10000)
      return n + 3;
    value /= 10000;
    n += 4;
  }
}

guint8 *tc_put_decimal(guint8 *p, guint64 value)
{
  guint8 *end, *at;
  guint32 low;
  if (value < 10) {
    *p = (guint8)('0' + value);
    return p + 1;
  }
  at = end = p + spec_count_decimal(value);
  for (; value > G_MAXUINT32; value /= 100) {
    at -= 2;
    memcpy(at, decimal_pairs + value % 100 * 2, 2);
  }
  /* the rest in 32 bits: divisions are quicker there */
  for (low = (guint32)value; low >= 100; low /= 100) {
    at -= 2;
    memcpy(at, decimal_pairs + low % 100 * 2, 2);
  }
  if (low >= 10)
    memcpy(at - 2, decimal_pairs + low * 2, 2);
  else
    at[-1] = (guint8)('0' + low);
  return end;
}

guint8 *tc_put_hex(guint8 *p, guint64 value)
{
  guint digits = value ? (guint)(67 - __builtin_clzll(value)) / 4 : 1;
  for (guint i = digits; i-- > 0; value >>= 4)
    p[i] = (guint8)"0123456789abcdef"[value & 15];
  return p + digits;
}

/* Digits of @value without sign. Returns: how many; the buffer holds 64 bits in octal */
static guint spec_digits(const TcSpec *spec, guint64 value, guint8 digits[24])
{
  static const char lower[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";
  const char *letters = spec->conversion == 'X' ? upper : lower;
  guint shift = spec->conversion == 'o' ? 3 : 4;
  guint8 tmp[24];
  guint n = 0;
  if (!value && spec->precision == 0)
    return 0;
  if (spec->conversion != 'x' && spec->conversion != 'X' && spec->conversion != 'o')
    return (guint)(tc_put_decimal(digits, value) - digits);
  do {
    tmp[n++] = (guint8)letters[value & ((1u << shift) - 1)];
    value >>= shift;
  } while (value);
  for (guint i = 0; i < n; i++)
    digits[i] = tmp[n - 1 - i];
  return n;
}

static guint64 spec_truncate(const TcSpec *spec, guint64 value, gboolean *negative)
{
  gboolean is_signed = spec->conversion == 'd' || spec->conversion == 'i';
  gint64 number;
  *negative = FALSE;
  switch (spec->bits) {
  case 8: number = is_signed ? (gint8)value : (gint64)(guint8)value; break;
  case 16: number = is_signed ? (gint16)value : (gint64)(guint16)value; break;
  case 32: number = is_signed ? (gint32)value : (gint64)(guint32)value; break;
  default: number = (gint64)value; break;
  }
  if (is_signed && number < 0) {
    *negative = TRUE;
    return 0 - (guint64)number;
  }
  return (guint64)number;
}

void tc_spec_append_number(const TcSpec *spec, guint64 value, TbBuf *out)
{
  guint8 digits[24], prefix[2];
  gboolean negative, is_signed = spec->conversion == 'd' || spec->conversion == 'i';
  guint64 number = spec_truncate(spec, value, &negative);
  guint n = spec_digits(spec, number, digits), n_prefix = 0;
  gsize zeros = spec->precision > (gint)n ? (gsize)spec->precision - n : 0, pad;
  if (negative)
    prefix[n_prefix++] = '-';
  else if (is_signed && spec->plus)
    prefix[n_prefix++] = '+';
  if (spec->alternate && spec->conversion == 'o' && !zeros && (!n || digits[0] != '0'))
    zeros = 1;
  if (spec->alternate && number && (spec->conversion == 'x' || spec->conversion == 'X')) {
    prefix[n_prefix++] = '0';
    prefix[n_prefix++] = (guint8)spec->conversion;
  }
  pad = (gsize)MAX(spec->width, 0);
  pad = pad > n_prefix + zeros + n ? pad - n_prefix - zeros - n : 0;
  if (spec->zero && !spec->minus && spec->precision < 0) {
    zeros += pad;
    pad = 0;
  }
  if (pad && !spec->minus)
    tb_buf_append_fill(out, ' ', pad);
  tb_buf_append(out, prefix, n_prefix);
  if (zeros)
    tb_buf_append_fill(out, '0', zeros);
  tb_buf_append(out, digits, n);
  if (pad && spec->minus)
    tb_buf_append_fill(out, ' ', pad);
}

void tc_spec_append_string(const TcSpec *spec, const char *text, gsize len, TbBuf *out)
{
  gsize pad = (gsize)MAX(spec->width, 0);
  if (spec->precision >= 0 && len > (gsize)spec->precision)
    len = (gsize)spec->precision;
  pad = pad > len ? pad - len : 0;
  if (pad && !spec->minus)
    tb_buf_append_fill(out, ' ', pad);
  tb_buf_append(out, text, len);
  if (pad && spec->minus)
    tb_buf_append_fill(out, ' ', pad);
}

gboolean tc_spec_append_char(const TcSpec *spec, guint64 value, TbBuf *out)
{
  const char c = (char)value;
  TcSpec plain = *spec;
  plain.precision = -1;
  if (!c)
    return FALSE;
  tc_spec_append_string(&plain, &c, 1, out);
  return TRUE;
}
