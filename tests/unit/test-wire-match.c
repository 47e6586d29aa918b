/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* By length and time: finding, residuals, nearest pairs, runs. */
#include "stages/wire/match.h"

#include <string.h>

typedef struct {
  gint64 time_ns;
  guint32 len;
  gint32 who;
} Sample;

static GArray *samples_of(const Sample *samples, guint n)
{
  GArray *array = g_array_new(FALSE, FALSE, sizeof(Sample));
  g_array_append_vals(array, samples, n);
  return array;
}

static void test_find(void)
{
  static const Sample made[] = { { 100, 60, 1 }, { 200, 60, 1 }, { 50, 80, 1 } };
  g_autoptr(GArray) array = samples_of(made, G_N_ELEMENTS(made));
  TbMatchSide side = TB_MATCH_SIDE(array, Sample, time_ns, len);
  g_assert_cmpuint(tb_match_lower(&side, 60, 101), ==, 1);
  g_assert_cmpuint(tb_match_lower(&side, 60, 201), ==, 2);
  g_assert_cmpuint(tb_match_lower(&side, 90, 0), ==, 3);
  g_assert_cmpint(tb_match_nearest(&side, 60, 140), ==, -40);
  g_assert_cmpint(tb_match_nearest(&side, 60, 160), ==, 40);
  g_assert_cmpint(tb_match_nearest(&side, 60, 150), ==, -50); /* the earlier one of two */
  g_assert_cmpint(tb_match_nearest(&side, 80, 1000), ==, -950);
  g_assert_cmpint(tb_match_nearest(&side, 70, 100), ==, G_MAXINT64);
}

static void test_measure(void)
{
  gint64 values[] = { 30, 10, 1000, 20, 12 }, middle_ns, spread_ns;
  tb_match_measure(values, G_N_ELEMENTS(values), &middle_ns, &spread_ns);
  g_assert_cmpint(middle_ns, ==, 20);
  g_assert_cmpint(spread_ns, ==, 10);
  g_assert_cmpint(tb_match_part(values, G_N_ELEMENTS(values), 9), ==, 980);
  tb_match_measure(values, 0, &middle_ns, &spread_ns);
  g_assert_cmpint(middle_ns, ==, 0);
}

static void test_best_first(void)
{
  static const Sample packets[] = { { 1000, 60, 0 }, { 1030, 60, 0 }, { 5000, 60, 0 },
                                    { 9000, 60, 0 }, { 9000, 61, 0 } };
  static const Sample samples[] = { { 910, 60, 1 }, { 925, 60, 1 }, { 4890, 60, 1 },
                                    { 4905, 60, 2 } };
  const TbMatchFit fit = { .usual_ns = 100, .near_ns = 50, .clear_ns = 10 };
  g_autoptr(GArray) a = samples_of(packets, G_N_ELEMENTS(packets));
  g_autoptr(GArray) b = samples_of(samples, G_N_ELEMENTS(samples));
  TbMatchSide x = TB_MATCH_SIDE(a, Sample, time_ns, len), y = TB_MATCH_SIDE(b, Sample, time_ns, len);
  g_autoptr(GArray) pairs = tb_match_best_first(&x, &y, offsetof(Sample, who), &fit);
  /* The second packet takes the sample that is nearest to it; between two of two tasks there is none. */
  g_assert_cmpuint(pairs->len, ==, 2);
  const TbMatchPair *first = &g_array_index(pairs, TbMatchPair, 0);
  g_assert_cmpuint(first->packet, ==, 1);
  g_assert_cmpuint(first->sample, ==, 1);
  g_assert_cmpint(first->ns, ==, 5);
  g_assert_cmpuint(g_array_index(pairs, TbMatchPair, 1).packet, ==, 0);
  g_assert_cmpuint(g_array_index(pairs, TbMatchPair, 1).sample, ==, 0);
}

static void runs_found(gpointer data, const TbMatchItem *buffer, const TbMatchItem *packet)
{
  g_string_append_printf(data, "%c%c ", (char)buffer->what[0], (char)packet->what[0]);
}

/* "a100 B150": buffers are small, packets capital letters, with their times. Returns: pairs */
static char *runs_of(const char *items, guint32 cpus)
{
  const TbMatchFit fits[TB_WIRE_N_WAYS] = { { 0, 1000, 20 }, { 0, 1000, 20 } };
  GString *out = g_string_new(NULL);
  g_autoptr(TbMatchRuns) runs = tb_match_runs_new(fits, FALSE, runs_found, out);
  g_auto(GStrv) words = g_strsplit(items, " ", -1);
  for (guint i = 0; words[i]; i++) {
    TbMatchItem item = { .time_ns = g_ascii_strtoll(words[i] + 1, NULL, 10), .len = 60,
                         .cpu = i % cpus, .is_packet = g_ascii_isupper(words[i][0]),
                         .what = { (guint8)words[i][0] } };
    tb_match_runs_add(runs, &item);
  }
  tb_match_runs_end(runs);
  return g_string_free(out, FALSE);
}

static void test_runs(void)
{
  static const struct {
    const char *items;
    guint32 cpus;
    const char *pairs;
  } cases[] = {
    { "a0 A10 b100 B110", 1, "aA bB " },       /* in order */
    { "a0 b5 A10 B12", 1, "aA bB " },
    { "a0 b5 A10 B12", 2, "" },                /* on two CPUs they may have crossed */
    { "a0 A500 b505", 1, "bA " },              /* by far the nearest */
    { "a0 A10 b20", 1, "" },                   /* one or the other */
    { "a0 A5000", 1, "" },                     /* too far */
    { "a0", 1, "" },
  };
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *pairs = runs_of(cases[i].items, cases[i].cpus);
    g_assert_cmpstr(pairs, ==, cases[i].pairs);
  }
}

/* What is longer than is kept is cut where as many of both have gone by. */
static void test_long_run(void)
{
  g_autoptr(GString) items = g_string_new(NULL);
  for (guint i = 0; i < 200; i++)
    g_string_append_printf(items, "%sa%u A%u", i ? " " : "", i * 100, i * 100 + 10);
  g_autofree char *pairs = runs_of(items->str, 1);
  g_assert_cmpuint(strlen(pairs), ==, 200 * 3);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/wire/match/find", test_find);
  g_test_add_func("/wire/match/measure", test_measure);
  g_test_add_func("/wire/match/best-first", test_best_first);
  g_test_add_func("/wire/match/runs", test_runs);
  g_test_add_func("/wire/match/long-run", test_long_run);
  return g_test_run();
}
