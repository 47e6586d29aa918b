/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Users of sockets; see owners-users.h. */
#include "stages/owners/owners-users.h"

enum { USERS_MOST = 16 };

/* Those who used a socket; beyond so many nothing is concluded from who they are. */
typedef struct {
  guint n;
  gint32 tids[USERS_MOST];
} Users;

static void users_add(Users *users, gint32 tid)
{
  guint i = 0;
  while (i < users->n && i < USERS_MOST && users->tids[i] != tid)
    i++;
  if (!tid || (i < users->n && i < USERS_MOST))
    return;
  if (i < USERS_MOST)
    users->tids[i] = tid;
  users->n = MIN(users->n + 1, USERS_MOST + 1);
}

/* All of whom anything tells that they used @socket. */
static void users_find_active(const ResourceSockets *all, const OwnersEnds *ends,
                              const ResourceSocket *socket, Users *users)
{
  const OwnersEndpoint *end =
      socket->has_tuple ? owners_endpoint_find(ends, &socket->tuple) : NULL;
  users->n = 0;
  users_add(users, socket->opener);
  for (guint way = 0; way < RESOURCE_N_WAYS; way++)
    for (guint32 run = 0; run < socket->sides[way].n && users->n <= USERS_MOST; run++)
      users_add(users, resource_side_run(all, &socket->sides[way], run)->tid);
  if (!end)
    return;
  users_add(users, end->only);
  if (!end->only && end->n_hits && !end->n_sent && !end->n_received)
    users->n = USERS_MOST + 1; /* several, none of them believed */
  for (guint32 i = 0; i < end->n_sent + end->n_received && users->n <= USERS_MOST; i++)
    users_add(users, owners_hit(ends, end->first + i)->tid);
}

/* Who has it by a table counts where nobody was seen to use it. */
static void users_find(const ResourceSockets *all, const OwnersEnds *ends,
                       const ResourceSocket *socket, Users *users)
{
  users_find_active(all, ends, socket, users);
  if (users->n == 0 && socket->holder == RESOURCE_SEVERAL)
    users->n = USERS_MOST + 1;
  else if (users->n == 0)
    users_add(users, socket->holder);
}

static gboolean users_has_run(const ResourceSockets *all, const ResourceSide *side, gint32 tid)
{
  gboolean found = FALSE;
  for (guint32 run = 0; run < side->n && !found; run++)
    found = resource_side_run(all, side, run)->tid == tid;
  return found;
}

/* Whether anybody is known to use a socket of whom no bytes of this direction were seen. */
static void users_absent(TbResource *resource, ResourceSide *side, const Users *users)
{
  const ResourceSockets *all = tb_resource_get_sockets(resource);
  gint64 first_ns = side->n ? resource_side_run(all, side, 0)->first_ns : 0;
  side->absent = users->n > USERS_MOST;
  side->late = !side->absent;
  for (guint i = 0; i < users->n && i < USERS_MOST && side->n && !side->exact; i++)
    if (!users_has_run(all, side, users->tids[i])) {
      side->absent = TRUE;
      side->late &= tb_resource_get_birth(resource, users->tids[i]) > first_ns;
    }
}

/* Until when one of several users was there alone. */
static void users_alone(TbResource *resource, ResourceSocket *socket, const Users *users)
{
  guint oldest = 0;
  for (guint i = 1; i < users->n; i++)
    if (tb_resource_get_birth(resource, users->tids[i]) <
        tb_resource_get_birth(resource, users->tids[oldest]))
      oldest = i;
  socket->first = users->tids[oldest];
  socket->alone_ns = G_MAXINT64;
  for (guint i = 0; i < users->n; i++)
    if (i != oldest)
      socket->alone_ns = MIN(socket->alone_ns, tb_resource_get_birth(resource, users->tids[i]));
}

/* Whether one task alone used a socket, by all that was seen of it. */
void owners_users_find(TbResource *resource, const OwnersEnds *ends)
{
  ResourceSockets *all = tb_resource_get_sockets(resource);
  Users users;
  for (guint i = 0; i < all->sockets->len; i++) {
    ResourceSocket *socket = resource_socket(all, i);
    const ResourceSide *sides = socket->sides;
    if (sides[RESOURCE_WRITTEN].n && sides[RESOURCE_WRITTEN].exact && sides[RESOURCE_READ].n &&
        sides[RESOURCE_READ].exact)
      continue; /* nothing is left to guess */
    users_find(all, ends, socket, &users);
    socket->only = users.n == 1 ? users.tids[0] : 0;
    socket->shared = users.n > 1;
    if (users.n > 1 && users.n <= USERS_MOST)
      users_alone(resource, socket, &users);
    for (guint way = 0; way < RESOURCE_N_WAYS && users.n > 1; way++)
      users_absent(resource, &socket->sides[way], &users);
  }
}

