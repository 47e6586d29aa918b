/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Packet headers; see headers.h. Numbers are in network order throughout (RFC 791, 8200, 9293, 768). */
#include "stages/wire/headers.h"

#include "base/bytes.h"

enum {
  LINK_NULL = 0,
  LINK_ETHERNET = 1,
  LINK_RAW_BSD = 12,
  LINK_RAW = 101,
  LINK_LOOP = 108,
  LINK_COOKED = 113,
  LINK_IPV4 = 228,
  LINK_IPV6 = 229,
  LINK_COOKED_2 = 276,
};

enum {
  NET_MAC_BYTES = 6,
  NET_ETHERNET_BYTES = 14,
  NET_VLAN_BYTES = 4,
  NET_VLAN_TAGS = 4,
  NET_COOKED_BYTES = 16,
  NET_COOKED_2_BYTES = 20,
  NET_COOKED_OUTGOING = 4,
  NET_IPV4_BYTES = 20,
  NET_IPV6_BYTES = 40,
  NET_IPV6_EXTENSIONS = 8,
  NET_TCP_BYTES = 20,
  NET_UDP_BYTES = 8,
  NET_ICMP_BYTES = 8,
  NET_ARP_BYTES = 28, /* of IPv4 over 6-byte addresses */
  NET_PORTS_BYTES = 8, /* at the least so much of a transport header is quoted behind the IP header */
};

static gboolean net_is_vlan(guint16 ethertype)
{
  return ethertype == 0x8100 || ethertype == 0x88a8 || ethertype == 0x9100;
}

static guint16 net_ethertype_of_version(const guint8 *data, guint32 off, guint32 len)
{
  if (off >= len)
    return 0;
  return data[off] >> 4 == 4 ? TB_NET_ETHERTYPE_IPV4
         : data[off] >> 4 == 6 ? TB_NET_ETHERTYPE_IPV6 : 0;
}

static void net_parse_ethernet(const guint8 *data, guint32 len, TbNetHeaders *out)
{
  if (len < NET_ETHERNET_BYTES)
    return;
  out->link.source_mac = data + NET_MAC_BYTES;
  out->link.ethertype = tb_get_u16(data + 2 * NET_MAC_BYTES, TRUE);
  out->network_off = NET_ETHERNET_BYTES;
  for (guint i = 0; i < NET_VLAN_TAGS && net_is_vlan(out->link.ethertype); i++) {
    if (len < out->network_off + NET_VLAN_BYTES)
      return;
    out->link.ethertype = tb_get_u16(data + out->network_off + 2, TRUE);
    out->network_off += NET_VLAN_BYTES;
  }
  out->link.known = TRUE;
}

static void net_parse_cooked(const guint8 *data, guint32 len, gboolean second, TbNetHeaders *out)
{
  guint32 bytes = second ? NET_COOKED_2_BYTES : NET_COOKED_BYTES;
  if (len < bytes)
    return;
  guint type = second ? data[10] : tb_get_u16(data, TRUE);
  guint mac_len = second ? data[11] : tb_get_u16(data + 4, TRUE);
  out->link.direction = type == NET_COOKED_OUTGOING ? TB_NET_DIRECTION_SENT : TB_NET_DIRECTION_RECEIVED;
  if (mac_len == NET_MAC_BYTES)
    out->link.source_mac = data + (second ? 12 : 6);
  out->link.ethertype = tb_get_u16(data + (second ? 0 : 14), TRUE);
  out->network_off = bytes;
  out->link.known = TRUE;
}

static void net_parse_link(guint32 link_type, const guint8 *data, guint32 len, TbNetHeaders *out)
{
  switch (link_type) {
  case LINK_ETHERNET:
    net_parse_ethernet(data, len, out);
    break;
  case LINK_COOKED:
    net_parse_cooked(data, len, FALSE, out);
    break;
  case LINK_COOKED_2:
    net_parse_cooked(data, len, TRUE, out);
    break;
  case LINK_NULL:
  case LINK_LOOP:
    /* The family's number differs between systems and byte orders: the IP header tells. */
    out->network_off = 4;
    out->link.ethertype = net_ethertype_of_version(data, 4, len);
    out->link.known = len >= 4;
    break;
  case LINK_RAW_BSD:
  case LINK_RAW:
  case LINK_IPV4:
  case LINK_IPV6:
    out->link.ethertype = net_ethertype_of_version(data, 0, len);
    out->link.known = TRUE;
    break;
  default:
    break;
  }
}

/* Returns: FALSE where no transport header follows */
static gboolean net_parse_ipv4(const guint8 *p, guint32 left, TbNetHeaders *out, guint32 *end)
{
  if (left < NET_IPV4_BYTES || p[0] >> 4 != 4)
    return FALSE;
  guint32 header = (p[0] & 15u) * 4u, total = tb_get_u16(p + 2, TRUE);
  guint16 fragment = tb_get_u16(p + 6, TRUE);
  if (header < NET_IPV4_BYTES)
    return FALSE;
  out->family = 4;
  out->protocol = p[9];
  out->fragment.id = tb_get_u16(p + 4, TRUE);
  memcpy(out->source, p + 12, 4);
  memcpy(out->destination, p + 16, 4);
  out->fragment.later = (fragment & 0x1fff) != 0;
  out->fragment.first = (fragment & 0x3fff) == 0x2000;
  out->transport_off = out->network_off + header;
  /* A length of 0 is what a sender leaves to its adapter (segmentation offload). */
  *end = out->network_off + (total >= header ? total : out->network_len);
  return !out->fragment.later;
}

/* RFC 826: kinds of both addresses, their lengths, what it is, then sender's and destination's. */
static gboolean net_parse_arp(const guint8 *p, guint32 left, TbNetHeaders *out)
{
  if (left < NET_ARP_BYTES || tb_get_u16(p + 2, TRUE) != TB_NET_ETHERTYPE_IPV4 ||
      p[4] != NET_MAC_BYTES || p[5] != 4)
    return FALSE;
  out->arp = TRUE;
  memcpy(out->source, p + 14, 4);
  memcpy(out->destination, p + 24, 4);
  return FALSE; /* nothing is transported */
}

static gboolean net_is_extension(guint8 protocol)
{
  return protocol == 0 || protocol == 43 || protocol == 44 || protocol == 60;
}

static gboolean net_parse_ipv6(const guint8 *p, guint32 left, TbNetHeaders *out, guint32 *end)
{
  if (left < NET_IPV6_BYTES || p[0] >> 4 != 6)
    return FALSE;
  guint32 payload = tb_get_u16(p + 4, TRUE), at = NET_IPV6_BYTES;
  out->family = 6;
  out->protocol = p[6];
  memcpy(out->source, p + 8, 16);
  memcpy(out->destination, p + 24, 16);
  for (guint i = 0; i < NET_IPV6_EXTENSIONS && net_is_extension(out->protocol); i++) {
    if (left < at + 8)
      return FALSE;
    if (out->protocol == 44) {
      out->fragment.id = tb_get_u32(p + at + 4, TRUE);
      guint16 fragment = tb_get_u16(p + at + 2, TRUE);
      out->fragment.later = (fragment & 0xfff8) != 0;
      out->fragment.first = (fragment & 0xfff9) == 1;
    }
    guint32 bytes = out->protocol == 44 ? 8 : (p[at + 1] + 1u) * 8u;
    out->protocol = p[at];
    at += bytes;
    if (out->fragment.later)
      break;
  }
  out->transport_off = out->network_off + at;
  *end = out->network_off + (payload ? NET_IPV6_BYTES + payload : out->network_len);
  return !out->fragment.later;
}

/* Types of RFC 792 and RFC 4443. */
static TbNetIcmp net_icmp_kind(gboolean six, guint8 type)
{
  if (six)
    return type == 128   ? TB_NET_ICMP_ASK
           : type == 129 ? TB_NET_ICMP_ANSWER
           : type < 128  ? TB_NET_ICMP_ERROR : TB_NET_ICMP_NONE;
  switch (type) {
  case 8:
  case 13: return TB_NET_ICMP_ASK;
  case 0:
  case 14: return TB_NET_ICMP_ANSWER;
  case 3:
  case 4:
  case 5:
  case 11:
  case 12: return TB_NET_ICMP_ERROR;
  default: return TB_NET_ICMP_NONE;
  }
}

static void net_parse_icmp(const guint8 *data, guint32 len, TbNetHeaders *out)
{
  guint32 off = out->transport_off;
  if (off > len || len - off < NET_ICMP_BYTES)
    return;
  out->icmp.kind = net_icmp_kind(out->protocol == TB_NET_PROTOCOL_ICMPV6, data[off]);
  if (out->icmp.kind == TB_NET_ICMP_ERROR)
    out->icmp.quoted_off = off + NET_ICMP_BYTES;
  else if (out->icmp.kind != TB_NET_ICMP_NONE)
    out->icmp.id = tb_get_u16(data + off + 4, TRUE);
}

static void net_parse_transport(const guint8 *data, guint32 len, guint32 end, TbNetHeaders *out)
{
  if (out->protocol == (out->family == 6 ? TB_NET_PROTOCOL_ICMPV6 : TB_NET_PROTOCOL_ICMP))
    net_parse_icmp(data, len, out);
  gboolean tcp = out->protocol == TB_NET_PROTOCOL_TCP;
  guint32 off = out->transport_off, bytes = tcp ? NET_TCP_BYTES : NET_UDP_BYTES;
  if ((!tcp && out->protocol != TB_NET_PROTOCOL_UDP) || off > len || len - off < bytes)
    return;
  const guint8 *p = data + off;
  if (tcp)
    bytes = (p[12] >> 4) * 4u;
  if (tcp && bytes < NET_TCP_BYTES)
    return;
  out->has_transport = TRUE;
  out->source_port = tb_get_u16(p, TRUE);
  out->destination_port = tb_get_u16(p + 2, TRUE);
  if (tcp) {
    out->tcp.seq = tb_get_u32(p + 4, TRUE);
    out->tcp.ack = tb_get_u32(p + 8, TRUE);
    out->tcp.flags = p[13];
  }
  out->payload.off = off + bytes;
  out->payload.len = end > out->payload.off ? end - out->payload.off : 0;
}

void tb_net_parse(guint32 link_type, const guint8 *data, guint32 len, guint32 orig_len,
                  TbNetHeaders *out)
{
  guint32 end = 0;
  memset(out, 0, sizeof *out);
  net_parse_link(link_type, data, len, out);
  if (!out->link.known)
    return;
  orig_len = MAX(orig_len, len);
  out->network_len = orig_len - MIN(orig_len, out->network_off);
  if (out->network_off > len)
    return;
  const guint8 *p = data + out->network_off;
  guint32 left = len - out->network_off;
  gboolean transport = out->link.ethertype == TB_NET_ETHERTYPE_IPV4   ? net_parse_ipv4(p, left, out, &end)
                       : out->link.ethertype == TB_NET_ETHERTYPE_IPV6 ? net_parse_ipv6(p, left, out, &end)
                       : out->link.ethertype == TB_NET_ETHERTYPE_ARP  ? net_parse_arp(p, left, out)
                                                                 : FALSE;
  if (transport)
    net_parse_transport(data, len, end, out);
}

gboolean tb_net_parse_quoted(const TbItem *packet, const TbNetHeaders *headers, TbNetHeaders *quoted)
{
  if (headers->icmp.kind != TB_NET_ICMP_ERROR || headers->icmp.quoted_off >= packet->record->len)
    return FALSE;
  const guint8 *data = packet->record->data + headers->icmp.quoted_off;
  guint32 len = packet->record->len - headers->icmp.quoted_off;
  tb_net_parse(LINK_RAW, data, len, len, quoted);
  if (quoted->family == 0 || quoted->fragment.later)
    return FALSE;
  /* Of TCP only the ports and the number may be there. */
  if (quoted->protocol == TB_NET_PROTOCOL_TCP && !quoted->has_transport &&
      quoted->transport_off <= len && len - quoted->transport_off >= NET_PORTS_BYTES) {
    quoted->has_transport = TRUE;
    quoted->source_port = tb_get_u16(data + quoted->transport_off, TRUE);
    quoted->destination_port = tb_get_u16(data + quoted->transport_off + 2, TRUE);
    quoted->tcp.seq = tb_get_u32(data + quoted->transport_off + 4, TRUE);
  }
  quoted->payload.len = 0;
  return TRUE;
}
