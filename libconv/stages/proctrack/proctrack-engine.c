/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Births, names, programs and ends of threads; see proctrack-engine.h. The
 * hard cases are where a number is used again or an event is missing; each
 * function says what it then takes for known.
 */
#include "stages/proctrack/proctrack-live.h"

#include <string.h>

/*
 * Two buffers of one recording tell the same fact within the first time; threads that
 * end together tell it within the second; the name that an exec gives is told within
 * the third before the exec.
 */
enum { TRACK_ECHO_NS = 10000, TRACK_LATE_NS = 10000000, TRACK_EXEC_NS = 50000000 };
enum { TRACK_NAME_MAX = 15 };

typedef enum { FACT_NONE, FACT_BIRTH, FACT_RENAME, FACT_EXEC, FACT_EXIT } TrackFact;

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

static gboolean track_is_echo(TbTracker *tracker, TrackLive *live, TrackFact fact)
{
  gboolean echo = live->echo_fact == fact && live->echo_source != tracker->source &&
                  tracker->now_ns - live->echo_ns < TRACK_ECHO_NS;
  live->echo_fact = (guint8)fact;
  live->echo_ns = tracker->now_ns;
  live->echo_source = tracker->source;
  return echo;
}

static gboolean track_is_nobody(TbName name)
{
  return !name.bytes || (name.len == 5 && memcmp(name.bytes, "<...>", 5) == 0);
}

static gboolean track_name_is(const TbTracker *tracker, guint32 string, TbName name)
{
  const char *known = tb_timeline_get_string(tracker->timeline, string);
  return known && strncmp(known, name.bytes, name.len) == 0 && known[name.len] == 0;
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
 * The living thread @key. Where none is known: one from before the recording;
 * or, behind an earlier life, one whose start is missing. The latter only if
 * @acts: names of the dead are still told for a while (their last switch).
 */
static TrackLive *track_get(TbTracker *tracker, gint32 key, gboolean acts)
{
  TrackLive *live = track_lives_find(&tracker->lives, key);
  if (live)
    return live;
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

/* The first name known of a life is its name backwards to its start. */
static void track_set_first_name(TbTracker *tracker, TrackLive *live, guint32 comm)
{
  if (tb_life_is_thread(live->life))
    tb_timeline_get_thread(tracker->timeline, live->life & ~TB_LIFE_IS_THREAD)->comm = comm;
  else
    tb_timeline_get_process(tracker->timeline, live->life)->comm = comm;
  live->comm = comm;
}

static void track_change_name(TbTracker *tracker, TrackLive *live, gint64 time_ns, guint32 comm)
{
  tb_timeline_add_change(tracker->timeline, live->life, time_ns, comm);
  live->comm = comm;
}

static void track_forget_program(TbTracker *tracker, TrackLive *group, gint64 time_ns)
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
static gboolean track_prove_name(TbTracker *tracker, TrackLive *live, TbName name)
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
    if (live->leader_end == TB_PROC_NONE)
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
  return live->leader_end != TB_PROC_NONE &&
         live->evidence_ns <= tb_timeline_get_thread(tracker->timeline, live->leader_end)->end_ns;
}

void tb_tracker_rename(TbTracker *tracker, gint32 key, TbName old_name, TbName new_name)
{
  if (key <= 0 || track_is_nobody(new_name))
    return;
  TrackLive *live = track_get(tracker, key, TRUE);
  if (track_is_echo(tracker, live, FACT_RENAME) && track_name_is(tracker, live->comm, new_name))
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

/* Ends what is known under @key, because somebody new has the number. */
static void track_bury(TbTracker *tracker, TrackLive *live)
{
  track_distrust(tracker, live);
  if (live == live->group)
    track_end_process(tracker, live, TB_KNOWN_INFERRED);
  else
    track_end_thread(tracker, live, TB_KNOWN_INFERRED);
}

static TrackLive *track_add_thread(TbTracker *tracker, const TbBirth *birth, TrackLive *maker)
{
  guint32 id = tb_timeline_add_thread(tracker->timeline, maker->group->process, birth->child);
  TbThread *thread = tb_timeline_get_thread(tracker->timeline, id);
  thread->start_ns = tracker->now_ns;
  thread->start_known = birth->inferred ? TB_KNOWN_INFERRED : TB_KNOWN_SEEN;
  thread->told_by_fork = !birth->announces;
  TrackLive *live = track_lives_add(&tracker->lives, birth->child);
  TrackLive *group = maker->group;
  live->life = tb_life_of_thread(id);
  live->process = group->process;
  live->group = group;
  live->group_prev = group->group_prev;
  live->group_next = group;
  group->group_prev->group_next = live;
  group->group_prev = live;
  group->n_threads++;
  return live;
}

static TrackLive *track_add_process(TbTracker *tracker, const TbBirth *birth, TrackLive *maker)
{
  guint32 id = tb_timeline_add_process(tracker->timeline, birth->child);
  TbProcess *process = tb_timeline_get_process(tracker->timeline, id);
  process->start_ns = tracker->now_ns;
  process->start_known = birth->inferred ? TB_KNOWN_INFERRED : TB_KNOWN_SEEN;
  process->told_by_fork = !birth->announces;
  process->id_known = birth->is_thread == TB_ANSWER_NO;
  TrackLive *live = track_lives_add(&tracker->lives, birth->child);
  live->life = tb_life_of_process(id);
  live->process = id;
  live->n_threads = 1;
  if (!maker)
    return live;
  const TbProcess *made_by = tb_timeline_get_process(tracker->timeline, maker->group->process);
  process->parent = birth->is_sibling ? made_by->parent : maker->group->process;
  process->parent_known = process->parent == TB_PROC_NONE ? TB_KNOWN_NOT : process->start_known;
  process->exe = live->exe = maker->group->exe;
  return live;
}

/* The result of a call names a child that already showed itself: only its maker is new. */
static gboolean track_claim(TbTracker *tracker, const TbBirth *birth, TrackLive *maker,
                            TrackLive *child)
{
  TbProcess *process = tb_timeline_get_process(tracker->timeline, child->process);
  if (!birth->inferred || !maker || child == maker)
    return FALSE;
  if (process->start_known == TB_KNOWN_SEEN || process->parent != TB_PROC_NONE)
    return TRUE; /* told better already */
  gint64 shown_ns = process->start_known == TB_KNOWN_NOT ? child->evidence_ns : process->start_ns;
  if (shown_ns < birth->since_ns || birth->is_sibling || child != child->group)
    return FALSE;
  process->start_ns = birth->since_ns;
  process->start_known = TB_KNOWN_INFERRED;
  process->parent = maker->group->process;
  process->parent_known = TB_KNOWN_INFERRED;
  process->id_known = birth->is_thread == TB_ANSWER_NO;
  return TRUE;
}

/* The second of the two events that tell a birth. */
static gboolean track_is_confirmed(TbTracker *tracker, const TbBirth *birth, TrackLive *maker,
                                   TrackLive *child)
{
  if (birth->announces || birth->inferred || !maker || maker->newborn != birth->child)
    return FALSE;
  maker->newborn = 0;
  if (tb_life_is_thread(child->life))
    tb_timeline_get_thread(tracker->timeline, child->life & ~TB_LIFE_IS_THREAD)->told_by_fork =
        TRUE;
  else
    tb_timeline_get_process(tracker->timeline, child->life)->told_by_fork = TRUE;
  return TRUE;
}

void tb_tracker_birth(TbTracker *tracker, const TbBirth *birth)
{
  if (birth->child <= 0)
    return;
  TrackLive *maker = birth->maker > 0 ? track_get(tracker, birth->maker, TRUE) : NULL;
  TrackLive *child = track_lives_find(&tracker->lives, birth->child);
  if (child) {
    if (track_is_confirmed(tracker, birth, maker, child) ||
        track_is_echo(tracker, child, FACT_BIRTH) || track_claim(tracker, birth, maker, child))
      return;
    if (birth->inferred || child == maker || (maker && child == maker->group))
      return; /* A number of another namespace, or a damaged event: nobody makes himself. */
    track_bury(tracker, child);
  }
  child = maker && birth->is_thread == TB_ANSWER_YES ? track_add_thread(tracker, birth, maker)
                                                     : track_add_process(tracker, birth, maker);
  track_is_echo(tracker, child, FACT_BIRTH);
  child->evidence_ns = tracker->now_ns;
  if (maker)
    maker->newborn = birth->announces ? birth->child : 0;
  if (!track_is_nobody(birth->comm))
    track_prove_name(tracker, child, birth->comm);
  else if (maker && maker->comm)
    track_set_first_name(tracker, child, maker->comm);
}

void tb_tracker_newborn(TbTracker *tracker, gint32 key, gboolean is_process)
{
  gboolean first = key > 0 && !track_lives_find(&tracker->lives, key);
  const TrackLive *live = key > 0 ? track_get(tracker, key, TRUE) : NULL;
  if (!live || live != live->group)
    return;
  TbProcess *process = tb_timeline_get_process(tracker->timeline, live->process);
  if (process->start_known != TB_KNOWN_NOT || process->parent != TB_PROC_NONE)
    return;
  if (first)
    process->start_ns = tracker->now_ns;
  process->start_known = TB_KNOWN_INFERRED;
  process->id_known = is_process != FALSE;
}

/* @old, another thread of the process or a number not known to be one, goes on as @leader. */
static void track_take_over(TbTracker *tracker, TrackLive *leader, gint32 old_key)
{
  TrackLive *old = track_lives_find(&tracker->lives, old_key);
  if (!old)
    return;
  leader->leave_code = -1;
  track_distrust(tracker, old);
  if (old->group == leader) {
    track_end_thread(tracker, old, TB_KNOWN_SEEN);
    return;
  }
  if (old != old->group)
    return;
  TbProcess *alias = tb_timeline_get_process(tracker->timeline, old->process);
  if (!alias->id_known && leader->exe == 0)
    leader->exe = old->exe;
  gboolean is_alias = !alias->id_known;
  track_end_process(tracker, old, TB_KNOWN_SEEN);
  if (is_alias) {
    alias->is_alias = TRUE;
    alias->parent = leader->process;
    alias->has_code = alias->has_signal = FALSE;
  }
}

static void track_reopen_process(TbTracker *tracker, TrackLive *live, guint32 id)
{
  TbProcess *process = tb_timeline_get_process(tracker->timeline, id);
  process->end_ns = TB_TIME_NEVER;
  process->end_known = process->exit_known = TB_KNOWN_NOT;
  process->has_code = process->has_signal = process->was_killed = FALSE;
  live->life = tb_life_of_process(id);
  live->process = id;
  live->exe = tb_timeline_exe_at(tracker->timeline, id, TB_TIME_NEVER - 1);
}

/* Whether @life, a process that ended, may have had threads that no event told. */
static gboolean track_may_go_on(const TbTracker *tracker, TbLife life)
{
  if (life == TB_PROC_NONE || tb_life_is_thread(life))
    return FALSE;
  const TrackEnded *ended = &tracker->ended[life % TRACK_ENDED_SLOTS];
  return ended->process == life && !ended->told_last;
}

/*
 * Another thread goes on as the main thread @key, so the process had not ended
 * with the threads that were known of it; if the name of the new program made
 * it look like somebody new, that was the same one, too.
 */
static TrackLive *track_reopen(TbTracker *tracker, gint32 key, TrackLive *live)
{
  TbLife last = tb_timeline_find_last_life(tracker->timeline, key);
  if (!live && track_may_go_on(tracker, last)) {
    live = track_lives_add(&tracker->lives, key);
    track_reopen_process(tracker, live, last);
    live->comm = tb_timeline_comm_at(tracker->timeline, last, TB_TIME_NEVER - 1);
    return live;
  }
  if (!live)
    return track_get(tracker, key, TRUE);
  const TbProcess *process = tb_timeline_get_process(tracker->timeline, live->process);
  if (live != live->group || process->start_known != TB_KNOWN_NOT ||
      process->start_ns == TB_TIME_BEFORE ||
      tracker->now_ns - process->start_ns >= TRACK_EXEC_NS ||
      !track_may_go_on(tracker, tb_timeline_life_before(tracker->timeline, key)))
    return live;
  guint32 before = tb_timeline_withdraw(tracker->timeline, key);
  if (before != TB_PROC_NONE) {
    track_reopen_process(tracker, live, before);
    track_change_name(tracker, live, live->evidence_ns, live->comm);
  }
  return live;
}

/* Where the name that comes with a program was not told, it is the program's own. */
static void track_name_by_program(TbTracker *tracker, TrackLive *live, TbName path, gboolean told)
{
  const char *slash = memrchr(path.bytes, '/', path.len);
  TbName name = { .bytes = slash ? slash + 1 : path.bytes };
  name.len = MIN((gsize)(path.bytes + path.len - name.bytes), TRACK_NAME_MAX);
  if (told || !name.len)
    return;
  track_distrust(tracker, live);
  if (live->comm && track_name_is(tracker, live->comm, name))
    return;
  track_change_name(tracker, live, tracker->now_ns,
                    tb_timeline_intern(tracker->timeline, name.bytes, name.len));
  live->evidence_ns = tracker->now_ns;
}

/* The main thread that left is there again: another one goes on under its number. */
static void track_take_back(TbTracker *tracker, TrackLive *leader)
{
  tb_timeline_get_thread(tracker->timeline, leader->leader_end)->tid = 0;
  tb_timeline_get_process(tracker->timeline, leader->process)->leader_left = FALSE;
  leader->leader_end = TB_PROC_NONE;
  leader->n_threads = MAX(leader->n_threads, 1);
}

void tb_tracker_exec(TbTracker *tracker, gint32 key, gint32 old_key, TbName path)
{
  if (key <= 0 || !path.bytes)
    return;
  gboolean takes_over = old_key > 0 && old_key != key;
  TrackLive *live = track_lives_find(&tracker->lives, key);
  if (takes_over)
    live = track_reopen(tracker, key, live);
  else if (!live)
    live = track_get(tracker, key, TRUE);
  if (live != live->group) /* A thread that was not told to be a thread of another process. */
    return;
  gboolean told = live->echo_fact == FACT_RENAME &&
                  tracker->now_ns - live->echo_ns < TRACK_EXEC_NS &&
                  tb_timeline_last_gap(tracker->timeline) <= live->echo_ns;
  guint32 exe = tb_timeline_intern(tracker->timeline, path.bytes, path.len);
  if (track_is_echo(tracker, live, FACT_EXEC) && live->exe == exe)
    return;
  if (takes_over)
    track_take_over(tracker, live, old_key);
  track_end_others(tracker, live);
  if (live->leader_end != TB_PROC_NONE)
    track_take_back(tracker, live);
  live->n_threads = 1;
  live->leave_code = live->leader_code = live->whole_code = -1;
  live->newborn = 0;
  tb_timeline_get_process(tracker->timeline, live->process)->id_known = TRUE;
  track_name_by_program(tracker, live, path, told);
  tb_timeline_add_change(tracker->timeline, live->life, tracker->now_ns, exe | TB_CHANGE_IS_EXE);
  live->exe = exe;
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
  } else if (process->end_known != TB_KNOWN_SEEN || ended->process != id || ended->key == key) {
    return process->end_known == TB_KNOWN_SEEN && age_ns < TRACK_ECHO_NS;
  } else if (age_ns >= TRACK_LATE_NS || process->leader_left) {
    return FALSE;
  }
  if (process->end_known == TB_KNOWN_SEEN && tracker->now_ns >= process->end_ns) {
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
  if (track_is_echo(tracker, live, FACT_EXIT))
    return;
  track_prove_name(tracker, live, name);
  TrackLive *group = live->group;
  gint16 code = live->leave_code;
  TbLife life = live->life;
  if (track_kind_ends(tracker, live, last))
    return;
  if (live->leader_end != TB_PROC_NONE) /* It was taken over by an exec that was not told. */
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
    group->leader_end =
        tb_timeline_add_leader_end(tracker->timeline, group->process, tracker->now_ns);
  }
}

void tb_tracker_program_unknown(TbTracker *tracker, gint32 key, gint64 since_ns)
{
  TrackLive *live = track_lives_find(&tracker->lives, key);
  if (live && (live->echo_fact != FACT_EXEC || live->echo_ns < since_ns))
    track_forget_program(tracker, live->group, since_ns);
}

void tb_tracker_reaped(TbTracker *tracker, gint32 parent, gint32 child)
{
  TbLife last = child > 0 ? tb_timeline_find_last_life(tracker->timeline, child) : TB_PROC_NONE;
  if (parent <= 0 || last == TB_PROC_NONE || tb_life_is_thread(last))
    return;
  TbProcess *process = tb_timeline_get_process(tracker->timeline, last);
  if (process->end_ns == TB_TIME_NEVER)
    return; /* Tracers collect the living as well. */
  process->id_known = TRUE;
  guint32 reaper = track_get(tracker, parent, TRUE)->group->process;
  process = tb_timeline_get_process(tracker->timeline, last);
  if (process->parent == TB_PROC_NONE) {
    process->parent = reaper;
    process->parent_known = TB_KNOWN_INFERRED;
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
    process->comm_saved = TRUE;
  }
}
