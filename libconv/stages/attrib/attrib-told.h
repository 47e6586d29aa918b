/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What recorded socket calls tell of one machine's sockets: which thread moved
 * which bytes, and the ends of the connection as far as the program asked for
 * them. What is missing is learned from the captures, best from the one that
 * was taken of that very socket. Grows with sockets and with changes of thread,
 * not with calls. Shared by the attrib sources only.
 */
#pragma once

#include "stages/attrib/attrib-private.h"

G_BEGIN_DECLS

AttribTold *attrib_told_new(const TbMachine *machine);
void attrib_told_free(AttribTold *told);

/** attrib_told_plan: whether @type is one of socket calls (model/socket-call.h) */
gboolean attrib_told_plan(const TbEventType *type, AttribPlan *plan);
/** attrib_told_event: a call */
void attrib_told_event(AttribTold *told, const AttribPlan *plan, const TbItem *event);
/**
 * attrib_told_match: all was seen: @captures (element-type AttribCapture), of which those of the
 * machine count, still have the times they were seen with
 */
void attrib_told_match(AttribTold *told, const GPtrArray *captures);
/**
 * attrib_told_look: answers about @packet that are surer than @src and @dst take their place
 * @time_ns: of the packet, as attrib_told_packet_ns() has it
 */
void attrib_told_look(const AttribTold *told, const TbNetHeaders *headers, gint64 time_ns,
                      AttribAnswer *src, AttribAnswer *dst);
/** attrib_told_packet_ns: the packet's time as the prepare phase saw it, by its own capture's clock */
gint64 attrib_told_packet_ns(const TbItem *packet);

/** ToldFacts: of a socket in the machine's table, when all was seen */
typedef struct {
  gint32 only;       /* the thread of all calls on it; -1 = several */
  guint8 covered[2]; /* by way: the calls account for all bytes (datagrams sent) captured */
  guint8 inferred;   /* whose descriptor or which connection it is was found by bytes alone */
  guint8 mixed;      /* several descriptors moved bytes at the same time: only times tell */
} ToldFacts;

/**
 * AttribTold:
 * @m: sockets and their runs of bytes, as for a kernel's recording
 * @sockets: (element-type ToldSocket): one for each life of a descriptor
 * @facts: (element-type ToldFacts): by number in @m's sockets
 * @forked_datagrams: a child process has a datagram socket of which it is not known which
 */
struct _AttribTold {
  AttribMachine *m;
  GArray *sockets;
  GHashTable *by_source;
  AttribMap by_link;
  GArray *facts;
  gboolean forked_datagrams;
};

G_END_DECLS
