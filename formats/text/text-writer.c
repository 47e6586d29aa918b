/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The text writer: lines of `trace-cmd report -N -t`, so that scripts made for
 * these keep working. Knows the model only; the text of an event is its type's.
 */
#include "text/text-writer.h"

#include "base/escape.h"

#include <string.h>

enum { TEXT_COMM_WIDTH = 16, TEXT_PID_WIDTH = 5, TEXT_NAME_WIDTH = 21, TEXT_SECONDS_WIDTH = 6,
       TEXT_TICKS_WIDTH = 12 };

typedef struct {
  TbBuf line;
  TbBuf text;
  char **prefixes; /* by rank of the source; NULL where no line has one */
  gboolean escape; /* the output is a terminal */
  const TbSource *lost_source; /* whose last line told of lost events */
  guint32 lost_cpu;
} TextWriter;

static void append_right(TbBuf *out, const char *bytes, gsize len, gsize width)
{
  if (len < width)
    tb_buf_append_fill(out, ' ', width - len);
  tb_buf_append(out, bytes, len);
}

static gsize append_number(char *to, gint64 value)
{
  TbBuf number = { (guint8 *)to, 0, 24 };
  tb_buf_append_i64(&number, value);
  return number.len;
}

/* What stands before the colon: the host where there are several, and the instance. */
static char *source_prefix(const TbWriter *writer, const TbSource *source)
{
  const char *slash = strchr(source->name, '/');
  const char *instance = slash ? slash + 1 : "";
  if (writer->machines->len < 2 || !source->machine)
    return g_strdup(instance);
  return g_strdup_printf("%s%s%s", tb_machine_get_label(source->machine), *instance ? "/" : "",
                         instance);
}

/* Instances (and hosts) prefix every line, all lines equally wide. */
static void writer_make_prefixes(TbWriter *writer, TextWriter *text)
{
  gsize width = 0;
  g_auto(GStrv) names = g_new0(char *, (gsize)writer->sources->len + 1);
  for (guint i = 0; i < writer->sources->len; i++) {
    names[i] = source_prefix(writer, g_ptr_array_index(writer->sources, i));
    width = MAX(width, strlen(names[i]));
  }
  if (width == 0)
    return;
  text->prefixes = g_new0(char *, (gsize)writer->sources->len + 1);
  for (guint i = 0; i < writer->sources->len; i++) {
    gsize len = strlen(names[i]);
    text->prefixes[i] = g_strdup_printf("%s%s%*s", names[i], len ? ":" : " ",
                                        (int)(width - len + 1), "");
  }
}

static gboolean text_open(TbWriter *writer, GError **error)
{
  TextWriter *text = g_new0(TextWriter, 1);
  writer->priv = text;
  text->escape = tb_writer_get_setting(writer, "escape") != NULL;
  writer_make_prefixes(writer, text);
  return TRUE;
}

/* Nothing to write; from here on lines may have a prefix, or a wider one. */
static gboolean text_add_source(TbWriter *writer, const TbSource *source, GError **error)
{
  TextWriter *text = writer->priv;
  g_clear_pointer(&text->prefixes, g_strfreev);
  writer_make_prefixes(writer, text);
  return TRUE;
}

static void append_task(TbBuf *out, const TbItem *event)
{
  char number[24];
  TbContext scratch;
  const TbContext *actor = tb_item_get_actor(event, &scratch);
  gint32 tid = event->record->tid >= 0 ? event->record->tid : actor ? actor->tid : 0;
  const char *comm = actor && actor->comm ? actor->comm : tid == 0 ? "<idle>" : "<...>";
  append_right(out, comm, strlen(comm), TEXT_COMM_WIDTH);
  tb_buf_append_c(out, '-');
  gsize len = append_number(number, tid);
  tb_buf_append(out, number, len);
  if (len < TEXT_PID_WIDTH)
    tb_buf_append_fill(out, ' ', TEXT_PID_WIDTH - len);
}

static void append_cpu(TbBuf *out, guint32 cpu)
{
  tb_buf_append_str(out, " [");
  if (cpu != TB_CPU_NONE) {
    if (cpu < 100)
      tb_buf_append_str(out, cpu < 10 ? "00" : "0");
    tb_buf_append_u64(out, cpu);
  } else {
    tb_buf_append_str(out, "---");
  }
  tb_buf_append_c(out, ']');
}

/* boot, counter and x86-tsc are bare numbers, all else seconds: docs/format-text.md. */
static void append_time(TbBuf *out, const TbItem *event)
{
  TbClock clock = event->record->source->clock.axis.clock;
  char number[24];
  guint64 time = (guint64)event->time.ns;
  if (clock == TB_CLOCK_BOOT || clock == TB_CLOCK_COUNTER || clock == TB_CLOCK_X86_TSC) {
    TbBuf digits = { (guint8 *)number, 0, sizeof number };
    tb_buf_append_u64(&digits, time);
    append_right(out, number, digits.len, TEXT_TICKS_WIDTH);
  } else {
    TbBuf digits = { (guint8 *)number, 0, sizeof number };
    tb_buf_append_u64(&digits, time / 1000000000);
    tb_buf_append_c(out, ' ');
    append_right(out, number, digits.len, TEXT_SECONDS_WIDTH - 1);
    tb_buf_append_c(out, '.');
    guint8 *p = tb_buf_reserve(out, 9);
    guint32 fraction = (guint32)(time % 1000000000);
    for (guint i = 9; i-- > 0; fraction /= 10)
      p[i] = (guint8)('0' + fraction % 10);
    tb_buf_commit(out, 9);
  }
  tb_buf_append_str(out, ": ");
}

static void append_name(TbBuf *out, const char *name)
{
  gsize len = strlen(name);
  tb_buf_append(out, name, len);
  tb_buf_append_c(out, ':');
  tb_buf_append_fill(out, ' ', len + 1 < TEXT_NAME_WIDTH ? TEXT_NAME_WIDTH - len : 1);
}

/* The event behind a line of lost events shares that line's prefix in trace-cmd's report. */
static gboolean needs_prefix(TextWriter *text, const TbItem *event)
{
  gboolean follows = event->record->source == text->lost_source && event->record->cpu == text->lost_cpu;
  text->lost_source = NULL;
  return text->prefixes && !follows;
}

static void append_lost(TextWriter *text, const TbItem *event)
{
  TbBuf *out = &text->line;
  if (text->prefixes)
    tb_buf_append_str(out, text->prefixes[event->record->source->rank]);
  text->lost_source = event->record->source;
  text->lost_cpu = event->record->cpu;
  tb_buf_append_str(out, "CPU:");
  tb_buf_append_u64(out, event->record->cpu == TB_CPU_NONE ? 0 : event->record->cpu);
  tb_buf_append_str(out, " [");
  if (event->record->value) {
    tb_buf_append_u64(out, event->record->value);
    tb_buf_append_c(out, ' ');
  }
  tb_buf_append_str(out, "EVENTS DROPPED]");
}

static void append_event(TextWriter *text, const TbItem *event)
{
  TbBuf *line = &text->line;
  if (needs_prefix(text, event))
    tb_buf_append_str(line, text->prefixes[event->record->source->rank]);
  append_task(line, event);
  append_cpu(line, event->record->cpu);
  append_time(line, event);
  append_name(line, event->record->type->name);
  tb_record_append_padded_text(event->record, line);
}

static gboolean text_event(TbWriter *writer, const TbItem *event, GError **error)
{
  TextWriter *text = writer->priv;
  TbBuf *line = &text->line;
  tb_buf_reset(line);
  if (event->record->kind == TB_RECORD_LOST)
    append_lost(text, event);
  else if (event->record->kind == TB_RECORD_EVENT)
    append_event(text, event);
  else
    return TRUE;
  writer->counts.rows++;
  if (text->escape) {
    tb_buf_reset(&text->text);
    tb_escape_append(&text->text, line->data, line->len, TB_ESCAPE_TEXT);
    line = &text->text;
  }
  if (line->len == 0 || line->data[line->len - 1] != '\n')
    tb_buf_append_c(line, '\n');
  return tb_output_write(writer->output, line->data, line->len, error);
}

static gboolean text_finish(TbWriter *writer, GError **error)
{
  return TRUE;
}

static void text_close(TbWriter *writer)
{
  TextWriter *text = writer->priv;
  if (!text)
    return;
  tb_buf_clear(&text->line);
  tb_buf_clear(&text->text);
  g_strfreev(text->prefixes);
  g_free(text);
}

const TbWriterFormat tb_text_writer = {
  .name = "text",
  .description = "one event a line, as trace-cmd report -N -t prints them",
  .extension = "txt",
  .capabilities = TB_WRITER_EVENTS,
  .open = text_open,
  .event = text_event,
  .add_source = text_add_source,
  .finish = text_finish,
  .close = text_close,
};
