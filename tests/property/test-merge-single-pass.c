/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Merging captures without a prepare pass gives what it gives with one: bytes, counts, damage.
 * Captures come from seeds: plain ones, and such as break what was described ahead (records out of
 * order, packets above the snaplen, a cut end, no packets at all, one capture twice).
 */
#include "formats.h"
#include "pass/run.h"

#include <glib/gstdio.h>
#include <string.h>

enum { FILES = 4, SEEDS = 60, PLAIN_SEEDS = 6, MANY = 20000, FEW = 40, SNAPLEN = 256 };

typedef enum { PLAIN, SWAPPED, LONG_PACKET, CUT, EMPTY, LIKE_THE_FIRST, N_KINDS } Kind;

typedef struct {
  char *folder;
  char *paths[FILES];
  gboolean plain;
} Captures;

/* What a run gave, and how often the prepare pass told of its progress. */
typedef struct {
  char *sum;
  char *facts;
  guint n_read;
} Result;

static void result_clear(Result *result)
{
  g_free(result->sum);
  g_free(result->facts);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Result, result_clear)

static void append_record(TbBuf *out, gint64 ns, guint32 len)
{
  tb_buf_append_le32(out, (guint32)(ns / 1000000000));
  tb_buf_append_le32(out, (guint32)(ns % 1000000000));
  tb_buf_append_le32(out, len);
  tb_buf_append_le32(out, len);
  tb_buf_append_fill(out, (char)len, len);
}

static void make_capture(TbBuf *out, Kind kind, guint n, GRand *rand)
{
  gint64 ns = G_GINT64_CONSTANT(1700000000000000000) + g_rand_int_range(rand, 0, 1000);
  gint odd = g_rand_int_range(rand, 1, (gint32)n);
  tb_buf_append_le32(out, 0xa1b23c4d);
  tb_buf_append_le16(out, 2);
  tb_buf_append_le16(out, 4);
  tb_buf_append_fill(out, 0, 8);
  tb_buf_append_le32(out, SNAPLEN);
  tb_buf_append_le32(out, 1);
  for (gint i = 0; i < (gint)n && kind != EMPTY; i++) {
    guint32 len = (guint32)g_rand_int_range(rand, 0, 100);
    ns += g_rand_int_range(rand, 0, 3);
    append_record(out, ns - (kind == SWAPPED && i == odd ? 2000 : 0),
                  kind == LONG_PACKET && i == odd ? SNAPLEN + 4 : len);
  }
  if (kind == CUT)
    out->len -= 3;
}

/* @n_odd: of the files, how many are of any kind; the others are plain ones */
static void captures_make(Captures *c, guint32 seed, guint n_odd, guint n_packets)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
  *c = (Captures){ .folder = g_dir_make_tmp("tb-single-pass-XXXXXX", NULL), .plain = TRUE };
  g_assert_nonnull(c->folder);
  for (guint i = 0; i < FILES; i++) {
    g_auto(TbBuf) file = { 0 };
    g_autofree char *name = g_strdup_printf("%u.pcap", i);
    Kind kind = i < n_odd ? (Kind)g_rand_int_range(rand, 0, N_KINDS) : PLAIN;
    g_autoptr(GRand) alike = g_rand_new_with_seed(seed);
    c->plain &= kind == PLAIN;
    make_capture(&file, kind, n_packets, kind == LIKE_THE_FIRST ? alike : rand);
    c->paths[i] = g_build_filename(c->folder, name, NULL);
    g_assert_true(g_file_set_contents(c->paths[i], (const char *)file.data, (gssize)file.len,
                                      NULL));
  }
}

static void captures_clear(Captures *c)
{
  for (guint i = 0; i < FILES; i++) {
    g_remove(c->paths[i]);
    g_free(c->paths[i]);
  }
  g_assert_cmpint(g_rmdir(c->folder), ==, 0);
  g_free(c->folder);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Captures, captures_clear)

static void note_progress(gpointer data, const char *phase, double fraction)
{
  guint *n_read = data;
  *n_read += g_str_equal(phase, "reading");
}

static gint compare_text(gconstpointer a, gconstpointer b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Counts and damage as text; places of damage may have been met in another order. */
static char *facts_of(const TbRun *run, const TbWriterCounts *written)
{
  GString *text = g_string_new(NULL);
  g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
  const GPtrArray *damage = tb_damage_log_get_entries(tb_run_get_damage(run));
  const GPtrArray *sources = tb_run_get_sources(run);
  g_string_printf(text, "packets %" G_GUINT64_FORMAT " sorted %u repeats %" G_GUINT64_FORMAT "\n",
                  written->packets, tb_run_get_sorted(run),
                  tb_ledger_get(tb_run_get_ledger(run), TB_LEDGER_REPEATED, TB_RECORD_EVENT));
  for (guint i = 0; i < sources->len; i++) {
    const TbSource *source = g_ptr_array_index(sources, i);
    g_string_append_printf(text, "%s %" G_GUINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT
                           " %" G_GUINT64_FORMAT " %u\n", source->name, source->counts.records,
                           source->counts.first_ns, source->counts.last_ns,
                           source->counts.unordered, source->link.snaplen);
  }
  for (guint i = 0; i < damage->len; i++) {
    const TbDamage *place = g_ptr_array_index(damage, i);
    g_ptr_array_add(lines, g_strdup_printf("%s %" G_GUINT64_FORMAT " %s\n", place->source,
                                           place->offset, place->text));
  }
  g_ptr_array_sort(lines, compare_text);
  for (guint i = 0; i < lines->len; i++)
    g_string_append(text, g_ptr_array_index(lines, i));
  return g_string_free(text, FALSE);
}

static void merge(const Captures *c, gboolean foretell, gboolean one_machine, Result *result)
{
  static const char *const names[FILES] = { "a", "b", "c", "d" };
  g_autoptr(GError) error = NULL;
  TbInputSpec inputs[FILES];
  TbWriterCounts counts = { 0 };
  TbRunOptions options = { .registry = &tb_formats, .clocks.as_they_stand = !one_machine,
                                .owners.least = TB_CONFIDENCE_LINKED, .single_pass = foretell,
                                .progress.show = note_progress, .progress.data = &result->n_read };
  for (guint i = 0; i < FILES; i++)
    inputs[i] = (TbInputSpec){ .path = c->paths[i], .machine = names[one_machine ? 0 : i] };
  g_autoptr(TbRun) run = tb_run_new(&options);
  g_autoptr(TbOutput) output = tb_output_new_memory();
  gboolean ok = tb_run_prepare(run, inputs, FILES, &error) &&
                tb_run_emit(run, tb_registry_find_writer(&tb_formats, "pcapng"), output,
                                 &counts, &error) &&
                tb_output_flush(output, &error);
  g_assert_no_error(error);
  g_assert_true(ok);
  const GByteArray *bytes = tb_output_get_memory(output);
  g_assert_cmpuint(tb_output_get_written(output), ==, bytes->len);
  result->sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, bytes->data, bytes->len);
  result->facts = facts_of(run, &counts);
}

static void test_same_as_prepared(void)
{
  for (guint32 seed = 1; seed <= SEEDS; seed++)
    for (guint one_machine = 0; one_machine < 2; one_machine++) {
      g_auto(Captures) c = { 0 };
      captures_make(&c, seed, 1 + seed % (FILES - 1), FEW);
      g_auto(Result) with = { 0 }, without = { 0 };
      merge(&c, FALSE, one_machine != 0, &with);
      merge(&c, TRUE, one_machine != 0, &without);
      g_assert_cmpstr(without.facts, ==, with.facts);
      g_assert_cmpstr(without.sum, ==, with.sum);
    }
}

/* Not only alike: the pass is left out, else it would have told of its progress. */
static void test_plain_ones_are_read_once(void)
{
  for (guint32 seed = 1; seed <= PLAIN_SEEDS; seed++) {
    g_auto(Captures) c = { 0 };
    captures_make(&c, seed, 0, MANY);
    g_auto(Result) with = { 0 }, without = { 0 };
    merge(&c, FALSE, TRUE, &with);
    merge(&c, TRUE, TRUE, &without);
    g_assert_true(c.plain);
    g_assert_cmpstr(without.sum, ==, with.sum);
    g_assert_cmpuint(with.n_read, >, 0);
    g_assert_cmpuint(without.n_read, ==, 0);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/merge/single-pass/same-as-prepared", test_same_as_prepared);
  g_test_add_func("/merge/single-pass/plain-ones-are-read-once", test_plain_ones_are_read_once);
  return g_test_run();
}
