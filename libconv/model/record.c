/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values of fields, and the order of records by their bytes; see record.h. */
#include "model/record.h"

#include "base/bytes.h"

#define RECORD_COMPARE(x, y)     \
  do {                           \
    if ((x) != (y))              \
      return (x) < (y) ? -1 : 1; \
  } while (0)

static gint payload_compare(const TbPayload *a, const TbPayload *b)
{
  guint32 a_len = a ? a->len : 0, b_len = b ? b->len : 0;
  RECORD_COMPARE(a_len, b_len);
  return a_len ? memcmp(a->bytes, b->bytes, a_len) : 0;
}

gint tb_record_compare_bytes(const TbRecord *a, const TbRecord *b)
{
  gsize common = MIN(a->len, b->len);
  gint by_bytes = common ? memcmp(a->data, b->data, common) : 0;
  if (by_bytes)
    return by_bytes;
  RECORD_COMPARE(a->len, b->len);
  RECORD_COMPARE(a->orig_len, b->orig_len);
  RECORD_COMPARE(a->flags, b->flags);
  return payload_compare(a->payload, b->payload);
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
