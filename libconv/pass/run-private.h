/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A run's state, shared by its assemblies only. */
#pragma once

#include "pass/driver.h"
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

/**
 * run_add_stages: to @pass everything between its order and a writer with @capabilities; @stages
 * (element-type TbStage) own it. @growing: timelines are filled by the same pass
 */
void run_add_stages(TbRun *run, TbPass *pass, GPtrArray *stages, guint32 capabilities,
                    gboolean growing);

/** run_wants_source: whether @source has something to say to a writer with @capabilities */
gboolean run_wants_source(const TbRun *run, const TbSource *source, guint32 capabilities);
/** run_list_sources: all that have. Returns: (transfer container) (element-type TbSource): by rank */
GPtrArray *run_list_sources(const TbRun *run, guint32 capabilities);
/** run_number_sources: ranks become the places in @kept, which are the writer's interface numbers */
void run_number_sources(const TbRun *run, const GPtrArray *kept);

/** run_tick: progress and cancelling, now and then. FALSE with TB_ERROR_CANCELLED */
gboolean run_tick(TbRun *run, const char *phase, GError **error);

G_END_DECLS
