/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Buffers meet packets. Both go by in order of time, a buffer at the time when its packet should
 * be stamped; those of one length that follow each other closely make a run. A run with as many
 * buffers as packets is taken in order, if no pair would be much better off otherwise; in others
 * a buffer and a packet belong together that are each other's nearest by far. What could be one
 * or the other is left out.
 */
#include "stages/link/link-private.h"

#include <string.h>

enum {
  JOIN_RUN_ITEMS = 64, /* longer runs are not taken apart */
  JOIN_RUNS = 64,      /* lengths under way at one time */
};

/* A buffer, or a packet. */
typedef struct {
  gint64 time_ns;
  gint64 first_ns;
  guint64 id;       /* of a packet */
  gint64 stamp_ns;  /* of a packet: its time as prepare saw it */
  gboolean is_packet;
  guint32 tag;
  guint32 cpu;
  guint32 lane;
} JoinItem;

typedef struct {
  guint32 len;
  guint32 lane;
  gint64 last_ns;
  gboolean crowded;
  guint n_passes;
  guint n_packets;
  JoinItem passes[JOIN_RUN_ITEMS];
  JoinItem packets[JOIN_RUN_ITEMS];
} JoinRun;

typedef struct {
  LinkTrack *track;
  const LinkFit *fit;
  guint32 capture;
  TbStash *named;
  gboolean cooked;
  gint64 gap_ns; /* a longer pause ends a run; a quarter of it one that has as many of both */
  guint n_runs;
  JoinRun *runs[JOIN_RUNS]; /* those under way first */
  GError *error;
} Join;

static void join_found(Join *join, const JoinItem *pass, const JoinItem *packet)
{
  LinkFound found = { pass->first_ns, pass->tag, join->capture, packet->id };
  LinkNamed named = { packet->stamp_ns, packet->id };
  if (join->error || !tb_stash_add(join->track->found, &found, &join->error) ||
      !tb_stash_add(join->named, &named, &join->error))
    return;
}

static inline gint64 join_distance(const JoinItem *a, const JoinItem *b)
{
  return ABS(a->time_ns - b->time_ns);
}

static inline gint64 join_clear(const Join *join, const JoinItem *pass)
{
  return join->fit->lanes[pass->lane].clear_ns;
}

/* Whether another partner would suit @pass or @packet much better. */
static gboolean join_is_worse(const Join *join, const JoinRun *run, guint i)
{
  const JoinItem *pass = &run->passes[i], *packet = &run->packets[i];
  gint64 ns = join_distance(pass, packet) - join_clear(join, pass);
  if (ns + join_clear(join, pass) > join->fit->lanes[pass->lane].near_ns)
    return TRUE;
  return (i > 0 && (join_distance(pass, packet - 1) * 2 < ns ||
                    join_distance(pass - 1, packet) * 2 < ns)) ||
         (i + 1 < run->n_passes && (join_distance(pass, packet + 1) * 2 < ns ||
                                    join_distance(pass + 1, packet) * 2 < ns));
}

/* Two buffers on different ways so close that their packets may lie in either order. */
static gboolean join_may_cross(const Join *join, const JoinItem *a, const JoinItem *b)
{
  return (a->cpu != b->cpu || a->lane != b->lane) &&
         join_distance(a, b) < join_clear(join, a) + join_clear(join, b);
}

/* Returns: FALSE where this order is not the right one */
static gboolean join_in_order(Join *join, const JoinRun *run)
{
  if (run->n_passes != run->n_packets)
    return FALSE;
  for (guint i = 0; i < run->n_passes; i++)
    if (join_is_worse(join, run, i))
      return FALSE;
  for (guint i = 0; i < run->n_passes; i++) {
    const JoinItem *pass = &run->passes[i];
    if ((i > 0 && join_may_cross(join, pass, pass - 1)) ||
        (i + 1 < run->n_passes && join_may_cross(join, pass, pass + 1)))
      continue;
    join_found(join, pass, &run->packets[i]);
  }
  return TRUE;
}

/* The item of @items nearest to @item; @second_ns: how far the next one is. */
static guint join_nearest(const JoinItem *items, guint n, const JoinItem *item, gint64 *second_ns)
{
  guint best = 0;
  *second_ns = G_MAXINT64;
  for (guint i = 1; i < n; i++) {
    gint64 ns = join_distance(&items[i], item), best_ns = join_distance(&items[best], item);
    *second_ns = MIN(*second_ns, MAX(ns, best_ns));
    best = ns < best_ns ? i : best;
  }
  return best;
}

static void join_by_distance(Join *join, const JoinRun *run)
{
  for (guint i = 0; i < run->n_passes; i++) {
    const JoinItem *pass = &run->passes[i];
    gint64 second_ns, other_ns;
    guint nearest = join_nearest(run->packets, run->n_packets, pass, &second_ns);
    const JoinItem *packet = &run->packets[nearest];
    gint64 ns = join_distance(pass, packet), clear_ns = ns * 2 + join_clear(join, pass);
    if (ns > join->fit->lanes[pass->lane].near_ns || second_ns < clear_ns ||
        join_nearest(run->passes, run->n_passes, packet, &other_ns) != i || other_ns < clear_ns)
      continue;
    join_found(join, pass, packet);
  }
}

static void join_end_run(Join *join, JoinRun *run)
{
  if (run->n_passes && run->n_packets && !run->crowded && !join_in_order(join, run))
    join_by_distance(join, run);
  run->n_passes = run->n_packets = 0;
  run->crowded = FALSE;
}

/* Where as many buffers as packets have gone by and the next item is farthest; 0 = nowhere. */
static guint join_find_cut(const JoinRun *run)
{
  guint best = 0;
  gint64 best_ns = -1;
  for (guint i = 1; i < MIN(run->n_passes, run->n_packets); i++) {
    gint64 end_ns = MAX(run->passes[i - 1].time_ns, run->packets[i - 1].time_ns);
    gint64 next_ns = MIN(run->passes[i].time_ns, run->packets[i].time_ns);
    if (next_ns - end_ns > best_ns) {
      best_ns = next_ns - end_ns;
      best = i;
    }
  }
  return best_ns >= 0 ? best : 0;
}

/* A run that is full: its front part is ended. What cannot be cut is not taken apart. */
static void join_cut(Join *join, JoinRun *run)
{
  guint cut = run->crowded ? 0 : join_find_cut(run);
  guint n_passes = run->n_passes - cut, n_packets = run->n_packets - cut;
  if (cut == 0) {
    run->crowded = TRUE;
    return;
  }
  run->n_passes = run->n_packets = cut;
  join_end_run(join, run);
  memmove(run->passes, run->passes + cut, n_passes * sizeof(JoinItem));
  memmove(run->packets, run->packets + cut, n_packets * sizeof(JoinItem));
  run->n_passes = n_passes;
  run->n_packets = n_packets;
}

/* The run of @len, where it is still under way; runs that are over are ended. */
static JoinRun *join_find_run(Join *join, guint32 len, guint32 lane, gint64 time_ns)
{
  JoinRun *found = NULL;
  for (guint i = 0; i < join->n_runs;) {
    JoinRun *run = join->runs[i];
    gint64 pause_ns = run->n_passes == run->n_packets ? join->gap_ns / 4 : join->gap_ns;
    if (time_ns - run->last_ns > pause_ns) {
      join_end_run(join, run);
      join->runs[i] = join->runs[--join->n_runs];
      join->runs[join->n_runs] = run;
      continue;
    }
    if (run->len == len && run->lane == lane)
      found = run;
    i++;
  }
  return found;
}

static void join_add(Join *join, guint32 len, const JoinItem *item)
{
  guint32 lane = join->cooked ? item->lane : TB_WIRE_N_WAYS;
  JoinRun *run = join_find_run(join, len, lane, item->time_ns);
  if (!run) {
    if (join->n_runs == JOIN_RUNS)
      join->n_runs--; /* that one stays open: nothing of it is known */
    run = join->runs[join->n_runs++];
    run->len = len;
    run->lane = lane;
    run->crowded = FALSE;
    run->n_passes = run->n_packets = 0;
  }
  run->last_ns = item->time_ns;
  guint *n = item->is_packet ? &run->n_packets : &run->n_passes;
  if (*n == JOIN_RUN_ITEMS)
    join_cut(join, run);
  if (*n < JOIN_RUN_ITEMS)
    (item->is_packet ? run->packets : run->passes)[(*n)++] = *item;
}

/* --- three streams --- */

/* One of the streams: what it gives next. */
typedef struct {
  TbStashReader reader;
  gboolean has;
  JoinItem item;
  guint32 len;
} JoinStream;

static void join_next_pass(Join *join, JoinStream *stream, guint lane)
{
  const LinkPass *pass = NULL;
  gboolean wanted = join->fit->lanes[lane].clear_ns != 0;
  while (wanted && (pass = tb_stash_next(&stream->reader, &join->error)) &&
         join->fit->device != TB_WIRE_NO_DEVICE && pass->device != join->fit->device)
    ;
  stream->has = pass != NULL;
  if (!pass)
    return;
  stream->len = pass->len;
  stream->item = (JoinItem){ .time_ns = pass->anchor_ns + join->fit->lanes[lane].usual_ns,
                             .first_ns = pass->first_ns, .tag = pass->tag, .cpu = pass->cpu,
                             .lane = lane };
}

static void join_next_packet(Join *join, const LinkCapture *capture, JoinStream *stream)
{
  const LinkPacket *packet;
  while ((packet = tb_stash_next(&stream->reader, &join->error)) && packet->len == 0)
    ;
  stream->has = packet != NULL;
  if (!packet)
    return;
  stream->len = packet->len;
  stream->item = (JoinItem){ .time_ns = link_axis_ns(join->track, capture, packet->time_ns),
                             .id = packet->id, .stamp_ns = packet->time_ns, .is_packet = TRUE,
                             .lane = packet->lane };
}

static void join_all(Join *join, const LinkCapture *capture)
{
  JoinStream streams[TB_WIRE_N_WAYS + 1] = { 0 };
  for (guint i = 0; i <= TB_WIRE_N_WAYS; i++)
    tb_stash_reader_init(&streams[i].reader,
                         i < TB_WIRE_N_WAYS ? join->track->passes[i] : capture->packets, 0);
  for (guint lane = 0; lane < TB_WIRE_N_WAYS; lane++)
    join_next_pass(join, &streams[lane], lane);
  join_next_packet(join, capture, &streams[TB_WIRE_N_WAYS]);
  while (!join->error) {
    guint least = TB_WIRE_N_WAYS + 1;
    for (guint i = 0; i <= TB_WIRE_N_WAYS; i++)
      if (streams[i].has && (least > TB_WIRE_N_WAYS ||
                             streams[i].item.time_ns < streams[least].item.time_ns))
        least = i;
    if (least > TB_WIRE_N_WAYS)
      break;
    join_add(join, streams[least].len, &streams[least].item);
    if (least < TB_WIRE_N_WAYS)
      join_next_pass(join, &streams[least], least);
    else
      join_next_packet(join, capture, &streams[least]);
  }
  for (guint i = 0; i < join->n_runs; i++)
    join_end_run(join, join->runs[i]);
  for (guint i = 0; i <= TB_WIRE_N_WAYS; i++)
    tb_stash_reader_clear(&streams[i].reader);
}

gboolean link_join(LinkTrack *track, LinkCapture *capture, guint index, const LinkFit *fit,
                   GError **error)
{
  Join join = { .track = track, .fit = fit, .capture = index, .named = capture->named,
                .cooked = capture->cooked };
  for (guint lane = 0; lane < TB_WIRE_N_WAYS; lane++)
    join.gap_ns = MAX(join.gap_ns, fit->lanes[lane].near_ns);
  g_autofree JoinRun *runs = g_new(JoinRun, JOIN_RUNS);
  for (guint i = 0; i < JOIN_RUNS; i++)
    join.runs[i] = &runs[i];
  join_all(&join, capture);
  if (!join.error)
    return TRUE;
  g_propagate_error(error, join.error);
  return FALSE;
}
