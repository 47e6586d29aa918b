/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What alignment keeps while preparing: of each recording its network events,
 * of each capture its packets, as times and lengths. Bounded: where there are
 * too many, the later ones of the most frequent lengths are left out, because
 * a rare length says most. Knows steps of buffers and packets, not how they are compared.
 */
#pragma once

#include "stages/wire/wire.h"

#include <glib.h>

G_BEGIN_DECLS

enum {
  TB_ALIGN_SAMPLES = 1 << 18, /* events of one recording's buffer, packets of one capture */
  TB_ALIGN_SAMPLES_ALL = 1 << 21, /* of all sources together, but for each at least */
  TB_ALIGN_SAMPLES_MIN = 1 << 12,
  TB_ALIGN_DEVICES = 64,
  TB_ALIGN_GROUPS = 64,
  TB_ALIGN_LENGTHS = 1 << 16, /* network lengths compared are below this */
};

#define TB_ALIGN_NO_TIME G_MININT64

/**
 * TbAlignEvent: a packet as a recording saw it
 * @time_ns: of the event nearest to the packet's stamp
 * @before_ns: a moment that lies before the stamp by causality, or %TB_ALIGN_NO_TIME
 * @after_ns: a moment that lies behind the stamp by causality, or %TB_ALIGN_NO_TIME
 * @len: bytes from the network header on
 * @device: number, the last one for all beyond the table
 * @received: otherwise sent
 */
typedef struct {
  gint64 time_ns;
  gint64 before_ns;
  gint64 after_ns;
  guint32 len;
  guint16 device;
  guint8 received;
} TbAlignEvent;

/**
 * TbAlignPacket: a packet as a capture saw it
 * @group: packets of one sender; place in the track's table
 */
typedef struct {
  gint64 time_ns;
  guint32 len;
  guint32 group;
} TbAlignPacket;

/** TbAlignKey: what identifies a packet on two hosts, and when it was stamped */
typedef struct {
  guint64 key;
  gint64 time_ns;
  guint32 group;
} TbAlignKey;

/**
 * TbAlignGroup: who sends some of a capture's packets
 * @id: its address and what the capture says of the direction, as one number
 * @direction: as the capture says
 */
typedef struct {
  guint64 id;
  TbNetDirection direction;
} TbAlignGroup;

typedef struct _TbAlignReceives TbAlignReceives;

/* Lengths that are limited together: few enough for a table in each source. */
#define TB_ALIGN_LIMIT_CLASSES 8192
#define TB_ALIGN_LIMIT_CLASS(len) ((len) % TB_ALIGN_LIMIT_CLASSES)

/** TbAlignLimits: how many of each class of lengths are kept, once that must be limited */
typedef struct {
  guint32 *counts;
  guint32 *limits;
} TbAlignLimits;

/**
 * TbAlignTrack: what was seen of one source
 * @source: owned reference
 * @events: (nullable): of TbAlignEvent: recordings
 * @packets: (nullable): of TbAlignPacket: captures
 * @keys: (nullable): of TbAlignKey: captures
 * @key_mask: only keys without these bits were kept
 * @n_devices: beyond the highest number of those with events
 * @first_mark: of the buffers' marks: of the first of @events
 * @receives: (nullable): what each CPU received last
 * @groups: of TbAlignGroup
 * @most: samples that are kept
 * @cooked: the capture can hold packets of several devices
 * @seen: network events or packets that could be used
 * @first_ns, @last_ns: of these; valid if @seen
 */
typedef struct {
  TbSource *source;
  GArray *events;
  GArray *packets;
  GArray *keys;
  guint64 key_mask;
  GArray *groups;
  gboolean cooked;
  guint64 seen;
  gint64 first_ns;
  gint64 last_ns;
  guint32 most;
  TbAlignLimits limits;
  TbAlignReceives *receives;
  guint n_devices;
  guint32 first_mark;
  guint last_group;
} TbAlignTrack;

/** tb_align_track_new: @most: samples to keep, at least %TB_ALIGN_SAMPLES_MIN */
TbAlignTrack *tb_align_track_new(TbSource *source, guint32 most);
void tb_align_track_free(TbAlignTrack *track);

/* What a recording tells that alignment can use. */
#define TB_ALIGN_FACTS                                                                     \
  (TB_FACT_BIT(TB_FACT_BUFFER_QUEUED) | TB_FACT_BIT(TB_FACT_BUFFER_STARTED) |              \
   TB_FACT_BIT(TB_FACT_BUFFER_SENT) | TB_FACT_BIT(TB_FACT_BUFFER_ARRIVED) |                \
   TB_FACT_BIT(TB_FACT_BUFFER_RECEIVED) | TB_FACT_BIT(TB_FACT_STACK_GOES_ON))

/** tb_align_track_fact: one of %TB_ALIGN_FACTS, in the order of its CPU; @wire: has taken the step */
void tb_align_track_fact(TbAlignTrack *track, TbWire *wire, const TbItem *item, const TbFact *fact);
/** tb_align_track_packet: a packet and its @headers */
void tb_align_track_packet(TbAlignTrack *track, const TbItem *event, const TbNetHeaders *headers);

G_END_DECLS
