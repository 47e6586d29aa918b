/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading of built recordings; see dat-reading.h. */
#include "support/dat-reading.h"

#include "tracecmd/tracecmd-reader.h"

#include <string.h>

enum { READING_MAX = 1 << 20 };

static void append_event(GString *out, guint32 stream, const TbRecord *event)
{
  gint64 value = -1;
  g_assert_null(event->payload);
  g_string_append_printf(out, "%u %" G_GUINT64_FORMAT " ", stream, (guint64)event->time.ns);
  if (event->kind == TB_RECORD_LOST) {
    g_string_append_printf(out, "lost %" G_GUINT64_FORMAT "\n", event->value);
    return;
  }
  const TbField *field = tb_event_type_find_field(event->type, "value");
  if (field && tb_field_get_int(field, event, &value))
    g_string_append_printf(out, "%" G_GINT64_FORMAT "\n", value);
  else
    g_string_append_printf(out, "%s\n", event->type->name);
}

static GString *read_pass(DatReading *reading)
{
  GString *out = g_string_new(NULL);
  TbRecord event;
  guint64 calls = 0;
  memset(&event, 0xa5, sizeof event); /* a reader sets all of what it lends */
  reading->n_events = 0;
  tb_damage_log_begin_pass(reading->damage);
  for (guint32 stream = 0; stream < reading->reader->n_streams; stream++) {
    TbReadResult result;
    while ((result = tb_reader_next(reading->reader, stream, &event, &reading->error)) !=
           TB_READ_END) {
      g_assert_cmpint(result, !=, TB_READ_ERROR);
      g_assert_cmpuint(calls++, <, READING_MAX);
      if (result == TB_READ_RECORD) {
        append_event(out, stream, &event);
        reading->n_events++;
      } else {
        g_string_append_printf(out, "%u damaged\n", stream);
      }
    }
  }
  return out;
}

DatReading *dat_reading_open(GByteArray *bytes)
{
  DatReading *reading = g_new0(DatReading, 1);
  reading->bytes = bytes;
  reading->damage = tb_damage_log_new(1000);
  TbInput *input = tb_input_new_memory("t.dat", bytes->data, bytes->len);
  reading->reader = tb_reader_open(&tb_tracecmd_reader, input, tb_limits_default(),
                                   reading->damage, &reading->error);
  g_assert_true((reading->reader == NULL) == (reading->error != NULL));
  if (!reading->reader)
    return reading;
  reading->lines = read_pass(reading);
  guint64 places = tb_damage_log_get_n(reading->damage);
  g_assert_true(tb_reader_rewind(reading->reader, &reading->error));
  g_autoptr(GString) again = read_pass(reading);
  g_assert_cmpstr(again->str, ==, reading->lines->str);
  g_assert_cmpuint(tb_damage_log_get_n(reading->damage), ==, places);
  return reading;
}

void dat_reading_free(DatReading *reading)
{
  if (!reading)
    return;
  tb_reader_free(reading->reader);
  tb_damage_log_free(reading->damage);
  g_byte_array_unref(reading->bytes);
  if (reading->lines)
    g_string_free(reading->lines, TRUE);
  g_clear_error(&reading->error);
  g_free(reading);
}

DatReading *dat_reading_file(DatFile *file)
{
  return dat_reading_open(dat_file_bytes(file, NULL));
}

TbSource *dat_reading_source(const DatReading *reading, guint index)
{
  g_assert_no_error(reading->error);
  g_assert_cmpuint(index, <, reading->reader->sources->len);
  return g_ptr_array_index(reading->reader->sources, index);
}

const TbDamage *dat_reading_damage(const DatReading *reading, const char *words)
{
  const GPtrArray *entries = tb_damage_log_get_entries(reading->damage);
  for (guint i = 0; i < entries->len; i++) {
    const TbDamage *damage = g_ptr_array_index(entries, i);
    if (strstr(damage->text, words))
      return damage;
  }
  for (guint i = 0; i < entries->len; i++)
    g_test_message("damage: %s", ((TbDamage *)g_ptr_array_index(entries, i))->text);
  g_test_message("no damage says \"%s\"", words);
  g_assert_not_reached();
}

void dat_reading_clean(const DatReading *reading)
{
  const GPtrArray *entries = tb_damage_log_get_entries(reading->damage);
  g_assert_no_error(reading->error);
  for (guint i = 0; i < entries->len; i++)
    g_test_message("damage: %s", ((TbDamage *)g_ptr_array_index(entries, i))->text);
  g_assert_cmpuint(tb_damage_log_get_n(reading->damage), ==, 0);
}
