/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who acted in an event, as known for its moment, from the machines'
 * timelines. Keeps a cursor per recently seen thread, so that the
 * answer costs a table access for most events. Knows no format and no writer.
 */
#pragma once

#include "model/item.h"

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TbActors TbActors;

/* Slots given out are below this number, whatever the number of threads. */
#define TB_ACTOR_SLOTS (TB_ACTOR_CURSORS + TB_ACTOR_RECORDED)
/* Of these, for threads looked up in a timeline, and for actors that records tell themselves. */
#define TB_ACTOR_CURSORS 4096
#define TB_ACTOR_RECORDED 1024

/** tb_actors_new: of timelines that are finished and stay as they are. Returns: (transfer full) */
TbActors *tb_actors_new(void);
void tb_actors_free(TbActors *actors);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TbActors, tb_actors_free)

/**
 * tb_actors_set_growing: timelines are still being filled: what was found out about a moment may be
 * told otherwise a moment later, so nothing is taken for known beyond the item it was asked for
 */
void tb_actors_set_growing(TbActors *actors);

/**
 * tb_actors_apply: sets @event's actor, valid until the next call; NULL where nobody acts (thread
 * 0, or no thread stated)
 */
void tb_actors_apply(TbActors *actors, TbItem *event);

/** tb_actors_find: who thread @tid (> 0) of @machine is at @time_ns; valid for the next two finds */
const TbContext *tb_actors_find(TbActors *actors, const TbMachine *machine, gint32 tid,
                                gint64 time_ns);

G_END_DECLS
