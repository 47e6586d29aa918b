/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What Linux trace events tell about processes, by event and field name, so
 * that any kernel's recording gives what it holds. Fields are looked up once a
 * type. The traps are noted where they are met; none of this is known to the
 * engine.
 */
#include "stages/proctrack/proctrack-syscalls.h"
#include "stages/proctrack/proctrack.h"

#include <string.h>

enum { LINUX_MAX_FIELDS = 6, LINUX_PENDING = 4096 };

/* include/uapi/linux/sched.h, prctl.h; asm-generic/signal.h and siginfo.h */
enum {
  LINUX_CLONE_VFORK = 0x4000,
  LINUX_CLONE_PARENT = 0x8000,
  LINUX_CLONE_THREAD = 0x10000,
  LINUX_PR_SET_CHILD_SUBREAPER = 36,
  LINUX_SIGKILL = 9,
  LINUX_SIGCHLD = 17,
  LINUX_SIGCONT = 18,
  LINUX_SIGSTOP = 19,
  LINUX_SIGTTOU = 22,
  LINUX_SIGURG = 23,
  LINUX_SIGWINCH = 28,
  LINUX_MAX_SIGNAL = 64,
  LINUX_CLD_EXITED = 1,
  LINUX_CLD_DUMPED = 3,
  LINUX_SIGNAL_IGNORED = 1,
  LINUX_SIGNAL_FAILED = 3,
};

typedef enum {
  LINUX_NEWTASK,
  LINUX_FORK,
  LINUX_EXEC,
  LINUX_EXIT,
  LINUX_RENAME,
  LINUX_SWITCH,
  LINUX_WAKEUP,
  LINUX_WAIT,
  LINUX_GENERATE,
  LINUX_DELIVER,
  LINUX_RAW_ENTER,
  LINUX_RAW_LEAVE,
  LINUX_ENTER,
  LINUX_LEAVE,
} LinuxKind;

/* Events and the fields they need, in order; a field after "?" may be missing. */
static const struct {
  const char *system;
  const char *name;
  LinuxKind kind;
  const char *fields[LINUX_MAX_FIELDS];
} linux_events[] = {
  { "task", "task_newtask", LINUX_NEWTASK, { "pid", "comm", "clone_flags" } },
  { "sched", "sched_process_fork", LINUX_FORK,
    { "parent_pid", "parent_comm", "child_pid", "child_comm" } },
  { "sched", "sched_process_exec", LINUX_EXEC, { "pid", "filename", "?old_pid" } },
  { "sched", "sched_process_exit", LINUX_EXIT, { "pid", "comm", "?group_dead" } },
  { "task", "task_rename", LINUX_RENAME, { "pid", "oldcomm", "newcomm" } },
  { "sched", "sched_switch", LINUX_SWITCH, { "prev_pid", "prev_comm", "next_pid", "next_comm" } },
  { "sched", "sched_wakeup", LINUX_WAKEUP, { "pid", "comm" } },
  { "sched", "sched_wakeup_new", LINUX_WAKEUP, { "pid", "comm" } },
  /* Its pid is what was asked for; the name is the waiting task's. */
  { "sched", "sched_process_wait", LINUX_WAIT, { "comm" } },
  { "signal", "signal_generate", LINUX_GENERATE, { "sig", "pid", "code", "?result" } },
  { "signal", "signal_deliver", LINUX_DELIVER, { "sig", "sa_handler" } },
  { "raw_syscalls", "sys_enter", LINUX_RAW_ENTER, { "id", "args" } },
  { "raw_syscalls", "sys_exit", LINUX_RAW_LEAVE, { "id", "ret" } },
};

/* @number: of raw system calls: where their number stands, checked against the event's length */
typedef struct {
  LinuxKind kind;
  TbCall call;
  guint32 number_off;
  guint32 number_end;
  gboolean flags_named; /* ENTER of clone: argument 0 is the field "clone_flags" */
  const TbField *fields[LINUX_MAX_FIELDS];
} LinuxPlan;

/* A call that has not come back. A collision forgets the older one: its result says nothing. */
typedef struct {
  gint32 tid;
  guint8 call;
  gboolean done; /* the birth or exec it is for was told */
  gint64 since_ns;
  gint64 a;
  gint64 b;
} LinuxPending;

typedef struct {
  const TbMachine *machine;
  TbArch arch;
  guint8 calls[TB_SYSCALL_NUMBERS]; /* TbCall by number */
  const guint32 *signals_pending;
  gboolean births_told;
  gboolean signals_told;
  LinuxPending pending[LINUX_PENDING];
} LinuxState;

static gboolean linux_compile_call(const TbEventType *type, LinuxPlan *plan)
{
  gboolean enter;
  const char *name = tb_syscall_event_read(type, &enter, plan->fields, LINUX_MAX_FIELDS);
  if (!name || (plan->call = tb_call_from_name(name)) == TB_CALL_NONE)
    return FALSE;
  plan->kind = enter ? LINUX_ENTER : LINUX_LEAVE;
  const TbField *flags = tb_event_type_find_field(type, "clone_flags");
  if (enter && plan->call == TB_CALL_CLONE && flags) {
    plan->fields[0] = flags;
    plan->flags_named = TRUE;
  }
  return TRUE;
}

static gboolean linux_wants_type(const TbEventType *type, gpointer data)
{
  LinuxPlan *plan = data;
  for (guint i = 0; i < G_N_ELEMENTS(linux_events); i++) {
    if (!tb_event_type_is(type, linux_events[i].system, linux_events[i].name))
      continue;
    plan->kind = linux_events[i].kind;
    for (guint f = 0; f < LINUX_MAX_FIELDS && linux_events[i].fields[f]; f++) {
      const char *name = linux_events[i].fields[f];
      gboolean may_miss = name[0] == '?';
      plan->fields[f] = tb_event_type_find_field(type, name + may_miss);
      if (!plan->fields[f] && !may_miss)
        return FALSE;
    }
    if (plan->kind == LINUX_RAW_ENTER || plan->kind == LINUX_RAW_LEAVE) {
      const TbField *number = plan->fields[0];
      if (number->kind != TB_FIELD_INT || (number->size != 4 && number->size != 8))
        return FALSE;
      plan->number_off = number->offset;
      plan->number_end = number->offset + number->size;
    }
    return TRUE;
  }
  return g_str_equal(type->system, "syscalls") && linux_compile_call(type, plan);
}

static gpointer linux_new_state(const TbMachine *machine, const TbTracker *tracker)
{
  LinuxState *state = g_new0(LinuxState, 1);
  state->machine = machine;
  state->arch = machine->arch;
  tb_call_table(machine->arch, state->calls);
  state->signals_pending = tb_tracker_signals_pending(tracker);
  return state;
}

static gint64 linux_int(const TbField *field, const TbItem *event, gint64 otherwise)
{
  gint64 value;
  return field && tb_field_get_int(field, event->record, &value) ? value : otherwise;
}

static gint32 linux_pid(const TbField *field, const TbItem *event)
{
  return (gint32)linux_int(field, event, 0);
}

static TbName linux_name(const TbField *field, const TbItem *event)
{
  const guint8 *bytes;
  gsize len;
  if (!field || !tb_field_get_bytes(field, event->record, &bytes, &len))
    return (TbName){ NULL, 0 };
  return (TbName){ (const char *)bytes, len };
}

static LinuxPending *linux_pending(LinuxState *state, gint32 tid)
{
  return &state->pending[(guint32)tid % LINUX_PENDING];
}

/* The call of kind clone that @tid is in; NULL where none was recorded. */
static LinuxPending *linux_pending_clone(LinuxState *state, gint32 tid)
{
  LinuxPending *pending = linux_pending(state, tid);
  gboolean births = pending->call == TB_CALL_CLONE || pending->call == TB_CALL_CLONE3 ||
                    pending->call == TB_CALL_FORK || pending->call == TB_CALL_VFORK;
  return tid > 0 && pending->tid == tid && births ? pending : NULL;
}

static void linux_set_flags(TbBirth *birth, guint64 flags)
{
  birth->is_thread = (flags & LINUX_CLONE_THREAD) ? TB_ANSWER_YES : TB_ANSWER_NO;
  birth->is_sibling = (flags & LINUX_CLONE_PARENT) != 0;
}

static void linux_set_flags_of_call(TbBirth *birth, const LinuxPending *call)
{
  birth->is_thread = TB_ANSWER_UNKNOWN; /* clone3 has its flags in memory */
  if (call && call->call == TB_CALL_CLONE)
    linux_set_flags(birth, (guint64)call->a);
  else if (call && call->call != TB_CALL_CLONE3)
    birth->is_thread = TB_ANSWER_NO;
}

static void linux_birth(const LinuxPlan *plan, LinuxState *state, TbTracker *tracker,
                        const TbItem *event)
{
  TbBirth birth = { .announces = plan->kind == LINUX_NEWTASK };
  if (birth.announces) {
    birth.maker = MAX(event->record->tid, 0);
    birth.child = linux_pid(plan->fields[0], event);
    birth.comm = linux_name(plan->fields[1], event);
    linux_set_flags(&birth, (guint64)linux_int(plan->fields[2], event, 0));
  } else {
    birth.maker = linux_pid(plan->fields[0], event);
    birth.child = linux_pid(plan->fields[2], event);
    birth.comm = linux_name(plan->fields[3], event);
    linux_set_flags_of_call(&birth, linux_pending_clone(state, birth.maker));
  }
  state->births_told = TRUE;
  tb_tracker_birth(tracker, &birth);
  if (!birth.announces)
    tb_tracker_name(tracker, birth.maker, linux_name(plan->fields[1], event));
  LinuxPending *call = linux_pending_clone(state, birth.maker);
  if (call)
    call->done = TRUE;
}

static gboolean linux_is_deadly(gint64 number)
{
  return number > 0 && number <= LINUX_MAX_SIGNAL && number != LINUX_SIGCHLD &&
         number != LINUX_SIGCONT && !(number >= LINUX_SIGSTOP && number <= LINUX_SIGTTOU) &&
         number != LINUX_SIGURG && number != LINUX_SIGWINCH;
}

/*
 * Both the killing signal, sent to its target, and the news of an end, sent by
 * the dying task to its parent (CLD_EXITED, CLD_KILLED, CLD_DUMPED).
 */
static void linux_generate(const LinuxPlan *plan, LinuxState *state, TbTracker *tracker,
                           const TbItem *event)
{
  gint64 number = linux_int(plan->fields[0], event, 0);
  gint64 code = linux_int(plan->fields[2], event, 0);
  gint64 result = linux_int(plan->fields[3], event, 0);
  state->signals_told = TRUE;
  if (number == LINUX_SIGCHLD && code >= LINUX_CLD_EXITED && code <= LINUX_CLD_DUMPED)
    tb_tracker_fate(tracker, event->record->tid, code != LINUX_CLD_EXITED);
  if (!linux_is_deadly(number) || result == LINUX_SIGNAL_IGNORED || result == LINUX_SIGNAL_FAILED)
    return;
  TbSignal signal = { .number = (guint8)number, .from_ns = event->machine_time.ns,
                      .sure = number == LINUX_SIGKILL, .shown = TRUE };
  tb_tracker_signal(tracker, linux_pid(plan->fields[1], event), &signal);
}

/*
 * Tells who handles a signal. A 9 says little: every deadly signal without a
 * core dump, and the end of the siblings of exit_group(), arrive as one.
 */
static void linux_deliver(const LinuxPlan *plan, TbTracker *tracker, const TbItem *event)
{
  gint64 number = linux_int(plan->fields[0], event, 0);
  gint64 handler = linux_int(plan->fields[1], event, -1);
  if (linux_is_deadly(number) && number != LINUX_SIGKILL && event->record->tid > 0 && handler != -1)
    tb_tracker_signal_met(tracker, event->record->tid, (guint8)number, handler == 0);
}

static void linux_send(LinuxState *state, TbTracker *tracker, const TbItem *event,
                       LinuxPending *call)
{
  if (state->signals_told || !linux_is_deadly(call->b) || call->a <= 0 || call->a > G_MAXINT32) {
    call->call = TB_CALL_NONE;
    return;
  }
  TbSignal signal = { .number = (guint8)call->b, .from_ns = event->machine_time.ns,
                      .sure = call->b == LINUX_SIGKILL };
  tb_tracker_signal(tracker, (gint32)call->a, &signal);
}

/* What a call asks for, with its first three arguments. */
static void linux_enter(LinuxState *state, TbTracker *tracker, const TbItem *event, TbCall kind,
                        const gint64 args[3])
{
  LinuxPending *call = linux_pending(state, event->record->tid);
  *call = (LinuxPending){ .tid = event->record->tid, .call = (guint8)kind, .since_ns = event->machine_time.ns };
  switch (kind) {
  case TB_CALL_EXIT:
  case TB_CALL_EXIT_GROUP:
    tb_tracker_leave(tracker, event->record->tid, (guint8)args[0], kind == TB_CALL_EXIT_GROUP);
    return;
  case TB_CALL_CLONE:
    call->a = args[0];
    return;
  case TB_CALL_PRCTL:
    if ((gint32)args[0] == LINUX_PR_SET_CHILD_SUBREAPER)
      tb_tracker_subreaper(tracker, event->record->tid, args[1] != 0);
    return;
  case TB_CALL_KILL:
  case TB_CALL_TKILL:
  case TB_CALL_RT_SIGQUEUEINFO:
  case TB_CALL_TGKILL:
  case TB_CALL_RT_TGSIGQUEUEINFO: {
    guint at = kind == TB_CALL_TGKILL || kind == TB_CALL_RT_TGSIGQUEUEINFO ? 1 : 0;
    call->a = (gint32)args[at];
    call->b = (gint32)args[at + 1];
    linux_send(state, tracker, event, call);
    return;
  }
  case TB_CALL_NONE:
  case TB_CALL_EXECVE:
  case TB_CALL_EXECVEAT:
  case TB_CALL_CLONE3:
  case TB_CALL_FORK:
  case TB_CALL_VFORK:
  case TB_CALL_WAITPID:
  case TB_CALL_WAIT4:
  case TB_CALL_WAITID:
  case TB_CALL_PIDFD_SEND_SIGNAL: /* a descriptor does not tell whom */
  case TB_N_CALLS:
  default:
    return;
  }
}

static gboolean linux_was_hidden(const LinuxState *state, const LinuxPending *call)
{
  return tb_timeline_last_gap(state->machine->timeline) > call->since_ns;
}

/* A child whose birth no event told; numbers of another pid namespace stay out by that. */
static void linux_claim_child(LinuxState *state, TbTracker *tracker, const LinuxPending *call,
                              gint64 result)
{
  if (result <= 0 || result > G_MAXINT32 || call->done ||
      (state->births_told && !linux_was_hidden(state, call)))
    return;
  TbBirth birth = { .maker = call->tid, .child = (gint32)result, .inferred = TRUE,
                    .since_ns = call->since_ns };
  linux_set_flags_of_call(&birth, call);
  tb_tracker_birth(tracker, &birth);
}

/*
 * A call came back. Its number is not needed (it may be -1, when a signal
 * handler changed it): the thread can only be in the call it entered.
 */
static void linux_leave(LinuxState *state, TbTracker *tracker, const TbItem *event, gint64 number,
                        gint64 result)
{
  LinuxPending *call = linux_pending(state, event->record->tid);
  if (call->tid != event->record->tid || call->call == TB_CALL_NONE ||
      (number >= 0 && number != call->call)) {
    if (result == 0 && (number == TB_CALL_CLONE || number == TB_CALL_CLONE3 ||
                        number == TB_CALL_FORK || number == TB_CALL_VFORK))
      tb_tracker_newborn(tracker, event->record->tid, number == TB_CALL_FORK || number == TB_CALL_VFORK);
    return;
  }
  switch ((TbCall)call->call) {
  case TB_CALL_CLONE:
  case TB_CALL_CLONE3:
  case TB_CALL_FORK:
  case TB_CALL_VFORK:
    linux_claim_child(state, tracker, call, result);
    break;
  case TB_CALL_EXECVE:
  case TB_CALL_EXECVEAT:
    if (result == 0)
      tb_tracker_program_unknown(tracker, event->record->tid, call->since_ns);
    break;
  case TB_CALL_WAITPID:
  case TB_CALL_WAIT4:
    if (result > 0 && result <= G_MAXINT32)
      tb_tracker_reaped(tracker, event->record->tid, (gint32)result);
    break;
  case TB_CALL_KILL:
  case TB_CALL_TKILL:
  case TB_CALL_TGKILL:
  case TB_CALL_RT_SIGQUEUEINFO:
  case TB_CALL_RT_TGSIGQUEUEINFO:
    tb_tracker_signal_sent(tracker, (gint32)call->a, (guint8)call->b, result == 0);
    break;
  case TB_CALL_NONE:
  case TB_CALL_EXIT:
  case TB_CALL_EXIT_GROUP:
  case TB_CALL_PRCTL:
  case TB_CALL_WAITID:
  case TB_CALL_PIDFD_SEND_SIGNAL:
  case TB_N_CALLS:
  default:
    break;
  }
  call->call = TB_CALL_NONE;
}

/* Half of many recordings are system calls: their number is all that is read of most. */
static inline TbCall linux_raw_call(const LinuxPlan *plan, const LinuxState *state,
                                    const TbItem *event, gint64 *number)
{
  *number = -1;
  if (G_UNLIKELY(event->record->len < plan->number_end))
    return TB_CALL_NONE;
  const guint8 *p = event->record->data + plan->number_off;
  if (plan->number_end - plan->number_off == 8)
    *number = (gint64)tb_get_u64(p, event->record->type->big);
  else
    *number = (gint32)tb_get_u32(p, event->record->type->big);
  return (guint64)*number < TB_SYSCALL_NUMBERS ? (TbCall)state->calls[*number] : TB_CALL_NONE;
}

static void linux_raw_enter(const LinuxPlan *plan, LinuxState *state, TbTracker *tracker,
                            const TbItem *event, TbCall call)
{
  if (G_LIKELY(call == TB_CALL_NONE)) {
    tb_tracker_acts(tracker, event->record->tid);
    return;
  }
  const TbField *field = plan->fields[1];
  const guint8 *bytes;
  gsize len;
  gsize word = field->element_size == 4 || field->size == 24 ? 4 : 8;
  gint64 args[3] = { 0 };
  if (event->record->tid <= 0 || !tb_field_get_bytes(field, event->record, &bytes, &len) || len < 3 * word)
    return;
  for (guint i = 0; i < G_N_ELEMENTS(args); i++)
    args[i] = tb_get_int(bytes + i * word, word, event->record->type->big);
  if (call == TB_CALL_CLONE)
    args[0] = args[tb_syscall_flags_argument(state->arch)];
  tb_tracker_trust_silence(tracker);
  tb_tracker_acts(tracker, event->record->tid);
  linux_enter(state, tracker, event, call, args);
}

static void linux_named_enter(const LinuxPlan *plan, LinuxState *state, TbTracker *tracker,
                              const TbItem *event)
{
  gint64 args[3];
  for (guint i = 0; i < G_N_ELEMENTS(args); i++)
    args[i] = linux_int(plan->fields[i], event, 0);
  if (event->record->tid <= 0)
    return;
  if (plan->call == TB_CALL_CLONE && !plan->flags_named)
    args[0] = args[tb_syscall_flags_argument(state->arch)];
  tb_tracker_acts(tracker, event->record->tid);
  linux_enter(state, tracker, event, plan->call, args);
}

static void linux_exec(const LinuxPlan *plan, TbTracker *tracker, const TbItem *event)
{
  gint32 pid = linux_pid(plan->fields[0], event);
  tb_tracker_exec(tracker, pid, plan->fields[2] ? linux_pid(plan->fields[2], event) : pid,
                  linux_name(plan->fields[1], event));
}

static TbAnswer linux_answer(const TbField *field, const TbItem *event)
{
  gint64 value = linux_int(field, event, -1);
  return value < 0 ? TB_ANSWER_UNKNOWN : value ? TB_ANSWER_YES : TB_ANSWER_NO;
}

static void linux_event(gconstpointer data, gpointer opaque, TbTracker *tracker,
                        const TbItem *event)
{
  const LinuxPlan *plan = data;
  LinuxState *state = opaque;
  gint64 number = -1;
  TbCall call = TB_CALL_NONE;
  if (plan->number_end) {
    call = linux_raw_call(plan, state, event, &number);
    gboolean tells = plan->kind == LINUX_RAW_ENTER ? *state->signals_pending != 0 : number < 0;
    if (G_LIKELY(call == TB_CALL_NONE && !tells))
      return;
  }
  tb_tracker_at(tracker, event->machine_time.ns, event->record->source);
  switch (plan->kind) {
  case LINUX_RAW_ENTER: linux_raw_enter(plan, state, tracker, event, call); break;
  case LINUX_RAW_LEAVE:
    linux_leave(state, tracker, event, number < 0 ? -1 : (gint64)call,
                linux_int(plan->fields[1], event, -1));
    break;
  case LINUX_SWITCH:
    tb_tracker_name(tracker, linux_pid(plan->fields[0], event), linux_name(plan->fields[1], event));
    tb_tracker_name(tracker, linux_pid(plan->fields[2], event), linux_name(plan->fields[3], event));
    break;
  case LINUX_WAKEUP:
    tb_tracker_name(tracker, linux_pid(plan->fields[0], event), linux_name(plan->fields[1], event));
    break;
  case LINUX_WAIT:
    tb_tracker_name(tracker, event->record->tid, linux_name(plan->fields[0], event));
    break;
  case LINUX_NEWTASK:
  case LINUX_FORK: linux_birth(plan, state, tracker, event); break;
  case LINUX_EXEC: linux_exec(plan, tracker, event); break;
  case LINUX_EXIT:
    tb_tracker_exit(tracker, linux_pid(plan->fields[0], event), linux_name(plan->fields[1], event),
                    linux_answer(plan->fields[2], event));
    break;
  case LINUX_RENAME:
    tb_tracker_rename(tracker, linux_pid(plan->fields[0], event),
                      linux_name(plan->fields[1], event), linux_name(plan->fields[2], event));
    break;
  case LINUX_GENERATE: linux_generate(plan, state, tracker, event); break;
  case LINUX_DELIVER: linux_deliver(plan, tracker, event); break;
  case LINUX_ENTER: linux_named_enter(plan, state, tracker, event); break;
  case LINUX_LEAVE:
    linux_leave(state, tracker, event, plan->call, linux_int(plan->fields[0], event, -1));
    break;
  default: break;
  }
}

static gboolean linux_describe(const TbEventType *type, TbLifeEvent *out)
{
  static const TbLifeEventKind kinds[] = {
    [LINUX_NEWTASK] = TB_LIFE_EVENT_ANNOUNCED, [LINUX_FORK] = TB_LIFE_EVENT_BIRTH,
    [LINUX_EXEC] = TB_LIFE_EVENT_EXEC,         [LINUX_EXIT] = TB_LIFE_EVENT_EXIT,
    [LINUX_RENAME] = TB_LIFE_EVENT_RENAME,
  };
  LinuxPlan plan = { 0 };
  if (!linux_wants_type(type, &plan) || plan.kind >= G_N_ELEMENTS(kinds))
    return FALSE;
  *out = (TbLifeEvent){ .kind = kinds[plan.kind], .subject = plan.fields[0] };
  if (plan.kind == LINUX_FORK)
    out->subject = plan.fields[2];
  if (plan.kind == LINUX_EXEC || plan.kind == LINUX_RENAME)
    out->text = plan.fields[1];
  if (plan.kind == LINUX_RENAME)
    out->new_text = plan.fields[2];
  return TRUE;
}

static const char *linux_signal_name(guint8 number)
{
  static const char *const names[] = {
    NULL,        "SIGHUP",  "SIGINT",    "SIGQUIT", "SIGILL",    "SIGTRAP", "SIGABRT", "SIGBUS",
    "SIGFPE",    "SIGKILL", "SIGUSR1",   "SIGSEGV", "SIGUSR2",   "SIGPIPE", "SIGALRM", "SIGTERM",
    "SIGSTKFLT", "SIGCHLD", "SIGCONT",   "SIGSTOP", "SIGTSTP",   "SIGTTIN", "SIGTTOU", "SIGURG",
    "SIGXCPU",   "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH",  "SIGIO",   "SIGPWR",  "SIGSYS",
  };
  return number < G_N_ELEMENTS(names) ? names[number] : NULL;
}

const TbTrackFlavour tb_track_linux = {
  .plan_size = sizeof(LinuxPlan),
  .describe = linux_describe,
  .signal_name = linux_signal_name,
  .wants_type = linux_wants_type,
  .new_state = linux_new_state,
  .free_state = g_free,
  .event = linux_event,
};
