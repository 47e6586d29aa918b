/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The live assembly; see live.h. */
#include "pass/live.h"

#include "pass/clocks.h"
#include "pass/driver.h"
#include "pass/explain.h"
#include "pass/run-private.h"
#include "pass/watch.h"
#include "stages/order/watermark.h"
#include "stages/select/kinds.h"

/**
 * Live: the order of a live pass, and the stage behind it
 * @learn: shows items to the observers before anybody explains them
 * @late: source -> number of records that came too late
 * @known: sources that the writer knows
 * @stopping: no more is waited for
 */
typedef struct {
  TbStage learn;
  TbRun *run;
  TbLiveOptions options;
  TbWatermark *watermark;
  TbWatch *watch;
  TbWriter *writer;
  GHashTable *late;
  GHashTable *known;
  const TbSource *latest;
  gboolean stopping;
} Live;

/* --- the order --- */

static gint64 live_now(gpointer data)
{
  const Live *live = data;
  return live->stopping ? G_MAXINT64 : live->options.now(live->options.data);
}

static void live_note_late(const Live *live, const TbItem *item)
{
  guint n = GPOINTER_TO_UINT(g_hash_table_lookup(live->late, item->record->source));
  g_hash_table_insert(live->late, item->record->source, GUINT_TO_POINTER(n + 1));
}

static TbReadResult live_next(gpointer data, TbItem **item, TbStream **stream, GError **error)
{
  Live *live = data;
  guint input = 0;
  for (;;) {
    TbReadResult result = tb_watermark_next(live->watermark, item, &input, error);
    if (result == TB_READ_RECORD) {
      *stream = tb_streams_get(live->run->streams, input);
      if (G_UNLIKELY(tb_watermark_is_late(live->watermark)))
        live_note_late(live, *item);
    }
    if (result != TB_READ_AGAIN)
      return result;
    if (live->stopping)
      return TB_READ_END;
    live->stopping = !live->options.wait(live->options.data);
  }
}

static void live_tell_late(const Live *live)
{
  for (guint i = 0; i < live->run->sources->len; i++) {
    const TbSource *source = g_ptr_array_index(live->run->sources, i);
    guint n = GPOINTER_TO_UINT(g_hash_table_lookup(live->late, source));
    g_autofree char *name = n ? tb_source_dup_interface_name(source) : NULL;
    if (n)
      g_ptr_array_add(live->run->found.notes,
                      g_strdup_printf("%s: %u records came later than the delay of %.3f s allows "
                                      "and stand out of order", name, n,
                                      (double)live->options.delay_ns / 1e9));
  }
}

/* --- sources that are met on the way --- */

static gboolean live_introduce(Live *live, TbSource *source, GError **error)
{
  TbRun *run = live->run;
  const TbWriterFormat *format = live->writer->format;
  if (!g_hash_table_add(live->known, source))
    return TRUE;
  if (!source->machine && run->machines->len)
    tb_source_set_machine(source, g_ptr_array_index(run->machines, 0));
  source->rank = run->sources->len;
  g_ptr_array_add(run->sources, tb_source_ref(source));
  if (format->add_source)
    return format->add_source(live->writer, source, error);
  tb_error_set(error, TB_ERROR_UNSUPPORTED, tb_output_get_name(live->writer->output),
               TB_OFFSET_NONE, "%s cannot take the source \"%s\", which was met only on the way",
               format->name, source->name);
  return FALSE;
}

static TbVerdict live_learn(TbStage *stage, TbItem *item, GError **error)
{
  Live *live = (Live *)stage;
  TbSource *source = item->record->source;
  if (G_UNLIKELY(source != live->latest)) {
    live->latest = source;
    if (!live_introduce(live, source, error))
      return TB_STAGE_FAILS;
  }
  return tb_sink_take(tb_watch_get_sink(live->watch), item, error) ? TB_STAGE_KEEPS
                                                                   : TB_STAGE_FAILS;
}

static void live_free_learn(TbStage *stage) {}

static const TbStageOps live_learn_ops = { .apply = live_learn, .free = live_free_learn };

/* --- the pass --- */

static gboolean live_tick(gpointer data, const char *phase, GError **error)
{
  return run_tick(data, phase, error);
}

static TbWatermark *live_order(Live *live)
{
  TbRun *run = live->run;
  g_autoptr(GArray) inputs = g_array_new(FALSE, FALSE, sizeof(TbMergeInput));
  for (guint i = 0; i < run->streams->list->len; i++) {
    TbMergeInput input = tb_stream_begin(tb_streams_get(run->streams, i));
    g_array_append_val(inputs, input);
  }
  TbWatermarkOptions options = { .delay_ns = live->options.delay_ns,
                                 .max_bytes = run->limits->sort_bytes, .now = live_now,
                                 .data = live };
  return tb_watermark_new((const TbMergeInput *)(gconstpointer)inputs->data, inputs->len,
                          &options);
}

static gboolean live_pass(Live *live, TbWriter *writer, GError **error)
{
  TbRun *run = live->run;
  const TbSelectOptions *select = &run->options.select;
  TbPass pass = { .next = live_next, .from = live, .sink = &writer->sink, .ledger = &run->ledger,
                  .phase = "writing", .tick = live_tick, .tick_data = run };
  g_autoptr(TbStage) kinds = tb_select_kinds_new(
      run->inputs->readers, !select->no_events && (writer->format->capabilities & TB_WRITER_EVENTS),
      !select->no_packets && (writer->format->capabilities & TB_WRITER_PACKETS),
      TB_LEDGER_NOT_WANTED);
  g_autoptr(TbStage) explain =
      &tb_explain_new(&pass, NULL, NULL, run->options.owners.least)->stage;
  g_autoptr(TbStage) processes = tb_select_processes_new(&select->processes);
  tb_pass_add(&pass, &live->learn);
  if (kinds)
    tb_pass_add(&pass, kinds);
  tb_pass_add(&pass, explain);
  if (processes)
    tb_pass_add(&pass, processes);
  return tb_pass_run(&pass, error) && tb_sink_finish(&writer->sink, error);
}

static gboolean live_run(Live *live, TbWriter *writer, GError **error)
{
  TbRun *run = live->run;
  const TbReaderHints hints = { .interesting_only = FALSE };
  run->ledger = (TbLedger){ 0 };
  live->writer = writer;
  for (guint i = 0; i < run->sources->len; i++)
    g_hash_table_add(live->known, g_ptr_array_index(run->sources, i));
  if (!run_rewind(run, &hints, error))
    return FALSE;
  live->watch = tb_watch_new(run->observers, run->inputs->readers, &run->inputs->n_types);
  live->watermark = live_order(live);
  gboolean ok = live_pass(live, writer, error);
  live_tell_late(live);
  tb_watermark_free(live->watermark);
  tb_watch_free(live->watch);
  return ok && run_finish(run, error);
}

gboolean tb_run_live(TbRun *run, const TbInputSpec *inputs, guint n, const TbLiveOptions *options,
                     const TbWriterFormat *format, TbOutput *output, TbWriterCounts *counts,
                     GError **error)
{
  run->options.owners.least = TB_CONFIDENCE_NONE;
  run->options.clocks.as_they_stand = TRUE;
  if (!run_open(run, inputs, n, error))
    return FALSE;
  g_autoptr(TbWriter) writer = tb_writer_open_with(format, output, run->limits, run->machines,
                                                   run->sources, run->options.settings, error);
  if (!writer)
    return FALSE;
  g_autoptr(GHashTable) late = g_hash_table_new(NULL, NULL);
  g_autoptr(GHashTable) known = g_hash_table_new(NULL, NULL);
  Live live = { .learn = { .ops = &live_learn_ops }, .run = run, .options = *options,
                .late = late, .known = known };
  gboolean ok = live_run(&live, writer, error);
  *counts = writer->counts;
  return ok;
}
