/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a program's own log of its sockets tells: which thread moved which
 * bytes, and the ends of the connection as far as the program asked for them.
 * Several descriptors may be one socket: copies are known by the call that
 * made them. Grows with sockets and with changes of thread, not with calls.
 */
#pragma once

#include "model/fact.h"
#include "stages/resource/resource-sockets.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * LogSocket: one life of a descriptor
 * @source: borrowed: all its records are about one descriptor
 * @process: hash of the process that has it
 * @socket: in the log's sockets; of what @joined says, that one's
 * @listener: whom it came out of, or %TB_MAP_NONE
 * @joined: the descriptor whose socket this one is, too, or %TB_MAP_NONE
 * @only: thread of all calls, 0 = none yet, %RESOURCE_SEVERAL
 * @n_sent: calls that sent something, G_MAXUINT32 = more than that
 * @tuple: as far as it is known; ports and addresses that are not are 0
 * @inferred: whose descriptor or which connection it is was found by bytes alone
 * @mixed: several descriptors moved bytes at the same time: only times tell
 */
typedef struct {
  const TbSource *source;
  guint64 process;
  guint32 socket;
  guint32 listener;
  guint32 joined;
  gint32 only;
  gint32 last_tid;
  guint32 n_sent;
  gint64 birth_ns;
  gint64 death_ns;
  gint64 last_ns;
  TbTuple tuple;
  guint8 accepted : 1;
  guint8 forked : 1;
  guint8 inferred : 1;
  guint8 mixed : 1;
} LogSocket;

/**
 * ResourceLog:
 * @sockets: with their runs of bytes, as a kernel's recording has them
 * @descriptors: (element-type LogSocket)
 */
typedef struct {
  ResourceSockets sockets;
  GArray *descriptors;
  TbMap by_source;
  TbMap by_link;
} ResourceLog;

ResourceLog *resource_log_new(void);
void resource_log_free(ResourceLog *log);

/** resource_log_tell: as of TB_FACT_SOCKET_LOGGED: a call of @tid, told by @source at @time_ns */
void resource_log_tell(ResourceLog *log, const TbSocketLogged *fact, const TbSource *source,
                       gint32 tid, gint64 time_ns);

/** resource_log_shrink: only sockets will be asked for any more */
void resource_log_shrink(ResourceLog *log);

static inline LogSocket *log_socket(const ResourceLog *log, guint32 index)
{
  return &g_array_index(log->descriptors, LogSocket, index);
}

/** log_root: the descriptor that stands for all of its socket */
guint32 log_root(const ResourceLog *log, guint32 index);
/** log_merge: @index turned out to be a descriptor of @root's socket */
void log_merge(ResourceLog *log, guint32 index, guint32 root);
/** log_gather: all descriptors of a socket have one life, and one thread or several */
void log_gather(ResourceLog *log);
/** log_address_is_known: whether @address (16 bytes) is not all zero */
gboolean log_address_is_known(const guint8 *address);

G_END_DECLS
