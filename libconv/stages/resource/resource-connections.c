/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What operations on connections teach: lives of connections, uses of ports,
 * their processes; see resource-connections.h.
 */
#include "stages/resource/resource-connections.h"

#include <string.h>

ResourceConnections *resource_connections_new(void)
{
  ResourceConnections *connections = g_new0(ResourceConnections, 1);
  connections->owners = g_array_new(FALSE, FALSE, sizeof(ConnectionOwner));
  connections->records = g_array_new(FALSE, FALSE, sizeof(ConnectionRecord));
  connections->uses = g_array_new(FALSE, FALSE, sizeof(ConnectionUse));
  return connections;
}

void resource_connections_free(ResourceConnections *connections)
{
  if (!connections)
    return;
  g_array_unref(connections->owners);
  g_array_unref(connections->records);
  g_array_unref(connections->uses);
  tb_map_clear(&connections->owner_by_start);
  tb_map_clear(&connections->record_by_tuple);
  g_free(connections);
}

/* --- owners --- */

/* A process is its number and its start: numbers are used again, and two logs may know it. */
static guint32 connections_take_owner(ResourceConnections *connections, const TbConnection *fact,
                                      const TbSource *source, gint64 time_ns)
{
  gint64 own_start_ns = fact->has_start ? fact->start.ns : G_MININT64;
  guint64 key = (guint64)own_start_ns * 0x9e3779b97f4a7c15u ^ (guint64)(guint32)fact->pid;
  guint32 at = tb_map_get(&connections->owner_by_start, key);
  if (at != TB_MAP_NONE && connection_owner(connections, at)->pid == fact->pid &&
      connection_owner(connections, at)->own_start_ns == own_start_ns)
    return at;
  if (connections->owners->len >= CONNECTION_OWNERS)
    return TB_MAP_NONE;
  gint64 start_ns = fact->has_start ? tb_source_machine_time(source, fact->start).ns : G_MININT64;
  ConnectionOwner owner = {
    .moment_ns = fact->has_start ? start_ns : time_ns,
    .own_start_ns = own_start_ns,
    .start_ns = start_ns,
    .end_ns = fact->has_end ? tb_source_machine_time(source, fact->end).ns : G_MAXINT64,
    .pid = fact->pid,
  };
  at = connections->owners->len;
  tb_map_set(&connections->owner_by_start, key, at);
  g_array_append_val(connections->owners, owner);
  return at;
}

/* --- records --- */

guint32 connections_find(const ResourceConnections *connections, const TbTuple *tuple, guint32 record)
{
  while (record != TB_MAP_NONE &&
         memcmp(&connection_record(connections, record)->tuple, tuple, sizeof *tuple) != 0)
    record = connection_record(connections, record)->older;
  return record;
}

guint32 connections_find_newest(const ResourceConnections *connections, const TbTuple *tuple)
{
  return connections_find(connections, tuple,
                      tb_map_get(&connections->record_by_tuple, tb_tuple_hash(tuple)));
}

/* NULL where there are too many. Valid until the next one is made. */
static ConnectionRecord *connections_add_record(ResourceConnections *connections, const TbTuple *tuple,
                                         gint64 time_ns)
{
  guint64 hash = tb_tuple_hash(tuple);
  guint32 index = connections->records->len;
  if (index >= CONNECTION_RECORDS)
    return NULL;
  const ConnectionSide none = { .first = TB_MAP_NONE, .last = TB_MAP_NONE, .only = TB_MAP_NONE };
  ConnectionRecord record = { .tuple = *tuple,
                           .birth_ns = time_ns,
                           .death_ns = G_MAXINT64,
                           .since_ns = G_MININT64,
                           .until_ns = G_MAXINT64,
                           .sides = { none, none },
                           .older = tb_map_get(&connections->record_by_tuple, hash),
                           .opener = TB_MAP_NONE,
                           .latest = TB_MAP_NONE,
                           .only = TB_MAP_NONE };
  g_array_append_val(connections->records, record);
  tb_map_set(&connections->record_by_tuple, hash, index);
  return connection_record(connections, index);
}

/*
 * Times of one side go forward: what comes a little late is moved up. @apart: where several
 * processes are at work each operation counts by its size.
 */
static void connections_add_use(ResourceConnections *connections, ConnectionSide *side, guint32 owner, guint32 len,
                            gint64 time_ns, gboolean apart)
{
  ConnectionUse *last =
      side->last == TB_MAP_NONE ? NULL : &g_array_index(connections->uses, ConnectionUse, side->last);
  time_ns = last ? MAX(time_ns, last->last_ns) : time_ns;
  apart = apart && side->n > 1 && connections->n_apart < CONNECTION_APART;
  if (G_LIKELY(last && last->owner == owner && !apart)) {
    last->last_ns = time_ns;
    last->end += len;
    last->len = last->len == len ? len : CONNECTION_SEVERAL;
    return;
  }
  if (connections->uses->len >= CONNECTION_USES) {
    side->partial = TRUE;
    return;
  }
  connections->n_apart += apart;
  ConnectionUse use = { .first_ns = time_ns, .last_ns = time_ns, .end = (last ? last->end : 0) + len,
                     .owner = owner, .len = len, .next = TB_MAP_NONE };
  guint32 index = connections->uses->len;
  if (last)
    last->next = index;
  else
    side->first = index;
  side->last = index;
  side->n++;
  g_array_append_val(connections->uses, use);
}

/* --- streams --- */

static gboolean connections_is_empty(const ConnectionRecord *record)
{
  return record->sides[RESOURCE_WRITTEN].n == 0 && record->sides[RESOURCE_READ].n == 0;
}

/*
 * Whether an operation is of another life than the newest one known. The beginning may be told
 * a little behind the first bytes, attempts to connect precede it, and two logs may tell it.
 */
static gboolean connections_is_new_life(const ConnectionRecord *record, TbConnectionWhat what, guint32 owner,
                                    gint64 time_ns)
{
  gint64 gone_ns = record->ended ? time_ns - record->death_ns : 0;
  if (what != TB_CONNECTION_OPENED)
    return gone_ns > CONNECTION_AFTERLIFE_NS ||
           (gone_ns > CONNECTION_NEAR_NS && owner != record->latest);
  if (record->opener != TB_MAP_NONE)
    return record->opener != owner || time_ns - record->opened_ns > CONNECTION_NEAR_NS;
  return record->ended || time_ns - record->birth_ns > (connections_is_empty(record)
                                                            ? CONNECTION_HANDSHAKE_NS
                                                            : CONNECTION_NEAR_NS);
}

static void connections_stream(ResourceConnections *connections, TbConnectionWhat what,
                           const TbTuple *tuple, gboolean out, guint32 owner, guint32 len,
                           gint64 time_ns)
{
  guint32 index = connections_find_newest(connections, tuple);
  ConnectionRecord *record = index == TB_MAP_NONE ? NULL : connection_record(connections, index);
  if (!record || connections_is_new_life(record, what, owner, time_ns))
    record = connections_add_record(connections, tuple, time_ns);
  if (!record)
    return;
  record->latest = owner;
  if (what == TB_CONNECTION_OPENED) {
    record->born = TRUE;
    record->opener = owner;
    record->opened_ns = time_ns;
  } else if (what == TB_CONNECTION_CLOSED) {
    record->ended = TRUE;
    record->death_ns = time_ns;
  } else {
    connections_add_use(connections, &record->sides[out ? RESOURCE_WRITTEN : RESOURCE_READ], owner,
                    what == TB_CONNECTION_MOVED ? len : 0, time_ns, FALSE);
  }
  if (record->ended)
    record->death_ns = MAX(record->death_ns, time_ns);
}

/* --- datagrams --- */

static void connections_datagram(ResourceConnections *connections, TbTuple tuple, gboolean out,
                             guint32 owner, guint32 len, gint64 time_ns)
{
  for (guint pass = 0; pass < 2; pass++) {
    guint32 index = connections_find_newest(connections, &tuple);
    ConnectionRecord *record = index == TB_MAP_NONE ? connections_add_record(connections, &tuple, time_ns)
                                                 : connection_record(connections, index);
    if (record)
      connections_add_use(connections, &record->sides[!pass && !out ? RESOURCE_READ : RESOURCE_WRITTEN], owner,
                      len, time_ns, pass == 0);
    tb_tuple_forget_remote(&tuple);
  }
}

void resource_connections_tell(ResourceConnections *connections, const TbConnection *fact,
                               const TbSource *source, gint64 time_ns)
{
  const TbAddresses *ends = &fact->ends;
  guint32 owner = connections_take_owner(connections, fact, source, time_ns);
  if (owner == TB_MAP_NONE)
    return;
  TbTuple tuple = tb_tuple_from_addresses(ends);
  if (ends->protocol == TB_TUPLE_TCP)
    connections_stream(connections, fact->what, &tuple, ends->to_remote, owner, fact->bytes,
                       time_ns);
  else if (ends->protocol == TB_TUPLE_UDP && fact->what == TB_CONNECTION_MOVED)
    connections_datagram(connections, tuple, ends->to_remote, owner, fact->bytes, time_ns);
}

/* --- sealing --- */

static void connections_seal_side(ResourceConnections *connections, ConnectionSide *side, GArray *sealed)
{
  guint32 first = sealed->len;
  for (guint32 at = side->first; at != TB_MAP_NONE;) {
    ConnectionUse use = g_array_index(connections->uses, ConnectionUse, at);
    at = use.next;
    g_array_append_val(sealed, use);
  }
  side->first = side->n ? first : TB_MAP_NONE;
  /* Uses of one owner are one. */
  if (side->n == 1 && !side->partial)
    side->only = g_array_index(sealed, ConnectionUse, first).owner;
}

static guint32 connections_only(const ConnectionRecord *record)
{
  const ConnectionSide *written = &record->sides[RESOURCE_WRITTEN], *read = &record->sides[RESOURCE_READ];
  if (written->partial || read->partial)
    return TB_MAP_NONE;
  if (written->n == 0)
    return read->only;
  return read->n == 0 || read->only == written->only ? written->only : TB_MAP_NONE;
}

static gboolean connections_is_in_turn(const ResourceConnections *connections, const ConnectionSide *side)
{
  enum { MOST = 64 };
  if (side->partial || side->n > MOST)
    return FALSE;
  for (guint32 i = 0; i < side->n; i++)
    for (guint32 k = i + 1; k < side->n; k++)
      if (connection_use(connections, side, i)->owner == connection_use(connections, side, k)->owner)
        return FALSE;
  return TRUE;
}

void resource_connections_seal(ResourceConnections *connections)
{
  GArray *sealed = g_array_sized_new(FALSE, FALSE, sizeof(ConnectionUse), connections->uses->len);
  for (guint i = 0; i < connections->records->len; i++)
    for (guint way = 0; way < RESOURCE_N_WAYS; way++)
      connections_seal_side(connections, &connection_record(connections, i)->sides[way], sealed);
  g_array_unref(connections->uses);
  connections->uses = sealed;
  for (guint i = 0; i < connections->records->len; i++) {
    ConnectionRecord *record = connection_record(connections, i);
    record->only = connections_only(record);
    record->in_turn = connections_is_in_turn(connections, &record->sides[RESOURCE_WRITTEN]);
  }
  tb_map_clear(&connections->owner_by_start);
}
