/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The list of formats, handed in by whoever links them: libconv itself names
 * none. Detection looks only at content; the best bid wins.
 */
#pragma once

#include "format/folder.h"
#include "format/reader.h"
#include "format/writer.h"

#include <glib.h>

G_BEGIN_DECLS

/** TbRegistry: two NULL-terminated tables, borrowed */
typedef struct {
  const TbReaderFormat *const *readers;
  const TbWriterFormat *const *writers;
} TbRegistry;

/**
 * tb_registry_probe: the reader for @input, by the best bid; a draw goes to the first.
 * Returns: (transfer none) (nullable): NULL with TB_ERROR_NOT_RECOGNIZED, TB_ERROR_TRUNCATED
 *   (nothing is there) or TB_ERROR_IO
 */
const TbReaderFormat *tb_registry_probe(const TbRegistry *registry, TbInput *input,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tb_registry_open_folder: the folder @path as the format sees it that wrote it.
 * Returns: (transfer full) (nullable): NULL with TB_ERROR_NOT_RECOGNIZED, TB_ERROR_IO,
 *   TB_ERROR_TRUNCATED (nothing is in it) or TB_ERROR_LIMIT
 */
TbFolder *tb_registry_open_folder(const TbRegistry *registry, const char *path,
                                  const TbLimits *limits, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/** tb_registry_find_writer: Returns: (transfer none) (nullable) */
const TbWriterFormat *tb_registry_find_writer(const TbRegistry *registry, const char *name);

G_END_DECLS
