/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What system calls do to sockets; see attrib-calls.h. */
#include "stages/attrib/attrib-calls.h"

static const TbSyscallMeaning call_names[] = {
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
  { "clone", ATTRIB_CALL_CLONE },
  { "fork", ATTRIB_CALL_FORK },
  { "vfork", ATTRIB_CALL_FORK },
};

void attrib_call_table(TbArch arch, guint8 table[TB_SYSCALL_NUMBERS])
{
  tb_syscall_table(arch, call_names, G_N_ELEMENTS(call_names), table);
}

AttribCall attrib_call_from_name(const char *name)
{
  return (AttribCall)tb_syscall_find(call_names, G_N_ELEMENTS(call_names), name);
}
