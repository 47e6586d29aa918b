/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The choice of processes: which events and packets are theirs.
 * Asks the events' contexts, the packets' owners and, for descendants, the
 * machines' timelines. Knows no format.
 */
#pragma once

#include "model/owner.h"
#include "stages/stage.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * TbProcessWish: (all borrowed)
 * @pids: (nullable) (element-type gint32): processes or threads wanted
 * @comms: (nullable): names wanted, NULL-terminated
 * @children: their descendants, too
 */
typedef struct {
  const GArray *pids;
  const char *const *comms;
  gboolean children;
} TbProcessWish;

/**
 * tb_select_processes_new: a stage that drops events and packets of other processes; its place is
 *   behind those that set actors and owners. Rows of lost events and carried blocks always go on.
 * @wish: copied, what it points to is not
 *
 * Returns: (transfer full) (nullable): NULL where nothing is wished
 */
TbStage *tb_select_processes_new(const TbProcessWish *wish);

G_END_DECLS
