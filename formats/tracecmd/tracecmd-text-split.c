/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Format texts are taken apart: libtraceevent gets the declarations, unless they are such that
 * it does not survive them, which only damaged or hostile recordings have. Knows texts only.
 */
#include "tracecmd/tracecmd-text-private.h"

#include <string.h>

static const char *split_skip_blanks(const char *p, const char *end)
{
  while (p < end && g_ascii_isspace(*p))
    p++;
  return p;
}

/* A declaration ends with a name, its last word outside brackets. */
static gboolean split_check_declaration(const char *p, const char *end)
{
  gboolean named = FALSE;
  guint depth = 0;
  while (p < end) {
    if (tc_is_word(*p)) {
      while (p < end && tc_is_word(*p))
        p++;
      named = named || !depth;
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
  return named && !depth;
}

/* All "field:" lines from @p up to @end. */
static gboolean split_check_fields(const char *p, const char *end)
{
  while (p < end) {
    const char *line = p, *semicolon;
    const char *eol = memchr(p, '\n', (gsize)(end - p));
    if (!eol)
      eol = end;
    p = eol < end ? eol + 1 : end;
    line = split_skip_blanks(line, eol);
    if (eol - line < 6 || memcmp(line, "field:", 6))
      continue;
    semicolon = memchr(line, ';', (gsize)(eol - line));
    if (!semicolon || !split_check_declaration(line + 6, semicolon))
      return FALSE;
  }
  return TRUE;
}

char *tc_text_split_format(const char *text, gsize len, char **print)
{
  static const char mark[] = "\nprint fmt:", none[] = "\nprint fmt: \"\"\n";
  const char *at = g_strstr_len(text, (gssize)len, mark), *end = at ? at : text + len;
  *print = at ? g_strndup(at + sizeof mark - 1, (gsize)(text + len - at) - (sizeof mark - 1)) :
                g_strdup("");
  if (!split_check_fields(text, end))
    return g_strdup("");
  GString *out = g_string_new_len(text, end - text);
  g_string_append(out, none);
  return g_string_free(out, FALSE);
}
