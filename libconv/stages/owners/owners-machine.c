/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Evidence of one machine; see owners-machine.h. Only local ends have sockets
 * or endpoints here, so a remote end has nobody to be named.
 */
#include "stages/owners/owners-machine.h"

#include "stages/owners/owners-connections.h"
#include "stages/owners/owners-ends.h"
#include "stages/wire/fragments.h"
#include "stages/owners/owners-log.h"
#include "stages/owners/owners-sockets.h"
#include "stages/owners/owners-users.h"
#include "stages/resource/resource.h"

#include <string.h>

/**
 * OwnersMachine:
 * @connections: (nullable): of a process log
 * @log: (nullable): of socket calls
 * @datagram_sockets: tables told of sockets that take datagrams
 * @fragments: (element-type TbFragment): sorted
 */
struct _OwnersMachine {
  const TbMachine *machine;
  TbResource *resource;
  ResourceConnections *connections;
  OwnersLog *log;
  OwnersEnds ends;
  gboolean datagram_sockets;
  GArray *fragments;
};

OwnersMachine *owners_machine_new(const TbMachine *machine)
{
  OwnersMachine *m = g_new0(OwnersMachine, 1);
  m->machine = machine;
  m->resource = tb_resource_new();
  owners_ends_init(&m->ends);
  m->fragments = g_array_new(FALSE, FALSE, sizeof(TbFragment));
  return m;
}

void owners_machine_free(OwnersMachine *m)
{
  tb_resource_free(m->resource);
  g_clear_pointer(&m->connections, resource_connections_free);
  owners_log_free(m->log);
  owners_ends_clear(&m->ends);
  g_array_unref(m->fragments);
  g_free(m);
}

const TbMachine *owners_machine_get(const OwnersMachine *m)
{
  return m->machine;
}

/* --- facts --- */

static void machine_tell_connection(OwnersMachine *m, const TbItem *item, const TbFact *fact)
{
  if (!m->connections)
    m->connections = resource_connections_new();
  resource_connections_tell(m->connections, &fact->connection, item->record->source,
                            item->machine_time.ns);
}

static void machine_tell_call(OwnersMachine *m, const TbItem *item, const TbFact *fact)
{
  if (!m->log)
    m->log = owners_log_new();
  resource_log_tell(m->log->log, &fact->socket_logged, item->record->source, item->record->tid,
                    item->machine_time.ns);
}

void owners_machine_tell(OwnersMachine *m, const TbItem *item, const TbFact *fact)
{
  TbResource *r = m->resource;
  const TbRecord *record = item->record;
  gboolean acts = !(record->flags & TB_RECORD_IRQ) && record->tid > 0;
  tb_resource_at(r, item->machine_time.ns, record->cpu, acts ? record->tid : 0);
  switch ((int)fact->kind) {
  case TB_FACT_BORN: tb_resource_born(r, &fact->born); break;
  case TB_FACT_EXECUTED: tb_resource_executed(r, fact->executed.tid); break;
  case TB_FACT_ENDED: tb_resource_ended(r, fact->ended.tid); break;
  case TB_FACT_USE_BEGAN: tb_resource_use_began(r, &fact->use); break;
  case TB_FACT_USE_ENDED: tb_resource_use_ended(r, &fact->use); break;
  case TB_FACT_DESCRIPTOR_EXISTS: tb_resource_descriptor_exists(r, &fact->descriptor); break;
  case TB_FACT_SOCKET_STATE: tb_resource_socket_state(r, &fact->socket); break;
  case TB_FACT_SOCKET_TOUCHED: tb_resource_socket_touched(r, &fact->socket); break;
  case TB_FACT_SOCKET_MOVED: tb_resource_socket_moved(r, &fact->socket_moved); break;
  case TB_FACT_SOCKET_READY: tb_resource_socket_ready(r, &fact->socket); break;
  case TB_FACT_SOCKET_EXISTS: tb_resource_socket_exists(r, &fact->socket); break;
  case TB_FACT_BUFFER_QUEUED: tb_resource_buffer_queued(r, &fact->buffer); break;
  case TB_FACT_BUFFER_STARTED: tb_resource_buffer_started(r, &fact->buffer); break;
  case TB_FACT_BUFFER_RECEIVED: tb_resource_buffer_received(r, &fact->buffer); break;
  case TB_FACT_GAP: tb_resource_lost(r); break;
  case TB_FACT_CONNECTION: machine_tell_connection(m, item, fact); break;
  case TB_FACT_SOCKET_LOGGED: machine_tell_call(m, item, fact); break;
  default: break;
  }
}

/* --- matching --- */

/* Which addresses are the machine's and which are not, as far as its sockets tell. */
static void machine_take_addresses(OwnersMachine *m)
{
  const ResourceSockets *all = tb_resource_get_sockets(m->resource);
  for (guint i = 0; i < all->sockets->len; i++) {
    const ResourceSocket *socket = resource_socket(all, i);
    if (!socket->has_tuple)
      continue;
    owners_ends_take(&m->ends, &socket->tuple);
    m->datagram_sockets |= socket->tuple.protocol != TB_TUPLE_TCP;
  }
  for (guint i = 0; m->connections && i < m->connections->records->len; i++)
    owners_ends_take(&m->ends, &connection_record(m->connections, i)->tuple);
}

static void machine_match_capture(OwnersMachine *m, OwnersCapture *capture)
{
  ResourceSockets *all = tb_resource_get_sockets(m->resource);
  owners_capture_align(capture);
  g_array_append_vals(m->fragments, capture->fragments->data, capture->fragments->len);
  if (m->connections)
    owners_connections_match(m->connections, capture);
  owners_sockets_match(all, capture);
  owners_ends_match(&m->ends, all, capture, tb_resource_get_samples(m->resource, TRUE), FALSE);
  owners_ends_count(&m->ends, capture);
  owners_ends_match(&m->ends, all, capture, tb_resource_get_samples(m->resource, FALSE), TRUE);
}

void owners_machine_match(OwnersMachine *m, const GPtrArray *captures)
{
  if (m->log)
    owners_log_match(m->log, m->machine, captures);
  tb_resource_seal(m->resource);
  if (m->connections)
    resource_connections_seal(m->connections);
  machine_take_addresses(m);
  for (guint i = 0; i < captures->len; i++) {
    OwnersCapture *capture = g_ptr_array_index(captures, i);
    if (capture->source->machine == m->machine)
      machine_match_capture(m, capture);
  }
  tb_fragments_sort(m->fragments);
  owners_ends_seal(&m->ends);
  owners_users_find(m->resource, &m->ends);
  tb_resource_shrink(m->resource);
}

/* --- answers --- */

guint32 owners_machine_is_local(const OwnersMachine *m, const guint8 *address)
{
  return owners_ends_is_local(&m->ends, address);
}

/* Nobody but the one task was seen at the socket, in whatever way. */
static void machine_ask_only_user(const OwnersMachine *m, const ResourceSocket *socket,
                                  const TbTuple *tuple, OwnersAnswer *out)
{
  const ResourceSockets *all = tb_resource_get_sockets(m->resource);
  const OwnersEndpoint *end = owners_endpoint_find(&m->ends, tuple);
  gint64 time_ns = G_MAXINT64;
  for (guint way = 0; way < RESOURCE_N_WAYS; way++) {
    const ResourceSide *side = &socket->sides[way];
    if (side->n)
      time_ns = MIN(time_ns, resource_side_run(all, side, 0)->first_ns);
  }
  if (time_ns == G_MAXINT64 && end && (end->n_sent || end->n_received))
    time_ns = owners_hit(&m->ends, end->first)->from_ns;
  *out = (OwnersAnswer){ .tid = socket->only, .confidence = TB_CONFIDENCE_LINKED,
                         .time_ns = time_ns == G_MAXINT64 ? socket->birth_ns : time_ns,
                         .via = time_ns != G_MAXINT64 ? "port"
                                : socket->holder      ? "table"
                                                      : "connect" };
}

/* Several tasks used the socket: only a packet that holds just what one of them sent is told. */
static void machine_ask_shared(const OwnersMachine *m, const TbTuple *tuple, gboolean sender,
                               gint64 time_ns, OwnersAnswer *out)
{
  const OwnersEndpoint *end = sender ? owners_endpoint_find(&m->ends, tuple) : NULL;
  const OwnersHit *hit =
      end ? owners_ends_find_hit(&m->ends, end->first, end->n_sent, time_ns) : NULL;
  if (hit && hit->whole && (hit->from_ns == time_ns || hit->to_ns == time_ns))
    *out = (OwnersAnswer){ .tid = hit->tid, .time_ns = hit->from_ns, .lives = OWNERS_ALIVE,
                           .confidence = TB_CONFIDENCE_LINKED, .via = "xmit" };
}

/* @tuple: local is the end that is asked for */
static void machine_ask_stream(const OwnersMachine *m, const TbTuple *tuple, gboolean sender,
                               const TbNetHeaders *headers, gint64 time_ns, OwnersAnswer *out)
{
  const ResourceSockets *all = tb_resource_get_sockets(m->resource);
  gboolean syn = (headers->tcp.flags & TB_NET_TCP_SYN) != 0;
  const ResourceSocket *socket = owners_sockets_find(all, tuple, time_ns, syn);
  if (socket)
    owners_sockets_ask(all, socket, sender, headers, time_ns, out);
  if (out->tid && out->confidence > TB_CONFIDENCE_CONTEXT)
    return;
  OwnersAnswer other = { 0 };
  if (socket && socket->shared && time_ns < socket->alone_ns &&
      (sender || headers->payload.len == 0))
    other = (OwnersAnswer){ .tid = socket->first, .time_ns = time_ns,
                            .confidence = TB_CONFIDENCE_LINKED, .via = "port" };
  else if (socket && socket->only)
    machine_ask_only_user(m, socket, tuple, &other);
  else if (socket && socket->shared)
    machine_ask_shared(m, tuple, sender, time_ns, &other);
  else
    owners_ends_ask(&m->ends, tuple, sender, headers, time_ns, &other);
  if (other.tid && (!out->tid || other.confidence > out->confidence))
    *out = other;
}

static void machine_ask_datagram(const OwnersMachine *m, const TbTuple *tuple, gboolean sender,
                                 const TbNetHeaders *headers, gint64 time_ns, OwnersAnswer *out)
{
  const ResourceSockets *all = tb_resource_get_sockets(m->resource);
  TbTuple local = *tuple;
  tb_tuple_forget_remote(&local);
  owners_ends_ask(&m->ends, &local, sender, headers, time_ns, out);
  if (G_LIKELY(out->tid || !m->datagram_sockets))
    return;
  const ResourceSocket *socket = owners_sockets_find(all, tuple, time_ns, FALSE);
  if (!socket)
    socket = owners_sockets_find(all, &local, time_ns, FALSE);
  if (socket && socket->only)
    machine_ask_only_user(m, socket, &local, out);
}

static void machine_ask_end(const OwnersMachine *m, const TbTuple *tuple, gboolean sender,
                            const TbNetHeaders *headers, gint64 time_ns, OwnersAnswer *out)
{
  if (m->connections)
    owners_connections_ask(m->connections, tuple, sender, headers, time_ns, out);
  else if (headers->protocol == TB_NET_PROTOCOL_TCP && headers->has_transport)
    machine_ask_stream(m, tuple, sender, headers, time_ns, out);
  else
    machine_ask_datagram(m, tuple, sender, headers, time_ns, out);
}

static void machine_ask_ends(const OwnersMachine *m, const TbNetHeaders *headers, gint64 time_ns,
                             OwnersAnswer *src, OwnersAnswer *dst)
{
  TbTuple tuple;
  TbNetHeaders first;
  if (headers->fragment.later) {
    if (!tb_fragments_find(m->fragments, headers, time_ns, &first, &time_ns))
      return;
    headers = &first;
  }
  if (!owners_tuple(headers, &tuple))
    return;
  TbTuple reverse = tb_tuple_reverse(&tuple);
  machine_ask_end(m, &tuple, TRUE, headers, time_ns, src);
  machine_ask_end(m, &reverse, FALSE, headers, time_ns, dst);
}

void owners_machine_ask(const OwnersMachine *m, const TbItem *packet, const TbNetHeaders *headers,
                        gint64 time_ns, gint64 *log_ns, OwnersAnswer *src, OwnersAnswer *dst)
{
  TbNetHeaders quoted;
  TbTuple tuple;
  *src = *dst = (OwnersAnswer){ 0 };
  machine_ask_ends(m, headers, time_ns, src, dst);
  if (G_UNLIKELY(headers->icmp.kind == TB_NET_ICMP_ERROR) && tb_net_parse_quoted(packet, headers, &quoted)) {
    *dst = (OwnersAnswer){ 0 };
    if (owners_tuple(&quoted, &tuple))
      machine_ask_end(m, &tuple, TRUE, &quoted, time_ns, dst);
  }
  *log_ns = m->log ? owners_log_packet_ns(packet) : time_ns;
  if (G_UNLIKELY(m->log))
    owners_log_ask(m->log, headers, *log_ns, src, dst);
}
