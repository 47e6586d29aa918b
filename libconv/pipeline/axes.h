/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The axes of a set of sources: the user's shifts, and whether they can be interleaved at all. */
#pragma once

#include "pipeline/pipeline.h"

#include <glib.h>

G_BEGIN_DECLS

/** tb_axes_apply_wishes: @inputs' shifts for their reader's sources, @time_offset_ns for all */
void tb_axes_apply_wishes(const GPtrArray *readers, const TbInputSpec *inputs,
                          gint64 time_offset_ns);

/**
 * tb_axes_join_guests: recordings of virtual machines whose host's recording is among the
 * inputs: the reader is told to map its times to the host's clock, and its sources take over the
 * host's axis. An input that the user shifted keeps its own.
 */
void tb_axes_join_guests(const GPtrArray *readers, const TbInputSpec *inputs);

/**
 * tb_axes_check: whether all of @sources that have records stand on related axes.
 * Returns: FALSE with TB_ERROR_CLOCK, naming two that do not and the ways out;
 *   always TRUE with @accept
 */
gboolean tb_axes_check(const GPtrArray *sources, gboolean accept, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/** tb_axes_related: whether times of @a and @b can be compared */
gboolean tb_axes_related(const TbSource *a, const TbSource *b);

G_END_DECLS
