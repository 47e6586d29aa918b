/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The choice of processes: by actor, by owner, by descent, and what always goes on. */
#include "stages/select/process.h"
#include "support/made-item.h"

enum { SHELL = 10, CHILD = 20, GRANDCHILD = 30, STRANGER = 40 };

/* A machine whose shell has a child and a grandchild, and one source of each class. */
typedef struct {
  TbMachine *machine;
  TbSource *events;
  TbSource *packets;
  GArray *pids;
} Fixture;

static guint32 add_process(const Fixture *f, gint32 pid, const char *comm, guint32 parent)
{
  TbTimeline *timeline = f->machine->timeline;
  guint32 process = tb_timeline_add_process(timeline, pid);
  guint32 name = tb_timeline_intern(timeline, comm, strlen(comm));
  TbProcess *entry = tb_timeline_get_process(timeline, process);
  entry->comm = name;
  entry->parent = parent;
  entry->start_ns = TB_TIME_BEFORE;
  return process;
}

static void fixture_init(Fixture *f)
{
  f->machine = tb_machine_new();
  f->events = tb_source_new(TB_SOURCE_EVENTS, "toy");
  f->packets = tb_source_new(TB_SOURCE_PACKETS, "eth0");
  f->pids = g_array_new(FALSE, FALSE, sizeof(gint32));
  tb_source_set_machine(f->events, f->machine);
  tb_source_set_machine(f->packets, f->machine);
  guint32 shell = add_process(f, SHELL, "sh", TB_PROC_NONE);
  guint32 child = add_process(f, CHILD, "make", shell);
  add_process(f, GRANDCHILD, "cc1", child);
  add_process(f, STRANGER, "cron", TB_PROC_NONE);
}

static void fixture_clear(Fixture *f)
{
  g_array_unref(f->pids);
  tb_source_unref(f->events);
  tb_source_unref(f->packets);
  tb_machine_unref(f->machine);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Fixture, fixture_clear)

static gboolean keeps(TbStage *stage, const Fixture *f, TbRecordKind kind, const TbContext *actor,
                      const TbOwners *owners)
{
  MadeItem made = { .record = { .kind = kind, .tid = actor ? actor->tid : -1,
                                .source = kind == TB_RECORD_PACKET ? f->packets : f->events } };
  TbItem *item = made_item(&made);
  item->actor = actor;
  item->owners = owners;
  TbVerdict verdict = stage->ops->apply(stage, item, NULL);
  g_assert_cmpint(verdict, !=, TB_STAGE_FAILS);
  return verdict == TB_STAGE_KEEPS;
}

static TbContext somebody(gint32 pid, const char *comm)
{
  static guint64 generations;
  return (TbContext){ .slot = (guint32)pid, .generation = ++generations, .tid = pid, .pid = pid,
                      .pid_known = TRUE, .comm = comm };
}

static void test_nothing_wished(void)
{
  static const char *const none[] = { NULL };
  g_autoptr(GArray) pids = g_array_new(FALSE, FALSE, sizeof(gint32));
  g_assert_null(tb_select_processes_new(&(TbProcessWish){ .children = TRUE }));
  g_assert_null(tb_select_processes_new(&(TbProcessWish){ .pids = pids, .comms = none }));
}

static void test_rows_by_name_and_number(void)
{
  static const char *const comms[] = { "cron", NULL };
  const gint32 wanted = CHILD;
  g_auto(Fixture) f = { 0 };
  fixture_init(&f);
  g_array_append_val(f.pids, wanted);
  g_autoptr(TbStage) stage = tb_select_processes_new(&(TbProcessWish){ f.pids, comms, FALSE });
  TbContext cron = somebody(STRANGER, "cron"), make = somebody(CHILD, "make"),
            sh = somebody(SHELL, "sh");
  TbContext thread = somebody(CHILD + 1, "worker");
  thread.pid = CHILD;
  g_assert_cmpint(stage->reason, ==, TB_LEDGER_OTHERS);
  g_assert_true(keeps(stage, &f, TB_RECORD_EVENT, &cron, NULL));
  g_assert_true(keeps(stage, &f, TB_RECORD_EVENT, &make, NULL));
  g_assert_true(keeps(stage, &f, TB_RECORD_EVENT, &thread, NULL));
  g_assert_false(keeps(stage, &f, TB_RECORD_EVENT, &sh, NULL));
  g_assert_false(keeps(stage, &f, TB_RECORD_EVENT, NULL, NULL));
}

/* The answer is kept as long as the context says it is the same one, and no longer. */
static void test_answers_follow_generations(void)
{
  static const char *const comms[] = { "cron", NULL };
  g_auto(Fixture) f = { 0 };
  fixture_init(&f);
  g_autoptr(TbStage) stage = tb_select_processes_new(&(TbProcessWish){ .comms = comms });
  TbContext who = somebody(SHELL, "sh");
  g_assert_false(keeps(stage, &f, TB_RECORD_EVENT, &who, NULL));
  who.comm = "cron";
  g_assert_false(keeps(stage, &f, TB_RECORD_EVENT, &who, NULL));
  who.generation += 1000;
  g_assert_true(keeps(stage, &f, TB_RECORD_EVENT, &who, NULL));
}

static void test_descendants(void)
{
  static const char *const comms[] = { "sh", NULL };
  for (guint children = 0; children < 2; children++) {
    g_auto(Fixture) f = { 0 };
    fixture_init(&f);
    g_autoptr(TbStage) stage =
        tb_select_processes_new(&(TbProcessWish){ NULL, comms, children != 0 });
    TbContext sh = somebody(SHELL, "sh"), cc1 = somebody(GRANDCHILD, "cc1"),
              cron = somebody(STRANGER, "cron");
    g_assert_true(keeps(stage, &f, TB_RECORD_EVENT, &sh, NULL));
    g_assert_true(keeps(stage, &f, TB_RECORD_EVENT, &cc1, NULL) == (children != 0));
    g_assert_false(keeps(stage, &f, TB_RECORD_EVENT, &cron, NULL));
  }
}

/* A parent that had the wanted name once had its children under it, perhaps. */
static void test_descendants_of_an_earlier_name(void)
{
  static const char *const comms[] = { "init", NULL };
  g_auto(Fixture) f = { 0 };
  fixture_init(&f);
  TbTimeline *timeline = f.machine->timeline;
  TbLife shell = tb_timeline_find_last_life(timeline, SHELL);
  tb_timeline_add_change(timeline, shell, 5, tb_timeline_intern(timeline, "init", 4));
  tb_timeline_add_change(timeline, shell, 6, tb_timeline_intern(timeline, "sh", 2));
  g_autoptr(TbStage) stage = tb_select_processes_new(&(TbProcessWish){ NULL, comms, TRUE });
  TbContext cc1 = somebody(GRANDCHILD, "cc1");
  g_assert_true(keeps(stage, &f, TB_RECORD_EVENT, &cc1, NULL));
}

static void test_packets_by_either_owner(void)
{
  static const char *const comms[] = { "sh", NULL };
  g_auto(Fixture) f = { 0 };
  fixture_init(&f);
  g_autoptr(TbStage) stage = tb_select_processes_new(&(TbProcessWish){ NULL, comms, TRUE });
  const TbOwner sh = { .confidence = TB_CONFIDENCE_LINKED, .pid = SHELL, .comm = "sh" };
  const TbOwner cc1 = { .confidence = TB_CONFIDENCE_LINKED, .pid = GRANDCHILD, .comm = "cc1" };
  const TbOwner cron = { .confidence = TB_CONFIDENCE_LINKED, .pid = STRANGER, .comm = "cron" };
  g_assert_true(keeps(stage, &f, TB_RECORD_PACKET, NULL, &(TbOwners){ .src = sh, .dst = cron }));
  g_assert_true(keeps(stage, &f, TB_RECORD_PACKET, NULL, &(TbOwners){ .src = cron, .dst = cc1 }));
  g_assert_false(keeps(stage, &f, TB_RECORD_PACKET, NULL, &(TbOwners){ .src = cron }));
  g_assert_false(keeps(stage, &f, TB_RECORD_PACKET, NULL, NULL));
}

static void test_what_always_goes_on(void)
{
  static const char *const comms[] = { "nosuch", NULL };
  g_auto(Fixture) f = { 0 };
  fixture_init(&f);
  g_autoptr(TbStage) stage = tb_select_processes_new(&(TbProcessWish){ .comms = comms });
  g_assert_true(keeps(stage, &f, TB_RECORD_LOST, NULL, NULL));
  g_assert_true(keeps(stage, &f, TB_RECORD_CARRIED, NULL, NULL));
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/select/process/nothing-wished", test_nothing_wished);
  g_test_add_func("/select/process/rows-by-name-and-number", test_rows_by_name_and_number);
  g_test_add_func("/select/process/answers-follow-generations", test_answers_follow_generations);
  g_test_add_func("/select/process/descendants", test_descendants);
  g_test_add_func("/select/process/descendants-of-an-earlier-name",
                  test_descendants_of_an_earlier_name);
  g_test_add_func("/select/process/packets-by-either-owner", test_packets_by_either_owner);
  g_test_add_func("/select/process/what-always-goes-on", test_what_always_goes_on);
  return g_test_run();
}
