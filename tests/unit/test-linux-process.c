/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What Linux events tell about processes, fact by fact, without anybody who draws conclusions. */
#include "decode/linux/linux-decoder.h"
#include "support/life-events.h"

#include <string.h>

enum { SH = 100, KID = 200, MAX_TOLD = 16 };

typedef struct {
  TbFactSink sink;
  TbFact told[MAX_TOLD];
  guint n;
} Told;

typedef struct {
  Life *life;
  Told told;
  gpointer state;
} Decoding;

static void told_take(TbFactSink *sink, const TbFact *fact)
{
  Told *told = (Told *)sink;
  g_assert_cmpuint(told->n, <, MAX_TOLD);
  told->told[told->n++] = *fact;
}

/* Every event that the builder makes is decoded here, and shown to nobody. */
static gboolean decode(Life *life, gpointer data)
{
  Decoding *d = data;
  d->told.n = 0;
  tb_linux_decoder.decode(life->event.record.type->plan, d->state, &life->event.record,
                          &d->told.sink);
  return FALSE;
}

static Decoding *decoding_new(gboolean remembers)
{
  Decoding *d = g_new0(Decoding, 1);
  d->life = life_new();
  d->life->keep = decode;
  d->life->keep_data = d;
  /* Lives only: of other kinds the same calls tell, too. */
  d->told.sink = (TbFactSink){ .wants = (TB_FACT_BIT(TB_FACT_SWITCHED) |
                                         (TB_FACT_BIT(TB_FACT_CALL_ENTERED) - 1)) &
                                        ~TB_FACT_BIT(TB_FACT_ACTS),
                               .tell = told_take };
  d->state = remembers ? tb_linux_decoder.new_state(d->life->machine) : NULL;
  return d;
}

static void decoding_free(Decoding *d)
{
  tb_linux_decoder.free_state(d->state);
  life_free(d->life);
  g_free(d);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Decoding, decoding_free)

/* The only fact that the last event told. */
static const TbFact *only(const Decoding *d, TbFactKind kind)
{
  g_assert_cmpuint(d->told.n, ==, 1);
  g_assert_cmpint(d->told.told[0].kind, ==, kind);
  return &d->told.told[0];
}

static void assert_name(TbName name, const char *expected)
{
  g_assert_cmpmem(name.bytes, name.len, expected, strlen(expected));
}

static void test_births(void)
{
  g_autoptr(Decoding) d = decoding_new(TRUE);
  life_newtask(d->life, SH, KID, "sh", LIFE_THREAD_FLAGS);
  const TbBorn *born = &only(d, TB_FACT_BORN)->born;
  g_assert_cmpint(born->maker, ==, SH);
  g_assert_cmpint(born->child, ==, KID);
  g_assert_cmpint(born->is_thread, ==, TB_ANSWER_YES);
  g_assert_cmpint(born->shares_descriptors, ==, TB_ANSWER_YES);
  g_assert_true(born->announces);
  assert_name(born->comm, "sh");
  /* The second event has no flags; the call that its maker is in has. */
  life_fork_event(d->life, SH, "sh", KID);
  g_assert_cmpint(only(d, TB_FACT_BORN)->born.is_thread, ==, TB_ANSWER_UNKNOWN);
  assert_name(d->told.told[0].born.maker_comm, "sh");
  life_enter(d->life, SH, 57, 0, 0, 0); /* fork */
  life_fork_event(d->life, SH, "sh", KID);
  g_assert_cmpint(only(d, TB_FACT_BORN)->born.is_thread, ==, TB_ANSWER_NO);
  g_assert_false(d->told.told[0].born.announces);
  /* Its result is no news then. */
  life_leave(d->life, SH, 57, KID);
  g_assert_cmpuint(d->told.n, ==, 0);
}

static void test_lives(void)
{
  g_autoptr(Decoding) d = decoding_new(FALSE);
  life_exec_event(d->life, KID, KID, "/bin/true");
  assert_name(only(d, TB_FACT_EXECUTED)->executed.path, "/bin/true");
  life_rename(d->life, SH, KID, "sh", "true");
  g_assert_cmpint(only(d, TB_FACT_RENAMED)->renamed.tid, ==, KID);
  assert_name(d->told.told[0].renamed.old_name, "sh");
  assert_name(d->told.told[0].renamed.new_name, "true");
  life_exit(d->life, KID, "true", -1);
  g_assert_cmpint(only(d, TB_FACT_ENDED)->ended.last, ==, TB_ANSWER_UNKNOWN);
  life_exit(d->life, KID, "true", 1);
  g_assert_cmpint(only(d, TB_FACT_ENDED)->ended.last, ==, TB_ANSWER_YES);
  life_switch(d->life, SH, "sh", KID, "true");
  g_assert_cmpint(only(d, TB_FACT_SWITCHED)->switched.to, ==, KID);
  /* Calls say nothing by themselves: what they mean hangs on what came before. */
  life_leave(d->life, SH, 57, KID);
  g_assert_cmpuint(d->told.n, ==, 0);
}

static void test_calls(void)
{
  g_autoptr(Decoding) d = decoding_new(TRUE);
  life_enter(d->life, SH, 56, LIFE_THREAD_FLAGS, 0, 0); /* clone */
  only(d, TB_FACT_CALLS_RECORDED); /* once */
  gint64 since_ns = d->life->event.record.time.ns;
  life_leave(d->life, SH, 56, KID);
  const TbBorn *born = &only(d, TB_FACT_CLAIMED)->born;
  g_assert_cmpint(born->maker, ==, SH);
  g_assert_cmpint(born->child, ==, KID);
  g_assert_cmpint(born->is_thread, ==, TB_ANSWER_YES);
  g_assert_cmpint(born->since.ns, ==, since_ns);
  life_leave(d->life, KID, 56, 0);
  g_assert_cmpint(only(d, TB_FACT_NEWBORN)->newborn.tid, ==, KID);
  life_enter(d->life, KID, 231, 7, 0, 0); /* exit_group */
  g_assert_cmpint(only(d, TB_FACT_LEAVES)->leaves.code, ==, 7);
  g_assert_true(d->told.told[0].leaves.whole);
  life_enter(d->life, SH, 61, KID, 0, 0); /* wait4; a signal handler takes its number away */
  life_leave(d->life, SH, -1, KID);
  g_assert_cmpint(only(d, TB_FACT_REAPED)->reaped.other, ==, KID);
  life_enter(d->life, SH, 0, 3, 0, 0); /* read */
  g_assert_cmpuint(d->told.n, ==, 0);
}

static void test_acts_are_told_on_demand(void)
{
  g_autoptr(Decoding) d = decoding_new(TRUE);
  d->told.sink.wants = TB_FACT_BIT(TB_FACT_ACTS);
  life_enter(d->life, SH, 0, 3, 0, 0);
  g_assert_cmpint(only(d, TB_FACT_ACTS)->task, ==, SH);
  d->told.sink.wants = TB_FACT_BIT(TB_FACT_LEAVES);
  life_enter(d->life, SH, 0, 3, 0, 0);
  g_assert_cmpuint(d->told.n, ==, 0);
}

static void test_signals(void)
{
  g_autoptr(Decoding) d = decoding_new(TRUE);
  life_enter(d->life, SH, 62, KID, 9, 0); /* kill */
  g_assert_cmpuint(d->told.n, ==, 2);
  g_assert_cmpint(d->told.told[1].kind, ==, TB_FACT_SIGNALLED);
  g_assert_true(d->told.told[1].signalled.sure);
  g_assert_false(d->told.told[1].signalled.shown);
  life_leave(d->life, SH, 62, 0);
  g_assert_true(only(d, TB_FACT_SIGNAL_SENT)->signal_sent.yes);
  life_generate(d->life, SH, KID, 15, 0, 0);
  g_assert_true(only(d, TB_FACT_SIGNALLED)->signalled.shown);
  life_deliver(d->life, KID, 15, 0);
  g_assert_true(only(d, TB_FACT_SIGNAL_MET)->signal_met.yes);
  life_generate(d->life, KID, SH, 17, 2, 0);
  g_assert_true(only(d, TB_FACT_FATE)->fate.yes);
  /* Where there are events about signals, calls do not tell of them. */
  life_enter(d->life, SH, 62, KID, 9, 0);
  g_assert_cmpuint(d->told.n, ==, 0);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/linux-process/births", test_births);
  g_test_add_func("/linux-process/lives-without-memory", test_lives);
  g_test_add_func("/linux-process/calls", test_calls);
  g_test_add_func("/linux-process/acts-on-demand", test_acts_are_told_on_demand);
  g_test_add_func("/linux-process/signals", test_signals);
  return g_test_run();
}
