/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Zones and civil dates, against GDateTime where it can tell. */
#include "base/zone.h"

static void test_civil(void)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed(3);
  for (guint i = 0; i < 20000; i++) {
    /* years 1600 to 2500 */
    gint64 unix_s = (gint64)(g_rand_double(rand) * 28.4e9) - 11676096000;
    g_autoptr(GDateTime) want = g_date_time_new_from_unix_utc(unix_s);
    TbCivil got;
    tb_civil_from_unix(unix_s, &got);
    g_assert_cmpint(got.year, ==, g_date_time_get_year(want));
    g_assert_cmpuint(got.month, ==, (guint)g_date_time_get_month(want));
    g_assert_cmpuint(got.day, ==, (guint)g_date_time_get_day_of_month(want));
    g_assert_cmpuint(got.hour, ==, (guint)g_date_time_get_hour(want));
    g_assert_cmpuint(got.minute, ==, (guint)g_date_time_get_minute(want));
    g_assert_cmpuint(got.second, ==, (guint)g_date_time_get_second(want));
  }
}

static void test_zones(void)
{
  g_autoptr(TbZone) utc = tb_zone_new(NULL);
  g_autoptr(TbZone) east = tb_zone_new("+05:30");
  g_autoptr(TbZone) copy = tb_zone_copy(east);
  g_assert_cmpint(tb_zone_get_offset(utc, 1596221707), ==, 0);
  g_assert_cmpint(tb_zone_get_offset(east, 1596221707), ==, 19800);
  g_assert_cmpint(tb_zone_get_offset(copy, -5), ==, 19800);
  g_assert_null(tb_zone_new("Nowhere/Land"));
}

/* The offset changes at the second it should, also where the one before was kept. */
static void test_summer_time(void)
{
  g_autoptr(TbZone) berlin = tb_zone_new("Europe/Berlin");
  const gint64 begin = 1585443600; /* 2020-03-29 01:00 UTC */
  if (!berlin) {
    g_test_skip("no zone data here");
    return;
  }
  g_assert_cmpint(tb_zone_get_offset(berlin, begin - 1), ==, 3600);
  g_assert_cmpint(tb_zone_get_offset(berlin, begin), ==, 7200);
  g_assert_cmpint(tb_zone_get_offset(berlin, begin + 86400 * 217), ==, 3600);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/base/zone/civil-dates", test_civil);
  g_test_add_func("/base/zone/offsets", test_zones);
  g_test_add_func("/base/zone/summer-time", test_summer_time);
  return g_test_run();
}
