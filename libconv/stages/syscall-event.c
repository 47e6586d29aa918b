/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Event types of system calls; see syscall-event.h. */
#include "stages/syscall-event.h"

#include <string.h>

const char *tb_syscall_event_read(const TbEventType *type, gboolean *enter,
                                  const TbField **fields, guint n_fields)
{
  static const char enter_prefix[] = "sys_enter_", exit_prefix[] = "sys_exit_";
  gboolean enters = g_str_has_prefix(type->name, enter_prefix);
  if (!enters && !g_str_has_prefix(type->name, exit_prefix))
    return NULL;
  const TbField *anchor = tb_event_type_find_field(type, enters ? "__syscall_nr" : "ret");
  if (enters && !anchor)
    anchor = tb_event_type_find_field(type, "nr"); /* older kernels */
  if (!anchor)
    return NULL;
  memset(fields, 0, n_fields * sizeof *fields);
  if (!enters)
    fields[0] = anchor;
  for (guint32 i = anchor->index + 1, n = 0; enters && i < type->n_fields && n < n_fields; i++)
    fields[n++] = &type->fields[i];
  *enter = enters;
  return type->name + (enters ? sizeof enter_prefix : sizeof exit_prefix) - 1;
}
