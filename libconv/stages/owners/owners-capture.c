/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Captured packets while preparing; see owners-capture.h. */
#include "stages/owners/owners-capture.h"

#include "stages/wire/fragments.h"

#include <string.h>

enum {
  CAPTURE_FLOWS = 1 << 22, /* beyond that new ones are not followed */
  CAPTURE_SEEN = 1 << 18,  /* packets kept to compare */
  CAPTURE_DATAGRAMS = 1 << 14, /* of one flow, then every sixteenth */
  CAPTURE_SEGMENTS = 16,   /* of one TCP flow */
  CAPTURE_EVERY = 16,
};

gboolean owners_tuple(const TbNetHeaders *headers, TbTuple *out)
{
  guint family = headers->arp ? 4 : headers->family;
  if (family == 0)
    return FALSE;
  *out = (TbTuple){ .local_port = headers->source_port,
                        .remote_port = headers->destination_port,
                        .protocol = headers->arp ? TB_TUPLE_ARP : headers->protocol };
  tb_tuple_set_address(out->local, headers->source, family);
  tb_tuple_set_address(out->remote, headers->destination, family);
  /* Who asks is known by a number; the kernel, which answers, has none. */
  if (headers->icmp.kind == TB_NET_ICMP_ASK)
    out->local_port = headers->icmp.id;
  else if (headers->icmp.kind == TB_NET_ICMP_ANSWER)
    out->remote_port = headers->icmp.id;
  return TRUE;
}

static guint32 capture_find(const OwnersCapture *capture, const TbTuple *tuple, guint64 hash)
{
  guint32 at = tb_map_get(&capture->flow_by_tuple, hash);
  while (at != TB_MAP_NONE) {
    const OwnersFlow *flow = &g_array_index(capture->flows, OwnersFlow, at);
    if (memcmp(&flow->tuple, tuple, sizeof *tuple) == 0)
      return at;
    at = flow->same;
  }
  return TB_MAP_NONE;
}

const OwnersFlow *owners_flow_find(const OwnersCapture *capture, const TbTuple *tuple)
{
  guint32 at = capture_find(capture, tuple, tb_tuple_hash(tuple));
  return at == TB_MAP_NONE ? NULL : &g_array_index(capture->flows, OwnersFlow, at);
}

static guint32 capture_flow(OwnersCapture *capture, const TbTuple *tuple)
{
  guint64 hash = tb_tuple_hash(tuple);
  guint32 at = capture_find(capture, tuple, hash);
  if (at != TB_MAP_NONE || capture->flows->len >= CAPTURE_FLOWS)
    return at;
  OwnersFlow flow = { .tuple = *tuple, .streams = TB_MAP_NONE,
                      .same = tb_map_get(&capture->flow_by_tuple, hash) };
  tb_map_set(&capture->flow_by_tuple, hash, capture->flows->len);
  g_array_append_val(capture->flows, flow);
  return capture->flows->len - 1;
}

/* The stream that begins behind @isn, made if there is none. */
static OwnersStream *capture_begin(OwnersCapture *capture, guint32 flow_index, guint32 isn,
                                   gint64 time_ns)
{
  OwnersFlow *flow = &g_array_index(capture->flows, OwnersFlow, flow_index);
  for (guint32 at = flow->streams; at != TB_MAP_NONE;) {
    OwnersStream *stream = &g_array_index(capture->streams, OwnersStream, at);
    if (stream->isn_known && stream->ref == isn + 1)
      return stream;
    at = stream->next;
  }
  OwnersStream stream = { .first_ns = time_ns, .last_ns = time_ns, .ref = isn + 1,
                          .isn_known = TRUE, .next = flow->streams };
  flow->streams = capture->streams->len;
  g_array_append_val(capture->streams, stream);
  return &g_array_index(capture->streams, OwnersStream, flow->streams);
}

/* The stream that a packet without SYN continues. */
static OwnersStream *capture_continue(OwnersCapture *capture, guint32 flow_index, guint32 seq,
                                      gint64 time_ns)
{
  OwnersFlow *flow = &g_array_index(capture->flows, OwnersFlow, flow_index);
  if (flow->streams == TB_MAP_NONE)
    capture_begin(capture, flow_index, seq - 1, time_ns)->isn_known = FALSE;
  return &g_array_index(capture->streams, OwnersStream, flow->streams);
}

static void capture_stream(OwnersCapture *capture, guint32 flow, const TbNetHeaders *headers,
                           gint64 time_ns)
{
  guint32 seq = headers->tcp.seq;
  OwnersStream *stream;
  if (headers->tcp.flags & TB_NET_TCP_RST)
    return; /* its numbers may be anything */
  if (headers->tcp.flags & TB_NET_TCP_SYN)
    stream = capture_begin(capture, flow, seq++, time_ns);
  else
    stream = capture_continue(capture, flow, seq, time_ns);
  stream->last_ns = MAX(stream->last_ns, time_ns);
  gint64 base = stream->high;
  gint64 at = base + (gint32)(seq - (stream->ref + (guint32)base));
  stream->bottom = MIN(stream->bottom, at);
  stream->top = MAX(stream->top, at + headers->payload.len);
  if (headers->payload.len > 0) {
    stream->low = stream->has_data ? MIN(stream->low, at) : at;
    stream->high = stream->has_data ? MAX(stream->high, at + headers->payload.len)
                                    : at + headers->payload.len;
    stream->has_data = TRUE;
  }
  if (headers->tcp.flags & TB_NET_TCP_FIN) {
    stream->ended = TRUE;
    stream->end = at + headers->payload.len;
  }
}

/* The answer to a SYN tells where the other direction begins, too. */
static void capture_answer(OwnersCapture *capture, const TbTuple *tuple,
                           const TbNetHeaders *headers, gint64 time_ns)
{
  TbTuple reverse = tb_tuple_reverse(tuple);
  guint32 flow = capture_flow(capture, &reverse);
  if (flow != TB_MAP_NONE)
    capture_begin(capture, flow, headers->tcp.ack - 1, time_ns);
}

/* Some packets of each flow, so that a busy one costs no more than a quiet one. */
static void capture_keep(OwnersCapture *capture, guint32 flow_index, const TbNetHeaders *headers,
                         gint64 time_ns)
{
  OwnersFlow *flow = &g_array_index(capture->flows, OwnersFlow, flow_index);
  gboolean tcp = headers->protocol == TB_NET_PROTOCOL_TCP;
  guint32 n = flow->seen++;
  if ((tcp && headers->payload.len == 0) || capture->seen->len >= CAPTURE_SEEN)
    return;
  if (n >= (tcp ? CAPTURE_SEGMENTS : CAPTURE_DATAGRAMS) && n % CAPTURE_EVERY != 0)
    return;
  OwnersSeen seen = { .time_ns = time_ns, .flow = flow_index, .len = headers->network_len,
                      .payload = headers->payload.len,
                      .answers = headers->icmp.kind == TB_NET_ICMP_ANSWER,
                      .asks = headers->icmp.kind == TB_NET_ICMP_ASK };
  g_array_append_val(capture->seen, seen);
}

OwnersCapture *owners_capture_new(TbSource *source)
{
  OwnersCapture *capture = g_new0(OwnersCapture, 1);
  capture->source = source;
  capture->flows = g_array_new(FALSE, FALSE, sizeof(OwnersFlow));
  capture->streams = g_array_new(FALSE, FALSE, sizeof(OwnersStream));
  capture->seen = g_array_new(FALSE, FALSE, sizeof(OwnersSeen));
  capture->fragments = g_array_new(FALSE, FALSE, sizeof(TbFragment));
  return capture;
}

void owners_capture_free(OwnersCapture *capture)
{
  g_array_unref(capture->flows);
  g_array_unref(capture->streams);
  g_array_unref(capture->seen);
  g_array_unref(capture->fragments);
  tb_map_clear(&capture->flow_by_tuple);
  g_free(capture);
}

static gint64 capture_aligned(const TbSource *source, gint64 time_ns)
{
  TbOutputTime out = tb_source_to_output(source, (TbMachineTime){ time_ns });
  return source->clock.reference ? tb_source_to_machine(source->clock.reference, out).ns : out.ns;
}

static gint capture_compare(gconstpointer a, gconstpointer b)
{
  const OwnersSeen *x = a, *y = b;
  return x->time_ns < y->time_ns ? -1 : x->time_ns > y->time_ns;
}

void owners_capture_align(OwnersCapture *capture)
{
  for (guint i = 0; i < capture->streams->len; i++) {
    OwnersStream *stream = &g_array_index(capture->streams, OwnersStream, i);
    stream->first_ns = capture_aligned(capture->source, stream->first_ns);
    stream->last_ns = capture_aligned(capture->source, stream->last_ns);
  }
  for (guint i = 0; i < capture->fragments->len; i++) {
    TbFragment *fragment = &g_array_index(capture->fragments, TbFragment, i);
    fragment->time_ns = capture_aligned(capture->source, fragment->time_ns);
  }
  for (guint i = 0; i < capture->seen->len; i++) {
    OwnersSeen *seen = &g_array_index(capture->seen, OwnersSeen, i);
    seen->time_ns = capture_aligned(capture->source, seen->time_ns);
  }
  g_array_sort(capture->seen, capture_compare);
}

void owners_capture_packet(OwnersCapture *capture, const TbItem *packet)
{
  TbNetHeaders headers;
  TbTuple tuple;
  tb_net_parse_packet(packet, &headers);
  if (!owners_tuple(&headers, &tuple) || headers.fragment.later)
    return;
  if (G_UNLIKELY(headers.fragment.first && headers.has_transport))
    tb_fragments_note(capture->fragments, &headers, packet->machine_time.ns);
  guint32 flow = capture_flow(capture, &tuple);
  if (flow == TB_MAP_NONE)
    return;
  if (headers.protocol == TB_NET_PROTOCOL_TCP && headers.has_transport) {
    capture_stream(capture, flow, &headers, packet->machine_time.ns);
    const guint answer = TB_NET_TCP_SYN | TB_NET_TCP_ACK;
    if ((headers.tcp.flags & answer) == answer)
      capture_answer(capture, &tuple, &headers, packet->machine_time.ns);
  }
  capture_keep(capture, flow, &headers, packet->machine_time.ns);
}
