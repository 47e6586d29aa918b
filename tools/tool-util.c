/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shared by all commands; see tool-util.h. */
#include "tool-util.h"

#include "base/error.h"
#include "base/escape.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PROGRESS_WIDTH = 30, PROGRESS_EVERY_US = 100000 };

/* Reached from signal handlers, so there is one of each in the program. */
static char guard_path[4096];
static volatile sig_atomic_t caught_signal;
static gint cancel_flag;

static void print_escaped(const char *text)
{
  g_auto(TbBuf) out = { 0 };
  tb_escape_append(&out, text, strlen(text), TB_ESCAPE_TEXT);
  tb_buf_append_c(&out, '\n');
  fwrite(out.data, 1, out.len, stderr);
}

int tool_error(int code, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args);
  va_end(args);
  g_autofree char *line = g_strdup_printf("tracebraid: %s", text);
  print_escaped(line);
  return code;
}

int tool_fail(const GError *error)
{
  return tool_error(TOOL_FAILED, "%s", error->message);
}

void tool_note(gboolean quiet, const char *format, ...)
{
  va_list args;
  if (quiet)
    return;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args);
  va_end(args);
  print_escaped(text);
}

static int parse_literal(int *argc, char **argv, GStrv *literal)
{
  for (int i = 1; i < *argc; i++) {
    if (!g_str_equal(argv[i], "--"))
      continue;
    if (literal)
      *literal = g_strdupv(argv + i + 1);
    argv[i] = NULL;
    *argc = i;
    return i;
  }
  return -1;
}

int tool_parse(const char *name, const char *parameters, const char *summary,
               const char *description, const GOptionEntry *entries, int *argc, char ***argv,
               GStrv *literal)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GOptionContext) context = g_option_context_new(parameters);
  g_autofree char *program = g_strdup_printf("tracebraid %s", name);
  gboolean help = FALSE;
  const GOptionEntry help_entry[] = {
    { "help", 'h', 0, G_OPTION_ARG_NONE, &help, "Show this help", NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_set_prgname(program);
  parse_literal(argc, *argv, literal);
  g_option_context_set_summary(context, summary);
  g_option_context_set_description(context, description);
  g_option_context_set_help_enabled(context, FALSE);
  g_option_context_add_main_entries(context, entries, NULL);
  g_option_context_add_main_entries(context, help_entry, NULL);
  if (!g_option_context_parse(context, argc, argv, &error))
    return tool_error(TOOL_USAGE, "%s (tracebraid help %s shows the options)", error->message,
                      name);
  if (!help)
    return -1;
  g_autofree char *text = g_option_context_get_help(context, TRUE, NULL);
  fputs(text, stdout);
  return TOOL_OK;
}

void tool_take_optional(const char *name, int *argc, char **argv, gboolean *found, char **value)
{
  int kept = 1;
  gboolean literal = FALSE;
  gsize len = strlen(name);
  for (int i = 1; i < *argc; i++) {
    const char *after = argv[i] + len;
    literal |= g_str_equal(argv[i], "--");
    if (literal || strncmp(argv[i], name, len) != 0 || (*after && *after != '=')) {
      argv[kept++] = argv[i];
      continue;
    }
    *found = TRUE;
    if (*after) {
      g_free(*value);
      *value = g_strdup(after + 1);
    }
  }
  argv[kept] = NULL;
  *argc = kept;
}

gboolean tool_parse_seconds(const char *text, gint64 *ns)
{
  static const struct {
    const char *unit;
    guint digits; /* decimals of a second that one unit is */
  } units[] = { { "", 9 }, { "s", 9 }, { "ms", 6 }, { "us", 3 }, { "ns", 0 } };
  gboolean negative = *text == '-';
  guint64 whole = 0, fraction = 0;
  guint decimals = 0;
  const char *p = text + (*text == '-' || *text == '+');
  if (!g_ascii_isdigit(*p))
    return FALSE;
  for (; g_ascii_isdigit(*p); p++) {
    if (whole > (guint64)G_MAXINT64 / 10 - 1)
      return FALSE;
    whole = whole * 10 + (guint64)(*p - '0');
  }
  if (*p == '.')
    for (p++; g_ascii_isdigit(*p); p++)
      if (decimals < 9) {
        fraction = fraction * 10 + (guint64)(*p - '0');
        decimals++;
      }
  for (guint i = 0; i < G_N_ELEMENTS(units); i++) {
    if (!g_str_equal(p, units[i].unit))
      continue;
    guint64 scale = 1;
    for (guint d = 0; d < units[i].digits; d++)
      scale *= 10;
    for (guint d = decimals; d < units[i].digits; d++)
      fraction *= 10;
    for (guint d = units[i].digits; d < decimals; d++)
      fraction /= 10;
    if (whole > (guint64)G_MAXINT64 / scale - 1)
      return FALSE;
    *ns = (gint64)(whole * scale + fraction) * (negative ? -1 : 1);
    return TRUE;
  }
  return FALSE;
}

gboolean tool_parse_owners(const char *text, TbConfidence *least)
{
  *least = text ? TB_CONFIDENCE_NONE : TB_CONFIDENCE_LINKED;
  return !text || g_str_equal(text, "off") || tb_confidence_from_word(text, least);
}

gboolean tool_progress_init(ToolProgress *progress, const char *when, gboolean quiet)
{
  gboolean always = g_strcmp0(when, "always") == 0;
  gboolean automatic = !when || g_str_equal(when, "auto");
  *progress = (ToolProgress){ .started_us = g_get_monotonic_time() };
  progress->enabled = always || (automatic && !quiet && isatty(STDERR_FILENO));
  if (always)
    progress->started_us -= G_USEC_PER_SEC;
  return always || automatic || g_str_equal(when, "never");
}

void tool_progress_show(gpointer data, const char *phase, double fraction)
{
  ToolProgress *progress = data;
  gint64 now = g_get_monotonic_time();
  if (!progress->enabled || now - progress->started_us < G_USEC_PER_SEC ||
      now - progress->shown_us < PROGRESS_EVERY_US)
    return;
  char bar[PROGRESS_WIDTH + 1];
  int filled = (int)(fraction * PROGRESS_WIDTH);
  memset(bar, ' ', PROGRESS_WIDTH);
  memset(bar, '=', (gsize)CLAMP(filled, 0, PROGRESS_WIDTH));
  bar[PROGRESS_WIDTH] = 0;
  fprintf(stderr, "\r%-8s [%s] %3d %%", phase, bar, (int)(fraction * 100));
  fflush(stderr);
  progress->shown_us = now;
  progress->visible = TRUE;
}

void tool_progress_clear(ToolProgress *progress)
{
  if (progress->visible)
    fputs("\r\033[K", stderr);
  progress->visible = FALSE;
}

static void on_pipe(int number)
{
  if (guard_path[0])
    unlink(guard_path);
  _exit(TOOL_PIPE);
}

/*
 * The first signal lets a run that has a file to remove end in order. A second one does
 * not wait for that, and without such a file there is nothing to wait for: the run may
 * stand in a write that nobody takes.
 */
static void on_stop(int number)
{
  if (caught_signal || !guard_path[0]) {
    if (guard_path[0])
      unlink(guard_path);
    signal(number, SIG_DFL);
    raise(number);
  }
  caught_signal = number;
  cancel_flag = 1;
}

void tool_guard_output(const char *temp_path)
{
  struct sigaction stop = { .sa_handler = on_stop };
  struct sigaction pipe_closed = { .sa_handler = on_pipe };
  guard_path[0] = 0;
  if (temp_path && strlen(temp_path) < sizeof guard_path)
    memcpy(guard_path, temp_path, strlen(temp_path) + 1);
  sigaction(SIGINT, &stop, NULL);
  sigaction(SIGTERM, &stop, NULL);
  sigaction(SIGHUP, &stop, NULL);
  sigaction(SIGPIPE, &pipe_closed, NULL);
}

const gint *tool_get_cancel(void)
{
  return &cancel_flag;
}

void tool_finish_signal(void)
{
  if (!caught_signal)
    return;
  signal(caught_signal, SIG_DFL);
  raise(caught_signal);
}
