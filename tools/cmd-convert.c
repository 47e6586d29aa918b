/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `convert` and `merge`: inputs in, one output out. They differ in how inputs are named. */
#include "formats.h"
#include "inputs.h"
#include "report/report.h"
#include "stages/process/process.h"
#include "tool-util.h"

#include "base/escape.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { CONVERT_DAMAGE_LINES = 20 };

/* What is said about the output. */
typedef struct {
  char *path;
  char *path_w;
  char *format;
  char *events;
  char *process_info;
  char *columns;
  char *zone;
  gboolean overwrite;
  gboolean no_packets;
} ConvertOutput;

/* What is said about the inputs. */
typedef struct {
  char *list; /* a file that names further ones */
  char *align;
  char *align_reference;
  char *time_offset;
  gboolean align_hosts;
  gboolean salvage;
  gboolean stacks;
  gboolean strip_trailers;
} ConvertInput;

/* Whose events and packets are wanted. */
typedef struct {
  char *owners;
  char **pids;
  char **comms;
  gboolean children;
  GArray *pid_numbers;
} ConvertProcesses;

typedef struct {
  ConvertOutput out;
  ConvertInput in;
  ConvertProcesses who;
  char *progress;
  gboolean json;
  gboolean verbose;
  gboolean quiet;
  GHashTable *settings;
  TbRunOptions run;
} ConvertOptions;

static void options_clear(ConvertOptions *o)
{
  g_free(o->out.path);
  g_free(o->out.path_w);
  g_free(o->out.format);
  g_free(o->progress);
  g_free(o->in.time_offset);
  g_free(o->in.align);
  g_free(o->who.owners);
  g_free(o->out.process_info);
  g_strfreev(o->who.pids);
  g_strfreev(o->who.comms);
  g_clear_pointer(&o->who.pid_numbers, g_array_unref);
  g_free(o->in.align_reference);
  g_free(o->out.events);
  g_free(o->in.list);
  g_free(o->out.columns);
  g_free(o->out.zone);
  g_clear_pointer(&o->settings, g_hash_table_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ConvertOptions, options_clear)

static const char convert_description[] =
    "Examples:\n"
    "  tracebraid convert trace.dat -o trace.pcapng\n"
    "  tracebraid convert --to text trace.dat -o - | grep sched_switch\n"
    "  zstd -dc trace.dat.zst | tracebraid convert - -o trace.pcapng\n\n"
    "A recording made without --date is converted on its own clock.\n"
    "Exit codes: 0 done; 1 done, but something was lost or damaged (told on stderr);\n"
    "2 failed, no output left behind; 64 wrong use.\n";

static const char merge_description[] =
    "An input is FILE, NAME=FILE (NAME is the machine it belongs to) or FILE@+SECONDS\n"
    "(its times are shifted). A file name that holds \"=\" is written ./a=b or after --.\n\n"
    "Examples:\n"
    "  tracebraid merge web=trace.dat web=eth0.pcap db=db.dat db=db.pcapng -o all.pcapng\n"
    "  tracebraid merge a.pcapng b.pcapng -o both.pcapng\n"
    "  find . -name '*.pcap' -print0 | tracebraid merge --inputs-from - -o all.pcapng\n\n"
    "Exit codes: 0 done; 1 done, but something was lost or damaged (told on stderr);\n"
    "2 failed, no output left behind; 64 wrong use.\n";

static gboolean one_of(const char *value, const char *const *words)
{
  return !value || g_strv_contains(words, value);
}

/* Words of the options; FALSE after a message. */
static gboolean options_check(ConvertOptions *o)
{
  static const char *const align[] = { "auto", "off", NULL };
  static const char *const events[] = { "journal", "none", NULL };
  static const char *const process_info[] = { "none", "darwin", "wireshark", NULL };
  gboolean no_blocks = o->out.process_info && o->out.format && !g_str_equal(o->out.format, "pcapng");
  gboolean twice = o->out.path && o->out.path_w && !g_str_equal(o->out.path, o->out.path_w);
  if (!o->out.path)
    o->out.path = g_steal_pointer(&o->out.path_w);
  const char *wrong = !one_of(o->in.align, align)     ? "--align is auto or off"
                      : !tool_parse_owners(o->who.owners, &o->run.owners.least) ? "--owners is certain, linked, context or off"
                      : !one_of(o->out.events, events) ? "--events is journal or none"
                      : !one_of(o->out.process_info, process_info)
                          ? "--process-info is none, darwin or wireshark"
                      : no_blocks  ? "--process-info goes with --to pcapng"
                      : twice      ? "-o and -w name two outputs, and there is one"
                      : o->out.path && !*o->out.path ? "-o is followed by an empty name"
                      : !o->out.path ? "-o OUTPUT is missing (-o - writes to standard output)"
                                   : NULL;
  if (wrong) {
    tool_error(TOOL_USAGE, "%s", wrong);
    return FALSE;
  }
  if (o->in.time_offset && !tool_parse_seconds(o->in.time_offset, &o->run.clocks.time_offset_ns)) {
    tool_error(TOOL_USAGE, "--time-offset \"%s\" is no time (examples: +3.25, -250ms)",
               o->in.time_offset);
    return FALSE;
  }
  o->run.clocks.hosts = o->in.align_hosts;
  o->run.clocks.reference = o->in.align_reference;
  o->run.clocks.as_they_stand = g_strcmp0(o->in.align, "off") == 0;
  o->run.select.no_events = g_strcmp0(o->out.events, "none") == 0;
  o->run.select.no_packets = o->out.no_packets;
  o->run.owners.strip_trailers = o->in.strip_trailers;
  o->run.owners.count = o->json || o->verbose;
  return TRUE;
}

/* The processes wished for; FALSE after a message. */
static gboolean options_take_filter(ConvertOptions *o)
{
  o->who.pid_numbers = g_array_new(FALSE, FALSE, sizeof(gint32));
  for (guint i = 0; o->who.pids && o->who.pids[i]; i++) {
    guint64 number;
    if (!g_ascii_string_to_unsigned(o->who.pids[i], 10, 1, G_MAXINT32, &number, NULL)) {
      tool_error(TOOL_USAGE, "--pid \"%s\" is no process number", o->who.pids[i]);
      return FALSE;
    }
    gint32 pid = (gint32)number;
    g_array_append_val(o->who.pid_numbers, pid);
  }
  if (o->who.children && o->who.pid_numbers->len == 0 && !o->who.comms) {
    tool_error(TOOL_USAGE, "--children goes with --pid or --comm");
    return FALSE;
  }
  o->run.select.processes = (TbProcessWish){ .pids = o->who.pid_numbers,
                                       .comms = (const char *const *)o->who.comms,
                                       .children = o->who.children };
  return TRUE;
}

static const TbWriterFormat *find_writer(const ConvertOptions *o)
{
  const TbRegistry *registry = &tb_formats;
  const TbWriterFormat *writer = tb_registry_find_writer(registry, o->out.format ? o->out.format : "pcapng");
  if (writer)
    return writer;
  g_autoptr(GString) names = g_string_new(NULL);
  for (guint i = 0; registry->writers[i]; i++)
    g_string_append_printf(names, "%s%s", i ? ", " : "", registry->writers[i]->name);
  tool_error(TOOL_USAGE, "no output format \"%s\" (there are %s)", o->out.format, names->str);
  return NULL;
}

static int options_parse(ConvertOptions *o, gboolean merge, int *argc, char ***argv,
                         GStrv *literal)
{
  const GOptionEntry entries[] = {
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &o->out.path, "Output file, - = standard output",
      "OUTPUT" },
    { "write", 'w', 0, G_OPTION_ARG_FILENAME, &o->out.path_w, "The same as -o", "OUTPUT" },
    { "to", 't', 0, G_OPTION_ARG_STRING, &o->out.format,
      "Output format: pcapng (default), pcap, csv or text", "FORMAT" },
    { "force", 'f', 0, G_OPTION_ARG_NONE, &o->out.overwrite, "Replace an existing output", NULL },
    { "events", 0, 0, G_OPTION_ARG_STRING, &o->out.events,
      "How events are written: journal (default) or none", "HOW" },
    { "no-packets", 0, 0, G_OPTION_ARG_NONE, &o->out.no_packets, "Leave packets out", NULL },
    { "time-offset", 0, 0, G_OPTION_ARG_STRING, &o->in.time_offset, "Add this to all times",
      "SECONDS" },
    { "align", 0, 0, G_OPTION_ARG_STRING, &o->in.align,
      "auto (default): line clocks up by packets; off: take them as they stand", "HOW" },
    { "align-hosts", 0, 0, G_OPTION_ARG_NONE, &o->in.align_hosts,
      "Correct the clocks of hosts, =HOST: to that of HOST", NULL },
    { "json", 0, 0, G_OPTION_ARG_NONE, &o->json,
      "Report what was found as JSON on standard output (on standard error with -o -)", NULL },
    { "owners", 0, 0, G_OPTION_ARG_STRING, &o->who.owners, "Name the processes of packets that are known so well: certain, linked (default), "
      "context; off: none", "HOW" },
    { "process-info", 0, 0, G_OPTION_ARG_STRING, &o->out.process_info,
      "pcapng: owners also as process blocks: darwin (Wireshark 4.6 shows these), wireshark (later "
      "ones may), none (default)", "FORM" },
    { "pid", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o->who.pids,
      "Only events and packets of this process (may be repeated)", "PID" },
    { "comm", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o->who.comms,
      "Only events and packets of processes of this name (may be repeated)", "NAME" },
    { "children", 0, 0, G_OPTION_ARG_NONE, &o->who.children,
      "With --pid or --comm: of their descendants, too", NULL },
    { "strip-trailers", 0, 0, G_OPTION_ARG_NONE, &o->in.strip_trailers,
      "Take tcpshark's trailers, once read, away from the bytes of packets", NULL },
    { "inputs-from", 0, 0, G_OPTION_ARG_FILENAME, &o->in.list,
      "Read further inputs from FILE, separated by newline or NUL", "FILE" },
    { "salvage", 0, 0, G_OPTION_ARG_NONE, &o->in.salvage,
      "Read what is left of a Process Monitor log that was not closed", NULL },
    { "stacks", 0, 0, G_OPTION_ARG_NONE, &o->in.stacks, "Show call stacks where an input has them",
      NULL },
    { "columns", 0, 0, G_OPTION_ARG_STRING, &o->out.columns,
      "csv: names of columns and fields, with commas between", "LIST" },
    { "tz", 0, 0, G_OPTION_ARG_STRING, &o->out.zone,
      "csv and Process Monitor's Details: UTC (default), local, +hh:mm or Europe/Berlin", "ZONE" },
    { "progress", 0, 0, G_OPTION_ARG_STRING, &o->progress, "auto (default), always or never",
      "WHEN" },
    { "verbose", 'v', 0, G_OPTION_ARG_NONE, &o->verbose, "Tell more", NULL },
    { "quiet", 'q', 0, G_OPTION_ARG_NONE, &o->quiet, "Tell only errors", NULL },
    G_OPTION_ENTRY_NULL,
  };
  tool_take_optional("--align-hosts", argc, *argv, &o->in.align_hosts, &o->in.align_reference);
  return merge ? tool_parse("merge", "[NAME=]INPUT...",
                            "Puts recordings and captures of any machines into one sorted file.",
                            merge_description, entries, argc, argv, literal)
               : tool_parse("convert", "INPUT...",
                            "Converts the recordings and captures of one machine.",
                            convert_description, entries, argc, argv, literal);
}

/* Everything named on the command line; FALSE after a message. */
static gboolean collect_inputs(const ConvertOptions *o, gboolean merge, int argc, char **argv,
                               GStrv literal, GArray *inputs)
{
  g_autofree char *why = NULL;
  const char *same;
  ToolInputForm form = merge ? TOOL_INPUT_NAMED : TOOL_INPUT_SHIFTED;
  gboolean ok = TRUE;
  for (int i = 1; i < argc && ok; i++)
    ok = tool_inputs_add(inputs, argv[i], form, &why);
  for (guint i = 0; literal && literal[i] && ok; i++)
    ok = tool_inputs_add(inputs, literal[i], TOOL_INPUT_LITERAL, &why);
  if (ok && o->in.list)
    ok = tool_inputs_add_list(inputs, o->in.list, form, &why);
  if (ok && inputs->len == 0) {
    why = g_strdup("no input given");
    ok = FALSE;
  }
  if (ok && (same = tool_inputs_find(inputs, o->out.path))) {
    why = g_strdup_printf("the output \"%s\" is also an input (\"%s\"), and inputs are never changed",
                          o->out.path, same);
    ok = FALSE;
  }
  if (!ok)
    tool_error(TOOL_USAGE, "%s", why);
  return ok;
}

/* What alignment found: a line for each recording it moved, and its notes. */
static void tell_alignment(const ConvertOptions *o, const TbRun *run)
{
  const GPtrArray *sources = tb_run_get_sources(run);
  for (guint i = 0; i < sources->len; i++) {
    const TbSource *source = g_ptr_array_index(sources, i);
    const TbAxis *axis = &source->clock.axis;
    if (axis->origin != TB_ORIGIN_VOTED || source->frozen)
      continue;
    g_autofree char *name = tb_source_dup_interface_name(source);
    tool_note(o->quiet, "%s: wall-clock time by its packets: %+" G_GINT64_FORMAT " ns, true "
              "within %+" G_GINT64_FORMAT " to %+" G_GINT64_FORMAT " ns of that (%"
              G_GUINT64_FORMAT " packets matched, confidence %.1f)", name, axis->offset_ns,
              axis->bound_low_ns - axis->offset_ns, axis->bound_high_ns - axis->offset_ns,
              axis->matches, axis->confidence);
  }
  const GPtrArray *notes = tb_run_get_notes(run);
  for (guint i = 0; i < notes->len; i++)
    tool_note(o->quiet, "%s", (const char *)g_ptr_array_index(notes, i));
}

static void tell_json(const ConvertOptions *o, const TbRun *run)
{
  g_autoptr(JsonBuilder) json = json_builder_new();
  tb_report_build_file(run, NULL, json);
  g_autofree char *text = tb_report_print_json(json);
  fputs(text, g_str_equal(o->out.path, "-") ? stderr : stdout);
}

/* Events or packets that did not reach the writer for @reason. */
static guint64 count_dropped(const TbLedger *ledger, guint reason, gboolean packets)
{
  return tb_ledger_get(ledger, reason, packets ? TB_RECORD_PACKET : TB_RECORD_EVENT);
}

/* Records of a kind that the output format has no place for. */
static void tell_left_out(const ConvertOptions *o, const TbWriterFormat *format,
                          const TbLedger *ledger)
{
  guint64 events = count_dropped(ledger, TB_LEDGER_NO_PLACE, FALSE);
  guint64 packets = count_dropped(ledger, TB_LEDGER_NO_PLACE, TRUE);
  if (events)
    tool_note(o->quiet, "%" G_GUINT64_FORMAT " events are not in the output: %s has no place for "
              "them", events, format->name);
  if (packets)
    tool_note(o->quiet, "%" G_GUINT64_FORMAT " packets are not in the output: %s has no place for "
              "them", packets, format->name);
}

/* Nothing is of the processes that were asked for: what was asked, and what may have been meant. */
static void tell_no_match(const ConvertOptions *o, const TbRun *run)
{
  const TbLedger *ledger = tb_run_get_ledger(run);
  g_autoptr(GString) asked = g_string_new(NULL), close = g_string_new(NULL);
  if (count_dropped(ledger, TB_LEDGER_OTHERS, FALSE) + count_dropped(ledger, TB_LEDGER_OTHERS, TRUE) == 0 ||
      count_dropped(ledger, TB_LEDGER_TAKEN, FALSE) + count_dropped(ledger, TB_LEDGER_TAKEN, TRUE))
    return;
  for (guint i = 0; o->who.comms && o->who.comms[i]; i++) {
    g_autofree char *shown = tb_escape_dup(o->who.comms[i]);
    g_string_append_printf(asked, " --comm %s", shown);
  }
  for (guint i = 0; o->who.pids && o->who.pids[i]; i++)
    g_string_append_printf(asked, " --pid %s", o->who.pids[i]);
  tb_report_append_close_names(run, (const char *const *)o->who.comms, close);
  tool_note(o->quiet, "nothing matches%s%s%s%s", asked->str,
            close->len ? " (names that come close: " : "", close->str, close->len ? ")" : "");
}

/* What the user must hear although all went well. */
static void tell_clocks(const ConvertOptions *o, const TbRun *run)
{
  const GPtrArray *sources = tb_run_get_sources(run);
  for (guint i = 0; i < sources->len; i++) {
    const TbSource *source = g_ptr_array_index(sources, i);
    if (source->counts.records == 0 || source->clock.axis.realtime)
      continue;
    g_autofree char *name = tb_source_dup_interface_name(source);
    tool_note(o->quiet, "%s: nothing says what wall-clock time it was: times are those of the "
              "clock \"%s\"", name, tb_axis_to_name(&source->clock.axis));
  }
}

static void tell_owners(const ConvertOptions *o, const TbTally *tally)
{
  g_autoptr(GString) text = g_string_new(NULL);
  if (tally)
    tb_report_append_owners(tally, text);
  if (!o->quiet)
    fputs(text->str, stderr);
}

/* Of captures by tcpshark; what is left there has no trailer, or one whose lengths do not fit. */
static void tell_trailers(const ConvertOptions *o, const TbRun *run)
{
  guint64 with = 0, without = 0;
  const GPtrArray *sources = tb_run_get_sources(run);
  for (guint i = 0; i < sources->len; i++) {
    const TbSourceCounts *counts = &((TbSource *)g_ptr_array_index(sources, i))->counts;
    with += counts->trailers;
    without += counts->trailers ? counts->records - counts->trailers : 0;
  }
  if (o->in.strip_trailers && !with)
    tool_note(o->quiet, "--strip-trailers: no packet has a trailer");
  else if (with && o->verbose)
    tool_note(o->quiet, "trailers %s %" G_GUINT64_FORMAT " packets, %" G_GUINT64_FORMAT
              " packets of the same captures have none that fits",
              o->in.strip_trailers ? "removed from" : "kept in", with, without);
}

static void tell_packet_links(const ConvertOptions *o, const TbPacketLinkCounts *counts)
{
  tool_note(o->quiet, "events of network devices that name their packet: %" G_GUINT64_FORMAT
            " of %" G_GUINT64_FORMAT, counts->linked, counts->events);
}

/* What was read and did not reach the output, by reason; all of it adds up to what was read. */
static void tell_ledger(const ConvertOptions *o, const TbLedger *ledger)
{
  g_autoptr(GString) text = g_string_new(NULL);
  for (guint reason = TB_LEDGER_TAKEN + 1; reason < TB_LEDGER_REASONS; reason++) {
    guint64 events = count_dropped(ledger, reason, FALSE);
    guint64 packets = count_dropped(ledger, reason, TRUE);
    if (events + packets)
      g_string_append_printf(text, "%s%" G_GUINT64_FORMAT " events and %" G_GUINT64_FORMAT
                             " packets (%s)", text->len ? ", " : "", events, packets,
                             tb_ledger_reason_to_word(reason));
  }
  if (text->len)
    tool_note(o->quiet, "of %" G_GUINT64_FORMAT " events and %" G_GUINT64_FORMAT
              " packets read, left out: %s", count_dropped(ledger, TB_LEDGER_READ, FALSE),
              count_dropped(ledger, TB_LEDGER_READ, TRUE), text->str);
}

static void tell_result(const ConvertOptions *o, const TbRun *run,
                        const TbWriterCounts *counts)
{
  g_autoptr(GString) losses = g_string_new(NULL);
  tb_report_append_losses(run, o->verbose ? G_MAXUINT : CONVERT_DAMAGE_LINES, losses);
  if (!o->quiet)
    fputs(losses->str, stderr);
  const TbLedger *ledger = tb_run_get_ledger(run);
  guint64 repeats = tb_ledger_get(ledger, TB_LEDGER_REPEATED, TB_RECORD_EVENT) +
                    tb_ledger_get(ledger, TB_LEDGER_REPEATED, TB_RECORD_LOST);
  if (repeats)
    tool_note(o->quiet, "%" G_GUINT64_FORMAT " events stand in more than one input and were "
              "written once", repeats);
  if (counts->truncated)
    tool_note(o->quiet, "%" G_GUINT64_FORMAT " rows were cut at the limit of a row",
              counts->truncated);
  if (counts->out_of_range)
    tool_note(o->quiet, "%" G_GUINT64_FORMAT " records have a time that cannot be written",
              counts->out_of_range);
  if (counts->inexact)
    tool_note(o->quiet, "%" G_GUINT64_FORMAT " times lost digits that the output cannot hold",
              counts->inexact);
  if (counts->unreferred)
    tool_note(o->quiet, "%" G_GUINT64_FORMAT " packets are of processes that --process-info has no "
              "room for; their comments name these", counts->unreferred);
  if (counts->stripped)
    tool_note(o->quiet, "%" G_GUINT64_FORMAT " packets lost options, comments or blocks beside "
              "them that the output cannot hold", counts->stripped);
  if (o->verbose)
    tell_ledger(o, ledger);
  if (o->verbose)
    tell_owners(o, tb_run_get_tally(run));
  tell_trailers(o, run);
  const TbPacketLinks *links = o->verbose ? tb_run_get_packet_links(run) : NULL;
  if (links)
    tell_packet_links(o, tb_packet_links_get_counts(links));
  if (o->verbose)
    tool_note(o->quiet, "machines: %u, sources: %u, events written: %" G_GUINT64_FORMAT
              ", packets written: %" G_GUINT64_FORMAT ", streams sorted: %u",
              tb_run_get_machines(run)->len, tb_run_get_sources(run)->len,
              counts->rows, counts->packets, tb_run_get_sorted(run));
}

/* Wishes for readers and writers; each takes those it knows. */
static void settings_take(ConvertOptions *o)
{
  if (o->in.salvage)
    g_hash_table_insert(o->settings, (gpointer) "salvage", (gpointer) "yes");
  if (o->in.strip_trailers)
    g_hash_table_insert(o->settings, (gpointer) "strip-trailers", (gpointer) "yes");
  if (o->in.stacks)
    g_hash_table_insert(o->settings, (gpointer) "stacks", (gpointer) "yes");
  if (o->out.columns)
    g_hash_table_insert(o->settings, (gpointer) "columns", o->out.columns);
  if (o->out.process_info)
    g_hash_table_insert(o->settings, (gpointer) "process-info", o->out.process_info);
  if (o->out.zone)
    g_hash_table_insert(o->settings, (gpointer) "tz", o->out.zone);
}

static int convert_run(ConvertOptions *o, const TbWriterFormat *format, const GArray *inputs)
{
  g_autoptr(GError) error = NULL;
  ToolProgress progress;
  TbWriterCounts counts = { 0 };
  if (!tool_progress_init(&progress, o->progress, o->quiet))
    return tool_error(TOOL_USAGE, "--progress is auto, always or never");
  g_autoptr(TbOutput) output = tb_output_open(o->out.path, o->out.overwrite, &error);
  if (!output)
    return tool_fail(error);
  tool_guard_output(tb_output_get_temp_path(output));
  g_autofree char *folder = g_path_get_dirname(o->out.path);
  o->settings = g_hash_table_new(g_str_hash, g_str_equal);
  if (g_str_equal(o->out.path, "-") && isatty(STDOUT_FILENO))
    g_hash_table_insert(o->settings, (gpointer) "escape", (gpointer) "yes");
  settings_take(o);
  o->run.owners.links = (format->capabilities & TB_WRITER_PACKET_LINKS) != 0;
  o->run.registry = &tb_formats;
  o->run.settings = o->settings;
  o->run.spill_folder = g_str_equal(o->out.path, "-") ? NULL : folder;
  o->run.single_pass = TRUE;
  o->run.progress.show = tool_progress_show;
  o->run.progress.data = &progress;
  o->run.progress.cancel = tool_get_cancel();
  g_autoptr(TbRun) run = tb_run_new(&o->run);
  tb_run_add_observer(run, tb_process_observer_new());
  gboolean ok = tb_run_prepare(run, (const TbInputSpec *)(gpointer)inputs->data,
                                    inputs->len, &error) &&
                tb_run_emit(run, format, output, &counts, &error) &&
                tb_output_commit(output, &error);
  tool_progress_clear(&progress);
  tool_guard_output(NULL);
  if (!ok)
    return tool_fail(error);
  tell_clocks(o, run);
  tell_alignment(o, run);
  if (o->json)
    tell_json(o, run);
  tell_left_out(o, format, tb_run_get_ledger(run));
  tell_no_match(o, run);
  tell_result(o, run, &counts);
  return tb_report_is_clean(run) && counts.out_of_range == 0 ? TOOL_OK : TOOL_LOSSY;
}

static int convert_main(gboolean merge, int argc, char **argv)
{
  g_auto(ConvertOptions) o = { 0 };
  g_auto(GStrv) literal = NULL;
  g_autoptr(GArray) inputs = tool_inputs_new();
  int status = options_parse(&o, merge, &argc, &argv, &literal);
  if (status >= 0)
    return status;
  if (!options_check(&o) || !options_take_filter(&o) || !collect_inputs(&o, merge, argc, argv, literal, inputs))
    return TOOL_USAGE;
  const TbWriterFormat *format = find_writer(&o);
  return format ? convert_run(&o, format, inputs) : TOOL_USAGE;
}

static int convert_command(int argc, char **argv)
{
  return convert_main(FALSE, argc, argv);
}

static int merge_command(int argc, char **argv)
{
  return convert_main(TRUE, argc, argv);
}

const ToolCommand tool_convert = { "convert", "Convert one machine's recordings and captures",
                                   convert_command };
const ToolCommand tool_merge = { "merge", "Merge recordings and captures of any machines",
                                 merge_command };
