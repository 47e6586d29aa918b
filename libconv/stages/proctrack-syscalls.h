/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Numbers of the Linux system calls that begin, rename, signal, collect and
 * end processes, for each architecture. Knows nothing of events.
 */
#pragma once

#include "model/machine.h"

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

#define TB_CALL_TABLE_LEN 512

/**
 * tb_call_table: #TbCall by number, %TB_CALL_TABLE_LEN entries
 * Returns: (transfer none): all %TB_CALL_NONE for an architecture that is not known
 */
const guint8 *tb_call_table(TbArch arch);

/** tb_call_from_name: "exit_group"; %TB_CALL_NONE if it is none of these */
TbCall tb_call_from_name(const char *name);

/** tb_call_flags_argument: which argument of clone() holds the flags */
guint tb_call_flags_argument(TbArch arch);

G_END_DECLS
