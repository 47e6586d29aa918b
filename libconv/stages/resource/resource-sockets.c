/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sockets and runs of bytes; see owners-socket.h. */
#include "stages/resource/resource-sockets.h"

#include <string.h>

void resource_sockets_init(ResourceSockets *all)
{
  *all = (ResourceSockets){ 0 };
  all->sockets = g_array_new(FALSE, FALSE, sizeof(ResourceSocket));
  all->runs = g_array_new(FALSE, FALSE, sizeof(ResourceRun));
}

void resource_sockets_clear(ResourceSockets *all)
{
  g_array_unref(all->sockets);
  g_array_unref(all->runs);
  tb_map_clear(&all->by_sk);
  tb_map_clear(&all->by_tuple);
}

guint32 resource_socket_new(ResourceSockets *all, guint64 sk, gint64 time_ns)
{
  ResourceSocket socket = { .sk = sk,
                          .birth_ns = time_ns,
                          .death_ns = G_MAXINT64,
                          .same = TB_MAP_NONE,
                          .epoch = all->epoch };
  for (guint i = 0; i < RESOURCE_N_WAYS; i++)
    socket.sides[i].first = socket.sides[i].last = TB_MAP_NONE;
  guint32 index = all->sockets->len;
  g_array_append_val(all->sockets, socket);
  if (sk) {
    guint32 before = tb_map_get(&all->by_sk, sk);
    if (before != TB_MAP_NONE && resource_socket(all, before)->death_ns == G_MAXINT64)
      resource_socket(all, before)->death_ns = time_ns;
    tb_map_set(&all->by_sk, sk, index);
  }
  return index;
}

guint32 resource_socket_find(ResourceSockets *all, guint64 sk, gint64 time_ns)
{
  guint32 index = tb_map_get(&all->by_sk, sk);
  if (G_LIKELY(index != TB_MAP_NONE && resource_socket(all, index)->death_ns == G_MAXINT64))
    return index;
  return resource_socket_new(all, sk, time_ns);
}

guint32 resource_socket_name(ResourceSockets *all, guint32 index, const TbTuple *tuple,
                           gint64 time_ns)
{
  ResourceSocket *socket = resource_socket(all, index);
  if (socket->has_tuple) {
    if (memcmp(&socket->tuple, tuple, sizeof *tuple) == 0)
      return index;
    index = resource_socket_new(all, socket->sk, time_ns);
    socket = resource_socket(all, index);
  }
  guint64 hash = tb_tuple_hash(tuple);
  socket->has_tuple = TRUE;
  socket->tuple = *tuple;
  socket->same = tb_map_get(&all->by_tuple, hash);
  tb_map_set(&all->by_tuple, hash, index);
  return index;
}

/* Events were lost since the socket was touched last: positions no longer hold. */
static void socket_notice_gap(const ResourceSockets *all, ResourceSocket *socket)
{
  if (G_LIKELY(socket->epoch == all->epoch))
    return;
  socket->epoch = all->epoch;
  socket->sides[RESOURCE_WRITTEN].gap = socket->sides[RESOURCE_READ].gap = TRUE;
}

void resource_socket_move(ResourceSockets *all, guint32 index, ResourceWay way, gint32 tid,
                        guint64 bytes, gint64 from_ns, gint64 to_ns)
{
  ResourceSocket *socket = resource_socket(all, index);
  ResourceSide *side = &socket->sides[way];
  socket_notice_gap(all, socket);
  guint64 total = resource_side_total(all, side);
  if (side->last != TB_MAP_NONE) {
    ResourceRun *last = &g_array_index(all->runs, ResourceRun, side->last);
    if (G_LIKELY(last->tid == tid)) {
      last->end += bytes;
      last->last_ns = to_ns;
      return;
    }
    last->next = all->runs->len;
  } else {
    side->first = all->runs->len;
  }
  ResourceRun run = { .end = total + bytes, .first_ns = from_ns, .last_ns = to_ns, .tid = tid,
                    .next = TB_MAP_NONE };
  side->last = all->runs->len;
  side->n++;
  g_array_append_val(all->runs, run);
}

static guint32 socket_add_asked(guint32 asked, guint32 bytes)
{
  return bytes > G_MAXUINT32 - asked ? G_MAXUINT32 : asked + bytes;
}

/* The last run that began at or before @time_ns. */
static guint32 socket_run_at(const ResourceSockets *all, const ResourceSide *side, gint64 time_ns)
{
  guint32 found = TB_MAP_NONE;
  for (guint32 at = side->first; at != TB_MAP_NONE;) {
    const ResourceRun *run = &g_array_index(all->runs, ResourceRun, at);
    if (run->first_ns > time_ns)
      break;
    found = at;
    at = run->next;
  }
  return found;
}

void resource_socket_ask(ResourceSockets *all, guint32 index, ResourceWay way, gint32 tid,
                       guint32 bytes, gint64 time_ns)
{
  ResourceSide *side = &resource_socket(all, index)->sides[way];
  guint32 before = socket_run_at(all, side, time_ns);
  ResourceRun *at = before == TB_MAP_NONE ? NULL : &g_array_index(all->runs, ResourceRun, before);
  if (at && at->tid == tid) {
    at->asked = socket_add_asked(at->asked, bytes);
    return;
  }
  ResourceRun run = { .end = at ? at->end : 0, .first_ns = time_ns, .last_ns = time_ns, .tid = tid,
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
void resource_side_mend(ResourceSockets *all, ResourceSide *side)
{
  guint32 n = 0, sum = 0;
  for (guint32 i = 0; i < side->n; i++) {
    const ResourceRun *run = resource_side_run(all, side, i);
    n += run->asked > 0;
    sum = socket_add_asked(sum, run->asked);
  }
  gboolean all_moved = sum <= side->lost;
  if (sum == 0 || side->gap || side->mended || side->lost == 0 || side->lost == G_MAXUINT32 ||
      (!all_moved && n != 1))
    return;
  guint64 moved = 0;
  for (guint32 i = 0; i < side->n; i++) {
    ResourceRun *run = &g_array_index(all->runs, ResourceRun, side->first + i);
    moved += all_moved ? run->asked : run->asked > 0 ? side->lost : 0;
    run->end += moved;
  }
  side->lost -= all_moved ? sum : side->lost;
  side->mended = TRUE;
}

void resource_socket_take(ResourceSockets *all, guint32 index, guint32 from)
{
  ResourceSocket *socket = resource_socket(all, index), *before = resource_socket(all, from);
  for (guint way = 0; way < RESOURCE_N_WAYS; way++) {
    ResourceSide *to = &socket->sides[way], *side = &before->sides[way];
    if (side->first == TB_MAP_NONE)
      continue;
    guint64 total = resource_side_total(all, side);
    for (guint32 i = to->first; i != TB_MAP_NONE;) {
      ResourceRun *run = &g_array_index(all->runs, ResourceRun, i);
      run->end += total;
      i = run->next;
    }
    g_array_index(all->runs, ResourceRun, side->last).next = to->first;
    to->first = side->first;
    to->last = to->last == TB_MAP_NONE ? side->last : to->last;
    to->n += side->n;
    to->by_calls |= side->by_calls;
    to->gap |= side->gap;
    side->first = side->last = TB_MAP_NONE;
    side->n = 0;
  }
}

void resource_sockets_seal(ResourceSockets *all)
{
  GArray *sealed = g_array_sized_new(FALSE, FALSE, sizeof(ResourceRun), all->runs->len);
  for (guint i = 0; i < all->sockets->len; i++) {
    ResourceSocket *socket = resource_socket(all, i);
    socket_notice_gap(all, socket);
    for (guint way = 0; way < RESOURCE_N_WAYS; way++) {
      ResourceSide *side = &socket->sides[way];
      guint32 first = sealed->len;
      for (guint32 at = side->first; at != TB_MAP_NONE;) {
        ResourceRun run = g_array_index(all->runs, ResourceRun, at);
        at = run.next;
        g_array_append_val(sealed, run);
      }
      side->n = sealed->len - first;
      side->first = side->n ? first : TB_MAP_NONE;
      side->last = side->n ? sealed->len - 1 : TB_MAP_NONE;
      side->single = side->n > 0;
      for (guint32 r = first + 1; r < sealed->len; r++)
        side->single &= g_array_index(sealed, ResourceRun, r).tid ==
                        g_array_index(sealed, ResourceRun, first).tid;
    }
  }
  g_array_unref(all->runs);
  all->runs = sealed;
  tb_map_clear(&all->by_sk);
}

guint32 resource_side_at(const ResourceSockets *all, const ResourceSide *side, guint64 position)
{
  guint32 low = 0, high = side->n - 1;
  while (low < high) {
    guint32 mid = low + (high - low) / 2;
    if (resource_side_run(all, side, mid)->end > position)
      high = mid;
    else
      low = mid + 1;
  }
  return low;
}
