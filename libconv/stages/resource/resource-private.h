/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the engine's sources share: resource.c (lives, sockets), resource-calls.c. */
#pragma once

#include "stages/resource/resource-packets.h"
#include "stages/resource/resource-sockets.h"
#include "stages/resource/resource.h"

G_BEGIN_DECLS

/**
 * TbResource:
 * @births_told: what a new task shares with its maker is told
 * @lossy: calls came back unseen: events are missing here and there
 * @reads_told: sockets tell how many bytes were read
 */
struct _TbResource {
  gint64 now_ns;
  guint32 cpu;
  gint32 actor;
  gboolean births_told;
  gboolean lossy;
  gboolean reads_told;
  ResourceSockets sockets;
  ResourceTasks tasks;
  ResourcePackets packets;
};

/** resource_call_bind: in @task's call @socket was named: the call's descriptor is this socket */
void resource_call_bind(TbResource *r, ResourceTask *task, guint32 socket);
/** resource_call_miss: the call that @task was in came back unseen */
void resource_call_miss(TbResource *r, const ResourceTask *task);

G_END_DECLS
