/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The engine of resources: turns what is told of one machine's tasks, their
 * descriptors and its sockets, in the order of time, into the sockets' lives
 * and the bytes that each task moved through them. Each verb is a fact; which
 * record tells it is the business of a decoder. Knows no event, no format and
 * no operating system.
 */
#pragma once

#include "model/fact.h"

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TbResource TbResource;
typedef struct _ResourceSockets ResourceSockets;

TbResource *tb_resource_new(void);
void tb_resource_free(TbResource *resource);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TbResource, tb_resource_free)

/** tb_resource_at: what follows happened at @now_ns on @cpu; @actor: the acting task, 0 = none */
void tb_resource_at(TbResource *resource, gint64 now_ns, guint32 cpu, gint32 actor);

/* Tasks: as of TB_FACT_BORN, _EXECUTED and _ENDED. */
void tb_resource_born(TbResource *resource, const TbBorn *born);
void tb_resource_executed(TbResource *resource, gint32 tid);
void tb_resource_ended(TbResource *resource, gint32 tid);

/* Calls and descriptors: as of TB_FACT_USE_BEGAN, _USE_ENDED and _DESCRIPTOR_EXISTS. */
void tb_resource_use_began(TbResource *resource, const TbUse *use);
void tb_resource_use_ended(TbResource *resource, const TbUse *use);
void tb_resource_descriptor_exists(TbResource *resource, const TbDescriptor *descriptor);

/* Sockets: as of the facts of these names. */
void tb_resource_socket_state(TbResource *resource, const TbSocketFact *fact);
void tb_resource_socket_touched(TbResource *resource, const TbSocketFact *fact);
void tb_resource_socket_moved(TbResource *resource, const TbSocketMoved *moved);
void tb_resource_socket_ready(TbResource *resource, const TbSocketFact *fact);
void tb_resource_socket_exists(TbResource *resource, const TbSocketFact *fact);

/* Buffers: as of the facts of these names. */
void tb_resource_buffer_queued(TbResource *resource, const TbBufferFact *buffer);
void tb_resource_buffer_started(TbResource *resource, const TbBufferFact *buffer);
void tb_resource_buffer_received(TbResource *resource, const TbBufferFact *buffer);

/** tb_resource_lost: records were lost */
void tb_resource_lost(TbResource *resource);

/** tb_resource_seal: all was told: what follows are questions */
void tb_resource_seal(TbResource *resource);
/** tb_resource_get_sockets: (transfer none): see resource-sockets.h */
ResourceSockets *tb_resource_get_sockets(TbResource *resource);
/** tb_resource_get_samples: packets that tasks @sent, or got (element-type ResourceSample), sorted */
GArray *tb_resource_get_samples(TbResource *resource, gboolean sent);
/** tb_resource_get_birth: when @tid was born, 0 = that was not seen */
gint64 tb_resource_get_birth(const TbResource *resource, gint32 tid);
/** tb_resource_shrink: only sockets will be asked for any more */
void tb_resource_shrink(TbResource *resource);

G_END_DECLS
