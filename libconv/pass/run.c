/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A run and what was found; see run.h. Its assemblies are in prepare.c, emit.c and count.c. */
#include "pass/clocks.h"
#include "pass/run-private.h"

static void observer_free(gpointer data)
{
  TbObserver *observer = data;
  observer->ops->free(observer);
}

TbRun *tb_run_new(const TbRunOptions *options)
{
  TbRun *run = g_new0(TbRun, 1);
  run->options = *options;
  run->limits = options->limits ? options->limits : tb_limits_default();
  run->damage = tb_damage_log_new(run->limits->damage_entries);
  run->observers = g_ptr_array_new_with_free_func(observer_free);
  run->found.notes = g_ptr_array_new_with_free_func(g_free);
  return run;
}

void tb_run_free(TbRun *run)
{
  if (!run)
    return;
  tb_tally_free(run->found.tally);
  g_ptr_array_unref(run->found.notes);
  g_ptr_array_unref(run->observers);
  g_clear_pointer(&run->sources, g_ptr_array_unref);
  g_clear_pointer(&run->machines, g_ptr_array_unref);
  tb_streams_free(run->streams);
  tb_inputs_free(run->inputs);
  tb_damage_log_free(run->damage);
  g_free(run);
}

void tb_run_add_observer(TbRun *run, TbObserver *observer)
{
  g_return_if_fail(run->observers->len < TB_RUN_OBSERVERS);
  g_ptr_array_add(run->observers, observer);
}

const GPtrArray *tb_run_get_readers(const TbRun *run)
{
  return run->inputs->readers;
}

const GPtrArray *tb_run_get_folders(const TbRun *run)
{
  return run->inputs->folders;
}

const GPtrArray *tb_run_get_machines(const TbRun *run)
{
  return run->machines;
}

const GPtrArray *tb_run_get_sources(const TbRun *run)
{
  return run->sources;
}

const TbDamageLog *tb_run_get_damage(const TbRun *run)
{
  return run->damage;
}

const GPtrArray *tb_run_get_notes(const TbRun *run)
{
  return run->found.notes;
}

const TbObserver *tb_run_get_align(const TbRun *run)
{
  return run->found.align;
}

const TbPacketLinks *tb_run_get_packet_links(const TbRun *run)
{
  return run->found.owners ? run->found.links : NULL;
}

const TbTally *tb_run_get_tally(const TbRun *run)
{
  return run->found.tally;
}

const TbLedger *tb_run_get_ledger(const TbRun *run)
{
  return &run->ledger;
}

guint tb_run_get_sorted(const TbRun *run)
{
  return run->n_sorted;
}

gboolean tb_run_check_clocks(const TbRun *run, GError **error)
{
  return tb_clocks_check(run->sources, run->found.align, run->options.clocks.as_they_stand, error);
}

gboolean tb_run_has_packets(const TbRun *run, const TbMachine *machine)
{
  for (guint i = 0; i < run->sources->len; i++) {
    const TbSource *source = g_ptr_array_index(run->sources, i);
    if (source->class == TB_SOURCE_PACKETS && (!machine || source->machine == machine))
      return TRUE;
  }
  return FALSE;
}

gboolean run_rewind(TbRun *run, const TbReaderHints *hints, GError **error)
{
  tb_damage_log_begin_pass(run->damage);
  for (guint i = 0; i < run->inputs->readers->len; i++) {
    TbReader *reader = tb_inputs_get_reader(run->inputs, i);
    reader->hints = *hints;
    if (!tb_reader_rewind(reader, error))
      return FALSE;
  }
  return TRUE;
}

gboolean run_may_have(const TbRun *run, TbSourceClass class)
{
  for (guint i = 0; i < run->inputs->readers->len; i++)
    if (tb_inputs_hold(tb_inputs_get_reader(run->inputs, i), class, TRUE))
      return TRUE;
  return FALSE;
}

gboolean run_tick(TbRun *run, const char *phase, GError **error)
{
  const TbProgressOptions *progress = &run->options.progress;
  guint64 done = 0, total = run->inputs->total_bytes;
  if (progress->cancel && g_atomic_int_get(progress->cancel)) {
    tb_error_set(error, TB_ERROR_CANCELLED, NULL, TB_OFFSET_NONE, "stopped");
    return FALSE;
  }
  if (!progress->show)
    return TRUE;
  for (guint i = 0; i < run->inputs->readers->len; i++)
    done += tb_reader_position(tb_inputs_get_reader(run->inputs, i));
  progress->show(progress->data, phase, total ? MIN(1.0, (double)done / (double)total) : 1.0);
  return TRUE;
}
