/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The error domain; see error.h. */
#include "base/error.h"

#include "base/escape.h"

#include <string.h>

typedef struct {
  char *source;
  char *text;
  guint64 offset;
} TbErrorPrivate;

static void tb_error_private_init(TbErrorPrivate *priv)
{
  priv->offset = TB_OFFSET_NONE;
}

static void tb_error_private_copy(const TbErrorPrivate *from, TbErrorPrivate *to)
{
  to->source = g_strdup(from->source);
  to->text = g_strdup(from->text);
  to->offset = from->offset;
}

static void tb_error_private_clear(TbErrorPrivate *priv)
{
  g_free(priv->source);
  g_free(priv->text);
}

G_DEFINE_EXTENDED_ERROR(TbError, tb_error)

void tb_error_set(GError **error, TbError code, const char *source, guint64 offset,
                  const char *format, ...)
{
  if (!error)
    return;
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args);
  va_end(args);
  g_autoptr(GString) message = g_string_new(NULL);
  if (source) {
    /* A file name may hold a line break; the message stays one line all the same. */
    g_auto(TbBuf) name = {0};
    tb_escape_append(&name, source, strlen(source), TB_ESCAPE_NEWLINE);
    g_string_append_len(message, (const char *)name.data, (gssize)name.len);
    g_string_append(message, ": ");
  }
  if (offset != TB_OFFSET_NONE)
    g_string_append_printf(message, "offset 0x%" G_GINT64_MODIFIER "x: ", offset);
  g_string_append(message, text);
  g_set_error_literal(error, TB_ERROR, (gint)code, message->str);
  TbErrorPrivate *priv = tb_error_get_private(*error);
  priv->source = g_strdup(source);
  priv->text = g_steal_pointer(&text);
  priv->offset = offset;
}

const char *tb_error_get_source(const GError *error)
{
  if (!error || error->domain != TB_ERROR)
    return NULL;
  return tb_error_get_private(error)->source;
}

guint64 tb_error_get_offset(const GError *error)
{
  if (!error || error->domain != TB_ERROR)
    return TB_OFFSET_NONE;
  return tb_error_get_private(error)->offset;
}

const char *tb_error_get_text(const GError *error)
{
  if (error->domain != TB_ERROR)
    return error->message;
  const char *text = tb_error_get_private(error)->text;
  return text ? text : error->message;
}
