/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Local ends; see owners-ends.h. */
#include "stages/owners/owners-ends.h"

#include <string.h>

enum { ENDS_STRAYS = 1, ENDS_STRAY_HITS = 64 };

void owners_ends_init(OwnersEnds *ends)
{
  *ends = (OwnersEnds){ 0 };
  ends->endpoints = g_array_new(FALSE, FALSE, sizeof(OwnersEndpoint));
  ends->hits = g_array_new(FALSE, FALSE, sizeof(OwnersHit));
}

void owners_ends_clear(OwnersEnds *ends)
{
  g_array_unref(ends->endpoints);
  g_array_unref(ends->hits);
  tb_map_clear(&ends->by_tuple);
  tb_map_clear(&ends->is_local);
}

/* --- addresses --- */

static guint64 ends_address_key(const guint8 *address)
{
  TbTuple tuple = { 0 };
  memcpy(tuple.local, address, sizeof tuple.local);
  return tb_tuple_hash(&tuple);
}

void owners_ends_take(OwnersEnds *ends, const TbTuple *tuple)
{
  static const guint8 none[sizeof tuple->remote];
  guint64 remote = ends_address_key(tuple->remote);
  tb_map_set(&ends->is_local, ends_address_key(tuple->local), TRUE);
  if (memcmp(tuple->remote, none, sizeof none) != 0 &&
      tb_map_get(&ends->is_local, remote) != TRUE)
    tb_map_set(&ends->is_local, remote, FALSE);
}

guint32 owners_ends_is_local(const OwnersEnds *ends, const guint8 *address)
{
  return tb_map_get(&ends->is_local, ends_address_key(address));
}

/* --- hits --- */

OwnersEndpoint *owners_endpoint_find(const OwnersEnds *ends, const TbTuple *tuple)
{
  guint32 at = tb_map_get(&ends->by_tuple, tb_tuple_hash(tuple));
  while (at != TB_MAP_NONE) {
    OwnersEndpoint *endpoint = &g_array_index(ends->endpoints, OwnersEndpoint, at);
    if (memcmp(&endpoint->tuple, tuple, sizeof *tuple) == 0)
      return endpoint;
    at = endpoint->same;
  }
  return NULL;
}

static guint32 ends_endpoint(OwnersEnds *ends, const TbTuple *tuple)
{
  const OwnersEndpoint *known = owners_endpoint_find(ends, tuple);
  if (known)
    return (guint32)(known - &g_array_index(ends->endpoints, OwnersEndpoint, 0));
  guint64 hash = tb_tuple_hash(tuple);
  OwnersEndpoint endpoint = { .tuple = *tuple, .same = tb_map_get(&ends->by_tuple, hash) };
  tb_map_set(&ends->by_tuple, hash, ends->endpoints->len);
  g_array_append_val(ends->endpoints, endpoint);
  return ends->endpoints->len - 1;
}

void owners_ends_hit(OwnersEnds *ends, const TbTuple *tuple, const OwnersHit *hit)
{
  OwnersHit kept = *hit;
  kept.endpoint = ends_endpoint(ends, tuple);
  g_array_append_val(ends->hits, kept);
}

static gint ends_compare_hits(gconstpointer a, gconstpointer b)
{
  const OwnersHit *x = a, *y = b;
  if (x->endpoint != y->endpoint)
    return x->endpoint < y->endpoint ? -1 : 1;
  if (x->received != y->received)
    return (gint)x->received - (gint)y->received;
  if (x->from_ns != y->from_ns)
    return x->from_ns < y->from_ns ? -1 : 1;
  return x->tid < y->tid ? -1 : x->tid > y->tid;
}

/*
 * Hits of one TCP endpoint: under load a task also pushes out what another one queued, so
 * where several tasks sent, only packets that hold just what a call wrote count.
 */
static gboolean ends_is_believed(const OwnersEndpoint *endpoint, const OwnersHit *hit)
{
  return endpoint->tuple.protocol != TB_TUPLE_TCP || endpoint->only || hit->whole;
}

static guint ends_count(const OwnersEnds *ends, guint from, guint to, gint32 tid)
{
  guint n = 0;
  for (guint i = from; i < to; i++)
    n += g_array_index(ends->hits, OwnersHit, i).tid == tid;
  return n;
}

/* Who sent most from an endpoint. @from, @to: its hits */
static void ends_set_usual(OwnersEnds *ends, guint from, guint to)
{
  OwnersEndpoint *end = &g_array_index(ends->endpoints, OwnersEndpoint,
                                       g_array_index(ends->hits, OwnersHit, from).endpoint);
  guint second = 0;
  for (guint i = from; i < to && i < from + ENDS_STRAY_HITS; i++) {
    gint32 tid = g_array_index(ends->hits, OwnersHit, i).tid;
    if (tid == end->usual)
      continue;
    guint n = ends_count(ends, from, to, tid);
    second = MAX(second, MIN(n, end->n_usual));
    if (n > end->n_usual) {
      end->usual = tid;
      end->n_usual = n;
    }
  }
  if (second == end->n_usual)
    end->usual = 0;
}

/*
 * Where both sides send alike and an event is missing, the answer passes for the question: one
 * datagram of one task among many of another, or one whose sender is the other end's.
 */
static gboolean ends_is_stray(const OwnersEnds *ends, const OwnersEndpoint *end,
                               const OwnersHit *hit, guint n_hits)
{
  guint32 at = tb_map_get(&ends->by_tuple, hit->peer);
  const OwnersEndpoint *peer =
      at == TB_MAP_NONE ? NULL : &g_array_index(ends->endpoints, OwnersEndpoint, at);
  if (peer && peer != end && peer->usual == hit->tid && end->usual && end->usual != hit->tid)
    return TRUE;
  if (peer && peer != end && peer->usual == hit->tid && peer->n_usual >= end->n_usual)
    return end->n_seen > 2 * n_hits;
  return end->usual && end->usual != hit->tid && end->n_usual + ENDS_STRAYS >= n_hits &&
         end->n_usual > 2 * ENDS_STRAYS;
}

static void ends_drop_stray(OwnersEnds *ends, guint from, guint to)
{
  for (guint i = from; i < to; i++) {
    OwnersHit *hit = &g_array_index(ends->hits, OwnersHit, i);
    const OwnersEndpoint *end = &g_array_index(ends->endpoints, OwnersEndpoint, hit->endpoint);
    if (ends_is_stray(ends, end, hit, to - from))
      hit->tid = 0;
  }
}

/* A reader that was only guessed at is not believed where others send from the endpoint. */
static void ends_drop_weak(OwnersEnds *ends, guint from, guint to)
{
  gboolean sent = !g_array_index(ends->hits, OwnersHit, from).received;
  for (guint i = from; i < to && sent; i++) {
    OwnersHit *hit = &g_array_index(ends->hits, OwnersHit, i);
    gboolean sends = FALSE;
    for (guint n = from; hit->weak && n < to && n < from + ENDS_STRAY_HITS; n++) {
      const OwnersHit *other = &g_array_index(ends->hits, OwnersHit, n);
      sends |= !other->received && other->tid == hit->tid;
    }
    if (hit->weak && !sends)
      hit->tid = 0;
  }
}

typedef void (*EndsRange)(OwnersEnds *ends, guint from, guint to);

/* Calls @work for the hits of each endpoint of datagrams. */
static void ends_each_endpoint(OwnersEnds *ends, EndsRange work)
{
  for (guint from = 0, to; from < ends->hits->len; from = to) {
    guint32 index = g_array_index(ends->hits, OwnersHit, from).endpoint;
    for (to = from + 1;
         to < ends->hits->len && g_array_index(ends->hits, OwnersHit, to).endpoint == index;)
      to++;
    if (g_array_index(ends->endpoints, OwnersEndpoint, index).tuple.protocol != TB_TUPLE_TCP)
      work(ends, from, to);
  }
}

static void ends_drop_strays(OwnersEnds *ends)
{
  ends_each_endpoint(ends, ends_drop_weak);
  ends_each_endpoint(ends, ends_set_usual);
  ends_each_endpoint(ends, ends_drop_stray);
  guint kept = 0;
  for (guint i = 0; i < ends->hits->len; i++) {
    OwnersHit hit = g_array_index(ends->hits, OwnersHit, i);
    if (hit.tid)
      g_array_index(ends->hits, OwnersHit, kept++) = hit;
  }
  g_array_set_size(ends->hits, kept);
}

static void ends_set_only(OwnersEnds *ends)
{
  for (guint i = 0; i < ends->hits->len; i++) {
    const OwnersHit *hit = &g_array_index(ends->hits, OwnersHit, i);
    OwnersEndpoint *endpoint = &g_array_index(ends->endpoints, OwnersEndpoint, hit->endpoint);
    gboolean first = i == 0 || g_array_index(ends->hits, OwnersHit, i - 1).endpoint != hit->endpoint;
    endpoint->n_hits++;
    endpoint->only = first || endpoint->only == hit->tid ? hit->tid : 0;
  }
}

/*
 * Hits of one task behind one another become one, unless others use the endpoint, too: what was
 * not seen between two of its packets may then be theirs.
 */
void owners_ends_seal(OwnersEnds *ends)
{
  GArray *kept = g_array_new(FALSE, FALSE, sizeof(OwnersHit));
  g_array_sort(ends->hits, ends_compare_hits);
  ends_drop_strays(ends);
  ends_set_only(ends);
  for (guint i = 0; i < ends->hits->len; i++) {
    OwnersHit hit = g_array_index(ends->hits, OwnersHit, i);
    OwnersEndpoint *endpoint = &g_array_index(ends->endpoints, OwnersEndpoint, hit.endpoint);
    OwnersHit *last = kept->len ? &g_array_index(kept, OwnersHit, kept->len - 1) : NULL;
    if (!ends_is_believed(endpoint, &hit))
      continue;
    if (last && endpoint->only && last->endpoint == hit.endpoint &&
        last->received == hit.received) {
      last->to_ns = hit.to_ns;
      last->whole &= hit.whole;
      continue;
    }
    if (!endpoint->n_sent && !endpoint->n_received)
      endpoint->first = kept->len;
    if (hit.received)
      endpoint->n_received++;
    else
      endpoint->n_sent++;
    g_array_append_val(kept, hit);
  }
  g_array_unref(ends->hits);
  ends->hits = kept;
}

/* --- questions --- */

/* The hit that holds @time_ns, else the nearest one before it. */
const OwnersHit *owners_ends_find_hit(const OwnersEnds *ends, guint32 first, guint32 n,
                                      gint64 time_ns)
{
  guint32 low = 0, high = n;
  while (low < high) {
    guint32 mid = low + (high - low) / 2;
    if (g_array_index(ends->hits, OwnersHit, first + mid).from_ns <= time_ns)
      low = mid + 1;
    else
      high = mid;
  }
  return low ? &g_array_index(ends->hits, OwnersHit, first + low - 1) : NULL;
}

/*
 * Nothing was seen at this very moment. @data: the packet holds bytes of a stream: they may have
 * been queued by somebody else unless they lie between others of the one task.
 */
static void ends_only(const OwnersEnds *ends, const OwnersEndpoint *end, const OwnersHit *before,
                      gboolean data, OwnersAnswer *out)
{
  gboolean stream = end->tuple.protocol == TB_TUPLE_TCP;
  if (end->tuple.local_port == 0)
    return; /* the kernel answers pings by itself */
  if (end->only)
    *out = (OwnersAnswer){ .tid = end->only,
                           .time_ns = g_array_index(ends->hits, OwnersHit, end->first).from_ns,
                           .lives = stream ? OWNERS_NOT_DEAD : OWNERS_ALIVE,
                           .confidence = stream && data && end->n_hits * 2 < end->n_seen
                                             ? TB_CONFIDENCE_CONTEXT
                                             : TB_CONFIDENCE_LINKED,
                           .via = "port" };
  else if (before && stream)
    *out = (OwnersAnswer){ .tid = before->tid, .time_ns = before->from_ns,
                           .confidence = TB_CONFIDENCE_CONTEXT, .via = "xmit" };
}

void owners_ends_ask(const OwnersEnds *ends, const TbTuple *tuple, gboolean sender,
                     const TbNetHeaders *headers, gint64 time_ns, OwnersAnswer *out)
{
  const OwnersEndpoint *end = owners_endpoint_find(ends, tuple);
  if (!end)
    return;
  guint32 first = end->first + (sender ? 0 : end->n_sent);
  const OwnersHit *hit =
      owners_ends_find_hit(ends, first, sender ? end->n_sent : end->n_received, time_ns);
  if (hit && hit->to_ns >= time_ns)
    *out = (OwnersAnswer){ .tid = hit->tid, .time_ns = hit->from_ns, .lives = OWNERS_ALIVE,
                           .confidence = TB_CONFIDENCE_LINKED, .via = sender ? "xmit" : "recv" };
  else if (end->n_sent || end->n_received)
    ends_only(ends, end, hit, headers->payload.len > 0 && sender, out);
}
