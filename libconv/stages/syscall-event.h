/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The shape of sys_enter_* and sys_exit_* event types: which call, and which
 * fields are its arguments or its result. Knows names of fields, no call.
 */
#pragma once

#include "model/schema.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * tb_syscall_event_read:
 * @enter: (out): the call begins; otherwise it returns
 * @fields: (out): up to @n_fields: the arguments in order on entry, the result alone on
 *   return; borrowed from @type, the rest NULL
 *
 * Returns: (transfer none) (nullable): name of the call, NULL where @type is no such event
 *   or lacks the field that tells. Nothing is written then
 */
const char *tb_syscall_event_read(const TbEventType *type, gboolean *enter,
                                  const TbField **fields, guint n_fields);

G_END_DECLS
