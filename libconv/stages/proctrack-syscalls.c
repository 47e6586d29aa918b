/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * System call numbers; see proctrack-syscalls.h. Each table names the file of
 * the kernel source (as of Linux 6.1) that assigns the numbers; they are part
 * of the kernel's interface and never change. A 32-bit program on a 64-bit
 * kernel uses the other table, and no event says so: its calls are not known.
 */
#include "stages/proctrack-syscalls.h"

/* arch/x86/entry/syscalls/syscall_64.tbl */
static const guint8 calls_x86_64[TB_CALL_TABLE_LEN] = {
  [56] = TB_CALL_CLONE,
  [57] = TB_CALL_FORK,
  [58] = TB_CALL_VFORK,
  [59] = TB_CALL_EXECVE,
  [60] = TB_CALL_EXIT,
  [61] = TB_CALL_WAIT4,
  [62] = TB_CALL_KILL,
  [129] = TB_CALL_RT_SIGQUEUEINFO,
  [157] = TB_CALL_PRCTL,
  [200] = TB_CALL_TKILL,
  [231] = TB_CALL_EXIT_GROUP,
  [234] = TB_CALL_TGKILL,
  [247] = TB_CALL_WAITID,
  [297] = TB_CALL_RT_TGSIGQUEUEINFO,
  [322] = TB_CALL_EXECVEAT,
  [424] = TB_CALL_PIDFD_SEND_SIGNAL,
  [435] = TB_CALL_CLONE3,
};

/* arch/x86/entry/syscalls/syscall_32.tbl */
static const guint8 calls_i386[TB_CALL_TABLE_LEN] = {
  [1] = TB_CALL_EXIT,
  [2] = TB_CALL_FORK,
  [7] = TB_CALL_WAITPID,
  [11] = TB_CALL_EXECVE,
  [37] = TB_CALL_KILL,
  [114] = TB_CALL_WAIT4,
  [120] = TB_CALL_CLONE,
  [172] = TB_CALL_PRCTL,
  [178] = TB_CALL_RT_SIGQUEUEINFO,
  [190] = TB_CALL_VFORK,
  [238] = TB_CALL_TKILL,
  [252] = TB_CALL_EXIT_GROUP,
  [270] = TB_CALL_TGKILL,
  [284] = TB_CALL_WAITID,
  [335] = TB_CALL_RT_TGSIGQUEUEINFO,
  [358] = TB_CALL_EXECVEAT,
  [424] = TB_CALL_PIDFD_SEND_SIGNAL,
  [435] = TB_CALL_CLONE3,
};

/* arch/arm/tools/syscall.tbl (EABI) */
static const guint8 calls_arm[TB_CALL_TABLE_LEN] = {
  [1] = TB_CALL_EXIT,
  [2] = TB_CALL_FORK,
  [11] = TB_CALL_EXECVE,
  [37] = TB_CALL_KILL,
  [114] = TB_CALL_WAIT4,
  [120] = TB_CALL_CLONE,
  [172] = TB_CALL_PRCTL,
  [178] = TB_CALL_RT_SIGQUEUEINFO,
  [190] = TB_CALL_VFORK,
  [238] = TB_CALL_TKILL,
  [248] = TB_CALL_EXIT_GROUP,
  [268] = TB_CALL_TGKILL,
  [280] = TB_CALL_WAITID,
  [363] = TB_CALL_RT_TGSIGQUEUEINFO,
  [387] = TB_CALL_EXECVEAT,
  [424] = TB_CALL_PIDFD_SEND_SIGNAL,
  [435] = TB_CALL_CLONE3,
};

/* include/uapi/asm-generic/unistd.h (arm64, riscv64) */
static const guint8 calls_generic[TB_CALL_TABLE_LEN] = {
  [93] = TB_CALL_EXIT,
  [94] = TB_CALL_EXIT_GROUP,
  [95] = TB_CALL_WAITID,
  [129] = TB_CALL_KILL,
  [130] = TB_CALL_TKILL,
  [131] = TB_CALL_TGKILL,
  [138] = TB_CALL_RT_SIGQUEUEINFO,
  [167] = TB_CALL_PRCTL,
  [220] = TB_CALL_CLONE,
  [221] = TB_CALL_EXECVE,
  [240] = TB_CALL_RT_TGSIGQUEUEINFO,
  [260] = TB_CALL_WAIT4,
  [281] = TB_CALL_EXECVEAT,
  [424] = TB_CALL_PIDFD_SEND_SIGNAL,
  [435] = TB_CALL_CLONE3,
};

/* arch/s390/kernel/syscalls/syscall.tbl */
static const guint8 calls_s390x[TB_CALL_TABLE_LEN] = {
  [1] = TB_CALL_EXIT,
  [2] = TB_CALL_FORK,
  [11] = TB_CALL_EXECVE,
  [37] = TB_CALL_KILL,
  [114] = TB_CALL_WAIT4,
  [120] = TB_CALL_CLONE,
  [172] = TB_CALL_PRCTL,
  [178] = TB_CALL_RT_SIGQUEUEINFO,
  [190] = TB_CALL_VFORK,
  [237] = TB_CALL_TKILL,
  [241] = TB_CALL_TGKILL,
  [248] = TB_CALL_EXIT_GROUP,
  [281] = TB_CALL_WAITID,
  [330] = TB_CALL_RT_TGSIGQUEUEINFO,
  [354] = TB_CALL_EXECVEAT,
  [424] = TB_CALL_PIDFD_SEND_SIGNAL,
  [435] = TB_CALL_CLONE3,
};

/* arch/powerpc/kernel/syscalls/syscall.tbl */
static const guint8 calls_ppc64[TB_CALL_TABLE_LEN] = {
  [1] = TB_CALL_EXIT,
  [2] = TB_CALL_FORK,
  [7] = TB_CALL_WAITPID,
  [11] = TB_CALL_EXECVE,
  [37] = TB_CALL_KILL,
  [114] = TB_CALL_WAIT4,
  [120] = TB_CALL_CLONE,
  [171] = TB_CALL_PRCTL,
  [177] = TB_CALL_RT_SIGQUEUEINFO,
  [189] = TB_CALL_VFORK,
  [208] = TB_CALL_TKILL,
  [234] = TB_CALL_EXIT_GROUP,
  [250] = TB_CALL_TGKILL,
  [272] = TB_CALL_WAITID,
  [322] = TB_CALL_RT_TGSIGQUEUEINFO,
  [362] = TB_CALL_EXECVEAT,
  [424] = TB_CALL_PIDFD_SEND_SIGNAL,
  [435] = TB_CALL_CLONE3,
};

static const guint8 calls_unknown[TB_CALL_TABLE_LEN] = { TB_CALL_NONE };

static const char *const call_names[TB_N_CALLS] = {
  [TB_CALL_NONE] = "",
  [TB_CALL_EXIT] = "exit",
  [TB_CALL_EXIT_GROUP] = "exit_group",
  [TB_CALL_EXECVE] = "execve",
  [TB_CALL_EXECVEAT] = "execveat",
  [TB_CALL_CLONE] = "clone",
  [TB_CALL_CLONE3] = "clone3",
  [TB_CALL_FORK] = "fork",
  [TB_CALL_VFORK] = "vfork",
  [TB_CALL_PRCTL] = "prctl",
  [TB_CALL_WAITPID] = "waitpid",
  [TB_CALL_WAIT4] = "wait4",
  [TB_CALL_WAITID] = "waitid",
  [TB_CALL_KILL] = "kill",
  [TB_CALL_TKILL] = "tkill",
  [TB_CALL_TGKILL] = "tgkill",
  [TB_CALL_RT_SIGQUEUEINFO] = "rt_sigqueueinfo",
  [TB_CALL_RT_TGSIGQUEUEINFO] = "rt_tgsigqueueinfo",
  [TB_CALL_PIDFD_SEND_SIGNAL] = "pidfd_send_signal",
};

const guint8 *tb_call_table(TbArch arch)
{
  switch (arch) {
  case TB_ARCH_X86_32: return calls_i386;
  case TB_ARCH_X86_64: return calls_x86_64;
  case TB_ARCH_ARM: return calls_arm;
  case TB_ARCH_ARM64:
  case TB_ARCH_RISCV64: return calls_generic;
  case TB_ARCH_S390X: return calls_s390x;
  case TB_ARCH_PPC64: return calls_ppc64;
  case TB_ARCH_UNKNOWN:
  default: return calls_unknown;
  }
}

TbCall tb_call_from_name(const char *name)
{
  for (guint i = TB_CALL_NONE + 1; i < TB_N_CALLS; i++)
    if (g_str_equal(call_names[i], name))
      return (TbCall)i;
  return TB_CALL_NONE;
}

guint tb_call_flags_argument(TbArch arch)
{
  return arch == TB_ARCH_S390X ? 1 : 0; /* clone(2): s390 takes the stack first */
}
