/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options about machine, clock name and statistics; the time rules are in test-tracecmd-time.c. */
#include "support/dat-reading.h"

#include <string.h>

static DatPages *ticks(const DatShape *shape, guint n)
{
  DatPages *pages = dat_pages_new(shape, 4096);
  dat_pages_begin(pages, 1000);
  for (guint i = 0; i < n; i++)
    dat_pages_tick(pages, 1, i);
  return pages;
}

static DatReading *finish(DatFile *file, const DatShape *shape, const char *clock)
{
  dat_file_buffer(file, "", clock, 4096);
  dat_file_cpu(file, 0, ticks(shape, 3));
  return dat_reading_file(file);
}

static void test_machine(void)
{
  DatShape shape = dat_shape();
  g_autoptr(DatFile) file = dat_file_new(&shape);
  guint32 six = GUINT32_TO_LE(6);
  dat_file_option_text(file, 5, "Linux web 6.1.0-44-amd64 x86_64");
  dat_file_option_text(file, 9, "3.1.6");
  dat_file_option(file, 8, &six, 4);
  g_autoptr(DatReading) r = finish(file, &shape, "mono");
  dat_reading_clean(r);
  const TbMachine *machine = g_ptr_array_index(r->reader->machines, 0);
  g_assert_cmpstr(machine->name, ==, "web");
  g_assert_cmpstr(machine->os_version, ==, "6.1.0-44-amd64");
  g_assert_cmpint(machine->arch, ==, TB_ARCH_X86_64);
  g_assert_cmpuint(machine->n_cpus, ==, 6);
  g_assert_cmpuint(strlen(machine->identity), ==, 8);
  g_assert_cmpstr(dat_reading_source(r, 0)->recorder, ==, "trace-cmd 3.1.6");
  g_assert_cmpstr(dat_reading_source(r, 0)->file, ==, "t.dat");
}

/* Version 6: the clock behind the CPU table, the one in TRACECLOCK, or none. */
static void test_clock_v6(void)
{
  static const struct {
    const char *option;   /* NULL = absent */
    const char *trailing; /* NULL = absent */
    TbClock clock;
  } cases[] = {
    { "local [mono] boot", "[mono]", TB_CLOCK_MONO },
    { "local [mono] boot", "[boot]", TB_CLOCK_BOOT },
    { "local [mono] boot", "(mono]", TB_CLOCK_MONO },
    { "local [mono] boot", NULL, TB_CLOCK_MONO },
    { "", NULL, TB_CLOCK_UNKNOWN },
    { "", "[x86-tsc]", TB_CLOCK_X86_TSC },
    { "no brackets", "", TB_CLOCK_UNKNOWN },
    { NULL, NULL, TB_CLOCK_UNKNOWN },
  };
  DatShape shape = dat_shape();
  shape.version = 6;
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(DatFile) file = dat_file_new(&shape);
    if (cases[i].option)
      dat_file_option(file, 4, cases[i].option, strlen(cases[i].option));
    g_autoptr(DatReading) r = finish(file, &shape, cases[i].trailing);
    dat_reading_clean(r);
    g_assert_cmpint(dat_reading_source(r, 0)->clock.axis.clock, ==, cases[i].clock);
    g_assert_cmpstr(r->lines->str, ==, "0 1001 0\n0 1002 1\n0 1003 2\n");
  }
}

static void test_cpustat(void)
{
  DatShape shape = dat_shape();
  g_autoptr(DatFile) file = dat_file_new(&shape);
  dat_file_cpustat(file, "", 0, 1, 40, 2);
  dat_file_cpustat(file, "", 1, 0, 2, 0);
  dat_file_cpustat(file, "side", 0, 4, 0, 6);
  dat_file_buffer(file, "", "mono", 4096);
  dat_file_cpu(file, 0, ticks(&shape, 3));
  dat_file_buffer(file, "side", "mono", 4096);
  dat_file_cpu(file, 0, ticks(&shape, 10));
  g_autoptr(DatReading) r = dat_reading_file(file);
  dat_reading_clean(r);
  const TbSourceCounts *top = &dat_reading_source(r, 0)->counts;
  const TbSourceCounts *side = &dat_reading_source(r, 1)->counts;
  g_assert_true(top->expected_known && side->expected_known);
  g_assert_cmpuint(top->expected, ==, 3);
  g_assert_cmpuint(top->overrun, ==, 42);
  g_assert_cmpuint(side->expected, ==, 10);
  g_assert_cmpuint(side->overrun, ==, 0);
}

static void test_saved_names(void)
{
  DatShape shape = dat_shape();
  g_autoptr(DatFile) file = dat_file_new(&shape);
  dat_file_set_cmdlines(file, "1 init\n7 se ven\nnothing\n-3 below\n99999999999 above\n8 eight");
  g_autoptr(DatReading) r = finish(file, &shape, "mono");
  dat_reading_clean(r);
}

typedef struct {
  GString *text;
} Facts;

static void add_fact(gpointer data, const char *key, const char *value)
{
  g_string_append_printf(((Facts *)data)->text, "%s=%s\n", key, value);
}

static void test_facts(void)
{
  DatShape shape = dat_shape();
  g_autoptr(DatFile) file = dat_file_new(&shape);
  g_autoptr(GByteArray) guest = g_byte_array_new();
  g_autoptr(GByteArray) id = g_byte_array_new();
  dat_append(id, &shape, 0xabcd, 8);
  g_byte_array_append(guest, (const guint8 *)"vm1", 4);
  dat_append(guest, &shape, 0x1234, 8);
  dat_append(guest, &shape, 0, 4);
  dat_file_option(file, 11, id->data, id->len);
  dat_file_option(file, 13, guest->data, guest->len);
  dat_file_option_text(file, 999, "an option of tomorrow");
  dat_file_option_text(file, 31, "and one more");
  g_autoptr(DatReading) r = finish(file, &shape, "mono");
  dat_reading_clean(r);
  Facts facts = { g_string_new(NULL) };
  r->reader->format->describe(r->reader, add_fact, &facts);
  g_assert_nonnull(strstr(facts.text->str, "trace id=000000000000abcd\n"));
  g_assert_nonnull(strstr(facts.text->str, "guest=vm1 (trace id 0000000000001234)\n"));
  g_string_free(facts.text, TRUE);
}

/* What an option cannot be is damage of that option, told with its place. */
static void test_broken_options(void)
{
  static const struct {
    guint16 id;
    const char *data;
    gsize len;
    const char *words;
  } cases[] = {
    { 1, "tomorrow", 9, "DATE option \"tomorrow\" is not a number" },
    { 7, "", 0, "OFFSET option \"\" is not a number" },
    { 2, "", 0, "CPUSTAT option of size 0" },
    { 8, "\1\0", 2, "a CPUCOUNT option" },
    { 11, "\1\2\3", 3, "a TRACEID option" },
    { 12, "\1\2\3", 3, "a TIME_SHIFT option" },
    { 12, "\0\0\0\0\0\0\0\0\0\0\0\0\xff\xff\xff\xff", 16, "the CPUs of a TIME_SHIFT option" },
    { 13, "no end", 6, "the name in a GUEST option" },
    { 14, "\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0", 16, "TSC2NSEC option with multiplier 0" },
    { 14, "\1\0\0\0\x40\0\0\0\0\0\0\0\0\0\0\0", 16, "shift 64" },
  };
  for (guint i = 0; i < 2 * G_N_ELEMENTS(cases); i++) {
    DatShape shape = dat_shape();
    g_autoptr(GHashTable) places = NULL;
    shape.version = i % 2 ? 6 : 7;
    g_autoptr(DatFile) file = dat_file_new(&shape);
    dat_file_option(file, cases[i / 2].id, cases[i / 2].data, cases[i / 2].len);
    dat_file_buffer(file, "", shape.version == 7 ? "mono" : NULL, 4096);
    dat_file_cpu(file, 0, ticks(&shape, 1));
    GByteArray *bytes = dat_file_bytes(file, &places);
    g_autoptr(DatReading) r = dat_reading_open(bytes);
    g_assert_no_error(r->error);
    g_assert_cmpstr(r->lines->str, ==, "0 1001 0\n");
    const TbDamage *damage = dat_reading_damage(r, cases[i / 2].words);
    guint64 from = dat_place(places, "options") + 6;
    g_assert_cmpuint(damage->offset, >=, from);
    g_assert_cmpuint(damage->offset, <=, from + cases[i / 2].len);
    g_assert_cmpuint(tb_damage_log_get_n(r->damage), ==, 1);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/tracecmd/options/machine", test_machine);
  g_test_add_func("/tracecmd/options/clock-of-version-6", test_clock_v6);
  g_test_add_func("/tracecmd/options/cpustat", test_cpustat);
  g_test_add_func("/tracecmd/options/saved-names", test_saved_names);
  g_test_add_func("/tracecmd/options/facts", test_facts);
  g_test_add_func("/tracecmd/options/broken", test_broken_options);
  return g_test_run();
}
