/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A run over a set of inputs: what was opened and what was found out of it, and
 * the assemblies of passes that read it. Prepare reads all inputs once and ends
 * in observers; emit reads them again and ends in a writer; count ends in the
 * counts of packets. Each is built from the same parts (driver.h). Knows stages
 * and interfaces, no format.
 */
#pragma once

#include "pass/options.h"
#include "stages/ledger.h"
#include "stages/link/link.h"
#include "stages/observer.h"
#include "stages/tally.h"

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TbRun TbRun;

/** tb_run_new: @options is copied */
TbRun *tb_run_new(const TbRunOptions *options);
void tb_run_free(TbRun *run);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TbRun, tb_run_free)

/** tb_run_add_observer: (transfer full): at most %TB_RUN_OBSERVERS, before tb_run_prepare() */
void tb_run_add_observer(TbRun *run, TbObserver *observer);

/**
 * tb_run_prepare: opens @inputs (@n of them) and reads them once.
 * What is damaged goes to the damage log, also where a stream cannot go on because of it: what
 * precedes the damage stays.
 *
 * Returns: FALSE where an input cannot be opened or read at all (TB_ERROR_IO,
 *   TB_ERROR_NOT_RECOGNIZED, TB_ERROR_UNSUPPORTED, TB_ERROR_CORRUPT, TB_ERROR_TRUNCATED or
 *   TB_ERROR_LIMIT), fits several machines (TB_ERROR_AMBIGUOUS), where clocks contradict
 *   (TB_ERROR_CLOCK), or the user stopped it (TB_ERROR_CANCELLED)
 */
gboolean tb_run_prepare(TbRun *run, const TbInputSpec *inputs, guint n, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/**
 * tb_run_emit: reads the inputs again and writes all records in the total order. @output is not
 * committed here. @counts: (out): what the writer counted
 *
 * Returns: FALSE with TB_ERROR_CLOCK where the inputs cannot be put on one axis, with the writer's
 *   error, and for what stops prepare
 */
gboolean tb_run_emit(TbRun *run, const TbWriterFormat *format, TbOutput *output,
                     TbWriterCounts *counts, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tb_run_count: instead of emit: reads the inputs that hold packets again and counts these by
 * process and owner.
 *
 * Returns: FALSE with TB_ERROR_CLOCK where the inputs cannot be put on one axis, and for what
 * stops emit, too
 */
gboolean tb_run_count(TbRun *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What was found; valid after prepare, all (transfer none): */

/** tb_run_get_readers: (element-type TbReader): in the order of the inputs */
const GPtrArray *tb_run_get_readers(const TbRun *run);
/** tb_run_get_folders: (element-type TbFolder): inputs that are folders */
const GPtrArray *tb_run_get_folders(const TbRun *run);
/** tb_run_get_machines: (element-type TbMachine): by rank */
const GPtrArray *tb_run_get_machines(const TbRun *run);
/** tb_run_get_sources: (element-type TbSource): by rank, one for each rank */
const GPtrArray *tb_run_get_sources(const TbRun *run);
const TbDamageLog *tb_run_get_damage(const TbRun *run);
/** tb_run_get_notes: (element-type utf8): sentences about what was found out of clocks */
const GPtrArray *tb_run_get_notes(const TbRun *run);
/** tb_run_get_packet_links: (nullable): asked with tb_packet_links_get_counts() */
const TbPacketLinks *tb_run_get_packet_links(const TbRun *run);
/** tb_run_get_align: (nullable): asked with tb_align_get_reason() and tb_align_get_pairs() */
const TbObserver *tb_run_get_align(const TbRun *run);
/**
 * tb_run_check_clocks: whether what was found can be interleaved; emit asks it, too.
 * Returns: FALSE with TB_ERROR_CLOCK
 */
gboolean tb_run_check_clocks(const TbRun *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/** tb_run_get_tally: (nullable): after count, or emit with owners.count */
const TbTally *tb_run_get_tally(const TbRun *run);
/** tb_run_has_packets: whether a source of @machine (NULL: of any) holds packets */
gboolean tb_run_has_packets(const TbRun *run, const TbMachine *machine);
/** tb_run_get_sorted: streams that were out of order and had to be sorted by emit */
guint tb_run_get_sorted(const TbRun *run);
/** tb_run_get_ledger: of the pass that ran last */
const TbLedger *tb_run_get_ledger(const TbRun *run);

G_END_DECLS
