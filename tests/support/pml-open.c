/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See pml-open.h. */
#include "support/pml-open.h"

#include <string.h>

PmlOpen pml_open_memory(const void *bytes, gsize len, GHashTable *settings)
{
  PmlOpen open = { .damage = tb_damage_log_new(1000) };
  open.reader = tb_reader_open_with(&tb_procmon_reader, tb_input_new_memory("t.PML", bytes, len),
                                    tb_limits_default(), open.damage, settings, &open.error);
  g_assert_true((open.reader == NULL) == (open.error != NULL));
  return open;
}

void pml_open_clear(PmlOpen *open)
{
  g_clear_pointer(&open->reader, tb_reader_free);
  g_clear_pointer(&open->damage, tb_damage_log_free);
  g_clear_error(&open->error);
}

gboolean pml_open_next(PmlOpen *open, TbRecord *event, guint *damaged)
{
  for (;;) {
    TbReadResult result = tb_reader_next(open->reader, 0, event, &open->error);
    g_assert_no_error(open->error);
    if (result == TB_READ_RECORD)
      return TRUE;
    if (result == TB_READ_END)
      return FALSE;
    g_assert_cmpint(result, ==, TB_READ_DAMAGED);
    if (damaged)
      (*damaged)++;
  }
}

char *pml_open_text(const TbRecord *event, const char *field)
{
  const TbField *f = tb_event_type_find_field(event->type, field);
  const guint8 *bytes = NULL;
  gsize len = 0;
  gint64 number = 0;
  if (!f)
    return NULL;
  if (tb_field_get_int(f, event, &number))
    return g_strdup_printf("%" G_GINT64_FORMAT, number);
  return tb_field_get_bytes(f, event, &bytes, &len) ? g_strndup((const char *)bytes, len) : NULL;
}

gboolean pml_open_damage(const PmlOpen *open, guint64 offset, const char *words)
{
  const GPtrArray *entries = tb_damage_log_get_entries(open->damage);
  for (guint i = 0; i < entries->len; i++) {
    const TbDamage *damage = g_ptr_array_index(entries, i);
    if (damage->offset == offset && strstr(damage->text, words))
      return TRUE;
  }
  for (guint i = 0; i < entries->len; i++) {
    const TbDamage *damage = g_ptr_array_index(entries, i);
    g_test_message("0x%" G_GINT64_MODIFIER "x: %s", damage->offset, damage->text);
  }
  return FALSE;
}
