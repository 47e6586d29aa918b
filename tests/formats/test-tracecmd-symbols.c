/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Addresses become names of symbols. */
#include "tracecmd/tracecmd-symbols.h"

static void test_symbols_ranges(void)
{
  g_autoptr(GBytes) text = g_bytes_new_static("20 T b\n10 T a\n30 t c\tmod [m]\n0 A zero\n", 36);
  g_autoptr(TcSymbols) symbols = tc_symbols_new_kallsyms(text);
  guint64 start = 0;
  g_assert_cmpuint(tc_symbols_get_count(symbols), ==, 3);
  g_assert_cmpstr(tc_symbols_find(symbols, 0x1f, &start), ==, "a");
  g_assert_cmpuint(start, ==, 0x10);
  g_assert_cmpstr(tc_symbols_find(symbols, 0x20, NULL), ==, "b");
  g_assert_cmpstr(tc_symbols_find(symbols, 0x30, NULL), ==, "c");
  g_assert_null(tc_symbols_find(symbols, 0x31, NULL));
  g_assert_null(tc_symbols_find(symbols, 0xf, NULL));
}

static void test_symbols_broken(void)
{
  g_autoptr(GBytes) text = g_bytes_new_static("10 T a\nnothing here\n20 T b\n", 27);
  g_autoptr(TcSymbols) symbols = tc_symbols_new_kallsyms(text);
  g_autoptr(GBytes) none = g_bytes_new_static("", 0);
  g_autoptr(TcSymbols) empty = tc_symbols_new_kallsyms(none);
  g_assert_cmpuint(tc_symbols_get_count(symbols), ==, 1);
  g_assert_cmpuint(tc_symbols_get_count(empty), ==, 0);
  g_assert_null(tc_symbols_find(empty, 1, NULL));
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/tracecmd/text/symbols/ranges", test_symbols_ranges);
  g_test_add_func("/tracecmd/text/symbols/broken", test_symbols_broken);
  return g_test_run();
}
