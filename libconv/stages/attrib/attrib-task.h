/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tasks of one machine while it is prepared: the system call each is in,
 * and the table of its socket descriptors, shared by threads and copied on
 * fork. Knows no events and no packets.
 */
#pragma once

#include "stages/attrib/attrib-calls.h"
#include "stages/attrib/attrib-map.h"

#include <glib.h>

G_BEGIN_DECLS

/** AttribTask: @table is %ATTRIB_NONE until it has one */
typedef struct {
  gint32 tid;
  guint32 table;
  guint8 call;       /* AttribCall, of the call it is in */
  guint8 subcall;    /* of socketcall */
  guint8 left;       /* the call that came back last, as told by @left_raw kind of event */
  guint8 left_raw : 1;
  guint8 entered_raw : 1; /* the kind of event that told of @call first */
  guint8 wrote : 1;  /* in this call: an event gave the length */
  guint8 read : 1;
  guint8 peeks : 1;
  guint8 announced : 1; /* the first of the two events that tell a birth was seen */
  gint32 fd;
  gint32 fd2;
  guint32 argument; /* further one: command, type, flags, number of bytes */
  gint64 enter_ns;
  gint64 born_ns; /* 0 = not seen */
  guint32 calls;     /* number of the call, of one it is or was in */
  guint32 tcp_calls; /* the last one that wrote to a TCP socket */
  guint32 socket;    /* in this call: the one an event named, or ATTRIB_NONE */
  guint32 moved[2];  /* AttribWay: 1 + the socket whose bytes it moved last, 0 = none */
  guint32 sent;      /* place behind its last transmitted sample */
  guint32 n_sent;    /* samples of call number @sent_calls */
  guint32 sent_calls;
} AttribTask;

/**
 * AttribFile: what a descriptor stands for, if that is a socket
 * @socket: the socket, or %ATTRIB_NONE while that is not known
 * @datagram: no stream: its bytes are not counted
 */
typedef struct {
  guint32 socket;
  gboolean datagram;
} AttribFile;

typedef struct {
  GArray *tasks;  /* AttribTask */
  GArray *tables; /* AttribTable */
  GArray *files;  /* AttribFile */
  AttribMap by_tid;
  guint32 free_table; /* a chain of unused ones */
  guint32 n_entries;
} AttribTasks;

void attrib_tasks_init(AttribTasks *all);
void attrib_tasks_clear(AttribTasks *all);

static inline AttribTask *attrib_task_at(const AttribTasks *all, guint32 task)
{
  return &g_array_index(all->tasks, AttribTask, task);
}

/** attrib_task_new: of @tid, which has none yet */
AttribTask *attrib_task_new(AttribTasks *all, gint32 tid);

/** attrib_task: of @tid, made if there is none; valid until the next one is made */
static inline AttribTask *attrib_task(AttribTasks *all, gint32 tid)
{
  guint32 index = attrib_map_get(&all->by_tid, (guint32)tid);
  return G_LIKELY(index != ATTRIB_NONE) ? attrib_task_at(all, index) : attrib_task_new(all, tid);
}

/** attrib_task_born: @child of @parent; with @shares it is a thread that has the same table */
void attrib_task_born(AttribTasks *all, gint32 parent, gint32 child, gboolean shares,
                      gint64 time_ns);
/** attrib_task_ended: gives its table back */
void attrib_task_ended(AttribTasks *all, gint32 tid);
/** attrib_task_executed: descriptors that do not outlive exec are closed */
void attrib_task_executed(AttribTasks *all, gint32 tid);
/** attrib_tasks_forget: what descriptors mean is not known any more: events were lost */
void attrib_tasks_forget(AttribTasks *all);

/** attrib_fd_find: attrib_fd_get() of a task that has a table */
guint32 attrib_fd_find(const AttribTasks *all, const AttribTask *task, gint32 fd);

/** attrib_fd_get: file of @fd in @task's table, %ATTRIB_NONE where it is no known socket */
static inline guint32 attrib_fd_get(const AttribTasks *all, const AttribTask *task, gint32 fd)
{
  return task->table == ATTRIB_NONE ? ATTRIB_NONE : attrib_fd_find(all, task, fd);
}

void attrib_fd_set(AttribTasks *all, AttribTask *task, gint32 fd, guint32 file, gboolean cloexec);
void attrib_fd_set_cloexec(AttribTasks *all, AttribTask *task, gint32 fd, gboolean cloexec);
/** attrib_fd_close: from @first to @last */
void attrib_fd_close(AttribTasks *all, AttribTask *task, gint32 first, gint32 last);
guint32 attrib_file_new(AttribTasks *all, guint32 socket, gboolean datagram);

static inline AttribFile *attrib_file(const AttribTasks *all, guint32 file)
{
  return &g_array_index(all->files, AttribFile, file);
}

G_END_DECLS
