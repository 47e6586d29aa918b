/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The event types of rows that were read back: text, fields, actor and meaning of each. */
#pragma once

#include "model/schema.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * tb_pcapng_row_type_new: the type of rows with SYSLOG_IDENTIFIER @identifier. Its
 * fields are the row's keys ("_PID", "_COMM", "TRACE_TID", ...), computed on demand.
 */
TbEventType *tb_pcapng_row_type_new(const char *identifier, gsize len);

/** What all such types have in common. */
extern const TbEventTypeOps tb_pcapng_row_ops;

G_END_DECLS
