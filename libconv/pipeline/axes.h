/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The axes of a set of sources: the user's shifts, and whether they can be interleaved at all. */
#pragma once

#include "pipeline/pipeline.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * tb_axes_open: before the first record of @source is mapped: the shift the user gave its
 * input (@shift_ns, nullable) and the one for all; its axis as it is now is remembered
 */
void tb_axes_open(TbSource *source, const gint64 *shift_ns, gint64 time_offset_ns);

/**
 * tb_axes_shift_told: as tb_axes_open() for the starts and ends of processes that @reader told of
 * when it was opened; before machines are put together
 */
void tb_axes_shift_told(const TbReader *reader, const TbInputSpec *input, gint64 time_offset_ns);

/** tb_axes_set_guides: for the packets of each machine a recording of it, see TbSource */
void tb_axes_set_guides(const GPtrArray *readers);

/**
 * tb_axes_find_guide: Returns: (nullable): the recording whose clock @machine's timeline follows;
 * NULL where timeline time is output time
 */
const TbSource *tb_axes_find_guide(const GPtrArray *readers, const TbMachine *machine);

/** tb_axes_output_ns: the output time of a moment of a timeline; those outside stay outside */
static inline gint64 tb_axes_output_ns(const TbSource *guide, gint64 timeline_ns)
{
  if (!guide || timeline_ns == G_MININT64 || timeline_ns == G_MAXINT64)
    return timeline_ns;
  return tb_axis_map(&guide->axis, tb_axis_unmap(&guide->opened, timeline_ns));
}

/** tb_axes_timeline_ns: a packet's time on its machine's timeline, from output time */
static inline gint64 tb_axes_timeline_ns(const TbSource *guide, gint64 out_ns)
{
  return tb_axis_map(&guide->opened, tb_axis_unmap(&guide->axis, out_ns));
}

/**
 * tb_axes_join_guests: recordings of virtual machines whose host's recording is among the
 * inputs: the reader is told to map its times to the host's clock, and its sources take over the
 * host's axis. An input that the user shifted keeps its own.
 */
void tb_axes_join_guests(const GPtrArray *readers, const TbInputSpec *inputs);

/**
 * tb_axes_check: whether all of @sources that have records stand on related axes.
 * @align: (nullable): knows why a source could not be aligned
 *
 * Returns: FALSE with TB_ERROR_CLOCK, naming two that do not and the ways out;
 *   always TRUE with @accept
 */
gboolean tb_axes_check(const GPtrArray *sources, const TbObserver *align, gboolean accept,
                       GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/** tb_axes_related: whether times of @a and @b can be compared */
gboolean tb_axes_related(const TbSource *a, const TbSource *b);

G_END_DECLS
