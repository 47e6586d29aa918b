/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The assembly that writes: all inputs in the total order, explained, to a
 * writer. Where prepare had nothing to learn it is the first to see the records;
 * what then turns out otherwise is written again from the beginning.
 */
#include "pass/clocks.h"
#include "pass/explain.h"
#include "pass/run-private.h"
#include "stages/order/overlap.h"
#include "stages/select/kinds.h"

/* What is written as if it had been known ahead is not worth writing once it proves wrong. */
typedef struct {
  TbStage stage;
  const TbStreams *streams;
} Fresh;

static TbVerdict fresh_apply(TbStage *stage, TbItem *item, GError **error)
{
  return ((Fresh *)stage)->streams->out_of_order ? TB_STAGE_DROPS : TB_STAGE_KEEPS;
}

static void fresh_free(TbStage *stage)
{
  g_free(stage);
}

static TbStage *fresh_new(const TbStreams *streams)
{
  static const TbStageOps ops = { .apply = fresh_apply, .free = fresh_free };
  Fresh *fresh = g_new0(Fresh, 1);
  fresh->stage = (TbStage){ &ops, TB_LEDGER_AGAIN };
  fresh->streams = streams;
  return &fresh->stage;
}

static gboolean emit_tick(gpointer data, const char *phase, GError **error)
{
  return run_tick(data, phase, error);
}

/* @stage: (nullable) (transfer full): to @stages, which own it */
static void emit_add(TbPass *pass, GPtrArray *stages, TbStage *stage)
{
  if (!stage)
    return;
  g_ptr_array_add(stages, stage);
  tb_pass_add(pass, stage);
}

/* Captures alone that name nobody have nothing to be explained. */
static gboolean emit_explains(const TbRun *run)
{
  gboolean explains = run_may_have(run, TB_SOURCE_EVENTS) || run->found.owners || run->found.links;
  for (guint i = 0; i < run->inputs->readers->len; i++)
    explains |= tb_inputs_get_reader(run->inputs, i)->format->get_owners != NULL;
  return explains;
}

/* Who acted, what it says, whose it is. */
static void emit_add_explain(TbRun *run, TbPass *pass, GPtrArray *stages, gboolean growing)
{
  TbExplain *explain = tb_explain_new(pass, run->found.owners, run->found.links,
                                      run->options.owners.least);
  if (growing)
    tb_actors_set_growing(explain->actors);
  emit_add(pass, stages, &explain->stage);
}

void run_add_stages(TbRun *run, TbPass *pass, GPtrArray *stages, guint32 capabilities,
                    gboolean growing)
{
  const TbRunOptions *options = &run->options;
  const GPtrArray *readers = run->inputs->readers;
  emit_add(pass, stages, tb_select_kinds_new(readers, !options->select.no_events,
                                             !options->select.no_packets, TB_LEDGER_NOT_WANTED));
  emit_add(pass, stages, tb_select_kinds_new(readers, (capabilities & TB_WRITER_EVENTS) != 0,
                                             (capabilities & TB_WRITER_PACKETS) != 0,
                                             TB_LEDGER_NO_PLACE));
  if (growing || emit_explains(run))
    emit_add_explain(run, pass, stages, growing);
  if (run->found.tally)
    emit_add(pass, stages, tb_count_packets_new(run->found.tally));
  if (options->owners.strip_trailers)
    emit_add(pass, stages, tb_strip_new());
  emit_add(pass, stages, tb_select_processes_new(&options->select.processes));
}

/* @first: (nullable) (transfer full): the stage right behind the order */
static gboolean emit_pass(TbRun *run, TbWriter *writer, TbStage *first, GError **error)
{
  g_autoptr(TbOrder) order = tb_order_new(run->limits, run->options.spill_folder);
  g_autoptr(GPtrArray) stages = g_ptr_array_new_with_free_func((GDestroyNotify)tb_stage_free);
  TbPass pass = { .next = tb_order_next, .from = order, .sink = &writer->sink,
                  .ledger = &run->ledger, .phase = "writing", .tick = emit_tick,
                  .tick_data = run };
  run->ledger = (TbLedger){ 0 };
  for (guint i = 0; i < run->streams->list->len; i++)
    tb_order_add(order, tb_streams_get(run->streams, i));
  run->n_sorted = tb_order_get_sorted(order);
  emit_add(&pass, stages, first);
  run_add_stages(run, &pass, stages, writer->format->capabilities, FALSE);
  return tb_pass_run(&pass, error) && tb_sink_finish(&writer->sink, error);
}

gboolean run_wants_source(const TbRun *run, const TbSource *source, guint32 capabilities)
{
  const TbSelectOptions *select = &run->options.select;
  return source->class == TB_SOURCE_EVENTS
             ? !select->no_events && (capabilities & TB_WRITER_EVENTS)
             : !select->no_packets && (capabilities & TB_WRITER_PACKETS);
}

GPtrArray *run_list_sources(const TbRun *run, guint32 capabilities)
{
  GPtrArray *kept = g_ptr_array_new();
  for (guint i = 0; i < run->sources->len; i++) {
    TbSource *source = g_ptr_array_index(run->sources, i);
    if (run_wants_source(run, source, capabilities))
      g_ptr_array_add(kept, source);
  }
  return kept;
}

void run_number_sources(const TbRun *run, const GPtrArray *kept)
{
  g_autofree guint32 *rank_of = g_new0(guint32, (gsize)run->sources->len + 1);
  for (guint i = 0; i < kept->len; i++)
    rank_of[((TbSource *)g_ptr_array_index(kept, i))->rank] = i;
  for (guint i = 0; i < run->inputs->readers->len; i++) {
    const TbReader *reader = tb_inputs_get_reader(run->inputs, i);
    for (guint s = 0; s < reader->sources->len; s++) {
      TbSource *source = g_ptr_array_index(reader->sources, s);
      source->rank = rank_of[source->rank];
    }
  }
}

/* An output that holds nothing of an input that should have held something helps nobody. */
static gboolean emit_check_readable(const TbRun *run, GError **error)
{
  const GPtrArray *entries = tb_damage_log_get_entries(run->damage);
  for (guint i = 0; i < run->sources->len; i++) {
    const TbSource *source = g_ptr_array_index(run->sources, i);
    if (source->counts.records > 0 || source->counts.lost_gaps > 0)
      return TRUE;
  }
  if (entries->len == 0)
    return TRUE;
  const TbDamage *first = g_ptr_array_index(entries, 0);
  tb_error_set(error, first->code, first->source, first->offset, "%s; no record could be read",
               first->text);
  return FALSE;
}

static gboolean emit_write(TbRun *run, const TbWriterFormat *format, TbOutput *output,
                           const GPtrArray *kept, TbWriterCounts *counts, GError **error)
{
  const TbReaderHints hints = { .interesting_only = FALSE };
  run->streams->out_of_order = FALSE;
  g_clear_pointer(&run->found.tally, tb_tally_free); /* of what is written again */
  if (run->options.owners.count)
    run->found.tally = tb_tally_new(run->found.owners);
  g_autoptr(TbWriter) writer = tb_writer_open_with(format, output, run->limits, run->machines,
                                                   kept, run->options.settings, error);
  if (!writer)
    return FALSE;
  /* Rewound only now: writers and the search for overlaps look at what prepare counted. */
  TbStage *first = run->unread ? fresh_new(run->streams)
                               : tb_overlap_new(run->inputs->readers, TRUE);
  gboolean ok = run_rewind(run, &hints, error);
  if (ok)
    ok = emit_pass(run, writer, first, error);
  else
    tb_stage_free(first);
  *counts = writer->counts;
  return ok;
}

static guint32 *emit_dup_snaplens(const TbRun *run)
{
  guint32 *snaplens = g_new(guint32, (gsize)run->sources->len + 1);
  for (guint i = 0; i < run->sources->len; i++)
    snaplens[i] = ((const TbSource *)g_ptr_array_index(run->sources, i))->link.snaplen;
  return snaplens;
}

/*
 * Emit as the first pass. Where records are not as their readers described them it has seen them
 * all like prepare does, and what it wrote is written again.
 */
static gboolean emit_write_unread(TbRun *run, const TbWriterFormat *format, TbOutput *output,
                                  const GPtrArray *kept, TbWriterCounts *counts, GError **error)
{
  g_autofree guint32 *snaplens = emit_dup_snaplens(run);
  if (!emit_write(run, format, output, kept, counts, error) || !emit_check_readable(run, error))
    return FALSE;
  gboolean holds = !run->streams->out_of_order;
  for (guint i = 0; i < run->sources->len; i++)
    holds &= snaplens[i] == ((const TbSource *)g_ptr_array_index(run->sources, i))->link.snaplen;
  run->unread = FALSE;
  return holds || (tb_output_restart(output, error) &&
                   emit_write(run, format, output, kept, counts, error));
}

gboolean tb_run_emit(TbRun *run, const TbWriterFormat *format, TbOutput *output,
                     TbWriterCounts *counts, GError **error)
{
  gboolean again = (format->capabilities & TB_WRITER_UNCOUNTED) && tb_output_can_restart(output);
  if (run->unread && !again) {
    run->unread = FALSE;
    if (!run_read(run, error))
      return FALSE;
  }
  g_autoptr(GPtrArray) kept = run_list_sources(run, format->capabilities);
  if ((!run->unread && !emit_check_readable(run, error)) ||
      !tb_clocks_check(kept, run->found.align, run->options.clocks.as_they_stand, error))
    return FALSE;
  run_number_sources(run, kept);
  if (!run_choose_packets(run, error))
    return FALSE;
  return run->unread ? emit_write_unread(run, format, output, kept, counts, error)
                     : emit_write(run, format, output, kept, counts, error);
}
