/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Detection by content; see registry.h. */
#include "format/registry.h"

#include "format/relative.h"

static gboolean registry_not_recognized(const TbRegistry *registry, TbInput *input,
                                        const guint8 *head, gsize len, GError **error)
{
  const char *what = tb_relative_find(head, len);
  g_autoptr(GString) known = g_string_new(NULL);
  g_autoptr(GString) seen = g_string_new(NULL);
  for (guint i = 0; registry->readers[i]; i++)
    g_string_append_printf(known, "%s%s", i ? ", " : "", registry->readers[i]->name);
  for (gsize i = 0; i < MIN(len, 8); i++)
    g_string_append_printf(seen, "%s%02x", i ? " " : "", head[i]);
  if (len == 0)
    tb_error_set(error, TB_ERROR_TRUNCATED, tb_input_get_name(input), TB_OFFSET_NONE,
                 "is empty (known formats: %s)", known->str);
  else if (what)
    tb_error_set(error, TB_ERROR_NOT_RECOGNIZED, tb_input_get_name(input), 0, "is %s", what);
  else
    tb_error_set(error, TB_ERROR_NOT_RECOGNIZED, tb_input_get_name(input), 0,
                 "begins with %s, which no known format does (%s)", seen->str, known->str);
  return FALSE;
}

const TbReaderFormat *tb_registry_probe(const TbRegistry *registry, TbInput *input,
                                        GError **error)
{
  const TbReaderFormat *best = NULL;
  guint best_bid = 0;
  gsize peek = 0;
  for (guint i = 0; registry->readers[i]; i++)
    peek = MAX(peek, registry->readers[i]->peek_bytes);
  g_autofree guint8 *head = g_malloc0(peek + 1);
  gssize got = tb_input_read_at(input, 0, head, peek, error);
  if (got < 0)
    return NULL;
  for (guint i = 0; registry->readers[i]; i++) {
    guint bid = registry->readers[i]->probe(head, (gsize)got);
    if (bid > best_bid) {
      best = registry->readers[i];
      best_bid = bid;
    }
  }
  if (!best)
    registry_not_recognized(registry, input, head, (gsize)got, error);
  return best;
}

TbFolder *tb_registry_open_folder(const TbRegistry *registry, const char *path,
                                  const TbLimits *limits, GError **error)
{
  for (guint i = 0; registry->readers[i]; i++) {
    const TbReaderFormat *format = registry->readers[i];
    g_autoptr(GError) why = NULL;
    g_autoptr(TbFolder) folder = tb_folder_new(path, format);
    if (format->list_folder && format->list_folder(folder, limits, &why))
      return g_steal_pointer(&folder);
    if (why) {
      g_propagate_error(error, g_steal_pointer(&why));
      return NULL;
    }
  }
  tb_error_set(error, TB_ERROR_NOT_RECOGNIZED, path, TB_OFFSET_NONE,
               "is a directory, and not one that a known recorder writes");
  return NULL;
}

const TbWriterFormat *tb_registry_find_writer(const TbRegistry *registry, const char *name)
{
  for (guint i = 0; registry->writers[i]; i++)
    if (g_str_equal(registry->writers[i]->name, name))
      return registry->writers[i];
  return NULL;
}
