/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Processes of a table of the recording: they exist at its moment, and events go on from there. */
#include "stages/process/process-engine-private.h"

static guint32 table_intern(const TbTracker *tracker, TbName name)
{
  return name.bytes ? tb_timeline_intern(tracker->timeline, name.bytes, name.len) : 0;
}

static void table_set_parent(TbTracker *tracker, guint32 process, gint32 ppid)
{
  guint32 parent = track_get(tracker, ppid, TRUE)->group->process;
  TbProcess *entry = tb_timeline_get_process(tracker->timeline, process);
  if (parent == process || entry->parent != TB_PROC_NONE)
    return;
  entry->parent = parent;
  entry->start.parent_known = TB_KNOWN_SEEN;
}

void tb_tracker_exists(TbTracker *tracker, const TbProcessExists *told, gint64 start_ns,
                       gint64 end_ns)
{
  if (told->pid <= 0)
    return;
  TrackLive *live = track_get(tracker, told->pid, TRUE)->group;
  TbProcess *process = tb_timeline_get_process(tracker->timeline, live->process);
  process->start.id_known = TRUE;
  if (told->has_start && process->start.known == TB_KNOWN_NOT) {
    process->start_ns = start_ns;
    process->start.known = TB_KNOWN_SEEN;
  }
  if (told->exe.bytes && !process->exe)
    process->exe = live->exe = table_intern(tracker, told->exe);
  if (told->comm.bytes)
    track_prove_name(tracker, live, told->comm);
  TbProcessFacts facts = tb_timeline_get_facts(tracker->timeline, live->process);
  facts.command_line = table_intern(tracker, told->cmdline);
  facts.user = table_intern(tracker, told->user);
  if (facts.command_line || facts.user)
    tb_timeline_set_facts(tracker->timeline, live->process, &facts);
  if (told->ppid > 0)
    table_set_parent(tracker, live->process, told->ppid);
  if (!told->has_end)
    return;
  guint32 id = live->process;
  track_end_process(tracker, live, TB_KNOWN_SEEN);
  tb_timeline_get_process(tracker->timeline, id)->end_ns = end_ns;
}
