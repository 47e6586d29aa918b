/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pages and records: every kind of record and every rule of their times. */
#include "support/dat-reading.h"

#include <string.h>

static const guint32 page_sizes[] = { 4096, 8192, 16384, 65536 };

/* One file around the pages of CPU 0. */
static DatReading *read_pages(const DatShape *shape, DatPages *pages)
{
  g_autoptr(DatFile) file = dat_file_new(shape);
  dat_file_buffer(file, "", shape->version == 7 ? "mono" : NULL, pages->page_size);
  dat_file_cpu(file, 0, pages);
  return dat_reading_file(file);
}

static DatReading *read_page(void (*fill)(DatPages *pages))
{
  DatShape shape = dat_shape();
  DatPages *pages = dat_pages_new(&shape, shape.page_size);
  fill(pages);
  return read_pages(&shape, pages);
}

/* Every shape a recording can have; @check is called with each. */
static void for_shapes(void (*check)(const DatShape *shape))
{
  static const char *const compressions[] = { "none", "zlib", "zstd" };
  for (guint i = 0; i < 4 * 2 * 2 * 2 * 4; i++) {
    DatShape shape = dat_shape();
    guint how = i % 4;
    shape.version = how == 3 ? 6 : 7;
    shape.compression = how == 3 ? "none" : compressions[how];
    shape.big = i / 4 % 2;
    shape.user_long = i / 8 % 2 ? 4 : 8;
    shape.kernel_long = i / 16 % 2 ? 4 : 8;
    shape.page_size = page_sizes[i / 32];
    shape.count_in_size = shape.user_long == 4;
    check(&shape);
  }
}

static void check_shape(const DatShape *shape)
{
  g_autoptr(GString) expected = g_string_new(NULL);
  DatPages *pages = dat_pages_new(shape, shape->page_size);
  guint32 value = 0;
  for (guint p = 0; p < 5; p++) {
    dat_pages_begin(pages, 1000000 * (p + 1));
    for (guint i = 0; i < 20; i++) {
      if (i % 2)
        dat_pages_tick(pages, 10, value);
      else
        dat_pages_long_event(pages, 10, DAT_TICK, 7, value, i);
      g_string_append_printf(expected, "0 %u %u\n", 1000000 * (p + 1) + 10 * (i + 1), value++);
    }
  }
  g_autoptr(DatReading) reading = read_pages(shape, pages);
  dat_reading_clean(reading);
  g_assert_cmpstr(reading->lines->str, ==, expected->str);
  g_assert_cmpuint(dat_reading_source(reading, 0)->counts.records, ==, value);
}

static void test_shapes(void)
{
  for_shapes(check_shape);
}

static void fill_all_kinds(DatPages *p)
{
  dat_pages_begin(p, 1000);
  dat_pages_tick(p, 0, 1);
  dat_pages_event(p, 5, DAT_TICK, 7, 2, 100); /* type_len 28, the longest short record */
  dat_pages_long_event(p, 5, DAT_TICK, 7, 3, 5);
  dat_pages_discard(p, 7, 20);
  dat_pages_tick(p, 3, 4);
  dat_pages_extend(p, (1ull << 35) + 77);
  dat_pages_tick(p, 1, 5);
  dat_pages_stamp(p, 1ull << 40);
  dat_pages_tick(p, 2, 6);
  dat_pages_pad(p);
}

static void test_kinds(void)
{
  g_autoptr(DatReading) r = read_page(fill_all_kinds);
  dat_reading_clean(r);
  g_autofree char *expected = g_strdup_printf(
      "0 1000 1\n0 1005 2\n0 1010 3\n0 1020 4\n0 %" G_GUINT64_FORMAT " 5\n0 %" G_GUINT64_FORMAT
      " 6\n", 1020 + (G_GUINT64_CONSTANT(1) << 35) + 78, (G_GUINT64_CONSTANT(1) << 40) + 2);
  g_assert_cmpstr(r->lines->str, ==, expected);
  g_assert_cmpuint(dat_reading_source(r, 0)->counts.discarded, ==, 1);
}

static void fill_big_extend(DatPages *p)
{
  dat_pages_begin(p, 5);
  dat_pages_extend(p, (1ull << 55) + 3); /* as large as is believed */
  dat_pages_tick(p, 1, 1);
}

static void test_extend_beyond_32_bits(void)
{
  g_autoptr(DatReading) r = read_page(fill_big_extend);
  dat_reading_clean(r);
  g_assert_cmpstr(r->lines->str, ==, "0 36028797018963977 1\n");
}

/* An epoch clock passes 59 bits: the top five bits come from the running time. */
static void fill_epoch(DatPages *p)
{
  dat_pages_begin(p, G_GUINT64_CONSTANT(1792479743555000000));
  dat_pages_stamp(p, G_GUINT64_CONSTANT(1792479743556000000));
  dat_pages_tick(p, 1, 1);
}

static void test_stamp_epoch(void)
{
  g_autoptr(DatReading) r = read_page(fill_epoch);
  dat_reading_clean(r);
  g_assert_cmpstr(r->lines->str, ==, "0 1792479743556000001 1\n");
}

/* The 59 bits roll over between page and stamp: one more of the top bits is needed. */
static void fill_rollover(DatPages *p)
{
  guint64 edge = 3ull << 59;
  dat_pages_begin(p, edge - 10);
  dat_pages_stamp(p, edge + 5);
  dat_pages_tick(p, 1, 1);
}

static void test_stamp_rollover(void)
{
  g_autoptr(DatReading) r = read_page(fill_rollover);
  dat_reading_clean(r);
  g_assert_cmpstr(r->lines->str, ==, "0 1729382256910270470 1\n");
}

static void fill_lost(DatPages *p)
{
  dat_pages_begin(p, 100);
  dat_pages_tick(p, 1, 1);
  dat_pages_begin(p, 200);
  dat_pages_tick(p, 1, 2);
  dat_pages_lost(p, TRUE, 1234567);
  dat_pages_begin(p, 300);
  dat_pages_tick(p, 1, 3);
  dat_pages_lost(p, FALSE, 0);
}

static void check_lost(const DatShape *shape)
{
  DatPages *pages = dat_pages_new(shape, shape->page_size);
  fill_lost(pages);
  g_autoptr(DatReading) r = read_pages(shape, pages);
  dat_reading_clean(r);
  g_assert_cmpstr(r->lines->str, ==,
                  "0 101 1\n0 200 lost 1234567\n0 201 2\n0 300 lost 0\n0 301 3\n");
  const TbSourceCounts *counts = &dat_reading_source(r, 0)->counts;
  g_assert_cmpuint(counts->lost, ==, 1234567);
  g_assert_cmpuint(counts->lost_gaps, ==, 2);
  g_assert_cmpuint(counts->lost_unknown, ==, 1);
  g_assert_cmpuint(counts->records, ==, 3);
}

static void test_lost(void)
{
  for_shapes(check_lost);
}

/* A page that holds nothing but the news of a loss, and a loss behind the last event. */
static void fill_lost_alone(DatPages *p)
{
  dat_pages_begin(p, 100);
  dat_pages_lost(p, TRUE, 5);
  dat_pages_begin(p, 200);
  dat_pages_tick(p, 1, 1);
  dat_pages_lost(p, TRUE, 6);
  dat_pages_begin(p, 300);
  dat_pages_lost(p, TRUE, 7);
}

static void test_lost_alone(void)
{
  g_autoptr(DatReading) r = read_page(fill_lost_alone);
  dat_reading_clean(r);
  g_assert_cmpstr(r->lines->str, ==, "0 200 lost 11\n0 201 1\n0 300 lost 7\n");
  g_assert_cmpuint(dat_reading_source(r, 0)->counts.lost, ==, 18);
}

/* What lies behind the committed length is no data, whatever it looks like. */
static void fill_stale(DatPages *p)
{
  dat_pages_begin(p, 100);
  dat_pages_tick(p, 1, 1);
  dat_pages_tick(p, 1, 2);
  dat_pages_tick(p, 1, 3);
  dat_pages_commit(p, 16);
}

static void test_commit(void)
{
  g_autoptr(DatReading) r = read_page(fill_stale);
  dat_reading_clean(r);
  g_assert_cmpstr(r->lines->str, ==, "0 101 1\n");
}

/* A type without a format file: the events stay, as bytes. */
static void fill_unknown(DatPages *p)
{
  dat_pages_begin(p, 100);
  dat_pages_event(p, 1, 77, 7, 1, 0);
  dat_pages_tick(p, 1, 2);
}

static void test_unknown_type(void)
{
  g_autoptr(DatReading) r = read_page(fill_unknown);
  g_assert_cmpstr(r->lines->str, ==, "0 101 event-77\n0 102 2\n");
  dat_reading_damage(r, "event number 77 has no format file");
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/tracecmd/ring/shapes", test_shapes);
  g_test_add_func("/tracecmd/ring/record-kinds", test_kinds);
  g_test_add_func("/tracecmd/ring/extend-beyond-32-bits", test_extend_beyond_32_bits);
  g_test_add_func("/tracecmd/ring/stamp-on-epoch-clock", test_stamp_epoch);
  g_test_add_func("/tracecmd/ring/stamp-rolls-over", test_stamp_rollover);
  g_test_add_func("/tracecmd/ring/lost-events", test_lost);
  g_test_add_func("/tracecmd/ring/lost-on-empty-pages", test_lost_alone);
  g_test_add_func("/tracecmd/ring/stale-bytes-behind-commit", test_commit);
  g_test_add_func("/tracecmd/ring/type-without-format", test_unknown_type);
  return g_test_run();
}
