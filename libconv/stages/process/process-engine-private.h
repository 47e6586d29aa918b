/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine's state, and what its sources call of each other. Only they include this. */
#pragma once

#include "stages/process/process-engine.h"
#include "stages/process/process-live.h"

#include <string.h>

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
