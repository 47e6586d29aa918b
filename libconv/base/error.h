/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one error domain. An error carries, beside its code and text, the name
 * of the input and the absolute byte offset of the first wrong byte in the
 * uncompressed stream, so that tools and tests never parse messages.
 * Knows nothing of formats.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * TbError:
 * @TB_ERROR_IO: the operating system refused a read, seek or open
 * @TB_ERROR_NOT_RECOGNIZED: no format claims the input
 * @TB_ERROR_TRUNCATED: the input ends before what it announced
 * @TB_ERROR_CORRUPT: a value that cannot be true
 * @TB_ERROR_UNSUPPORTED: valid, but not handled by this program or build
 * @TB_ERROR_LIMIT: a size or count beyond #TbLimits
 * @TB_ERROR_CLOCK: clocks that cannot be related, or a time out of range
 * @TB_ERROR_ORDER: records out of order where that cannot be mended
 * @TB_ERROR_OUTPUT: the output could not be written
 * @TB_ERROR_CANCELLED: stopped by the caller
 * @TB_ERROR_AMBIGUOUS: the request fits more than one thing; the message says what to type
 */
typedef enum {
  TB_ERROR_IO,
  TB_ERROR_NOT_RECOGNIZED,
  TB_ERROR_TRUNCATED,
  TB_ERROR_CORRUPT,
  TB_ERROR_UNSUPPORTED,
  TB_ERROR_LIMIT,
  TB_ERROR_CLOCK,
  TB_ERROR_ORDER,
  TB_ERROR_OUTPUT,
  TB_ERROR_CANCELLED,
  TB_ERROR_AMBIGUOUS,
} TbError;

#define TB_ERROR (tb_error_quark())

/** TB_OFFSET_NONE: "no byte offset applies". */
#define TB_OFFSET_NONE G_MAXUINT64

GQuark tb_error_quark(void);

/**
 * tb_error_set:
 * @error: (nullable): where to put the error
 * @code: what kind of failure
 * @source: (nullable): name of the input, copied
 * @offset: absolute offset in bytes, or %TB_OFFSET_NONE
 * @format: what was read and what was expected
 *
 * The message becomes "SOURCE: offset 0xN: TEXT" with the parts that are known.
 */
void tb_error_set(GError **error, TbError code, const char *source, guint64 offset,
                  const char *format, ...) G_GNUC_PRINTF(5, 6);

/** tb_error_get_source: Returns: (transfer none) (nullable): the input's name */
const char *tb_error_get_source(const GError *error);

/** tb_error_get_offset: Returns: absolute byte offset, or %TB_OFFSET_NONE */
guint64 tb_error_get_offset(const GError *error);

/** tb_error_get_text: Returns: (transfer none): the message without source and offset */
const char *tb_error_get_text(const GError *error);

G_END_DECLS
