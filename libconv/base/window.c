/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Refilling a window; see window.h. */
#include "base/window.h"

#include <string.h>

void tb_window_init(TbWindow *window, TbInput *input, gsize bytes)
{
  *window = (TbWindow){ .input = input, .cap = bytes };
}

void tb_window_clear(TbWindow *window)
{
  g_clear_pointer(&window->data, g_free);
  window->len = 0;
}

gssize tb_window_fill(TbWindow *window, guint64 offset, gsize len, const guint8 **out,
                      GError **error)
{
  gsize keep = 0;
  if (!window->data || len > window->cap) {
    window->cap = MAX(window->cap, len);
    window->data = g_realloc(window->data, window->cap);
  }
  if (offset >= window->start_off && offset - window->start_off < window->len) {
    gsize skip = offset - window->start_off;
    keep = window->len - skip;
    memmove(window->data, window->data + skip, keep);
  }
  window->start_off = offset;
  window->len = keep;
  gssize got = tb_input_read_at(window->input, offset + keep, window->data + keep,
                                window->cap - keep, error);
  if (got < 0)
    return -1;
  window->len += (gsize)got;
  *out = window->data;
  return (gssize)MIN(len, window->len);
}
