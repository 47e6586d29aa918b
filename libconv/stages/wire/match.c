/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* By length and time: finding, residuals, nearest pairs; see match.h. */
#include "stages/wire/match.h"

#include <stdlib.h>

enum { MATCH_CANDIDATES = 4 };

const TbMatchRule tb_match_of_owners = { .far_ns = 1000000, .least_ns = 20000, .most_ns = 200000,
                                         .clear_ns = 500 };
const TbMatchRule tb_match_of_links = { .far_ns = 1000000, .least_ns = 2000, .most_ns = 200000,
                                        .clear_ns = 200 };

guint tb_match_lower(const TbMatchSide *side, guint32 len, gint64 time_ns)
{
  guint low = 0, high = side->n;
  while (low < high) {
    guint middle = low + (high - low) / 2;
    guint32 at = tb_match_len(side, middle);
    if (at < len || (at == len && tb_match_time(side, middle) < time_ns))
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

gint64 tb_match_nearest(const TbMatchSide *side, guint32 len, gint64 time_ns)
{
  guint low = tb_match_lower(side, len, time_ns);
  gint64 best = G_MAXINT64;
  for (guint i = low ? low - 1 : 0; i <= low && i < side->n; i++) {
    gint64 ns = tb_match_time(side, i) - time_ns;
    if (tb_match_len(side, i) == len && (best == G_MAXINT64 || ABS(ns) < ABS(best)))
      best = ns;
  }
  return best;
}

gint tb_match_compare_ns(gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;
  return x < y ? -1 : x > y;
}

gint64 tb_match_median(gint64 *values, guint n)
{
  if (n == 0)
    return 0;
  qsort(values, n, sizeof *values, tb_match_compare_ns);
  return values[n / 2];
}

void tb_match_measure(gint64 *values, guint n, gint64 *middle_ns, gint64 *spread_ns)
{
  *middle_ns = tb_match_median(values, n);
  for (guint i = 0; i < n; i++)
    values[i] = ABS(values[i] - *middle_ns);
  *spread_ns = tb_match_median(values, n);
}

static gint match_compare_pairs(gconstpointer a, gconstpointer b)
{
  const TbMatchPair *x = a, *y = b;
  if (x->ns != y->ns)
    return x->ns < y->ns ? -1 : 1;
  if (x->packet != y->packet)
    return x->packet < y->packet ? -1 : 1;
  return x->sample < y->sample ? -1 : x->sample > y->sample;
}

static inline gint32 match_who(const TbMatchSide *samples, gsize who_off, guint at)
{
  return *(const gint32 *)(gconstpointer)(samples->items + at * samples->stride + who_off);
}

/* The nearest few samples of one packet, nearest first. Returns: how many */
static guint match_nearest_few(const TbMatchSide *samples, guint32 len, gint64 centre_ns,
                               gint64 near_ns, guint32 packet, TbMatchPair *best)
{
  guint n = 0;
  for (guint at = tb_match_lower(samples, len, centre_ns - near_ns);
       at < samples->n && tb_match_len(samples, at) == len &&
       tb_match_time(samples, at) <= centre_ns + near_ns; at++) {
    TbMatchPair pair = { ABS(tb_match_time(samples, at) - centre_ns), packet, at };
    if (n == MATCH_CANDIDATES && best[n - 1].ns < pair.ns)
      continue;
    guint place = n < MATCH_CANDIDATES ? n++ : n - 1;
    for (; place > 0 && best[place - 1].ns > pair.ns; place--)
      best[place] = best[place - 1];
    best[place] = pair;
  }
  return n;
}

GArray *tb_match_best_first(const TbMatchSide *packets, const TbMatchSide *samples, gsize who_off,
                            const TbMatchFit *fit)
{
  GArray *pairs = g_array_new(FALSE, FALSE, sizeof(TbMatchPair));
  g_autofree guint8 *packets_taken = g_new0(guint8, (gsize)packets->n + 1);
  g_autofree guint8 *samples_taken = g_new0(guint8, (gsize)samples->n + 1);
  guint kept = 0;
  for (guint i = 0; i < packets->n; i++) {
    TbMatchPair best[MATCH_CANDIDATES];
    guint n = match_nearest_few(samples, tb_match_len(packets, i),
                                tb_match_time(packets, i) - fit->usual_ns, fit->near_ns, i, best);
    gboolean doubtful = n > 1 && best[1].ns - best[0].ns < fit->clear_ns &&
                        match_who(samples, who_off, best[0].sample) !=
                            match_who(samples, who_off, best[1].sample);
    if (!doubtful)
      g_array_append_vals(pairs, best, n);
  }
  g_array_sort(pairs, match_compare_pairs);
  for (guint i = 0; i < pairs->len; i++) {
    TbMatchPair pair = g_array_index(pairs, TbMatchPair, i);
    if (packets_taken[pair.packet] || samples_taken[pair.sample])
      continue;
    packets_taken[pair.packet] = samples_taken[pair.sample] = TRUE;
    g_array_index(pairs, TbMatchPair, kept++) = pair;
  }
  g_array_set_size(pairs, kept);
  return pairs;
}
