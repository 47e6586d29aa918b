/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Event types; see schema.h. */
#include "model/schema.h"

TbEventType *tb_event_type_new(const char *system, const char *name, const TbEventTypeOps *ops,
                               gpointer context)
{
  TbEventType *type = g_new0(TbEventType, 1);
  type->ref_count = 1;
  type->system = g_strdup(system);
  type->name = g_strdup(name);
  type->priority = 6;
  type->ops = ops;
  type->context = context;
  return type;
}

TbEventType *tb_event_type_ref(TbEventType *type)
{
  g_atomic_int_inc(&type->ref_count);
  return type;
}

static void event_type_free_fields(TbEventType *type)
{
  for (guint32 i = 0; i < type->n_fields; i++) {
    g_free(type->fields[i].name);
    g_free(type->fields[i].type_name);
  }
  g_clear_pointer(&type->fields, g_free);
  type->n_fields = 0;
}

void tb_event_type_unref(TbEventType *type)
{
  if (!type || !g_atomic_int_dec_and_test(&type->ref_count))
    return;
  if (type->ops->free_context)
    type->ops->free_context(type->context);
  if (type->plan && type->free_plan)
    type->free_plan(type->plan);
  event_type_free_fields(type);
  g_free(type->system);
  g_free(type->name);
  g_free(type);
}

void tb_event_type_take_fields(TbEventType *type, GArray *fields)
{
  event_type_free_fields(type);
  for (guint i = 0; i < fields->len; i++)
    g_array_index(fields, TbField, i).index = i;
  type->n_fields = fields->len;
  type->fields = (TbField *)(gpointer)g_array_free(fields, FALSE);
}

const TbField *tb_event_type_find_field(const TbEventType *type, const char *name)
{
  for (guint32 i = 0; i < type->n_fields; i++)
    if (g_str_equal(type->fields[i].name, name))
      return &type->fields[i];
  return NULL;
}

gboolean tb_event_type_is(const TbEventType *type, const char *system, const char *name)
{
  return g_str_equal(type->name, name) && (!system || g_str_equal(type->system, system));
}
