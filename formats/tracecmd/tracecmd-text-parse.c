/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Print formats as the kernel writes them, C expressions over the record, parsed into
 * arguments with C's precedence. A format that is damaged, nests deeper than any kernel's
 * or calls a function that is not known is refused as a whole.
 */
#include "tracecmd/tracecmd-text-private.h"

#include <string.h>

/* Operands of one print format; a kernel's longest has a few hundred. */
#define PARSE_MAX_NODES 20000

typedef struct {
  TcCompiler *c;
  const char *p;
  const char *end;
  guint depth;
  guint nodes;
} Parser;

typedef enum {
  PARSE_FLAGS,
  PARSE_SYMBOLIC,
  PARSE_HEX,
  PARSE_HEX_STR,
  PARSE_ARRAY,
  PARSE_DYNAMIC_ARRAY, /* all elements of a field, whose size is told */
  PARSE_FIELD,         /* one name of a field, of kind @made */
  PARSE_SECONDS,
  PARSE_NANOSECONDS,
  PARSE_EXPECT,
} ParseForm;

typedef struct {
  const char *name;
  ParseForm form;
  TcArgKind made;
} ParseFunction;

static const ParseFunction parse_functions[] = {
  { "__get_str", PARSE_FIELD, TC_ARG_STRING },
  { "__get_rel_str", PARSE_FIELD, TC_ARG_STRING },
  { "__print_flags", PARSE_FLAGS, TC_ARG_FLAGS },
  { "__print_symbolic", PARSE_SYMBOLIC, TC_ARG_SYMBOL },
  { "__get_dynamic_array", PARSE_FIELD, TC_ARG_DYNAMIC_ARRAY },
  { "__get_rel_dynamic_array", PARSE_FIELD, TC_ARG_DYNAMIC_ARRAY },
  { "__get_dynamic_array_len", PARSE_FIELD, TC_ARG_DYNAMIC_ARRAY_LEN },
  { "__get_rel_dynamic_array_len", PARSE_FIELD, TC_ARG_DYNAMIC_ARRAY_LEN },
  { "__print_hex", PARSE_HEX, TC_ARG_HEX },
  { "__print_hex_str", PARSE_HEX_STR, TC_ARG_HEX_STR },
  { "__print_array", PARSE_ARRAY, TC_ARG_ARRAY },
  { "__print_dynamic_array", PARSE_DYNAMIC_ARRAY, TC_ARG_ARRAY },
  { "__get_sockaddr", PARSE_FIELD, TC_ARG_DYNAMIC_ARRAY },
  { "__get_sockaddr_rel", PARSE_FIELD, TC_ARG_DYNAMIC_ARRAY },
  { "__get_rel_sockaddr", PARSE_FIELD, TC_ARG_DYNAMIC_ARRAY },
  { "__get_bitmask", PARSE_FIELD, TC_ARG_BITMASK },
  { "__get_rel_bitmask", PARSE_FIELD, TC_ARG_BITMASK },
  { "__get_cpumask", PARSE_FIELD, TC_ARG_CPUMASK },
  { "__get_rel_cpumask", PARSE_FIELD, TC_ARG_CPUMASK },
  { "__get_stacktrace", PARSE_FIELD, TC_ARG_STACK },
  { "__get_rel_stacktrace", PARSE_FIELD, TC_ARG_STACK },
  { "__print_flags_u64", PARSE_FLAGS, TC_ARG_FLAGS },
  { "__print_symbolic_u64", PARSE_SYMBOLIC, TC_ARG_SYMBOL },
  { "__print_ns_to_secs", PARSE_SECONDS, TC_ARG_OP },
  { "__print_ns_without_secs", PARSE_NANOSECONDS, TC_ARG_OP },
  { "__builtin_expect", PARSE_EXPECT, TC_ARG_OP },
};

static TcArg *parse_expression(Parser *s);
static TcArg *parse_unary(Parser *s);

/* -- words -- */

static char parse_peek(Parser *s)
{
  while (s->p < s->end && g_ascii_isspace(*s->p))
    s->p++;
  return s->p < s->end ? *s->p : '\0';
}

static gboolean parse_accept(Parser *s, char c)
{
  if (parse_peek(s) != c)
    return FALSE;
  s->p++;
  return TRUE;
}

/* The word that stands here, of @len bytes; NULL = none */
static const char *parse_word(Parser *s, gsize *len)
{
  parse_peek(s);
  const char *start = s->p;
  while (s->p < s->end && tc_is_word(*s->p))
    s->p++;
  *len = (gsize)(s->p - start);
  return *len ? start : NULL;
}

static gboolean parse_word_is(const char *word, gsize len, const char *what)
{
  return strlen(what) == len && memcmp(word, what, len) == 0;
}

/* The texts in quotes that stand here, as one, escapes untouched; NULL = damaged */
static const char *parse_quoted(Parser *s)
{
  g_autoptr(GString) text = g_string_new(NULL);
  while (parse_peek(s) == '"') {
    const char *start = ++s->p;
    for (; s->p < s->end && *s->p != '"'; s->p++)
      s->p += *s->p == '\\' && s->p + 1 < s->end;
    if (s->p >= s->end)
      return NULL;
    g_string_append_len(text, start, s->p - start);
    s->p++;
  }
  return tc_compiler_strdup(s->c, text->str, text->len);
}

/* -- nodes -- */

static TcArg *parse_new(Parser *s, TcArgKind kind)
{
  if (++s->nodes > PARSE_MAX_NODES)
    return NULL;
  TcArg *arg = tc_compiler_alloc(s->c, sizeof *arg);
  arg->kind = kind;
  return arg;
}

static TcArg *parse_number(Parser *s, guint64 value)
{
  TcArg *arg = parse_new(s, TC_ARG_NUMBER);
  if (arg)
    arg->value = value;
  return arg;
}

/*
 * NULL where one of them could not be made; a sign has no @left. Operators in a row nest to the
 * left without the parser's own nesting, and what works on them follows each.
 */
static TcArg *parse_op(Parser *s, TcExprKind op, TcArg *left, TcArg *right)
{
  guint height = right ? 1 + MAX(left ? left->height : 0, right->height) : 0;
  TcArg *arg = right && height <= TC_TEXT_MAX_DEPTH ? parse_new(s, TC_ARG_OP) : NULL;
  if (!arg)
    return NULL;
  arg->op = op;
  arg->a = left;
  arg->b = right;
  arg->height = height;
  return arg;
}

static TcArg *parse_field_node(Parser *s, TcArgKind kind, const char *name, gsize len)
{
  g_autofree char *copy = g_strndup(name, len);
  TcArg *arg = parse_new(s, kind);
  if (arg)
    arg->field = tep_find_any_field(s->c->event, copy);
  return arg;
}

/* -- calls -- */

/* { value, "text" }; @name->text is NULL where it is { -1, NULL }, which ends some tables. */
static gboolean parse_name(Parser *s, TcArgName *name)
{
  if (!parse_accept(s, '{') || !(name->value = parse_expression(s)) || !parse_accept(s, ','))
    return FALSE;
  if (parse_peek(s) == '"')
    return (name->text = parse_quoted(s)) && parse_accept(s, '}');
  TcArg *none = parse_expression(s);
  while (none && none->kind == TC_ARG_CAST)
    none = none->a;
  return none && none->kind == TC_ARG_NUMBER && none->value == 0 && parse_accept(s, '}');
}

/* Entries up to the bracket that closes the call. */
static gboolean parse_names(Parser *s, TcArg *arg)
{
  GArray *names = g_array_new(FALSE, TRUE, sizeof(TcArgName));
  gboolean good = TRUE;
  while (good && parse_accept(s, ',') && parse_peek(s) != ')') {
    TcArgName name = { 0 };
    good = parse_name(s, &name);
    if (name.text)
      g_array_append_val(names, name);
  }
  arg->n_names = good ? names->len : 0;
  arg->names = tc_compiler_alloc(s->c, arg->n_names * sizeof *arg->names);
  if (arg->n_names)
    memcpy(arg->names, names->data, arg->n_names * sizeof *arg->names);
  g_array_unref(names);
  return good;
}

static gboolean parse_flags(Parser *s, TcArg *arg)
{
  return (arg->a = parse_expression(s)) && parse_accept(s, ',') && parse_peek(s) == '"' &&
         (arg->text = parse_quoted(s)) && parse_names(s, arg);
}

/* All of a field: the count follows from its length. */
static gboolean parse_dynamic_array(Parser *s, TcArg *arg)
{
  gsize len;
  const char *name = parse_word(s, &len);
  if (!name || !parse_accept(s, ',') || !(arg->c = parse_expression(s)))
    return FALSE;
  arg->a = parse_field_node(s, TC_ARG_DYNAMIC_ARRAY, name, len);
  arg->b = parse_op(s, TC_EXPR_DIV, parse_field_node(s, TC_ARG_DYNAMIC_ARRAY_LEN, name, len),
                    arg->c);
  return arg->a && arg->b;
}

static gboolean parse_sized(Parser *s, TcArg *arg, gboolean with_element)
{
  if (!(arg->a = parse_expression(s)) || !parse_accept(s, ',') || !(arg->b = parse_expression(s)))
    return FALSE;
  return !with_element || (parse_accept(s, ',') && (arg->c = parse_expression(s)));
}

/* The time in nanoseconds in two parts, or what is expected, as operators. */
static TcArg *parse_arithmetic(Parser *s, ParseForm form)
{
  TcArg *value = parse_expression(s);
  if (!value || form != PARSE_EXPECT)
    return parse_op(s, form == PARSE_SECONDS ? TC_EXPR_DIV : TC_EXPR_MOD, value,
                    value ? parse_number(s, 1000000000) : NULL);
  return parse_accept(s, ',') && parse_expression(s) ? value : NULL;
}

static TcArg *parse_call_of(Parser *s, const ParseFunction *function)
{
  gsize len;
  if (function->form >= PARSE_SECONDS)
    return parse_arithmetic(s, function->form);
  if (function->form == PARSE_FIELD) {
    const char *name = parse_word(s, &len);
    return name ? parse_field_node(s, function->made, name, len) : NULL;
  }
  TcArg *arg = parse_new(s, function->made);
  gboolean good = arg != NULL;
  if (good && function->form == PARSE_FLAGS)
    good = parse_flags(s, arg);
  else if (good && function->form == PARSE_SYMBOLIC)
    good = (arg->a = parse_expression(s)) && parse_names(s, arg);
  else if (good && function->form == PARSE_DYNAMIC_ARRAY)
    good = parse_dynamic_array(s, arg);
  else if (good)
    good = parse_sized(s, arg, function->form == PARSE_ARRAY);
  return good ? arg : NULL;
}

/* Behind the name and the bracket that opens. NULL: not known, or damaged */
static TcArg *parse_call(Parser *s, const char *name, gsize len)
{
  for (guint i = 0; i < G_N_ELEMENTS(parse_functions); i++) {
    if (!parse_word_is(name, len, parse_functions[i].name))
      continue;
    TcArg *arg = parse_call_of(s, &parse_functions[i]);
    return arg && parse_accept(s, ')') ? arg : NULL;
  }
  s->c->unknown = tc_compiler_strdup(s->c, name, len);
  return NULL;
}

/* -- operands -- */

/* Words and stars up to a bracket, as of a type: where the bracket is. NULL = it is no type */
static const char *parse_find_type_end(const Parser *s)
{
  const char *p = s->p, *first = NULL;
  gboolean star = FALSE;
  for (; p < s->end && *p != ')'; p++) {
    if (*p == '*')
      star = TRUE;
    else if (star ? !g_ascii_isspace(*p) : !tc_is_word(*p) && !g_ascii_isspace(*p))
      return NULL;
    if (!first && tc_is_word(*p))
      first = p;
  }
  if (p >= s->end || !first || g_ascii_isdigit(*first))
    return NULL;
  return p;
}

static const char *parse_type_name(Parser *s, const char *end)
{
  g_autofree char *name = g_strstrip(g_strndup(s->p, (gsize)(end - s->p)));
  return tc_compiler_strdup(s->c, name, strlen(name));
}

/* sizeof(type) or sizeof(REC->field), behind the bracket that opens. */
static TcArg *parse_sizeof(Parser *s)
{
  const char *end = parse_find_type_end(s);
  guint64 size = 0;
  if (end) {
    size = tc_type_size(parse_type_name(s, end), s->c->ctx->long_size);
    s->p = end;
  } else {
    TcArg *arg = parse_expression(s);
    if (arg && arg->kind == TC_ARG_FIELD && arg->field)
      size = (guint64)MAX(arg->field->size, 0);
  }
  return size && parse_accept(s, ')') ? parse_number(s, size) : NULL;
}

/* REC->name, behind REC; further members of a structure cannot be placed. */
static TcArg *parse_record(Parser *s)
{
  gsize len;
  if (!parse_accept(s, '-') || !parse_accept(s, '>'))
    return NULL;
  const char *name = parse_word(s, &len);
  return name ? parse_field_node(s, TC_ARG_FIELD, name, len) : NULL;
}

/* 0x10, 1UL, 'x', or a name that stayed in the format. */
static TcArg *parse_atom(Parser *s, const char *word, gsize len)
{
  g_autofree char *text = g_strndup(word, len);
  if (g_ascii_isdigit(text[0]))
    return parse_number(s, g_ascii_strtoull(text, NULL, 0));
  TcArg *arg = parse_new(s, TC_ARG_ATOM);
  if (arg)
    arg->text = tc_compiler_strdup(s->c, text, len);
  return arg;
}

static TcArg *parse_character(Parser *s)
{
  const char *start = s->p + 1;
  gsize escape = s->end - start > 0 && *start == '\\';
  if ((gsize)(s->end - start) < escape + 2 || start[escape + 1] != '\'')
    return NULL;
  guint8 c = (guint8)start[escape];
  if (escape)
    c = c == 'n' ? '\n' : c == 't' ? '\t' : c == '0' ? 0 : c;
  s->p = start + escape + 2;
  return parse_number(s, c);
}

/* (expression), or (REC)->name. */
static TcArg *parse_bracket(Parser *s)
{
  gsize len;
  const char *start = ++s->p, *word = parse_word(s, &len);
  if (word && parse_word_is(word, len, "REC") && parse_accept(s, ')'))
    return parse_record(s);
  s->p = start;
  TcArg *arg = parse_expression(s);
  return arg && parse_accept(s, ')') ? arg : NULL;
}

static TcArg *parse_primary(Parser *s)
{
  gsize len;
  char c = parse_peek(s);
  if (c == '"') {
    const char *text = parse_quoted(s);
    TcArg *arg = text ? parse_new(s, TC_ARG_TEXT) : NULL;
    if (arg)
      arg->text = text;
    return arg;
  }
  if (c == '\'')
    return parse_character(s);
  if (c == '(')
    return parse_bracket(s);
  const char *word = parse_word(s, &len);
  if (!word)
    return NULL;
  if (parse_word_is(word, len, "REC"))
    return parse_record(s);
  if (!parse_accept(s, '('))
    return parse_atom(s, word, len);
  return parse_word_is(word, len, "sizeof") ? parse_sizeof(s) : parse_call(s, word, len);
}

static TcArg *parse_postfix(Parser *s)
{
  TcArg *arg = parse_primary(s);
  while (arg && parse_accept(s, '[')) {
    TcArg *index = parse_expression(s);
    arg = parse_accept(s, ']') ? parse_op(s, TC_EXPR_INDEX, arg, index) : NULL;
  }
  return arg;
}

/* The cast that begins here, if one does: a type in brackets, and an operand behind it. */
static gboolean parse_cast(Parser *s, const char **type)
{
  const char *start = s->p;
  gsize len;
  if (!parse_accept(s, '('))
    return FALSE;
  const char *end = parse_find_type_end(s);
  const char *word = end ? parse_word(s, &len) : NULL;
  if (!word || parse_word_is(word, len, "REC")) {
    s->p = start;
    return FALSE;
  }
  s->p = word;
  *type = parse_type_name(s, end);
  s->p = end + 1;
  char next = parse_peek(s);
  if (tc_is_word(next) || (next && strchr("(\"'~!", next)) ||
      (next && strchr("*&-", next) && (strchr(*type, '*') || strchr(*type, ' '))))
    return TRUE;
  s->p = start;
  return FALSE;
}

static TcArg *parse_sign(Parser *s, char sign)
{
  s->p++;
  TcArg *arg = parse_unary(s);
  switch (sign) {
  case '!': return parse_op(s, TC_EXPR_NOT, NULL, arg);
  case '~': return parse_op(s, TC_EXPR_INVERT, NULL, arg);
  case '-': return parse_op(s, TC_EXPR_SUB, parse_number(s, 0), arg);
  case '*': return parse_op(s, TC_EXPR_INDEX, arg, arg ? parse_number(s, 0) : NULL);
  default: return arg; /* + changes nothing, and fields are told by their place anyway */
  }
}

static TcArg *parse_unary_inner(Parser *s)
{
  char c = parse_peek(s);
  const char *type;
  if (c && strchr("!~-+*&", c))
    return parse_sign(s, c);
  if (c != '(' || !parse_cast(s, &type))
    return parse_postfix(s);
  TcArg *item = parse_unary(s), *arg = item ? parse_new(s, TC_ARG_CAST) : NULL;
  if (arg) {
    arg->text = type;
    arg->a = item;
    arg->height = item->height;
  }
  return arg;
}

static TcArg *parse_nested(Parser *s, TcArg *(*inner)(Parser *s))
{
  if (s->depth >= TC_TEXT_MAX_DEPTH)
    return NULL;
  s->depth++;
  TcArg *arg = inner(s);
  s->depth--;
  return arg;
}

static TcArg *parse_unary(Parser *s)
{
  return parse_nested(s, parse_unary_inner);
}

/* -- operators -- */

typedef struct {
  const char *op;
  guint8 precedence;
  TcExprKind kind;
} ParseOperator;

/* The operator that stands here and binds at least as strongly as @least; NULL = none */
static const ParseOperator *parse_operator(Parser *s, guint least)
{
  static const ParseOperator operators[] = {
    { "||", 1, TC_EXPR_OR_OR }, { "&&", 2, TC_EXPR_AND_AND }, { "==", 6, TC_EXPR_EQ },
    { "!=", 6, TC_EXPR_NE },    { "<=", 7, TC_EXPR_LE },      { ">=", 7, TC_EXPR_GE },
    { "<<", 8, TC_EXPR_SHL },   { ">>", 8, TC_EXPR_SHR },     { "|", 3, TC_EXPR_OR },
    { "^", 4, TC_EXPR_XOR },    { "&", 5, TC_EXPR_AND },      { "<", 7, TC_EXPR_LT },
    { ">", 7, TC_EXPR_GT },     { "+", 9, TC_EXPR_ADD },      { "-", 9, TC_EXPR_SUB },
    { "*", 10, TC_EXPR_MUL },   { "/", 10, TC_EXPR_DIV },     { "%", 10, TC_EXPR_MOD },
  };
  parse_peek(s);
  for (guint i = 0; i < G_N_ELEMENTS(operators); i++) {
    gsize len = strlen(operators[i].op);
    if ((gsize)(s->end - s->p) < len || memcmp(s->p, operators[i].op, len) != 0)
      continue;
    if (operators[i].precedence < least)
      return NULL;
    s->p += len;
    return &operators[i];
  }
  return NULL;
}

static TcArg *parse_binary(Parser *s, guint least)
{
  TcArg *left = parse_unary(s);
  const ParseOperator *op;
  while (left && (op = parse_operator(s, least)))
    left = parse_op(s, op->kind, left, parse_binary(s, op->precedence + 1u));
  return left;
}

static TcArg *parse_expression_inner(Parser *s)
{
  TcArg *condition = parse_binary(s, 1);
  if (!condition || !parse_accept(s, '?'))
    return condition;
  TcArg *yes = parse_expression(s);
  TcArg *no = yes && parse_accept(s, ':') ? parse_expression(s) : NULL;
  TcArg *arg = parse_op(s, TC_EXPR_COND, condition, yes);
  if (!arg || !no)
    return NULL;
  arg->c = no;
  arg->height = MAX(arg->height, 1 + no->height);
  return arg;
}

static TcArg *parse_expression(Parser *s)
{
  return parse_nested(s, parse_expression_inner);
}

gboolean tc_text_parse(TcCompiler *c, const char *print, const char **format, TcArg **args)
{
  Parser s = { .c = c, .p = print, .end = print + strlen(print) };
  TcArg **last = args;
  *args = NULL;
  if (parse_peek(&s) != '"' || !(*format = parse_quoted(&s)))
    return FALSE;
  while (parse_accept(&s, ',')) {
    TcArg *arg = parse_expression(&s);
    if (!arg)
      return FALSE;
    *last = arg;
    last = &arg->next;
  }
  return parse_peek(&s) == '\0';
}
