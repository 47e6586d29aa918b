/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Events that stand in two inputs are handed on once; equal events of one input all are. */
#include "stages/order/overlap.h"
#include "support/made-item.h"
#include "support/made-readers.h"

static gboolean is_repeat(TbStage *stage, TbSource *source, gint64 time_ns, const char *bytes)
{
  MadeItem made = { .record = { .kind = TB_RECORD_EVENT, .source = source, .time.ns = time_ns,
                                .data = (const guint8 *)bytes, .len = (guint32)strlen(bytes) } };
  return stage->ops->apply(stage, made_item(&made), NULL) == TB_STAGE_DROPS;
}

static GPtrArray *two_inputs(const char *second_name, TbSource **a, TbSource **b)
{
  GPtrArray *readers = made_readers_new(2);
  TbMachine *machine = made_reader_add_machine(made_reader(readers, 0), "web", NULL);
  *a = made_reader_add_source(made_reader(readers, 0), TB_SOURCE_EVENTS, "ftrace", machine);
  *b = made_reader_add_source(made_reader(readers, 1), TB_SOURCE_EVENTS, second_name, machine);
  return readers;
}

static void test_no_two_alike(void)
{
  TbSource *a, *b;
  g_autoptr(GPtrArray) readers = two_inputs("perf", &a, &b);
  g_assert_null(tb_overlap_new(readers, FALSE));
}

static void test_each_once(void)
{
  TbSource *a, *b;
  g_autoptr(GPtrArray) readers = two_inputs("ftrace", &a, &b);
  g_autoptr(TbStage) stage = tb_overlap_new(readers, FALSE);
  g_assert_cmpint(stage->reason, ==, TB_LEDGER_REPEATED);
  g_assert_false(is_repeat(stage, a, 1, "x"));
  g_assert_true(is_repeat(stage, b, 1, "x"));
  g_assert_false(is_repeat(stage, b, 1, "y"));
  g_assert_true(is_repeat(stage, a, 1, "y"));
  g_assert_false(is_repeat(stage, a, 2, "x")); /* another moment */
}

/* Two equal ones of one input are two; the other input's two are the same two. */
static void test_equal_ones_of_one_input(void)
{
  TbSource *a, *b;
  g_autoptr(GPtrArray) readers = two_inputs("ftrace", &a, &b);
  g_autoptr(TbStage) stage = tb_overlap_new(readers, FALSE);
  g_assert_false(is_repeat(stage, a, 1, "x"));
  g_assert_true(is_repeat(stage, b, 1, "x"));
  g_assert_false(is_repeat(stage, b, 1, "x"));
  g_assert_true(is_repeat(stage, a, 1, "x"));
  g_assert_false(is_repeat(stage, a, 1, "x"));
}

static void test_ranges_that_do_not_meet(void)
{
  TbSource *a, *b;
  g_autoptr(GPtrArray) readers = two_inputs("ftrace", &a, &b);
  a->counts = (TbSourceCounts){ .records = 2, .first_ns = 1, .last_ns = 5 };
  b->counts = (TbSourceCounts){ .records = 2, .first_ns = 6, .last_ns = 9 };
  g_assert_null(tb_overlap_new(readers, TRUE));
  b->counts.first_ns = 5;
  g_autoptr(TbStage) stage = tb_overlap_new(readers, TRUE);
  g_assert_nonnull(stage);
}

/* Many events at one time: the table grows, and begins anew with the next moment. */
static void test_many_at_once(void)
{
  enum { N = 1000 };
  TbSource *a, *b;
  g_autoptr(GPtrArray) readers = two_inputs("ftrace", &a, &b);
  g_autoptr(TbStage) stage = tb_overlap_new(readers, FALSE);
  for (gint64 moment = 1; moment <= 2; moment++)
    for (guint i = 0; i < 2 * N; i++) {
      g_autofree char *bytes = g_strdup_printf("event %u", i % N);
      g_assert_true(is_repeat(stage, i < N ? a : b, moment, bytes) == (i >= N));
    }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/order/overlap/no-two-alike", test_no_two_alike);
  g_test_add_func("/order/overlap/each-once", test_each_once);
  g_test_add_func("/order/overlap/equal-ones-of-one-input", test_equal_ones_of_one_input);
  g_test_add_func("/order/overlap/ranges-that-do-not-meet", test_ranges_that_do_not_meet);
  g_test_add_func("/order/overlap/many-at-once", test_many_at_once);
  return g_test_run();
}
