/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which programs processes run, and who goes on under whose number; see process-engine.h. */
#include "stages/process/process-engine-private.h"

#include <string.h>

enum { TRACK_NAME_MAX = 15 };

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
  if (!alias->start.id_known && leader->exe == 0)
    leader->exe = old->exe;
  gboolean is_alias = !alias->start.id_known;
  track_end_process(tracker, old, TB_KNOWN_SEEN);
  if (is_alias) {
    alias->start.is_alias = TRUE;
    alias->parent = leader->process;
    alias->end.has_code = alias->end.has_signal = FALSE;
  }
}

static void track_reopen_process(TbTracker *tracker, TrackLive *live, guint32 id)
{
  TbProcess *process = tb_timeline_get_process(tracker->timeline, id);
  process->end_ns = TB_TIME_NEVER;
  process->end.known = process->end.exit_known = TB_KNOWN_NOT;
  process->end.has_code = process->end.has_signal = process->end.was_killed = FALSE;
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
  if (live != live->group || process->start.known != TB_KNOWN_NOT ||
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
void track_take_back(TbTracker *tracker, TrackLive *leader)
{
  tb_timeline_get_thread(tracker->timeline, leader->leader.end)->tid = 0;
  tb_timeline_get_process(tracker->timeline, leader->process)->end.leader_left = FALSE;
  leader->leader.end = TB_PROC_NONE;
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
  gboolean told = live->echo.fact == TRACK_RENAME &&
                  tracker->now_ns - live->echo.ns < TRACK_EXEC_NS &&
                  tb_timeline_last_gap(tracker->timeline) <= live->echo.ns;
  guint32 exe = tb_timeline_intern(tracker->timeline, path.bytes, path.len);
  if (track_is_echo(tracker, live, TRACK_EXEC) && live->exe == exe)
    return;
  if (takes_over)
    track_take_over(tracker, live, old_key);
  track_end_others(tracker, live);
  if (live->leader.end != TB_PROC_NONE)
    track_take_back(tracker, live);
  live->n_threads = 1;
  live->leave_code = live->leader.code = live->whole.code = -1;
  live->newborn = 0;
  tb_timeline_get_process(tracker->timeline, live->process)->start.id_known = TRUE;
  track_name_by_program(tracker, live, path, told);
  tb_timeline_add_change(tracker->timeline, live->life, tracker->now_ns, exe | TB_CHANGE_IS_EXE);
  live->exe = exe;
}

void tb_tracker_program_unknown(TbTracker *tracker, gint32 key, gint64 since_ns)
{
  TrackLive *live = track_lives_find(&tracker->lives, key);
  if (live && (live->echo.fact != TRACK_EXEC || live->echo.ns < since_ns))
    track_forget_program(tracker, live->group, since_ns);
}
