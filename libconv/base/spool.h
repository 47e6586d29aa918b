/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Copies of what cannot be read in place: an unnamed temporary file that holds
 * a pipe's bytes, or the content of a gzip or zstd file. The folder is
 * $TMPDIR, else /var/tmp.
 */
#pragma once

#include "base/error.h"

#include <glib.h>

G_BEGIN_DECLS

typedef enum { TB_SPOOL_PLAIN, TB_SPOOL_GZIP, TB_SPOOL_ZSTD } TbSpoolKind;

/** tb_spool_detect: from the first bytes of a file */
TbSpoolKind tb_spool_detect(const guint8 *head, gsize len);

/** tb_spool_open_temp: Returns: descriptor of an unnamed temporary file, or -1 with TB_ERROR_IO */
int tb_spool_open_temp(const char *folder, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tb_spool: reads @fd from its position to the end into a temporary file.
 * @max_bytes: limit of the copy
 * @size: (out): bytes of the copy
 * @damage: (out) (nullable): why a compressed input gave less than all of it
 *
 * Concatenated gzip members and zstd frames are one stream, as their tools
 * have it. Returns: descriptor of the copy, or -1 with TB_ERROR_IO, TB_ERROR_LIMIT
 * (@max_bytes) or TB_ERROR_CANCELLED (a signal came). @damage has TB_ERROR_TRUNCATED or
 * TB_ERROR_CORRUPT
 */
int tb_spool(int fd, TbSpoolKind kind, const char *name, guint64 max_bytes, guint64 *size,
             GError **damage, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
