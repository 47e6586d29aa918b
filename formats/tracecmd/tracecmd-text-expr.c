/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Number expressions of print formats: a parsed argument tree becomes nodes over
 * fixed offsets, and nodes are evaluated over a record. All values are unsigned
 * 64-bit numbers and fields are not sign-extended, because that is what
 * libtraceevent computes with.
 */
#include "tracecmd/tracecmd-text-private.h"

#include <stdlib.h>
#include <string.h>

static const TcExpr *expr_compile(TcCompiler *c, struct tep_print_arg *arg);

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

static const TcExpr *expr_compile_atom(TcCompiler *c, const char *atom)
{
  guint64 value = atom ? strtoull(atom, NULL, 0) : 0;
  TcExpr *expr;
  if (!atom || value || g_ascii_isdigit(atom[0]))
    return expr_new_const(c, value);
  /* a name that stayed in the format: it may be a kernel symbol */
  expr = expr_new(c, TC_EXPR_SYMBOL);
  expr->name = tc_compiler_strdup(c, atom, strlen(atom));
  return expr;
}

static const TcExpr *expr_compile_field(TcCompiler *c, struct tep_print_arg *arg)
{
  struct tep_format_field *field =
      tc_compiler_find_field(c, arg->field.field, arg->field.name);
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

/* @array[@index]; NULL when it is no array of the record */
static const TcExpr *expr_compile_index(TcCompiler *c, struct tep_print_arg *arg)
{
  struct tep_print_arg *array = arg->op.left;
  guint64 mask = G_MAXUINT64;
  gboolean cast = FALSE;
  TcExpr *expr;
  for (; array && array->type == TEP_PRINT_TYPE; array = array->typecast.item) {
    if (!cast)
      mask = expr_target_mask(array->typecast.type);
    cast = TRUE;
  }
  if (!array)
    return NULL;
  if (array->type == TEP_PRINT_DYNAMIC_ARRAY) {
    expr = expr_new(c, TC_EXPR_INDEX_DYNAMIC);
    tc_locator_init(&expr->at, array->dynarray.field, c->ctx->big);
    expr->size = c->ctx->long_size;
    if (array->dynarray.field && array->dynarray.field->elementsize)
      expr->size = array->dynarray.field->elementsize;
  } else if (array->type == TEP_PRINT_FIELD) {
    struct tep_format_field *field =
        tc_compiler_find_field(c, array->field.field, array->field.name);
    if (!field || field->offset < 0)
      return expr_new_const(c, 0);
    expr = expr_new(c, TC_EXPR_INDEX_FIXED);
    expr->offset = (guint32)field->offset;
    expr->size = field->elementsize;
  } else {
    return NULL;
  }
  expr->a = expr_compile(c, arg->op.right);
  expr_fold_index(expr);
  return expr_mask(c, expr, mask);
}

/* Returns: TC_EXPR_CONST for an operator that is none */
static TcExprKind expr_operator(const char *op)
{
  static const struct {
    const char *op;
    TcExprKind kind;
  } operators[] = {
    { "!", TC_EXPR_NOT },    { "!=", TC_EXPR_NE },      { "~", TC_EXPR_INVERT },
    { "|", TC_EXPR_OR },     { "||", TC_EXPR_OR_OR },   { "&", TC_EXPR_AND },
    { "&&", TC_EXPR_AND_AND }, { "<", TC_EXPR_LT },     { "<=", TC_EXPR_LE },
    { "<<", TC_EXPR_SHL },   { ">", TC_EXPR_GT },       { ">=", TC_EXPR_GE },
    { ">>", TC_EXPR_SHR },   { "==", TC_EXPR_EQ },      { "-", TC_EXPR_SUB },
    { "+", TC_EXPR_ADD },    { "*", TC_EXPR_MUL },      { "/", TC_EXPR_DIV },
    { "%", TC_EXPR_MOD },
  };
  for (guint i = 0; i < G_N_ELEMENTS(operators); i++)
    if (!strcmp(op, operators[i].op))
      return operators[i].kind;
  return TC_EXPR_CONST;
}

static const TcExpr *expr_compile_op(TcCompiler *c, struct tep_print_arg *arg)
{
  const char *op = arg->op.op ? arg->op.op : "";
  TcExpr *expr;
  if (!strcmp(op, "[")) {
    const TcExpr *index = expr_compile_index(c, arg);
    return index ? index : expr_new_const(c, 0);
  }
  if (!strcmp(op, "?")) {
    struct tep_print_arg *branches = arg->op.right;
    if (!branches || branches->type != TEP_PRINT_OP)
      return expr_new_const(c, 0);
    expr = expr_new(c, TC_EXPR_COND);
    expr->a = expr_compile(c, arg->op.left);
    expr->b = expr_compile(c, branches->op.left);
    expr->c = expr_compile(c, branches->op.right);
    return expr;
  }
  expr = expr_new(c, expr_operator(op));
  if (expr->kind == TC_EXPR_CONST)
    return expr;
  expr->a = expr_compile(c, arg->op.left);
  expr->b = expr_compile(c, arg->op.right);
  if (expr->a->kind == TC_EXPR_CONST && expr->b->kind == TC_EXPR_CONST) {
    TcFrame none = { .ctx = c->ctx };
    return expr_new_const(c, tc_expr_eval_slow(expr, &none));
  }
  return expr;
}

static const TcExpr *expr_compile_kind(TcCompiler *c, struct tep_print_arg *arg)
{
  TcExpr *expr;
  switch (arg->type) {
  case TEP_PRINT_ATOM:
    return expr_compile_atom(c, arg->atom.atom);
  case TEP_PRINT_FIELD:
    return expr_compile_field(c, arg);
  case TEP_PRINT_TYPE:
    return expr_mask(c, expr_compile(c, arg->typecast.item), expr_type_mask(arg->typecast.type));
  case TEP_PRINT_OP:
    return expr_compile_op(c, arg);
  case TEP_PRINT_DYNAMIC_ARRAY_LEN:
    expr = expr_new(c, TC_EXPR_DYNAMIC_LEN);
    tc_locator_init(&expr->at, arg->dynarray.field, c->ctx->big);
    return expr;
  case TEP_PRINT_FUNC:
    c->reason = "calls a print function";
    return expr_new_const(c, 0);
  /* libtraceevent gives an address in its own memory here, which says nothing */
  case TEP_PRINT_DYNAMIC_ARRAY:
  case TEP_PRINT_NULL:
  case TEP_PRINT_FLAGS:
  case TEP_PRINT_SYMBOL:
  case TEP_PRINT_HEX:
  case TEP_PRINT_HEX_STR:
  case TEP_PRINT_INT_ARRAY:
  case TEP_PRINT_STRING:
  case TEP_PRINT_BSTRING:
  case TEP_PRINT_BITMASK:
  case TEP_PRINT_CPUMASK:
    return expr_new_const(c, 0);
  default:
    c->reason = "has an argument of an unknown kind";
    return expr_new_const(c, 0);
  }
}

static const TcExpr *expr_compile(TcCompiler *c, struct tep_print_arg *arg)
{
  const TcExpr *expr;
  if (!arg)
    return expr_new_const(c, 0);
  if (c->depth >= TC_TEXT_MAX_DEPTH) {
    c->reason = "is nested too deeply";
    return expr_new_const(c, 0);
  }
  c->depth++;
  expr = expr_compile_kind(c, arg);
  c->depth--;
  return expr;
}

const TcExpr *tc_expr_compile(TcCompiler *c, struct tep_print_arg *arg)
{
  return expr_compile(c, arg);
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

/* 'x' in a format has become an atom x: a character where one is printed. */
static const TcExpr *expr_compile_char(TcCompiler *c, struct tep_print_arg *arg)
{
  TcExpr *expr;
  if (arg && arg->type == TEP_PRINT_ATOM && arg->atom.atom && arg->atom.atom[0] &&
      !arg->atom.atom[1])
    return expr_new_const(c, (guint8)arg->atom.atom[0]);
  if (!arg || arg->type != TEP_PRINT_OP || !arg->op.op || strcmp(arg->op.op, "?") ||
      !arg->op.right || arg->op.right->type != TEP_PRINT_OP || c->depth >= TC_TEXT_MAX_DEPTH)
    return expr_compile(c, arg);
  c->depth++;
  expr = expr_new(c, TC_EXPR_COND);
  expr->a = expr_compile(c, arg->op.left);
  expr->b = expr_compile_char(c, arg->op.right->op.left);
  expr->c = expr_compile_char(c, arg->op.right->op.right);
  c->depth--;
  return expr;
}

const TcExpr *tc_expr_compile_char(TcCompiler *c, struct tep_print_arg *arg)
{
  return expr_compile_char(c, arg);
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
