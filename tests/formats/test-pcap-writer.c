/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The writer of classic pcap files: resolution, link types, what it cannot hold, round trips. */
#include "pcap/pcap.h"

#include "pcapng/pcapng-time.h"
#include "support/made-item.h"
#include "support/pcap-build.h"

#include <string.h>

static const guint8 some_bytes[64] = { 1, 2, 3, 4, 5, 6, 7, 8 };

/* A writer into memory and the sources it was told of. */
typedef struct {
  GPtrArray *machines;
  GPtrArray *sources;
  GHashTable *settings;
  TbOutput *output;
  TbWriter *writer;
  GError *error;
} Written;

static void written_init(Written *w)
{
  *w = (Written){ 0 };
  w->machines = g_ptr_array_new();
  w->sources = g_ptr_array_new_with_free_func((GDestroyNotify)tb_source_unref);
  w->settings = g_hash_table_new(g_str_hash, g_str_equal);
  w->output = tb_output_new_memory();
}

static void written_clear(Written *w)
{
  tb_writer_free(w->writer);
  tb_output_free(w->output);
  g_hash_table_unref(w->settings);
  g_ptr_array_unref(w->sources);
  g_ptr_array_unref(w->machines);
  g_clear_error(&w->error);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Written, written_clear)

static TbSource *add_source(Written *w, TbSourceClass class, const char *name, guint32 link_type,
                            guint8 tsresol)
{
  TbSource *source = tb_source_new(class, name);
  source->link.type = link_type;
  source->clock.tsresol = tsresol;
  source->rank = w->sources->len;
  g_ptr_array_add(w->sources, source);
  return source;
}

static gboolean open_writer(Written *w)
{
  w->writer = tb_writer_open_with(&tb_pcap_writer, w->output, tb_limits_default(), w->machines,
                                  w->sources, w->settings, &w->error);
  g_assert_cmpint(w->writer == NULL, ==, w->error != NULL);
  return w->writer != NULL;
}

static MadeItem packet(TbSource *source, gint64 time_ns)
{
  return (MadeItem){ .record = { .kind = TB_RECORD_PACKET, .source = source, .time.ns = time_ns,
                                 .data = some_bytes, .len = 8, .orig_len = 80 } };
}

static void write_item(Written *w, MadeItem *made)
{
  g_assert_true(tb_writer_event(w->writer, made_item(made), NULL));
}

static const GByteArray *finish(Written *w)
{
  g_assert_true(tb_writer_finish(w->writer, NULL));
  g_assert_true(tb_output_flush(w->output, NULL));
  return tb_output_get_memory(w->output);
}

static guint32 word(const GByteArray *bytes, guint off)
{
  g_assert_cmpuint(off + 4, <=, bytes->len);
  return tb_get_u32(bytes->data + off, FALSE);
}

static void test_layout(void)
{
  g_auto(Written) w;
  written_init(&w);
  TbSource *source = add_source(&w, TB_SOURCE_PACKETS, "eth0", 1, 6);
  source->link.snaplen = 1000;
  g_assert_true(open_writer(&w));
  MadeItem event = packet(source, G_GINT64_CONSTANT(1700000000123456000));
  write_item(&w, &event);
  guint8 want[24 + 16 + 8] = { 0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0 };
  tb_put_u32(want + 16, 1000, FALSE);
  tb_put_u32(want + 20, 1, FALSE);
  tb_put_u32(want + 24, 1700000000, FALSE);
  tb_put_u32(want + 28, 123456, FALSE);
  tb_put_u32(want + 32, 8, FALSE);
  tb_put_u32(want + 36, 80, FALSE);
  memcpy(want + 40, some_bytes, 8);
  const GByteArray *bytes = finish(&w);
  g_assert_cmpmem(bytes->data, bytes->len, want, sizeof want);
  g_assert_cmpuint(w.writer->counts.packets, ==, 1);
  g_assert_cmpuint(w.writer->counts.inexact, ==, 0);
}

static void check_resolution(guint8 tsresol, gint64 offset_ns, const char *wish, guint32 magic)
{
  g_auto(Written) w;
  written_init(&w);
  TbSource *source = add_source(&w, TB_SOURCE_PACKETS, "eth0", 1, tsresol);
  source->clock.axis.offset_ns = offset_ns;
  add_source(&w, TB_SOURCE_PACKETS, "eth1", 1, 6);
  add_source(&w, TB_SOURCE_EVENTS, "ftrace", 252, 9);
  if (wish)
    g_hash_table_insert(w.settings, (gpointer)"pcap-resolution", (gpointer)wish);
  g_assert_true(open_writer(&w));
  g_assert_cmphex(word(finish(&w), 0), ==, magic);
}

static void test_resolution(void)
{
  check_resolution(6, 0, NULL, 0xa1b2c3d4);
  check_resolution(3, 0, NULL, 0xa1b2c3d4);
  check_resolution(0, 0, NULL, 0xa1b2c3d4);
  check_resolution(7, 0, NULL, 0xa1b23c4d);
  check_resolution(9, 0, NULL, 0xa1b23c4d);
  check_resolution(12, 0, NULL, 0xa1b23c4d);
  check_resolution(0x80 | 6, 0, NULL, 0xa1b2c3d4);
  check_resolution(0x80 | 7, 0, NULL, 0xa1b23c4d);
  check_resolution(0x80 | 20, 0, NULL, 0xa1b23c4d);
  check_resolution(6, 5000, NULL, 0xa1b2c3d4);
  check_resolution(6, -5001, NULL, 0xa1b23c4d);
  check_resolution(9, 0, "us", 0xa1b2c3d4);
  check_resolution(6, 0, "ns", 0xa1b23c4d);
  g_auto(Written) w;
  written_init(&w);
  add_source(&w, TB_SOURCE_PACKETS, "eth0", 1, 6);
  g_hash_table_insert(w.settings, (gpointer)"pcap-resolution", (gpointer)"ms");
  g_assert_false(open_writer(&w));
  g_assert_error(w.error, TB_ERROR, TB_ERROR_UNSUPPORTED);
}

static void test_several_link_types(void)
{
  g_auto(Written) w;
  written_init(&w);
  add_source(&w, TB_SOURCE_PACKETS, "eth0", 1, 6);
  add_source(&w, TB_SOURCE_PACKETS, "any", 113, 6);
  g_assert_false(open_writer(&w));
  g_assert_error(w.error, TB_ERROR, TB_ERROR_UNSUPPORTED);
  g_assert_nonnull(strstr(w.error->message, "unknown:eth0 is 1 (Ethernet)"));
  g_assert_nonnull(strstr(w.error->message, "unknown:any is 113 (Linux cooked v1)"));
  g_assert_nonnull(strstr(w.error->message, "write pcapng"));
}

static void test_many_link_types(void)
{
  g_auto(Written) w;
  written_init(&w);
  for (guint i = 0; i < 100; i++)
    add_source(&w, TB_SOURCE_PACKETS, "if", i, 6);
  g_assert_false(open_writer(&w));
  g_assert_nonnull(strstr(w.error->message, "and 92 more"));
}

/* An interface known to have no packets does not stand in the way; when it has some after all, it does. */
static void test_empty_interface(void)
{
  g_auto(Written) w;
  written_init(&w);
  TbSource *empty = add_source(&w, TB_SOURCE_PACKETS, "any", 113, 9);
  TbSource *filled = add_source(&w, TB_SOURCE_PACKETS, "eth0", 1, 6);
  filled->counts.records = 1;
  g_assert_true(open_writer(&w));
  MadeItem event = packet(empty, 0);
  g_assert_false(tb_writer_event(w.writer, made_item(&event), &w.error));
  g_assert_error(w.error, TB_ERROR, TB_ERROR_UNSUPPORTED);
  const GByteArray *bytes = finish(&w);
  g_assert_cmphex(word(bytes, 0), ==, 0xa1b2c3d4);
  g_assert_cmpuint(word(bytes, 20), ==, 1);
}

static void test_no_packet_source(void)
{
  g_auto(Written) w;
  written_init(&w);
  add_source(&w, TB_SOURCE_EVENTS, "ftrace", 252, 9);
  g_assert_false(open_writer(&w));
  g_assert_error(w.error, TB_ERROR, TB_ERROR_UNSUPPORTED);
}

static void test_large_link_type(void)
{
  g_auto(Written) w;
  written_init(&w);
  add_source(&w, TB_SOURCE_PACKETS, "eth0", 65536, 9);
  g_assert_false(open_writer(&w));
  g_assert_error(w.error, TB_ERROR, TB_ERROR_UNSUPPORTED);
}

static void test_times(void)
{
  g_auto(Written) w;
  written_init(&w);
  TbSource *source = add_source(&w, TB_SOURCE_PACKETS, "eth0", 1, 6);
  g_assert_true(open_writer(&w));
  static const gint64 times[] = { -1, G_MININT64, G_GINT64_CONSTANT(4294967296) * 1000000000,
                                  G_MAXINT64, 0, 1999,
                                  G_GINT64_CONSTANT(4294967296) * 1000000000 - 1000 };
  for (guint i = 0; i < G_N_ELEMENTS(times); i++) {
    MadeItem event = packet(source, times[i]);
    write_item(&w, &event);
  }
  g_assert_cmpuint(w.writer->counts.out_of_range, ==, 4);
  g_assert_cmpuint(w.writer->counts.packets, ==, 3);
  g_assert_cmpuint(w.writer->counts.inexact, ==, 1);
  const GByteArray *bytes = finish(&w);
  g_assert_cmpuint(bytes->len, ==, 24 + 3 * 24);
  g_assert_cmpuint(word(bytes, 24 + 24 + 4), ==, 1);
  g_assert_cmpuint(word(bytes, 24 + 48), ==, G_MAXUINT32);
  g_assert_cmpuint(word(bytes, 24 + 48 + 4), ==, 999999);
}

/* As the reader of such ticks marks them. */
static void check_inexact(guint8 tsresol, guint64 ticks, guint inexact)
{
  g_auto(Written) w;
  written_init(&w);
  TbSource *source = add_source(&w, TB_SOURCE_PACKETS, "eth0", 1, tsresol);
  g_assert_true(open_writer(&w));
  MadeItem event = packet(source, 1);
  const TbPcapngTime time = { .tsresol = tsresol };
  gboolean exact;
  tb_pcapng_time_to_ns(&time, ticks, &exact);
  event.record.flags = exact ? 0 : TB_RECORD_INEXACT;
  write_item(&w, &event);
  g_assert_cmpuint(w.writer->counts.inexact, ==, inexact);
}

static void test_inexact(void)
{
  check_inexact(9, 1, 0);
  check_inexact(12, 1000, 0);
  check_inexact(12, 1001, 1);
  check_inexact(40, 1, 1);
  check_inexact(40, 0, 0);
  check_inexact(0x80 | 9, 1, 0);
  check_inexact(0x80 | 10, 1, 1);
  check_inexact(0x80 | 10, 2, 0);
  check_inexact(0x80 | 32, 1u << 23, 0);
  check_inexact(0x80 | 32, 1u << 22, 1);
  check_inexact(0xff, 1, 1);
  check_inexact(0xff, 0, 0);
}

static void test_stripped(void)
{
  g_auto(Written) w;
  written_init(&w);
  TbSource *source = add_source(&w, TB_SOURCE_PACKETS, "eth0", 1, 9);
  g_assert_true(open_writer(&w));
  MadeItem events[6];
  for (guint i = 0; i < G_N_ELEMENTS(events); i++)
    events[i] = packet(source, i);
  events[1].payload = (TbPayload){ .format = 1, .len = 8, .bytes = some_bytes };
  events[2].record.kind = TB_RECORD_CARRIED;
  events[4].record.kind = TB_RECORD_CARRIED;
  events[4].record.flags = TB_RECORD_NO_TIME;
  for (guint i = 0; i < G_N_ELEMENTS(events); i++)
    write_item(&w, &events[i]);
  g_assert_cmpuint(w.writer->counts.stripped, ==, 3);
  g_assert_cmpuint(w.writer->counts.packets, ==, 4);
}

static void test_too_large(void)
{
  g_auto(Written) w;
  written_init(&w);
  TbSource *source = add_source(&w, TB_SOURCE_PACKETS, "eth0", 1, 9);
  g_assert_true(open_writer(&w));
  g_autofree guint8 *bytes = g_malloc0(300000);
  MadeItem event = packet(source, 1);
  event.record.data = bytes;
  event.record.len = event.record.orig_len = 300000;
  write_item(&w, &event);
  event.record.len = 262144;
  write_item(&w, &event);
  g_assert_cmpuint(w.writer->counts.truncated, ==, 1);
  const GByteArray *out = finish(&w);
  g_assert_cmpuint(out->len, ==, 24 + 2 * (16 + 262144));
  g_assert_cmpuint(word(out, 24 + 8), ==, 262144);
  g_assert_cmpuint(word(out, 24 + 12), ==, 300000);
}

static void check_header_words(guint n, const guint32 *snaplens, const gint *fcs_bits,
                               guint32 snaplen, guint32 link_word)
{
  g_auto(Written) w;
  written_init(&w);
  for (guint i = 0; i < n; i++) {
    TbSource *source = add_source(&w, TB_SOURCE_PACKETS, "eth", 1, 9);
    source->link.snaplen = snaplens[i];
    source->link.fcs_bits = (gint16)fcs_bits[i];
  }
  g_assert_true(open_writer(&w));
  const GByteArray *bytes = finish(&w);
  g_assert_cmpuint(word(bytes, 16), ==, snaplen);
  g_assert_cmphex(word(bytes, 20), ==, link_word);
}

static void test_header_words(void)
{
  check_header_words(1, (guint32[]){ 96 }, (gint[]){ -1 }, 96, 1);
  check_header_words(2, (guint32[]){ 96, 2000 }, (gint[]){ 32, 32 }, 2000, 0x24000001);
  check_header_words(2, (guint32[]){ 96, 0 }, (gint[]){ 32, 16 }, 262144, 1);
  check_header_words(2, (guint32[]){ 96, 0 }, (gint[]){ 32, -1 }, 262144, 1);
  check_header_words(1, (guint32[]){ G_MAXUINT32 }, (gint[]){ 0 }, 262144, 0x04000001);
  check_header_words(1, (guint32[]){ 96 }, (gint[]){ 17 }, 96, 1);
}

/* What our reader reads and our writer writes is the same file again. */
static void test_round_trip(void)
{
  for (guint ns = 0; ns < 2; ns++) {
    g_auto(TbBuf) file = { 0 };
    PcapBuild build = pcap_build_init(ns ? 0xa1b23c4d : 0xa1b2c3d4, FALSE);
    build.link_word = 0x24000001;
    pcap_build_header(&file, &build);
    tb_put_u32(file.data + 8, 0, FALSE); /* the zone is not kept */
    for (guint32 i = 0; i < 40; i++)
      pcap_build_record(&file, &build, 1700000000 + i, i * 1000 + 7 + ns, i * 3, i * 5, i * 3,
                        (guint8)i);
    g_autoptr(TbDamageLog) damage = tb_damage_log_new(10);
    g_autoptr(TbReader) reader =
        tb_reader_open(&tb_pcap_reader, tb_input_new_memory("a.pcap", file.data, file.len),
                       tb_limits_default(), damage, NULL);
    g_assert_nonnull(reader);
    g_auto(Written) w;
    written_init(&w);
    g_ptr_array_add(w.sources, tb_source_ref(g_ptr_array_index(reader->sources, 0)));
    g_assert_true(open_writer(&w));
    TbRecord record;
    while (tb_reader_next(reader, 0, &record, NULL) == TB_READ_RECORD) {
      TbItem item = item_of(&record);
      g_assert_true(tb_writer_event(w.writer, &item, NULL));
    }
    const GByteArray *bytes = finish(&w);
    g_assert_cmpmem(bytes->data, bytes->len, file.data, file.len);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/pcap/writer/layout", test_layout);
  g_test_add_func("/pcap/writer/resolution", test_resolution);
  g_test_add_func("/pcap/writer/several-link-types", test_several_link_types);
  g_test_add_func("/pcap/writer/many-link-types", test_many_link_types);
  g_test_add_func("/pcap/writer/empty-interface", test_empty_interface);
  g_test_add_func("/pcap/writer/no-packet-source", test_no_packet_source);
  g_test_add_func("/pcap/writer/large-link-type", test_large_link_type);
  g_test_add_func("/pcap/writer/times", test_times);
  g_test_add_func("/pcap/writer/inexact", test_inexact);
  g_test_add_func("/pcap/writer/stripped", test_stripped);
  g_test_add_func("/pcap/writer/too-large", test_too_large);
  g_test_add_func("/pcap/writer/header-words", test_header_words);
  g_test_add_func("/pcap/writer/round-trip", test_round_trip);
  return g_test_run();
}
