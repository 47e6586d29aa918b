/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owners by the operations of a process log on connections. */
#pragma once

#include "stages/owners/owners-answer.h"
#include "stages/owners/owners-capture.h"
#include "stages/resource/resource-connections.h"

G_BEGIN_DECLS

/** owners_connections_match: sealed: @capture (aligned) tells where streams begin */
void owners_connections_match(ResourceConnections *connections, const OwnersCapture *capture);
/** owners_connections_ask: @tuple: local is the end asked for, which is the @sender or not */
void owners_connections_ask(const ResourceConnections *connections, const TbTuple *tuple,
                            gboolean sender, const TbNetHeaders *headers, gint64 time_ns,
                            OwnersAnswer *out);

G_END_DECLS
