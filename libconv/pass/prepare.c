/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The assembly that learns: opens the inputs, decides who observes, reads all
 * records once, and settles machines, sources and clocks.
 */
#include "pass/clocks.h"
#include "pass/driver.h"
#include "pass/machines.h"
#include "pass/open-files.h"
#include "pass/run-private.h"
#include "pass/watch.h"
#include "stages/align/align.h"
#include "stages/owners/owners.h"
#include "stages/order/overlap.h"

/* Machines and ranks, as far as they are known by now. @leave_open: sources may stay nobody's */
static gboolean prepare_resolve(TbRun *run, gboolean leave_open, GError **error)
{
  const TbInputs *inputs = run->inputs;
  g_autofree const char **names = g_new0(const char *, (gsize)inputs->readers->len + 1);
  for (guint i = 0; i < inputs->readers->len; i++)
    names[i] = tb_inputs_get_spec(inputs, i)->machine;
  if (!tb_machines_resolve(inputs->readers, names, leave_open, &run->machines, error))
    return FALSE;
  g_clear_pointer(&run->sources, g_ptr_array_unref);
  run->sources = tb_sources_rank(inputs->readers);
  return TRUE;
}

/* Before its readers. */
static TbWire *prepare_wire(TbRun *run)
{
  if (!run->found.wire) {
    run->found.wire = tb_wire_new();
    g_ptr_array_insert(run->observers, 0, &run->found.wire->observer);
  }
  return run->found.wire;
}

/* Owners are of packets, and known from events. */
static void prepare_add_owners(TbRun *run)
{
  const TbRunOptions *options = &run->options;
  gboolean owners = options->owners.least != TB_CONFIDENCE_NONE;
  if (!run_may_have(run, TB_SOURCE_PACKETS) || !run_may_have(run, TB_SOURCE_EVENTS))
    return;
  if (owners) {
    run->found.owners = tb_owners_new(options->owners.least);
    tb_run_add_observer(run, run->found.owners);
  }
  if (!options->owners.links || options->select.no_events || options->select.no_packets)
    return;
  run->found.links = tb_packet_links_new(owners ? prepare_wire(run) : NULL, options->spill_folder);
  tb_run_add_observer(run, &run->found.links->observer);
}

/* One input alone has nothing to be aligned with; a file of ours has been, once and for all. */
static void prepare_add_align(TbRun *run)
{
  const TbClockOptions *clocks = &run->options.clocks;
  if (clocks->as_they_stand || run->inputs->readers->len < 2 ||
      run->observers->len + 1 >= TB_RUN_OBSERVERS ||
      (!run_may_have(run, TB_SOURCE_EVENTS) && run->machines->len < 2) ||
      (run->options.count_only && !run_may_have(run, TB_SOURCE_PACKETS)))
    return;
  TbAlignOptions options = { .readers = run->inputs->readers, .wire = prepare_wire(run), .notes = run->found.notes,
                             .hosts = clocks->hosts, .reference = clocks->reference };
  run->found.align = tb_align_new(&options);
  tb_run_add_observer(run, run->found.align);
}

/*
 * Whether prepare has nothing to learn from records: nobody watches packets, nothing is aligned,
 * the readers know all about their sources, and no two inputs can hold the same records.
 */
static gboolean prepare_can_wait(const TbRun *run)
{
  gboolean can = run->options.single_pass && !run->found.align && !run->found.owners;
  for (guint i = 0; i < run->observers->len; i++)
    can &= !((TbObserver *)g_ptr_array_index(run->observers, i))->ops->wants_packets;
  for (guint i = 0; i < run->inputs->readers->len; i++)
    can &= tb_inputs_get_reader(run->inputs, i)->format->described_ahead;
  if (!can)
    return FALSE;
  g_autoptr(TbStage) overlap = tb_overlap_new(run->inputs->readers, FALSE);
  return !overlap;
}

/* What the readers' tables say of processes has the times of their events. */
static void prepare_shift_snapshots(const TbRun *run)
{
  for (guint i = 0; i < run->inputs->readers->len; i++)
    tb_clocks_shift_snapshot(tb_inputs_get_reader(run->inputs, i),
                             tb_inputs_get_spec(run->inputs, i),
                             run->options.clocks.time_offset_ns);
}

gboolean run_open(TbRun *run, const TbInputSpec *inputs, guint n, GError **error)
{
  tb_open_files_raise();
  run->inputs = tb_inputs_open(&run->options, run->limits, run->damage, inputs, n, error);
  if (!run->inputs)
    return FALSE;
  prepare_add_owners(run);
  run->streams =
      tb_streams_new(run->inputs, run->damage, run->options.clocks.time_offset_ns);
  prepare_shift_snapshots(run);
  if (!prepare_resolve(run, TRUE, error))
    return FALSE;
  prepare_add_align(run);
  if (!run->found.align && !prepare_resolve(run, FALSE, error))
    return FALSE;
  tb_streams_open_sources(run->streams);
  tb_clocks_join_guests(run->inputs);
  return TRUE;
}

static gboolean prepare_tick(gpointer data, const char *phase, GError **error)
{
  return run_tick(data, phase, error);
}

/* The records of @order for @watch. */
static gboolean prepare_pass(TbRun *run, TbOrder *order, TbStage *overlap, TbWatch *watch,
                             GError **error)
{
  TbPass pass = { .next = tb_order_next, .from = order, .sink = tb_watch_get_sink(watch), .ledger = &run->ledger,
                  .phase = "reading", .tick = prepare_tick, .tick_data = run };
  if (overlap)
    tb_pass_add(&pass, overlap);
  return tb_pass_run(&pass, error);
}

/* A stream whose order against others nobody minds is read to its end by itself. */
static gboolean prepare_drain(TbRun *run, TbStream *stream, TbStage *overlap, TbWatch *watch,
                              GError **error)
{
  g_autoptr(TbOrder) order = tb_order_new(NULL, NULL);
  tb_order_add(order, stream);
  return prepare_pass(run, order, overlap, watch, error);
}

gboolean run_read(TbRun *run, GError **error)
{
  const TbReaderHints hints = { .interesting_only = TRUE };
  if (!run_rewind(run, &hints, error))
    return FALSE;
  g_autoptr(TbOrder) order = tb_order_new(NULL, NULL);
  g_autoptr(TbStage) overlap = tb_overlap_new(run->inputs->readers, FALSE);
  g_autoptr(TbWatch) watch =
      tb_watch_new(run->observers, run->inputs->readers, &run->inputs->n_types);
  run->ledger = (TbLedger){ 0 };
  tb_watch_tell_snapshots(watch);
  for (guint i = 0; i < run->streams->list->len; i++) {
    TbStream *stream = tb_streams_get(run->streams, i);
    if (tb_watch_minds_order(watch, tb_inputs_hold(stream->reader, TB_SOURCE_EVENTS, TRUE)))
      tb_order_add(order, stream);
    else if (!prepare_drain(run, stream, overlap, watch, error))
      return FALSE;
  }
  if (!prepare_pass(run, order, overlap, watch, error))
    return FALSE;
  for (guint i = 0; i < run->streams->list->len; i++) {
    TbStream *stream = tb_streams_get(run->streams, i);
    stream->unordered |= tb_reader_is_unordered(stream->reader, stream->number);
  }
  return TRUE;
}

gboolean run_finish(TbRun *run, GError **error)
{
  for (guint i = 0; i < run->observers->len; i++) {
    TbObserver *observer = g_ptr_array_index(run->observers, i);
    if (observer != run->found.align && observer->ops->finish &&
        !observer->ops->finish(observer, error))
      return FALSE;
  }
  return TRUE;
}

/* Sources that were met only while reading have their place now; then everybody draws conclusions. */
static gboolean prepare_settle(TbRun *run, GError **error)
{
  TbObserver *align = run->found.align;
  tb_streams_open_sources(run->streams);
  if (!prepare_resolve(run, align != NULL, error))
    return FALSE;
  if (align && (!align->ops->finish(align, error) || !prepare_resolve(run, FALSE, error)))
    return FALSE;
  tb_streams_note_disorder(run->streams);
  tb_clocks_set_references(run->inputs->readers);
  return run_finish(run, error);
}

gboolean tb_run_prepare(TbRun *run, const TbInputSpec *inputs, guint n, GError **error)
{
  if (!run_open(run, inputs, n, error))
    return FALSE;
  run->unread = prepare_can_wait(run);
  return (run->unread || run_read(run, error)) && prepare_settle(run, error);
}
