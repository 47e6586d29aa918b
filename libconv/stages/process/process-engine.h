/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The process tracker's engine: turns life-cycle facts, given in time order,
 * into the process instances of one machine's timeline. It knows no event, no
 * format and no operating system.
 *
 * A key is the number by which events name a thread: its thread id on Linux,
 * where the main thread's is the process's.
 */
#pragma once

#include "model/fact.h"
#include "model/timeline.h"

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TbTracker TbTracker;

/** tb_tracker_new: @timeline outlives the tracker */
TbTracker *tb_tracker_new(TbTimeline *timeline);
void tb_tracker_free(TbTracker *tracker);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TbTracker, tb_tracker_free)

/**
 * tb_tracker_at: what follows happened at @now_ns, as told by @source (two
 * buffers of one recording may tell the same fact twice)
 */
void tb_tracker_at(TbTracker *tracker, gint64 now_ns, gconstpointer source);

/**
 * tb_tracker_exists: a table of the recording has this process now. @start_ns, @end_ns: of its life,
 * as far as @told says so
 */
void tb_tracker_exists(TbTracker *tracker, const TbProcessExists *told, gint64 start_ns,
                       gint64 end_ns);

void tb_tracker_birth(TbTracker *tracker, const TbBorn *born);
/**
 * tb_tracker_claim: the result of a call that began at @since_ns names a child of its caller. Counts
 * only where births are not told otherwise, or this one may have been lost
 */
void tb_tracker_claim(TbTracker *tracker, const TbBorn *born, gint64 since_ns);
/** tb_tracker_rename: @old_name is what @key was called until now */
void tb_tracker_rename(TbTracker *tracker, gint32 key, TbName old_name, TbName new_name);
/** tb_tracker_name: @key exists and has this name; says nothing about whether it still runs */
void tb_tracker_name(TbTracker *tracker, gint32 key, TbName name);
/**
 * tb_tracker_program: @key lives and runs a program of this name, as a recorder knows it that sees
 * no more than that. It stands where nothing better is known
 */
void tb_tracker_program(TbTracker *tracker, gint32 key, TbName name);
/** tb_tracker_exec: @key's process runs @path now; @old_key was the calling thread's number */
void tb_tracker_exec(TbTracker *tracker, gint32 key, gint32 old_key, TbName path);
/** tb_tracker_exit: the thread @key ended; @last = it was the last of its process */
void tb_tracker_exit(TbTracker *tracker, gint32 key, TbName name, TbAnswer last);
/** tb_tracker_newborn: @key's first call returns: it was just made, by whom was not told */
void tb_tracker_newborn(TbTracker *tracker, gint32 key, gboolean is_process);
/** tb_tracker_leave: @key asked to end, with @code (0-255); @whole = its whole process */
void tb_tracker_leave(TbTracker *tracker, gint32 key, guint8 code, gboolean whole);
/** tb_tracker_acts: @key runs on by its own will; signals it may have got did not kill it */
void tb_tracker_acts(TbTracker *tracker, gint32 key);

/** tb_tracker_signal: if not @shown, tb_tracker_signal_sent() follows */
void tb_tracker_signal(TbTracker *tracker, const TbSignalled *signal);
/** tb_tracker_signal_sent: the call that asked for it came back */
void tb_tracker_signal_sent(TbTracker *tracker, gint32 key, guint8 number, gboolean ok);
/** tb_tracker_signal_met: @key handles signal @number, or (@fatal) is about to die of it */
void tb_tracker_signal_met(TbTracker *tracker, gint32 key, guint8 number, gboolean fatal);
/** tb_tracker_fate: the ended process of @key was @killed, or exited */
void tb_tracker_fate(TbTracker *tracker, gint32 key, gboolean killed);
/** tb_tracker_signals_pending: how many living processes may be about to die of a signal */
guint32 tb_tracker_signals_pending(const TbTracker *tracker);
/** tb_tracker_trust_silence: calls to exit are recorded, so that an end without one is a kill */
void tb_tracker_trust_silence(TbTracker *tracker);

/** tb_tracker_program_unknown: @key runs another program since a call at @since_ns, if none was told */
void tb_tracker_program_unknown(TbTracker *tracker, gint32 key, gint64 since_ns);
/** tb_tracker_reaped: @parent collected @child, a process that may have ended */
void tb_tracker_reaped(TbTracker *tracker, gint32 parent, gint32 child);
/** tb_tracker_subreaper: orphans below @key's process become its children, or no longer */
void tb_tracker_subreaper(TbTracker *tracker, gint32 key, gboolean on);
/** tb_tracker_exit_status: the process @pid of a table of the recording ends now, with @code */
void tb_tracker_exit_status(TbTracker *tracker, gint32 pid, gint32 code);
/** tb_tracker_gap: events between @from_ns and now were lost */
void tb_tracker_gap(TbTracker *tracker, gint64 from_ns);
/** tb_tracker_finish: nothing follows; the timeline is complete */
void tb_tracker_finish(TbTracker *tracker);

G_END_DECLS
