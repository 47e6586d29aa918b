/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Deaths by signal: what the events about signals and the calls that send them prove. */
#include "support/life-events.h"

enum { SH = 100, KID = 200, WORKER = 201 };
enum { NR_KILL = 62, NR_TGKILL = 234, NR_TKILL = 200, NR_EXIT_GROUP = 231, NR_READ = 0 };
enum { CHLD = 17, CLD_EXITED_CODE = 1, CLD_KILLED_CODE = 2, CLD_DUMPED_CODE = 3 };

static Life *begin(void)
{
  Life *life = life_new();
  life_birth(life, SH, "sh", KID, LIFE_FORK_FLAGS);
  return life;
}

static void end(Life *life)
{
  life_exit(life, KID, "sh", 1);
}

static void assert_signal(const Life *life, gint signal)
{
  const TbProcess *kid = life_process(life, KID, 0);
  g_assert_false(kid->end.has_code);
  g_assert_cmpint(kid->end.has_signal ? kid->exit_signal : 0, ==, signal);
}

static void assert_code(const Life *life, gint code)
{
  const TbProcess *kid = life_process(life, KID, 0);
  g_assert_false(kid->end.has_signal);
  g_assert_cmpint(kid->end.has_code ? kid->exit_code : -1, ==, code);
}

/* The five ways of the torture program, as a recording with signal events tells them. */
static void test_five_deaths(void)
{
  static const struct {
    gint signal;
    gint code;
    gint delivered;
  } deaths[] = {
    { 9, CLD_KILLED_CODE, 9 },   { 15, CLD_KILLED_CODE, 9 },  { 11, CLD_DUMPED_CODE, 11 },
    { 6, CLD_DUMPED_CODE, 6 },   { 13, CLD_KILLED_CODE, 9 },
  };
  for (guint i = 0; i < G_N_ELEMENTS(deaths); i++) {
    g_autoptr(Life) life = begin();
    life_generate(life, SH, KID, deaths[i].signal, 0, 0);
    life_deliver(life, KID, deaths[i].delivered, 0);
    end(life);
    life_generate(life, KID, SH, CHLD, deaths[i].code, 0);
    life_finish(life);
    assert_signal(life, deaths[i].signal);
    g_assert_cmpuint(life_process(life, KID, 0)->end.exit_known, ==, TB_KNOWN_SEEN);
  }
}

static void test_siblings_of_exit_group(void)
{
  g_autoptr(Life) life = begin();
  life_birth(life, KID, "sh", WORKER, LIFE_THREAD_FLAGS);
  life_exit_group(life, KID, 3);
  life_deliver(life, WORKER, 9, 0); /* how the kernel ends siblings */
  life_exit(life, WORKER, "sh", 0);
  end(life);
  life_generate(life, KID, SH, CHLD, CLD_EXITED_CODE, 0);
  life_finish(life);
  assert_code(life, 3);
}

static void test_handled(void)
{
  g_autoptr(Life) life = begin();
  life_generate(life, SH, KID, 15, 0, 0);
  life_deliver(life, KID, 15, 0x401000);
  life_exit_group(life, KID, 4);
  end(life);
  life_finish(life);
  assert_code(life, 4);
}

static void test_handled_unseen(void)
{
  g_autoptr(Life) life = begin();
  life_generate(life, SH, KID, 15, 0, 0);
  end(life); /* no call to exit recorded: it may have handled the signal and left */
  life_generate(life, KID, SH, CHLD, CLD_EXITED_CODE, 0);
  life_finish(life);
  assert_code(life, -1);
  assert_signal(life, 0);
}

static void test_ignored(void)
{
  g_autoptr(Life) life = begin();
  life_generate(life, SH, KID, 15, 0, 1);
  end(life);
  life_generate(life, KID, SH, CHLD, CLD_KILLED_CODE, 0);
  life_finish(life);
  assert_signal(life, 0);
  g_assert_true(life_process(life, KID, 0)->end.was_killed);
}

static void test_harmless(void)
{
  static const gint harmless[] = { 0, 17, 18, 19, 20, 21, 22, 23, 28, 65, 1000 };
  for (guint i = 0; i < G_N_ELEMENTS(harmless); i++) {
    g_autoptr(Life) life = begin();
    life_generate(life, SH, KID, harmless[i], 0, 0);
    end(life);
    life_finish(life);
    assert_signal(life, 0);
  }
}

static void test_kill_call(void)
{
  static const gint signals[] = { 9, 15, 11, 6, 13 };
  for (guint i = 0; i < G_N_ELEMENTS(signals); i++) {
    g_autoptr(Life) life = begin();
    life_enter(life, SH, NR_KILL, KID, signals[i], 0);
    life_leave(life, SH, NR_KILL, 0);
    life_leave(life, KID, 34, -514);
    end(life);
    life_finish(life);
    assert_signal(life, signals[i]);
    g_assert_cmpuint(life_process(life, KID, 0)->end.exit_known, ==, TB_KNOWN_INFERRED);
  }
}

static void test_kill_call_survived(void)
{
  g_autoptr(Life) life = begin();
  life_enter(life, SH, NR_KILL, KID, 10, 0);
  life_leave(life, SH, NR_KILL, 0);
  life_enter(life, KID, NR_READ, 0, 0, 0); /* it runs on */
  end(life);
  life_finish(life);
  assert_signal(life, 0);
}

static void test_kill_call_failed(void)
{
  g_autoptr(Life) life = begin();
  life_enter(life, SH, NR_KILL, KID, 9, 0);
  life_leave(life, SH, NR_KILL, -1);
  end(life);
  life_finish(life);
  assert_signal(life, 0);
}

static void test_kill_before_the_call_to_exit(void)
{
  g_autoptr(Life) life = begin();
  life_enter(life, SH, NR_KILL, KID, 9, 0);
  life_leave(life, SH, NR_KILL, 0);
  life_enter(life, KID, NR_EXIT_GROUP, 5, 0, 0); /* too late to matter */
  end(life);
  life_finish(life);
  assert_signal(life, 9);
}

static void test_kill_during_the_call_to_exit(void)
{
  g_autoptr(Life) life = begin();
  life_enter(life, SH, NR_KILL, KID, 9, 0);
  life_enter(life, KID, NR_EXIT_GROUP, 5, 0, 0); /* nobody can tell which was first */
  life_leave(life, SH, NR_KILL, 0);
  end(life);
  life_finish(life);
  assert_signal(life, 0);
  assert_code(life, -1);
}

static void test_kill_after_the_call_to_exit(void)
{
  g_autoptr(Life) life = begin();
  life_enter(life, KID, NR_EXIT_GROUP, 5, 0, 0);
  life_enter(life, SH, NR_KILL, KID, 9, 0);
  life_leave(life, SH, NR_KILL, 0);
  end(life);
  life_finish(life);
  assert_code(life, 5);
}

static void test_two_signals(void)
{
  g_autoptr(Life) life = begin();
  life_enter(life, SH, NR_TGKILL, KID, KID, 15);
  life_leave(life, SH, NR_TGKILL, 0);
  life_enter(life, SH, NR_TKILL, KID, 9, 0);
  life_leave(life, SH, NR_TKILL, 0);
  end(life);
  life_finish(life);
  assert_signal(life, 0); /* 15 if it was not blocked, else 9 */
}

static void test_signal_to_thread(void)
{
  g_autoptr(Life) life = begin();
  life_birth(life, KID, "sh", WORKER, LIFE_THREAD_FLAGS);
  life_generate(life, WORKER, WORKER, 11, 1, 0);
  life_deliver(life, WORKER, 11, 0);
  life_exit(life, WORKER, "sh", 0);
  end(life);
  life_generate(life, KID, SH, CHLD, CLD_DUMPED_CODE, 0);
  life_finish(life);
  assert_signal(life, 11);
}

static void test_lost_between(void)
{
  g_autoptr(Life) life = begin();
  life_enter(life, SH, NR_KILL, KID, 15, 0);
  life_leave(life, SH, NR_KILL, 0);
  life_lost(life); /* may have hidden a handler and a call to exit */
  end(life);
  life_finish(life);
  assert_signal(life, 0);
}

static void test_stopped_child(void)
{
  g_autoptr(Life) life = begin();
  life_generate(life, KID, SH, CHLD, 5, 0); /* stopped, later continued: alive */
  life_generate(life, KID, SH, CHLD, 6, 0);
  life_finish(life);
  g_assert_cmpint(life_process(life, KID, 0)->end_ns, ==, TB_TIME_NEVER);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/process/signal/five-deaths", test_five_deaths);
  g_test_add_func("/process/signal/siblings-of-exit-group", test_siblings_of_exit_group);
  g_test_add_func("/process/signal/handled", test_handled);
  g_test_add_func("/process/signal/handled-unseen", test_handled_unseen);
  g_test_add_func("/process/signal/ignored", test_ignored);
  g_test_add_func("/process/signal/harmless", test_harmless);
  g_test_add_func("/process/signal/kill-call", test_kill_call);
  g_test_add_func("/process/signal/kill-call-survived", test_kill_call_survived);
  g_test_add_func("/process/signal/kill-call-failed", test_kill_call_failed);
  g_test_add_func("/process/signal/kill-before-exit", test_kill_before_the_call_to_exit);
  g_test_add_func("/process/signal/kill-during-exit", test_kill_during_the_call_to_exit);
  g_test_add_func("/process/signal/kill-after-exit", test_kill_after_the_call_to_exit);
  g_test_add_func("/process/signal/two-signals", test_two_signals);
  g_test_add_func("/process/signal/to-thread", test_signal_to_thread);
  g_test_add_func("/process/signal/lost-between", test_lost_between);
  g_test_add_func("/process/signal/stopped-child", test_stopped_child);
  return g_test_run();
}
