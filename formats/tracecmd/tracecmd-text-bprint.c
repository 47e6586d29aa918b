/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bprint events (trace_printk): the record names the address of its format,
 * which the printk section holds, and packs the arguments. Two passes, as in
 * libtraceevent: the arguments are unpacked by one reading of the format and
 * printed by another.
 */
#include "tracecmd/tracecmd-text-private.h"

#include <string.h>

/* More arguments than the kernel packs into one record. */
#define TC_BPRINT_MAX_ARGS 128

struct _TcBprint {
  const TcExpr *ip;
  const TcExpr *format;
  guint32 buf_offset;
};

typedef struct {
  guint64 value;
  const char *text; /* (nullable): of a string */
  gsize len;
} TcBprintArg;

typedef struct {
  TcBprintArg args[TC_BPRINT_MAX_ARGS];
  guint n_args;
  guint next;
  guint32 pos; /* in the record */
} TcBprintArgs;

static const TcExpr *bprint_field(TcCompiler *c, const char *name, guint32 *offset)
{
  struct tep_format_field *field = tep_find_field(c->event, name);
  if (!field || field->offset < 0)
    return NULL;
  *offset = (guint32)field->offset;
  return tc_expr_compile_field(c, field);
}

const TcBprint *tc_bprint_compile(TcCompiler *c)
{
  TcBprint *bprint = tc_compiler_alloc(c, sizeof *bprint);
  guint32 offset;
  bprint->ip = bprint_field(c, "ip", &offset);
  bprint->format = bprint_field(c, "fmt", &offset);
  if (!bprint->ip || !bprint->format || !bprint_field(c, "buf", &bprint->buf_offset))
    return NULL;
  return bprint;
}

static TcBprintArg *bprint_add(TcBprintArgs *args)
{
  TcBprintArg *arg = &args->args[MIN(args->n_args, TC_BPRINT_MAX_ARGS - 1)];
  if (args->n_args < TC_BPRINT_MAX_ARGS)
    args->n_args++;
  *arg = (TcBprintArg){ 0 };
  return arg;
}

static void bprint_take_number(TcBprintArgs *args, const TcFrame *frame, guint32 size)
{
  args->pos = (args->pos + 3) & ~3u;
  bprint_add(args)->value = tc_load(frame, args->pos, size, frame->ctx->big);
  args->pos += size;
}

static void bprint_take_string(TcBprintArgs *args, const TcFrame *frame)
{
  TcBprintArg *arg = bprint_add(args);
  guint32 pos = MIN(args->pos, frame->len);
  arg->text = (const char *)frame->data + pos;
  arg->len = strnlen(arg->text, frame->len - pos);
  args->pos = pos + (guint32)arg->len + 1;
}

/* %p: whether older kernels packed text for the extension at @p, which they had not followed */
static gboolean bprint_pointer_is_text(const TcBprintArgs *args, const TcFrame *frame,
                                       const char *p)
{
  if (strchr("sSx", *p))
    return FALSE;
  if ((*p == 'f' || *p == 'F') && p[1] != 'w')
    return FALSE;
  return args->pos < frame->len && g_ascii_isprint(frame->data[args->pos]);
}

/* The argument of the conversion at @p, behind its '%'. Returns: its last character */
static const char *bprint_take(TcBprintArgs *args, const TcFrame *frame, const char *p)
{
  guint longs = 0;
  for (; *p; p++) {
    if (strchr("0123456789.#+", *p))
      continue;
    switch (*p) {
    case 'l': longs++; continue;
    case 'L': longs = 2; continue;
    case 'z':
    case 'Z': longs = 1; continue;
    case '*':
      bprint_take_number(args, frame, 4);
      continue;
    case 'p':
      longs = 1;
      if (g_ascii_isalnum(p[1]) && bprint_pointer_is_text(args, frame, ++p)) {
        bprint_take_string(args, frame);
        return p;
      }
      break;
    case 'd':
    case 'u':
    case 'i':
    case 'x':
    case 'X':
    case 'o':
      break;
    case 's':
      bprint_take_string(args, frame);
      return p;
    default:
      return p;
    }
    bprint_take_number(args, frame,
                       longs == 0 ? 4 : longs == 1 ? frame->ctx->long_size : longs == 2 ? 8 : 0);
    return p;
  }
  return p - 1;
}

static void bprint_take_all(TcBprintArgs *args, const TcFrame *frame, const char *format)
{
  for (const char *p = format; *p && args->pos < frame->len; p++) {
    if (*p != '%' || !p[1])
      continue;
    p = bprint_take(args, frame, p + 1);
  }
}

static void bprint_append_number_text(const TcSpec *spec, guint64 value, TbBuf *out)
{
  guint8 digits[21];
  guint8 *end = digits;
  if ((gint64)value < 0)
    *end++ = '-';
  end = tc_put_decimal(end, (gint64)value < 0 ? 0 - value : value);
  tc_spec_append_string(spec, (const char *)digits, (gsize)(end - digits), out);
}

static void bprint_print_pointer(const TcSpec *spec, const TcBprintArg *arg, TcFrame *frame,
                                 TbBuf *out)
{
  /* the addresses that other extensions want are not in the record */
  static const char other[] = "ARG TYPE NOT FIELD BUT 1";
  char letter = spec->pointer[0];
  if (arg->text) {
    tb_buf_append(out, arg->text, arg->len);
  } else if (letter && strchr("FfSs", letter)) {
    tc_pointer_append_function(frame->ctx, arg->value, letter == 'F' || letter == 'S', out);
  } else if (letter == 'I' || letter == 'i') {
    if (spec->pointer[1] == 'S')
      tb_buf_append_str(out, "ARG NOT FIELD NOR DYNAMIC ARRAY BUT TYPE 1");
    else if (spec->pointer[1] == '4' || spec->pointer[1] == '6')
      tb_buf_append_str(out, other);
  } else if (letter) {
    tb_buf_append_str(out, other);
  } else if (arg->value) {
    tb_buf_append(out, "0x", 2);
    tb_buf_append_hex(out, arg->value);
  } else {
    tb_buf_append(out, "(nil)", 5);
  }
}

static const TcBprintArg *bprint_next(TcBprintArgs *args)
{
  return args->next < args->n_args ? &args->args[args->next++] : NULL;
}

/* One conversion. Returns: how many characters of the format it took */
static gsize bprint_print(TcBprintArgs *args, TcFrame *frame, const char *format, TbBuf *out)
{
  TcSpec spec;
  gsize taken = tc_spec_parse(format, &spec);
  const TcBprintArg *arg;
  if (spec.star && spec.conversion != 'p') {
    arg = bprint_next(args);
    spec = tc_spec_with_length(&spec, arg && !arg->text ? (gint)arg->value : 0);
  } else if (spec.star) {
    bprint_next(args);
  }
  if (!spec.conversion)
    return taken;
  if (spec.conversion == '?') {
    const char bad[3] = { '>', spec.bad, '<' };
    tb_buf_append(out, bad, sizeof bad);
    return taken;
  }
  arg = bprint_next(args);
  if (!arg) /* libtraceevent gives up on the conversion and prints its letters */
    return taken - 1 - strlen(spec.pointer);
  if (spec.conversion == 'p')
    bprint_print_pointer(&spec, arg, frame, out);
  else if (spec.conversion == 's' && arg->text)
    tc_spec_append_string(&spec, arg->text, arg->len, out);
  else if (spec.conversion == 's')
    bprint_append_number_text(&spec, arg->value, out);
  else if (spec.conversion == 'c')
    frame->ended = !tc_spec_append_char(&spec, arg->text ? 0 : arg->value, out);
  else
    tc_spec_append_number(&spec, arg->text ? 0 : arg->value, out);
  return taken;
}

void tc_bprint_render(const TcBprint *bprint, TcFrame *frame, TbBuf *out)
{
  guint64 address = tc_expr_eval(bprint->format, frame);
  const char *format =
      frame->ctx->printk ? tc_symbols_find_exact(frame->ctx->printk, address) : NULL;
  TcBprintArgs args;
  tc_pointer_append_function(frame->ctx, tc_expr_eval(bprint->ip, frame), FALSE, out);
  tb_buf_append(out, ": ", 2);
  if (!format) {
    tb_buf_append_str(out, "(NO FORMAT FOUND at ");
    tb_buf_append_hex(out, address);
    tb_buf_append(out, ")\n", 2);
    return;
  }
  args.n_args = args.next = 0;
  args.pos = bprint->buf_offset;
  bprint_take_all(&args, frame, format);
  while (*format && !frame->ended && out->len < frame->limit) {
    if (*format == '%' && format[1] != '%')
      format += bprint_print(&args, frame, format, out);
    else
      format += tc_spec_append_literal(format, out);
  }
}
