/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records come out of a stash in order of their keys, however many there were and in whatever order. */
#include "base/stash.h"

typedef struct {
  gint64 key;
  guint64 number;
} Record;

static TbStash *stash_fill(TbStashStore *store, guint n, gint64 (*key)(guint i))
{
  TbStash *stash = tb_stash_new(store, sizeof(Record));
  for (guint i = 0; i < n; i++) {
    Record record = { key(i), i };
    g_assert_true(tb_stash_add(stash, &record, NULL));
  }
  g_assert_true(tb_stash_sort(stash, NULL));
  g_assert_cmpuint(tb_stash_get_n(stash), ==, n);
  return stash;
}

/* All @n records, by key, and those of one key in the order they came. */
static void stash_expect_order(TbStash *stash, guint n)
{
  TbStashReader reader;
  g_autofree guint8 *seen = g_new0(guint8, n + 1);
  gint64 last_key = G_MININT64;
  guint64 last_number = 0;
  const Record *record;
  guint count = 0;
  tb_stash_reader_init(&reader, stash, 0);
  while ((record = tb_stash_next(&reader, NULL))) {
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
  tb_stash_reader_clear(&reader);
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
      TbStashStore *store = tb_stash_store_new(NULL);
      TbStash *stash = stash_fill(store, counts[c], keys[k]);
      stash_expect_order(stash, counts[c]);
      tb_stash_free(stash);
      tb_stash_store_free(store);
    }
}

static void test_two_in_one_store(void)
{
  TbStashStore *store = tb_stash_store_new(NULL);
  TbStash *a = stash_fill(store, 30000, key_random), *b = stash_fill(store, 30000, key_falling);
  stash_expect_order(a, 30000);
  stash_expect_order(b, 30000);
  tb_stash_free(a);
  tb_stash_free(b);
  tb_stash_store_free(store);
}

static void test_find(void)
{
  TbStashStore *store = tb_stash_store_new(NULL);
  TbStash *stash = stash_fill(store, 50000, key_rising);
  static const gint64 keys[] = { -3, 0, 1, 2047, 2048, 4096, 49999 };
  guint64 number;
  for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
    g_assert_true(tb_stash_find(stash, keys[i], &number, NULL));
    g_assert_cmpuint(number, ==, (guint64)MAX(keys[i], 0));
    TbStashReader reader;
    tb_stash_reader_init(&reader, stash, number);
    const Record *record = tb_stash_next(&reader, NULL);
    g_assert_cmpint(record->key, ==, MAX(keys[i], 0));
    tb_stash_reader_clear(&reader);
  }
  g_assert_true(tb_stash_find(stash, 50000, &number, NULL));
  g_assert_cmpuint(number, ==, 50000);
  tb_stash_free(stash);
  tb_stash_store_free(store);
}

static void test_add_all(void)
{
  TbStashStore *store = tb_stash_store_new(NULL);
  TbStash *a = stash_fill(store, 20000, key_random);
  TbStash *both = tb_stash_new(store, sizeof(Record));
  Record last = { 0, 20000 };
  g_assert_true(tb_stash_add(both, &last, NULL));
  g_assert_true(tb_stash_add_all(both, a, NULL));
  g_assert_true(tb_stash_sort(both, NULL));
  g_assert_cmpuint(tb_stash_get_n(both), ==, 20001);
  tb_stash_free(a);
  tb_stash_free(both);
  tb_stash_store_free(store);
}

/* What does not fit into memory has nowhere to go. */
static void test_no_room(void)
{
  TbStashStore *store = tb_stash_store_new("/nowhere/at/all");
  TbStash *stash = tb_stash_new(store, sizeof(Record));
  GError *error = NULL;
  Record record = { 0, 0 };
  while (tb_stash_add(stash, &record, &error))
    g_assert_cmpuint(tb_stash_get_n(stash), <, 1000000);
  g_assert_error(error, TB_ERROR, TB_ERROR_IO);
  g_clear_error(&error);
  tb_stash_free(stash);
  tb_stash_store_free(store);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/stash/order", test_order);
  g_test_add_func("/stash/two-in-one-store", test_two_in_one_store);
  g_test_add_func("/stash/find", test_find);
  g_test_add_func("/stash/add-all", test_add_all);
  g_test_add_func("/stash/no-room", test_no_room);
  return g_test_run();
}
