/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files that people give by mistake, since they are near to those that are read: archives of them,
 * pointers to them, recordings of neighbours. Knows their first bytes only.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * tb_relative_find: @head: the first @len bytes of a file.
 * Returns: (nullable): what it is and what to do with it, to go on behind "is "
 */
const char *tb_relative_find(const guint8 *head, gsize len);

G_END_DECLS
