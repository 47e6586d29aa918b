/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pairs of what goes by in order of time, a buffer at the time when its packet should be stamped;
 * those of one length that follow each other closely make a run. A run with as many buffers as
 * packets is taken in order, if no pair would be much better off otherwise; in others a buffer and a
 * packet belong together that are each other's nearest by far. What could be one or the other is
 * left out.
 */
#include "stages/wire/match.h"

#include <string.h>

enum {
  RUNS_ITEMS = 64, /* longer runs are not taken apart */
  RUNS_OPEN = 64,  /* lengths under way at one time */
};

typedef struct {
  guint32 len;
  guint32 way;
  gint64 last_ns;
  gboolean crowded;
  guint n_buffers;
  guint n_packets;
  TbMatchItem buffers[RUNS_ITEMS];
  TbMatchItem packets[RUNS_ITEMS];
} Run;

/*
 * @gap_ns: a longer pause ends a run; a quarter of it one that has as many of both
 * @open: those under way first
 */
struct _TbMatchRuns {
  const TbMatchFit *fits;
  gboolean by_way;
  TbMatchFound found;
  gpointer data;
  gint64 gap_ns;
  guint n_open;
  Run *open[RUNS_OPEN];
  Run runs[RUNS_OPEN];
};

static inline gint64 runs_distance(const TbMatchItem *a, const TbMatchItem *b)
{
  return ABS(a->time_ns - b->time_ns);
}

static inline gint64 runs_clear(const TbMatchRuns *runs, const TbMatchItem *buffer)
{
  return runs->fits[buffer->way].clear_ns;
}

/* Whether another partner would suit @buffer or @packet much better. */
static gboolean runs_is_worse(const TbMatchRuns *runs, const Run *run, guint i)
{
  const TbMatchItem *buffer = &run->buffers[i], *packet = &run->packets[i];
  gint64 ns = runs_distance(buffer, packet) - runs_clear(runs, buffer);
  if (ns + runs_clear(runs, buffer) > runs->fits[buffer->way].near_ns)
    return TRUE;
  return (i > 0 && (runs_distance(buffer, packet - 1) * 2 < ns ||
                    runs_distance(buffer - 1, packet) * 2 < ns)) ||
         (i + 1 < run->n_buffers && (runs_distance(buffer, packet + 1) * 2 < ns ||
                                    runs_distance(buffer + 1, packet) * 2 < ns));
}

/* Two buffers on different ways so close that their packets may lie in either order. */
static gboolean runs_may_cross(const TbMatchRuns *runs, const TbMatchItem *a, const TbMatchItem *b)
{
  return (a->cpu != b->cpu || a->way != b->way) &&
         runs_distance(a, b) < runs_clear(runs, a) + runs_clear(runs, b);
}

/* Returns: FALSE where this order is not the right one */
static gboolean runs_in_order(TbMatchRuns *runs, const Run *run)
{
  if (run->n_buffers != run->n_packets)
    return FALSE;
  for (guint i = 0; i < run->n_buffers; i++)
    if (runs_is_worse(runs, run, i))
      return FALSE;
  for (guint i = 0; i < run->n_buffers; i++) {
    const TbMatchItem *buffer = &run->buffers[i];
    if ((i > 0 && runs_may_cross(runs, buffer, buffer - 1)) ||
        (i + 1 < run->n_buffers && runs_may_cross(runs, buffer, buffer + 1)))
      continue;
    runs->found(runs->data, buffer, &run->packets[i]);
  }
  return TRUE;
}

/* The item of @items nearest to @item; @second_ns: how far the next one is. */
static guint runs_nearest(const TbMatchItem *items, guint n, const TbMatchItem *item, gint64 *second_ns)
{
  guint best = 0;
  *second_ns = G_MAXINT64;
  for (guint i = 1; i < n; i++) {
    gint64 ns = runs_distance(&items[i], item), best_ns = runs_distance(&items[best], item);
    *second_ns = MIN(*second_ns, MAX(ns, best_ns));
    best = ns < best_ns ? i : best;
  }
  return best;
}

static void runs_by_distance(TbMatchRuns *runs, const Run *run)
{
  for (guint i = 0; i < run->n_buffers; i++) {
    const TbMatchItem *buffer = &run->buffers[i];
    gint64 second_ns, other_ns;
    guint nearest = runs_nearest(run->packets, run->n_packets, buffer, &second_ns);
    const TbMatchItem *packet = &run->packets[nearest];
    gint64 ns = runs_distance(buffer, packet), clear_ns = ns * 2 + runs_clear(runs, buffer);
    if (ns > runs->fits[buffer->way].near_ns || second_ns < clear_ns ||
        runs_nearest(run->buffers, run->n_buffers, packet, &other_ns) != i || other_ns < clear_ns)
      continue;
    runs->found(runs->data, buffer, packet);
  }
}

static void runs_end(TbMatchRuns *runs, Run *run)
{
  if (run->n_buffers && run->n_packets && !run->crowded && !runs_in_order(runs, run))
    runs_by_distance(runs, run);
  run->n_buffers = run->n_packets = 0;
  run->crowded = FALSE;
}

/* Where as many buffers as packets have gone by and the next item is farthest; 0 = nowhere. */
static guint runs_find_cut(const Run *run)
{
  guint best = 0;
  gint64 best_ns = -1;
  for (guint i = 1; i < MIN(run->n_buffers, run->n_packets); i++) {
    gint64 end_ns = MAX(run->buffers[i - 1].time_ns, run->packets[i - 1].time_ns);
    gint64 next_ns = MIN(run->buffers[i].time_ns, run->packets[i].time_ns);
    if (next_ns - end_ns > best_ns) {
      best_ns = next_ns - end_ns;
      best = i;
    }
  }
  return best_ns >= 0 ? best : 0;
}

/* A run that is full: its front part is ended. What cannot be cut is not taken apart. */
static void runs_cut(TbMatchRuns *runs, Run *run)
{
  guint cut = run->crowded ? 0 : runs_find_cut(run);
  guint n_buffers = run->n_buffers - cut, n_packets = run->n_packets - cut;
  if (cut == 0) {
    run->crowded = TRUE;
    return;
  }
  run->n_buffers = run->n_packets = cut;
  runs_end(runs, run);
  memmove(run->buffers, run->buffers + cut, n_buffers * sizeof(TbMatchItem));
  memmove(run->packets, run->packets + cut, n_packets * sizeof(TbMatchItem));
  run->n_buffers = n_buffers;
  run->n_packets = n_packets;
}

/* The run of @len, where it is still under way; runs that are over are ended. */
static Run *runs_find(TbMatchRuns *runs, guint32 len, guint32 way, gint64 time_ns)
{
  Run *found = NULL;
  for (guint i = 0; i < runs->n_open;) {
    Run *run = runs->open[i];
    gint64 pause_ns = run->n_buffers == run->n_packets ? runs->gap_ns / 4 : runs->gap_ns;
    if (time_ns - run->last_ns > pause_ns) {
      runs_end(runs, run);
      runs->open[i] = runs->open[--runs->n_open];
      runs->open[runs->n_open] = run;
      continue;
    }
    if (run->len == len && run->way == way)
      found = run;
    i++;
  }
  return found;
}

void tb_match_runs_add(TbMatchRuns *runs, const TbMatchItem *item)
{
  guint32 way = runs->by_way ? (guint32)item->way : TB_WIRE_N_WAYS;
  Run *run = runs_find(runs, item->len, way, item->time_ns);
  if (!run) {
    if (runs->n_open == RUNS_OPEN)
      runs->n_open--; /* that one stays open: nothing of it is known */
    run = runs->open[runs->n_open++];
    run->len = item->len;
    run->way = way;
    run->crowded = FALSE;
    run->n_buffers = run->n_packets = 0;
  }
  run->last_ns = item->time_ns;
  guint *n = item->is_packet ? &run->n_packets : &run->n_buffers;
  if (*n == RUNS_ITEMS)
    runs_cut(runs, run);
  if (*n < RUNS_ITEMS)
    (item->is_packet ? run->packets : run->buffers)[(*n)++] = *item;
}

void tb_match_runs_end(TbMatchRuns *runs)
{
  for (guint i = 0; i < runs->n_open; i++)
    runs_end(runs, runs->open[i]);
  runs->n_open = 0;
}

TbMatchRuns *tb_match_runs_new(const TbMatchFit *fits, gboolean by_way, TbMatchFound found,
                               gpointer data)
{
  TbMatchRuns *runs = g_new(TbMatchRuns, 1);
  runs->fits = fits;
  runs->by_way = by_way;
  runs->found = found;
  runs->data = data;
  runs->gap_ns = MAX(fits[TB_WIRE_SENT].near_ns, fits[TB_WIRE_RECEIVED].near_ns);
  runs->n_open = 0;
  for (guint i = 0; i < RUNS_OPEN; i++)
    runs->open[i] = &runs->runs[i];
  return runs;
}

void tb_match_runs_free(TbMatchRuns *runs)
{
  g_free(runs);
}
