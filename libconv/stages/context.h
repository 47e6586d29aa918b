/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The emit phase's question to the timelines: who acted in this event, as
 * known for its moment. Keeps a cursor per recently seen thread, so that the
 * answer costs a table access for most events. Knows no format and no writer.
 */
#pragma once

#include "model/item.h"

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TbContextStage TbContextStage;

/* Slots given out are below this number, whatever the number of threads. */
#define TB_CONTEXT_SLOTS (TB_CONTEXT_CURSORS + TB_CONTEXT_TOLD)
/* Of these, for threads looked up in a timeline, and for actors that records tell themselves. */
#define TB_CONTEXT_CURSORS 4096
#define TB_CONTEXT_TOLD 1024

/**
 * tb_context_stage_new:
 * @machines: (element-type TbMachine): by rank; borrowed, their timelines are
 *   finished and stay as they are
 *
 * Returns: (transfer full)
 */
TbContextStage *tb_context_stage_new(const GPtrArray *machines);
void tb_context_stage_free(TbContextStage *stage);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TbContextStage, tb_context_stage_free)

/**
 * tb_context_stage_apply: sets @event's context and note
 * @event: its tid, type and source are read
 * @timeline_ns: its time as the prepare phase's observers saw it
 *
 * Both stay valid until the next call. The context is NULL where nobody acts
 * (thread 0, or no thread stated).
 */
void tb_context_stage_apply(TbContextStage *stage, TbItem *event, gint64 timeline_ns);

G_END_DECLS
