/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Actors of the moment; see actor.h. The cursors live in a set-associative
 * table of fixed size, so that neither this stage nor a writer that caches by
 * slot grows with the number of threads.
 */
#include "stages/explain/actor-private.h"

#include <string.h>

enum { ACTOR_FRONT = 256, ACTOR_WAYS = 4, ACTOR_SETS = TB_ACTOR_CURSORS / ACTOR_WAYS };

struct _TbActors {
  guint64 looks;
  guint64 generations;
  gboolean growing;
  ActorCursor *front[ACTOR_FRONT]; /* seen last, by the low bits of the tid */
  ActorCursor cursors[TB_ACTOR_CURSORS];
  TbContext recorded[TB_ACTOR_RECORDED];
};

TbActors *tb_actors_new(void)
{
  TbActors *actors = g_new0(TbActors, 1);
  for (guint32 i = 0; i < TB_ACTOR_CURSORS; i++)
    actors->cursors[i].context.slot = i;
  return actors;
}

void tb_actors_free(TbActors *actors)
{
  g_free(actors);
}

void tb_actors_set_growing(TbActors *actors)
{
  actors->growing = TRUE;
}

static inline guint32 actor_set(const TbMachine *machine, gint32 tid)
{
  guint32 h = ((guint32)tid ^ (machine->rank << 20)) * 2654435761u;
  return (h >> 16) % ACTOR_SETS;
}

static void actor_track_start(ActorTrack *track, const TbTimeline *timeline, guint32 last,
                                guint32 comm, guint32 exe)
{
  *track = (ActorTrack){
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

static void actor_track_step(ActorTrack *track, const TbTimeline *timeline)
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
static gboolean actor_track_seek(ActorTrack *track, const TbTimeline *timeline, gint64 time_ns)
{
  if (track->at != TB_PROC_NONE && tb_timeline_get_change(timeline, track->at)->time_ns > time_ns)
    return FALSE;
  while (track->next_ns <= time_ns && track->next_ns != TB_TIME_NEVER)
    actor_track_step(track, timeline);
  return TRUE;
}

static void actor_start_life(ActorCursor *cursor, const TbTimeline *timeline)
{
  guint32 life_comm = tb_timeline_life_comm(timeline, cursor->life);
  cursor->process = tb_timeline_life_process(timeline, cursor->life);
  const TbProcess *process = tb_timeline_get_process(timeline, cursor->process);
  actor_track_start(&cursor->own, timeline, tb_timeline_life_changes(timeline, cursor->life),
                      life_comm, process->exe);
  actor_track_start(&cursor->group, timeline, process->changes, process->comm, process->exe);
}

/* Finds the life of @time_ns; the one before it stays where it is still right. */
static void actor_seek_life(ActorCursor *cursor, const TbTimeline *timeline, gint64 time_ns)
{
  TbLife life = cursor->life;
  if (cursor->last_life == TB_PROC_NONE)
    return;
  if (life == TB_PROC_NONE || tb_timeline_life_start(timeline, life) > time_ns) {
    cursor->life = tb_timeline_find_life_at(timeline, cursor->context.tid, time_ns);
    if (cursor->life != TB_PROC_NONE)
      actor_start_life(cursor, timeline);
    return;
  }
  while (cursor->life != cursor->last_life) {
    TbLife next = tb_timeline_next_life(timeline, cursor->life);
    if (tb_timeline_life_start(timeline, next) > time_ns)
      break;
    cursor->life = next;
  }
  if (cursor->life != life)
    actor_start_life(cursor, timeline);
}

static gint64 actor_next_start(const ActorCursor *cursor, const TbTimeline *timeline)
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
static gboolean actor_is_doubtful(ActorCursor *cursor, const TbTimeline *timeline,
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

static void actor_fill_known(ActorCursor *cursor, const TbTimeline *timeline, gint64 time_ns,
                               TbContext *context)
{
  gboolean is_thread = tb_life_is_thread(cursor->life);
  if (!actor_track_seek(&cursor->own, timeline, time_ns) ||
      (is_thread && !actor_track_seek(&cursor->group, timeline, time_ns))) {
    actor_start_life(cursor, timeline);
    actor_track_seek(&cursor->own, timeline, time_ns);
    actor_track_seek(&cursor->group, timeline, time_ns);
  }
  const TbProcess *process = tb_timeline_get_process(timeline, cursor->process);
  gint64 parent_until_ns;
  guint32 parent = tb_timeline_parent_at(timeline, cursor->process, time_ns, &parent_until_ns);
  cursor->until_ns = MIN(cursor->until_ns, MIN(cursor->own.next_ns, parent_until_ns));
  if (is_thread)
    cursor->until_ns = MIN(cursor->until_ns, cursor->group.next_ns);
  context->pid = process->pid;
  context->pid_known = process->start.id_known;
  context->ppid =
      parent == TB_PROC_NONE ? 0 : MAX(tb_timeline_get_process(timeline, parent)->pid, 0);
  context->comm = tb_timeline_get_string(timeline, cursor->own.comm);
  context->exe = tb_timeline_get_string(timeline, is_thread ? cursor->group.exe : cursor->own.exe);
}

static gboolean actor_is_same(const TbContext *a, const TbContext *b)
{
  return a->tid == b->tid && a->pid == b->pid && a->pid_known == b->pid_known &&
         a->ppid == b->ppid && a->comm == b->comm && a->exe == b->exe && a->cmdline == b->cmdline;
}

static void actor_refresh(TbActors *actors, ActorCursor *cursor, gint64 time_ns)
{
  const TbTimeline *timeline = cursor->machine->timeline;
  TbContext context = { .slot = cursor->context.slot,
                        .generation = cursor->context.generation,
                        .tid = cursor->context.tid,
                        .pid = cursor->context.tid };
  if (G_UNLIKELY(actors->growing)) {
    cursor->life = TB_PROC_NONE;
    cursor->last_life = tb_timeline_find_last_life(timeline, cursor->context.tid);
  }
  actor_seek_life(cursor, timeline, time_ns);
  cursor->from_ns = time_ns;
  cursor->until_ns = actor_next_start(cursor, timeline);
  if (cursor->last_life == TB_PROC_NONE)
    context.comm = tb_timeline_get_saved_name(timeline, context.tid);
  else if (cursor->life != TB_PROC_NONE && !actor_is_doubtful(cursor, timeline, time_ns))
    actor_fill_known(cursor, timeline, time_ns, &context);
  if (!actor_is_same(&context, &cursor->context) || !context.generation)
    context.generation = ++actors->generations;
  cursor->context = context;
  if (G_UNLIKELY(actors->growing))
    cursor->until_ns = time_ns;
}

static ActorCursor *actor_load(ActorCursor *set, const TbMachine *machine, gint32 tid)
{
  ActorCursor *oldest = set;
  for (guint i = 1; i < ACTOR_WAYS; i++)
    if (set[i].used < oldest->used)
      oldest = &set[i];
  guint32 slot = oldest->context.slot;
  *oldest = (ActorCursor){
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

static ActorCursor *actor_find(TbActors *actors, const TbMachine *machine, gint32 tid)
{
  ActorCursor *set = &actors->cursors[actor_set(machine, tid) * ACTOR_WAYS];
  for (guint i = 0; i < ACTOR_WAYS; i++)
    if (set[i].machine == machine && set[i].context.tid == tid)
      return &set[i];
  return actor_load(set, machine, tid);
}

const ActorCursor *actor_look(TbActors *actors, const TbMachine *machine, gint32 tid,
                                  gint64 time_ns)
{
  ActorCursor **front = &actors->front[(guint32)tid % ACTOR_FRONT];
  ActorCursor *cursor = *front;
  if (G_UNLIKELY(!cursor || cursor->context.tid != tid || cursor->machine != machine))
    cursor = *front = actor_find(actors, machine, tid);
  cursor->used = ++actors->looks;
  if (G_UNLIKELY(time_ns < cursor->from_ns || time_ns >= cursor->until_ns))
    actor_refresh(actors, cursor, time_ns);
  return cursor;
}

/*
 * The actor that the record tells itself. One place for each hash: who comes
 * again finds what a writer prepared, the rest only costs preparing it anew.
 */
static const TbContext *actor_take_recorded(TbActors *actors, const TbItem *event)
{
  TbContext recorded = { 0 };
  if (!event->record->type->ops->get_actor(event->record->type, event->record, &recorded))
    return NULL;
  guint32 h = ((guint32)recorded.tid ^ (guint32)recorded.pid << 16 ^ event->record->source->rank << 24) *
              2654435761u;
  guint32 at = (h >> 16) % TB_ACTOR_RECORDED;
  TbContext *kept = &actors->recorded[at];
  if (!kept->generation || !actor_is_same(kept, &recorded)) {
    recorded.slot = TB_ACTOR_CURSORS + at;
    recorded.generation = ++actors->generations;
    *kept = recorded;
  }
  return kept;
}

const TbContext *tb_actors_find(TbActors *actors, const TbMachine *machine, gint32 tid,
                                gint64 time_ns)
{
  return &actor_look(actors, machine, tid, time_ns)->context;
}

void tb_actors_apply(TbActors *actors, TbItem *event)
{
  const TbRecord *record = event->record;
  const TbMachine *machine = record->source->machine;
  event->actor = NULL;
  if (!machine)
    return;
  if (record->type && record->type->ops->get_actor)
    event->actor = actor_take_recorded(actors, event);
  else if (record->tid > 0)
    event->actor = tb_actors_find(actors, machine, record->tid, event->machine_time.ns);
}
