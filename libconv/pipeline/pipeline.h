/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The two phases over a set of inputs. Prepare reads all of them once, shows
 * the observers what they asked for, and settles machines, sources and axes;
 * emit reads them again and streams every event, mapped, ordered and with its
 * context, to a writer. Knows stages and interfaces, no format.
 */
#pragma once

#include "base/limits.h"
#include "format/registry.h"
#include "model/owner.h"
#include "stages/filter.h"
#include "stages/observer.h"
#include "stages/packet-link/packet-link.h"
#include "stages/tally.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * TbInputSpec: one input as the user names it
 * @path: file, or "-"
 * @machine: (nullable): name of its machine; NULL = what the file says
 * @shift_ns: added to its times, if @shifted
 */
typedef struct {
  const char *path;
  const char *machine;
  gint64 shift_ns;
  gboolean shifted;
} TbInputSpec;

/**
 * TbPipelineOptions: (all borrowed, must outlive the pipeline)
 * @registry: formats
 * @limits: (nullable): NULL = the defaults
 * @settings: (nullable): for readers and writers, string -> string
 * @align_off: accept the clocks as they stand
 * @align_hosts: correct the clocks of hosts by the packets seen at both ends
 * @align_reference: (nullable): the host whose clock stands
 * @no_events, @no_packets: leave these kinds out
 * @strip_trailers: take what names owners behind a packet's frame away from its bytes
 * @owners: name the processes of packets that are known at least so well; NONE = do not look
 * @packet_links: find out which packet an event is about, where owners are looked for
 * @count_only: tb_pipeline_count() is to follow, not emit: clocks matter only where there are
 *   packets
 * @count_owners: emit counts the packets it meets
 * @filter: processes whose events and packets are wanted; empty = all
 * @time_offset_ns: added to the times of all sources
 * @foretell: prepare may leave reading the records to emit where it has nothing to learn from them;
 *   sources then count only when emit is done
 * @sort_folder: (nullable): where unsorted inputs may be spilled
 * @progress: (nullable): called now and then; @fraction of the phase, 0 to 1
 * @cancel: (nullable): not 0 = stop with TB_ERROR_CANCELLED
 */
typedef struct {
  const TbRegistry *registry;
  const TbLimits *limits;
  GHashTable *settings;
  gboolean align_off;
  gboolean align_hosts;
  const char *align_reference;
  gboolean no_events;
  gboolean no_packets;
  gboolean strip_trailers;
  TbConfidence owners;
  gboolean packet_links;
  gboolean count_only;
  gboolean count_owners;
  TbFilterWish filter;
  gint64 time_offset_ns;
  gboolean foretell;
  const char *sort_folder;
  void (*progress)(gpointer data, const char *phase, double fraction);
  gpointer progress_data;
  const gint *cancel;
} TbPipelineOptions;

typedef struct _TbPipeline TbPipeline;

/** tb_pipeline_new: @options is copied */
TbPipeline *tb_pipeline_new(const TbPipelineOptions *options);
void tb_pipeline_free(TbPipeline *pipeline);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TbPipeline, tb_pipeline_free)

/** tb_pipeline_add_observer: (transfer full): at most 32, before tb_pipeline_prepare() */
void tb_pipeline_add_observer(TbPipeline *pipeline, TbObserver *observer);

/**
 * tb_pipeline_prepare: opens @inputs (@n of them) and reads them once.
 * What is damaged goes to the damage log, also where a stream cannot go on because
 * of it: what precedes the damage stays. Fails only when an input cannot be opened
 * or read at all, or when machines or clocks cannot be told.
 */
gboolean tb_pipeline_prepare(TbPipeline *pipeline, const TbInputSpec *inputs, guint n,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tb_pipeline_emit: reads the inputs again and writes all events in the total
 * order. @output is not committed here. @counts: (out): what the writer counted
 */
gboolean tb_pipeline_emit(TbPipeline *pipeline, const TbWriterFormat *format, TbOutput *output,
                          TbWriterCounts *counts, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tb_pipeline_count: instead of emit: reads the inputs that hold packets again and counts these
 * by process and owner.
 *
 * Returns: FALSE with TB_ERROR_CLOCK where the inputs cannot be put on one axis, and for what
 * stops emit, too
 */
gboolean tb_pipeline_count(TbPipeline *pipeline, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What was found; valid after prepare, all (transfer none): */

/** tb_pipeline_get_readers: (element-type TbReader): in the order of the inputs */
const GPtrArray *tb_pipeline_get_readers(const TbPipeline *pipeline);
/** tb_pipeline_get_folders: (element-type TbFolder): inputs that are folders */
const GPtrArray *tb_pipeline_get_folders(const TbPipeline *pipeline);
/** tb_pipeline_get_machines: (element-type TbMachine): by rank */
const GPtrArray *tb_pipeline_get_machines(const TbPipeline *pipeline);
/** tb_pipeline_get_sources: (element-type TbSource): by rank, one for each rank */
const GPtrArray *tb_pipeline_get_sources(const TbPipeline *pipeline);
const TbDamageLog *tb_pipeline_get_damage(const TbPipeline *pipeline);
/** tb_pipeline_get_notes: (element-type utf8): sentences about what was found out of clocks */
const GPtrArray *tb_pipeline_get_notes(const TbPipeline *pipeline);
/** tb_pipeline_get_packet_links: (nullable): asked with tb_packet_links_get_counts() */
const TbPacketLinks *tb_pipeline_get_packet_links(const TbPipeline *pipeline);
/** tb_pipeline_get_align: (nullable): asked with tb_align_get_reason() and tb_align_get_pairs() */
const TbObserver *tb_pipeline_get_align(const TbPipeline *pipeline);
/**
 * tb_pipeline_check_axes: whether what was found can be interleaved; emit asks it, too.
 * Returns: FALSE with TB_ERROR_CLOCK
 */
gboolean tb_pipeline_check_axes(const TbPipeline *pipeline, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/** tb_pipeline_get_tally: (nullable): after count, or emit with @count_owners */
const TbTally *tb_pipeline_get_tally(const TbPipeline *pipeline);
/** tb_pipeline_has_packets: whether a source of @machine (NULL: of any) holds packets */
gboolean tb_pipeline_has_packets(const TbPipeline *pipeline, const TbMachine *machine);
/** tb_pipeline_get_sorted: streams that were out of order and had to be sorted */
guint tb_pipeline_get_sorted(const TbPipeline *pipeline);
/** tb_pipeline_get_repeats: events left out in emit because another input held them too */
guint64 tb_pipeline_get_repeats(const TbPipeline *pipeline);

G_END_DECLS
