/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A moving window over an input for readers that walk forward: one buffer,
 * refilled with one read. Its memory grows only to the largest piece asked for.
 */
#pragma once

#include "base/input.h"

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
  TbInput *input;
  guint8 *data;
  gsize cap;
  gsize len;         /* valid bytes */
  guint64 start_off; /* absolute offset of data[0] */
} TbWindow;

/** tb_window_init: @bytes is how much one refill reads; @input is borrowed */
void tb_window_init(TbWindow *window, TbInput *input, gsize bytes);
void tb_window_clear(TbWindow *window);

/** tb_window_fill: the part of tb_window_get() for bytes that are not there yet */
gssize tb_window_fill(TbWindow *window, guint64 offset, gsize len, const guint8 **out,
                      GError **error);

/**
 * tb_window_get: up to @len bytes at @offset, valid until the next call.
 * The caller has checked @len against its limits.
 * Returns: bytes at *@out, fewer than @len only at the end of the input; -1 with TB_ERROR_IO
 */
static inline gssize tb_window_get(TbWindow *window, guint64 offset, gsize len,
                                   const guint8 **out, GError **error)
{
  guint64 skip = offset - window->start_off;
  if (G_LIKELY(offset >= window->start_off && skip <= window->len && len <= window->len - skip)) {
    *out = window->data + skip;
    return (gssize)len;
  }
  return tb_window_fill(window, offset, len, out, error);
}

G_END_DECLS
