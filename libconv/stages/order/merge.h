/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The k-way merge: a loser tree over streams, each in order of its own, that
 * hands out one stream in the total order. Knows neither readers nor writers:
 * a stream is a function to pull from. Times must already be output times and
 * every source's rank must be set.
 *
 * The total order (tb_item_compare()) is: time in ns, rank of the source
 * (machine, class, name, key), tie, sequence in the stream, record bytes. It
 * never depends on the order of the inputs; their index decides only between
 * records that are equal in all of that. Carried blocks without a time, from the end of a stream,
 * have no place in time: they come after all records of all streams, so that
 * they stand in the same place however a set of files is merged.
 */
#pragma once

#include "format/reader.h"
#include "model/item.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * TbMergeInput: one stream to pull from
 * @next: lends the next event until the call after that; a record without a time
 *   of its own carries the time of the one before it
 * @data, @stream: handed to @next
 */
typedef struct {
  TbReadResult (*next)(gpointer data, guint32 stream, TbItem *event, GError **error);
  gpointer data;
  guint32 stream;
} TbMergeInput;

typedef struct _TbMerge TbMerge;

/** tb_merge_time_key: a place in time as an unsigned number */
static inline guint64 tb_merge_time_key(TbOutputTime time)
{
  return (guint64)time.ns ^ (G_GUINT64_CONSTANT(1) << 63);
}

/** tb_merge_key: an item's place in time; trailing blocks stand at the end */
static inline guint64 tb_merge_key(const TbItem *item)
{
  return tb_item_is_trailing(item) ? G_MAXUINT64 : tb_merge_time_key(item->time);
}

/** tb_merge_compare_trailing: blocks at the ends of two streams: by source, then by their bytes */
gint tb_merge_compare_trailing(const TbItem *a, const TbItem *b);

/** tb_merge_new: @inputs (@n of them, also none) are copied; nothing is pulled yet */
TbMerge *tb_merge_new(const TbMergeInput *inputs, guint n);
/** tb_merge_new_stable: the same, but equal times come by the inputs' index: for runs of one stream */
TbMerge *tb_merge_new_stable(const TbMergeInput *inputs, guint n);
void tb_merge_free(TbMerge *merge);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TbMerge, tb_merge_free)

/**
 * tb_merge_next:
 * @event: (out) (nullable): lent until the next call, for the stages behind to annotate; set
 *   with %TB_READ_RECORD only
 * @input_index: (out): which input it, the damage or the error comes from
 *
 * %TB_READ_DAMAGED is passed on as it comes; the same input is pulled again with
 * the next call. After %TB_READ_ERROR that input counts as ended, and a further
 * call goes on with the others.
 */
TbReadResult tb_merge_next(TbMerge *merge, TbItem **event, guint *input_index,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tb_merge_get_unordered: how many records of input @index came with a time before
 * the one before them. They are handed out as soon as they are seen: such a
 * stream needs a TbSort in front of it.
 */
guint64 tb_merge_get_unordered(const TbMerge *merge, guint index);

G_END_DECLS
