/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reader of classic pcap files: every magic, every rule, every cut. */
#include "pcap/pcap.h"

#include "support/pcap-build.h"

#include <string.h>

static const guint32 magics[] = { 0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34, 0x1c0001ac, 0x1c0001ab };

static gboolean is_ns(guint32 magic)
{
  return magic == 0xa1b23c4d || magic == 0x1c0001ac;
}

/* A reader over a buffer of its own. */
typedef struct {
  TbDamageLog *damage;
  TbReader *reader;
  GError *error;
} Opened;

static Opened open_bytes(const void *bytes, gsize len)
{
  Opened o = { .damage = tb_damage_log_new(100) };
  TbInput *input = tb_input_new_memory("dir/eth7.pcap", bytes, len);
  o.reader = tb_reader_open(&tb_pcap_reader, input, tb_limits_default(), o.damage, &o.error);
  g_assert_cmpint(o.reader == NULL, ==, o.error != NULL);
  return o;
}

static Opened open_buf(const TbBuf *buf)
{
  return open_bytes(buf->data, buf->len);
}

static void opened_clear(Opened *o)
{
  tb_reader_free(o->reader);
  tb_damage_log_free(o->damage);
  g_clear_error(&o->error);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Opened, opened_clear)

static TbSource *source_of(const Opened *o)
{
  g_assert_cmpuint(o->reader->sources->len, ==, 1);
  return g_ptr_array_index(o->reader->sources, 0);
}

static TbReadResult next(Opened *o, TbRecord *event)
{
  g_clear_error(&o->error);
  return tb_reader_next(o->reader, 0, event, &o->error);
}

/* Reads to the end; Returns: how many packets. @last: what came behind them */
static guint read_all(Opened *o, TbReadResult *last)
{
  TbRecord event;
  guint n = 0;
  *last = TB_READ_END;
  for (;;) {
    TbReadResult result = next(o, &event);
    if (result == TB_READ_END)
      return n;
    if (result != TB_READ_RECORD)
      *last = result;
    else
      n++;
    if (result == TB_READ_ERROR) {
      g_assert_nonnull(o->error);
      GError *kept = g_steal_pointer(&o->error);
      g_assert_cmpint(next(o, &event), ==, TB_READ_END);
      o->error = kept;
      return n;
    }
  }
}

static const TbDamage *only_damage(const Opened *o)
{
  g_assert_cmpuint(tb_damage_log_get_n(o->damage), ==, 1);
  return g_ptr_array_index(tb_damage_log_get_entries(o->damage), 0);
}

static void check_magic(guint32 magic, gboolean big)
{
  g_auto(TbBuf) file = { 0 };
  PcapBuild build = pcap_build_init(magic, big);
  guint32 unit = is_ns(magic) ? 1 : 1000;
  pcap_build_header(&file, &build);
  gsize first_off = file.len;
  pcap_build_packet(&file, &build, 1700000000, 123456, 60, 1);
  gsize second_off = file.len;
  pcap_build_record(&file, &build, 4294967295u, 999999999 / unit, 20, 1514, 20, 2);
  g_auto(Opened) o = open_buf(&file);
  TbSource *source = source_of(&o);
  g_assert_cmpint(source->class, ==, TB_SOURCE_PACKETS);
  g_assert_cmpstr(source->name, ==, "eth7");
  g_assert_cmpstr(source->file, ==, "eth7.pcap");
  g_assert_cmpuint(strlen(source->key), ==, 8);
  g_assert_cmpuint(source->link.type, ==, 1);
  g_assert_cmpuint(source->link.snaplen, ==, 65535);
  g_assert_cmpuint(source->clock.tsresol, ==, is_ns(magic) ? 9 : 6);
  g_assert_cmpint(source->clock.axis.clock, ==, TB_CLOCK_REALTIME);
  g_assert_true(source->clock.axis.realtime);
  TbRecord event;
  g_assert_cmpint(next(&o, &event), ==, TB_READ_RECORD);
  g_assert_cmpint(event.kind, ==, TB_RECORD_PACKET);
  g_assert_true(event.source == source);
  g_assert_cmpint(event.time.ns, ==, G_GINT64_CONSTANT(1700000000000000000) + 123456 * unit);
  g_assert_cmpuint(event.len, ==, 60);
  g_assert_cmpuint(event.orig_len, ==, 60);
  g_assert_cmpuint(event.data[0], ==, 1);
  g_assert_cmpuint(event.data[59], ==, 60);
  g_assert_cmpuint(event.sequence, ==, 0);
  g_assert_cmpuint(event.offset, ==, first_off);
  g_assert_cmpuint(event.cpu, ==, TB_CPU_NONE);
  g_assert_cmpint(event.tid, ==, -1);
  g_assert_null(event.payload);
  g_assert_cmpuint(event.flags, ==,
                   magic == 0xa1b2cd34 ? TB_RECORD_INBOUND | TB_RECORD_BROADCAST : 0u);
  g_assert_cmpint(next(&o, &event), ==, TB_READ_RECORD);
  g_assert_cmpint(event.time.ns, ==,
                  G_GINT64_CONSTANT(4294967295) * 1000000000 + 999999999 / unit * unit);
  g_assert_cmpuint(event.len, ==, 20);
  g_assert_cmpuint(event.orig_len, ==, 1514);
  g_assert_cmpuint(event.sequence, ==, 1);
  g_assert_cmpuint(event.offset, ==, second_off);
  g_assert_cmpint(next(&o, &event), ==, TB_READ_END);
  g_assert_cmpuint(tb_reader_position(o.reader), ==, file.len);
  g_assert_cmpuint(source->counts.records, ==, 2);
  g_assert_cmpuint(tb_damage_log_get_n(o.damage), ==, 0);
}

static void test_every_magic(void)
{
  for (guint i = 0; i < G_N_ELEMENTS(magics); i++) {
    check_magic(magics[i], FALSE);
    check_magic(magics[i], TRUE);
  }
}

static void test_probe(void)
{
  for (guint i = 0; i < G_N_ELEMENTS(magics); i++) {
    guint8 bytes[4];
    for (guint big = 0; big < 2; big++) {
      tb_put_u32(bytes, magics[i], big);
      g_assert_cmpuint(tb_pcap_reader.probe(bytes, 4), ==, 32);
      g_assert_cmpuint(tb_pcap_reader.probe(bytes, 3), ==, 0);
      bytes[2] ^= 0x40;
      g_assert_cmpuint(tb_pcap_reader.probe(bytes, 4), ==, 0);
    }
  }
  g_assert_cmpuint(tb_pcap_reader.probe((const guint8 *)"\x0a\x0d\x0d\x0a", 4), ==, 0);
}

/* Lengths as the file has them, and as they must come out. */
static void check_lengths(guint16 major, guint16 minor, guint32 first, guint32 second,
                          guint32 caplen, guint32 len)
{
  g_auto(TbBuf) file = { 0 };
  PcapBuild build = pcap_build_init(0xa1b2c3d4, FALSE);
  build.major = major;
  build.minor = minor;
  pcap_build_header(&file, &build);
  pcap_build_record(&file, &build, 1, 2, first, second, caplen, 0);
  g_auto(Opened) o = open_buf(&file);
  TbRecord event;
  g_assert_cmpint(next(&o, &event), ==, TB_READ_RECORD);
  g_assert_cmpuint(event.len, ==, caplen);
  g_assert_cmpuint(event.orig_len, ==, len);
  g_assert_cmpint(next(&o, &event), ==, TB_READ_END);
}

static void test_versions(void)
{
  check_lengths(2, 4, 40, 90, 40, 90);
  check_lengths(2, 4, 90, 40, 90, 40); /* len below caplen is kept as it is */
  check_lengths(2, 3, 40, 90, 40, 90);
  check_lengths(2, 3, 90, 40, 40, 90);
  for (guint16 minor = 0; minor < 3; minor++)
    check_lengths(2, minor, 90, 40, 40, 90);
  check_lengths(543, 0, 90, 40, 40, 90);
  static const guint16 refused[][2] = { { 2, 5 }, { 1, 4 }, { 3, 0 }, { 543, 1 }, { 0, 0 } };
  for (guint i = 0; i < G_N_ELEMENTS(refused); i++) {
    g_auto(TbBuf) file = { 0 };
    PcapBuild build = pcap_build_init(0xa1b2c3d4, TRUE);
    build.major = refused[i][0];
    build.minor = refused[i][1];
    pcap_build_header(&file, &build);
    g_auto(Opened) o = open_buf(&file);
    g_assert_error(o.error, TB_ERROR, TB_ERROR_UNSUPPORTED);
    g_assert_cmpuint(tb_error_get_offset(o.error), ==, 4);
  }
}

static void check_link_word(guint32 word, guint32 link_type, gint fcs_bits)
{
  g_auto(TbBuf) file = { 0 };
  PcapBuild build = pcap_build_init(0xa1b2c3d4, TRUE);
  build.link_word = word;
  pcap_build_header(&file, &build);
  g_auto(Opened) o = open_buf(&file);
  const TbSource *source = source_of(&o);
  g_assert_cmpuint(source->link.type, ==, link_type);
  g_assert_cmpint(source->link.fcs_bits, ==, fcs_bits);
}

static void test_link_word(void)
{
  check_link_word(1, 1, -1);
  check_link_word(12, 101, -1);
  check_link_word(14, 101, -1);
  check_link_word(276, 276, -1);
  check_link_word(0x24000001, 1, 32);
  check_link_word(0x04000001, 1, 0);
  check_link_word(0xf4000001, 1, 240);
  check_link_word(0x20000001, 1, -1); /* a length without the bit that makes it valid */
  check_link_word(0x03ff0071, 113, -1);
}

static void test_fraction_carries(void)
{
  g_auto(TbBuf) file = { 0 };
  PcapBuild build = pcap_build_init(0xa1b2c3d4, FALSE);
  pcap_build_header(&file, &build);
  pcap_build_packet(&file, &build, 100, 999999, 4, 0);
  gsize bad_off = file.len;
  pcap_build_packet(&file, &build, 100, 1000000, 4, 0);
  pcap_build_packet(&file, &build, 4294967295u, 4294967295u, 4, 0);
  g_auto(Opened) o = open_buf(&file);
  static const gint64 times[] = { 100999999, 101000000, G_GINT64_CONSTANT(4294967295) * 1000000
                                                            + 4294967295 };
  for (guint pass = 0; pass < 2; pass++) {
    TbRecord event;
    for (guint i = 0; i < 3; i++) {
      g_assert_cmpint(next(&o, &event), ==, TB_READ_RECORD);
      g_assert_cmpint(event.time.ns, ==, times[i] * 1000);
      g_assert_cmpuint(event.flags, ==, 0);
    }
    g_assert_cmpint(next(&o, &event), ==, TB_READ_END);
    g_assert_cmpint(next(&o, &event), ==, TB_READ_END);
    const TbDamage *damage = only_damage(&o);
    g_assert_cmpuint(damage->offset, ==, bad_off + 4);
    g_assert_cmpuint(damage->lost, ==, 0);
    g_assert_nonnull(strstr(damage->text, "in 2 records"));
    g_assert_true(tb_reader_rewind(o.reader, NULL));
  }
}

static void check_snaplen(guint32 in_file, guint32 caplen, guint32 shown)
{
  g_auto(TbBuf) file = { 0 };
  PcapBuild build = pcap_build_init(0xa1b2c3d4, FALSE);
  build.snaplen = in_file;
  pcap_build_header(&file, &build);
  pcap_build_packet(&file, &build, 1, 1, caplen, 0);
  g_auto(Opened) o = open_buf(&file);
  TbReadResult last;
  g_assert_cmpuint(read_all(&o, &last), ==, 1);
  g_assert_cmpuint(source_of(&o)->link.snaplen, ==, shown);
}

static void test_snaplen(void)
{
  check_snaplen(0, 100, 0);
  check_snaplen(G_MAXUINT32, 100, G_MAXUINT32);
  check_snaplen(96, 96, 96);
  check_snaplen(96, 100, 100); /* a reader of our output must not cut it */
}

static void test_empty_packet(void)
{
  g_auto(TbBuf) file = { 0 };
  PcapBuild build = pcap_build_init(0xa1b23c4d, TRUE);
  pcap_build_header(&file, &build);
  pcap_build_record(&file, &build, 1, 1, 0, 1000, 0, 0);
  pcap_build_record(&file, &build, 1, 1, 0, 0, 0, 0);
  g_auto(Opened) o = open_buf(&file);
  TbRecord event;
  g_assert_cmpint(next(&o, &event), ==, TB_READ_RECORD);
  g_assert_cmpuint(event.len, ==, 0);
  g_assert_cmpuint(event.orig_len, ==, 1000);
  g_assert_cmpint(next(&o, &event), ==, TB_READ_RECORD);
  g_assert_cmpint(next(&o, &event), ==, TB_READ_END);
}

static void check_insane(guint32 link_type, guint32 caplen, guint16 minor, guint field)
{
  g_auto(TbBuf) file = { 0 };
  PcapBuild build = pcap_build_init(0xa1b2c3d4, FALSE);
  build.link_word = link_type;
  build.minor = minor;
  pcap_build_header(&file, &build);
  for (guint i = 0; i < 20; i++)
    pcap_build_packet(&file, &build, i, 0, 50, 0);
  gsize bad_off = file.len;
  pcap_build_record(&file, &build, 21, 0, caplen, caplen, 100, 0);
  g_auto(Opened) o = open_buf(&file);
  for (guint pass = 0; pass < 2; pass++) {
    TbReadResult last;
    g_assert_cmpuint(read_all(&o, &last), ==, 20);
    g_assert_cmpint(last, ==, TB_READ_ERROR);
    g_assert_error(o.error, TB_ERROR, TB_ERROR_CORRUPT);
    g_assert_cmpuint(tb_error_get_offset(o.error), ==, bad_off + field);
    g_assert_cmpuint(source_of(&o)->counts.damaged, ==, 1);
    g_assert_true(tb_reader_rewind(o.reader, NULL));
  }
}

static void test_insane_length(void)
{
  check_insane(1, 0x7fffffff, 4, 8);
  check_insane(1, G_MAXUINT32, 4, 8);
  check_insane(1, 262145, 4, 8);
  check_insane(1, 262145, 2, 12);
  check_insane(231, (128u << 20) + 1, 4, 8);
}

/* D-Bus messages are larger than packets of networks; windows grow for them. */
static void test_jumbo(void)
{
  g_auto(TbBuf) file = { 0 };
  PcapBuild build = pcap_build_init(0xa1b2c3d4, FALSE);
  build.link_word = 231;
  pcap_build_header(&file, &build);
  pcap_build_packet(&file, &build, 1, 0, 300000, 3);
  pcap_build_packet(&file, &build, 2, 0, 10, 4);
  pcap_build_packet(&file, &build, 3, 0, 262144, 5);
  g_auto(Opened) o = open_buf(&file);
  TbRecord event;
  static const guint32 lens[] = { 300000, 10, 262144 };
  for (guint i = 0; i < 3; i++) {
    g_assert_cmpint(next(&o, &event), ==, TB_READ_RECORD);
    g_assert_cmpuint(event.len, ==, lens[i]);
    g_assert_cmpuint(event.data[0], ==, i + 3);
    g_assert_cmpuint(event.data[lens[i] - 1], ==, (lens[i] - 1 + i + 3) & 0xff);
  }
  g_assert_cmpint(next(&o, &event), ==, TB_READ_END);
}

/* Where a cut file ends, seen from the record it is cut in. */
typedef struct {
  guint whole;
  gsize record_off;
  gsize data_off;
} Cut;

static void check_cut(const TbBuf *file, gsize len, const PcapBuild *build, Cut cut)
{
  /* A copy of exact size, so that a read beyond the cut is seen by the sanitizer. */
  g_autofree guint8 *copy = g_memdup2(file->data, MAX(len, 1));
  g_auto(Opened) o = open_bytes(copy, len);
  if (len < pcap_build_header_bytes(build)) {
    g_assert_error(o.error, TB_ERROR, TB_ERROR_TRUNCATED);
    g_assert_cmpuint(tb_error_get_offset(o.error), ==, 0);
    return;
  }
  for (guint pass = 0; pass < 2; pass++) {
    TbReadResult last;
    g_assert_cmpuint(read_all(&o, &last), ==, cut.whole);
    if (len == cut.record_off) {
      g_assert_cmpint(last, ==, TB_READ_END);
      g_assert_cmpuint(tb_damage_log_get_n(o.damage), ==, 0);
    } else {
      const TbDamage *damage = only_damage(&o);
      g_assert_cmpint(last, ==, TB_READ_DAMAGED);
      g_assert_cmpint(damage->code, ==, TB_ERROR_TRUNCATED);
      g_assert_cmpuint(damage->offset, ==, len < cut.data_off ? cut.record_off : cut.data_off);
      g_assert_cmpuint(damage->skipped_bytes, ==, len - cut.record_off);
      g_assert_cmpuint(damage->lost, ==, 1);
      g_assert_cmpuint(source_of(&o)->counts.damaged, ==, 1);
    }
    g_assert_cmpuint(source_of(&o)->counts.records, ==, cut.whole);
    g_assert_true(tb_reader_rewind(o.reader, NULL));
  }
}

static void test_cut_at_every_byte(void)
{
  for (guint m = 0; m < 2 * G_N_ELEMENTS(magics); m++) {
    PcapBuild build = pcap_build_init(magics[m / 2], m % 2);
    g_auto(TbBuf) file = { 0 };
    pcap_build_header(&file, &build);
    gsize ends[5] = { file.len };
    for (guint i = 0; i < 4; i++) {
      pcap_build_packet(&file, &build, i + 1, i, 7 * i, (guint8)i);
      ends[i + 1] = file.len;
    }
    for (gsize len = 0; len <= file.len; len++) {
      Cut cut = { .record_off = ends[0] };
      while (cut.whole < 4 && ends[cut.whole + 1] <= len)
        cut.record_off = ends[++cut.whole];
      cut.data_off = cut.record_off + pcap_build_record_bytes(&build);
      check_cut(&file, len, &build, cut);
    }
  }
}

static void test_unordered(void)
{
  static const guint32 seconds[] = { 10, 11, 9, 9, 12, 8 };
  g_auto(TbBuf) file = { 0 };
  PcapBuild build = pcap_build_init(0xa1b2c3d4, FALSE);
  pcap_build_header(&file, &build);
  for (guint i = 0; i < G_N_ELEMENTS(seconds); i++)
    pcap_build_packet(&file, &build, seconds[i], 0, 4, 0);
  g_auto(Opened) o = open_buf(&file);
  for (guint pass = 0; pass < 2; pass++) {
    TbReadResult last;
    g_assert_cmpuint(read_all(&o, &last), ==, 6);
    const TbSourceCounts *counts = &source_of(&o)->counts;
    g_assert_cmpuint(counts->unordered, ==, 2);
    g_assert_cmpuint(counts->records, ==, 6);
    g_assert_cmpint(counts->first_ns, ==, G_GINT64_CONSTANT(8000000000));
    g_assert_cmpint(counts->last_ns, ==, G_GINT64_CONSTANT(12000000000));
    g_assert_true(tb_reader_rewind(o.reader, NULL));
    g_assert_cmpuint(counts->records, ==, 0); /* a pass counts from the start */
  }
}

/* The key is one of the packets, not of how the file stores them. */
static void test_key(void)
{
  g_autofree char *first = NULL;
  for (guint m = 0; m < 2 * G_N_ELEMENTS(magics); m++) {
    g_auto(TbBuf) file = { 0 };
    PcapBuild build = pcap_build_init(magics[m / 2], m % 2);
    pcap_build_header(&file, &build);
    for (guint32 i = 0; i < 18; i++)
      pcap_build_packet(&file, &build, i, is_ns(magics[m / 2]) ? 5000 : 5, 33, (guint8)i);
    g_auto(Opened) o = open_buf(&file);
    if (!first)
      first = g_strdup(source_of(&o)->key);
    g_assert_cmpstr(source_of(&o)->key, ==, first);
  }
}

static void test_modified_flags(void)
{
  static const guint32 flags[7] = {
    TB_RECORD_INBOUND | TB_RECORD_UNICAST,   TB_RECORD_INBOUND | TB_RECORD_BROADCAST,
    TB_RECORD_INBOUND | TB_RECORD_MULTICAST, TB_RECORD_INBOUND | TB_RECORD_PROMISCUOUS,
    TB_RECORD_OUTBOUND,
  };
  g_auto(TbBuf) file = { 0 };
  PcapBuild build = pcap_build_init(0xa1b2cd34, TRUE);
  pcap_build_header(&file, &build);
  for (guint8 type = 0; type < 7; type++)
    pcap_build_packet(&file, &build, type, 0, 4, type);
  g_auto(Opened) o = open_buf(&file);
  for (guint type = 0; type < 7; type++) {
    TbRecord event;
    g_assert_cmpint(next(&o, &event), ==, TB_READ_RECORD);
    g_assert_cmpuint(event.flags, ==, flags[type]);
    g_assert_null(event.payload);
  }
}

/* Bytes changed at random: whatever comes out, it ends and stays within the file. */
static void test_mutations(void)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed(4242);
  for (guint round = 0; round < 3000; round++) {
    g_auto(TbBuf) file = { 0 };
    PcapBuild build = pcap_build_init(magics[round % 5], round / 5 % 2);
    pcap_build_header(&file, &build);
    for (guint32 i = 0; i < 5; i++)
      pcap_build_packet(&file, &build, i, i, 11 * i, (guint8)i);
    guint changes = 1 + (guint)g_rand_int_range(rand, 0, 4);
    for (guint i = 0; i < changes; i++)
      file.data[g_rand_int_range(rand, 4, (gint32)file.len)] = (guint8)g_rand_int(rand);
    g_autofree guint8 *copy = g_memdup2(file.data, file.len);
    g_auto(Opened) o = open_bytes(copy, file.len);
    if (!o.reader)
      continue;
    TbReadResult last;
    guint n = read_all(&o, &last);
    g_assert_cmpuint(n, <=, file.len / 16);
    g_assert_true(tb_reader_rewind(o.reader, NULL));
    g_assert_cmpuint(read_all(&o, &last), ==, n);
  }
}

static void add_fact(gpointer data, const char *key, const char *value)
{
  g_string_append_printf(data, "%s=%s;", key, value);
}

static void test_describe(void)
{
  g_auto(TbBuf) file = { 0 };
  PcapBuild build = pcap_build_init(0xa1b23c4d, TRUE);
  build.link_word = 0x24000001;
  pcap_build_header(&file, &build);
  g_auto(Opened) o = open_buf(&file);
  g_autoptr(GString) facts = g_string_new(NULL);
  tb_pcap_reader.describe(o.reader, add_fact, facts);
  g_assert_cmpstr(facts->str, ==,
                  "version=2.4;variant=standard;byte order=big-endian;resolution=nanoseconds;"
                  "link type=1 (Ethernet);snaplen=65535;frame check sequence=32 bits;");
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/pcap/reader/every-magic", test_every_magic);
  g_test_add_func("/pcap/reader/probe", test_probe);
  g_test_add_func("/pcap/reader/versions", test_versions);
  g_test_add_func("/pcap/reader/link-word", test_link_word);
  g_test_add_func("/pcap/reader/fraction-carries", test_fraction_carries);
  g_test_add_func("/pcap/reader/snaplen", test_snaplen);
  g_test_add_func("/pcap/reader/empty-packet", test_empty_packet);
  g_test_add_func("/pcap/reader/insane-length", test_insane_length);
  g_test_add_func("/pcap/reader/jumbo", test_jumbo);
  g_test_add_func("/pcap/reader/cut-at-every-byte", test_cut_at_every_byte);
  g_test_add_func("/pcap/reader/unordered", test_unordered);
  g_test_add_func("/pcap/reader/key", test_key);
  g_test_add_func("/pcap/reader/modified-flags", test_modified_flags);
  g_test_add_func("/pcap/reader/mutations", test_mutations);
  g_test_add_func("/pcap/reader/describe", test_describe);
  return g_test_run();
}
