/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ticks of every resolution to nanoseconds and back. */
#include "pcapng/pcapng-time.h"

#include <glib.h>

static void test_to_ns(void)
{
  static const struct {
    guint8 tsresol;
    gint64 offset_s;
    guint64 ticks;
    gint64 ns;
    gboolean exact;
  } cases[] = {
    { 0, 0, 7, G_GINT64_CONSTANT(7000000000), TRUE },
    { 6, 0, 1700000000123456, G_GINT64_CONSTANT(1700000000123456000), TRUE },
    { 9, 0, G_MAXUINT64, G_MAXINT64, FALSE },
    { 9, 0, G_MAXINT64, G_MAXINT64, TRUE },
    { 9, -1, 5, -999999995, TRUE },
    { 9, G_MAXINT64, 1, G_MAXINT64, FALSE },
    { 9, G_MININT64, 1, G_MININT64, FALSE },
    { 12, 0, G_MAXUINT64, G_GINT64_CONSTANT(18446744073709551), FALSE }, /* 213 days */
    { 12, 1700000000, 999, G_GINT64_CONSTANT(1700000000000000000), FALSE },
    { 19, 0, G_MAXUINT64, 1844674407, FALSE },
    { 28, 0, G_MAXUINT64, 1, FALSE },
    { 29, 0, G_MAXUINT64, 0, FALSE },
    { 127, 0, G_MAXUINT64, 0, FALSE },
    { 127, 0, 0, 0, TRUE },
    { 0x80, 0, 3, 3000000000, TRUE },
    { 0x8a, 0, 1, 976562, FALSE },
    { 0x8a, 0, 512, 500000000, TRUE },
    { 0xa0, 0, (guint64)5 << 31, 2500000000, TRUE },
    { 0xbf, 0, G_MAXUINT64, 1999999999, FALSE },
    { 0xc0, 0, (guint64)1 << 63, 500000000, TRUE },
    { 0xff, 0, G_MAXUINT64, 0, FALSE },
  };
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    TbPcapngTime time = { cases[i].tsresol, cases[i].offset_s };
    gboolean exact;
    g_assert_cmpint(tb_pcapng_time_to_ns(&time, cases[i].ticks, &exact), ==, cases[i].ns);
    g_assert_cmpint(exact, ==, cases[i].exact);
  }
}

/* The first tick that is not before a time: never earlier, and less than one tick later. */
static void test_from_ns(void)
{
  static const guint8 resolutions[] = { 0, 3, 6, 9, 10, 0x80, 0x8a, 0x94, 0xa0, 0xa2 };
  g_autoptr(GRand) rand = g_rand_new_with_seed(5);
  for (guint i = 0; i < 2000; i++) {
    TbPcapngTime time = { resolutions[i % G_N_ELEMENTS(resolutions)],
                          g_rand_int_range(rand, -1000, 1000) };
    gint64 ns = 1000000000000 + (gint64)g_rand_int(rand) * 100000;
    guint64 ticks = tb_pcapng_time_from_ns(&time, ns);
    gboolean exact;
    gint64 back = tb_pcapng_time_to_ns(&time, ticks, &exact);
    g_assert_cmpint(back + !exact, >=, ns);
    g_assert_cmpint(tb_pcapng_time_to_ns(&time, ticks - 1, &exact), <, ns);
    /* A time that is a tick's own comes back as that tick. */
    if (time.tsresol <= 9)
      g_assert_cmpuint(tb_pcapng_time_from_ns(&time, back), ==, ticks);
  }
  TbPcapngTime time = { 9, 100 };
  g_assert_cmpuint(tb_pcapng_time_from_ns(&time, 5), ==, 0);
  time = (TbPcapngTime){ 12, 0 };
  g_assert_cmpuint(tb_pcapng_time_from_ns(&time, G_MAXINT64), ==, G_MAXUINT64);
  time = (TbPcapngTime){ 0xff, 0 };
  g_assert_cmpuint(tb_pcapng_time_from_ns(&time, 1), ==, G_MAXUINT64);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/pcapng/time/to-nanoseconds", test_to_ns);
  g_test_add_func("/pcapng/time/from-nanoseconds", test_from_ns);
  return g_test_run();
}
