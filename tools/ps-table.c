/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The process table in columns; see ps.h. A column is as wide as its widest
 * cell, as far as a terminal shows it. All cells are made twice, for their
 * widths and to be shown, so that nothing grows with the rows.
 */
#include "ps.h"

#include "base/escape.h"
#include "model/signal.h"

#include <string.h>

enum { PS_WIDE_NAME = 40, PS_DEEP = 64, PS_INDENT = 2 };

typedef enum {
  PS_PID,
  PS_PPID,
  PS_START,
  PS_LIFETIME,
  PS_END,
  PS_SENT,
  PS_SENT_BYTES,
  PS_RECEIVED,
  PS_RECEIVED_BYTES,
  PS_NAME,
  PS_EXECUTABLE,
  PS_N_COLUMNS,
} PsColumn;

/**
 * @least, @most: of its width; a cell that is wider than @most moves what stands behind it
 * @gap: blanks in front
 */
static const struct {
  const char *title;
  guint least;
  guint most;
  guint gap;
  gboolean right;
} ps_columns[PS_N_COLUMNS] = {
  [PS_PID] = { "PID", 8, G_MAXUINT, 0, TRUE },
  [PS_PPID] = { "PPID", 8, G_MAXUINT, 1, TRUE },
  [PS_START] = { "START", 18, G_MAXUINT, 1, TRUE },
  [PS_LIFETIME] = { "LIFETIME", 12, G_MAXUINT, 1, TRUE },
  [PS_END] = { "END", 8, G_MAXUINT, 2, FALSE },
  [PS_SENT] = { "SENT", 0, G_MAXUINT, 2, TRUE },
  [PS_SENT_BYTES] = { "SENT-BYTES", 0, G_MAXUINT, 1, TRUE },
  [PS_RECEIVED] = { "RECEIVED", 0, G_MAXUINT, 1, TRUE },
  [PS_RECEIVED_BYTES] = { "RECEIVED-BYTES", 0, G_MAXUINT, 1, TRUE },
  [PS_NAME] = { "NAME", 0, PS_WIDE_NAME, 2, FALSE },
  [PS_EXECUTABLE] = { "EXECUTABLE", 0, 0, 2, FALSE },
};

typedef struct {
  GString *cells[PS_N_COLUMNS];
  guint widths[PS_N_COLUMNS];
} PsLine;

/* Columns on a terminal. */
static guint ps_text_width(const char *text)
{
  guint width = 0;
  for (const char *at = text; *at; at = g_utf8_next_char(at)) {
    gunichar c = g_utf8_get_char(at);
    width += g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
  }
  return width;
}

static void append_pad(GString *out, guint n)
{
  g_string_append_printf(out, "%*s", (int)n, "");
}

void ps_append_text(GString *out, const char *text)
{
  if (!text) {
    g_string_append_c(out, '-');
    return;
  }
  g_auto(TbBuf) escaped = { 0 };
  tb_escape_append(&escaped, text, strlen(text), TB_ESCAPE_NEWLINE | TB_ESCAPE_TAB);
  g_string_append_len(out, (const char *)escaped.data, (gssize)escaped.len);
}

/* --- cells --- */

static void append_time(const PsTable *table, gint64 ns, gboolean known, GString *out)
{
  if (!known) {
    g_string_append_c(out, '-');
    return;
  }
  ns = tb_source_to_output(table->reference, (TbMachineTime){ ns }).ns;
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
  if (process->start.known != TB_KNOWN_SEEN || process->end.known != TB_KNOWN_SEEN) {
    g_string_append_c(out, '-');
    return;
  }
  guint64 micros = (guint64)(process->end_ns - process->start_ns) / 1000;
  g_string_append_printf(out, "%" G_GUINT64_FORMAT ".%06" G_GUINT64_FORMAT, micros / 1000000,
                         micros % 1000000);
}

static void append_end(const TbProcess *process, GString *out)
{
  if (process->end.has_code)
    g_string_append_printf(out, "exit %d", process->exit_code);
  else if (process->end.has_signal && tb_signal_to_name((guint8)process->exit_signal))
    g_string_append(out, tb_signal_to_name((guint8)process->exit_signal));
  else if (process->end.has_signal)
    g_string_append_printf(out, "signal %d", process->exit_signal);
  else
    g_string_append(out, process->end.was_killed                       ? "killed"
                         : process->end.known == TB_KNOWN_SEEN     ? "ended"
                         : process->end.known == TB_KNOWN_INFERRED ? "gone"
                                                                   : "-");
}

static void append_traffic(const TbTraffic *traffic, GString *packets, GString *bytes)
{
  g_string_append_printf(packets, "%" G_GUINT64_FORMAT, traffic->packets);
  g_string_append_printf(bytes, "%" G_GUINT64_FORMAT, traffic->bytes);
}

static void fill_line(const PsTable *table, const PsRow *row, PsLine *line)
{
  const TbTimeline *timeline = table->machine->timeline;
  const TbProcess *process = tb_timeline_get_process(timeline, row->process);
  guint32 parent = tb_timeline_resolve(timeline, process->parent);
  gint64 at_ns = table->at_ns == PS_ALWAYS ? TB_TIME_NEVER - 1 : table->at_ns;
  for (guint i = 0; i < PS_N_COLUMNS; i++)
    g_string_truncate(line->cells[i], 0);
  g_string_append_printf(line->cells[PS_PID], "%d", process->pid);
  if (parent == TB_PROC_NONE)
    g_string_append_c(line->cells[PS_PPID], '-');
  else
    g_string_append_printf(line->cells[PS_PPID], "%d",
                           tb_timeline_get_process(timeline, parent)->pid);
  append_time(table, process->start_ns, process->start.known == TB_KNOWN_SEEN,
              line->cells[PS_START]);
  append_span(process, line->cells[PS_LIFETIME]);
  append_end(process, line->cells[PS_END]);
  if (table->tally) {
    TbProcessTraffic traffic = tb_tally_get_process(table->tally, table->machine, row->process);
    append_traffic(&traffic.sent, line->cells[PS_SENT], line->cells[PS_SENT_BYTES]);
    append_traffic(&traffic.received, line->cells[PS_RECEIVED], line->cells[PS_RECEIVED_BYTES]);
  }
  append_pad(line->cells[PS_NAME], MIN(row->depth, (guint32)PS_DEEP) * PS_INDENT);
  guint32 comm = tb_timeline_comm_at(timeline, tb_life_of_process(row->process), at_ns);
  guint32 exe = tb_timeline_exe_at(timeline, row->process, at_ns);
  ps_append_text(line->cells[PS_NAME], tb_timeline_get_string(timeline, comm));
  if (exe)
    ps_append_text(line->cells[PS_EXECUTABLE], tb_timeline_get_string(timeline, exe));
}

/* --- lines --- */

static gboolean column_is_shown(const PsTable *table, guint column)
{
  return table->tally || column < PS_SENT || column > PS_RECEIVED_BYTES;
}

static void widen(PsLine *line)
{
  for (guint i = 0; i < PS_N_COLUMNS; i++) {
    guint width = ps_text_width(line->cells[i]->str);
    if (width <= ps_columns[i].most)
      line->widths[i] = MAX(line->widths[i], width);
  }
}

static void append_line(const PsTable *table, const PsLine *line, GString *out)
{
  for (guint i = 0; i < PS_N_COLUMNS; i++) {
    guint width = ps_text_width(line->cells[i]->str);
    guint pad = line->widths[i] - MIN(width, line->widths[i]);
    if (!column_is_shown(table, i) || (i == PS_EXECUTABLE && width == 0))
      continue;
    append_pad(out, ps_columns[i].gap + (ps_columns[i].right ? pad : 0));
    g_string_append(out, line->cells[i]->str);
    /* Nothing blank at the end of a line. */
    if (!ps_columns[i].right && (i < PS_NAME || (i == PS_NAME && line->cells[PS_EXECUTABLE]->len)))
      append_pad(out, pad);
  }
  g_string_append_c(out, '\n');
}

void ps_append_table(const PsTable *table, const GArray *rows, GString *out)
{
  PsLine line = { 0 };
  for (guint i = 0; i < PS_N_COLUMNS; i++) {
    line.cells[i] = g_string_new(NULL);
    line.widths[i] = MAX(ps_columns[i].least, (guint)strlen(ps_columns[i].title));
  }
  if (table->realtime)
    line.widths[PS_START] = strlen("2026-11-21T07:00:00.000000Z");
  for (guint i = 0; i < rows->len; i++) {
    fill_line(table, &g_array_index(rows, PsRow, i), &line);
    widen(&line);
  }
  for (guint i = 0; i < PS_N_COLUMNS; i++)
    g_string_assign(line.cells[i], ps_columns[i].title);
  append_line(table, &line, out);
  for (guint i = 0; i < rows->len; i++) {
    fill_line(table, &g_array_index(rows, PsRow, i), &line);
    append_line(table, &line, out);
  }
  for (guint i = 0; i < PS_N_COLUMNS; i++)
    g_string_free(line.cells[i], TRUE);
}
