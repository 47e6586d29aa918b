/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which packets a task's calls sent and took, where their bytes are not
 * counted: buffers from the task that queued them to the device, and from the
 * device to the task that read them. Knows no descriptors.
 */
#pragma once

#include "stages/resource/resource-samples.h"
#include "stages/resource/resource-tasks.h"

G_BEGIN_DECLS

enum {
  RESOURCE_SKBS = 4096,         /* buffers on their way to a device */
  RESOURCE_CPUS = 1024,         /* receive chains are followed on so many */
  RESOURCE_RECENT = 64,         /* received packets that a reader may still come for */
  RESOURCE_ARRIVED = 64,        /* datagrams that wait for their reader, by socket */
  RESOURCE_SAMPLES = 1 << 18,   /* of packets sent, and of those received */
  RESOURCE_UDP4_BYTES = 28,     /* headers of IP and UDP */
  RESOURCE_UDP6_BYTES = 48,
};

/* A buffer that a task queued in its own context. */
typedef struct {
  guint64 buffer;
  guint32 len;
  gint32 tid;
  guint32 calls;
  gint64 time_ns;
} ResourceQueued;

/* A received packet: the last one of a CPU, or one of the last ones of all. */
typedef struct {
  gint64 time_ns;
  guint32 len;
} ResourceArrival;

/**
 * ResourcePackets:
 * @tasks: borrowed
 * @starts_told: the moment when a device gets a buffer is told
 * @recent: of all CPUs: received and not known to be read
 */
typedef struct {
  ResourceTasks *tasks;
  gboolean starts_told;
  ResourceQueued *queued;
  ResourceArrival *arrivals; /* by CPU */
  ResourceArrival recent[RESOURCE_RECENT];
  guint32 n_recent;
  GArray *inboxes; /* ResourceInbox */
  TbMap inbox_by_socket;
  GArray *sent;     /* ResourceSample */
  GArray *received; /* ResourceSample */
} ResourcePackets;

void resource_packets_init(ResourcePackets *packets, ResourceTasks *tasks);
void resource_packets_clear(ResourcePackets *packets);
/** resource_packets_forget: events were lost */
void resource_packets_forget(ResourcePackets *packets);
/**
 * resource_packets_seal: nothing more comes: buffers that no device was seen to take count, too,
 *   and samples are sorted
 */
void resource_packets_seal(ResourcePackets *packets);

/** resource_packets_queue: @actor: the acting task, 0 = none */
void resource_packets_queue(ResourcePackets *packets, guint64 buffer, guint32 len, gint32 actor,
                            gint64 time_ns);
/** resource_packets_start: a device gets the buffer; @network: bytes from its network header on, 0 = unknown */
void resource_packets_start(ResourcePackets *packets, guint64 buffer, gint64 len, guint32 network,
                            gint32 actor, gint64 time_ns);
void resource_packets_receive(ResourcePackets *packets, guint32 len, guint32 cpu, gint64 time_ns);
/** resource_packets_ready: the packet received last on @cpu reached @socket */
void resource_packets_ready(ResourcePackets *packets, guint64 socket, guint32 cpu);

/**
 * resource_packets_settle: the samples that @task's present call has sent get what the call moved,
 *   or (@drop) are taken back
 */
void resource_packets_settle(ResourcePackets *packets, const ResourceTask *task, gint32 bytes,
                             gboolean drop);
/** resource_packets_note_stream: @task's call wrote bytes that are counted: its samples say less */
void resource_packets_note_stream(ResourcePackets *packets, ResourceTask *task);
/** resource_packets_read: @tid read a datagram of @bytes; @lossy: events are missing here and there */
void resource_packets_read(ResourcePackets *packets, gint32 tid, guint64 socket, gint32 bytes,
                           gboolean lossy, gint64 time_ns);
/** resource_packets_read_unnamed: the same where only the call's result is known */
void resource_packets_read_unnamed(ResourcePackets *packets, gint32 tid, gint64 bytes);
/** resource_packets_found_empty: a reader of @socket found nothing */
void resource_packets_found_empty(ResourcePackets *packets, guint64 socket, gint64 time_ns);

G_END_DECLS
