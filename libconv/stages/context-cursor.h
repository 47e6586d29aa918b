/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A cursor: where one thread is in its machine's timeline. Moves forward with
 * the events at the cost of the changes it passes. Shared by context.c and
 * note.c only.
 */
#pragma once

#include "stages/context.h"

#include <glib.h>

/**
 * ContextTrack: a place in one ring of changes
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
} ContextTrack;

/**
 * ContextCursor:
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
  ContextTrack own;
  ContextTrack group;
  TbContext context;
} ContextCursor;

/** context_look: the cursor of @tid (> 0) at @time_ns; valid for the next two looks */
const ContextCursor *context_look(TbContextStage *stage, const TbMachine *machine, gint32 tid,
                                  gint64 time_ns);

/* note.c */
typedef struct _NoteMaker NoteMaker;

NoteMaker *note_maker_new(void);
void note_maker_free(NoteMaker *maker);
/** note_is_row: (fast): whether events of type @id may be life-cycle rows */
gboolean note_is_row(NoteMaker *maker, const TbEventType *type);
/** note_make: for types of such rows. Returns: (transfer none) (nullable): valid until the next call */
const TbSentence *note_make(NoteMaker *maker, TbContextStage *stage, const TbItem *event,
                        gint64 time_ns);
