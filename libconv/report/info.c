/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What `info` says about one input, as lines; see report.h. */
#include "report/report.h"

#include "base/escape.h"

enum { INFO_KEY_WIDTH = 14, INFO_TYPES_SHOWN = 12 };

static void info_line(gpointer data, const char *key, const char *value)
{
  g_autofree char *shown = tb_escape_dup(value);
  g_string_append_printf(data, "%-*s %s\n", INFO_KEY_WIDTH, key, shown);
}

static void info_fact(gpointer data, const char *key, const char *value)
{
  g_autofree char *indented = g_strdup_printf("  %s", key);
  info_line(data, indented, value);
}

static void info_machine(const TbMachine *machine, GString *out)
{
  g_autoptr(GString) text = g_string_new(tb_machine_get_label(machine));
  if (machine->os != TB_OS_UNKNOWN)
    g_string_append_printf(text, ", %s", tb_os_to_name(machine->os));
  if (machine->os_version)
    g_string_append_printf(text, " %s", machine->os_version);
  if (machine->arch_name)
    g_string_append_printf(text, ", %s", machine->arch_name);
  if (machine->n_cpus)
    g_string_append_printf(text, ", %u CPUs", machine->n_cpus);
  if (machine->memory_bytes)
    g_string_append_printf(text, ", %" G_GUINT64_FORMAT " MiB", machine->memory_bytes >> 20);
  if (machine->identity)
    g_string_append_printf(text, " (%s)", machine->identity);
  info_line(out, "machine", text->str);
}

static void append_time(GString *out, const TbAxis *axis, gint64 own)
{
  gint64 ns = tb_axis_map(axis, own);
  if (axis->ticks) {
    g_string_append_printf(out, "%" G_GUINT64_FORMAT, (guint64)ns);
    return;
  }
  if (!axis->realtime) {
    g_string_append_printf(out, "%" G_GUINT64_FORMAT ".%09u s", (guint64)ns / 1000000000,
                           (guint)((guint64)ns % 1000000000));
    return;
  }
  gint64 seconds = ns / 1000000000 - (ns % 1000000000 < 0);
  g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(seconds);
  g_autofree char *text = date ? g_date_time_format(date, "%Y-%m-%d %H:%M:%S") : g_strdup("?");
  g_string_append_printf(out, "%s.%09u UTC", text, (guint)(ns - seconds * 1000000000));
}

static void info_clock(const TbSource *source, GString *out)
{
  const TbAxis *axis = &source->clock.axis;
  g_autoptr(GString) text = g_string_new(tb_clock_to_name(axis->clock));
  if (axis->ticks)
    g_string_append(text, ", ticks of unknown length");
  if (axis->clock == TB_CLOCK_REALTIME)
    g_string_append(text, ", wall-clock time");
  else if (axis->realtime)
    g_string_append_printf(text, ", wall-clock time by adding %" G_GINT64_FORMAT " ns (%s)",
                           axis->offset_ns, tb_origin_to_name(axis->origin));
  else
    g_string_append(text, ", nothing says what wall-clock time it is");
  if (axis->bounded)
    g_string_append_printf(text, ", true offset within %+" G_GINT64_FORMAT " to %+" G_GINT64_FORMAT
                           " ns of it", axis->bound_low_ns - axis->offset_ns,
                           axis->bound_high_ns - axis->offset_ns);
  info_fact(out, "clock", text->str);
}

static void info_counts(const TbSource *source, GString *out)
{
  const TbSourceCounts *counts = &source->counts;
  const char *what = source->class == TB_SOURCE_EVENTS ? "events" : "packets";
  g_autoptr(GString) text = g_string_new(NULL);
  g_string_append_printf(text, "%" G_GUINT64_FORMAT, counts->records);
  if (counts->discarded)
    g_string_append_printf(text, ", %" G_GUINT64_FORMAT " discarded by the kernel",
                           counts->discarded);
  if (counts->unordered)
    g_string_append_printf(text, ", %" G_GUINT64_FORMAT " out of order", counts->unordered);
  if (counts->damaged)
    g_string_append_printf(text, ", %" G_GUINT64_FORMAT " damaged pieces", counts->damaged);
  info_fact(out, what, text->str);
  g_autofree char *complete = tb_report_dup_completeness(source);
  if (complete)
    info_fact(out, "completeness", complete);
  if (counts->records) {
    g_autoptr(GString) range = g_string_new(NULL);
    append_time(range, &source->clock.axis, counts->first_ns);
    g_string_append(range, " to ");
    append_time(range, &source->clock.axis, counts->last_ns);
    info_fact(out, "time", range->str);
  }
}

static void info_types(const TbSource *source, const GArray *rows, gboolean verbose,
                       GString *out)
{
  guint shown = 0, left = 0;
  for (guint i = 0; i < rows->len; i++) {
    const TbCensusRow *row = &g_array_index(rows, TbCensusRow, i);
    if (row->source != source)
      continue;
    if (!verbose && shown >= INFO_TYPES_SHOWN) {
      left++;
      continue;
    }
    shown++;
    g_autofree char *name = g_strdup_printf("%s:%s", row->type->system, row->type->name);
    g_autofree char *safe = tb_escape_dup(name);
    g_string_append_printf(out, "    %12" G_GUINT64_FORMAT "  %s\n", row->count, safe);
  }
  if (left)
    g_string_append_printf(out, "    %12s  %u further event types (-v shows all)\n", "...", left);
}

static void info_folders(const TbRun *run, GString *out)
{
  const GPtrArray *folders = tb_run_get_folders(run);
  for (guint i = 0; i < folders->len; i++) {
    const TbFolder *folder = g_ptr_array_index(folders, i);
    info_line(out, "folder", folder->path);
    info_line(out, "format", folder->format->description);
    for (guint f = 0; f + 1 < folder->facts->len; f += 2)
      info_fact(out, g_ptr_array_index(folder->facts, f), g_ptr_array_index(folder->facts, f + 1));
  }
}

void tb_report_append_info(const TbRun *run, const TbObserver *census, gboolean verbose,
                           GString *out)
{
  const GPtrArray *readers = tb_run_get_readers(run);
  const GPtrArray *machines = tb_run_get_machines(run);
  const GPtrArray *sources = tb_run_get_sources(run);
  g_autoptr(GArray) rows = tb_census_get_rows(census);
  info_folders(run, out);
  for (guint i = 0; i < readers->len; i++) {
    const TbReader *reader = g_ptr_array_index(readers, i);
    if (reader->place.folder && !verbose)
      continue; /* the folder stands for its files */
    info_line(out, "file", tb_input_get_name(reader->input));
    info_line(out, "format", reader->format->description);
    if (reader->format->describe)
      reader->format->describe(reader, info_fact, out);
  }
  for (guint i = 0; i < machines->len; i++)
    info_machine(g_ptr_array_index(machines, i), out);
  for (guint i = 0; i < sources->len; i++) {
    const TbSource *source = g_ptr_array_index(sources, i);
    g_autofree char *name = tb_source_dup_interface_name(source);
    info_line(out, "source", name);
    info_clock(source, out);
    info_counts(source, out);
    info_types(source, rows, verbose, out);
  }
  g_autoptr(GString) losses = g_string_new(NULL);
  tb_report_append_losses(run, verbose ? G_MAXUINT : 10, losses);
  g_string_append(out, losses->str);
}
