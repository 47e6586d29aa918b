/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `info`: what is in a file, and whether all of it is. Each file is looked at alone. */
#include "formats.h"
#include "report/report.h"
#include "tool-util.h"

#include <stdio.h>

static const char info_description[] =
    "Examples:\n"
    "  tracebraid info trace.dat\n"
    "  tracebraid info --json trace.dat | jq '.files[].sources[].completeness'\n\n"
    "Exit codes: 0 all is there; 1 something was lost or damaged; 2 a file cannot be read.\n";

/* One file; the exit code for it. */
static int info_file(const char *path, gboolean verbose, JsonBuilder *json)
{
  g_autoptr(GError) error = NULL;
  TbPipelineOptions options = { .registry = &tb_formats, .align_off = TRUE,
                                .cancel = tool_get_cancel() };
  TbInputSpec input = { .path = path };
  g_autoptr(TbPipeline) pipeline = tb_pipeline_new(&options);
  TbObserver *census = tb_census_new();
  tb_pipeline_add_observer(pipeline, census);
  if (!tb_pipeline_prepare(pipeline, &input, 1, &error)) {
    tool_fail(error);
    if (json) {
      json_builder_begin_object(json);
      json_builder_set_member_name(json, "file");
      tb_report_build_string(json, path);
      json_builder_set_member_name(json, "error");
      tb_report_build_string(json, error->message);
      json_builder_end_object(json);
    }
    return TOOL_FAILED;
  }
  if (json) {
    tb_report_build_file(pipeline, census, json);
  } else {
    g_autoptr(GString) out = g_string_new(NULL);
    tb_report_append_info(pipeline, census, verbose, out);
    fputs(out->str, stdout);
  }
  return tb_report_is_clean(pipeline) ? TOOL_OK : TOOL_LOSSY;
}

static int info_command(int argc, char **argv)
{
  gboolean as_json = FALSE, verbose = FALSE;
  int status = TOOL_OK;
  g_auto(GStrv) literal = NULL;
  const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &as_json, "Print one JSON document", NULL },
    { "verbose", 'v', 0, G_OPTION_ARG_NONE, &verbose, "Show all event types and all damage",
      NULL },
    G_OPTION_ENTRY_NULL,
  };
  int parsed = tool_parse("info", "FILE...", "Shows what is in a file, and whether it is complete.",
                          info_description, entries, &argc, &argv, &literal);
  if (parsed >= 0)
    return parsed;
  guint n_literal = literal ? g_strv_length(literal) : 0;
  if (argc < 2 && n_literal == 0)
    return tool_error(TOOL_USAGE, "no file given (tracebraid help info shows the options)");
  g_autoptr(JsonBuilder) json = as_json ? json_builder_new() : NULL;
  if (json) {
    json_builder_begin_object(json);
    json_builder_set_member_name(json, "schema");
    json_builder_add_int_value(json, 1);
    json_builder_set_member_name(json, "files");
    json_builder_begin_array(json);
  }
  for (int i = 1; i < argc + (int)n_literal; i++) {
    if (i > 1 && !json)
      putchar('\n');
    int one = info_file(i < argc ? argv[i] : literal[i - argc], verbose, json);
    status = MAX(status, one);
  }
  if (json) {
    json_builder_end_array(json);
    json_builder_end_object(json);
    g_autofree char *text = tb_report_print_json(json);
    fputs(text, stdout);
  }
  return status;
}

const ToolCommand tool_info = { "info", "Show what is in a file, and whether it is complete",
                                info_command };
