/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Clocks of unknown rate: the sequence of lengths is the same on both sides
 * whatever the unit of time. The longest common subsequence pairs events with
 * packets, and the line through most pairs has the rate as its slope.
 */
#include "stages/align/align-private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
  RATE_SEQUENCE = 2048, /* of either side */
  RATE_TRIES = 24,
  RATE_PAIRS_MIN = 20,
  RATE_NEAR_NS = 100000,
};

/* Ticks of 0.01 to 1000 ns: 1 MHz to 100 GHz. */
#define RATE_MIN 0.01
#define RATE_MAX 1000.0

typedef struct {
  gint64 time;
  guint32 len;
} RateItem;

typedef struct {
  double event;  /* ticks since the first one */
  double packet; /* ns since the first one */
} RatePair;

static int compare_items(const void *a, const void *b)
{
  const RateItem *x = a, *y = b;
  return x->time < y->time ? -1 : x->time > y->time;
}

/* Where do the pairs lie that both sequences have in the same order? */
static GArray *rate_pair(const RateItem *events, guint n, const RateItem *packets, guint m)
{
  gsize width = (gsize)m + 1;
  g_autofree guint8 *steps = g_new0(guint8, ((gsize)n + 1) * width);
  g_autofree guint16 *row = g_new0(guint16, 2 * width);
  GArray *pairs = g_array_new(FALSE, FALSE, sizeof(RatePair));
  guint16 *above = row, *here = row + width;
  for (guint i = 1; i <= n; i++) {
    guint8 *step = steps + i * width;
    for (guint j = 1; j <= m; j++) {
      guint16 both = events[i - 1].len == packets[j - 1].len ? above[j - 1] + 1 : 0;
      guint16 best = MAX(above[j], here[j - 1]);
      step[j] = both > best ? 3 : above[j] >= here[j - 1] ? 1 : 2;
      here[j] = MAX(both, best);
    }
    guint16 *swap = above;
    above = here;
    here = swap;
  }
  for (guint i = n, j = m; i > 0 && j > 0;) {
    guint8 step = steps[i * width + j];
    i -= step != 2;
    j -= step != 1;
    if (step == 3) {
      RatePair pair = { (double)(events[i].time - events[0].time),
                        (double)(packets[j].time - packets[0].time) };
      g_array_append_val(pairs, pair);
    }
  }
  return pairs;
}

/* Least squares over the pairs near a line; Returns: how many there are. */
static guint rate_refine(const GArray *pairs, double near, double *slope, double *start)
{
  double n = 0, x = 0, y = 0, xx = 0, xy = 0;
  for (guint i = 0; i < pairs->len; i++) {
    const RatePair *pair = &g_array_index(pairs, RatePair, i);
    if (fabs(pair->packet - *start - *slope * pair->event) > near)
      continue;
    n += 1;
    x += pair->event;
    y += pair->packet;
  }
  if (n < 2)
    return 0;
  for (guint i = 0; i < pairs->len; i++) {
    const RatePair *pair = &g_array_index(pairs, RatePair, i);
    if (fabs(pair->packet - *start - *slope * pair->event) > near)
      continue;
    xx += (pair->event - x / n) * (pair->event - x / n);
    xy += (pair->event - x / n) * (pair->packet - y / n);
  }
  if (xx <= 0)
    return 0;
  *slope = xy / xx;
  *start = y / n - *slope * x / n;
  return (guint)n;
}

static guint rate_near(const GArray *pairs, double slope, double start)
{
  guint n = 0;
  for (guint i = 0; i < pairs->len; i++) {
    const RatePair *pair = &g_array_index(pairs, RatePair, i);
    n += fabs(pair->packet - start - slope * pair->event) < RATE_NEAR_NS;
  }
  return n;
}

/* Lines through two pairs far apart; the one most pairs lie on. */
static double rate_of_pairs(const GArray *pairs)
{
  guint best = 0;
  double slope = 0, start = 0;
  for (guint a = 0; a < RATE_TRIES; a++) {
    const RatePair *late = &g_array_index(pairs, RatePair, a * pairs->len / (2 * RATE_TRIES));
    for (guint b = 0; b < RATE_TRIES; b++) {
      const RatePair *early = &g_array_index(
          pairs, RatePair, pairs->len - 1 - b * pairs->len / (2 * RATE_TRIES));
      double rate = (late->packet - early->packet) / MAX(late->event - early->event, 1);
      double from = early->packet - rate * early->event;
      guint near = rate > RATE_MIN && rate < RATE_MAX ? rate_near(pairs, rate, from) : 0;
      if (near > best) {
        best = near;
        slope = rate;
        start = from;
      }
    }
  }
  if (best < RATE_PAIRS_MIN || best * 3 < pairs->len)
    return 0;
  for (double near = RATE_NEAR_NS; near > TB_ALIGN_NEAR_NS; near /= 2)
    if (rate_refine(pairs, near, &slope, &start) < RATE_PAIRS_MIN)
      break;
  return slope;
}

double tb_align_find_rate(const GArray *events, guint device, const GArray *packets)
{
  g_autofree RateItem *a = g_new(RateItem, RATE_SEQUENCE), *b = g_new(RateItem, RATE_SEQUENCE);
  g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(RateItem));
  for (guint i = 0; i < events->len; i++) {
    const TbAlignEvent *event = &g_array_index(events, TbAlignEvent, i);
    RateItem item = { event->time_ns, event->len };
    if (device == TB_ALIGN_ALL_DEVICES || event->device == device)
      g_array_append_val(all, item);
  }
  if (all->len < RATE_PAIRS_MIN || packets->len < RATE_PAIRS_MIN)
    return 0;
  qsort(all->data, all->len, sizeof(RateItem), compare_items);
  guint n = MIN(all->len, RATE_SEQUENCE), m = MIN(packets->len, RATE_SEQUENCE);
  memcpy(a, all->data, n * sizeof(RateItem));
  for (guint i = 0; i < m; i++) {
    const TbAlignPacket *packet = &g_array_index(packets, TbAlignPacket, i);
    b[i] = (RateItem){ packet->time_ns, packet->len };
  }
  g_autoptr(GArray) pairs = rate_pair(a, n, b, m);
  return pairs->len < RATE_PAIRS_MIN ? 0 : rate_of_pairs(pairs);
}
