/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the prepare phase found out about one machine: names the recorder
 * saved, process instances with their threads, and the gaps in which events
 * were lost. Filled while preparing, read only while emitting. Knows no
 * format and no operating system.
 */
#pragma once

#include "model/process.h"

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TbTimeline TbTimeline;

TbTimeline *tb_timeline_new(void);
void tb_timeline_free(TbTimeline *timeline);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TbTimeline, tb_timeline_free)

/**
 * tb_timeline_add_saved_name: a name that the recorder saved for a thread at
 * some moment of the recording. Pid 0 and "<...>" are nobody and are ignored;
 * the first name given for a thread stays.
 */
void tb_timeline_add_saved_name(TbTimeline *timeline, gint32 tid, const char *comm, gsize len);

/** tb_timeline_get_saved_name: Returns: (transfer none) (nullable) */
const char *tb_timeline_get_saved_name(const TbTimeline *timeline, gint32 tid);

/**
 * tb_timeline_absorb: adds the saved names of @other that @timeline does not have, and
 * the instances that @other's reader told of; before any tracking
 */
void tb_timeline_absorb(TbTimeline *timeline, const TbTimeline *other);

/** tb_timeline_shift: adds @ns to the starts and ends a reader told of; before any tracking */
void tb_timeline_shift(TbTimeline *timeline, gint64 ns);

/* Strings. Number 0 is "not known". */

/**
 * tb_timeline_intern: bytes up to @len or the first NUL
 * Returns: its number; 0 where %TB_MAX_STRINGS different ones are known already
 */
guint32 tb_timeline_intern(TbTimeline *timeline, const char *bytes, gsize len);
/** tb_timeline_get_string: Returns: (transfer none) (nullable): NULL for number 0 */
const char *tb_timeline_get_string(const TbTimeline *timeline, guint32 string);

/* Instances and threads. Pointers into the tables last until something is added. */

guint32 tb_timeline_get_n_processes(const TbTimeline *timeline);
TbProcess *tb_timeline_get_process(const TbTimeline *timeline, guint32 process);
TbThread *tb_timeline_get_thread(const TbTimeline *timeline, guint32 thread);
const TbChange *tb_timeline_get_change(const TbTimeline *timeline, guint32 change);

/** tb_timeline_add_process: an instance of which nothing but its number is known */
guint32 tb_timeline_add_process(TbTimeline *timeline, gint32 pid);
/** tb_timeline_add_thread: a thread of which nothing but its number is known */
guint32 tb_timeline_add_thread(TbTimeline *timeline, guint32 process, gint32 tid);
/** tb_timeline_add_leader_end: @process's main thread ended at @end_ns, the process did not */
guint32 tb_timeline_add_leader_end(TbTimeline *timeline, guint32 process, gint64 end_ns);

/**
 * tb_timeline_add_change: @string is the name of @life (or the executable of
 * its process, with %TB_CHANGE_IS_EXE) from @time_ns on. A time before the
 * last change is moved up to it, so that a life's changes are in order.
 */
void tb_timeline_add_change(TbTimeline *timeline, TbLife life, gint64 time_ns, guint32 string);

/** tb_timeline_find_last_life: Returns: the latest life of @tid, or %TB_PROC_NONE */
TbLife tb_timeline_find_last_life(const TbTimeline *timeline, gint32 tid);
/** tb_timeline_life_before: the life before the latest one of @tid, or %TB_PROC_NONE */
TbLife tb_timeline_life_before(const TbTimeline *timeline, gint32 tid);
/**
 * tb_timeline_withdraw: the latest life of @tid, a process, was the one before it (a
 * process too) all along: it becomes an alias of that, which is the latest life again.
 * Returns: that process, or %TB_PROC_NONE if there is no such life before it
 */
guint32 tb_timeline_withdraw(TbTimeline *timeline, gint32 tid);
/** tb_timeline_next_life: the life after @life in the ring of its number */
TbLife tb_timeline_next_life(const TbTimeline *timeline, TbLife life);
gint64 tb_timeline_life_start(const TbTimeline *timeline, TbLife life);
gint64 tb_timeline_life_end(const TbTimeline *timeline, TbLife life);
/** tb_timeline_life_changes: last entry of the ring, or %TB_PROC_NONE */
guint32 tb_timeline_life_changes(const TbTimeline *timeline, TbLife life);
guint32 tb_timeline_life_comm(const TbTimeline *timeline, TbLife life);
/** tb_timeline_life_process: the instance @life belongs to, aliases followed */
guint32 tb_timeline_life_process(const TbTimeline *timeline, TbLife life);
/** tb_timeline_resolve: @process, or the instance it turned out to be a thread of */
guint32 tb_timeline_resolve(const TbTimeline *timeline, guint32 process);

/** tb_timeline_find_life_at: the life of @tid at @time_ns, or %TB_PROC_NONE */
TbLife tb_timeline_find_life_at(const TbTimeline *timeline, gint32 tid, gint64 time_ns);
/** tb_timeline_comm_at, tb_timeline_exe_at: for setting up and for people, not per event */
guint32 tb_timeline_comm_at(const TbTimeline *timeline, TbLife life, gint64 time_ns);
guint32 tb_timeline_exe_at(const TbTimeline *timeline, guint32 process, gint64 time_ns);

/** tb_timeline_set_facts, tb_timeline_get_facts: all zero where none were set */
void tb_timeline_set_facts(TbTimeline *timeline, guint32 process, const TbProcessFacts *facts);
TbProcessFacts tb_timeline_get_facts(const TbTimeline *timeline, guint32 process);

/* Reparenting. */

/** tb_timeline_set_subreaper: from @time_ns on @process takes over orphans of its descendants, or not */
void tb_timeline_set_subreaper(TbTimeline *timeline, guint32 process, gint64 time_ns, gboolean on);
/** tb_timeline_set_reaper: an event showed that @reaper was @process's parent at its end */
void tb_timeline_set_reaper(TbTimeline *timeline, guint32 process, guint32 reaper);
/**
 * tb_timeline_parent_at: the parent at @time_ns, or %TB_PROC_NONE where it is not known
 * @until_ns: (out): the answer holds before this time, from @time_ns on
 */
guint32 tb_timeline_parent_at(const TbTimeline *timeline, guint32 process, gint64 time_ns,
                              gint64 *until_ns);

/* Gaps: (from, to] may have hidden events. */

/** tb_timeline_add_gap: gaps are given in the order of @to_ns */
void tb_timeline_add_gap(TbTimeline *timeline, gint64 from_ns, gint64 to_ns);
/**
 * tb_timeline_find_gap_after: the first gap that reaches beyond @time_ns
 * Returns: FALSE if there is none; @to_ns is untouched if NULL
 */
gboolean tb_timeline_find_gap_after(const TbTimeline *timeline, gint64 time_ns, gint64 *from_ns,
                                    gint64 *to_ns);
/** tb_timeline_last_gap: end of the last gap, %TB_TIME_BEFORE without one */
gint64 tb_timeline_last_gap(const TbTimeline *timeline);

/** tb_timeline_get_bytes: memory taken, without the strings */
gsize tb_timeline_get_bytes(const TbTimeline *timeline);

G_END_DECLS
