/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The containers of versions 6 and 7: buffers, sparse CPUs, sections and chains. */
#include "support/dat-reading.h"

#include <string.h>

/* One page with one tick of @value at @time. */
static DatPages *one_tick(const DatShape *shape, guint32 page_size, guint64 time, guint32 value)
{
  DatPages *pages = dat_pages_new(shape, page_size);
  dat_pages_begin(pages, time);
  dat_pages_tick(pages, 0, value);
  return pages;
}

static DatShape shape_of(guint version, const char *compression)
{
  DatShape shape = dat_shape();
  shape.version = version;
  shape.compression = compression;
  return shape;
}

/* CPUs 1 and 5 of eight have data: streams are numbered, events say the CPU. */
static void test_sparse_cpus(gconstpointer data)
{
  DatShape shape = shape_of(*(const char *)data == '6' ? 6 : 7, "none");
  g_autoptr(DatFile) file = dat_file_new(&shape);
  TbRecord event;
  dat_file_set_cpus(file, 8);
  dat_file_buffer(file, "", shape.version == 7 ? "mono" : NULL, 4096);
  dat_file_cpu(file, 5, one_tick(&shape, 4096, 50, 5));
  dat_file_cpu(file, 1, one_tick(&shape, 4096, 10, 1));
  g_autoptr(DatReading) r = dat_reading_file(file);
  dat_reading_clean(r);
  g_assert_cmpstr(r->lines->str, ==, "0 10 1\n1 50 5\n");
  g_assert_true(tb_reader_rewind(r->reader, NULL));
  g_assert_cmpint(tb_reader_next(r->reader, 1, &event, NULL), ==, TB_READ_RECORD);
  g_assert_cmpuint(event.cpu, ==, 5);
}

static const DatPages *instance_pages(const DatShape *shape, DatPages **out, guint32 page_size)
{
  *out = dat_pages_new(shape, page_size);
  for (guint i = 0; i < 7; i++) {
    dat_pages_begin(*out, 100 * (i + 1));
    dat_pages_tick(*out, 1, 20 + i);
  }
  return *out;
}

/* Each instance is a source with its own clock and, in version 7, its own page size. */
static void test_instances(gconstpointer data)
{
  static const char *const compressions[] = { "none", "zlib", "zstd" };
  const char *which = data;
  DatShape shape = shape_of(*which == '6' ? 6 : 7, *which == '6' ? "none" : compressions[*which - 'a']);
  gboolean v6 = shape.version == 6;
  guint32 second = v6 ? 4096 : 16384;
  DatPages *pages;
  g_autoptr(DatFile) file = dat_file_new(&shape);
  dat_file_option_text(file, 4, "[local] global mono");
  dat_file_set_cpus(file, 2);
  dat_file_buffer(file, "", v6 ? "[local]" : "local", 4096);
  dat_file_cpu(file, 0, one_tick(&shape, 4096, 10, 1));
  dat_file_buffer(file, "net side", v6 ? "[mono]" : "mono", second);
  dat_file_cpu(file, 0, one_tick(&shape, second, 11, 2));
  instance_pages(&shape, &pages, second);
  dat_file_cpu(file, 1, pages);
  dat_file_buffer(file, "empty", v6 ? "[boot]" : "boot", 4096);
  g_autoptr(DatReading) r = dat_reading_file(file);
  dat_reading_clean(r);
  g_assert_cmpstr(r->lines->str, ==,
                  "0 10 1\n1 11 2\n2 101 20\n2 201 21\n2 301 22\n2 401 23\n2 501 24\n2 601 25\n"
                  "2 701 26\n");
  g_assert_cmpuint(r->reader->sources->len, ==, 3);
  g_assert_cmpstr(dat_reading_source(r, 0)->name, ==, "ftrace");
  g_assert_cmpint(dat_reading_source(r, 0)->clock.axis.clock, ==, TB_CLOCK_LOCAL);
  g_assert_cmpstr(dat_reading_source(r, 1)->name, ==, "ftrace/net side");
  g_assert_cmpint(dat_reading_source(r, 1)->clock.axis.clock, ==, TB_CLOCK_MONO);
  g_assert_cmpint(dat_reading_source(r, 2)->clock.axis.clock, ==, TB_CLOCK_BOOT);
  g_assert_cmpuint(dat_reading_source(r, 1)->counts.records, ==, 8);
}

/* The same events give the same key, whatever they are packed in; other events another one. */
static void test_keys(void)
{
  static const char *const compressions[] = { "none", "zlib", "zstd" };
  g_autofree char *key = NULL;
  for (guint i = 0; i < 4; i++) {
    DatShape shape = shape_of(7, compressions[i % 3]);
    g_autoptr(DatFile) file = dat_file_new(&shape);
    dat_file_buffer(file, "", "mono", 4096);
    dat_file_cpu(file, 0, one_tick(&shape, 4096, i == 3 ? 11 : 10, 1));
    g_autoptr(DatReading) r = dat_reading_file(file);
    const char *own = dat_reading_source(r, 0)->key;
    key = key ? key : g_strdup(own);
    if (i == 3)
      g_assert_cmpstr(own, !=, key);
    else
      g_assert_cmpstr(own, ==, key);
  }
}

/* The CPUCOUNT option holds, not the number in front of it. */
static void test_cpucount(void)
{
  DatShape shape = shape_of(6, "none");
  guint32 four = GUINT32_TO_LE(4);
  g_autoptr(DatFile) file = dat_file_new(&shape);
  dat_file_set_cpus(file, 2);
  dat_file_option(file, 8, &four, 4);
  dat_file_buffer(file, "", NULL, 4096);
  dat_file_cpu(file, 3, one_tick(&shape, 4096, 30, 3));
  g_autoptr(DatReading) r = dat_reading_file(file);
  dat_reading_clean(r);
  g_assert_cmpstr(r->lines->str, ==, "0 30 3\n");
  g_assert_cmpuint(((TbMachine *)g_ptr_array_index(r->reader->machines, 0))->n_cpus, ==, 4);
}

static void test_empty(void)
{
  DatShape shape = shape_of(7, "zstd");
  g_autoptr(DatFile) file = dat_file_new(&shape);
  dat_file_buffer(file, "", "mono", 4096);
  dat_file_cpustat(file, "", 0, 0, 0, 0);
  g_autoptr(DatReading) r = dat_reading_file(file);
  dat_reading_clean(r);
  g_assert_cmpstr(r->lines->str, ==, "");
  g_assert_cmpuint(dat_reading_source(r, 0)->counts.records, ==, 0);
  g_assert_true(dat_reading_source(r, 0)->counts.expected_known);
}

static void test_latency(gconstpointer data)
{
  gboolean v6 = *(const char *)data == '6';
  DatShape shape = shape_of(v6 ? 6 : 7, "none");
  g_autoptr(GHashTable) places = NULL;
  g_autoptr(DatFile) file = dat_file_new(&shape);
  if (!v6)
    dat_file_option(file, 22, "\0\0\0\0\0\0\0\0\0\0", 10);
  dat_file_buffer(file, "", v6 ? NULL : "mono", 4096);
  GByteArray *bytes = dat_file_bytes(file, &places);
  if (v6)
    memcpy(bytes->data + dat_place(places, "table"), "latency  ", 10);
  g_autoptr(DatReading) r = dat_reading_open(bytes);
  g_assert_error(r->error, TB_ERROR, TB_ERROR_UNSUPPORTED);
  g_assert_nonnull(strstr(r->error->message, "latency recording"));
}

static void test_refused_starts(void)
{
  static const struct {
    guint at;
    guint8 byte;
    TbError code;
    guint64 offset;
  } cases[] = {
    { 10, '8', TB_ERROR_UNSUPPORTED, 10 },
    { 12, 7, TB_ERROR_CORRUPT, 12 },
    { 13, 5, TB_ERROR_CORRUPT, 13 },
    { 15, 0, TB_ERROR_CORRUPT, 14 }, /* a page size of 0 */
    { 17, 0xff, TB_ERROR_CORRUPT, 14 },
    { 18, 'q', TB_ERROR_UNSUPPORTED, 18 },
  };
  DatShape shape = shape_of(7, "none");
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(DatFile) file = dat_file_new(&shape);
    dat_file_buffer(file, "", "mono", 4096);
    GByteArray *bytes = dat_file_bytes(file, NULL);
    bytes->data[cases[i].at] = cases[i].byte;
    g_autoptr(DatReading) r = dat_reading_open(bytes);
    g_assert_error(r->error, TB_ERROR, (gint)cases[i].code);
    g_assert_cmpuint(tb_error_get_offset(r->error), ==, cases[i].offset);
    g_assert_true(g_str_has_prefix(r->error->message, "t.dat: offset 0x"));
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_data_func("/tracecmd/container/sparse-cpus-v6", "6", test_sparse_cpus);
  g_test_add_data_func("/tracecmd/container/sparse-cpus-v7", "7", test_sparse_cpus);
  g_test_add_data_func("/tracecmd/container/instances-v6", "6", test_instances);
  g_test_add_data_func("/tracecmd/container/instances-v7-none", "a", test_instances);
  g_test_add_data_func("/tracecmd/container/instances-v7-zlib", "b", test_instances);
  g_test_add_data_func("/tracecmd/container/instances-v7-zstd", "c", test_instances);
  g_test_add_func("/tracecmd/container/keys", test_keys);
  g_test_add_func("/tracecmd/container/cpucount-option", test_cpucount);
  g_test_add_func("/tracecmd/container/empty", test_empty);
  g_test_add_data_func("/tracecmd/container/latency-v6", "6", test_latency);
  g_test_add_data_func("/tracecmd/container/latency-v7", "7", test_latency);
  g_test_add_func("/tracecmd/container/refused-starts", test_refused_starts);
  return g_test_run();
}
