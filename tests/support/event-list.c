/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Streams made in memory; see event-list.h. */
#include "event-list.h"

#include "base/bytes.h"

EventList *event_list_new(void)
{
  EventList *list = g_new0(EventList, 1);
  list->steps = g_array_new(FALSE, TRUE, sizeof(ListStep));
  list->owned = g_ptr_array_new_with_free_func(g_free);
  return list;
}

void event_list_free(EventList *list)
{
  if (!list)
    return;
  g_clear_pointer(&list->lent, g_bytes_unref);
  g_array_unref(list->steps);
  g_ptr_array_unref(list->owned);
  g_free(list);
}

const guint8 *event_list_own(EventList *list, const void *bytes, gsize len)
{
  guint8 *copy = g_malloc(MAX(len, 1));
  memcpy(copy, bytes, len);
  g_ptr_array_add(list->owned, copy);
  return copy;
}

MadeItem *event_list_add(EventList *list, TbSource *source, gint64 time_ns, guint64 mark)
{
  guint8 bytes[8];
  tb_put_u64(bytes, mark, FALSE);
  ListStep step = { .result = TB_READ_RECORD };
  step.event.record.kind = TB_RECORD_PACKET;
  step.event.record.time.ns = time_ns;
  step.event.record.source = source;
  step.event.record.data = event_list_own(list, bytes, sizeof bytes);
  step.event.record.len = step.event.record.orig_len = sizeof bytes;
  step.event.record.sequence = list->steps->len;
  g_array_append_val(list->steps, step);
  return &g_array_index(list->steps, ListStep, list->steps->len - 1).event;
}

void event_list_add_result(EventList *list, TbReadResult result)
{
  ListStep step = { .result = result };
  g_array_append_val(list->steps, step);
}

void event_list_rewind(EventList *list)
{
  list->at = 0;
}

static void event_list_spoil(EventList *list)
{
  if (!list->lent)
    return;
  gsize len;
  guint8 *bytes = (guint8 *)g_bytes_get_data(list->lent, &len);
  if (bytes)
    memset(bytes, 0xdb, len);
  memset(&list->event, 0xdb, sizeof list->event);
  g_clear_pointer(&list->lent, g_bytes_unref);
}

static TbReadResult event_list_next(gpointer data, guint32 stream, TbItem *event, GError **error)
{
  EventList *list = data;
  event_list_spoil(list);
  if (list->at == list->steps->len)
    return TB_READ_END;
  const ListStep *step = &g_array_index(list->steps, ListStep, list->at++);
  if (step->result == TB_READ_ERROR)
    tb_error_set(error, TB_ERROR_CORRUPT, "list", list->at, "made to fail");
  if (step->result != TB_READ_RECORD)
    return step->result;
  list->event = step->event;
  list->lent = g_bytes_new(list->event.record.data, list->event.record.len);
  list->event.record.data = g_bytes_get_data(list->lent, NULL);
  *event = *made_item(&list->event);
  return TB_READ_RECORD;
}

TbMergeInput event_list_input(EventList *list)
{
  return (TbMergeInput){ event_list_next, list, 0 };
}

guint64 event_list_mark(const TbItem *event)
{
  g_assert_cmpuint(event->record->len, >=, 8);
  return tb_get_u64(event->record->data, FALSE);
}
