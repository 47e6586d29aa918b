/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The columns: their names, and how each is told from the model alone, for
 * events whose type has no field of that name. Knows no input format.
 */
#include "csv/csv.h"

#include <string.h>

/* In the order of Process Monitor's own export; those behind the mark only when asked for. */
static const CsvColumn columns_known[] = {
  { "Time of Day", CSV_TIME_OF_DAY },
  { "Process Name", CSV_PROCESS_NAME },
  { "PID", CSV_PID },
  { "Operation", CSV_OPERATION },
  { "Path", CSV_FIELD },
  { "Result", CSV_FIELD },
  { "Detail", CSV_DETAIL },
  { "Date & Time", CSV_DATE_AND_TIME },
  { "Relative Time", CSV_RELATIVE_TIME },
  { "Duration", CSV_DURATION },
  { "Completion Time", CSV_COMPLETION_TIME },
  { "Event Class", CSV_EVENT_CLASS },
  { "Sequence", CSV_FIELD },
  { "Image Path", CSV_IMAGE_PATH },
  { "Company", CSV_FIELD },
  { "Description", CSV_FIELD },
  { "Version", CSV_FIELD },
  { "User", CSV_FIELD },
  { "Authentication ID", CSV_FIELD },
  { "Session", CSV_FIELD },
  { "Command Line", CSV_COMMAND_LINE },
  { "TID", CSV_TID },
  { "Virtualized", CSV_FIELD },
  { "Integrity", CSV_FIELD },
  { "Category", CSV_FIELD },
  { "Parent PID", CSV_PARENT_PID },
  { "Architecture", CSV_FIELD },
  /* mark */
  { "Host", CSV_HOST },
  { "Source", CSV_SOURCE },
  { "CPU", CSV_CPU },
  { "Kind", CSV_KIND },
  { "Sentence", CSV_SENTENCE },
};

enum { COLUMNS_DEFAULT = 27, TICKS_PER_SECOND = 10000000, NS_PER_TICK = 100 };

static CsvColumn columns_find(const char *name, TbStrPool *pool)
{
  for (guint i = 0; i < G_N_ELEMENTS(columns_known); i++)
    if (g_ascii_strcasecmp(columns_known[i].name, name) == 0)
      return columns_known[i];
  return (CsvColumn){ tb_strpool_intern(pool, name, strlen(name)), CSV_FIELD };
}

GArray *csv_columns_parse(const char *list, TbStrPool *pool, GError **error)
{
  g_autoptr(GArray) columns = g_array_new(FALSE, FALSE, sizeof(CsvColumn));
  if (!list)
    return g_array_append_vals(g_steal_pointer(&columns), columns_known, COLUMNS_DEFAULT);
  g_auto(GStrv) names = g_strsplit(list, ",", -1);
  for (guint i = 0; names[i]; i++) {
    const char *name = g_strstrip(names[i]);
    if (!*name) {
      tb_error_set(error, TB_ERROR_UNSUPPORTED, NULL, TB_OFFSET_NONE,
                   "the list of columns '%s' has an empty name", list);
      return NULL;
    }
    CsvColumn column = columns_find(name, pool);
    g_array_append_val(columns, column);
  }
  if (columns->len)
    return g_steal_pointer(&columns);
  tb_error_set(error, TB_ERROR_UNSUPPORTED, NULL, TB_OFFSET_NONE, "the list of columns is empty");
  return NULL;
}

static void columns_append_2(TbBuf *out, guint value)
{
  tb_buf_append_c(out, (char)('0' + value / 10 % 10));
  tb_buf_append_c(out, (char)('0' + value % 10));
}

static gint64 columns_divide_down(gint64 a, gint64 b)
{
  return a / b - (a % b < 0 ? 1 : 0);
}

/* 6:55:07 AM, or with @fraction 6:55:07.0236729 AM */
static void columns_append_clock(TbBuf *out, const TbCivil *t, gint64 fraction)
{
  tb_buf_append_u64(out, t->hour % 12 ? t->hour % 12 : 12);
  tb_buf_append_c(out, ':');
  columns_append_2(out, t->minute);
  tb_buf_append_c(out, ':');
  columns_append_2(out, t->second);
  if (fraction >= 0) {
    char digits[7];
    for (guint i = 7; i-- > 0; fraction /= 10)
      digits[i] = (char)('0' + fraction % 10);
    tb_buf_append_c(out, '.');
    tb_buf_append(out, digits, sizeof digits);
  }
  tb_buf_append(out, t->hour < 12 ? " AM" : " PM", 3);
}

/* Time that belongs to no calendar is told in seconds. */
static void columns_append_seconds(TbBuf *out, gint64 ns)
{
  if (ns < 0)
    tb_buf_append_c(out, '-');
  tb_buf_append_fixed(out, (ns < 0 ? 0 - (guint64)ns : (guint64)ns) / NS_PER_TICK,
                      TICKS_PER_SECOND, 7);
}

static void columns_append_time(const CsvMoment *moment, const TbItem *event, gint64 ns,
                                gboolean with_date, TbBuf *out)
{
  if (!event->record->source || !event->record->source->clock.axis.realtime) {
    if (!with_date)
      columns_append_seconds(out, ns);
    return;
  }
  gint64 second = columns_divide_down(ns, 1000000000);
  gint64 fraction = (ns - second * 1000000000) / NS_PER_TICK;
  TbCivil t;
  tb_civil_from_unix(second + tb_zone_get_offset(moment->zone, second), &t);
  if (!with_date) {
    columns_append_clock(out, &t, fraction);
    return;
  }
  tb_buf_append_u64(out, t.month);
  tb_buf_append_c(out, '/');
  tb_buf_append_u64(out, t.day);
  tb_buf_append_c(out, '/');
  tb_buf_append_i64(out, t.year);
  tb_buf_append_c(out, ' ');
  columns_append_clock(out, &t, -1);
}

/* hh:mm:ss.fffffff since the first row */
static void columns_append_relative(const CsvMoment *moment, const TbItem *event, TbBuf *out)
{
  gint64 ns = event->time.ns - moment->first_ns;
  guint64 ticks = (ns < 0 ? 0 - (guint64)ns : (guint64)ns) / NS_PER_TICK;
  guint64 seconds = ticks / TICKS_PER_SECOND;
  if (ns < 0)
    tb_buf_append_c(out, '-');
  if (seconds / 3600 >= 100)
    tb_buf_append_u64(out, seconds / 3600);
  else
    columns_append_2(out, (guint)(seconds / 3600));
  tb_buf_append_c(out, ':');
  columns_append_2(out, (guint)(seconds / 60 % 60));
  tb_buf_append_c(out, ':');
  if (seconds % 60 < 10)
    tb_buf_append_c(out, '0');
  tb_buf_append_fixed(out, seconds % 60 * TICKS_PER_SECOND + ticks % TICKS_PER_SECOND,
                      TICKS_PER_SECOND, 7);
}

static void columns_append_times(CsvMeaning meaning, const CsvMoment *moment,
                                 const TbItem *event, TbBuf *out)
{
  gboolean known = (event->record->flags & TB_RECORD_DURATION) != 0;
  if (event->record->flags & TB_RECORD_NO_TIME)
    return;
  switch ((int)meaning) {
  case CSV_TIME_OF_DAY: columns_append_time(moment, event, event->time.ns, FALSE, out); break;
  case CSV_DATE_AND_TIME: columns_append_time(moment, event, event->time.ns, TRUE, out); break;
  case CSV_RELATIVE_TIME: columns_append_relative(moment, event, out); break;
  case CSV_DURATION:
    if (known)
      tb_buf_append_fixed(out, event->record->value / NS_PER_TICK, TICKS_PER_SECOND, 7);
    break;
  case CSV_COMPLETION_TIME:
    if (known)
      columns_append_time(moment, event, event->time.ns + (gint64)event->record->value, FALSE, out);
    break;
  default: break;
  }
}

static void columns_append_context(CsvMeaning meaning, const TbContext *context, TbBuf *out)
{
  const char *text = NULL;
  if (!context)
    return;
  switch ((int)meaning) {
  case CSV_PROCESS_NAME: text = context->comm; break;
  case CSV_IMAGE_PATH: text = context->exe; break;
  case CSV_COMMAND_LINE: text = context->cmdline; break;
  case CSV_PID: tb_buf_append_i64(out, context->pid); break;
  case CSV_PARENT_PID:
    if (context->ppid)
      tb_buf_append_i64(out, context->ppid);
    break;
  default: break;
  }
  if (text)
    tb_buf_append_str(out, text);
}

static void columns_append_note(CsvMeaning meaning, const TbSentence *note, TbBuf *out)
{
  if (note && meaning == CSV_KIND && note->kind)
    tb_buf_append_str(out, note->kind);
  if (note && meaning == CSV_SENTENCE && note->text)
    tb_buf_append(out, note->text->data, note->text->len);
}

static void columns_append_detail(const TbItem *event, TbBuf *out)
{
  if (event->record->type) {
    tb_record_append_text(event->record, out);
  } else if (event->record->kind == TB_RECORD_LOST && event->record->value) {
    tb_buf_append_u64(out, event->record->value);
    tb_buf_append_str(out, " events lost");
  } else {
    tb_buf_append_str(out, "events lost");
  }
}

void csv_columns_append(CsvMeaning meaning, const CsvMoment *moment, const TbItem *event,
                        TbBuf *out)
{
  switch (meaning) {
  case CSV_TIME_OF_DAY:
  case CSV_DATE_AND_TIME:
  case CSV_RELATIVE_TIME:
  case CSV_DURATION:
  case CSV_COMPLETION_TIME: columns_append_times(meaning, moment, event, out); break;
  case CSV_PROCESS_NAME:
  case CSV_PID:
  case CSV_IMAGE_PATH:
  case CSV_COMMAND_LINE:
  case CSV_PARENT_PID: columns_append_context(meaning, event->actor, out); break;
  case CSV_OPERATION: tb_buf_append_str(out, event->record->type ? event->record->type->name : "<Lost>"); break;
  case CSV_DETAIL: columns_append_detail(event, out); break;
  case CSV_EVENT_CLASS:
    if (event->record->type)
      tb_buf_append_str(out, event->record->type->system);
    break;
  case CSV_TID:
    if (event->record->tid >= 0 && event->record->type)
      tb_buf_append_i64(out, event->record->tid);
    break;
  case CSV_HOST:
    if (event->record->source && event->record->source->machine)
      tb_buf_append_str(out, tb_machine_get_label(event->record->source->machine));
    break;
  case CSV_SOURCE:
    if (event->record->source)
      tb_buf_append_str(out, event->record->source->name);
    break;
  case CSV_CPU:
    if (event->record->cpu != TB_CPU_NONE)
      tb_buf_append_u64(out, event->record->cpu);
    break;
  case CSV_KIND:
  case CSV_SENTENCE: columns_append_note(meaning, event->sentence, out); break;
  case CSV_FIELD: break;
  default: break;
  }
}
