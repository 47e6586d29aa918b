/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A machine whose recording and capture meet in the links of packets, made in memory. */
#pragma once

#include "stages/link/link.h"
#include "support/made-item.h"
#include "support/watchers.h"

#include <glib.h>

enum { QUEUE, START, XMIT, ARRIVE, PASS, RECEIVE, STEPS };
enum { AT_SKB = 8, AT_LEN = 16, AT_NETWORK = 20, AT_NAME = 24, AT_TEXT = 28, EVENT_BYTES = 44 };

/* One event as it is shown in both phases. */
typedef struct {
  gint64 time_ns;
  guint step;
  guint32 cpu;
  guint32 len; /* of the record */
  gboolean lost;
  guint8 data[EVENT_BYTES];
} Shown;

typedef struct {
  gint64 time_ns;
  guint32 len;
  guint32 flags;
  guint64 value;
} Packet;

typedef struct {
  TbMachine *machine;
  TbSource *recording;
  TbSource *capture;
  TbEventType *types[STEPS];
  TbWire *wire;
  TbPacketLinks *links;
  Watchers *watchers;
  GArray *shown;
  GArray *packets; /* Packet */
  gint64 now_ns;
  guint32 cpu;
} World;

World *world_new(void);
void world_free(World *w);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)
void world_show(World *w, const Shown *shown);
/** world_step: a step of the packet at @skb; @len: as the kernel tells it: with the link header where it is sent */
void world_step(World *w, guint step, const char *device, guint64 skb, guint32 len);
TbRecord world_packet_record(const World *w, const Packet *packet);
void world_add_packet(World *w, const Packet *packet);
/** world_packet_at: @len: of the whole frame */
void world_packet_at(World *w, gint64 time_ns, guint32 len);
void world_packet(World *w, guint32 len);
/** world_send: a packet that is sent, stamped shortly before the device starts with it */
void world_send(World *w, const char *device, guint64 skb, guint32 len);
void world_receive(World *w, const char *device, guint64 skb, guint32 len);
void world_finish(World *w);
/** world_dup_numbers: the number of each packet in order of time, 0 where no event is about it */
guint64 *world_dup_numbers(World *w);
/** world_dup_result: the packets of all events in order: "1 1 1 2 - -" */
char *world_dup_result(World *w);
void world_expect(World *w, const char *expected);
