/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Detection by content, over the whole table of formats: one reader bids best for
 * each known file, nobody bids for noise, and the descriptors are in order. Names
 * no format; a file's own place says which one it is.
 */
#include "formats.h"
#include "tracebraid.h"

#include <string.h>

enum { MAX_PEEK_BYTES = 64 << 10, NOISE_ROUNDS = 2000, NOISE_SEED = 7 };

static const TbReaderFormat *best_bid(const guint8 *head, gsize len, guint *best, guint *second)
{
  const TbReaderFormat *winner = NULL;
  *best = *second = 0;
  for (const TbReaderFormat *const *format = tb_formats.readers; *format; format++) {
    guint bid = (*format)->probe(head, MIN(len, (*format)->peek_bytes));
    if (bid > *best) {
      *second = *best;
      *best = bid;
      winner = *format;
    } else {
      *second = MAX(*second, bid);
    }
  }
  return winner;
}

static gboolean has_extension(const TbReaderFormat *format, const char *path)
{
  for (const char *const *extension = format->extensions; *extension; extension++) {
    g_autofree char *suffix = g_strconcat(".", *extension, NULL);
    g_autofree char *lower = g_ascii_strdown(path, -1);
    if (g_str_has_suffix(lower, suffix))
      return TRUE;
  }
  return FALSE;
}

static void test_file(gconstpointer data)
{
  const char *path = data;
  g_autofree char *contents = NULL;
  gsize len = 0;
  guint best = 0;
  guint second = 0;
  g_assert_true(g_file_get_contents(path, &contents, &len, NULL));
  const TbReaderFormat *winner = best_bid((const guint8 *)contents, len, &best, &second);
  g_assert_nonnull(winner);
  g_assert_true(has_extension(winner, path));
  g_assert_cmpuint(second, <, best);

  /* Of a head cut short, the same reader or nobody. Exact copies let a checker see the end. */
  for (gsize cut = 0; cut < MIN(len, 512); cut++) {
    g_autofree guint8 *head = g_memdup2(contents, cut);
    const TbReaderFormat *early = best_bid(head ? head : (const guint8 *)"", cut, &best, &second);
    g_assert_true(early == NULL || early == winner);
  }
}

static void test_noise(void)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed(NOISE_SEED);
  guint8 head[4096];
  guint best = 0;
  guint second = 0;
  memset(head, 0, sizeof head);
  g_assert_null(best_bid(head, sizeof head, &best, &second));
  memset(head, 0xff, sizeof head);
  g_assert_null(best_bid(head, sizeof head, &best, &second));
  memset(head, ' ', sizeof head);
  g_assert_null(best_bid(head, sizeof head, &best, &second));
  for (guint round = 0; round < NOISE_ROUNDS; round++) {
    for (gsize i = 0; i < sizeof head; i += 4) {
      guint32 word = g_rand_int(rand);
      memcpy(head + i, &word, sizeof word);
    }
    g_assert_null(best_bid(head, sizeof head, &best, &second));
  }
}

static void test_readers(void)
{
  g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
  for (const TbReaderFormat *const *at = tb_formats.readers; *at; at++) {
    const TbReaderFormat *format = *at;
    g_test_message("reader %s", format->name);
    g_assert_true(g_hash_table_add(names, (gpointer)format->name));
    g_assert_cmpuint(strspn(format->name, "abcdefghijklmnopqrstuvwxyz0123456789-"), ==,
                     strlen(format->name));
    g_assert_cmpstr(format->description, !=, NULL);
    g_assert_nonnull(format->extensions);
    g_assert_nonnull(format->extensions[0]);
    g_assert_cmpuint(format->peek_bytes, >, 0);
    g_assert_cmpuint(format->peek_bytes, <=, MAX_PEEK_BYTES);
    g_assert_true(format->probe && format->open && format->rewind && format->next &&
                  format->close);
  }
  g_assert_cmpuint(g_hash_table_size(names), >, 0);
}

static void test_writers(void)
{
  g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
  for (const TbWriterFormat *const *at = tb_formats.writers; *at; at++) {
    const TbWriterFormat *format = *at;
    g_test_message("writer %s", format->name);
    g_assert_true(g_hash_table_add(names, (gpointer)format->name));
    g_assert_cmpstr(format->description, !=, NULL);
    g_assert_cmpstr(format->extension, !=, NULL);
    g_assert_cmpuint(format->capabilities, !=, 0);
    g_assert_true(format->open && format->event && format->finish && format->close);
    g_assert_true(tb_registry_find_writer(&tb_formats, format->name) == format);
  }
  g_assert_cmpuint(g_hash_table_size(names), >, 0);
}

/* What is known of a sample stands beside it. */
static gboolean is_recording(const char *name)
{
  if (g_str_has_suffix(name, ".expect.json"))
    return FALSE;
  for (const TbReaderFormat *const *format = tb_formats.readers; *format; format++)
    if (has_extension(*format, name))
      return TRUE;
  return FALSE;
}

/* Files of @folder that carry a format's extension; of test data, the good ones only. */
static void add_files(const char *folder, const char *prefix)
{
  g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
  const char *name;
  while (dir && (name = g_dir_read_name(dir))) {
    char *path = g_build_filename(folder, name, NULL);
    g_autofree char *test = g_strdup_printf("/formats/probe/file/%s", name);
    if (g_file_test(path, G_FILE_TEST_IS_DIR))
      add_files(path, "good-");
    else if (g_str_has_prefix(name, prefix) && is_recording(name))
      g_test_add_data_func_full(test, g_strdup(path), test_file, g_free);
    g_free(path);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  const char *root = g_getenv("TB_SOURCE_ROOT");
  g_autofree char *samples = g_build_filename(root ? root : ".", "samples", NULL);
  g_autofree char *data = g_build_filename(root ? root : ".", "tests", "data", NULL);
  g_test_add_func("/formats/probe/readers", test_readers);
  g_test_add_func("/formats/probe/writers", test_writers);
  g_test_add_func("/formats/probe/noise", test_noise);
  add_files(samples, "");
  add_files(data, "good-");
  return g_test_run();
}
