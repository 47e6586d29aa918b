/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The loop of all passes: verdicts, who fails, and a ledger that adds up. */
#include "pass/driver.h"
#include "support/event-list.h"

/* A stage that decides by the number of an item: the last digit is its verdict. */
typedef struct {
  TbStage stage;
  guint n_seen;
} Judge;

/* Takes up to @most items. */
typedef struct {
  TbSink sink;
  guint n_taken;
  guint most;
} Counter;

typedef struct {
  EventList *list;
  TbSource *source;
  guint n_ticks;
  guint most_ticks;
} Fixture;

static TbVerdict judge_apply(TbStage *stage, TbItem *item, GError **error)
{
  ((Judge *)stage)->n_seen++;
  guint64 mark = event_list_mark(item);
  if (mark == 7)
    tb_error_set(error, TB_ERROR_CORRUPT, "stage", mark, "made to fail");
  return mark == 7 ? TB_STAGE_FAILS : mark % 2 ? TB_STAGE_DROPS : TB_STAGE_KEEPS;
}

static const TbStageOps judge_ops = { .apply = judge_apply };

static gboolean counter_take(TbSink *sink, const TbItem *item, GError **error)
{
  Counter *counter = (Counter *)sink;
  if (counter->n_taken == counter->most) {
    tb_error_set(error, TB_ERROR_OUTPUT, "sink", 0, "full");
    return FALSE;
  }
  counter->n_taken++;
  return TRUE;
}

static const TbSinkOps counter_ops = { .take = counter_take };

static TbReadResult fixture_next(gpointer from, TbItem **item, TbStream **stream, GError **error)
{
  static TbItem lent;
  const TbMergeInput input = event_list_input(((Fixture *)from)->list);
  *item = &lent;
  return input.next(input.data, input.stream, &lent, error);
}

static gboolean fixture_tick(gpointer data, const char *phase, GError **error)
{
  Fixture *f = data;
  g_assert_cmpstr(phase, ==, "testing");
  if (f->n_ticks++ < f->most_ticks)
    return TRUE;
  tb_error_set(error, TB_ERROR_CANCELLED, NULL, TB_OFFSET_NONE, "stopped");
  return FALSE;
}

static void fixture_init(Fixture *f)
{
  *f = (Fixture){ .list = event_list_new(), .source = tb_source_new(TB_SOURCE_PACKETS, "eth0"),
                  .most_ticks = G_MAXUINT };
}

static void fixture_clear(Fixture *f)
{
  event_list_free(f->list);
  tb_source_unref(f->source);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Fixture, fixture_clear)

static TbPass pass_over(Fixture *f, Counter *counter, TbLedger *ledger)
{
  *counter = (Counter){ .sink.ops = &counter_ops, .most = G_MAXUINT };
  *ledger = (TbLedger){ 0 };
  return (TbPass){ .next = fixture_next, .from = f, .sink = &counter->sink, .ledger = ledger,
                   .phase = "testing", .tick = fixture_tick, .tick_data = f };
}

static void test_verdicts(void)
{
  g_auto(Fixture) f = { 0 };
  g_autoptr(GError) error = NULL;
  Counter counter;
  TbLedger ledger;
  Judge first = { .stage = { &judge_ops, TB_LEDGER_REPEATED } },
        second = { .stage = { &judge_ops, TB_LEDGER_OTHERS } };
  fixture_init(&f);
  for (guint mark = 0; mark < 6; mark++)
    event_list_add(f.list, f.source, mark, mark);
  TbPass pass = pass_over(&f, &counter, &ledger);
  tb_pass_add(&pass, &first.stage);
  tb_pass_add(&pass, &second.stage);
  g_assert_true(tb_pass_run(&pass, &error));
  g_assert_no_error(error);
  g_assert_cmpuint(first.n_seen, ==, 6);
  g_assert_cmpuint(second.n_seen, ==, 3); /* what was dropped is nobody's any more */
  g_assert_cmpuint(counter.n_taken, ==, 3);
  g_assert_cmpuint(tb_ledger_get(&ledger, TB_LEDGER_READ, TB_RECORD_PACKET), ==, 6);
  g_assert_cmpuint(tb_ledger_get(&ledger, TB_LEDGER_TAKEN, TB_RECORD_PACKET), ==, 3);
  g_assert_cmpuint(tb_ledger_get(&ledger, TB_LEDGER_REPEATED, TB_RECORD_PACKET), ==, 3);
  g_assert_cmpuint(tb_ledger_get(&ledger, TB_LEDGER_OTHERS, TB_RECORD_PACKET), ==, 0);
  g_assert_true(tb_ledger_is_balanced(&ledger));
}

static void test_failing_stage(void)
{
  g_auto(Fixture) f = { 0 };
  g_autoptr(GError) error = NULL;
  Counter counter;
  TbLedger ledger;
  Judge judge = { .stage = { &judge_ops, TB_LEDGER_OTHERS } };
  fixture_init(&f);
  for (guint mark = 6; mark < 10; mark++)
    event_list_add(f.list, f.source, mark, mark);
  TbPass pass = pass_over(&f, &counter, &ledger);
  tb_pass_add(&pass, &judge.stage);
  g_assert_false(tb_pass_run(&pass, &error));
  g_assert_error(error, TB_ERROR, TB_ERROR_CORRUPT);
  g_assert_cmpuint(judge.n_seen, ==, 2);
  g_assert_cmpuint(counter.n_taken, ==, 1);
}

static void test_failing_sink_and_source(void)
{
  for (guint i = 0; i < 2; i++) {
    g_auto(Fixture) f = { 0 };
    g_autoptr(GError) error = NULL;
    Counter counter;
    TbLedger ledger;
    fixture_init(&f);
    event_list_add(f.list, f.source, 1, 1);
    event_list_add_result(f.list, TB_READ_DAMAGED);
    event_list_add(f.list, f.source, 2, 2);
    event_list_add_result(f.list, TB_READ_ERROR);
    TbPass pass = pass_over(&f, &counter, &ledger);
    counter.most = i == 0 ? 1 : G_MAXUINT;
    g_assert_false(tb_pass_run(&pass, &error));
    g_assert_cmpint(error->code, ==, i == 0 ? (gint)TB_ERROR_OUTPUT : (gint)TB_ERROR_CORRUPT);
    g_assert_cmpuint(counter.n_taken, ==, 1 + i);
  }
}

/* Heartbeats concern the order alone. */
static void test_heartbeats_end_here(void)
{
  g_auto(Fixture) f = { 0 };
  g_autoptr(GError) error = NULL;
  Counter counter;
  TbLedger ledger;
  Judge judge = { .stage = { &judge_ops, TB_LEDGER_OTHERS } };
  fixture_init(&f);
  event_list_add(f.list, f.source, 1, 0)->record.kind = TB_RECORD_HEARTBEAT;
  event_list_add(f.list, f.source, 1, 2);
  TbPass pass = pass_over(&f, &counter, &ledger);
  tb_pass_add(&pass, &judge.stage);
  g_assert_true(tb_pass_run(&pass, &error));
  g_assert_cmpuint(judge.n_seen, ==, 1);
  g_assert_cmpuint(counter.n_taken, ==, 1);
  g_assert_true(tb_ledger_is_balanced(&ledger));
}

static void test_cancelled_by_a_tick(void)
{
  g_auto(Fixture) f = { 0 };
  g_autoptr(GError) error = NULL;
  Counter counter;
  TbLedger ledger;
  fixture_init(&f);
  f.most_ticks = 1;
  for (guint i = 0; i < 3 * TB_PASS_TICK; i++)
    event_list_add(f.list, f.source, i, 2);
  TbPass pass = pass_over(&f, &counter, &ledger);
  g_assert_false(tb_pass_run(&pass, &error));
  g_assert_error(error, TB_ERROR, TB_ERROR_CANCELLED);
  g_assert_cmpuint(f.n_ticks, ==, 2);
  g_assert_cmpuint(counter.n_taken, ==, 2 * TB_PASS_TICK);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/pass/driver/verdicts", test_verdicts);
  g_test_add_func("/pass/driver/failing-stage", test_failing_stage);
  g_test_add_func("/pass/driver/failing-sink-and-source", test_failing_sink_and_source);
  g_test_add_func("/pass/driver/heartbeats-end-here", test_heartbeats_end_here);
  g_test_add_func("/pass/driver/cancelled-by-a-tick", test_cancelled_by_a_tick);
  return g_test_run();
}
