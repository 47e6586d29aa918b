/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Living threads as the tracker's engine sees them: a pool of records with
 * stable addresses, found by key through open addressing, gone when the
 * thread is gone. Only the proctrack-*.c of the engine include this.
 */
#pragma once

#include "stages/proctrack/proctrack-engine.h"

/**
 * TrackLive: a living thread; what stands behind @n_threads is the process's, and
 * valid in the record that @group points to (the main thread's)
 * @evidence_ns: when its name was proved last
 * @hinted: its name is a program's that was not proved to be its own
 * @newborn: key of the child whose second event has to follow at once
 * @leave_code: what it asked to end with, -1 = nothing
 * @echo_ns, @echo_source, @echo_fact: the last fact told about it, to know it again
 * @group_next, @group_prev: ring of the living threads of the process
 * @n_threads: living threads
 * @leader_end: the thread record of a main thread that left early
 * @leader_code: what the main thread asked to end with
 * @whole_code: what the first call to end the process asked for
 * @signal: one that may be killing it, 0 = none
 */
typedef struct _TrackLive TrackLive;
struct _TrackLive {
  gint32 key;
  TbLife life;
  guint32 process;
  guint32 comm;
  gint64 evidence_ns;
  gboolean hinted;
  gint32 newborn;
  gint16 leave_code;
  guint8 echo_fact;
  gint64 echo_ns;
  gconstpointer echo_source;
  TrackLive *group;
  TrackLive *group_next;
  TrackLive *group_prev;
  guint32 n_threads;
  guint32 exe;
  guint32 leader_end;
  gint16 leader_code;
  gint16 whole_code;
  gint64 whole_ns;
  guint8 signal;
  gboolean signal_mixed;
  gboolean signal_sure;
  gboolean signal_shown;
  gboolean signal_met;
  gint64 signal_from_ns;
  gint64 signal_to_ns;
};

typedef struct {
  GPtrArray *chunks;
  TrackLive *free_list; /* through group_next */
  TrackLive **slots;    /* open addressing by key */
  guint32 cap;          /* a power of two */
  guint32 used;
} TrackLives;

void track_lives_init(TrackLives *lives);
void track_lives_clear(TrackLives *lives);
/** track_lives_find: Returns: (nullable) */
TrackLive *track_lives_find(const TrackLives *lives, gint32 key);
/** track_lives_add: a record for @key, which must not be there yet */
TrackLive *track_lives_add(TrackLives *lives, gint32 key);
void track_lives_remove(TrackLives *lives, TrackLive *live);

/* What may still have to be said about processes that ended a moment ago. */
typedef struct {
  guint32 process;
  gint32 key; /* of the thread that ended it */
  gint16 code;
  guint8 signal;
  guint8 signal_shown;
  guint8 told_last; /* an event said that nobody of it is left */
} TrackEnded;

enum { TRACK_ENDED_SLOTS = 1024 };

struct _TbTracker {
  TbTimeline *timeline;
  gint64 now_ns;
  gconstpointer source;
  TrackLives lives;
  gint32 ender;
  gboolean ender_is_last;
  guint32 signals_pending;
  gboolean trust_silence;
  TrackEnded ended[TRACK_ENDED_SLOTS];
};

/** track_distrust: if a gap came after the last proof of @live's name, it is not known since */
void track_distrust(TbTracker *tracker, TrackLive *live);

/* proctrack-end.c */

/** track_end_thread: @live's thread ended; its record is given back unless it is its process's */
void track_end_thread(TbTracker *tracker, TrackLive *live, TbKnown how);
/** track_end_process: the process of @group ended with everything in it; the records are given back */
void track_end_process(TbTracker *tracker, TrackLive *group, TbKnown how);
/** track_explain_unseen: the exit code of a process whose end was not recorded, if it asked for one */
void track_explain_unseen(TbTracker *tracker, const TrackLive *group);
/** track_kind_leaves: @live asks for the end of its whole process */
void track_kind_leaves(TbTracker *tracker, const TrackLive *live);
/**
 * track_kind_ends: @live ends: the last of its process, or one of several, as the event says.
 * Returns: whether it was a thread of its maker all along; its record is then given back
 */
gboolean track_kind_ends(TbTracker *tracker, TrackLive *live, TbAnswer last);
/** track_end_others: every thread of @keep's process but @keep is gone */
void track_end_others(TbTracker *tracker, TrackLive *keep);
