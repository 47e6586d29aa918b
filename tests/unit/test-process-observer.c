/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From facts to timelines: which machine, from when a gap, and what is asked for only now and then. */
#include "support/life-events.h"
#include "stages/process/process.h"

enum { SH = 100, KID = 200 };

static TbObserver *observer_of(const Life *life)
{
  return g_ptr_array_index(life->observers, 0);
}

static void test_acts_only_while_signals_are_pending(void)
{
  g_autoptr(Life) life = life_new();
  const guint64 acts = TB_FACT_BIT(TB_FACT_ACTS);
  life_birth(life, SH, "sh", KID, LIFE_FORK_FLAGS);
  life_enter(life, KID, 0, 3, 0, 0); /* read */
  g_assert_false(observer_of(life)->sink->wants & acts);
  life_generate(life, SH, KID, 15, 0, 0);
  g_assert_true(observer_of(life)->sink->wants & acts);
  life_enter(life, KID, 0, 3, 0, 0); /* it lives on */
  g_assert_false(observer_of(life)->sink->wants & acts);
  life_finish(life);
}

static void test_gap_begins_where_the_cpu_was_heard_last(void)
{
  g_autoptr(Life) life = life_new();
  gint64 from_ns, to_ns;
  life_switch(life, SH, "sh", KID, "kid");
  gint64 heard_ns = life->now_ns;
  life_enter(life, KID, 0, 3, 0, 0); /* tells nothing, and is heard */
  life->cpu = 1;
  life_switch(life, 0, "swapper/1", SH, "sh");
  life->cpu = 0;
  gint64 lost_ns = life->now_ns;
  life_lost(life);
  life_finish(life);
  g_assert_true(tb_timeline_find_gap_after(life_timeline(life), 0, &from_ns, &to_ns));
  g_assert_cmpint(from_ns, ==, heard_ns);
  g_assert_cmpint(to_ns, ==, lost_ns);
}

static void test_frozen_sources_are_settled(void)
{
  g_autoptr(Life) life = life_new();
  life->source->frozen = TRUE;
  life_birth(life, SH, "sh", KID, LIFE_FORK_FLAGS);
  life_lost(life);
  life_finish(life);
  g_assert_cmpuint(tb_timeline_get_n_processes(life_timeline(life)), ==, 0);
  g_assert_cmpint(tb_timeline_last_gap(life_timeline(life)), ==, TB_TIME_BEFORE);
}

static void test_claims_count_only_where_births_are_not_told(void)
{
  g_autoptr(Life) told = life_new();
  g_autoptr(Life) untold = life_new();
  Life *lives[] = { told, untold };
  life_birth(told, SH, "sh", 150, LIFE_FORK_FLAGS);
  for (guint i = 0; i < G_N_ELEMENTS(lives); i++) {
    life_enter(lives[i], SH, 57, 0, 0, 0); /* fork, in another pid namespace maybe */
    life_leave(lives[i], SH, 57, KID);
    life_finish(lives[i]);
  }
  g_assert_cmpuint(life_count(told, KID), ==, 0);
  g_assert_cmpuint(life_count(untold, KID), ==, 1);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/process-observer/acts-on-demand", test_acts_only_while_signals_are_pending);
  g_test_add_func("/process-observer/gap", test_gap_begins_where_the_cpu_was_heard_last);
  g_test_add_func("/process-observer/frozen", test_frozen_sources_are_settled);
  g_test_add_func("/process-observer/claims", test_claims_count_only_where_births_are_not_told);
  return g_test_run();
}
