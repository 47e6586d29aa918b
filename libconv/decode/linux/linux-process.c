/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What Linux events tell about lives of processes, by event and field name.
 * Fields are looked up once a type. The traps are noted where they are met.
 */
#include "decode/linux/linux-process.h"
#include "decode/linux/linux-signals.h"

typedef enum {
  PROCESS_NEWTASK,
  PROCESS_FORK,
  PROCESS_EXEC,
  PROCESS_EXIT,
  PROCESS_RENAME,
  PROCESS_SWITCH,
  PROCESS_WAKEUP,
  PROCESS_WAIT,
  PROCESS_GENERATE,
  PROCESS_DELIVER,
  PROCESS_RAW_ENTER,
  PROCESS_RAW_LEAVE,
  PROCESS_ENTER,
  PROCESS_LEAVE,
} ProcessKind;

/* Events, what they tell, and the fields they need, in order; a field after "?" may be missing. */
static const struct {
  const char *system;
  const char *name;
  ProcessKind kind;
  guint64 facts;
  const char *fields[LINUX_MAX_FIELDS];
} process_events[] = {
  { "task", "task_newtask", PROCESS_NEWTASK, TB_FACT_BIT(TB_FACT_BORN),
    { "pid", "comm", "clone_flags" } },
  { "sched", "sched_process_fork", PROCESS_FORK, TB_FACT_BIT(TB_FACT_BORN),
    { "parent_pid", "parent_comm", "child_pid", "child_comm" } },
  { "sched", "sched_process_exec", PROCESS_EXEC, TB_FACT_BIT(TB_FACT_EXECUTED),
    { "pid", "filename", "?old_pid" } },
  { "sched", "sched_process_exit", PROCESS_EXIT, TB_FACT_BIT(TB_FACT_ENDED),
    { "pid", "comm", "?group_dead" } },
  { "task", "task_rename", PROCESS_RENAME, TB_FACT_BIT(TB_FACT_RENAMED),
    { "pid", "oldcomm", "newcomm" } },
  { "sched", "sched_switch", PROCESS_SWITCH, TB_FACT_BIT(TB_FACT_SWITCHED),
    { "prev_pid", "prev_comm", "next_pid", "next_comm" } },
  { "sched", "sched_wakeup", PROCESS_WAKEUP, TB_FACT_BIT(TB_FACT_NAMED), { "pid", "comm" } },
  { "sched", "sched_wakeup_new", PROCESS_WAKEUP, TB_FACT_BIT(TB_FACT_NAMED), { "pid", "comm" } },
  /* Its pid is what was asked for; the name is the waiting task's. */
  { "sched", "sched_process_wait", PROCESS_WAIT, TB_FACT_BIT(TB_FACT_NAMED), { "comm" } },
  { "signal", "signal_generate", PROCESS_GENERATE,
    TB_FACT_BIT(TB_FACT_FATE) | TB_FACT_BIT(TB_FACT_SIGNALLED),
    { "sig", "pid", "code", "?result" } },
  { "signal", "signal_deliver", PROCESS_DELIVER, TB_FACT_BIT(TB_FACT_SIGNAL_MET),
    { "sig", "sa_handler" } },
  { "raw_syscalls", "sys_enter", PROCESS_RAW_ENTER, TB_FACT_BIT(TB_FACT_CALLS_RECORDED),
    { "args" } },
  { "raw_syscalls", "sys_exit", PROCESS_RAW_LEAVE, 0, { "ret" } },
};

/* @flags_named: ENTER of clone: field 0 holds the flags */
typedef struct {
  ProcessKind kind;
  ProcessCall call;
  gboolean flags_named;
  const TbField *fields[LINUX_MAX_FIELDS];
} ProcessPlan;

static guint64 process_bind_call(const TbEventType *type, ProcessPlan *plan)
{
  gboolean enter;
  const char *name = tb_syscall_event_read(type, &enter, plan->fields, LINUX_MAX_FIELDS);
  plan->call = name ? (ProcessCall)tb_syscall_find(linux_process_meanings,
                                                   LINUX_PROCESS_MEANINGS, name)
                    : PROCESS_CALL_NONE;
  if (plan->call == PROCESS_CALL_NONE)
    return 0;
  plan->kind = enter ? PROCESS_ENTER : PROCESS_LEAVE;
  const TbField *flags = tb_event_type_find_field(type, "clone_flags");
  if (enter && plan->call == PROCESS_CALL_CLONE && flags) {
    plan->fields[0] = flags;
    plan->flags_named = TRUE;
  }
  return linux_process_call_facts(enter);
}

static guint64 process_bind(const TbEventType *type, gpointer data)
{
  ProcessPlan *plan = data;
  for (guint i = 0; i < G_N_ELEMENTS(process_events); i++) {
    if (!tb_event_type_is(type, process_events[i].system, process_events[i].name))
      continue;
    plan->kind = process_events[i].kind;
    if (!linux_find_fields(type, process_events[i].fields, plan->fields))
      return 0;
    gboolean raw = plan->kind == PROCESS_RAW_ENTER || plan->kind == PROCESS_RAW_LEAVE;
    return process_events[i].facts |
           (raw ? linux_process_call_facts(plan->kind == PROCESS_RAW_ENTER) : 0);
  }
  return g_str_equal(type->system, "syscalls") ? process_bind_call(type, plan) : 0;
}

static gpointer process_new_state(const TbMachine *machine)
{
  ProcessState *state = g_new0(ProcessState, 1);
  state->arch = machine->arch;
  return state;
}

static void process_born(const ProcessPlan *plan, ProcessState *state, const TbRecord *record,
                         TbFactSink *sink)
{
  TbFact fact = { .kind = TB_FACT_BORN };
  TbBorn *born = &fact.born;
  born->announces = plan->kind == PROCESS_NEWTASK;
  if (born->announces) {
    born->maker = MAX(record->tid, 0);
    born->child = linux_pid(plan->fields[0], record);
    born->comm = linux_name(plan->fields[1], record);
    linux_process_set_flags(born, (guint64)linux_int(plan->fields[2], record, 0));
  } else {
    born->maker = linux_pid(plan->fields[0], record);
    born->maker_comm = linux_name(plan->fields[1], record);
    born->child = linux_pid(plan->fields[2], record);
    born->comm = linux_name(plan->fields[3], record);
    linux_process_set_flags_of_call(born, linux_process_find_clone(state, born->maker));
  }
  ProcessPending *call = linux_process_find_clone(state, born->maker);
  if (call)
    call->done = TRUE;
  tb_fact_tell(sink, &fact);
}

/*
 * Both the killing signal, sent to its target, and the news of an end, sent by
 * the dying task to its parent (CLD_EXITED, CLD_KILLED, CLD_DUMPED).
 */
static void process_generated(const ProcessPlan *plan, ProcessState *state,
                              const TbRecord *record, TbFactSink *sink)
{
  gint64 number = linux_int(plan->fields[0], record, 0);
  gint64 code = linux_int(plan->fields[2], record, 0);
  gint64 result = linux_int(plan->fields[3], record, 0);
  if (state)
    state->signals_told = TRUE;
  if (number == LINUX_SIGCHLD && code >= LINUX_CLD_EXITED && code <= LINUX_CLD_DUMPED)
    tb_fact_tell(sink, &(TbFact){ .kind = TB_FACT_FATE,
                                  .fate = { record->tid, code != LINUX_CLD_EXITED } });
  if (!linux_signal_is_deadly(number) || result == LINUX_SIGNAL_IGNORED ||
      result == LINUX_SIGNAL_FAILED)
    return;
  tb_fact_tell(sink, &(TbFact){ .kind = TB_FACT_SIGNALLED,
                                .signalled = { .tid = linux_pid(plan->fields[1], record),
                                               .number = (guint8)number,
                                               .sure = number == LINUX_SIGKILL,
                                               .shown = TRUE } });
}

/*
 * Tells who handles a signal. A 9 says little: every deadly signal without a
 * core dump, and the end of the siblings of exit_group(), arrive as one.
 */
static void process_delivered(const ProcessPlan *plan, const TbRecord *record, TbFactSink *sink)
{
  gint64 number = linux_int(plan->fields[0], record, 0);
  gint64 handler = linux_int(plan->fields[1], record, -1);
  if (linux_signal_is_deadly(number) && number != LINUX_SIGKILL && record->tid > 0 &&
      handler != -1)
    tb_fact_tell(sink, &(TbFact){ .kind = TB_FACT_SIGNAL_MET,
                                  .signal_met = { record->tid, (guint8)number, handler == 0 } });
}

static void process_switched(const ProcessPlan *plan, const TbRecord *record, TbFactSink *sink)
{
  TbFact fact;
  fact.kind = TB_FACT_SWITCHED;
  fact.switched = (TbSwitched){ .from = linux_pid(plan->fields[0], record),
                                .to = linux_pid(plan->fields[2], record),
                                .from_comm = linux_name(plan->fields[1], record),
                                .to_comm = linux_name(plan->fields[3], record) };
  tb_fact_tell(sink, &fact);
}

static void process_named(gint32 tid, const TbField *comm, const TbRecord *record,
                          TbFactSink *sink)
{
  TbFact fact;
  fact.kind = TB_FACT_NAMED;
  fact.name = (TbTaskName){ tid, linux_name(comm, record) };
  tb_fact_tell(sink, &fact);
}

static void process_executed(const ProcessPlan *plan, const TbRecord *record, TbFactSink *sink)
{
  gint32 pid = linux_pid(plan->fields[0], record);
  gint32 old_pid = plan->fields[2] ? linux_pid(plan->fields[2], record) : pid;
  tb_fact_tell(sink, &(TbFact){ .kind = TB_FACT_EXECUTED,
                                .executed = { .tid = pid, .old_tid = old_pid,
                                              .path = linux_name(plan->fields[1], record) } });
}

static void process_ended(const ProcessPlan *plan, const TbRecord *record, TbFactSink *sink)
{
  gint64 last = linux_int(plan->fields[2], record, -1);
  tb_fact_tell(sink, &(TbFact){ .kind = TB_FACT_ENDED,
                                .ended = { .tid = linux_pid(plan->fields[0], record),
                                           .comm = linux_name(plan->fields[1], record),
                                           .last = last < 0 ? TB_ANSWER_UNKNOWN
                                                   : last   ? TB_ANSWER_YES
                                                            : TB_ANSWER_NO } });
}

static void process_renamed(const ProcessPlan *plan, const TbRecord *record, TbFactSink *sink)
{
  tb_fact_tell(sink, &(TbFact){ .kind = TB_FACT_RENAMED,
                                .renamed = { .tid = linux_pid(plan->fields[0], record),
                                             .old_name = linux_name(plan->fields[1], record),
                                             .new_name = linux_name(plan->fields[2], record) } });
}

static void process_entered(const ProcessPlan *plan, ProcessState *state, const TbRecord *record,
                            TbFactSink *sink)
{
  gint64 args[3];
  if (record->tid <= 0)
    return;
  for (guint i = 0; i < G_N_ELEMENTS(args); i++)
    args[i] = linux_int(plan->fields[i], record, 0);
  if (plan->flags_named)
    args[tb_syscall_flags_argument(state->arch)] = args[0];
  linux_process_tell_act(record, sink);
  linux_process_enter(state, record, plan->call, args, sink);
}

static void process_decode(gconstpointer data, gpointer state, const TbRecord *record,
                           TbFactSink *sink)
{
  const ProcessPlan *plan = data;
  switch (plan->kind) {
  case PROCESS_SWITCH: process_switched(plan, record, sink); break;
  case PROCESS_WAKEUP:
    process_named(linux_pid(plan->fields[0], record), plan->fields[1], record, sink);
    break;
  case PROCESS_WAIT: process_named(record->tid, plan->fields[0], record, sink); break;
  case PROCESS_NEWTASK:
  case PROCESS_FORK: process_born(plan, state, record, sink); break;
  case PROCESS_EXEC: process_executed(plan, record, sink); break;
  case PROCESS_EXIT: process_ended(plan, record, sink); break;
  case PROCESS_RENAME: process_renamed(plan, record, sink); break;
  case PROCESS_GENERATE: process_generated(plan, state, record, sink); break;
  case PROCESS_DELIVER: process_delivered(plan, record, sink); break;
  case PROCESS_ENTER:
    if (state)
      process_entered(plan, state, record, sink);
    break;
  case PROCESS_LEAVE:
    if (state)
      linux_process_leave(state, record, (gint)plan->call,
                          linux_int(plan->fields[0], record, -1), sink);
    break;
  case PROCESS_RAW_ENTER:
  case PROCESS_RAW_LEAVE:
  default: break;
  }
}

static void process_raw_entered(const ProcessPlan *plan, ProcessState *state, gint call,
                                const TbRecord *record, TbFactSink *sink)
{
  gint64 args[3] = { 0 };
  if (call <= LINUX_CALL_OTHER) {
    linux_process_tell_act(record, sink);
    return;
  }
  if (record->tid <= 0 ||
      linux_arguments(plan->fields[0], record, args, G_N_ELEMENTS(args)) < G_N_ELEMENTS(args))
    return;
  if (!state->calls_told)
    tb_fact_tell(sink, &(TbFact){ .kind = TB_FACT_CALLS_RECORDED });
  state->calls_told = TRUE;
  linux_process_tell_act(record, sink);
  linux_process_enter(state, record, (ProcessCall)call, args, sink);
}

static void process_raw_call(gconstpointer data, gpointer state, gint call,
                             const TbRecord *record, TbFactSink *sink)
{
  const ProcessPlan *plan = data;
  if (plan->kind == PROCESS_RAW_ENTER)
    process_raw_entered(plan, state, call, record, sink);
  else if (call != LINUX_CALL_OTHER)
    linux_process_leave(state, record, call, linux_int(plan->fields[0], record, -1), sink);
}

const LinuxPart linux_process_part = {
  .plan_size = sizeof(ProcessPlan),
  .meanings = linux_process_meanings,
  .n_meanings = LINUX_PROCESS_MEANINGS,
  .bind = process_bind,
  .new_state = process_new_state,
  .free_state = g_free,
  .decode = process_decode,
  .raw_call = process_raw_call,
};
