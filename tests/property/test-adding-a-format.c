/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The reader printed in docs/adding-a-format.md, compiled as it stands there,
 * must do what the page says: be detected, lend its records twice, and name
 * the offset of what is wrong. Links the example and libconv, no other format.
 */
#include "tracebraid.h"

#include <string.h>

extern const TbReaderFormat tb_toy_reader;

static const TbReaderFormat *const readers[] = {&tb_toy_reader, NULL};
static const TbWriterFormat *const writers[] = {NULL};
static const TbRegistry registry = {readers, writers};

static const char two_records[] =
    "TOYLOG1\n"
    "\x01\0\0\0\0\0\0\0"
    "\x05\0\0\0first"
    "\x02\0\0\0\0\0\0\0"
    "\x06\0\0\0second";

static TbReader *open_bytes(const void *bytes, gsize len, TbDamageLog *damage)
{
  g_autoptr(GError) error = NULL;
  TbInput *input = tb_input_new_memory("log.toy", bytes, len);
  const TbReaderFormat *format = tb_registry_probe(&registry, input, &error);
  g_assert_no_error(error);
  g_assert_true(format == &tb_toy_reader);
  TbReader *reader = tb_reader_open(format, input, tb_limits_default(), damage, &error);
  g_assert_no_error(error);
  return reader;
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

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/docs/adding-a-format/reads-twice", test_reads_twice);
  g_test_add_func("/docs/adding-a-format/truncated", test_truncated);
  g_test_add_func("/docs/adding-a-format/not-mine", test_not_mine);
  return g_test_run();
}
