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
#include "stages/process/process.h"
#include "tool-util.h"

#include <stdio.h>

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
  char *owners;
  char *align;
  TbConfidence least;
  gint64 time_offset_ns;
} PsOptions;

static void options_clear(PsOptions *o)
{
  g_free(o->at);
  g_free(o->time_offset);
  g_free(o->inputs_from);
  g_free(o->progress);
  g_free(o->owners);
  g_free(o->align);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PsOptions, options_clear)

static const char ps_description[] =
    "An input is FILE, NAME=FILE (NAME is the machine it belongs to) or FILE@+SECONDS.\n"
    "Where captures are among them, or a converted file has packets, columns tell how many\n"
    "packets every process sent and received in the whole recording, and their bytes on the\n"
    "wire. A packet counts once for each interface that captured it, and at both ends where\n"
    "both are known. The last line counts packets of which neither end is.\n\n"
    "TIME is on the axis of the output: seconds (1419.78), a date (2026-11-21T07:00:00Z), or\n"
    "+SECONDS behind the first record.\n\n"
    "Examples:\n"
    "  tracebraid ps --tree trace.dat\n"
    "  tracebraid ps --at +2.5 trace.dat\n"
    "  tracebraid ps trace.dat eth0.pcap\n"
    "  tracebraid ps --json trace.dat | jq '.machines[].processes[] | select(.exit_signal)'\n\n"
    "A dash stands for what is outside the recording or not known.\n"
    "Exit codes: 0 done; 1 done, but something in the input was lost or damaged; 2 failed.\n";

PsAliases *ps_find_aliases(const TbTimeline *timeline)
{
  PsAliases *aliases = g_array_new(FALSE, FALSE, sizeof(guint32));
  for (guint32 i = 0; i < tb_timeline_get_n_processes(timeline); i++)
    if (tb_timeline_get_process(timeline, i)->start.is_alias)
      g_array_append_val(aliases, i);
  return aliases;
}

gboolean ps_is_shown(const TbTimeline *timeline, guint32 process, gint64 at_ns)
{
  const TbProcess *p = tb_timeline_get_process(timeline, process);
  return !p->start.is_alias && (at_ns == PS_ALWAYS || (p->start_ns <= at_ns && at_ns < p->end_ns));
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

static void append_tree(GArray *rows, const PsTree *tree, guint32 root)
{
  g_autoptr(GArray) stack = g_array_new(FALSE, FALSE, sizeof(guint32));
  PsRow row = { root, 0 };
  g_array_append_val(stack, root);
  g_array_append_val(rows, row);
  while (stack->len) {
    guint32 *top = &g_array_index(stack, guint32, stack->len - 1);
    guint32 next = tree->child[*top];
    if (next == TB_PROC_NONE) {
      g_array_set_size(stack, stack->len - 1);
      continue;
    }
    tree->child[*top] = tree->sibling[next]; /* taken */
    row = (PsRow){ next, stack->len };
    g_array_append_val(rows, row);
    g_array_append_val(stack, next);
  }
}

static void append_trees(const TbTimeline *timeline, const GArray *shown, GArray *rows)
{
  guint32 n = tb_timeline_get_n_processes(timeline);
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
    guint32 parent = tb_timeline_resolve(timeline, tb_timeline_get_process(timeline, id)->parent);
    if (parent == TB_PROC_NONE || !is_shown[parent])
      continue;
    sibling[id] = child[parent];
    child[parent] = id;
  }
  for (guint i = 0; i < shown->len; i++) {
    guint32 id = g_array_index(shown, guint32, i);
    guint32 parent = tb_timeline_resolve(timeline, tb_timeline_get_process(timeline, id)->parent);
    if (parent == TB_PROC_NONE || !is_shown[parent])
      append_tree(rows, &tree, id);
  }
}

static gboolean machine_is_realtime(const TbRun *run, const TbMachine *machine)
{
  const GPtrArray *sources = tb_run_get_sources(run);
  for (guint i = 0; i < sources->len; i++) {
    const TbSource *source = g_ptr_array_index(sources, i);
    if (source->machine == machine && source->class == TB_SOURCE_EVENTS)
      return source->clock.axis.realtime;
  }
  return FALSE;
}

void ps_table_init(PsTable *table, const TbRun *run, const TbMachine *machine,
                   gint64 at_ns)
{
  const TbSource *reference = tb_clocks_find_reference(tb_run_get_readers(run), machine);
  *table = (PsTable){ .machine = machine, .reference = reference, .at_ns = at_ns,
                      .realtime = machine_is_realtime(run, machine) };
  if (reference && at_ns != PS_ALWAYS)
    table->at_ns = tb_source_to_machine(reference, (TbOutputTime){ at_ns }).ns;
  if (tb_run_has_packets(run, machine))
    table->tally = tb_run_get_tally(run);
}

/* In the order they are shown in. */
static GArray *find_rows(const PsOptions *o, TbTimeline *timeline, gint64 at_ns)
{
  GArray *rows = g_array_new(FALSE, FALSE, sizeof(PsRow));
  g_autoptr(GArray) shown = g_array_new(FALSE, FALSE, sizeof(guint32));
  for (guint32 i = 0; i < tb_timeline_get_n_processes(timeline); i++)
    if (ps_is_shown(timeline, i, at_ns))
      g_array_append_val(shown, i);
  g_array_sort_with_data(shown, compare_start, timeline);
  if (o->tree) {
    append_trees(timeline, shown, rows);
    return rows;
  }
  for (guint i = 0; i < shown->len; i++) {
    PsRow row = { g_array_index(shown, guint32, i), 0 };
    g_array_append_val(rows, row);
  }
  return rows;
}

static void append_traffic(GString *out, const char *before, const TbTraffic *traffic)
{
  g_string_append_printf(out, "%s%" G_GUINT64_FORMAT " packets, %" G_GUINT64_FORMAT " bytes", before,
                         traffic->packets, traffic->bytes);
}

static void print_machine(const PsOptions *o, const TbRun *run, const TbMachine *machine,
                          gint64 at_ns)
{
  g_autoptr(GString) out = g_string_new(NULL);
  PsTable table;
  TbTraffic all, not_named;
  ps_table_init(&table, run, machine, at_ns);
  g_autoptr(GArray) rows = find_rows(o, machine->timeline, table.at_ns);
  if (table.tally)
    all = tb_tally_get_machine(table.tally, machine, &not_named);
  ps_append_text(out, tb_machine_get_label(machine));
  g_string_append_printf(out, ": %u processes", rows->len);
  if (table.tally)
    append_traffic(out, ", ", &all);
  g_string_append_c(out, '\n');
  ps_append_table(&table, rows, out);
  if (table.tally) {
    append_traffic(out, "not named: ", &not_named);
    g_string_append_c(out, '\n');
  }
  fputs(out->str, stdout);
}

static gint64 first_record(const TbRun *run)
{
  gint64 first_ns = G_MAXINT64;
  const GPtrArray *sources = tb_run_get_sources(run);
  for (guint i = 0; i < sources->len; i++) {
    const TbSource *source = g_ptr_array_index(sources, i);
    if (source->counts.records)
      first_ns = MIN(first_ns, tb_source_output_time(source, (TbOwnTime){ source->counts.first_ns }).ns);
  }
  return first_ns == G_MAXINT64 ? 0 : first_ns;
}

/* --at: a date, seconds on the axis, or + seconds behind the first record. */
static gboolean parse_at(const char *text, const TbRun *run, gint64 *ns)
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
    *ns += first_record(run);
  return TRUE;
}

static int ps_print(const PsOptions *o, const TbRun *run)
{
  const GPtrArray *machines = tb_run_get_machines(run);
  gint64 at_ns = PS_ALWAYS;
  if (o->at && !parse_at(o->at, run, &at_ns))
    return tool_error(TOOL_USAGE, "--at \"%s\" is no time (examples: 1419.78, +2.5, "
                      "2026-11-21T07:00:00Z)", o->at);
  if (o->json) {
    g_autoptr(JsonBuilder) json = json_builder_new();
    ps_build_json(run, at_ns, json);
    g_autofree char *text = tb_report_print_json(json);
    fputs(text, stdout);
    return TOOL_OK;
  }
  for (guint i = 0; i < machines->len; i++) {
    if (i)
      putchar('\n');
    print_machine(o, run, g_ptr_array_index(machines, i), at_ns);
  }
  return TOOL_OK;
}

/* Packets by process, where there are any. Clocks that nothing relates cost only the counts. */
static gboolean ps_count(const PsOptions *o, TbRun *run, GError **error)
{
  g_autoptr(GError) why = NULL;
  if (o->least == TB_CONFIDENCE_NONE || !tb_run_has_packets(run, NULL) ||
      tb_run_count(run, &why))
    return TRUE;
  if (!g_error_matches(why, TB_ERROR, TB_ERROR_CLOCK)) {
    g_propagate_error(error, g_steal_pointer(&why));
    return FALSE;
  }
  tool_note(o->quiet, "packets are not counted: %s", why->message);
  return TRUE;
}

static int ps_run(const PsOptions *o, const GArray *inputs)
{
  g_autoptr(GError) error = NULL;
  ToolProgress progress;
  if (!tool_progress_init(&progress, o->progress, o->quiet))
    return tool_error(TOOL_USAGE, "--progress is auto, always or never");
  TbRunOptions options = { .registry = &tb_formats, .count_only = TRUE, .owners.least = o->least,
                                .clocks.as_they_stand = o->least == TB_CONFIDENCE_NONE ||
                                             g_strcmp0(o->align, "off") == 0,
                                .clocks.time_offset_ns = o->time_offset_ns,
                                .progress.show = tool_progress_show, .progress.data = &progress,
                                .progress.cancel = tool_get_cancel() };
  g_autoptr(TbRun) run = tb_run_new(&options);
  tb_run_add_observer(run, tb_process_observer_new_frozen());
  gboolean ok = tb_run_prepare(run, (const TbInputSpec *)(gpointer)inputs->data,
                                    inputs->len, &error);
  tool_progress_clear(&progress);
  ok = ok && ps_count(o, run, &error);
  tool_progress_clear(&progress);
  if (!ok)
    return tool_fail(error);
  int status = ps_print(o, run);
  if (status != TOOL_OK)
    return status;
  g_autoptr(GString) losses = g_string_new(NULL);
  tb_report_append_notes(run, losses);
  tb_report_append_losses(run, o->verbose ? G_MAXUINT : PS_DAMAGE_LINES, losses);
  if (!o->quiet)
    fputs(losses->str, stderr);
  return tb_report_is_clean(run) ? TOOL_OK : TOOL_LOSSY;
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
    { "owners", 0, 0, G_OPTION_ARG_STRING, &o.owners,
      "Count packets of processes that are known so well: certain, linked (default), context; "
      "off: count none", "HOW" },
    { "align", 0, 0, G_OPTION_ARG_STRING, &o.align,
      "auto (default): line clocks up by packets, to count these; off: take them as they stand",
      "HOW" },
    { "inputs-from", 0, 0, G_OPTION_ARG_FILENAME, &o.inputs_from,
      "Read further inputs from FILE, separated by newline or NUL", "FILE" },
    { "progress", 0, 0, G_OPTION_ARG_STRING, &o.progress, "auto (default), always or never",
      "WHEN" },
    { "verbose", 'v', 0, G_OPTION_ARG_NONE, &o.verbose, "Tell more", NULL },
    { "quiet", 'q', 0, G_OPTION_ARG_NONE, &o.quiet, "Tell only errors", NULL },
    G_OPTION_ENTRY_NULL,
  };
  int parsed = tool_parse("ps", "[NAME=]INPUT...", "Shows the processes of recordings.", ps_description,
                          entries, &argc, &argv, &literal);
  if (parsed >= 0)
    return parsed;
  gboolean ok = tool_inputs_take(inputs, argc, argv, literal, &why);
  if (ok && o.inputs_from)
    ok = tool_inputs_add_list(inputs, o.inputs_from, TOOL_INPUT_ANY, &why);
  if (!ok)
    return tool_error(TOOL_USAGE, "%s", why);
  if (inputs->len == 0)
    return tool_error(TOOL_USAGE, "no input given (tracebraid help ps shows the options)");
  if (o.align && !g_str_equal(o.align, "auto") && !g_str_equal(o.align, "off"))
    return tool_error(TOOL_USAGE, "--align is auto or off");
  if (!tool_parse_owners(o.owners, &o.least))
    return tool_error(TOOL_USAGE, "--owners is certain, linked, context or off");
  if (o.time_offset && !tool_parse_seconds(o.time_offset, &o.time_offset_ns))
    return tool_error(TOOL_USAGE, "--time-offset \"%s\" is no time (examples: +3.25, -250ms)",
                      o.time_offset);
  return ps_run(&o, inputs);
}

const ToolCommand tool_ps = { "ps", "Show the processes of recordings", ps_command };
