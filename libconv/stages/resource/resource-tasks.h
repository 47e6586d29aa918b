/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tasks of one machine while it is prepared: the call each is in, and the
 * table of its socket descriptors, shared by threads and copied on fork. Knows
 * no events and no packets.
 */
#pragma once

#include "base/map.h"
#include "model/fact.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * ResourceCall: the call that a task is in, or was in last
 * @call: as of #TbUse, 0 = in none
 * @teller: who told first that it began
 * @left: the call that came back last, as told by @left_teller; 0 = both told it, or a new one began
 * @flags: #TbUseFlags
 * @wrote, @read: in this call the socket told how many bytes
 * @socket: in this call: the one that was named, or %TB_MAP_NONE
 */
typedef struct {
  gint64 enter_ns;
  TbUseWhat what;
  gint32 fd;
  gint32 other_fd;
  guint32 asked;
  guint32 socket;
  guint8 call;
  guint8 teller;
  guint8 left;
  guint8 left_teller;
  guint8 flags;
  guint8 wrote : 1;
  guint8 read : 1;
} ResourceCall;

/**
 * ResourceTask:
 * @table: %TB_MAP_NONE until it has one
 * @announced: the first of the two records that tell a birth was seen
 * @born_ns: 0 = not seen
 * @n_calls: number of the call, of one it is or was in
 * @stream_calls: 1 + the last one that wrote to a stream
 * @moved: by #ResourceWay: 1 + the socket whose bytes it moved last, 0 = none
 * @sent_end: place behind its last sample of packets sent
 * @n_sent: samples of call number @sent_calls
 */
typedef struct {
  gint32 tid;
  guint32 table;
  gboolean announced;
  gint64 born_ns;
  guint32 n_calls;
  guint32 stream_calls;
  guint32 moved[2];
  guint32 sent_end;
  guint32 n_sent;
  guint32 sent_calls;
  ResourceCall call;
} ResourceTask;

/**
 * ResourceFile: what a descriptor stands for, if that is a socket
 * @socket: the socket, or %TB_MAP_NONE while that is not known
 * @datagram: no stream: its bytes are not counted
 */
typedef struct {
  guint32 socket;
  gboolean datagram;
} ResourceFile;

typedef struct {
  GArray *tasks;  /* ResourceTask */
  GArray *tables; /* ResourceTable */
  GArray *files;  /* ResourceFile */
  TbMap by_tid;
  guint32 free_table; /* a chain of unused ones */
  guint32 n_entries;
} ResourceTasks;

void resource_tasks_init(ResourceTasks *all);
void resource_tasks_clear(ResourceTasks *all);

static inline ResourceTask *resource_task_at(const ResourceTasks *all, guint32 task)
{
  return &g_array_index(all->tasks, ResourceTask, task);
}

/** resource_task_new: of @tid, which has none yet */
ResourceTask *resource_task_new(ResourceTasks *all, gint32 tid);

/** resource_task: of @tid, made if there is none; valid until the next one is made */
static inline ResourceTask *resource_task(ResourceTasks *all, gint32 tid)
{
  guint32 index = tb_map_get(&all->by_tid, (guint32)tid);
  return G_LIKELY(index != TB_MAP_NONE) ? resource_task_at(all, index)
                                        : resource_task_new(all, tid);
}

/** resource_task_born: @child of @parent; with @shares it is a thread that has the same table */
void resource_task_born(ResourceTasks *all, gint32 parent, gint32 child, gboolean shares,
                        gint64 time_ns);
/** resource_task_ended: gives its table back */
void resource_task_ended(ResourceTasks *all, gint32 tid);
/** resource_task_executed: descriptors that do not outlive exec are closed */
void resource_task_executed(ResourceTasks *all, gint32 tid);
/** resource_tasks_forget: what descriptors mean is not known any more: events were lost */
void resource_tasks_forget(ResourceTasks *all);

/** resource_fd_find: resource_fd_get() of a task that has a table */
guint32 resource_fd_find(const ResourceTasks *all, const ResourceTask *task, gint32 fd);

/** resource_fd_get: file of @fd in @task's table, %TB_MAP_NONE where it is no known socket */
static inline guint32 resource_fd_get(const ResourceTasks *all, const ResourceTask *task, gint32 fd)
{
  return task->table == TB_MAP_NONE ? TB_MAP_NONE : resource_fd_find(all, task, fd);
}

void resource_fd_set(ResourceTasks *all, ResourceTask *task, gint32 fd, guint32 file,
                     gboolean cloexec);
void resource_fd_set_cloexec(ResourceTasks *all, ResourceTask *task, gint32 fd, gboolean cloexec);
/** resource_fd_close: from @first to @last */
void resource_fd_close(ResourceTasks *all, ResourceTask *task, gint32 first, gint32 last);
guint32 resource_file_new(ResourceTasks *all, guint32 socket, gboolean datagram);

static inline ResourceFile *resource_file(const ResourceTasks *all, guint32 file)
{
  return &g_array_index(all->files, ResourceFile, file);
}

G_END_DECLS
