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
 * @delay_ns: how long a record may wait for sources that have nothing
 * @now: ns of a clock that never goes back
 * @wait: no source has anything now, and what was written has been handed on: waits for more, for
 *   @at_most_ns, %G_MAXINT64 = nothing is due
 * @data: for both
 * @stop: (nullable): not 0 = it is enough: what waits is written, and the pass ends
 */
typedef struct {
  gint64 delay_ns;
  gint64 (*now)(gpointer data);
  void (*wait)(gpointer data, gint64 at_most_ns);
  gpointer data;
  const gint *stop;
} TbLiveOptions;

/**
 * tb_run_live: in place of prepare and emit: opens @inputs and writes their records as they come,
 * to the end of all inputs or until it is stopped. Records that come too late for their place
 * stand where they came, and a note tells of it; so does one where memory was short.
 *
 * Returns: FALSE with TB_ERROR_CLOCK where the clocks of the inputs are not related,
 *   TB_ERROR_UNSUPPORTED where a source is met only on the way and the format cannot take one
 *   then, and for what stops prepare and emit
 */
gboolean tb_run_live(TbRun *run, const TbInputSpec *inputs, guint n, const TbLiveOptions *options,
                     const TbWriterFormat *format, TbOutput *output, TbWriterCounts *counts,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
