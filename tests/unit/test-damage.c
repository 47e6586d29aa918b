/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The damage log: what it keeps, what it only counts, and that a second pass adds nothing. */
#include "base/damage.h"

enum { KEPT = 3, PLACES = 1000 };

static void tell(TbDamageLog *log, guint from, guint to)
{
  for (guint i = from; i < to; i++)
    tb_damage_log_add(log, TB_ERROR_CORRUPT, "a.dat", i * 4096u, 16, 1, "piece %u", i);
}

static void test_keeps_first(void)
{
  g_autoptr(TbDamageLog) log = tb_damage_log_new(KEPT);
  tell(log, 0, PLACES);
  const GPtrArray *entries = tb_damage_log_get_entries(log);
  g_assert_cmpuint(tb_damage_log_get_n(log), ==, PLACES);
  g_assert_cmpuint(entries->len, ==, KEPT);
  const TbDamage *last = g_ptr_array_index(entries, KEPT - 1);
  g_assert_cmpstr(last->text, ==, "piece 2");
  g_assert_cmpstr(last->source, ==, "a.dat");
  g_assert_cmpuint(last->offset, ==, 2 * 4096);
  g_assert_cmpuint(last->skipped_bytes, ==, 16);
}

static void test_second_pass(void)
{
  g_autoptr(TbDamageLog) log = tb_damage_log_new(KEPT);
  tb_damage_log_add(log, TB_ERROR_CORRUPT, "b.dat", 8, 0, 0, "found when it was opened");
  tb_damage_log_begin_pass(log);
  tell(log, 0, PLACES - 1);
  tb_damage_log_begin_pass(log);
  tell(log, 0, PLACES - 1);
  g_assert_cmpuint(tb_damage_log_get_n(log), ==, PLACES);
  tell(log, PLACES - 1, PLACES + 4);
  g_assert_cmpuint(tb_damage_log_get_n(log), ==, PLACES + 5);
}

static void test_what_tells_places_apart(void)
{
  g_autoptr(TbDamageLog) log = tb_damage_log_new(8);
  tb_damage_log_add(log, TB_ERROR_CORRUPT, "a.dat", 1, 0, 0, "one");
  tb_damage_log_add(log, TB_ERROR_CORRUPT, "a.dat", 1, 0, 0, "one");
  tb_damage_log_add(log, TB_ERROR_CORRUPT, "b.dat", 1, 0, 0, "another file");
  tb_damage_log_add(log, TB_ERROR_CORRUPT, "a.dat", 2, 0, 0, "another offset");
  tb_damage_log_add(log, TB_ERROR_LIMIT, "a.dat", 1, 0, 0, "another code");
  tb_damage_log_add(log, TB_ERROR_CORRUPT, "a.dat", 1, 0, 0, "something else at this place");
  g_assert_cmpuint(tb_damage_log_get_n(log), ==, 5);
}

static void test_takes_errors(void)
{
  g_autoptr(TbDamageLog) log = tb_damage_log_new(KEPT);
  GError *error = NULL;
  tb_error_set(&error, TB_ERROR_TRUNCATED, "c.dat", 77, "5 bytes, expected 8");
  tb_damage_log_take(log, error, "unused", 5, TB_LOST_UNKNOWN);
  const TbDamage *damage = g_ptr_array_index(tb_damage_log_get_entries(log), 0);
  g_assert_cmpint(damage->code, ==, TB_ERROR_TRUNCATED);
  g_assert_cmpstr(damage->source, ==, "c.dat");
  g_assert_cmpuint(damage->offset, ==, 77);
  g_assert_cmpstr(damage->text, ==, "5 bytes, expected 8");
  g_assert_true(damage->lost == TB_LOST_UNKNOWN);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/base/damage/keeps-first", test_keeps_first);
  g_test_add_func("/base/damage/second-pass", test_second_pass);
  g_test_add_func("/base/damage/what-tells-places-apart", test_what_tells_places_apart);
  g_test_add_func("/base/damage/takes-errors", test_takes_errors);
  return g_test_run();
}
