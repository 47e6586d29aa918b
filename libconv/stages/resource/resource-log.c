/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sockets as their calls tell of them; see resource-log.h. */
#include "stages/resource/resource-log.h"

#include <string.h>

enum { LOG_SOCKETS = 1 << 22 /* beyond that new ones are not followed */ };

/* A call: who made it, when, as told by which source. */
typedef struct {
  const TbSource *source;
  gint32 tid;
  gint64 time_ns;
} LogCall;

ResourceLog *resource_log_new(void)
{
  ResourceLog *log = g_new0(ResourceLog, 1);
  resource_sockets_init(&log->sockets);
  log->descriptors = g_array_new(FALSE, TRUE, sizeof(LogSocket));
  return log;
}

void resource_log_free(ResourceLog *log)
{
  if (!log)
    return;
  resource_sockets_clear(&log->sockets);
  g_array_unref(log->descriptors);
  tb_map_clear(&log->by_source);
  tb_map_clear(&log->by_link);
  g_free(log);
}

void resource_log_shrink(ResourceLog *log)
{
  g_array_set_size(log->descriptors, 0);
  tb_map_clear(&log->by_source);
  tb_map_clear(&log->by_link);
}

guint32 log_root(const ResourceLog *log, guint32 index)
{
  while (log_socket(log, index)->joined != TB_MAP_NONE)
    index = log_socket(log, index)->joined;
  return index;
}

gboolean log_address_is_known(const guint8 *address)
{
  static const guint8 nothing[16];
  return memcmp(address, nothing, sizeof nothing) != 0;
}

/* --- calls --- */

static guint64 log_hash_process(const TbName *process)
{
  guint64 hash = 0xcbf29ce484222325u;
  for (gsize i = 0; i < process->len; i++)
    hash = (hash ^ (guint8)process->bytes[i]) * 0x100000001b3u;
  return hash;
}

static guint32 log_new(ResourceLog *log, const TbSource *source, guint64 process, gint64 birth_ns)
{
  LogSocket socket = { .source = source, .process = process, .joined = TB_MAP_NONE,
                       .listener = TB_MAP_NONE, .birth_ns = birth_ns, .death_ns = G_MAXINT64,
                       .last_ns = birth_ns };
  socket.socket = resource_socket_new(&log->sockets, 0, birth_ns);
  guint32 index = log->descriptors->len;
  g_array_append_val(log->descriptors, socket);
  tb_map_set(&log->by_source, (guint64)(guintptr)source, index);
  return index;
}

/* Whether the descriptor is connected elsewhere now: what comes is another connection. */
static gboolean log_is_other(const TbTuple *before, const TbTuple *now)
{
  return log_address_is_known(before->remote) && log_address_is_known(now->remote) &&
         (memcmp(before->remote, now->remote, sizeof now->remote) != 0 ||
          before->remote_port != now->remote_port);
}

/* The socket that the call is about: its source's, or a new one. */
static guint32 log_find(ResourceLog *log, const TbSocketLogged *fact, const LogCall *call)
{
  guint32 index = tb_map_get(&log->by_source, (guint64)(guintptr)call->source);
  if (index == TB_MAP_NONE)
    return log->descriptors->len < LOG_SOCKETS
               ? log_new(log, call->source, log_hash_process(&fact->process), call->time_ns)
               : TB_MAP_NONE;
  LogSocket *socket = log_socket(log, index);
  if (!log_is_other(&socket->tuple, &fact->ends) || log->descriptors->len >= LOG_SOCKETS)
    return index;
  socket->death_ns = socket->last_ns;
  index = log_new(log, call->source, socket->process, socket->last_ns);
  resource_socket(&log->sockets, log_socket(log, index)->socket)->born = TRUE;
  return index;
}

static void log_join(ResourceLog *log, guint32 index, guint32 to)
{
  guint32 root = log_root(log, to);
  if (log_root(log, index) == root)
    return;
  LogSocket *socket = log_socket(log, index), *with = log_socket(log, root);
  resource_socket_take(&log->sockets, with->socket, socket->socket);
  socket->joined = root;
}

/* The same call stands in two files; @index has it, and perhaps another one had it before. */
static void log_link(ResourceLog *log, guint32 index, const TbSocketLogged *fact,
                     const LogCall *call)
{
  TbSocketStep step = fact->step;
  const LogSocket *socket = log_socket(log, index);
  const guint64 odd = 0x9e3779b97f4a7c15u;
  guint64 key = ((socket->process ^ (guint64)call->time_ns) * odd ^ (guint32)call->tid) * odd ^
                (guint64)fact->result;
  guint32 other = tb_map_get(&log->by_link, key);
  if (other == TB_MAP_NONE || other == index) {
    tb_map_set(&log->by_link, key, index);
    return;
  }
  gboolean is_new = step == TB_SOCKET_ACCEPTED || step == TB_SOCKET_COPIED;
  guint32 made = is_new ? index : other, by = is_new ? other : index;
  if (step == TB_SOCKET_ACCEPTED || step == TB_SOCKET_ACCEPTS)
    log_socket(log, made)->listener = by;
  else
    log_join(log, made, by);
}

static void log_step(ResourceLog *log, guint32 index, const TbSocketLogged *fact,
                     const LogCall *call)
{
  LogSocket *socket = log_socket(log, index);
  ResourceSocket *in_table = resource_socket(&log->sockets, socket->socket);
  switch (fact->step) {
  case TB_SOCKET_OPENED: in_table->born = TRUE; break;
  case TB_SOCKET_FORKED: socket->forked = TRUE; break;
  case TB_SOCKET_CLOSED: socket->death_ns = call->time_ns; break;
  case TB_SOCKET_ACCEPTED:
    socket->accepted = in_table->accepted = in_table->born = TRUE;
    log_link(log, index, fact, call);
    break;
  case TB_SOCKET_COPIED:
  case TB_SOCKET_ACCEPTS:
  case TB_SOCKET_COPIES: log_link(log, index, fact, call); break;
  case TB_SOCKET_NOTHING:
  default: break;
  }
}

static void log_move(ResourceLog *log, guint32 index, ResourceWay way, gint64 bytes,
                     const LogCall *call)
{
  const LogSocket *own = log_socket(log, index);
  const LogSocket *socket = log_socket(log, log_root(log, index));
  /* The call began after the thread's last one here was over. */
  gint64 from_ns = own->last_tid == call->tid ? own->last_ns : call->time_ns;
  if (bytes == 0 || call->tid <= 0)
    return;
  if (bytes < 0)
    resource_socket(&log->sockets, socket->socket)->sides[way].gap = TRUE;
  else
    resource_socket_move(&log->sockets, socket->socket, way, call->tid, (guint64)bytes,
                         MIN(from_ns, call->time_ns), call->time_ns);
}

/* One call that sends many messages is as good as any number. */
static void log_count_sent(LogSocket *socket, const TbSocketLogged *fact)
{
  if (fact->sent == 0 || socket->n_sent == G_MAXUINT32)
    return;
  socket->n_sent++;
  if (fact->sent < 0 || fact->sent != fact->result)
    socket->n_sent = G_MAXUINT32;
}

void resource_log_tell(ResourceLog *log, const TbSocketLogged *fact, const TbSource *source,
                       gint32 tid, gint64 time_ns)
{
  const LogCall call = { source, tid, time_ns };
  guint32 index = log_find(log, fact, &call);
  if (index == TB_MAP_NONE)
    return;
  LogSocket *socket = log_socket(log, index);
  gboolean connects =
      !log_address_is_known(socket->tuple.remote) && log_address_is_known(fact->ends.remote);
  socket->tuple = fact->ends;
  log_step(log, index, fact, &call);
  if (connects && !socket->accepted && !socket->forked && tid > 0)
    resource_socket(&log->sockets, socket->socket)->opener = tid;
  log_count_sent(log_socket(log, log_root(log, index)), fact);
  log_move(log, index, RESOURCE_WRITTEN, fact->sent, &call);
  log_move(log, index, RESOURCE_READ, fact->received, &call);
  socket->only = socket->only == 0 || socket->only == tid ? tid : RESOURCE_SEVERAL;
  socket->last_tid = tid;
  socket->last_ns = time_ns;
}

/* --- several descriptors of one socket --- */

/* The runs of @from go behind those of @to; FALSE where they do not follow each other. */
static gboolean log_append_side(ResourceSockets *all, ResourceSide *to, ResourceSide *from)
{
  if (from->first == TB_MAP_NONE)
    return TRUE;
  guint64 total = resource_side_total(all, to);
  gboolean follows = to->last == TB_MAP_NONE ||
                     g_array_index(all->runs, ResourceRun, to->last).last_ns <=
                         g_array_index(all->runs, ResourceRun, from->first).first_ns;
  for (guint32 at = from->first; at != TB_MAP_NONE;) {
    ResourceRun *run = &g_array_index(all->runs, ResourceRun, at);
    run->end += total;
    at = run->next;
  }
  if (to->last == TB_MAP_NONE)
    to->first = from->first;
  else
    g_array_index(all->runs, ResourceRun, to->last).next = from->first;
  to->last = from->last;
  to->n += from->n;
  to->gap |= from->gap;
  from->first = from->last = TB_MAP_NONE;
  from->n = 0;
  return follows;
}

static gint64 log_first_ns(const ResourceSockets *all, const ResourceSide *side)
{
  return side->first == TB_MAP_NONE ? G_MAXINT64
                                    : g_array_index(all->runs, ResourceRun, side->first).first_ns;
}

/* Whoever moved bytes first comes first. */
void log_merge(ResourceLog *log, guint32 index, guint32 root)
{
  ResourceSockets *all = &log->sockets;
  LogSocket *with = log_socket(log, root), *socket = log_socket(log, index);
  for (guint way = 0; way < RESOURCE_N_WAYS; way++) {
    ResourceSide *to = &resource_socket(all, with->socket)->sides[way];
    ResourceSide *from = &resource_socket(all, socket->socket)->sides[way];
    if (log_first_ns(all, from) < log_first_ns(all, to)) {
      ResourceSide swap = *to;
      *to = *from;
      *from = swap;
    }
    if (!log_append_side(all, to, from))
      with->mixed = TRUE;
  }
  socket->joined = root;
}

void log_gather(ResourceLog *log)
{
  for (guint32 i = 0; i < log->descriptors->len; i++) {
    const LogSocket *socket = log_socket(log, i);
    LogSocket *root = log_socket(log, log_root(log, i));
    root->birth_ns = MIN(root->birth_ns, socket->birth_ns);
    root->death_ns = MAX(root->death_ns, socket->death_ns);
    root->only = root->only == socket->only || socket->only == 0 ? root->only : RESOURCE_SEVERAL;
  }
}
