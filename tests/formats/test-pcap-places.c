/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What stands where a record of a pcap file should: zeros, other files, times in other units. */
#include "pcap/pcap.h"

#include "support/pcap-build.h"

#include <string.h>

enum { TODAY = 1700000000 };

typedef struct {
  guint n;
  gint64 times[256];
  guint damage;
  guint8 tsresol;
  guint64 offset;
  char *text;
} Read;

static void read_clear(Read *r)
{
  g_free(r->text);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Read, read_clear)

/* All packets of the second pass; what was told is told once in both. */
static Read read_file(const TbBuf *file)
{
  Read r = { 0 };
  GError *error = NULL;
  g_autoptr(TbDamageLog) damage = tb_damage_log_new(100);
  TbInput *input = tb_input_new_memory("a.pcap", file->data, file->len);
  g_autoptr(TbReader) reader =
      tb_reader_open(&tb_pcap_reader, input, tb_limits_default(), damage, &error);
  g_assert_no_error(error);
  for (guint pass = 0; pass < 2; pass++) {
    TbRecord event;
    TbReadResult result;
    r.n = 0;
    g_assert_true(tb_reader_rewind(reader, NULL));
    while ((result = tb_reader_next(reader, 0, &event, &error)) != TB_READ_END) {
      g_assert_no_error(error);
      if (result == TB_READ_RECORD)
        r.times[r.n++] = event.time.ns;
    }
  }
  r.tsresol = ((TbSource *)g_ptr_array_index(reader->sources, 0))->clock.tsresol;
  r.damage = (guint)tb_damage_log_get_n(damage);
  if (r.damage) {
    const TbDamage *first = g_ptr_array_index(tb_damage_log_get_entries(damage), 0);
    r.offset = first->offset;
    r.text = g_strdup(first->text);
  }
  return r;
}

static void build_packets(TbBuf *out, const PcapBuild *build, guint n, guint32 seconds, guint32 fraction)
{
  for (guint i = 0; i < n; i++)
    pcap_build_packet(out, build, seconds + i, fraction, 60, (guint8)(i + 1));
}

static void test_zeros_at_the_end(void)
{
  for (guint big = 0; big < 2; big++) {
    g_auto(TbBuf) file = { 0 };
    PcapBuild build = pcap_build_init(PCAP_MAGIC_US, big);
    pcap_build_header(&file, &build);
    build_packets(&file, &build, 5, TODAY, 1);
    gsize at = file.len;
    tb_buf_append_fill(&file, 0, 10007);
    g_auto(Read) r = read_file(&file);
    g_assert_cmpuint(r.n, ==, 5);
    g_assert_cmpuint(r.damage, ==, 1);
    g_assert_cmpuint(r.offset, ==, at);
    g_assert_nonnull(strstr(r.text, "10007 zero bytes"));
  }
}

/* A hole of lost sub-blocks: packets go on behind it, wherever it ends. */
static void test_zeros_between(void)
{
  for (guint hole = 16; hole < 48; hole++) {
    g_auto(TbBuf) file = { 0 };
    PcapBuild build = pcap_build_init(PCAP_MAGIC_NS, FALSE);
    pcap_build_header(&file, &build);
    build_packets(&file, &build, 3, TODAY, 12345);
    tb_buf_append_fill(&file, 0, hole);
    build_packets(&file, &build, 4, TODAY + 10, 12345);
    g_auto(Read) r = read_file(&file);
    g_assert_cmpuint(r.n, ==, 7);
    g_assert_cmpuint(r.damage, ==, 1);
  }
}

/* Versions before 2.3 have the lengths the other way round, also behind a hole. */
static void test_zeros_in_an_old_file(void)
{
  g_auto(TbBuf) file = { 0 };
  PcapBuild build = pcap_build_init(PCAP_MAGIC_US, FALSE);
  build.minor = 2;
  pcap_build_header(&file, &build);
  for (guint i = 0; i < 6; i++) {
    if (i == 3)
      tb_buf_append_fill(&file, 0, 40);
    pcap_build_record(&file, &build, TODAY + i, 5, 90, 60, 60, 1);
  }
  g_auto(Read) r = read_file(&file);
  g_assert_cmpuint(r.n, ==, 6);
  g_assert_cmpuint(r.damage, ==, 1);
}

/* As `cat a b >c` and `tcpdump -w - >>c` make them; the second of another byte order and unit. */
static void test_second_capture(void)
{
  g_auto(TbBuf) file = { 0 };
  PcapBuild first = pcap_build_init(PCAP_MAGIC_US, FALSE), second = pcap_build_init(PCAP_MAGIC_NS, TRUE);
  pcap_build_header(&file, &first);
  build_packets(&file, &first, 3, TODAY, 5);
  gsize at = file.len;
  pcap_build_header(&file, &second);
  build_packets(&file, &second, 4, TODAY + 100, 7);
  g_auto(Read) r = read_file(&file);
  g_assert_cmpuint(r.n, ==, 7);
  g_assert_cmpint(r.times[2], ==, (TODAY + 2) * G_GINT64_CONSTANT(1000000000) + 5000);
  g_assert_cmpint(r.times[3], ==, (TODAY + 100) * G_GINT64_CONSTANT(1000000000) + 7);
  g_assert_cmpuint(r.tsresol, ==, 9); /* the writer would cut the second one's times */
  g_assert_cmpuint(r.damage, ==, 1);
  g_assert_cmpuint(r.offset, ==, at);
}

/* One source has one link type: what cannot be read on is named, with the way to read it. */
static void test_second_capture_of_another_kind(void)
{
  static const guint8 pcapng[32] = { 0x0a, 0x0d, 0x0d, 0x0a, 28 };
  for (guint kind = 0; kind < 2; kind++) {
    g_auto(TbBuf) file = { 0 };
    PcapBuild build = pcap_build_init(PCAP_MAGIC_US, FALSE), other = build;
    pcap_build_header(&file, &build);
    build_packets(&file, &build, 3, TODAY, 5);
    gsize at = file.len;
    other.link_word = 101;
    if (kind)
      pcap_build_header(&file, &other);
    else
      tb_buf_append(&file, pcapng, sizeof pcapng);
    g_auto(Read) r = read_file(&file);
    g_assert_cmpuint(r.n, ==, 3);
    g_assert_cmpuint(r.damage, ==, 1);
    g_assert_cmpuint(r.offset, ==, at);
    g_assert_nonnull(strstr(r.text, kind ? "101 (raw IP)" : "a pcapng capture"));
    g_autofree char *tail = g_strdup_printf("tail -c +%zu ", at + 1);
    g_assert_nonnull(strstr(r.text, tail));
  }
}

/* A packet of the year in which its seconds look like a magic is a packet. */
static void test_magic_as_seconds(void)
{
  g_auto(TbBuf) file = { 0 };
  PcapBuild build = pcap_build_init(PCAP_MAGIC_US, FALSE);
  pcap_build_header(&file, &build);
  build_packets(&file, &build, 3, PCAP_MAGIC_US - 1, 5);
  g_auto(Read) r = read_file(&file);
  g_assert_cmpuint(r.n, ==, 3);
  g_assert_cmpuint(r.damage, ==, 0);
}

static void test_units(void)
{
  static const struct {
    guint32 magic;
    guint32 step; /* between fractions */
    gint64 unit_ns;
    guint damage;
  } cases[] = {
    { PCAP_MAGIC_US, 31234567, 1, 1 },   { PCAP_MAGIC_US, 31234, 1000, 0 },
    { PCAP_MAGIC_NS, 31234567, 1, 0 },   { PCAP_MAGIC_NS, 31234, 1000, 1 },
    { PCAP_MAGIC_MODIFIED, 31234567, 1, 1 },
  };
  for (guint c = 0; c < G_N_ELEMENTS(cases); c++) {
    g_auto(TbBuf) file = { 0 };
    PcapBuild build = pcap_build_init(cases[c].magic, FALSE);
    pcap_build_header(&file, &build);
    for (guint i = 0; i < 20; i++)
      pcap_build_packet(&file, &build, TODAY + i, cases[c].step * (i + 1), 60, 1);
    g_auto(Read) r = read_file(&file);
    g_assert_cmpuint(r.n, ==, 20);
    g_assert_cmpuint(r.damage, ==, cases[c].damage);
    for (guint i = 0; i < 20; i++)
      g_assert_cmpint(r.times[i], ==, (TODAY + i) * G_GINT64_CONSTANT(1000000000) +
                                          (gint64)cases[c].step * (i + 1) * cases[c].unit_ns);
  }
}

/* A few broken fractions among good ones are carried over, as they always were. */
static void test_few_bad_fractions(void)
{
  g_auto(TbBuf) file = { 0 };
  PcapBuild build = pcap_build_init(PCAP_MAGIC_US, FALSE);
  pcap_build_header(&file, &build);
  build_packets(&file, &build, 5, TODAY, 5);
  build_packets(&file, &build, 1, TODAY + 6, 1500000);
  g_auto(Read) r = read_file(&file);
  g_assert_cmpint(r.times[5], ==, (TODAY + 7) * G_GINT64_CONSTANT(1000000000) + 500000000);
}

/* Packets without a time stay where they stand among those of today; in a file that begins at 0 all do. */
static void test_untimed(void)
{
  g_auto(TbBuf) file = { 0 }, relative = { 0 };
  PcapBuild build = pcap_build_init(PCAP_MAGIC_US, FALSE);
  pcap_build_header(&file, &build);
  pcap_build_header(&relative, &build);
  build_packets(&file, &build, 1, 0, 0);
  build_packets(&file, &build, 2, TODAY, 5);
  build_packets(&file, &build, 1, 0, 0);
  g_auto(Read) r = read_file(&file);
  g_assert_cmpuint(r.n, ==, 4);
  g_assert_cmpint(r.times[0], ==, r.times[1]);
  g_assert_cmpint(r.times[3], ==, r.times[2]);
  g_assert_cmpuint(r.damage, ==, 1);
  g_assert_nonnull(strstr(r.text, "2 packets"));
  g_auto(TbBuf) finer = { 0 };
  pcap_build_header(&finer, &build);
  build_packets(&finer, &build, 1, 0, 0);
  for (guint i = 1; i < 20; i++)
    pcap_build_packet(&finer, &build, TODAY + i, 12345678 * i, 60, 1);
  g_auto(Read) in_ns = read_file(&finer);
  g_assert_cmpint(in_ns.times[0], ==, in_ns.times[1]);
  build_packets(&relative, &build, 3, 0, 0);
  g_auto(Read) from_zero = read_file(&relative);
  g_assert_cmpint(from_zero.times[0], ==, 0);
  g_assert_cmpuint(from_zero.damage, ==, 0);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/pcap/places/zeros-at-the-end", test_zeros_at_the_end);
  g_test_add_func("/pcap/places/zeros-between", test_zeros_between);
  g_test_add_func("/pcap/places/zeros-in-an-old-file", test_zeros_in_an_old_file);
  g_test_add_func("/pcap/places/second-capture", test_second_capture);
  g_test_add_func("/pcap/places/second-capture-of-another-kind", test_second_capture_of_another_kind);
  g_test_add_func("/pcap/places/magic-as-seconds", test_magic_as_seconds);
  g_test_add_func("/pcap/places/units", test_units);
  g_test_add_func("/pcap/places/few-bad-fractions", test_few_bad_fractions);
  g_test_add_func("/pcap/places/untimed", test_untimed);
  return g_test_run();
}
