/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Event types and compiled field access; see schema.h. */
#include "model/schema.h"

#include "model/decoder.h"

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
  if (type->plan && type->ops->decoder->free_plan)
    type->ops->decoder->free_plan(type->plan);
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

static inline gboolean field_fits(const TbField *field, const TbRecord *event)
{
  return field->offset <= event->len && field->size <= event->len - field->offset;
}

gboolean tb_field_get_int(const TbField *field, const TbRecord *event, gint64 *out)
{
  const TbEventType *type = event->type;
  if (field->kind == TB_FIELD_COMPUTED)
    return type->ops->get_int && type->ops->get_int(type, field, event, out);
  if ((field->kind != TB_FIELD_INT && field->kind != TB_FIELD_UINT) || !field_fits(field, event))
    return FALSE;
  const guint8 *p = event->data + field->offset;
  *out = field->kind == TB_FIELD_INT ? tb_get_int(p, field->size, type->big)
                                     : (gint64)tb_get_uint(p, field->size, type->big);
  return TRUE;
}

/* Where a locator word points: trace-dat-format.md section 4. */
static gboolean field_locate(const TbField *field, const TbRecord *event, gsize *at, gsize *len)
{
  if (field->size != 4)
    return FALSE;
  guint32 word = tb_get_u32(event->data + field->offset, event->type->big);
  *at = (word & 0xffff) + (field->kind == TB_FIELD_RELATIVE ? field->offset + 4 : 0);
  *len = word >> 16;
  return *at <= event->len && *len <= event->len - *at;
}

gboolean tb_field_get_bytes(const TbField *field, const TbRecord *event, const guint8 **out,
                            gsize *len)
{
  const TbEventType *type = event->type;
  gsize at = field->offset;
  if (field->kind == TB_FIELD_COMPUTED)
    return type->ops->get_bytes && type->ops->get_bytes(type, field, event, out, len);
  if (!field_fits(field, event))
    return FALSE;
  *len = field->size;
  if ((field->kind == TB_FIELD_DYNAMIC || field->kind == TB_FIELD_RELATIVE) &&
      !field_locate(field, event, &at, len))
    return FALSE;
  *out = event->data + at;
  if (field->is_string || field->kind == TB_FIELD_STRING) {
    const guint8 *nul = *len ? memchr(*out, 0, *len) : NULL;
    if (nul)
      *len = (gsize)(nul - *out);
  }
  return TRUE;
}
