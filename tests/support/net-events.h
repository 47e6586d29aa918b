/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Socket, network and system call events made in memory, in the layout of
 * Linux trace events, with the packets beside them, shown to the stage of owners one
 * by one. All is between 10.0.0.1 (the lower port's peer) and 10.0.0.2.
 */
#pragma once

#include "pass/facts.h"
#include "stages/owners/owners.h"

#define NET_TYPES 11
/* A task whose birth was not seen: it passes for a process. */
#define NET_OLDER 500

/**
 * Net: a machine of x86_64, a recording and a capture of it
 * @now_ns: time of the next event; each adds a microsecond
 * @irq: events are in interrupt context
 */
typedef struct {
  TbMachine *machine;
  TbSource *events;
  TbSource *packets;
  TbObserver *stage;
  GPtrArray *observers;
  TbFacts *facts;
  TbEventType *types[NET_TYPES];
  GPtrArray *shown; /* packets */
  gint64 now_ns;
  gboolean irq;
  guint16 ip_id;    /* of the next packets */
  guint16 fragment; /* the same: flags and offset */
  guint8 data[256];
} Net;

Net *net_new(void);
void net_free(Net *net);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Net, net_free)

/** net_connect: @tid connects the socket at @sk; the connection is from 10.0.0.1 */
void net_connect(Net *net, gint32 tid, guint64 sk, guint16 port, guint16 to);
/** net_accept: a socket of 10.0.0.2:@to comes out of a listening one, in an interrupt */
void net_accept(Net *net, guint64 sk, guint16 port, guint16 to);
/** net_close: the socket at @sk is gone */
void net_close(Net *net, gint32 tid, guint64 sk, guint16 local, guint16 remote);
void net_space_adjust(Net *net, gint32 tid, guint64 sk, guint16 local, guint16 remote);
/** net_length: sock_send_length or sock_recv_length of TCP */
void net_length(Net *net, gint32 tid, guint64 sk, gboolean out, gint32 bytes, gint32 flags);
/** net_datagram: sock_recv_length of UDP */
void net_datagram(Net *net, gint32 tid, guint64 sk, gint32 bytes);
/** net_transmit: net_dev_queue and net_dev_start_xmit of @len bytes behind the link header */
void net_transmit(Net *net, gint32 tid, guint64 skb, guint32 len);
/** net_receive: netif_receive_skb and sk_data_ready, in an interrupt */
void net_receive(Net *net, guint64 sk, guint32 len);
void net_enter(Net *net, gint32 tid, gint64 number, gint64 a, gint64 b, gint64 c);
void net_leave(Net *net, gint32 tid, gint64 number, gint64 result);
/** net_call: both */
void net_call(Net *net, gint32 tid, gint64 number, gint64 a, gint64 b, gint64 c, gint64 result);
void net_fork(Net *net, gint32 parent, gint32 child, gint64 flags);
void net_lost(Net *net);

/** net_packet_tcp: the end with the port above 1023 is 10.0.0.1 */
void net_packet_tcp(Net *net, guint16 from, guint16 to, guint32 seq, guint32 ack, guint8 flags,
                    guint16 payload);
/** net_packet_piece: a later fragment of a datagram of UDP; see @ip_id and @fragment */
void net_packet_piece(Net *net, guint16 from, guint16 to, guint16 payload);
/** net_packet_icmp: @from as above, though there are no ports */
void net_packet_icmp(Net *net, guint16 from, guint8 type, guint16 id, guint16 payload);
/** net_packet_error: 10.0.0.2 cannot deliver a datagram of 10.0.0.1 from @from to @to */
void net_packet_error(Net *net, guint16 from, guint16 to);
void net_packet_udp(Net *net, guint16 from, guint16 to, guint16 payload);
void net_finish(Net *net);

/**
 * net_apply: the owners of the @n-th packet, whose capture says @told (nullable). Names are valid
 * until @net is freed only where @told has them
 */
TbOwners net_apply(Net *net, guint n, const TbOwners *told);
/** net_expect: the owners of the @n-th packet; 0 = nobody */
void net_expect(Net *net, guint n, gint32 src, TbConfidence src_confidence, gint32 dst,
                TbConfidence dst_confidence);
