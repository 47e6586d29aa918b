/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What matches say about two clocks: the offset with the interval that
 * causality leaves it, a slow drift, and where the matching stops because a
 * clock was set. Works on matches alone.
 */
#pragma once

#include "stages/align/align-vote.h"

#include <glib.h>

G_BEGIN_DECLS

/* Clocks without discipline drift by 0.3 to 1.4 ppm: less than that shows only over minutes. */
#define TB_ALIGN_DRIFT_SPAN_NS (20 * G_GINT64_CONSTANT(1000000000))
#define TB_ALIGN_DRIFT_MATCHES 40

/**
 * TbAlignFit: packet time = event time + @offset_ns + @slope x (event time - @ref_ns)
 * @ref_ns: event time in the middle
 * @low_ns, @high_ns: @offset_ns lies between them; the stamps and events allow nothing else
 * @causal: both follow from what happens before what; else from the spread of the residuals
 * @spread_ns: median distance of the residuals from their median, both ways taken together
 * @agreeing: part of the matches that causality allows at this offset: most of them where
 *   they are right, few where lengths fell together by chance or in bursts that look alike
 * @windows: matches with a bound on either side, which alone make @agreeing say something
 * @slack_ns: how far the ends may lie off because the slope is not known better; in the bounds
 * @cut_ns: how much later than its stamp a packet can have been
 * @matches: how many
 */
typedef struct {
  gint64 offset_ns;
  gint64 ref_ns;
  double slope;
  gint64 low_ns;
  gint64 high_ns;
  gboolean causal;
  gint64 spread_ns;
  double agreeing;
  guint windows;
  double slack_ns;
  gint64 cut_ns;
  guint matches;
} TbAlignFit;

/**
 * tb_align_fit: of @matches [@from, @to)
 * @resolution_ns: the capture's; its times are cut to it
 * @drifts: the clocks may run at different rates
 */
void tb_align_fit(const GArray *matches, guint from, guint to, gint64 resolution_ns,
                  gboolean drifts, TbAlignFit *fit);

/**
 * tb_align_find_piece: the packets in which the matches lie densely.
 * @n_packets: how many there are in all
 * @from, @to: (out): first packet of the piece, and the first one behind it
 */
void tb_align_find_piece(const GArray *matches, guint n_packets, guint *from, guint *to);

G_END_DECLS
