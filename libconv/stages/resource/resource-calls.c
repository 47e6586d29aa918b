/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls on descriptors: joined by thread, they tell what descriptors stand for
 * and whose the bytes are that went through them.
 */
#include "stages/resource/resource-private.h"

static gboolean call_writes(TbUseWhat what)
{
  return what == TB_USE_WRITE || what == TB_USE_SEND;
}

static gboolean call_reads(TbUseWhat what)
{
  return what == TB_USE_READ || what == TB_USE_RECEIVE;
}

static gboolean call_is_told(const ResourceCall *call, ResourceWay way)
{
  return way == RESOURCE_WRITTEN ? call->wrote : call->read;
}

/* --- which socket --- */

static gboolean call_has_socket(const ResourceCall *call)
{
  switch ((int)call->what) {
  case TB_USE_READ:
  case TB_USE_WRITE:
  case TB_USE_RECEIVE:
  case TB_USE_SEND:
  case TB_USE_RECEIVE_MANY:
  case TB_USE_SEND_MANY:
  case TB_USE_CONNECT: return call->call != 0;
  default: return FALSE;
  }
}

void resource_call_bind(TbResource *r, ResourceTask *task, guint32 socket)
{
  task->call.socket = socket;
  if (!call_has_socket(&task->call))
    return;
  guint32 file = resource_fd_get(&r->tasks, task, task->call.fd);
  if (file != TB_MAP_NONE) {
    ResourceFile *known = resource_file(&r->tasks, file);
    if (known->socket == socket)
      return;
    const ResourceSocket *before =
        known->socket == TB_MAP_NONE ? NULL : resource_socket(&r->sockets, known->socket);
    if (!before || before->sk == 0) {
      if (before)
        resource_socket_take(&r->sockets, socket, known->socket);
      known->socket = socket;
      return;
    }
  }
  resource_fd_set(&r->tasks, task, task->call.fd, resource_file_new(&r->tasks, socket, FALSE),
                  FALSE);
}

/* The socket of @fd whose bytes are counted, made where it is only known to be a socket. */
static guint32 call_counted(TbResource *r, const ResourceTask *task, gint32 fd, gint64 time_ns)
{
  guint32 index = resource_fd_get(&r->tasks, task, fd);
  if (index == TB_MAP_NONE || resource_file(&r->tasks, index)->datagram)
    return task->call.fd == fd ? task->call.socket : TB_MAP_NONE;
  ResourceFile *file = resource_file(&r->tasks, index);
  if (file->socket == TB_MAP_NONE)
    file->socket = resource_socket_new(&r->sockets, 0, time_ns);
  return file->socket;
}

/* --- it begins --- */

/* Whose descriptor it is on is known. */
void resource_call_miss(TbResource *r, const ResourceTask *task)
{
  const ResourceCall *call = &task->call;
  ResourceWay way = call_writes(call->what) ? RESOURCE_WRITTEN : RESOURCE_READ;
  if (!call->call || (way == RESOURCE_READ && !call_reads(call->what)) ||
      call_is_told(call, way) || call->flags & TB_USE_PEEKS)
    return;
  guint32 socket = call_counted(r, task, call->fd, call->enter_ns);
  if (socket != TB_MAP_NONE)
    resource_socket_ask(&r->sockets, socket, way, task->tid, call->asked, call->enter_ns);
}

void tb_resource_use_began(TbResource *r, const TbUse *use)
{
  ResourceTask *task = resource_task(&r->tasks, use->tid);
  ResourceCall *call = &task->call;
  if (call->call == use->call && call->fd == use->fd && call->teller != use->teller)
    return; /* told once more */
  if (G_UNLIKELY(call->call)) {
    r->lossy = TRUE;
    resource_call_miss(r, task);
  }
  task->n_calls++;
  *call = (ResourceCall){ .enter_ns = r->now_ns, .what = use->what, .fd = use->fd,
                          .other_fd = use->other_fd, .asked = use->asked, .socket = TB_MAP_NONE,
                          .call = use->call, .teller = use->teller, .flags = use->flags };
  if (use->what == TB_USE_SET_CLOSE_ON_EXEC)
    resource_fd_set_cloexec(&r->tasks, task, use->fd, (use->flags & TB_USE_CLOSE_ON_EXEC) != 0);
  /* Closed at once: the number may be given out again before this call is back. */
  else if (use->what == TB_USE_CLOSE)
    resource_fd_close(&r->tasks, task, use->fd, use->other_fd);
}

/* --- it is back --- */

static G_GNUC_NO_INLINE void call_count_through(TbResource *r, ResourceTask *task, gint32 fd,
                                                ResourceWay way, gint64 bytes)
{
  const ResourceCall *call = &task->call;
  guint32 index = call_counted(r, task, fd, r->now_ns);
  if (index == TB_MAP_NONE) {
    if (way == RESOURCE_READ && !r->reads_told && call->what == TB_USE_RECEIVE)
      resource_packets_read_unnamed(&r->packets, task->tid, bytes);
    return;
  }
  ResourceSocket *socket = resource_socket(&r->sockets, index);
  socket->sides[way].by_calls = TRUE;
  task->moved[way] = index + 1;
  resource_socket_move(&r->sockets, index, way, task->tid, (guint64)bytes, call->enter_ns,
                       r->now_ns);
  /* While nothing tells whose end the descriptor is, what it sent may. */
  if (way == RESOURCE_WRITTEN && socket->has_tuple)
    resource_packets_note_stream(&r->packets, task);
}

static inline void call_count(TbResource *r, ResourceTask *task, gint32 fd, ResourceWay way,
                              gint64 bytes)
{
  if (bytes > 0 && !call_is_told(&task->call, way) && !(task->call.flags & TB_USE_PEEKS))
    call_count_through(r, task, fd, way, bytes);
}

/* A call whose result does not say how many bytes. */
static void call_leave_open(TbResource *r, const ResourceTask *task, ResourceWay way)
{
  if (call_is_told(&task->call, way))
    return;
  guint32 socket = call_counted(r, task, task->call.fd, r->now_ns);
  if (socket != TB_MAP_NONE)
    resource_socket(&r->sockets, socket)->sides[way].gap = TRUE;
}

static void call_make(TbResource *r, ResourceTask *task, gint64 fd)
{
  if (fd < 0 || fd > G_MAXINT32)
    return;
  guint32 file = resource_file_new(&r->tasks, TB_MAP_NONE,
                                   (task->call.flags & TB_USE_DATAGRAMS) != 0);
  resource_fd_set(&r->tasks, task, (gint32)fd, file,
                  (task->call.flags & TB_USE_CLOSE_ON_EXEC) != 0);
}

static void call_copy(TbResource *r, ResourceTask *task, gint64 fd)
{
  if (fd < 0 || fd > G_MAXINT32 || fd == task->call.fd)
    return;
  guint32 file = resource_fd_get(&r->tasks, task, task->call.fd);
  resource_fd_close(&r->tasks, task, (gint32)fd, (gint32)fd);
  resource_fd_set(&r->tasks, task, (gint32)fd, file,
                  (task->call.flags & TB_USE_CLOSE_ON_EXEC) != 0);
}

static void call_settle(TbResource *r, ResourceTask *task, gint64 result)
{
  resource_packets_settle(&r->packets, task, (gint32)CLAMP(result, -1, G_MAXINT32), FALSE);
}

/* The socket of an unnamed one is known if something else named it. */
static void call_read_unnamed(TbResource *r, ResourceTask *task, gint64 result)
{
  const ResourceCall *call = &task->call;
  if (result > 0 && call->socket != TB_MAP_NONE && !call->read)
    resource_socket_move(&r->sockets, call->socket, RESOURCE_READ, task->tid, (guint64)result,
                         call->enter_ns, r->now_ns);
}

/* The call's beginning was not seen: it may well be on the socket used before. */
static void call_leave_unseen(TbResource *r, ResourceTask *task, const TbUse *use)
{
  ResourceWay way = call_writes(use->what) ? RESOURCE_WRITTEN : RESOURCE_READ;
  gboolean moves = way == RESOURCE_WRITTEN || call_reads(use->what);
  guint32 socket = task->moved[way];
  if (moves && !call_is_told(&task->call, way) && socket && use->result > 0 &&
      use->result < G_MAXUINT32)
    resource_socket_ask(&r->sockets, socket - 1, way, task->tid, (guint32)use->result, r->now_ns);
  task->call.wrote = task->call.read = FALSE;
}

static void call_leave(TbResource *r, ResourceTask *task, gint64 result)
{
  const ResourceCall *call = &task->call;
  switch ((int)call->what) {
  case TB_USE_READ:
  case TB_USE_RECEIVE: call_count(r, task, call->fd, RESOURCE_READ, result); break;
  case TB_USE_WRITE:
  case TB_USE_SEND:
    call_count(r, task, call->fd, RESOURCE_WRITTEN, result);
    if (!call->wrote)
      call_settle(r, task, result);
    break;
  case TB_USE_COPY_OUT: call_count(r, task, call->fd, RESOURCE_WRITTEN, result); break;
  case TB_USE_MOVE:
    call_count(r, task, call->fd, RESOURCE_READ, result);
    call_count(r, task, call->other_fd, RESOURCE_WRITTEN, result);
    break;
  case TB_USE_SEND_MANY: call_leave_open(r, task, RESOURCE_WRITTEN); break;
  case TB_USE_RECEIVE_MANY: call_leave_open(r, task, RESOURCE_READ); break;
  case TB_USE_MAKE_SOCKET: call_make(r, task, result); break;
  case TB_USE_COPY: call_copy(r, task, result); break;
  case TB_USE_OPEN:
    if (result >= 0 && result <= G_MAXINT32)
      resource_fd_close(&r->tasks, task, (gint32)result, (gint32)result);
    break;
  case TB_USE_UNNAMED_SEND: call_settle(r, task, result); break;
  case TB_USE_UNNAMED_RECEIVE: call_read_unnamed(r, task, result); break;
  default: break;
  }
}

void tb_resource_use_ended(TbResource *r, const TbUse *use)
{
  ResourceTask *task = resource_task(&r->tasks, use->tid);
  ResourceCall *call = &task->call;
  gboolean again = call->left == use->call && call->left_teller != use->teller;
  call->left = again ? 0 : use->call;
  call->left_teller = use->teller;
  if (call->call != use->call) {
    if (!again)
      call_leave_unseen(r, task, use);
    return;
  }
  call_leave(r, task, use->result);
  call->call = 0;
  call->socket = TB_MAP_NONE;
  call->wrote = call->read = FALSE;
}
