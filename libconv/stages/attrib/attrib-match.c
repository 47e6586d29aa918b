/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * When all was seen: streams of captures meet the sockets they belong to, and
 * transmitted and received packets meet captured ones by length and time,
 * which tells whose the ends of datagrams are. How far captures and events lie
 * apart is measured, not assumed.
 */
#include "stages/attrib/attrib-private.h"
#include "stages/attrib/attrib-told.h"
#include "stages/attrib/attrib-windows.h"

#include <string.h>

enum {
  MATCH_FAR_NS = 1000000,  /* where the usual distance is looked for */
  MATCH_LEAST_NS = 20000,  /* natively 1 us is usual, and more when caches are cold */
  MATCH_MOST_NS = 200000,
  MATCH_STRAYS = 1,
  MATCH_STRAY_HITS = 64,
  MATCH_SPREADS = 6,
  MATCH_USERS = 16,
  MATCH_CANDIDATES = 4,
  MATCH_CLEAR_NS = 500,    /* the second best candidate is at least so much worse */
};

#define MATCH_BEFORE_BIRTH_NS (5 * G_GINT64_CONSTANT(1000000000))

/* --- streams and sockets --- */

static gint64 match_stream_distance(const AttribStream *stream, const AttribSocket *socket)
{
  if (stream->first_ns > socket->death_ns || stream->last_ns < socket->birth_ns)
    return -1;
  if (socket->born && stream->first_ns < socket->birth_ns - MATCH_BEFORE_BIRTH_NS)
    return -1;
  return ABS(stream->first_ns - socket->birth_ns);
}

static const AttribStream *match_stream(const AttribCapture *capture, const AttribSocket *socket,
                                        const AttribTuple *tuple)
{
  const AttribFlow *flow = attrib_flow_find(capture, tuple);
  const AttribStream *best = NULL;
  gint64 best_ns = 0;
  guint32 at = flow ? flow->streams : ATTRIB_NONE;
  while (at != ATTRIB_NONE) {
    const AttribStream *stream = &g_array_index(capture->streams, AttribStream, at);
    gint64 ns = match_stream_distance(stream, socket);
    if (ns >= 0 && (!best || ns < best_ns)) {
      best = stream;
      best_ns = ns;
    }
    at = stream->next;
  }
  return best;
}

/* Where the stream's bytes lie among those that were counted, and whether they are all there. */
static void match_side(AttribSockets *all, const AttribSocket *socket, AttribWay way,
                       const AttribStream *stream)
{
  AttribSide *side = &attrib_socket(all, (guint32)(socket - attrib_socket(all, 0)))->sides[way];
  gint64 total = (gint64)attrib_side_total(all, side);
  gboolean whole = socket->born && !side->gap;
  if (!stream || side->exact || side->mended)
    return; /* another capture told it */
  gboolean spans = stream->has_data && stream->high - stream->low == total;
  gint64 reach = stream->top - stream->bottom;
  guint32 first = stream->ref; /* number of the first byte */
  if (!stream->isn_known && whole && spans)
    first += (guint32)stream->low;
  else if (!stream->isn_known && whole && stream->ended)
    first += (guint32)(stream->end - total);
  else if (!stream->isn_known && whole && (reach == total || reach == total + 1))
    first += (guint32)stream->bottom;
  else if (!stream->isn_known)
    return;
  gint32 shift = (gint32)(stream->ref - first);
  gint64 end = stream->end + shift, high = stream->has_data ? stream->high + shift : 0;
  side->isn_known = TRUE;
  side->isn = first - 1;
  side->exact = !side->gap && (stream->isn_known || spans) &&
                ((stream->ended && end == total) || high == total);
  gint64 lost = (stream->ended ? end : high) - total;
  side->lost = lost >= 0 && lost < G_MAXUINT32            ? (guint32)lost
               : !stream->ended && whole && high <= total ? 0 : G_MAXUINT32;
  attrib_side_mend(all, side);
}

void attrib_match_streams(AttribMachine *m, const AttribCapture *capture)
{
  for (guint i = 0; i < m->sockets.sockets->len; i++) {
    AttribSocket *socket = attrib_socket(&m->sockets, i);
    if (!socket->has_tuple)
      continue;
    AttribTuple reverse = attrib_tuple_reverse(&socket->tuple);
    match_side(&m->sockets, socket, ATTRIB_WRITTEN, match_stream(capture, socket, &socket->tuple));
    match_side(&m->sockets, socket, ATTRIB_READ, match_stream(capture, socket, &reverse));
  }
}

/* --- packets and samples --- */

/* A buffer that nobody was seen to queue is a call's only if it holds what that moved. */
static void match_drop_unqueued(AttribMachine *m)
{
  /* Of UDP, and of TCP without and with times, over both kinds of IP. */
  static const guint8 headers[] = { ATTRIB_UDP4_BYTES, ATTRIB_UDP6_BYTES, 40, 52, 60, 72 };
  for (guint i = 0; i < m->sent->len; i++) {
    AttribSample *sample = &g_array_index(m->sent, AttribSample, i);
    gboolean holds = FALSE;
    for (guint n = 0; n < G_N_ELEMENTS(headers) && sample->weak && sample->bytes > 0; n++)
      holds |= sample->len == (gint64)sample->bytes + headers[n];
    if (sample->weak && !holds)
      sample->len = 0;
  }
}

/* First sample of @len at or behind @time_ns. */
static guint match_lower(const GArray *samples, guint32 len, gint64 time_ns)
{
  guint low = 0, high = samples->len;
  while (low < high) {
    guint mid = low + (high - low) / 2;
    const AttribSample *sample = &g_array_index(samples, AttribSample, mid);
    if (sample->len < len || (sample->len == len && sample->time_ns < time_ns))
      low = mid + 1;
    else
      high = mid;
  }
  return low;
}

static inline const AttribSample *match_sample(const GArray *samples, guint at, guint32 len,
                                               gint64 until_ns)
{
  if (at >= samples->len)
    return NULL;
  const AttribSample *sample = &g_array_index(samples, AttribSample, at);
  return sample->len == len && sample->time_ns <= until_ns ? sample : NULL;
}

static gint match_compare_ns(gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;
  return x < y ? -1 : x > y;
}

/* Of a ping the kernel gets the question, and sends the answer by itself. */
static inline gboolean match_is_kernels(const AttribSeen *seen, gboolean received)
{
  return received ? seen->asks : seen->answers;
}

/* The usual distance from sample to packet, and how far from it a match may lie. */
static gboolean match_distance(const AttribCapture *capture, const GArray *samples,
                               gboolean received, gint64 *usual_ns, gint64 *near_ns)
{
  g_autoptr(GArray) residuals = g_array_new(FALSE, FALSE, sizeof(gint64));
  for (guint i = 0; i < capture->seen->len; i++) {
    const AttribSeen *seen = &g_array_index(capture->seen, AttribSeen, i);
    gint64 until_ns = seen->time_ns + MATCH_FAR_NS, best = G_MAXINT64;
    if (match_is_kernels(seen, received))
      continue;
    guint at = match_lower(samples, seen->len, seen->time_ns - MATCH_FAR_NS);
    for (const AttribSample *sample; (sample = match_sample(samples, at, seen->len, until_ns));
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
static void match_candidates(const GArray *samples, const AttribSeen *seen, guint32 index,
                             gint64 usual_ns, gint64 near_ns, GArray *pairs)
{
  MatchPair best[MATCH_CANDIDATES];
  guint n = 0;
  gint64 centre = seen->time_ns - usual_ns;
  guint at = match_lower(samples, seen->len, centre - near_ns);
  for (const AttribSample *sample;
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
      g_array_index(samples, AttribSample, best[0].sample).tid !=
          g_array_index(samples, AttribSample, best[1].sample).tid)
    return;
  g_array_append_vals(pairs, best, n);
}

/* --- endpoints --- */

guint32 attrib_endpoint_find(const AttribMachine *m, const AttribTuple *tuple)
{
  guint32 at = attrib_map_get(&m->endpoint_by_tuple, attrib_tuple_hash(tuple));
  while (at != ATTRIB_NONE) {
    const AttribEndpoint *endpoint = &g_array_index(m->endpoints, AttribEndpoint, at);
    if (memcmp(&endpoint->tuple, tuple, sizeof *tuple) == 0)
      return at;
    at = endpoint->same;
  }
  return ATTRIB_NONE;
}

static guint32 match_endpoint(AttribMachine *m, const AttribTuple *tuple)
{
  guint32 at = attrib_endpoint_find(m, tuple);
  if (at != ATTRIB_NONE)
    return at;
  guint64 hash = attrib_tuple_hash(tuple);
  AttribEndpoint endpoint = { .tuple = *tuple,
                              .same = attrib_map_get(&m->endpoint_by_tuple, hash) };
  attrib_map_set(&m->endpoint_by_tuple, hash, m->endpoints->len);
  g_array_append_val(m->endpoints, endpoint);
  return m->endpoints->len - 1;
}

/* Whether all bytes of @tuple's sockets are counted: nothing beats these. */
static gboolean match_is_counted(const AttribMachine *m, const AttribTuple *tuple)
{
  guint32 at = attrib_map_get(&m->sockets.by_tuple, attrib_tuple_hash(tuple));
  gboolean counted = FALSE;
  while (at != ATTRIB_NONE) {
    const AttribSocket *socket = attrib_socket(&m->sockets, at);
    const AttribSide *side = &socket->sides[ATTRIB_WRITTEN];
    if (memcmp(&socket->tuple, tuple, sizeof *tuple) == 0) {
      if (side->n && !side->exact)
        return FALSE;
      counted |= side->n > 0;
    }
    at = socket->same;
  }
  return counted;
}

static guint64 match_address_key(const guint8 *address)
{
  AttribTuple tuple = { 0 };
  memcpy(tuple.local, address, sizeof tuple.local);
  return attrib_tuple_hash(&tuple);
}

static void match_take_addresses(AttribMachine *m, const AttribTuple *tuple)
{
  static const guint8 none[sizeof tuple->remote];
  guint64 remote = match_address_key(tuple->remote);
  attrib_map_set(&m->is_local, match_address_key(tuple->local), TRUE);
  if (memcmp(tuple->remote, none, sizeof none) != 0 &&
      attrib_map_get(&m->is_local, remote) != TRUE)
    attrib_map_set(&m->is_local, remote, FALSE);
}

/* Which addresses are the machine's and which are not, as far as its sockets tell. */
static void match_addresses(AttribMachine *m)
{
  for (guint i = 0; i < m->sockets.sockets->len; i++) {
    const AttribSocket *socket = attrib_socket(&m->sockets, i);
    if (socket->has_tuple)
      match_take_addresses(m, &socket->tuple);
  }
  for (guint i = 0; m->windows && i < m->windows->records->len; i++)
    match_take_addresses(m, &windows_record(m->windows, i)->tuple);
}

TbEndPlace attrib_place(const AttribMachine *m, const guint8 *address)
{
  guint32 is_local = attrib_map_get(&m->is_local, match_address_key(address));
  return is_local == ATTRIB_NONE ? TB_END_UNKNOWN : is_local ? TB_END_LOCAL : TB_END_REMOTE;
}

static void match_forget_remote(AttribTuple *tuple)
{
  memset(tuple->remote, 0, sizeof tuple->remote);
  tuple->remote_port = 0;
}

static void match_hit(AttribMachine *m, AttribTuple tuple, const AttribSeen *seen,
                      const AttribSample *sample, gboolean received)
{
  AttribTuple peer = attrib_tuple_reverse(&tuple);
  if (received) {
    peer = tuple;
    tuple = attrib_tuple_reverse(&tuple);
  }
  if (attrib_map_get(&m->is_local, match_address_key(tuple.local)) == FALSE)
    return;
  if (tuple.protocol == ATTRIB_TCP) {
    if (received || match_is_counted(m, &tuple))
      return;
  } else {
    match_forget_remote(&tuple);
    match_forget_remote(&peer);
  }
  AttribHit hit = { .from_ns = seen->time_ns, .to_ns = seen->time_ns, .tid = sample->tid,
                    .endpoint = match_endpoint(m, &tuple), .received = received != FALSE,
                    .peer = attrib_tuple_hash(&peer), .weak = sample->weak,
                    .whole = sample->bytes >= 0 && (guint32)sample->bytes == seen->payload };
  g_array_append_val(m->hits, hit);
}

/* One to one, the best pairs first: what answers alike soon after is not taken for the question. */
static void match_samples(AttribMachine *m, const AttribCapture *capture, guint32 bit,
                          GArray *samples, gboolean received)
{
  gint64 usual_ns, near_ns;
  if (!match_distance(capture, samples, received, &usual_ns, &near_ns))
    return;
  g_autoptr(GArray) pairs = g_array_new(FALSE, FALSE, sizeof(MatchPair));
  g_autofree guint8 *taken = g_new0(guint8, (gsize)capture->seen->len + 1);
  for (guint i = 0; i < capture->seen->len; i++) {
    const AttribSeen *seen = &g_array_index(capture->seen, AttribSeen, i);
    if (!match_is_kernels(seen, received))
      match_candidates(samples, seen, i, usual_ns, near_ns, pairs);
  }
  g_array_sort(pairs, match_compare_pairs);
  for (guint i = 0; i < pairs->len; i++) {
    const MatchPair *pair = &g_array_index(pairs, MatchPair, i);
    AttribSample *sample = &g_array_index(samples, AttribSample, pair->sample);
    const AttribSeen *seen = &g_array_index(capture->seen, AttribSeen, pair->seen);
    if (taken[pair->seen] || sample->used & bit)
      continue;
    taken[pair->seen] = TRUE;
    sample->used |= bit;
    match_hit(m, g_array_index(capture->flows, AttribFlow, seen->flow).tuple, seen, sample,
              received);
  }
}

/* How many packets of an endpoint could have been matched: a few hits among many say little. */
static void match_count_seen(AttribMachine *m, const AttribCapture *capture)
{
  for (guint i = 0; i < capture->seen->len; i++) {
    const AttribSeen *seen = &g_array_index(capture->seen, AttribSeen, i);
    const AttribFlow *flow = &g_array_index(capture->flows, AttribFlow, seen->flow);
    AttribTuple tuple = flow->tuple;
    if (tuple.protocol != ATTRIB_TCP)
      match_forget_remote(&tuple);
    guint32 at = attrib_endpoint_find(m, &tuple);
    if (at != ATTRIB_NONE)
      g_array_index(m->endpoints, AttribEndpoint, at).n_seen++;
  }
}

static gint match_compare_hits(gconstpointer a, gconstpointer b)
{
  const AttribHit *x = a, *y = b;
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
static gboolean match_is_believed(const AttribEndpoint *endpoint, const AttribHit *hit)
{
  return endpoint->tuple.protocol != ATTRIB_TCP || endpoint->only || hit->whole;
}

static guint match_count(const AttribMachine *m, guint from, guint to, gint32 tid)
{
  guint n = 0;
  for (guint i = from; i < to; i++)
    n += g_array_index(m->hits, AttribHit, i).tid == tid;
  return n;
}

/* Who sent most from an endpoint. @from, @to: its hits */
static void match_set_usual(AttribMachine *m, guint from, guint to)
{
  AttribEndpoint *end = &g_array_index(m->endpoints, AttribEndpoint,
                                       g_array_index(m->hits, AttribHit, from).endpoint);
  guint second = 0;
  for (guint i = from; i < to && i < from + MATCH_STRAY_HITS; i++) {
    gint32 tid = g_array_index(m->hits, AttribHit, i).tid;
    if (tid == end->usual)
      continue;
    guint n = match_count(m, from, to, tid);
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
static gboolean match_is_stray(const AttribMachine *m, const AttribEndpoint *end,
                               const AttribHit *hit, guint n_hits)
{
  guint32 at = attrib_map_get(&m->endpoint_by_tuple, hit->peer);
  const AttribEndpoint *peer =
      at == ATTRIB_NONE ? NULL : &g_array_index(m->endpoints, AttribEndpoint, at);
  if (peer && peer != end && peer->usual == hit->tid && end->usual && end->usual != hit->tid)
    return TRUE;
  if (peer && peer != end && peer->usual == hit->tid && peer->n_usual >= end->n_usual)
    return end->n_seen > 2 * n_hits;
  return end->usual && end->usual != hit->tid && end->n_usual + MATCH_STRAYS >= n_hits &&
         end->n_usual > 2 * MATCH_STRAYS;
}

static void match_drop_stray(AttribMachine *m, guint from, guint to)
{
  for (guint i = from; i < to; i++) {
    AttribHit *hit = &g_array_index(m->hits, AttribHit, i);
    const AttribEndpoint *end = &g_array_index(m->endpoints, AttribEndpoint, hit->endpoint);
    if (match_is_stray(m, end, hit, to - from))
      hit->tid = 0;
  }
}

/* A reader that was only guessed at is not believed where others send from the endpoint. */
static void match_drop_weak(AttribMachine *m, guint from, guint to)
{
  gboolean sent = !g_array_index(m->hits, AttribHit, from).received;
  for (guint i = from; i < to && sent; i++) {
    AttribHit *hit = &g_array_index(m->hits, AttribHit, i);
    gboolean sends = FALSE;
    for (guint n = from; hit->weak && n < to && n < from + MATCH_STRAY_HITS; n++) {
      const AttribHit *other = &g_array_index(m->hits, AttribHit, n);
      sends |= !other->received && other->tid == hit->tid;
    }
    if (hit->weak && !sends)
      hit->tid = 0;
  }
}

typedef void (*MatchRange)(AttribMachine *m, guint from, guint to);

/* Calls @work for the hits of each endpoint of datagrams. */
static void match_each_endpoint(AttribMachine *m, MatchRange work)
{
  for (guint from = 0, to; from < m->hits->len; from = to) {
    guint32 index = g_array_index(m->hits, AttribHit, from).endpoint;
    for (to = from + 1;
         to < m->hits->len && g_array_index(m->hits, AttribHit, to).endpoint == index;)
      to++;
    if (g_array_index(m->endpoints, AttribEndpoint, index).tuple.protocol != ATTRIB_TCP)
      work(m, from, to);
  }
}

static void match_drop_strays(AttribMachine *m)
{
  match_each_endpoint(m, match_drop_weak);
  match_each_endpoint(m, match_set_usual);
  match_each_endpoint(m, match_drop_stray);
  guint kept = 0;
  for (guint i = 0; i < m->hits->len; i++) {
    AttribHit hit = g_array_index(m->hits, AttribHit, i);
    if (hit.tid)
      g_array_index(m->hits, AttribHit, kept++) = hit;
  }
  g_array_set_size(m->hits, kept);
}

static void match_set_only(AttribMachine *m)
{
  for (guint i = 0; i < m->hits->len; i++) {
    const AttribHit *hit = &g_array_index(m->hits, AttribHit, i);
    AttribEndpoint *endpoint = &g_array_index(m->endpoints, AttribEndpoint, hit->endpoint);
    gboolean first = i == 0 || g_array_index(m->hits, AttribHit, i - 1).endpoint != hit->endpoint;
    endpoint->n_hits++;
    endpoint->only = first || endpoint->only == hit->tid ? hit->tid : 0;
  }
}

/*
 * Hits of one task behind one another become one, unless others use the endpoint, too: what was
 * not seen between two of its packets may then be theirs.
 */
static void match_compress(AttribMachine *m)
{
  GArray *kept = g_array_new(FALSE, FALSE, sizeof(AttribHit));
  g_array_sort(m->hits, match_compare_hits);
  match_drop_strays(m);
  match_set_only(m);
  for (guint i = 0; i < m->hits->len; i++) {
    AttribHit hit = g_array_index(m->hits, AttribHit, i);
    AttribEndpoint *endpoint = &g_array_index(m->endpoints, AttribEndpoint, hit.endpoint);
    AttribHit *last = kept->len ? &g_array_index(kept, AttribHit, kept->len - 1) : NULL;
    if (!match_is_believed(endpoint, &hit))
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
  g_array_unref(m->hits);
  m->hits = kept;
}

/* Those who used a socket; beyond so many nothing is concluded from who they are. */
typedef struct {
  guint n;
  gint32 tids[MATCH_USERS];
} MatchUsers;

static void match_add_user(MatchUsers *users, gint32 tid)
{
  guint i = 0;
  while (i < users->n && i < MATCH_USERS && users->tids[i] != tid)
    i++;
  if (!tid || (i < users->n && i < MATCH_USERS))
    return;
  if (i < MATCH_USERS)
    users->tids[i] = tid;
  users->n = MIN(users->n + 1, MATCH_USERS + 1);
}

/* All of whom anything tells that they used @socket. */
static void match_find_users(const AttribMachine *m, const AttribSocket *socket, MatchUsers *users)
{
  guint32 at = socket->has_tuple ? attrib_endpoint_find(m, &socket->tuple) : ATTRIB_NONE;
  users->n = 0;
  match_add_user(users, socket->opener);
  for (guint way = 0; way < ATTRIB_N_WAYS; way++)
    for (guint32 run = 0; run < socket->sides[way].n && users->n <= MATCH_USERS; run++)
      match_add_user(users, attrib_side_run(&m->sockets, &socket->sides[way], run)->tid);
  if (at == ATTRIB_NONE)
    return;
  const AttribEndpoint *end = &g_array_index(m->endpoints, AttribEndpoint, at);
  match_add_user(users, end->only);
  if (!end->only && end->n_hits && !end->n_sent && !end->n_received)
    users->n = MATCH_USERS + 1; /* several, none of them believed */
  for (guint32 i = 0; i < end->n_sent + end->n_received && users->n <= MATCH_USERS; i++)
    match_add_user(users, g_array_index(m->hits, AttribHit, end->first + i).tid);
}

static gboolean match_has_run(const AttribMachine *m, const AttribSide *side, gint32 tid)
{
  gboolean found = FALSE;
  for (guint32 run = 0; run < side->n && !found; run++)
    found = attrib_side_run(&m->sockets, side, run)->tid == tid;
  return found;
}

static gint64 match_born(AttribMachine *m, gint32 tid)
{
  return attrib_task(&m->tasks, tid)->born_ns;
}

/* Whether anybody is known to use a socket of whom no bytes of this direction were seen. */
static void match_absent(AttribMachine *m, AttribSide *side, const MatchUsers *users)
{
  gint64 first_ns = side->n ? attrib_side_run(&m->sockets, side, 0)->first_ns : 0;
  side->absent = users->n > MATCH_USERS;
  side->late = !side->absent;
  for (guint i = 0; i < users->n && i < MATCH_USERS && side->n && !side->exact; i++)
    if (!match_has_run(m, side, users->tids[i])) {
      side->absent = TRUE;
      side->late &= match_born(m, users->tids[i]) > first_ns;
    }
}

/* Until when one of several users was there alone. */
static void match_alone(AttribMachine *m, AttribSocket *socket, const MatchUsers *users)
{
  guint oldest = 0;
  for (guint i = 1; i < users->n; i++)
    if (match_born(m, users->tids[i]) < match_born(m, users->tids[oldest]))
      oldest = i;
  socket->first = users->tids[oldest];
  socket->alone_ns = G_MAXINT64;
  for (guint i = 0; i < users->n; i++)
    if (i != oldest)
      socket->alone_ns = MIN(socket->alone_ns, match_born(m, users->tids[i]));
}

/* Whether one task alone used a socket, by all that was seen of it. */
static void match_users(AttribMachine *m)
{
  MatchUsers users;
  for (guint i = 0; i < m->sockets.sockets->len; i++) {
    AttribSocket *socket = attrib_socket(&m->sockets, i);
    const AttribSide *sides = socket->sides;
    if (sides[ATTRIB_WRITTEN].n && sides[ATTRIB_WRITTEN].exact && sides[ATTRIB_READ].n &&
        sides[ATTRIB_READ].exact)
      continue; /* nothing is left to guess */
    match_find_users(m, socket, &users);
    socket->only = users.n == 1 ? users.tids[0] : 0;
    socket->shared = users.n > 1;
    if (users.n > 1 && users.n <= MATCH_USERS)
      match_alone(m, socket, &users);
    for (guint way = 0; way < ATTRIB_N_WAYS && users.n > 1; way++)
      match_absent(m, &socket->sides[way], &users);
  }
}

static void match_free(AttribMachine *m)
{
  attrib_tasks_clear(&m->tasks);
  g_clear_pointer(&m->skbs, g_free);
  g_clear_pointer(&m->arrivals, g_free);
  g_clear_pointer(&m->inboxes, g_array_unref);
  g_clear_pointer(&m->sent, g_array_unref);
  g_clear_pointer(&m->received, g_array_unref);
  attrib_map_clear(&m->inbox_by_sk);
}

void attrib_machine_match(AttribMachine *m, const GPtrArray *captures)
{
  if (m->told)
    attrib_told_match(m->told, captures);
  attrib_machine_flush(m);
  attrib_sockets_seal(&m->sockets);
  attrib_windows_seal(m->windows);
  match_addresses(m);
  match_drop_unqueued(m);
  attrib_samples_sort(m->sent);
  attrib_samples_sort(m->received);
  for (guint i = 0; i < captures->len; i++) {
    AttribCapture *capture = g_ptr_array_index(captures, i);
    guint32 bit = 1u << (i % 32); /* beyond 32 of them they share */
    if (capture->source->machine != m->machine)
      continue;
    attrib_capture_align(capture);
    g_array_append_vals(m->fragments, capture->fragments->data, capture->fragments->len);
    attrib_windows_match(m->windows, capture);
    attrib_match_streams(m, capture);
    match_samples(m, capture, bit, m->sent, FALSE);
    match_count_seen(m, capture);
    match_samples(m, capture, bit, m->received, TRUE);
  }
  tb_fragments_sort(m->fragments);
  match_compress(m);
  match_users(m);
  match_free(m);
}
