/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The readers printed in docs/adding-a-format.md, compiled as they stand there,
 * must do what the page says: be detected, lend their records twice, name the
 * offset of what is wrong, and tell typed fields and facts. Links the examples
 * and libconv, no other format.
 */
#include "tracebraid.h"

#include "model/decoder.h"

#include <string.h>

extern const TbReaderFormat tb_toy_packets_reader;
extern const TbReaderFormat tb_toy_reader;
extern const TbReaderFormat tb_toy_world_reader;

static const TbReaderFormat *const readers[] = {&tb_toy_packets_reader, &tb_toy_reader,
                                                &tb_toy_world_reader, NULL};
static const TbWriterFormat *const writers[] = {NULL};
static const TbRegistry registry = {readers, writers};

static const char two_records[] =
    "TOYLOG1\n"
    "\x01\0\0\0\0\0\0\0"
    "\x05\0\0\0first"
    "\x02\0\0\0\0\0\0\0"
    "\x06\0\0\0second";

static TbReader *open_as(const TbReaderFormat *expected, const void *bytes, gsize len,
                         TbDamageLog *damage)
{
  g_autoptr(GError) error = NULL;
  TbInput *input = tb_input_new_memory("log.toy", bytes, len);
  const TbReaderFormat *format = tb_registry_probe(&registry, input, &error);
  g_assert_no_error(error);
  g_assert_true(format == expected);
  TbReader *reader = tb_reader_open(format, input, tb_limits_default(), damage, &error);
  g_assert_no_error(error);
  return reader;
}

static TbReader *open_bytes(const void *bytes, gsize len, TbDamageLog *damage)
{
  return open_as(&tb_toy_reader, bytes, len, damage);
}

static void assert_record(TbReader *reader, gint64 time_ns, const char *text)
{
  TbRecord event = {0};
  g_autoptr(GError) error = NULL;
  g_auto(TbBuf) out = {0};
  g_assert_cmpint(tb_reader_next(reader, 0, &event, &error), ==, TB_READ_RECORD);
  g_assert_no_error(error);
  g_assert_cmpint(event.time.ns, ==, time_ns);
  g_assert_true(tb_event_type_is(event.type, "toy", "line"));
  tb_record_append_text(&event, &out);
  g_assert_cmpmem(out.data, out.len, text, strlen(text));
}

static void test_reads_twice(void)
{
  g_autoptr(TbDamageLog) damage = tb_damage_log_new(4);
  g_autoptr(TbReader) reader = open_bytes(two_records, sizeof two_records - 1, damage);
  for (int pass = 0; pass < 2; pass++) {
    TbRecord event = {0};
    assert_record(reader, 1, "first");
    assert_record(reader, 2, "second");
    g_assert_cmpint(tb_reader_next(reader, 0, &event, NULL), ==, TB_READ_END);
    const TbSource *source = g_ptr_array_index(reader->sources, 0);
    g_assert_cmpuint(source->counts.records, ==, 2);
    g_assert_cmpint(source->counts.last_ns, ==, 2);
    g_assert_true(tb_reader_rewind(reader, NULL));
  }
}

static void test_truncated(void)
{
  const gsize second = 8 + 12 + 5;
  for (gsize cut = second + 1; cut < sizeof two_records - 1; cut++) {
    g_autoptr(TbDamageLog) damage = tb_damage_log_new(4);
    g_autoptr(GError) error = NULL;
    g_autoptr(TbReader) reader = open_bytes(two_records, cut, damage);
    TbRecord event = {0};
    assert_record(reader, 1, "first");
    g_assert_cmpint(tb_reader_next(reader, 0, &event, &error), ==, TB_READ_ERROR);
    g_assert_nonnull(error);
    g_assert_cmpuint(tb_error_get_offset(error), >=, second);
  }
}

static void test_not_mine(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(TbInput) input = tb_input_new_memory("other", "TOYLOG2\n", 8);
  g_assert_null(tb_registry_probe(&registry, input, &error));
  g_assert_error(error, TB_ERROR, TB_ERROR_NOT_RECOGNIZED);
}

/* --- packets --- */

static void test_packets(void)
{
  static const char bytes[] = "TOYPKTS1"
                              "\x01\0\0\0\0\0\0\0"
                              "\x04\0\0\0\x45\0\0\x04";
  g_autoptr(TbDamageLog) damage = tb_damage_log_new(4);
  g_autoptr(TbReader) reader = open_as(&tb_toy_packets_reader, bytes, sizeof bytes - 1, damage);
  for (int pass = 0; pass < 2; pass++) {
    TbRecord record = {0};
    g_assert_cmpint(tb_reader_next(reader, 0, &record, NULL), ==, TB_READ_RECORD);
    g_assert_cmpint(record.kind, ==, TB_RECORD_PACKET);
    g_assert_cmpuint(record.orig_len, ==, 4);
    g_assert_cmpuint(record.data[0], ==, 0x45);
    g_assert_cmpint(record.source->class, ==, TB_SOURCE_PACKETS);
    g_assert_cmpint(tb_reader_next(reader, 0, &record, NULL), ==, TB_READ_END);
    g_assert_true(tb_reader_rewind(reader, NULL));
  }
}

/* --- events that mean something --- */

static const char small_world[] =
    "TOYWORLD\x09\0\0\0\0\0\0\0"
    "\0\0\0\0\x27\0\0\0" /* a process */
    "\x14\0\0\0\x0a\0\0\0\x05\0\0\0\0\0\0\0sh\0\0\0\0\0\0\0\0\0\0\0\0\0\0/bin/sh"
    "\x02\0\0\0\x0c\0\0\0\x14\0\0\0\x03\0\0\0\x07\0\0\0" /* its descriptor */
    "\x04\0\0\0\x14\0\0\0\x0b\0\0\0\0\0\0\0\x14\0\0\0\x03\0\0\0\x1d\0\0\0" /* it sends */
    "\x05\0\0\0\x10\0\0\0\x0c\0\0\0\0\0\0\0\x14\0\0\0\x02\0\0\0"; /* it exits */

typedef struct {
  TbFactSink sink;
  const TbRecord *moment;
  GString *told;
} Listener;

static void listener_tell(TbFactSink *sink, const TbFact *fact)
{
  Listener *listener = (Listener *)sink;
  GString *told = listener->told;
  if (fact->kind == TB_FACT_PROCESS_EXISTS)
    g_string_append_printf(told, "process %d of %d %.*s %.*s, ", fact->process.pid,
                           fact->process.ppid, (int)fact->process.comm.len,
                           fact->process.comm.bytes, (int)fact->process.exe.len,
                           fact->process.exe.bytes);
  else if (fact->kind == TB_FACT_DESCRIPTOR_EXISTS)
    g_string_append_printf(told, "descriptor %d of %d, ", fact->descriptor.fd,
                           fact->descriptor.tid);
  else if (fact->kind == TB_FACT_USE_ENDED)
    g_string_append_printf(told, "%" G_GINT64_FORMAT " bytes, ", fact->use.result);
  else if (fact->kind == TB_FACT_LEAVES)
    g_string_append_printf(told, "code %u, ", fact->leaves.code);
  else if (fact->kind == TB_FACT_ENDED)
    g_string_append_printf(told, "end of %d at %" G_GINT64_FORMAT, fact->ended.tid,
                           listener->moment->time.ns);
}

static void test_world_tells_facts(void)
{
  g_autoptr(TbDamageLog) damage = tb_damage_log_new(4);
  g_autoptr(TbReader) reader = open_as(&tb_toy_world_reader, small_world, sizeof small_world - 1,
                                       damage);
  TbRecord record = {.kind = TB_RECORD_HEARTBEAT};
  g_autoptr(GString) told = g_string_new(NULL);
  Listener listener = {{G_MAXUINT64, listener_tell}, &record, told};
  reader->format->tell_snapshot(reader, &record, &listener.sink);
  g_assert_cmpint(record.time.ns, ==, 9);
  g_assert_true(record.source == g_ptr_array_index(reader->sources, 0));
  while (tb_reader_next(reader, 0, &record, NULL) == TB_READ_RECORD) {
    g_assert_cmpuint(tb_event_type_bind((TbEventType *)record.type), !=, 0);
    tb_event_type_decode(record.type, NULL, &record, &listener.sink);
  }
  g_assert_cmpstr(told->str, ==, "process 20 of 10 sh /bin/sh, descriptor 3 of 20, 29 bytes, "
                                 "code 2, end of 20 at 12");
}

static void test_world_has_typed_fields(void)
{
  g_autoptr(TbDamageLog) damage = tb_damage_log_new(4);
  g_autoptr(TbReader) reader = open_as(&tb_toy_world_reader, small_world, sizeof small_world - 1,
                                       damage);
  TbRecord record;
  gint64 number;
  g_auto(TbBuf) text = {0};
  g_assert_cmpint(tb_reader_next(reader, 0, &record, NULL), ==, TB_READ_RECORD);
  const TbField *bytes = tb_event_type_find_field(record.type, "bytes");
  g_assert_cmpint(bytes->kind, ==, TB_FIELD_UINT);
  g_assert_true(tb_field_get_int(bytes, &record, &number));
  g_assert_cmpint(number, ==, 29);
  tb_record_append_text(&record, &text);
  g_assert_cmpmem(text.data, text.len, "fd=3 bytes=29", strlen("fd=3 bytes=29"));
}

static void test_world_truncated(void)
{
  for (gsize cut = 16; cut < sizeof small_world - 1; cut++) {
    g_autoptr(TbDamageLog) damage = tb_damage_log_new(4);
    g_autoptr(GError) error = NULL;
    g_autoptr(TbReader) reader = open_as(&tb_toy_world_reader, small_world, cut, damage);
    TbRecord record;
    TbReadResult result;
    while ((result = tb_reader_next(reader, 0, &record, &error)) == TB_READ_RECORD)
      continue;
    g_assert_true(result == TB_READ_END || (error && tb_error_get_offset(error) >= 16));
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/docs/adding-a-format/reads-twice", test_reads_twice);
  g_test_add_func("/docs/adding-a-format/truncated", test_truncated);
  g_test_add_func("/docs/adding-a-format/not-mine", test_not_mine);
  g_test_add_func("/docs/adding-a-format/packets", test_packets);
  g_test_add_func("/docs/adding-a-format/world-tells-facts", test_world_tells_facts);
  g_test_add_func("/docs/adding-a-format/world-has-typed-fields", test_world_has_typed_fields);
  g_test_add_func("/docs/adding-a-format/world-truncated", test_world_truncated);
  return g_test_run();
}
