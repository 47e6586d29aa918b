/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A run's state, shared by its assemblies only. */
#pragma once

#include "pass/inputs.h"
#include "pass/run.h"
#include "pass/streams.h"
#include "stages/wire/wire.h"

G_BEGIN_DECLS

enum { TB_RUN_OBSERVERS = 30 }; /* a bit each in the interest of a type */

/**
 * RunFound: what the stages found out, kept until the run is freed
 * @wire: (nullable): the first of the observers, for the others
 * @align, @owners, @links: (nullable): of the observers, those that later passes ask
 * @tally: (nullable): packets counted by the pass that ran last
 * @notes: (element-type utf8)
 */
typedef struct {
  TbWire *wire;
  TbObserver *align;
  TbObserver *owners;
  TbPacketLinks *links;
  TbTally *tally;
  GPtrArray *notes;
} RunFound;

/**
 * TbRun:
 * @machines, @sources: by rank, once they are known
 * @observers: (element-type TbObserver)
 * @n_announced: types that the observers were asked about
 * @ledger: of the pass that ran last
 * @unread: prepare has read no records: emit is the first to see them
 */
struct _TbRun {
  TbRunOptions options;
  const TbLimits *limits;
  TbDamageLog *damage;
  TbInputs *inputs;
  GPtrArray *machines;
  GPtrArray *sources;
  GPtrArray *observers;
  TbStreams *streams;
  RunFound found;
  guint32 n_announced;
  guint n_sorted;
  TbLedger ledger;
  gboolean unread;
};

/** run_open: opens @inputs; machines, sources and clocks as far as they are known by then */
gboolean run_open(TbRun *run, const TbInputSpec *inputs, guint n, GError **error);

/** run_finish: all was seen: the observers but the alignment draw their conclusions */
gboolean run_finish(TbRun *run, GError **error);

/** run_rewind: all inputs back to their first records. @hints: what the pass to come needs of them */
gboolean run_rewind(TbRun *run, const TbReaderHints *hints, GError **error);

/** run_read: the records of all inputs for the observers; prepare's pass over them */
gboolean run_read(TbRun *run, GError **error);

/**
 * run_choose_packets: where processes are chosen: tells the links which packets will be in the
 * output; after ranks are those of the output
 */
gboolean run_choose_packets(TbRun *run, GError **error);

/** run_may_have: whether an input has sources of @class, as far as that can be told before it is read */
gboolean run_may_have(const TbRun *run, TbSourceClass class);

/** run_tick: progress and cancelling, now and then. FALSE with TB_ERROR_CANCELLED */
gboolean run_tick(TbRun *run, const char *phase, GError **error);

G_END_DECLS
