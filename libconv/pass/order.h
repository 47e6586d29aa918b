/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Streams put into the total order: merged, and sorted before that where they have to be. */
#pragma once

#include "pass/streams.h"
#include "stages/order/sort.h"

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TbOrder TbOrder;

/**
 * tb_order_new: an order of no streams yet
 * @limits: (nullable): NULL = streams are taken as they come, whatever they are known to be
 * @spill_folder: (nullable): where sorting may spill
 */
TbOrder *tb_order_new(const TbLimits *limits, const char *spill_folder);
void tb_order_free(TbOrder *order);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TbOrder, tb_order_free)

/** tb_order_add: a pass over @stream begins, before the first tb_order_next() */
void tb_order_add(TbOrder *order, TbStream *stream);

/**
 * tb_order_next: the next item of all streams
 * @order: a #TbOrder
 * @item: (out): lent until the next call, to be annotated
 * @stream: (out): the stream it comes from
 *
 * Returns: %TB_READ_RECORD, %TB_READ_END, %TB_READ_DAMAGED (what is damaged has been told), or
 *   %TB_READ_ERROR with TB_ERROR_IO, or what the reader sets
 */
TbReadResult tb_order_next(gpointer order, TbItem **item, TbStream **stream, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/** tb_order_get_sorted: streams that go through a sorter */
guint tb_order_get_sorted(const TbOrder *order);

G_END_DECLS
