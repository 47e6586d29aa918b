/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A Process Monitor log with network operations and a capture that goes with it, made in memory
 * and shown to the stage of owners, or written to files. Times are milliseconds from PML_BUILDER_START.
 */
#pragma once

#include "stages/owners/owners.h"
#include "support/pml-builder.h"
#include "support/pml-open.h"

/** Hosts: the recorded machine, others, and addresses of neither. */
typedef enum {
  PML_NET_HERE = 1,
  PML_NET_PEER = 2,
  PML_NET_OTHER = 3,
  PML_NET_LOOP = 127,
  PML_NET_GROUP = 224,
} PmlNetHost;

typedef struct {
  PmlNetHost host;
  guint16 port;
} PmlNetEnd;

/** Operations by their numbers in the log. */
typedef enum {
  PML_NET_SEND = 2,
  PML_NET_RECEIVE,
  PML_NET_ACCEPT,
  PML_NET_CONNECT,
  PML_NET_DISCONNECT,
  PML_NET_RECONNECT,
  PML_NET_RETRANSMIT,
  PML_NET_COPY,
} PmlNetOperation;

/**
 * PmlNet:
 * @builder: for what is not offered here
 * @six: addresses are IPv6
 * @mapped: operations have IPv4 addresses in IPv6 form
 * @link_type: of the capture: 1 Ethernet, 101 raw IP
 */
typedef struct {
  PmlBuilder *builder;
  gboolean six;
  gboolean mapped;
  guint32 link_type;
  TbSource *packets;
  GPtrArray *shown; /* GBytes: time, then the packet */
  PmlOpen open;
  TbObserver *stage;
} PmlNet;

PmlNet *pml_net_new(gboolean is64);
void pml_net_free(PmlNet *net);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PmlNet, pml_net_free)

/** pml_net_process: its process index is @pid + 1000 * @life; @end_ms: 0 = runs */
void pml_net_process(PmlNet *net, guint32 pid, guint life, const char *name, double start_ms,
                     double end_ms);
/** pml_net_tcp, pml_net_udp: an operation between @local and @remote; its thread is a kernel worker's */
void pml_net_tcp(PmlNet *net, double ms, guint32 process, PmlNetOperation operation,
                 PmlNetEnd local, PmlNetEnd remote, guint32 length);
void pml_net_udp(PmlNet *net, double ms, guint32 process, PmlNetOperation operation,
                 PmlNetEnd local, PmlNetEnd remote, guint32 length);

/** pml_net_segment, pml_net_datagram: a captured packet */
void pml_net_segment(PmlNet *net, double ms, PmlNetEnd from, PmlNetEnd to, guint32 seq, guint32 ack,
                     guint8 flags, guint16 payload);
void pml_net_datagram(PmlNet *net, double ms, PmlNetEnd from, PmlNetEnd to, guint16 payload);

/** pml_net_finish: shows all to the stage of owners */
void pml_net_finish(PmlNet *net);
/** pml_net_owners: of the @n-th packet; strings are not valid any more */
TbOwners pml_net_owners(PmlNet *net, guint n);
/** pml_net_expect: the owners of the @n-th packet by pid; 0 = nobody; threads are never stated */
void pml_net_expect(PmlNet *net, guint n, gint32 src, gint32 dst);
/** pml_net_guess: the same, both known by the context alone */
void pml_net_guess(PmlNet *net, guint n, gint32 src, gint32 dst);
/** pml_net_name: the name of the sender of the @n-th packet */
const char *pml_net_name(PmlNet *net, guint n);
/** pml_net_write: the log and a pcap of nanoseconds */
gboolean pml_net_write(PmlNet *net, const char *log, const char *capture);
