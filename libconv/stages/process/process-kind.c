/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a task is whose birth was seen, but not as what: the event that tells was lost or not
 * asked for. The way it ends says whether it was a process or a thread of its maker.
 */
#include "stages/process/process-engine-private.h"

static TbProcess *kind_open(const TbTracker *tracker, const TrackLive *live)
{
  TbProcess *process = tb_timeline_get_process(tracker->timeline, live->process);
  return live == live->group && !process->start.id_known && process->start.known != TB_KNOWN_NOT
             ? process : NULL;
}

void track_kind_leaves(TbTracker *tracker, const TrackLive *live)
{
  TbProcess *process = kind_open(tracker, live);
  /* A thread that asks for the end of all takes its maker along. */
  if (process &&
      (process->parent == TB_PROC_NONE ||
       tb_timeline_get_process(tracker->timeline, process->parent)->end_ns == TB_TIME_NEVER))
    process->start.id_known = TRUE;
}

gboolean track_kind_ends(TbTracker *tracker, TrackLive *live, TbAnswer last)
{
  TbProcess *process = kind_open(tracker, live);
  if (!process)
    return FALSE;
  if (last == TB_ANSWER_YES)
    track_kind_leaves(tracker, live);
  if (process->parent == TB_PROC_NONE || last == TB_ANSWER_YES || live->n_threads != 1 || live->whole.code >= 0 ||
      (last == TB_ANSWER_UNKNOWN && live->leave_code < 0))
    return FALSE;
  track_end_process(tracker, live, TB_KNOWN_SEEN);
  process->start.is_alias = TRUE;
  process->end.has_code = process->end.has_signal = FALSE;
  return TRUE;
}
