/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The order of records by their bytes; see record.h. */
#include "model/record.h"

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
