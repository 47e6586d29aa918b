/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sorter of one stream; see sort.h. */
#include "stages/order/sort.h"

#include "stages/order/sort-runs.h"

enum {
  SORT_SLAB_MIN = 1024,
  SORT_SLAB_MAX = 1024 * 1024,
  SORT_SLABS = 16, /* at least so many fit the limit, so that little of it is left unused */
  /* An entry, its place in the grown array and in the merge sort's copy. */
  SORT_ENTRY_COST = 48,
};

typedef struct {
  guint64 key;
  const guint8 *record;
} SortEntry;

typedef enum { SORT_FILLING, SORT_MEMORY, SORT_RUNS, SORT_ENDED } SortState;

struct _TbSort {
  TbMergeInput input;
  guint64 max_bytes;
  gsize slab_bytes;
  SortState state;
  GPtrArray *slabs;
  guint8 *slab_at;
  gsize slab_left;
  guint64 held_bytes;
  GArray *entries; /* of SortEntry, in order of arrival until sorted */
  guint next_entry;
  guint64 max_key;
  TbRuns *runs;
  TbStored stored; /* lent last, where no runs were needed */
  TbMerge *merge; /* borrowed from runs */
  GError *input_error;
  TbSortCounts counts;
};

TbSort *tb_sort_new(const TbMergeInput *input, const TbLimits *limits, const char *folder)
{
  TbSort *sort = g_new0(TbSort, 1);
  sort->input = *input;
  sort->max_bytes = limits->sort_bytes;
  sort->slab_bytes = (gsize)CLAMP(limits->sort_bytes / SORT_SLABS, SORT_SLAB_MIN, SORT_SLAB_MAX);
  sort->slabs = g_ptr_array_new_with_free_func(g_free);
  sort->entries = g_array_new(FALSE, FALSE, sizeof(SortEntry));
  sort->runs = tb_runs_new(folder, limits->sort_bytes);
  return sort;
}

void tb_sort_free(TbSort *sort)
{
  if (!sort)
    return;
  tb_runs_free(sort->runs);
  g_array_unref(sort->entries);
  g_ptr_array_unref(sort->slabs);
  g_clear_error(&sort->input_error);
  g_free(sort);
}

const TbSortCounts *tb_sort_get_counts(const TbSort *sort)
{
  return &sort->counts;
}

static gint sort_compare(gconstpointer a, gconstpointer b)
{
  guint64 x = ((const SortEntry *)a)->key, y = ((const SortEntry *)b)->key;
  return x < y ? -1 : x > y;
}

/* Room for one record; records larger than a slab get one of their own. */
static guint8 *sort_reserve(TbSort *sort, gsize len)
{
  if (len > sort->slab_left) {
    sort->slab_left = MAX(len, sort->slab_bytes);
    sort->slab_at = g_malloc(sort->slab_left);
    g_ptr_array_add(sort->slabs, sort->slab_at);
    sort->held_bytes += sort->slab_left;
  }
  guint8 *at = sort->slab_at;
  sort->slab_at += len;
  sort->slab_left -= len;
  return at;
}

static void sort_drop_memory(TbSort *sort)
{
  g_array_set_size(sort->entries, 0);
  g_ptr_array_set_size(sort->slabs, 0);
  sort->slab_at = NULL;
  sort->slab_left = 0;
  sort->held_bytes = 0;
}

/* What is in memory becomes one run. */
static gboolean sort_spill(TbSort *sort, GError **error)
{
  g_array_sort(sort->entries, sort_compare);
  for (guint i = 0; i < sort->entries->len; i++) {
    const guint8 *record = g_array_index(sort->entries, SortEntry, i).record;
    TbStored stored;
    tb_stored_get(record, &stored);
    gsize len = (gsize)tb_stored_bytes(&stored.item);
    if (!tb_runs_add(sort->runs, record, len, error))
      return FALSE;
    sort->counts.spilled_bytes += len;
  }
  tb_runs_end(sort->runs);
  sort_drop_memory(sort);
  return TRUE;
}

/* Takes a copy of @event; the memory limit is kept by spilling what came before it. */
static gboolean sort_take(TbSort *sort, const TbItem *event, GError **error)
{
  gsize len = (gsize)tb_stored_bytes(event);
  guint64 grown = len > sort->slab_left ? MAX(len, sort->slab_bytes) : 0;
  guint64 entries = (sort->entries->len + 1) * (guint64)SORT_ENTRY_COST;
  if (sort->entries->len > 0 && sort->held_bytes + grown + entries > sort->max_bytes
      && !sort_spill(sort, error))
    return FALSE;
  SortEntry entry = { tb_merge_key(event), NULL };
  if (entry.key < sort->max_key)
    sort->counts.moved++;
  sort->max_key = MAX(sort->max_key, entry.key);
  sort->counts.records++;
  guint8 *record = sort_reserve(sort, len);
  tb_stored_put(record, event);
  entry.record = record;
  g_array_append_val(sort->entries, entry);
  return TRUE;
}

/* The input has ended: brings what was taken into the state it is handed out from. */
static gboolean sort_order(TbSort *sort, GError **error)
{
  if (tb_runs_get_n(sort->runs) == 0) {
    g_array_sort(sort->entries, sort_compare);
    sort->state = SORT_MEMORY;
    return TRUE;
  }
  if (!sort_spill(sort, error))
    return FALSE;
  sort->counts.runs = tb_runs_get_n(sort->runs);
  sort->merge = tb_runs_merge(sort->runs, error);
  sort->state = SORT_RUNS;
  return sort->merge != NULL;
}

/* Takes in the input. Returns EVENT when all of it is in order, else what is to be said first. */
static TbReadResult sort_fill(TbSort *sort, GError **error)
{
  TbItem event;
  TbReadResult result;
  while ((result = sort->input.next(sort->input.data, sort->input.stream, &event,
                                    &sort->input_error)) == TB_READ_RECORD) {
    if (!sort_take(sort, &event, error)) {
      sort->state = SORT_ENDED;
      return TB_READ_ERROR;
    }
  }
  if (result == TB_READ_DAMAGED)
    return result;
  if (!sort_order(sort, error)) {
    sort->state = SORT_ENDED;
    return TB_READ_ERROR;
  }
  return TB_READ_RECORD;
}

/* The end of what was taken in: the input's own end, or its error. */
static TbReadResult sort_end(TbSort *sort, GError **error)
{
  sort->state = SORT_ENDED;
  sort_drop_memory(sort);
  if (!sort->input_error)
    return TB_READ_END;
  g_propagate_error(error, g_steal_pointer(&sort->input_error));
  return TB_READ_ERROR;
}

TbReadResult tb_sort_next(TbSort *sort, TbItem *event, GError **error)
{
  if (G_UNLIKELY(sort->state == SORT_FILLING)) {
    TbReadResult result = sort_fill(sort, error);
    if (result != TB_READ_RECORD)
      return result;
  }
  if (sort->state == SORT_MEMORY) {
    if (sort->next_entry == sort->entries->len)
      return sort_end(sort, error);
    tb_stored_get(g_array_index(sort->entries, SortEntry, sort->next_entry++).record,
                  &sort->stored);
    *event = sort->stored.item;
    return TB_READ_RECORD;
  }
  if (sort->state == SORT_RUNS) {
    TbItem *merged;
    guint input;
    TbReadResult result = tb_merge_next(sort->merge, &merged, &input, error);
    if (result == TB_READ_RECORD)
      *event = *merged;
    else if (result == TB_READ_END)
      return sort_end(sort, error);
    else /* a run that cannot be read would be missing from the rest */
      sort->state = SORT_ENDED;
    return result;
  }
  return TB_READ_END;
}

static TbReadResult sort_pull(gpointer data, guint32 stream, TbItem *event, GError **error)
{
  return tb_sort_next(data, event, error);
}

TbMergeInput tb_sort_get_input(TbSort *sort)
{
  return (TbMergeInput){ sort_pull, sort, 0 };
}
