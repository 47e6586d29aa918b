/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Births and ends of threads, and gaps; see process-engine.h. The hard cases are
 * where a number is used again or an event is missing; each function says what
 * it then takes for known.
 */
#include "stages/process/process-engine-private.h"

#include <string.h>

/* @claimed: known from the result of a call that began at @since_ns */
typedef struct {
  const TbBorn *told;
  gboolean claimed;
  gint64 since_ns;
} TrackBirth;

TbTracker *tb_tracker_new(TbTimeline *timeline)
{
  TbTracker *tracker = g_new0(TbTracker, 1);
  tracker->timeline = timeline;
  track_lives_init(&tracker->lives);
  for (guint i = 0; i < TRACK_ENDED_SLOTS; i++)
    tracker->ended[i].process = TB_PROC_NONE;
  return tracker;
}

void tb_tracker_free(TbTracker *tracker)
{
  if (!tracker)
    return;
  track_lives_clear(&tracker->lives);
  g_free(tracker);
}

void tb_tracker_at(TbTracker *tracker, gint64 now_ns, gconstpointer source)
{
  tracker->now_ns = now_ns;
  tracker->source = source;
}

gboolean track_is_echo(TbTracker *tracker, TrackLive *live, TrackFact fact)
{
  gboolean echo = live->echo.fact == fact && live->echo.source != tracker->source &&
                  tracker->now_ns - live->echo.ns < TRACK_ECHO_NS;
  live->echo.fact = (guint8)fact;
  live->echo.ns = tracker->now_ns;
  live->echo.source = tracker->source;
  return echo;
}

/* A thread of which nothing was told before: it may have existed all the time. */
static TrackLive *track_adopt(TbTracker *tracker, gint32 key, gint64 since_ns)
{
  guint32 id = tb_timeline_add_process(tracker->timeline, key);
  tb_timeline_get_process(tracker->timeline, id)->start_ns = since_ns;
  TrackLive *live = track_lives_add(&tracker->lives, key);
  live->life = tb_life_of_process(id);
  live->process = id;
  live->n_threads = 1;
  return live;
}

/*
 * One from before the recording; or, behind an earlier life, one whose start is missing. The
 * latter only if @acts: names of the dead are still told for a while (their last switch).
 */
TrackLive *track_get_unknown(TbTracker *tracker, gint32 key, gboolean acts)
{
  TbLife last = tb_timeline_find_last_life(tracker->timeline, key);
  if (last == TB_PROC_NONE)
    return track_adopt(tracker, key, TB_TIME_BEFORE);
  if (!acts)
    return NULL;
  /* It began unseen after the last end: where a gap hid that, it is its own since the gap. */
  gint64 since_ns = tracker->now_ns;
  gint64 end_ns = tb_timeline_life_end(tracker->timeline, last);
  gint64 from_ns, to_ns;
  if (tb_timeline_find_gap_after(tracker->timeline, end_ns, &from_ns, &to_ns) &&
      tb_timeline_last_gap(tracker->timeline) == to_ns)
    since_ns = MIN(since_ns, to_ns);
  return track_adopt(tracker, key, since_ns);
}

/* Ends what is known under @key, because somebody new has the number. */
static void track_bury(TbTracker *tracker, TrackLive *live)
{
  track_distrust(tracker, live);
  if (live == live->group)
    track_end_process(tracker, live, TB_KNOWN_INFERRED);
  else
    track_end_thread(tracker, live, TB_KNOWN_INFERRED);
}

static TrackLive *track_add_thread(TbTracker *tracker, const TrackBirth *birth, TrackLive *maker)
{
  guint32 id = tb_timeline_add_thread(tracker->timeline, maker->group->process, birth->told->child);
  TbThread *thread = tb_timeline_get_thread(tracker->timeline, id);
  thread->start_ns = tracker->now_ns;
  thread->start_known = birth->claimed ? TB_KNOWN_INFERRED : TB_KNOWN_SEEN;
  thread->told_by_fork = !birth->told->announces;
  TrackLive *live = track_lives_add(&tracker->lives, birth->told->child);
  TrackLive *group = maker->group;
  live->life = tb_life_of_thread(id);
  live->process = group->process;
  live->group = group;
  live->ring.prev = group->ring.prev;
  live->ring.next = group;
  group->ring.prev->ring.next = live;
  group->ring.prev = live;
  group->n_threads++;
  return live;
}

static TrackLive *track_add_process(TbTracker *tracker, const TrackBirth *birth, TrackLive *maker)
{
  guint32 id = tb_timeline_add_process(tracker->timeline, birth->told->child);
  TbProcess *process = tb_timeline_get_process(tracker->timeline, id);
  process->start_ns = tracker->now_ns;
  process->start.known = birth->claimed ? TB_KNOWN_INFERRED : TB_KNOWN_SEEN;
  process->start.told_by_fork = !birth->told->announces;
  process->start.id_known = birth->told->is_thread == TB_ANSWER_NO;
  TrackLive *live = track_lives_add(&tracker->lives, birth->told->child);
  live->life = tb_life_of_process(id);
  live->process = id;
  live->n_threads = 1;
  if (!maker)
    return live;
  const TbProcess *made_by = tb_timeline_get_process(tracker->timeline, maker->group->process);
  process->parent = birth->told->is_sibling ? made_by->parent : maker->group->process;
  process->start.parent_known = process->parent == TB_PROC_NONE ? TB_KNOWN_NOT : process->start.known;
  process->exe = live->exe = maker->group->exe;
  return live;
}

/* The result of a call names a child that already showed itself: only its maker is new. */
static gboolean track_claim(TbTracker *tracker, const TrackBirth *birth, TrackLive *maker,
                            TrackLive *child)
{
  TbProcess *process = tb_timeline_get_process(tracker->timeline, child->process);
  if (!birth->claimed || !maker || child == maker)
    return FALSE;
  if (process->start.known == TB_KNOWN_SEEN || process->parent != TB_PROC_NONE)
    return TRUE; /* told better already */
  gint64 shown_ns = process->start.known == TB_KNOWN_NOT ? child->evidence_ns : process->start_ns;
  if (shown_ns < birth->since_ns || birth->told->is_sibling || child != child->group)
    return FALSE;
  process->start_ns = birth->since_ns;
  process->start.known = TB_KNOWN_INFERRED;
  process->parent = maker->group->process;
  process->start.parent_known = TB_KNOWN_INFERRED;
  process->start.id_known = birth->told->is_thread == TB_ANSWER_NO;
  return TRUE;
}

/* The second of the two events that tell a birth. */
static gboolean track_is_confirmed(TbTracker *tracker, const TrackBirth *birth, TrackLive *maker,
                                   TrackLive *child)
{
  if (birth->told->announces || birth->claimed || !maker || maker->newborn != birth->told->child)
    return FALSE;
  maker->newborn = 0;
  if (tb_life_is_thread(child->life))
    tb_timeline_get_thread(tracker->timeline, child->life & ~TB_LIFE_IS_THREAD)->told_by_fork =
        TRUE;
  else
    tb_timeline_get_process(tracker->timeline, child->life)->start.told_by_fork = TRUE;
  return TRUE;
}

static void track_birth(TbTracker *tracker, const TrackBirth *birth)
{
  if (birth->told->child <= 0)
    return;
  TrackLive *maker = birth->told->maker > 0 ? track_get(tracker, birth->told->maker, TRUE) : NULL;
  TrackLive *child = track_lives_find(&tracker->lives, birth->told->child);
  if (child) {
    if (track_is_confirmed(tracker, birth, maker, child) ||
        track_is_echo(tracker, child, TRACK_BIRTH) || track_claim(tracker, birth, maker, child))
      return;
    if (birth->claimed || child == maker || (maker && child == maker->group))
      return; /* A number of another namespace, or a damaged event: nobody makes himself. */
    track_bury(tracker, child);
  }
  child = maker && birth->told->is_thread == TB_ANSWER_YES ? track_add_thread(tracker, birth, maker)
                                                     : track_add_process(tracker, birth, maker);
  track_is_echo(tracker, child, TRACK_BIRTH);
  child->evidence_ns = tracker->now_ns;
  if (maker)
    maker->newborn = birth->told->announces ? birth->told->child : 0;
  if (!track_is_nobody(birth->told->comm))
    track_prove_name(tracker, child, birth->told->comm);
  else if (maker && maker->comm)
    track_set_first_name(tracker, child, maker->comm);
}

void tb_tracker_birth(TbTracker *tracker, const TbBorn *born)
{
  tracker->births_told = TRUE;
  track_birth(tracker, &(TrackBirth){ .told = born });
}

/* Where births are told, only one that a gap may have hidden; numbers of another pid namespace
 * stay out by that. */
void tb_tracker_claim(TbTracker *tracker, const TbBorn *born, gint64 since_ns)
{
  if (!tracker->births_told || tb_timeline_last_gap(tracker->timeline) > since_ns)
    track_birth(tracker, &(TrackBirth){ .told = born, .claimed = TRUE, .since_ns = since_ns });
}

void tb_tracker_newborn(TbTracker *tracker, gint32 key, gboolean is_process)
{
  gboolean first = key > 0 && !track_lives_find(&tracker->lives, key);
  const TrackLive *live = key > 0 ? track_get(tracker, key, TRUE) : NULL;
  if (!live || live != live->group)
    return;
  TbProcess *process = tb_timeline_get_process(tracker->timeline, live->process);
  if (process->start.known != TB_KNOWN_NOT || process->parent != TB_PROC_NONE)
    return;
  if (first)
    process->start_ns = tracker->now_ns;
  process->start.known = TB_KNOWN_INFERRED;
  process->start.id_known = is_process != FALSE;
}

/* The process ended with @key, not with the thread that was thought its last. */
static void track_move_end(TbTracker *tracker, TrackEnded *ended, gint32 key)
{
  TbLife before = tb_timeline_find_last_life(tracker->timeline, ended->key);
  TbLife now = tb_timeline_find_last_life(tracker->timeline, key);
  if (tb_life_is_thread(before))
    tb_timeline_get_thread(tracker->timeline, before & ~TB_LIFE_IS_THREAD)->ends_process = FALSE;
  if (tb_life_is_thread(now))
    tb_timeline_get_thread(tracker->timeline, now & ~TB_LIFE_IS_THREAD)->ends_process = TRUE;
  ended->key = key;
}

/* News of an end that is known already, or of the end of one who ended with others. */
static gboolean track_is_late_end(TbTracker *tracker, gint32 key)
{
  TbLife last = tb_timeline_find_last_life(tracker->timeline, key);
  if (last == TB_PROC_NONE)
    return FALSE;
  guint32 id = tb_timeline_life_process(tracker->timeline, last);
  TbProcess *process = tb_timeline_get_process(tracker->timeline, id);
  gint64 age_ns = tracker->now_ns - tb_timeline_life_end(tracker->timeline, last);
  TrackEnded *ended = &tracker->ended[id % TRACK_ENDED_SLOTS];
  if (tb_life_is_thread(last)) {
    TbThread *thread = tb_timeline_get_thread(tracker->timeline, last & ~TB_LIFE_IS_THREAD);
    if (thread->end_known == TB_KNOWN_SEEN)
      return age_ns < TRACK_ECHO_NS;
    if (age_ns >= TRACK_LATE_NS)
      return FALSE;
    thread->end_ns = tracker->now_ns;
    thread->end_known = TB_KNOWN_SEEN;
  } else if (process->end.known != TB_KNOWN_SEEN || ended->process != id || ended->key == key) {
    return process->end.known == TB_KNOWN_SEEN && age_ns < TRACK_ECHO_NS;
  } else if (age_ns >= TRACK_LATE_NS || process->end.leader_left) {
    return FALSE;
  }
  if (process->end.known == TB_KNOWN_SEEN && tracker->now_ns >= process->end_ns) {
    process->end_ns = tracker->now_ns;
    if (ended->process == id)
      track_move_end(tracker, ended, key);
  }
  return TRUE;
}

/* Whether hidden threads may go on: no event said that this was the last one. */
static TbKnown track_end_certainty(TbTracker *tracker, const TrackLive *group, TbAnswer last)
{
  gint64 start_ns = tb_timeline_get_process(tracker->timeline, group->process)->start_ns;
  if (last == TB_ANSWER_YES || tb_timeline_last_gap(tracker->timeline) <= start_ns)
    return TB_KNOWN_SEEN;
  return TB_KNOWN_INFERRED;
}

void tb_tracker_exit(TbTracker *tracker, gint32 key, TbName name, TbAnswer last)
{
  if (key <= 0)
    return;
  TrackLive *live = track_lives_find(&tracker->lives, key);
  if (!live && track_is_late_end(tracker, key))
    return;
  if (!live)
    live = track_get(tracker, key, TRUE);
  if (track_is_echo(tracker, live, TRACK_EXIT))
    return;
  track_prove_name(tracker, live, name);
  TrackLive *group = live->group;
  gint16 code = live->leave_code;
  TbLife life = live->life;
  if (track_kind_ends(tracker, live, last))
    return;
  if (live->leader.end != TB_PROC_NONE) /* It was taken over by an exec that was not told. */
    track_take_back(tracker, live);
  track_end_thread(tracker, live, TB_KNOWN_SEEN);
  if (last == TB_ANSWER_YES || (last == TB_ANSWER_UNKNOWN && group->n_threads == 0)) {
    if (tb_life_is_thread(life))
      tb_timeline_get_thread(tracker->timeline, life & ~TB_LIFE_IS_THREAD)->ends_process = TRUE;
    group->leave_code = code;
    tracker->ender = key;
    tracker->ender_is_last = last == TB_ANSWER_YES;
    track_end_process(tracker, group, track_end_certainty(tracker, group, last));
  } else if (!tb_life_is_thread(life)) {
    group->leader.end =
        tb_timeline_add_leader_end(tracker->timeline, group->process, tracker->now_ns);
  }
}

void tb_tracker_reaped(TbTracker *tracker, gint32 parent, gint32 child)
{
  TbLife last = child > 0 ? tb_timeline_find_last_life(tracker->timeline, child) : TB_PROC_NONE;
  if (parent <= 0 || last == TB_PROC_NONE || tb_life_is_thread(last))
    return;
  TbProcess *process = tb_timeline_get_process(tracker->timeline, last);
  if (process->end_ns == TB_TIME_NEVER)
    return; /* Tracers collect the living as well. */
  process->start.id_known = TRUE;
  guint32 reaper = track_get(tracker, parent, TRUE)->group->process;
  process = tb_timeline_get_process(tracker->timeline, last);
  if (process->parent == TB_PROC_NONE) {
    process->parent = reaper;
    process->start.parent_known = TB_KNOWN_INFERRED;
    return;
  }
  guint32 known = tb_timeline_resolve(tracker->timeline, process->parent);
  if (known != reaper &&
      tb_timeline_get_process(tracker->timeline, known)->end_ns <= process->end_ns)
    tb_timeline_set_reaper(tracker->timeline, last, reaper);
}

void tb_tracker_subreaper(TbTracker *tracker, gint32 key, gboolean on)
{
  if (key > 0)
    tb_timeline_set_subreaper(tracker->timeline,
                              track_get(tracker, key, TRUE)->group->process, tracker->now_ns, on);
}

void tb_tracker_gap(TbTracker *tracker, gint64 from_ns)
{
  tb_timeline_add_gap(tracker->timeline, from_ns, tracker->now_ns);
}

/* A saved name proves nothing about when; but one that equals the last known one stands. */
static void track_close(TbTracker *tracker, TrackLive *live)
{
  if (live == live->group)
    track_explain_unseen(tracker, live);
  const char *saved = tb_timeline_get_saved_name(tracker->timeline, live->key);
  if (!live->comm ||
      (saved && track_name_is(tracker, live->comm, (TbName){ saved, strlen(saved) })))
    return;
  track_distrust(tracker, live);
}

void tb_tracker_finish(TbTracker *tracker)
{
  for (guint32 i = 0; i < tracker->lives.cap; i++)
    if (tracker->lives.slots[i])
      track_close(tracker, tracker->lives.slots[i]);
  guint32 n = tb_timeline_get_n_processes(tracker->timeline);
  for (guint32 i = 0; i < n; i++) {
    TbProcess *process = tb_timeline_get_process(tracker->timeline, i);
    const char *saved = tb_timeline_get_saved_name(tracker->timeline, process->pid);
    if (process->comm || !saved || process->next_life != tb_life_of_process(i) ||
        process->changes != TB_PROC_NONE)
      continue;
    process->comm = tb_timeline_intern(tracker->timeline, saved, strlen(saved));
    process->start.comm_saved = TRUE;
  }
}
