/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Packets of events: which captured packet an event of a network device is about. The observer
 * of the prepare phase writes down, short, the packets of each capture and the buffers of each
 * recording; when all was seen they are compared by device, length and time, one to one; the
 * emit phase looks the result up. docs/packet-owners.md says what is compared with what. Knows
 * no file format; memory does not grow with the number of events.
 */
#pragma once

#include "stages/observer.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * TbPacketLinks: what can be seen of the stage
 * @steps: by type id: not 0 where an event is of use to tb_packet_links_apply()
 */
typedef struct {
  TbObserver observer;
  guint8 *steps;
  guint n_steps;
} TbPacketLinks;

/** tb_packet_links_new: @folder: (nullable): for temporary files. Returns: (transfer full) */
TbPacketLinks *tb_packet_links_new(const char *folder);

/** tb_packet_links_begin: the emit phase begins */
void tb_packet_links_begin(TbPacketLinks *links);

/**
 * tb_packet_links_apply: after finish(), events of each source in order: sets @event->link
 * where it is known. @event: its timeline_ns set
 *
 * Returns: FALSE with @error where a temporary file cannot be read
 */
gboolean tb_packet_links_apply(TbPacketLinks *links, TbItem *event, GError **error);

/** tb_packet_links_wants: whether the call above has to be asked about @event */
static inline gboolean tb_packet_links_wants(const TbPacketLinks *links, const TbItem *event)
{
  if (event->record->kind != TB_RECORD_EVENT)
    return event->record->kind == TB_RECORD_LOST && !event->record->source->frozen;
  return event->record->type->id < links->n_steps && links->steps[event->record->type->id] &&
         !event->record->source->frozen;
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
