/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Packets of events: which captured packet an event of a network device is about. The observer
 * of the prepare phase writes down, short, the packets of each capture and the buffers of each
 * recording; when all was seen they are compared by device, length and time, one to one; the
 * emit phase looks the result up. docs/packet-owners.md says what is compared with what. Knows
 * no file format; memory does not grow with the number of events.
 */
#pragma once

#include "stages/wire/wire.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * TbPacketLinks: what can be seen of the stage
 * @wire: (nullable): NULL = only rows are looked at
 * @asks_rows: rows that name a packet themselves are looked at, too
 */
typedef struct {
  TbObserver observer;
  TbWire *wire;
  gboolean asks_rows;
} TbPacketLinks;

/**
 * tb_packet_links_new: @folder: (nullable): for temporary files
 * @wire: (nullable): stands before it among the observers; without one it is not found out what
 *   events are about, and only what rows say themselves is looked at
 *
 * Returns: (transfer full)
 */
TbPacketLinks *tb_packet_links_new(TbWire *wire, const char *folder);

/** tb_packet_links_begin: the emit phase begins */
void tb_packet_links_begin(TbPacketLinks *links);

/**
 * tb_packet_links_keep_some: the output may leave packets out: only those that
 * tb_packet_links_keep() is told of before the emit phase begins are named by events
 */
void tb_packet_links_keep_some(TbPacketLinks *links);
/** tb_packet_links_keep: @packet, asked about with tb_packet_links_apply(), is in the output */
void tb_packet_links_keep(TbPacketLinks *links, const TbItem *packet);

/**
 * tb_packet_links_apply: after finish(), events and packets of each source in order: sets
 * @event->link of an event whose packet is known and in the output, and of a packet that an event
 * is about; @event->link_gone of a row whose packet is not in the output
 *
 * Returns: FALSE with @error where a temporary file cannot be read
 */
gboolean tb_packet_links_apply(TbPacketLinks *links, TbItem *event, GError **error);

/** tb_packet_links_wants: whether the call above has to be asked about @event */
static inline gboolean tb_packet_links_wants(const TbPacketLinks *links, const TbItem *event)
{
  const TbRecord *record = event->record;
  if (record->source->frozen)
    return G_UNLIKELY(links->asks_rows) && record->kind == TB_RECORD_EVENT &&
           record->type->ops->get_packet;
  if (!links->wire)
    return FALSE;
  if (record->kind != TB_RECORD_EVENT)
    return record->kind == TB_RECORD_LOST || record->kind == TB_RECORD_PACKET;
  return (record->type->facts & TB_WIRE_FACTS) != 0;
}

/**
 * TbPacketLinkCounts: for the report
 * @events: events of devices that were written
 * @linked: of these, those whose packet is known
 */
typedef struct {
  guint64 events;
  guint64 linked;
} TbPacketLinkCounts;

const TbPacketLinkCounts *tb_packet_links_get_counts(const TbPacketLinks *links);

G_END_DECLS
