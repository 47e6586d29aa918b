/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who is behind a packet by the calls that were recorded on its socket. A
 * socket that one thread alone used, and whose calls account for every byte
 * captured, leaves no doubt; otherwise it is the ranges of bytes that tell, as
 * they do for a kernel's recording.
 */
#include "stages/owners/owners-log.h"

#include "stages/owners/owners-sockets.h"

#include <string.h>

static const char log_via[] = "socket";

gint64 owners_log_packet_ns(const TbItem *packet)
{
  return tb_source_machine_time(packet->record->source, packet->record->time).ns;
}

static const LogFacts *log_facts(const OwnersLog *log, const ResourceSocket *socket)
{
  guint index = (guint)(socket - resource_socket(&log->log->sockets, 0));
  return index < log->facts->len ? &g_array_index(log->facts, LogFacts, index) : NULL;
}

static void log_limit(OwnersAnswer *answer, TbConfidence most)
{
  answer->confidence = MIN(answer->confidence, most);
}

static void log_only(const ResourceSocket *socket, const LogFacts *facts, TbConfidence confidence,
                      OwnersAnswer *out)
{
  *out = (OwnersAnswer){ .tid = facts->only, .time_ns = socket->birth_ns,
                         .confidence = confidence };
}

/* Whether the packet's bytes are among the first that were read. */
static gboolean log_was_read(const OwnersLog *log, const ResourceSide *side,
                              const TbNetHeaders *headers)
{
  gint64 position = (gint32)(headers->tcp.seq - (side->isn + 1));
  return side->isn_known && position >= 0 &&
         (guint64)position + headers->payload.len <= resource_side_total(&log->log->sockets, side);
}

/*
 * Whether the calls explain the packet. More bytes written than calls tell of are somebody
 * else's; more bytes received need not have been read by anybody.
 */
static gboolean log_explains(const OwnersLog *log, const ResourceSocket *socket,
                              const LogFacts *facts, gboolean sender, const TbNetHeaders *headers)
{
  const ResourceSide *read = &socket->sides[RESOURCE_READ];
  gboolean written = facts->covered[RESOURCE_WRITTEN];
  if (headers->payload.len == 0)
    return written && (facts->covered[RESOURCE_READ] || read->n > 0);
  return sender ? written : facts->covered[RESOURCE_READ] || log_was_read(log, read, headers);
}

static void log_stream_end(const OwnersLog *log, const TbTuple *tuple, gboolean sender,
                            const TbNetHeaders *headers, gint64 time_ns, OwnersAnswer *out)
{
  gboolean syn = (headers->tcp.flags & TB_NET_TCP_SYN) != 0;
  const ResourceSocket *socket = owners_sockets_find(&log->log->sockets, tuple, time_ns, syn);
  const LogFacts *facts = socket ? log_facts(log, socket) : NULL;
  *out = (OwnersAnswer){ 0 };
  if (!facts)
    return;
  owners_sockets_ask(&log->log->sockets, socket, sender, headers, time_ns, out);
  if (facts->only > 0 && facts->covered[RESOURCE_WRITTEN] && facts->covered[RESOURCE_READ])
    log_only(socket, facts, TB_CONFIDENCE_CERTAIN, out);
  else if (syn && socket->opener)
    *out = (OwnersAnswer){ .tid = socket->opener, .time_ns = socket->birth_ns,
                           .confidence = TB_CONFIDENCE_CERTAIN };
  else if (facts->mixed || !log_explains(log, socket, facts, sender, headers))
    log_limit(out, TB_CONFIDENCE_CONTEXT);
  if (facts->inferred)
    log_limit(out, TB_CONFIDENCE_LINKED);
}

/* The first run that ends behind @time_ns: a call is written down when it is over. */
static const ResourceRun *log_run_at(const ResourceSockets *all, const ResourceSide *side,
                                    gint64 time_ns)
{
  guint32 low = 0, high = side->n;
  while (low < high) {
    guint32 mid = low + (high - low) / 2;
    if (resource_side_run(all, side, mid)->last_ns >= time_ns)
      high = mid;
    else
      low = mid + 1;
  }
  return low < side->n ? resource_side_run(all, side, low) : NULL;
}

static void log_datagram_end(const OwnersLog *log, const TbTuple *tuple, gboolean sender,
                              gint64 time_ns, OwnersAnswer *out)
{
  TbTuple local = *tuple;
  tb_tuple_forget_remote(&local);
  const ResourceSocket *socket = owners_sockets_find(&log->log->sockets, tuple, time_ns, FALSE);
  if (!socket)
    socket = owners_sockets_find(&log->log->sockets, &local, time_ns, FALSE);
  const LogFacts *facts = socket ? log_facts(log, socket) : NULL;
  *out = (OwnersAnswer){ 0 };
  if (!facts)
    return;
  gboolean foreign = sender && !facts->covered[RESOURCE_WRITTEN];
  if (facts->only > 0) {
    log_only(socket, facts, foreign                  ? TB_CONFIDENCE_CONTEXT
                             : log->forked_datagrams ? TB_CONFIDENCE_LINKED
                                                      : TB_CONFIDENCE_CERTAIN, out);
    return;
  }
  const ResourceRun *run = log_run_at(&log->log->sockets,
                                     &socket->sides[sender ? RESOURCE_WRITTEN : RESOURCE_READ], time_ns);
  if (run)
    *out = (OwnersAnswer){ .tid = run->tid, .time_ns = run->first_ns,
                           .confidence = run->first_ns <= time_ns && !facts->mixed && !foreign
                                             ? TB_CONFIDENCE_LINKED : TB_CONFIDENCE_CONTEXT };
}

static void log_take(OwnersAnswer *found, OwnersAnswer *best)
{
  if (!found->tid || found->confidence <= best->confidence)
    return;
  found->via = log_via;
  found->logged = TRUE;
  *best = *found;
}

void owners_log_ask(const OwnersLog *log, const TbNetHeaders *headers, gint64 time_ns,
                    OwnersAnswer *src, OwnersAnswer *dst)
{
  TbTuple tuple;
  OwnersAnswer from, to;
  if (headers->fragment.later || !owners_tuple(headers, &tuple))
    return;
  TbTuple reverse = tb_tuple_reverse(&tuple);
  if (headers->protocol == TB_NET_PROTOCOL_TCP && headers->has_transport) {
    log_stream_end(log, &tuple, TRUE, headers, time_ns, &from);
    log_stream_end(log, &reverse, FALSE, headers, time_ns, &to);
  } else {
    log_datagram_end(log, &tuple, TRUE, time_ns, &from);
    log_datagram_end(log, &reverse, FALSE, time_ns, &to);
  }
  log_take(&from, src);
  log_take(&to, dst);
}
