/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Living threads as the tracker's engine sees them: a pool of records with
 * stable addresses, found by key through open addressing, gone when the
 * thread is gone. Only the engine includes this.
 */
#pragma once

#include "stages/process/process-engine.h"

#include <string.h>

/*
 * Two buffers of one recording tell the same fact within the first time; threads that
 * end together tell it within the second; the name that an exec gives is told within
 * the third before the exec.
 */
enum { TRACK_ECHO_NS = 10000, TRACK_LATE_NS = 10000000, TRACK_EXEC_NS = 50000000 };

/* What was told last about a thread, to know it again: @source, at @ns. */
typedef enum { TRACK_NOTHING, TRACK_BIRTH, TRACK_RENAME, TRACK_EXEC, TRACK_EXIT } TrackFact;

typedef struct {
  guint8 fact;
  gint64 ns;
  gconstpointer source;
} TrackEcho;

/*
 * A signal that may be killing a process, @number 0 = none; sent between @from_ns and @to_ns.
 * @mixed: others were sent, too; @sure, @shown: as of #TbSignalled; @met: it is about to die of it
 */
typedef struct {
  guint8 number;
  gboolean mixed;
  gboolean sure;
  gboolean shown;
  gboolean met;
  gint64 from_ns;
  gint64 to_ns;
} TrackSignal;

typedef struct _TrackLive TrackLive;

/**
 * TrackLive: a living thread; what stands behind @ring is the process's, and
 * valid in the record that @group points to (the main thread's)
 * @evidence_ns: when its name was proved last
 * @hinted: its name is a program's that was not proved to be its own
 * @newborn: key of the child whose second event has to follow at once
 * @leave_code: what it asked to end with, -1 = nothing
 * @ring: of the living threads of the process
 * @n_threads: living threads
 * @leader: a main thread: its thread record if it left early, and what it asked to end with
 * @whole: the first call to end the process: what it asked for, and when
 */
struct _TrackLive {
  gint32 key;
  TbLife life;
  guint32 process;
  guint32 comm;
  gint64 evidence_ns;
  gboolean hinted;
  gint32 newborn;
  gint16 leave_code;
  TrackEcho echo;
  TrackLive *group;
  struct {
    TrackLive *next;
    TrackLive *prev;
  } ring;
  guint32 n_threads;
  guint32 exe;
  struct {
    guint32 end;
    gint16 code;
  } leader;
  struct {
    gint16 code;
    gint64 ns;
  } whole;
  TrackSignal signal;
};

typedef struct {
  GPtrArray *chunks;
  TrackLive *free_list; /* through ring.next */
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
  gboolean births_told;
  TrackEnded ended[TRACK_ENDED_SLOTS];
};

static inline gboolean track_is_nobody(TbName name)
{
  return !name.bytes || (name.len == 5 && memcmp(name.bytes, "<...>", 5) == 0);
}

static inline gboolean track_name_is(const TbTracker *tracker, guint32 string, TbName name)
{
  const char *known = tb_timeline_get_string(tracker->timeline, string);
  return known && strncmp(known, name.bytes, name.len) == 0 && known[name.len] == 0;
}

/* process-engine.c */

/** track_is_echo: whether another source just told the same; notes that it was told */
gboolean track_is_echo(TbTracker *tracker, TrackLive *live, TrackFact fact);
/** track_get_unknown: for track_get() */
TrackLive *track_get_unknown(TbTracker *tracker, gint32 key, gboolean acts);

/** track_get: the living thread @key. Returns: (nullable): NULL only if it is dead and not @acts */
static inline TrackLive *track_get(TbTracker *tracker, gint32 key, gboolean acts)
{
  TrackLive *live = track_lives_find(&tracker->lives, key);
  return G_LIKELY(live) ? live : track_get_unknown(tracker, key, acts);
}

/* process-names.c */

/** track_set_first_name: the first name known of a life is its name backwards to its start */
void track_set_first_name(TbTracker *tracker, TrackLive *live, guint32 comm);
void track_change_name(TbTracker *tracker, TrackLive *live, gint64 time_ns, guint32 comm);
/** track_prove_name: @name is what @live is called right now. Returns: whether that was known */
gboolean track_prove_name(TbTracker *tracker, TrackLive *live, TbName name);
/** track_distrust: if a gap came after the last proof of @live's name, it is not known since */
void track_distrust(TbTracker *tracker, TrackLive *live);

/** track_forget_program: the process of @group runs something unknown since @time_ns */
void track_forget_program(TbTracker *tracker, TrackLive *group, gint64 time_ns);

/* process-exec.c */

/** track_take_back: the main thread that left is there again: another one goes on as it */
void track_take_back(TbTracker *tracker, TrackLive *leader);

/* process-end.c */

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
