/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What threads are called: which name is proved, since when, and where a gap
 * makes it unknown; see process-engine.h.
 */
#include "stages/process/process-engine-private.h"

#include <string.h>

/* The first name known of a life is its name backwards to its start. */
void track_set_first_name(TbTracker *tracker, TrackLive *live, guint32 comm)
{
  if (tb_life_is_thread(live->life))
    tb_timeline_get_thread(tracker->timeline, live->life & ~TB_LIFE_IS_THREAD)->comm = comm;
  else
    tb_timeline_get_process(tracker->timeline, live->life)->comm = comm;
  live->comm = comm;
}

void track_change_name(TbTracker *tracker, TrackLive *live, gint64 time_ns, guint32 comm)
{
  tb_timeline_add_change(tracker->timeline, live->life, time_ns, comm);
  live->comm = comm;
}

void track_forget_program(TbTracker *tracker, TrackLive *group, gint64 time_ns)
{
  if (!group->exe)
    return;
  tb_timeline_add_change(tracker->timeline, group->life, time_ns, TB_CHANGE_IS_EXE);
  group->exe = 0;
}

/*
 * The name proved for now is not the last one known. What was lost in a gap
 * since the last proof may have been an exec as well: name and program are
 * unknown from the gap on.
 */
void track_distrust(TbTracker *tracker, TrackLive *live)
{
  gint64 from_ns;
  if (tb_timeline_last_gap(tracker->timeline) <= live->evidence_ns ||
      !tb_timeline_find_gap_after(tracker->timeline, live->evidence_ns, &from_ns, NULL))
    return;
  gint64 time_ns = MAX(from_ns, live->evidence_ns);
  if (live->comm)
    track_change_name(tracker, live, time_ns, 0);
  if (live == live->group)
    track_forget_program(tracker, live, time_ns);
}

/* @name is what @live is called right now. Returns: whether that was known */
gboolean track_prove_name(TbTracker *tracker, TrackLive *live, TbName name)
{
  if (track_is_nobody(name))
    return TRUE;
  live->hinted = FALSE;
  gboolean known = live->comm && track_name_is(tracker, live->comm, name);
  if (!known) {
    guint32 comm = tb_timeline_intern(tracker->timeline, name.bytes, name.len);
    if (!live->comm && tb_timeline_life_changes(tracker->timeline, live->life) == TB_PROC_NONE) {
      track_set_first_name(tracker, live, comm);
    } else {
      track_distrust(tracker, live);
      track_change_name(tracker, live, tracker->now_ns, comm);
    }
  }
  live->evidence_ns = tracker->now_ns;
  return known;
}

void tb_tracker_name(TbTracker *tracker, gint32 key, TbName name)
{
  if (key <= 0 || track_is_nobody(name))
    return;
  TrackLive *live = track_get(tracker, key, FALSE);
  if (G_LIKELY(live)) {
    if (live->leader.end == TB_PROC_NONE)
      track_prove_name(tracker, live, name);
    return;
  }
  /* The dead keep their name; another one is a life whose start is missing. */
  TbLife last = tb_timeline_find_last_life(tracker->timeline, key);
  guint32 comm = tb_timeline_comm_at(tracker->timeline, last, TB_TIME_NEVER - 1);
  gint64 end_ns = tb_timeline_life_end(tracker->timeline, last);
  if (comm && tracker->now_ns - end_ns >= TRACK_LATE_NS && !track_name_is(tracker, comm, name))
    track_prove_name(tracker, track_get(tracker, key, TRUE), name);
}

void tb_tracker_program(TbTracker *tracker, gint32 key, TbName name)
{
  if (key <= 0 || track_is_nobody(name))
    return;
  TbLife last = tb_timeline_find_last_life(tracker->timeline, key);
  gboolean dead = last != TB_PROC_NONE && !track_lives_find(&tracker->lives, key);
  if (dead && tracker->now_ns - tb_timeline_life_end(tracker->timeline, last) < TRACK_LATE_NS)
    return;
  TrackLive *live = track_get(tracker, key, TRUE);
  if (live->comm && !live->hinted)
    return;
  track_prove_name(tracker, live, name);
  live->hinted = TRUE;
}

/* A main thread that is gone, and was not named again since. */
static gboolean track_is_taken_over(const TbTracker *tracker, const TrackLive *live)
{
  return live->leader.end != TB_PROC_NONE &&
         live->evidence_ns <= tb_timeline_get_thread(tracker->timeline, live->leader.end)->end_ns;
}

void tb_tracker_rename(TbTracker *tracker, gint32 key, TbName old_name, TbName new_name)
{
  if (key <= 0 || track_is_nobody(new_name))
    return;
  TrackLive *live = track_get(tracker, key, TRUE);
  if (track_is_echo(tracker, live, TRACK_RENAME) && track_name_is(tracker, live->comm, new_name))
    return;
  /* A main thread that is gone gets a name when another thread takes its place in an exec. */
  if (track_is_taken_over(tracker, live)) {
    track_distrust(tracker, live);
  } else if (!track_is_nobody(old_name)) {
    if (!live->comm && tb_timeline_life_changes(tracker->timeline, live->life) == TB_PROC_NONE)
      track_prove_name(tracker, live, old_name);
    else if (!live->comm || !track_name_is(tracker, live->comm, old_name))
      track_distrust(tracker, live);
  }
  track_change_name(tracker, live, tracker->now_ns,
                    tb_timeline_intern(tracker->timeline, new_name.bytes, new_name.len));
  live->evidence_ns = tracker->now_ns;
}
