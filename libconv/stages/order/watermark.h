/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The order of streams that are still being written. An item leaves when every
 * stream has passed its time, or when it has waited for as long as is allowed:
 * then a stream that is silent costs delay, not order. What comes later than
 * that is late: it leaves at once, behind what it should have preceded, and is
 * counted by source.
 */
#pragma once

#include "stages/order/merge.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * TbWatermarkOptions:
 * @delay_ns: how long an item may wait for other streams, by @now
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
 * tb_watermark_next: pulls what the streams have by now.
 * @item: (out): lent until the next call
 * @input: (out): index of the stream that it, the damage or the error comes from
 *
 * Returns: %TB_READ_RECORD; %TB_READ_AGAIN: no item may leave yet, ask later; %TB_READ_END: all
 *   streams have ended and nothing waits; %TB_READ_DAMAGED, %TB_READ_ERROR as from the stream,
 *   which counts as ended after the latter
 */
TbReadResult tb_watermark_next(TbWatermark *watermark, TbItem **item, guint *input,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** tb_watermark_is_late: whether the item lent last lies before one that has left */
gboolean tb_watermark_is_late(const TbWatermark *watermark);

/** tb_watermark_get_early: items that left early because too many bytes waited */
guint64 tb_watermark_get_early(const TbWatermark *watermark);

G_END_DECLS
