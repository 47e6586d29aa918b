/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fields of Linux events, read with an answer for those that are missing. */
#pragma once

#include "base/bytes.h"
#include "model/fact.h"

#include <glib.h>

G_BEGIN_DECLS

enum { LINUX_MAX_FIELDS = 6 };

/** linux_find_fields: fills @fields by @names (at most %LINUX_MAX_FIELDS); one after "?" may be
 * missing. Returns: FALSE where another one is */
gboolean linux_find_fields(const TbEventType *type, const char *const *names,
                           const TbField **fields);

static inline gint64 linux_int(const TbField *field, const TbRecord *record, gint64 otherwise)
{
  gint64 value;
  return field && tb_field_get_int(field, record, &value) ? value : otherwise;
}

static inline gint32 linux_pid(const TbField *field, const TbRecord *record)
{
  return (gint32)linux_int(field, record, 0);
}

static inline TbName linux_name(const TbField *field, const TbRecord *record)
{
  const guint8 *bytes;
  gsize len;
  if (!field || !tb_field_get_bytes(field, record, &bytes, &len))
    return (TbName){ NULL, 0 };
  return (TbName){ (const char *)bytes, len };
}

/** linux_arguments: the first @n arguments of a raw system call. Returns: how many it has of them */
guint linux_arguments(const TbField *field, const TbRecord *record, gint64 *args, guint n);

/**
 * LinuxNumber: where a number of 2, 4 or 8 bytes stands
 * @bytes: 0 = it is another kind of field, or none
 */
typedef struct {
  guint32 off;
  guint32 end;
  guint8 bytes;
  guint8 is_signed;
} LinuxNumber;

/** linux_number_bind: @field: (nullable) */
static inline void linux_number_bind(const TbField *field, LinuxNumber *out)
{
  gboolean number = field && (field->kind == TB_FIELD_INT || field->kind == TB_FIELD_UINT);
  if (number && (field->size == 2 || field->size == 4 || field->size == 8) &&
      field->offset <= G_MAXUINT32 - field->size)
    *out = (LinuxNumber){ field->offset, field->offset + field->size, (guint8)field->size,
                          field->kind == TB_FIELD_INT };
}

/** linux_number_get: what @number, bound to @field, is in @record; 0 where it is none */
static inline gint64 linux_number_get(const LinuxNumber *number, const TbField *field,
                                      const TbRecord *record)
{
  if (G_UNLIKELY(number->bytes == 0 || number->end > record->len)) {
    gint64 value = 0;
    return field && tb_field_get_int(field, record, &value) ? value : 0;
  }
  const guint8 *p = record->data + number->off;
  gboolean big = record->type->big;
  if (number->bytes == 8)
    return (gint64)tb_get_u64(p, big);
  if (number->bytes == 2)
    return number->is_signed ? (gint16)tb_get_u16(p, big) : tb_get_u16(p, big);
  guint32 word = tb_get_u32(p, big);
  return number->is_signed ? (gint64)(gint32)word : (gint64)word;
}

G_END_DECLS
