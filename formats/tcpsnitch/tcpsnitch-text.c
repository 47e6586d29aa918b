/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A line as people read it, in the manner of strace. What a call's arguments
 * are is not known here: every key is shown, in the order of the line, so that
 * those of a later version are, too.
 */
#include "tcpsnitch/tcpsnitch-private.h"

#include "base/escape.h"

#include <arpa/inet.h>
#include <string.h>

/* Keys of a line that have their own place in its text, if they are of this type. */
static const struct {
  const char *name;
  GType type;
} text_known[] = {
  { "type", G_TYPE_STRING },        { "timestamp_usec", G_TYPE_INT64 },
  { "return_value", G_TYPE_INT64 }, { "success", G_TYPE_BOOLEAN },
  { "errno", G_TYPE_STRING },       { "thread_id", G_TYPE_INT64 },
  { "fake_call", G_TYPE_BOOLEAN },
};

static void text_append_node(JsonNode *node, TbBuf *out);

void snitch_text_append_address(const SnitchAddress *address, TbBuf *out)
{
  char text[INET6_ADDRSTRLEN];
  gboolean six = address->family == 6;
  if (!inet_ntop(six ? AF_INET6 : AF_INET, address->bytes, text, sizeof text))
    return;
  tb_buf_append_str(out, six ? "[" : "");
  tb_buf_append_str(out, text);
  tb_buf_append_str(out, six ? "]:" : ":");
  tb_buf_append_u64(out, address->port);
}

static gboolean text_is_word(const char *text)
{
  return *text && strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:-/")
                      == strlen(text);
}

static void text_append_string(const char *text, TbBuf *out)
{
  if (text_is_word(text)) {
    tb_buf_append_str(out, text);
    return;
  }
  tb_buf_append_c(out, '"');
  for (const char *quote; (quote = strchr(text, '"')); text = quote + 1) {
    tb_escape_append(out, text, (gsize)(quote - text), TB_ESCAPE_NEWLINE | TB_ESCAPE_TAB);
    tb_buf_append_str(out, "\\\"");
  }
  tb_escape_append(out, text, strlen(text), TB_ESCAPE_NEWLINE | TB_ESCAPE_TAB);
  tb_buf_append_c(out, '"');
}

static void text_append_value(JsonNode *node, TbBuf *out)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];
  GType type = json_node_get_value_type(node);
  if (type == G_TYPE_STRING)
    text_append_string(json_node_get_string(node), out);
  else if (type == G_TYPE_BOOLEAN)
    tb_buf_append_str(out, json_node_get_boolean(node) ? "true" : "false");
  else if (type == G_TYPE_INT64)
    tb_buf_append_i64(out, json_node_get_int(node));
  else
    tb_buf_append_str(out, g_ascii_dtostr(number, sizeof number, json_node_get_double(node)));
}

static gboolean node_is_boolean(JsonNode *node)
{
  return JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_BOOLEAN;
}

/* An object of nothing but true and false: the names of those that are true, as C writes flags. */
static gboolean text_append_flags(JsonObject *object, TbBuf *out)
{
  JsonObjectIter at;
  JsonNode *node;
  const char *name;
  guint n = 0;
  if (json_object_get_size(object) == 0)
    return FALSE;
  json_object_iter_init_ordered(&at, object);
  while (json_object_iter_next_ordered(&at, &name, &node))
    if (!node_is_boolean(node))
      return FALSE;
  json_object_iter_init_ordered(&at, object);
  while (json_object_iter_next_ordered(&at, &name, &node)) {
    if (!json_node_get_boolean(node))
      continue;
    tb_buf_append_str(out, n++ ? "|" : "");
    tb_escape_append(out, name, strlen(name), TB_ESCAPE_PAIR | TB_ESCAPE_NEWLINE | TB_ESCAPE_TAB);
  }
  if (n == 0)
    tb_buf_append_c(out, '0');
  return TRUE;
}

/* {sa_family, ip, port} and nothing else. */
static gboolean text_append_addr(JsonObject *object, TbBuf *out)
{
  const char *family = snitch_get_string(object, "sa_family");
  const char *ip = snitch_get_string(object, "ip"), *port = snitch_get_string(object, "port");
  if (json_object_get_size(object) != 3 || !family || !ip || !port || !text_is_word(ip) ||
      !text_is_word(port))
    return FALSE;
  gboolean six = g_str_equal(family, "AF_INET6");
  if (!six && !g_str_equal(family, "AF_INET"))
    return FALSE;
  tb_buf_append_str(out, six ? "[" : "");
  tb_buf_append_str(out, ip);
  tb_buf_append_str(out, six ? "]:" : ":");
  tb_buf_append_str(out, port);
  return TRUE;
}

static void text_append_pair(const char *name, JsonNode *node, TbBuf *out)
{
  tb_escape_append(out, name, strlen(name), TB_ESCAPE_PAIR | TB_ESCAPE_NEWLINE | TB_ESCAPE_TAB);
  tb_buf_append_c(out, '=');
  text_append_node(node, out);
}

static void text_append_members(JsonObject *object, TbBuf *out)
{
  JsonObjectIter at;
  JsonNode *node;
  const char *name, *between = "";
  json_object_iter_init_ordered(&at, object);
  while (json_object_iter_next_ordered(&at, &name, &node)) {
    tb_buf_append_str(out, between);
    text_append_pair(name, node, out);
    between = ", ";
  }
}

static void text_append_object(JsonObject *object, TbBuf *out)
{
  if (text_append_addr(object, out) || text_append_flags(object, out))
    return;
  tb_buf_append_c(out, '{');
  text_append_members(object, out);
  tb_buf_append_c(out, '}');
}

static void text_append_array(JsonArray *array, TbBuf *out)
{
  tb_buf_append_c(out, '[');
  for (guint i = 0; i < json_array_get_length(array); i++) {
    tb_buf_append_str(out, i ? ", " : "");
    text_append_node(json_array_get_element(array, i), out);
  }
  tb_buf_append_c(out, ']');
}

static void text_append_node(JsonNode *node, TbBuf *out)
{
  switch (json_node_get_node_type(node)) {
  case JSON_NODE_OBJECT: text_append_object(json_node_get_object(node), out); break;
  case JSON_NODE_ARRAY: text_append_array(json_node_get_array(node), out); break;
  case JSON_NODE_VALUE: text_append_value(node, out); break;
  case JSON_NODE_NULL:
  default: tb_buf_append_str(out, "null"); break;
  }
}

static gboolean text_has_place(const char *name, JsonNode *node)
{
  if (g_str_equal(name, "details"))
    return JSON_NODE_HOLDS_OBJECT(node);
  for (guint i = 0; i < G_N_ELEMENTS(text_known); i++)
    if (g_str_equal(name, text_known[i].name))
      return JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == text_known[i].type;
  return FALSE;
}

/* Keys without a place of their own, and those whose value is not what it should be. */
static void text_append_rest(JsonObject *object, TbBuf *out)
{
  JsonObjectIter at;
  JsonNode *node;
  const char *name;
  json_object_iter_init_ordered(&at, object);
  while (json_object_iter_next_ordered(&at, &name, &node)) {
    if (text_has_place(name, node))
      continue;
    tb_buf_append_c(out, ' ');
    text_append_pair(name, node, out);
  }
}

void snitch_text_append(JsonObject *object, TbBuf *out)
{
  JsonObject *details = snitch_get_object(object, "details");
  const char *errno_name = snitch_get_string(object, "errno");
  JsonNode *fake = json_object_get_member(object, "fake_call");
  gint64 result;
  tb_buf_append_c(out, '(');
  if (details)
    text_append_members(details, out);
  tb_buf_append_str(out, ") = ");
  if (snitch_get_int(object, "return_value", &result))
    tb_buf_append_i64(out, result);
  else
    tb_buf_append_c(out, '?');
  if (errno_name) {
    tb_buf_append_c(out, ' ');
    text_append_string(errno_name, out);
  }
  if (fake && node_is_boolean(fake) && json_node_get_boolean(fake))
    tb_buf_append_str(out, " fake_call");
  text_append_rest(object, out);
}
