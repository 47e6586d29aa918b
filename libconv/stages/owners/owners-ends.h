/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Local ends of a machine, and who was found to have sent from them or read at
 * them: the owners of datagrams, and of streams whose sockets tell of nobody.
 */
#pragma once

#include "base/map.h"
#include "stages/owners/owners-answer.h"
#include "stages/owners/owners-capture.h"
#include "stages/resource/resource-samples.h"
#include "stages/resource/resource-sockets.h"

G_BEGIN_DECLS

/** OwnersHit: @tid sent (or read) what an endpoint sent (or got) from @from_ns to @to_ns */
typedef struct {
  gint64 from_ns;
  gint64 to_ns;
  guint32 endpoint;
  gint32 tid;
  guint64 peer; /* hash of the other end's endpoint */
  guint8 received;
  guint8 weak;
  guint8 whole; /* the packet holds just what the call moved */
} OwnersHit;

/**
 * OwnersEndpoint: a local end. Of datagrams: @tuple's remote part is zero. Of TCP: an end whose
 *   socket no event tells the owner of
 * @first: its hits: @n_sent in order of time, then @n_received
 * @n_hits: of how many packets they were made, of @n_seen sent ones
 * @usual: while matching: the task of most hits, @n_usual of them, if no other has as many
 * @only: the one task of all hits, or 0
 */
typedef struct {
  TbTuple tuple;
  guint32 same;
  guint32 first;
  guint32 n_sent;
  guint32 n_received;
  guint32 n_hits;
  guint32 n_seen;
  gint32 only;
  gint32 usual;
  guint32 n_usual;
} OwnersEndpoint;

/** OwnersEnds: @is_local: by the hash of an address: TRUE or FALSE */
typedef struct {
  GArray *endpoints; /* OwnersEndpoint */
  GArray *hits;      /* OwnersHit */
  TbMap by_tuple;
  TbMap is_local;
} OwnersEnds;

void owners_ends_init(OwnersEnds *ends);
void owners_ends_clear(OwnersEnds *ends);

/** owners_ends_take: @tuple is a socket's: of its addresses the local one is the machine's */
void owners_ends_take(OwnersEnds *ends, const TbTuple *tuple);
/** owners_ends_is_local: whether an address (16 bytes) is the machine's; %TB_MAP_NONE = unknown */
guint32 owners_ends_is_local(const OwnersEnds *ends, const guint8 *address);

/** owners_endpoint_find: (nullable): borrowed until a hit is added */
OwnersEndpoint *owners_endpoint_find(const OwnersEnds *ends, const TbTuple *tuple);
/** owners_ends_hit: @hit is at @tuple */
void owners_ends_hit(OwnersEnds *ends, const TbTuple *tuple, const OwnersHit *hit);
/** owners_ends_seal: all hits are there: in order, the strays dropped, those of one task joined */
void owners_ends_seal(OwnersEnds *ends);

static inline const OwnersHit *owners_hit(const OwnersEnds *ends, guint32 hit)
{
  return &g_array_index(ends->hits, OwnersHit, hit);
}

/** owners_ends_ask: who sent (@sender) or read at @tuple; @out: as it was where nobody is known */
void owners_ends_ask(const OwnersEnds *ends, const TbTuple *tuple, gboolean sender,
                     const TbNetHeaders *headers, gint64 time_ns, OwnersAnswer *out);
/** owners_ends_find_hit: (nullable): of @n hits from @first on the one at @time_ns, or the one before */
const OwnersHit *owners_ends_find_hit(const OwnersEnds *ends, guint32 first, guint32 n,
                                      gint64 time_ns);

/** owners_ends_match: @samples (sorted) that are packets of @capture tell of its ends */
void owners_ends_match(OwnersEnds *ends, const ResourceSockets *sockets,
                       const OwnersCapture *capture, const GArray *samples, gboolean received);
/** owners_ends_count: how many packets of each end there were in @capture */
void owners_ends_count(OwnersEnds *ends, const OwnersCapture *capture);

G_END_DECLS
