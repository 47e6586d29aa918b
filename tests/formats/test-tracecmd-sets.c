/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Several recordings given together: parts of one, copies, and a host with its guest. Built
 * files go through the whole run to the text writer.
 */
#include "formats.h"
#include "pass/run.h"
#include "support/dat-builder.h"

#include <glib/gstdio.h>
#include <string.h>

enum { SET_MAX = 4, ID_HOST = 0x1111, ID_GUEST = 0x2222 };

typedef struct {
  char *folder;
  TbInputSpec inputs[SET_MAX];
  guint n;
  char *lines; /* "CPU TIME VALUE" of each row, in order */
  guint64 repeats;
  GError *error;
} Set;

static void set_init(Set *set)
{
  *set = (Set){ .folder = g_dir_make_tmp("tb-sets-XXXXXX", NULL) };
  g_assert_nonnull(set->folder);
}

static void set_clear(Set *set)
{
  for (guint i = 0; i < set->n; i++) {
    g_remove(set->inputs[i].path);
    g_free((char *)set->inputs[i].path);
  }
  g_rmdir(set->folder);
  g_free(set->folder);
  g_free(set->lines);
  g_clear_error(&set->error);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Set, set_clear)

static void set_add(Set *set, DatFile *file)
{
  g_autoptr(GByteArray) bytes = dat_file_bytes(file, NULL);
  char *path = g_strdup_printf("%s/%u.dat", set->folder, set->n);
  g_assert_true(g_file_set_contents(path, (const char *)bytes->data, (gssize)bytes->len, NULL));
  set->inputs[set->n++] = (TbInputSpec){ .path = path };
}

/* What the text writer wrote, shortened: "[003]  12.000000034: tick:  value=5" -> "3 12000000034 5". */
static char *shorten(const GByteArray *text)
{
  g_autofree char *copy = g_strndup((const char *)text->data, text->len);
  g_auto(GStrv) rows = g_strsplit(copy, "\n", -1);
  GString *out = g_string_new(NULL);
  for (guint i = 0; rows[i]; i++) {
    const char *cpu = strchr(rows[i], '['), *value = strstr(rows[i], "value=");
    if (!cpu || !value)
      continue;
    char *end;
    guint64 number = g_ascii_strtoull(cpu + 1, &end, 10);
    guint64 seconds = g_ascii_strtoull(end + 1, &end, 10);
    guint64 time = *end == '.' ? seconds * 1000000000 + g_ascii_strtoull(end + 1, NULL, 10)
                               : seconds; /* some clocks are shown as bare integers */
    g_string_append_printf(out, "%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %s\n", number, time,
                           value + 6);
  }
  return g_string_free(out, FALSE);
}

static void set_run(Set *set)
{
  TbRunOptions options = { .registry = &tb_formats };
  g_autoptr(TbRun) run = tb_run_new(&options);
  g_autoptr(TbOutput) output = tb_output_new_memory();
  TbWriterCounts counts = { 0 };
  const TbWriterFormat *text = tb_registry_find_writer(&tb_formats, "text");
  g_clear_error(&set->error);
  g_clear_pointer(&set->lines, g_free);
  if (!tb_run_prepare(run, set->inputs, set->n, &set->error) ||
      !tb_run_emit(run, text, output, &counts, &set->error) ||
      !tb_output_flush(output, &set->error))
    return;
  set->lines = shorten(tb_output_get_memory(output));
  set->repeats = tb_ledger_get(tb_run_get_ledger(run), TB_LEDGER_REPEATED, TB_RECORD_EVENT);
}

/* A recording of machine "web" with ticks @from to @to - 1 at 1000 s + 10 ns each, two CPUs. */
static DatFile *part(guint from, guint to, gboolean named)
{
  DatShape shape = dat_shape();
  DatFile *file = dat_file_new(&shape);
  if (named)
    dat_file_option_text(file, 5, "Linux web 6.1 x86_64");
  dat_file_buffer(file, "", "mono", 4096);
  for (guint32 cpu = 0; cpu < 2; cpu++) {
    DatPages *pages = dat_pages_new(&shape, 4096);
    guint last = from;
    dat_pages_begin(pages, G_GUINT64_CONSTANT(1000000000000) + 10 * from);
    for (guint i = from; i < to; i++) {
      if (i % 2 != cpu)
        continue;
      dat_pages_tick(pages, 10 * (i - last), i);
      last = i;
    }
    dat_file_cpu(file, cpu, pages);
  }
  return file;
}

static char *ticks(guint from, guint to)
{
  GString *out = g_string_new(NULL);
  for (guint i = from; i < to; i++)
    g_string_append_printf(out, "%u %" G_GUINT64_FORMAT " %u\n", i % 2,
                           G_GUINT64_CONSTANT(1000000000000) + 10 * i, i);
  return g_string_free(out, FALSE);
}

static void set_add_part(Set *set, guint from, guint to, gboolean named)
{
  g_autoptr(DatFile) file = part(from, to, named);
  set_add(set, file);
}

/* Parts without the name of their machine, in the wrong order: one timeline. */
static void test_parts(void)
{
  g_auto(Set) set;
  g_autofree char *expected = ticks(0, 60);
  set_init(&set);
  set_add_part(&set, 40, 60, FALSE);
  set_add_part(&set, 0, 20, FALSE);
  set_add_part(&set, 20, 40, FALSE);
  set_run(&set);
  g_assert_no_error(set.error);
  g_assert_cmpstr(set.lines, ==, expected);
  g_assert_cmpuint(set.repeats, ==, 0);
}

static void test_overlap(void)
{
  g_auto(Set) set;
  g_autofree char *expected = ticks(0, 60);
  set_init(&set);
  set_add_part(&set, 0, 40, TRUE);
  set_add_part(&set, 20, 60, TRUE);
  set_add_part(&set, 30, 35, FALSE);
  set_run(&set);
  g_assert_no_error(set.error);
  g_assert_cmpstr(set.lines, ==, expected);
  g_assert_cmpuint(set.repeats, ==, 25);
}

/* Equal events of one input are different ones: the copy of the file adds none and takes none. */
static DatFile *twins(guint n)
{
  DatShape shape = dat_shape();
  DatFile *file = dat_file_new(&shape);
  DatPages *pages = dat_pages_new(&shape, 4096);
  dat_pages_begin(pages, 100);
  dat_pages_tick(pages, 0, 1);
  for (guint i = 0; i < n; i++)
    dat_pages_tick(pages, 0, 5);
  dat_pages_tick(pages, 0, 6);
  dat_file_buffer(file, "", "uptime", 4096);
  dat_file_cpu(file, 0, pages);
  return file;
}

static void test_equal_events(void)
{
  static const guint counts[][3] = { { 3, 3, 5 }, { 2, 3, 4 }, { 3, 0, 2 } };
  for (guint i = 0; i < G_N_ELEMENTS(counts); i++) {
    g_auto(Set) set;
    g_autoptr(DatFile) a = twins(counts[i][0]);
    g_autoptr(DatFile) b = twins(counts[i][1]);
    guint n = 0;
    set_init(&set);
    set_add(&set, a);
    set_add(&set, b);
    set_run(&set);
    g_assert_no_error(set.error);
    for (const char *at = set.lines; (at = strstr(at, "0 100 5\n")); at++)
      n++;
    g_assert_cmpuint(n, ==, MAX(counts[i][0], counts[i][1]));
    g_assert_cmpuint(set.repeats, ==, counts[i][2]);
  }
}

/* A moment with more events than any clock has: nothing is lost, whatever is doubled. */
static void test_endless_moment(void)
{
  g_auto(Set) set;
  DatShape shape = dat_shape();
  shape.page_size = 1 << 20;
  set_init(&set);
  for (guint f = 0; f < 2; f++) {
    g_autoptr(DatFile) file = dat_file_new(&shape);
    DatPages *pages = dat_pages_new(&shape, shape.page_size);
    for (guint i = 0; i < 40000; i++) {
      if (i == 0)
        dat_pages_begin(pages, 100);
      dat_pages_tick(pages, 0, i);
    }
    dat_file_buffer(file, "", "uptime", shape.page_size);
    dat_file_cpu(file, 0, pages);
    set_add(&set, file);
  }
  set_run(&set);
  g_assert_no_error(set.error);
  g_assert_nonnull(strstr(set.lines, "0 100 39999\n"));
  g_assert_cmpuint(set.repeats, <, 40000);
}

/* @clock at @time on one CPU; the guest's TIME_SHIFT adds @offset. */
static DatFile *session(const char *name, guint64 id, const char *clock, guint64 time,
                        guint32 value)
{
  DatShape shape = dat_shape();
  DatFile *file = dat_file_new(&shape);
  g_autoptr(GByteArray) number = g_byte_array_new();
  g_autofree char *uname = g_strdup_printf("Linux %s 6.1 x86_64", name);
  DatPages *pages = dat_pages_new(&shape, 4096);
  dat_append(number, &shape, id, 8);
  dat_file_option_text(file, 5, uname);
  dat_file_option(file, 11, number->data, number->len);
  dat_pages_begin(pages, time);
  dat_pages_tick(pages, 0, value);
  dat_pages_tick(pages, 1000, value + 1);
  dat_file_buffer(file, "", clock, 4096);
  dat_file_cpu(file, 0, pages);
  return file;
}

static void add_time_shift(DatFile *file, guint64 peer, gint64 offset)
{
  DatShape shape = dat_shape();
  g_autoptr(GByteArray) shift = g_byte_array_new();
  dat_append(shift, &shape, peer, 8);
  dat_append(shift, &shape, 0, 4);
  dat_append(shift, &shape, 1, 4);
  dat_append(shift, &shape, 1, 4);
  dat_append(shift, &shape, 0, 8);
  dat_append(shift, &shape, (guint64)offset, 8);
  dat_append(shift, &shape, 1, 8);
  dat_append(shift, &shape, 0, 8);
  dat_file_option(file, 12, shift->data, shift->len);
}

static void test_host_and_guest(void)
{
  g_auto(Set) set;
  g_autoptr(DatFile) host = session("host", ID_HOST, "local", 5000000, 1);
  g_autoptr(DatFile) guest = session("guest", ID_GUEST, "local", 500, 11);
  set_init(&set);
  add_time_shift(guest, ID_HOST, 5000000);
  set_add(&set, guest);
  set_add(&set, host);
  set_run(&set);
  g_assert_no_error(set.error);
  g_assert_cmpstr(set.lines, ==, "0 5000000 1\n0 5000500 11\n0 5001000 2\n0 5001500 12\n");
}

/* The host's wall-clock time becomes the guest's; its own DATE counts no more. */
static void test_host_date(void)
{
  g_auto(Set) set;
  g_autoptr(DatFile) host = session("host", ID_HOST, "local", 5000000, 1);
  g_autoptr(DatFile) guest = session("guest", ID_GUEST, "local", 500, 11);
  set_init(&set);
  dat_file_option_text(host, 1, "0xf4240"); /* 1 s */
  dat_file_option_text(guest, 1, "0x1e8480");
  add_time_shift(guest, ID_HOST, 5000000);
  set_add(&set, guest);
  set_add(&set, host);
  set_run(&set);
  g_assert_no_error(set.error);
  g_assert_cmpstr(set.lines, ==,
                  "0 1005000000 1\n0 1005000500 11\n0 1005001000 2\n0 1005001500 12\n");
}

/* Cycles of the host: its rate is the guest's after the shift. */
static void test_host_ticks(void)
{
  g_auto(Set) set;
  DatShape shape = dat_shape();
  g_autoptr(DatFile) host = session("host", ID_HOST, "x86-tsc", 5000000, 1);
  g_autoptr(DatFile) guest = session("guest", ID_GUEST, "x86-tsc", 500, 11);
  g_autoptr(GByteArray) rate = g_byte_array_new();
  set_init(&set);
  dat_append(rate, &shape, 1, 4);
  dat_append(rate, &shape, 1, 4); /* two cycles a nanosecond */
  dat_append(rate, &shape, 0, 8);
  dat_file_option(host, 14, rate->data, rate->len);
  add_time_shift(guest, ID_HOST, 5000000);
  set_add(&set, host);
  set_add(&set, guest);
  set_run(&set);
  g_assert_no_error(set.error);
  g_assert_cmpstr(set.lines, ==, "0 2500000 1\n0 2500250 11\n0 2500500 2\n0 2500750 12\n");
}

/* Without the host's recording, or with another one, nothing relates the two. */
static void test_guest_of_another(void)
{
  g_auto(Set) set;
  g_autoptr(DatFile) host = session("host", ID_HOST, "local", 5000000, 1);
  g_autoptr(DatFile) guest = session("guest", ID_GUEST, "local", 500, 11);
  set_init(&set);
  add_time_shift(guest, ID_HOST + 1, 5000000);
  set_add(&set, host);
  set_add(&set, guest);
  set_run(&set);
  g_assert_error(set.error, TB_ERROR, TB_ERROR_CLOCK);
  set.inputs[0].shifted = TRUE;
  set.inputs[1].shifted = TRUE;
  set_run(&set);
  g_assert_no_error(set.error);
  g_assert_cmpstr(set.lines, ==, "0 500 11\n0 1500 12\n0 5000000 1\n0 5001000 2\n");
}

static void test_guest_alone(void)
{
  g_auto(Set) set;
  g_autoptr(DatFile) guest = session("guest", ID_GUEST, "local", 500, 11);
  set_init(&set);
  add_time_shift(guest, ID_HOST, 5000000);
  set_add(&set, guest);
  set_run(&set);
  g_assert_no_error(set.error);
  g_assert_cmpstr(set.lines, ==, "0 500 11\n0 1500 12\n");
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/tracecmd/sets/parts-of-one", test_parts);
  g_test_add_func("/tracecmd/sets/overlap", test_overlap);
  g_test_add_func("/tracecmd/sets/equal-events", test_equal_events);
  g_test_add_func("/tracecmd/sets/endless-moment", test_endless_moment);
  g_test_add_func("/tracecmd/sets/host-and-guest", test_host_and_guest);
  g_test_add_func("/tracecmd/sets/host-with-date", test_host_date);
  g_test_add_func("/tracecmd/sets/host-in-ticks", test_host_ticks);
  g_test_add_func("/tracecmd/sets/guest-of-another", test_guest_of_another);
  g_test_add_func("/tracecmd/sets/guest-alone", test_guest_alone);
  return g_test_run();
}
