/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A stage of the prepare phase: it is shown, once and in time order, the events
 * it asked for, and leaves what it found in the machines' timelines (or in
 * state of its own). Emit never calls it.
 */
#pragma once

#include "model/fact.h"
#include "model/item.h"

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TbObserver TbObserver;

/**
 * TbObserverOps:
 * @name: for messages
 * @wants_type: asked once for every event type, before its first event. The
 *   place to look up fields; keep what was found in a table by type->id. @type is bound to its
 *   decoder already
 * @wants_packets: whether packets (headers and bytes) are shown
 * @any_order: how packets lie between the events of other inputs does not matter to it
 * @facts: TB_FACT_BIT() of the kinds of facts that are shown, of all events that tell them
 * @fact: (nullable): a fact that @item tells
 * @event: (nullable): one event, borrowed. TRACE events of wanted types, all LOST events of
 *   event sources, and packets if wanted. Its time is on the axis known when the
 *   inputs were opened ("timeline time"), not yet aligned
 * @finish: all inputs have been seen
 * @free: releases the observer
 */
typedef struct {
  const char *name;
  gboolean (*wants_type)(TbObserver *observer, const TbEventType *type);
  gboolean wants_packets;
  gboolean any_order;
  guint64 facts;
  void (*fact)(TbObserver *observer, const TbItem *item, const TbFact *fact);
  void (*event)(TbObserver *observer, const TbItem *event);
  gboolean (*finish)(TbObserver *observer, GError **error);
  void (*free)(TbObserver *observer);
} TbObserverOps;

/**
 * TbObserver: first member of each stage's own struct
 * @sink: (nullable): while records are read: who asks decoders for facts. A kind that an observer
 *   wants only now and then it adds to and takes from @sink->wants
 * @takes_frozen: facts of converted files, too
 */
struct _TbObserver {
  const TbObserverOps *ops;
  TbFactSink *sink;
  gboolean takes_frozen;
};

G_END_DECLS
