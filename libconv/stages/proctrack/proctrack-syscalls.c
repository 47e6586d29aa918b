/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What system calls do to processes; see proctrack-syscalls.h. */
#include "stages/proctrack/proctrack-syscalls.h"

static const TbSyscallMeaning call_names[] = {
  { "exit", TB_CALL_EXIT },
  { "exit_group", TB_CALL_EXIT_GROUP },
  { "execve", TB_CALL_EXECVE },
  { "execveat", TB_CALL_EXECVEAT },
  { "clone", TB_CALL_CLONE },
  { "clone3", TB_CALL_CLONE3 },
  { "fork", TB_CALL_FORK },
  { "vfork", TB_CALL_VFORK },
  { "prctl", TB_CALL_PRCTL },
  { "waitpid", TB_CALL_WAITPID },
  { "wait4", TB_CALL_WAIT4 },
  { "waitid", TB_CALL_WAITID },
  { "kill", TB_CALL_KILL },
  { "tkill", TB_CALL_TKILL },
  { "tgkill", TB_CALL_TGKILL },
  { "rt_sigqueueinfo", TB_CALL_RT_SIGQUEUEINFO },
  { "rt_tgsigqueueinfo", TB_CALL_RT_TGSIGQUEUEINFO },
  { "pidfd_send_signal", TB_CALL_PIDFD_SEND_SIGNAL },
};

void tb_call_table(TbArch arch, guint8 table[TB_SYSCALL_NUMBERS])
{
  tb_syscall_table(arch, call_names, G_N_ELEMENTS(call_names), table);
}

TbCall tb_call_from_name(const char *name)
{
  return (TbCall)tb_syscall_find(call_names, G_N_ELEMENTS(call_names), name);
}
