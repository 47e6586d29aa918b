/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Decoders: what the records of a family of event types mean, as facts. Linux
 * events have one (decode/linux), whoever reads them; a format whose events
 * mean something of their own brings its own. A type names its decoder in its
 * ops and is bound to it once.
 */
#pragma once

#include "model/fact.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * TbDecoder:
 * @name: for messages
 * @frozen: its events are rows of converted files: what they mean was taken into account when they
 *   were made, and is told only to who wants that
 * @bind: compiles what @type's events tell into @plan. Returns: TB_FACT_BIT() of the kinds they
 *   can tell, 0 = none
 * @free_plan: (nullable): releases what @bind made
 * @new_state: (nullable): what is remembered from one record of @machine to the next
 * @free_state: (nullable)
 * @lost: (nullable): records of the machine were lost: what was remembered may be wrong
 * @decode: tells @sink what @record means, as far as it wants that. @state: (nullable): NULL = tell
 *   only what the record says by itself
 */
struct _TbDecoder {
  const char *name;
  gboolean frozen;
  guint64 (*bind)(const TbEventType *type, gpointer *plan);
  void (*free_plan)(gpointer plan);
  gpointer (*new_state)(const TbMachine *machine);
  void (*free_state)(gpointer state);
  void (*lost)(gpointer state);
  void (*decode)(gconstpointer plan, gpointer state, const TbRecord *record, TbFactSink *sink);
};

/**
 * tb_event_type_bind: binds @type to its decoder, at the first call.
 * Returns: TB_FACT_BIT() of the kinds that its events can tell
 */
guint64 tb_event_type_bind(TbEventType *type);

/** tb_event_type_get_facts: the same, for stages that are shown events and not types */
static inline guint64 tb_event_type_get_facts(const TbEventType *type)
{
  return G_LIKELY(type->bound) ? type->facts : tb_event_type_bind((TbEventType *)(gpointer)type);
}

/** tb_event_type_decode: @type must be bound */
static inline void tb_event_type_decode(const TbEventType *type, gpointer state,
                                        const TbRecord *record, TbFactSink *sink)
{
  type->ops->decoder->decode(type->plan, state, record, sink);
}

G_END_DECLS
