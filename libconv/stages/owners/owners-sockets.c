/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sockets and streams; see owners-sockets.h. */
#include "stages/owners/owners-sockets.h"

#include <string.h>

/* A stream may be captured so long before the first thing that tells of its socket. */
#define SOCKETS_BEFORE_BIRTH_NS (5 * G_GINT64_CONSTANT(1000000000))
/* A connection's last packets come this long after its socket is gone. */
#define SOCKETS_AFTERLIFE_NS (120 * G_GINT64_CONSTANT(1000000000))
/* Times of events and packets may differ by this much. */
#define SOCKETS_SLACK_NS G_GINT64_CONSTANT(1000000)

/* --- streams and sockets --- */

static gint64 sockets_stream_distance(const OwnersStream *stream, const ResourceSocket *socket)
{
  if (stream->first_ns > socket->death_ns || stream->last_ns < socket->birth_ns)
    return -1;
  if (socket->born && stream->first_ns < socket->birth_ns - SOCKETS_BEFORE_BIRTH_NS)
    return -1;
  return ABS(stream->first_ns - socket->birth_ns);
}

static const OwnersStream *sockets_stream(const OwnersCapture *capture, const ResourceSocket *socket,
                                        const TbTuple *tuple)
{
  const OwnersFlow *flow = owners_flow_find(capture, tuple);
  const OwnersStream *best = NULL;
  gint64 best_ns = 0;
  guint32 at = flow ? flow->streams : TB_MAP_NONE;
  while (at != TB_MAP_NONE) {
    const OwnersStream *stream = &g_array_index(capture->streams, OwnersStream, at);
    gint64 ns = sockets_stream_distance(stream, socket);
    if (ns >= 0 && (!best || ns < best_ns)) {
      best = stream;
      best_ns = ns;
    }
    at = stream->next;
  }
  return best;
}

/* Where the stream's bytes lie among those that were counted, and whether they are all there. */
static void sockets_match_side(ResourceSockets *all, const ResourceSocket *socket, ResourceWay way,
                       const OwnersStream *stream)
{
  ResourceSide *side = &resource_socket(all, (guint32)(socket - resource_socket(all, 0)))->sides[way];
  gint64 total = (gint64)resource_side_total(all, side);
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
  resource_side_mend(all, side);
}

void owners_sockets_match(ResourceSockets *all, const OwnersCapture *capture)
{
  for (guint i = 0; i < all->sockets->len; i++) {
    const ResourceSocket *socket = resource_socket(all, i);
    if (!socket->has_tuple)
      continue;
    TbTuple reverse = tb_tuple_reverse(&socket->tuple);
    sockets_match_side(all, socket, RESOURCE_WRITTEN, sockets_stream(capture, socket, &socket->tuple));
    sockets_match_side(all, socket, RESOURCE_READ, sockets_stream(capture, socket, &reverse));
  }
}

/* --- which socket --- */

static gint64 sockets_last_use(const ResourceSockets *all, const ResourceSocket *socket)
{
  gint64 last_ns = socket->birth_ns;
  for (guint way = 0; way < RESOURCE_N_WAYS; way++) {
    const ResourceSide *side = &socket->sides[way];
    if (side->n)
      last_ns = MAX(last_ns, resource_side_run(all, side, side->n - 1)->last_ns);
  }
  return last_ns;
}

static const ResourceSocket *sockets_older(const ResourceSockets *all, const ResourceSocket *socket)
{
  for (guint32 at = socket->same; at != TB_MAP_NONE; at = resource_socket(all, at)->same) {
    const ResourceSocket *older = resource_socket(all, at);
    if (memcmp(&older->tuple, &socket->tuple, sizeof older->tuple) == 0)
      return older;
  }
  return NULL;
}

/* Two namespaces may use the same addresses at the same time. */
static gboolean sockets_is_doubtful(const ResourceSockets *all, const ResourceSocket *socket,
                                 const ResourceSocket *older)
{
  return older && older->sk != socket->sk && older->death_ns > socket->birth_ns &&
         sockets_last_use(all, older) > socket->birth_ns;
}

/*
 * Whether a SYN that precedes @socket is its own: it comes when the older one is over, as far as
 * that was seen. Earlier ones, sent again and again maybe, were the older one's.
 */
static gboolean sockets_is_next_syn(const ResourceSockets *all, const ResourceSocket *socket,
                                 const ResourceSocket *older, gint64 time_ns)
{
  /* One whose address was given out again died at that moment at the latest. */
  gint64 end_ns = older->death_ns < socket->birth_ns ? older->death_ns : sockets_last_use(all, older);
  return time_ns >= end_ns - SOCKETS_SLACK_NS && time_ns >= older->birth_ns;
}

/* Whether the packet is @socket's, which was born after it, or the older one's. */
static gboolean sockets_is_early(const ResourceSockets *all, const ResourceSocket *socket,
                              const ResourceSocket *older, gint64 time_ns, gboolean syn)
{
  /* The first packets precede a socket that comes out of a listening one. */
  if (socket->born && !socket->accepted && time_ns < socket->birth_ns - SOCKETS_SLACK_NS)
    return FALSE;
  if (!older || (syn && sockets_is_doubtful(all, socket, older)))
    return TRUE;
  if (syn)
    return sockets_is_next_syn(all, socket, older, time_ns);
  gint64 since_ns = time_ns - MIN(older->death_ns, time_ns);
  return older->death_ns < time_ns && socket->birth_ns - time_ns < since_ns;
}

const ResourceSocket *owners_sockets_find(const ResourceSockets *all, const TbTuple *tuple,
                                       gint64 time_ns, gboolean syn)
{
  guint32 at = tb_map_get(&all->by_tuple, tb_tuple_hash(tuple));
  const ResourceSocket *socket = at == TB_MAP_NONE ? NULL : resource_socket(all, at);
  if (socket && memcmp(&socket->tuple, tuple, sizeof *tuple) != 0)
    socket = sockets_older(all, socket);
  while (socket) {
    const ResourceSocket *older = sockets_older(all, socket);
    if (time_ns >= socket->birth_ns || sockets_is_early(all, socket, older, time_ns, syn)) {
      gboolean gone = socket->death_ns != G_MAXINT64 &&
                      time_ns - socket->death_ns > (syn ? 0 : SOCKETS_AFTERLIFE_NS);
      return gone || sockets_is_doubtful(all, socket, older) ? NULL : socket;
    }
    socket = older;
  }
  return NULL;
}

/* --- which of its tasks --- */

/* The run in progress at @time_ns, else the one before it; the first one for what is earlier. */
static guint32 sockets_run_before(const ResourceSockets *all, const ResourceSide *side, gint64 time_ns)
{
  guint32 low = 0, high = side->n;
  while (low < high) {
    guint32 mid = low + (high - low) / 2;
    if (resource_side_run(all, side, mid)->first_ns <= time_ns)
      low = mid + 1;
    else
      high = mid;
  }
  return low ? low - 1 : 0;
}

/* The run that ends behind @time_ns: who reads next. */
static guint32 sockets_run_after(const ResourceSockets *all, const ResourceSide *side, gint64 time_ns)
{
  guint32 low = 0, high = side->n - 1;
  while (low < high) {
    guint32 mid = low + (high - low) / 2;
    if (resource_side_run(all, side, mid)->last_ns >= time_ns)
      high = mid;
    else
      low = mid + 1;
  }
  return low;
}

/* Position of the byte with number @seq; numbers wrap, so the one nearest to @near is meant. */
static guint64 sockets_position(const ResourceSide *side, guint32 seq, guint64 near)
{
  gint64 position = (gint64)near + (gint32)(seq - (side->isn + 1) - (guint32)near);
  return (guint64)MAX(position, 0);
}

static void sockets_answer(const ResourceRun *run, TbConfidence confidence, const char *via,
                        OwnersAnswer *out)
{
  *out = (OwnersAnswer){ .tid = run->tid, .confidence = confidence, .via = via };
  out->time_ns = run->first_ns;
}

/*
 * Whether the lost bytes may be the turn of somebody else, in front of @run or behind it: of one
 * who used the socket but has no bytes here, or as many bytes as @run has.
 */
static gboolean sockets_may_hide(const ResourceSockets *all, const ResourceSide *side, guint32 run,
                              guint64 position)
{
  guint64 begin = run ? resource_side_run(all, side, run - 1)->end : 0;
  guint64 end = resource_side_run(all, side, run)->end;
  if (side->exact || side->lost == 0 || (!side->absent && side->lost < end - begin))
    return FALSE;
  gboolean in_front = position < begin + side->lost && (run > 0 || !side->late);
  return in_front || position >= end;
}

/*
 * Who moved the byte @seq of one direction. @by_time: the run that the time alone points to:
 * no later one can have written it, no earlier one read it.
 */
static void sockets_side(const ResourceSockets *all, const ResourceSocket *socket, ResourceWay way,
                      guint32 seq, guint32 by_time, OwnersAnswer *out)
{
  const ResourceSide *side = &socket->sides[way];
  gboolean shared = socket->shared;
  const char *via = side->by_calls ? "calls" : "bytes";
  const ResourceRun *timely = resource_side_run(all, side, by_time);
  if (side->single && (side->exact || !shared)) {
    sockets_answer(timely, side->exact ? TB_CONFIDENCE_CERTAIN : TB_CONFIDENCE_LINKED, via, out);
    return;
  }
  if (!side->isn_known || side->lost == G_MAXUINT32) {
    sockets_answer(timely, TB_CONFIDENCE_CONTEXT, "time", out);
    return;
  }
  guint64 position = sockets_position(side, seq, timely->end);
  guint64 least = side->exact || position < side->lost ? 0 : position - side->lost;
  guint32 high = resource_side_at(all, side, position);
  guint32 low = side->exact ? high : resource_side_at(all, side, least);
  if (!side->exact && way == RESOURCE_WRITTEN)
    high = CLAMP(by_time, low, high);
  else if (!side->exact)
    low = CLAMP(by_time, low, high);
  const ResourceRun *run = resource_side_run(all, side, high);
  const ResourceRun *other = resource_side_run(all, side, low);
  sockets_answer(run, run->tid != other->tid || sockets_may_hide(all, side, low, position)
                       ? TB_CONFIDENCE_CONTEXT
                   : side->exact          ? TB_CONFIDENCE_CERTAIN
                                          : TB_CONFIDENCE_LINKED,
              via, out);
}

static void sockets_weaken(OwnersAnswer *answer)
{
  if (answer->confidence == TB_CONFIDENCE_CERTAIN)
    answer->confidence = TB_CONFIDENCE_LINKED;
}

/* The sender's end: who wrote the bytes; of packets without any, who wrote or read next to them. */
static void sockets_sender(const ResourceSockets *all, const ResourceSocket *socket,
                        const TbNetHeaders *headers, gint64 time_ns, OwnersAnswer *out)
{
  const ResourceSide *written = &socket->sides[RESOURCE_WRITTEN], *read = &socket->sides[RESOURCE_READ];
  gboolean data = headers->payload.len > 0;
  if (written->n) {
    sockets_side(all, socket, RESOURCE_WRITTEN, headers->tcp.seq + !!(headers->tcp.flags & TB_NET_TCP_SYN),
              sockets_run_before(all, written, time_ns), out);
  } else if (read->n && !data) {
    sockets_side(all, socket, RESOURCE_READ, headers->tcp.ack - 1, sockets_run_after(all, read, time_ns), out);
  }
  if (data)
    return;
  OwnersAnswer other = { 0 };
  if (written->n && read->n && out->confidence <= TB_CONFIDENCE_CONTEXT)
    sockets_side(all, socket, RESOURCE_READ, headers->tcp.ack - 1, sockets_run_after(all, read, time_ns),
              &other);
  if (other.confidence > out->confidence)
    *out = other;
  sockets_weaken(out);
}

/* The receiver's end: who read the bytes, else the next reader, else the writer. */
static void sockets_receiver(const ResourceSockets *all, const ResourceSocket *socket,
                          const TbNetHeaders *headers, gint64 time_ns, OwnersAnswer *out)
{
  const ResourceSide *written = &socket->sides[RESOURCE_WRITTEN], *read = &socket->sides[RESOURCE_READ];
  if (read->n) {
    sockets_side(all, socket, RESOURCE_READ, headers->tcp.seq, sockets_run_after(all, read, time_ns), out);
    OwnersAnswer other = { 0 };
    if (headers->payload.len == 0 && written->n && out->confidence <= TB_CONFIDENCE_CONTEXT)
      sockets_side(all, socket, RESOURCE_WRITTEN, headers->tcp.ack - 1,
                sockets_run_before(all, written, time_ns), &other);
    if (other.confidence > out->confidence)
      *out = other;
    if (headers->payload.len == 0)
      sockets_weaken(out);
  } else if (written->n) {
    sockets_side(all, socket, RESOURCE_WRITTEN, headers->tcp.ack - 1,
              sockets_run_before(all, written, time_ns), out);
    sockets_weaken(out);
  }
}

void owners_sockets_ask(const ResourceSockets *all, const ResourceSocket *socket, gboolean sender,
                        const TbNetHeaders *headers, gint64 time_ns, OwnersAnswer *out)
{
  if (sender)
    sockets_sender(all, socket, headers, time_ns, out);
  else
    sockets_receiver(all, socket, headers, time_ns, out);
}
