/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One set of captures, one output: whatever the order of the arguments, and
 * however the files are merged in steps. Captures come from seeds; they have
 * several interfaces, many equal times, and some are out of order.
 */
#include "formats.h"
#include "pass/run.h"
#include "support/random-capture.h"

#include <glib/gstdio.h>
#include <string.h>

enum { FILES = 6, MACHINES = 3, ORDERS = 8, TREES = 8, SEEDS = 6 };

/* What the captures of a seed have: from plain ones to all there is, with and without sections. */
static const RandomFeatures features[] = {
  RANDOM_OPTIONS | RANDOM_LATE_INTERFACES | RANDOM_RESOLUTIONS,
  RANDOM_EVERYTHING,
  RANDOM_EVERYTHING & ~RANDOM_SECTIONS,
  RANDOM_SIMPLE_PACKETS | RANDOM_OLD_PACKETS,
};

/* The captures of one seed, in a folder of their own. */
typedef struct {
  char *folder;
  char *paths[FILES];
  char *converted[FILES];
  char *machines[FILES];
  guint64 n_packets;
  guint n_merged;
} Captures;

static const TbWriterFormat *pcapng_writer(void)
{
  return tb_registry_find_writer(&tb_formats, "pcapng");
}

static gboolean can_read_pcapng(void)
{
  for (guint i = 0; tb_formats.readers[i]; i++)
    if (g_str_equal(tb_formats.readers[i]->name, "pcapng"))
      return TRUE;
  return FALSE;
}

static char *captures_path(const Captures *c, const char *stem, guint i, const char *extension)
{
  g_autofree char *name = g_strdup_printf("%s%u.%s", stem, i, extension);
  return g_build_filename(c->folder, name, NULL);
}

/* File @i: every other one is pcapng where that can be read; every third is out of order. */
static void captures_make(Captures *c, guint32 seed)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
  *c = (Captures){ .folder = g_dir_make_tmp("tb-orders-XXXXXX", NULL) };
  g_assert_nonnull(c->folder);
  for (guint i = 0; i < FILES; i++) {
    g_auto(TbBuf) file = { 0 };
    gboolean ng = i % 2 == 1 && can_read_pcapng();
    RandomCapture wish = { .n_interfaces = 1 + i % 4, .n_packets = 40 + 10 * i,
                           .start_s = 1700000000, .n_times = seed % 2 ? 6 : 60,
                           .n_swaps = i % 3 == 2 ? 10 : 0,
                           .features = features[seed % G_N_ELEMENTS(features)] };
    if (ng)
      random_capture_pcapng(&file, &wish, rand);
    else
      random_capture_pcap(&file, &wish, rand);
    c->n_packets += wish.n_packets;
    c->paths[i] = captures_path(c, "capture", i, ng ? "pcapng" : "pcap");
    c->machines[i] = g_strdup_printf("host%u", i % MACHINES);
    g_assert_true(
        g_file_set_contents(c->paths[i], (const char *)file.data, (gssize)file.len, NULL));
  }
}

static void captures_clear(Captures *c)
{
  for (guint i = 0; i < FILES; i++) {
    g_remove(c->paths[i]);
    g_free(c->paths[i]);
    if (c->converted[i])
      g_remove(c->converted[i]);
    g_free(c->converted[i]);
    g_free(c->machines[i]);
  }
  for (guint i = 0; i < c->n_merged; i++) {
    g_autofree char *path = captures_path(c, "merged", i, "pcapng");
    g_remove(path);
  }
  g_assert_cmpint(g_rmdir(c->folder), ==, 0);
  g_free(c->folder);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Captures, captures_clear)

/*
 * Merges inputs into @out (nullable: nowhere). @n_packets: (nullable): how many the output has.
 * Returns: SHA-256 of the output
 */
static char *merge(const TbInputSpec *inputs, guint n, const char *out, guint64 *n_packets)
{
  g_autoptr(GError) error = NULL;
  TbRunOptions options = { .registry = &tb_formats, .clocks.as_they_stand = TRUE };
  g_autoptr(TbRun) run = tb_run_new(&options);
  g_autoptr(TbOutput) output = tb_output_new_memory();
  TbWriterCounts counts;
  gboolean ok = tb_run_prepare(run, inputs, n, &error)
                && tb_run_emit(run, pcapng_writer(), output, &counts, &error)
                && tb_output_flush(output, &error);
  g_assert_no_error(error);
  g_assert_true(ok);
  g_assert_cmpuint(tb_damage_log_get_n(tb_run_get_damage(run)), ==, 0);
  if (n_packets)
    *n_packets = counts.packets;
  const GByteArray *bytes = tb_output_get_memory(output);
  if (out)
    g_assert_true(g_file_set_contents(out, (const char *)bytes->data, (gssize)bytes->len, NULL));
  return g_compute_checksum_for_data(G_CHECKSUM_SHA256, bytes->data, bytes->len);
}

static void shuffle(GRand *rand, guint *order, guint n)
{
  for (guint i = n; i > 1; i--) {
    guint k = (guint)g_rand_int_range(rand, 0, (gint32)i), kept = order[i - 1];
    order[i - 1] = order[k];
    order[k] = kept;
  }
}

static char *merge_flat(const Captures *c, const guint *order)
{
  TbInputSpec inputs[FILES];
  for (guint i = 0; i < FILES; i++)
    inputs[i] = (TbInputSpec){ .path = c->paths[order[i]], .machine = c->machines[order[i]] };
  guint64 n_packets;
  char *sum = merge(inputs, FILES, NULL, &n_packets);
  g_assert_cmpuint(n_packets, ==, c->n_packets);
  return sum;
}

static void test_orders(void)
{
  for (guint32 seed = 1; seed <= SEEDS; seed++) {
    g_auto(Captures) c = { 0 };
    captures_make(&c, seed);
    g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
    guint order[FILES] = { 0, 1, 2, 3, 4, 5 };
    g_autofree char *first = merge_flat(&c, order);
    for (guint i = 0; i < ORDERS; i++) {
      shuffle(rand, order, FILES);
      g_autofree char *again = merge_flat(&c, order);
      g_assert_cmpstr(again, ==, first);
    }
  }
}

/* Merges @n files (numbers of converted ones) by a random tree. Returns: where the result is */
static char *merge_tree(Captures *c, GRand *rand, const guint *files, guint n, char **sum)
{
  if (n == 1)
    return g_strdup(c->converted[files[0]]);
  guint parts = (guint)g_rand_int_range(rand, 2, (gint32)MIN(n, 3) + 1), at = 0;
  char *paths[3] = { NULL };
  TbInputSpec inputs[3];
  for (guint i = 0; i < parts; i++) {
    guint left = n - at, after = parts - i - 1;
    guint take = after ? (guint)g_rand_int_range(rand, 1, (gint32)(left - after) + 1) : left;
    paths[i] = merge_tree(c, rand, files + at, take, sum);
    inputs[i] = (TbInputSpec){ .path = paths[i] };
    at += take;
  }
  char *out = captures_path(c, "merged", c->n_merged++, "pcapng");
  g_free(*sum);
  *sum = merge(inputs, parts, out, NULL);
  for (guint i = 0; i < parts; i++)
    g_free(paths[i]);
  return out;
}

static void test_trees(void)
{
  if (!can_read_pcapng()) {
    g_test_skip("this build does not read pcapng");
    return;
  }
  for (guint32 seed = 1; seed <= SEEDS; seed++) {
    g_auto(Captures) c = { 0 };
    captures_make(&c, seed);
    g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
    guint order[FILES] = { 0, 1, 2, 3, 4, 5 };
    g_autofree char *flat = merge_flat(&c, order);
    for (guint i = 0; i < FILES; i++) {
      TbInputSpec input = { .path = c.paths[i], .machine = c.machines[i] };
      c.converted[i] = captures_path(&c, "converted", i, "pcapng");
      g_autofree char *sum = merge(&input, 1, c.converted[i], NULL);
    }
    for (guint i = 0; i < TREES; i++) {
      g_autofree char *sum = NULL;
      shuffle(rand, order, FILES);
      g_autofree char *path = merge_tree(&c, rand, order, FILES, &sum);
      g_assert_cmpstr(sum, ==, flat);
    }
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/merge/orders", test_orders);
  g_test_add_func("/merge/trees", test_trees);
  return g_test_run();
}
