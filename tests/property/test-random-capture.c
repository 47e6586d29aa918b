/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The generator of random captures keeps its word: same seed same bytes, and tshark reads them. */
#include "support/random-capture.h"

#include <glib/gstdio.h>
#include <string.h>

typedef void (*Generate)(TbBuf *out, const RandomCapture *wish, GRand *rand);

static void generate(TbBuf *out, Generate how, const RandomCapture *wish, guint32 seed)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
  how(out, wish, rand);
}

static void test_repeatable(void)
{
  static const Generate ways[] = { random_capture_pcap, random_capture_pcapng };
  RandomCapture wish = { .n_interfaces = 4, .n_packets = 60, .start_s = 1700000000, .n_times = 20,
                         .features = RANDOM_EVERYTHING };
  for (guint i = 0; i < G_N_ELEMENTS(ways); i++) {
    g_auto(TbBuf) a = { 0 }, b = { 0 }, other = { 0 };
    generate(&a, ways[i], &wish, 1);
    generate(&b, ways[i], &wish, 1);
    generate(&other, ways[i], &wish, 2);
    g_assert_cmpmem(a.data, a.len, b.data, b.len);
    g_assert_false(a.len == other.len && memcmp(a.data, other.data, a.len) == 0);
  }
}

/* Lines tshark lists of @file; fails when it complains. */
static guint tshark_count(const TbBuf *file, gboolean in_order)
{
  g_autofree char *path = NULL, *list = NULL, *said = NULL;
  gint fd = g_file_open_tmp("tb-random-XXXXXX", &path, NULL);
  g_assert_cmpint(fd, >=, 0);
  g_close(fd, NULL);
  g_assert_true(g_file_set_contents(path, (const char *)file->data, (gssize)file->len, NULL));
  char *argv[] = { (char *)"tshark", (char *)"-n", (char *)"-r", path, (char *)"-T",
                   (char *)"fields", (char *)"-e", (char *)"frame.time_epoch", NULL };
  g_assert_true(
      g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &list, &said, NULL, NULL));
  g_remove(path);
  g_auto(GStrv) complaints = g_strsplit(said, "\n", -1);
  for (guint i = 0; complaints[i]; i++)
    if (!strstr(complaints[i], "Running as user"))
      g_assert_cmpstr(complaints[i], ==, "");
  g_auto(GStrv) lines = g_strsplit(list, "\n", -1);
  guint n = g_strv_length(lines) - 1;
  for (guint i = 1; in_order && i < n; i++)
    g_assert_cmpstr(lines[i - 1], <=, lines[i]);
  return n;
}

static void test_tshark(void)
{
  g_autofree char *tshark = g_find_program_in_path("tshark");
  if (!tshark) {
    g_test_skip("tshark is not installed");
    return;
  }
  for (guint32 seed = 0; seed < 4; seed++) {
    RandomCapture wish = { .n_interfaces = 1 + seed * 2, .n_packets = 50, .start_s = 1700000000,
                           .n_times = 10, .host = seed % 2 ? "web" : NULL };
    g_auto(TbBuf) classic = { 0 }, plain = { 0 }, rich = { 0 };
    generate(&classic, random_capture_pcap, &wish, seed);
    g_assert_cmpuint(tshark_count(&classic, TRUE), ==, 50);
    wish.features = RANDOM_RESOLUTIONS | RANDOM_OPTIONS;
    generate(&plain, random_capture_pcapng, &wish, seed);
    g_assert_cmpuint(tshark_count(&plain, TRUE), ==, 50);
    wish.features = RANDOM_EVERYTHING;
    wish.n_swaps = 5;
    generate(&rich, random_capture_pcapng, &wish, seed);
    g_assert_cmpuint(tshark_count(&rich, FALSE), >=, 50); /* custom blocks are listed as well */
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/random-capture/repeatable", test_repeatable);
  g_test_add_func("/random-capture/tshark", test_tshark);
  return g_test_run();
}
