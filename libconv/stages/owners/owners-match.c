/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Transmitted and received packets meet captured ones by length and time, which
 * tells whose the ends of datagrams are. How far captures and events lie apart
 * is measured, not assumed.
 */
#include "stages/owners/owners-ends.h"

#include <string.h>

enum {
  MATCH_FAR_NS = 1000000,  /* where the usual distance is looked for */
  MATCH_LEAST_NS = 20000,  /* natively 1 us is usual, and more when caches are cold */
  MATCH_MOST_NS = 200000,
  MATCH_SPREADS = 6,
  MATCH_CANDIDATES = 4,
  MATCH_CLEAR_NS = 500,    /* the second best candidate is at least so much worse */
};

/* First sample of @len at or behind @time_ns. */
static guint match_lower(const GArray *samples, guint32 len, gint64 time_ns)
{
  guint low = 0, high = samples->len;
  while (low < high) {
    guint mid = low + (high - low) / 2;
    const ResourceSample *sample = &g_array_index(samples, ResourceSample, mid);
    if (sample->len < len || (sample->len == len && sample->time_ns < time_ns))
      low = mid + 1;
    else
      high = mid;
  }
  return low;
}

static inline const ResourceSample *match_sample(const GArray *samples, guint at, guint32 len,
                                               gint64 until_ns)
{
  if (at >= samples->len)
    return NULL;
  const ResourceSample *sample = &g_array_index(samples, ResourceSample, at);
  return sample->len == len && sample->time_ns <= until_ns ? sample : NULL;
}

static gint match_compare_ns(gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;
  return x < y ? -1 : x > y;
}

/* Of a ping the kernel gets the question, and sends the answer by itself. */
static inline gboolean match_is_kernels(const OwnersSeen *seen, gboolean received)
{
  return received ? seen->asks : seen->answers;
}

/* The usual distance from sample to packet, and how far from it a match may lie. */
static gboolean match_distance(const OwnersCapture *capture, const GArray *samples,
                               gboolean received, gint64 *usual_ns, gint64 *near_ns)
{
  g_autoptr(GArray) residuals = g_array_new(FALSE, FALSE, sizeof(gint64));
  for (guint i = 0; i < capture->seen->len; i++) {
    const OwnersSeen *seen = &g_array_index(capture->seen, OwnersSeen, i);
    gint64 until_ns = seen->time_ns + MATCH_FAR_NS, best = G_MAXINT64;
    if (match_is_kernels(seen, received))
      continue;
    guint at = match_lower(samples, seen->len, seen->time_ns - MATCH_FAR_NS);
    for (const ResourceSample *sample; (sample = match_sample(samples, at, seen->len, until_ns));
         at++) {
      gint64 residual = seen->time_ns - sample->time_ns;
      best = best == G_MAXINT64 || ABS(residual) < ABS(best) ? residual : best;
    }
    if (best != G_MAXINT64)
      g_array_append_val(residuals, best);
  }
  if (residuals->len == 0)
    return FALSE;
  g_array_sort(residuals, match_compare_ns);
  *usual_ns = g_array_index(residuals, gint64, residuals->len / 2);
  for (guint i = 0; i < residuals->len; i++) {
    gint64 *residual = &g_array_index(residuals, gint64, i);
    *residual = ABS(*residual - *usual_ns);
  }
  g_array_sort(residuals, match_compare_ns);
  gint64 spread = g_array_index(residuals, gint64, residuals->len / 2);
  /* A packet that was stamped at once must not be missed where most take long (emulation). */
  *near_ns = CLAMP(MAX(spread * MATCH_SPREADS, ABS(*usual_ns) * 5 / 4), MATCH_LEAST_NS,
                   MATCH_MOST_NS);
  return TRUE;
}

/* A packet and a sample that may be the same, @ns from the usual distance. */
typedef struct {
  gint64 ns;
  guint32 seen;
  guint32 sample;
} MatchPair;

static gint match_compare_pairs(gconstpointer a, gconstpointer b)
{
  const MatchPair *x = a, *y = b;
  if (x->ns != y->ns)
    return x->ns < y->ns ? -1 : 1;
  if (x->seen != y->seen)
    return x->seen < y->seen ? -1 : 1;
  return x->sample < y->sample ? -1 : x->sample > y->sample;
}

/* The nearest few candidates of one packet. Two equally near ones of different tasks say nothing. */
static void match_candidates(const GArray *samples, const OwnersSeen *seen, guint32 index,
                             gint64 usual_ns, gint64 near_ns, GArray *pairs)
{
  MatchPair best[MATCH_CANDIDATES];
  guint n = 0;
  gint64 centre = seen->time_ns - usual_ns;
  guint at = match_lower(samples, seen->len, centre - near_ns);
  for (const ResourceSample *sample;
       (sample = match_sample(samples, at, seen->len, centre + near_ns)); at++) {
    MatchPair pair = { ABS(sample->time_ns - centre), index, at };
    guint place = n < MATCH_CANDIDATES ? n++ : n - 1;
    if (place == n - 1 && n == MATCH_CANDIDATES && best[place].ns < pair.ns &&
        best[place].seen == index)
      continue;
    for (; place > 0 && best[place - 1].ns > pair.ns; place--)
      best[place] = best[place - 1];
    best[place] = pair;
  }
  if (n > 1 && best[1].ns - best[0].ns < MATCH_CLEAR_NS &&
      g_array_index(samples, ResourceSample, best[0].sample).tid !=
          g_array_index(samples, ResourceSample, best[1].sample).tid)
    return;
  g_array_append_vals(pairs, best, n);
}

/* --- ends --- */

/* Whether all bytes of @tuple's sockets are counted: nothing beats these. */
static gboolean match_is_counted(const ResourceSockets *all, const TbTuple *tuple)
{
  guint32 at = tb_map_get(&all->by_tuple, tb_tuple_hash(tuple));
  gboolean counted = FALSE;
  while (at != TB_MAP_NONE) {
    const ResourceSocket *socket = resource_socket(all, at);
    const ResourceSide *side = &socket->sides[RESOURCE_WRITTEN];
    if (memcmp(&socket->tuple, tuple, sizeof *tuple) == 0) {
      if (side->n && !side->exact)
        return FALSE;
      counted |= side->n > 0;
    }
    at = socket->same;
  }
  return counted;
}

static void match_hit(OwnersEnds *ends, const ResourceSockets *sockets, TbTuple tuple,
                      const OwnersSeen *seen, const ResourceSample *sample, gboolean received)
{
  TbTuple peer = tb_tuple_reverse(&tuple);
  if (received) {
    peer = tuple;
    tuple = tb_tuple_reverse(&tuple);
  }
  if (owners_ends_is_local(ends, tuple.local) == FALSE)
    return;
  if (tuple.protocol == TB_TUPLE_TCP) {
    if (received || match_is_counted(sockets, &tuple))
      return;
  } else {
    tb_tuple_forget_remote(&tuple);
    tb_tuple_forget_remote(&peer);
  }
  OwnersHit hit = { .from_ns = seen->time_ns, .to_ns = seen->time_ns, .tid = sample->tid,
                    .received = received != FALSE, .peer = tb_tuple_hash(&peer),
                    .weak = sample->weak,
                    .whole = sample->bytes >= 0 && (guint32)sample->bytes == seen->payload };
  owners_ends_hit(ends, &tuple, &hit);
}

/* One to one, the best pairs first: what answers alike soon after is not taken for the question. */
void owners_ends_match(OwnersEnds *ends, const ResourceSockets *sockets,
                       const OwnersCapture *capture, guint32 bit, GArray *samples,
                       gboolean received)
{
  gint64 usual_ns, near_ns;
  if (!match_distance(capture, samples, received, &usual_ns, &near_ns))
    return;
  g_autoptr(GArray) pairs = g_array_new(FALSE, FALSE, sizeof(MatchPair));
  g_autofree guint8 *taken = g_new0(guint8, (gsize)capture->seen->len + 1);
  for (guint i = 0; i < capture->seen->len; i++) {
    const OwnersSeen *seen = &g_array_index(capture->seen, OwnersSeen, i);
    if (!match_is_kernels(seen, received))
      match_candidates(samples, seen, i, usual_ns, near_ns, pairs);
  }
  g_array_sort(pairs, match_compare_pairs);
  for (guint i = 0; i < pairs->len; i++) {
    const MatchPair *pair = &g_array_index(pairs, MatchPair, i);
    ResourceSample *sample = &g_array_index(samples, ResourceSample, pair->sample);
    const OwnersSeen *seen = &g_array_index(capture->seen, OwnersSeen, pair->seen);
    if (taken[pair->seen] || sample->used & bit)
      continue;
    taken[pair->seen] = TRUE;
    sample->used |= bit;
    match_hit(ends, sockets, g_array_index(capture->flows, OwnersFlow, seen->flow).tuple, seen,
              sample, received);
  }
}

/* A few hits among many packets that could have been matched say little. */
void owners_ends_count(OwnersEnds *ends, const OwnersCapture *capture)
{
  for (guint i = 0; i < capture->seen->len; i++) {
    const OwnersSeen *seen = &g_array_index(capture->seen, OwnersSeen, i);
    TbTuple tuple = g_array_index(capture->flows, OwnersFlow, seen->flow).tuple;
    if (tuple.protocol != TB_TUPLE_TCP)
      tb_tuple_forget_remote(&tuple);
    OwnersEndpoint *end = owners_endpoint_find(ends, &tuple);
    if (end)
      end->n_seen++;
  }
}
