/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is changed in a format text before libtraceevent parses it: print helpers
 * that newer kernels use and libtraceevent 1.7 does not know are spelled out, and
 * print formats it would not survive are taken away. Knows texts only.
 */
#include "tracecmd/tracecmd-text-private.h"

#include <string.h>

/** TcRewrite: @name(A) becomes @before A @after */
typedef struct {
  const char *name;
  const char *before;
  const char *after;
} TcRewrite;

static const TcRewrite rewrites[] = {
  { "__print_ns_to_secs", "((", ") / 1000000000)" },
  { "__print_ns_without_secs", "((", ") % 1000000000)" },
  { "__get_rel_sockaddr", "__get_sockaddr_rel(", ")" },
};

static gboolean rewrite_is_word(char c)
{
  return g_ascii_isalnum(c) || c == '_';
}

/* The end of the quoted text at @p, or @end. */
static const char *rewrite_skip_quoted(const char *p, const char *end)
{
  for (p++; p < end && *p != '"'; p++)
    if (*p == '\\' && p + 1 < end)
      p++;
  return p < end ? p + 1 : end;
}

/* The ')' that closes the '(' before @p; NULL = there is none */
static const char *rewrite_find_close(const char *p, const char *end)
{
  guint depth = 1;
  while (p < end) {
    if (*p == '"') {
      p = rewrite_skip_quoted(p, end);
      continue;
    }
    if (*p == '(')
      depth++;
    else if (*p == ')' && --depth == 0)
      return p;
    p++;
  }
  return NULL;
}

static const TcRewrite *rewrite_find(const char *word, gsize len)
{
  for (guint i = 0; i < G_N_ELEMENTS(rewrites); i++)
    if (strlen(rewrites[i].name) == len && !memcmp(rewrites[i].name, word, len))
      return &rewrites[i];
  return NULL;
}

/* Copies @p up to @end with every helper spelled out. Returns: whether there was one */
static gboolean rewrite_copy(GString *out, const char *p, const char *end, guint depth)
{
  gboolean any = FALSE;
  while (p < end) {
    const char *start = p, *open, *close;
    const TcRewrite *rewrite;
    if (*p == '"') {
      p = rewrite_skip_quoted(p, end);
    } else if (!rewrite_is_word(*p)) {
      p++;
    } else {
      while (p < end && rewrite_is_word(*p))
        p++;
      for (open = p; open < end && *open == ' ';)
        open++;
      rewrite = rewrite_find(start, (gsize)(p - start));
      if (rewrite && depth && open < end && *open == '(' &&
          (close = rewrite_find_close(open + 1, end))) {
        g_string_append(out, rewrite->before);
        rewrite_copy(out, open + 1, close, depth - 1);
        g_string_append(out, rewrite->after);
        p = close + 1;
        any = TRUE;
        continue;
      }
    }
    g_string_append_len(out, start, p - start);
  }
  return any;
}

/* Helpers of @text spelled out; NULL = it has none */
static char *rewrite_helpers(const char *text, gsize len)
{
  const char *print = g_strstr_len(text, (gssize)len, "\nprint fmt:");
  gssize left = print ? (gssize)len - (print - text) : 0;
  GString *out;
  if (!print || (!g_strstr_len(print, left, "__print_ns_") &&
                 !g_strstr_len(print, left, "__get_rel_sockaddr")))
    return NULL;
  out = g_string_new_len(text, print - text);
  if (!rewrite_copy(out, print, text + len, 8)) {
    g_string_free(out, TRUE);
    return NULL;
  }
  return g_string_free(out, FALSE);
}

char *tc_text_rewrite_format(const char *text, gsize len, gsize *new_len)
{
  char *out = rewrite_helpers(text, len);
  const char *now = out ? out : text;
  gsize now_len = out ? strlen(out) : len;
  TcTextFormat how = tc_text_check_format(now, now_len);
  if (how != TC_TEXT_FORMAT_GOOD) {
    const char *print = g_strstr_len(now, (gssize)now_len, "\nprint fmt:");
    GString *without = g_string_new(NULL);
    if (how == TC_TEXT_FORMAT_BAD_PRINT) {
      /* a call of no function: the event is then one whose format cannot be parsed */
      g_string_append_len(without, now, print ? print - now : (gssize)now_len);
      g_string_append(without, "\nprint fmt: \"%s\", unusable()\n");
    }
    g_free(out);
    out = g_string_free(without, FALSE);
  }
  if (out)
    *new_len = strlen(out);
  return out;
}
