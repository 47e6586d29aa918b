/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * %p and the kernel's extensions of it: function names, MAC, IPv4 and IPv6
 * addresses, socket addresses, UUIDs, raw bytes.
 */
#include "tracecmd/tracecmd-text-private.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

typedef enum {
  TC_POINTER_NUMBER,   /* %p */
  TC_POINTER_FUNCTION, /* %ps, %pf; with offset %pS, %pF */
  TC_POINTER_TEXT,     /* a constant */
  TC_POINTER_MAC,
  TC_POINTER_IP4,
  TC_POINTER_IP6,
  TC_POINTER_SOCKADDR,
  TC_POINTER_UUID,
  TC_POINTER_BYTES, /* %*ph */
} TcPointerKind;

struct _TcPointer {
  TcPointerKind kind;
  const TcExpr *value;
  guint32 offset;
  guint32 size;
  gboolean dynamic;
  TcLocator at;
  gboolean with_offset; /* of a function */
  gboolean reverse;     /* bytes of an address */
  gboolean padded;      /* %pi4: three digits each, %pi6: no colons */
  gboolean compressed;  /* %pI6c */
  gboolean port;        /* %pISp */
  gboolean guid;        /* %pUl: little-endian fields */
  gboolean upper;
  char separator; /* between bytes; 0 = none */
  const char *text;
};

static void pointer_set_text(TcPointer *pointer, const char *text)
{
  pointer->kind = TC_POINTER_TEXT;
  pointer->text = text;
}

/* What is no part of the record can only be shown as the address that it is. */
static void pointer_compile_number(TcCompiler *c, TcPointer *pointer, const TcArg *arg)
{
  pointer->kind = TC_POINTER_NUMBER;
  pointer->value = tc_expr_compile(c, arg);
}

/* Takes the field of @arg; FALSE when it has none: something else is printed then. */
static gboolean pointer_take_field(TcCompiler *c, TcPointer *pointer, const TcArg *arg)
{
  if (arg->kind != TC_ARG_FIELD) {
    pointer_compile_number(c, pointer, arg);
    return FALSE;
  }
  if (!arg->field || arg->field->offset < 0 || arg->field->size < 0) {
    pointer_set_text(pointer, "");
    return FALSE;
  }
  pointer->offset = (guint32)arg->field->offset;
  pointer->size = (guint32)arg->field->size;
  return TRUE;
}

static void pointer_compile_sized(TcCompiler *c, TcPointer *pointer, const TcArg *arg,
                                  TcPointerKind kind, guint32 size, const char *otherwise)
{
  if (!pointer_take_field(c, pointer, arg))
    return;
  pointer->kind = kind;
  if (pointer->size != size)
    pointer_set_text(pointer, otherwise);
}

static void pointer_compile_mac(TcCompiler *c, TcPointer *pointer, const char *letters,
                                const TcArg *arg)
{
  pointer->separator = ':';
  if (letters[0] == 'm')
    pointer->separator = 0;
  else if (letters[1] == 'F')
    pointer->separator = '-';
  pointer->reverse = letters[1] == 'R';
  pointer_compile_sized(c, pointer, arg, TC_POINTER_MAC, 6, "INVALIDMAC");
}

/* h, n, l, b behind an IPv4 conversion: the order of its bytes */
static gboolean pointer_ip4_reverse(TcCompiler *c, char order)
{
  return order == 'l' || (order == 'h' && !c->ctx->big);
}

static void pointer_compile_sockaddr(TcCompiler *c, TcPointer *pointer, const char *p,
                                     const TcArg *arg)
{
  if (!pointer->padded && *p == 'p') {
    pointer->port = TRUE;
    p++;
  }
  if (!pointer->padded && *p == 'c') {
    pointer->compressed = TRUE;
    p++;
  }
  pointer->reverse = pointer_ip4_reverse(c, *p);
  if (arg->kind == TC_ARG_DYNAMIC_ARRAY) {
    pointer->kind = TC_POINTER_SOCKADDR;
    pointer->dynamic = TRUE;
    tc_locator_init(&pointer->at, arg->field, c->ctx->big);
  } else if (pointer_take_field(c, pointer, arg)) {
    pointer->kind = TC_POINTER_SOCKADDR;
  }
}

static void pointer_compile_ip(TcCompiler *c, TcPointer *pointer, const char *letters,
                               const TcArg *arg)
{
  pointer->padded = letters[0] == 'i';
  switch (letters[1]) {
  case '4':
    pointer->reverse = pointer_ip4_reverse(c, letters[2]);
    pointer_compile_sized(c, pointer, arg, TC_POINTER_IP4, 4, "INVALIDIPv4");
    break;
  case '6':
    pointer->compressed = !pointer->padded && letters[2] == 'c';
    pointer_compile_sized(c, pointer, arg, TC_POINTER_IP6, 16, "INVALIDIPv6");
    break;
  case 'S':
    pointer_compile_sockaddr(c, pointer, letters + 2, arg);
    break;
  default:
    pointer_set_text(pointer, "");
    break;
  }
}

static void pointer_compile_bytes(TcCompiler *c, TcPointer *pointer, const char *letters,
                                  const TcArg *arg)
{
  if (arg->kind == TC_ARG_FIELD && pointer_take_field(c, pointer, arg)) {
    pointer->kind = TC_POINTER_BYTES;
  } else if (arg->kind == TC_ARG_DYNAMIC_ARRAY) {
    pointer->kind = TC_POINTER_BYTES;
    pointer->dynamic = TRUE;
    tc_locator_init(&pointer->at, arg->field, c->ctx->big);
  } else {
    pointer_compile_number(c, pointer, arg);
  }
  pointer->separator = letters[1] == 'C' ? ':' : letters[1] == 'D' ? '-' : ' ';
  if (letters[1] == 'N')
    pointer->separator = 0;
}

static void pointer_compile_kind(TcCompiler *c, TcPointer *pointer, const char *letters,
                                 const TcArg *arg)
{
  const TcArg *bare = arg;
  while (bare->kind == TC_ARG_CAST)
    bare = bare->a;
  switch (letters[0]) {
  case 'F':
  case 'f':
  case 'S':
  case 's':
    pointer->kind = TC_POINTER_FUNCTION;
    pointer->with_offset = letters[0] == 'F' || letters[0] == 'S';
    pointer->value = tc_expr_compile(c, arg);
    break;
  case 'M':
  case 'm':
    pointer_compile_mac(c, pointer, letters, bare);
    break;
  case 'I':
  case 'i':
    pointer_compile_ip(c, pointer, letters, bare);
    break;
  case 'U':
    pointer->guid = letters[1] == 'L' || letters[1] == 'l';
    pointer->upper = letters[1] == 'L' || letters[1] == 'B';
    pointer_compile_sized(c, pointer, bare, TC_POINTER_UUID, 16, "INVALIDUUID");
    break;
  case 'h':
    pointer_compile_bytes(c, pointer, letters, bare);
    break;
  default:
    pointer_compile_number(c, pointer, arg);
    break;
  }
}

const TcPointer *tc_pointer_compile(TcCompiler *c, const char *letters, const TcArg *arg)
{
  TcPointer *pointer = tc_compiler_alloc(c, sizeof *pointer);
  if (arg)
    pointer_compile_kind(c, pointer, letters, arg);
  else
    pointer_set_text(pointer, "");
  return pointer;
}

static void pointer_append_0x(TbBuf *out, guint64 value)
{
  guint8 *p = tb_buf_reserve(out, 18);
  p[0] = '0';
  p[1] = 'x';
  p = tc_put_hex(p + 2, value);
  out->len = (gsize)(p - out->data);
}

void tc_pointer_append_function(TcTextContext *ctx, guint64 address, gboolean offset, TbBuf *out)
{
  TcSymbols *symbols = tc_text_context_symbols(ctx);
  guint64 start = 0;
  const char *name = symbols ? tc_symbols_find(symbols, address, &start) : NULL;
  if (!name) {
    pointer_append_0x(out, address);
    return;
  }
  tb_buf_append_str(out, name);
  if (!offset)
    return;
  tb_buf_append(out, "+0x", 3);
  tb_buf_append_hex(out, address - start);
}

static void pointer_append_byte(TbBuf *out, guint8 byte, gboolean upper)
{
  const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
  tb_buf_append_c(out, digits[byte >> 4]);
  tb_buf_append_c(out, digits[byte & 15]);
}

static void pointer_append_bytes(TbBuf *out, const guint8 *bytes, guint32 n, char separator,
                                 gboolean reverse)
{
  for (guint32 i = 0; i < n; i++) {
    if (i && separator)
      tb_buf_append_c(out, separator);
    pointer_append_byte(out, bytes[reverse ? n - 1 - i : i], FALSE);
  }
}

/* Most bytes that an address takes as text. */
#define TC_POINTER_ROOM 64

static guint8 *pointer_put_ip4(guint8 *p, const guint8 *bytes, gboolean padded, gboolean reverse)
{
  for (guint i = 0; i < 4; i++) {
    guint8 byte = bytes[reverse ? 3 - i : i];
    if (i)
      *p++ = '.';
    if (padded && byte < 100)
      *p++ = '0';
    if (padded && byte < 10)
      *p++ = '0';
    p = tc_put_decimal(p, byte);
  }
  return p;
}

static guint8 *pointer_put_ip6(guint8 *p, const guint8 *bytes, gboolean padded)
{
  for (guint i = 0; i < 16; i++) {
    if (i && !(i & 1) && !padded)
      *p++ = ':';
    *p++ = (guint8)"0123456789abcdef"[bytes[i] >> 4];
    *p++ = (guint8)"0123456789abcdef"[bytes[i] & 15];
  }
  return p;
}

/* IPv4 addresses inside IPv6 ones: mapped (::ffff:a.b.c.d) and ISATAP. */
static gboolean pointer_ip6_holds_ip4(const guint8 *a)
{
  static const guint8 mapped[12] = { [10] = 0xff, [11] = 0xff };
  return !memcmp(a, mapped, sizeof mapped) ||
         ((a[8] | 2) == 2 && a[9] == 0 && a[10] == 0x5e && a[11] == 0xfe);
}

/* The longest run of two zero words or more, the first of equals; @n is 0 when there is none. */
static void pointer_ip6_zeros(const guint16 *words, guint count, guint *at, guint *n)
{
  guint run = 0;
  *at = *n = 0;
  for (guint i = 0; i < count; i++) {
    run = words[i] ? 0 : run + 1;
    if (run > 1 && run > *n) {
      *at = i + 1 - run;
      *n = run;
    }
  }
}

/* 1 to 4 hexadecimal digits */
static guint8 *pointer_put_word(guint8 *p, guint16 word)
{
  guint shift = word >= 0x1000 ? 12 : word >= 0x100 ? 8 : word >= 0x10 ? 4 : 0;
  for (;; shift -= 4) {
    *p++ = (guint8)"0123456789abcdef"[word >> shift & 15];
    if (!shift)
      return p;
  }
}

static guint8 *pointer_put_ip6_compressed(guint8 *p, const guint8 *bytes)
{
  gboolean ip4 = pointer_ip6_holds_ip4(bytes), colon = FALSE;
  guint count = ip4 ? 6 : 8, at, n;
  guint16 words[8];
  for (guint i = 0; i < 8; i++)
    words[i] = tb_get_u16(bytes + 2 * i, TRUE);
  pointer_ip6_zeros(words, count, &at, &n);
  for (guint i = 0; i < count; i++) {
    if (n && i == at) {
      *p++ = ':';
      if (colon || i == 0)
        *p++ = ':';
      colon = FALSE;
      i += n - 1;
      continue;
    }
    if (colon)
      *p++ = ':';
    p = pointer_put_word(p, words[i]);
    colon = TRUE;
  }
  if (!ip4)
    return p;
  if (colon)
    *p++ = ':';
  return pointer_put_ip4(p, bytes + 12, FALSE, FALSE);
}

static void pointer_render_sockaddr(const TcPointer *pointer, TcFrame *frame, TbBuf *out)
{
  guint32 off = pointer->offset, len = pointer->size;
  const guint8 *sa;
  guint16 family;
  guint8 *p;
  gsize size;
  if (pointer->dynamic)
    tc_locator_find(&pointer->at, frame, &off, &len);
  if ((guint64)off + 2 > frame->len)
    return;
  sa = frame->data + off;
  /* the family is read in this machine's byte order: so does libtraceevent */
  family = tb_get_u16(sa, G_BYTE_ORDER == G_BIG_ENDIAN);
  if (family != AF_INET && family != AF_INET6)
    return;
  size = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
  if (len < size || frame->len - off < size) {
    tb_buf_append_str(out, family == AF_INET ? "INVALIDIPv4" : "INVALIDIPv6");
    return;
  }
  p = tb_buf_reserve(out, TC_POINTER_ROOM);
  if (family == AF_INET) {
    p = pointer_put_ip4(p, sa + 4, pointer->padded, pointer->reverse);
  } else {
    if (pointer->port)
      *p++ = '[';
    p = pointer->compressed ? pointer_put_ip6_compressed(p, sa + 8) :
                              pointer_put_ip6(p, sa + 8, pointer->padded);
    if (pointer->port)
      *p++ = ']';
  }
  if (pointer->port) {
    *p++ = ':';
    p = tc_put_decimal(p, tb_get_u16(sa + 2, TRUE));
  }
  out->len = (gsize)(p - out->data);
}

static void pointer_render_uuid(const TcPointer *pointer, const guint8 *bytes, TbBuf *out)
{
  static const guint8 guid[16] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };
  for (guint i = 0; i < 16; i++) {
    pointer_append_byte(out, bytes[pointer->guid ? guid[i] : i], pointer->upper);
    if (i == 3 || i == 5 || i == 7 || i == 9)
      tb_buf_append_c(out, '-');
  }
}

static void pointer_render_bytes(const TcPointer *pointer, gint length, TcFrame *frame, TbBuf *out)
{
  guint32 off = MIN(pointer->offset, frame->len), len = MIN(pointer->size, frame->len - off);
  if (pointer->dynamic)
    tc_locator_find(&pointer->at, frame, &off, &len);
  if (length < 0 || len < (guint32)length)
    length = (gint)len;
  len = MIN((guint32)length, frame->len - off);
  pointer_append_bytes(out, frame->data + off, len, pointer->separator, FALSE);
}

static void pointer_render_number(const TcPointer *pointer, TcFrame *frame, TbBuf *out)
{
  guint64 value = tc_expr_eval(pointer->value, frame);
  if (!value) {
    tb_buf_append(out, "(nil)", 5);
    return;
  }
  pointer_append_0x(out, value);
}

/* Addresses of fixed size; the record ends before one: nothing is printed */
static void pointer_render_sized(const TcPointer *pointer, TcFrame *frame, TbBuf *out)
{
  guint8 *p = tb_buf_reserve(out, TC_POINTER_ROOM);
  const guint8 *bytes;
  if ((guint64)pointer->offset + pointer->size > frame->len)
    return;
  bytes = frame->data + pointer->offset;
  switch ((int)pointer->kind) {
  case TC_POINTER_MAC:
    pointer_append_bytes(out, bytes, 6, pointer->separator, pointer->reverse);
    return;
  case TC_POINTER_IP4:
    p = pointer_put_ip4(p, bytes, pointer->padded, pointer->reverse);
    break;
  case TC_POINTER_IP6:
    p = pointer->compressed ? pointer_put_ip6_compressed(p, bytes) :
                              pointer_put_ip6(p, bytes, pointer->padded);
    break;
  default:
    pointer_render_uuid(pointer, bytes, out);
    return;
  }
  out->len = (gsize)(p - out->data);
}

void tc_pointer_render(const TcPointer *pointer, gint length, TcFrame *frame, TbBuf *out)
{
  switch (pointer->kind) {
  case TC_POINTER_NUMBER:
    pointer_render_number(pointer, frame, out);
    break;
  case TC_POINTER_FUNCTION:
    tc_pointer_append_function(frame->ctx, tc_expr_eval(pointer->value, frame),
                               pointer->with_offset, out);
    break;
  case TC_POINTER_TEXT:
    tb_buf_append_str(out, pointer->text);
    break;
  case TC_POINTER_SOCKADDR:
    pointer_render_sockaddr(pointer, frame, out);
    break;
  case TC_POINTER_BYTES:
    pointer_render_bytes(pointer, length, frame, out);
    break;
  case TC_POINTER_MAC:
  case TC_POINTER_IP4:
  case TC_POINTER_IP6:
  case TC_POINTER_UUID:
  default:
    pointer_render_sized(pointer, frame, out);
    break;
  }
}
