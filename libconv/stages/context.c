/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Context of the moment; see context.h. The cursors live in a set-associative
 * table of fixed size, so that neither this stage nor a writer that caches by
 * slot grows with the number of threads.
 */
#include "stages/context-cursor.h"

#include <string.h>

enum { CONTEXT_FRONT = 256, CONTEXT_WAYS = 4, CONTEXT_SETS = TB_CONTEXT_CURSORS / CONTEXT_WAYS };

typedef enum { TYPE_NEW, TYPE_PLAIN, TYPE_ROW } ContextType;

struct _TbContextStage {
  guint64 looks;
  guint64 generations;
  NoteMaker *notes;
  guint8 *types; /* ContextType by type id */
  guint32 n_types;
  ContextCursor *front[CONTEXT_FRONT]; /* seen last, by the low bits of the tid */
  ContextCursor cursors[TB_CONTEXT_CURSORS];
  TbContext told[TB_CONTEXT_TOLD];
};

TbContextStage *tb_context_stage_new(const GPtrArray *machines)
{
  TbContextStage *stage = g_new0(TbContextStage, 1);
  stage->notes = note_maker_new();
  for (guint32 i = 0; i < TB_CONTEXT_CURSORS; i++)
    stage->cursors[i].context.slot = i;
  return stage;
}

void tb_context_stage_free(TbContextStage *stage)
{
  if (!stage)
    return;
  note_maker_free(stage->notes);
  g_free(stage->types);
  g_free(stage);
}

static inline guint32 context_set(const TbMachine *machine, gint32 tid)
{
  guint32 h = ((guint32)tid ^ (machine->rank << 20)) * 2654435761u;
  return (h >> 16) % CONTEXT_SETS;
}

static void context_track_start(ContextTrack *track, const TbTimeline *timeline, guint32 last,
                                guint32 comm, guint32 exe)
{
  *track = (ContextTrack){
    .last = last,
    .at = TB_PROC_NONE,
    .next_ns = TB_TIME_NEVER,
    .comm = comm,
    .exe = exe,
    .comm_ns = TB_TIME_BEFORE,
  };
  if (last != TB_PROC_NONE) {
    guint32 first = tb_timeline_get_change(timeline, last)->next;
    track->next_ns = tb_timeline_get_change(timeline, first)->time_ns;
  }
}

static void context_track_step(ContextTrack *track, const TbTimeline *timeline)
{
  guint32 before = track->at == TB_PROC_NONE ? track->last : track->at;
  track->at = tb_timeline_get_change(timeline, before)->next;
  const TbChange *change = tb_timeline_get_change(timeline, track->at);
  if (tb_change_is_exe(change)) {
    track->exe = tb_change_string(change);
  } else {
    track->comm_before = track->comm;
    track->comm = tb_change_string(change);
    track->comm_ns = change->time_ns;
  }
  track->next_ns = track->at == track->last
                       ? TB_TIME_NEVER
                       : tb_timeline_get_change(timeline, change->next)->time_ns;
}

/* Moves to the last change at or before @time_ns; FALSE if that lies behind. */
static gboolean context_track_seek(ContextTrack *track, const TbTimeline *timeline, gint64 time_ns)
{
  if (track->at != TB_PROC_NONE && tb_timeline_get_change(timeline, track->at)->time_ns > time_ns)
    return FALSE;
  while (track->next_ns <= time_ns && track->next_ns != TB_TIME_NEVER)
    context_track_step(track, timeline);
  return TRUE;
}

static void context_start_life(ContextCursor *cursor, const TbTimeline *timeline)
{
  guint32 life_comm = tb_timeline_life_comm(timeline, cursor->life);
  cursor->process = tb_timeline_life_process(timeline, cursor->life);
  const TbProcess *process = tb_timeline_get_process(timeline, cursor->process);
  context_track_start(&cursor->own, timeline, tb_timeline_life_changes(timeline, cursor->life),
                      life_comm, process->exe);
  context_track_start(&cursor->group, timeline, process->changes, process->comm, process->exe);
}

/* Finds the life of @time_ns; the one before it stays where it is still right. */
static void context_seek_life(ContextCursor *cursor, const TbTimeline *timeline, gint64 time_ns)
{
  TbLife life = cursor->life;
  if (cursor->last_life == TB_PROC_NONE)
    return;
  if (life == TB_PROC_NONE || tb_timeline_life_start(timeline, life) > time_ns) {
    cursor->life = tb_timeline_find_life_at(timeline, cursor->context.tid, time_ns);
    if (cursor->life != TB_PROC_NONE)
      context_start_life(cursor, timeline);
    return;
  }
  while (cursor->life != cursor->last_life) {
    TbLife next = tb_timeline_next_life(timeline, cursor->life);
    if (tb_timeline_life_start(timeline, next) > time_ns)
      break;
    cursor->life = next;
  }
  if (cursor->life != life)
    context_start_life(cursor, timeline);
}

static gint64 context_next_start(const ContextCursor *cursor, const TbTimeline *timeline)
{
  if (cursor->last_life == TB_PROC_NONE || cursor->life == cursor->last_life)
    return TB_TIME_NEVER;
  TbLife from = cursor->life == TB_PROC_NONE ? cursor->last_life : cursor->life;
  return tb_timeline_life_start(timeline, tb_timeline_next_life(timeline, from));
}

/*
 * The dead act for a moment: their last switch, the news to their parent. A
 * gap behind the end may hide somebody new.
 */
static gboolean context_is_doubtful(ContextCursor *cursor, const TbTimeline *timeline,
                                    gint64 time_ns)
{
  gint64 end_ns = tb_timeline_life_end(timeline, cursor->life);
  gint64 gap_ns;
  if (end_ns == TB_TIME_NEVER || !tb_timeline_find_gap_after(timeline, end_ns, &gap_ns, NULL))
    return FALSE;
  if (time_ns > gap_ns)
    return TRUE;
  cursor->until_ns = MIN(cursor->until_ns, gap_ns + 1);
  return FALSE;
}

static void context_fill_known(ContextCursor *cursor, const TbTimeline *timeline, gint64 time_ns,
                               TbContext *context)
{
  gboolean is_thread = tb_life_is_thread(cursor->life);
  if (!context_track_seek(&cursor->own, timeline, time_ns) ||
      (is_thread && !context_track_seek(&cursor->group, timeline, time_ns))) {
    context_start_life(cursor, timeline);
    context_track_seek(&cursor->own, timeline, time_ns);
    context_track_seek(&cursor->group, timeline, time_ns);
  }
  const TbProcess *process = tb_timeline_get_process(timeline, cursor->process);
  gint64 parent_until_ns;
  guint32 parent = tb_timeline_parent_at(timeline, cursor->process, time_ns, &parent_until_ns);
  cursor->until_ns = MIN(cursor->until_ns, MIN(cursor->own.next_ns, parent_until_ns));
  if (is_thread)
    cursor->until_ns = MIN(cursor->until_ns, cursor->group.next_ns);
  context->pid = process->pid;
  context->pid_known = process->id_known;
  context->ppid =
      parent == TB_PROC_NONE ? 0 : MAX(tb_timeline_get_process(timeline, parent)->pid, 0);
  context->comm = tb_timeline_get_string(timeline, cursor->own.comm);
  context->exe = tb_timeline_get_string(timeline, is_thread ? cursor->group.exe : cursor->own.exe);
}

static gboolean context_is_same(const TbContext *a, const TbContext *b)
{
  return a->tid == b->tid && a->pid == b->pid && a->pid_known == b->pid_known &&
         a->ppid == b->ppid && a->comm == b->comm && a->exe == b->exe && a->cmdline == b->cmdline;
}

static void context_refresh(TbContextStage *stage, ContextCursor *cursor, gint64 time_ns)
{
  const TbTimeline *timeline = cursor->machine->timeline;
  TbContext context = { .slot = cursor->context.slot,
                        .generation = cursor->context.generation,
                        .tid = cursor->context.tid,
                        .pid = cursor->context.tid };
  context_seek_life(cursor, timeline, time_ns);
  cursor->from_ns = time_ns;
  cursor->until_ns = context_next_start(cursor, timeline);
  if (cursor->last_life == TB_PROC_NONE)
    context.comm = tb_timeline_get_saved_name(timeline, context.tid);
  else if (cursor->life != TB_PROC_NONE && !context_is_doubtful(cursor, timeline, time_ns))
    context_fill_known(cursor, timeline, time_ns, &context);
  if (!context_is_same(&context, &cursor->context) || !context.generation)
    context.generation = ++stage->generations;
  cursor->context = context;
}

static ContextCursor *context_load(ContextCursor *set, const TbMachine *machine, gint32 tid)
{
  ContextCursor *oldest = set;
  for (guint i = 1; i < CONTEXT_WAYS; i++)
    if (set[i].used < oldest->used)
      oldest = &set[i];
  guint32 slot = oldest->context.slot;
  *oldest = (ContextCursor){
    .machine = machine,
    .from_ns = TB_TIME_NEVER, /* holds nowhere yet */
    .until_ns = TB_TIME_BEFORE,
    .life = TB_PROC_NONE,
    .last_life = tb_timeline_find_last_life(machine->timeline, tid),
    .process = TB_PROC_NONE,
    .context = { .slot = slot, .tid = tid },
  };
  return oldest;
}

static ContextCursor *context_find(TbContextStage *stage, const TbMachine *machine, gint32 tid)
{
  ContextCursor *set = &stage->cursors[context_set(machine, tid) * CONTEXT_WAYS];
  for (guint i = 0; i < CONTEXT_WAYS; i++)
    if (set[i].machine == machine && set[i].context.tid == tid)
      return &set[i];
  return context_load(set, machine, tid);
}

const ContextCursor *context_look(TbContextStage *stage, const TbMachine *machine, gint32 tid,
                                  gint64 time_ns)
{
  ContextCursor **front = &stage->front[(guint32)tid % CONTEXT_FRONT];
  ContextCursor *cursor = *front;
  if (G_UNLIKELY(!cursor || cursor->context.tid != tid || cursor->machine != machine))
    cursor = *front = context_find(stage, machine, tid);
  cursor->used = ++stage->looks;
  if (G_UNLIKELY(time_ns < cursor->from_ns || time_ns >= cursor->until_ns))
    context_refresh(stage, cursor, time_ns);
  return cursor;
}

/*
 * The actor that the record tells itself. One place for each hash: who comes
 * again finds what a writer prepared, the rest only costs preparing it anew.
 */
static const TbContext *context_take_told(TbContextStage *stage, const TbItem *event)
{
  TbContext told = { 0 };
  if (!event->record->type->ops->get_actor(event->record->type, event->record, &told))
    return NULL;
  guint32 h = ((guint32)told.tid ^ (guint32)told.pid << 16 ^ event->record->source->rank << 24) *
              2654435761u;
  guint32 at = (h >> 16) % TB_CONTEXT_TOLD;
  TbContext *kept = &stage->told[at];
  if (!kept->generation || !context_is_same(kept, &told)) {
    told.slot = TB_CONTEXT_CURSORS + at;
    told.generation = ++stage->generations;
    *kept = told;
  }
  return kept;
}

static void context_learn_type(TbContextStage *stage, const TbEventType *type)
{
  if (type->id >= stage->n_types) {
    guint32 n = MAX(type->id + 1, stage->n_types * 2);
    stage->types = g_renew(guint8, stage->types, n);
    memset(stage->types + stage->n_types, TYPE_NEW, n - stage->n_types);
    stage->n_types = n;
  }
  stage->types[type->id] = note_is_row(stage->notes, type) ? TYPE_ROW : TYPE_PLAIN;
}

void tb_context_stage_apply(TbContextStage *stage, TbItem *event, gint64 timeline_ns)
{
  event->actor = NULL;
  event->sentence = NULL;
  const TbMachine *machine = event->record->source->machine;
  if (!machine)
    return;
  if (event->record->type && event->record->type->ops->get_actor)
    event->actor = context_take_told(stage, event);
  else if (event->record->tid > 0)
    event->actor = &context_look(stage, machine, event->record->tid, timeline_ns)->context;
  if (event->record->kind != TB_RECORD_EVENT)
    return;
  guint32 id = event->record->type->id;
  if (G_UNLIKELY(id >= stage->n_types || stage->types[id] == TYPE_NEW))
    context_learn_type(stage, event->record->type);
  if (stage->types[id] == TYPE_ROW)
    event->sentence = note_make(stage->notes, stage, event, timeline_ns);
}
