/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reader and writer together: what was converted once is the same bytes when
 * converted again, packets of other programs' files keep all they had, and
 * rows give back what they were made from.
 */
#include "support/pcapng-build.h"
#include "support/pcapng-output.h"

#include "base/bytes.h"
#include "format/reader.h"
#include "pcapng/pcapng-carried.h"
#include "pcapng/pcapng-reader.h"
#include "pcapng/pcapng-writer.h"

static TbReader *open_bytes(const void *data, gsize len, TbDamageLog *damage)
{
  g_autoptr(GError) error = NULL;
  TbReader *reader = tb_reader_open(&tb_pcapng_reader, tb_input_new_memory("in.pcapng", data, len),
                                    tb_limits_default(), damage, &error);
  g_assert_no_error(error);
  return reader;
}

static gint compare_sources(gconstpointer a, gconstpointer b)
{
  return tb_source_compare(*(const TbSource *const *)a, *(const TbSource *const *)b);
}

/* What the run settles between its two phases: machines, types, ranks. */
static GPtrArray *settle(TbReader *reader, const char *rename)
{
  if (reader->machines->len == 0)
    tb_reader_add_machine(reader, tb_machine_new());
  for (guint i = 0; i < reader->machines->len; i++) {
    TbMachine *machine = g_ptr_array_index(reader->machines, i);
    machine->rank = i;
    if (rename)
      machine->label = g_strdup(rename);
  }
  GPtrArray *sources = g_ptr_array_new();
  for (guint i = 0; i < reader->sources->len; i++) {
    TbSource *source = g_ptr_array_index(reader->sources, i);
    if (!source->machine)
      tb_source_set_machine(source, g_ptr_array_index(reader->machines, 0));
    g_ptr_array_add(sources, source);
  }
  g_ptr_array_sort(sources, compare_sources);
  for (guint i = 0; i < sources->len; i++)
    ((TbSource *)g_ptr_array_index(sources, i))->rank = i;
  for (guint i = 0; i < reader->types->len; i++)
    ((TbEventType *)g_ptr_array_index(reader->types, i))->id = i;
  return sources;
}

/* Reads @data twice and writes it again, in file order. */
static GBytes *convert_as(const void *data, gsize len, const char *rename)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(TbDamageLog) damage = tb_damage_log_new(10);
  g_autoptr(TbReader) reader = open_bytes(data, len, damage);
  g_autoptr(TbOutput) output = tb_output_new_memory();
  TbReadResult result;
  TbRecord event;
  while ((result = tb_reader_next(reader, 0, &event, &error)) != TB_READ_END)
    g_assert_cmpint(result, !=, TB_READ_ERROR);
  g_autoptr(GPtrArray) sources = settle(reader, rename);
  g_autoptr(TbWriter) writer = tb_writer_open(&tb_pcapng_writer, output, tb_limits_default(),
                                              reader->machines, sources, &error);
  g_assert_no_error(error);
  g_assert_true(tb_reader_rewind(reader, NULL));
  while ((result = tb_reader_next(reader, 0, &event, &error)) != TB_READ_END)
    if (result == TB_READ_RECORD) {
      TbItem item = item_of(&event);
      g_assert_true(tb_writer_event(writer, &item, &error));
    }
  g_assert_true(tb_writer_finish(writer, &error));
  g_assert_true(tb_output_commit(output, &error));
  const GByteArray *memory = tb_output_get_memory(output);
  return g_bytes_new(memory->data, memory->len);
}

static GBytes *convert(GBytes *file)
{
  gsize len;
  const void *data = g_bytes_get_data(file, &len);
  return convert_as(data, len, NULL);
}

static void assert_same(GBytes *a, GBytes *b)
{
  gsize a_len, b_len;
  const guint8 *p = g_bytes_get_data(a, &a_len), *q = g_bytes_get_data(b, &b_len);
  for (gsize i = 0; i < MIN(a_len, b_len); i++)
    if (p[i] != q[i])
      g_error("different from byte %" G_GSIZE_FORMAT " on", i);
  g_assert_cmpuint(a_len, ==, b_len);
}

static void write_rows(OutputFixture *f, gboolean evil)
{
  TbContext context = { .slot = 1, .generation = 1, .tid = 3878, .pid = 3877, .ppid = 12,
                        .pid_known = !evil, .comm = evil ? "c\nu=rl\x1b" : "curl",
                        .exe = "/usr/bin/curl", .cmdline = evil ? NULL : "curl -s x" };
  g_auto(TbBuf) sentence = { 0 };
  tb_buf_append_str(&sentence, "curl[3877] executes /usr/bin/curl");
  TbSentence said = { .kind = "process-exec", .text = &sentence };
  MadeItem event = output_fixture_event(f, 0, evil ? "two\nlines\n_PID=1\nTRACE_CPU=9" : "a=1 b=2");
  event.item.actor = &context;
  event.record.cpu = 3;
  output_fixture_write(f, &event);
  event.item.sentence = &said;
  event.record.flags = TB_RECORD_DURATION;
  event.record.value = 12;
  output_fixture_write(f, &event);
  event = output_fixture_event(f, 5, "");
  output_fixture_write(f, &event);
  event.record.kind = TB_RECORD_LOST;
  event.record.value = evil ? 0 : 99;
  event.record.cpu = 1;
  output_fixture_write(f, &event);
  event = output_fixture_packet(f, 9, "0123456789abcdef", 16);
  output_fixture_write(f, &event);
}

static GBytes *make_rows(gboolean evil)
{
  OutputFixture f;
  output_fixture_init(&f);
  output_fixture_open(&f);
  write_rows(&f, evil);
  GBytes *file = output_fixture_finish(&f);
  output_fixture_clear(&f);
  return file;
}

static void test_rows_again(gconstpointer evil)
{
  g_autoptr(GBytes) first = make_rows(GPOINTER_TO_INT(evil));
  g_autoptr(GBytes) second = convert(first);
  g_autoptr(GBytes) third = convert(second);
  assert_same(first, second);
  assert_same(second, third);
}

static TbRecord next_event(TbReader *reader)
{
  TbRecord event;
  g_assert_cmpint(tb_reader_next(reader, 0, &event, NULL), ==, TB_READ_RECORD);
  return event;
}

static void assert_text(const TbRecord *event, const char *expected)
{
  g_auto(TbBuf) text = { 0 };
  tb_record_append_text(event, &text);
  g_assert_cmpmem(text.data, text.len, expected, strlen(expected));
}

static void assert_actor(const TbRecord *event)
{
  TbContext scratch;
  TbItem item = item_of(event);
  const TbContext *actor = tb_item_get_actor(&item, &scratch);
  g_assert_nonnull(actor);
  g_assert_cmpint(actor->pid, ==, 3877);
  g_assert_cmpint(actor->tid, ==, 3878);
  g_assert_cmpint(actor->ppid, ==, 12);
  g_assert_true(actor->pid_known);
  g_assert_cmpstr(actor->comm, ==, "curl");
  g_assert_cmpstr(actor->exe, ==, "/usr/bin/curl");
  g_assert_cmpstr(actor->cmdline, ==, "curl -s x");
}

/* What rows give back to the text writer and to filters. */
static void test_rows_read(void)
{
  g_autoptr(GBytes) file = make_rows(FALSE);
  g_autoptr(TbDamageLog) damage = tb_damage_log_new(10);
  gsize len;
  const void *data = g_bytes_get_data(file, &len);
  g_autoptr(TbReader) reader = open_bytes(data, len, damage);
  TbRecord event = next_event(reader);
  TbContext scratch;
  gint64 n;
  g_assert_cmpint(event.kind, ==, TB_RECORD_EVENT);
  g_assert_cmpint(event.time.ns, ==, OUTPUT_BASE_NS);
  g_assert_cmpstr(event.type->system, ==, "sched");
  g_assert_cmpstr(event.type->name, ==, "sched_switch");
  g_assert_cmpuint(event.cpu, ==, 3);
  assert_text(&event, "a=1 b=2");
  assert_actor(&event);
  g_assert_true(tb_field_get_int(tb_event_type_find_field(event.type, "TRACE_PPID"), &event, &n));
  g_assert_cmpint(n, ==, 12);
  event = next_event(reader);
  assert_text(&event, "a=1 b=2"); /* not the sentence */
  event = next_event(reader);
  assert_text(&event, "");
  g_assert_cmpuint(event.cpu, ==, TB_CPU_NONE);
  TbItem nobodys = item_of(&event);
  g_assert_null(tb_item_get_actor(&nobodys, &scratch));
  event = next_event(reader);
  g_assert_cmpint(event.kind, ==, TB_RECORD_LOST);
  g_assert_cmpuint(event.value, ==, 99);
  g_assert_cmpuint(event.cpu, ==, 1);
  event = next_event(reader);
  g_assert_cmpint(event.kind, ==, TB_RECORD_PACKET);
  const TbSource *ftrace = g_ptr_array_index(reader->sources, 0);
  g_assert_true(ftrace->frozen);
  g_assert_cmpint(ftrace->class, ==, TB_SOURCE_EVENTS);
  g_assert_cmpstr(ftrace->host, ==, "web");
  g_assert_cmpstr(ftrace->key, ==, "0badcafe");
  g_assert_cmpstr(ftrace->file, ==, "trace.dat");
  g_assert_cmpstr(ftrace->recorder, ==, "trace-cmd 3.1.6");
  g_assert_cmpint(tb_pcapng_carried(ftrace)->applied_ns, ==, 12345);
  g_assert_false(tb_axis_is_moved(&ftrace->clock.axis));
  g_assert_true(ftrace->clock.axis.realtime);
  g_assert_cmpint(ftrace->clock.axis.origin, ==, TB_ORIGIN_DATE);
  g_assert_cmpuint(reader->machines->len, ==, 1);
  g_assert_cmpstr(ftrace->machine->name, ==, "web");
  g_assert_cmpstr(ftrace->machine->identity, ==, "boot-1234");
  g_assert_cmpstr(ftrace->machine->arch_name, ==, "x86_64");
}

/* A text that looks like keys of its own, in the longer form, gives no fact away. */
static void test_evil_rows_read(void)
{
  g_autoptr(GBytes) file = make_rows(TRUE);
  g_autoptr(TbDamageLog) damage = tb_damage_log_new(10);
  gsize len;
  const void *data = g_bytes_get_data(file, &len);
  g_autoptr(TbReader) reader = open_bytes(data, len, damage);
  TbRecord event = next_event(reader);
  TbContext scratch;
  TbItem item = item_of(&event);
  const TbContext *actor = tb_item_get_actor(&item, &scratch);
  assert_text(&event, "two\nlines\n_PID=1\nTRACE_CPU=9");
  g_assert_cmpint(actor->pid, ==, 3877);
  g_assert_false(actor->pid_known);
  g_assert_cmpstr(actor->comm, ==, "c\\x0au=rl\\x1b");
  g_assert_cmpuint(event.cpu, ==, 3);
}

static void test_host_renamed(void)
{
  g_autoptr(GBytes) file = make_rows(FALSE);
  gsize len;
  const void *data = g_bytes_get_data(file, &len);
  g_autoptr(GBytes) renamed = convert_as(data, len, "web~1234");
  g_autoptr(GPtrArray) before = output_row_keys(file, 0);
  g_autoptr(GPtrArray) after = output_row_keys(renamed, 0);
  g_assert_cmpstr(output_get(after, "_HOSTNAME"), ==, "web~1234");
  g_assert_cmpuint(before->len, ==, after->len);
  for (guint i = 0; i < before->len; i++)
    if (!g_str_has_prefix(g_ptr_array_index(before, i), "_HOSTNAME="))
      g_assert_cmpstr(g_ptr_array_index(before, i), ==, g_ptr_array_index(after, i));
  const void *data2 = g_bytes_get_data(renamed, &len);
  g_autoptr(GBytes) back = convert_as(data2, len, "web");
  g_autoptr(GPtrArray) again = output_row_keys(back, 0);
  g_assert_cmpstr(output_get(again, "_HOSTNAME"), ==, "web");
}

/* "~xxxx" comes from the identity and goes with it. */
static void test_label_suffix(void)
{
  OutputFixture f;
  output_fixture_init(&f);
  g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, "boot-1234", -1);
  f.machine->label = g_strdup_printf("web~%.4s", sum);
  output_fixture_open(&f);
  write_rows(&f, FALSE);
  g_autoptr(GBytes) file = output_fixture_finish(&f);
  output_fixture_clear(&f);
  g_autoptr(TbDamageLog) damage = tb_damage_log_new(10);
  gsize len;
  const void *data = g_bytes_get_data(file, &len);
  g_autoptr(TbReader) reader = open_bytes(data, len, damage);
  g_assert_cmpuint(reader->machines->len, ==, 1);
  const TbMachine *machine = g_ptr_array_index(reader->machines, 0);
  g_assert_cmpstr(machine->name, ==, "web");
}

static void test_limit_again(void)
{
  OutputFixture f;
  output_fixture_init(&f);
  output_fixture_open(&f);
  g_autofree char *big = g_strnfill(300000, 'x');
  MadeItem event = output_fixture_event(&f, 0, big);
  output_fixture_write(&f, &event);
  g_autoptr(GBytes) file = output_fixture_finish(&f);
  output_fixture_clear(&f);
  g_autoptr(GBytes) again = convert(file);
  assert_same(file, again);
  gsize len;
  const void *data = g_bytes_get_data(file, &len);
  g_autofree char *long_name = g_strnfill(400, 'h');
  g_autoptr(GBytes) renamed = convert_as(data, len, long_name);
  g_autoptr(GBytes) row = output_packet_bytes(renamed, 0);
  g_assert_cmpuint(g_bytes_get_size(row), <, 262144);
  g_autoptr(GPtrArray) keys = output_row_keys(renamed, 0);
  g_assert_cmpuint(strlen(output_get(keys, "_HOSTNAME")), ==, 255);
}

/* Packets on the rows' link type that are none stay packets, and so do rows in a foreign file. */
static void test_foreign_upper_pdu(void)
{
  static const char row[] = "\0\x0c\0\x10systemd_journal\0\0\0\0\0SYSLOG_IDENTIFIER=a:b\n"
                            "MESSAGE=b: x\n";
  PcapngBuild b = { 0 };
  build_section(&b, FALSE);
  build_interface(&b, 252, "logger", 9);
  for (guint i = 0; i < 2; i++) {
    build_begin(&b, 6);
    build_u32(&b, 0);
    build_u64(&b, 0);
    build_u32(&b, sizeof row - 1);
    build_u32(&b, sizeof row - 1);
    build_bytes(&b, row, sizeof row - 1);
    build_end(&b);
  }
  g_autoptr(GBytes) first = convert_as(b.out.data, b.out.len, NULL);
  g_autoptr(GBytes) second = convert(first);
  assert_same(first, second);
  g_autoptr(GBytes) bytes = output_packet_bytes(second, 1);
  gsize len;
  const void *data = g_bytes_get_data(bytes, &len);
  g_assert_cmpmem(data, len, row, sizeof row - 1);
  g_autoptr(TbDamageLog) damage = tb_damage_log_new(10);
  data = g_bytes_get_data(second, &len);
  g_autoptr(TbReader) reader = open_bytes(data, len, damage);
  g_assert_cmpint(next_event(reader).kind, ==, TB_RECORD_PACKET);
  tb_buf_clear(&b.out);
}

static const OutputBlock *find_block(GArray *blocks, guint32 type, guint nth)
{
  for (guint i = 0; i < blocks->len; i++)
    if (g_array_index(blocks, OutputBlock, i).type == type && nth-- == 0)
      return &g_array_index(blocks, OutputBlock, i);
  return NULL;
}

static void assert_option_is(const OutputBlock *block, gsize at, guint16 code, guint nth,
                             const void *expected, gsize len)
{
  g_autoptr(GBytes) value = output_option(block->body + at, block->len - at, code, nth);
  g_assert_nonnull(value);
  g_assert_cmpmem(g_bytes_get_data(value, NULL), g_bytes_get_size(value) - 1, expected, len);
}

static void assert_option_text(const OutputBlock *block, gsize at, guint16 code, guint nth,
                               const char *expected)
{
  assert_option_is(block, at, code, nth, expected, strlen(expected));
}

/* Block by block: everything build_rich() put in is in the output, in either byte order. */
static void test_foreign_blocks(gconstpointer big)
{
  PcapngBuild b = { 0 };
  build_rich(&b, GPOINTER_TO_INT(big));
  g_autoptr(GBytes) first = convert_as(b.out.data, b.out.len, NULL);
  g_autoptr(GBytes) second = convert(first);
  assert_same(first, second);
  g_autoptr(GArray) blocks = output_blocks(first);
  const OutputBlock *section = find_block(blocks, 0x0a0d0d0a, 0);
  assert_option_text(section, 16, 1, 0, "zwei");
  assert_option_text(section, 16, 1, 1, "eins");
  const OutputBlock *en0 = find_block(blocks, 1, 0);
  g_assert_cmpuint(tb_get_u32(en0->body + 4, FALSE), ==, 200);
  assert_option_text(en0, 8, 1, 0, "if_description: a cable");
  assert_option_text(en0, 8, 1, 1, "interface comment");
  assert_option_is(en0, 8, 8, 0, "\0\xca\x9a\x3b\0\0\0\0", 8);
  assert_option_is(en0, 8, 11, 0, "\0tcp", 4);
  assert_option_text(en0, 8, 12, 0, "PlanOS 9");
  assert_option_is(en0, 8, 14, 0, "\x18\xfc\xff\xff\xff\xff\xff\xff", 8);
  assert_option_is(find_block(blocks, 1, 1), 8, 9, 0, "\x8a", 1);
  g_assert_cmpuint(find_block(blocks, 4, 0)->len, ==, 40);
  const OutputBlock *secrets = find_block(blocks, 10, 0);
  g_assert_cmpmem(secrets->body + 8, 5, "key 1", 5);
  const OutputBlock *rich = find_block(blocks, 6, 1);
  gsize at = 20 + 64;
  assert_option_text(rich, at, 1, 0, "first");
  assert_option_text(rich, at, 1, 1, "second");
  assert_option_is(rich, at, 2, 0, "\2\0\1\0", 4);
  assert_option_is(rich, at, 3, 0, "\2abcd", 5);
  assert_option_is(rich, at, 4, 0, "\3\0\0\0\0\0\0\0", 8);
  assert_option_is(rich, at, 5, 0, "\x08\x07\x06\x05\x04\x03\x02\x01", 8);
  assert_option_is(rich, at, 6, 0, "\x09\0\0\0", 4);
  assert_option_text(rich, at, 4242, 0, "unknown!");
  assert_option_is(rich, at, 2989, 0, "\xd9\x7e\0\0abc", 7);
  assert_option_text(find_block(blocks, 6, 2), 28, 1, 0, "old");
  assert_option_text(find_block(blocks, 6, 3), 220, 1, 0, "time=none ");
  const OutputBlock *statistics = find_block(blocks, 5, 0);
  assert_option_is(statistics, 12, 2, 0, "\1\0\0\0\2\0\0\0", 8);
  assert_option_is(statistics, 12, 4, 0, "\3\0\0\0\0\0\0\0", 8);
  g_autofree char *seen = output_run(first, "capinfos -T -r -c t.pcapng");
  if (seen)
    g_assert_cmpstr(seen, ==, "t.pcapng\t4\n");
  tb_buf_clear(&b.out);
}

/* Messages of D-Bus may be larger than the output's buffer; frames of Ethernet may not. */
static void test_large_packets(void)
{
  enum { LARGE = 1500001 };
  for (guint ethernet = 0; ethernet < 2; ethernet++) {
    PcapngBuild b = { 0 };
    build_section(&b, FALSE);
    build_interface(&b, ethernet ? 1 : 231, "bus", 9);
    build_packet(&b, 0, 1, 30, 1);
    build_packet_begin(&b, 0, 2, LARGE, 3);
    build_option_str(&b, 1, "large");
    build_u32(&b, 0);
    build_end(&b);
    build_packet(&b, 0, 3, 31, 5);
    g_autoptr(GBytes) first = convert_as(b.out.data, b.out.len, NULL);
    g_autoptr(GBytes) second = convert(first);
    g_autoptr(GBytes) bytes = output_packet_bytes(second, 1);
    assert_same(first, second);
    g_assert_cmpuint(g_bytes_get_size(bytes), ==, ethernet ? 31 : LARGE);
    g_assert_cmpuint(((const guint8 *)g_bytes_get_data(bytes, NULL))[20], ==, ethernet ? 25 : 23);
    tb_buf_clear(&b.out);
  }
}

static GBytes *through_tool(GBytes *file, const char *tool)
{
  g_autofree char *command = g_strdup_printf("sh -c '%s >/dev/null && base64 -w0 o.pcapng'", tool);
  g_autofree char *base64 = output_run(file, command);
  gsize len;
  guint8 *bytes = g_base64_decode(base64, &len);
  return g_bytes_new_take(bytes, len);
}

/* Files rewritten by stock tools are still ours: rows, keys and machines come back. */
static void test_stock_tools(void)
{
  static const char *const tools[] = { "editcap t.pcapng o.pcapng", "mergecap -w o.pcapng t.pcapng",
                                       "reordercap t.pcapng o.pcapng",
                                       "tshark -r t.pcapng -w o.pcapng" };
  g_autofree char *program = g_find_program_in_path("editcap");
  if (!program) {
    g_test_skip("editcap is not installed");
    return;
  }
  g_autoptr(GBytes) file = make_rows(FALSE);
  for (guint i = 0; i < G_N_ELEMENTS(tools); i++) {
    g_autoptr(GBytes) rewritten = through_tool(file, tools[i]);
    g_autoptr(TbDamageLog) damage = tb_damage_log_new(10);
    gsize len;
    const void *data = g_bytes_get_data(rewritten, &len);
    g_autoptr(TbReader) reader = open_bytes(data, len, damage);
    TbRecord event = next_event(reader);
    assert_text(&event, "a=1 b=2");
    assert_actor(&event);
    g_assert_cmpstr(event.source->key, ==, "0badcafe");
    const TbMachine *machine = event.source->machine;
    g_assert_cmpstr(machine->name, ==, "web");
    g_assert_cmpstr(machine->identity, ==, "boot-1234");
    g_assert_cmpint(machine->os, ==, TB_OS_LINUX);
    g_assert_cmpstr(machine->os_version, ==, "6.1.0-18-amd64");
    g_assert_cmpuint(machine->n_cpus, ==, 2);
    guint n = 1;
    while (tb_reader_next(reader, 0, &event, NULL) == TB_READ_RECORD)
      n++;
    g_assert_cmpuint(n, ==, 5);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_data_func("/pcapng/roundtrip/rows-again", GINT_TO_POINTER(FALSE), test_rows_again);
  g_test_add_data_func("/pcapng/roundtrip/hostile-rows-again", GINT_TO_POINTER(TRUE),
                       test_rows_again);
  g_test_add_func("/pcapng/roundtrip/rows-read", test_rows_read);
  g_test_add_func("/pcapng/roundtrip/hostile-rows-read", test_evil_rows_read);
  g_test_add_func("/pcapng/roundtrip/host-renamed", test_host_renamed);
  g_test_add_func("/pcapng/roundtrip/label-suffix", test_label_suffix);
  g_test_add_func("/pcapng/roundtrip/row-at-the-limit", test_limit_again);
  g_test_add_func("/pcapng/roundtrip/foreign-upper-pdu", test_foreign_upper_pdu);
  g_test_add_data_func("/pcapng/roundtrip/foreign-little-endian", GINT_TO_POINTER(FALSE),
                       test_foreign_blocks);
  g_test_add_data_func("/pcapng/roundtrip/foreign-big-endian", GINT_TO_POINTER(TRUE),
                       test_foreign_blocks);
  g_test_add_func("/pcapng/roundtrip/large-packets", test_large_packets);
  g_test_add_func("/pcapng/roundtrip/stock-tools", test_stock_tools);
  return g_test_run();
}
