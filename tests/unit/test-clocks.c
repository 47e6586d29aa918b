/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clocks of sources: shifts, which of them can be interleaved, and the way to a machine's time. */
#include "pass/clocks.h"
#include "support/made-readers.h"

static TbSource *add_source(const GPtrArray *readers, guint i, TbSourceClass class, TbClock clock)
{
  TbReader *reader = made_reader(readers, i);
  TbMachine *machine = reader->machines->len ? g_ptr_array_index(reader->machines, 0)
                                             : made_reader_add_machine(reader, "web", NULL);
  TbSource *source = made_reader_add_source(reader, class, "log", machine);
  tb_axis_init(&source->clock.axis, clock, FALSE);
  source->clock.opened = (TbAxis){ 0 };
  source->counts.records = 1;
  return source;
}

static gboolean check(const GPtrArray *readers, gboolean accept, GError **error)
{
  g_autoptr(GPtrArray) sources = g_ptr_array_new();
  for (guint i = 0; i < readers->len; i++)
    g_ptr_array_extend(sources, made_reader(readers, i)->sources, NULL, NULL);
  return tb_clocks_check(sources, NULL, accept, error);
}

static void test_shifts(void)
{
  const gint64 shift_ns = 5;
  g_autoptr(GPtrArray) readers = made_readers_new(2);
  TbSource *moved = add_source(readers, 0, TB_SOURCE_EVENTS, TB_CLOCK_BOOT);
  TbSource *other = add_source(readers, 1, TB_SOURCE_EVENTS, TB_CLOCK_BOOT);
  tb_clocks_open(moved, &shift_ns, 100);
  tb_clocks_open(other, NULL, 100);
  g_assert_cmpint(tb_source_output_time(moved, (TbOwnTime){ 1 }).ns, ==, 106);
  g_assert_cmpint(tb_source_machine_time(moved, (TbOwnTime){ 1 }).ns, ==, 106);
  g_assert_cmpint(tb_source_output_time(other, (TbOwnTime){ 1 }).ns, ==, 101);
  g_assert_true(moved->clock.axis.realtime);
  g_assert_false(other->clock.axis.realtime);
}

static void test_unrelated(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) readers = made_readers_new(2);
  TbSource *a = add_source(readers, 0, TB_SOURCE_EVENTS, TB_CLOCK_REALTIME);
  TbSource *b = add_source(readers, 1, TB_SOURCE_EVENTS, TB_CLOCK_BOOT);
  g_assert_false(tb_clocks_related(a, b));
  g_assert_false(check(readers, FALSE, &error));
  g_assert_error(error, TB_ERROR, TB_ERROR_CLOCK);
  g_clear_error(&error);
  g_assert_true(check(readers, TRUE, &error));
  b->counts.records = 0; /* who has no records disturbs nobody */
  g_assert_true(check(readers, FALSE, &error));
}

static void test_related(void)
{
  g_autoptr(GPtrArray) readers = made_readers_new(2);
  TbSource *a = add_source(readers, 0, TB_SOURCE_EVENTS, TB_CLOCK_BOOT);
  TbSource *b = add_source(readers, 1, TB_SOURCE_EVENTS, TB_CLOCK_BOOT);
  g_assert_false(tb_clocks_related(a, b)); /* boot of two machines */
  a->clock.axis.session = b->clock.axis.session = 7;
  g_assert_true(tb_clocks_related(a, b));
  a->clock.axis.session = b->clock.axis.session = 0;
  tb_source_set_machine(b, a->machine);
  g_assert_true(tb_clocks_related(a, b));
  b->clock.axis.ticks = TRUE;
  g_assert_false(tb_clocks_related(a, b));
}

/* Packets find their machine's timeline by the recording that was lined up with them. */
static void test_reference(void)
{
  g_autoptr(GPtrArray) readers = made_readers_new(2);
  TbSource *recording = add_source(readers, 0, TB_SOURCE_EVENTS, TB_CLOCK_BOOT);
  TbSource *capture = add_source(readers, 1, TB_SOURCE_PACKETS, TB_CLOCK_REALTIME);
  tb_source_set_machine(capture, recording->machine);
  tb_clocks_open(recording, NULL, 0);
  tb_clocks_open(capture, NULL, 0);
  tb_axis_shift(&recording->clock.axis, 1000); /* as alignment does */
  tb_clocks_set_references(readers);
  g_assert_true(capture->clock.reference == recording);
  g_assert_cmpint(tb_source_to_machine(recording, (TbOutputTime){ 1007 }).ns, ==, 7);
  g_assert_cmpint(tb_source_to_output(recording, (TbMachineTime){ 7 }).ns, ==, 1007);
  recording->frozen = TRUE;
  g_assert_null(tb_clocks_find_reference(readers, recording->machine));
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/pass/clocks/shifts", test_shifts);
  g_test_add_func("/pass/clocks/unrelated", test_unrelated);
  g_test_add_func("/pass/clocks/related", test_related);
  g_test_add_func("/pass/clocks/reference", test_reference);
  return g_test_run();
}
