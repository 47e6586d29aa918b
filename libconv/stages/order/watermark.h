/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The order of streams that are still being written. As in a merge the first
 * of the streams' next items leaves; but a stream that has nothing now holds
 * the others up for a limited time only: then its silence costs delay, not
 * order. What it says later than that is late: it leaves behind what it should
 * have preceded.
 */
#pragma once

#include "stages/order/merge.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * TbWatermarkOptions:
 * @delay_ns: how long an item may wait for streams that have nothing, by @now, from when it came
 * @max_bytes: of items that wait; beyond that the first of them leave early
 * @now: ns of a clock that never goes back
 * @data: for @now
 */
typedef struct {
  gint64 delay_ns;
  guint64 max_bytes;
  gint64 (*now)(gpointer data);
  gpointer data;
} TbWatermarkOptions;

typedef struct _TbWatermark TbWatermark;

/** tb_watermark_new: @inputs (@n of them) and @options are copied; nothing is pulled yet */
TbWatermark *tb_watermark_new(const TbMergeInput *inputs, guint n,
                              const TbWatermarkOptions *options);
void tb_watermark_free(TbWatermark *watermark);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TbWatermark, tb_watermark_free)

/**
 * tb_watermark_next: pulls what the streams have by now. Heartbeats are not lent: they only tell
 * how far their stream has come. Trailing blocks leave when all streams have ended.
 * @item: (out): lent until the next call
 * @input: (out): index of the stream that it, the damage or the error comes from
 *
 * Returns: %TB_READ_RECORD; %TB_READ_AGAIN: no item may leave yet, ask later; %TB_READ_END: all
 *   streams have ended, or are not read any more, and nothing waits; %TB_READ_DAMAGED,
 *   %TB_READ_ERROR as from the stream, which counts as ended after the latter
 */
TbReadResult tb_watermark_next(TbWatermark *watermark, TbItem **item, guint *input,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** tb_watermark_stop: no stream is read any more; what waits leaves, in order */
void tb_watermark_stop(TbWatermark *watermark);

/**
 * tb_watermark_get_wait: after %TB_READ_AGAIN: ns until the next item leaves even if no stream has
 * anything till then; %G_MAXINT64: nothing waits
 */
gint64 tb_watermark_get_wait(const TbWatermark *watermark);

/** tb_watermark_is_late: whether the item lent last lies before one that has left */
gboolean tb_watermark_is_late(const TbWatermark *watermark);

/** tb_watermark_get_early: items that left early because too many bytes waited */
guint64 tb_watermark_get_early(const TbWatermark *watermark);

/** tb_watermark_get_held_bytes: memory of the items that wait now */
guint64 tb_watermark_get_held_bytes(const TbWatermark *watermark);

G_END_DECLS
