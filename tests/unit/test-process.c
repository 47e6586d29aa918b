/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The process tracker: each meaning of a life-cycle event, and each trap, as a small history. */
#include "support/life-events.h"

#include <string.h>

enum { SH = 100, KID = 200, SIBLING = 201, WORKER = 202, OTHER = 203 };

static void test_fork_exec_exit(void)
{
  g_autoptr(Life) life = life_new();
  gint64 born = life->now_ns;
  life_birth(life, SH, "sh", KID, LIFE_FORK_FLAGS);
  life_exec(life, KID, KID, "sh", "/usr/bin/curl");
  life_exit_group(life, KID, 0x103);
  gint64 died = life->now_ns;
  life_exit(life, KID, "curl", 1);
  life_finish(life);
  g_assert_cmpuint(life_count(life, KID), ==, 1);
  const TbProcess *kid = life_process(life, KID, 0);
  life_assert_names(life, kid, "sh curl");
  g_autofree char *exes = life_exes(life, kid);
  g_assert_cmpstr(exes, ==, "? /usr/bin/curl");
  g_assert_cmpint(kid->start_ns, ==, born);
  g_assert_cmpint(kid->end_ns, ==, died);
  g_assert_cmpuint(kid->start.known, ==, TB_KNOWN_SEEN);
  g_assert_cmpuint(life_parent_pid(life, kid), ==, SH);
  g_assert_true(kid->end.has_code && !kid->end.has_signal && kid->start.id_known);
  g_assert_cmpuint(kid->exit_code, ==, 3);
  const TbProcess *sh = life_process(life, SH, 0);
  g_assert_cmpint(sh->start_ns, ==, TB_TIME_BEFORE);
  g_assert_cmpint(sh->end_ns, ==, TB_TIME_NEVER);
  life_assert_names(life, sh, "sh");
}

static void test_exec_by_thread(void)
{
  g_autoptr(Life) life = life_new();
  life_birth(life, SH, "torture", KID, LIFE_FORK_FLAGS);
  life_birth(life, KID, "torture", WORKER, LIFE_THREAD_FLAGS);
  life_birth(life, KID, "torture", OTHER, LIFE_THREAD_FLAGS);
  life_rename(life, OTHER, OTHER, "torture", "exec-thread");
  life_exit(life, KID, "torture", 0);
  life_exit(life, WORKER, "torture", 0);
  life_exec(life, KID, OTHER, "exec-thread", "/mnt/after");
  life_exit_group(life, KID, 5);
  life_exit(life, KID, "after", 1);
  life_finish(life);
  g_assert_cmpuint(life_count(life, KID), ==, 1);
  const TbProcess *kid = life_process(life, KID, 0);
  life_assert_names(life, kid, "torture after");
  g_assert_false(kid->end.leader_left);
  g_assert_cmpuint(kid->exit_code, ==, 5);
  g_assert_true(kid->end.has_code);
  TbLife other = tb_timeline_find_last_life(life_timeline(life), OTHER);
  g_assert_true(tb_life_is_thread(other));
  g_assert_cmpuint(tb_timeline_life_process(life_timeline(life), other), ==,
                   tb_timeline_find_last_life(life_timeline(life), KID));
  g_assert_cmpint(tb_timeline_life_end(life_timeline(life), other), <, kid->end_ns);
}

static void test_exec_by_thread_without_group_dead(void)
{
  g_autoptr(Life) life = life_new();
  life_birth(life, SH, "torture", KID, LIFE_FORK_FLAGS);
  life_birth(life, KID, "torture", WORKER, LIFE_THREAD_FLAGS);
  life_exit(life, KID, "torture", -1);
  life_exec(life, KID, WORKER, "torture", "/mnt/after");
  life_exit(life, KID, "after", -1);
  life_finish(life);
  g_assert_cmpuint(life_count(life, KID), ==, 1);
  const TbProcess *kid = life_process(life, KID, 0);
  g_assert_cmpuint(kid->end.known, ==, TB_KNOWN_SEEN);
  life_assert_names(life, kid, "torture after");
}

static void test_exec_by_thread_from_before(void)
{
  g_autoptr(Life) life = life_new();
  life_switch(life, WORKER, "worker", 0, "swapper/0");
  life_exit(life, KID, "old", -1); /* seems to be all there was of it */
  life_exec(life, KID, WORKER, "worker", "/mnt/after");
  life_exit(life, KID, "after", -1);
  life_finish(life);
  const TbProcess *kid = life_process(life, KID, 0);
  life_assert_names(life, kid, "old after");
  g_assert_cmpuint(kid->end.known, ==, TB_KNOWN_SEEN);
  g_assert_false(kid->start.is_alias);
  g_assert_true(life_process(life, KID, 1)->start.is_alias); /* the name came before the exec told */
  g_assert_true(life_process(life, WORKER, 0)->start.is_alias);
  TbTimeline *timeline = life_timeline(life);
  g_assert_cmpuint(tb_timeline_find_last_life(timeline, KID), ==,
                   tb_timeline_life_process(timeline, tb_timeline_find_last_life(timeline, KID)));
}

static void test_leader_leaves(void)
{
  for (gint dead = -1; dead <= 0; dead++) {
    g_autoptr(Life) life = life_new();
    life_birth(life, SH, "torture", KID, LIFE_FORK_FLAGS);
    life_birth(life, KID, "torture", WORKER, LIFE_THREAD_FLAGS);
    life_enter(life, KID, 60, 0, 0, 0);
    gint64 left = life->now_ns;
    life_exit(life, KID, "torture", dead);
    life_exit_group(life, WORKER, 33);
    gint64 died = life->now_ns;
    life_exit(life, WORKER, "torture", dead < 0 ? dead : 1);
    life_finish(life);
    const TbProcess *kid = life_process(life, KID, 0);
    g_assert_true(kid->end.leader_left && kid->end.has_code);
    g_assert_cmpuint(kid->exit_code, ==, 33);
    g_assert_cmpint(kid->end_ns, ==, died);
    const TbThread *leader = tb_timeline_get_thread(life_timeline(life), kid->threads);
    g_assert_cmpint(leader->tid, ==, KID);
    g_assert_cmpint(leader->end_ns, ==, left);
  }
}

static void test_exit_codes_of_threads(void)
{
  /* Without exit_group the kernel's answer depends on its version unless both codes agree. */
  static const struct {
    gint64 leader, last;
    gboolean known;
  } cases[] = { { 4, 4, TRUE }, { 4, 5, FALSE } };
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(Life) life = life_new();
    life_birth(life, SH, "a", KID, LIFE_FORK_FLAGS);
    life_birth(life, KID, "a", WORKER, LIFE_THREAD_FLAGS);
    life_enter(life, KID, 60, cases[i].leader, 0, 0);
    life_exit(life, KID, "a", 0);
    life_enter(life, WORKER, 60, cases[i].last, 0, 0);
    life_exit(life, WORKER, "a", 1);
    life_finish(life);
    const TbProcess *kid = life_process(life, KID, 0);
    g_assert_cmpint(kid->end.has_code, ==, cases[i].known);
    if (cases[i].known)
      g_assert_cmpuint(kid->exit_code, ==, 4);
  }
}

static void test_exit_group_race(void)
{
  g_autoptr(Life) life = life_new();
  life_birth(life, SH, "a", KID, LIFE_FORK_FLAGS);
  life_birth(life, KID, "a", WORKER, LIFE_THREAD_FLAGS);
  life_exit_group(life, KID, 12);
  life_exit_group(life, WORKER, 13); /* the first call has it */
  life_exit(life, WORKER, "a", 1);   /* told first, though the other one is gone already */
  gint64 died = life->now_ns;
  life_exit(life, KID, "a", 0);
  life_switch(life, KID, "a", 0, "swapper/0");
  life_finish(life);
  g_assert_cmpuint(life_count(life, KID), ==, 1);
  const TbProcess *kid = life_process(life, KID, 0);
  g_assert_cmpuint(kid->exit_code, ==, 12);
  g_assert_cmpint(kid->end_ns, ==, died);
}

static void test_vfork_and_siblings(void)
{
  g_autoptr(Life) life = life_new();
  life_birth(life, SH, "torture", KID, LIFE_VFORK_FLAGS);
  life_birth(life, KID, "torture", SIBLING, LIFE_PARENT_FLAGS);
  life_birth(life, KID, "torture", WORKER, LIFE_THREAD_FLAGS);
  life_birth(life, WORKER, "torture", OTHER, LIFE_FORK_FLAGS);
  life_finish(life);
  g_assert_cmpuint(life_parent_pid(life, life_process(life, KID, 0)), ==, SH);
  g_assert_cmpuint(life_parent_pid(life, life_process(life, SIBLING, 0)), ==, SH);
  g_assert_cmpuint(life_parent_pid(life, life_process(life, OTHER, 0)), ==, KID);
  g_assert_cmpuint(life_count(life, WORKER), ==, 0);
}

static void test_sibling_of_unknown_parent(void)
{
  g_autoptr(Life) life = life_new();
  life_birth(life, SH, "sh", SIBLING, LIFE_PARENT_FLAGS);
  life_finish(life);
  g_assert_cmpuint(life_parent_pid(life, life_process(life, SIBLING, 0)), ==, 0);
}

static void test_reuse(void)
{
  g_autoptr(Life) life = life_new();
  for (guint round = 0; round < 5; round++) {
    char name[] = { 'r', (char)('0' + round), 0 };
    life_birth(life, SH, "sh", KID, LIFE_FORK_FLAGS);
    life_rename(life, KID, KID, "sh", name);
    life_exit_group(life, KID, (gint32)round);
    if (round != 2) /* its end is not recorded */
      life_exit(life, KID, name, 1);
  }
  life_birth(life, SH, "sh", KID, LIFE_THREAD_FLAGS); /* and once as a thread */
  life_finish(life);
  g_assert_cmpuint(life_count(life, KID), ==, 5);
  for (guint round = 0; round < 5; round++) {
    const TbProcess *kid = life_process(life, KID, round);
    g_assert_cmpuint(kid->exit_code, ==, round);
    g_assert_cmpuint(kid->end.known, ==, round == 2 ? TB_KNOWN_INFERRED : TB_KNOWN_SEEN);
  }
  g_assert_true(tb_life_is_thread(tb_timeline_find_last_life(life_timeline(life), KID)));
}

static void test_reuse_without_exits(void)
{
  g_autoptr(Life) life = life_new();
  for (guint round = 0; round < 3; round++) {
    life_fork_event(life, SH, "sh", KID);
    life_switch(life, 0, "swapper/0", KID, "sh");
  }
  life_finish(life);
  g_assert_cmpuint(life_count(life, KID), ==, 3);
  g_assert_false(life_process(life, KID, 0)->end.has_code || life_process(life, KID, 0)->end.has_signal);
}

static void test_dead_are_named_for_a_while(void)
{
  g_autoptr(Life) life = life_new();
  life_birth(life, SH, "sh", KID, LIFE_FORK_FLAGS);
  life_exit(life, KID, "sh", 1);
  life_switch(life, KID, "sh", SH, "sh");
  life->now_ns += G_USEC_PER_SEC * 1000;
  life_switch(life, SH, "sh", KID, "sh");
  life_finish(life);
  g_assert_cmpuint(life_count(life, KID), ==, 1);
}

static void test_life_without_birth(void)
{
  g_autoptr(Life) life = life_new();
  life_birth(life, SH, "sh", KID, LIFE_FORK_FLAGS);
  life_exit(life, KID, "sh", 1);
  life->now_ns += G_USEC_PER_SEC * 1000;
  life_rename(life, KID, KID, "x", "y"); /* the dead rename nobody */
  life_exit(life, KID, "y", 1);
  life_finish(life);
  g_assert_cmpuint(life_count(life, KID), ==, 2);
  const TbProcess *second = life_process(life, KID, 1);
  g_assert_cmpuint(second->start.known, ==, TB_KNOWN_NOT);
  g_assert_cmpuint(life_parent_pid(life, second), ==, 0);
  life_assert_names(life, second, "x y");
}

static void test_before_recording(void)
{
  g_autoptr(Life) life = life_new();
  tb_timeline_add_saved_name(life_timeline(life), OTHER, "saved", 5);
  life_switch(life, 0, "swapper/0", SIBLING, "daemon"); /* several threads from before */
  life_switch(life, SIBLING, "daemon", WORKER, "worker");
  life_rename(life, KID, KID, "early", "late");
  life_exit(life, KID, "late", 1);
  life_birth(life, OTHER, "", 300, LIFE_FORK_FLAGS);
  life_finish(life);
  life_assert_names(life, life_process(life, KID, 0), "early late");
  g_assert_cmpint(life_process(life, KID, 0)->start_ns, ==, TB_TIME_BEFORE);
  life_assert_names(life, life_process(life, SIBLING, 0), "daemon");
  life_assert_names(life, life_process(life, WORKER, 0), "worker");
  g_assert_cmpuint(life_count(life, 0), ==, 0);
}

static void test_nobody(void)
{
  g_autoptr(Life) life = life_new();
  life_switch(life, 0, "swapper/0", KID, "<...>");
  life_birth(life, 0, "swapper/0", 1, LIFE_FORK_FLAGS);
  life_exit(life, 0, "swapper/0", 1);
  life_exit(life, -5, "x", 1);
  life_finish(life);
  g_assert_cmpuint(life_count(life, KID), ==, 0);
  g_assert_cmpuint(life_count(life, 0), ==, 0);
  g_assert_cmpuint(life_count(life, -5), ==, 0);
  g_assert_cmpuint(life_parent_pid(life, life_process(life, 1, 0)), ==, 0);
}

static void test_same_nanosecond(void)
{
  g_autoptr(Life) life = life_new();
  life->step_ns = 0;
  life_newtask(life, SH, KID, "sh", LIFE_FORK_FLAGS);
  life_fork_event(life, SH, "sh", KID);
  life_newtask(life, KID, WORKER, "sh", LIFE_THREAD_FLAGS);
  life_newtask(life, KID, OTHER, "sh", LIFE_THREAD_FLAGS);
  life_newtask(life, KID, SIBLING, "sh", LIFE_FORK_FLAGS);
  life_rename(life, KID, KID, "sh", "a");
  life_rename(life, KID, KID, "a", "b");
  life_finish(life);
  life_assert_names(life, life_process(life, KID, 0), "sh a b");
  TbTimeline *timeline = life_timeline(life);
  TbLife worker = tb_timeline_find_last_life(timeline, WORKER);
  TbLife other = tb_timeline_find_last_life(timeline, OTHER);
  g_assert_true(tb_life_is_thread(worker) && tb_life_is_thread(other) && worker != other);
  g_assert_cmpuint(life_count(life, SIBLING), ==, 1);
}

static void test_disorder(void)
{
  g_autoptr(Life) life = life_new();
  life_birth(life, SH, "sh", KID, LIFE_FORK_FLAGS);
  life->now_ns += 5000;
  life_rename(life, KID, KID, "sh", "a");
  life->now_ns -= 4000;
  life_rename(life, KID, KID, "a", "b"); /* told late, with an older time */
  life_birth(life, KID, "b", WORKER, LIFE_FORK_FLAGS);
  life->now_ns += 10000;
  life_exit(life, KID, "b", 1);
  life_finish(life);
  life_assert_names(life, life_process(life, KID, 0), "sh a b");
  g_assert_cmpuint(life_process(life, KID, 0)->end.known, ==, TB_KNOWN_SEEN);
  g_assert_cmpuint(life_count(life, WORKER), ==, 1);
}

static void test_two_buffers_tell_the_same(void)
{
  g_autoptr(Life) life = life_new();
  TbSource *first = life->source;
  TbSource *second = tb_source_new(TB_SOURCE_EVENTS, "ftrace/other");
  tb_source_set_machine(second, life->machine);
  life->step_ns = 0;
  for (guint told = 0; told < 2; told++, life->now_ns += 100) {
    life->source = told ? second : first;
    life_fork_event(life, SH, "sh", KID);
  }
  for (guint told = 0; told < 2; told++, life->now_ns += 100) {
    life->source = told ? second : first;
    life_rename(life, KID, KID, "sh", "a");
  }
  for (guint told = 0; told < 2; told++, life->now_ns += 100) {
    life->source = told ? second : first;
    life_exec_event(life, KID, KID, "/bin/a");
  }
  for (guint told = 0; told < 2; told++, life->now_ns += 100) {
    life->source = told ? second : first;
    life_exit(life, KID, "a", 1);
  }
  life->source = first;
  life_finish(life);
  g_assert_cmpuint(life_count(life, KID), ==, 1);
  life_assert_names(life, life_process(life, KID, 0), "sh a");
  g_autofree char *exes = life_exes(life, life_process(life, KID, 0));
  g_assert_cmpstr(exes, ==, "? /bin/a");
  tb_source_unref(second);
}

static void test_calls_alone(void)
{
  g_autoptr(Life) life = life_new();
  life_enter(life, SH, 57, 0, 0, 0);
  life_leave(life, KID, 57, 0);
  life_leave(life, SH, 57, KID);
  life_enter(life, KID, 56, LIFE_THREAD_FLAGS, 0, 0);
  life_leave(life, KID, 56, WORKER);
  life_enter(life, WORKER, 231, 9, 0, 0);
  life_finish(life);
  const TbProcess *kid = life_process(life, KID, 0);
  g_assert_cmpuint(life_parent_pid(life, kid), ==, SH);
  g_assert_true(kid->end.has_code);
  g_assert_cmpuint(kid->exit_code, ==, 9);
  g_assert_cmpuint(life_count(life, WORKER), ==, 0);
}

static void test_unknown_clone(void)
{
  g_autoptr(Life) life = life_new();
  life_enter(life, SH, 435, 0, 88, 0); /* flags are in memory */
  life_fork_event(life, SH, "sh", KID);
  life_finish(life);
  g_assert_false(life_process(life, KID, 0)->start.id_known);
}

static void test_orphans(void)
{
  g_autoptr(Life) life = life_new();
  life_enter(life, SH, 157, 36, 1, 0);
  life_leave(life, SH, 157, 0);
  life_birth(life, SH, "sh", KID, LIFE_FORK_FLAGS);
  life_birth(life, KID, "sh", WORKER, LIFE_FORK_FLAGS);
  gint64 before = life->now_ns;
  life_exit(life, KID, "sh", 1);
  gint64 after = life->now_ns;
  life_exit(life, WORKER, "sh", 1);
  life_finish(life);
  TbTimeline *timeline = life_timeline(life);
  guint32 worker = tb_timeline_find_last_life(timeline, WORKER);
  gint64 until;
  guint32 parent = tb_timeline_parent_at(timeline, worker, before - 1, &until);
  g_assert_cmpint(tb_timeline_get_process(timeline, parent)->pid, ==, KID);
  g_assert_cmpint(until, ==, before);
  parent = tb_timeline_parent_at(timeline, worker, after, &until);
  g_assert_cmpint(tb_timeline_get_process(timeline, parent)->pid, ==, SH);
}

static void test_orphan_reaped(void)
{
  g_autoptr(Life) life = life_new();
  life_birth(life, SH, "sh", KID, LIFE_FORK_FLAGS);
  life_birth(life, KID, "sh", WORKER, LIFE_FORK_FLAGS);
  life_exit(life, KID, "sh", 1);
  gint64 after = life->now_ns;
  life_exit(life, WORKER, "sh", 1);
  life_enter(life, OTHER, 61, -1, 0, 0);
  life_leave(life, OTHER, 61, WORKER);
  life_finish(life);
  TbTimeline *timeline = life_timeline(life);
  gint64 until;
  guint32 parent = tb_timeline_parent_at(timeline, tb_timeline_find_last_life(timeline, WORKER),
                                         after, &until);
  g_assert_cmpint(tb_timeline_get_process(timeline, parent)->pid, ==, OTHER);
}

static void test_tracer_collects_the_living(void)
{
  g_autoptr(Life) life = life_new();
  life_birth(life, SH, "sh", KID, LIFE_FORK_FLAGS);
  life_enter(life, OTHER, 61, -1, 0, 0);
  life_leave(life, OTHER, 61, KID);
  life_finish(life);
  g_assert_cmpint(life_process(life, KID, 0)->end_ns, ==, TB_TIME_NEVER);
  g_assert_cmpuint(life_parent_pid(life, life_process(life, KID, 0)), ==, SH);
}

static void test_changed_call_number(void)
{
  g_autoptr(Life) life = life_new();
  life_birth(life, SH, "sh", KID, LIFE_FORK_FLAGS);
  life_exit(life, KID, "sh", 1);
  life_enter(life, OTHER, 61, -1, 0, 0);
  life_leave(life, OTHER, -1, KID); /* back from a signal handler: whatever number */
  life_enter(life, SH, 61, -1, 0, 0);
  life_leave(life, SH, 62, KID); /* not the call it is in */
  life_finish(life);
  g_assert_cmpuint(life_parent_pid(life, life_process(life, KID, 0)), ==, SH);
}

static void test_short_events(void)
{
  g_autoptr(Life) life = life_new();
  life_birth(life, SH, "sh", KID, LIFE_FORK_FLAGS);
  for (guint kind = 0; kind < LIFE_N_TYPES; kind++)
    for (guint32 len = 0; len < 64; len++) {
      guint8 bytes[64];
      memset(bytes, 0xff, sizeof bytes);
      TbRecord record = { .kind = TB_RECORD_EVENT, .time.ns = life->now_ns++,
                          .source = life->source, .type = life->types[kind], .data = bytes,
                          .len = len, .tid = (gint32)(len % 3) - 1, .cpu = len };
      TbItem item = item_of(&record);
      life_show_item(life, &item);
    }
  life_finish(life);
  life_assert_names(life, life_process(life, KID, 0), "sh");
}

/* A program's name from who sees no more than that stands only where nothing better is known. */
static void test_program_alone(void)
{
  g_autoptr(TbTimeline) timeline = tb_timeline_new();
  g_autoptr(TbTracker) tracker = tb_tracker_new(timeline);
  static const struct {
    gint64 time_ns;
    gboolean proved;
    const char *name;
    const char *known;
  } steps[] = {
    { 100, FALSE, "sh", "sh" },         { 200, FALSE, "curl", "curl" },
    { 300, TRUE, "worker", "worker" },  { 400, FALSE, "curl", "worker" },
    { 500, TRUE, "worker2", "worker2" },
  };
  for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
    TbName name = { steps[i].name, strlen(steps[i].name) };
    tb_tracker_at(tracker, steps[i].time_ns, tracker);
    if (steps[i].proved)
      tb_tracker_name(tracker, KID, name);
    else
      tb_tracker_program(tracker, KID, name);
    TbLife life = tb_timeline_find_life_at(timeline, KID, steps[i].time_ns);
    g_assert_cmpstr(tb_timeline_get_string(timeline, tb_timeline_comm_at(timeline, life,
                                                                         steps[i].time_ns)), ==,
                    steps[i].known);
  }
  TbLife life = tb_timeline_find_last_life(timeline, KID);
  g_assert_false(tb_timeline_get_process(timeline, life)->start.id_known);
  /* Who ended a moment ago does not live again because of a call that was written down late. */
  tb_tracker_exit(tracker, KID, (TbName){ "worker2", 7 }, TB_ANSWER_YES);
  tb_tracker_at(tracker, 600, tracker);
  tb_tracker_program(tracker, KID, (TbName){ "curl", 4 });
  g_assert_cmpuint(tb_timeline_find_last_life(timeline, KID), ==, life);
  tb_tracker_at(tracker, 600 + 1000000000, tracker);
  tb_tracker_program(tracker, KID, (TbName){ "curl", 4 });
  g_assert_cmpuint(tb_timeline_find_last_life(timeline, KID), !=, life);
}

static void test_memory(void)
{
  enum { LIVES = 200000, PIDS = 150000 };
  g_autoptr(Life) life = life_new();
  for (guint i = 0; i < LIVES; i++) {
    gint32 pid = 1000 + (gint32)(i % PIDS);
    life_birth(life, SH, "sh", pid, LIFE_FORK_FLAGS);
    life_exec(life, pid, pid, "sh", "/bin/true");
    life_exit_group(life, pid, 0);
    life_exit(life, pid, "true", 1);
  }
  life_finish(life);
  g_assert_cmpuint(tb_timeline_get_n_processes(life_timeline(life)), ==, LIVES + 1);
  double each = (double)tb_timeline_get_bytes(life_timeline(life)) / LIVES;
  g_test_message("%.1f bytes an ended instance", each);
  g_assert_cmpfloat(each, <=, 96);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/process/fork-exec-exit", test_fork_exec_exit);
  g_test_add_func("/process/exec/by-thread", test_exec_by_thread);
  g_test_add_func("/process/exec/by-thread-without-group-dead",
                  test_exec_by_thread_without_group_dead);
  g_test_add_func("/process/exec/by-thread-from-before", test_exec_by_thread_from_before);
  g_test_add_func("/process/exit/leader-leaves", test_leader_leaves);
  g_test_add_func("/process/exit/codes-of-threads", test_exit_codes_of_threads);
  g_test_add_func("/process/exit/group-race", test_exit_group_race);
  g_test_add_func("/process/fork/vfork-and-siblings", test_vfork_and_siblings);
  g_test_add_func("/process/fork/sibling-of-unknown-parent", test_sibling_of_unknown_parent);
  g_test_add_func("/process/fork/unknown-clone", test_unknown_clone);
  g_test_add_func("/process/reuse/lives", test_reuse);
  g_test_add_func("/process/reuse/without-exits", test_reuse_without_exits);
  g_test_add_func("/process/reuse/dead-are-named-for-a-while", test_dead_are_named_for_a_while);
  g_test_add_func("/process/reuse/life-without-birth", test_life_without_birth);
  g_test_add_func("/process/before-recording", test_before_recording);
  g_test_add_func("/process/nobody", test_nobody);
  g_test_add_func("/process/order/same-nanosecond", test_same_nanosecond);
  g_test_add_func("/process/order/disorder", test_disorder);
  g_test_add_func("/process/order/two-buffers-tell-the-same", test_two_buffers_tell_the_same);
  g_test_add_func("/process/calls/alone", test_calls_alone);
  g_test_add_func("/process/calls/changed-number", test_changed_call_number);
  g_test_add_func("/process/calls/short-events", test_short_events);
  g_test_add_func("/process/orphan/subreaper", test_orphans);
  g_test_add_func("/process/orphan/reaped", test_orphan_reaped);
  g_test_add_func("/process/orphan/tracer-collects-the-living", test_tracer_collects_the_living);
  g_test_add_func("/process/program-alone", test_program_alone);
  g_test_add_func("/process/memory", test_memory);
  return g_test_run();
}


