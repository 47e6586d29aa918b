/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The event types of rows read back, found by their identifier without a lock or an allocation. */
#pragma once

#include "model/schema.h"

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TbPcapngTypes TbPcapngTypes;

TbPcapngTypes *tb_pcapng_types_new(void);
void tb_pcapng_types_free(TbPcapngTypes *types);

/**
 * tb_pcapng_types_get: the type for @identifier, made when it is new.
 * @is_new: (out): the caller takes over a reference of the new type
 *
 * Returns: (nullable): NULL where it would be one more than @max
 */
TbEventType *tb_pcapng_types_get(TbPcapngTypes *types, const char *identifier, gsize len,
                                 guint64 max, gboolean *is_new);

G_END_DECLS
