/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The choice of kinds, and that carried blocks go with their input. */
#include "stages/select/kinds.h"
#include "support/made-item.h"
#include "support/made-readers.h"

/* A recording, a capture, and one that holds both. */
typedef struct {
  GPtrArray *readers;
  TbSource *recording;
  TbSource *capture;
  TbSource *both_events;
  TbSource *both_packets;
} Fixture;

static void fixture_init(Fixture *f)
{
  f->readers = made_readers_new(3);
  f->recording = made_reader_add_source(made_reader(f->readers, 0), TB_SOURCE_EVENTS, "a", NULL);
  f->capture = made_reader_add_source(made_reader(f->readers, 1), TB_SOURCE_PACKETS, "b", NULL);
  f->both_events = made_reader_add_source(made_reader(f->readers, 2), TB_SOURCE_EVENTS, "c", NULL);
  f->both_packets = made_reader_add_source(made_reader(f->readers, 2), TB_SOURCE_PACKETS, "d",
                                           NULL);
}

static void fixture_clear(Fixture *f)
{
  g_ptr_array_unref(f->readers);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Fixture, fixture_clear)

static gboolean keeps(TbStage *stage, TbRecordKind kind, TbSource *source)
{
  MadeItem made = { .record = { .kind = kind, .source = source } };
  return stage->ops->apply(stage, made_item(&made), NULL) == TB_STAGE_KEEPS;
}

static void test_both_need_no_stage(void)
{
  g_auto(Fixture) f = { 0 };
  fixture_init(&f);
  g_assert_null(tb_select_kinds_new(f.readers, TRUE, TRUE, TB_LEDGER_NO_PLACE));
}

static void test_no_packets(void)
{
  g_auto(Fixture) f = { 0 };
  fixture_init(&f);
  g_autoptr(TbStage) stage = tb_select_kinds_new(f.readers, TRUE, FALSE, TB_LEDGER_NO_PLACE);
  g_assert_cmpint(stage->reason, ==, TB_LEDGER_NO_PLACE);
  g_assert_true(keeps(stage, TB_RECORD_EVENT, f.recording));
  g_assert_true(keeps(stage, TB_RECORD_LOST, f.recording));
  g_assert_false(keeps(stage, TB_RECORD_PACKET, f.capture));
  g_assert_false(keeps(stage, TB_RECORD_CARRIED, f.capture));
  g_assert_true(keeps(stage, TB_RECORD_CARRIED, f.both_packets));
  g_assert_true(keeps(stage, TB_RECORD_CARRIED, f.both_events));
}

static void test_no_events(void)
{
  g_auto(Fixture) f = { 0 };
  fixture_init(&f);
  g_autoptr(TbStage) stage = tb_select_kinds_new(f.readers, FALSE, TRUE, TB_LEDGER_NOT_WANTED);
  g_assert_cmpint(stage->reason, ==, TB_LEDGER_NOT_WANTED);
  g_assert_false(keeps(stage, TB_RECORD_EVENT, f.recording));
  g_assert_false(keeps(stage, TB_RECORD_LOST, f.recording));
  g_assert_true(keeps(stage, TB_RECORD_PACKET, f.capture));
  g_assert_true(keeps(stage, TB_RECORD_CARRIED, f.capture));
  g_assert_false(keeps(stage, TB_RECORD_CARRIED, f.recording));
  g_assert_true(keeps(stage, TB_RECORD_CARRIED, f.both_events));
}

static void test_nothing(void)
{
  g_auto(Fixture) f = { 0 };
  fixture_init(&f);
  g_autoptr(TbStage) stage = tb_select_kinds_new(f.readers, FALSE, FALSE, TB_LEDGER_NOT_WANTED);
  g_assert_false(keeps(stage, TB_RECORD_EVENT, f.both_events));
  g_assert_false(keeps(stage, TB_RECORD_PACKET, f.both_packets));
  g_assert_false(keeps(stage, TB_RECORD_CARRIED, f.both_packets));
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/select/kinds/both-need-no-stage", test_both_need_no_stage);
  g_test_add_func("/select/kinds/no-packets", test_no_packets);
  g_test_add_func("/select/kinds/no-events", test_no_events);
  g_test_add_func("/select/kinds/nothing", test_nothing);
  return g_test_run();
}
