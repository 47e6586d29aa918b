/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of alignment share: collecting, deciding, unknown rates, hosts. */
#pragma once

#include "stages/align/align-fit.h"
#include "stages/align/align.h"

G_BEGIN_DECLS

/**
 * TbAlign:
 * @tracks: (element-type TbAlignTrack)
 * @by_source: TbSource to TbAlignTrack (nullable: frozen, of no use)
 * @reasons: TbSource to text
 * @pairs: of TbHostPair
 */
typedef struct {
  TbObserver observer;
  TbAlignOptions options;
  GPtrArray *tracks;
  GHashTable *by_source;
  const TbSource *last_source;
  TbAlignTrack *last_track;
  GHashTable *reasons;
  GArray *pairs;
  GHashTable *ways; /* TbAlignTrack of a capture to guint8[TB_ALIGN_GROUPS] */
} TbAlign;

/** tb_align_note: a sentence for the report */
void tb_align_note(TbAlign *align, const char *format, ...) G_GNUC_PRINTF(2, 3);

/** tb_align_decide: machines of captures, axes of recordings, reasons where there are none */
void tb_align_decide(TbAlign *align);

/** tb_align_hosts: compares the clocks of machines, and corrects them if wished */
void tb_align_hosts(TbAlign *align);

/** TbAlignStepFound: the clock of a capture was set between two packets, by @ns; @behind: the
 * packets behind it do not fit the others, else those before it */
typedef struct {
  gboolean behind;
  gint64 before_ns;
  gint64 after_ns;
  gint64 ns;
} TbAlignStepFound;

/**
 * TbAlignResult: one recording against one capture
 * @vote: the best there was, accepted or not
 * @device: its place in the recording's table
 * @scale: of event times: ns per tick of clocks of unknown rate, else 1
 * @fit: valid if accepted
 * @steps: (owned) (nullable): of TbAlignStepFound
 * @ways: of the capture's senders
 */
typedef struct {
  TbAlignTrack *recording;
  TbAlignTrack *capture;
  TbAlignVote vote;
  guint device;
  double scale;
  TbAlignFit fit;
  GArray *steps;
  guint8 ways[TB_ALIGN_GROUPS];
} TbAlignResult;

/** tb_align_compare: @budget: pairs to compare. Returns: whether they belong together */
gboolean tb_align_compare(TbAlignTrack *recording, TbAlignTrack *capture, guint budget,
                          TbAlignResult *result);
void tb_align_result_clear(TbAlignResult *result);

/**
 * tb_align_find_rate: ns per tick, from equal sequences of lengths.
 * Returns: 0 where none was found
 */
double tb_align_find_rate(const GArray *events, guint device, const GArray *packets);

G_END_DECLS
