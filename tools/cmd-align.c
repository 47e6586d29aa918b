/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `align`: how inputs lie on wall-clock time, and nothing else. */
#include "formats.h"
#include "inputs.h"
#include "report/report.h"
#include "tool-util.h"

#include <stdio.h>

static const char align_description[] =
    "An input is FILE, NAME=FILE (NAME is the machine it belongs to) or FILE@+SECONDS\n"
    "(its times are shifted). Nothing is written; merge finds the same.\n\n"
    "Examples:\n"
    "  tracebraid align trace.dat eth0.pcap\n"
    "  tracebraid align --json a=a.dat a=a.pcap b=b.dat b=b.pcap | jq .hosts\n\n"
    "Exit codes: 0 all inputs can be put on one time axis; 2 they cannot (told on stderr), or one\n"
    "cannot be read; 64 wrong use.\n";

typedef struct {
  gboolean json;
  gboolean hosts;
  char *reference;
} AlignOptions;

static gboolean align_collect(GArray *inputs, int argc, char **argv, GStrv literal)
{
  g_autofree char *why = NULL;
  gboolean ok = TRUE;
  for (int i = 1; i < argc && ok; i++)
    ok = tool_inputs_add(inputs, argv[i], FALSE, &why);
  for (guint i = 0; literal && literal[i] && ok; i++)
    ok = tool_inputs_add(inputs, literal[i], TRUE, &why);
  if (ok && inputs->len == 0) {
    why = g_strdup("no input given");
    ok = FALSE;
  }
  if (!ok)
    tool_error(TOOL_USAGE, "%s", why);
  return ok;
}

static int align_run(const AlignOptions *o, const GArray *inputs)
{
  g_autoptr(GError) error = NULL;
  TbRunOptions options = { .registry = &tb_formats, .clocks.hosts = o->hosts,
                                .clocks.reference = o->reference, .progress.cancel = tool_get_cancel() };
  g_autoptr(TbRun) run = tb_run_new(&options);
  if (!tb_run_prepare(run, (const TbInputSpec *)(gpointer)inputs->data, inputs->len,
                           &error))
    return tool_fail(error);
  if (o->json) {
    g_autoptr(JsonBuilder) json = json_builder_new();
    tb_report_build_align(run, json);
    g_autofree char *text = tb_report_print_json(json);
    fputs(text, stdout);
  } else {
    g_autoptr(GString) out = g_string_new(NULL);
    tb_report_append_align(run, out);
    fputs(out->str, stdout);
  }
  return tb_run_check_clocks(run, &error) ? TOOL_OK : tool_fail(error);
}

static int align_command(int argc, char **argv)
{
  AlignOptions o = { 0 };
  g_auto(GStrv) literal = NULL;
  g_autoptr(GArray) inputs = tool_inputs_new();
  const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &o.json, "Print one JSON document", NULL },
    { "align-hosts", 0, 0, G_OPTION_ARG_NONE, &o.hosts,
      "Correct the clocks of hosts, =HOST: to that of HOST", NULL },
    G_OPTION_ENTRY_NULL,
  };
  tool_take_optional("--align-hosts", &argc, argv, &o.hosts, &o.reference);
  int status = tool_parse("align", "[NAME=]INPUT...",
                          "Shows how recordings and captures lie on wall-clock time.",
                          align_description, entries, &argc, &argv, &literal);
  if (status < 0)
    status = align_collect(inputs, argc, argv, literal) ? align_run(&o, inputs) : TOOL_USAGE;
  g_free(o.reference);
  return status;
}

const ToolCommand tool_align = { "align", "Show how inputs lie on wall-clock time",
                                 align_command };
