/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Choice of processes; see filter.h. An answer is remembered as long as the context is the same. */
#include "stages/filter.h"

enum { FILTER_ANCESTORS = 1024 };

/* @generation: of the context the answer is for; 0 = none yet */
typedef struct {
  guint64 generation;
  gboolean keeps;
} FilterAnswer;

struct _TbFilter {
  TbFilterWish wish;
  GArray *answers; /* FilterAnswer by context slot */
};

TbFilter *tb_filter_new(const TbFilterWish *wish)
{
  if ((!wish->pids || wish->pids->len == 0) && (!wish->comms || !wish->comms[0]))
    return NULL;
  TbFilter *filter = g_new0(TbFilter, 1);
  filter->wish = *wish;
  filter->answers = g_array_new(FALSE, TRUE, sizeof(FilterAnswer));
  return filter;
}

void tb_filter_free(TbFilter *filter)
{
  if (!filter)
    return;
  g_array_unref(filter->answers);
  g_free(filter);
}

static gboolean filter_wants_pid(const TbFilter *filter, gint32 pid)
{
  for (guint i = 0; filter->wish.pids && i < filter->wish.pids->len; i++)
    if (g_array_index(filter->wish.pids, gint32, i) == pid)
      return TRUE;
  return FALSE;
}

static gboolean filter_wants_comm(const TbFilter *filter, const char *comm)
{
  return comm && filter->wish.comms && g_strv_contains(filter->wish.comms, comm);
}

/* Any name the process had will do: it may have had its children under an earlier one. */
static gboolean filter_wants_process(const TbFilter *filter, const TbTimeline *timeline,
                                     const TbProcess *process)
{
  if (filter_wants_pid(filter, process->pid) ||
      filter_wants_comm(filter, tb_timeline_get_string(timeline, process->comm)))
    return TRUE;
  guint32 at = process->changes;
  while (at != TB_PROC_NONE) {
    const TbChange *change = tb_timeline_get_change(timeline, at);
    if (!tb_change_is_exe(change) &&
        filter_wants_comm(filter, tb_timeline_get_string(timeline, tb_change_string(change))))
      return TRUE;
    at = change->next == process->changes ? TB_PROC_NONE : change->next;
  }
  return FALSE;
}

static gboolean filter_wants_ancestor(const TbFilter *filter, const TbTimeline *timeline,
                                      gint32 tid, gint64 time_ns)
{
  TbLife life = tb_timeline_find_life_at(timeline, tid, time_ns);
  if (life == TB_PROC_NONE)
    return FALSE;
  guint32 process = tb_timeline_life_process(timeline, life);
  for (guint i = 0; i < FILTER_ANCESTORS && process != TB_PROC_NONE; i++) {
    const TbProcess *entry = tb_timeline_get_process(timeline, tb_timeline_resolve(timeline, process));
    if (filter_wants_process(filter, timeline, entry))
      return TRUE;
    process = entry->parent;
  }
  return FALSE;
}

static gboolean filter_wants(const TbFilter *filter, const TbItem *event, gint32 pid, gint32 tid,
                             const char *comm)
{
  if (filter_wants_pid(filter, pid) || filter_wants_pid(filter, tid) ||
      filter_wants_comm(filter, comm))
    return TRUE;
  return filter->wish.children && event->record->source->machine && !event->record->source->frozen &&
         filter_wants_ancestor(filter, event->record->source->machine->timeline, tid, event->machine_time.ns);
}

static gboolean filter_keeps_packet(const TbFilter *filter, const TbItem *event)
{
  const TbOwners *owners = event->owners;
  const TbOwner *ends[] = { owners ? &owners->src : NULL, owners ? &owners->dst : NULL };
  for (guint i = 0; i < G_N_ELEMENTS(ends); i++)
    if (ends[i] && tb_owner_is_known(ends[i]) &&
        filter_wants(filter, event, ends[i]->pid, ends[i]->tid ? ends[i]->tid : ends[i]->pid,
                     ends[i]->comm))
      return TRUE;
  return FALSE;
}

static gboolean filter_keeps_row(TbFilter *filter, const TbItem *event)
{
  TbContext scratch;
  const TbContext *who = tb_item_get_actor(event, &scratch);
  if (!who)
    return FALSE;
  if (who->generation == 0)
    return filter_wants(filter, event, who->pid, who->tid, who->comm);
  if (who->slot >= filter->answers->len)
    g_array_set_size(filter->answers, who->slot + 1);
  FilterAnswer *answer = &g_array_index(filter->answers, FilterAnswer, who->slot);
  if (answer->generation != who->generation) {
    answer->generation = who->generation;
    answer->keeps = filter_wants(filter, event, who->pid, who->tid, who->comm);
  }
  return answer->keeps;
}

gboolean tb_filter_keeps(TbFilter *filter, const TbItem *event)
{
  switch (event->record->kind) {
  case TB_RECORD_PACKET: return filter_keeps_packet(filter, event);
  case TB_RECORD_EVENT: return filter_keeps_row(filter, event);
  case TB_RECORD_LOST:
  case TB_RECORD_HEARTBEAT:
  case TB_RECORD_CARRIED: break;
  }
  return TRUE;
}
