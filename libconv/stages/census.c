/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Counting; see census.h. A type can occur in several sources (instances of one recording). */
#include "stages/census.h"

typedef struct {
  TbObserver observer;
  GPtrArray *by_type; /* by type id: GArray of TbCensusRow, one a source */
} Census;

static gboolean census_wants_type(TbObserver *observer, const TbEventType *type)
{
  Census *census = (Census *)observer;
  if (type->id >= census->by_type->len)
    g_ptr_array_set_size(census->by_type, (gint)type->id + 1);
  if (!g_ptr_array_index(census->by_type, type->id))
    g_ptr_array_index(census->by_type, type->id) = g_array_new(FALSE, FALSE, sizeof(TbCensusRow));
  return TRUE;
}

static void census_event(TbObserver *observer, const TbItem *event)
{
  Census *census = (Census *)observer;
  if (event->record->kind != TB_RECORD_EVENT)
    return;
  GArray *rows = g_ptr_array_index(census->by_type, event->record->type->id);
  for (guint i = 0; i < rows->len; i++) {
    TbCensusRow *row = &g_array_index(rows, TbCensusRow, i);
    if (row->source == event->record->source) {
      row->count++;
      return;
    }
  }
  TbCensusRow row = { event->record->source, event->record->type, 1 };
  g_array_append_val(rows, row);
}

static void census_free_rows(gpointer rows)
{
  if (rows)
    g_array_unref(rows);
}

static void census_free(TbObserver *observer)
{
  g_ptr_array_unref(((Census *)observer)->by_type);
  g_free(observer);
}

static const TbObserverOps census_ops = {
  .name = "census",
  .wants_type = census_wants_type,
  .event = census_event,
  .free = census_free,
};

TbObserver *tb_census_new(void)
{
  Census *census = g_new0(Census, 1);
  census->observer.ops = &census_ops;
  census->by_type = g_ptr_array_new_with_free_func(census_free_rows);
  return &census->observer;
}

static gint census_compare(gconstpointer a, gconstpointer b)
{
  const TbCensusRow *x = a, *y = b;
  if (x->count != y->count)
    return x->count > y->count ? -1 : 1;
  gint by_system = g_strcmp0(x->type->system, y->type->system);
  return by_system ? by_system : g_strcmp0(x->type->name, y->type->name);
}

GArray *tb_census_get_rows(const TbObserver *observer)
{
  const Census *census = (const Census *)observer;
  GArray *all = g_array_new(FALSE, FALSE, sizeof(TbCensusRow));
  for (guint i = 0; i < census->by_type->len; i++) {
    GArray *rows = g_ptr_array_index(census->by_type, i);
    if (rows && rows->len)
      g_array_append_vals(all, rows->data, rows->len);
  }
  g_array_sort(all, census_compare);
  return all;
}
