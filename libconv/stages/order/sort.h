/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Puts one stream in order of time behind the same pull interface: all of it
 * is taken in with the first pull, kept in memory up to a limit, beyond that
 * in sorted runs in unnamed temporary files, and merged. Records of one time
 * stay as they came, so that one without a time of its own stays behind the
 * one it follows; blocks glued to a record move with it; what stands at the
 * end of the stream (META) stays there. Knows neither readers nor writers.
 */
#pragma once

#include "base/limits.h"
#include "stages/order/merge.h"

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TbSort TbSort;

/**
 * TbSortCounts:
 * @records: taken in
 * @moved: of these, the ones that came behind a record of a later time
 * @runs: sorted runs that went to temporary files, 0 = all fitted in memory
 * @spilled_bytes: what was written to them in the first place
 */
typedef struct {
  guint64 records;
  guint64 moved;
  guint64 runs;
  guint64 spilled_bytes;
} TbSortCounts;

/**
 * tb_sort_new:
 * @input: copied; what its events point to besides data, options and glued blocks
 *   (source, type, context, ...) must outlive the sorter
 * @limits: borrowed; sort_bytes is the memory for records and buffers
 * @folder: (nullable): for temporary files, the output's folder; NULL = $TMPDIR or /var/tmp
 */
TbSort *tb_sort_new(const TbMergeInput *input, const TbLimits *limits, const char *folder);
void tb_sort_free(TbSort *sort);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TbSort, tb_sort_free)

/**
 * tb_sort_next: @event is lent until the next call.
 *
 * %TB_READ_DAMAGED of the input is passed on while it is taken in. An error of the
 * input comes after all records that preceded it. Own errors: TB_ERROR_IO of the
 * temporary files.
 */
TbReadResult tb_sort_next(TbSort *sort, TbItem *event, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** tb_sort_get_input: (not nullable): the sorter as an input of a merge; borrows @sort */
TbMergeInput tb_sort_get_input(TbSort *sort);

/** tb_sort_get_counts: Returns: (transfer none): final once the first event was lent */
const TbSortCounts *tb_sort_get_counts(const TbSort *sort);

G_END_DECLS
