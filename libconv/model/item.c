/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The total order; see item.h. */
#include "model/item.h"

#define ITEM_COMPARE(x, y)       \
  do {                           \
    if ((x) != (y))              \
      return (x) < (y) ? -1 : 1; \
  } while (0)

gint tb_item_compare(const TbItem *a, const TbItem *b)
{
  const TbRecord *x = a->record, *y = b->record;
  ITEM_COMPARE(a->time.ns, b->time.ns);
  ITEM_COMPARE(x->source->rank, y->source->rank);
  ITEM_COMPARE(x->tie, y->tie);
  ITEM_COMPARE(x->sequence, y->sequence);
  ITEM_COMPARE(x->kind != TB_RECORD_CARRIED, y->kind != TB_RECORD_CARRIED);
  return tb_record_compare_bytes(x, y);
}
