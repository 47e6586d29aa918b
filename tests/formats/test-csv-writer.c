/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The CSV writer over made-up events: columns, times, zones, quoting, what has no column. */
#include "csv/csv.h"
#include "support/made-item.h"
#include "tracebraid.h"

#include <string.h>

static void toy_append_text(const TbEventType *type, const TbRecord *event, TbBuf *out)
{
  tb_buf_append_str(out, "a=1 b=\"two\"\nthree");
}

static gboolean toy_get_bytes(const TbEventType *type, const TbField *field, const TbRecord *event,
                              const guint8 **out, gsize *len)
{
  *out = event->data;
  *len = event->len;
  return event->len > 0;
}

static const TbEventTypeOps toy_ops = { .append_text = toy_append_text,
                                        .get_bytes = toy_get_bytes };

typedef struct {
  TbSource *source;
  TbEventType *type;
  GPtrArray *machines;
  GPtrArray *sources;
  GHashTable *settings;
  TbOutput *output;
  TbWriter *writer;
} Toy;

static Toy toy_new(const char *columns, const char *zone)
{
  Toy toy = { .source = tb_source_new(TB_SOURCE_EVENTS, "toy"),
              .machines = g_ptr_array_new(),
              .sources = g_ptr_array_new(),
              .settings = g_hash_table_new(g_str_hash, g_str_equal),
              .output = tb_output_new_memory() };
  g_autoptr(GError) error = NULL;
  GArray *fields = g_array_new(FALSE, TRUE, sizeof(TbField));
  TbField number = { .name = g_strdup("number"), .kind = TB_FIELD_UINT, .size = 4 };
  TbField path = { .name = g_strdup("Path"), .kind = TB_FIELD_COMPUTED, .is_string = TRUE };
  g_array_append_val(fields, number);
  g_array_append_val(fields, path);
  toy.type = tb_event_type_new("sys", "op", &toy_ops, NULL);
  tb_event_type_take_fields(toy.type, fields);
  tb_axis_init(&toy.source->clock.axis, TB_CLOCK_REALTIME, FALSE);
  if (columns)
    g_hash_table_insert(toy.settings, (gpointer)"columns", (gpointer)columns);
  if (zone)
    g_hash_table_insert(toy.settings, (gpointer)"tz", (gpointer)zone);
  toy.writer = tb_writer_open_with(&tb_csv_writer, toy.output, tb_limits_default(), toy.machines,
                                   toy.sources, toy.settings, &error);
  g_assert_no_error(error);
  return toy;
}

static void toy_clear(Toy *toy)
{
  tb_writer_free(toy->writer);
  tb_output_free(toy->output);
  g_hash_table_unref(toy->settings);
  g_ptr_array_unref(toy->machines);
  g_ptr_array_unref(toy->sources);
  tb_event_type_unref(toy->type);
  tb_source_unref(toy->source);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Toy, toy_clear)

static void toy_write(Toy *toy, MadeItem *event)
{
  g_autoptr(GError) error = NULL;
  g_assert_true(tb_writer_event(toy->writer, made_item(event), &error));
  g_assert_no_error(error);
}

static void toy_expect(Toy *toy, const char *text)
{
  g_autoptr(GError) error = NULL;
  g_assert_true(tb_writer_finish(toy->writer, &error));
  g_assert_true(tb_output_commit(toy->output, &error));
  const GByteArray *bytes = tb_output_get_memory(toy->output);
  g_autofree char *got = g_strndup((const char *)bytes->data, bytes->len);
  g_assert_cmpstr(got, ==, text);
}

/* 2020-07-31 18:55:07.0236729 UTC */
#define TOY_TIME G_GINT64_CONSTANT(1596221707023672900)
#define BOM "\xef\xbb\xbf"

static void test_default_columns(void)
{
  g_auto(Toy) toy = toy_new(NULL, NULL);
  toy_expect(&toy,
             BOM "\"Time of Day\",\"Process Name\",\"PID\",\"Operation\",\"Path\",\"Result\","
                 "\"Detail\",\"Date & Time\",\"Relative Time\",\"Duration\",\"Completion Time\","
                 "\"Event Class\",\"Sequence\",\"Image Path\",\"Company\",\"Description\","
                 "\"Version\",\"User\",\"Authentication ID\",\"Session\",\"Command Line\",\"TID\","
                 "\"Virtualized\",\"Integrity\",\"Category\",\"Parent PID\",\"Architecture\"\r\n");
}

static void test_model_columns(void)
{
  g_auto(Toy) toy = toy_new("time of day,Process Name, PID,TID,Parent PID,Operation,Event Class,"
                            "Detail,number,Path,Result,Duration,Completion Time,Source,CPU",
                            NULL);
  TbContext context = { .pid = 7, .ppid = 1, .comm = "ba\"sh" };
  MadeItem event = { .record = { .kind = TB_RECORD_EVENT, .time.ns = TOY_TIME,
                                 .source = toy.source, .type = toy.type,
                                 .data = (const guint8 *)"\1\2\0\0", .len = 4, .tid = 8,
                                 .cpu = 3 },
                     .item.actor = &context };
  toy_write(&toy, &event);
  event.item.actor = NULL;
  event.record.len = 0;
  event.record.tid = -1;
  event.record.cpu = TB_CPU_NONE;
  event.record.flags = TB_RECORD_DURATION;
  event.record.value = 3000000000;
  toy_write(&toy, &event);
  toy_expect(&toy,
             BOM "\"Time of Day\",\"Process Name\",\"PID\",\"TID\",\"Parent PID\",\"Operation\","
                 "\"Event Class\",\"Detail\",\"number\",\"Path\",\"Result\",\"Duration\","
                 "\"Completion Time\",\"Source\",\"CPU\"\r\n"
                 "\"6:55:07.0236729 PM\",\"ba\"\"sh\",\"7\",\"8\",\"1\",\"op\",\"sys\","
                 "\"a=1 b=\"\"two\"\";three\",\"513\",\"\\x01\\x02\\x00\\x00\",\"\",\"\",\"\","
                 "\"toy\",\"3\"\r\n"
                 "\"6:55:07.0236729 PM\",\"\",\"\",\"\",\"\",\"op\",\"sys\","
                 "\"a=1 b=\"\"two\"\";three\",\"\",\"\",\"\",\"3.0000000\","
                 "\"6:55:10.0236729 PM\",\"toy\",\"\"\r\n");
  g_assert_cmpuint(toy.writer->counts.rows, ==, 2);
}

static void test_times(void)
{
  static const struct {
    const char *zone;
    gint64 time_ns;
    const char *row;
  } cases[] = {
    { "UTC", TOY_TIME, "\"6:55:07.0236729 PM\",\"7/31/2020 6:55:07 PM\",\"00:00:00.0000000\"" },
    { "+05:30", TOY_TIME, "\"12:25:07.0236729 AM\",\"8/1/2020 12:25:07 AM\",\"00:00:00.0000000\"" },
    { "-07:00", TOY_TIME, "\"11:55:07.0236729 AM\",\"7/31/2020 11:55:07 AM\",\"00:00:00.0000000\"" },
    { NULL, 0, "\"12:00:00.0000000 AM\",\"1/1/1970 12:00:00 AM\",\"00:00:00.0000000\"" },
    { NULL, -100, "\"11:59:59.9999999 PM\",\"12/31/1969 11:59:59 PM\",\"00:00:00.0000000\"" },
  };
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_auto(Toy) toy = toy_new("Time of Day,Date & Time,Relative Time", cases[i].zone);
    MadeItem event = { .record = { .kind = TB_RECORD_EVENT, .time.ns = cases[i].time_ns,
                                   .source = toy.source, .type = toy.type } };
    g_autofree char *want = g_strconcat(
        BOM "\"Time of Day\",\"Date & Time\",\"Relative Time\"\r\n", cases[i].row, "\r\n", NULL);
    toy_write(&toy, &event);
    toy_expect(&toy, want);
  }
}

static void test_relative_time(void)
{
  g_auto(Toy) toy = toy_new("Relative Time", NULL);
  gint64 steps[] = { 0, 5630012, 3600 * G_GINT64_CONSTANT(1000000000),
                     400000 * G_GINT64_CONSTANT(1000000000) };
  for (guint i = 0; i < G_N_ELEMENTS(steps); i++)
    toy_write(&toy, &(MadeItem){ .record = { .kind = TB_RECORD_EVENT,
                                             .time.ns = TOY_TIME + steps[i],
                                             .source = toy.source, .type = toy.type } });
  toy_expect(&toy, BOM "\"Relative Time\"\r\n\"00:00:00.0000000\"\r\n\"00:00:00.0056300\"\r\n"
                       "\"01:00:00.0000000\"\r\n\"111:06:40.0000000\"\r\n");
  g_assert_cmpuint(toy.writer->counts.inexact, ==, 1);
}

/* Time without a calendar is seconds; a gap is a row. */
static void test_other_clocks_and_loss(void)
{
  g_auto(Toy) toy = toy_new("Time of Day,Date & Time,Operation,Detail", NULL);
  tb_axis_init(&toy.source->clock.axis, TB_CLOCK_MONO, FALSE);
  MadeItem event = { .record = { .kind = TB_RECORD_LOST, .time.ns = 12345678900,
                                 .source = toy.source, .value = 17, .cpu = TB_CPU_NONE } };
  toy_write(&toy, &event);
  event.record.value = 0;
  event.record.flags = TB_RECORD_NO_TIME;
  toy_write(&toy, &event);
  event.record.kind = TB_RECORD_PACKET;
  toy_write(&toy, &event);
  toy_expect(&toy, BOM "\"Time of Day\",\"Date & Time\",\"Operation\",\"Detail\"\r\n"
                       "\"12.3456789\",\"\",\"<Lost>\",\"17 events lost\"\r\n"
                       "\"\",\"\",\"<Lost>\",\"events lost\"\r\n");
}

static void test_settings_refused(void)
{
  static const char *const bad[][2] = {
    { "tz", "Nowhere/Land" }, { "columns", "PID,,TID" }, { "columns", "" },
    { "detail-limit", "many" },
  };
  for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
    g_autoptr(GHashTable) settings = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(TbOutput) output = tb_output_new_memory();
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    g_hash_table_insert(settings, (gpointer)bad[i][0], (gpointer)bad[i][1]);
    g_assert_null(tb_writer_open_with(&tb_csv_writer, output, tb_limits_default(), none, none,
                                      settings, &error));
    g_assert_error(error, TB_ERROR, TB_ERROR_UNSUPPORTED);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/csv/writer/default-columns", test_default_columns);
  g_test_add_func("/csv/writer/columns-from-the-model", test_model_columns);
  g_test_add_func("/csv/writer/times-and-zones", test_times);
  g_test_add_func("/csv/writer/relative-time", test_relative_time);
  g_test_add_func("/csv/writer/other-clocks-and-loss", test_other_clocks_and_loss);
  g_test_add_func("/csv/writer/settings-refused", test_settings_refused);
  return g_test_run();
}
