/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Real logs against the CSV that Process Monitor itself exported from them, row
 * by row and byte by byte; times are UTC. The files are not ours to keep: they
 * are looked for in $TB_CORPUS or ../shared/corpus, and skipped when missing.
 *
 * Known differences, by count: see docs/format-procmon.md, "What still differs".
 */
#include "csv/csv.h"
#include "support/made-item.h"
#include "support/pml-open.h"

#include <string.h>
#include <zlib.h>

typedef struct {
  const char *path;
  const char *base;
  gboolean plain_listings; /* exported by a version that named no information class */
  guint n_rows;
  guint n_differ; /* rows that differ, all in a value's Data */
} Pair;

static const Pair pairs[] = {
  { "/procmon/corpus/file-system-32", "CompressedLogFileUTC32Filesystem", FALSE, 8577, 0 },
  { "/procmon/corpus/process-64", "CompressedLogFileUTC64Process", FALSE, 3400, 0 },
  { "/procmon/corpus/mixed-32", "CompressedLogfileTests32bitUTC", TRUE, 32930, 7 },
};

static char *corpus_path(const char *base, const char *kind)
{
  const char *given = g_getenv("TB_CORPUS");
  g_autofree char *name = g_strconcat(base, kind, NULL);
  return given ? g_build_filename(given, "procmon", name, NULL)
               : g_build_filename(g_getenv("TB_SOURCE_ROOT"), "..", "shared", "corpus", "procmon",
                                  name, NULL);
}

/* A whole zlib stream. NULL when there is no such file. */
static GByteArray *corpus_load(const char *base, const char *kind)
{
  g_autofree char *path = corpus_path(base, kind);
  g_autofree char *packed = NULL;
  gsize packed_len = 0;
  if (!g_file_get_contents(path, &packed, &packed_len, NULL))
    return NULL;
  GByteArray *out = g_byte_array_new();
  z_stream z = { .next_in = (Bytef *)packed, .avail_in = (uInt)packed_len };
  g_assert_cmpint(inflateInit(&z), ==, Z_OK);
  int result = Z_OK;
  while (result == Z_OK) {
    guint8 piece[65536];
    z.next_out = piece;
    z.avail_out = sizeof piece;
    result = inflate(&z, Z_NO_FLUSH);
    g_byte_array_append(out, piece, sizeof piece - z.avail_out);
  }
  g_assert_cmpint(result, ==, Z_STREAM_END);
  inflateEnd(&z);
  return out;
}

static char *corpus_columns(const GByteArray *csv)
{
  g_autoptr(GString) columns = g_string_new(NULL);
  for (guint i = 3; i < csv->len && csv->data[i] != '\r'; i++)
    if (csv->data[i] != '"')
      g_string_append_c(columns, (char)csv->data[i]);
  return g_string_free(g_steal_pointer(&columns), FALSE);
}

static GByteArray *corpus_convert(const GByteArray *pml, GHashTable *settings)
{
  g_auto(PmlOpen) open = pml_open_memory(pml->data, pml->len, settings);
  g_autoptr(TbOutput) output = tb_output_new_memory();
  g_autoptr(GError) error = NULL;
  TbRecord event;
  g_assert_no_error(open.error);
  g_autoptr(TbWriter) writer =
      tb_writer_open_with(&tb_csv_writer, output, tb_limits_default(), open.reader->machines,
                          open.reader->sources, settings, &error);
  g_assert_no_error(error);
  while (pml_open_next(&open, &event, NULL)) {
    TbItem item = item_of(&event);
    g_assert_true(tb_writer_event(writer, &item, &error));
  }
  g_assert_true(tb_writer_finish(writer, &error));
  g_assert_true(tb_output_commit(output, &error));
  g_assert_cmpuint(tb_damage_log_get_n(open.damage), ==, 0);
  const GByteArray *made = tb_output_get_memory(output);
  GByteArray *copy = g_byte_array_sized_new(made->len);
  return g_byte_array_append(copy, made->data, made->len);
}

/* The next row; no value has a line feed inside. FALSE at the end. */
static gboolean corpus_row(const GByteArray *csv, guint *at, const guint8 **row, gsize *len)
{
  if (*at >= csv->len)
    return FALSE;
  const guint8 *end = memchr(csv->data + *at, '\n', csv->len - *at);
  g_assert_nonnull(end);
  *row = csv->data + *at;
  *len = (gsize)(end - *row) + 1;
  *at += (guint)*len;
  return TRUE;
}

/* The only difference known: "Data: " of a binary value goes on where the record ends. */
static void corpus_check_known(const guint8 *want, gsize want_len, const guint8 *got, gsize got_len)
{
  g_autofree char *a = g_strndup((const char *)want, want_len);
  g_autofree char *b = g_strndup((const char *)got, got_len);
  gsize same = 0;
  while (a[same] && a[same] == b[same])
    same++;
  gboolean known = strstr(a, "\"RegQueryValue\"") && strstr(a, "Type: REG_BINARY") &&
                   got_len < want_len && b[same] == '"';
  if (!known)
    g_test_message("want %sgot %s", a, b);
  g_assert_true(known);
}

static void test_pair(gconstpointer data)
{
  const Pair *pair = data;
  g_autoptr(GByteArray) pml = corpus_load(pair->base, "PML");
  g_autoptr(GByteArray) want = corpus_load(pair->base, "CSV");
  if (!pml || !want) {
    g_test_skip("the corpus is not here");
    return;
  }
  g_autoptr(GHashTable) settings = g_hash_table_new(g_str_hash, g_str_equal);
  g_autofree char *columns = corpus_columns(want);
  g_hash_table_insert(settings, (gpointer)"columns", columns);
  if (pair->plain_listings)
    g_hash_table_insert(settings, (gpointer)"listing", (gpointer)"plain");
  g_autoptr(GByteArray) got = corpus_convert(pml, settings);
  guint at_want = 0;
  guint at_got = 0;
  guint n = 0;
  guint differ = 0;
  const guint8 *a = NULL;
  const guint8 *b = NULL;
  gsize a_len = 0;
  gsize b_len = 0;
  for (; corpus_row(want, &at_want, &a, &a_len); n++) {
    g_assert_true(corpus_row(got, &at_got, &b, &b_len));
    if (a_len == b_len && memcmp(a, b, a_len) == 0)
      continue;
    corpus_check_known(a, a_len, b, b_len);
    differ++;
  }
  g_assert_cmpuint(at_got, ==, got->len);
  g_assert_cmpuint(n, ==, pair->n_rows + 1); /* and the header */
  g_assert_cmpuint(differ, ==, pair->n_differ);
  g_test_message("%u rows equal, %u differ as known", n - 1 - differ, differ);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS(pairs); i++)
    g_test_add_data_func(pairs[i].path, &pairs[i], test_pair);
  return g_test_run();
}
