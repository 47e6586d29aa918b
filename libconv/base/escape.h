/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bytes from recordings made harmless: control bytes and invalid UTF-8 are
 * written \xHH, so that no value ends early, forges a key or drives a terminal.
 */
#pragma once

#include "base/buf.h"

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  TB_ESCAPE_TEXT = 0,          /* control bytes but newline and tab, invalid UTF-8 */
  TB_ESCAPE_NEWLINE = 1 << 0,  /* newline too */
  TB_ESCAPE_TAB = 1 << 1,      /* tab too */
  TB_ESCAPE_PAIR = 1 << 2,     /* blank, '=' and '\' too: values of key=value pairs */
  TB_ESCAPE_BACKSLASH = 1 << 3, /* '\' too: the escape can be undone */
} TbEscape;

/** tb_escape_append: @len bytes at @bytes, escaped as @how says */
void tb_escape_append(TbBuf *out, const void *bytes, gsize len, TbEscape how);

/** tb_escape_is_plain: whether tb_escape_append() would change nothing */
gboolean tb_escape_is_plain(const void *bytes, gsize len, TbEscape how);

/** tb_escape_undo: \xHH back to bytes, in place. Returns: the new length */
gsize tb_escape_undo(char *text, gsize len);

/** tb_escape_dup: Returns: (transfer full): for messages and terminals */
char *tb_escape_dup(const char *text);

G_END_DECLS
