/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Packets that have no ports of their own and belong to others: later fragments to the first one
 * of their datagram, in whichever order they come, and the news of an error to the packet that
 * it quotes.
 */
#include "stages/attrib/attrib-private.h"

#include "base/bytes.h"

#include <string.h>

enum {
  PIECES_MOST = 1 << 16, /* first fragments kept of one capture */
  PIECES_LINK_RAW = 101,
  PIECES_PORTS_BYTES = 8, /* at the least so much is quoted behind the IP header */
};

/* Numbers of datagrams come again, but not so soon (RFC 791: a datagram lives no longer). */
#define PIECES_FAR_NS (60 * G_GINT64_CONSTANT(1000000000))

static guint64 pieces_key(const TbNetHeaders *headers)
{
  AttribTuple tuple = { .local_port = (guint16)headers->ip_id,
                        .remote_port = (guint16)(headers->ip_id >> 16),
                        .protocol = headers->protocol };
  attrib_address_set(tuple.local, headers->source, headers->family);
  attrib_address_set(tuple.remote, headers->target, headers->family);
  return attrib_tuple_hash(&tuple);
}

void attrib_pieces_note(GArray *pieces, const TbNetHeaders *headers, gint64 time_ns)
{
  AttribPiece piece = { .key = pieces_key(headers), .time_ns = time_ns,
                        .source_port = headers->source_port,
                        .target_port = headers->target_port };
  if (pieces->len < PIECES_MOST)
    g_array_append_val(pieces, piece);
}

static gint pieces_compare(gconstpointer a, gconstpointer b)
{
  const AttribPiece *x = a, *y = b;
  if (x->key != y->key)
    return x->key < y->key ? -1 : 1;
  if (x->time_ns != y->time_ns)
    return x->time_ns < y->time_ns ? -1 : 1;
  return (gint)x->source_port - (gint)y->source_port;
}

void attrib_pieces_sort(GArray *pieces)
{
  g_array_sort(pieces, pieces_compare);
}

gboolean attrib_pieces_find(const GArray *pieces, const TbNetHeaders *later, gint64 time_ns,
                            TbNetHeaders *first, gint64 *first_ns)
{
  guint64 key = pieces_key(later);
  const AttribPiece *best = NULL;
  guint low = 0, high = pieces->len;
  while (low < high) {
    guint mid = low + (high - low) / 2;
    const AttribPiece *piece = &g_array_index(pieces, AttribPiece, mid);
    if (piece->key < key || (piece->key == key && piece->time_ns < time_ns))
      low = mid + 1;
    else
      high = mid;
  }
  for (guint i = low ? low - 1 : 0; i < pieces->len && i <= low; i++) {
    const AttribPiece *piece = &g_array_index(pieces, AttribPiece, i);
    if (piece->key == key && ABS(piece->time_ns - time_ns) <= PIECES_FAR_NS &&
        (!best || ABS(piece->time_ns - time_ns) < ABS(best->time_ns - time_ns)))
      best = piece;
  }
  if (!best)
    return FALSE;
  *first = *later;
  first->fragment = FALSE;
  first->has_transport = TRUE;
  first->source_port = best->source_port;
  first->target_port = best->target_port;
  *first_ns = best->time_ns;
  return TRUE;
}

gboolean attrib_quoted(const TbItem *packet, const TbNetHeaders *headers, TbNetHeaders *quoted)
{
  if (headers->icmp != TB_NET_ICMP_ERROR || headers->quoted_off >= packet->record->len)
    return FALSE;
  const guint8 *data = packet->record->data + headers->quoted_off;
  guint32 len = packet->record->len - headers->quoted_off;
  tb_net_parse(PIECES_LINK_RAW, data, len, len, quoted);
  if (quoted->family == 0 || quoted->fragment)
    return FALSE;
  /* Of TCP only the ports and the number may be there. */
  if (quoted->protocol == TB_NET_PROTOCOL_TCP && !quoted->has_transport &&
      quoted->transport_off <= len && len - quoted->transport_off >= PIECES_PORTS_BYTES) {
    quoted->has_transport = TRUE;
    quoted->source_port = tb_get_u16(data + quoted->transport_off, TRUE);
    quoted->target_port = tb_get_u16(data + quoted->transport_off + 2, TRUE);
    quoted->tcp_seq = tb_get_u32(data + quoted->transport_off + 4, TRUE);
  }
  quoted->payload_len = 0;
  return TRUE;
}
