/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An input: bytes that can be read at any offset, as often as needed. Plain
 * files are read in place; what is compressed as a whole (gzip, zstd, told by
 * content) and what cannot be read twice (pipes, standard input) is copied to
 * an unnamed temporary file first. Offsets are those of the uncompressed
 * stream. Knows no format.
 */
#pragma once

#include "base/error.h"
#include "base/limits.h"

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TbInput TbInput;

/**
 * tb_input_open:
 * @path: file name, or "-" for standard input
 * @limits: lives longer than the input
 *
 * A compressed input that ends early or is damaged gives what precedes the
 * damage; tb_input_get_damage() tells.
 *
 * Returns: (transfer full) (nullable): NULL with TB_ERROR_IO, TB_ERROR_LIMIT (a temporary copy
 *   would pass limits->spool_bytes) or TB_ERROR_CANCELLED (a signal came while it was copied)
 */
TbInput *tb_input_open(const char *path, const TbLimits *limits, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/** tb_input_new_memory: (transfer full): over @len bytes that are borrowed and outlive it */
TbInput *tb_input_new_memory(const char *name, const void *bytes, gsize len);

void tb_input_free(TbInput *input);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TbInput, tb_input_free)

/** tb_input_get_name: Returns: (transfer none): as given, "-" shown as "standard input" */
const char *tb_input_get_name(const TbInput *input);
guint64 tb_input_get_size(const TbInput *input);

/**
 * tb_input_update_size: the size of a plain file that is still being written, as it is now; what was
 * copied or lies in memory stays as it is.
 * Returns: FALSE with TB_ERROR_IO, or TB_ERROR_TRUNCATED where it became shorter
 */
gboolean tb_input_update_size(TbInput *input, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** tb_input_get_damage: Returns: (transfer none) (nullable): why the decompressed copy is short */
const GError *tb_input_get_damage(const TbInput *input);

/**
 * tb_input_set_parked: a parked input holds no file descriptor between reads.
 * It is opened again for each read, and must then still be the same file
 * (else that read gives TB_ERROR_IO). Inputs that have no name to open are never parked.
 */
void tb_input_set_parked(TbInput *input, gboolean parked);

/**
 * tb_input_read_at: up to @len bytes at @offset; fewer only at the end.
 * Returns: bytes read, or -1 with TB_ERROR_IO
 */
gssize tb_input_read_at(TbInput *input, guint64 offset, void *buf, gsize len, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/** tb_input_read_exact: all @len bytes, else TB_ERROR_TRUNCATED, naming @what, or TB_ERROR_IO */
gboolean tb_input_read_exact(TbInput *input, guint64 offset, void *buf, gsize len,
                             const char *what, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
