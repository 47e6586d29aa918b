/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who is behind the local end of a packet by the network operations of a
 * Windows machine: by connection or port first, then by bytes, size and time
 * where several processes used it. Only local ends have records, so that a
 * remote end has nobody to be named.
 */
#include "stages/attrib/attrib-windows.h"

#include <string.h>

enum {
  LOOK_LIVES = 1024,   /* of one tuple; what is older is not looked for */
  LOOK_STREAMS = 1024, /* captured ones of one tuple */
  LOOK_USES = 256,     /* about one moment; more of them tell nothing apart */
};

/* --- captured streams --- */

static gint64 look_last_use(const AttribWindows *windows, const WindowsRecord *record)
{
  gint64 last_ns = MAX(record->birth_ns, record->born ? record->opened_ns : G_MININT64);
  for (guint way = 0; way < ATTRIB_N_WAYS; way++) {
    const WindowsSide *side = &record->sides[way];
    if (side->n)
      last_ns = MAX(last_ns, windows_use(windows, side, side->n - 1)->last_ns);
  }
  return last_ns;
}

static gint64 look_end(const AttribWindows *windows, const WindowsRecord *record)
{
  gint64 last_ns = look_last_use(windows, record);
  return record->ended ? MAX(last_ns, record->death_ns) : last_ns;
}

/* The bytes of @side lie in the stream whose every byte was counted. */
static void look_fit(const AttribWindows *windows, WindowsSide *side, const AttribStream *stream)
{
  gint64 end = stream->ended ? stream->end : stream->has_data ? stream->high : 0;
  if (side->exact || side->partial || side->n == 0 ||
      end != (gint64)windows_use(windows, side, side->n - 1)->end)
    return;
  side->exact = TRUE;
  side->ref = stream->ref;
}

/*
 * A stream that begins when all bytes of a life were moved is of another one. Its own is the one that
 * begins next to Connect or Accept; if the log has neither, the last one before the operations.
 */
static void look_match_side(const AttribWindows *windows, WindowsRecord *record, WindowsSide *side,
                            const AttribCapture *capture, const AttribFlow *flow)
{
  gint64 last_ns = look_last_use(windows, record) + WINDOWS_NEAR_NS;
  gint64 near_ns = record->born ? record->opened_ns : record->birth_ns + WINDOWS_NEAR_NS;
  gint64 best_ns = record->born ? WINDOWS_HANDSHAKE_NS : G_MAXINT64;
  const AttribStream *best = NULL;
  guint32 at = flow ? flow->streams : ATTRIB_NONE;
  for (guint n = 0; at != ATTRIB_NONE && n < LOOK_STREAMS; n++) {
    const AttribStream *stream = &g_array_index(capture->streams, AttribStream, at);
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
  if (record->born && record->only == ATTRIB_NONE)
    look_fit(windows, side, best);
}

void attrib_windows_match(AttribWindows *windows, const AttribCapture *capture)
{
  for (guint i = 0; windows && i < windows->records->len; i++) {
    WindowsRecord *record = windows_record(windows, i);
    if (record->tuple.protocol != ATTRIB_TCP)
      continue;
    AttribTuple reverse = attrib_tuple_reverse(&record->tuple);
    look_match_side(windows, record, &record->sides[ATTRIB_WRITTEN], capture,
                    attrib_flow_find(capture, &record->tuple));
    look_match_side(windows, record, &record->sides[ATTRIB_READ], capture,
                    attrib_flow_find(capture, &reverse));
  }
}

/* --- which life of a connection --- */

/* Whether the packet is of @record, whose first operation is behind it, not of @older. */
static gboolean look_is_early(const AttribWindows *windows, const WindowsRecord *record,
                              const WindowsRecord *older, gint64 time_ns, gboolean syn)
{
  gint64 before_ns = record->birth_ns - time_ns;
  if (before_ns > (record->born ? WINDOWS_HANDSHAKE_NS : WINDOWS_AFTERLIFE_NS) ||
      (record->since_ns != G_MININT64 && time_ns < record->since_ns - WINDOWS_NEAR_NS))
    return FALSE;
  if (!older || time_ns >= older->until_ns)
    return TRUE;
  gint64 since_ns = time_ns - look_end(windows, older);
  return since_ns >= 0 && (syn || before_ns < since_ns);
}

static const WindowsRecord *look_life(const AttribWindows *windows, const AttribTuple *tuple,
                                      gint64 time_ns, gboolean syn)
{
  guint32 at = windows_find_newest(windows, tuple);
  for (guint n = 0; at != ATTRIB_NONE && n < LOOK_LIVES; n++) {
    const WindowsRecord *record = windows_record(windows, at);
    guint32 older_at = windows_find(windows, tuple, record->older);
    const WindowsRecord *older =
        older_at == ATTRIB_NONE ? NULL : windows_record(windows, older_at);
    if (time_ns >= record->birth_ns || look_is_early(windows, record, older, time_ns, syn))
      return time_ns >= record->until_ns ||
                     (record->ended && time_ns - record->death_ns > WINDOWS_AFTERLIFE_NS)
                 ? NULL
                 : record;
    at = older_at;
  }
  return NULL;
}

/* --- which of its owners --- */

typedef struct {
  guint32 owner; /* or ATTRIB_NONE */
  TbConfidence confidence;
} LookFound;

static LookFound look_found(guint32 owner, TbConfidence confidence)
{
  return (LookFound){ owner, owner == ATTRIB_NONE ? TB_CONFIDENCE_NONE : confidence };
}

/* The first use that ends at or behind @time_ns, @side->n where all end before it. */
static guint32 look_use_at(const AttribWindows *windows, const WindowsSide *side, gint64 time_ns)
{
  guint32 low = 0, high = side->n;
  while (low < high) {
    guint32 mid = low + (high - low) / 2;
    if (windows_use(windows, side, mid)->last_ns < time_ns)
      low = mid + 1;
    else
      high = mid;
  }
  return low;
}

/**
 * LookNear: uses about one moment
 * @fit: the one owner of those that may have moved so many bytes at once; %ATTRIB_NONE if there
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

static gint64 look_distance(const WindowsUse *use, gint64 time_ns)
{
  return time_ns < use->first_ns ? use->first_ns - time_ns : MAX(time_ns - use->last_ns, 0);
}

/* @bytes: %WINDOWS_SEVERAL: any number of them */
static LookNear look_near(const AttribWindows *windows, const WindowsSide *side, guint32 bytes,
                          gint64 time_ns)
{
  LookNear near = { .fit = ATTRIB_NONE, .nearest = ATTRIB_NONE };
  guint32 first = look_use_at(windows, side, time_ns - WINDOWS_NEAR_NS);
  gint64 least_ns = G_MAXINT64;
  gboolean any = FALSE;
  for (guint32 i = first; i < side->n; i++) {
    const WindowsUse *use = windows_use(windows, side, i);
    if (use->first_ns > time_ns + WINDOWS_NEAR_NS)
      break;
    gboolean fits = use->len == bytes || use->len == WINDOWS_SEVERAL || bytes == WINDOWS_SEVERAL;
    gint64 distance_ns = look_distance(use, time_ns);
    near.doubtful |= fits && any && near.fit != use->owner;
    if (i - first >= LOOK_USES) {
      near.doubtful = TRUE;
      near.nearest =
          windows_use(windows, side, MIN(look_use_at(windows, side, time_ns), side->n - 1))->owner;
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
    near.fit = ATTRIB_NONE;
  return near;
}

/* The byte with number @seq, where all bytes are counted. */
static guint32 look_by_bytes(const AttribWindows *windows, const WindowsSide *side, guint32 seq)
{
  guint64 total = windows_use(windows, side, side->n - 1)->end;
  /* Numbers wrap; in a stream so long that one stands for two places none is meant. */
  guint64 position = (guint32)(seq - side->ref);
  if (total > G_MAXUINT32 / 2)
    return ATTRIB_NONE;
  if (position > G_MAXUINT32 / 2)
    position = 0; /* in front of the first byte: the handshake */
  guint32 low = 0, high = side->n - 1;
  while (low < high) {
    guint32 mid = low + (high - low) / 2;
    if (windows_use(windows, side, mid)->end > position)
      high = mid;
    else
      low = mid + 1;
  }
  return windows_use(windows, side, low)->owner;
}

static LookFound look_side(const AttribWindows *windows, const WindowsSide *side, guint32 seq,
                           guint32 payload, gint64 time_ns)
{
  if (side->only != ATTRIB_NONE)
    return look_found(side->only, TB_CONFIDENCE_LINKED);
  guint32 owner = side->exact ? look_by_bytes(windows, side, seq) : ATTRIB_NONE;
  if (owner != ATTRIB_NONE)
    return look_found(owner, TB_CONFIDENCE_LINKED);
  LookNear near = look_near(windows, side, payload, time_ns);
  if (payload && near.sized && near.fit != ATTRIB_NONE)
    return look_found(near.fit, TB_CONFIDENCE_LINKED);
  if (near.nearest == ATTRIB_NONE) {
    guint32 at = look_use_at(windows, side, time_ns);
    near.nearest = windows_use(windows, side, at ? at - 1 : 0)->owner;
  }
  return look_found(near.nearest, TB_CONFIDENCE_CONTEXT);
}

/* Several processes used the connection. */
static LookFound look_shared(const AttribWindows *windows, const WindowsRecord *record,
                             gboolean sender, const TbNetHeaders *headers, gint64 time_ns)
{
  const WindowsSide *written = &record->sides[ATTRIB_WRITTEN], *read = &record->sides[ATTRIB_READ];
  const WindowsSide *own = sender ? written : read, *other = sender ? read : written;
  if (own->n)
    return look_side(windows, own, headers->tcp_seq, headers->payload_len, time_ns);
  if (other->n)
    return look_side(windows, other, headers->tcp_ack - 1, 0, time_ns);
  return look_found(ATTRIB_NONE, TB_CONFIDENCE_NONE);
}

static LookFound look_stream(const AttribWindows *windows, const AttribTuple *tuple,
                             gboolean sender, const TbNetHeaders *headers, gint64 time_ns)
{
  gboolean syn = (headers->tcp_flags & TB_NET_TCP_SYN) != 0;
  const WindowsRecord *record = look_life(windows, tuple, time_ns, syn);
  if (!record)
    return look_found(ATTRIB_NONE, TB_CONFIDENCE_NONE);
  gboolean used = record->sides[ATTRIB_WRITTEN].n || record->sides[ATTRIB_READ].n;
  /* What the log lost may have made one life of two: a SYN behind Connect is of the second. */
  if (record->opener != ATTRIB_NONE &&
      (!used || (syn && time_ns <= record->opened_ns + WINDOWS_NEAR_NS)))
    return look_found(record->opener, TB_CONFIDENCE_LINKED);
  if (record->only != ATTRIB_NONE)
    return look_found(record->only, TB_CONFIDENCE_LINKED);
  if (!used) /* who closed it need not be who used it */
    return look_found(record->latest, TB_CONFIDENCE_CONTEXT);
  return look_shared(windows, record, sender, headers, time_ns);
}

/* --- datagrams --- */

/* Groups and broadcasts are not one machine's alone, the unspecified address is everybody's. */
static gboolean look_is_own_address(const guint8 *address)
{
  static const guint8 any[16] = { 0 }, mapped[12] = { [10] = 0xff, [11] = 0xff };
  const guint8 *v4 = address + sizeof mapped;
  if (memcmp(address, mapped, sizeof mapped) == 0)
    return v4[0] != 0 && v4[0] < 224;
  return address[0] != 0xff && memcmp(address, any, sizeof any) != 0;
}

/* Nothing was told of this very datagram: who else uses the port? */
static LookFound look_port(const AttribWindows *windows, const AttribTuple *tuple, gint64 time_ns)
{
  AttribTuple local = *tuple;
  memset(local.remote, 0, sizeof local.remote);
  local.remote_port = 0;
  guint32 at = look_is_own_address(tuple->local) ? windows_find_newest(windows, &local)
                                                 : ATTRIB_NONE;
  if (at == ATTRIB_NONE)
    return look_found(ATTRIB_NONE, TB_CONFIDENCE_NONE);
  const WindowsRecord *record = windows_record(windows, at);
  if (record->only != ATTRIB_NONE)
    return look_found(record->only, TB_CONFIDENCE_LINKED);
  LookNear near = look_near(windows, &record->sides[ATTRIB_WRITTEN], WINDOWS_SEVERAL, time_ns);
  if (record->in_turn && near.fit != ATTRIB_NONE)
    return look_found(near.fit, TB_CONFIDENCE_LINKED);
  return look_found(near.nearest, TB_CONFIDENCE_CONTEXT);
}

static LookFound look_datagram(const AttribWindows *windows, const AttribTuple *tuple,
                               gboolean sender, guint32 payload, gint64 time_ns)
{
  guint32 at = windows_find_newest(windows, tuple);
  if (at != ATTRIB_NONE) {
    const WindowsSide *side =
        &windows_record(windows, at)->sides[sender ? ATTRIB_WRITTEN : ATTRIB_READ];
    LookNear near = look_near(windows, side, payload, time_ns);
    if (near.fit != ATTRIB_NONE)
      return look_found(near.fit, TB_CONFIDENCE_LINKED);
    if (near.doubtful)
      return look_found(near.nearest, TB_CONFIDENCE_CONTEXT);
  }
  return look_port(windows, tuple, time_ns);
}

void attrib_windows_look(const AttribWindows *windows, const AttribTuple *tuple, gboolean sender,
                         const TbNetHeaders *headers, gint64 time_ns, AttribAnswer *out)
{
  gboolean stream = tuple->protocol == ATTRIB_TCP;
  if (!stream && tuple->protocol != ATTRIB_UDP)
    return;
  LookFound found = stream ? look_stream(windows, tuple, sender, headers, time_ns)
                           : look_datagram(windows, tuple, sender, headers->payload_len, time_ns);
  if (found.owner == ATTRIB_NONE)
    return;
  const WindowsOwner *owner = windows_owner(windows, found.owner);
  gint64 after_ns = stream ? WINDOWS_AFTERLIFE_NS : WINDOWS_NEAR_NS;
  if ((owner->start_ns != G_MININT64 && time_ns < owner->start_ns - WINDOWS_NEAR_NS) ||
      (owner->end_ns != G_MAXINT64 && time_ns > owner->end_ns + after_ns))
    return;
  *out = (AttribAnswer){ .tid = owner->pid, .is_process = TRUE, .time_ns = owner->moment_ns,
                         .confidence = found.confidence, .via = "pml" };
}
