/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records come out of a spill in order of their keys, however many there were and in whatever order. */
#include "base/spill.h"

typedef struct {
  gint64 key;
  guint64 number;
} Record;

static TbSpill *spill_fill(TbSpillFile *store, guint n, gint64 (*key)(guint i))
{
  TbSpill *spill = tb_spill_new(store, sizeof(Record));
  for (guint i = 0; i < n; i++) {
    Record record = { key(i), i };
    g_assert_true(tb_spill_add(spill, &record, NULL));
  }
  g_assert_true(tb_spill_sort(spill, NULL));
  g_assert_cmpuint(tb_spill_get_n(spill), ==, n);
  return spill;
}

/* All @n records, by key, and those of one key in the order they came. */
static void spill_expect_order(TbSpill *spill, guint n)
{
  TbSpillReader reader;
  g_autofree guint8 *seen = g_new0(guint8, n + 1);
  gint64 last_key = G_MININT64;
  guint64 last_number = 0;
  const Record *record;
  guint count = 0;
  tb_spill_reader_init(&reader, spill, 0);
  while ((record = tb_spill_next(&reader, NULL))) {
    g_assert_cmpint(record->key, >=, last_key);
    if (record->key == last_key)
      g_assert_cmpuint(record->number, >, last_number);
    g_assert_cmpuint(record->number, <, n);
    g_assert_false(seen[record->number]);
    seen[record->number] = TRUE;
    last_key = record->key;
    last_number = record->number;
    count++;
  }
  g_assert_cmpuint(count, ==, n);
  tb_spill_reader_clear(&reader);
}

static gint64 key_rising(guint i)
{
  return i;
}

static gint64 key_falling(guint i)
{
  return -(gint64)i;
}

static gint64 key_random(guint i)
{
  return (gint64)((i * 2654435761u) >> 20) - 2000;
}

/* A little out of order: each is late by up to nine. */
static gint64 key_late(guint i)
{
  return (gint64)i - i * 7 % 10;
}

static gint64 key_equal(guint i)
{
  return 5;
}

static void test_order(void)
{
  static gint64 (*const keys[])(guint) = { key_rising, key_falling, key_random, key_late,
                                           key_equal };
  /* In memory, in the file, and in the file with more runs than are merged at once. */
  static const guint counts[] = { 0, 1, 100, 4097, 200000 };
  for (guint k = 0; k < G_N_ELEMENTS(keys); k++)
    for (guint c = 0; c < G_N_ELEMENTS(counts); c++) {
      TbSpillFile *store = tb_spill_file_new(NULL);
      TbSpill *spill = spill_fill(store, counts[c], keys[k]);
      spill_expect_order(spill, counts[c]);
      tb_spill_free(spill);
      tb_spill_file_free(store);
    }
}

static void test_two_in_one_store(void)
{
  TbSpillFile *store = tb_spill_file_new(NULL);
  TbSpill *a = spill_fill(store, 30000, key_random), *b = spill_fill(store, 30000, key_falling);
  spill_expect_order(a, 30000);
  spill_expect_order(b, 30000);
  tb_spill_free(a);
  tb_spill_free(b);
  tb_spill_file_free(store);
}

static void test_find(void)
{
  TbSpillFile *store = tb_spill_file_new(NULL);
  TbSpill *spill = spill_fill(store, 50000, key_rising);
  static const gint64 keys[] = { -3, 0, 1, 2047, 2048, 4096, 49999 };
  guint64 number;
  for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
    g_assert_true(tb_spill_find(spill, keys[i], &number, NULL));
    g_assert_cmpuint(number, ==, (guint64)MAX(keys[i], 0));
    TbSpillReader reader;
    tb_spill_reader_init(&reader, spill, number);
    const Record *record = tb_spill_next(&reader, NULL);
    g_assert_cmpint(record->key, ==, MAX(keys[i], 0));
    tb_spill_reader_clear(&reader);
  }
  g_assert_true(tb_spill_find(spill, 50000, &number, NULL));
  g_assert_cmpuint(number, ==, 50000);
  tb_spill_free(spill);
  tb_spill_file_free(store);
}

static void test_add_all(void)
{
  TbSpillFile *store = tb_spill_file_new(NULL);
  TbSpill *a = spill_fill(store, 20000, key_random);
  TbSpill *both = tb_spill_new(store, sizeof(Record));
  Record last = { 0, 20000 };
  g_assert_true(tb_spill_add(both, &last, NULL));
  g_assert_true(tb_spill_add_all(both, a, NULL));
  g_assert_true(tb_spill_sort(both, NULL));
  g_assert_cmpuint(tb_spill_get_n(both), ==, 20001);
  tb_spill_free(a);
  tb_spill_free(both);
  tb_spill_file_free(store);
}

/* What does not fit into memory has nowhere to go. */
static void test_no_room(void)
{
  TbSpillFile *store = tb_spill_file_new("/nowhere/at/all");
  TbSpill *spill = tb_spill_new(store, sizeof(Record));
  GError *error = NULL;
  Record record = { 0, 0 };
  while (tb_spill_add(spill, &record, &error))
    g_assert_cmpuint(tb_spill_get_n(spill), <, 1000000);
  g_assert_error(error, TB_ERROR, TB_ERROR_IO);
  g_clear_error(&error);
  tb_spill_free(spill);
  tb_spill_file_free(store);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/spill/order", test_order);
  g_test_add_func("/spill/two-in-one-store", test_two_in_one_store);
  g_test_add_func("/spill/find", test_find);
  g_test_add_func("/spill/add-all", test_add_all);
  g_test_add_func("/spill/no-room", test_no_room);
  return g_test_run();
}
