/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The observer and the emit phase's question; see attrib.h. */
#include "stages/attrib/attrib-private.h"

#include "stages/attrib/attrib-told.h"

#include "stages/explain/actor.h"

enum { ATTRIB_LIVES = 64 };

/* A task's life that was looked up: the one at @moment_ns. Its process is known at @most so well. */
typedef struct {
  const TbMachine *machine;
  gint64 moment_ns;
  gint64 start_ns;
  gint64 end_ns;
  gint32 tid;
  guint32 instance; /* of TbOwner, 0 = no life */
  TbConfidence most;
} AttribLife;

typedef struct {
  TbObserver observer;
  TbConfidence least;
  GArray *plans; /* AttribPlan by type id */
  GPtrArray *machines;
  GPtrArray *captures; /* (nullable): AttribCapture, while preparing */
  AttribCapture *latest_capture;
  AttribMachine *latest;
  TbOwners owners;
  AttribLife lives[ATTRIB_LIVES]; /* emit: by thread id */
} Attrib;

AttribMachine *attrib_machine_new(const TbMachine *machine)
{
  AttribMachine *m = g_new0(AttribMachine, 1);
  m->machine = machine;
  attrib_call_table(machine->arch, m->calls);
  attrib_sockets_init(&m->sockets);
  attrib_tasks_init(&m->tasks);
  m->skbs = g_new0(AttribSkb, ATTRIB_SKBS);
  m->arrivals = g_new0(AttribArrival, ATTRIB_CPUS);
  m->inboxes = g_array_new(FALSE, FALSE, sizeof(AttribInbox));
  m->sent = g_array_new(FALSE, FALSE, sizeof(AttribSample));
  m->received = g_array_new(FALSE, FALSE, sizeof(AttribSample));
  m->endpoints = g_array_new(FALSE, FALSE, sizeof(AttribEndpoint));
  m->hits = g_array_new(FALSE, FALSE, sizeof(AttribHit));
  m->fragments = g_array_new(FALSE, FALSE, sizeof(TbFragment));
  return m;
}

void attrib_machine_free(AttribMachine *m)
{
  GArray **arrays[] = { &m->inboxes, &m->sent, &m->received, &m->endpoints, &m->hits, &m->fragments };
  for (guint i = 0; i < G_N_ELEMENTS(arrays); i++)
    g_clear_pointer(arrays[i], g_array_unref);
  attrib_sockets_clear(&m->sockets);
  attrib_tasks_clear(&m->tasks);
  attrib_windows_free(m->windows);
  attrib_told_free(m->told);
  attrib_map_clear(&m->inbox_by_sk);
  attrib_map_clear(&m->is_local);
  attrib_map_clear(&m->endpoint_by_tuple);
  g_free(m->skbs);
  g_free(m->arrivals);
  g_free(m);
}

static AttribMachine *attrib_find(const Attrib *attrib, const TbMachine *machine)
{
  for (guint i = 0; i < attrib->machines->len; i++) {
    AttribMachine *known = g_ptr_array_index(attrib->machines, i);
    if (known->machine == machine)
      return known;
  }
  return NULL;
}

static AttribMachine *attrib_ensure(Attrib *attrib, const TbMachine *machine)
{
  AttribMachine *known = attrib_find(attrib, machine);
  if (known)
    return known;
  AttribMachine *made = attrib_machine_new(machine);
  g_ptr_array_add(attrib->machines, made);
  return made;
}

static gboolean attrib_wants_type(TbObserver *observer, const TbEventType *type)
{
  Attrib *attrib = (Attrib *)observer;
  AttribPlan plan;
  if (!attrib_plan(type, &plan))
    return FALSE;
  if (type->id >= attrib->plans->len)
    g_array_set_size(attrib->plans, type->id + 1);
  g_array_index(attrib->plans, AttribPlan, type->id) = plan;
  return TRUE;
}

/* @source's machine becomes the latest one; FALSE where it has none. */
static gboolean attrib_choose(Attrib *attrib, const TbSource *source)
{
  if (!source->machine)
    return FALSE;
  attrib->latest = attrib_ensure(attrib, source->machine);
  return TRUE;
}

/* Whose capture it is may be known only when all was seen. */
static void attrib_packet(Attrib *attrib, const TbItem *event)
{
  AttribCapture *capture = attrib->latest_capture;
  for (guint i = 0; i < attrib->captures->len && (!capture || capture->source != event->record->source);
       i++)
    capture = g_ptr_array_index(attrib->captures, i);
  if (!capture || capture->source != event->record->source) {
    capture = attrib_capture_new(event->record->source);
    g_ptr_array_add(attrib->captures, capture);
  }
  attrib->latest_capture = capture;
  attrib_capture_packet(capture, event);
}

static void attrib_event(TbObserver *observer, const TbItem *event)
{
  Attrib *attrib = (Attrib *)observer;
  const TbSource *source = event->record->source;
  if (G_UNLIKELY(!source || source->frozen))
    return;
  if (G_LIKELY(event->record->kind == TB_RECORD_EVENT)) {
    if (G_UNLIKELY(!attrib->latest || attrib->latest->machine != source->machine) &&
        !attrib_choose(attrib, source))
      return;
    if (G_UNLIKELY(event->record->type->id >= attrib->plans->len))
      return;
    const AttribPlan *plan = &g_array_index(attrib->plans, AttribPlan, event->record->type->id);
    if (plan->is_raw)
      attrib_machine_raw_call(attrib->latest, plan, event);
    else
      attrib_machine_event(attrib->latest, plan, event);
  } else if (event->record->kind == TB_RECORD_PACKET) {
    attrib_packet(attrib, event);
  } else if (event->record->kind == TB_RECORD_LOST && attrib_choose(attrib, source)) {
    attrib_machine_lost(attrib->latest);
  }
}

static gboolean attrib_finish(TbObserver *observer, GError **error)
{
  Attrib *attrib = (Attrib *)observer;
  for (guint i = 0; i < attrib->machines->len; i++)
    attrib_machine_match(g_ptr_array_index(attrib->machines, i), attrib->captures);
  g_ptr_array_set_size(attrib->captures, 0);
  attrib->latest = NULL;
  attrib->latest_capture = NULL;
  return TRUE;
}

static void attrib_free(TbObserver *observer)
{
  Attrib *attrib = (Attrib *)observer;
  g_array_unref(attrib->plans);
  g_ptr_array_unref(attrib->machines);
  g_ptr_array_unref(attrib->captures);
  g_free(attrib);
}

static const TbObserverOps attrib_ops = {
  .name = "attrib",
  .wants_type = attrib_wants_type,
  .wants_packets = TRUE,
  .any_order = TRUE,
  .event = attrib_event,
  .finish = attrib_finish,
  .free = attrib_free,
};

TbObserver *tb_attrib_new(TbConfidence least)
{
  Attrib *attrib = g_new0(Attrib, 1);
  attrib->observer.ops = &attrib_ops;
  attrib->least = MAX(least, TB_CONFIDENCE_CONTEXT);
  attrib->plans = g_array_new(FALSE, TRUE, sizeof(AttribPlan));
  attrib->machines = g_ptr_array_new_with_free_func((GDestroyNotify)attrib_machine_free);
  attrib->captures = g_ptr_array_new_with_free_func((GDestroyNotify)attrib_capture_free);
  return &attrib->observer;
}

void tb_attrib_find_places(const TbObserver *observer, const TbMachine *machine,
                           const TbNetHeaders *headers, TbEndPlace *src, TbEndPlace *dst)
{
  AttribTuple tuple;
  const AttribMachine *m = attrib_find((const Attrib *)observer, machine);
  *src = *dst = TB_END_UNKNOWN;
  if (!m || !attrib_headers_tuple(headers, &tuple))
    return;
  *src = attrib_place(m, tuple.local);
  *dst = attrib_place(m, tuple.remote);
}

/*
 * How sure the owner is as a process: a task that no event told to be one may be a thread. One
 * that is older than the recording passes for a process; one whose birth was seen, but not as
 * what, may well be either.
 */
static TbConfidence attrib_sure_of_process(const TbTimeline *timeline, TbLife life)
{
  if (life == TB_PROC_NONE)
    return TB_CONFIDENCE_LINKED;
  const TbProcess *process =
      tb_timeline_get_process(timeline, tb_timeline_life_process(timeline, life));
  if (process->id_known)
    return TB_CONFIDENCE_CERTAIN;
  /* Others went on when it ended: it was a thread, or the first one of several. */
  gboolean passes = process->start_known == TB_KNOWN_NOT && !process->leader_left;
  return passes ? TB_CONFIDENCE_LINKED : TB_CONFIDENCE_CONTEXT;
}

/* The life of @answer's task: that of the packet before it as a rule. */
static const AttribLife *attrib_find_life(Attrib *attrib, const TbMachine *machine,
                                          const AttribAnswer *answer)
{
  const TbTimeline *timeline = machine->timeline;
  AttribLife *kept = &attrib->lives[(guint32)answer->tid % ATTRIB_LIVES];
  if (G_LIKELY(kept->tid == answer->tid && kept->moment_ns == answer->time_ns &&
               kept->machine == machine))
    return kept;
  TbLife life = tb_timeline_find_life_at(timeline, answer->tid, answer->time_ns);
  *kept = (AttribLife){ .machine = machine, .tid = answer->tid, .moment_ns = answer->time_ns,
                        .most = attrib_sure_of_process(timeline, life) };
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
static gboolean attrib_name(Attrib *attrib, TbActors *actors, const TbMachine *machine,
                            const AttribAnswer *answer, gint64 time_ns, TbOwner *out)
{
  const AttribLife *life = attrib_find_life(attrib, machine, answer);
  if (life->instance) {
    gint64 start_ns = life->start_ns, end_ns = life->end_ns;
    if ((answer->lives == ATTRIB_ALIVE && time_ns < start_ns) ||
        (answer->lives == ATTRIB_ALIVE && time_ns > end_ns) ||
        (answer->lives == ATTRIB_NOT_DEAD && time_ns > end_ns &&
         time_ns - end_ns > ATTRIB_FAREWELL_NS))
      return FALSE;
    time_ns = CLAMP(time_ns, start_ns, MAX(start_ns, end_ns));
  }
  const TbContext *who = tb_actors_find(actors, machine, answer->tid, time_ns);
  TbConfidence most = answer->told ? answer->confidence : life->most;
  *out = (TbOwner){ .confidence = MIN(answer->confidence, most), .via = answer->via,
                    .tid = answer->is_process ? 0 : answer->tid, .pid = who->pid,
                    .pid_is_thread = !answer->is_process && !who->pid_known,
                    .comm = who->comm, .exe = who->exe, .generation = who->generation,
                    .instance = life->instance };
  return TRUE;
}

/* Whom @answer names, as far as it is sure enough. */
static void attrib_take(Attrib *attrib, TbActors *actors, const TbMachine *machine,
                        const AttribAnswer *answer, gint64 time_ns, TbOwner *found)
{
  if (!answer->tid || answer->confidence < attrib->least ||
      !attrib_name(attrib, actors, machine, answer, time_ns, found) ||
      found->confidence < attrib->least)
    *found = (TbOwner){ 0 };
}

/* Of the end that a capture does not say: the one the recording names alike, or the only one. */
static void attrib_place_told(TbOwners *owners, const TbOwner *src, const TbOwner *dst)
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
static void attrib_settle(const TbOwner *found, TbOwner *end, TbOwner *claim)
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

static void attrib_ask(Attrib *attrib, TbActors *actors, const AttribMachine *m,
                       const TbItem *packet, gint64 timeline_ns, TbOwners *owners)
{
  const TbMachine *machine = packet->record->source->machine;
  TbNetHeaders headers, quoted;
  AttribAnswer src, dst;
  TbOwner found_src, found_dst;
  tb_net_parse_packet(packet, &headers);
  attrib_look(m, &headers, timeline_ns, &src, &dst);
  if (G_UNLIKELY(headers.icmp == TB_NET_ICMP_ERROR) && tb_net_parse_quoted(packet, &headers, &quoted))
    attrib_look_quoted(m, &quoted, timeline_ns, &dst);
  gint64 told_ns = m->told ? attrib_told_packet_ns(packet) : timeline_ns;
  if (G_UNLIKELY(m->told))
    attrib_told_look(m->told, &headers, told_ns, &src, &dst);
  attrib_take(attrib, actors, machine, &src, src.told ? told_ns : timeline_ns, &found_src);
  attrib_take(attrib, actors, machine, &dst, dst.told ? told_ns : timeline_ns, &found_dst);
  if (owners->either_end)
    attrib_place_told(owners, &found_src, &found_dst);
  attrib_settle(&found_src, &owners->src, &owners->src_claim);
  attrib_settle(&found_dst, &owners->dst, &owners->dst_claim);
}

void tb_attrib_apply(TbObserver *observer, TbActors *actors, TbItem *packet,
                     gint64 timeline_ns)
{
  Attrib *attrib = (Attrib *)observer;
  const TbOwners *told = packet->owners;
  TbOwners *owners = &attrib->owners;
  if (told && told->carried)
    return;
  *owners = told ? *told : (TbOwners){ 0 };
  const AttribMachine *m =
      packet->record->source->frozen ? NULL : attrib_find(attrib, packet->record->source->machine);
  if (m)
    attrib_ask(attrib, actors, m, packet, timeline_ns, owners);
  packet->owners =
      tb_owner_is_known(&owners->src) || tb_owner_is_known(&owners->dst) ? owners : NULL;
}
