/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Life-cycle events made in memory; see life-events.h. */
#include "support/life-events.h"

#include "base/bytes.h"
#include "decode/linux/linux-decoder.h"
#include "stages/process/process.h"

#include <string.h>

enum { LIFE_COMM_LEN = 16 };

/* Numbers are n1, n2, n4, n8 (i = signed), names c, a dynamic string s, six words w. */
static const struct {
  const char *system;
  const char *name;
  const char *fields;
} life_types[LIFE_N_TYPES] = {
  [LIFE_NEWTASK] = { "task", "task_newtask", "i4 pid,c comm,n8 clone_flags,i2 oom_score_adj" },
  [LIFE_FORK] = { "sched", "sched_process_fork",
                  "c parent_comm,i4 parent_pid,c child_comm,i4 child_pid" },
  [LIFE_EXEC] = { "sched", "sched_process_exec", "s filename,i4 pid,i4 old_pid" },
  [LIFE_EXIT] = { "sched", "sched_process_exit", "c comm,i4 pid,i4 prio" },
  [LIFE_EXIT_DEAD] = { "sched", "sched_process_exit", "c comm,i4 pid,i4 prio,n1 group_dead" },
  [LIFE_RENAME] = { "task", "task_rename", "i4 pid,c oldcomm,c newcomm,i2 oom_score_adj" },
  [LIFE_SWITCH] = { "sched", "sched_switch", "c prev_comm,i4 prev_pid,c next_comm,i4 next_pid" },
  [LIFE_WAIT] = { "sched", "sched_process_wait", "c comm,i4 pid,i4 prio" },
  [LIFE_GENERATE] = { "signal", "signal_generate",
                      "i4 sig,i4 errno,i4 code,c comm,i4 pid,i4 group,i4 result" },
  [LIFE_DELIVER] = { "signal", "signal_deliver",
                     "i4 sig,i4 errno,i4 code,n8 sa_handler,n8 sa_flags" },
  [LIFE_RAW_ENTER] = { "raw_syscalls", "sys_enter", "i8 id,w args" },
  [LIFE_RAW_LEAVE] = { "raw_syscalls", "sys_exit", "i8 id,i8 ret" },
  [LIFE_ENTER_EXIT_GROUP] = { "syscalls", "sys_enter_exit_group",
                              "i4 __syscall_nr,n8 error_code" },
};

static void life_append_text(const TbEventType *type, const TbRecord *event, TbBuf *out)
{
  tb_buf_append_str(out, "made in memory");
}

static const TbEventTypeOps life_ops = { .append_text = life_append_text,
                                         .decoder = &tb_linux_decoder };

static TbField life_field(const char *spec, guint32 *offset)
{
  TbField field = { .name = g_strdup(strchr(spec, ' ') + 1) };
  gboolean number = spec[0] == 'i' || spec[0] == 'n';
  field.size = number ? (guint32)(spec[1] - '0') : spec[0] == 'c' ? LIFE_COMM_LEN
               : spec[0] == 's' ? 4 : 48;
  field.kind = spec[0] == 'i'   ? TB_FIELD_INT
               : spec[0] == 'n' ? TB_FIELD_UINT
               : spec[0] == 'c' ? TB_FIELD_STRING
               : spec[0] == 's' ? TB_FIELD_DYNAMIC
                                : TB_FIELD_ARRAY;
  field.is_string = spec[0] == 's';
  field.element_size = spec[0] == 'w' ? 8 : 0;
  guint32 align = number ? field.size : spec[0] == 'w' ? 8 : spec[0] == 's' ? 4 : 1;
  *offset = (*offset + align - 1) / align * align;
  field.offset = *offset;
  *offset += field.size;
  return field;
}

static TbEventType *life_make_type(LifeType kind)
{
  TbEventType *type =
      tb_event_type_new(life_types[kind].system, life_types[kind].name, &life_ops, NULL);
  g_auto(GStrv) specs = g_strsplit(life_types[kind].fields, ",", -1);
  GArray *fields = g_array_new(FALSE, FALSE, sizeof(TbField));
  guint32 offset = 8;
  for (guint i = 0; specs[i]; i++) {
    TbField field = life_field(specs[i], &offset);
    g_array_append_val(fields, field);
  }
  tb_event_type_take_fields(type, fields);
  type->id = (guint32)kind;
  return type;
}

Life *life_new(void)
{
  Life *life = g_new0(Life, 1);
  life->machine = tb_machine_new();
  life->machine->arch = TB_ARCH_X86_64;
  life->source = tb_source_new(TB_SOURCE_EVENTS, "ftrace");
  tb_source_set_machine(life->source, life->machine);
  tb_axis_init(&life->source->clock.opened, TB_CLOCK_UNKNOWN, FALSE);
  life->observers = g_ptr_array_new();
  g_ptr_array_add(life->observers, tb_process_observer_new());
  life->facts = tb_facts_new(life->observers);
  for (guint i = 0; i < LIFE_N_TYPES; i++) {
    life->types[i] = life_make_type((LifeType)i);
    g_assert_true(tb_facts_are_wanted(life->facts, life->types[i]));
  }
  life->now_ns = 1000000;
  life->step_ns = 1000;
  return life;
}

void life_free(Life *life)
{
  TbObserver *observer = g_ptr_array_index(life->observers, 0);
  tb_facts_free(life->facts);
  for (guint i = 0; i < LIFE_N_TYPES; i++)
    tb_event_type_unref(life->types[i]);
  observer->ops->free(observer);
  g_ptr_array_unref(life->observers);
  tb_source_unref(life->source);
  tb_machine_unref(life->machine);
  g_free(life);
}

static void life_begin(Life *life, LifeType kind, gint32 actor)
{
  memset(life->data, 0, sizeof life->data);
  life->event = (MadeItem){ .record = {
    .kind = TB_RECORD_EVENT,
    .time.ns = life->now_ns,
    .source = life->source,
    .type = life->types[kind],
    .data = life->data,
    .len = 128,
    .tid = actor,
    .cpu = life->cpu,
  } };
}

static const TbField *life_find(Life *life, const char *name)
{
  const TbField *field = tb_event_type_find_field(life->event.record.type, name);
  g_assert_nonnull(field);
  return field;
}

static void life_set_int(Life *life, const char *name, gint64 value)
{
  const TbField *field = life_find(life, name);
  guint64 le = GUINT64_TO_LE((guint64)value);
  memcpy(life->data + field->offset, &le, field->size);
}

static void life_set_comm(Life *life, const char *name, const char *comm)
{
  strncpy((char *)life->data + life_find(life, name)->offset, comm, LIFE_COMM_LEN - 1);
}

void life_show_item(Life *life, const TbItem *item)
{
  if (item->record->kind == TB_RECORD_LOST)
    tb_facts_lost(life->facts, item);
  else
    tb_facts_show(life->facts, item);
}

static void life_show(Life *life)
{
  if (!life->keep || life->keep(life, life->keep_data))
    life_show_item(life, made_item(&life->event));
  life->now_ns += life->step_ns;
}

void life_newtask(Life *life, gint32 actor, gint32 child, const char *comm, guint32 flags)
{
  life_begin(life, LIFE_NEWTASK, actor);
  life_set_int(life, "pid", child);
  life_set_comm(life, "comm", comm);
  life_set_int(life, "clone_flags", flags);
  life_show(life);
}

void life_fork_event(Life *life, gint32 actor, const char *comm, gint32 child)
{
  life_begin(life, LIFE_FORK, actor);
  life_set_int(life, "parent_pid", actor);
  life_set_comm(life, "parent_comm", comm);
  life_set_int(life, "child_pid", child);
  life_set_comm(life, "child_comm", comm);
  life_show(life);
}

void life_birth(Life *life, gint32 actor, const char *comm, gint32 child, guint32 flags)
{
  gint64 at = life->now_ns;
  life_newtask(life, actor, child, comm, flags);
  life->now_ns = at + 2;
  life_fork_event(life, actor, comm, child);
}

void life_rename(Life *life, gint32 actor, gint32 tid, const char *old_comm, const char *comm)
{
  life_begin(life, LIFE_RENAME, actor);
  life_set_int(life, "pid", tid);
  life_set_comm(life, "oldcomm", old_comm);
  life_set_comm(life, "newcomm", comm);
  life_show(life);
}

void life_exec_event(Life *life, gint32 pid, gint32 old_pid, const char *path)
{
  life_begin(life, LIFE_EXEC, pid);
  guint32 at = 64;
  life_set_int(life, "filename", (gint64)((strlen(path) + 1) << 16 | at));
  memcpy(life->data + at, path, strlen(path) + 1);
  life_set_int(life, "pid", pid);
  life_set_int(life, "old_pid", old_pid);
  life_show(life);
}

void life_exec(Life *life, gint32 pid, gint32 old_pid, const char *old_comm, const char *path)
{
  g_autofree char *comm = g_path_get_basename(path);
  life_rename(life, pid, pid, old_comm, comm);
  life_exec_event(life, pid, old_pid, path);
}

void life_exit(Life *life, gint32 tid, const char *comm, gint group_dead)
{
  life_begin(life, group_dead < 0 ? LIFE_EXIT : LIFE_EXIT_DEAD, tid);
  life_set_int(life, "pid", tid);
  life_set_comm(life, "comm", comm);
  if (group_dead >= 0)
    life_set_int(life, "group_dead", group_dead);
  life_show(life);
}

void life_switch(Life *life, gint32 prev, const char *prev_comm, gint32 next, const char *next_comm)
{
  life_begin(life, LIFE_SWITCH, prev);
  life_set_int(life, "prev_pid", prev);
  life_set_comm(life, "prev_comm", prev_comm);
  life_set_int(life, "next_pid", next);
  life_set_comm(life, "next_comm", next_comm);
  life_show(life);
}

void life_enter(Life *life, gint32 tid, gint64 number, gint64 a, gint64 b, gint64 c)
{
  life_begin(life, LIFE_RAW_ENTER, tid);
  life_set_int(life, "id", number);
  guint8 *args = life->data + life_find(life, "args")->offset;
  tb_put_u64(args, (guint64)a, FALSE);
  tb_put_u64(args + 8, (guint64)b, FALSE);
  tb_put_u64(args + 16, (guint64)c, FALSE);
  life_show(life);
}

void life_leave(Life *life, gint32 tid, gint64 number, gint64 result)
{
  life_begin(life, LIFE_RAW_LEAVE, tid);
  life_set_int(life, "id", number);
  life_set_int(life, "ret", result);
  life_show(life);
}

void life_exit_group(Life *life, gint32 tid, gint32 code)
{
  life_begin(life, LIFE_ENTER_EXIT_GROUP, tid);
  life_set_int(life, "error_code", code);
  life_show(life);
}

void life_generate(Life *life, gint32 actor, gint32 target, gint sig, gint code, gint result)
{
  life_begin(life, LIFE_GENERATE, actor);
  life_set_int(life, "sig", sig);
  life_set_int(life, "code", code);
  life_set_int(life, "pid", target);
  life_set_int(life, "result", result);
  life_show(life);
}

void life_deliver(Life *life, gint32 tid, gint sig, guint64 handler)
{
  life_begin(life, LIFE_DELIVER, tid);
  life_set_int(life, "sig", sig);
  life_set_int(life, "sa_handler", (gint64)handler);
  life_show(life);
}

void life_lost(Life *life)
{
  life_begin(life, LIFE_SWITCH, -1);
  life->event.record.kind = TB_RECORD_LOST;
  life->event.record.type = NULL;
  life->event.record.len = 0;
  life_show(life);
}

void life_finish(Life *life)
{
  TbObserver *observer = g_ptr_array_index(life->observers, 0);
  g_assert_true(observer->ops->finish(observer, NULL));
}

TbTimeline *life_timeline(const Life *life)
{
  return life->machine->timeline;
}

guint life_count(const Life *life, gint32 pid)
{
  guint count = 0;
  TbTimeline *timeline = life_timeline(life);
  for (guint32 i = 0; i < tb_timeline_get_n_processes(timeline); i++)
    count += tb_timeline_get_process(timeline, i)->pid == pid;
  return count;
}

const TbProcess *life_process(const Life *life, gint32 pid, guint n)
{
  TbTimeline *timeline = life_timeline(life);
  for (guint32 i = 0; i < tb_timeline_get_n_processes(timeline); i++)
    if (tb_timeline_get_process(timeline, i)->pid == pid && n-- == 0)
      return tb_timeline_get_process(timeline, i);
  g_assert_not_reached();
}

static char *life_strings(const Life *life, const TbProcess *process, guint32 first, gboolean exe)
{
  TbTimeline *timeline = life_timeline(life);
  const char *start = tb_timeline_get_string(timeline, first);
  GString *out = g_string_new(start ? start : "?");
  guint32 at = process->changes;
  if (at != TB_PROC_NONE) {
    do {
      at = tb_timeline_get_change(timeline, at)->next;
      const TbChange *change = tb_timeline_get_change(timeline, at);
      const char *text = tb_timeline_get_string(timeline, tb_change_string(change));
      if (tb_change_is_exe(change) == exe)
        g_string_append_printf(out, " %s", text ? text : "?");
    } while (at != process->changes);
  }
  return g_string_free(out, FALSE);
}

char *life_names(const Life *life, const TbProcess *process)
{
  return life_strings(life, process, process->comm, FALSE);
}

char *life_exes(const Life *life, const TbProcess *process)
{
  return life_strings(life, process, process->exe, TRUE);
}

void life_assert_names(const Life *life, const TbProcess *process, const char *expected)
{
  g_autofree char *names = life_names(life, process);
  g_assert_cmpstr(names, ==, expected);
}

guint32 life_parent_pid(const Life *life, const TbProcess *process)
{
  if (process->parent == TB_PROC_NONE)
    return 0;
  return (guint32)tb_timeline_get_process(life_timeline(life), process->parent)->pid;
}
