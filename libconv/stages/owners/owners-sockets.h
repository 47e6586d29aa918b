/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Captured streams and the sockets they belong to: which one, where the
 * stream's bytes lie in it, and which of its tasks moved them.
 */
#pragma once

#include "stages/owners/owners-answer.h"
#include "stages/owners/owners-capture.h"
#include "stages/resource/resource-sockets.h"

G_BEGIN_DECLS

/** owners_sockets_match: sealed: where the bytes of @capture's streams lie in @all */
void owners_sockets_match(ResourceSockets *all, const OwnersCapture *capture);

/** owners_sockets_find: (nullable): which one has @tuple at @time_ns; @syn: the packet opens it */
const ResourceSocket *owners_sockets_find(const ResourceSockets *all, const TbTuple *tuple,
                                          gint64 time_ns, gboolean syn);
/** owners_sockets_ask: who moved the bytes of a packet that @socket sent (@sender) or got */
void owners_sockets_ask(const ResourceSockets *all, const ResourceSocket *socket, gboolean sender,
                        const TbNetHeaders *headers, gint64 time_ns, OwnersAnswer *out);

G_END_DECLS
