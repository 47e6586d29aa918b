/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How processes end: which of the things that were asked for and sent before
 * an end explains it, and what is said about it afterwards. What does not
 * follow stays unknown; nothing is guessed from likelihood alone.
 */
#include "stages/process/process-engine-private.h"

static gboolean end_hidden(const TbTracker *tracker, gint64 since_ns)
{
  return tb_timeline_last_gap(tracker->timeline) > since_ns;
}

/*
 * The code the process asked to end with. A call that ends the whole process
 * goes before any thread's own; without one the kernel's answer depends on its
 * version (the main thread's code or the last one's), so they have to agree.
 */
static gint16 end_find_code(const TrackLive *group, gint16 last_code)
{
  if (group->whole.code >= 0)
    return group->whole.code;
  return group->leader.code == last_code ? last_code : -1;
}

/* Whether the signal the process was sent explains its end. */
static gboolean end_is_by_signal(const TbTracker *tracker, const TrackLive *group, gint16 code)
{
  if (!group->signal.number || group->signal.mixed)
    return FALSE;
  if (group->signal.met)
    return TRUE;
  if (code >= 0) /* Only a deadly signal sent before the call to exit is stronger. */
    return group->signal.sure && group->whole.code >= 0 && group->signal.to_ns < group->whole.ns;
  if (end_hidden(tracker, group->signal.from_ns))
    return FALSE;
  /* A signal that can be handled needs more: silence, or what is said of the end later. */
  return group->signal.sure || tracker->trust_silence;
}

/* Neither the call to exit nor the signal is known to have been first. */
static gboolean end_is_undecided(const TrackLive *group)
{
  return group->signal.number && group->signal.sure && group->whole.code >= 0 &&
         group->whole.ns >= group->signal.from_ns && group->whole.ns <= group->signal.to_ns;
}

static void end_explain(TbTracker *tracker, const TrackLive *group, gint16 last_code)
{
  TbProcess *process = tb_timeline_get_process(tracker->timeline, group->process);
  gint16 code = end_find_code(group, last_code);
  tracker->ended[group->process % TRACK_ENDED_SLOTS] = (TrackEnded){
    .process = group->process,
    .key = tracker->ender,
    .code = code,
    .signal = group->signal.mixed ? 0 : group->signal.number,
    .signal_shown = group->signal.shown,
    .told_last = tracker->ender_is_last != 0,
  };
  if (end_is_undecided(group))
    return;
  if (end_is_by_signal(tracker, group, code)) {
    process->end.has_signal = process->end.was_killed = TRUE;
    process->exit_signal = group->signal.number;
    process->end.exit_known = group->signal.shown ? TB_KNOWN_SEEN : TB_KNOWN_INFERRED;
  } else if (code >= 0) {
    process->end.has_code = TRUE;
    process->exit_code = (guint8)code;
    process->end.exit_known = TB_KNOWN_SEEN;
  }
}

static void end_close_thread(TbTracker *tracker, TrackLive *live, TbKnown how)
{
  if (!tb_life_is_thread(live->life))
    return;
  TbThread *thread =
      tb_timeline_get_thread(tracker->timeline, live->life & ~TB_LIFE_IS_THREAD);
  thread->end_ns = MAX(thread->start_ns, tracker->now_ns);
  thread->end_known = how & 3;
}

void track_end_thread(TbTracker *tracker, TrackLive *live, TbKnown how)
{
  TrackLive *group = live->group;
  group->n_threads -= group->n_threads > 0;
  if (live == group)
    return;
  end_close_thread(tracker, live, how);
  track_lives_remove(&tracker->lives, live);
}

void track_end_others(TbTracker *tracker, TrackLive *keep)
{
  TrackLive *group = keep->group;
  for (TrackLive *at = keep->ring.next; at != keep;) {
    TrackLive *next = at->ring.next;
    if (at != group) {
      track_distrust(tracker, at);
      end_close_thread(tracker, at, TB_KNOWN_INFERRED);
      track_lives_remove(&tracker->lives, at);
    }
    at = next;
  }
}

/* Who asked to end does not come back from it, whether the end was recorded or not. */
void track_explain_unseen(TbTracker *tracker, const TrackLive *group)
{
  TbProcess *process = tb_timeline_get_process(tracker->timeline, group->process);
  gint16 code = group->whole.code;
  if (code < 0 && group->n_threads <= 1 && !end_hidden(tracker, process->start_ns))
    code = group->leave_code;
  if (code < 0 || group->signal.number)
    return;
  process->end.has_code = TRUE;
  process->exit_code = (guint8)code;
  process->end.exit_known = TB_KNOWN_SEEN;
}

void track_end_process(TbTracker *tracker, TrackLive *group, TbKnown how)
{
  TbProcess *process = tb_timeline_get_process(tracker->timeline, group->process);
  process->end_ns = MAX(process->start_ns, tracker->now_ns);
  process->end.known = how & 3;
  track_distrust(tracker, group);
  if (how == TB_KNOWN_SEEN)
    end_explain(tracker, group, group->leave_code);
  else
    track_explain_unseen(tracker, group);
  if (group->signal.number)
    tracker->signals_pending--;
  track_end_others(tracker, group);
  track_lives_remove(&tracker->lives, group);
}

void tb_tracker_leave(TbTracker *tracker, gint32 key, guint8 code, gboolean whole)
{
  tb_tracker_acts(tracker, key);
  TrackLive *live = track_lives_find(&tracker->lives, key);
  if (!live)
    return;
  live->leave_code = code;
  if (live == live->group)
    live->leader.code = code;
  if (whole)
    track_kind_leaves(tracker, live);
  if (whole && live->group->whole.code < 0) {
    live->group->whole.code = code;
    live->group->whole.ns = tracker->now_ns;
  }
}

static void end_drop_signal(TbTracker *tracker, TrackLive *group)
{
  group->signal.number = 0;
  group->signal.mixed = group->signal.sure = group->signal.shown = group->signal.met = FALSE;
  tracker->signals_pending--;
}

void tb_tracker_acts(TbTracker *tracker, gint32 key)
{
  TrackLive *live = track_lives_find(&tracker->lives, key);
  if (live && live->group->signal.number && !live->group->signal.sure &&
      live->group->signal.to_ns != TB_TIME_NEVER)
    end_drop_signal(tracker, live->group);
}

void tb_tracker_signal(TbTracker *tracker, const TbSignalled *signal)
{
  TrackLive *live = track_lives_find(&tracker->lives, signal->tid);
  if (!live || live->group->whole.code >= 0)
    return;
  TrackLive *group = live->group;
  if (group->signal.number && (group->signal.sure || group->signal.number == signal->number))
    return; /* The first one does it. */
  if (group->signal.number)
    group->signal.mixed = TRUE;
  else
    tracker->signals_pending++;
  group->signal.number = signal->number;
  group->signal.sure = signal->sure;
  group->signal.shown = signal->shown;
  group->signal.met = FALSE;
  group->signal.from_ns = tracker->now_ns;
  group->signal.to_ns = signal->shown ? tracker->now_ns : TB_TIME_NEVER;
}

void tb_tracker_signal_sent(TbTracker *tracker, gint32 key, guint8 number, gboolean ok)
{
  TrackLive *live = track_lives_find(&tracker->lives, key);
  if (!live || live->group->signal.number != number || live->group->signal.to_ns != TB_TIME_NEVER)
    return;
  if (ok)
    live->group->signal.to_ns = tracker->now_ns;
  else
    end_drop_signal(tracker, live->group);
}

void tb_tracker_signal_met(TbTracker *tracker, gint32 key, guint8 number, gboolean fatal)
{
  TrackLive *live = track_lives_find(&tracker->lives, key);
  if (!live)
    return;
  TrackLive *group = live->group;
  if (!fatal) {
    if (group->signal.number == number && !group->signal.mixed)
      end_drop_signal(tracker, group);
    return;
  }
  if (!group->signal.number)
    tracker->signals_pending++;
  group->signal.number = number;
  group->signal.met = group->signal.shown = TRUE;
  group->signal.mixed = FALSE;
  group->signal.from_ns = group->signal.to_ns = tracker->now_ns;
}

void tb_tracker_fate(TbTracker *tracker, gint32 key, gboolean killed)
{
  TbLife life = tb_timeline_find_last_life(tracker->timeline, key);
  if (life == TB_PROC_NONE)
    return;
  guint32 id = tb_timeline_life_process(tracker->timeline, life);
  TbProcess *process = tb_timeline_get_process(tracker->timeline, id);
  const TrackEnded *ended = &tracker->ended[id % TRACK_ENDED_SLOTS];
  if (process->end.known != TB_KNOWN_SEEN || ended->process != id)
    return;
  gboolean has_code = !killed && ended->code >= 0;
  gboolean has_signal = killed && ended->signal;
  process->end.was_killed = killed;
  process->end.has_code = has_code;
  process->end.has_signal = has_signal;
  process->exit_code = has_code ? (guint8)ended->code : has_signal ? ended->signal : 0;
  process->end.exit_known = has_code || ended->signal_shown ? TB_KNOWN_SEEN : TB_KNOWN_INFERRED;
}

guint32 tb_tracker_signals_pending(const TbTracker *tracker)
{
  return tracker->signals_pending;
}

void tb_tracker_trust_silence(TbTracker *tracker)
{
  tracker->trust_silence = TRUE;
}

/* Its time is the end of the instance as the table has it, so that the pid is enough. */
void tb_tracker_exit_status(TbTracker *tracker, gint32 pid, gint32 code)
{
  TbLife life = tb_timeline_find_life_at(tracker->timeline, pid, tracker->now_ns - 1);
  if (life == TB_PROC_NONE || tb_life_is_thread(life))
    return;
  TbProcess *process = tb_timeline_get_process(tracker->timeline, life);
  process->exit_code = code;
  process->end.has_code = TRUE;
  process->end.exit_known = TB_KNOWN_SEEN;
  if (process->end.known == TB_KNOWN_NOT) {
    process->end_ns = tracker->now_ns;
    process->end.known = TB_KNOWN_SEEN;
  }
}
