/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who is behind the two ends of a packet. Only local ends have sockets or
 * endpoints here, so a remote end has nobody to be named. The ranking of the
 * evidence is in docs/packet-owners.md.
 */
#include "stages/attrib/attrib-private.h"

#include <string.h>

/* A connection's last packets come this long after its socket is gone. */
#define LOOK_AFTERLIFE_NS (120 * G_GINT64_CONSTANT(1000000000))
/* Times of events and packets may differ by this much. */
#define LOOK_SLACK_NS G_GINT64_CONSTANT(1000000)

/* --- which socket --- */

static gint64 look_last_use(const AttribMachine *m, const AttribSocket *socket)
{
  gint64 last_ns = socket->birth_ns;
  for (guint way = 0; way < ATTRIB_N_WAYS; way++) {
    const AttribSide *side = &socket->sides[way];
    if (side->n)
      last_ns = MAX(last_ns, attrib_side_run(&m->sockets, side, side->n - 1)->last_ns);
  }
  return last_ns;
}

static const AttribSocket *look_older(const AttribMachine *m, const AttribSocket *socket)
{
  for (guint32 at = socket->same; at != ATTRIB_NONE; at = attrib_socket(&m->sockets, at)->same) {
    const AttribSocket *older = attrib_socket(&m->sockets, at);
    if (memcmp(&older->tuple, &socket->tuple, sizeof older->tuple) == 0)
      return older;
  }
  return NULL;
}

/* Two namespaces may use the same addresses at the same time. */
static gboolean look_is_doubtful(const AttribMachine *m, const AttribSocket *socket,
                                 const AttribSocket *older)
{
  return older && older->sk != socket->sk && older->death_ns > socket->birth_ns &&
         look_last_use(m, older) > socket->birth_ns;
}

/*
 * Whether a SYN that precedes @socket is its own: it comes when the older one is over, as far as
 * that was seen. Earlier ones, sent again and again maybe, were the older one's.
 */
static gboolean look_is_next_syn(const AttribMachine *m, const AttribSocket *socket,
                                 const AttribSocket *older, gint64 time_ns)
{
  /* One whose address was given out again died at that moment at the latest. */
  gint64 end_ns = older->death_ns < socket->birth_ns ? older->death_ns : look_last_use(m, older);
  return time_ns >= end_ns - LOOK_SLACK_NS && time_ns >= older->birth_ns;
}

/* Whether the packet is @socket's, which was born after it, or the older one's. */
static gboolean look_is_early(const AttribMachine *m, const AttribSocket *socket,
                              const AttribSocket *older, gint64 time_ns, gboolean syn)
{
  /* The first packets precede a socket that comes out of a listening one. */
  if (socket->born && !socket->accepted && time_ns < socket->birth_ns - LOOK_SLACK_NS)
    return FALSE;
  if (!older || (syn && look_is_doubtful(m, socket, older)))
    return TRUE;
  if (syn)
    return look_is_next_syn(m, socket, older, time_ns);
  gint64 since_ns = time_ns - MIN(older->death_ns, time_ns);
  return older->death_ns < time_ns && socket->birth_ns - time_ns < since_ns;
}

const AttribSocket *attrib_look_socket(const AttribMachine *m, const AttribTuple *tuple,
                                       gint64 time_ns, gboolean syn)
{
  guint32 at = attrib_map_get(&m->sockets.by_tuple, attrib_tuple_hash(tuple));
  const AttribSocket *socket = at == ATTRIB_NONE ? NULL : attrib_socket(&m->sockets, at);
  if (socket && memcmp(&socket->tuple, tuple, sizeof *tuple) != 0)
    socket = look_older(m, socket);
  while (socket) {
    const AttribSocket *older = look_older(m, socket);
    if (time_ns >= socket->birth_ns || look_is_early(m, socket, older, time_ns, syn)) {
      gboolean gone = socket->death_ns != G_MAXINT64 &&
                      time_ns - socket->death_ns > (syn ? 0 : LOOK_AFTERLIFE_NS);
      return gone || look_is_doubtful(m, socket, older) ? NULL : socket;
    }
    socket = older;
  }
  return NULL;
}

/* --- which of its tasks --- */

/* The run in progress at @time_ns, else the one before it; the first one for what is earlier. */
static guint32 look_run_before(const AttribMachine *m, const AttribSide *side, gint64 time_ns)
{
  guint32 low = 0, high = side->n;
  while (low < high) {
    guint32 mid = low + (high - low) / 2;
    if (attrib_side_run(&m->sockets, side, mid)->first_ns <= time_ns)
      low = mid + 1;
    else
      high = mid;
  }
  return low ? low - 1 : 0;
}

/* The run that ends behind @time_ns: who reads next. */
static guint32 look_run_after(const AttribMachine *m, const AttribSide *side, gint64 time_ns)
{
  guint32 low = 0, high = side->n - 1;
  while (low < high) {
    guint32 mid = low + (high - low) / 2;
    if (attrib_side_run(&m->sockets, side, mid)->last_ns >= time_ns)
      high = mid;
    else
      low = mid + 1;
  }
  return low;
}

/* Position of the byte with number @seq; numbers wrap, so the one nearest to @near is meant. */
static guint64 look_position(const AttribSide *side, guint32 seq, guint64 near)
{
  gint64 position = (gint64)near + (gint32)(seq - (side->isn + 1) - (guint32)near);
  return (guint64)MAX(position, 0);
}

static void look_answer(const AttribRun *run, TbConfidence confidence, const char *via,
                        AttribAnswer *out)
{
  *out = (AttribAnswer){ .tid = run->tid, .confidence = confidence, .via = via };
  out->time_ns = run->first_ns;
}

/*
 * Whether the lost bytes may be the turn of somebody else, in front of @run or behind it: of one
 * who used the socket but has no bytes here, or as many bytes as @run has.
 */
static gboolean look_may_hide(const AttribMachine *m, const AttribSide *side, guint32 run,
                              guint64 position)
{
  guint64 begin = run ? attrib_side_run(&m->sockets, side, run - 1)->end : 0;
  guint64 end = attrib_side_run(&m->sockets, side, run)->end;
  if (side->exact || side->lost == 0 || (!side->absent && side->lost < end - begin))
    return FALSE;
  gboolean in_front = position < begin + side->lost && (run > 0 || !side->late);
  return in_front || position >= end;
}

/*
 * Who moved the byte @seq of one direction. @by_time: the run that the time alone points to:
 * no later one can have written it, no earlier one read it.
 */
static void look_side(const AttribMachine *m, const AttribSocket *socket, AttribWay way,
                      guint32 seq, guint32 by_time, AttribAnswer *out)
{
  const AttribSide *side = &socket->sides[way];
  gboolean shared = socket->shared;
  const char *via = side->by_calls ? "calls" : "bytes";
  const AttribRun *timely = attrib_side_run(&m->sockets, side, by_time);
  if (side->single && (side->exact || !shared)) {
    look_answer(timely, side->exact ? TB_CONFIDENCE_CERTAIN : TB_CONFIDENCE_LINKED, via, out);
    return;
  }
  if (!side->isn_known || side->lost == G_MAXUINT32) {
    look_answer(timely, TB_CONFIDENCE_CONTEXT, "time", out);
    return;
  }
  guint64 position = look_position(side, seq, timely->end);
  guint64 least = side->exact || position < side->lost ? 0 : position - side->lost;
  guint32 high = attrib_side_at(&m->sockets, side, position);
  guint32 low = side->exact ? high : attrib_side_at(&m->sockets, side, least);
  if (!side->exact && way == ATTRIB_WRITTEN)
    high = CLAMP(by_time, low, high);
  else if (!side->exact)
    low = CLAMP(by_time, low, high);
  const AttribRun *run = attrib_side_run(&m->sockets, side, high);
  const AttribRun *other = attrib_side_run(&m->sockets, side, low);
  look_answer(run, run->tid != other->tid || look_may_hide(m, side, low, position)
                       ? TB_CONFIDENCE_CONTEXT
                   : side->exact          ? TB_CONFIDENCE_CERTAIN
                                          : TB_CONFIDENCE_LINKED,
              via, out);
}

static void look_weaken(AttribAnswer *answer)
{
  if (answer->confidence == TB_CONFIDENCE_CERTAIN)
    answer->confidence = TB_CONFIDENCE_LINKED;
}

/* The sender's end: who wrote the bytes; of packets without any, who wrote or read next to them. */
static void look_sender(const AttribMachine *m, const AttribSocket *socket,
                        const TbNetHeaders *headers, gint64 time_ns, AttribAnswer *out)
{
  const AttribSide *written = &socket->sides[ATTRIB_WRITTEN], *read = &socket->sides[ATTRIB_READ];
  gboolean data = headers->payload_len > 0;
  if (written->n) {
    look_side(m, socket, ATTRIB_WRITTEN, headers->tcp_seq + !!(headers->tcp_flags & TB_NET_TCP_SYN),
              look_run_before(m, written, time_ns), out);
  } else if (read->n && !data) {
    look_side(m, socket, ATTRIB_READ, headers->tcp_ack - 1, look_run_after(m, read, time_ns), out);
  }
  if (data)
    return;
  AttribAnswer other = { 0 };
  if (written->n && read->n && out->confidence <= TB_CONFIDENCE_CONTEXT)
    look_side(m, socket, ATTRIB_READ, headers->tcp_ack - 1, look_run_after(m, read, time_ns),
              &other);
  if (other.confidence > out->confidence)
    *out = other;
  look_weaken(out);
}

/* The receiver's end: who read the bytes, else the next reader, else the writer. */
static void look_receiver(const AttribMachine *m, const AttribSocket *socket,
                          const TbNetHeaders *headers, gint64 time_ns, AttribAnswer *out)
{
  const AttribSide *written = &socket->sides[ATTRIB_WRITTEN], *read = &socket->sides[ATTRIB_READ];
  if (read->n) {
    look_side(m, socket, ATTRIB_READ, headers->tcp_seq, look_run_after(m, read, time_ns), out);
    AttribAnswer other = { 0 };
    if (headers->payload_len == 0 && written->n && out->confidence <= TB_CONFIDENCE_CONTEXT)
      look_side(m, socket, ATTRIB_WRITTEN, headers->tcp_ack - 1,
                look_run_before(m, written, time_ns), &other);
    if (other.confidence > out->confidence)
      *out = other;
    if (headers->payload_len == 0)
      look_weaken(out);
  } else if (written->n) {
    look_side(m, socket, ATTRIB_WRITTEN, headers->tcp_ack - 1,
              look_run_before(m, written, time_ns), out);
    look_weaken(out);
  }
}

/* --- endpoints --- */

/* The hit that holds @time_ns, else the nearest one before it. */
static const AttribHit *look_hit(const AttribMachine *m, guint32 first, guint32 n, gint64 time_ns)
{
  guint32 low = 0, high = n;
  while (low < high) {
    guint32 mid = low + (high - low) / 2;
    if (g_array_index(m->hits, AttribHit, first + mid).from_ns <= time_ns)
      low = mid + 1;
    else
      high = mid;
  }
  return low ? &g_array_index(m->hits, AttribHit, first + low - 1) : NULL;
}

/*
 * Nothing was seen at this very moment. @data: the packet holds bytes of a stream: they may have
 * been queued by somebody else unless they lie between others of the one task.
 */
static void look_only(const AttribMachine *m, const AttribEndpoint *end, const AttribHit *before,
                      gboolean data, AttribAnswer *out)
{
  gboolean stream = end->tuple.protocol == ATTRIB_TCP;
  if (end->tuple.local_port == 0)
    return; /* the kernel answers pings by itself */
  if (end->only)
    *out = (AttribAnswer){ .tid = end->only,
                           .time_ns = g_array_index(m->hits, AttribHit, end->first).from_ns,
                           .lives = stream ? ATTRIB_NOT_DEAD : ATTRIB_ALIVE,
                           .confidence = stream && data && end->n_hits * 2 < end->n_seen
                                             ? TB_CONFIDENCE_CONTEXT
                                             : TB_CONFIDENCE_LINKED,
                           .via = "port" };
  else if (before && stream)
    *out = (AttribAnswer){ .tid = before->tid, .time_ns = before->from_ns,
                           .confidence = TB_CONFIDENCE_CONTEXT, .via = "xmit" };
}

static void look_endpoint(const AttribMachine *m, const AttribTuple *tuple, gboolean sender,
                          const TbNetHeaders *headers, gint64 time_ns, AttribAnswer *out)
{
  guint32 index = attrib_endpoint_find(m, tuple);
  if (index == ATTRIB_NONE)
    return;
  const AttribEndpoint *end = &g_array_index(m->endpoints, AttribEndpoint, index);
  guint32 first = end->first + (sender ? 0 : end->n_sent);
  const AttribHit *hit = look_hit(m, first, sender ? end->n_sent : end->n_received, time_ns);
  if (hit && hit->to_ns >= time_ns)
    *out = (AttribAnswer){ .tid = hit->tid, .time_ns = hit->from_ns, .lives = ATTRIB_ALIVE,
                           .confidence = TB_CONFIDENCE_LINKED, .via = sender ? "xmit" : "recv" };
  else if (end->n_sent || end->n_received)
    look_only(m, end, hit, headers->payload_len > 0 && sender, out);
}

/* --- packets --- */

/* Nobody but the one task was seen at the socket, in whatever way. */
static void look_only_user(const AttribMachine *m, const AttribSocket *socket,
                           const AttribTuple *tuple, AttribAnswer *out)
{
  guint32 index = attrib_endpoint_find(m, tuple);
  const AttribEndpoint *end =
      index == ATTRIB_NONE ? NULL : &g_array_index(m->endpoints, AttribEndpoint, index);
  gint64 time_ns = G_MAXINT64;
  for (guint way = 0; way < ATTRIB_N_WAYS; way++) {
    const AttribSide *side = &socket->sides[way];
    if (side->n)
      time_ns = MIN(time_ns, attrib_side_run(&m->sockets, side, 0)->first_ns);
  }
  if (time_ns == G_MAXINT64 && end && (end->n_sent || end->n_received))
    time_ns = g_array_index(m->hits, AttribHit, end->first).from_ns;
  *out = (AttribAnswer){ .tid = socket->only, .confidence = TB_CONFIDENCE_LINKED,
                         .time_ns = time_ns == G_MAXINT64 ? socket->birth_ns : time_ns,
                         .via = time_ns == G_MAXINT64 ? "connect" : "port" };
}

/* Several tasks used the socket: only a packet that holds just what one of them sent is told. */
static void look_shared(const AttribMachine *m, const AttribTuple *tuple, gboolean sender,
                        gint64 time_ns, AttribAnswer *out)
{
  guint32 index = sender ? attrib_endpoint_find(m, tuple) : ATTRIB_NONE;
  if (index == ATTRIB_NONE)
    return;
  const AttribEndpoint *end = &g_array_index(m->endpoints, AttribEndpoint, index);
  const AttribHit *hit = look_hit(m, end->first, end->n_sent, time_ns);
  if (hit && hit->whole && (hit->from_ns == time_ns || hit->to_ns == time_ns))
    *out = (AttribAnswer){ .tid = hit->tid, .time_ns = hit->from_ns, .lives = ATTRIB_ALIVE,
                           .confidence = TB_CONFIDENCE_LINKED, .via = "xmit" };
}

/* @tuple: local is the end that is asked for */
static void look_stream_end(const AttribMachine *m, const AttribTuple *tuple, gboolean sender,
                            const TbNetHeaders *headers, gint64 time_ns, AttribAnswer *out)
{
  gboolean syn = (headers->tcp_flags & TB_NET_TCP_SYN) != 0;
  const AttribSocket *socket = attrib_look_socket(m, tuple, time_ns, syn);
  if (socket && sender)
    look_sender(m, socket, headers, time_ns, out);
  else if (socket)
    look_receiver(m, socket, headers, time_ns, out);
  if (out->tid && out->confidence > TB_CONFIDENCE_CONTEXT)
    return;
  AttribAnswer other = { 0 };
  if (socket && socket->shared && time_ns < socket->alone_ns &&
      (sender || headers->payload_len == 0))
    other = (AttribAnswer){ .tid = socket->first, .time_ns = time_ns,
                            .confidence = TB_CONFIDENCE_LINKED, .via = "port" };
  else if (socket && socket->only)
    look_only_user(m, socket, tuple, &other);
  else if (socket && socket->shared)
    look_shared(m, tuple, sender, time_ns, &other);
  else
    look_endpoint(m, tuple, sender, headers, time_ns, &other);
  if (other.tid && (!out->tid || other.confidence > out->confidence))
    *out = other;
}

static void look_end(const AttribMachine *m, const AttribTuple *tuple, gboolean sender,
                     const TbNetHeaders *headers, gint64 time_ns, AttribAnswer *out)
{
  if (m->windows) {
    attrib_windows_look(m->windows, tuple, sender, headers, time_ns, out);
    return;
  }
  if (headers->protocol == TB_NET_PROTOCOL_TCP && headers->has_transport) {
    look_stream_end(m, tuple, sender, headers, time_ns, out);
    return;
  }
  AttribTuple local = *tuple;
  memset(local.remote, 0, sizeof local.remote);
  local.remote_port = 0;
  look_endpoint(m, &local, sender, headers, time_ns, out);
}

void attrib_look(const AttribMachine *m, const TbNetHeaders *headers, gint64 time_ns,
                 AttribAnswer *src, AttribAnswer *dst)
{
  AttribTuple tuple;
  *src = *dst = (AttribAnswer){ 0 };
  TbNetHeaders first;
  if (headers->fragment) {
    if (!tb_fragments_find(m->fragments, headers, time_ns, &first, &time_ns))
      return;
    headers = &first;
  }
  if (!attrib_headers_tuple(headers, &tuple))
    return;
  AttribTuple reverse = attrib_tuple_reverse(&tuple);
  look_end(m, &tuple, TRUE, headers, time_ns, src);
  look_end(m, &reverse, FALSE, headers, time_ns, dst);
}

void attrib_look_quoted(const AttribMachine *m, const TbNetHeaders *quoted, gint64 time_ns,
                        AttribAnswer *dst)
{
  AttribTuple tuple;
  *dst = (AttribAnswer){ 0 };
  if (attrib_headers_tuple(quoted, &tuple))
    look_end(m, &tuple, TRUE, quoted, time_ns, dst);
}
