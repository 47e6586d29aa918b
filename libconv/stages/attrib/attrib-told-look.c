/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who is behind a packet by the calls that were recorded on its socket. A
 * socket that one thread alone used, and whose calls account for every byte
 * captured, leaves no doubt; otherwise it is the ranges of bytes that tell, as
 * they do for a kernel's recording.
 */
#include "stages/attrib/attrib-told.h"

#include <string.h>

static const char told_via[] = "socket";

gint64 attrib_told_packet_ns(const TbItem *packet)
{
  const TbSource *source = packet->record->source;
  return source->reference
             ? tb_axis_map(&source->opened, tb_axis_unmap(&source->axis, packet->machine_time.ns))
             : packet->machine_time.ns;
}

static const ToldFacts *told_facts(const AttribTold *told, const AttribSocket *socket)
{
  guint index = (guint)(socket - (const AttribSocket *)(gpointer)told->m->sockets.sockets->data);
  return index < told->facts->len ? &g_array_index(told->facts, ToldFacts, index) : NULL;
}

static void told_limit(AttribAnswer *answer, TbConfidence most)
{
  answer->confidence = MIN(answer->confidence, most);
}

static void told_only(const AttribSocket *socket, const ToldFacts *facts, TbConfidence confidence,
                      AttribAnswer *out)
{
  *out = (AttribAnswer){ .tid = facts->only, .time_ns = socket->birth_ns,
                         .confidence = confidence };
}

/* Whether the packet's bytes are among the first that were read. */
static gboolean told_was_read(const AttribTold *told, const AttribSide *side,
                              const TbNetHeaders *headers)
{
  gint64 position = (gint32)(headers->tcp_seq - (side->isn + 1));
  return side->isn_known && position >= 0 &&
         (guint64)position + headers->payload_len <= attrib_side_total(&told->m->sockets, side);
}

/*
 * Whether the calls explain the packet. More bytes written than calls tell of are somebody
 * else's; more bytes received need not have been read by anybody.
 */
static gboolean told_explains(const AttribTold *told, const AttribSocket *socket,
                              const ToldFacts *facts, gboolean sender, const TbNetHeaders *headers)
{
  const AttribSide *read = &socket->sides[ATTRIB_READ];
  gboolean written = facts->covered[ATTRIB_WRITTEN];
  if (headers->payload_len == 0)
    return written && (facts->covered[ATTRIB_READ] || read->n > 0);
  return sender ? written : facts->covered[ATTRIB_READ] || told_was_read(told, read, headers);
}

/* @out: what the ranges of bytes tell */
static void told_stream_end(const AttribTold *told, const AttribTuple *tuple, gboolean sender,
                            const TbNetHeaders *headers, gint64 time_ns, AttribAnswer *out)
{
  gboolean syn = (headers->tcp_flags & TB_NET_TCP_SYN) != 0;
  const AttribSocket *socket = attrib_look_socket(told->m, tuple, time_ns, syn);
  const ToldFacts *facts = socket ? told_facts(told, socket) : NULL;
  if (!facts) {
    *out = (AttribAnswer){ 0 };
    return;
  }
  if (facts->only > 0 && facts->covered[ATTRIB_WRITTEN] && facts->covered[ATTRIB_READ])
    told_only(socket, facts, TB_CONFIDENCE_CERTAIN, out);
  else if (syn && socket->opener)
    *out = (AttribAnswer){ .tid = socket->opener, .time_ns = socket->birth_ns,
                           .confidence = TB_CONFIDENCE_CERTAIN };
  else if (facts->mixed || !told_explains(told, socket, facts, sender, headers))
    told_limit(out, TB_CONFIDENCE_CONTEXT);
  if (facts->inferred)
    told_limit(out, TB_CONFIDENCE_LINKED);
}

/* The first run that ends behind @time_ns: a call is written down when it is over. */
static const AttribRun *told_run_at(const AttribSockets *all, const AttribSide *side,
                                    gint64 time_ns)
{
  guint32 low = 0, high = side->n;
  while (low < high) {
    guint32 mid = low + (high - low) / 2;
    if (attrib_side_run(all, side, mid)->last_ns >= time_ns)
      high = mid;
    else
      low = mid + 1;
  }
  return low < side->n ? attrib_side_run(all, side, low) : NULL;
}

static void told_datagram_end(const AttribTold *told, const AttribTuple *tuple, gboolean sender,
                              gint64 time_ns, AttribAnswer *out)
{
  AttribTuple local = *tuple;
  memset(local.remote, 0, sizeof local.remote);
  local.remote_port = 0;
  const AttribSocket *socket = attrib_look_socket(told->m, tuple, time_ns, FALSE);
  if (!socket)
    socket = attrib_look_socket(told->m, &local, time_ns, FALSE);
  const ToldFacts *facts = socket ? told_facts(told, socket) : NULL;
  *out = (AttribAnswer){ 0 };
  if (!facts)
    return;
  gboolean foreign = sender && !facts->covered[ATTRIB_WRITTEN];
  if (facts->only > 0) {
    told_only(socket, facts, foreign                  ? TB_CONFIDENCE_CONTEXT
                             : told->forked_datagrams ? TB_CONFIDENCE_LINKED
                                                      : TB_CONFIDENCE_CERTAIN, out);
    return;
  }
  const AttribRun *run = told_run_at(&told->m->sockets,
                                     &socket->sides[sender ? ATTRIB_WRITTEN : ATTRIB_READ], time_ns);
  if (run)
    *out = (AttribAnswer){ .tid = run->tid, .time_ns = run->first_ns,
                           .confidence = run->first_ns <= time_ns && !facts->mixed && !foreign
                                             ? TB_CONFIDENCE_LINKED : TB_CONFIDENCE_CONTEXT };
}

static void told_take(AttribAnswer *found, AttribAnswer *best)
{
  if (!found->tid || found->confidence <= best->confidence)
    return;
  found->via = told_via;
  found->told = TRUE;
  *best = *found;
}

void attrib_told_look(const AttribTold *told, const TbNetHeaders *headers, gint64 time_ns,
                      AttribAnswer *src, AttribAnswer *dst)
{
  AttribTuple tuple;
  AttribAnswer from, to;
  if (headers->fragment || !attrib_headers_tuple(headers, &tuple))
    return;
  AttribTuple reverse = attrib_tuple_reverse(&tuple);
  attrib_look(told->m, headers, time_ns, &from, &to);
  if (headers->protocol == TB_NET_PROTOCOL_TCP && headers->has_transport) {
    told_stream_end(told, &tuple, TRUE, headers, time_ns, &from);
    told_stream_end(told, &reverse, FALSE, headers, time_ns, &to);
  } else {
    told_datagram_end(told, &tuple, TRUE, time_ns, &from);
    told_datagram_end(told, &reverse, FALSE, time_ns, &to);
  }
  told_take(&from, src);
  told_take(&to, dst);
}
