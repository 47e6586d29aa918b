/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sockets and runs of bytes; see attrib-socket.h. */
#include "stages/attrib/attrib-socket.h"

#include <string.h>

guint64 attrib_tuple_hash(const AttribTuple *tuple)
{
  guint64 h = 0, word;
  for (gsize at = 0; at < sizeof *tuple; at += sizeof word) {
    memcpy(&word, (const guint8 *)tuple + at, sizeof word);
    h = (h ^ word) * 0x9e3779b97f4a7c15u;
    h ^= h >> 29;
  }
  return h;
}

void attrib_address_set(guint8 *to, const guint8 *bytes, guint family)
{
  static const guint8 mapped[12] = { [10] = 0xff, [11] = 0xff };
  if (family == 6) {
    memcpy(to, bytes, 16);
    return;
  }
  memcpy(to, mapped, sizeof mapped);
  memcpy(to + sizeof mapped, bytes, 4);
}

AttribTuple attrib_tuple_reverse(const AttribTuple *tuple)
{
  AttribTuple out = { .local_port = tuple->remote_port,
                      .remote_port = tuple->local_port,
                      .protocol = tuple->protocol };
  memcpy(out.local, tuple->remote, sizeof out.local);
  memcpy(out.remote, tuple->local, sizeof out.remote);
  return out;
}

void attrib_sockets_init(AttribSockets *all)
{
  *all = (AttribSockets){ 0 };
  all->sockets = g_array_new(FALSE, FALSE, sizeof(AttribSocket));
  all->runs = g_array_new(FALSE, FALSE, sizeof(AttribRun));
}

void attrib_sockets_clear(AttribSockets *all)
{
  g_array_unref(all->sockets);
  g_array_unref(all->runs);
  attrib_map_clear(&all->by_sk);
  attrib_map_clear(&all->by_tuple);
}

guint32 attrib_socket_new(AttribSockets *all, guint64 sk, gint64 time_ns)
{
  AttribSocket socket = { .sk = sk,
                          .birth_ns = time_ns,
                          .death_ns = G_MAXINT64,
                          .same = ATTRIB_NONE,
                          .epoch = all->epoch };
  for (guint i = 0; i < ATTRIB_N_WAYS; i++)
    socket.sides[i].first = socket.sides[i].last = ATTRIB_NONE;
  guint32 index = all->sockets->len;
  g_array_append_val(all->sockets, socket);
  if (sk) {
    guint32 before = attrib_map_get(&all->by_sk, sk);
    if (before != ATTRIB_NONE && attrib_socket(all, before)->death_ns == G_MAXINT64)
      attrib_socket(all, before)->death_ns = time_ns;
    attrib_map_set(&all->by_sk, sk, index);
  }
  return index;
}

guint32 attrib_socket_find(AttribSockets *all, guint64 sk, gint64 time_ns)
{
  guint32 index = attrib_map_get(&all->by_sk, sk);
  if (G_LIKELY(index != ATTRIB_NONE && attrib_socket(all, index)->death_ns == G_MAXINT64))
    return index;
  return attrib_socket_new(all, sk, time_ns);
}

guint32 attrib_socket_name(AttribSockets *all, guint32 index, const AttribTuple *tuple,
                           gint64 time_ns)
{
  AttribSocket *socket = attrib_socket(all, index);
  if (socket->has_tuple) {
    if (memcmp(&socket->tuple, tuple, sizeof *tuple) == 0)
      return index;
    index = attrib_socket_new(all, socket->sk, time_ns);
    socket = attrib_socket(all, index);
  }
  guint64 hash = attrib_tuple_hash(tuple);
  socket->has_tuple = TRUE;
  socket->tuple = *tuple;
  socket->same = attrib_map_get(&all->by_tuple, hash);
  attrib_map_set(&all->by_tuple, hash, index);
  return index;
}

/* Events were lost since the socket was touched last: positions no longer hold. */
static void socket_notice_gap(const AttribSockets *all, AttribSocket *socket)
{
  if (G_LIKELY(socket->epoch == all->epoch))
    return;
  socket->epoch = all->epoch;
  socket->sides[ATTRIB_WRITTEN].gap = socket->sides[ATTRIB_READ].gap = TRUE;
}

void attrib_socket_move(AttribSockets *all, guint32 index, AttribWay way, gint32 tid,
                        guint64 bytes, gint64 from_ns, gint64 to_ns)
{
  AttribSocket *socket = attrib_socket(all, index);
  AttribSide *side = &socket->sides[way];
  socket_notice_gap(all, socket);
  guint64 total = attrib_side_total(all, side);
  if (side->last != ATTRIB_NONE) {
    AttribRun *last = &g_array_index(all->runs, AttribRun, side->last);
    if (G_LIKELY(last->tid == tid)) {
      last->end += bytes;
      last->last_ns = to_ns;
      return;
    }
    last->next = all->runs->len;
  } else {
    side->first = all->runs->len;
  }
  AttribRun run = { .end = total + bytes, .first_ns = from_ns, .last_ns = to_ns, .tid = tid,
                    .next = ATTRIB_NONE };
  side->last = all->runs->len;
  side->n++;
  g_array_append_val(all->runs, run);
}

static guint32 socket_add_asked(guint32 asked, guint32 bytes)
{
  return bytes > G_MAXUINT32 - asked ? G_MAXUINT32 : asked + bytes;
}

/* The last run that began at or before @time_ns. */
static guint32 socket_run_at(const AttribSockets *all, const AttribSide *side, gint64 time_ns)
{
  guint32 found = ATTRIB_NONE;
  for (guint32 at = side->first; at != ATTRIB_NONE;) {
    const AttribRun *run = &g_array_index(all->runs, AttribRun, at);
    if (run->first_ns > time_ns)
      break;
    found = at;
    at = run->next;
  }
  return found;
}

void attrib_socket_ask(AttribSockets *all, guint32 index, AttribWay way, gint32 tid,
                       guint32 bytes, gint64 time_ns)
{
  AttribSide *side = &attrib_socket(all, index)->sides[way];
  guint32 before = socket_run_at(all, side, time_ns);
  AttribRun *at = before == ATTRIB_NONE ? NULL : &g_array_index(all->runs, AttribRun, before);
  if (at && at->tid == tid) {
    at->asked = socket_add_asked(at->asked, bytes);
    return;
  }
  AttribRun run = { .end = at ? at->end : 0, .first_ns = time_ns, .last_ns = time_ns, .tid = tid,
                    .next = at ? at->next : side->first, .asked = bytes };
  guint32 place = all->runs->len;
  if (at)
    at->next = place;
  else
    side->first = place;
  if (side->last == before)
    side->last = place;
  side->n++;
  g_array_append_val(all->runs, run);
}

/*
 * Of bytes to read more may be asked for than there are, to write seldom. So what all asked for
 * is what they moved, if so much is missing, else what only one can have moved is that one's.
 */
void attrib_side_mend(AttribSockets *all, AttribSide *side)
{
  guint32 n = 0, sum = 0;
  for (guint32 i = 0; i < side->n; i++) {
    const AttribRun *run = attrib_side_run(all, side, i);
    n += run->asked > 0;
    sum = socket_add_asked(sum, run->asked);
  }
  gboolean all_moved = sum <= side->lost;
  if (sum == 0 || side->gap || side->mended || side->lost == 0 || side->lost == G_MAXUINT32 ||
      (!all_moved && n != 1))
    return;
  guint64 moved = 0;
  for (guint32 i = 0; i < side->n; i++) {
    AttribRun *run = &g_array_index(all->runs, AttribRun, side->first + i);
    moved += all_moved ? run->asked : run->asked > 0 ? side->lost : 0;
    run->end += moved;
  }
  side->lost -= all_moved ? sum : side->lost;
  side->mended = TRUE;
}

void attrib_socket_take(AttribSockets *all, guint32 index, guint32 from)
{
  AttribSocket *socket = attrib_socket(all, index), *before = attrib_socket(all, from);
  for (guint way = 0; way < ATTRIB_N_WAYS; way++) {
    AttribSide *to = &socket->sides[way], *side = &before->sides[way];
    if (side->first == ATTRIB_NONE)
      continue;
    guint64 total = attrib_side_total(all, side);
    for (guint32 i = to->first; i != ATTRIB_NONE;) {
      AttribRun *run = &g_array_index(all->runs, AttribRun, i);
      run->end += total;
      i = run->next;
    }
    g_array_index(all->runs, AttribRun, side->last).next = to->first;
    to->first = side->first;
    to->last = to->last == ATTRIB_NONE ? side->last : to->last;
    to->n += side->n;
    to->by_calls |= side->by_calls;
    to->gap |= side->gap;
    side->first = side->last = ATTRIB_NONE;
    side->n = 0;
  }
}

void attrib_sockets_seal(AttribSockets *all)
{
  GArray *sealed = g_array_sized_new(FALSE, FALSE, sizeof(AttribRun), all->runs->len);
  for (guint i = 0; i < all->sockets->len; i++) {
    AttribSocket *socket = attrib_socket(all, i);
    socket_notice_gap(all, socket);
    for (guint way = 0; way < ATTRIB_N_WAYS; way++) {
      AttribSide *side = &socket->sides[way];
      guint32 first = sealed->len;
      for (guint32 at = side->first; at != ATTRIB_NONE;) {
        AttribRun run = g_array_index(all->runs, AttribRun, at);
        at = run.next;
        g_array_append_val(sealed, run);
      }
      side->n = sealed->len - first;
      side->first = side->n ? first : ATTRIB_NONE;
      side->last = side->n ? sealed->len - 1 : ATTRIB_NONE;
      side->single = side->n > 0;
      for (guint32 r = first + 1; r < sealed->len; r++)
        side->single &= g_array_index(sealed, AttribRun, r).tid ==
                        g_array_index(sealed, AttribRun, first).tid;
    }
  }
  g_array_unref(all->runs);
  all->runs = sealed;
  attrib_map_clear(&all->by_sk);
}

guint32 attrib_side_at(const AttribSockets *all, const AttribSide *side, guint64 position)
{
  guint32 low = 0, high = side->n - 1;
  while (low < high) {
    guint32 mid = low + (high - low) / 2;
    if (attrib_side_run(all, side, mid)->end > position)
      high = mid;
    else
      low = mid + 1;
  }
  return low;
}
