/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sorter of one stream, in memory and through temporary files. */
#include "stages/order/sort.h"

#include "support/event-list.h"

#include <string.h>

static guint64 step_key(gconstpointer step)
{
  MadeItem event = ((const ListStep *)step)->event;
  return tb_merge_key(made_item(&event));
}

static gint by_time(gconstpointer a, gconstpointer b)
{
  guint64 x = step_key(a);
  guint64 y = step_key(b);
  return x < y ? -1 : x > y;
}

static void check_same(const TbItem *item, const TbItem *expected)
{
  const TbRecord *got = item->record, *want = expected->record;
  static const TbPayload none = { 0 };
  const TbPayload *payload = got->payload ? got->payload : &none;
  const TbPayload *wanted = want->payload ? want->payload : &none;
  g_assert_cmpint(item->time.ns, ==, expected->time.ns);
  g_assert_cmpint(item->machine_time.ns, ==, expected->machine_time.ns);
  g_assert_true(item->actor == expected->actor);
  g_assert_cmpint(got->time.ns, ==, want->time.ns);
  g_assert_cmpint(got->kind, ==, want->kind);
  g_assert_cmpuint(got->flags, ==, want->flags);
  g_assert_cmpuint(got->sequence, ==, want->sequence);
  g_assert_true(got->source == want->source);
  g_assert_cmpmem(got->data, got->len, want->data, want->len);
  g_assert_cmpuint(payload->format, ==, wanted->format);
  g_assert_cmpuint(payload->word, ==, wanted->word);
  g_assert_cmpmem(payload->bytes, payload->len, wanted->bytes, wanted->len);
}

/* What the list must come out as: by time, equal ones as they stand. */
static GArray *expected_of(EventList *list)
{
  GArray *want = g_array_new(FALSE, FALSE, sizeof(ListStep));
  for (guint i = 0; i < list->steps->len; i++) {
    const ListStep *step = &g_array_index(list->steps, ListStep, i);
    if (step->result == TB_READ_RECORD)
      g_array_append_vals(want, step, 1);
  }
  g_array_sort(want, by_time);
  return want;
}

static TbSortCounts check_sorted(EventList *list, guint64 sort_bytes)
{
  TbLimits limits = *tb_limits_default();
  limits.sort_bytes = sort_bytes;
  g_autoptr(GArray) want = expected_of(list);
  event_list_rewind(list);
  TbMergeInput input = event_list_input(list);
  g_autoptr(TbSort) sort = tb_sort_new(&input, &limits, NULL);
  TbItem event;
  for (guint i = 0; i < want->len; i++) {
    g_assert_cmpint(tb_sort_next(sort, &event, NULL), ==, TB_READ_RECORD);
    check_same(&event, made_item(&g_array_index(want, ListStep, i).event));
  }
  g_assert_cmpint(tb_sort_next(sort, &event, NULL), ==, TB_READ_END);
  g_assert_cmpint(tb_sort_next(sort, &event, NULL), ==, TB_READ_END);
  g_assert_cmpuint(tb_sort_get_counts(sort)->records, ==, want->len);
  return *tb_sort_get_counts(sort);
}

static EventList *random_list(GRand *rand, TbSource *source, guint n, gint32 spread)
{
  static const TbContext context = { .tid = 7 };
  EventList *list = event_list_new();
  guint8 bytes[3000];
  for (guint i = 0; i < n; i++) {
    for (guint k = 0; k < sizeof bytes; k++)
      bytes[k] = (guint8)g_rand_int(rand);
    MadeItem *event = event_list_add(list, source, g_rand_int_range(rand, -spread, spread), i);
    TbRecord *record = &event->record;
    TbPayload *payload = &event->payload;
    event->item.actor = g_rand_boolean(rand) ? &context : NULL;
    record->len = (guint32)g_rand_int_range(rand, 0, g_rand_int_range(rand, 1, sizeof bytes));
    record->data = record->len ? event_list_own(list, bytes, record->len) : NULL;
    payload->format = (guint32)g_rand_int_range(rand, 0, 3); /* 0 = none */
    payload->word = g_rand_int(rand);
    payload->len = payload->format ? (guint32)g_rand_int_range(rand, 0, 100) : 0;
    payload->bytes = payload->len ? event_list_own(list, bytes, payload->len) : NULL;
    record->flags = g_rand_boolean(rand) ? TB_RECORD_NO_TIME : 0;
  }
  return list;
}

static void test_random(void)
{
  static const guint64 sizes[] = { 0, 5000, 20000, 300000, 64u << 20 };
  g_autoptr(GRand) rand = g_rand_new_with_seed(99);
  g_autoptr(TbSource) source = tb_source_new(TB_SOURCE_PACKETS, "eth0");
  for (guint round = 0; round < 12; round++) {
    g_autoptr(EventList) list = random_list(rand, source, round * 37, round % 2 ? 5 : 100000);
    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
      TbSortCounts counts = check_sorted(list, sizes[i]);
      if (sizes[i] == 64u << 20)
        g_assert_cmpuint(counts.runs, ==, 0);
      else if (sizes[i] <= 5000 && round > 1)
        g_assert_cmpuint(counts.runs, >, 2);
    }
  }
}

/* Two runs are the least that is merged at once: hundreds of runs need many levels. */
static void test_many_levels(void)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed(5);
  g_autoptr(TbSource) source = tb_source_new(TB_SOURCE_PACKETS, "eth0");
  g_autoptr(EventList) list = random_list(rand, source, 700, 50);
  TbSortCounts counts = check_sorted(list, 0);
  g_assert_cmpuint(counts.runs, ==, 700);
  g_assert_cmpuint(counts.spilled_bytes, >, 700 * (sizeof(TbItem) + sizeof(TbRecord)));
}

static void test_large_record(void)
{
  g_autoptr(TbSource) source = tb_source_new(TB_SOURCE_PACKETS, "eth0");
  g_autoptr(EventList) list = event_list_new();
  gsize len = 3u << 20;
  g_autofree guint8 *bytes = g_malloc(len);
  memset(bytes, 0x5a, len);
  for (guint i = 0; i < 6; i++) {
    MadeItem *event = event_list_add(list, source, 10 - (gint64)i, i);
    if (i % 2)
      continue;
    event->record.data = event_list_own(list, bytes, len - i);
    event->record.len = (guint32)(len - i);
  }
  check_sorted(list, 4u << 20);
  check_sorted(list, 0);
}

static void test_counts_moved(void)
{
  static const gint64 times[] = { 10, 20, 15, 20, 12, 30, 30 };
  g_autoptr(TbSource) source = tb_source_new(TB_SOURCE_PACKETS, "eth0");
  g_autoptr(EventList) list = event_list_new();
  for (guint i = 0; i < G_N_ELEMENTS(times); i++)
    event_list_add(list, source, times[i], i);
  g_assert_cmpuint(check_sorted(list, 1u << 20).moved, ==, 2);
  g_assert_cmpuint(check_sorted(list, 0).moved, ==, 2);
}

static void test_empty(void)
{
  g_autoptr(EventList) list = event_list_new();
  g_assert_cmpuint(check_sorted(list, 0).records, ==, 0);
}

static void test_trailing_stays_last(void)
{
  g_autoptr(TbSource) source = tb_source_new(TB_SOURCE_PACKETS, "eth0");
  g_autoptr(EventList) list = event_list_new();
  event_list_add(list, source, G_MAXINT64, 0);
  event_list_add(list, source, 3, 1);
  MadeItem *block = event_list_add(list, source, 3, 2);
  block->record.kind = TB_RECORD_CARRIED;
  block->record.flags = TB_RECORD_NO_TIME;
  check_sorted(list, 1u << 20);
  check_sorted(list, 0);
}

/* Damage is told while reading, an error after what came before it. */
static void test_damage_and_error(void)
{
  g_autoptr(TbSource) source = tb_source_new(TB_SOURCE_PACKETS, "eth0");
  g_autoptr(EventList) list = event_list_new();
  event_list_add(list, source, 5, 0);
  event_list_add_result(list, TB_READ_DAMAGED);
  event_list_add(list, source, 4, 1);
  event_list_add_result(list, TB_READ_DAMAGED);
  event_list_add_result(list, TB_READ_ERROR);
  event_list_add(list, source, 1, 2);
  for (guint round = 0; round < 2; round++) {
    TbLimits limits = *tb_limits_default();
    limits.sort_bytes = round ? 0 : limits.sort_bytes;
    event_list_rewind(list);
    TbMergeInput input = event_list_input(list);
    g_autoptr(TbSort) sort = tb_sort_new(&input, &limits, NULL);
    g_autoptr(GError) error = NULL;
    TbItem event;
    g_assert_cmpint(tb_sort_next(sort, &event, &error), ==, TB_READ_DAMAGED);
    g_assert_cmpint(tb_sort_next(sort, &event, &error), ==, TB_READ_DAMAGED);
    g_assert_cmpint(tb_sort_next(sort, &event, &error), ==, TB_READ_RECORD);
    g_assert_cmpint(event.time.ns, ==, 4);
    g_assert_cmpint(tb_sort_next(sort, &event, &error), ==, TB_READ_RECORD);
    g_assert_cmpint(event.time.ns, ==, 5);
    g_assert_no_error(error);
    g_assert_cmpint(tb_sort_next(sort, &event, &error), ==, TB_READ_ERROR);
    g_assert_error(error, TB_ERROR, TB_ERROR_CORRUPT);
    g_assert_cmpint(tb_sort_next(sort, &event, NULL), ==, TB_READ_END);
  }
}

static void test_no_folder(void)
{
  g_autoptr(TbSource) source = tb_source_new(TB_SOURCE_PACKETS, "eth0");
  g_autoptr(EventList) list = event_list_new();
  for (guint i = 0; i < 4; i++)
    event_list_add(list, source, 5 - (gint64)i, i);
  TbLimits limits = *tb_limits_default();
  limits.sort_bytes = 0;
  TbMergeInput input = event_list_input(list);
  g_autoptr(TbSort) sort = tb_sort_new(&input, &limits, "no/such/folder");
  g_autoptr(GError) error = NULL;
  TbItem event;
  g_assert_cmpint(tb_sort_next(sort, &event, &error), ==, TB_READ_ERROR);
  g_assert_error(error, TB_ERROR, TB_ERROR_IO);
  g_assert_cmpint(tb_sort_next(sort, &event, NULL), ==, TB_READ_END);
}

/* A sorter is an input of a merge like any other stream. */
static void test_in_merge(void)
{
  g_autoptr(TbSource) source = tb_source_new(TB_SOURCE_PACKETS, "eth0");
  g_autoptr(EventList) wild = event_list_new(), tame = event_list_new();
  static const gint64 times[] = { 9, 1, 5, 3, 7 };
  for (guint i = 0; i < G_N_ELEMENTS(times); i++) {
    event_list_add(wild, source, times[i], (guint64)times[i]);
    event_list_add(tame, source, 2 * (gint64)i, 2 * i);
  }
  TbMergeInput wild_input = event_list_input(wild);
  g_autoptr(TbSort) sort = tb_sort_new(&wild_input, tb_limits_default(), NULL);
  TbMergeInput inputs[] = { tb_sort_get_input(sort), event_list_input(tame) };
  g_autoptr(TbMerge) merge = tb_merge_new(inputs, 2);
  for (guint i = 0; i < 10; i++) {
    TbItem *event = NULL;
    guint index = 9;
    g_assert_cmpint(tb_merge_next(merge, &event, &index, NULL), ==, TB_READ_RECORD);
    g_assert_cmpuint(event_list_mark(event), ==, i);
    g_assert_cmpuint(index, ==, i % 2 ? 0 : 1);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/stages/sort/random", test_random);
  g_test_add_func("/stages/sort/many-levels", test_many_levels);
  g_test_add_func("/stages/sort/large-record", test_large_record);
  g_test_add_func("/stages/sort/counts-moved", test_counts_moved);
  g_test_add_func("/stages/sort/empty", test_empty);
  g_test_add_func("/stages/sort/trailing-stays-last", test_trailing_stays_last);
  g_test_add_func("/stages/sort/damage-and-error", test_damage_and_error);
  g_test_add_func("/stages/sort/no-folder", test_no_folder);
  g_test_add_func("/stages/sort/in-merge", test_in_merge);
  return g_test_run();
}
