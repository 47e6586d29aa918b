/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Many small records of one size, put in order of a key: as long as they are
 * few in memory, beyond that in a temporary file, so that their number costs no
 * memory. A record begins with its key, a gint64. Added, sorted, then read from
 * the first to the last or from any place on.
 */
#pragma once

#include "base/error.h"

#include <glib.h>

G_BEGIN_DECLS

/** TbSpillFile: where several spills keep what does not fit their memory: one temporary file */
typedef struct _TbSpillFile TbSpillFile;
/** tb_spill_file_new: @folder: (nullable): see tb_spool_open_temp(); no file is made before it is needed */
TbSpillFile *tb_spill_file_new(const char *folder);
/** tb_spill_file_free: after all its spills */
void tb_spill_file_free(TbSpillFile *file);

typedef struct _TbSpill TbSpill;

/** tb_spill_new: @record_bytes: of one record, a multiple of 8 */
TbSpill *tb_spill_new(TbSpillFile *file, gsize record_bytes);
void tb_spill_free(TbSpill *spill);

/** tb_spill_add: copies @record. FALSE with TB_ERROR_IO where there is no room for temporary files */
gboolean tb_spill_add(TbSpill *spill, gconstpointer record, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/** tb_spill_add_all: adds the records of @from, in their order. FALSE with TB_ERROR_IO */
gboolean tb_spill_add_all(TbSpill *spill, TbSpill *from, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tb_spill_sort: in order of the key, equal ones in order of arrival; nothing is added afterwards.
 * FALSE with TB_ERROR_IO
 */
gboolean tb_spill_sort(TbSpill *spill, GError **error) G_GNUC_WARN_UNUSED_RESULT;

guint64 tb_spill_get_n(const TbSpill *spill);

/** TbSpillReader: walks a spill; several can at once */
typedef struct {
  TbSpill *spill;
  guint64 next; /* number of the record that comes next */
  guint block;
  gsize in_block;
  gsize n_loaded;
  const guint8 *records;
  guint8 *buffer;
} TbSpillReader;

/** tb_spill_reader_init: @from: the record to begin with, counted from 0 */
void tb_spill_reader_init(TbSpillReader *reader, TbSpill *spill, guint64 from);
void tb_spill_reader_clear(TbSpillReader *reader);

/**
 * tb_spill_next: the next record, valid until the next call.
 * Returns: (nullable): NULL at the end, or with TB_ERROR_IO
 */
gconstpointer tb_spill_next(TbSpillReader *reader, GError **error);

/**
 * tb_spill_find: number of the first record of a sorted spill whose key is not below @key.
 * FALSE with TB_ERROR_IO
 */
gboolean tb_spill_find(TbSpill *spill, gint64 key, guint64 *number, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
