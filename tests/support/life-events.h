/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Life-cycle events made in memory, in the layout of Linux trace events, and
 * shown to an observer of processes one by one: histories in tests read as what
 * happens in them.
 */
#pragma once

#include "pass/facts.h"
#include "stages/explain/sentence.h"
#include "stages/process/process-engine.h"
#include "support/made-item.h"

typedef enum {
  LIFE_NEWTASK,
  LIFE_FORK,
  LIFE_EXEC,
  LIFE_EXIT,      /* without group_dead, as on 6.1 */
  LIFE_EXIT_DEAD, /* with it */
  LIFE_RENAME,
  LIFE_SWITCH,
  LIFE_WAIT,
  LIFE_GENERATE,
  LIFE_DELIVER,
  LIFE_RAW_ENTER,
  LIFE_RAW_LEAVE,
  LIFE_ENTER_EXIT_GROUP,
  LIFE_N_TYPES,
} LifeType;

#define LIFE_THREAD_FLAGS 0x3d0f00
#define LIFE_FORK_FLAGS 0x1200000
#define LIFE_PARENT_FLAGS 0x8000
#define LIFE_VFORK_FLAGS 0x4100

/**
 * Life: a machine of x86_64, a source and an observer of processes
 * @now_ns: time of the next event; each event adds @step_ns
 * @cpu: of the next event
 * @keep: (nullable): whether the event is recorded at all
 * @keep_data: for @keep
 */
typedef struct _Life Life;
struct _Life {
  TbMachine *machine;
  TbSource *source;
  GPtrArray *observers;
  TbFacts *facts;
  TbEventType *types[LIFE_N_TYPES];
  gint64 now_ns;
  gint64 step_ns;
  guint32 cpu;
  guint8 data[256];
  MadeItem event;
  gboolean (*keep)(Life *life, gpointer data);
  gpointer keep_data;
};

Life *life_new(void);
void life_free(Life *life);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Life, life_free)

/** life_show_item: what @item means is told to the observer */
void life_show_item(Life *life, const TbItem *item);

/* Each shows one event to the observer; @actor is the event's thread. */
void life_newtask(Life *life, gint32 actor, gint32 child, const char *comm, guint32 flags);
void life_fork_event(Life *life, gint32 actor, const char *comm, gint32 child);
/** life_birth: both events, 2 ns apart */
void life_birth(Life *life, gint32 actor, const char *comm, gint32 child, guint32 flags);
void life_rename(Life *life, gint32 actor, gint32 tid, const char *old_comm, const char *comm);
void life_exec_event(Life *life, gint32 pid, gint32 old_pid, const char *path);
/** life_exec: the rename to the path's last part, and the exec */
void life_exec(Life *life, gint32 pid, gint32 old_pid, const char *old_comm, const char *path);
/** life_exit: @group_dead < 0 = an event without that field */
void life_exit(Life *life, gint32 tid, const char *comm, gint group_dead);
void life_switch(Life *life, gint32 prev, const char *prev_comm, gint32 next,
                 const char *next_comm);
/** life_enter, life_leave: raw system calls by number of x86_64 */
void life_enter(Life *life, gint32 tid, gint64 number, gint64 a, gint64 b, gint64 c);
void life_leave(Life *life, gint32 tid, gint64 number, gint64 result);
void life_exit_group(Life *life, gint32 tid, gint32 code);
void life_generate(Life *life, gint32 actor, gint32 target, gint sig, gint code, gint result);
void life_deliver(Life *life, gint32 tid, gint sig, guint64 handler);
void life_lost(Life *life);
void life_finish(Life *life);

/* Questions. */

TbTimeline *life_timeline(const Life *life);
/** life_process: number @n (0 = first) of the instances with @pid, in order; fails if there is none */
const TbProcess *life_process(const Life *life, gint32 pid, guint n);
guint life_count(const Life *life, gint32 pid);
/** life_names: names of the main thread over time, joined by blanks; "?" where not known */
char *life_names(const Life *life, const TbProcess *process);
char *life_exes(const Life *life, const TbProcess *process);

/** life_assert_names: the names of the main thread in their order, "?" where none is known */
void life_assert_names(const Life *life, const TbProcess *process, const char *expected);
/** life_parent_pid: 0 where the parent is not known */
guint32 life_parent_pid(const Life *life, const TbProcess *process);
