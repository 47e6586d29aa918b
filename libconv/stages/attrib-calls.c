/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * System call numbers; see attrib-calls.h. Each table names the file of the
 * kernel source that assigns the numbers; they never change. A 32-bit program
 * on a 64-bit kernel uses the other table, and no event says so: what its
 * calls do to descriptors is not known.
 */
#include "stages/attrib-calls.h"

/* arch/x86/entry/syscalls/syscall_64.tbl */
static const guint8 calls_x86_64[ATTRIB_CALL_TABLE_LEN] = {
  [0] = ATTRIB_CALL_READ,
  [1] = ATTRIB_CALL_WRITE,
  [2] = ATTRIB_CALL_OPEN,
  [3] = ATTRIB_CALL_CLOSE,
  [19] = ATTRIB_CALL_READ,
  [20] = ATTRIB_CALL_WRITE,
  [32] = ATTRIB_CALL_DUP,
  [33] = ATTRIB_CALL_DUP2,
  [40] = ATTRIB_CALL_SENDFILE,
  [41] = ATTRIB_CALL_SOCKET,
  [42] = ATTRIB_CALL_CONNECT,
  [43] = ATTRIB_CALL_ACCEPT,
  [44] = ATTRIB_CALL_SEND,
  [45] = ATTRIB_CALL_RECV,
  [46] = ATTRIB_CALL_SEND,
  [47] = ATTRIB_CALL_RECVMSG,
  [72] = ATTRIB_CALL_FCNTL,
  [85] = ATTRIB_CALL_OPEN,
  [257] = ATTRIB_CALL_OPEN,
  [275] = ATTRIB_CALL_SPLICE,
  [283] = ATTRIB_CALL_OPEN,
  [288] = ATTRIB_CALL_ACCEPT4,
  [290] = ATTRIB_CALL_OPEN,
  [291] = ATTRIB_CALL_OPEN,
  [292] = ATTRIB_CALL_DUP3,
  [299] = ATTRIB_CALL_MANY_IN,
  [307] = ATTRIB_CALL_MANY_OUT,
  [319] = ATTRIB_CALL_OPEN,
  [436] = ATTRIB_CALL_CLOSE_RANGE,
  [437] = ATTRIB_CALL_OPEN,
};

/* arch/x86/entry/syscalls/syscall_32.tbl */
static const guint8 calls_i386[ATTRIB_CALL_TABLE_LEN] = {
  [3] = ATTRIB_CALL_READ,
  [4] = ATTRIB_CALL_WRITE,
  [5] = ATTRIB_CALL_OPEN,
  [6] = ATTRIB_CALL_CLOSE,
  [8] = ATTRIB_CALL_OPEN,
  [41] = ATTRIB_CALL_DUP,
  [55] = ATTRIB_CALL_FCNTL,
  [63] = ATTRIB_CALL_DUP2,
  [102] = ATTRIB_CALL_SOCKETCALL,
  [145] = ATTRIB_CALL_READ,
  [146] = ATTRIB_CALL_WRITE,
  [187] = ATTRIB_CALL_SENDFILE,
  [221] = ATTRIB_CALL_FCNTL,
  [239] = ATTRIB_CALL_SENDFILE,
  [295] = ATTRIB_CALL_OPEN,
  [313] = ATTRIB_CALL_SPLICE,
  [322] = ATTRIB_CALL_OPEN,
  [328] = ATTRIB_CALL_OPEN,
  [329] = ATTRIB_CALL_OPEN,
  [330] = ATTRIB_CALL_DUP3,
  [337] = ATTRIB_CALL_MANY_IN,
  [345] = ATTRIB_CALL_MANY_OUT,
  [356] = ATTRIB_CALL_OPEN,
  [359] = ATTRIB_CALL_SOCKET,
  [362] = ATTRIB_CALL_CONNECT,
  [364] = ATTRIB_CALL_ACCEPT4,
  [369] = ATTRIB_CALL_SEND,
  [370] = ATTRIB_CALL_SEND,
  [371] = ATTRIB_CALL_RECV,
  [372] = ATTRIB_CALL_RECVMSG,
  [417] = ATTRIB_CALL_MANY_IN,
  [436] = ATTRIB_CALL_CLOSE_RANGE,
  [437] = ATTRIB_CALL_OPEN,
};

/* arch/arm/tools/syscall.tbl (EABI) */
static const guint8 calls_arm[ATTRIB_CALL_TABLE_LEN] = {
  [3] = ATTRIB_CALL_READ,
  [4] = ATTRIB_CALL_WRITE,
  [5] = ATTRIB_CALL_OPEN,
  [6] = ATTRIB_CALL_CLOSE,
  [8] = ATTRIB_CALL_OPEN,
  [41] = ATTRIB_CALL_DUP,
  [55] = ATTRIB_CALL_FCNTL,
  [63] = ATTRIB_CALL_DUP2,
  [145] = ATTRIB_CALL_READ,
  [146] = ATTRIB_CALL_WRITE,
  [187] = ATTRIB_CALL_SENDFILE,
  [221] = ATTRIB_CALL_FCNTL,
  [239] = ATTRIB_CALL_SENDFILE,
  [281] = ATTRIB_CALL_SOCKET,
  [283] = ATTRIB_CALL_CONNECT,
  [285] = ATTRIB_CALL_ACCEPT,
  [289] = ATTRIB_CALL_SEND,
  [290] = ATTRIB_CALL_SEND,
  [291] = ATTRIB_CALL_RECV,
  [292] = ATTRIB_CALL_RECV,
  [296] = ATTRIB_CALL_SEND,
  [297] = ATTRIB_CALL_RECVMSG,
  [322] = ATTRIB_CALL_OPEN,
  [340] = ATTRIB_CALL_SPLICE,
  [350] = ATTRIB_CALL_OPEN,
  [356] = ATTRIB_CALL_OPEN,
  [357] = ATTRIB_CALL_OPEN,
  [358] = ATTRIB_CALL_DUP3,
  [365] = ATTRIB_CALL_MANY_IN,
  [366] = ATTRIB_CALL_ACCEPT4,
  [374] = ATTRIB_CALL_MANY_OUT,
  [385] = ATTRIB_CALL_OPEN,
  [417] = ATTRIB_CALL_MANY_IN,
  [436] = ATTRIB_CALL_CLOSE_RANGE,
  [437] = ATTRIB_CALL_OPEN,
};

/* include/uapi/asm-generic/unistd.h (arm64, riscv64) */
static const guint8 calls_generic[ATTRIB_CALL_TABLE_LEN] = {
  [19] = ATTRIB_CALL_OPEN,
  [20] = ATTRIB_CALL_OPEN,
  [23] = ATTRIB_CALL_DUP,
  [24] = ATTRIB_CALL_DUP3,
  [25] = ATTRIB_CALL_FCNTL,
  [56] = ATTRIB_CALL_OPEN,
  [57] = ATTRIB_CALL_CLOSE,
  [63] = ATTRIB_CALL_READ,
  [64] = ATTRIB_CALL_WRITE,
  [65] = ATTRIB_CALL_READ,
  [66] = ATTRIB_CALL_WRITE,
  [71] = ATTRIB_CALL_SENDFILE,
  [76] = ATTRIB_CALL_SPLICE,
  [85] = ATTRIB_CALL_OPEN,
  [198] = ATTRIB_CALL_SOCKET,
  [202] = ATTRIB_CALL_ACCEPT,
  [203] = ATTRIB_CALL_CONNECT,
  [206] = ATTRIB_CALL_SEND,
  [207] = ATTRIB_CALL_RECV,
  [211] = ATTRIB_CALL_SEND,
  [212] = ATTRIB_CALL_RECVMSG,
  [242] = ATTRIB_CALL_ACCEPT4,
  [243] = ATTRIB_CALL_MANY_IN,
  [269] = ATTRIB_CALL_MANY_OUT,
  [279] = ATTRIB_CALL_OPEN,
  [436] = ATTRIB_CALL_CLOSE_RANGE,
  [437] = ATTRIB_CALL_OPEN,
};

/* arch/s390/kernel/syscalls/syscall.tbl */
static const guint8 calls_s390x[ATTRIB_CALL_TABLE_LEN] = {
  [3] = ATTRIB_CALL_READ,
  [4] = ATTRIB_CALL_WRITE,
  [5] = ATTRIB_CALL_OPEN,
  [6] = ATTRIB_CALL_CLOSE,
  [8] = ATTRIB_CALL_OPEN,
  [41] = ATTRIB_CALL_DUP,
  [55] = ATTRIB_CALL_FCNTL,
  [63] = ATTRIB_CALL_DUP2,
  [102] = ATTRIB_CALL_SOCKETCALL,
  [145] = ATTRIB_CALL_READ,
  [146] = ATTRIB_CALL_WRITE,
  [187] = ATTRIB_CALL_SENDFILE,
  [288] = ATTRIB_CALL_OPEN,
  [306] = ATTRIB_CALL_SPLICE,
  [319] = ATTRIB_CALL_OPEN,
  [323] = ATTRIB_CALL_OPEN,
  [326] = ATTRIB_CALL_DUP3,
  [327] = ATTRIB_CALL_OPEN,
  [350] = ATTRIB_CALL_OPEN,
  [357] = ATTRIB_CALL_MANY_IN,
  [358] = ATTRIB_CALL_MANY_OUT,
  [359] = ATTRIB_CALL_SOCKET,
  [362] = ATTRIB_CALL_CONNECT,
  [364] = ATTRIB_CALL_ACCEPT4,
  [369] = ATTRIB_CALL_SEND,
  [370] = ATTRIB_CALL_SEND,
  [371] = ATTRIB_CALL_RECV,
  [372] = ATTRIB_CALL_RECVMSG,
  [436] = ATTRIB_CALL_CLOSE_RANGE,
  [437] = ATTRIB_CALL_OPEN,
};

/* arch/powerpc/kernel/syscalls/syscall.tbl */
static const guint8 calls_ppc64[ATTRIB_CALL_TABLE_LEN] = {
  [3] = ATTRIB_CALL_READ,
  [4] = ATTRIB_CALL_WRITE,
  [5] = ATTRIB_CALL_OPEN,
  [6] = ATTRIB_CALL_CLOSE,
  [8] = ATTRIB_CALL_OPEN,
  [41] = ATTRIB_CALL_DUP,
  [55] = ATTRIB_CALL_FCNTL,
  [63] = ATTRIB_CALL_DUP2,
  [102] = ATTRIB_CALL_SOCKETCALL,
  [145] = ATTRIB_CALL_READ,
  [146] = ATTRIB_CALL_WRITE,
  [186] = ATTRIB_CALL_SENDFILE,
  [283] = ATTRIB_CALL_SPLICE,
  [286] = ATTRIB_CALL_OPEN,
  [306] = ATTRIB_CALL_OPEN,
  [314] = ATTRIB_CALL_OPEN,
  [315] = ATTRIB_CALL_OPEN,
  [316] = ATTRIB_CALL_DUP3,
  [326] = ATTRIB_CALL_SOCKET,
  [328] = ATTRIB_CALL_CONNECT,
  [330] = ATTRIB_CALL_ACCEPT,
  [334] = ATTRIB_CALL_SEND,
  [335] = ATTRIB_CALL_SEND,
  [336] = ATTRIB_CALL_RECV,
  [337] = ATTRIB_CALL_RECV,
  [341] = ATTRIB_CALL_SEND,
  [342] = ATTRIB_CALL_RECVMSG,
  [343] = ATTRIB_CALL_MANY_IN,
  [344] = ATTRIB_CALL_ACCEPT4,
  [349] = ATTRIB_CALL_MANY_OUT,
  [360] = ATTRIB_CALL_OPEN,
  [436] = ATTRIB_CALL_CLOSE_RANGE,
  [437] = ATTRIB_CALL_OPEN,
};

static const guint8 calls_unknown[ATTRIB_CALL_TABLE_LEN] = { ATTRIB_CALL_NONE };

static const struct {
  const char *name;
  AttribCall call;
} call_names[] = {
  { "read", ATTRIB_CALL_READ },
  { "readv", ATTRIB_CALL_READ },
  { "write", ATTRIB_CALL_WRITE },
  { "writev", ATTRIB_CALL_WRITE },
  { "send", ATTRIB_CALL_SEND },
  { "sendto", ATTRIB_CALL_SEND },
  { "sendmsg", ATTRIB_CALL_SEND },
  { "recv", ATTRIB_CALL_RECV },
  { "recvfrom", ATTRIB_CALL_RECV },
  { "recvmsg", ATTRIB_CALL_RECVMSG },
  { "sendmmsg", ATTRIB_CALL_MANY_OUT },
  { "recvmmsg", ATTRIB_CALL_MANY_IN },
  { "recvmmsg_time64", ATTRIB_CALL_MANY_IN },
  { "sendfile", ATTRIB_CALL_SENDFILE },
  { "sendfile64", ATTRIB_CALL_SENDFILE },
  { "splice", ATTRIB_CALL_SPLICE },
  { "socket", ATTRIB_CALL_SOCKET },
  { "connect", ATTRIB_CALL_CONNECT },
  { "accept", ATTRIB_CALL_ACCEPT },
  { "accept4", ATTRIB_CALL_ACCEPT4 },
  { "dup", ATTRIB_CALL_DUP },
  { "dup2", ATTRIB_CALL_DUP2 },
  { "dup3", ATTRIB_CALL_DUP3 },
  { "fcntl", ATTRIB_CALL_FCNTL },
  { "fcntl64", ATTRIB_CALL_FCNTL },
  { "close", ATTRIB_CALL_CLOSE },
  { "close_range", ATTRIB_CALL_CLOSE_RANGE },
  { "open", ATTRIB_CALL_OPEN },
  { "openat", ATTRIB_CALL_OPEN },
  { "openat2", ATTRIB_CALL_OPEN },
  { "creat", ATTRIB_CALL_OPEN },
  { "eventfd2", ATTRIB_CALL_OPEN },
  { "epoll_create1", ATTRIB_CALL_OPEN },
  { "timerfd_create", ATTRIB_CALL_OPEN },
  { "memfd_create", ATTRIB_CALL_OPEN },
  { "socketcall", ATTRIB_CALL_SOCKETCALL },
};

const guint8 *attrib_call_table(TbArch arch)
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

AttribCall attrib_call_from_name(const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS(call_names); i++)
    if (g_str_equal(call_names[i].name, name))
      return call_names[i].call;
  return ATTRIB_CALL_NONE;
}
