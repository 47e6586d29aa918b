/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What %s prints: pieces of the record, constants, choices between them, and
 * the print helpers (flags, symbols, hexadecimal, arrays, bit masks).
 */
#include "tracecmd/tracecmd-text-private.h"

#include <string.h>

typedef enum {
  TC_STRING_NONE,
  TC_STRING_TEXT,    /* a constant */
  TC_STRING_FIXED,   /* @size bytes at @offset, 0 = the rest of the record */
  TC_STRING_POINTER, /* a pointer at @offset: the printk string there */
  TC_STRING_DYNAMIC, /* where @at says, up to a NUL */
  TC_STRING_FLAGS,
  TC_STRING_SYMBOL,
  TC_STRING_HEX,
  TC_STRING_HEX_STR,
  TC_STRING_ARRAY,
  TC_STRING_BITMASK,
  TC_STRING_CPUMASK,
  TC_STRING_STACK,   /* addresses of functions, a line each */
  TC_STRING_COND,
} TcStringKind;

/** TcName: one entry of a table of flags or symbols */
typedef struct {
  gint64 value;
  const char *text;
  gsize len;
} TcName;

struct _TcString {
  TcStringKind kind;
  guint32 offset;
  guint32 size;
  gboolean big;
  gboolean dynamic; /* of HEX and ARRAY: @at, not @offset */
  TcLocator at;
  const TcExpr *value; /* number, condition, count */
  const TcExpr *element_size;
  const TcString *yes;
  const TcString *no;
  const char *text; /* constant or delimiter */
  gsize text_len;
  const TcName *names; /* FLAGS in file order, SYMBOL the same */
  guint n_names;
  const TcName **direct; /* SYMBOL: by value, when all are small */
  guint n_direct;
};

/* Symbol tables with values below this get an array to look up in. */
#define TC_STRING_MAX_DIRECT 1024

/* The value of an entry; -1 where it is none that is known. */
static gint64 string_name_value(TcCompiler *c, const TcArg *arg)
{
  const TcExpr *expr = tc_expr_compile(c, arg);
  return expr->kind == TC_EXPR_CONST ? (gint64)expr->value : -1;
}

static void string_take_names(TcCompiler *c, TcString *string, const TcArg *arg)
{
  TcName *names = tc_compiler_alloc(c, arg->n_names * sizeof *names);
  for (guint i = 0; i < arg->n_names; i++)
    names[i] = (TcName){ string_name_value(c, arg->names[i].value), arg->names[i].text,
                         strlen(arg->names[i].text) };
  string->names = names;
  string->n_names = arg->n_names;
}

/* An index by value for symbol tables whose values are small; the first of equals counts. */
static void string_index_names(TcCompiler *c, TcString *string)
{
  gint64 highest = 0;
  for (guint i = 0; i < string->n_names; i++) {
    if (string->names[i].value < 0 || string->names[i].value >= TC_STRING_MAX_DIRECT)
      return;
    highest = MAX(highest, string->names[i].value);
  }
  string->n_direct = (guint)highest + 1;
  string->direct = tc_compiler_alloc(c, string->n_direct * sizeof *string->direct);
  for (guint i = string->n_names; i-- > 0;)
    string->direct[string->names[i].value] = &string->names[i];
}

static void string_compile_field(TcCompiler *c, TcString *string,
                                 const struct tep_format_field *field)
{
  if (!field || field->offset < 0 || field->size < 0)
    return;
  string->offset = (guint32)field->offset;
  string->size = (guint32)field->size;
  string->kind = TC_STRING_FIXED;
  if (!(field->flags & TEP_FIELD_IS_ARRAY) && string->size == c->ctx->long_size)
    string->kind = TC_STRING_POINTER;
}

/* The bytes that __print_hex and __print_array go through: @kind, where they are known. */
static void string_compile_bytes(TcCompiler *c, TcString *string, TcStringKind kind,
                                 const TcArg *arg)
{
  const TcArg *from = arg->a;
  while (from->kind == TC_ARG_CAST)
    from = from->a;
  if (from->kind == TC_ARG_DYNAMIC_ARRAY) {
    string->dynamic = TRUE;
    tc_locator_init(&string->at, from->field, c->ctx->big);
  } else if (from->kind == TC_ARG_FIELD && from->field && from->field->offset >= 0) {
    string->offset = (guint32)from->field->offset;
  } else {
    return;
  }
  string->kind = kind;
  string->value = tc_expr_compile(c, arg->b);
  if (arg->c)
    string->element_size = tc_expr_compile(c, arg->c);
}

static void string_compile_located(TcCompiler *c, TcString *string, TcStringKind kind,
                                   const struct tep_format_field *field)
{
  if (!field)
    return;
  string->kind = kind;
  tc_locator_init(&string->at, field, c->ctx->big);
}

static void string_compile_flags(TcCompiler *c, TcString *string, const TcArg *arg)
{
  string->kind = TC_STRING_FLAGS;
  string->value = tc_expr_compile(c, arg->a);
  string->text = arg->text;
  string->text_len = strlen(arg->text);
  string_take_names(c, string, arg);
}

static void string_compile_symbol(TcCompiler *c, TcString *string, const TcArg *arg)
{
  string->kind = TC_STRING_SYMBOL;
  string->value = tc_expr_compile(c, arg->a);
  string_take_names(c, string, arg);
  string_index_names(c, string);
}

static void string_compile_text(TcString *string, const char *text)
{
  string->kind = TC_STRING_TEXT;
  string->text_len = strlen(text);
  string->text = text;
}

static void string_compile_choice(TcCompiler *c, TcString *string, const TcArg *arg)
{
  if (arg->op != TC_EXPR_COND)
    return;
  string->kind = TC_STRING_COND;
  string->value = tc_expr_compile(c, arg->a);
  string->yes = tc_string_compile(c, arg->b);
  string->no = tc_string_compile(c, arg->c);
}

const TcString *tc_string_compile(TcCompiler *c, const TcArg *arg)
{
  TcString *string = tc_compiler_alloc(c, sizeof *string);
  string->big = c->ctx->big;
  string->kind = TC_STRING_NONE;
  while (arg->kind == TC_ARG_CAST)
    arg = arg->a;
  switch (arg->kind) {
  case TC_ARG_TEXT:
  case TC_ARG_ATOM: string_compile_text(string, arg->text); break;
  case TC_ARG_FIELD: string_compile_field(c, string, arg->field); break;
  case TC_ARG_FLAGS: string_compile_flags(c, string, arg); break;
  case TC_ARG_SYMBOL: string_compile_symbol(c, string, arg); break;
  case TC_ARG_HEX: string_compile_bytes(c, string, TC_STRING_HEX, arg); break;
  case TC_ARG_HEX_STR: string_compile_bytes(c, string, TC_STRING_HEX_STR, arg); break;
  case TC_ARG_ARRAY: string_compile_bytes(c, string, TC_STRING_ARRAY, arg); break;
  case TC_ARG_STRING:
  case TC_ARG_DYNAMIC_ARRAY: string_compile_located(c, string, TC_STRING_DYNAMIC, arg->field); break;
  case TC_ARG_BITMASK: string_compile_located(c, string, TC_STRING_BITMASK, arg->field); break;
  case TC_ARG_CPUMASK: string_compile_located(c, string, TC_STRING_CPUMASK, arg->field); break;
  case TC_ARG_STACK: string_compile_located(c, string, TC_STRING_STACK, arg->field); break;
  case TC_ARG_OP: string_compile_choice(c, string, arg); break;
  case TC_ARG_NUMBER:
  case TC_ARG_CAST:
  case TC_ARG_DYNAMIC_ARRAY_LEN:
  default: break; /* no text */
  }
  return string;
}

gboolean tc_string_get_fixed(const TcString *string, guint32 *offset, guint32 *size)
{
  *offset = string->offset;
  *size = string->size;
  return string->kind == TC_STRING_FIXED;
}

gboolean tc_string_get_dynamic(const TcString *string, TcLocator *at)
{
  *at = string->at;
  return string->kind == TC_STRING_DYNAMIC;
}

/* A name as it is or, where the conversion says so, cut and padded. */
static inline void string_append_name(const TcSpec *spec, const char *text, gsize len, TbBuf *out)
{
  if (G_LIKELY(spec->width <= 0 && spec->precision < 0))
    tb_buf_append(out, text, len);
  else
    tc_spec_append_string(spec, text, len, out);
}

static void string_append_0x(guint64 value, TbBuf *out)
{
  tb_buf_append(out, "0x", 2);
  tb_buf_append_hex(out, value);
}

static void string_render_fixed(const TcString *string, const TcSpec *spec, TcFrame *frame,
                                TbBuf *out)
{
  const char *text = "";
  gsize len = 0;
  if (string->offset < frame->len) {
    len = frame->len - string->offset;
    if (string->size)
      len = MIN(len, string->size);
    text = (const char *)frame->data + string->offset;
    len = strnlen(text, len);
  }
  tc_spec_append_string(spec, text, len, out);
}

/* A pointer is read as it lies there, without regard to the recording's byte order: so does
 * libtraceevent. */
static void string_render_pointer(const TcString *string, TcFrame *frame, TbBuf *out)
{
  guint64 address = tc_load(frame, string->offset, string->size, G_BYTE_ORDER == G_BIG_ENDIAN);
  const char *text =
      frame->ctx->printk ? tc_symbols_find_exact(frame->ctx->printk, address) : NULL;
  if (text)
    tb_buf_append_str(out, text);
  else
    tb_buf_append_hex(out, address);
}

static void string_render_dynamic(const TcString *string, const TcSpec *spec, TcFrame *frame,
                                  TbBuf *out)
{
  guint32 off, len;
  const char *text;
  tc_locator_find(&string->at, frame, &off, &len);
  if (!len)
    return;
  text = (const char *)frame->data + off;
  tc_spec_append_string(spec, text, strnlen(text, frame->len - off), out);
}

static void string_render_flags(const TcString *string, const TcSpec *spec, TcFrame *frame,
                                TbBuf *out)
{
  gint64 left = (gint64)tc_expr_eval(string->value, frame);
  gboolean printed = FALSE;
  for (guint i = 0; i < string->n_names; i++) {
    const TcName *name = &string->names[i];
    if (!left && name->value < 0) {
      string_append_name(spec, name->text, name->len, out);
      break;
    }
    if (name->value <= 0 || (left & name->value) != name->value)
      continue;
    if (printed)
      tb_buf_append(out, string->text, string->text_len);
    string_append_name(spec, name->text, name->len, out);
    printed = TRUE;
    left &= ~name->value;
  }
  if (!left)
    return;
  if (printed)
    tb_buf_append(out, string->text, string->text_len);
  string_append_0x((guint64)left, out);
}

static void string_render_symbol(const TcString *string, const TcSpec *spec, TcFrame *frame,
                                 TbBuf *out)
{
  guint64 value = tc_expr_eval(string->value, frame);
  const TcName *name = NULL;
  if (string->direct) {
    name = value < string->n_direct ? string->direct[value] : NULL;
  } else {
    for (guint i = 0; i < string->n_names && !name; i++)
      if ((guint64)string->names[i].value == value)
        name = &string->names[i];
  }
  if (name)
    string_append_name(spec, name->text, name->len, out);
  else
    string_append_0x(value, out);
}

/* Where the bytes of HEX and ARRAY start, at most the record's end. */
static guint32 string_bytes_start(const TcString *string, const TcFrame *frame)
{
  guint32 off = string->offset, len;
  if (string->dynamic)
    tc_locator_find(&string->at, frame, &off, &len);
  return MIN(off, frame->len);
}

static void string_render_hex(const TcString *string, TcFrame *frame, TbBuf *out)
{
  guint32 off = string_bytes_start(string, frame);
  guint32 n = (guint32)tc_expr_eval(string->value, frame);
  gboolean blanks = string->kind == TC_STRING_HEX;
  guint8 *p;
  if ((gint32)n < 0)
    return;
  n = MIN(n, frame->len - off);
  p = tb_buf_reserve(out, 3 * (gsize)n);
  for (guint32 i = 0; i < n; i++) {
    guint8 byte = frame->data[off + i];
    if (i && blanks)
      *p++ = ' ';
    *p++ = (guint8)"0123456789abcdef"[byte >> 4];
    *p++ = (guint8)"0123456789abcdef"[byte & 15];
  }
  tb_buf_commit(out, (gsize)(p - (out->data + out->len)));
}

/* As the kernel's trace_print_array_seq(): {0x1,0x2}. */
static void string_render_array(const TcString *string, TcFrame *frame, TbBuf *out)
{
  guint32 off = string_bytes_start(string, frame);
  guint32 n = (guint32)tc_expr_eval(string->value, frame);
  guint64 size = tc_expr_eval(string->element_size, frame);
  gboolean bad = size != 1 && size != 2 && size != 4 && size != 8;
  guint32 step = bad ? 1 : (guint32)size;
  tb_buf_append_c(out, '{');
  for (guint32 i = 0; i < n && frame->len - off >= step && out->len < frame->limit;
       i++, off += step) {
    guint64 element = tb_get_uint(frame->data + off, step, string->big);
    if (i)
      tb_buf_append_c(out, ',');
    if (bad) {
      tb_buf_append_str(out, "BAD SIZE:");
      tb_buf_append_u64(out, size);
      tb_buf_append_c(out, ' ');
    }
    string_append_0x(element, out);
  }
  tb_buf_append_c(out, '}');
}

/*
 * A field of addresses, the kernel's way: a count in front, or a short one that ends with all
 * bits set.
 */
static void string_render_stack(const TcString *string, TcFrame *frame, TbBuf *out)
{
  guint32 off, len, size = frame->ctx->long_size;
  tc_locator_find(&string->at, frame, &off, &len);
  guint64 n = len >= size ? tb_get_uint(frame->data + off, size, string->big) : 0;
  tb_buf_append_c(out, '\n');
  for (off += size, len -= MIN(len, size); n > 0 && len >= size; n--, off += size, len -= size) {
    guint64 address = tb_get_uint(frame->data + off, size, string->big);
    if (address == (size == 4 ? G_MAXUINT32 : G_MAXUINT64))
      break;
    tb_buf_append_str(out, "=> ");
    tc_pointer_append_function(frame->ctx, address, TRUE, out);
    tb_buf_append_c(out, '\n');
  }
}

/* The byte of a mask that holds bits 8 * @i and up. */
static guint8 string_mask_byte(const TcString *string, const guint8 *mask, guint32 len, guint32 i)
{
  return mask[string->big ? len - 1 - i : i];
}

/* Width and precision for text that is already in @out, from @start on. */
static void string_fit(gsize start, const TcSpec *spec, TbBuf *out)
{
  gsize n = out->len - start, pad;
  if (spec->precision >= 0 && n > (gsize)spec->precision)
    n = (gsize)spec->precision;
  out->len = start + n;
  if (spec->width < 0 || (gsize)spec->width <= n)
    return;
  pad = (gsize)spec->width - n;
  tb_buf_append_fill(out, ' ', pad);
  if (spec->minus)
    return;
  memmove(out->data + start + pad, out->data + start, n);
  memset(out->data + start, ' ', pad);
}

static void string_render_bitmask(const TcString *string, const TcSpec *spec, TcFrame *frame,
                                  TbBuf *out)
{
  guint32 off, len;
  gsize start = out->len;
  const guint8 *mask;
  tc_locator_find(&string->at, frame, &off, &len);
  mask = frame->data + off;
  for (guint32 i = len; i-- > 0;) {
    guint8 byte = string_mask_byte(string, mask, len, i);
    tb_buf_append_c(out, "0123456789abcdef"[byte >> 4]);
    tb_buf_append_c(out, "0123456789abcdef"[byte & 15]);
    if (i && !(i & 3))
      tb_buf_append_c(out, ',');
  }
  string_fit(start, spec, out);
}

static void string_append_range(gsize start, guint32 first, guint32 last, TbBuf *out)
{
  if (out->len > start)
    tb_buf_append_c(out, ',');
  tb_buf_append_u64(out, first);
  if (last > first) {
    tb_buf_append_c(out, '-');
    tb_buf_append_u64(out, last);
  }
}

static void string_render_cpumask(const TcString *string, const TcSpec *spec, TcFrame *frame,
                                  TbBuf *out)
{
  guint32 off, len, first = 0;
  gboolean in_range = FALSE;
  gsize start = out->len;
  tc_locator_find(&string->at, frame, &off, &len);
  for (guint32 bit = 0; bit < len * 8; bit++) {
    gboolean set = string_mask_byte(string, frame->data + off, len, bit / 8) >> bit % 8 & 1;
    if (set && !in_range)
      first = bit;
    if (!set && in_range)
      string_append_range(start, first, bit - 1, out);
    in_range = set;
  }
  if (in_range)
    string_append_range(start, first, len * 8 - 1, out);
  string_fit(start, spec, out);
}

void tc_string_render(const TcString *string, const TcSpec *spec, TcFrame *frame, TbBuf *out)
{
  while (string->kind == TC_STRING_COND)
    string = tc_expr_eval(string->value, frame) ? string->yes : string->no;
  switch (string->kind) {
  case TC_STRING_NONE:
  case TC_STRING_COND:
    break;
  case TC_STRING_TEXT:
    string_append_name(spec, string->text, string->text_len, out);
    break;
  case TC_STRING_FIXED:
    string_render_fixed(string, spec, frame, out);
    break;
  case TC_STRING_POINTER:
    string_render_pointer(string, frame, out);
    break;
  case TC_STRING_DYNAMIC:
    string_render_dynamic(string, spec, frame, out);
    break;
  case TC_STRING_FLAGS:
    string_render_flags(string, spec, frame, out);
    break;
  case TC_STRING_SYMBOL:
    string_render_symbol(string, spec, frame, out);
    break;
  case TC_STRING_HEX:
  case TC_STRING_HEX_STR:
    string_render_hex(string, frame, out);
    break;
  case TC_STRING_ARRAY:
    string_render_array(string, frame, out);
    break;
  case TC_STRING_BITMASK:
    string_render_bitmask(string, spec, frame, out);
    break;
  case TC_STRING_STACK:
    string_render_stack(string, frame, out);
    break;
  case TC_STRING_CPUMASK:
    string_render_cpumask(string, spec, frame, out);
    break;
  default:
    break;
  }
}
