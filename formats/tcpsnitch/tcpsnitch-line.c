/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One line as JSON. json-glib parses it; before that a scan over the bytes
 * refuses what json-glib would take although it is no JSON (comments, further
 * values behind the first), what it would follow too deep, and numbers that it
 * would not hold. Knows no key.
 */
#include "tcpsnitch/tcpsnitch-private.h"

#include "base/error.h"

#include <string.h>

enum { LINE_INT64_DIGITS = 19 };

typedef struct {
  const char *text;
  gsize len;
  gsize at;
  guint depth;
  guint max_depth;
  guint members;
} LineScan;

/* Behind the closing quote; FALSE where there is none, or a control character. */
static gboolean line_skip_string(LineScan *scan)
{
  for (scan->at++; scan->at < scan->len; scan->at++) {
    guint8 c = (guint8)scan->text[scan->at];
    if (c == '"') {
      scan->at++;
      return TRUE;
    }
    if (c < ' ')
      return FALSE;
    if (c == '\\')
      scan->at++;
  }
  return FALSE;
}

static inline gboolean line_is_of_number(char c)
{
  return g_ascii_isdigit(c) || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-';
}

/* Behind a number; FALSE, and not moved, where it is an integer beyond 64 bits. */
static gboolean line_skip_number(LineScan *scan)
{
  static const char most[] = "9223372036854775807";
  gsize token = scan->at, start = token + (scan->text[token] == '-'), digits = start;
  while (digits < scan->len && g_ascii_isdigit(scan->text[digits]))
    digits++;
  scan->at = digits;
  while (scan->at < scan->len && line_is_of_number(scan->text[scan->at]))
    scan->at++;
  gsize n = digits - start;
  if (scan->at != digits || n < LINE_INT64_DIGITS ||
      (n == LINE_INT64_DIGITS && memcmp(scan->text + start, most, n) <= 0))
    return TRUE;
  scan->at = token;
  return FALSE;
}

static inline gboolean line_is_blank(char c)
{
  return c == ' ' || c == '\t' || c == '\r';
}

/* One token of one or more bytes; NULL, or what is wrong with it. */
static const char *line_scan_token(LineScan *scan)
{
  char c = scan->text[scan->at];
  if (c == '"')
    return line_skip_string(scan) ? NULL : "holds a text without an end";
  if (c == '-' || g_ascii_isdigit(c))
    return line_skip_number(scan) ? NULL : "holds a number beyond 64 bits";
  if (c == '{' || c == '[') {
    if (++scan->depth > scan->max_depth)
      return "is nested too deep";
  } else if (c == '}' || c == ']') {
    if (scan->depth-- == 0)
      return "closes what was not opened";
  } else if (c == ':') {
    scan->members++;
  } else if (!g_ascii_isalpha(c) && !line_is_blank(c) && c != ',') {
    return "is no JSON";
  }
  scan->at++;
  return NULL;
}

static const char *line_scan(LineScan *scan)
{
  const char *wrong = NULL;
  if (scan->len == 0 || scan->text[0] != '{')
    return "does not begin with {";
  do {
    wrong = line_scan_token(scan);
  } while (!wrong && scan->depth > 0 && scan->at < scan->len);
  if (wrong)
    return wrong;
  if (scan->depth > 0)
    return "ends within an object";
  while (scan->at < scan->len && line_is_blank(scan->text[scan->at]))
    scan->at++;
  return scan->at < scan->len ? "goes on behind its object" : NULL;
}

JsonObject *snitch_line_parse(JsonParser *parser, const char *line, gsize len, guint max_depth,
                              const char *name, guint64 offset, guint *members, GError **error)
{
  LineScan scan = { .text = line, .len = len, .max_depth = max_depth };
  g_autoptr(GError) why = NULL;
  const char *wrong = line_scan(&scan);
  *members = scan.members;
  if (wrong) {
    tb_error_set(error, scan.depth > max_depth ? TB_ERROR_LIMIT : TB_ERROR_CORRUPT, name,
                 offset + MIN(scan.at, len), "the line %s", wrong);
    return NULL;
  }
  if (!json_parser_load_from_data(parser, line, (gssize)len, &why)) {
    tb_error_set(error, TB_ERROR_CORRUPT, name, offset, "the line is no JSON (%s)",
                 why->message);
    return NULL;
  }
  JsonNode *root = json_parser_get_root(parser);
  if (root && JSON_NODE_HOLDS_OBJECT(root))
    return json_node_get_object(root);
  tb_error_set(error, TB_ERROR_CORRUPT, name, offset, "the line is no JSON object");
  return NULL;
}

static JsonNode *line_get(JsonObject *object, const char *name, GType type)
{
  JsonNode *node = object ? json_object_get_member(object, name) : NULL;
  return node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == type ? node
                                                                                      : NULL;
}

gboolean snitch_get_int(JsonObject *object, const char *name, gint64 *out)
{
  JsonNode *node = line_get(object, name, G_TYPE_INT64);
  if (node)
    *out = json_node_get_int(node);
  return node != NULL;
}

const char *snitch_get_string(JsonObject *object, const char *name)
{
  JsonNode *node = line_get(object, name, G_TYPE_STRING);
  return node ? json_node_get_string(node) : NULL;
}

JsonObject *snitch_get_object(JsonObject *object, const char *name)
{
  JsonNode *node = object ? json_object_get_member(object, name) : NULL;
  return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}
