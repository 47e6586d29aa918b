/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The assembly that counts packets by process and owner. */
#include "pass/clocks.h"
#include "pass/explain.h"
#include "pass/run-private.h"
#include "stages/select/kinds.h"

static gboolean count_take(TbSink *sink, const TbItem *item, GError **error)
{
  return TRUE;
}

static gboolean count_tick(gpointer data, const char *phase, GError **error)
{
  return run_tick(data, phase, error);
}

static gboolean count_rewind(TbRun *run, GError **error)
{
  tb_damage_log_begin_pass(run->damage);
  for (guint i = 0; i < run->inputs->readers->len; i++) {
    TbReader *reader = tb_inputs_get_reader(run->inputs, i);
    reader->hints = (TbReaderHints){ .interesting_only = TRUE };
    if (tb_inputs_hold(reader, TB_SOURCE_PACKETS, FALSE) && !tb_reader_rewind(reader, error))
      return FALSE;
  }
  return TRUE;
}

/* Numbers do not depend on the order of streams, so each is read by itself. */
static gboolean count_stream(TbPass *pass, TbStream *stream, GError **error)
{
  if (!tb_inputs_hold(stream->reader, TB_SOURCE_PACKETS, FALSE))
    return TRUE;
  g_autoptr(TbOrder) order = tb_order_new(NULL, NULL);
  tb_order_add(order, stream);
  pass->next = tb_order_next;
  pass->from = order;
  return tb_pass_run(pass, error);
}

gboolean tb_run_count(TbRun *run, GError **error)
{
  static const TbSinkOps nothing = { .take = count_take };
  TbSink sink = { &nothing };
  if (!tb_run_check_clocks(run, error) || !count_rewind(run, error))
    return FALSE;
  TbPass pass = { .sink = &sink, .ledger = &run->ledger, .phase = "counting", .tick = count_tick,
                  .tick_data = run };
  run->ledger = (TbLedger){ 0 };
  run->found.tally = tb_tally_new(run->found.owners);
  tb_tally_count_processes(run->found.tally, run->options.owners.least);
  g_autoptr(TbStage) packets =
      tb_select_kinds_new(run->inputs->readers, FALSE, TRUE, TB_LEDGER_NOT_WANTED);
  TbExplain *explain = tb_explain_new(&pass, run->found.owners, NULL,
                                      run->options.owners.least);
  g_autoptr(TbStage) explain_stage = &explain->stage;
  g_autoptr(TbStage) counting = tb_count_packets_new(run->found.tally);
  tb_pass_add(&pass, packets);
  tb_pass_add(&pass, explain_stage);
  tb_pass_add(&pass, counting);
  for (guint i = 0; i < run->streams->list->len; i++)
    if (!count_stream(&pass, tb_streams_get(run->streams, i), error))
      return FALSE;
  tb_tally_finish(run->found.tally);
  return TRUE;
}
