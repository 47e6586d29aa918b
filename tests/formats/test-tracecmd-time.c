/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From raw to shown times: DATE, OFFSET, TSC2NSEC, TIME_SHIFT and the axis they give. */
#include "support/dat-reading.h"

#include "tracecmd/tracecmd-file.h"

#include <string.h>

/* Two ticks of CPU 0 at @time and 10 later, on @clock. */
static void add_ticks(DatFile *file, const DatShape *shape, const char *name, const char *clock,
                      guint64 time)
{
  DatPages *pages = dat_pages_new(shape, 4096);
  dat_pages_begin(pages, time);
  dat_pages_tick(pages, 0, 1);
  dat_pages_tick(pages, 10, 2);
  dat_file_buffer(file, name, clock, 4096);
  dat_file_cpu(file, 0, pages);
}

static gint64 first_mapped(const DatReading *r, guint source)
{
  const TbSource *s = dat_reading_source(r, source);
  return tb_axis_map(&s->clock.axis, s->counts.first_ns);
}

static void test_date(void)
{
  DatShape shape = dat_shape();
  g_autoptr(DatFile) file = dat_file_new(&shape);
  dat_file_option_text(file, 1, "0x5f5e100"); /* 100 s */
  add_ticks(file, &shape, "", "local", 5000);
  add_ticks(file, &shape, "same", "local", 6000);
  add_ticks(file, &shape, "other", "mono", 7000);
  g_autoptr(DatReading) r = dat_reading_file(file);
  dat_reading_clean(r);
  const TbAxis *axis = &dat_reading_source(r, 0)->clock.axis;
  g_assert_true(axis->realtime && axis->bounded);
  g_assert_cmpint(axis->origin, ==, TB_ORIGIN_DATE);
  g_assert_cmpint(axis->bound_low_ns, <=, axis->offset_ns);
  g_assert_cmpint(axis->bound_high_ns, >=, axis->offset_ns + 1000);
  g_assert_cmpint(first_mapped(r, 0), ==, 100000000000 + 5000);
  g_assert_cmpint(first_mapped(r, 1), ==, 100000000000 + 6000);
  /* It was measured against another clock than this instance's. */
  g_assert_false(dat_reading_source(r, 2)->clock.axis.realtime);
  g_assert_cmpint(first_mapped(r, 2), ==, 7000);
}

/* The trace clock is ahead of the wall clock: the difference is negative, modulo 2^64. */
static void test_date_negative(void)
{
  DatShape shape = dat_shape();
  g_autoptr(DatFile) file = dat_file_new(&shape);
  dat_file_option_text(file, 1, "0xfffffffffdcb6cc0"); /* -37 s */
  add_ticks(file, &shape, "", "tai", G_GUINT64_CONSTANT(1792479743000000000));
  g_autoptr(DatReading) r = dat_reading_file(file);
  dat_reading_clean(r);
  g_assert_cmpint(first_mapped(r, 0), ==, G_GINT64_CONSTANT(1792479706000000000));
}

static void test_offset(void)
{
  static const struct {
    const char *text;
    gint64 ns;
  } cases[] = { { "250", 250 }, { "-250", -250 }, { "0x10", 16 } };
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    DatShape shape = dat_shape();
    g_autoptr(DatFile) file = dat_file_new(&shape);
    dat_file_option_text(file, 7, cases[i].text);
    if (i == 1)
      dat_file_option_text(file, 1, "0x1");
    add_ticks(file, &shape, "", "mono", 5000);
    g_autoptr(DatReading) r = dat_reading_file(file);
    dat_reading_clean(r);
    g_assert_cmpint(first_mapped(r, 0), ==, 5000 + cases[i].ns + (i == 1 ? 1000 : 0));
    g_assert_cmpint(dat_reading_source(r, 0)->clock.axis.origin, ==,
                    i == 1 ? TB_ORIGIN_DATE : TB_ORIGIN_USER);
  }
}

/* Cycles become nanoseconds with a product of 96 bits. */
static void test_tsc(void)
{
  DatShape shape = dat_shape();
  guint64 cycles = G_GUINT64_CONSTANT(0x7fffffffffff0000);
  g_autoptr(DatFile) file = dat_file_new(&shape);
  g_autoptr(GByteArray) option = g_byte_array_new();
  dat_append(option, &shape, 0xfffffff0, 4);
  dat_append(option, &shape, 32, 4);
  dat_append(option, &shape, 0, 8);
  dat_file_option(file, 14, option->data, option->len);
  add_ticks(file, &shape, "", "x86-tsc", cycles);
  g_autoptr(DatReading) r = dat_reading_file(file);
  dat_reading_clean(r);
  g_assert_false(dat_reading_source(r, 0)->clock.axis.ticks);
  g_assert_cmpuint((guint64)dat_reading_source(r, 0)->counts.first_ns, ==,
                   (guint64)((TcWideUint)cycles * 0xfffffff0u >> 32));
}

static void test_ticks(void)
{
  static const char *const clocks[] = { "x86-tsc", "counter" };
  for (guint i = 0; i < G_N_ELEMENTS(clocks); i++) {
    DatShape shape = dat_shape();
    g_autoptr(DatFile) file = dat_file_new(&shape);
    dat_file_option_text(file, 1, "0x1000");
    add_ticks(file, &shape, "", clocks[i], 5000);
    g_autoptr(DatReading) r = dat_reading_file(file);
    dat_reading_clean(r);
    g_assert_true(dat_reading_source(r, 0)->clock.axis.ticks);
    g_assert_false(dat_reading_source(r, 0)->clock.axis.realtime);
    g_assert_cmpint(first_mapped(r, 0), ==, 5000);
  }
}

typedef struct {
  gint64 time, offset, scaling, fraction;
} Sample;

/* A TIME_SHIFT option of one CPU; with @fractions as newer recorders write it. */
static void append_shift(GByteArray *out, const DatShape *shape, guint32 flags,
                         const Sample *samples, guint n, gboolean fractions)
{
  dat_append(out, shape, 0xbeef, 8);
  dat_append(out, shape, flags, 4);
  dat_append(out, shape, 1, 4);
  dat_append(out, shape, n, 4);
  for (guint i = 0; i < n; i++)
    dat_append(out, shape, (guint64)samples[i].time, 8);
  for (guint i = 0; i < n; i++)
    dat_append(out, shape, (guint64)samples[i].offset, 8);
  for (guint i = 0; i < n; i++)
    dat_append(out, shape, (guint64)samples[i].scaling, 8);
  for (guint i = 0; fractions && i < n; i++)
    dat_append(out, shape, (guint64)samples[i].fraction, 8);
}

static TcFile *file_of_shift(guint32 flags, const Sample *samples, guint n, gboolean fractions)
{
  DatShape shape = dat_shape();
  TcFile *file = g_new0(TcFile, 1);
  g_autoptr(GByteArray) bytes = g_byte_array_new();
  append_shift(bytes, &shape, flags, samples, n, fractions);
  TbCursor c = { .data = bytes->data, .len = bytes->len, .source = "t" };
  file->name = "t";
  file->damage = tb_damage_log_new(10);
  tc_option_apply(file, TC_ID_TIME_SHIFT, &c);
  g_assert_cmpuint(tb_damage_log_get_n(file->damage), ==, 0);
  g_assert_nonnull(file->clock.shift);
  g_assert_cmpuint(file->clock.shift->peer_id, ==, 0xbeef);
  return file;
}

static void free_file_of_shift(TcFile *file)
{
  tc_time_shift_free(file->clock.shift);
  tb_damage_log_free(file->damage);
  g_free(file);
}

static void test_shift_samples(void)
{
  static const Sample samples[] = {
    { 2000, 500, 3, 1 }, { 1000, 400, 1, 0 }, { 2000, 999, 9, 0 }, { 3000, 800, 2, 0 }
  };
  TcFile *none = file_of_shift(0, samples, 0, FALSE);
  g_assert_cmpuint(tc_time_shift_map(none->clock.shift, 0, 1234), ==, 1234);
  free_file_of_shift(none);

  /* One sample: its offset alone. */
  TcFile *one = file_of_shift(0, samples, 1, TRUE);
  g_assert_cmpuint(tc_time_shift_map(one->clock.shift, 0, 1234), ==, 1734);
  g_assert_cmpuint(tc_time_shift_map(one->clock.shift, 1, 1234), ==, 1234);
  free_file_of_shift(one);

  /* Sorted, the second sample of time 2000 left out; the pair around the time. */
  TcFile *steps = file_of_shift(0, samples, 4, TRUE);
  g_assert_cmpuint(steps->clock.shift->cpus[0].n, ==, 3);
  g_assert_cmpuint(tc_time_shift_map(steps->clock.shift, 0, 1100), ==, 1100 + 400);
  g_assert_cmpuint(tc_time_shift_map(steps->clock.shift, 0, 2500), ==, 2500 * 3 / 2 + 500);
  g_assert_cmpuint(tc_time_shift_map(steps->clock.shift, 0, 500), ==, 500 + 400);
  g_assert_cmpuint(tc_time_shift_map(steps->clock.shift, 0, 9000), ==, 9000 * 3 / 2 + 500);
  free_file_of_shift(steps);

  /* Interpolated between the two, rounded. */
  TcFile *line = file_of_shift(1, samples, 4, TRUE);
  g_assert_cmpuint(tc_time_shift_map(line->clock.shift, 0, 1250), ==, 1250 + 425);
  g_assert_cmpuint(tc_time_shift_map(line->clock.shift, 0, 1255), ==, 1255 + 426);
  free_file_of_shift(line);

  /* Without fractions the scaling is whole. */
  TcFile *old = file_of_shift(0, samples, 4, FALSE);
  g_assert_cmpuint(tc_time_shift_map(old->clock.shift, 0, 2500), ==, 2500 * 3 + 500);
  free_file_of_shift(old);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/tracecmd/time/date", test_date);
  g_test_add_func("/tracecmd/time/date-negative", test_date_negative);
  g_test_add_func("/tracecmd/time/offset", test_offset);
  g_test_add_func("/tracecmd/time/tsc-to-ns", test_tsc);
  g_test_add_func("/tracecmd/time/ticks-have-no-date", test_ticks);
  g_test_add_func("/tracecmd/time/shift-samples", test_shift_samples);
  return g_test_run();
}
