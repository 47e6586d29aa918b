/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Damage costs only itself: good files are cut at every byte and changed at random from a fixed
 * seed, and single faults are planted where their cost is known.
 */
#include "support/dat-reading.h"

#include <string.h>

enum { CUT_EVERY_BYTE = 4096, MUTATIONS = 400, PAGES = 6, TICKS = 5 };

static DatPages *make_pages(const DatShape *shape, guint32 base)
{
  DatPages *pages = dat_pages_new(shape, shape->page_size);
  for (guint p = 0; p < PAGES; p++) {
    dat_pages_begin(pages, 1000 * (p + 1));
    for (guint i = 0; i < TICKS; i++)
      dat_pages_event(pages, 1, DAT_TICK, 7, base + p * TICKS + i, 40);
  }
  return pages;
}

/* Two CPUs, an instance, and every option there is. */
static GByteArray *make_file(const DatShape *shape, GHashTable **places)
{
  g_autoptr(DatFile) file = dat_file_new(shape);
  g_autoptr(GByteArray) shift = g_byte_array_new();
  gboolean v6 = shape->version == 6;
  dat_append(shift, shape, 77, 8);
  dat_append(shift, shape, 1, 4);
  dat_append(shift, shape, 1, 4);
  dat_append(shift, shape, 1, 4);
  for (guint i = 0; i < 4; i++)
    dat_append(shift, shape, i, 8);
  dat_file_set_cpus(file, 2);
  dat_file_option_text(file, 1, "0x1234");
  dat_file_option_text(file, 4, "[local] mono");
  dat_file_option_text(file, 5, "Linux web 6.1 x86_64");
  dat_file_option_text(file, 7, "-5");
  dat_file_option(file, 12, shift->data, shift->len);
  dat_file_cpustat(file, "", 0, PAGES * TICKS, 0, 0);
  dat_file_cpustat(file, "", 1, PAGES * TICKS, 0, 0);
  dat_file_buffer(file, "", v6 ? "[local]" : "local", shape->page_size);
  dat_file_cpu(file, 0, make_pages(shape, 100));
  dat_file_cpu(file, 1, make_pages(shape, 200));
  dat_file_buffer(file, "side", v6 ? "[mono]" : "mono", shape->page_size);
  dat_file_cpu(file, 0, make_pages(shape, 300));
  return dat_file_bytes(file, places);
}

static DatShape small_shape(guint which)
{
  static const char *const compressions[] = { "none", "zlib", "zstd" };
  DatShape shape = dat_shape();
  shape.version = which == 3 ? 6 : 7;
  shape.compression = which == 3 ? "none" : compressions[which];
  shape.page_size = 512;
  shape.big = which % 2;
  return shape;
}

/* Every line of @part is in @whole, in the same order. */
static void assert_part_of(const char *part, const char *whole)
{
  g_auto(GStrv) lines = g_strsplit(part, "\n", -1);
  for (guint i = 0; lines[i] && *lines[i]; i++) {
    if (strstr(lines[i], "damaged"))
      continue;
    g_autofree char *line = g_strconcat(lines[i], "\n", NULL);
    const char *at = strstr(whole, line);
    if (!at)
      g_test_message("not in the whole file: %s", lines[i]);
    g_assert_nonnull(at);
    whole = at;
  }
}

/* A cut file opens with what is there and says so, or fails with a place inside it. */
static void test_cut(gconstpointer data)
{
  DatShape shape = small_shape(GPOINTER_TO_UINT(data));
  g_autoptr(DatReading) whole = dat_reading_open(make_file(&shape, NULL));
  dat_reading_clean(whole);
  g_assert_cmpuint(whole->n_events, ==, 3 * PAGES * TICKS);
  guint64 last = 0;
  for (gsize len = 10; len < whole->bytes->len; len += len < CUT_EVERY_BYTE ? 1 : 61) {
    GByteArray *bytes = g_byte_array_new();
    g_byte_array_append(bytes, whole->bytes->data, (guint)len);
    g_autoptr(DatReading) r = dat_reading_open(bytes);
    if (!r->reader) {
      g_assert_cmpint(r->error->domain, ==, TB_ERROR);
      continue;
    }
    /* Only the table of strings may be missing unnoticed: nothing of it is needed. */
    if (whole->n_events != r->n_events)
      g_assert_cmpuint(tb_damage_log_get_n(r->damage), >, 0);
    g_assert_cmpuint(r->n_events, <=, whole->n_events);
    if (shape.version == 6) {
      assert_part_of(r->lines->str, whole->lines->str);
      g_assert_cmpuint(r->n_events, >=, last);
      last = r->n_events;
    }
  }
}

static void test_mutated(gconstpointer data)
{
  DatShape shape = small_shape(GPOINTER_TO_UINT(data));
  g_autoptr(GByteArray) good = make_file(&shape, NULL);
  g_autoptr(GRand) rand = g_rand_new_with_seed(20240611 + GPOINTER_TO_UINT(data));
  for (guint i = 0; i < MUTATIONS; i++) {
    GByteArray *bytes = g_byte_array_new();
    g_byte_array_append(bytes, good->data, good->len);
    guint changes = 1 + g_rand_int(rand) % 4;
    for (guint c = 0; c < changes; c++) {
      /* Half of them where the metadata is. */
      guint32 at = g_rand_int(rand) % (c % 2 ? good->len : MIN(good->len, 3000));
      switch (g_rand_int(rand) % 4) {
      case 0: bytes->data[at] ^= (guint8)(1 << g_rand_int(rand) % 8); break;
      case 1: bytes->data[at] = 0xff; break;
      case 2: bytes->data[at] = (guint8)g_rand_int(rand); break;
      default: memset(bytes->data + at, 0, MIN(8, good->len - at)); break;
      }
    }
    g_autoptr(DatReading) r = dat_reading_open(bytes);
    g_assert_cmpint(r->n_events, <, 100000);
  }
}

/* Chunk 1 of CPU 0 (two pages a chunk) gets other bytes in its body. */
static void test_chunk_body(gconstpointer data)
{
  DatShape shape = small_shape(GPOINTER_TO_UINT(data));
  g_autoptr(GHashTable) places = NULL;
  GByteArray *bytes = make_file(&shape, &places);
  guint64 first = dat_place(places, "cpu::0") + 4;
  guint32 len = shape.big ? GUINT32_FROM_BE(*(guint32 *)(gpointer)(bytes->data + first))
                          : GUINT32_FROM_LE(*(guint32 *)(gpointer)(bytes->data + first));
  guint64 second = first + 8 + len;
  memset(bytes->data + second + 12, 0xff, 16);
  g_autoptr(DatReading) r = dat_reading_open(bytes);
  g_assert_no_error(r->error);
  g_assert_cmpuint(r->n_events, ==, 3 * PAGES * TICKS - 2 * TICKS);
  g_assert_cmpuint(dat_reading_damage(r, "CPU 0: a chunk of")->offset, ==, second);
}

/* Sizes in a chunk's header that are not true: the chunk itself, or the next, is still found. */
static void test_chunk_header(gconstpointer data)
{
  static const guint32 sizes[] = { 0, 1, 0x7fffffff, 0xffffffff };
  DatShape shape = small_shape(GPOINTER_TO_UINT(data));
  for (guint i = 0; i < 2 * G_N_ELEMENTS(sizes); i++) {
    g_autoptr(GHashTable) places = NULL;
    GByteArray *bytes = make_file(&shape, &places);
    guint64 first = dat_place(places, "cpu::0") + 4;
    dat_patch(bytes, &shape, first + (i % 2 ? 4 : 0), sizes[i / 2], 4);
    g_autoptr(DatReading) r = dat_reading_open(bytes);
    g_assert_no_error(r->error);
    g_assert_cmpuint(r->n_events, ==, 3 * PAGES * TICKS);
    g_assert_cmpuint(dat_reading_damage(r, "CPU 0: a chunk of")->offset, ==, first);
  }
}

static void test_chunk_count(gconstpointer data)
{
  static const guint32 counts[] = { 0, 1, 4, 0xffffffff };
  DatShape shape = small_shape(GPOINTER_TO_UINT(data));
  for (guint i = 0; i < G_N_ELEMENTS(counts); i++) {
    g_autoptr(GHashTable) places = NULL;
    GByteArray *bytes = make_file(&shape, &places);
    dat_patch(bytes, &shape, dat_place(places, "cpu::0"), counts[i], 4);
    g_autoptr(DatReading) r = dat_reading_open(bytes);
    g_assert_no_error(r->error);
    g_assert_cmpuint(r->n_events, ==, 3 * PAGES * TICKS);
    g_assert_cmpuint(tb_damage_log_get_n(r->damage), ==, 1);
  }
}

/* Options that lead nowhere, in a circle, or to the wrong section: the sections are walked. */
static void test_chain(gconstpointer data)
{
  DatShape shape = small_shape(GPOINTER_TO_UINT(data));
  for (guint i = 0; i < 4; i++) {
    g_autoptr(GHashTable) places = NULL;
    GByteArray *bytes = make_file(&shape, &places);
    guint64 options = dat_place(places, "options") - 16;
    switch (i) {
    case 0: dat_patch(bytes, &shape, dat_place(places, "next"), options, 8); break;
    case 1: dat_patch(bytes, &shape, dat_place(places, "next"), G_MAXUINT64 - 4, 8); break;
    case 2: dat_patch(bytes, &shape, dat_place(places, "first options"), 0, 8); break;
    default: dat_patch(bytes, &shape, dat_place(places, "first options"), 50, 8); break;
    }
    g_autoptr(DatReading) r = dat_reading_open(bytes);
    g_assert_no_error(r->error);
    g_assert_cmpuint(r->n_events, ==, 3 * PAGES * TICKS);
    g_assert_cmpuint(r->reader->sources->len, ==, 2);
    g_assert_cmpuint(tb_damage_log_get_n(r->damage), ==, 1);
    if (i == 0)
      dat_reading_damage(r, "loops");
  }
}

/* The option of a buffer is gone: its data is found by the section. */
static void test_lost_buffer_option(gconstpointer data)
{
  DatShape shape = small_shape(GPOINTER_TO_UINT(data));
  g_autoptr(GHashTable) places = NULL;
  GByteArray *bytes = make_file(&shape, &places);
  dat_patch(bytes, &shape, dat_place(places, "buffer option") - 6, 0xfffe, 2);
  g_autoptr(DatReading) r = dat_reading_open(bytes);
  g_assert_no_error(r->error);
  g_assert_cmpuint(r->n_events, ==, 3 * PAGES * TICKS);
  g_assert_cmpuint(tb_damage_log_get_n(r->damage), ==, 1);
  g_assert_cmpuint(dat_reading_damage(r, "the option of a buffer is lost")->offset, ==,
                   dat_place(places, "section:3"));
}

static DatReading *read_patched_page(const DatShape *shape, guint page, gsize at, guint64 value,
                                     guint n, guint64 *place)
{
  g_autoptr(GHashTable) places = NULL;
  GByteArray *bytes = make_file(shape, &places);
  *place = dat_place(places, "cpu::0") + page * shape->page_size + at;
  dat_patch(bytes, shape, *place, value, n);
  return dat_reading_open(bytes);
}

/* A page with a commit beyond its end costs that page; the message says where. */
static void test_commit(void)
{
  DatShape shape = small_shape(0);
  guint64 place;
  g_autoptr(DatReading) r = read_patched_page(&shape, 2, 8, 600, 8, &place);
  g_assert_no_error(r->error);
  g_assert_cmpuint(r->n_events, ==, 3 * PAGES * TICKS - TICKS);
  const TbDamage *damage = dat_reading_damage(r, "a page's commit passes its end");
  g_assert_cmpuint(damage->offset, ==, place);
  g_assert_cmpuint(damage->skipped_bytes, ==, 512);
  g_assert_cmpuint(dat_reading_source(r, 0)->counts.damaged, ==, 1);
}

/* A record longer than what is left costs it and what follows in its page. */
static void test_record(void)
{
  DatShape shape = small_shape(0);
  guint64 place;
  gsize third = 16 + 2 * 56;
  g_autoptr(DatReading) r = read_patched_page(&shape, 1, third, 1 << 5, 4, &place);
  g_assert_no_error(r->error);
  g_assert_cmpuint(r->n_events, ==, 3 * PAGES * TICKS - 3);
  const TbDamage *damage = dat_reading_damage(r, "a record's length passes the page's end");
  g_assert_cmpuint(damage->offset, ==, place);
  g_assert_cmpuint(damage->skipped_bytes, ==, 3 * 56);
}

/* One flipped bit in a page's time: all events stay, with the time the file says. */
static void test_time(void)
{
  DatShape shape = small_shape(0);
  guint64 place;
  g_autoptr(DatReading) far = read_patched_page(&shape, 2, 0, 3000 | 1ull << 60, 8, &place);
  g_assert_cmpuint(far->n_events, ==, 3 * PAGES * TICKS);
  g_assert_cmpuint(dat_reading_damage(far, "CPU 0: time jumps by")->offset, ==, place + 16);
  g_assert_cmpuint(dat_reading_damage(far, "CPU 0: time goes back by")->offset, ==,
                   place + 512 + 16);
  g_assert_true(tb_reader_is_unordered(far->reader, 0));
  g_autoptr(DatReading) near = read_patched_page(&shape, 2, 0, 9000, 8, &place);
  g_assert_cmpuint(near->n_events, ==, 3 * PAGES * TICKS);
  g_assert_cmpuint(tb_damage_log_get_n(near->damage), ==, 1);
  dat_reading_damage(near, "CPU 0: time goes back by 5004 to 4001");
}

static void test_zeroed(void)
{
  for (guint which = 0; which < 4; which += 3) {
    DatShape shape = small_shape(which);
    g_autoptr(GHashTable) places = NULL;
    GByteArray *bytes = make_file(&shape, &places);
    memset(bytes->data + dat_place(places, "cpu::0") + 512, 0, 1024);
    g_autoptr(DatReading) r = dat_reading_open(bytes);
    g_assert_no_error(r->error);
    g_assert_cmpuint(r->n_events, ==, 3 * PAGES * TICKS - 2 * TICKS);
    dat_reading_damage(r, "a page without time and records");
  }
}

/* Version 6: a broken size in the metadata costs what stands there, not the events. */
static void test_metadata_v6(void)
{
  static const char *const pieces[] = { "section:17", "section:18", "section:19", "section:21" };
  DatShape shape = small_shape(3);
  for (guint i = 0; i < G_N_ELEMENTS(pieces); i++) {
    g_autoptr(GHashTable) places = NULL;
    GByteArray *bytes = make_file(&shape, &places);
    guint64 at = dat_place(places, pieces[i]);
    dat_patch(bytes, &shape, at, 0x7fffffff, 4);
    g_autoptr(DatReading) r = dat_reading_open(bytes);
    g_assert_no_error(r->error);
    g_assert_cmpuint(r->n_events, ==, 3 * PAGES * TICKS);
    g_assert_cmpuint(tb_damage_log_get_n(r->damage), >, 0);
  }
}

/* Two CPUs that claim the same bytes: they are read once. */
static void test_overlap(void)
{
  DatShape shape = small_shape(3);
  g_autoptr(GHashTable) places = NULL;
  GByteArray *bytes = make_file(&shape, &places);
  dat_patch(bytes, &shape, dat_place(places, "table") + 10 + 8, 2 * PAGES * 512, 8);
  g_autoptr(DatReading) r = dat_reading_open(bytes);
  g_assert_no_error(r->error);
  g_assert_cmpuint(r->n_events, ==, 3 * PAGES * TICKS);
  dat_reading_damage(r, "runs into that of CPU 1");
}

static void add_for(const char *path, guint from, guint to, GTestDataFunc run)
{
  static const char *const names[] = { "v7-none", "v7-zlib", "v7-zstd", "v6" };
  for (guint i = from; i <= to; i++) {
    g_autofree char *full = g_strconcat("/tracecmd/damage/", path, "/", names[i], NULL);
    g_test_add_data_func(full, GUINT_TO_POINTER(i), run);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  add_for("cut-anywhere", 0, 3, test_cut);
  add_for("mutated", 0, 3, test_mutated);
  add_for("chunk-body", 1, 2, test_chunk_body);
  add_for("chunk-header", 1, 2, test_chunk_header);
  add_for("chunk-count", 1, 2, test_chunk_count);
  add_for("options-chain", 0, 2, test_chain);
  add_for("lost-buffer-option", 0, 2, test_lost_buffer_option);
  g_test_add_func("/tracecmd/damage/commit-passes-page", test_commit);
  g_test_add_func("/tracecmd/damage/record-passes-page", test_record);
  g_test_add_func("/tracecmd/damage/absurd-time", test_time);
  g_test_add_func("/tracecmd/damage/zeroed-pages", test_zeroed);
  g_test_add_func("/tracecmd/damage/metadata-of-version-6", test_metadata_v6);
  g_test_add_func("/tracecmd/damage/cpus-overlap", test_overlap);
  return g_test_run();
}
