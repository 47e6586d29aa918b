/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All that tells of the owners of one machine's packets: what its records say
 * of resources, what captures showed, and the answers. The ranking of the
 * evidence is in docs/packet-owners.md.
 */
#pragma once

#include "model/fact.h"
#include "stages/owners/owners-answer.h"
#include "stages/owners/owners-capture.h"

G_BEGIN_DECLS

/** OwnersMachine: opaque */
typedef struct _OwnersMachine OwnersMachine;

OwnersMachine *owners_machine_new(const TbMachine *machine);
void owners_machine_free(OwnersMachine *m);
const TbMachine *owners_machine_get(const OwnersMachine *m);

/** OWNERS_FACTS: the kinds that owners_machine_tell() takes */
#define OWNERS_FACTS                                                                               \
  (TB_FACT_BIT(TB_FACT_BORN) | TB_FACT_BIT(TB_FACT_EXECUTED) | TB_FACT_BIT(TB_FACT_ENDED) |        \
   TB_FACT_BIT(TB_FACT_USE_BEGAN) | TB_FACT_BIT(TB_FACT_USE_ENDED) |                               \
   TB_FACT_BIT(TB_FACT_DESCRIPTOR_EXISTS) | TB_FACT_BIT(TB_FACT_SOCKET_STATE) |                    \
   TB_FACT_BIT(TB_FACT_SOCKET_TOUCHED) | TB_FACT_BIT(TB_FACT_SOCKET_MOVED) |                       \
   TB_FACT_BIT(TB_FACT_SOCKET_READY) | TB_FACT_BIT(TB_FACT_SOCKET_EXISTS) |                        \
   TB_FACT_BIT(TB_FACT_SOCKET_LOGGED) | TB_FACT_BIT(TB_FACT_CONNECTION) |                          \
   TB_FACT_BIT(TB_FACT_BUFFER_QUEUED) | TB_FACT_BIT(TB_FACT_BUFFER_STARTED) |                      \
   TB_FACT_BIT(TB_FACT_BUFFER_RECEIVED) | TB_FACT_BIT(TB_FACT_GAP))

/** owners_machine_tell: @fact, which @item tells */
void owners_machine_tell(OwnersMachine *m, const TbItem *item, const TbFact *fact);
/**
 * owners_machine_match: all was seen: compares with @captures (element-type OwnersCapture) as far
 * as they are the machine's, and frees what only that needed
 */
void owners_machine_match(OwnersMachine *m, const GPtrArray *captures);

/** owners_machine_is_local: whether an address (16 bytes) is the machine's; %TB_MAP_NONE = unknown */
guint32 owners_machine_is_local(const OwnersMachine *m, const guint8 *address);
/**
 * owners_machine_ask: who is behind @packet, which has @headers
 * @time_ns: of the machine's timeline
 * @log_ns: (out): the time that answers of a log of socket calls are about
 */
void owners_machine_ask(const OwnersMachine *m, const TbItem *packet, const TbNetHeaders *headers,
                        gint64 time_ns, gint64 *log_ns, OwnersAnswer *src, OwnersAnswer *dst);

G_END_DECLS
