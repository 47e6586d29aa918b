/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owners by a log of socket calls. What connection a socket is, as far as the
 * program did not ask for it, is learned from the captures, best from the one
 * that was taken of that very socket.
 */
#pragma once

#include "stages/owners/owners-answer.h"
#include "stages/owners/owners-capture.h"
#include "stages/resource/resource-log.h"

G_BEGIN_DECLS

/** LogFacts: of a socket of the log, when all was seen */
typedef struct {
  gint32 only;       /* the thread of all calls on it, or RESOURCE_SEVERAL */
  guint8 covered[2]; /* by way: the calls account for all bytes (datagrams sent) captured */
  guint8 inferred;   /* whose descriptor or which connection it is was found by bytes alone */
  guint8 mixed;      /* several descriptors moved bytes at the same time: only times tell */
} LogFacts;

/**
 * OwnersLog:
 * @log: what was told; when matched, its sockets
 * @facts: (element-type LogFacts): by number in @log's sockets
 * @forked_datagrams: a child process has a datagram socket of which it is not known which
 */
typedef struct {
  ResourceLog *log;
  GArray *facts;
  gboolean forked_datagrams;
} OwnersLog;

OwnersLog *owners_log_new(void);
void owners_log_free(OwnersLog *log);

/**
 * owners_log_match: all was told: @captures (element-type OwnersCapture), of which those of
 * @machine count, still have the times they were seen with
 */
void owners_log_match(OwnersLog *log, const TbMachine *machine, const GPtrArray *captures);
/**
 * owners_log_ask: answers about a packet that are surer than @src and @dst take their place
 * @time_ns: of the packet, as owners_log_packet_ns() has it
 */
void owners_log_ask(const OwnersLog *log, const TbNetHeaders *headers, gint64 time_ns,
                    OwnersAnswer *src, OwnersAnswer *dst);
/** owners_log_packet_ns: the packet's time as the prepare phase saw it, by its own capture's clock */
gint64 owners_log_packet_ns(const TbItem *packet);

G_END_DECLS
