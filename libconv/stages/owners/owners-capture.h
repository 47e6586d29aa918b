/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What captures showed while preparing: where each TCP stream begins and ends,
 * and some packets of each flow to compare with what the recording tells.
 */
#pragma once

#include "base/map.h"
#include "model/tuple.h"
#include "stages/wire/headers.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * OwnersStream: one life of a TCP flow, as captured
 * @ref: sequence number that positions are counted from: of the first data byte if @isn_known
 * @low, @high: lowest position of data, and the one behind the highest
 * @bottom, @top: the same of all packets; behind a FIN positions are one more
 * @end: position of the FIN, if @ended
 */
typedef struct {
  gint64 first_ns;
  gint64 last_ns;
  gint64 low;
  gint64 high;
  gint64 bottom;
  gint64 top;
  gint64 end;
  guint32 ref;
  guint32 next;
  gboolean isn_known;
  gboolean has_data;
  gboolean ended;
} OwnersStream;

/** OwnersFlow: packets of one direction: local is the sender */
typedef struct {
  TbTuple tuple;
  guint32 same;
  guint32 streams; /* newest, or TB_MAP_NONE */
  guint32 seen;
} OwnersFlow;

/**
 * OwnersSeen: a captured packet to compare with samples
 * @answers, @asks: the kernel's own: its sender, or who gets it, is no task
 */
typedef struct {
  gint64 time_ns;
  guint32 flow;
  guint32 len;
  guint32 payload;
  guint8 answers;
  guint8 asks;
} OwnersSeen;

/**
 * OwnersCapture: what was seen of one source of packets; whose it is may be known only later
 * @source: borrowed
 */
typedef struct {
  TbSource *source;
  GArray *flows; /* OwnersFlow */
  TbMap flow_by_tuple;
  GArray *streams;   /* OwnersStream */
  GArray *seen;      /* OwnersSeen */
  GArray *fragments; /* TbFragment */
} OwnersCapture;

OwnersCapture *owners_capture_new(TbSource *source);
void owners_capture_free(OwnersCapture *capture);
/** owners_capture_packet: a captured packet */
void owners_capture_packet(OwnersCapture *capture, const TbItem *packet);
/** owners_capture_align: from the times of preparing to those of the machine's timeline */
void owners_capture_align(OwnersCapture *capture);
/** owners_flow_find: the flow of @tuple, or NULL */
const OwnersFlow *owners_flow_find(const OwnersCapture *capture, const TbTuple *tuple);

/** owners_tuple: local is the sender; FALSE where there is neither IP nor ARP */
gboolean owners_tuple(const TbNetHeaders *headers, TbTuple *out);

G_END_DECLS
