/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The total order; see event.h. */
#include "model/event.h"

#define EVENT_COMPARE(x, y)       \
  do {                            \
    if ((x) != (y))               \
      return (x) < (y) ? -1 : 1;  \
  } while (0)

gint tb_event_compare(const TbEvent *a, const TbEvent *b)
{
  EVENT_COMPARE(a->time_ns, b->time_ns);
  EVENT_COMPARE(a->source->rank, b->source->rank);
  EVENT_COMPARE(a->tie, b->tie);
  EVENT_COMPARE(a->sequence, b->sequence);
  gsize common = MIN(a->len, b->len);
  gint by_bytes = common ? memcmp(a->data, b->data, common) : 0;
  if (by_bytes)
    return by_bytes;
  EVENT_COMPARE(a->len, b->len);
  EVENT_COMPARE(a->orig_len, b->orig_len);
  EVENT_COMPARE(a->options_len, b->options_len);
  return a->options_len ? memcmp(a->options, b->options, a->options_len) : 0;
}
