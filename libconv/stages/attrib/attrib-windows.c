/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What network operations of Windows teach: lives of connections, uses of
 * ports, their processes. See attrib-windows.h; who is behind a packet is in
 * attrib-windows-look.c.
 */
#include "stages/attrib/attrib-windows.h"

#include <string.h>

enum { F_LENGTH, F_START, F_END };

/* Other operations (Retransmit, TCPCopy, Reconnect, ...) tell who, but move no further bytes. */
static const struct {
  const char *name;
  AttribKind kind;
} windows_operations[] = {
  { "TCP Connect", ATTRIB_OPERATION_OPEN },   { "TCP Accept", ATTRIB_OPERATION_OPEN },
  { "TCP Send", ATTRIB_OPERATION_MOVE },      { "TCP Receive", ATTRIB_OPERATION_MOVE },
  { "UDP Send", ATTRIB_OPERATION_MOVE },      { "UDP Receive", ATTRIB_OPERATION_MOVE },
  { "TCP Disconnect", ATTRIB_OPERATION_CLOSE },
  { "TCP Reconnect", ATTRIB_OPERATION_TOUCH }, { "TCP Retransmit", ATTRIB_OPERATION_TOUCH },
  { "TCP TCPCopy", ATTRIB_OPERATION_TOUCH },
};

gboolean attrib_windows_plan(const TbEventType *type, AttribPlan *plan)
{
  if (!type->ops->get_addresses || !type->ops->get_actor)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS(windows_operations); i++)
    if (tb_event_type_is(type, "procmon", windows_operations[i].name)) {
      plan->kind = windows_operations[i].kind;
      plan->fields[F_LENGTH] = tb_event_type_find_field(type, "Length");
      plan->fields[F_START] = tb_event_type_find_field(type, "Process Start Time");
      plan->fields[F_END] = tb_event_type_find_field(type, "Process End Time");
      return plan->fields[F_LENGTH] && plan->fields[F_START] && plan->fields[F_END];
    }
  return FALSE;
}

static AttribWindows *windows_new(void)
{
  AttribWindows *windows = g_new0(AttribWindows, 1);
  windows->owners = g_array_new(FALSE, FALSE, sizeof(WindowsOwner));
  windows->records = g_array_new(FALSE, FALSE, sizeof(WindowsRecord));
  windows->uses = g_array_new(FALSE, FALSE, sizeof(WindowsUse));
  return windows;
}

void attrib_windows_free(AttribWindows *windows)
{
  if (!windows)
    return;
  g_array_unref(windows->owners);
  g_array_unref(windows->records);
  g_array_unref(windows->uses);
  attrib_map_clear(&windows->owner_by_start);
  attrib_map_clear(&windows->record_by_tuple);
  g_free(windows);
}

/* --- owners --- */

/* A process is its number and its start: numbers are used again, and two logs may know it. */
static guint32 windows_take_owner(AttribWindows *windows, const AttribPlan *plan,
                                  const TbItem *event)
{
  TbContext actor = { 0 };
  gint64 start_ns = G_MININT64, end_ns;
  const TbAxis *axis = &event->record->source->opened;
  if (!event->record->type->ops->get_actor(event->record->type, event->record, &actor) || actor.pid < 0)
    actor.pid = 0;
  gboolean started = actor.pid && tb_field_get_int(plan->fields[F_START], event->record, &start_ns);
  guint64 key = (guint64)start_ns * 0x9e3779b97f4a7c15u ^ (guint64)(guint32)actor.pid;
  guint32 at = attrib_map_get(&windows->owner_by_start, key);
  if (at != ATTRIB_NONE && windows_owner(windows, at)->pid == actor.pid &&
      windows_owner(windows, at)->own_start_ns == start_ns)
    return at;
  if (windows->owners->len >= WINDOWS_OWNERS)
    return ATTRIB_NONE;
  gboolean ended = actor.pid && tb_field_get_int(plan->fields[F_END], event->record, &end_ns);
  WindowsOwner owner = {
    .moment_ns = started ? tb_axis_map(axis, start_ns) : event->machine_time.ns,
    .own_start_ns = start_ns,
    .start_ns = started ? tb_axis_map(axis, start_ns) : G_MININT64,
    .end_ns = ended ? tb_axis_map(axis, end_ns) : G_MAXINT64,
    .pid = actor.pid,
  };
  at = windows->owners->len;
  attrib_map_set(&windows->owner_by_start, key, at);
  g_array_append_val(windows->owners, owner);
  return at;
}

/* --- records --- */

guint32 windows_find(const AttribWindows *windows, const AttribTuple *tuple, guint32 record)
{
  while (record != ATTRIB_NONE &&
         memcmp(&windows_record(windows, record)->tuple, tuple, sizeof *tuple) != 0)
    record = windows_record(windows, record)->older;
  return record;
}

guint32 windows_find_newest(const AttribWindows *windows, const AttribTuple *tuple)
{
  return windows_find(windows, tuple,
                      attrib_map_get(&windows->record_by_tuple, attrib_tuple_hash(tuple)));
}

/* NULL where there are too many. Valid until the next one is made. */
static WindowsRecord *windows_add_record(AttribWindows *windows, const AttribTuple *tuple,
                                         gint64 time_ns)
{
  guint64 hash = attrib_tuple_hash(tuple);
  guint32 index = windows->records->len;
  if (index >= WINDOWS_RECORDS)
    return NULL;
  const WindowsSide none = { .first = ATTRIB_NONE, .last = ATTRIB_NONE, .only = ATTRIB_NONE };
  WindowsRecord record = { .tuple = *tuple,
                           .birth_ns = time_ns,
                           .death_ns = G_MAXINT64,
                           .since_ns = G_MININT64,
                           .until_ns = G_MAXINT64,
                           .sides = { none, none },
                           .older = attrib_map_get(&windows->record_by_tuple, hash),
                           .opener = ATTRIB_NONE,
                           .latest = ATTRIB_NONE,
                           .only = ATTRIB_NONE };
  g_array_append_val(windows->records, record);
  attrib_map_set(&windows->record_by_tuple, hash, index);
  return windows_record(windows, index);
}

/*
 * Times of one side go forward: what comes a little late is moved up. @apart: where several
 * processes are at work each operation counts by its size.
 */
static void windows_add_use(AttribWindows *windows, WindowsSide *side, guint32 owner, guint32 len,
                            gint64 time_ns, gboolean apart)
{
  WindowsUse *last =
      side->last == ATTRIB_NONE ? NULL : &g_array_index(windows->uses, WindowsUse, side->last);
  time_ns = last ? MAX(time_ns, last->last_ns) : time_ns;
  apart = apart && side->n > 1 && windows->n_apart < WINDOWS_APART;
  if (G_LIKELY(last && last->owner == owner && !apart)) {
    last->last_ns = time_ns;
    last->end += len;
    last->len = last->len == len ? len : WINDOWS_SEVERAL;
    return;
  }
  if (windows->uses->len >= WINDOWS_USES) {
    side->partial = TRUE;
    return;
  }
  windows->n_apart += apart;
  WindowsUse use = { .first_ns = time_ns, .last_ns = time_ns, .end = (last ? last->end : 0) + len,
                     .owner = owner, .len = len, .next = ATTRIB_NONE };
  guint32 index = windows->uses->len;
  if (last)
    last->next = index;
  else
    side->first = index;
  side->last = index;
  side->n++;
  g_array_append_val(windows->uses, use);
}

/* --- streams --- */

static gboolean windows_is_empty(const WindowsRecord *record)
{
  return record->sides[ATTRIB_WRITTEN].n == 0 && record->sides[ATTRIB_READ].n == 0;
}

/*
 * Whether an operation is of another life than the newest one known. The beginning may be told
 * a little behind the first bytes, attempts to connect precede it, and two logs may tell it.
 */
static gboolean windows_is_new_life(const WindowsRecord *record, AttribKind kind, guint32 owner,
                                    gint64 time_ns)
{
  gint64 gone_ns = record->ended ? time_ns - record->death_ns : 0;
  if (kind != ATTRIB_OPERATION_OPEN)
    return gone_ns > WINDOWS_AFTERLIFE_NS ||
           (gone_ns > WINDOWS_NEAR_NS && owner != record->latest);
  if (record->opener != ATTRIB_NONE)
    return record->opener != owner || time_ns - record->opened_ns > WINDOWS_NEAR_NS;
  return record->ended || time_ns - record->birth_ns > (windows_is_empty(record)
                                                            ? WINDOWS_HANDSHAKE_NS
                                                            : WINDOWS_NEAR_NS);
}

static void windows_stream(AttribWindows *windows, const AttribPlan *plan,
                           const AttribTuple *tuple, gboolean out, guint32 owner, guint32 len,
                           gint64 time_ns)
{
  guint32 index = windows_find_newest(windows, tuple);
  WindowsRecord *record = index == ATTRIB_NONE ? NULL : windows_record(windows, index);
  if (!record || windows_is_new_life(record, plan->kind, owner, time_ns))
    record = windows_add_record(windows, tuple, time_ns);
  if (!record)
    return;
  record->latest = owner;
  if (plan->kind == ATTRIB_OPERATION_OPEN) {
    record->born = TRUE;
    record->opener = owner;
    record->opened_ns = time_ns;
  } else if (plan->kind == ATTRIB_OPERATION_CLOSE) {
    record->ended = TRUE;
    record->death_ns = time_ns;
  } else {
    windows_add_use(windows, &record->sides[out ? ATTRIB_WRITTEN : ATTRIB_READ], owner,
                    plan->kind == ATTRIB_OPERATION_MOVE ? len : 0, time_ns, FALSE);
  }
  if (record->ended)
    record->death_ns = MAX(record->death_ns, time_ns);
}

/* --- datagrams --- */

static void windows_datagram(AttribWindows *windows, AttribTuple tuple, gboolean out,
                             guint32 owner, guint32 len, gint64 time_ns)
{
  for (guint pass = 0; pass < 2; pass++) {
    guint32 index = windows_find_newest(windows, &tuple);
    WindowsRecord *record = index == ATTRIB_NONE ? windows_add_record(windows, &tuple, time_ns)
                                                 : windows_record(windows, index);
    if (record)
      windows_add_use(windows, &record->sides[!pass && !out ? ATTRIB_READ : ATTRIB_WRITTEN], owner,
                      len, time_ns, pass == 0);
    memset(tuple.remote, 0, sizeof tuple.remote);
    tuple.remote_port = 0;
  }
}

void attrib_windows_event(AttribMachine *m, const AttribPlan *plan, const TbItem *event)
{
  TbAddresses ends;
  gint64 len = 0;
  if (!event->record->type->ops->get_addresses(event->record->type, event->record, &ends) || !ends.local_port ||
      !ends.remote_port)
    return;
  if (!m->windows)
    m->windows = windows_new();
  guint32 owner = windows_take_owner(m->windows, plan, event);
  if (owner == ATTRIB_NONE)
    return;
  if (!(event->record->flags & TB_RECORD_FAILED))
    tb_field_get_int(plan->fields[F_LENGTH], event->record, &len);
  AttribTuple tuple = { .local_port = ends.local_port, .remote_port = ends.remote_port,
                        .protocol = ends.protocol };
  attrib_address_set(tuple.local, ends.local, ends.family);
  attrib_address_set(tuple.remote, ends.remote, ends.family);
  if (ends.protocol == ATTRIB_TCP)
    windows_stream(m->windows, plan, &tuple, ends.to_remote, owner, (guint32)len, event->machine_time.ns);
  else if (ends.protocol == ATTRIB_UDP && plan->kind == ATTRIB_OPERATION_MOVE)
    windows_datagram(m->windows, tuple, ends.to_remote, owner, (guint32)len, event->machine_time.ns);
}

/* --- sealing --- */

static void windows_seal_side(AttribWindows *windows, WindowsSide *side, GArray *sealed)
{
  guint32 first = sealed->len;
  for (guint32 at = side->first; at != ATTRIB_NONE;) {
    WindowsUse use = g_array_index(windows->uses, WindowsUse, at);
    at = use.next;
    g_array_append_val(sealed, use);
  }
  side->first = side->n ? first : ATTRIB_NONE;
  /* Uses of one owner are one. */
  if (side->n == 1 && !side->partial)
    side->only = g_array_index(sealed, WindowsUse, first).owner;
}

static guint32 windows_only(const WindowsRecord *record)
{
  const WindowsSide *written = &record->sides[ATTRIB_WRITTEN], *read = &record->sides[ATTRIB_READ];
  if (written->partial || read->partial)
    return ATTRIB_NONE;
  if (written->n == 0)
    return read->only;
  return read->n == 0 || read->only == written->only ? written->only : ATTRIB_NONE;
}

static gboolean windows_is_in_turn(const AttribWindows *windows, const WindowsSide *side)
{
  enum { MOST = 64 };
  if (side->partial || side->n > MOST)
    return FALSE;
  for (guint32 i = 0; i < side->n; i++)
    for (guint32 k = i + 1; k < side->n; k++)
      if (windows_use(windows, side, i)->owner == windows_use(windows, side, k)->owner)
        return FALSE;
  return TRUE;
}

void attrib_windows_seal(AttribWindows *windows)
{
  if (!windows)
    return;
  GArray *sealed = g_array_sized_new(FALSE, FALSE, sizeof(WindowsUse), windows->uses->len);
  for (guint i = 0; i < windows->records->len; i++)
    for (guint way = 0; way < ATTRIB_N_WAYS; way++)
      windows_seal_side(windows, &windows_record(windows, i)->sides[way], sealed);
  g_array_unref(windows->uses);
  windows->uses = sealed;
  for (guint i = 0; i < windows->records->len; i++) {
    WindowsRecord *record = windows_record(windows, i);
    record->only = windows_only(record);
    record->in_turn = windows_is_in_turn(windows, &record->sides[ATTRIB_WRITTEN]);
  }
  attrib_map_clear(&windows->owner_by_start);
}
