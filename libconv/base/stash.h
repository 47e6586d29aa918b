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

/** TbStashStore: where several stashes keep what does not fit their memory: one temporary file */
typedef struct _TbStashStore TbStashStore;
/** tb_stash_store_new: @folder: (nullable): see tb_spool_open_temp(); no file is made before it is needed */
TbStashStore *tb_stash_store_new(const char *folder);
/** tb_stash_store_free: after all its stashes */
void tb_stash_store_free(TbStashStore *store);

typedef struct _TbStash TbStash;

/** tb_stash_new: @record_bytes: of one record, a multiple of 8 */
TbStash *tb_stash_new(TbStashStore *store, gsize record_bytes);
void tb_stash_free(TbStash *stash);

/** tb_stash_add: copies @record. FALSE with TB_ERROR_IO where there is no room for temporary files */
gboolean tb_stash_add(TbStash *stash, gconstpointer record, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/** tb_stash_add_all: adds the records of @from, in their order */
gboolean tb_stash_add_all(TbStash *stash, TbStash *from, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** tb_stash_sort: in order of the key, equal ones in order of arrival; nothing is added afterwards */
gboolean tb_stash_sort(TbStash *stash, GError **error) G_GNUC_WARN_UNUSED_RESULT;

guint64 tb_stash_get_n(const TbStash *stash);

/** TbStashReader: walks a stash; several can at once */
typedef struct {
  TbStash *stash;
  guint64 next; /* number of the record that comes next */
  guint block;
  gsize in_block;
  gsize n_loaded;
  const guint8 *records;
  guint8 *buffer;
} TbStashReader;

/** tb_stash_reader_init: @from: the record to begin with, counted from 0 */
void tb_stash_reader_init(TbStashReader *reader, TbStash *stash, guint64 from);
void tb_stash_reader_clear(TbStashReader *reader);

/**
 * tb_stash_next: the next record, valid until the next call.
 * Returns: (nullable): NULL at the end, or with @error set
 */
gconstpointer tb_stash_next(TbStashReader *reader, GError **error);

/** tb_stash_find: number of the first record of a sorted stash whose key is not below @key */
gboolean tb_stash_find(TbStash *stash, gint64 key, guint64 *number, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
