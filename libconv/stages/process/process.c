/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From facts to verbs of the process tracker; see process.h. */
#include "stages/process/process.h"

#include "stages/process/process-engine.h"

typedef struct {
  const TbMachine *machine;
  TbTracker *tracker;
  guint32 pending; /* signals, as counted into those of all */
} ProcessMachine;

typedef struct {
  TbObserver observer;
  GPtrArray *machines;     /* ProcessMachine */
  const TbSource *source;  /* of the latest fact */
  ProcessMachine *machine; /* (nullable): its machine; NULL where nothing is to be tracked */
  guint32 pending;         /* signals of all machines */
} ProcessObserver;

static void process_machine_free(gpointer data)
{
  ProcessMachine *machine = data;
  tb_tracker_free(machine->tracker);
  g_free(machine);
}

static ProcessMachine *process_find_machine(ProcessObserver *process, const TbMachine *machine)
{
  for (guint i = 0; i < process->machines->len; i++) {
    ProcessMachine *known = g_ptr_array_index(process->machines, i);
    if (known->machine == machine)
      return known;
  }
  ProcessMachine *made = g_new0(ProcessMachine, 1);
  made->machine = machine;
  made->tracker = tb_tracker_new(machine->timeline);
  g_ptr_array_add(process->machines, made);
  return made;
}

/* Nobody's source tells of no machine, and rows of a frozen one are settled. */
static G_GNUC_NO_INLINE void process_choose(ProcessObserver *process, const TbSource *source)
{
  gboolean tracked = source->machine && (!source->frozen || process->observer.takes_frozen);
  process->source = source;
  process->machine = tracked ? process_find_machine(process, source->machine) : NULL;
}

static gint64 process_time_ns(const TbItem *item, TbOwnTime own)
{
  return tb_source_machine_time(item->record->source, own).ns;
}

/* That tasks act matters only to those that may be about to die of a signal. */
static G_GNUC_NO_INLINE void process_count_pending(ProcessObserver *process,
                                                   ProcessMachine *machine)
{
  process->pending += tb_tracker_signals_pending(machine->tracker) - machine->pending;
  machine->pending = tb_tracker_signals_pending(machine->tracker);
  if (process->pending)
    process->observer.sink->wants |= TB_FACT_BIT(TB_FACT_ACTS);
  else
    process->observer.sink->wants &= ~TB_FACT_BIT(TB_FACT_ACTS);
}

static void process_pass_call(TbTracker *tracker, const TbItem *item, const TbFact *fact)
{
  switch ((int)fact->kind) {
  case TB_FACT_CLAIMED:
    tb_tracker_claim(tracker, &fact->born, process_time_ns(item, fact->born.since));
    break;
  case TB_FACT_NEWBORN: tb_tracker_newborn(tracker, fact->newborn.tid, fact->newborn.yes); break;
  case TB_FACT_PROGRAM_UNKNOWN:
    tb_tracker_program_unknown(tracker, fact->since.tid,
                               process_time_ns(item, fact->since.since));
    break;
  case TB_FACT_LEAVES:
    tb_tracker_leave(tracker, fact->leaves.tid, fact->leaves.code, fact->leaves.whole);
    break;
  case TB_FACT_REAPED: tb_tracker_reaped(tracker, fact->reaped.tid, fact->reaped.other); break;
  case TB_FACT_SUBREAPER:
    tb_tracker_subreaper(tracker, fact->subreaper.tid, fact->subreaper.yes);
    break;
  case TB_FACT_CALLS_RECORDED: tb_tracker_trust_silence(tracker); break;
  case TB_FACT_PROCESS_EXISTS:
    tb_tracker_exists(tracker, &fact->process, process_time_ns(item, fact->process.start),
                      process_time_ns(item, fact->process.end));
    break;
  default: break;
  }
}

static void process_pass_end(TbTracker *tracker, const TbItem *item, const TbFact *fact)
{
  switch ((int)fact->kind) {
  case TB_FACT_ENDED:
    tb_tracker_exit(tracker, fact->ended.tid, fact->ended.comm, fact->ended.last);
    break;
  case TB_FACT_SIGNALLED: tb_tracker_signal(tracker, &fact->signalled); break;
  case TB_FACT_SIGNAL_SENT:
    tb_tracker_signal_sent(tracker, fact->signal_sent.tid, fact->signal_sent.number,
                           fact->signal_sent.yes);
    break;
  case TB_FACT_SIGNAL_MET:
    tb_tracker_signal_met(tracker, fact->signal_met.tid, fact->signal_met.number,
                          fact->signal_met.yes);
    break;
  case TB_FACT_FATE: tb_tracker_fate(tracker, fact->fate.tid, fact->fate.yes); break;
  case TB_FACT_EXIT_STATUS:
    tb_tracker_exit_status(tracker, fact->exit_status.pid, fact->exit_status.code);
    break;
  case TB_FACT_GAP:
    tb_tracker_gap(tracker, fact->gap.known ? process_time_ns(item, fact->gap.since)
                                            : TB_TIME_BEFORE);
    break;
  default: process_pass_call(tracker, item, fact); break;
  }
}

static inline void process_pass(TbTracker *tracker, const TbItem *item, const TbFact *fact)
{
  switch ((int)fact->kind) {
  case TB_FACT_SWITCHED:
    tb_tracker_name(tracker, fact->switched.from, fact->switched.from_comm);
    tb_tracker_name(tracker, fact->switched.to, fact->switched.to_comm);
    break;
  case TB_FACT_NAMED: tb_tracker_name(tracker, fact->name.tid, fact->name.name); break;
  case TB_FACT_ACTS: tb_tracker_acts(tracker, fact->task); break;
  case TB_FACT_BORN:
    tb_tracker_birth(tracker, &fact->born);
    tb_tracker_name(tracker, fact->born.maker, fact->born.maker_comm);
    break;
  case TB_FACT_EXECUTED:
    tb_tracker_exec(tracker, fact->executed.tid, fact->executed.old_tid, fact->executed.path);
    break;
  case TB_FACT_PROGRAM: tb_tracker_program(tracker, fact->name.tid, fact->name.name); break;
  case TB_FACT_RENAMED:
    tb_tracker_rename(tracker, fact->renamed.tid, fact->renamed.old_name,
                      fact->renamed.new_name);
    break;
  default: process_pass_end(tracker, item, fact); break;
  }
}

static void process_fact(TbObserver *observer, const TbItem *item, const TbFact *fact)
{
  ProcessObserver *process = (ProcessObserver *)observer;
  if (G_UNLIKELY(process->source != item->record->source))
    process_choose(process, item->record->source);
  ProcessMachine *machine = process->machine;
  if (G_UNLIKELY(!machine))
    return;
  tb_tracker_at(machine->tracker, item->machine_time.ns, item->record->source);
  process_pass(machine->tracker, item, fact);
  if (G_UNLIKELY(tb_tracker_signals_pending(machine->tracker) != machine->pending ||
                 (fact->kind == TB_FACT_ACTS && !process->pending)))
    process_count_pending(process, machine);
}

static gboolean process_finish(TbObserver *observer, GError **error)
{
  ProcessObserver *process = (ProcessObserver *)observer;
  for (guint i = 0; i < process->machines->len; i++)
    tb_tracker_finish(((ProcessMachine *)g_ptr_array_index(process->machines, i))->tracker);
  g_ptr_array_set_size(process->machines, 0);
  process->source = NULL;
  process->machine = NULL;
  return TRUE;
}

static void process_free(TbObserver *observer)
{
  ProcessObserver *process = (ProcessObserver *)observer;
  g_ptr_array_unref(process->machines);
  g_free(process);
}

static const TbObserverOps process_ops = {
  .name = "process",
  .facts = TB_FACT_BIT(TB_FACT_BORN) | TB_FACT_BIT(TB_FACT_CLAIMED) |
           TB_FACT_BIT(TB_FACT_NEWBORN) | TB_FACT_BIT(TB_FACT_EXECUTED) |
           TB_FACT_BIT(TB_FACT_PROGRAM_UNKNOWN) | TB_FACT_BIT(TB_FACT_PROGRAM) |
           TB_FACT_BIT(TB_FACT_NAMED) | TB_FACT_BIT(TB_FACT_RENAMED) |
           TB_FACT_BIT(TB_FACT_ACTS) | TB_FACT_BIT(TB_FACT_LEAVES) | TB_FACT_BIT(TB_FACT_ENDED) |
           TB_FACT_BIT(TB_FACT_SIGNALLED) | TB_FACT_BIT(TB_FACT_SIGNAL_SENT) |
           TB_FACT_BIT(TB_FACT_SIGNAL_MET) | TB_FACT_BIT(TB_FACT_FATE) |
           TB_FACT_BIT(TB_FACT_REAPED) | TB_FACT_BIT(TB_FACT_SUBREAPER) |
           TB_FACT_BIT(TB_FACT_CALLS_RECORDED) | TB_FACT_BIT(TB_FACT_EXIT_STATUS) |
           TB_FACT_BIT(TB_FACT_PROCESS_EXISTS) | TB_FACT_BIT(TB_FACT_SWITCHED) | TB_FACT_BIT(TB_FACT_GAP),
  .fact = process_fact,
  .finish = process_finish,
  .free = process_free,
};

TbObserver *tb_process_observer_new(void)
{
  ProcessObserver *process = g_new0(ProcessObserver, 1);
  process->observer.ops = &process_ops;
  process->machines = g_ptr_array_new_with_free_func(process_machine_free);
  return &process->observer;
}

TbObserver *tb_process_observer_new_frozen(void)
{
  TbObserver *observer = tb_process_observer_new();
  observer->takes_frozen = TRUE;
  return observer;
}
