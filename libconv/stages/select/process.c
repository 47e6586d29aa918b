/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Choice of processes; see process.h. An answer is remembered as long as the context is the same. */
#include "stages/select/process.h"

enum { SELECTION_ANCESTORS = 1024 };

/* @generation: of the context the answer is for; 0 = none yet */
typedef struct {
  guint64 generation;
  gboolean keeps;
} SelectionAnswer;

typedef struct {
  TbStage stage;
  TbProcessWish wish;
  GArray *answers; /* SelectionAnswer by context slot */
} ProcessSelection;

static gboolean selection_wants_pid(const ProcessSelection *selection, gint32 pid)
{
  for (guint i = 0; selection->wish.pids && i < selection->wish.pids->len; i++)
    if (g_array_index(selection->wish.pids, gint32, i) == pid)
      return TRUE;
  return FALSE;
}

static gboolean selection_wants_comm(const ProcessSelection *selection, const char *comm)
{
  return comm && selection->wish.comms && g_strv_contains(selection->wish.comms, comm);
}

/* Any name the process had will do: it may have had its children under an earlier one. */
static gboolean selection_wants_process(const ProcessSelection *selection, const TbTimeline *timeline,
                                     const TbProcess *process)
{
  if (selection_wants_pid(selection, process->pid) ||
      selection_wants_comm(selection, tb_timeline_get_string(timeline, process->comm)))
    return TRUE;
  guint32 at = process->changes;
  while (at != TB_PROC_NONE) {
    const TbChange *change = tb_timeline_get_change(timeline, at);
    if (!tb_change_is_exe(change) &&
        selection_wants_comm(selection, tb_timeline_get_string(timeline, tb_change_string(change))))
      return TRUE;
    at = change->next == process->changes ? TB_PROC_NONE : change->next;
  }
  return FALSE;
}

static gboolean selection_wants_ancestor(const ProcessSelection *selection, const TbTimeline *timeline,
                                      gint32 tid, gint64 time_ns)
{
  TbLife life = tb_timeline_find_life_at(timeline, tid, time_ns);
  if (life == TB_PROC_NONE)
    return FALSE;
  guint32 process = tb_timeline_life_process(timeline, life);
  for (guint i = 0; i < SELECTION_ANCESTORS && process != TB_PROC_NONE; i++) {
    const TbProcess *entry = tb_timeline_get_process(timeline, tb_timeline_resolve(timeline, process));
    if (selection_wants_process(selection, timeline, entry))
      return TRUE;
    process = entry->parent;
  }
  return FALSE;
}

static gboolean selection_wants(const ProcessSelection *selection, const TbItem *event, gint32 pid, gint32 tid,
                             const char *comm)
{
  if (selection_wants_pid(selection, pid) || selection_wants_pid(selection, tid) ||
      selection_wants_comm(selection, comm))
    return TRUE;
  return selection->wish.children && event->record->source->machine && !event->record->source->frozen &&
         selection_wants_ancestor(selection, event->record->source->machine->timeline, tid, event->machine_time.ns);
}

static gboolean selection_keeps_packet(const ProcessSelection *selection, const TbItem *event)
{
  const TbOwners *owners = event->owners;
  const TbOwner *ends[] = { owners ? &owners->src : NULL, owners ? &owners->dst : NULL };
  for (guint i = 0; i < G_N_ELEMENTS(ends); i++)
    if (ends[i] && tb_owner_is_known(ends[i]) &&
        selection_wants(selection, event, ends[i]->pid, ends[i]->tid ? ends[i]->tid : ends[i]->pid,
                     ends[i]->comm))
      return TRUE;
  return FALSE;
}

static gboolean selection_keeps_row(ProcessSelection *selection, const TbItem *event)
{
  TbContext scratch;
  const TbContext *who = tb_item_get_actor(event, &scratch);
  if (!who)
    return FALSE;
  if (who->generation == 0)
    return selection_wants(selection, event, who->pid, who->tid, who->comm);
  if (who->slot >= selection->answers->len)
    g_array_set_size(selection->answers, who->slot + 1);
  SelectionAnswer *answer = &g_array_index(selection->answers, SelectionAnswer, who->slot);
  if (answer->generation != who->generation) {
    answer->generation = who->generation;
    answer->keeps = selection_wants(selection, event, who->pid, who->tid, who->comm);
  }
  return answer->keeps;
}

static TbVerdict selection_apply(TbStage *stage, TbItem *item, GError **error)
{
  ProcessSelection *selection = (ProcessSelection *)stage;
  TbRecordKind kind = item->record->kind;
  gboolean keeps = kind == TB_RECORD_PACKET  ? selection_keeps_packet(selection, item)
                   : kind == TB_RECORD_EVENT ? selection_keeps_row(selection, item)
                                             : TRUE;
  return keeps ? TB_STAGE_KEEPS : TB_STAGE_DROPS;
}

static void selection_free(TbStage *stage)
{
  ProcessSelection *selection = (ProcessSelection *)stage;
  g_array_unref(selection->answers);
  g_free(selection);
}

static const TbStageOps selection_ops = { .apply = selection_apply, .free = selection_free };

TbStage *tb_select_processes_new(const TbProcessWish *wish)
{
  if ((!wish->pids || wish->pids->len == 0) && (!wish->comms || !wish->comms[0]))
    return NULL;
  ProcessSelection *selection = g_new0(ProcessSelection, 1);
  selection->stage = (TbStage){ &selection_ops, TB_LEDGER_OTHERS };
  selection->wish = *wish;
  selection->answers = g_array_new(FALSE, TRUE, sizeof(SelectionAnswer));
  return &selection->stage;
}
