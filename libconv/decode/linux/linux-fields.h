/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fields of Linux events, read with an answer for those that are missing. */
#pragma once

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

G_END_DECLS
