/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An output: a buffered sink that appears under its name only when it is
 * complete. A file is written under a temporary name in the same folder and
 * renamed by tb_output_commit(); freeing it uncommitted leaves nothing behind.
 */
#pragma once

#include "base/error.h"

#include <glib.h>
#include <string.h>

G_BEGIN_DECLS

typedef struct _TbOutput TbOutput;

/**
 * tb_output_open:
 * @path: file name, or "-" for standard output
 * @overwrite: whether an existing file may be replaced
 *
 * What is not a regular file (a pipe, a device) is written in place.
 * Returns: (transfer full) (nullable): NULL with TB_ERROR_OUTPUT
 */
TbOutput *tb_output_open(const char *path, gboolean overwrite, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/** tb_output_new_memory: collects into a buffer; see tb_output_get_memory() */
TbOutput *tb_output_new_memory(void);

/** tb_output_free: without a commit before, the temporary file is removed */
void tb_output_free(TbOutput *output);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TbOutput, tb_output_free)

/** tb_output_get_temp_path: Returns: (transfer none) (nullable): what to unlink when the program is killed */
const char *tb_output_get_temp_path(const TbOutput *output);
const char *tb_output_get_name(const TbOutput *output);

/** tb_output_get_memory: Returns: (transfer none): what a memory output holds */
const GByteArray *tb_output_get_memory(const TbOutput *output);

/** tb_output_flush: empties the buffer. FALSE with TB_ERROR_OUTPUT */
gboolean tb_output_flush(TbOutput *output, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/** tb_output_write_slow: the part of tb_output_write() for a buffer that is full */
gboolean tb_output_write_slow(TbOutput *output, const void *bytes, gsize len, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/** tb_output_can_restart: whether nobody has seen yet what was written */
gboolean tb_output_can_restart(const TbOutput *output);
/**
 * tb_output_restart: begins again with the first byte; only where tb_output_can_restart() says so.
 * FALSE with TB_ERROR_OUTPUT
 */
gboolean tb_output_restart(TbOutput *output, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tb_output_commit: writes what is left and gives the file its name. FALSE with TB_ERROR_OUTPUT,
 * also where a file of that name has come into being and may not be replaced
 */
gboolean tb_output_commit(TbOutput *output, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** tb_output_get_written: bytes written so far, buffered ones included */
guint64 tb_output_get_written(const TbOutput *output);

/* The buffer stands open so that the fast path below needs no call. */
typedef struct {
  guint8 *data;
  gsize len;
  gsize cap;
} TbOutputBuffer;

/** tb_output_write: FALSE with TB_ERROR_OUTPUT; a memory output takes everything */
static inline gboolean tb_output_write(TbOutput *output, const void *bytes, gsize len,
                                       GError **error)
{
  TbOutputBuffer *buffer = (TbOutputBuffer *)output;
  if (G_UNLIKELY(buffer->cap - buffer->len < len))
    return tb_output_write_slow(output, bytes, len, error);
  if (len)
    memcpy(buffer->data + buffer->len, bytes, len);
  buffer->len += len;
  return TRUE;
}

/**
 * tb_output_reserve: room for @len bytes (at most 512 KiB) to be filled in
 * place and then counted with tb_output_advance(). Returns: NULL with TB_ERROR_OUTPUT
 */
static inline guint8 *tb_output_reserve(TbOutput *output, gsize len, GError **error)
{
  TbOutputBuffer *buffer = (TbOutputBuffer *)output;
  if (G_UNLIKELY(buffer->cap - buffer->len < len) && !tb_output_flush(output, error))
    return NULL;
  return buffer->data + buffer->len;
}

static inline void tb_output_advance(TbOutput *output, gsize len)
{
  ((TbOutputBuffer *)output)->len += len;
}

G_END_DECLS
