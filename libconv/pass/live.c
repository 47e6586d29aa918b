/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The live assembly; see live.h. */
#include "pass/live.h"

#include "pass/clocks.h"
#include "pass/driver.h"
#include "pass/run-private.h"
#include "pass/watch.h"
#include "stages/order/watermark.h"

/**
 * Live: the order of a live pass, and the stage right behind it
 * @learn: shows items to the observers before anybody explains them
 * @accept_clocks: clocks need not be related
 * @kept: (element-type TbSource): what the writer knows, by interface number
 * @met: sources that had a record
 * @latest: the one that had the latest
 * @late: (element-type guint): records that came too late, by interface number
 */
typedef struct {
  TbStage learn;
  TbRun *run;
  TbLiveOptions options;
  gboolean accept_clocks;
  TbWatermark *watermark;
  TbWatch *watch;
  TbWriter *writer;
  GPtrArray *kept;
  GHashTable *met;
  const TbSource *latest;
  GArray *late;
} Live;

/* --- the order --- */

static void live_count_late(const Live *live, const TbItem *item)
{
  guint32 rank = item->record->source->rank;
  if (rank >= live->late->len)
    g_array_set_size(live->late, rank + 1);
  g_array_index(live->late, guint, rank)++;
}

/* What was written goes on before anybody waits. */
static gboolean live_wait(const Live *live, GError **error)
{
  const TbLiveOptions *options = &live->options;
  if (!run_tick(live->run, "writing", error) || !tb_output_flush(live->writer->output, error))
    return FALSE;
  options->wait(options->data, tb_watermark_get_wait(live->watermark));
  return TRUE;
}

static TbReadResult live_next(gpointer data, TbItem **item, TbStream **stream, GError **error)
{
  const Live *live = data;
  guint input = 0;
  TbReadResult result;
  do {
    if (live->options.stop && g_atomic_int_get(live->options.stop))
      tb_watermark_stop(live->watermark);
    result = tb_watermark_next(live->watermark, item, &input, error);
    if (result == TB_READ_AGAIN && !live_wait(live, error))
      return TB_READ_ERROR;
  } while (result == TB_READ_AGAIN);
  if (result == TB_READ_RECORD) {
    *stream = tb_streams_get(live->run->streams, input);
    if (G_UNLIKELY(tb_watermark_is_late(live->watermark)))
      live_count_late(live, *item);
  }
  return result;
}

static void live_tell_order(const Live *live)
{
  GPtrArray *notes = live->run->found.notes;
  guint64 early = tb_watermark_get_early(live->watermark);
  for (guint i = 0; i < live->late->len; i++) {
    guint n = g_array_index(live->late, guint, i);
    if (n == 0 || i >= live->kept->len)
      continue;
    g_autofree char *name = tb_source_dup_interface_name(g_ptr_array_index(live->kept, i));
    g_ptr_array_add(notes, g_strdup_printf("%s: %u records came later than the delay of %.3f s "
                                           "allows and stand out of order", name, n,
                                           (double)live->options.delay_ns / 1e9));
  }
  if (early)
    g_ptr_array_add(notes, g_strdup_printf("%" G_GUINT64_FORMAT " records did not wait for others "
                                           "as long as they should: there was no memory for more",
                                           early));
}

/* --- sources that are met on the way --- */

/* One that another input described already has its interface. */
static TbSource *live_find_equal(const Live *live, const TbSource *source)
{
  for (guint i = 0; i < live->kept->len; i++) {
    TbSource *known = g_ptr_array_index(live->kept, i);
    if (known == source || tb_source_compare(known, source) == 0)
      return known;
  }
  return NULL;
}

static gboolean live_add_source(const Live *live, TbSource *source, GError **error)
{
  const TbWriterFormat *format = live->writer->format;
  source->rank = live->kept->len;
  g_ptr_array_add(live->run->sources, tb_source_ref(source));
  g_ptr_array_add(live->kept, source);
  if (format->add_source)
    return format->add_source(live->writer, source, error);
  tb_error_set(error, TB_ERROR_UNSUPPORTED, tb_output_get_name(live->writer->output),
               TB_OFFSET_NONE, "%s cannot take the source \"%s\", which was met only on the way",
               format->name, source->name);
  return FALSE;
}

/* A machine that comes with its source stands behind those that are known. */
static void live_place(TbRun *run, TbSource *source)
{
  if (!source->machine && run->machines->len)
    tb_source_set_machine(source, g_ptr_array_index(run->machines, 0));
  if (!source->machine || g_ptr_array_find(run->machines, source->machine, NULL))
    return;
  source->machine->rank = run->machines->len;
  g_ptr_array_add(run->machines, tb_machine_ref(source->machine));
}

/* The first record of @source. */
static gboolean live_meet(const Live *live, TbSource *source, GError **error)
{
  const TbWriterFormat *format = live->writer->format;
  live_place(live->run, source);
  if (run_wants_source(live->run, source, format->capabilities)) {
    const TbSource *known = live_find_equal(live, source);
    if (known)
      source->rank = known->rank;
    else if (!live_add_source(live, source, error))
      return FALSE;
  }
  return tb_clocks_check(live->run->sources, NULL, live->accept_clocks, error);
}

static TbVerdict live_learn(TbStage *stage, TbItem *item, GError **error)
{
  Live *live = (Live *)stage;
  TbSource *source = item->record->source;
  if (G_UNLIKELY(source != live->latest)) {
    live->latest = source;
    if (g_hash_table_add(live->met, source) && !live_meet(live, source, error))
      return TB_STAGE_FAILS;
  }
  return tb_sink_take(tb_watch_get_sink(live->watch), item, error) ? TB_STAGE_KEEPS
                                                                   : TB_STAGE_FAILS;
}

static const TbStageOps live_learn_ops = { .apply = live_learn };

/* --- the pass --- */

static gboolean live_tick(gpointer data, const char *phase, GError **error)
{
  return run_tick(data, phase, error);
}

static TbWatermark *live_order(Live *live)
{
  const TbRun *run = live->run;
  g_autoptr(GArray) inputs = g_array_new(FALSE, FALSE, sizeof(TbMergeInput));
  for (guint i = 0; i < run->streams->list->len; i++) {
    TbMergeInput input = tb_stream_begin(tb_streams_get(run->streams, i));
    g_array_append_val(inputs, input);
  }
  TbWatermarkOptions options = { .delay_ns = live->options.delay_ns,
                                 .max_bytes = run->limits->sort_bytes,
                                 .now = live->options.now, .data = live->options.data };
  return tb_watermark_new((const TbMergeInput *)(gconstpointer)inputs->data, inputs->len,
                          &options);
}

static gboolean live_pass(Live *live, GError **error)
{
  TbRun *run = live->run;
  TbWriter *writer = live->writer;
  g_autoptr(GPtrArray) stages = g_ptr_array_new_with_free_func((GDestroyNotify)tb_stage_free);
  TbPass pass = { .next = live_next, .from = live, .sink = &writer->sink, .ledger = &run->ledger,
                  .phase = "writing", .tick = live_tick, .tick_data = run };
  run->ledger = (TbLedger){ 0 };
  tb_pass_add(&pass, &live->learn);
  run_add_stages(run, &pass, stages, writer->format->capabilities, TRUE);
  return tb_pass_run(&pass, error) && tb_sink_finish(&writer->sink, error);
}

static gboolean live_run(Live *live, GError **error)
{
  TbRun *run = live->run;
  const TbReaderHints hints = { .live = TRUE };
  if (!run_rewind(run, &hints, error))
    return FALSE;
  live->watch = tb_watch_new(run->observers, run->inputs->readers, &run->inputs->n_types);
  live->watermark = live_order(live);
  tb_watch_tell_snapshots(live->watch);
  gboolean ok = live_pass(live, error);
  live_tell_order(live);
  tb_watermark_free(live->watermark);
  tb_watch_free(live->watch);
  return ok && run_finish(run, error);
}

gboolean tb_run_live(TbRun *run, const TbInputSpec *inputs, guint n, const TbLiveOptions *options,
                     const TbWriterFormat *format, TbOutput *output, TbWriterCounts *counts,
                     GError **error)
{
  Live live = { .learn.ops = &live_learn_ops, .run = run, .options = *options,
                .accept_clocks = run->options.clocks.as_they_stand };
  run->options.owners.least = TB_CONFIDENCE_NONE;
  run->options.clocks.as_they_stand = TRUE;
  if (!run_open(run, inputs, n, error))
    return FALSE;
  g_autoptr(GPtrArray) kept = run_list_sources(run, format->capabilities);
  g_autoptr(GHashTable) met = g_hash_table_new(NULL, NULL);
  g_autoptr(GArray) late = g_array_new(FALSE, TRUE, sizeof(guint));
  run_number_sources(run, kept);
  g_autoptr(TbWriter) writer = tb_writer_open_with(format, output, run->limits, run->machines,
                                                   kept, run->options.settings, error);
  if (!writer)
    return FALSE;
  live.kept = kept;
  live.met = met;
  live.late = late;
  live.writer = writer;
  gboolean ok = live_run(&live, error);
  *counts = writer->counts;
  return ok;
}
