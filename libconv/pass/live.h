/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The assembly for sources that are still being written: learns, explains and
 * writes in one pass, with bounded delay. What only a later record tells is not
 * known to the rows before it; owners, links and the alignment of clocks need
 * all records and are left out.
 */
#pragma once

#include "pass/run.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * TbLiveOptions:
 * @delay_ns: how long a record may wait for those of other sources
 * @now: ns of a clock that never goes back
 * @wait: no source has anything now: waits for more, not much longer than @delay_ns. FALSE = it is
 *   enough: what waits is written, and the pass ends
 * @data: for both
 */
typedef struct {
  gint64 delay_ns;
  gint64 (*now)(gpointer data);
  gboolean (*wait)(gpointer data);
  gpointer data;
} TbLiveOptions;

/**
 * tb_run_live: in place of prepare and emit: opens @inputs and writes their records as they come.
 * Records that come too late for their place stand where they came, and a note tells of it
 *
 * Returns: FALSE with TB_ERROR_CLOCK where the clocks of the inputs are not related,
 *   TB_ERROR_UNSUPPORTED where a source is met only on the way and the format cannot take one
 *   then, and for what stops prepare and emit
 */
gboolean tb_run_live(TbRun *run, const TbInputSpec *inputs, guint n, const TbLiveOptions *options,
                     const TbWriterFormat *format, TbOutput *output, TbWriterCounts *counts,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
