/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fields of Linux events; see linux-fields.h. */
#include "decode/linux/linux-fields.h"

gboolean linux_find_fields(const TbEventType *type, const char *const *names,
                           const TbField **fields)
{
  for (guint i = 0; i < LINUX_MAX_FIELDS && names[i]; i++) {
    gboolean may_miss = names[i][0] == '?';
    fields[i] = tb_event_type_find_field(type, names[i] + may_miss);
    if (!fields[i] && !may_miss)
      return FALSE;
  }
  return TRUE;
}

/* Registers of the kernel's own size: six of them. */
guint linux_arguments(const TbField *field, const TbRecord *record, gint64 *args, guint n)
{
  const guint8 *bytes;
  gsize len;
  gsize word = field->element_size == 4 || field->size == 24 ? 4 : 8;
  guint got = 0;
  if (!tb_field_get_bytes(field, record, &bytes, &len))
    return 0;
  for (; got < n && (got + 1) * word <= len; got++)
    args[got] = tb_get_int(bytes + got * word, word, record->type->big);
  return got;
}
