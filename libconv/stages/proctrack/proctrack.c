/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The process tracker's observer; see proctrack.h. It keeps one engine a
 * machine, the compiled plan of every wanted type by its id, and for every
 * source and CPU when something was heard last, which is where a gap begins.
 */
#include "stages/proctrack/proctrack.h"

enum { PROCTRACK_MAX_CPUS = 65536 };

static const TbTrackFlavour *const proctrack_flavours[] = { &tb_track_linux, &tb_track_windows,
                                                           &tb_track_rows, &tb_track_calls };

typedef struct {
  gpointer plan; /* NULL = not wanted */
  guint flavour;
} TrackType;

typedef struct {
  const TbMachine *machine;
  TbTracker *tracker;
  gpointer states[G_N_ELEMENTS(proctrack_flavours)];
} TrackMachine;

typedef struct {
  const TbSource *source;
  TrackMachine *machine;
  gint64 *heard_ns; /* by CPU */
  guint32 n_cpus;
} TrackSource;

typedef struct {
  TbObserver observer;
  GArray *types;       /* TrackType by type id */
  GPtrArray *machines; /* TrackMachine */
  GPtrArray *sources;  /* TrackSource */
  TrackSource *latest;
  gboolean with_rows;
} Proctrack;

static void track_machine_free(TrackMachine *machine)
{
  for (guint i = 0; i < G_N_ELEMENTS(proctrack_flavours); i++)
    if (machine->states[i] && proctrack_flavours[i]->free_state)
      proctrack_flavours[i]->free_state(machine->states[i]);
  tb_tracker_free(machine->tracker);
  g_free(machine);
}

static void track_source_free(TrackSource *source)
{
  g_free(source->heard_ns);
  g_free(source);
}

static gboolean proctrack_wants_type(TbObserver *observer, const TbEventType *type)
{
  Proctrack *proctrack = (Proctrack *)observer;
  for (guint i = 0; i < G_N_ELEMENTS(proctrack_flavours); i++) {
    const TbTrackFlavour *flavour = proctrack_flavours[i];
    g_autofree gpointer plan = g_malloc0(flavour->plan_size);
    if (flavour == &tb_track_rows && !proctrack->with_rows)
      continue;
    if (!flavour->wants_type(type, plan))
      continue;
    if (type->id >= proctrack->types->len)
      g_array_set_size(proctrack->types, type->id + 1);
    TrackType *slot = &g_array_index(proctrack->types, TrackType, type->id);
    g_free(slot->plan);
    *slot = (TrackType){ .plan = g_steal_pointer(&plan), .flavour = i };
    return TRUE;
  }
  return FALSE;
}

const TbTrackFlavour *tb_proctrack_describe(const TbEventType *type, TbLifeEvent *out)
{
  for (guint i = 0; i < G_N_ELEMENTS(proctrack_flavours); i++)
    if (proctrack_flavours[i]->describe && proctrack_flavours[i]->describe(type, out))
      return proctrack_flavours[i];
  return NULL;
}

static TrackMachine *proctrack_find_machine(Proctrack *proctrack, const TbMachine *machine)
{
  for (guint i = 0; i < proctrack->machines->len; i++) {
    TrackMachine *known = g_ptr_array_index(proctrack->machines, i);
    if (known->machine == machine)
      return known;
  }
  TrackMachine *made = g_new0(TrackMachine, 1);
  made->machine = machine;
  made->tracker = tb_tracker_new(machine->timeline);
  for (guint i = 0; i < G_N_ELEMENTS(proctrack_flavours); i++)
    if (proctrack_flavours[i]->new_state)
      made->states[i] = proctrack_flavours[i]->new_state(machine, made->tracker);
  g_ptr_array_add(proctrack->machines, made);
  return made;
}

/* NULL where nothing is to be tracked: nobody's source, or one whose rows are settled. */
static TrackSource *proctrack_find_source(Proctrack *proctrack, const TbSource *source)
{
  for (guint i = 0; i < proctrack->sources->len; i++) {
    TrackSource *known = g_ptr_array_index(proctrack->sources, i);
    if (known->source == source)
      return known;
  }
  if (!source->machine || (source->frozen && !proctrack->with_rows))
    return NULL;
  TrackSource *made = g_new0(TrackSource, 1);
  made->source = source;
  made->machine = proctrack_find_machine(proctrack, source->machine);
  g_ptr_array_add(proctrack->sources, made);
  return made;
}

/* When @source was heard on @cpu; NULL where CPUs are not told. */
static inline gint64 *track_source_heard(TrackSource *source, guint32 cpu)
{
  if (G_UNLIKELY(cpu >= source->n_cpus)) {
    if (cpu >= PROCTRACK_MAX_CPUS)
      return NULL;
    source->heard_ns = g_renew(gint64, source->heard_ns, cpu + 1);
    for (guint32 i = source->n_cpus; i <= cpu; i++)
      source->heard_ns[i] = TB_TIME_BEFORE;
    source->n_cpus = cpu + 1;
  }
  return &source->heard_ns[cpu];
}

static void proctrack_event(TbObserver *observer, const TbItem *event)
{
  Proctrack *proctrack = (Proctrack *)observer;
  TrackSource *source = proctrack->latest;
  if (G_UNLIKELY(!source || source->source != event->record->source)) {
    source = proctrack_find_source(proctrack, event->record->source);
    if (!source)
      return;
    proctrack->latest = source;
  }
  TrackMachine *machine = source->machine;
  gint64 *heard_ns = track_source_heard(source, event->record->cpu);
  if (G_UNLIKELY(event->record->kind == TB_RECORD_LOST)) {
    tb_tracker_at(machine->tracker, event->machine_time.ns, event->record->source);
    tb_tracker_gap(machine->tracker, heard_ns ? *heard_ns : TB_TIME_BEFORE);
  } else if (event->record->kind == TB_RECORD_EVENT && event->record->type->id < proctrack->types->len) {
    const TrackType *type = &g_array_index(proctrack->types, TrackType, event->record->type->id);
    if (G_LIKELY(type->plan))
      proctrack_flavours[type->flavour]->event(type->plan, machine->states[type->flavour],
                                               machine->tracker, event);
  }
  if (heard_ns)
    *heard_ns = event->machine_time.ns;
}

static gboolean proctrack_finish(TbObserver *observer, GError **error)
{
  Proctrack *proctrack = (Proctrack *)observer;
  for (guint i = 0; i < proctrack->machines->len; i++) {
    TrackMachine *machine = g_ptr_array_index(proctrack->machines, i);
    tb_tracker_finish(machine->tracker);
  }
  g_ptr_array_set_size(proctrack->sources, 0);
  g_ptr_array_set_size(proctrack->machines, 0);
  proctrack->latest = NULL;
  return TRUE;
}

static void proctrack_free(TbObserver *observer)
{
  Proctrack *proctrack = (Proctrack *)observer;
  for (guint i = 0; i < proctrack->types->len; i++)
    g_free(g_array_index(proctrack->types, TrackType, i).plan);
  g_array_unref(proctrack->types);
  g_ptr_array_unref(proctrack->sources);
  g_ptr_array_unref(proctrack->machines);
  g_free(proctrack);
}

static const TbObserverOps proctrack_ops = {
  .name = "proctrack",
  .wants_type = proctrack_wants_type,
  .event = proctrack_event,
  .finish = proctrack_finish,
  .free = proctrack_free,
};

TbObserver *tb_proctrack_new(void)
{
  Proctrack *proctrack = g_new0(Proctrack, 1);
  proctrack->observer.ops = &proctrack_ops;
  proctrack->types = g_array_new(FALSE, TRUE, sizeof(TrackType));
  proctrack->machines = g_ptr_array_new_with_free_func((GDestroyNotify)track_machine_free);
  proctrack->sources = g_ptr_array_new_with_free_func((GDestroyNotify)track_source_free);
  return &proctrack->observer;
}

TbObserver *tb_proctrack_new_with_rows(void)
{
  TbObserver *observer = tb_proctrack_new();
  ((Proctrack *)observer)->with_rows = TRUE;
  return observer;
}
