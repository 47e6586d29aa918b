/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tasks and descriptor tables; see owners-task.h. Tables hold sockets only and are small. */
#include "stages/resource/resource-tasks.h"

#include <string.h>

enum {
  /* Beyond these nothing more is remembered: owners are then found in other ways. */
  TASK_MAX_ENTRIES = 1 << 20,
  TASK_MAX_FILES = 1 << 22,
};

typedef struct {
  gint32 fd;
  guint32 cloexec : 1;
  guint32 file : 31;
} TaskEntry;

/* Sorted by descriptor. */
typedef struct {
  TaskEntry *entries;
  guint32 n;
  guint32 room;
  guint32 users;
  guint32 next_free;
} ResourceTable;

static ResourceTable *task_table(const ResourceTasks *all, guint32 table)
{
  return &g_array_index(all->tables, ResourceTable, table);
}

void resource_tasks_init(ResourceTasks *all)
{
  *all = (ResourceTasks){ .free_table = TB_MAP_NONE };
  all->tasks = g_array_new(FALSE, FALSE, sizeof(ResourceTask));
  all->tables = g_array_new(FALSE, FALSE, sizeof(ResourceTable));
  all->files = g_array_new(FALSE, FALSE, sizeof(ResourceFile));
}

void resource_tasks_clear(ResourceTasks *all)
{
  if (!all->tasks)
    return;
  for (guint i = 0; i < all->tables->len; i++)
    g_free(task_table(all, i)->entries);
  g_array_unref(all->tasks);
  g_array_unref(all->tables);
  g_array_unref(all->files);
  tb_map_clear(&all->by_tid);
  *all = (ResourceTasks){ 0 };
}

ResourceTask *resource_task_new(ResourceTasks *all, gint32 tid)
{
  ResourceTask task = { .tid = tid, .table = TB_MAP_NONE, .call.socket = TB_MAP_NONE };
  tb_map_set(&all->by_tid, (guint32)tid, all->tasks->len);
  g_array_append_val(all->tasks, task);
  return resource_task_at(all, all->tasks->len - 1);
}

static guint32 task_table_new(ResourceTasks *all)
{
  guint32 index = all->free_table;
  if (index == TB_MAP_NONE) {
    ResourceTable table = { .users = 1 };
    g_array_append_val(all->tables, table);
    return all->tables->len - 1;
  }
  ResourceTable *table = task_table(all, index);
  all->free_table = table->next_free;
  *table = (ResourceTable){ .users = 1 };
  return index;
}

static void task_table_drop(ResourceTasks *all, ResourceTask *task)
{
  guint32 index = task->table;
  task->table = TB_MAP_NONE;
  if (index == TB_MAP_NONE)
    return;
  ResourceTable *table = task_table(all, index);
  if (--table->users > 0)
    return;
  all->n_entries -= table->n;
  g_clear_pointer(&table->entries, g_free);
  table->n = table->room = 0;
  table->next_free = all->free_table;
  all->free_table = index;
}

static void task_table_copy(ResourceTasks *all, guint32 to, guint32 from)
{
  ResourceTable *copy = task_table(all, to), *table = task_table(all, from);
  if (table->n == 0 || all->n_entries + table->n > TASK_MAX_ENTRIES)
    return;
  copy->entries = g_new(TaskEntry, table->n);
  memcpy(copy->entries, table->entries, table->n * sizeof(TaskEntry));
  copy->n = copy->room = table->n;
  all->n_entries += table->n;
}

static guint32 task_ensure_table(ResourceTasks *all, ResourceTask *task)
{
  if (task->table == TB_MAP_NONE)
    task->table = task_table_new(all);
  return task->table;
}

void resource_task_born(ResourceTasks *all, gint32 parent, gint32 child, gboolean shares,
                      gint64 time_ns)
{
  resource_task_ended(all, child);
  guint32 from = task_ensure_table(all, resource_task(all, parent));
  ResourceTask *task = resource_task(all, child);
  task->born_ns = time_ns;
  if (shares) {
    task->table = from;
    task_table(all, from)->users++;
    return;
  }
  task->table = task_table_new(all);
  task_table_copy(all, task->table, from);
}

void resource_task_ended(ResourceTasks *all, gint32 tid)
{
  guint32 index = tb_map_get(&all->by_tid, (guint32)tid);
  if (index == TB_MAP_NONE)
    return;
  ResourceTask *task = resource_task_at(all, index);
  task_table_drop(all, task);
  *task = (ResourceTask){ .tid = tid, .table = TB_MAP_NONE, .call.socket = TB_MAP_NONE,
                          .n_calls = task->n_calls + 1, .born_ns = task->born_ns };
}

/* The place of @fd, or where it would be. */
static guint32 task_table_find(const ResourceTable *table, gint32 fd)
{
  guint32 low = 0, high = table->n;
  while (low < high) {
    guint32 mid = low + (high - low) / 2;
    if (table->entries[mid].fd < fd)
      low = mid + 1;
    else
      high = mid;
  }
  return low;
}

static void task_table_remove(ResourceTasks *all, ResourceTable *table, guint32 at, guint32 n)
{
  memmove(table->entries + at, table->entries + at + n,
          (table->n - at - n) * sizeof(TaskEntry));
  table->n -= n;
  all->n_entries -= n;
}

/* exec gives the process a table of its own, too. */
void resource_task_executed(ResourceTasks *all, gint32 tid)
{
  ResourceTask *task = resource_task(all, tid);
  if (task->table == TB_MAP_NONE)
    return;
  if (task_table(all, task->table)->users > 1) {
    guint32 own = task_table_new(all), from = task->table;
    task_table_copy(all, own, from);
    task_table_drop(all, task);
    task->table = own;
  }
  ResourceTable *table = task_table(all, task->table);
  for (guint32 i = table->n; i-- > 0;)
    if (table->entries[i].cloexec)
      task_table_remove(all, table, i, 1);
}

void resource_tasks_forget(ResourceTasks *all)
{
  for (guint i = 0; i < all->tables->len; i++)
    task_table(all, i)->n = 0;
  all->n_entries = 0;
  for (guint i = 0; i < all->tasks->len; i++) {
    ResourceTask *task = resource_task_at(all, i);
    task->call.call = 0;
    task->call.socket = TB_MAP_NONE;
  }
}

guint32 resource_fd_find(const ResourceTasks *all, const ResourceTask *task, gint32 fd)
{
  const ResourceTable *table = task_table(all, task->table);
  guint32 at = task_table_find(table, fd);
  return at < table->n && table->entries[at].fd == fd ? table->entries[at].file : TB_MAP_NONE;
}

void resource_fd_set(ResourceTasks *all, ResourceTask *task, gint32 fd, guint32 file, gboolean cloexec)
{
  if (fd < 0 || file == TB_MAP_NONE)
    return;
  ResourceTable *table = task_table(all, task_ensure_table(all, task));
  guint32 at = task_table_find(table, fd);
  TaskEntry entry = { .fd = fd, .cloexec = cloexec != FALSE, .file = file & 0x7fffffff };
  if (at < table->n && table->entries[at].fd == fd) {
    table->entries[at] = entry;
    return;
  }
  if (all->n_entries >= TASK_MAX_ENTRIES)
    return;
  if (table->n == table->room) {
    table->room = MAX(4u, table->room * 2);
    table->entries = g_renew(TaskEntry, table->entries, table->room);
  }
  memmove(table->entries + at + 1, table->entries + at, (table->n - at) * sizeof(TaskEntry));
  table->entries[at] = entry;
  table->n++;
  all->n_entries++;
}

void resource_fd_set_cloexec(ResourceTasks *all, ResourceTask *task, gint32 fd, gboolean cloexec)
{
  if (task->table == TB_MAP_NONE)
    return;
  ResourceTable *table = task_table(all, task->table);
  guint32 at = task_table_find(table, fd);
  if (at < table->n && table->entries[at].fd == fd)
    table->entries[at].cloexec = cloexec != FALSE;
}

void resource_fd_close(ResourceTasks *all, ResourceTask *task, gint32 first, gint32 last)
{
  if (task->table == TB_MAP_NONE)
    return;
  ResourceTable *table = task_table(all, task->table);
  guint32 at = task_table_find(table, first), n = 0;
  while (at + n < table->n && table->entries[at + n].fd <= last)
    n++;
  if (n)
    task_table_remove(all, table, at, n);
}

guint32 resource_file_new(ResourceTasks *all, guint32 socket, gboolean datagram)
{
  ResourceFile file = { socket, datagram };
  if (all->files->len >= TASK_MAX_FILES)
    return TB_MAP_NONE;
  g_array_append_val(all->files, file);
  return all->files->len - 1;
}
