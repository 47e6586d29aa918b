/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The Linux system calls that begin, rename, signal, collect and end
 * processes. Knows nothing of events.
 */
#pragma once

#include "decode/linux/linux-calls.h"

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  TB_CALL_NONE,
  TB_CALL_EXIT,
  TB_CALL_EXIT_GROUP,
  TB_CALL_EXECVE,
  TB_CALL_EXECVEAT,
  TB_CALL_CLONE,
  TB_CALL_CLONE3,
  TB_CALL_FORK,
  TB_CALL_VFORK,
  TB_CALL_PRCTL,
  TB_CALL_WAITPID,
  TB_CALL_WAIT4,
  TB_CALL_WAITID,
  TB_CALL_KILL,
  TB_CALL_TKILL,
  TB_CALL_TGKILL,
  TB_CALL_RT_SIGQUEUEINFO,
  TB_CALL_RT_TGSIGQUEUEINFO,
  TB_CALL_PIDFD_SEND_SIGNAL,
  TB_N_CALLS,
} TbCall;

/** tb_call_table: #TbCall by number; all none for an architecture that is not known */
void tb_call_table(TbArch arch, guint8 table[TB_SYSCALL_NUMBERS]);

/** tb_call_from_name: "exit_group"; %TB_CALL_NONE if it is none of these */
TbCall tb_call_from_name(const char *name);

G_END_DECLS
