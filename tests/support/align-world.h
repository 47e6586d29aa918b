/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A world of hosts that send and receive packets: recordings get network
 * events in the layout of Linux, captures get packets, both with a clock of
 * their own, and an alignment observer sees all of it.
 */
#pragma once

#include "stages/align/align.h"
#include "support/watchers.h"

enum { WORLD_QUEUE, WORLD_START, WORLD_RECEIVE, WORLD_PROBE, WORLD_N_TYPES };

/**
 * World:
 * @true_ns: wall-clock time of the next packet; each adds a random gap
 * @gap_ns: largest gap
 */
typedef struct {
  GPtrArray *readers;
  GPtrArray *notes;
  TbWire *wire;
  TbObserver *align;
  Watchers *watchers;
  TbEventType *types[WORLD_N_TYPES];
  GRand *rand;
  gint64 true_ns;
  gint64 gap_ns;
  guint64 skb;
  guint16 packets;
  guint8 data[2048];
} World;

/**
 * WorldClock: own time = (wall-clock time - @offset_ns) x @rate, in whole units of @cut
 * (0 = 1); @from_ns: from this wall-clock time on @step_ns more
 */
typedef struct {
  gint64 offset_ns;
  double rate;
  gint64 cut;
  gint64 from_ns;
  gint64 step_ns;
} WorldClock;

/** WorldPacket: what happens to one packet; NULL parts see nothing of it */
typedef struct {
  guint32 len; /* from the IP header on */
  gboolean received;
  guint8 sender; /* last byte of addresses */
  guint8 receiver;
  guint16 id;
  const char *device;
} WorldPacket;

/** world_new: @hosts, @reference: as of TbAlignOptions */
World *world_new(guint32 seed, gboolean hosts, const char *reference);
void world_free(World *world);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)

/** world_add_source: @machine: (nullable); in an input of its own. Returns: (transfer none) */
TbSource *world_add_source(World *world, TbMachine *machine, TbSourceClass class,
                           const char *name, TbClock clock, gboolean ticks);

/** world_next: time goes on; a packet of random length to or from host @self */
WorldPacket world_next(World *world, guint8 self);
gint64 world_own_time(const WorldClock *clock, gint64 true_ns);

/** world_record: the events of @packet whose stamp is taken at @true_ns */
void world_record(World *world, TbSource *source, const WorldClock *clock,
                  const WorldPacket *packet, gint64 true_ns);
/** world_capture: the packet itself */
void world_capture(World *world, TbSource *source, const WorldClock *clock,
                   const WorldPacket *packet, gint64 true_ns);
/** world_finish: all has been seen */
void world_finish(World *world);

/** world_has_note: whether a note holds @text */
gboolean world_has_note(const World *world, const char *text);
