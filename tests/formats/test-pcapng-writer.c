/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the pcapng writer puts in a file, byte by byte and as tshark shows it. */
#include "support/pcapng-output.h"

#include "base/bytes.h"
#include "base/escape.h"
#include "pcapng/pcapng-row.h"
#include "pcapng/pcapng-time.h"
#include "pcapng/pcapng-writer.h"

#include <time.h>

static const guint8 packet_bytes[61] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1,
                                         0x88, 0xb5 };

static void assert_option(const OutputBlock *block, gsize at, guint16 code, const char *expected)
{
  g_autoptr(GBytes) value = output_option(block->body + at, block->len - at, code, 0);
  g_assert_nonnull(value);
  g_assert_cmpstr(g_bytes_get_data(value, NULL), ==, expected);
}

static void test_head(void)
{
  OutputFixture f;
  output_fixture_init(&f);
  output_fixture_open(&f);
  g_autoptr(GBytes) file = output_fixture_finish(&f);
  g_autoptr(GArray) blocks = output_blocks(file);
  g_assert_cmpuint(blocks->len, ==, 4);
  const OutputBlock *b = &g_array_index(blocks, OutputBlock, 0);
  g_assert_cmpuint(b[0].type, ==, 0x0a0d0d0a);
  assert_option(&b[0], 16, 4, "tracebraid " TB_VERSION);
  assert_option(&b[0], 16, 3, "Linux 6.1.0-18-amd64");
  assert_option(&b[0], 16, 2, "x86_64, 2 CPUs");
  g_assert_cmpuint(b[1].type, ==, 1);
  g_assert_cmpuint(tb_get_u16(b[1].body, FALSE), ==, 252);
  assert_option(&b[1], 8, 2, "web:ftrace");
  assert_option(&b[1], 8, 3, "trace.dat#0badcafe; trace-cmd 3.1.6; axis=realtime; offset=12345; "
                             "origin=date; machine=boot-1234");
  assert_option(&b[1], 8, 12, "Linux 6.1.0-18-amd64");
  assert_option(&b[1], 8, 15, "x86_64, 2 CPUs");
  assert_option(&b[1], 8, 9, "\t");
  g_assert_cmpuint(b[2].type, ==, 1);
  g_assert_cmpuint(tb_get_u16(b[2].body, FALSE), ==, 1);
  g_assert_cmpuint(tb_get_u32(b[2].body + 4, FALSE), ==, 65535);
  assert_option(&b[2], 8, 2, "web:eth0");
  assert_option(&b[2], 8, 3, "a.pcap#deadbeef; axis=realtime; offset=0; origin=none; "
                             "machine=boot-1234");
  g_assert_cmpuint(b[3].type, ==, 0x80000003);
  g_autoptr(GBytes) host = output_option(b[3].body + 4, b[3].len - 4, 1, 0);
  g_assert_cmpuint(g_bytes_get_size(host), ==, sizeof "web" + 1); /* its own NUL counts */
  g_autoptr(GBytes) cpus = output_option(b[3].body + 4, b[3].len - 4, 5, 0);
  g_assert_cmpuint(tb_get_u32(g_bytes_get_data(cpus, NULL), FALSE), ==, 2);
  output_fixture_clear(&f);
}

static void test_order_of_keys(void)
{
  OutputFixture f;
  output_fixture_init(&f);
  output_fixture_open(&f);
  TbContext context = { .slot = 3, .generation = 1, .tid = 101, .pid = 100, .ppid = 1,
                        .comm = "curl", .exe = "/usr/bin/curl", .cmdline = "curl x" };
  g_auto(TbBuf) sentence = { 0 };
  tb_buf_append_str(&sentence, "curl[100] exits");
  TbSentence said = { .kind = "process-exit", .text = &sentence };
  MadeItem event = output_fixture_event(&f, 0, "comm=curl pid=100");
  event.item.actor = &context;
  event.item.sentence = &said;
  event.record.cpu = 1;
  event.record.flags = TB_RECORD_DURATION | TB_RECORD_FAILED;
  event.record.value = 77;
  output_fixture_write(&f, &event);
  g_autoptr(GBytes) file = output_fixture_finish(&f);
  g_autoptr(GPtrArray) keys = output_row_keys(file, 0);
  static const char *const expected[] = {
    "_PID=100", "_COMM=curl", "_EXE=/usr/bin/curl", "_CMDLINE=curl x", "_HOSTNAME=web",
    "SYSLOG_IDENTIFIER=sched:sched_switch", "PRIORITY=4", "MESSAGE=sched_switch: curl[100] exits",
    "TRACE_TEXT=comm=curl pid=100", "TRACE_TID=101", "TRACE_CPU=1", "TRACE_PPID=1",
    "TRACE_PID_KNOWN=0", "TRACE_KIND=process-exit", "TRACE_DURATION=77",
  };
  g_assert_cmpuint(keys->len, ==, G_N_ELEMENTS(expected));
  for (guint i = 0; i < keys->len; i++)
    g_assert_cmpstr(g_ptr_array_index(keys, i), ==, expected[i]);
  output_fixture_clear(&f);
}

static void test_bytes_of_row(void)
{
  static const char expected[] = "\0\x0c\0\x10systemd_journal\0\0\0\0\0"
                                 "_HOSTNAME=web\nSYSLOG_IDENTIFIER=sched:sched_switch\n"
                                 "PRIORITY=6\nMESSAGE=sched_switch: a b\n";
  OutputFixture f;
  output_fixture_init(&f);
  output_fixture_open(&f);
  MadeItem event = output_fixture_event(&f, 0, "a b");
  output_fixture_write(&f, &event);
  g_autoptr(GBytes) file = output_fixture_finish(&f);
  g_autoptr(GBytes) row = output_packet_bytes(file, 0);
  gsize len;
  const void *data = g_bytes_get_data(row, &len);
  g_assert_cmpmem(data, len, expected, sizeof expected - 1);
  output_fixture_clear(&f);
}

/* The quick and the careful way must give one result: a sentence equal to the text forces the
 * careful one, whose row then differs by TRACE_TEXT alone. */
static void test_two_ways_agree(void)
{
  OutputFixture f;
  output_fixture_init(&f);
  output_fixture_open(&f);
  TbContext context = { .slot = 0, .generation = 1, .tid = 5, .pid = 4, .pid_known = TRUE,
                        .ppid = 2, .comm = "a\nb", .exe = "/x\x1b", .cmdline = "\xff" };
  TbSentence kind = { .kind = "thread-start", .text = NULL };
  MadeItem event = output_fixture_event(&f, 0, "plain text");
  event.item.actor = &context;
  event.item.sentence = &kind;
  event.record.cpu = 7;
  output_fixture_write(&f, &event);
  g_auto(TbBuf) sentence = { 0 };
  tb_buf_append_str(&sentence, "plain text");
  TbSentence said = { .kind = "thread-start", .text = &sentence };
  event.item.sentence = &said;
  output_fixture_write(&f, &event);
  g_autoptr(GBytes) file = output_fixture_finish(&f);
  g_autoptr(GPtrArray) quick = output_row_keys(file, 0);
  g_autoptr(GPtrArray) careful = output_row_keys(file, 1);
  g_assert_cmpstr(output_get(careful, "TRACE_TEXT"), ==, "plain text");
  g_assert_cmpstr(output_get(quick, "_COMM"), ==, "a\\x0ab");
  for (guint i = 0, k = 0; i < quick->len; i++, k++) {
    k += g_str_has_prefix(g_ptr_array_index(careful, k), "TRACE_TEXT=");
    g_assert_cmpstr(g_ptr_array_index(quick, i), ==, g_ptr_array_index(careful, k));
  }
  g_assert_cmpuint(careful->len, ==, quick->len + 1);
  output_fixture_clear(&f);
}

static void test_generation_replaces(void)
{
  OutputFixture f;
  output_fixture_init(&f);
  output_fixture_open(&f);
  TbContext context = { .slot = 9, .generation = 1, .tid = 5, .pid = 5, .pid_known = TRUE,
                        .comm = "before" };
  MadeItem event = output_fixture_event(&f, 0, "x");
  event.item.actor = &context;
  output_fixture_write(&f, &event);
  context.comm = "after";
  context.generation = 2;
  output_fixture_write(&f, &event);
  context.comm = "<...>";
  context.generation = 3;
  output_fixture_write(&f, &event);
  context.tid = context.pid = 0;
  context.generation = 4;
  output_fixture_write(&f, &event);
  g_autoptr(GBytes) file = output_fixture_finish(&f);
  static const char *const comms[] = { "before", "after", NULL, NULL };
  for (guint i = 0; i < 4; i++) {
    g_autoptr(GPtrArray) keys = output_row_keys(file, i);
    g_assert_cmpstr(output_get(keys, "_COMM"), ==, comms[i]);
    g_assert_cmpstr(output_get(keys, "_PID"), ==, i < 3 ? "5" : NULL);
    g_assert_null(output_get(keys, "TRACE_TID"));
    g_assert_null(output_get(keys, "TRACE_PID_KNOWN"));
  }
  output_fixture_clear(&f);
}

/* Windows tells the process of a network operation, and 0 for its thread. */
static void test_process_without_thread(void)
{
  OutputFixture f;
  output_fixture_init(&f);
  output_fixture_open(&f);
  TbContext context = { .slot = 0, .generation = 1, .tid = 0, .pid = 2116, .pid_known = TRUE,
                        .comm = "chrome.exe" };
  MadeItem event = output_fixture_event(&f, 0, "x");
  event.item.actor = &context;
  output_fixture_write(&f, &event);
  g_autoptr(GBytes) file = output_fixture_finish(&f);
  g_autoptr(GPtrArray) keys = output_row_keys(file, 0);
  g_assert_cmpstr(output_get(keys, "_PID"), ==, "2116");
  g_assert_cmpstr(output_get(keys, "_COMM"), ==, "chrome.exe");
  g_assert_cmpstr(output_get(keys, "TRACE_TID"), ==, "0");
  output_fixture_clear(&f);
}

static void test_lost(void)
{
  OutputFixture f;
  output_fixture_init(&f);
  output_fixture_open(&f);
  MadeItem event = output_fixture_event(&f, 0, NULL);
  event.record.kind = TB_RECORD_LOST;
  event.record.type = NULL;
  event.record.value = 42;
  event.record.cpu = 3;
  output_fixture_write(&f, &event);
  event.record.value = 0;
  output_fixture_write(&f, &event);
  g_autoptr(GBytes) file = output_fixture_finish(&f);
  g_autoptr(GPtrArray) known = output_row_keys(file, 0);
  g_autoptr(GPtrArray) unknown = output_row_keys(file, 1);
  g_assert_cmpstr(output_get(known, "SYSLOG_IDENTIFIER"), ==, "tracebraid:lost_events");
  g_assert_cmpstr(output_get(known, "PRIORITY"), ==, "3");
  g_assert_cmpstr(output_get(known, "MESSAGE"), ==, "lost_events: 42 events lost");
  g_assert_cmpstr(output_get(known, "TRACE_CPU"), ==, "3");
  g_assert_nonnull(strstr(output_get(unknown, "MESSAGE"), "not known"));
  output_fixture_clear(&f);
}

static void test_limit(void)
{
  OutputFixture f;
  output_fixture_init(&f);
  output_fixture_open(&f);
  g_autofree char *cmdline = g_strnfill(5000, 'c');
  TbContext context = { .slot = 0, .generation = 1, .tid = 5, .pid = 5, .pid_known = TRUE,
                        .cmdline = cmdline };
  g_autofree char *big = g_strnfill(300000, 'x');
  g_auto(TbBuf) umlauts = { 0 };
  for (guint i = 0; i < 150000; i++)
    tb_buf_append_str(&umlauts, "\xc3\xa4");
  tb_buf_append_c(&umlauts, 0);
  g_autofree char *controls = g_strnfill(200000, '\x1b');
  for (guint i = 0; i < 3; i++) {
    MadeItem event = output_fixture_event(&f, i, i == 0   ? big
                                                : i == 1 ? (const char *)umlauts.data
                                                         : controls);
    event.item.actor = &context;
    output_fixture_write(&f, &event);
  }
  g_assert_cmpuint(f.writer->counts.truncated, ==, 3);
  g_autoptr(GBytes) file = output_fixture_finish(&f);
  static const gsize whole[] = { 300000, 300000, 800000 };
  for (guint i = 0; i < 3; i++) {
    g_autoptr(GBytes) row = output_packet_bytes(file, i);
    g_assert_cmpuint(g_bytes_get_size(row), <, 262144);
    g_assert_cmpuint(g_bytes_get_size(row), >, 261000);
    g_autoptr(GPtrArray) keys = output_row_keys(file, i);
    const char *message = output_get(keys, "MESSAGE");
    g_assert_true(g_utf8_validate(message, -1, NULL));
    g_assert_cmpuint(strlen(output_get(keys, "_CMDLINE")), ==, 5000);
    gsize kept = strlen(message) - strlen("sched_switch: ");
    g_assert_cmpuint(kept + g_ascii_strtoull(output_get(keys, "TRACE_TRUNCATED"), NULL, 10), ==,
                     whole[i]);
  }
  g_autofree char *seen = output_run(file, "tshark -r t.pcapng -T fields -e systemd_journal.pid");
  if (seen)
    g_assert_cmpstr(seen, ==, "5\n5\n5\n");
  output_fixture_clear(&f);
}

static void test_packets(void)
{
  /* a comment "hi", flags, a custom option; little-endian, no end mark */
  static const guint8 options[] = { 1, 0, 2, 0, 'h', 'i', 0, 0, 2, 0, 4, 0, 1, 0, 0, 0 };
  static const guint8 secrets[] = { 0x0a, 0, 0, 0, 24, 0, 0, 0, 'K', 'S', 'L', 'T', 4, 0, 0, 0,
                                    'a', ' ', 'b', '\n', 24, 0, 0, 0 };
  OutputFixture f;
  output_fixture_init(&f);
  output_fixture_open(&f);
  MadeItem carried = output_fixture_packet(&f, 1, secrets, sizeof secrets);
  carried.record.kind = TB_RECORD_CARRIED;
  output_fixture_write(&f, &carried);
  MadeItem event = output_fixture_packet(&f, 1, packet_bytes, sizeof packet_bytes);
  event.record.orig_len = 1500;
  output_set_options(&event, options, sizeof options);
  output_fixture_write(&f, &event);
  output_set_options(&event, NULL, 0);
  event.record.len = 0;
  event.record.flags = TB_RECORD_NO_TIME;
  output_fixture_write(&f, &event);
  g_autoptr(GBytes) file = output_fixture_finish(&f);
  g_autoptr(GArray) blocks = output_blocks(file);
  g_assert_cmpuint(blocks->len, ==, 7);
  const OutputBlock *b = &g_array_index(blocks, OutputBlock, 4);
  g_assert_cmpuint(b[0].type, ==, 10);
  g_assert_cmpuint(b[1].type, ==, 6);
  g_assert_cmpuint(tb_get_u32(b[1].body, FALSE), ==, 1);
  guint64 time = (guint64)tb_get_u32(b[1].body + 4, FALSE) << 32 | tb_get_u32(b[1].body + 8, FALSE);
  g_assert_cmpuint(time, ==, OUTPUT_BASE_NS + 1);
  g_assert_cmpuint(tb_get_u32(b[1].body + 12, FALSE), ==, 61);
  g_assert_cmpuint(tb_get_u32(b[1].body + 16, FALSE), ==, 1500);
  g_assert_cmpmem(b[1].body + 20, 61, packet_bytes, 61);
  g_assert_cmpmem(b[1].body + 84, sizeof options, options, sizeof options);
  g_assert_cmpuint(tb_get_u32(b[1].body + 100, FALSE), ==, 0);
  g_assert_cmpuint(b[1].len, ==, 104);
  assert_option(&b[2], 20, 1, "time=none ");
  output_fixture_clear(&f);
}

/* How a packet came, of a record that has no options to say it. */
static void test_packet_flags(void)
{
  static const struct {
    guint32 flags, value;
  } cases[] = {
    { TB_RECORD_INBOUND | TB_RECORD_UNICAST, 0x05 },
    { TB_RECORD_INBOUND | TB_RECORD_BROADCAST, 0x0d },
    { TB_RECORD_INBOUND | TB_RECORD_MULTICAST, 0x09 },
    { TB_RECORD_INBOUND | TB_RECORD_PROMISCUOUS, 0x11 },
    { TB_RECORD_OUTBOUND, 0x02 },
  };
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    OutputFixture f;
    output_fixture_init(&f);
    output_fixture_open(&f);
    guint8 want[] = { 2, 0, 4, 0, (guint8)cases[i].value, 0, 0, 0, 0, 0, 0, 0 };
    MadeItem event = output_fixture_packet(&f, 1, packet_bytes, sizeof packet_bytes);
    event.payload = (TbPayload){ 0 };
    event.record.flags = cases[i].flags;
    output_fixture_write(&f, &event);
    g_autoptr(GBytes) file = output_fixture_finish(&f);
    g_autoptr(GArray) blocks = output_blocks(file);
    const OutputBlock *block = &g_array_index(blocks, OutputBlock, 4);
    g_assert_cmpuint(block->type, ==, 6);
    g_assert_cmpmem(block->body + 84, block->len - 84, want, sizeof want);
    output_fixture_clear(&f);
  }
}

static guint64 first_ticks(GBytes *file, guint at)
{
  g_autoptr(GArray) blocks = output_blocks(file);
  const OutputBlock *block = &g_array_index(blocks, OutputBlock, at);
  g_assert_cmpuint(block->type, ==, 6);
  return (guint64)tb_get_u32(block->body + 4, FALSE) << 32 | tb_get_u32(block->body + 8, FALSE);
}

/* The resolution of the input stays unless its times are moved or Wireshark cannot show it. */
static void test_resolutions(void)
{
  static const struct {
    guint8 tsresol;
    gint64 shift_ns;
    guint8 expected;
    guint64 ticks, expected_ticks;
    guint inexact;
  } cases[] = {
    { 6, 0, 6, 1700000000000001, 1700000000000001, 0 },
    { 6, 5, 9, 1700000000000001, 1700000000000001005, 0 },
    { 0x8a, 0, 0x8a, 1740800000001, 1740800000001, 0 },
    { 0x8a, 1, 9, 1740800000001, 1700000000000976563, 1 },
    { 12, 0, 9, 1234567890123, 1234567890, 1 },
    { 12, 0, 9, 1234567890000, 1234567890, 0 },
    { 0xa0, 0, 0xa0, 77, 77, 0 },
    { 0xa8, 0, 9, (guint64)3 << 40, 3000000000, 0 },
  };
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    OutputFixture f;
    output_fixture_init(&f);
    f.eth0->clock.tsresol = cases[i].tsresol;
    tb_axis_shift(&f.eth0->clock.axis, cases[i].shift_ns);
    output_fixture_open(&f);
    MadeItem event = output_fixture_packet(&f, 0, packet_bytes, 61);
    const TbPcapngTime time = { .tsresol = cases[i].tsresol };
    gboolean exact;
    tb_pcapng_time_to_ns(&time, cases[i].ticks, &exact);
    event.record.flags = exact ? 0 : TB_RECORD_INEXACT;
    event.payload.word = cases[i].ticks;
    event.record.time.ns = (gint64)cases[i].expected_ticks;
    output_fixture_write(&f, &event);
    g_assert_cmpuint(f.writer->counts.inexact, ==, cases[i].inexact);
    g_autoptr(GBytes) file = output_fixture_finish(&f);
    g_autoptr(GArray) blocks = output_blocks(file);
    const OutputBlock *b = &g_array_index(blocks, OutputBlock, 2);
    g_autoptr(GBytes) resolution = output_option(b->body + 8, b->len - 8, 9, 0);
    g_assert_cmpuint(*(const guint8 *)g_bytes_get_data(resolution, NULL), ==, cases[i].expected);
    g_assert_cmpuint(first_ticks(file, 4), ==, cases[i].expected_ticks);
    output_fixture_clear(&f);
  }
}

static void test_before_1970(void)
{
  OutputFixture f;
  output_fixture_init(&f);
  tb_axis_shift(&f.eth0->clock.axis, -1);
  output_fixture_open(&f);
  MadeItem event = output_fixture_event(&f, 0, "x");
  event.record.time.ns = -1;
  output_fixture_write(&f, &event);
  event = output_fixture_packet(&f, 0, packet_bytes, 61);
  event.record.time.ns = -1;
  output_fixture_write(&f, &event);
  g_assert_cmpuint(f.writer->counts.out_of_range, ==, 2);
  g_assert_cmpuint(f.writer->counts.rows + f.writer->counts.packets, ==, 0);
  g_autoptr(GBytes) file = output_fixture_finish(&f);
  g_autoptr(GArray) blocks = output_blocks(file);
  g_assert_cmpuint(blocks->len, ==, 4);
  output_fixture_clear(&f);
}

static void test_events_none(void)
{
  OutputFixture f;
  output_fixture_init(&f);
  g_hash_table_insert(f.settings, (gpointer)"events", (gpointer)"none");
  output_fixture_open(&f);
  MadeItem event = output_fixture_event(&f, 0, "x");
  output_fixture_write(&f, &event);
  event = output_fixture_packet(&f, 0, packet_bytes, 61);
  output_fixture_write(&f, &event);
  g_autoptr(GBytes) file = output_fixture_finish(&f);
  g_autoptr(GArray) blocks = output_blocks(file);
  g_assert_cmpuint(blocks->len, ==, 4);
  const OutputBlock *b = &g_array_index(blocks, OutputBlock, 3);
  g_assert_cmpuint(b->type, ==, 6);
  g_assert_cmpuint(tb_get_u32(b->body, FALSE), ==, 0);
  g_autofree char *seen = output_run(file, "capinfos -T -r -c t.pcapng");
  if (seen)
    g_assert_cmpstr(seen, ==, "t.pcapng\t1\n");
  output_fixture_clear(&f);
}

static void test_events_unknown(void)
{
  OutputFixture f;
  g_autoptr(GError) error = NULL;
  output_fixture_init(&f);
  g_hash_table_insert(f.settings, (gpointer)"events", (gpointer)"morse");
  g_autoptr(TbOutput) output = tb_output_new_memory();
  TbWriter *writer = tb_writer_open_with(&tb_pcapng_writer, output, &f.limits, f.machines,
                                         f.sources, f.settings, &error);
  g_assert_null(writer);
  g_assert_error(error, TB_ERROR, TB_ERROR_UNSUPPORTED);
  output_fixture_clear(&f);
}

/* Names and texts that try to end a value, forge a key or reach the terminal. */
static void test_hostile(void)
{
  static const char *const names[] = { "a\n_PID=1", "a\x1b[31mred", "a\xff\xfe", "a=b", "\n\n",
                                       "a\n_PID\n\1" };
  OutputFixture f;
  output_fixture_init(&f);
  TbEventType *evil = output_fixture_add_type(&f, "sys:\n_PID=1\n", "ev\n_UID=0\nMESSAGE=x");
  g_free(f.machine->name);
  f.machine->name = g_strdup("we:b\n_PID=1");
  output_fixture_open(&f);
  guint n = 0;
  for (guint i = 0; i < G_N_ELEMENTS(names); i++, n++) {
    TbContext context = { .slot = 0, .generation = i + 1, .tid = 7, .pid = 7, .pid_known = TRUE,
                          .comm = names[i], .exe = names[i], .cmdline = names[i] };
    MadeItem event = output_fixture_event(&f, n, names[i]);
    event.item.actor = &context;
    event.record.type = i % 2 ? evil : f.type;
    output_fixture_write(&f, &event);
  }
  output_fixture_set_text(&f, "nul\0nul\n_PID=1\n", 15);
  MadeItem event = output_fixture_event(&f, n++, NULL);
  output_fixture_write(&f, &event);
  g_autofree char *stack = g_strnfill(200000, 's');
  for (gsize i = 40; i < 200000; i += 41)
    stack[i] = '\n';
  event = output_fixture_event(&f, n++, stack);
  output_fixture_write(&f, &event);
  g_autoptr(GBytes) file = output_fixture_finish(&f);
  for (guint i = 0; i < n; i++) {
    g_autoptr(GPtrArray) keys = output_row_keys(file, i);
    g_assert_cmpstr(output_get(keys, "_PID"), ==, i < G_N_ELEMENTS(names) ? "7" : NULL);
    g_assert_null(output_get(keys, "_UID"));
    for (guint k = 0; k < keys->len; k++) {
      const char *pair = g_ptr_array_index(keys, k);
      g_assert_true(g_utf8_validate(pair, -1, NULL));
      for (const char *c = pair; *c; c++)
        g_assert_true((guchar)*c >= 0x20 || *c == '\t'
                      || (*c == '\n' && g_str_has_prefix(pair, "MESSAGE=")));
    }
  }
  g_autoptr(GPtrArray) with_nul = output_row_keys(file, n - 2);
  g_assert_cmpstr(output_get(with_nul, "MESSAGE"), ==, "sched_switch: nul\\x00nul\n_PID=1\n");
  g_autofree char *seen = output_run(file, "tshark -r t.pcapng -T fields -e systemd_journal.pid");
  if (seen)
    g_assert_cmpstr(seen, ==, "7\n7\n7\n7\n7\n7\n\n\n");
  output_fixture_clear(&f);
}

/* Texts of all lengths with an odd byte anywhere: what is plain and what is not must agree with
 * the escaping rules themselves. */
static void test_random_texts(void)
{
  enum { TEXTS = 3000 };
  static const char odd[] = "\0\x1f\x7f\x80\xff\n\t ~\xc3\xa9";
  OutputFixture f;
  output_fixture_init(&f);
  output_fixture_open(&f);
  g_autoptr(GRand) rand = g_rand_new_with_seed(3);
  g_autoptr(GPtrArray) expected = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; i < TEXTS; i++) {
    guint8 text[40];
    gsize len = (gsize)g_rand_int_range(rand, 0, sizeof text), skip = 0;
    for (gsize k = 0; k < len; k++)
      text[k] = (guint8)g_rand_int_range(rand, 0x20, 0x7f);
    for (gint n = g_rand_int_range(rand, 0, 3); n > 0 && len > 0; n--)
      text[g_rand_int_range(rand, 0, (gint32)len)] =
          (guint8)odd[g_rand_int_range(rand, 0, sizeof odd - 1)];
    output_fixture_set_text(&f, text, len);
    MadeItem event = output_fixture_event(&f, i, NULL);
    output_fixture_write(&f, &event);
    while (skip < len && text[skip] == ' ')
      skip++;
    g_auto(TbBuf) message = { 0 };
    /* A text of blanks alone is taken as none. */
    tb_buf_append_str(&message, skip < len ? "sched_switch: " : "sched_switch:");
    tb_escape_append(&message, text + skip, len - skip, TB_ESCAPE_TEXT);
    g_ptr_array_add(expected, g_strndup((const char *)message.data, message.len));
  }
  g_autoptr(GBytes) file = output_fixture_finish(&f);
  g_autoptr(GArray) blocks = output_blocks(file);
  for (guint i = 0; i < TEXTS; i += 1) {
    const OutputBlock *block = &g_array_index(blocks, OutputBlock, i + 4);
    g_autoptr(GPtrArray) keys = output_keys(block->body + 20, tb_get_u32(block->body + 12, FALSE));
    g_assert_cmpstr(output_get(keys, "MESSAGE"), ==, g_ptr_array_index(expected, i));
  }
  output_fixture_clear(&f);
}

static void bench_rows(void)
{
  OutputFixture f;
  output_fixture_init(&f);
  output_fixture_open(&f);
  g_autoptr(TbOutput) sink = tb_output_open("/dev/null", TRUE, NULL);
  f.writer->output = sink;
  TbContext context = { .slot = 1, .generation = 1, .tid = 3878, .pid = 3877, .pid_known = TRUE,
                        .ppid = 4, .comm = "curl", .exe = "/usr/bin/curl" };
  MadeItem event = output_fixture_event(&f, 0, "prev_comm=curl prev_pid=3877 prev_prio=120 "
                                              "prev_state=S ==> next_comm=sh");
  event.item.actor = &context;
  event.record.cpu = 1;
  enum { ROWS = 2000000 };
  clock_t start = clock(); /* processor time: other work on the machine does not count */
  for (guint i = 0; i < ROWS; i++)
    output_fixture_write(&f, &event);
  g_test_message("%.1f ns per row", (double)(clock() - start) * 1e9 / CLOCKS_PER_SEC / ROWS);
  f.writer->output = f.output;
  output_fixture_clear(&f);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/pcapng/writer/head", test_head);
  g_test_add_func("/pcapng/writer/bytes-of-a-row", test_bytes_of_row);
  g_test_add_func("/pcapng/writer/order-of-keys", test_order_of_keys);
  g_test_add_func("/pcapng/writer/two-ways-agree", test_two_ways_agree);
  g_test_add_func("/pcapng/writer/context-generation-replaces", test_generation_replaces);
  g_test_add_func("/pcapng/writer/process-without-thread", test_process_without_thread);
  g_test_add_func("/pcapng/writer/lost-events", test_lost);
  g_test_add_func("/pcapng/writer/row-limit", test_limit);
  g_test_add_func("/pcapng/writer/packets", test_packets);
  g_test_add_func("/pcapng/writer/packet-flags", test_packet_flags);
  g_test_add_func("/pcapng/writer/resolutions", test_resolutions);
  g_test_add_func("/pcapng/writer/before-1970", test_before_1970);
  g_test_add_func("/pcapng/writer/events-none", test_events_none);
  g_test_add_func("/pcapng/writer/events-unknown", test_events_unknown);
  g_test_add_func("/pcapng/writer/hostile-names", test_hostile);
  g_test_add_func("/pcapng/writer/random-texts", test_random_texts);
  if (g_test_perf())
    g_test_add_func("/pcapng/writer/cost-of-a-row", bench_rows);
  return g_test_run();
}

