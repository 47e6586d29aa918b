/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Compiling an event id's print format into steps, and running the steps over
 * a record; see tracecmd-text.h. The arguments are compiled by the other files
 * named tracecmd-text-*; here is what strings them together.
 */
#include "tracecmd/tracecmd-text-private.h"

#include <string.h>

/* Bytes a step may write without asking for room again: a 64-bit number, a task's name. */
#define TC_STEP_ROOM 32
/* Literals are copied in pieces of this size; they are padded for it. */
#define TC_STEP_PIECE 16

typedef enum {
  TC_STEP_LITERAL,
  TC_STEP_UNSIGNED, /* %u, %lu, ... */
  TC_STEP_SIGNED,   /* %d, ... */
  TC_STEP_HEX,      /* %x, ... */
  TC_STEP_NUMBER,   /* any other number */
  TC_STEP_CHAR,
  TC_STEP_FIXED,    /* %s of a char array */
  TC_STEP_DYNAMIC,  /* %s of a dynamic string */
  TC_STEP_STRING,   /* any other %s */
  TC_STEP_POINTER,
} TcStepKind;

/** TcStep: a piece of constant text and what follows it; what every step needs stands first */
typedef struct {
  guint8 kind; /* TcStepKind */
  guint8 load; /* bytes of a number that is a field; 0 = ask @value */
  guint8 bits;
  gboolean big;
  guint32 literal_len;
  guint32 offset;
  guint32 size;
  const guint8 *literal;
  guint64 mask;
  const TcExpr *value;
  const TcExpr *length; /* (nullable): the argument of '*' */
  const TcString *string;
  const TcPointer *pointer;
  TcLocator at;
  TcSpec spec;
} TcStep;

struct _TcText {
  TcTextContext *ctx;
  GPtrArray *owned;
  GArray *steps;
  TcFields *fields;       /* (nullable): the format could not be parsed */
  const TcBprint *bprint; /* (nullable) */
  const TcTail *tail;     /* (nullable) */
  guint indent;           /* leading blanks, taken off the first step */
  const char *unknown;    /* (nullable): why @fields */
};

/* -- what all texts of a recording share -- */

TcTextContext *tc_text_context_new(gboolean big, guint long_size)
{
  TcTextContext *ctx = g_new0(TcTextContext, 1);
  ctx->big = big;
  ctx->long_size = long_size;
  return ctx;
}

void tc_text_context_free(TcTextContext *ctx)
{
  if (!ctx)
    return;
  tc_symbols_free(ctx->symbols);
  tc_symbols_free(ctx->printk);
  g_free(ctx);
}

void tc_text_context_set_symbols(TcTextContext *ctx, TcTextLoad load, gpointer data)
{
  ctx->load = load;
  ctx->load_data = data;
}

void tc_text_context_set_printk(TcTextContext *ctx, const char *text, gsize len)
{
  g_autoptr(GBytes) bytes = g_bytes_new(text, len);
  tc_symbols_free(ctx->printk);
  ctx->printk = tc_symbols_new_printk(bytes);
}

TcSymbols *tc_text_context_symbols(TcTextContext *ctx)
{
  g_autoptr(GBytes) text = NULL;
  if (G_LIKELY(ctx->loaded))
    return ctx->symbols;
  ctx->loaded = TRUE;
  if (ctx->load && ctx->load(ctx->load_data, &text) && text)
    ctx->symbols = tc_symbols_take_kallsyms(g_steal_pointer(&text));
  return ctx->symbols;
}

/* -- compiling -- */

gpointer tc_compiler_alloc(TcCompiler *c, gsize size)
{
  gpointer memory = g_malloc0(MAX(size, 1));
  g_ptr_array_add(c->owned, memory);
  return memory;
}

const char *tc_compiler_strdup(TcCompiler *c, const char *text, gsize len)
{
  char *copy = tc_compiler_alloc(c, len + 1);
  if (len)
    memcpy(copy, text, len);
  return copy;
}

static gboolean text_spec_is_plain(const TcSpec *spec)
{
  return !spec->star && !spec->width && spec->precision < 0 && !spec->plus && !spec->alternate;
}

static void text_compile_number(TcCompiler *c, TcStep *step, const TcArg *arg)
{
  step->value = tc_expr_compile(c, arg);
  step->bits = step->spec.bits;
  if (step->value->kind == TC_EXPR_LOAD) {
    step->load = (guint8)step->value->size;
    step->offset = step->value->offset;
    step->big = step->value->big;
  }
  step->mask = step->spec.bits == 64 ? G_MAXUINT64 :
                                       (G_GUINT64_CONSTANT(1) << step->spec.bits) - 1;
  step->kind = TC_STEP_NUMBER;
  if (step->spec.conversion == 'c')
    step->kind = TC_STEP_CHAR;
  else if (!text_spec_is_plain(&step->spec))
    return;
  else if (step->spec.conversion == 'u')
    step->kind = TC_STEP_UNSIGNED;
  else if (step->spec.conversion == 'x')
    step->kind = TC_STEP_HEX;
  else if (step->spec.conversion == 'd' || step->spec.conversion == 'i')
    step->kind = TC_STEP_SIGNED;
}

static void text_compile_string(TcCompiler *c, TcStep *step, const TcArg *arg)
{
  step->string = tc_string_compile(c, arg);
  step->kind = TC_STEP_STRING;
  if (!text_spec_is_plain(&step->spec))
    return;
  if (tc_string_get_fixed(step->string, &step->offset, &step->size))
    step->kind = TC_STEP_FIXED;
  else if (tc_string_get_dynamic(step->string, &step->at))
    step->kind = TC_STEP_DYNAMIC;
}

/* One conversion at @format; @arg moves on. Returns: how many characters it took */
static gsize text_compile_conversion(TcCompiler *c, TcStep *step, const char *format,
                                     const TcArg **arg, TbBuf *literal)
{
  gsize taken = tc_spec_parse(format, &step->spec);
  const TcArg *length = NULL;
  if (step->spec.star && *arg) {
    length = *arg;
    *arg = length->next;
  }
  step->kind = TC_STEP_LITERAL;
  if (step->spec.conversion == '?') {
    const char bad[3] = { '>', step->spec.bad, '<' };
    tb_buf_append(literal, bad, sizeof bad);
    return taken;
  }
  if (!step->spec.conversion)
    return taken;
  if (!*arg) {
    c->starved = TRUE;
    return taken;
  }
  if (length)
    step->length = tc_expr_compile(c, length);
  if (step->spec.conversion == 'p') {
    step->kind = TC_STEP_POINTER;
    step->pointer = tc_pointer_compile(c, step->spec.pointer, *arg);
  } else if (step->spec.conversion == 's') {
    text_compile_string(c, step, *arg);
  } else {
    text_compile_number(c, step, *arg);
  }
  *arg = (*arg)->next;
  return taken;
}

static void text_add_step(TcText *text, TcCompiler *c, TcStep *step, TbBuf *literal)
{
  guint8 *copy = tc_compiler_alloc(c, literal->len + 2 * TC_STEP_PIECE);
  if (literal->len)
    memcpy(copy, literal->data, literal->len);
  step->literal = copy;
  step->literal_len = (guint32)literal->len;
  g_array_append_val(text->steps, *step);
  tb_buf_reset(literal);
  *step = (TcStep){ 0 };
}

static void text_compile_steps(TcText *text, TcCompiler *c, const char *format, const TcArg *arg)
{
  g_auto(TbBuf) literal = { 0 };
  TcStep step = { 0 };
  while (*format) {
    if (*format != '%' || format[1] == '%') {
      format += tc_spec_append_literal(format, &literal);
      continue;
    }
    format += text_compile_conversion(c, &step, format, &arg, &literal);
    if (step.kind == TC_STEP_LITERAL)
      step = (TcStep){ 0 };
    else
      text_add_step(text, c, &step, &literal);
  }
  if (literal.len)
    text_add_step(text, c, &step, &literal);
}

/* The blanks before the text belong to the layout of trace-cmd's lines. */
static void text_take_indent(TcText *text)
{
  TcStep *first;
  guint8 *literal;
  if (!text->steps->len)
    return;
  first = &g_array_index(text->steps, TcStep, 0);
  literal = (guint8 *)(guintptr)first->literal;
  while (text->indent < first->literal_len && literal[text->indent] == ' ')
    text->indent++;
  first->literal_len -= text->indent;
  memmove(literal, literal + text->indent, first->literal_len);
}

static void text_compile(TcText *text, TcCompiler *c, const char *print)
{
  const char *format;
  TcArg *args;
  if ((text->tail = tc_tail_compile(c)) ||
      ((c->event->flags & TEP_EVENT_FL_ISBPRINT) && (text->bprint = tc_bprint_compile(c))))
    return;
  if (tc_text_parse(c, print, &format, &args))
    text_compile_steps(text, c, format, args);
  else
    c->starved = TRUE;
  if (!c->starved) {
    text_take_indent(text);
  } else {
    g_array_set_size(text->steps, 0);
    text->fields = tc_fields_compile(c);
    text->unknown = c->unknown ? c->unknown : "";
  }
}

TcText *tc_text_new(TcTextContext *ctx, struct tep_event *event, const char *print)
{
  TcText *text = g_new0(TcText, 1);
  TcCompiler c = { .ctx = ctx, .event = event };
  text->ctx = ctx;
  text->owned = c.owned = g_ptr_array_new_with_free_func(g_free);
  text->steps = g_array_new(FALSE, FALSE, sizeof(TcStep));
  text_compile(text, &c, print);
  return text;
}

void tc_text_free(TcText *text)
{
  if (!text)
    return;
  g_array_unref(text->steps);
  g_ptr_array_unref(text->owned);
  g_free(text);
}

const char *tc_text_get_unknown(const TcText *text)
{
  return text->unknown;
}

/* -- rendering -- */

static guint8 *text_put_signed(guint8 *p, const TcStep *step, guint64 value)
{
  gint64 number = (gint64)value;
  switch (step->bits) {
  case 8: number = (gint8)value; break;
  case 16: number = (gint16)value; break;
  case 32: number = (gint32)value; break;
  default: break;
  }
  if (number < 0)
    *p++ = '-';
  return tc_put_decimal(p, number < 0 ? 0 - (guint64)number : (guint64)number);
}

/* Index of the first zero byte of 8 in memory order, 8 = none. */
static inline guint text_find_nul(guint64 bytes)
{
  guint64 word = GUINT64_FROM_LE(bytes);
  guint64 zeros = (word - G_GUINT64_CONSTANT(0x0101010101010101)) & ~word &
                  G_GUINT64_CONSTANT(0x8080808080808080);
  return zeros ? (guint)__builtin_ctzll(zeros) / 8 : 8;
}

/* The text at @off, of @max bytes at most. @out has room for TC_STEP_ROOM bytes. */
static void text_append_cstr(const TcFrame *frame, guint64 off, gsize max, TbBuf *out)
{
  const guint8 *text, *end;
  if (off >= frame->len)
    return;
  max = MIN(max, frame->len - off);
  text = frame->data + off;
  if (max == 16) { /* a task's name, in two words */
    guint64 words[2];
    guint n;
    memcpy(words, text, sizeof words);
    memcpy(out->data + out->len, words, sizeof words);
    n = text_find_nul(words[0]);
    out->len += n < 8 ? n : 8 + text_find_nul(words[1]);
    return;
  }
  end = memchr(text, 0, max);
  tb_buf_append(out, text, end ? (gsize)(end - text) : max);
}

static void text_render_other(const TcStep *step, TcFrame *frame, TbBuf *out)
{
  TcSpec with;
  const TcSpec *spec = &step->spec;
  gint length = 1;
  if (step->length) {
    length = (gint)tc_expr_eval(step->length, frame);
    with = tc_spec_with_length(spec, length);
    spec = &with;
  }
  switch ((int)step->kind) {
  case TC_STEP_NUMBER:
    tc_spec_append_number(spec, tc_expr_eval(step->value, frame), out);
    break;
  case TC_STEP_CHAR:
    frame->ended = !tc_spec_append_char(spec, tc_expr_eval(step->value, frame), out);
    break;
  case TC_STEP_STRING:
    tc_string_render(step->string, spec, frame, out);
    break;
  case TC_STEP_POINTER:
    tc_pointer_render(step->pointer, length, frame, out);
    break;
  default:
    break;
  }
}

static inline guint8 *text_put_literal(guint8 *p, const TcStep *step)
{
  memcpy(p, step->literal, TC_STEP_PIECE);
  for (guint32 at = TC_STEP_PIECE; at < step->literal_len; at += TC_STEP_PIECE)
    memcpy(p + at, step->literal + at, TC_STEP_PIECE);
  return p + step->literal_len;
}

static inline guint64 text_value(const TcStep *step, const TcFrame *frame)
{
  if (G_LIKELY(step->load))
    return tc_load(frame, step->offset, step->load, step->big);
  return tc_expr_eval_slow(step->value, frame);
}

static void text_render_steps(const TcText *text, TcFrame *frame, TbBuf *out)
{
  const TcStep *step = &g_array_index(text->steps, TcStep, 0);
  const TcStep *end = step + text->steps->len;
  for (; step < end && !frame->ended && out->len < frame->limit; step++) {
    guint8 *p = text_put_literal(
        tb_buf_reserve(out, step->literal_len + TC_STEP_PIECE + TC_STEP_ROOM), step);
    guint32 off, len;
    switch (step->kind) {
    case TC_STEP_UNSIGNED:
      p = tc_put_decimal(p, text_value(step, frame) & step->mask);
      out->len = (gsize)(p - out->data);
      break;
    case TC_STEP_HEX:
      p = tc_put_hex(p, text_value(step, frame) & step->mask);
      out->len = (gsize)(p - out->data);
      break;
    case TC_STEP_SIGNED:
      p = text_put_signed(p, step, text_value(step, frame));
      out->len = (gsize)(p - out->data);
      break;
    case TC_STEP_FIXED:
      out->len = (gsize)(p - out->data);
      text_append_cstr(frame, step->offset, step->size ? step->size : G_MAXUINT32, out);
      break;
    case TC_STEP_DYNAMIC:
      out->len = (gsize)(p - out->data);
      tc_locator_find(&step->at, frame, &off, &len);
      if (len)
        text_append_cstr(frame, off, G_MAXUINT32, out);
      break;
    default:
      out->len = (gsize)(p - out->data);
      text_render_other(step, frame, out);
      break;
    }
  }
}

static void text_render(TcText *text, const guint8 *record, guint32 len, TbBuf *out)
{
  TcFrame frame = {
    .data = record, .len = len, .limit = out->len + TC_TEXT_MAX_BYTES, .ctx = text->ctx
  };
  if (G_LIKELY(!text->fields && !text->bprint && !text->tail))
    text_render_steps(text, &frame, out);
  else if (text->tail)
    tc_tail_render(text->tail, &frame, out);
  else if (text->fields)
    tc_fields_render(text->fields, &frame, out);
  else
    tc_bprint_render(text->bprint, &frame, out);
}

void tc_text_render(TcText *text, const guint8 *record, guint32 len, TbBuf *out)
{
  gsize start = out->len, blanks = 0;
  text_render(text, record, len, out);
  if (out->len == start || G_LIKELY(out->data[start] != ' '))
    return;
  while (start + blanks < out->len && out->data[start + blanks] == ' ')
    blanks++;
  memmove(out->data + start, out->data + start + blanks, out->len - start - blanks);
  out->len -= blanks;
}

void tc_text_render_padded(TcText *text, const guint8 *record, guint32 len, TbBuf *out)
{
  if (text->indent)
    tb_buf_append_fill(out, ' ', text->indent);
  text_render(text, record, len, out);
}
