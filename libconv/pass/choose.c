/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The assembly in front of a writer that gets only the packets of some
 * processes: which ones these are depends on their owners, and an event may name
 * a packet that comes behind it. So packets are read once before anything is
 * written, and events name those that will be there.
 */
#include "pass/explain.h"
#include "pass/run-private.h"
#include "stages/order/overlap.h"
#include "stages/select/kinds.h"

typedef struct {
  TbSink sink;
  TbPacketLinks *links;
} Choice;

static gboolean choice_take(TbSink *sink, const TbItem *item, GError **error)
{
  tb_packet_links_keep(((Choice *)sink)->links, item);
  return TRUE;
}

static gboolean choose_tick(gpointer data, const char *phase, GError **error)
{
  return run_tick(data, phase, error);
}

gboolean run_choose_packets(TbRun *run, GError **error)
{
  static const TbSinkOps ops = { .take = choice_take };
  const TbReaderHints hints = { .interesting_only = TRUE };
  const GPtrArray *readers = run->inputs->readers;
  Choice choice = { { &ops }, run->found.links };
  g_autoptr(TbStage) processes = tb_select_processes_new(&run->options.select.processes);
  if (!choice.links || !processes)
    return TRUE;
  g_autoptr(TbStage) overlap = tb_overlap_new(readers, TRUE);
  if (!run_rewind(run, &hints, error))
    return FALSE;
  g_autoptr(TbOrder) order = tb_order_new(run->limits, run->options.spill_folder);
  run->ledger = (TbLedger){ 0 };
  TbPass pass = { .next = tb_order_next, .from = order, .sink = &choice.sink, .ledger = &run->ledger,
                  .phase = "choosing", .tick = choose_tick, .tick_data = run };
  g_autoptr(TbStage) packets = tb_select_kinds_new(readers, FALSE, TRUE, TB_LEDGER_NOT_WANTED);
  TbExplain *explain =
      tb_explain_new(&pass, run->found.owners, choice.links, run->options.owners.least);
  g_autoptr(TbStage) explain_stage = &explain->stage;
  TbStage *stages[] = { overlap, packets, explain_stage, processes };
  for (guint i = 0; i < G_N_ELEMENTS(stages); i++)
    if (stages[i])
      tb_pass_add(&pass, stages[i]);
  for (guint i = 0; i < run->streams->list->len; i++) {
    TbStream *stream = tb_streams_get(run->streams, i);
    if (tb_inputs_hold(stream->reader, TB_SOURCE_PACKETS, FALSE))
      tb_order_add(order, stream);
  }
  tb_packet_links_keep_some(choice.links);
  return tb_pass_run(&pass, error);
}
