/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The axes of a set of sources: the user's shifts, and whether they can be interleaved at all. */
#pragma once

#include "pass/inputs.h"
#include "stages/observer.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * tb_clocks_open: before the first record of @source is mapped: the shift the user gave its
 * input (@shift_ns, nullable) and the one for all; its axis as it is now is remembered
 */
void tb_clocks_open(TbSource *source, const gint64 *shift_ns, gint64 time_offset_ns);

/**
 * tb_clocks_shift_snapshot: as tb_clocks_open() for the starts and ends of processes that @reader told of
 * when it was opened; before machines are put together
 */
void tb_clocks_shift_snapshot(const TbReader *reader, const TbInputSpec *input, gint64 time_offset_ns);

/** tb_clocks_set_references: for the packets of each machine a recording of it, see TbSource */
void tb_clocks_set_references(const GPtrArray *readers);

/**
 * tb_clocks_find_reference: Returns: (nullable): the recording whose clock @machine's timeline follows;
 * NULL where timeline time is output time
 */
const TbSource *tb_clocks_find_reference(const GPtrArray *readers, const TbMachine *machine);

/**
 * tb_clocks_join_guests: recordings of virtual machines whose host's recording is among the
 * inputs: the reader is told to map its times to the host's clock, and its sources take over the
 * host's axis. An input that the user shifted keeps its own.
 */
void tb_clocks_join_guests(const TbInputs *inputs);

/**
 * tb_clocks_check: whether all of @sources that have records stand on related axes.
 * @align: (nullable): knows why a source could not be aligned
 *
 * Returns: FALSE with TB_ERROR_CLOCK, naming two that do not and the ways out;
 *   always TRUE with @accept
 */
gboolean tb_clocks_check(const GPtrArray *sources, const TbObserver *align, gboolean accept,
                       GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/** tb_clocks_related: whether times of @a and @b can be compared */
gboolean tb_clocks_related(const TbSource *a, const TbSource *b);

G_END_DECLS
