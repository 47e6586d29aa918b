/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the parts of the text compiler share: expressions, strings, numbers and
 * pointers of a print format as compiled, and the record being rendered. Only
 * files named tracecmd-text* include this.
 */
#pragma once

#include "base/bytes.h"
#include "tracecmd/tracecmd-symbols.h"
#include "tracecmd/tracecmd-text.h"

G_BEGIN_DECLS

/* Deepest nesting of a print format's arguments that is compiled. */
#define TC_TEXT_MAX_DEPTH 256
/* A text is cut after about this many bytes: only hostile formats come near. */
#define TC_TEXT_MAX_BYTES (1u << 20)

struct _TcTextContext {
  gboolean big;
  guint long_size;
  TcTextLoad load;
  gpointer load_data;
  gboolean loaded;
  TcSymbols *symbols; /* (nullable) */
  TcSymbols *printk;  /* (nullable) */
};

/** tc_text_context_symbols: loads them when that was not done yet. Returns: (nullable) */
TcSymbols *tc_text_context_symbols(TcTextContext *ctx);

/**
 * TcFrame: one record being rendered
 * @ended: a NUL was printed: the text is over
 * @limit: length of the output at which the text is cut
 */
typedef struct {
  const guint8 *data;
  guint32 len;
  gboolean ended;
  gsize limit;
  TcTextContext *ctx;
} TcFrame;

/**
 * TcCompiler: one event id being compiled; memory of the result goes to @owned
 * @unknown: (nullable): the function that its print format calls and nobody knows
 * @starved: there are fewer arguments than conversions, or none could be parsed
 */
typedef struct {
  TcTextContext *ctx;
  struct tep_event *event;
  GPtrArray *owned;
  const char *unknown;
  gboolean starved;
} TcCompiler;

gpointer tc_compiler_alloc(TcCompiler *c, gsize size);
const char *tc_compiler_strdup(TcCompiler *c, const char *text, gsize len);

/** tc_is_word: whether C spells names and numbers with it */
static inline gboolean tc_is_word(char c)
{
  return g_ascii_isalnum(c) || c == '_';
}

/* -- expressions (tracecmd-text-expr.c) -- */

typedef enum {
  TC_EXPR_CONST,
  TC_EXPR_LOAD, /* @size bytes at @offset */
  TC_EXPR_MASK,
  TC_EXPR_NOT,
  TC_EXPR_INVERT,
  TC_EXPR_NE,
  TC_EXPR_EQ,
  TC_EXPR_LT,
  TC_EXPR_LE,
  TC_EXPR_GT,
  TC_EXPR_GE,
  TC_EXPR_OR_OR,
  TC_EXPR_AND_AND,
  TC_EXPR_OR,
  TC_EXPR_XOR,
  TC_EXPR_AND,
  TC_EXPR_SHL,
  TC_EXPR_SHR,
  TC_EXPR_ADD,
  TC_EXPR_SUB,
  TC_EXPR_MUL,
  TC_EXPR_DIV,
  TC_EXPR_MOD,
  TC_EXPR_COND,
  TC_EXPR_INDEX, /* of an argument only: becomes one of the next two */
  TC_EXPR_INDEX_FIXED,
  TC_EXPR_INDEX_DYNAMIC,
  TC_EXPR_DYNAMIC_LEN,
  TC_EXPR_SYMBOL,
} TcExprKind;

/* -- print formats (tracecmd-text-parse.c) -- */

typedef enum {
  TC_ARG_NUMBER, /* @value */
  TC_ARG_TEXT,   /* @text, in quotes */
  TC_ARG_ATOM,   /* a name that stayed in the format: @text */
  TC_ARG_FIELD,
  TC_ARG_CAST,   /* @a as the type @text */
  TC_ARG_OP,     /* @op over @a, @b, @c; a sign has only @b */
  TC_ARG_FLAGS,  /* @names of the bits of @a, @text between them */
  TC_ARG_SYMBOL, /* the one of @names that @a is */
  TC_ARG_HEX,    /* @b bytes of @a */
  TC_ARG_HEX_STR,
  TC_ARG_ARRAY,  /* @b elements of @a, of @c bytes each */
  TC_ARG_STRING, /* the others: what @field says where it is */
  TC_ARG_STACK,
  TC_ARG_BITMASK,
  TC_ARG_CPUMASK,
  TC_ARG_DYNAMIC_ARRAY,
  TC_ARG_DYNAMIC_ARRAY_LEN,
} TcArgKind;

typedef struct _TcArg TcArg;

typedef struct {
  const TcArg *value;
  const char *text;
} TcArgName;

/**
 * TcArg: an argument of a print format
 * @next: of the same print format
 * @field: (nullable): the event may have none of that name
 */
struct _TcArg {
  TcArgKind kind;
  TcExprKind op;
  TcArg *next;
  guint64 value;
  const char *text;
  const struct tep_format_field *field;
  TcArg *a;
  TcArg *b;
  TcArg *c;
  TcArgName *names;
  guint n_names;
  guint height; /* operators below it, one in another */
};

/**
 * tc_text_parse: @print: what stands behind "print fmt:"
 * @format: (out): the text in quotes, escapes untouched
 * @args: (out) (nullable): the first argument
 *
 * Returns: FALSE where it is damaged, too deep, or calls what is not known (@c->unknown)
 */
gboolean tc_text_parse(TcCompiler *c, const char *print, const char **format, TcArg **args);

/** TcLocator: where a dynamic array says where it is */
typedef struct {
  guint32 offset;
  guint32 size;
  gboolean relative;
  gboolean big;
  gboolean valid;
} TcLocator;

typedef struct _TcExpr TcExpr;
struct _TcExpr {
  TcExprKind kind;
  guint32 offset;
  guint32 size;
  gboolean big;
  guint64 value; /* constant or mask */
  const TcExpr *a;
  const TcExpr *b;
  const TcExpr *c;
  TcLocator at;
  const char *name;
};

/** tc_type_size: bytes of a C type of the kernel; 0 = not known */
guint64 tc_type_size(const char *type, guint long_size);
const TcExpr *tc_expr_compile(TcCompiler *c, const TcArg *arg);
/** tc_expr_compile_field: @field: (nullable): the value is 0 without one that is a number */
const TcExpr *tc_expr_compile_field(TcCompiler *c, const struct tep_format_field *field);
guint64 tc_expr_eval_slow(const TcExpr *expr, const TcFrame *frame);
void tc_locator_init(TcLocator *at, const struct tep_format_field *field, gboolean big);
/** tc_locator_find: @off and @len lie within the record whatever it says */
void tc_locator_find(const TcLocator *at, const TcFrame *frame, guint32 *off, guint32 *len);

static inline guint64 tc_load(const TcFrame *frame, guint64 offset, guint32 size, gboolean big)
{
  if (G_UNLIKELY(offset + size > frame->len))
    return 0;
  return tb_get_uint(frame->data + offset, size, big);
}

static inline guint64 tc_expr_eval(const TcExpr *expr, const TcFrame *frame)
{
  if (G_LIKELY(expr->kind == TC_EXPR_LOAD))
    return tc_load(frame, expr->offset, expr->size, expr->big);
  return tc_expr_eval_slow(expr, frame);
}

/* -- conversions (tracecmd-text-spec.c) -- */

/**
 * TcSpec: one conversion of a format
 * @conversion: its letter; 0 = the format ended before it, '?' = none that is known (@bad)
 * @bits: bits of the number that count
 * @pointer: the letters behind %p that belong to it
 */
typedef struct {
  char conversion;
  char bad;
  guint8 bits;
  gboolean minus, plus, zero, alternate;
  gboolean star;       /* an argument gives a length, ... */
  gboolean star_width; /* ... namely the width */
  gint width;
  gint precision; /* -1 = none */
  char pointer[8];
} TcSpec;

/** tc_spec_parse: @format stands on a '%'. Returns: how many characters belong to it */
gsize tc_spec_parse(const char *format, TcSpec *spec);
/** tc_spec_append_literal: text up to the next conversion, escapes undone. Returns: characters */
gsize tc_spec_append_literal(const char *format, TbBuf *out);
/** tc_spec_append_number: @spec with width and precision resolved */
void tc_spec_append_number(const TcSpec *spec, guint64 value, TbBuf *out);
void tc_spec_append_string(const TcSpec *spec, const char *text, gsize len, TbBuf *out);
/** tc_spec_append_char: Returns: FALSE for a NUL, at which the text ends */
gboolean tc_spec_append_char(const TcSpec *spec, guint64 value, TbBuf *out);
/** tc_spec_with_length: @spec with the length that its '*' argument gave */
TcSpec tc_spec_with_length(const TcSpec *spec, gint length);
/* Numbers without a check for room: 20 and 16 digits at most. Both return their end. */
guint8 *tc_put_decimal(guint8 *p, guint64 value);
guint8 *tc_put_hex(guint8 *p, guint64 value);

/* -- strings (tracecmd-text-string.c) -- */

typedef struct _TcString TcString;
const TcString *tc_string_compile(TcCompiler *c, const TcArg *arg);
void tc_string_render(const TcString *string, const TcSpec *spec, TcFrame *frame, TbBuf *out);
/** tc_string_get_simple: whether it is a plain piece of the record */
gboolean tc_string_get_fixed(const TcString *string, guint32 *offset, guint32 *size);
gboolean tc_string_get_dynamic(const TcString *string, TcLocator *at);

/* -- %p and what follows it (tracecmd-text-pointer.c) -- */

typedef struct _TcPointer TcPointer;
const TcPointer *tc_pointer_compile(TcCompiler *c, const char *letters, const TcArg *arg);
void tc_pointer_render(const TcPointer *pointer, gint length, TcFrame *frame, TbBuf *out);
void tc_pointer_append_function(TcTextContext *ctx, guint64 address, gboolean offset, TbBuf *out);

/* -- whole events -- */

/** TcFields: the fields of an event whose print format cannot be parsed */
typedef struct _TcFields TcFields;
TcFields *tc_fields_compile(TcCompiler *c);
void tc_fields_render(TcFields *fields, TcFrame *frame, TbBuf *out);

/** TcTail: an event whose record ends in as many values as there are, which no print format tells */
typedef struct _TcTail TcTail;
/** tc_tail_compile: Returns: (nullable): NULL where the event is another */
const TcTail *tc_tail_compile(TcCompiler *c);
void tc_tail_render(const TcTail *tail, TcFrame *frame, TbBuf *out);

/** TcBprint: bprint, whose format is named by the record */
typedef struct _TcBprint TcBprint;
/** tc_bprint_compile: Returns: (nullable): NULL where a field is missing */
const TcBprint *tc_bprint_compile(TcCompiler *c);
void tc_bprint_render(const TcBprint *bprint, TcFrame *frame, TbBuf *out);

G_END_DECLS
