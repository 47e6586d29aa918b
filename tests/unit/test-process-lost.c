/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lives across places where the recorder lost events. */
#include "support/life-events.h"

enum { SH = 100, KID = 200, SIBLING = 201, WORKER = 202, OTHER = 203 };

static void test_lost_rename(void)
{
  g_autoptr(Life) life = life_new();
  life_birth(life, SH, "sh", KID, LIFE_FORK_FLAGS);
  life_exec(life, KID, KID, "sh", "/bin/a");
  life_lost(life);
  life_switch(life, KID, "b", 0, "swapper/0"); /* renamed, or another program: not told when */
  life_finish(life);
  life_assert_names(life, life_process(life, KID, 0), "sh a ? b");
  g_autofree char *exes = life_exes(life, life_process(life, KID, 0));
  g_assert_cmpstr(exes, ==, "? /bin/a ?");
}

static void test_lost_nothing(void)
{
  g_autoptr(Life) life = life_new();
  life_birth(life, SH, "sh", KID, LIFE_FORK_FLAGS);
  life_rename(life, KID, KID, "sh", "a");
  life_lost(life);
  life_switch(life, KID, "a", 0, "swapper/0"); /* the name stands: nothing was hidden of it */
  life_finish(life);
  life_assert_names(life, life_process(life, KID, 0), "sh a");
}

static void test_lost_until_the_end(void)
{
  g_autoptr(Life) life = life_new();
  life_birth(life, SH, "sh", KID, LIFE_FORK_FLAGS);
  life_birth(life, SH, "sh", OTHER, LIFE_FORK_FLAGS);
  tb_timeline_add_saved_name(life_timeline(life), OTHER, "sh", 2);
  life_lost(life);
  life_finish(life);
  life_assert_names(life, life_process(life, KID, 0), "sh ?");
  life_assert_names(life, life_process(life, OTHER, 0), "sh");
}

static void test_lost_exit(void)
{
  g_autoptr(Life) life = life_new();
  life_birth(life, SH, "sh", KID, LIFE_FORK_FLAGS);
  life_birth(life, KID, "sh", WORKER, LIFE_THREAD_FLAGS);
  life_lost(life);
  life_exit(life, WORKER, "sh", -1);
  life_exit(life, KID, "sh", -1); /* a hidden thread may go on: not the end for sure */
  life_finish(life);
  g_assert_cmpuint(life_process(life, KID, 0)->end.known, ==, TB_KNOWN_INFERRED);
}

static void test_lost_birth_events(void)
{
  g_autoptr(Life) life = life_new();
  life_birth(life, SH, "sh", SIBLING, LIFE_FORK_FLAGS);
  life_enter(life, SH, 56, LIFE_FORK_FLAGS, 0, 0);
  life_lost(life);
  life_leave(life, SH, 56, KID); /* the result is all that is left */
  life_finish(life);
  const TbProcess *kid = life_process(life, KID, 0);
  g_assert_cmpuint(kid->start.known, ==, TB_KNOWN_INFERRED);
  g_assert_cmpuint(life_parent_pid(life, kid), ==, SH);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/process/lost/rename", test_lost_rename);
  g_test_add_func("/process/lost/nothing", test_lost_nothing);
  g_test_add_func("/process/lost/until-the-end", test_lost_until_the_end);
  g_test_add_func("/process/lost/exit", test_lost_exit);
  g_test_add_func("/process/lost/birth", test_lost_birth_events);
  return g_test_run();
}
