/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `info`: what is in a file, and whether all of it is. Each file is looked at
 * alone; only how many packets have owners is asked of all of them together.
 */
#include "formats.h"
#include "inputs.h"
#include "report/report.h"
#include "stages/process/process.h"
#include "tool-util.h"

#include "base/escape.h"

#include <stdio.h>

static const char info_description[] =
    "Each file is looked at alone. Where captures are given beside the recordings of their\n"
    "machines, or a capture names processes itself, a table tells of how many packets the owners\n"
    "are known, and by what. NAME=FILE says which machine a file belongs to.\n\n"
    "Examples:\n"
    "  tracebraid info trace.dat\n"
    "  tracebraid info --json trace.dat | jq '.files[].sources[].completeness'\n"
    "  tracebraid info --json trace.dat eth0.pcap | jq '.owners.ends[] | {kind, end, named}'\n\n"
    "Exit codes: 0 all is there; 1 something was lost or damaged; 2 a file cannot be read.\n";

/**
 * Info: one run
 * @json: (nullable): the document; else lines are printed
 * @good: the inputs that could be read
 * @has_events, @has_packets, @names_owners: of these
 */
typedef struct {
  gboolean verbose;
  JsonBuilder *json;
  GArray *good;
  gboolean has_events;
  gboolean has_packets;
  gboolean names_owners;
} Info;

/* Owners are counted whatever is known of them: the table has a column for each confidence. */
static TbRun *info_run_new(gboolean owners)
{
  TbRunOptions options = { .registry = &tb_formats, .clocks.as_they_stand = !owners, .count_only = TRUE,
                                .owners.least = owners ? TB_CONFIDENCE_CONTEXT : TB_CONFIDENCE_NONE,
                                .progress.cancel = tool_get_cancel() };
  return tb_run_new(&options);
}

static void info_put_error(JsonBuilder *json, const char *path, const GError *error)
{
  json_builder_begin_object(json);
  if (path) {
    json_builder_set_member_name(json, "file");
    tb_report_build_string(json, path);
  }
  json_builder_set_member_name(json, "error");
  tb_report_build_string(json, error->message);
  json_builder_end_object(json);
}

static void info_note_kinds(Info *info, const TbRun *run)
{
  const GPtrArray *sources = tb_run_get_sources(run);
  const GPtrArray *readers = tb_run_get_readers(run);
  gboolean packets = tb_run_has_packets(run, NULL);
  info->has_packets |= packets;
  for (guint i = 0; i < sources->len; i++)
    info->has_events |= ((const TbSource *)g_ptr_array_index(sources, i))->class == TB_SOURCE_EVENTS;
  for (guint i = 0; i < readers->len; i++)
    info->names_owners |=
        packets && ((const TbReader *)g_ptr_array_index(readers, i))->format->get_owners;
}

/* One file; the exit code for it. */
static int info_file(Info *info, TbRun *run, const TbInputSpec *input)
{
  g_autoptr(GError) error = NULL;
  TbObserver *census = tb_census_new();
  tb_run_add_observer(run, census);
  if (!tb_run_prepare(run, input, 1, &error)) {
    tool_fail(error);
    if (info->json)
      info_put_error(info->json, input->path, error);
    return TOOL_FAILED;
  }
  g_array_append_vals(info->good, input, 1);
  info_note_kinds(info, run);
  if (info->json) {
    tb_report_build_file(run, census, info->json);
  } else {
    g_autoptr(GString) out = g_string_new(NULL);
    tb_report_append_info(run, census, info->verbose, out);
    fputs(out->str, stdout);
  }
  return tb_report_is_clean(run) ? TOOL_OK : TOOL_LOSSY;
}

/* A set that cannot be put together still has its files, so this is told and is no failure. */
static void info_tell_owners(const Info *info, const TbRun *run, const GError *error)
{
  if (info->json && error) {
    info_put_error(info->json, NULL, error);
  } else if (info->json) {
    tb_report_build_owners(tb_run_get_tally(run), info->json);
  } else {
    g_autoptr(GString) out = g_string_new(NULL);
    g_autofree char *why = error ? tb_escape_dup(error->message) : NULL;
    if (error)
      g_string_append_printf(out, "owners         cannot be told: %s\n", why);
    else
      tb_report_append_owners(tb_run_get_tally(run), out);
    if (out->len)
      printf("\n%s", out->str);
  }
}

static gboolean info_read_stdin(const Info *info, GError **error)
{
  for (guint i = 0; i < info->good->len; i++)
    if (g_str_equal(g_array_index(info->good, TbInputSpec, i).path, "-")) {
      tb_error_set(error, TB_ERROR_UNSUPPORTED, NULL, TB_OFFSET_NONE,
                   "standard input can be read once only, and was looked at alone");
      return TRUE;
    }
  return FALSE;
}

/* @alone: (nullable): the run of the only file, which is prepared. */
static void info_owners(const Info *info, TbRun *alone)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(TbRun) set = NULL;
  TbRun *run = alone;
  if (!info->has_packets || (!info->has_events && !info->names_owners)) {
    if (info->json)
      json_builder_add_null_value(info->json);
    return;
  }
  if (!alone && info_read_stdin(info, &error)) {
    info_tell_owners(info, NULL, error);
    return;
  }
  if (!alone) {
    /* Rows of a file of ours are settled; here may be recordings. */
    run = set = info_run_new(TRUE);
    tb_run_add_observer(set, tb_process_observer_new());
    if (!tb_run_prepare(set, (const TbInputSpec *)(gpointer)info->good->data,
                             info->good->len, &error)) {
      info_tell_owners(info, set, error);
      return;
    }
  }
  gboolean counted = tb_run_count(run, &error);
  info_tell_owners(info, run, counted ? NULL : error);
}

/* All files, one after the other, then all together. */
static int info_run(Info *info, const GArray *inputs)
{
  int status = TOOL_OK;
  g_autoptr(TbRun) run = NULL;
  for (guint i = 0; i < inputs->len; i++) {
    if (i > 0 && !info->json)
      putchar('\n');
    g_clear_pointer(&run, tb_run_free);
    run = info_run_new(inputs->len == 1);
    int one = info_file(info, run, &g_array_index(inputs, TbInputSpec, i));
    status = MAX(status, one);
  }
  if (info->json) {
    json_builder_end_array(info->json);
    json_builder_set_member_name(info->json, "owners");
  }
  info_owners(info, inputs->len == 1 ? run : NULL);
  return status;
}

static int info_command(int argc, char **argv)
{
  gboolean as_json = FALSE, verbose = FALSE;
  g_auto(GStrv) literal = NULL;
  g_autofree char *why = NULL;
  g_autoptr(GArray) inputs = tool_inputs_new();
  const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &as_json, "Print one JSON document", NULL },
    { "verbose", 'v', 0, G_OPTION_ARG_NONE, &verbose, "Show all event types and all damage",
      NULL },
    G_OPTION_ENTRY_NULL,
  };
  int parsed = tool_parse("info", "[NAME=]FILE...",
                          "Shows what is in a file, and whether it is complete.",
                          info_description, entries, &argc, &argv, &literal);
  if (parsed >= 0)
    return parsed;
  if (!tool_inputs_take(inputs, argc, argv, literal, &why))
    return tool_error(TOOL_USAGE, "%s", why);
  if (inputs->len == 0)
    return tool_error(TOOL_USAGE, "no file given (tracebraid help info shows the options)");
  g_autoptr(JsonBuilder) json = as_json ? json_builder_new() : NULL;
  g_autoptr(GArray) good = g_array_new(FALSE, FALSE, sizeof(TbInputSpec));
  Info info = { .verbose = verbose, .json = json, .good = good };
  if (json) {
    json_builder_begin_object(json);
    json_builder_set_member_name(json, "schema");
    json_builder_add_int_value(json, 1);
    json_builder_set_member_name(json, "files");
    json_builder_begin_array(json);
  }
  int status = info_run(&info, inputs);
  if (json) {
    json_builder_end_object(json);
    g_autofree char *text = tb_report_print_json(json);
    fputs(text, stdout);
  }
  return status;
}

const ToolCommand tool_info = { "info", "Show what is in a file, and whether it is complete",
                                info_command };
