/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Format texts that libtraceevent 1.7 must not be given: it follows a null
 * pointer where __print_flags or __print_symbolic name a field that is not
 * there (and for the next unknown field after such a format), divides constants
 * by zero while parsing, and recurses as deeply as the text nests. Only damaged
 * or hostile recordings have such texts. Knows texts only.
 */
#include "tracecmd/tracecmd-text-private.h"

#include <string.h>

/* Brackets within brackets, and operators in a row, that are passed on. */
#define TC_GUARD_MAX_NESTING 100
#define TC_GUARD_MAX_OPERATORS 4000

/** TcGuard: one format text being looked through */
typedef struct {
  const char *end;
  GHashTable *fields; /* names the format declares */
} TcGuard;

static gboolean guard_is_word(char c)
{
  return g_ascii_isalnum(c) || c == '_';
}

static const char *guard_skip_blanks(const char *p, const char *end)
{
  while (p < end && g_ascii_isspace(*p))
    p++;
  return p;
}

/* The name a declaration ends with: its last word outside brackets. FALSE: it is no declaration */
static gboolean guard_take_declaration(TcGuard *guard, const char *p, const char *end)
{
  const char *name = NULL;
  gsize len = 0;
  guint depth = 0;
  while (p < end) {
    const char *start = p;
    if (guard_is_word(*p)) {
      while (p < end && guard_is_word(*p))
        p++;
      if (!depth) {
        name = start;
        len = (gsize)(p - start);
      }
      continue;
    }
    if (*p == '[')
      depth++;
    else if (*p == ']' && depth)
      depth--;
    else if (*p != ' ' && *p != '*' && (!depth || !strchr("+-/()<>", *p)))
      return FALSE;
    p++;
  }
  if (!name || depth)
    return FALSE;
  g_hash_table_add(guard->fields, g_strndup(name, len));
  return TRUE;
}

/* All "field:" lines from @p up to @end. */
static gboolean guard_take_fields(TcGuard *guard, const char *p, const char *end)
{
  while (p < end) {
    const char *line = p, *semicolon;
    const char *eol = memchr(p, '\n', (gsize)(end - p));
    if (!eol)
      eol = end;
    p = eol < end ? eol + 1 : end;
    line = guard_skip_blanks(line, eol);
    if (eol - line < 6 || memcmp(line, "field:", 6))
      continue;
    semicolon = memchr(line, ';', (gsize)(eol - line));
    if (!semicolon || !guard_take_declaration(guard, line + 6, semicolon))
      return FALSE;
  }
  return TRUE;
}

/* Whether what follows a "REC" at @p names a field there is; "REC" alone is no access. */
static gboolean guard_check_access(const TcGuard *guard, const char *p)
{
  const char *start;
  g_autofree char *name = NULL;
  p = guard_skip_blanks(p, guard->end);
  while (p < guard->end && *p == ')')
    p = guard_skip_blanks(p + 1, guard->end);
  if (guard->end - p < 2 || p[0] != '-' || p[1] != '>')
    return TRUE;
  p = start = guard_skip_blanks(p + 2, guard->end);
  while (p < guard->end && guard_is_word(*p))
    p++;
  name = g_strndup(start, (gsize)(p - start));
  return g_hash_table_contains(guard->fields, name);
}

static gboolean guard_check_accesses(const TcGuard *guard, const char *p)
{
  while (p < guard->end) {
    const char *start = p;
    if (!guard_is_word(*p)) {
      p++;
      continue;
    }
    while (p < guard->end && guard_is_word(*p))
      p++;
    if (p - start == 3 && !memcmp(start, "REC", 3) && !guard_check_access(guard, p))
      return FALSE;
  }
  return TRUE;
}

/* Whether the operand that ends before @p (not before @first) reads the record. */
static gboolean guard_left_is_field(const char *p, const char *first)
{
  guint depth = 0;
  const char *end;
  while (p > first && g_ascii_isspace(p[-1]))
    p--;
  end = p;
  if (p > first && p[-1] == ')') {
    do {
      p--;
      depth += *p == ')';
      depth -= *p == '(';
    } while (p > first && depth);
    return !depth && g_strstr_len(p, end - p, "REC") != NULL;
  }
  while (p > first && guard_is_word(p[-1]))
    p--;
  while (p > first && g_ascii_isspace(p[-1]))
    p--;
  return p - first >= 2 && p[-1] == '>' && p[-2] == '-';
}

/* Whether @p starts with a number that is not 0 and stays alone on its side of a division. */
static gboolean guard_right_is_number(const char *p, const char *end)
{
  guint64 value;
  p = guard_skip_blanks(p, end);
  if (p >= end || !g_ascii_isdigit(*p))
    return FALSE;
  value = g_ascii_strtoull(p, NULL, 0);
  while (p < end && guard_is_word(*p))
    p++;
  p = guard_skip_blanks(p, end);
  return value && (p >= end || strchr(",)}+-?:&|<>=!", *p));
}

/* -- the arguments: well-formed expressions, or libtraceevent stumbles -- */

/** TcGuardScan: reading the arguments from left to right */
typedef struct {
  const char *p;
  const char *first;
  const char *end;
  guint depth;
  guint operators; /* of the argument at hand */
} TcGuardScan;

static gboolean guard_expression(TcGuardScan *s);

static char guard_peek(TcGuardScan *s)
{
  s->p = guard_skip_blanks(s->p, s->end);
  return s->p < s->end ? *s->p : '\0';
}

static gboolean guard_accept(TcGuardScan *s, char c)
{
  if (guard_peek(s) != c || !c)
    return FALSE;
  s->p++;
  return TRUE;
}

/* One text in quotes. */
static gboolean guard_quoted(TcGuardScan *s)
{
  const char quote = *s->p++;
  for (; s->p < s->end && *s->p != quote; s->p++)
    if (*s->p == '\\' && s->p + 1 < s->end)
      s->p++;
  if (s->p >= s->end)
    return FALSE;
  s->p++;
  return TRUE;
}

/* Words in a row, as of a type, with stars behind them where a ')' follows. */
static gboolean guard_words(TcGuardScan *s)
{
  const char *stars;
  if (!guard_is_word(guard_peek(s)))
    return FALSE;
  while (guard_is_word(guard_peek(s)))
    while (s->p < s->end && guard_is_word(*s->p))
      s->p++;
  stars = s->p;
  while (guard_accept(s, '*'))
    continue;
  if (guard_peek(s) != ')')
    s->p = stars;
  return TRUE;
}

/* Expressions with commas between them up to @close, which may come at once; { } groups too. */
static gboolean guard_list(TcGuardScan *s, char close)
{
  if (guard_accept(s, close))
    return TRUE;
  do {
    s->operators = 0;
    if (guard_accept(s, '{')) {
      if (!guard_expression(s) || !guard_accept(s, ',') || !guard_expression(s) ||
          !guard_accept(s, '}'))
        return FALSE;
    } else if (!guard_expression(s)) {
      return FALSE;
    }
  } while (guard_accept(s, ','));
  return guard_accept(s, close);
}

/* What may stand behind an operand: a call, one index, accesses. */
static gboolean guard_suffixes(TcGuardScan *s)
{
  gboolean indexed = FALSE;
  for (;;) {
    char c = guard_peek(s);
    if (c == '(') {
      s->p++;
      if (!guard_list(s, ')'))
        return FALSE;
    } else if (c == '[' && !indexed) {
      indexed = TRUE;
      s->p++;
      if (!guard_expression(s) || !guard_accept(s, ']'))
        return FALSE;
    } else if (c == '.' || (c == '-' && s->p + 1 < s->end && s->p[1] == '>')) {
      s->p += c == '.' ? 1 : 2;
      if (!guard_words(s))
        return FALSE;
    } else {
      return c != '[';
    }
  }
}

/* An operand with what stands before it: signs, casts. */
static gboolean guard_operand(TcGuardScan *s)
{
  char c = guard_peek(s);
  while (c && strchr("!~-+&*", c)) {
    if (++s->operators > TC_GUARD_MAX_OPERATORS)
      return FALSE;
    s->p++;
    c = guard_peek(s);
  }
  if (c == '"' || c == '\'') {
    while (c == '"' || c == '\'') {
      if (!guard_quoted(s))
        return FALSE;
      c = guard_peek(s);
    }
    return TRUE;
  }
  if (c == '(') {
    s->p++;
    if (!guard_expression(s) || !guard_accept(s, ')'))
      return FALSE;
    c = guard_peek(s);
    /* a cast: an operand follows at once */
    if (c && (guard_is_word(c) || strchr("(\"'", c))) {
      if (++s->operators > TC_GUARD_MAX_OPERATORS)
        return FALSE;
      return guard_operand(s);
    }
    return guard_suffixes(s);
  }
  return guard_words(s) && guard_suffixes(s);
}

/* A binary operator, if one stands here. FALSE: a division that libtraceevent may do at once */
static gboolean guard_operator(TcGuardScan *s, gboolean *found)
{
  static const char *const operators[] = { "||", "&&", "==", "!=", "<=", ">=", "<<", ">>", "|",
                                           "&",  "^",  "<",  ">",  "+",  "-",  "*",  "/",  "%" };
  guard_peek(s);
  *found = FALSE;
  for (guint i = 0; i < G_N_ELEMENTS(operators) && !*found; i++) {
    gsize len = strlen(operators[i]);
    if ((gsize)(s->end - s->p) < len || memcmp(s->p, operators[i], len))
      continue;
    if ((*s->p == '/' || *s->p == '%') && !guard_left_is_field(s->p, s->first) &&
        !guard_right_is_number(s->p + 1, s->end))
      return FALSE;
    s->p += len;
    *found = TRUE;
  }
  return ++s->operators <= TC_GUARD_MAX_OPERATORS;
}

static gboolean guard_expression_inner(TcGuardScan *s)
{
  gboolean more = TRUE;
  while (more) {
    if (!guard_operand(s) || !guard_operator(s, &more))
      return FALSE;
  }
  if (!guard_accept(s, '?'))
    return TRUE;
  return guard_expression(s) && guard_accept(s, ':') && guard_expression(s);
}

static gboolean guard_expression(TcGuardScan *s)
{
  gboolean good;
  if (s->depth >= TC_GUARD_MAX_NESTING)
    return FALSE;
  s->depth++;
  good = guard_expression_inner(s);
  s->depth--;
  return good;
}

/* From behind "print fmt:": a format in quotes, then arguments. */
static gboolean guard_check_print(const TcGuard *guard, const char *p)
{
  TcGuardScan s = { .p = p, .first = p, .end = guard->end };
  if (guard_peek(&s) != '"')
    return FALSE;
  while (guard_peek(&s) == '"')
    if (!guard_quoted(&s))
      return FALSE;
  while (guard_accept(&s, ',')) {
    s.operators = 0;
    if (!guard_expression(&s))
      return FALSE;
  }
  return guard_peek(&s) == '\0';
}

TcTextFormat tc_text_check_format(const char *text, gsize len)
{
  static const char print_fmt[] = "\nprint fmt:";
  TcGuard guard = { .end = text + len };
  const char *print = g_strstr_len(text, (gssize)len, print_fmt);
  TcTextFormat result = TC_TEXT_FORMAT_BAD_FIELDS;
  guard.fields = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  if (guard_take_fields(&guard, text, print ? print : guard.end)) {
    result = TC_TEXT_FORMAT_BAD_PRINT;
    if (print && guard_check_accesses(&guard, print) &&
        guard_check_print(&guard, print + sizeof print_fmt - 1))
      result = TC_TEXT_FORMAT_GOOD;
  }
  g_hash_table_unref(guard.fields);
  return result;
}
