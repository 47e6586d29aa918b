/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The order of live streams: that of a merge as long as nobody is late, with a delay, a memory
 * and an end that keep to what was asked for.
 */
#include "stages/order/watermark.h"
#include "support/event-list.h"

enum { STREAMS = 4, SEEDS = 200, STEPS = 40, DELAY = 100, ENOUGH = 1 << 24 };

/* Streams of one test, their sources, and the clock. */
typedef struct {
  EventList *lists[STREAMS];
  TbSource *sources[STREAMS];
  guint n;
  gint64 now_ns;
  TbWatermark *watermark;
} Fixture;

static gint64 fixture_now(gpointer data)
{
  return ((const Fixture *)data)->now_ns;
}

static void fixture_init(Fixture *f, guint n)
{
  *f = (Fixture){ .n = n };
  for (guint i = 0; i < n; i++) {
    f->lists[i] = event_list_new();
    f->sources[i] = tb_source_new(TB_SOURCE_PACKETS, "eth0");
    f->sources[i]->rank = i;
  }
}

static void fixture_begin(Fixture *f, gint64 delay_ns, guint64 max_bytes)
{
  TbMergeInput inputs[STREAMS] = { { 0 } };
  TbWatermarkOptions options = { delay_ns, max_bytes, fixture_now, f };
  for (guint i = 0; i < f->n; i++)
    inputs[i] = event_list_input(f->lists[i]);
  f->watermark = tb_watermark_new(inputs, f->n, &options);
}

static void fixture_clear(Fixture *f)
{
  tb_watermark_free(f->watermark);
  for (guint i = 0; i < f->n; i++) {
    event_list_free(f->lists[i]);
    tb_source_unref(f->sources[i]);
  }
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Fixture, fixture_clear)

static void add(const Fixture *f, guint stream, gint64 time_ns, guint64 mark)
{
  event_list_add(f->lists[stream], f->sources[stream], time_ns, mark);
}

static void add_silence(const Fixture *f, guint stream, guint n)
{
  for (guint i = 0; i < n; i++)
    event_list_add_result(f->lists[stream], TB_READ_AGAIN);
}

static void add_heartbeat(const Fixture *f, guint stream, gint64 time_ns)
{
  event_list_add(f->lists[stream], f->sources[stream], time_ns, 0)->record.kind =
      TB_RECORD_HEARTBEAT;
}

static void add_trailing(const Fixture *f, guint stream, guint64 mark)
{
  TbRecord *block = &event_list_add(f->lists[stream], f->sources[stream], 0, mark)->record;
  block->kind = TB_RECORD_CARRIED;
  block->flags = TB_RECORD_NO_TIME;
}

static void append_lent(GString *out, const Fixture *f, const TbItem *item, guint input)
{
  g_assert_true(item->record->source == f->sources[input]);
  g_string_append_printf(out, "%" G_GUINT64_FORMAT "%s ", event_list_mark(item),
                         tb_watermark_is_late(f->watermark) ? "L" : "");
}

/* What leaves up to the next AGAIN ("~") or the end ("."). */
static void append_said(GString *out, const Fixture *f)
{
  for (;;) {
    TbItem *item = NULL;
    guint input = 0;
    g_autoptr(GError) error = NULL;
    TbReadResult result = tb_watermark_next(f->watermark, &item, &input, &error);
    g_assert_cmpint(result == TB_READ_ERROR, ==, error != NULL);
    if (result == TB_READ_RECORD)
      append_lent(out, f, item, input);
    else if (result == TB_READ_DAMAGED || result == TB_READ_ERROR)
      g_string_append_printf(out, "%c%u ", result == TB_READ_ERROR ? 'E' : 'D', input);
    else
      g_string_append_c(out, result == TB_READ_AGAIN ? '~' : '.');
    if (result == TB_READ_AGAIN || result == TB_READ_END)
      return;
  }
}

static void assert_says(const Fixture *f, const char *expected)
{
  g_autoptr(GString) out = g_string_new(NULL);
  append_said(out, f);
  g_assert_cmpstr(out->str, ==, expected);
}

/* --- against a merge --- */

/* Few different times, several sources in a stream, silences in between. */
static void fill(const Fixture *f, GRand *rand, gboolean silences)
{
  guint64 mark = 0;
  for (guint i = 0; i < f->n; i++) {
    gint64 time_ns = g_rand_int_range(rand, -20, 0);
    guint n = (guint)g_rand_int_range(rand, 0, STEPS);
    for (guint k = 0; k < n; k++) {
      time_ns += g_rand_int_range(rand, 0, 3);
      TbSource *source = f->sources[g_rand_int_range(rand, 0, (gint32)f->n)];
      event_list_add(f->lists[i], source, time_ns, mark++);
      if (silences)
        add_silence(f, i, (guint)g_rand_int_range(rand, 0, 3));
      if (silences && g_rand_boolean(rand))
        add_heartbeat(f, i, time_ns);
    }
    if (g_rand_boolean(rand))
      add_trailing(f, i, mark++);
  }
}

static char *merge_order(const Fixture *f)
{
  GString *out = g_string_new(NULL);
  TbMergeInput inputs[STREAMS] = { { 0 } };
  TbItem *item = NULL;
  guint input;
  for (guint i = 0; i < f->n; i++)
    inputs[i] = event_list_input(f->lists[i]);
  g_autoptr(TbMerge) merge = tb_merge_new(inputs, f->n);
  while (tb_merge_next(merge, &item, &input, NULL) == TB_READ_RECORD)
    g_string_append_printf(out, "%" G_GUINT64_FORMAT " ", event_list_mark(item));
  return g_string_free(out, FALSE);
}

static char *watermark_order(const Fixture *f)
{
  GString *out = g_string_new(NULL);
  TbItem *item = NULL;
  guint input;
  TbReadResult result;
  while ((result = tb_watermark_next(f->watermark, &item, &input, NULL)) != TB_READ_END) {
    g_assert_true(result == TB_READ_RECORD || result == TB_READ_AGAIN);
    if (result != TB_READ_RECORD)
      continue;
    g_assert_false(tb_watermark_is_late(f->watermark));
    g_string_append_printf(out, "%" G_GUINT64_FORMAT " ", event_list_mark(item));
  }
  return g_string_free(out, FALSE);
}

/* Fills @f as @seed says; silences are no part of what a merge is asked to order. */
static void fill_by_seed(const Fixture *f, guint32 seed, gboolean silences)
{
  g_autoptr(GRand) choose = g_rand_new_with_seed(seed);
  fill(f, choose, FALSE);
  if (!silences)
    return;
  for (guint i = 0; i < f->n; i++) {
    EventList *list = f->lists[i];
    const ListStep again = { .result = TB_READ_AGAIN };
    for (guint at = list->steps->len; at > 0; at--)
      for (guint k = 0; k < (seed + at) % 3; k++)
        g_array_insert_val(list->steps, at - 1, again);
  }
}

static void check_against_merge(guint32 seed, gboolean silences)
{
  g_auto(Fixture) plain = { 0 }, live = { 0 };
  fixture_init(&plain, 1 + seed % STREAMS);
  fixture_init(&live, plain.n);
  fill_by_seed(&plain, seed, FALSE);
  fill_by_seed(&live, seed, silences);
  fixture_begin(&live, DELAY, ENOUGH);
  g_autofree char *expected = merge_order(&plain);
  g_autofree char *got = watermark_order(&live);
  g_assert_cmpstr(got, ==, expected);
}

static void test_against_merge(void)
{
  for (guint32 seed = 1; seed <= SEEDS; seed++) {
    check_against_merge(seed, FALSE);
    check_against_merge(seed, TRUE);
  }
}

/* Heartbeats are never lent, wherever they stand. */
static void test_heartbeats_are_not_lent(void)
{
  for (guint32 seed = 1; seed <= SEEDS; seed++) {
    g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
    g_auto(Fixture) f = { 0 };
    guint n = 0, expected = 0;
    fixture_init(&f, STREAMS);
    fill(&f, rand, TRUE);
    for (guint i = 0; i < f.n; i++)
      for (guint k = 0; k < f.lists[i]->steps->len; k++) {
        const ListStep *step = &g_array_index(f.lists[i]->steps, ListStep, k);
        expected += step->result == TB_READ_RECORD &&
                    step->event.record.kind != TB_RECORD_HEARTBEAT;
      }
    fixture_begin(&f, G_MAXINT64, ENOUGH);
    TbItem *item = NULL;
    guint input;
    TbReadResult result;
    while ((result = tb_watermark_next(f.watermark, &item, &input, NULL)) != TB_READ_END)
      n += result == TB_READ_RECORD;
    g_assert_cmpuint(n, ==, expected);
  }
}

/* --- delay --- */

static void test_delay_is_bounded(void)
{
  g_auto(Fixture) f = { 0 };
  fixture_init(&f, 2);
  add(&f, 0, 10, 1);
  add_silence(&f, 0, 1);
  add(&f, 0, 20, 2);
  add_silence(&f, 0, 50);
  add_silence(&f, 1, 50);
  fixture_begin(&f, DELAY, ENOUGH);
  g_assert_cmpint(tb_watermark_get_wait(f.watermark), ==, G_MAXINT64);
  assert_says(&f, "~");
  g_assert_cmpint(tb_watermark_get_wait(f.watermark), ==, DELAY);
  f.now_ns = 60;
  assert_says(&f, "~");
  g_assert_cmpint(tb_watermark_get_wait(f.watermark), ==, 40);
  f.now_ns = 99;
  assert_says(&f, "~");
  f.now_ns = 100;
  assert_says(&f, "1 ~");
  f.now_ns = 159;
  assert_says(&f, "~");
  f.now_ns = 160;
  assert_says(&f, "2 ~");
}

/* One stream alone waits for nobody, not even for itself. */
static void test_alone(void)
{
  g_auto(Fixture) f = { 0 };
  fixture_init(&f, 2);
  add(&f, 0, 10, 1);
  add_silence(&f, 0, 1);
  add(&f, 0, 10, 2);
  fixture_begin(&f, DELAY, ENOUGH);
  assert_says(&f, "1 ~");
  assert_says(&f, "2 .");
}

static void test_earlier_when_all_have_passed(void)
{
  g_auto(Fixture) f = { 0 };
  fixture_init(&f, 2);
  add(&f, 0, 10, 1);
  add_silence(&f, 0, 50);
  add_silence(&f, 1, 1);
  add(&f, 1, 10, 2);
  add_silence(&f, 1, 1);
  add(&f, 1, 11, 3);
  add_silence(&f, 1, 50);
  fixture_begin(&f, DELAY, ENOUGH);
  assert_says(&f, "~");
  assert_says(&f, "1 ~"); /* 2 may not: its stream is in order, but the other may still have a 10 */
  f.now_ns = DELAY;
  assert_says(&f, "2 ~");
}

static void test_heartbeat_lets_others_go_on(void)
{
  g_auto(Fixture) f = { 0 };
  fixture_init(&f, 2);
  add(&f, 0, 10, 1);
  add(&f, 0, 20, 2);
  add_silence(&f, 0, 50);
  add_heartbeat(&f, 1, 10);
  add_silence(&f, 1, 1);
  add_heartbeat(&f, 1, 11);
  add_silence(&f, 1, 1);
  add_heartbeat(&f, 1, 21);
  add_silence(&f, 1, 50);
  fixture_begin(&f, DELAY, ENOUGH);
  assert_says(&f, "~"); /* "nothing before 10" is not "nothing at 10" */
  assert_says(&f, "1 ~");
  assert_says(&f, "2 ~");
}

/* Who has waited for long enough takes along what came later and stands before it. */
static void test_due_takes_along(void)
{
  g_auto(Fixture) f = { 0 };
  fixture_init(&f, 3);
  add(&f, 0, 30, 3);
  add_silence(&f, 0, 50);
  add_silence(&f, 1, 1);
  add(&f, 1, 10, 1);
  add(&f, 1, 40, 4);
  add_silence(&f, 1, 50);
  add_silence(&f, 2, 50);
  fixture_begin(&f, DELAY, ENOUGH);
  assert_says(&f, "~");
  f.now_ns = 60;
  assert_says(&f, "~");
  f.now_ns = 100;
  assert_says(&f, "1 3 ~");
}

static void test_late_is_told_and_not_lost(void)
{
  g_auto(Fixture) f = { 0 };
  fixture_init(&f, 2);
  add(&f, 0, 10, 1);
  add(&f, 0, 30, 3);
  add_silence(&f, 0, 50);
  add_silence(&f, 1, 4); /* one for each time it is asked */
  add(&f, 1, 20, 2);
  add(&f, 1, 30, 4);
  add(&f, 1, 31, 5);
  fixture_begin(&f, DELAY, ENOUGH);
  assert_says(&f, "~");
  f.now_ns = DELAY;
  assert_says(&f, "1 3 ~");
  assert_says(&f, "2L ~");
  f.now_ns += DELAY;
  assert_says(&f, "4 5 ~");
}

/* --- memory --- */

static void test_memory_is_bounded(void)
{
  enum { N = 2000, MAX_BYTES = 32768, ONE = 2048 };
  g_auto(Fixture) f = { 0 };
  TbItem *item = NULL;
  guint input, n = 0;
  fixture_init(&f, 2);
  for (guint i = 0; i < N; i++)
    add(&f, 0, i, i);
  add_silence(&f, 1, 4 * N);
  fixture_begin(&f, G_MAXINT64, MAX_BYTES);
  while (n < N) {
    TbReadResult result = tb_watermark_next(f.watermark, &item, &input, NULL);
    g_assert_cmpuint(tb_watermark_get_held_bytes(f.watermark), <, MAX_BYTES + ONE);
    if (result != TB_READ_RECORD)
      break;
    g_assert_cmpuint(event_list_mark(item), ==, n);
    n++;
  }
  g_assert_cmpuint(n, >, N / 2); /* what is left fits */
  g_assert_cmpuint(tb_watermark_get_early(f.watermark), ==, n);
}

/* A stream that is far ahead is not read to its end while the other one catches up. */
static void test_far_ahead_is_not_read(void)
{
  enum { N = 5000, MAX_BYTES = 32768, ONE = 2048 };
  g_auto(Fixture) f = { 0 };
  TbItem *item = NULL;
  guint input;
  fixture_init(&f, 2);
  for (guint i = 0; i < N; i++) {
    add(&f, 0, i, i);
    add(&f, 1, N + i, N + i);
  }
  fixture_begin(&f, DELAY, MAX_BYTES);
  for (guint i = 0; i < 2 * N; i++) {
    g_assert_cmpint(tb_watermark_next(f.watermark, &item, &input, NULL), ==, TB_READ_RECORD);
    g_assert_cmpuint(event_list_mark(item), ==, i);
    g_assert_cmpuint(tb_watermark_get_held_bytes(f.watermark), <, MAX_BYTES + ONE);
    f.now_ns += DELAY; /* time is no reason to hurry as long as nobody is silent */
  }
  g_assert_cmpint(tb_watermark_next(f.watermark, &item, &input, NULL), ==, TB_READ_END);
  g_assert_cmpuint(tb_watermark_get_early(f.watermark), ==, 0);
}

/* --- ends --- */

static void test_stop_drains(void)
{
  g_auto(Fixture) f = { 0 };
  fixture_init(&f, 3);
  add(&f, 0, 10, 1);
  add(&f, 0, 30, 3);
  add_silence(&f, 0, 1);
  add(&f, 0, 40, 9);
  add(&f, 1, 20, 2);
  add_trailing(&f, 1, 4);
  add_silence(&f, 2, 50);
  fixture_begin(&f, DELAY, ENOUGH);
  assert_says(&f, "~");
  tb_watermark_stop(f.watermark);
  assert_says(&f, "1 2 3 4 .");
  assert_says(&f, ".");
}

/* A block behind all records waits for the ends of all streams, however long that takes. */
static void test_trailing_waits_for_the_end(void)
{
  g_auto(Fixture) f = { 0 };
  fixture_init(&f, 2);
  add(&f, 0, 10, 1);
  add_trailing(&f, 0, 8);
  add_silence(&f, 1, 3);
  add(&f, 1, 20, 2);
  add_trailing(&f, 1, 9);
  fixture_begin(&f, DELAY, ENOUGH);
  assert_says(&f, "~");
  f.now_ns = 2 * DELAY;
  assert_says(&f, "1 ~");
  g_assert_cmpint(tb_watermark_get_wait(f.watermark), ==, G_MAXINT64);
  assert_says(&f, "2 8 9 .");
}

static void test_damage_and_errors(void)
{
  g_auto(Fixture) f = { 0 };
  fixture_init(&f, 2);
  event_list_add_result(f.lists[0], TB_READ_DAMAGED);
  add(&f, 0, 10, 1);
  event_list_add_result(f.lists[0], TB_READ_ERROR);
  add(&f, 0, 15, 99);
  add(&f, 1, 5, 0);
  add(&f, 1, 20, 2);
  fixture_begin(&f, DELAY, ENOUGH);
  assert_says(&f, "D0 0 1 E0 2 .");
}

static void test_no_streams(void)
{
  g_auto(Fixture) f = { 0 };
  fixture_begin(&f, DELAY, ENOUGH);
  assert_says(&f, ".");
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/stages/watermark/against-merge", test_against_merge);
  g_test_add_func("/stages/watermark/heartbeats-are-not-lent", test_heartbeats_are_not_lent);
  g_test_add_func("/stages/watermark/delay-is-bounded", test_delay_is_bounded);
  g_test_add_func("/stages/watermark/alone", test_alone);
  g_test_add_func("/stages/watermark/earlier-when-all-have-passed",
                  test_earlier_when_all_have_passed);
  g_test_add_func("/stages/watermark/heartbeat-lets-others-go-on",
                  test_heartbeat_lets_others_go_on);
  g_test_add_func("/stages/watermark/due-takes-along", test_due_takes_along);
  g_test_add_func("/stages/watermark/late-is-told-and-not-lost", test_late_is_told_and_not_lost);
  g_test_add_func("/stages/watermark/memory-is-bounded", test_memory_is_bounded);
  g_test_add_func("/stages/watermark/far-ahead-is-not-read", test_far_ahead_is_not_read);
  g_test_add_func("/stages/watermark/stop-drains", test_stop_drains);
  g_test_add_func("/stages/watermark/trailing-waits-for-the-end",
                  test_trailing_waits_for_the_end);
  g_test_add_func("/stages/watermark/damage-and-errors", test_damage_and_errors);
  g_test_add_func("/stages/watermark/no-streams", test_no_streams);
  return g_test_run();
}
