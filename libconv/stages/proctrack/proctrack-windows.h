/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sentences about the life of Windows processes, from the fields of the event
 * alone. Knows no timeline and no format.
 */
#pragma once

#include "model/item.h"

#include <glib.h>

G_BEGIN_DECLS

/** tb_windows_note_wants: whether events of this type tell of a life; asked once a type */
gboolean tb_windows_note_wants(const TbEventType *type);

/** tb_windows_note_append: the sentence. Returns: (transfer none) (nullable): its TRACE_KIND */
const char *tb_windows_note_append(const TbItem *event, TbBuf *out);

G_END_DECLS
