/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Number expressions of print formats: a parsed argument tree becomes nodes over
 * fixed offsets, and nodes are evaluated over a record. All values are unsigned
 * 64-bit numbers and fields are not sign-extended, because that is what
 * libtraceevent computes with.
 */
#include "tracecmd/tracecmd-text-private.h"

#include <string.h>

static TcExpr *expr_new(TcCompiler *c, TcExprKind kind)
{
  TcExpr *expr = tc_compiler_alloc(c, sizeof *expr);
  expr->kind = kind;
  expr->big = c->ctx->big;
  return expr;
}

static TcExpr *expr_new_const(TcCompiler *c, guint64 value)
{
  TcExpr *expr = expr_new(c, TC_EXPR_CONST);
  expr->value = value;
  return expr;
}

void tc_locator_init(TcLocator *at, const struct tep_format_field *field, gboolean big)
{
  *at = (TcLocator){ .big = big };
  if (!field || field->offset < 0 || field->size < 0)
    return;
  at->offset = (guint32)field->offset;
  at->size = (guint32)field->size;
  at->relative = (field->flags & TEP_FIELD_IS_RELATIVE) != 0;
  at->valid = TRUE;
}

/*
 * A location outside the record counts as offset 0 or length 0, each on its
 * own; a relative one is moved only after that check.
 */
void tc_locator_find(const TcLocator *at, const TcFrame *frame, guint32 *off, guint32 *len)
{
  guint64 word;
  guint32 o, l;
  *off = *len = 0;
  if (!at->valid || (guint64)at->offset + at->size > frame->len)
    return;
  word = tb_get_uint(frame->data + at->offset, at->size, at->big);
  o = (guint32)(word & 0xffff);
  l = at->size == 2 ? frame->len - MIN(o, frame->len) : (guint32)(word >> 16 & 0xffff);
  *len = o + l > frame->len ? 0 : l;
  *off = o > frame->len ? 0 : o;
  if (at->relative) {
    *off = MIN(*off + at->offset + at->size, frame->len);
    *len = MIN(*len, frame->len - *off);
  }
}

guint64 tc_type_size(const char *type, guint long_size)
{
  static const struct {
    const char *name;
    guint8 size; /* 0 = a long's */
  } sizes[] = {
    { "u8", 1 },    { "s8", 1 },    { "__u8", 1 },   { "__s8", 1 },      { "bool", 1 },
    { "u16", 2 },   { "s16", 2 },   { "__u16", 2 },  { "__s16", 2 },     { "__be16", 2 },
    { "u32", 4 },   { "s32", 4 },   { "__u32", 4 },  { "__s32", 4 },     { "__be32", 4 },
    { "u64", 8 },   { "s64", 8 },   { "__u64", 8 },  { "__s64", 8 },     { "__be64", 8 },
    { "char", 1 },  { "short", 2 }, { "int", 4 },    { "long long", 8 }, { "long", 0 },
    { "size_t", 0 }, { "ssize_t", 0 }, { "uintptr_t", 0 }, { "pid_t", 4 }, { "dma_addr_t", 8 },
    { "uint8_t", 1 }, { "uint16_t", 2 }, { "uint32_t", 4 }, { "uint64_t", 8 },
    { "unsigned", 4 }, { "signed", 4 },
  };
  gsize len = strlen(type);
  if (len && type[len - 1] == '*')
    return long_size;
  if (g_str_has_prefix(type, "unsigned ") || g_str_has_prefix(type, "signed "))
    type = strchr(type, ' ') + 1;
  for (guint i = 0; i < G_N_ELEMENTS(sizes); i++)
    if (!strcmp(type, sizes[i].name) ||
        (g_str_has_suffix(type, " int") && strlen(sizes[i].name) == strlen(type) - 4 &&
         g_str_has_prefix(type, sizes[i].name)))
      return sizes[i].size ? sizes[i].size : long_size;
  return 0;
}

/* The bits a cast to @type keeps: all for pointers, structs and types that are not known. */
static guint64 expr_type_mask(const char *type)
{
  static const struct {
    const char *name;
    guint64 mask;
  } masks[] = {
    { "u8", 0xff },       { "s8", 0xff },        { "u16", 0xffff },
    { "s16", 0xffff },    { "u32", 0xffffffff }, { "s32", 0xffffffff },
    { "char", 0xff },     { "short", 0xffff },   { "int", 0xffffffff },
  };
  gsize len = strlen(type);
  if (len < 2 || type[len - 1] == '*' || g_str_has_prefix(type, "struct"))
    return G_MAXUINT64;
  if (g_str_has_prefix(type, "unsigned "))
    type += strlen("unsigned ");
  for (guint i = 0; i < G_N_ELEMENTS(masks); i++)
    if (!strcmp(type, masks[i].name))
      return masks[i].mask;
  return G_MAXUINT64;
}

/* The same for the thing a pointer of @type points to. */
static guint64 expr_target_mask(const char *type)
{
  gsize len = strlen(type);
  g_autofree char *target = NULL;
  if (len < 2 || type[len - 1] != '*')
    return G_MAXUINT64;
  target = g_strndup(type, len - 2);
  return expr_type_mask(target);
}

static const TcExpr *expr_mask(TcCompiler *c, const TcExpr *inner, guint64 mask)
{
  TcExpr *expr;
  if (mask == G_MAXUINT64)
    return inner;
  if (inner->kind == TC_EXPR_CONST)
    return expr_new_const(c, inner->value & mask);
  if (inner->kind == TC_EXPR_LOAD && inner->size <= 4 &&
      mask >= (G_GUINT64_CONSTANT(1) << 8 * inner->size) - 1)
    return inner;
  expr = expr_new(c, TC_EXPR_MASK);
  expr->a = inner;
  expr->value = mask;
  return expr;
}

/* A name that stayed in the format: of an enumeration, or a kernel symbol. */
static const TcExpr *expr_compile_atom(TcCompiler *c, const char *atom)
{
  static const struct {
    const char *name;
    guint64 value;
  } known[] = {
    { "HI_SOFTIRQ", 0 },
    { "TIMER_SOFTIRQ", 1 },
    { "NET_TX_SOFTIRQ", 2 },
    { "NET_RX_SOFTIRQ", 3 },
    { "BLOCK_SOFTIRQ", 4 },
    { "IRQ_POLL_SOFTIRQ", 5 },
    { "TASKLET_SOFTIRQ", 6 },
    { "SCHED_SOFTIRQ", 7 },
    { "HRTIMER_SOFTIRQ", 8 },
    { "RCU_SOFTIRQ", 9 },
    { "HRTIMER_NORESTART", 0 },
    { "HRTIMER_RESTART", 1 },
    { "VMSCAN_THROTTLE_WRITEBACK", 0 },
    { "VMSCAN_THROTTLE_ISOLATED", 1 },
    { "VMSCAN_THROTTLE_NOPROGRESS", 2 },
    { "VMSCAN_THROTTLE_CONGESTED", 3 },
    { "XEN_LAZY_NONE", 0 },
    { "XEN_LAZY_MMU", 1 },
    { "XEN_LAZY_CPU", 2 },
    { "XEN_MC_FL_NONE", 0 },
    { "XEN_MC_FL_BATCH", 1 },
    { "XEN_MC_FL_ARGS", 2 },
    { "XEN_MC_FL_CALLBACK", 3 },
    { "PARAVIRT_LAZY_NONE", 0 },
    { "PARAVIRT_LAZY_MMU", 1 },
    { "PARAVIRT_LAZY_CPU", 2 },
  };
  for (guint i = 0; i < G_N_ELEMENTS(known); i++)
    if (!strcmp(atom, known[i].name))
      return expr_new_const(c, known[i].value);
  TcExpr *expr = expr_new(c, TC_EXPR_SYMBOL);
  expr->name = atom;
  return expr;
}

const TcExpr *tc_expr_compile_field(TcCompiler *c, const struct tep_format_field *field)
{
  TcExpr *expr;
  if (!field || field->offset < 0 ||
      (field->size != 1 && field->size != 2 && field->size != 4 && field->size != 8))
    return expr_new_const(c, 0);
  expr = expr_new(c, TC_EXPR_LOAD);
  expr->offset = (guint32)field->offset;
  expr->size = (guint32)field->size;
  return expr;
}

/* An element whose index is constant is a field of its own. */
static void expr_fold_index(TcExpr *expr)
{
  guint64 off;
  if (expr->kind != TC_EXPR_INDEX_FIXED || expr->a->kind != TC_EXPR_CONST ||
      (expr->size != 1 && expr->size != 2 && expr->size != 4 && expr->size != 8))
    return;
  off = expr->offset + (guint64)(guint32)(expr->a->value * expr->size);
  if (off > G_MAXUINT32)
    return;
  expr->offset = (guint32)off;
  expr->kind = TC_EXPR_LOAD;
}

static const TcExpr *expr_compile_index(TcCompiler *c, const TcArg *arg)
{
  const TcArg *array = arg->a;
  guint64 mask = G_MAXUINT64;
  gboolean cast = FALSE;
  TcExpr *expr;
  for (; array->kind == TC_ARG_CAST; array = array->a) {
    if (!cast)
      mask = expr_target_mask(array->text);
    cast = TRUE;
  }
  if (array->kind == TC_ARG_DYNAMIC_ARRAY) {
    expr = expr_new(c, TC_EXPR_INDEX_DYNAMIC);
    tc_locator_init(&expr->at, array->field, c->ctx->big);
    expr->size = c->ctx->long_size;
    if (array->field && array->field->elementsize)
      expr->size = array->field->elementsize;
  } else if (array->kind == TC_ARG_FIELD && array->field && array->field->offset >= 0) {
    expr = expr_new(c, TC_EXPR_INDEX_FIXED);
    expr->offset = (guint32)array->field->offset;
    expr->size = array->field->elementsize;
  } else {
    return expr_new_const(c, 0);
  }
  expr->a = tc_expr_compile(c, arg->b);
  expr_fold_index(expr);
  return expr_mask(c, expr, mask);
}

static const TcExpr *expr_compile_op(TcCompiler *c, const TcArg *arg)
{
  if (arg->op == TC_EXPR_INDEX)
    return expr_compile_index(c, arg);
  TcExpr *expr = expr_new(c, arg->op);
  expr->a = tc_expr_compile(c, arg->a);
  expr->b = tc_expr_compile(c, arg->b);
  if (arg->c)
    expr->c = tc_expr_compile(c, arg->c);
  if (expr->a->kind == TC_EXPR_CONST && expr->b->kind == TC_EXPR_CONST && !expr->c) {
    TcFrame none = { .ctx = c->ctx };
    return expr_new_const(c, tc_expr_eval_slow(expr, &none));
  }
  return expr;
}

/* The parser bounds how deep operators and brackets nest. */
const TcExpr *tc_expr_compile(TcCompiler *c, const TcArg *arg)
{
  TcExpr *expr;
  if (!arg)
    return expr_new_const(c, 0);
  switch (arg->kind) {
  case TC_ARG_NUMBER:
    return expr_new_const(c, arg->value);
  case TC_ARG_ATOM:
    return expr_compile_atom(c, arg->text);
  case TC_ARG_FIELD:
    return tc_expr_compile_field(c, arg->field);
  case TC_ARG_CAST:
    return expr_mask(c, tc_expr_compile(c, arg->a), expr_type_mask(arg->text));
  case TC_ARG_OP:
    return expr_compile_op(c, arg);
  case TC_ARG_DYNAMIC_ARRAY_LEN:
    expr = expr_new(c, TC_EXPR_DYNAMIC_LEN);
    tc_locator_init(&expr->at, arg->field, c->ctx->big);
    return expr;
  /* The others are texts, or addresses in the kernel's memory that the record does not tell. */
  case TC_ARG_TEXT:
  case TC_ARG_FLAGS:
  case TC_ARG_SYMBOL:
  case TC_ARG_HEX:
  case TC_ARG_HEX_STR:
  case TC_ARG_ARRAY:
  case TC_ARG_STRING:
  case TC_ARG_STACK:
  case TC_ARG_BITMASK:
  case TC_ARG_CPUMASK:
  case TC_ARG_DYNAMIC_ARRAY:
  default:
    return expr_new_const(c, 0);
  }
}

static guint64 expr_eval_index(const TcExpr *expr, const TcFrame *frame)
{
  guint64 index = tc_expr_eval(expr->a, frame);
  guint32 off, len, end;
  if (expr->kind == TC_EXPR_INDEX_FIXED) {
    /* 32-bit arithmetic, as in libtraceevent */
    off = expr->offset + (guint32)(index * expr->size);
  } else {
    tc_locator_find(&expr->at, frame, &off, &len);
    off += (guint32)index;
  }
  if (__builtin_add_overflow(off, expr->size, &end) || end > frame->len)
    return 0;
  return tb_get_uint(frame->data + off, expr->size, expr->big);
}

static guint64 expr_eval_symbol(const TcExpr *expr, const TcFrame *frame)
{
  TcExpr *self = (TcExpr *)(guintptr)expr;
  TcSymbols *symbols = tc_text_context_symbols(frame->ctx);
  guint64 address = 0;
  if (symbols && !tc_symbols_find_name(symbols, expr->name, &address))
    address = 0;
  /* looked up once: from now on a constant */
  self->value = address;
  self->kind = TC_EXPR_CONST;
  return address;
}

static guint64 expr_eval_binary(const TcExpr *expr, const TcFrame *frame)
{
  guint64 a = tc_expr_eval(expr->a, frame), b = tc_expr_eval(expr->b, frame);
  switch ((int)expr->kind) {
  case TC_EXPR_NOT: return !b;
  case TC_EXPR_INVERT: return ~b;
  case TC_EXPR_NE: return a != b;
  case TC_EXPR_EQ: return a == b;
  case TC_EXPR_LT: return a < b;
  case TC_EXPR_LE: return a <= b;
  case TC_EXPR_GT: return a > b;
  case TC_EXPR_GE: return a >= b;
  case TC_EXPR_OR_OR: return a || b;
  case TC_EXPR_AND_AND: return a && b;
  case TC_EXPR_OR: return a | b;
  case TC_EXPR_XOR: return a ^ b;
  case TC_EXPR_AND: return a & b;
  case TC_EXPR_SHL: return a << (b & 63);
  case TC_EXPR_SHR: return a >> (b & 63);
  case TC_EXPR_ADD: return a + b;
  case TC_EXPR_SUB: return a - b;
  case TC_EXPR_MUL: return a * b;
  case TC_EXPR_DIV: return b ? a / b : 0;
  case TC_EXPR_MOD: return b ? a % b : 0;
  default: return 0;
  }
}

guint64 tc_expr_eval_slow(const TcExpr *expr, const TcFrame *frame)
{
  guint32 off, len;
  switch ((int)expr->kind) {
  case TC_EXPR_CONST:
    return expr->value;
  case TC_EXPR_LOAD:
    return tc_load(frame, expr->offset, expr->size, expr->big);
  case TC_EXPR_MASK:
    return tc_expr_eval(expr->a, frame) & expr->value;
  case TC_EXPR_COND:
    return tc_expr_eval(tc_expr_eval(expr->a, frame) ? expr->b : expr->c, frame);
  case TC_EXPR_INDEX_FIXED:
  case TC_EXPR_INDEX_DYNAMIC:
    return expr_eval_index(expr, frame);
  case TC_EXPR_DYNAMIC_LEN:
    tc_locator_find(&expr->at, frame, &off, &len);
    return len;
  case TC_EXPR_SYMBOL:
    return expr_eval_symbol(expr, frame);
  default:
    return expr_eval_binary(expr, frame);
  }
}
