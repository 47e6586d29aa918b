/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The CSV writer. A column is first looked up among the fields of the event's
 * type, then told from the model; which of both is settled once a type. Knows
 * no input format.
 */
#include "csv/csv.h"

#include <string.h>

enum { CSV_DETAIL_UNITS = 4095 };

typedef struct {
  guint64 detail_limit; /* in UTF-16 units, 0 = none */
  GArray *columns;
  TbStrPool *pool;
  CsvMoment moment;
  gboolean started;
  GHashTable *prepared; /* type -> array of fields, one a column, NULL = none */
  const TbEventType *last_type;
  const TbField **last_fields;
  TbBuf row;
  TbBuf cell;
} CsvWriter;

/* Process Monitor writes a line feed inside a value as a semicolon. */
static void csv_append_quoted(TbBuf *row, const guint8 *text, gsize len)
{
  guint8 *to = tb_buf_reserve(row, 2 * len);
  gsize n = 0;
  for (gsize i = 0; i < len; i++) {
    guint8 c = text[i];
    if (c == '"')
      to[n++] = '"';
    to[n++] = c == '\n' ? ';' : c;
  }
  tb_buf_commit(row, n);
}

/* Bytes of the text's first @units UTF-16 units. A pair that does not fit is left out. */
static gsize csv_cut(const guint8 *text, gsize len, guint64 units)
{
  if (!units || len <= units)
    return len;
  for (gsize i = 0; i < len; i++) {
    if ((text[i] & 0xc0) == 0x80)
      continue;
    guint64 takes = text[i] >= 0xf0 ? 2 : 1;
    if (takes > units)
      return i;
    units -= takes;
  }
  return len;
}

/* Bytes that are no text, and NUL, are written \xHH. */
static void csv_append_cell(CsvWriter *csv, const guint8 *text, gsize len)
{
  tb_buf_append_c(&csv->row, '"');
  if (!len) {
    tb_buf_append_c(&csv->row, '"');
    return;
  }
  if (G_LIKELY(g_utf8_validate_len((const char *)text, len, NULL))) {
    csv_append_quoted(&csv->row, text, len);
  } else {
    g_auto(TbBuf) safe = { 0 };
    tb_escape_append(&safe, text, len, TB_ESCAPE_TEXT);
    csv_append_quoted(&csv->row, safe.data, safe.len);
  }
  tb_buf_append_c(&csv->row, '"');
}

static gboolean csv_write_header(TbWriter *writer, CsvWriter *csv, GError **error)
{
  tb_buf_append_str(&csv->row, "\xef\xbb\xbf");
  for (guint i = 0; i < csv->columns->len; i++) {
    const char *name = g_array_index(csv->columns, CsvColumn, i).name;
    if (i)
      tb_buf_append_c(&csv->row, ',');
    csv_append_cell(csv, (const guint8 *)name, strlen(name));
  }
  tb_buf_append_str(&csv->row, "\r\n");
  return tb_output_write(writer->output, csv->row.data, csv->row.len, error);
}

static gboolean csv_open(TbWriter *writer, GError **error)
{
  CsvWriter *csv = g_new0(CsvWriter, 1);
  const char *zone = tb_writer_get_setting(writer, "tz");
  const char *limit = tb_writer_get_setting(writer, "detail-limit");
  writer->priv = csv;
  csv->detail_limit = CSV_DETAIL_UNITS;
  csv->pool = tb_strpool_new();
  csv->prepared = g_hash_table_new_full(NULL, NULL, (GDestroyNotify)tb_event_type_unref, g_free);
  csv->moment.zone = tb_zone_new(zone);
  if (!csv->moment.zone) {
    tb_error_set(error, TB_ERROR_UNSUPPORTED, NULL, TB_OFFSET_NONE, "there is no time zone '%s'",
                 zone);
    return FALSE;
  }
  if (limit && !g_ascii_string_to_unsigned(limit, 10, 0, G_MAXUINT32, &csv->detail_limit, NULL)) {
    tb_error_set(error, TB_ERROR_UNSUPPORTED, NULL, TB_OFFSET_NONE,
                 "detail-limit is '%s', expected a number", limit);
    return FALSE;
  }
  csv->columns = csv_columns_parse(tb_writer_get_setting(writer, "columns"), csv->pool, error);
  return csv->columns && csv_write_header(writer, csv, error);
}

static void csv_prepare_type(CsvWriter *csv, const TbEventType *type)
{
  csv->last_type = type;
  csv->last_fields = g_hash_table_lookup(csv->prepared, type);
  if (csv->last_fields || !type)
    return;
  csv->last_fields = g_new0(const TbField *, csv->columns->len);
  for (guint i = 0; i < csv->columns->len; i++)
    csv->last_fields[i] =
        tb_event_type_find_field(type, g_array_index(csv->columns, CsvColumn, i).name);
  g_hash_table_insert(csv->prepared, tb_event_type_ref((TbEventType *)type),
                      (gpointer)csv->last_fields);
}

/* FALSE: the event has no value for the field. */
static gboolean csv_append_field(TbWriter *writer, const CsvColumn *column, const TbField *field,
                                 const TbItem *event)
{
  CsvWriter *csv = writer->priv;
  const guint8 *bytes = NULL;
  gsize len = 0;
  gint64 value = 0;
  if (!field->is_string && tb_field_get_int(field, event->record, &value)) {
    tb_buf_reset(&csv->cell);
    if (field->kind == TB_FIELD_UINT)
      tb_buf_append_u64(&csv->cell, (guint64)value);
    else
      tb_buf_append_i64(&csv->cell, value);
    csv_append_cell(csv, csv->cell.data, csv->cell.len);
    return TRUE;
  }
  if (!tb_field_get_bytes(field, event->record, &bytes, &len))
    return FALSE;
  gsize cut = column->meaning == CSV_DETAIL ? csv_cut(bytes, len, csv->detail_limit) : len;
  writer->counts.truncated += cut < len;
  csv_append_cell(csv, bytes, cut);
  return TRUE;
}

static gboolean csv_event(TbWriter *writer, const TbItem *event, GError **error)
{
  CsvWriter *csv = writer->priv;
  if (event->record->kind != TB_RECORD_EVENT && event->record->kind != TB_RECORD_LOST)
    return TRUE;
  if (!csv->started) {
    csv->started = TRUE;
    csv->moment.first_ns = event->time.ns;
  }
  if (event->record->type != csv->last_type)
    csv_prepare_type(csv, event->record->type);
  tb_buf_reset(&csv->row);
  for (guint i = 0; i < csv->columns->len; i++) {
    const CsvColumn *column = &g_array_index(csv->columns, CsvColumn, i);
    const TbField *field = event->record->type ? csv->last_fields[i] : NULL;
    if (i)
      tb_buf_append_c(&csv->row, ',');
    if (field && csv_append_field(writer, column, field, event))
      continue;
    tb_buf_reset(&csv->cell);
    csv_columns_append(column->meaning, &csv->moment, event, &csv->cell);
    csv_append_cell(csv, csv->cell.data, csv->cell.len);
  }
  tb_buf_append(&csv->row, "\r\n", 2);
  writer->counts.rows++;
  if (event->time.ns % 100)
    writer->counts.inexact++;
  return tb_output_write(writer->output, csv->row.data, csv->row.len, error);
}

static gboolean csv_add_source(TbWriter *writer, const TbSource *source, GError **error)
{
  return TRUE; /* rows name no sources */
}

static gboolean csv_finish(TbWriter *writer, GError **error)
{
  return TRUE;
}

static void csv_close(TbWriter *writer)
{
  CsvWriter *csv = writer->priv;
  if (!csv)
    return;
  g_clear_pointer(&csv->columns, g_array_unref);
  g_hash_table_unref(csv->prepared);
  tb_strpool_free(csv->pool);
  tb_zone_free(csv->moment.zone);
  tb_buf_clear(&csv->row);
  tb_buf_clear(&csv->cell);
  g_free(csv);
}

const TbWriterFormat tb_csv_writer = {
  .name = "csv",
  .description = "comma-separated rows with Process Monitor's columns",
  .extension = "csv",
  .capabilities = TB_WRITER_EVENTS,
  .open = csv_open,
  .event = csv_event,
  .add_source = csv_add_source,
  .finish = csv_finish,
  .close = csv_close,
};
