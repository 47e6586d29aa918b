/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The k-way merge against a plain sort, and its answers to damage, errors and ends. */
#include "support/event-list.h"

/* Lists and sources of one test. */
typedef struct {
  GPtrArray *lists;
  GPtrArray *sources;
} Fixture;

static void fixture_init(Fixture *f, guint n)
{
  f->lists = g_ptr_array_new_with_free_func((GDestroyNotify)event_list_free);
  f->sources = g_ptr_array_new_with_free_func((GDestroyNotify)tb_source_unref);
  for (guint i = 0; i < n; i++) {
    TbSource *source = tb_source_new(TB_SOURCE_PACKETS, "eth0");
    source->rank = i;
    g_ptr_array_add(f->sources, source);
    g_ptr_array_add(f->lists, event_list_new());
  }
}

static void fixture_clear(Fixture *f)
{
  g_ptr_array_unref(f->lists);
  g_ptr_array_unref(f->sources);
}

static EventList *fixture_list(Fixture *f, guint i)
{
  return g_ptr_array_index(f->lists, i);
}

static TbMerge *fixture_merge(Fixture *f, const guint *order)
{
  g_autofree TbMergeInput *inputs = g_new0(TbMergeInput, MAX(f->lists->len, 1));
  for (guint i = 0; i < f->lists->len; i++) {
    EventList *list = fixture_list(f, order ? order[i] : i);
    event_list_rewind(list);
    inputs[i] = event_list_input(list);
  }
  return tb_merge_new(inputs, f->lists->len);
}

static gint expected_compare(gconstpointer a, gconstpointer b)
{
  MadeItem first = ((const ListStep *)a)->event, second = ((const ListStep *)b)->event;
  return tb_item_compare(made_item(&first), made_item(&second));
}

/* Fills @n lists with ordered events; @spread is the number of different times. */
static GArray *fixture_fill(Fixture *f, GRand *rand, guint per_list, guint spread)
{
  GArray *all = g_array_new(FALSE, FALSE, sizeof(ListStep));
  guint64 mark = 0;
  for (guint i = 0; i < f->lists->len; i++) {
    EventList *list = fixture_list(f, i);
    g_autoptr(GArray) times = g_array_new(FALSE, FALSE, sizeof(gint64));
    guint n = (guint)g_rand_int_range(rand, 0, (gint32)per_list + 1);
    for (guint k = 0; k < n; k++) {
      gint64 time_ns = (gint64)g_rand_int_range(rand, 0, (gint32)spread) - (gint64)spread / 2;
      guint at = times->len;
      while (at > 0 && g_array_index(times, gint64, at - 1) > time_ns)
        at--;
      g_array_insert_val(times, at, time_ns);
    }
    for (guint k = 0; k < n; k++)
      event_list_add(list, g_ptr_array_index(f->sources, i), g_array_index(times, gint64, k),
                     mark++);
    g_array_append_vals(all, list->steps->data, list->steps->len);
  }
  g_array_sort(all, expected_compare);
  return all;
}

static void check_output(TbMerge *merge, const GArray *expected)
{
  TbItem *event = NULL;
  guint input;
  for (guint i = 0; i < expected->len; i++) {
    const TbRecord *want = &g_array_index(expected, ListStep, i).event.record;
    g_assert_cmpint(tb_merge_next(merge, &event, &input, NULL), ==, TB_READ_RECORD);
    g_assert_cmpint(event->time.ns, ==, want->time.ns);
    g_assert_cmpuint(event_list_mark(event), ==, tb_get_u64(want->data, FALSE));
  }
  g_assert_cmpint(tb_merge_next(merge, &event, &input, NULL), ==, TB_READ_END);
  g_assert_cmpint(tb_merge_next(merge, &event, &input, NULL), ==, TB_READ_END);
}

static void test_against_sort(void)
{
  static const guint counts[] = { 1, 2, 3, 4, 5, 7, 8, 9, 31, 64, 100, 513, 1000 };
  static const guint spreads[] = { 1, 3, 1000000 };
  g_autoptr(GRand) rand = g_rand_new_with_seed(20240607);
  for (guint c = 0; c < G_N_ELEMENTS(counts); c++) {
    for (guint s = 0; s < G_N_ELEMENTS(spreads); s++) {
      Fixture f;
      fixture_init(&f, counts[c]);
      g_autoptr(GArray) expected = fixture_fill(&f, rand, 40, spreads[s]);
      g_autoptr(TbMerge) merge = fixture_merge(&f, NULL);
      check_output(merge, expected);
      fixture_clear(&f);
    }
  }
}

static void test_order_of_inputs(void)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed(7);
  Fixture f;
  fixture_init(&f, 37);
  g_autoptr(GArray) expected = fixture_fill(&f, rand, 30, 5);
  guint order[37];
  for (guint i = 0; i < 37; i++)
    order[i] = i;
  for (guint round = 0; round < 50; round++) {
    for (guint i = 36; i > 0; i--) {
      guint k = (guint)g_rand_int_range(rand, 0, (gint32)i + 1), tmp = order[i];
      order[i] = order[k];
      order[k] = tmp;
    }
    g_autoptr(TbMerge) merge = fixture_merge(&f, order);
    check_output(merge, expected);
  }
  fixture_clear(&f);
}

static void test_no_inputs(void)
{
  g_autoptr(TbMerge) merge = tb_merge_new(NULL, 0);
  TbItem *event = NULL;
  guint input;
  g_assert_cmpint(tb_merge_next(merge, &event, &input, NULL), ==, TB_READ_END);
}

/* Records that are equal in all of the total order come by the index of their input. */
static void test_equal_records(void)
{
  Fixture f;
  fixture_init(&f, 3);
  for (guint i = 0; i < 3; i++)
    event_list_add(fixture_list(&f, i), g_ptr_array_index(f.sources, 0), 5, 77);
  g_autoptr(TbMerge) merge = fixture_merge(&f, NULL);
  for (guint i = 0; i < 3; i++) {
    TbItem *event = NULL;
    guint input = 99;
    g_assert_cmpint(tb_merge_next(merge, &event, &input, NULL), ==, TB_READ_RECORD);
    g_assert_cmpuint(input, ==, i);
  }
  fixture_clear(&f);
}

static void test_extreme_times(void)
{
  static const gint64 times[] = { G_MININT64, -1, 0, 1, G_MAXINT64 };
  Fixture f;
  fixture_init(&f, 5);
  for (guint i = 0; i < 5; i++)
    event_list_add(fixture_list(&f, i), g_ptr_array_index(f.sources, i), times[4 - i], i);
  g_autoptr(TbMerge) merge = fixture_merge(&f, NULL);
  for (guint i = 0; i < 5; i++) {
    TbItem *event = NULL;
    guint input;
    g_assert_cmpint(tb_merge_next(merge, &event, &input, NULL), ==, TB_READ_RECORD);
    g_assert_cmpint(event->time.ns, ==, times[i]);
  }
  TbItem *event = NULL;
  guint input;
  g_assert_cmpint(tb_merge_next(merge, &event, &input, NULL), ==, TB_READ_END);
  fixture_clear(&f);
}

/* What a merge says, in short: the mark of an event, or D, E and . for the other answers. */
static char *merge_transcript(TbMerge *merge, guint max_calls)
{
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < max_calls; i++) {
    TbItem *event = NULL;
    guint input = 0;
    g_autoptr(GError) error = NULL;
    TbReadResult result = tb_merge_next(merge, &event, &input, &error);
    if (result == TB_READ_RECORD && event->record->kind == TB_RECORD_CARRIED)
      g_string_append_printf(out, "C%u ", input);
    else if (result == TB_READ_RECORD)
      g_string_append_printf(out, "%u ", (guint)event_list_mark(event));
    else if (result == TB_READ_DAMAGED)
      g_string_append_printf(out, "D%u ", input);
    else if (result == TB_READ_ERROR)
      g_string_append_printf(out, "E%u ", input);
    g_assert_cmpint(result == TB_READ_ERROR, ==, error != NULL);
    if (result == TB_READ_END) {
      g_string_append_c(out, '.');
      break;
    }
  }
  return g_string_free(out, FALSE);
}

static void test_damage_and_errors(void)
{
  Fixture f;
  fixture_init(&f, 3);
  EventList *a = fixture_list(&f, 0), *b = fixture_list(&f, 1), *c = fixture_list(&f, 2);
  TbSource *source = g_ptr_array_index(f.sources, 0);
  event_list_add_result(a, TB_READ_DAMAGED);
  event_list_add_result(a, TB_READ_DAMAGED);
  event_list_add(a, source, 10, 1);
  event_list_add_result(a, TB_READ_DAMAGED);
  event_list_add(a, source, 30, 3);
  event_list_add(b, source, 20, 2);
  event_list_add_result(b, TB_READ_ERROR);
  event_list_add(b, source, 25, 99);
  event_list_add_result(c, TB_READ_ERROR);
  g_autoptr(TbMerge) merge = fixture_merge(&f, NULL);
  g_autofree char *said = merge_transcript(merge, 20);
  g_assert_cmpstr(said, ==, "D0 D0 E2 1 D0 2 E1 3 .");
  fixture_clear(&f);
}

static void test_trailing_comes_last(void)
{
  static const guint8 block_a[] = { 1, 2, 3, 4 }, block_b[] = { 1, 2, 3, 5 };
  Fixture f;
  fixture_init(&f, 4);
  for (guint i = 0; i < 4; i++) {
    EventList *list = fixture_list(&f, i);
    TbSource *source = g_ptr_array_index(f.sources, i < 2 ? 3 - i : 0);
    if (i != 2)
      event_list_add(list, source, i == 3 ? G_MAXINT64 : (gint64)i, i);
    TbRecord *block = &event_list_add(list, source, 0, 50)->record;
    block->kind = TB_RECORD_CARRIED;
    block->flags = TB_RECORD_NO_TIME;
    block->data = i == 2 ? block_b : block_a;
    block->len = 4;
  }
  g_autoptr(TbMerge) merge = fixture_merge(&f, NULL);
  g_autofree char *said = merge_transcript(merge, 20);
  g_assert_cmpstr(said, ==, "0 1 3 C3 C2 C1 C0 .");
  g_assert_cmpuint(tb_merge_get_unordered(merge, 3), ==, 0);
  fixture_clear(&f);
}

static void test_backwards(void)
{
  Fixture f;
  fixture_init(&f, 2);
  static const gint64 times[] = { 10, 5, 20, 15, 15, 1 };
  for (guint i = 0; i < G_N_ELEMENTS(times); i++)
    event_list_add(fixture_list(&f, 0), g_ptr_array_index(f.sources, 0), times[i], i);
  event_list_add(fixture_list(&f, 1), g_ptr_array_index(f.sources, 1), 12, 6);
  g_autoptr(TbMerge) merge = fixture_merge(&f, NULL);
  g_autofree char *said = merge_transcript(merge, 20);
  g_assert_cmpstr(said, ==, "0 1 6 2 3 4 5 .");
  g_assert_cmpuint(tb_merge_get_unordered(merge, 0), ==, 3);
  g_assert_cmpuint(tb_merge_get_unordered(merge, 1), ==, 0);
  fixture_clear(&f);
}

/* A packet without a time carries the one of the record before it and stays behind it. */
static void test_no_time(void)
{
  Fixture f;
  fixture_init(&f, 2);
  EventList *a = fixture_list(&f, 0);
  event_list_add(a, g_ptr_array_index(f.sources, 1), 10, 0);
  event_list_add(a, g_ptr_array_index(f.sources, 0), 10, 1)->record.flags = TB_RECORD_NO_TIME;
  event_list_add(a, g_ptr_array_index(f.sources, 1), 11, 3);
  event_list_add(fixture_list(&f, 1), g_ptr_array_index(f.sources, 1), 10, 2)->record.sequence = 9;
  g_autoptr(TbMerge) merge = fixture_merge(&f, NULL);
  g_autofree char *said = merge_transcript(merge, 20);
  g_assert_cmpstr(said, ==, "0 1 2 3 .");
  fixture_clear(&f);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/stages/merge/against-sort", test_against_sort);
  g_test_add_func("/stages/merge/order-of-inputs", test_order_of_inputs);
  g_test_add_func("/stages/merge/no-inputs", test_no_inputs);
  g_test_add_func("/stages/merge/equal-records", test_equal_records);
  g_test_add_func("/stages/merge/extreme-times", test_extreme_times);
  g_test_add_func("/stages/merge/damage-and-errors", test_damage_and_errors);
  g_test_add_func("/stages/merge/trailing-comes-last", test_trailing_comes_last);
  g_test_add_func("/stages/merge/backwards", test_backwards);
  g_test_add_func("/stages/merge/no-time", test_no_time);
  return g_test_run();
}
