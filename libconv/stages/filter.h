/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The emit phase's choice of processes: which events and packets are theirs.
 * Asks the events' contexts, the packets' owners and, for descendants, the
 * machines' timelines. Knows no format.
 */
#pragma once

#include "model/item.h"
#include "model/owner.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * TbFilterWish: (all borrowed)
 * @pids: (nullable) (element-type gint32): processes or threads wanted
 * @comms: (nullable): names wanted, NULL-terminated
 * @children: their descendants, too
 */
typedef struct {
  const GArray *pids;
  const char *const *comms;
  gboolean children;
} TbFilterWish;

typedef struct _TbFilter TbFilter;

/** tb_filter_new: (nullable): NULL where nothing is wished. @wish is copied, what it points to is not */
TbFilter *tb_filter_new(const TbFilterWish *wish);
void tb_filter_free(TbFilter *filter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TbFilter, tb_filter_free)

/**
 * tb_filter_keeps: whether @event, with its context or owners, is wanted. Rows of lost events
 * and blocks without a record always are.
 */
gboolean tb_filter_keeps(TbFilter *filter, const TbItem *event);

G_END_DECLS
