/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who is behind the local end of a packet by the operations of a process log:
 * by connection or port first, then by bytes, size and time where several
 * processes used it. Only local ends have records, so that a remote end has
 * nobody to be named.
 */
#include "stages/owners/owners-connections.h"

#include <string.h>

enum {
  LOOKUP_LIVES = 1024,   /* of one tuple; what is older is not looked for */
  LOOKUP_STREAMS = 1024, /* captured ones of one tuple */
  LOOKUP_USES = 256,     /* about one moment; more of them tell nothing apart */
};

/* --- captured streams --- */

static gint64 lookup_last_use(const ResourceConnections *connections, const ConnectionRecord *record)
{
  gint64 last_ns = MAX(record->birth_ns, record->born ? record->opened_ns : G_MININT64);
  for (guint way = 0; way < RESOURCE_N_WAYS; way++) {
    const ConnectionSide *side = &record->sides[way];
    if (side->n)
      last_ns = MAX(last_ns, connection_use(connections, side, side->n - 1)->last_ns);
  }
  return last_ns;
}

static gint64 lookup_end(const ResourceConnections *connections, const ConnectionRecord *record)
{
  gint64 last_ns = lookup_last_use(connections, record);
  return record->ended ? MAX(last_ns, record->death_ns) : last_ns;
}

/* The bytes of @side lie in the stream whose every byte was counted. */
static void lookup_fit(const ResourceConnections *connections, ConnectionSide *side, const OwnersStream *stream)
{
  gint64 end = stream->ended ? stream->end : stream->has_data ? stream->high : 0;
  if (side->exact || side->partial || side->n == 0 ||
      end != (gint64)connection_use(connections, side, side->n - 1)->end)
    return;
  side->exact = TRUE;
  side->ref = stream->ref;
}

/*
 * A stream that begins when all bytes of a life were moved is of another one. Its own is the one that
 * begins next to Connect or Accept; if the log has neither, the last one before the operations.
 */
static void lookup_match_side(const ResourceConnections *connections, ConnectionRecord *record, ConnectionSide *side,
                            const OwnersCapture *capture, const OwnersFlow *flow)
{
  gint64 last_ns = lookup_last_use(connections, record) + CONNECTION_NEAR_NS;
  gint64 near_ns = record->born ? record->opened_ns : record->birth_ns + CONNECTION_NEAR_NS;
  gint64 best_ns = record->born ? CONNECTION_HANDSHAKE_NS : G_MAXINT64;
  const OwnersStream *best = NULL;
  guint32 at = flow ? flow->streams : TB_MAP_NONE;
  for (guint n = 0; at != TB_MAP_NONE && n < LOOKUP_STREAMS; n++) {
    const OwnersStream *stream = &g_array_index(capture->streams, OwnersStream, at);
    gint64 distance_ns = near_ns - stream->first_ns;
    at = stream->next;
    if (!stream->isn_known)
      continue;
    if (stream->first_ns > last_ns) {
      record->until_ns = MIN(record->until_ns, stream->first_ns);
    } else if ((record->born || distance_ns >= 0) && ABS(distance_ns) < best_ns) {
      best = stream;
      best_ns = ABS(distance_ns);
    }
  }
  if (!best)
    return;
  record->since_ns = record->since_ns == G_MININT64 ? best->first_ns
                                                    : MIN(record->since_ns, best->first_ns);
  if (record->born && record->only == TB_MAP_NONE)
    lookup_fit(connections, side, best);
}

void owners_connections_match(ResourceConnections *connections, const OwnersCapture *capture)
{
  for (guint i = 0; i < connections->records->len; i++) {
    ConnectionRecord *record = connection_record(connections, i);
    if (record->tuple.protocol != TB_TUPLE_TCP)
      continue;
    TbTuple reverse = tb_tuple_reverse(&record->tuple);
    lookup_match_side(connections, record, &record->sides[RESOURCE_WRITTEN], capture,
                    owners_flow_find(capture, &record->tuple));
    lookup_match_side(connections, record, &record->sides[RESOURCE_READ], capture,
                    owners_flow_find(capture, &reverse));
  }
}

/* --- which life of a connection --- */

/* Whether the packet is of @record, whose first operation is behind it, not of @older. */
static gboolean lookup_is_early(const ResourceConnections *connections, const ConnectionRecord *record,
                              const ConnectionRecord *older, gint64 time_ns, gboolean syn)
{
  gint64 before_ns = record->birth_ns - time_ns;
  if (before_ns > (record->born ? CONNECTION_HANDSHAKE_NS : CONNECTION_AFTERLIFE_NS) ||
      (record->since_ns != G_MININT64 && time_ns < record->since_ns - CONNECTION_NEAR_NS))
    return FALSE;
  if (!older || time_ns >= older->until_ns)
    return TRUE;
  gint64 since_ns = time_ns - lookup_end(connections, older);
  return since_ns >= 0 && (syn || before_ns < since_ns);
}

static const ConnectionRecord *lookup_life(const ResourceConnections *connections, const TbTuple *tuple,
                                      gint64 time_ns, gboolean syn)
{
  guint32 at = connections_find_newest(connections, tuple);
  for (guint n = 0; at != TB_MAP_NONE && n < LOOKUP_LIVES; n++) {
    const ConnectionRecord *record = connection_record(connections, at);
    guint32 older_at = connections_find(connections, tuple, record->older);
    const ConnectionRecord *older =
        older_at == TB_MAP_NONE ? NULL : connection_record(connections, older_at);
    if (time_ns >= record->birth_ns || lookup_is_early(connections, record, older, time_ns, syn))
      return time_ns >= record->until_ns ||
                     (record->ended && time_ns - record->death_ns > CONNECTION_AFTERLIFE_NS)
                 ? NULL
                 : record;
    at = older_at;
  }
  return NULL;
}

/* --- which of its owners --- */

typedef struct {
  guint32 owner; /* or TB_MAP_NONE */
  TbConfidence confidence;
} LookFound;

static LookFound lookup_found(guint32 owner, TbConfidence confidence)
{
  return (LookFound){ owner, owner == TB_MAP_NONE ? TB_CONFIDENCE_NONE : confidence };
}

/* The first use that ends at or behind @time_ns, @side->n where all end before it. */
static guint32 lookup_use_at(const ResourceConnections *connections, const ConnectionSide *side, gint64 time_ns)
{
  guint32 low = 0, high = side->n;
  while (low < high) {
    guint32 mid = low + (high - low) / 2;
    if (connection_use(connections, side, mid)->last_ns < time_ns)
      low = mid + 1;
    else
      high = mid;
  }
  return low;
}

/**
 * LookNear: uses about one moment
 * @fit: the one owner of those that may have moved so many bytes at once; %TB_MAP_NONE if there
 *   are none or @doubtful
 * @sized: one of them moved just so many
 * @nearest: the owner of the nearest one that fits, else of the nearest one
 */
typedef struct {
  guint32 fit;
  guint32 nearest;
  gboolean doubtful;
  gboolean sized;
} LookNear;

static gint64 lookup_distance(const ConnectionUse *use, gint64 time_ns)
{
  return time_ns < use->first_ns ? use->first_ns - time_ns : MAX(time_ns - use->last_ns, 0);
}

/* @bytes: %CONNECTION_SEVERAL: any number of them */
static LookNear lookup_near(const ResourceConnections *connections, const ConnectionSide *side, guint32 bytes,
                          gint64 time_ns)
{
  LookNear near = { .fit = TB_MAP_NONE, .nearest = TB_MAP_NONE };
  guint32 first = lookup_use_at(connections, side, time_ns - CONNECTION_NEAR_NS);
  gint64 least_ns = G_MAXINT64;
  gboolean any = FALSE;
  for (guint32 i = first; i < side->n; i++) {
    const ConnectionUse *use = connection_use(connections, side, i);
    if (use->first_ns > time_ns + CONNECTION_NEAR_NS)
      break;
    gboolean fits = use->len == bytes || use->len == CONNECTION_SEVERAL || bytes == CONNECTION_SEVERAL;
    gint64 distance_ns = lookup_distance(use, time_ns);
    near.doubtful |= fits && any && near.fit != use->owner;
    if (i - first >= LOOKUP_USES) {
      near.doubtful = TRUE;
      near.nearest =
          connection_use(connections, side, MIN(lookup_use_at(connections, side, time_ns), side->n - 1))->owner;
      break;
    }
    if (fits && !any)
      least_ns = G_MAXINT64;
    if ((fits || !any) && distance_ns < least_ns) {
      least_ns = distance_ns;
      near.nearest = use->owner;
    }
    if (fits)
      near.fit = use->owner;
    any |= fits;
    near.sized |= use->len == bytes;
  }
  if (near.doubtful || side->partial)
    near.fit = TB_MAP_NONE;
  return near;
}

/* The byte with number @seq, where all bytes are counted. */
static guint32 lookup_by_bytes(const ResourceConnections *connections, const ConnectionSide *side, guint32 seq)
{
  guint64 total = connection_use(connections, side, side->n - 1)->end;
  /* Numbers wrap; in a stream so long that one stands for two places none is meant. */
  guint64 position = (guint32)(seq - side->ref);
  if (total > G_MAXUINT32 / 2)
    return TB_MAP_NONE;
  if (position > G_MAXUINT32 / 2)
    position = 0; /* in front of the first byte: the handshake */
  guint32 low = 0, high = side->n - 1;
  while (low < high) {
    guint32 mid = low + (high - low) / 2;
    if (connection_use(connections, side, mid)->end > position)
      high = mid;
    else
      low = mid + 1;
  }
  return connection_use(connections, side, low)->owner;
}

static LookFound lookup_side(const ResourceConnections *connections, const ConnectionSide *side, guint32 seq,
                           guint32 payload, gint64 time_ns)
{
  if (side->only != TB_MAP_NONE)
    return lookup_found(side->only, TB_CONFIDENCE_LINKED);
  guint32 owner = side->exact ? lookup_by_bytes(connections, side, seq) : TB_MAP_NONE;
  if (owner != TB_MAP_NONE)
    return lookup_found(owner, TB_CONFIDENCE_LINKED);
  LookNear near = lookup_near(connections, side, payload, time_ns);
  if (payload && near.sized && near.fit != TB_MAP_NONE)
    return lookup_found(near.fit, TB_CONFIDENCE_LINKED);
  if (near.nearest == TB_MAP_NONE) {
    guint32 at = lookup_use_at(connections, side, time_ns);
    near.nearest = connection_use(connections, side, at ? at - 1 : 0)->owner;
  }
  return lookup_found(near.nearest, TB_CONFIDENCE_CONTEXT);
}

/* Several processes used the connection. */
static LookFound lookup_shared(const ResourceConnections *connections, const ConnectionRecord *record,
                             gboolean sender, const TbNetHeaders *headers, gint64 time_ns)
{
  const ConnectionSide *written = &record->sides[RESOURCE_WRITTEN], *read = &record->sides[RESOURCE_READ];
  const ConnectionSide *own = sender ? written : read, *other = sender ? read : written;
  if (own->n)
    return lookup_side(connections, own, headers->tcp.seq, headers->payload.len, time_ns);
  if (other->n)
    return lookup_side(connections, other, headers->tcp.ack - 1, 0, time_ns);
  return lookup_found(TB_MAP_NONE, TB_CONFIDENCE_NONE);
}

static LookFound lookup_stream(const ResourceConnections *connections, const TbTuple *tuple,
                             gboolean sender, const TbNetHeaders *headers, gint64 time_ns)
{
  gboolean syn = (headers->tcp.flags & TB_NET_TCP_SYN) != 0;
  const ConnectionRecord *record = lookup_life(connections, tuple, time_ns, syn);
  if (!record)
    return lookup_found(TB_MAP_NONE, TB_CONFIDENCE_NONE);
  gboolean used = record->sides[RESOURCE_WRITTEN].n || record->sides[RESOURCE_READ].n;
  /* What the log lost may have made one life of two: a SYN behind Connect is of the second. */
  if (record->opener != TB_MAP_NONE &&
      (!used || (syn && time_ns <= record->opened_ns + CONNECTION_NEAR_NS)))
    return lookup_found(record->opener, TB_CONFIDENCE_LINKED);
  if (record->only != TB_MAP_NONE)
    return lookup_found(record->only, TB_CONFIDENCE_LINKED);
  if (!used) /* who closed it need not be who used it */
    return lookup_found(record->latest, TB_CONFIDENCE_CONTEXT);
  return lookup_shared(connections, record, sender, headers, time_ns);
}

/* --- datagrams --- */

/* Groups and broadcasts are not one machine's alone, the unspecified address is everybody's. */
static gboolean lookup_is_own_address(const guint8 *address)
{
  static const guint8 any[16] = { 0 }, mapped[12] = { [10] = 0xff, [11] = 0xff };
  const guint8 *v4 = address + sizeof mapped;
  if (memcmp(address, mapped, sizeof mapped) == 0)
    return v4[0] != 0 && v4[0] < 224;
  return address[0] != 0xff && memcmp(address, any, sizeof any) != 0;
}

/* Nothing was told of this very datagram: who else uses the port? */
static LookFound lookup_port(const ResourceConnections *connections, const TbTuple *tuple, gint64 time_ns)
{
  TbTuple local = *tuple;
  tb_tuple_forget_remote(&local);
  guint32 at = lookup_is_own_address(tuple->local) ? connections_find_newest(connections, &local)
                                                 : TB_MAP_NONE;
  if (at == TB_MAP_NONE)
    return lookup_found(TB_MAP_NONE, TB_CONFIDENCE_NONE);
  const ConnectionRecord *record = connection_record(connections, at);
  if (record->only != TB_MAP_NONE)
    return lookup_found(record->only, TB_CONFIDENCE_LINKED);
  LookNear near = lookup_near(connections, &record->sides[RESOURCE_WRITTEN], CONNECTION_SEVERAL, time_ns);
  if (record->in_turn && near.fit != TB_MAP_NONE)
    return lookup_found(near.fit, TB_CONFIDENCE_LINKED);
  return lookup_found(near.nearest, TB_CONFIDENCE_CONTEXT);
}

static LookFound lookup_datagram(const ResourceConnections *connections, const TbTuple *tuple,
                               gboolean sender, guint32 payload, gint64 time_ns)
{
  guint32 at = connections_find_newest(connections, tuple);
  if (at != TB_MAP_NONE) {
    const ConnectionSide *side =
        &connection_record(connections, at)->sides[sender ? RESOURCE_WRITTEN : RESOURCE_READ];
    LookNear near = lookup_near(connections, side, payload, time_ns);
    if (near.fit != TB_MAP_NONE)
      return lookup_found(near.fit, TB_CONFIDENCE_LINKED);
    if (near.doubtful)
      return lookup_found(near.nearest, TB_CONFIDENCE_CONTEXT);
  }
  return lookup_port(connections, tuple, time_ns);
}

void owners_connections_ask(const ResourceConnections *connections, const TbTuple *tuple, gboolean sender,
                         const TbNetHeaders *headers, gint64 time_ns, OwnersAnswer *out)
{
  gboolean stream = tuple->protocol == TB_TUPLE_TCP;
  if (!stream && tuple->protocol != TB_TUPLE_UDP)
    return;
  LookFound found = stream ? lookup_stream(connections, tuple, sender, headers, time_ns)
                           : lookup_datagram(connections, tuple, sender, headers->payload.len, time_ns);
  if (found.owner == TB_MAP_NONE)
    return;
  const ConnectionOwner *owner = connection_owner(connections, found.owner);
  gint64 after_ns = stream ? CONNECTION_AFTERLIFE_NS : CONNECTION_NEAR_NS;
  if ((owner->start_ns != G_MININT64 && time_ns < owner->start_ns - CONNECTION_NEAR_NS) ||
      (owner->end_ns != G_MAXINT64 && time_ns > owner->end_ns + after_ns))
    return;
  *out = (OwnersAnswer){ .tid = owner->pid, .is_process = TRUE, .time_ns = owner->moment_ns,
                         .confidence = found.confidence, .via = "pml" };
}
