/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Captured packets while preparing: where each TCP stream begins and ends, and
 * some packets of each flow to compare with what the recording tells.
 */
#include "stages/attrib/attrib-private.h"

#include <string.h>

gboolean attrib_headers_tuple(const TbNetHeaders *headers, AttribTuple *out)
{
  guint family = headers->arp ? 4 : headers->family;
  if (family == 0)
    return FALSE;
  *out = (AttribTuple){ .local_port = headers->source_port,
                        .remote_port = headers->destination_port,
                        .protocol = headers->arp ? ATTRIB_ARP : headers->protocol };
  attrib_address_set(out->local, headers->source, family);
  attrib_address_set(out->remote, headers->destination, family);
  /* Who asks is known by a number; the kernel, which answers, has none. */
  if (headers->icmp == TB_NET_ICMP_ASK)
    out->local_port = headers->icmp_id;
  else if (headers->icmp == TB_NET_ICMP_ANSWER)
    out->remote_port = headers->icmp_id;
  return TRUE;
}

static guint32 packets_find(const AttribCapture *capture, const AttribTuple *tuple, guint64 hash)
{
  guint32 at = attrib_map_get(&capture->flow_by_tuple, hash);
  while (at != ATTRIB_NONE) {
    const AttribFlow *flow = &g_array_index(capture->flows, AttribFlow, at);
    if (memcmp(&flow->tuple, tuple, sizeof *tuple) == 0)
      return at;
    at = flow->same;
  }
  return ATTRIB_NONE;
}

const AttribFlow *attrib_flow_find(const AttribCapture *capture, const AttribTuple *tuple)
{
  guint32 at = packets_find(capture, tuple, attrib_tuple_hash(tuple));
  return at == ATTRIB_NONE ? NULL : &g_array_index(capture->flows, AttribFlow, at);
}

static guint32 packets_flow(AttribCapture *capture, const AttribTuple *tuple)
{
  guint64 hash = attrib_tuple_hash(tuple);
  guint32 at = packets_find(capture, tuple, hash);
  if (at != ATTRIB_NONE || capture->flows->len >= ATTRIB_FLOWS)
    return at;
  AttribFlow flow = { .tuple = *tuple, .streams = ATTRIB_NONE,
                      .same = attrib_map_get(&capture->flow_by_tuple, hash) };
  attrib_map_set(&capture->flow_by_tuple, hash, capture->flows->len);
  g_array_append_val(capture->flows, flow);
  return capture->flows->len - 1;
}

/* The stream that begins behind @isn, made if there is none. */
static AttribStream *packets_begin(AttribCapture *capture, guint32 flow_index, guint32 isn,
                                   gint64 time_ns)
{
  AttribFlow *flow = &g_array_index(capture->flows, AttribFlow, flow_index);
  for (guint32 at = flow->streams; at != ATTRIB_NONE;) {
    AttribStream *stream = &g_array_index(capture->streams, AttribStream, at);
    if (stream->isn_known && stream->ref == isn + 1)
      return stream;
    at = stream->next;
  }
  AttribStream stream = { .first_ns = time_ns, .last_ns = time_ns, .ref = isn + 1,
                          .isn_known = TRUE, .next = flow->streams };
  flow->streams = capture->streams->len;
  g_array_append_val(capture->streams, stream);
  return &g_array_index(capture->streams, AttribStream, flow->streams);
}

/* The stream that a packet without SYN continues. */
static AttribStream *packets_continue(AttribCapture *capture, guint32 flow_index, guint32 seq,
                                      gint64 time_ns)
{
  AttribFlow *flow = &g_array_index(capture->flows, AttribFlow, flow_index);
  if (flow->streams == ATTRIB_NONE)
    packets_begin(capture, flow_index, seq - 1, time_ns)->isn_known = FALSE;
  return &g_array_index(capture->streams, AttribStream, flow->streams);
}

static void packets_stream(AttribCapture *capture, guint32 flow, const TbNetHeaders *headers,
                           gint64 time_ns)
{
  guint32 seq = headers->tcp_seq;
  AttribStream *stream;
  if (headers->tcp_flags & TB_NET_TCP_RST)
    return; /* its numbers may be anything */
  if (headers->tcp_flags & TB_NET_TCP_SYN)
    stream = packets_begin(capture, flow, seq++, time_ns);
  else
    stream = packets_continue(capture, flow, seq, time_ns);
  stream->last_ns = MAX(stream->last_ns, time_ns);
  gint64 base = stream->high;
  gint64 at = base + (gint32)(seq - (stream->ref + (guint32)base));
  stream->bottom = MIN(stream->bottom, at);
  stream->top = MAX(stream->top, at + headers->payload_len);
  if (headers->payload_len > 0) {
    stream->low = stream->has_data ? MIN(stream->low, at) : at;
    stream->high = stream->has_data ? MAX(stream->high, at + headers->payload_len)
                                    : at + headers->payload_len;
    stream->has_data = TRUE;
  }
  if (headers->tcp_flags & TB_NET_TCP_FIN) {
    stream->ended = TRUE;
    stream->end = at + headers->payload_len;
  }
}

/* The answer to a SYN tells where the other direction begins, too. */
static void packets_answer(AttribCapture *capture, const AttribTuple *tuple,
                           const TbNetHeaders *headers, gint64 time_ns)
{
  AttribTuple reverse = attrib_tuple_reverse(tuple);
  guint32 flow = packets_flow(capture, &reverse);
  if (flow != ATTRIB_NONE)
    packets_begin(capture, flow, headers->tcp_ack - 1, time_ns);
}

/* Some packets of each flow, so that a busy one costs no more than a quiet one. */
static void packets_keep(AttribCapture *capture, guint32 flow_index, const TbNetHeaders *headers,
                         gint64 time_ns)
{
  AttribFlow *flow = &g_array_index(capture->flows, AttribFlow, flow_index);
  gboolean tcp = headers->protocol == TB_NET_PROTOCOL_TCP;
  guint32 n = flow->seen++;
  if ((tcp && headers->payload_len == 0) || capture->seen->len >= ATTRIB_SAMPLES)
    return;
  if (n >= (tcp ? ATTRIB_STREAM_SAMPLES : ATTRIB_FLOW_SAMPLES) && n % ATTRIB_SEEN_EVERY != 0)
    return;
  AttribSeen seen = { .time_ns = time_ns, .flow = flow_index, .len = headers->network_len,
                      .payload = headers->payload_len,
                      .answers = headers->icmp == TB_NET_ICMP_ANSWER,
                      .asks = headers->icmp == TB_NET_ICMP_ASK };
  g_array_append_val(capture->seen, seen);
}

AttribCapture *attrib_capture_new(TbSource *source)
{
  AttribCapture *capture = g_new0(AttribCapture, 1);
  capture->source = source;
  capture->flows = g_array_new(FALSE, FALSE, sizeof(AttribFlow));
  capture->streams = g_array_new(FALSE, FALSE, sizeof(AttribStream));
  capture->seen = g_array_new(FALSE, FALSE, sizeof(AttribSeen));
  capture->fragments = g_array_new(FALSE, FALSE, sizeof(TbFragment));
  return capture;
}

void attrib_capture_free(AttribCapture *capture)
{
  g_array_unref(capture->flows);
  g_array_unref(capture->streams);
  g_array_unref(capture->seen);
  g_array_unref(capture->fragments);
  attrib_map_clear(&capture->flow_by_tuple);
  g_free(capture);
}

static gint64 packets_aligned(const TbSource *source, gint64 time_ns)
{
  const TbSource *reference = source->reference;
  gint64 out_ns = tb_axis_map(&source->axis, tb_axis_unmap(&source->opened, time_ns));
  return reference ? tb_axis_map(&reference->opened, tb_axis_unmap(&reference->axis, out_ns)) : out_ns;
}

static gint packets_compare(gconstpointer a, gconstpointer b)
{
  const AttribSeen *x = a, *y = b;
  return x->time_ns < y->time_ns ? -1 : x->time_ns > y->time_ns;
}

void attrib_capture_align(AttribCapture *capture)
{
  for (guint i = 0; i < capture->streams->len; i++) {
    AttribStream *stream = &g_array_index(capture->streams, AttribStream, i);
    stream->first_ns = packets_aligned(capture->source, stream->first_ns);
    stream->last_ns = packets_aligned(capture->source, stream->last_ns);
  }
  for (guint i = 0; i < capture->fragments->len; i++) {
    TbFragment *fragment = &g_array_index(capture->fragments, TbFragment, i);
    fragment->time_ns = packets_aligned(capture->source, fragment->time_ns);
  }
  for (guint i = 0; i < capture->seen->len; i++) {
    AttribSeen *seen = &g_array_index(capture->seen, AttribSeen, i);
    seen->time_ns = packets_aligned(capture->source, seen->time_ns);
  }
  g_array_sort(capture->seen, packets_compare);
}

void attrib_capture_packet(AttribCapture *capture, const TbItem *event)
{
  TbNetHeaders headers;
  AttribTuple tuple;
  tb_net_parse_packet(event, &headers);
  if (!attrib_headers_tuple(&headers, &tuple) || headers.fragment)
    return;
  if (G_UNLIKELY(headers.first_fragment && headers.has_transport))
    tb_fragments_note(capture->fragments, &headers, event->machine_time.ns);
  guint32 flow = packets_flow(capture, &tuple);
  if (flow == ATTRIB_NONE)
    return;
  if (headers.protocol == TB_NET_PROTOCOL_TCP && headers.has_transport) {
    packets_stream(capture, flow, &headers, event->machine_time.ns);
    const guint answer = TB_NET_TCP_SYN | TB_NET_TCP_ACK;
    if ((headers.tcp_flags & answer) == answer)
      packets_answer(capture, &tuple, &headers, event->machine_time.ns);
  }
  packets_keep(capture, flow, &headers, event->machine_time.ns);
}
