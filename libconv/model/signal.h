/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of signals, by the numbers that facts give them: those of Linux on most architectures. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

enum { TB_SIGNAL_MAX = 64 };

/** tb_signal_to_name: Returns: (transfer none) (nullable): "SIGKILL"; NULL = it has only a number */
const char *tb_signal_to_name(guint number);

/** tb_signal_from_name: @len bytes. Returns: the number, 0 = no such name */
guint8 tb_signal_from_name(const char *name, gsize len);

G_END_DECLS
