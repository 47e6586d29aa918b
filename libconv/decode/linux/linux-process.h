/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The part of the Linux decoder that tells lives of processes; shared by linux-process*.c only. */
#pragma once

#include "decode/linux/linux-fields.h"
#include "decode/linux/linux-parts.h"

G_BEGIN_DECLS

/* include/uapi/linux/sched.h */
enum {
  LINUX_CLONE_FILES = 0x400,
  LINUX_CLONE_PARENT = 0x8000,
  LINUX_CLONE_THREAD = 0x10000,
};

typedef enum {
  PROCESS_CALL_NONE,
  PROCESS_CALL_EXIT,
  PROCESS_CALL_EXIT_GROUP,
  PROCESS_CALL_EXEC,
  PROCESS_CALL_CLONE,
  PROCESS_CALL_CLONE3,
  PROCESS_CALL_FORK,
  PROCESS_CALL_PRCTL,
  PROCESS_CALL_WAIT,
  PROCESS_CALL_KILL,      /* arguments: whom, which signal */
  PROCESS_CALL_KILL_LATE, /* the same behind a first argument */
  PROCESS_CALL_OTHER,     /* what it does is not told by its arguments */
} ProcessCall;

/*
 * A call that has not come back. A collision forgets the older one: its result says nothing.
 * @done: the birth it is for was told
 * @source, @since: who told its begin, and when on that one's clock
 * @a, @b: CLONE: flags; KILL: whom, which signal
 */
typedef struct {
  gint32 tid;
  guint8 call;
  gboolean done;
  const TbSource *source;
  TbOwnTime since;
  gint64 a;
  gint64 b;
} ProcessPending;

enum { PROCESS_PENDING = 4096, LINUX_PROCESS_MEANINGS = 18 };

/*
 * @signals_told: there are events about signals, so that calls need not tell of them
 * @calls_told: %TB_FACT_CALLS_RECORDED was told
 */
typedef struct {
  TbArch arch;
  gboolean signals_told;
  gboolean calls_told;
  ProcessPending pending[PROCESS_PENDING];
} ProcessState;

/* linux-process-calls.c */

extern const TbSyscallMeaning linux_process_meanings[LINUX_PROCESS_MEANINGS];

/** linux_process_call_facts: what calls can tell when they begin (@enter) or return */
guint64 linux_process_call_facts(gboolean enter);

/** linux_process_find_clone: the call of kind clone that @tid is in; NULL where none was recorded */
ProcessPending *linux_process_find_clone(ProcessState *state, gint32 tid);

/** linux_process_set_flags: of clone(2) */
void linux_process_set_flags(TbBorn *born, guint64 flags);

/** linux_process_set_flags_of_call: @call: (nullable): the maker's */
void linux_process_set_flags_of_call(TbBorn *born, const ProcessPending *call);

/** linux_process_enter: what @call asks for, with its first three arguments */
void linux_process_enter(ProcessState *state, const TbRecord *record, ProcessCall call,
                         const gint64 args[3], TbFactSink *sink);

/** linux_process_leave: a call came back; @call is %LINUX_CALL_UNKNOWN where the record does not say which */
void linux_process_leave(ProcessState *state, const TbRecord *record, gint call, gint64 result,
                         TbFactSink *sink);

/** linux_process_tell_act: the record's task runs on by its own will */
void linux_process_tell_act(const TbRecord *record, TbFactSink *sink);

G_END_DECLS
