/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The observer and the emit phase's question; see owners.h. */
#include "stages/owners/owners.h"

#include "stages/explain/actor.h"
#include "stages/owners/owners-machine.h"

enum { OWNERS_LIVES = 64 };

/* A task's life that was looked up: the one at @moment_ns. Its process is known at @most so well. */
typedef struct {
  const TbMachine *machine;
  gint64 moment_ns;
  gint64 start_ns;
  gint64 end_ns;
  gint32 tid;
  guint32 instance; /* of TbOwner, 0 = no life */
  TbConfidence most;
} OwnersLife;

typedef struct {
  TbObserver observer;
  TbConfidence least;
  GPtrArray *machines;
  GPtrArray *captures; /* (nullable): OwnersCapture, while preparing */
  OwnersCapture *latest_capture;
  OwnersMachine *latest;
  TbOwners owners;
  OwnersLife lives[OWNERS_LIVES]; /* emit: by thread id */
} OwnersStage;

static OwnersMachine *owners_find(const OwnersStage *stage, const TbMachine *machine)
{
  for (guint i = 0; i < stage->machines->len; i++) {
    OwnersMachine *known = g_ptr_array_index(stage->machines, i);
    if (owners_machine_get(known) == machine)
      return known;
  }
  return NULL;
}

static OwnersMachine *owners_ensure(OwnersStage *stage, const TbMachine *machine)
{
  OwnersMachine *known = owners_find(stage, machine);
  if (known)
    return known;
  OwnersMachine *made = owners_machine_new(machine);
  g_ptr_array_add(stage->machines, made);
  return made;
}

/* Whose capture it is may be known only when all was seen. */
static void owners_packet(OwnersStage *stage, const TbItem *event)
{
  OwnersCapture *capture = stage->latest_capture;
  for (guint i = 0; i < stage->captures->len && (!capture || capture->source != event->record->source);
       i++)
    capture = g_ptr_array_index(stage->captures, i);
  if (!capture || capture->source != event->record->source) {
    capture = owners_capture_new(event->record->source);
    g_ptr_array_add(stage->captures, capture);
  }
  stage->latest_capture = capture;
  owners_capture_packet(capture, event);
}

static inline gboolean owners_choose(OwnersStage *stage, const TbSource *source)
{
  if (G_UNLIKELY(!source->machine || source->frozen))
    return FALSE;
  if (G_UNLIKELY(!stage->latest || owners_machine_get(stage->latest) != source->machine))
    stage->latest = owners_ensure(stage, source->machine);
  return TRUE;
}

static void owners_fact(TbObserver *observer, const TbItem *item, const TbFact *fact)
{
  OwnersStage *stage = (OwnersStage *)observer;
  if (owners_choose(stage, item->record->source))
    owners_machine_tell(stage->latest, item, fact);
}

static void owners_event(TbObserver *observer, const TbItem *event)
{
  OwnersStage *stage = (OwnersStage *)observer;
  if (event->record->source->frozen)
    return;
  if (event->record->kind == TB_RECORD_PACKET)
    owners_packet(stage, event);
}

static gboolean owners_finish(TbObserver *observer, GError **error)
{
  OwnersStage *stage = (OwnersStage *)observer;
  for (guint i = 0; i < stage->machines->len; i++)
    owners_machine_match(g_ptr_array_index(stage->machines, i), stage->captures);
  g_ptr_array_set_size(stage->captures, 0);
  stage->latest = NULL;
  stage->latest_capture = NULL;
  return TRUE;
}

static void owners_free(TbObserver *observer)
{
  OwnersStage *stage = (OwnersStage *)observer;
  g_ptr_array_unref(stage->machines);
  g_ptr_array_unref(stage->captures);
  g_free(stage);
}

static const TbObserverOps owners_ops = {
  .name = "owners",
  .wants_packets = TRUE,
  .any_order = TRUE,
  .facts = OWNERS_FACTS,
  .fact = owners_fact,
  .event = owners_event,
  .finish = owners_finish,
  .free = owners_free,
};

TbObserver *tb_owners_new(TbConfidence least)
{
  OwnersStage *stage = g_new0(OwnersStage, 1);
  stage->observer.ops = &owners_ops;
  stage->least = MAX(least, TB_CONFIDENCE_CONTEXT);
  stage->machines = g_ptr_array_new_with_free_func((GDestroyNotify)owners_machine_free);
  stage->captures = g_ptr_array_new_with_free_func((GDestroyNotify)owners_capture_free);
  return &stage->observer;
}

static TbEndPlace owners_place(const OwnersMachine *m, const guint8 *address)
{
  guint32 is_local = owners_machine_is_local(m, address);
  return is_local == TB_MAP_NONE ? TB_END_UNKNOWN : is_local ? TB_END_LOCAL : TB_END_REMOTE;
}

void tb_owners_find_places(const TbObserver *observer, const TbMachine *machine,
                           const TbNetHeaders *headers, TbEndPlace *src, TbEndPlace *dst)
{
  TbTuple tuple;
  const OwnersMachine *m = owners_find((const OwnersStage *)observer, machine);
  *src = *dst = TB_END_UNKNOWN;
  if (!m || !owners_tuple(headers, &tuple))
    return;
  *src = owners_place(m, tuple.local);
  *dst = owners_place(m, tuple.remote);
}

/*
 * How sure the owner is as a process: a task that no event told to be one may be a thread. One
 * that is older than the recording passes for a process; one whose birth was seen, but not as
 * what, may well be either.
 */
static TbConfidence owners_sure_of_process(const TbTimeline *timeline, TbLife life)
{
  if (life == TB_PROC_NONE)
    return TB_CONFIDENCE_LINKED;
  const TbProcess *process =
      tb_timeline_get_process(timeline, tb_timeline_life_process(timeline, life));
  if (process->start.id_known)
    return TB_CONFIDENCE_CERTAIN;
  /* Others went on when it ended: it was a thread, or the first one of several. */
  gboolean passes = process->start.known == TB_KNOWN_NOT && !process->end.leader_left;
  return passes ? TB_CONFIDENCE_LINKED : TB_CONFIDENCE_CONTEXT;
}

/* The life of @answer's task: that of the packet before it as a rule. */
static const OwnersLife *owners_find_life(OwnersStage *stage, const TbMachine *machine,
                                          const OwnersAnswer *answer)
{
  const TbTimeline *timeline = machine->timeline;
  OwnersLife *kept = &stage->lives[(guint32)answer->tid % OWNERS_LIVES];
  if (G_LIKELY(kept->tid == answer->tid && kept->moment_ns == answer->time_ns &&
               kept->machine == machine))
    return kept;
  TbLife life = tb_timeline_find_life_at(timeline, answer->tid, answer->time_ns);
  *kept = (OwnersLife){ .machine = machine, .tid = answer->tid, .moment_ns = answer->time_ns,
                        .most = owners_sure_of_process(timeline, life) };
  if (life != TB_PROC_NONE) {
    kept->instance = tb_timeline_life_process(timeline, life) + 1;
    kept->start_ns = tb_timeline_life_start(timeline, life);
    kept->end_ns = tb_timeline_life_end(timeline, life);
  }
  return kept;
}

/*
 * The name at the packet's instant. A task that is not born yet by then, or is dead already,
 * has its first or last one; a later process of the same number is somebody else.
 */
static gboolean owners_name(OwnersStage *stage, TbActors *actors, const TbMachine *machine,
                            const OwnersAnswer *answer, gint64 time_ns, TbOwner *out)
{
  const OwnersLife *life = owners_find_life(stage, machine, answer);
  if (life->instance) {
    gint64 start_ns = life->start_ns, end_ns = life->end_ns;
    if ((answer->lives == OWNERS_ALIVE && time_ns < start_ns) ||
        (answer->lives == OWNERS_ALIVE && time_ns > end_ns) ||
        (answer->lives == OWNERS_NOT_DEAD && time_ns > end_ns &&
         time_ns - end_ns > OWNERS_FAREWELL_NS))
      return FALSE;
    time_ns = CLAMP(time_ns, start_ns, MAX(start_ns, end_ns));
  }
  const TbContext *who = tb_actors_find(actors, machine, answer->tid, time_ns);
  TbConfidence most = answer->logged ? answer->confidence : life->most;
  *out = (TbOwner){ .confidence = MIN(answer->confidence, most), .via = answer->via,
                    .tid = answer->is_process ? 0 : answer->tid, .pid = who->pid,
                    .pid_is_thread = !answer->is_process && !who->pid_known,
                    .comm = who->comm, .exe = who->exe, .generation = who->generation,
                    .instance = life->instance };
  return TRUE;
}

/* Whom @answer names, as far as it is sure enough. */
static void owners_take(OwnersStage *stage, TbActors *actors, const TbMachine *machine,
                        const OwnersAnswer *answer, gint64 time_ns, TbOwner *found)
{
  if (!answer->tid || answer->confidence < stage->least ||
      !owners_name(stage, actors, machine, answer, time_ns, found) ||
      found->confidence < stage->least)
    *found = (TbOwner){ 0 };
}

/* Of the end that a capture does not say: the one the recording names alike, or the only one. */
static void owners_place_claim(TbOwners *owners, const TbOwner *src, const TbOwner *dst)
{
  gboolean at_dst = tb_owner_is_known(dst) && (!tb_owner_is_known(src) ||
                                               (owners->src.pid == dst->pid && src->pid != dst->pid));
  owners->either_end = !tb_owner_is_known(src) && !tb_owner_is_known(dst);
  if (!at_dst)
    return;
  owners->dst = owners->src;
  owners->src = (TbOwner){ 0 };
}

/*
 * What the recording found and what the capture told, @end. Other threads or names of one
 * process do not differ: a capture names whom it met in passing, the recording whose bytes
 * these are, under the name of that instant.
 */
static void owners_settle(const TbOwner *found, TbOwner *end, TbOwner *claim)
{
  TbOwner told = *end;
  if (!tb_owner_is_known(found))
    return;
  *end = *found;
  if (!tb_owner_is_known(&told))
    return;
  if (told.pid != found->pid) {
    *claim = told;
    return;
  }
  end->confirmed = TRUE;
  end->comm = found->comm ? found->comm : told.comm;
  end->exe = found->exe ? found->exe : told.exe;
  end->args = told.args;
  if (end->comm != found->comm || end->exe != found->exe || end->args)
    end->generation = 0;
}

static void owners_ask(OwnersStage *stage, TbActors *actors, const OwnersMachine *m,
                       const TbItem *packet, gint64 timeline_ns, TbOwners *owners)
{
  const TbMachine *machine = packet->record->source->machine;
  TbNetHeaders headers;
  OwnersAnswer src, dst;
  TbOwner found_src, found_dst;
  gint64 log_ns;
  tb_net_parse_packet(packet, &headers);
  owners_machine_ask(m, packet, &headers, timeline_ns, &log_ns, &src, &dst);
  owners_take(stage, actors, machine, &src, src.logged ? log_ns : timeline_ns, &found_src);
  owners_take(stage, actors, machine, &dst, dst.logged ? log_ns : timeline_ns, &found_dst);
  if (owners->either_end)
    owners_place_claim(owners, &found_src, &found_dst);
  owners_settle(&found_src, &owners->src, &owners->src_claim);
  owners_settle(&found_dst, &owners->dst, &owners->dst_claim);
}

void tb_owners_apply(TbObserver *observer, TbActors *actors, TbItem *packet,
                     gint64 timeline_ns)
{
  OwnersStage *stage = (OwnersStage *)observer;
  const TbOwners *told = packet->owners;
  TbOwners *owners = &stage->owners;
  if (told && told->carried)
    return;
  *owners = told ? *told : (TbOwners){ 0 };
  const OwnersMachine *m =
      packet->record->source->frozen ? NULL : owners_find(stage, packet->record->source->machine);
  if (m)
    owners_ask(stage, actors, m, packet, timeline_ns, owners);
  packet->owners =
      tb_owner_is_known(&owners->src) || tb_owner_is_known(&owners->dst) ? owners : NULL;
}
