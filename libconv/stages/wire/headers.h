/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Headers of one captured packet: link, network and transport layer. Every
 * read is checked against the captured length. Knows no capture format and
 * keeps no state.
 */
#pragma once

#include "model/item.h"

#include <glib.h>

G_BEGIN_DECLS

enum {
  TB_NET_ETHERTYPE_IPV4 = 0x0800,
  TB_NET_ETHERTYPE_ARP = 0x0806,
  TB_NET_ETHERTYPE_IPV6 = 0x86dd,
};

enum {
  TB_NET_PROTOCOL_ICMP = 1,
  TB_NET_PROTOCOL_TCP = 6,
  TB_NET_PROTOCOL_UDP = 17,
  TB_NET_PROTOCOL_ICMPV6 = 58,
};

/* Flags of a TCP header. */
enum { TB_NET_TCP_FIN = 1, TB_NET_TCP_SYN = 2, TB_NET_TCP_RST = 4, TB_NET_TCP_ACK = 16 };

typedef enum {
  TB_NET_DIRECTION_UNKNOWN,
  TB_NET_DIRECTION_SENT,
  TB_NET_DIRECTION_RECEIVED,
} TbNetDirection;

typedef enum {
  TB_NET_ICMP_NONE,
  TB_NET_ICMP_ASK,    /* an echo or time request */
  TB_NET_ICMP_ANSWER, /* the reply to one */
  TB_NET_ICMP_ERROR,  /* about a packet that it quotes */
} TbNetIcmp;

/**
 * TbNetLink: what the layers before the network's say
 * @known: the link type is one that is understood here
 * @direction: as a cooked capture's header says
 * @source_mac: (nullable): 6 bytes in the packet
 * @ethertype: of the network layer, behind VLAN tags; 0 = not stated
 */
typedef struct {
  gboolean known;
  TbNetDirection direction;
  const guint8 *source_mac;
  guint16 ethertype;
} TbNetLink;

/**
 * TbNetFragment: its place in a datagram that was cut
 * @later: not the first fragment: there is no transport header
 * @first: others follow that are a part of the same datagram
 * @id: IPv4 identification, or that of an IPv6 fragment
 */
typedef struct {
  gboolean later;
  gboolean first;
  guint32 id;
} TbNetFragment;

typedef struct {
  guint32 seq;
  guint32 ack;
  guint8 flags;
} TbNetTcp;

/**
 * TbNetControl: of ICMP and ICMPv6
 * @id: which asker an ASK or ANSWER belongs to
 * @quoted_off: of an ERROR: of the IP header of the packet it is about
 */
typedef struct {
  TbNetIcmp kind;
  guint16 id;
  guint32 quoted_off;
} TbNetControl;

/**
 * TbNetPayload: of the transport layer
 * @off: where it begins in the packet
 * @len: its length on the wire, padding left out
 */
typedef struct {
  guint32 off;
  guint32 len;
} TbNetPayload;

/**
 * TbNetHeaders: what could be read; a layer that is not known or cut short leaves its part zero
 * @network_off: bytes before the network header; VLAN tags belong to them
 * @network_len: bytes on the wire from the network header on
 * @family: 4 or 6; 0 = no IP
 * @protocol: IP protocol behind IPv6 extension headers
 * @arp: it is ARP for IPv4: @source and @destination are those of its message, 4 bytes each
 * @source, @destination: 4 or 16 bytes by @family
 * @transport_off: of the transport header; valid if @has_transport
 * @has_transport: ports (TCP, UDP) and for TCP @tcp could be read; @payload is valid
 */
typedef struct {
  TbNetLink link;
  guint32 network_off;
  guint32 network_len;
  guint8 family;
  guint8 protocol;
  gboolean arp;
  TbNetFragment fragment;
  guint8 source[16];
  guint8 destination[16];
  guint32 transport_off;
  gboolean has_transport;
  guint16 source_port;
  guint16 destination_port;
  TbNetTcp tcp;
  TbNetControl icmp;
  TbNetPayload payload;
} TbNetHeaders;

/**
 * tb_net_parse: @data: @len captured bytes of a packet of @orig_len bytes on the wire
 * @link_type: pcap link type
 */
void tb_net_parse(guint32 link_type, const guint8 *data, guint32 len, guint32 orig_len,
                  TbNetHeaders *out);

/** tb_net_parse_packet: the same for a packet; what was put behind its frame is no part of it */
static inline void tb_net_parse_packet(const TbItem *packet, TbNetHeaders *out)
{
  tb_net_parse(packet->record->source->link.type, packet->record->data, packet->record->len - packet->record->trailer_len,
               packet->record->orig_len - packet->record->trailer_len, out);
}

/**
 * tb_net_parse_quoted: @quoted: (out): headers of the packet that @packet, the news of an error, is
 *   about; of TCP only ports and number may be there. FALSE if it is no such news
 */
gboolean tb_net_parse_quoted(const TbItem *packet, const TbNetHeaders *headers,
                             TbNetHeaders *quoted);

G_END_DECLS
