/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Alignment: the observer of the prepare phase that finds out how recordings
 * and captures lie on wall-clock time, whose captures nameless ones are, and
 * how far the clocks of two hosts are apart. It sets the axes of sources; the
 * method and its limits are in docs/alignment.md. Knows no file format.
 */
#pragma once

#include "format/reader.h"
#include "stages/wire/wire.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * TbHostPair: the clocks of two machines, by packets seen at both
 * @machine, @reference: borrowed from their sources
 * @low_ns, @high_ns: clock of @machine minus clock of @reference; valid as far as there are
 *   matches: @matches_to give the upper bound, @matches_from the lower one
 * @matches_to: packets from @reference to @machine
 * @matches_from: packets from @machine to @reference
 * @early: packets received before they were sent, by the axes as they are now
 * @slope: ns the difference grows by per ns; not 0 only where no constant one fits
 * @at_ns: time of @reference for which the bounds hold, where @slope is not 0
 * @corrected: the axes of @machine were moved
 */
typedef struct {
  const TbMachine *machine;
  const TbMachine *reference;
  gint64 low_ns;
  gint64 high_ns;
  guint matches_to;
  guint matches_from;
  guint early;
  double slope;
  gint64 at_ns;
  gboolean corrected;
} TbHostPair;

/**
 * TbAlignOptions:
 * @readers: (element-type TbReader): borrowed; may gain sources while preparing
 * @wire: borrowed: stands before it among the observers
 * @notes: (element-type utf8): sentences for the report are added here
 * @hosts: correct the clocks of hosts
 * @reference: (nullable): name of the machine whose clock stands; NULL = the first by name
 */
typedef struct {
  const GPtrArray *readers;
  TbWire *wire;
  GPtrArray *notes;
  gboolean hosts;
  const char *reference;
} TbAlignOptions;

/** tb_align_new: Returns: (transfer full): released by its free(); @options is copied */
TbObserver *tb_align_new(const TbAlignOptions *options);

/**
 * tb_align_get_reason: why @source has no wall-clock time, and what to record next time
 * Returns: (transfer none) (nullable): NULL where it has one, or nothing was tried
 */
const char *tb_align_get_reason(const TbObserver *align, const TbSource *source);

/** tb_align_get_pairs: (element-type TbHostPair): valid after finish() */
const GArray *tb_align_get_pairs(const TbObserver *align);

G_END_DECLS
