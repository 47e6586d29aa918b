/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sorted runs on disk, for TbSort: records are appended to an unnamed
 * temporary file run by run and merged back, in several levels when there are
 * more runs than fit the memory. Private to the sorter; knows items only as
 * a header with two pieces of bytes behind it.
 */
#pragma once

#include "stages/order/merge.h"

#include <glib.h>

G_BEGIN_DECLS

/*
 * A stored item: TbItem, TbRecord and TbPayload as they stand in memory, then data and payload,
 * padded to 8. Pointers to sources and types stay valid, as the file never outlives the process.
 */

/** TbStored: room for an item that was stored */
typedef struct {
  TbItem item;
  TbRecord record;
  TbPayload payload;
} TbStored;

/** tb_stored_bytes: size of @item as it is stored */
static inline guint64 tb_stored_bytes(const TbItem *item)
{
  const TbPayload *payload = item->record->payload;
  guint64 tail = (guint64)item->record->len + (payload ? payload->len : 0);
  return sizeof(TbStored) + ((tail + 7) & ~(guint64)7);
}

/** tb_stored_put: tb_stored_bytes() of @item to @to */
void tb_stored_put(guint8 *to, const TbItem *item);
/** tb_stored_get: @out->item borrows from @out and from the whole stored item at @from */
void tb_stored_get(const guint8 *from, TbStored *out);

typedef struct _TbRuns TbRuns;

/**
 * tb_runs_new:
 * @folder: (nullable): where the temporary files go; NULL = $TMPDIR or /var/tmp
 * @memory_bytes: what the buffers of a merge may take; two runs are always merged
 */
TbRuns *tb_runs_new(const char *folder, guint64 memory_bytes);
void tb_runs_free(TbRuns *runs);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TbRuns, tb_runs_free)

/** tb_runs_add: a record behind the others of the open run. Fails with TB_ERROR_IO */
gboolean tb_runs_add(TbRuns *runs, const guint8 *record, gsize len, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/** tb_runs_end: the next record begins a new run; empty runs are not kept */
void tb_runs_end(TbRuns *runs);
guint tb_runs_get_n(const TbRuns *runs);

/**
 * tb_runs_merge: all runs as one stream, equal times in the order of the runs.
 * Nothing may be added afterwards.
 * Returns: (transfer none) (nullable): lives as long as @runs; NULL with TB_ERROR_IO
 */
TbMerge *tb_runs_merge(TbRuns *runs, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
