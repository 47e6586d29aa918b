/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The system calls that begin, rename, signal, collect and end processes:
 * what they ask for when they begin, and what follows from their results.
 */
#include "decode/linux/linux-process.h"
#include "decode/linux/linux-signals.h"

enum { LINUX_PR_SET_CHILD_SUBREAPER = 36 }; /* include/uapi/linux/prctl.h */

const TbSyscallMeaning linux_process_meanings[LINUX_PROCESS_MEANINGS] = {
  { "exit", PROCESS_CALL_EXIT },
  { "exit_group", PROCESS_CALL_EXIT_GROUP },
  { "execve", PROCESS_CALL_EXEC },
  { "execveat", PROCESS_CALL_EXEC },
  { "clone", PROCESS_CALL_CLONE },
  { "clone3", PROCESS_CALL_CLONE3 },
  { "fork", PROCESS_CALL_FORK },
  { "vfork", PROCESS_CALL_FORK },
  { "prctl", PROCESS_CALL_PRCTL },
  { "waitpid", PROCESS_CALL_WAIT },
  { "wait4", PROCESS_CALL_WAIT },
  { "waitid", PROCESS_CALL_OTHER },
  { "kill", PROCESS_CALL_KILL },
  { "tkill", PROCESS_CALL_KILL },
  { "rt_sigqueueinfo", PROCESS_CALL_KILL },
  { "tgkill", PROCESS_CALL_KILL_LATE },
  { "rt_tgsigqueueinfo", PROCESS_CALL_KILL_LATE },
  { "pidfd_send_signal", PROCESS_CALL_OTHER }, /* a descriptor does not tell whom */
};

guint64 linux_process_call_facts(gboolean enter)
{
  return enter ? TB_FACT_BIT(TB_FACT_ACTS) | TB_FACT_BIT(TB_FACT_LEAVES) |
                     TB_FACT_BIT(TB_FACT_SUBREAPER) | TB_FACT_BIT(TB_FACT_SIGNALLED)
               : TB_FACT_BIT(TB_FACT_CLAIMED) | TB_FACT_BIT(TB_FACT_NEWBORN) |
                     TB_FACT_BIT(TB_FACT_PROGRAM_UNKNOWN) | TB_FACT_BIT(TB_FACT_REAPED) |
                     TB_FACT_BIT(TB_FACT_SIGNAL_SENT);
}

static ProcessPending *process_pending(ProcessState *state, gint32 tid)
{
  return &state->pending[(guint32)tid % PROCESS_PENDING];
}

static gboolean process_call_is_clone(gint call)
{
  return call == PROCESS_CALL_CLONE || call == PROCESS_CALL_CLONE3 || call == PROCESS_CALL_FORK;
}

ProcessPending *linux_process_find_clone(ProcessState *state, gint32 tid)
{
  if (!state || tid <= 0)
    return NULL;
  ProcessPending *pending = process_pending(state, tid);
  return pending->tid == tid && process_call_is_clone(pending->call) ? pending : NULL;
}

void linux_process_set_flags(TbBorn *born, guint64 flags)
{
  born->is_thread = (flags & LINUX_CLONE_THREAD) ? TB_ANSWER_YES : TB_ANSWER_NO;
  born->shares_descriptors = (flags & LINUX_CLONE_FILES) ? TB_ANSWER_YES : TB_ANSWER_NO;
  born->is_sibling = (flags & LINUX_CLONE_PARENT) != 0;
}

void linux_process_set_flags_of_call(TbBorn *born, const ProcessPending *call)
{
  /* clone3 has its flags in memory. */
  born->is_thread = born->shares_descriptors = TB_ANSWER_UNKNOWN;
  if (call && call->call == PROCESS_CALL_CLONE)
    linux_process_set_flags(born, (guint64)call->a);
  else if (call && call->call == PROCESS_CALL_FORK)
    born->is_thread = born->shares_descriptors = TB_ANSWER_NO;
}

/* When @call began, on the clock of @record's source. */
static TbOwnTime process_since(const ProcessPending *call, const TbRecord *record)
{
  if (G_LIKELY(call->source == record->source))
    return call->since;
  return (TbOwnTime){ tb_axis_unmap(&record->source->clock.opened,
                                    tb_axis_map(&call->source->clock.opened, call->since.ns)) };
}

void linux_process_tell_act(const TbRecord *record, TbFactSink *sink)
{
  if (record->tid <= 0 || !(sink->wants & TB_FACT_BIT(TB_FACT_ACTS)))
    return;
  TbFact fact;
  fact.kind = TB_FACT_ACTS;
  fact.task = record->tid;
  tb_fact_tell(sink, &fact);
}

static void process_kill(const ProcessState *state, ProcessPending *call, gint64 target,
                         gint64 number, TbFactSink *sink)
{
  call->a = (gint32)target;
  call->b = (gint32)number;
  if (state->signals_told || !linux_signal_is_deadly(call->b) || call->a <= 0) {
    call->call = PROCESS_CALL_NONE;
    return;
  }
  tb_fact_tell(sink, &(TbFact){ .kind = TB_FACT_SIGNALLED,
                                .signalled = { .tid = (gint32)call->a,
                                               .number = (guint8)call->b,
                                               .sure = call->b == LINUX_SIGKILL } });
}

void linux_process_enter(ProcessState *state, const TbRecord *record, ProcessCall kind,
                         const gint64 args[3], TbFactSink *sink)
{
  ProcessPending *call = process_pending(state, record->tid);
  *call = (ProcessPending){ .tid = record->tid, .call = (guint8)kind, .source = record->source,
                            .since = record->time };
  switch ((int)kind) {
  case PROCESS_CALL_EXIT:
  case PROCESS_CALL_EXIT_GROUP:
    tb_fact_tell(sink, &(TbFact){ .kind = TB_FACT_LEAVES,
                                  .leaves = { .tid = record->tid,
                                              .code = (guint8)args[0],
                                              .whole = kind == PROCESS_CALL_EXIT_GROUP } });
    break;
  case PROCESS_CALL_CLONE: call->a = args[tb_syscall_flags_argument(state->arch)]; break;
  case PROCESS_CALL_PRCTL:
    if ((gint32)args[0] == LINUX_PR_SET_CHILD_SUBREAPER)
      tb_fact_tell(sink, &(TbFact){ .kind = TB_FACT_SUBREAPER,
                                    .subreaper = { record->tid, args[1] != 0 } });
    break;
  case PROCESS_CALL_KILL: process_kill(state, call, args[0], args[1], sink); break;
  case PROCESS_CALL_KILL_LATE: process_kill(state, call, args[1], args[2], sink); break;
  default: break;
  }
}

static void process_claim(const ProcessPending *call, const TbRecord *record, gint64 result,
                          TbFactSink *sink)
{
  if (result <= 0 || result > G_MAXINT32 || call->done)
    return;
  TbFact fact = { .kind = TB_FACT_CLAIMED,
                  .born = { .maker = call->tid, .child = (gint32)result,
                            .since = process_since(call, record) } };
  linux_process_set_flags_of_call(&fact.born, call);
  tb_fact_tell(sink, &fact);
}

/* A call that was not seen to begin: the first one of a new task returns like that. */
static void process_leave_unseen(const TbRecord *record, gint call, gint64 result,
                                 TbFactSink *sink)
{
  if (result == 0 && process_call_is_clone(call))
    tb_fact_tell(sink, &(TbFact){ .kind = TB_FACT_NEWBORN,
                                  .newborn = { record->tid, call == PROCESS_CALL_FORK } });
}

/*
 * The number of the call is not needed (it may be -1, when a signal handler
 * changed it): the thread can only be in the call it entered.
 */
void linux_process_leave(ProcessState *state, const TbRecord *record, gint call, gint64 result,
                         TbFactSink *sink)
{
  ProcessPending *pending = process_pending(state, record->tid);
  if (pending->tid != record->tid || pending->call == PROCESS_CALL_NONE ||
      (call != LINUX_CALL_UNKNOWN && call != pending->call)) {
    process_leave_unseen(record, call, result, sink);
    return;
  }
  switch ((int)pending->call) {
  case PROCESS_CALL_CLONE:
  case PROCESS_CALL_CLONE3:
  case PROCESS_CALL_FORK: process_claim(pending, record, result, sink); break;
  case PROCESS_CALL_EXEC:
    if (result == 0)
      tb_fact_tell(sink, &(TbFact){ .kind = TB_FACT_PROGRAM_UNKNOWN,
                                    .since = { record->tid, process_since(pending, record) } });
    break;
  case PROCESS_CALL_WAIT:
    if (result > 0 && result <= G_MAXINT32)
      tb_fact_tell(sink, &(TbFact){ .kind = TB_FACT_REAPED,
                                    .reaped = { record->tid, (gint32)result } });
    break;
  case PROCESS_CALL_KILL:
  case PROCESS_CALL_KILL_LATE:
    tb_fact_tell(sink, &(TbFact){ .kind = TB_FACT_SIGNAL_SENT,
                                  .signal_sent = { (gint32)pending->a, (guint8)pending->b,
                                                   result == 0 } });
    break;
  default: break;
  }
  pending->call = PROCESS_CALL_NONE;
}
