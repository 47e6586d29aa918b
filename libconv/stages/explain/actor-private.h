/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A cursor: where one thread is in its machine's timeline. Moves forward with
 * the events at the cost of the changes it passes. Shared by actor.c and
 * sentence.c only.
 */
#pragma once

#include "stages/explain/actor.h"

#include <glib.h>

/**
 * ActorTrack: a place in one ring of changes
 * @last: the ring's last entry; %TB_PROC_NONE = no changes
 * @at: the change that is in force; %TB_PROC_NONE = none yet
 * @next_ns: when the one behind it comes
 * @comm, @exe: strings in force
 * @comm_before: the name before the last change of name, which was at @comm_ns
 */
typedef struct {
  guint32 last;
  guint32 at;
  gint64 next_ns;
  guint32 comm;
  guint32 exe;
  guint32 comm_before;
  gint64 comm_ns;
} ActorTrack;

/**
 * ActorCursor:
 * @from_ns, @until_ns: @context holds from the first to before the second
 * @life, @last_life: the present life and the last one of the number
 * @process: the instance, or %TB_PROC_NONE where nothing is known
 * @own: names of the thread (and executables, if it is a main thread)
 * @group: executables of the process, for other threads
 */
typedef struct {
  const TbMachine *machine;
  guint64 used;
  gint64 from_ns;
  gint64 until_ns;
  TbLife life;
  TbLife last_life;
  guint32 process;
  ActorTrack own;
  ActorTrack group;
  TbContext context;
} ActorCursor;

/** actor_look: the cursor of @tid (> 0) at @time_ns; valid for the next two looks */
const ActorCursor *actor_look(TbActors *actors, const TbMachine *machine, gint32 tid,
                              gint64 time_ns);
