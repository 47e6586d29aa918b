/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `ps`: the processes of recordings, as a table, a tree or JSON. Reads the
 * inputs once; what it shows is what the process tracker put into the
 * machines' timelines.
 */
#include "formats.h"
#include "inputs.h"
#include "ps.h"
#include "report/report.h"
#include "stages/proctrack.h"
#include "tool-util.h"

#include "base/escape.h"

#include <stdio.h>
#include <string.h>

enum { PS_DAMAGE_LINES = 20 };

typedef struct {
  gboolean json;
  gboolean tree;
  gboolean verbose;
  gboolean quiet;
  char *at;
  char *time_offset;
  char *inputs_from;
  char *progress;
  gint64 time_offset_ns;
} PsOptions;

static void options_clear(PsOptions *o)
{
  g_free(o->at);
  g_free(o->time_offset);
  g_free(o->inputs_from);
  g_free(o->progress);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PsOptions, options_clear)

static const char ps_description[] =
    "TIME is on the axis of the output: seconds (1419.78), a date (2026-11-21T07:00:00Z), or\n"
    "+SECONDS behind the first record.\n\n"
    "Examples:\n"
    "  tracebraid ps --tree trace.dat\n"
    "  tracebraid ps --at +2.5 trace.dat\n"
    "  tracebraid ps --json trace.dat | jq '.machines[].processes[] | select(.exit_signal)'\n\n"
    "A dash stands for what is outside the recording or not known.\n"
    "Exit codes: 0 done; 1 done, but something in the input was lost or damaged; 2 failed.\n";

PsAliases *ps_find_aliases(const TbTimeline *timeline)
{
  PsAliases *aliases = g_array_new(FALSE, FALSE, sizeof(guint32));
  for (guint32 i = 0; i < tb_timeline_get_n_processes(timeline); i++)
    if (tb_timeline_get_process(timeline, i)->is_alias)
      g_array_append_val(aliases, i);
  return aliases;
}

gboolean ps_is_shown(const TbTimeline *timeline, guint32 process, gint64 at_ns)
{
  const TbProcess *p = tb_timeline_get_process(timeline, process);
  return !p->is_alias && (at_ns == PS_ALWAYS || (p->start_ns <= at_ns && at_ns < p->end_ns));
}

typedef struct {
  const TbTimeline *timeline;
  gboolean realtime;
  gint64 at_ns;
  GString *out;
} PsTable;

static void append_text(GString *out, const char *text)
{
  if (!text) {
    g_string_append_c(out, '-');
    return;
  }
  g_auto(TbBuf) escaped = { 0 };
  tb_escape_append(&escaped, text, strlen(text), TB_ESCAPE_NEWLINE | TB_ESCAPE_TAB);
  g_string_append_len(out, (const char *)escaped.data, (gssize)escaped.len);
}

static void append_time(const PsTable *table, gint64 ns, gboolean known, GString *out)
{
  if (!known) {
    g_string_append_c(out, '-');
    return;
  }
  gint64 seconds = ns / G_GINT64_CONSTANT(1000000000) - (ns % G_GINT64_CONSTANT(1000000000) < 0);
  gint64 micros = (ns - seconds * G_GINT64_CONSTANT(1000000000)) / 1000;
  g_autoptr(GDateTime) date = table->realtime ? g_date_time_new_from_unix_utc(seconds) : NULL;
  if (date) {
    g_autofree char *text = g_date_time_format(date, "%Y-%m-%dT%H:%M:%S");
    g_string_append_printf(out, "%s.%06" G_GINT64_FORMAT "Z", text, micros);
  } else {
    g_string_append_printf(out, "%" G_GINT64_FORMAT ".%06" G_GINT64_FORMAT, seconds, micros);
  }
}

static void append_span(const TbProcess *process, GString *out)
{
  if (process->start_known != TB_KNOWN_SEEN || process->end_known != TB_KNOWN_SEEN) {
    g_string_append_c(out, '-');
    return;
  }
  guint64 micros = (guint64)(process->end_ns - process->start_ns) / 1000;
  g_string_append_printf(out, "%" G_GUINT64_FORMAT ".%06" G_GUINT64_FORMAT, micros / 1000000,
                         micros % 1000000);
}

static void append_end(const TbProcess *process, GString *out)
{
  if (process->has_code)
    g_string_append_printf(out, "exit %d", process->exit_code);
  else if (process->has_signal && tb_track_linux.signal_name((guint8)process->exit_signal))
    g_string_append(out, tb_track_linux.signal_name((guint8)process->exit_signal));
  else if (process->has_signal)
    g_string_append_printf(out, "signal %d", process->exit_signal);
  else
    g_string_append(out, process->was_killed                       ? "killed"
                         : process->end_known == TB_KNOWN_SEEN     ? "ended"
                         : process->end_known == TB_KNOWN_INFERRED ? "gone"
                                                                   : "-");
}

static void append_row(PsTable *table, guint32 id, guint depth)
{
  const TbTimeline *timeline = table->timeline;
  const TbProcess *process = tb_timeline_get_process(timeline, id);
  guint32 parent = tb_timeline_resolve(timeline, process->parent);
  gint64 at_ns = table->at_ns == PS_ALWAYS ? TB_TIME_NEVER - 1 : table->at_ns;
  g_autoptr(GString) start = g_string_new(NULL);
  g_autoptr(GString) span = g_string_new(NULL);
  g_autoptr(GString) end = g_string_new(NULL);
  append_time(table, process->start_ns, process->start_known == TB_KNOWN_SEEN, start);
  append_span(process, span);
  append_end(process, end);
  g_string_append_printf(table->out, "%8d ", process->pid);
  if (parent == TB_PROC_NONE)
    g_string_append_printf(table->out, "%8s ", "-");
  else
    g_string_append_printf(table->out, "%8d ", tb_timeline_get_process(timeline, parent)->pid);
  g_string_append_printf(table->out, "%*s %12s  %-8s ", table->realtime ? 27 : 18, start->str,
                         span->str, end->str);
  g_string_append_printf(table->out, "%*s", (int)MIN(depth, 64) * 2, "");
  guint32 comm = tb_timeline_comm_at(timeline, tb_life_of_process(id), at_ns);
  guint32 exe = tb_timeline_exe_at(timeline, id, at_ns);
  append_text(table->out, tb_timeline_get_string(timeline, comm));
  if (exe) {
    g_string_append(table->out, "  ");
    append_text(table->out, tb_timeline_get_string(timeline, exe));
  }
  g_string_append_c(table->out, '\n');
}

static gint compare_start(gconstpointer a, gconstpointer b, gpointer data)
{
  const TbTimeline *timeline = data;
  guint32 x = *(const guint32 *)a, y = *(const guint32 *)b;
  gint64 at_x = tb_timeline_get_process(timeline, x)->start_ns;
  gint64 at_y = tb_timeline_get_process(timeline, y)->start_ns;
  if (at_x != at_y)
    return at_x < at_y ? -1 : 1;
  return x < y ? -1 : x > y;
}

/* Children behind their parents: first child and next sibling of every instance. */
typedef struct {
  guint32 *child;
  guint32 *sibling;
} PsTree;

static void append_tree(PsTable *table, const PsTree *tree, guint32 root)
{
  g_autoptr(GArray) stack = g_array_new(FALSE, FALSE, sizeof(guint32));
  g_array_append_val(stack, root);
  append_row(table, root, 0);
  while (stack->len) {
    guint32 *top = &g_array_index(stack, guint32, stack->len - 1);
    guint32 next = tree->child[*top];
    if (next == TB_PROC_NONE) {
      g_array_set_size(stack, stack->len - 1);
      continue;
    }
    tree->child[*top] = tree->sibling[next]; /* taken */
    append_row(table, next, stack->len);
    g_array_append_val(stack, next);
  }
}

static void append_trees(PsTable *table, const GArray *shown)
{
  guint32 n = tb_timeline_get_n_processes(table->timeline);
  g_autofree guint32 *child = g_new(guint32, (gsize)n + 1);
  g_autofree guint32 *sibling = g_new(guint32, (gsize)n + 1);
  g_autofree gboolean *is_shown = g_new0(gboolean, (gsize)n + 1);
  PsTree tree = { child, sibling };
  for (guint32 i = 0; i < n; i++)
    child[i] = sibling[i] = TB_PROC_NONE;
  for (guint i = 0; i < shown->len; i++)
    is_shown[g_array_index(shown, guint32, i)] = TRUE;
  for (guint i = shown->len; i-- > 0;) {
    guint32 id = g_array_index(shown, guint32, i);
    guint32 parent = tb_timeline_resolve(table->timeline,
                                         tb_timeline_get_process(table->timeline, id)->parent);
    if (parent == TB_PROC_NONE || !is_shown[parent])
      continue;
    sibling[id] = child[parent];
    child[parent] = id;
  }
  for (guint i = 0; i < shown->len; i++) {
    guint32 id = g_array_index(shown, guint32, i);
    guint32 parent = tb_timeline_resolve(table->timeline,
                                         tb_timeline_get_process(table->timeline, id)->parent);
    if (parent == TB_PROC_NONE || !is_shown[parent])
      append_tree(table, &tree, id);
  }
}

static gboolean machine_is_realtime(const TbPipeline *pipeline, const TbMachine *machine)
{
  const GPtrArray *sources = tb_pipeline_get_sources(pipeline);
  for (guint i = 0; i < sources->len; i++) {
    const TbSource *source = g_ptr_array_index(sources, i);
    if (source->machine == machine && source->class == TB_SOURCE_EVENTS)
      return source->axis.realtime;
  }
  return FALSE;
}

static void print_machine(const PsOptions *o, const TbPipeline *pipeline, const TbMachine *machine,
                          gint64 at_ns)
{
  g_autoptr(GString) out = g_string_new(NULL);
  g_autoptr(GArray) shown = g_array_new(FALSE, FALSE, sizeof(guint32));
  PsTable table = { .timeline = machine->timeline, .at_ns = at_ns, .out = out,
                    .realtime = machine_is_realtime(pipeline, machine) };
  for (guint32 i = 0; i < tb_timeline_get_n_processes(machine->timeline); i++)
    if (ps_is_shown(machine->timeline, i, at_ns))
      g_array_append_val(shown, i);
  g_array_sort_with_data(shown, compare_start, machine->timeline);
  append_text(out, tb_machine_get_label(machine));
  g_string_append_printf(out, ": %u processes\n%8s %8s %*s %12s  %-8s %s\n", shown->len, "PID",
                         "PPID", table.realtime ? 27 : 18, "START", "LIFETIME", "END",
                         "NAME  EXECUTABLE");
  if (o->tree)
    append_trees(&table, shown);
  else
    for (guint i = 0; i < shown->len; i++)
      append_row(&table, g_array_index(shown, guint32, i), 0);
  fputs(out->str, stdout);
}

static gint64 first_record(const TbPipeline *pipeline)
{
  gint64 first_ns = G_MAXINT64;
  const GPtrArray *sources = tb_pipeline_get_sources(pipeline);
  for (guint i = 0; i < sources->len; i++) {
    const TbSource *source = g_ptr_array_index(sources, i);
    if (source->counts.records)
      first_ns = MIN(first_ns, tb_axis_map(&source->axis, source->counts.first_ns));
  }
  return first_ns == G_MAXINT64 ? 0 : first_ns;
}

/* --at: a date, seconds on the axis, or + seconds behind the first record. */
static gboolean parse_at(const char *text, const TbPipeline *pipeline, gint64 *ns)
{
  g_autoptr(GDateTime) date = g_date_time_new_from_iso8601(text, NULL);
  if (date) {
    *ns = g_date_time_to_unix(date) * G_GINT64_CONSTANT(1000000000) +
          g_date_time_get_microsecond(date) * G_GINT64_CONSTANT(1000);
    return TRUE;
  }
  if (!tool_parse_seconds(text, ns))
    return FALSE;
  if (*text == '+')
    *ns += first_record(pipeline);
  return TRUE;
}

static int ps_print(const PsOptions *o, const TbPipeline *pipeline)
{
  const GPtrArray *machines = tb_pipeline_get_machines(pipeline);
  gint64 at_ns = PS_ALWAYS;
  if (o->at && !parse_at(o->at, pipeline, &at_ns))
    return tool_error(TOOL_USAGE, "--at \"%s\" is no time (examples: 1419.78, +2.5, "
                      "2026-11-21T07:00:00Z)", o->at);
  if (o->json) {
    g_autoptr(JsonBuilder) json = json_builder_new();
    ps_build_json(machines, at_ns, json);
    g_autofree char *text = tb_report_print_json(json);
    fputs(text, stdout);
    return TOOL_OK;
  }
  for (guint i = 0; i < machines->len; i++) {
    if (i)
      putchar('\n');
    print_machine(o, pipeline, g_ptr_array_index(machines, i), at_ns);
  }
  return TOOL_OK;
}

static int ps_run(const PsOptions *o, const GArray *inputs)
{
  g_autoptr(GError) error = NULL;
  ToolProgress progress;
  if (!tool_progress_init(&progress, o->progress, o->quiet))
    return tool_error(TOOL_USAGE, "--progress is auto, always or never");
  TbPipelineOptions options = { .registry = &tb_formats, .align_off = TRUE,
                                .time_offset_ns = o->time_offset_ns,
                                .progress = tool_progress_show, .progress_data = &progress,
                                .cancel = tool_get_cancel() };
  g_autoptr(TbPipeline) pipeline = tb_pipeline_new(&options);
  tb_pipeline_add_observer(pipeline, tb_proctrack_new_with_rows());
  gboolean ok = tb_pipeline_prepare(pipeline, (const TbInputSpec *)(gpointer)inputs->data,
                                    inputs->len, &error);
  tool_progress_clear(&progress);
  if (!ok)
    return tool_fail(error);
  int status = ps_print(o, pipeline);
  if (status != TOOL_OK)
    return status;
  g_autoptr(GString) losses = g_string_new(NULL);
  tb_report_append_losses(pipeline, o->verbose ? G_MAXUINT : PS_DAMAGE_LINES, losses);
  if (!o->quiet)
    fputs(losses->str, stderr);
  return tb_report_is_clean(pipeline) ? TOOL_OK : TOOL_LOSSY;
}

static int ps_command(int argc, char **argv)
{
  g_auto(PsOptions) o = { 0 };
  g_auto(GStrv) literal = NULL;
  g_autofree char *why = NULL;
  g_autoptr(GArray) inputs = tool_inputs_new();
  const GOptionEntry entries[] = {
    { "tree", 0, 0, G_OPTION_ARG_NONE, &o.tree, "Show children below their parents", NULL },
    { "json", 0, 0, G_OPTION_ARG_NONE, &o.json, "Print one JSON document", NULL },
    { "at", 0, 0, G_OPTION_ARG_STRING, &o.at, "Show who lives at this time", "TIME" },
    { "time-offset", 0, 0, G_OPTION_ARG_STRING, &o.time_offset, "Add this to all times",
      "SECONDS" },
    { "inputs-from", 0, 0, G_OPTION_ARG_FILENAME, &o.inputs_from,
      "Read further inputs from FILE, separated by newline or NUL", "FILE" },
    { "progress", 0, 0, G_OPTION_ARG_STRING, &o.progress, "auto (default), always or never",
      "WHEN" },
    { "verbose", 'v', 0, G_OPTION_ARG_NONE, &o.verbose, "Tell more", NULL },
    { "quiet", 'q', 0, G_OPTION_ARG_NONE, &o.quiet, "Tell only errors", NULL },
    G_OPTION_ENTRY_NULL,
  };
  int parsed = tool_parse("ps", "INPUT...", "Shows the processes of recordings.", ps_description,
                          entries, &argc, &argv, &literal);
  if (parsed >= 0)
    return parsed;
  gboolean ok = TRUE;
  for (int i = 1; i < argc && ok; i++)
    ok = tool_inputs_add(inputs, argv[i], TOOL_INPUT_LITERAL, &why);
  for (guint i = 0; literal && literal[i] && ok; i++)
    ok = tool_inputs_add(inputs, literal[i], TOOL_INPUT_LITERAL, &why);
  if (ok && o.inputs_from)
    ok = tool_inputs_add_list(inputs, o.inputs_from, TOOL_INPUT_LITERAL, &why);
  if (!ok)
    return tool_error(TOOL_USAGE, "%s", why);
  if (inputs->len == 0)
    return tool_error(TOOL_USAGE, "no input given (tracebraid help ps shows the options)");
  if (o.time_offset && !tool_parse_seconds(o.time_offset, &o.time_offset_ns))
    return tool_error(TOOL_USAGE, "--time-offset \"%s\" is no time (examples: +3.25, -250ms)",
                      o.time_offset);
  return ps_run(&o, inputs);
}

const ToolCommand tool_ps = { "ps", "Show the processes of recordings", ps_command };
