/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How the pcapng writer turns system events into blocks: one table per
 * encoding, one file per table. The writer knows files and packets, an
 * encoding knows rows.
 */
#pragma once

#include "format/writer.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * TbPcapngEncoding:
 * @name: value of the writer's setting "events"
 * @new: Returns: (transfer full): state for one output; @writer outlives it
 * @add_source: every source, of events or packets, in the order of ranks; some come in mid-file
 * @append: appends the whole block(s) of one TRACE or LOST event; @interface is
 *   its source's number in the output, the event's time is not negative
 * @free: releases what @new returned
 */
typedef struct {
  const char *name;
  gpointer (*new)(TbWriter *writer);
  void (*add_source)(gpointer encoder, const TbSource *source);
  void (*append)(gpointer encoder, const TbItem *event, guint32 interface, TbBuf *out);
  void (*free)(gpointer encoder);
} TbPcapngEncoding;

/** Rows of the systemd journal dissector: the default. */
extern const TbPcapngEncoding tb_pcapng_journal;

G_END_DECLS
