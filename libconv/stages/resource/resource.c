/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tasks and sockets of the engine; see resource.h. The actor counts only in
 * process context: in an interrupt the task that happens to run has nothing to
 * do with the packet.
 */
#include "stages/resource/resource-private.h"

TbResource *tb_resource_new(void)
{
  TbResource *r = g_new0(TbResource, 1);
  resource_sockets_init(&r->sockets);
  resource_tasks_init(&r->tasks);
  resource_packets_init(&r->packets, &r->tasks);
  return r;
}

void tb_resource_free(TbResource *r)
{
  if (!r)
    return;
  tb_resource_shrink(r);
  resource_sockets_clear(&r->sockets);
  g_free(r);
}

void tb_resource_at(TbResource *r, gint64 now_ns, guint32 cpu, gint32 actor)
{
  r->now_ns = now_ns;
  r->cpu = cpu;
  r->actor = actor;
}

void tb_resource_lost(TbResource *r)
{
  r->sockets.epoch++;
  resource_tasks_forget(&r->tasks);
  resource_packets_forget(&r->packets);
}

/* --- lives --- */

/* The second of two records; alone it does not say whether descriptors are shared, but calls may. */
static void resource_born_again(TbResource *r, const TbBorn *born)
{
  if (born->maker <= 0)
    return;
  ResourceTask *task = resource_task(&r->tasks, born->child);
  if (task->announced) {
    task->announced = FALSE;
    return;
  }
  const ResourceCall *call = &resource_task(&r->tasks, born->maker)->call;
  gboolean makes = call->call && call->what == TB_USE_MAKE_TASK;
  gboolean is_told = makes || born->shares_descriptors != TB_ANSWER_UNKNOWN;
  gboolean shares = makes ? call->flags & TB_USE_SHARES
                          : born->shares_descriptors == TB_ANSWER_YES;
  if (!r->births_told || is_told)
    resource_task_born(&r->tasks, born->maker, born->child, shares, r->now_ns);
  else
    resource_task(&r->tasks, born->child)->born_ns = r->now_ns;
}

void tb_resource_born(TbResource *r, const TbBorn *born)
{
  if (born->child <= 0)
    return;
  if (!born->announces) {
    resource_born_again(r, born);
    return;
  }
  r->births_told = TRUE;
  if (born->maker > 0)
    resource_task_born(&r->tasks, born->maker, born->child,
                       born->shares_descriptors == TB_ANSWER_YES, r->now_ns);
  resource_task(&r->tasks, born->child)->announced = TRUE;
}

void tb_resource_executed(TbResource *r, gint32 tid)
{
  if (tid > 0)
    resource_task_executed(&r->tasks, tid);
}

void tb_resource_ended(TbResource *r, gint32 tid)
{
  if (tid <= 0)
    return;
  resource_call_miss(r, resource_task(&r->tasks, tid));
  resource_task_ended(&r->tasks, tid);
}

/* --- sockets --- */

static guint32 resource_known(const TbResource *r, guint64 socket)
{
  return tb_map_get(&r->sockets.by_sk, socket);
}

/* The task that the acting one is, NULL in interrupts and for idle. */
static ResourceTask *resource_actor(TbResource *r)
{
  return r->actor ? resource_task(&r->tasks, r->actor) : NULL;
}

static guint32 resource_name(TbResource *r, guint32 index, const TbSocketFact *fact)
{
  TbTuple tuple = tb_tuple_from_addresses(&fact->ends);
  return resource_socket_name(&r->sockets, index, &tuple, r->now_ns);
}

static guint32 resource_begin_socket(TbResource *r, const TbSocketFact *fact)
{
  ResourceTask *actor = fact->by_task ? resource_actor(r) : NULL;
  guint32 index = resource_socket_new(&r->sockets, fact->socket, r->now_ns);
  ResourceSocket *socket = resource_socket(&r->sockets, index);
  socket->born = TRUE;
  socket->accepted = fact->state == TB_SOCKET_STATE_ACCEPTED;
  if (actor) {
    socket->opener = actor->tid;
    resource_call_bind(r, actor, index);
  }
  return index;
}

static void resource_destroy_socket(TbResource *r, const TbSocketFact *fact)
{
  guint32 index = resource_known(r, fact->socket);
  if (index == TB_MAP_NONE)
    return;
  if (fact->has_ends && !resource_socket(&r->sockets, index)->has_tuple)
    resource_name(r, index, fact);
  ResourceSocket *socket = resource_socket(&r->sockets, index);
  socket->death_ns = MIN(socket->death_ns, r->now_ns);
}

void tb_resource_socket_state(TbResource *r, const TbSocketFact *fact)
{
  guint32 index = resource_known(r, fact->socket);
  if (fact->state == TB_SOCKET_STATE_LISTENING)
    return;
  if (fact->state == TB_SOCKET_STATE_DESTROYED) {
    resource_destroy_socket(r, fact);
    return;
  }
  if (fact->state == TB_SOCKET_STATE_CONNECTING || fact->state == TB_SOCKET_STATE_ACCEPTED)
    index = resource_begin_socket(r, fact);
  else if (index == TB_MAP_NONE && fact->has_ends)
    index = resource_socket_new(&r->sockets, fact->socket, r->now_ns);
  if (index == TB_MAP_NONE)
    return;
  if (fact->has_ends)
    index = resource_name(r, index, fact);
  if (fact->state == TB_SOCKET_STATE_GONE)
    resource_socket(&r->sockets, index)->death_ns = r->now_ns;
}

void tb_resource_socket_touched(TbResource *r, const TbSocketFact *fact)
{
  guint32 index = resource_socket_find(&r->sockets, fact->socket, r->now_ns);
  if (fact->has_ends)
    index = resource_name(r, index, fact);
  ResourceTask *actor = fact->by_task ? resource_actor(r) : NULL;
  if (actor)
    resource_call_bind(r, actor, index);
}

static void resource_moved_stream(TbResource *r, ResourceTask *task, const TbSocketMoved *moved)
{
  ResourceWay way = moved->out ? RESOURCE_WRITTEN : RESOURCE_READ;
  guint32 index = resource_socket_find(&r->sockets, moved->socket, r->now_ns);
  resource_call_bind(r, task, index);
  if (moved->out)
    resource_packets_note_stream(&r->packets, task);
  task->moved[way] = index + 1;
  if (!moved->peeks)
    resource_socket_move(&r->sockets, index, way, task->tid, (guint64)moved->bytes,
                         task->call.call ? task->call.enter_ns : r->now_ns, r->now_ns);
}

void tb_resource_socket_moved(TbResource *r, const TbSocketMoved *moved)
{
  ResourceTask *task = resource_actor(r);
  if (!task)
    return;
  if (moved->out)
    task->call.wrote = TRUE;
  else
    task->call.read = r->reads_told = TRUE;
  if (moved->stream) {
    /* An error may be all that is left of a socket: it makes no new one. */
    if (moved->bytes > 0)
      resource_moved_stream(r, task, moved);
  } else if (moved->out) {
    resource_packets_settle(&r->packets, task, (gint32)moved->bytes, FALSE);
  } else if (moved->bytes >= 0 && !moved->peeks) {
    resource_packets_read(&r->packets, task->tid, moved->socket, (gint32)moved->bytes, r->lossy,
                          r->now_ns);
  } else if (moved->empty) {
    resource_packets_found_empty(&r->packets, moved->socket, r->now_ns);
  }
  if (!task->call.call)
    task->n_calls++;
}

void tb_resource_socket_ready(TbResource *r, const TbSocketFact *fact)
{
  if (!fact->stream)
    resource_packets_ready(&r->packets, fact->socket, r->cpu);
}

void tb_resource_buffer_queued(TbResource *r, const TbBufferFact *buffer)
{
  resource_packets_queue(&r->packets, buffer->buffer, (guint32)buffer->len, r->actor, r->now_ns);
}

void tb_resource_buffer_started(TbResource *r, const TbBufferFact *buffer)
{
  gint64 len = buffer->len, network = buffer->network;
  gboolean sound = len > 0 && len <= G_MAXINT32 && network >= 0 && network < len;
  if (buffer->has_network)
    resource_packets_start(&r->packets, buffer->buffer, len, sound ? (guint32)(len - network) : 0,
                           r->actor, r->now_ns);
}

void tb_resource_buffer_received(TbResource *r, const TbBufferFact *buffer)
{
  resource_packets_receive(&r->packets, (guint32)buffer->len, r->cpu, r->now_ns);
}

/* --- tables --- */

void tb_resource_socket_exists(TbResource *r, const TbSocketFact *fact)
{
  guint32 index = resource_socket_find(&r->sockets, fact->socket, r->now_ns);
  if (fact->has_ends)
    resource_name(r, index, fact);
}

void tb_resource_descriptor_exists(TbResource *r, const TbDescriptor *descriptor)
{
  if (descriptor->tid <= 0 || !descriptor->socket)
    return;
  guint32 index = resource_socket_find(&r->sockets, descriptor->socket, r->now_ns);
  ResourceSocket *socket = resource_socket(&r->sockets, index);
  socket->holder = socket->holder == 0 || socket->holder == descriptor->tid ? descriptor->tid
                                                                            : RESOURCE_SEVERAL;
  resource_fd_set(&r->tasks, resource_task(&r->tasks, descriptor->tid), descriptor->fd,
                  resource_file_new(&r->tasks, index, FALSE), FALSE);
}

/* --- questions --- */

void tb_resource_seal(TbResource *r)
{
  resource_packets_seal(&r->packets);
  resource_sockets_seal(&r->sockets);
}

ResourceSockets *tb_resource_get_sockets(TbResource *r)
{
  return &r->sockets;
}

GArray *tb_resource_get_samples(TbResource *r, gboolean sent)
{
  return sent ? r->packets.sent : r->packets.received;
}

gint64 tb_resource_get_birth(const TbResource *r, gint32 tid)
{
  guint32 index = tb_map_get(&r->tasks.by_tid, (guint32)tid);
  return index == TB_MAP_NONE ? 0 : resource_task_at(&r->tasks, index)->born_ns;
}

void tb_resource_shrink(TbResource *r)
{
  resource_tasks_clear(&r->tasks);
  resource_packets_clear(&r->packets);
}
