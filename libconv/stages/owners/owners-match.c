/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Transmitted and received packets meet captured ones by length and time, which
 * tells whose the ends of datagrams are. How far captures and events lie apart
 * is measured, not assumed.
 */
#include "stages/owners/owners-ends.h"

#include "stages/wire/match.h"

#include <string.h>

enum { MATCH_SPREADS = 6 };

/* A captured packet to compare, and its place among all. */
typedef struct {
  gint64 time_ns;
  guint32 len;
  guint32 seen;
} MatchPacket;

/* Of a ping the kernel gets the question, and sends the answer by itself. */
static GArray *match_packets(const OwnersCapture *capture, gboolean received)
{
  GArray *packets = g_array_sized_new(FALSE, FALSE, sizeof(MatchPacket), capture->seen->len);
  for (guint i = 0; i < capture->seen->len; i++) {
    const OwnersSeen *seen = &g_array_index(capture->seen, OwnersSeen, i);
    MatchPacket packet = { seen->time_ns, seen->len, i };
    if (!(received ? seen->asks : seen->answers))
      g_array_append_val(packets, packet);
  }
  return packets;
}

/* The usual distance from sample to packet, and how far from it a match may lie. */
static gboolean match_fit(const TbMatchSide *packets, const TbMatchSide *samples, TbMatchFit *fit)
{
  const TbMatchRule *rule = &tb_match_of_owners;
  g_autofree gint64 *residuals = g_new(gint64, (gsize)packets->n + 1);
  gint64 spread_ns;
  guint n = 0;
  for (guint i = 0; i < packets->n; i++) {
    gint64 ns = tb_match_nearest(samples, tb_match_len(packets, i), tb_match_time(packets, i));
    if (ns != G_MAXINT64 && ABS(ns) <= rule->far_ns)
      residuals[n++] = -ns;
  }
  tb_match_measure(residuals, n, &fit->usual_ns, &spread_ns);
  /* A packet that was stamped at once must not be missed where most take long (emulation). */
  fit->near_ns = CLAMP(MAX(spread_ns * MATCH_SPREADS, ABS(fit->usual_ns) * 5 / 4),
                       rule->least_ns, rule->most_ns);
  fit->clear_ns = rule->clear_ns;
  return n > 0;
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
                       const OwnersCapture *capture, const GArray *samples, gboolean received)
{
  TbMatchFit fit;
  g_autoptr(GArray) packets = match_packets(capture, received);
  const TbMatchSide packet_side = TB_MATCH_SIDE(packets, MatchPacket, time_ns, len);
  const TbMatchSide sample_side = TB_MATCH_SIDE(samples, ResourceSample, time_ns, len);
  if (!match_fit(&packet_side, &sample_side, &fit))
    return;
  g_autoptr(GArray) pairs =
      tb_match_best_first(&packet_side, &sample_side, offsetof(ResourceSample, tid), &fit);
  for (guint i = 0; i < pairs->len; i++) {
    const TbMatchPair *pair = &g_array_index(pairs, TbMatchPair, i);
    guint32 at = g_array_index(packets, MatchPacket, pair->packet).seen;
    const OwnersSeen *seen = &g_array_index(capture->seen, OwnersSeen, at);
    match_hit(ends, sockets, g_array_index(capture->flows, OwnersFlow, seen->flow).tuple, seen,
              &g_array_index(samples, ResourceSample, pair->sample), received);
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
