/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* System calls on descriptors; see linux-uses.h. */
#include "decode/linux/linux-uses.h"

/* linux/socket.h, uapi/linux/sched.h, asm-generic/fcntl.h, linux/net.h */
enum {
  USES_MSG_PEEK = 2,
  USES_CLONE_FILES = 0x400,
  USES_SOCK_DGRAM = 2,
  USES_SOCK_TYPES = 0xf,
  USES_CLOEXEC = 02000000,
  USES_F_DUPFD = 0,
  USES_F_SETFD = 2,
  USES_F_DUPFD_CLOEXEC = 1030,
  USES_SYS_SEND = 9,
  USES_SYS_RECV = 10,
  USES_SYS_SENDTO = 11,
  USES_SYS_RECVFROM = 12,
  USES_SYS_SENDMSG = 16,
  USES_SYS_RECVMSG = 17,
};

enum {
  CALL_READ = 1, /* read, readv: bytes from argument 0 */
  CALL_WRITE,
  CALL_SEND,
  CALL_RECV,     /* flags are argument 3 */
  CALL_RECVMSG,  /* flags are argument 2 */
  CALL_SENDMMSG,
  CALL_RECVMMSG,
  CALL_SENDFILE, /* bytes from argument 1 to argument 0 */
  CALL_SPLICE,   /* bytes from argument 0 to argument 2 */
  CALL_SOCKET,
  CALL_CONNECT,
  CALL_ACCEPT,
  CALL_ACCEPT4,
  CALL_DUP,
  CALL_DUP2,
  CALL_DUP3,
  CALL_FCNTL,
  CALL_CLOSE,
  CALL_CLOSE_RANGE,
  CALL_OPEN,
  CALL_SOCKETCALL, /* argument 0 says which, the others are in memory */
  CALL_CLONE,
  CALL_FORK,       /* vfork, too: the child has a table of its own */
  N_CALLS,
};

const TbSyscallMeaning linux_use_meanings[LINUX_USE_MEANINGS] = {
  { "read", CALL_READ },
  { "readv", CALL_READ },
  { "write", CALL_WRITE },
  { "writev", CALL_WRITE },
  { "send", CALL_SEND },
  { "sendto", CALL_SEND },
  { "sendmsg", CALL_SEND },
  { "recv", CALL_RECV },
  { "recvfrom", CALL_RECV },
  { "recvmsg", CALL_RECVMSG },
  { "sendmmsg", CALL_SENDMMSG },
  { "recvmmsg", CALL_RECVMMSG },
  { "recvmmsg_time64", CALL_RECVMMSG },
  { "sendfile", CALL_SENDFILE },
  { "sendfile64", CALL_SENDFILE },
  { "splice", CALL_SPLICE },
  { "socket", CALL_SOCKET },
  { "connect", CALL_CONNECT },
  { "accept", CALL_ACCEPT },
  { "accept4", CALL_ACCEPT4 },
  { "dup", CALL_DUP },
  { "dup2", CALL_DUP2 },
  { "dup3", CALL_DUP3 },
  { "fcntl", CALL_FCNTL },
  { "fcntl64", CALL_FCNTL },
  { "close", CALL_CLOSE },
  { "close_range", CALL_CLOSE_RANGE },
  { "open", CALL_OPEN },
  { "openat", CALL_OPEN },
  { "openat2", CALL_OPEN },
  { "creat", CALL_OPEN },
  { "eventfd2", CALL_OPEN },
  { "epoll_create1", CALL_OPEN },
  { "timerfd_create", CALL_OPEN },
  { "memfd_create", CALL_OPEN },
  { "socketcall", CALL_SOCKETCALL },
  { "clone", CALL_CLONE },
  { "fork", CALL_FORK },
  { "vfork", CALL_FORK },
};

/* What a call is by its number alone. */
static const guint8 uses_what[N_CALLS] = {
  [CALL_READ] = TB_USE_READ,
  [CALL_WRITE] = TB_USE_WRITE,
  [CALL_SEND] = TB_USE_SEND,
  [CALL_RECV] = TB_USE_RECEIVE,
  [CALL_RECVMSG] = TB_USE_RECEIVE,
  [CALL_SENDMMSG] = TB_USE_SEND_MANY,
  [CALL_RECVMMSG] = TB_USE_RECEIVE_MANY,
  [CALL_SENDFILE] = TB_USE_COPY_OUT,
  [CALL_SPLICE] = TB_USE_MOVE,
  [CALL_SOCKET] = TB_USE_MAKE_SOCKET,
  [CALL_CONNECT] = TB_USE_CONNECT,
  [CALL_ACCEPT] = TB_USE_MAKE_SOCKET,
  [CALL_ACCEPT4] = TB_USE_MAKE_SOCKET,
  [CALL_DUP] = TB_USE_COPY,
  [CALL_DUP2] = TB_USE_COPY,
  [CALL_DUP3] = TB_USE_COPY,
  [CALL_FCNTL] = TB_USE_OTHER,
  [CALL_CLOSE] = TB_USE_CLOSE,
  [CALL_CLOSE_RANGE] = TB_USE_OTHER,
  [CALL_OPEN] = TB_USE_OPEN,
  [CALL_SOCKETCALL] = TB_USE_UNNAMED,
  [CALL_CLONE] = TB_USE_MAKE_TASK,
  [CALL_FORK] = TB_USE_MAKE_TASK,
};

static guint8 uses_flag(gint64 word, gint64 bit, TbUseFlags flag)
{
  return word & bit ? (guint8)flag : 0;
}

static guint32 uses_count(gint64 bytes)
{
  return (guint32)CLAMP(bytes, 1, G_MAXUINT32);
}

static void uses_begin_fcntl(const gint64 *args, TbUse *use)
{
  guint32 command = (guint32)args[1];
  if (args[1] == USES_F_SETFD) {
    use->what = TB_USE_SET_CLOSE_ON_EXEC;
    use->flags = uses_flag(args[2], 1, TB_USE_CLOSE_ON_EXEC);
  } else if (command == USES_F_DUPFD || command == USES_F_DUPFD_CLOEXEC) {
    use->what = TB_USE_COPY;
    use->flags = command == USES_F_DUPFD_CLOEXEC ? TB_USE_CLOSE_ON_EXEC : 0;
  }
}

static void uses_begin_socketcall(const gint64 *args, TbUse *use)
{
  switch ((guint8)args[0]) {
  case USES_SYS_SEND:
  case USES_SYS_SENDTO:
  case USES_SYS_SENDMSG: use->what = TB_USE_UNNAMED_SEND; break;
  case USES_SYS_RECV:
  case USES_SYS_RECVFROM:
  case USES_SYS_RECVMSG: use->what = TB_USE_UNNAMED_RECEIVE; break;
  default: break;
  }
}

void linux_use_begin(guint8 call, const gint64 *args, guint clone_flags, TbUse *use)
{
  use->what = (TbUseWhat)uses_what[call];
  use->call = call;
  use->flags = 0;
  use->fd = use->other_fd = (gint32)args[0];
  use->asked = TB_USE_ANY_NUMBER;
  switch (call) {
  case CALL_READ:
  case CALL_WRITE:
  case CALL_SEND: use->asked = uses_count(args[2]); break;
  case CALL_RECV:
    use->asked = uses_count(args[2]);
    use->flags = uses_flag(args[3], USES_MSG_PEEK, TB_USE_PEEKS);
    break;
  case CALL_RECVMSG: use->flags = uses_flag(args[2], USES_MSG_PEEK, TB_USE_PEEKS); break;
  case CALL_SPLICE: use->other_fd = (gint32)args[2]; break;
  case CALL_SOCKET:
    use->flags = (args[1] & USES_SOCK_TYPES) == USES_SOCK_DGRAM ? TB_USE_DATAGRAMS : 0;
    use->flags |= uses_flag(args[1], USES_CLOEXEC, TB_USE_CLOSE_ON_EXEC);
    break;
  case CALL_ACCEPT4: use->flags = uses_flag(args[3], USES_CLOEXEC, TB_USE_CLOSE_ON_EXEC); break;
  case CALL_DUP3: use->flags = uses_flag(args[2], USES_CLOEXEC, TB_USE_CLOSE_ON_EXEC); break;
  case CALL_FCNTL: uses_begin_fcntl(args, use); break;
  case CALL_CLOSE_RANGE:
    use->what = args[2] == 0 ? TB_USE_CLOSE : TB_USE_OTHER;
    use->other_fd = (gint32)MIN((guint32)args[1], G_MAXINT32);
    break;
  case CALL_SOCKETCALL: uses_begin_socketcall(args, use); break;
  case CALL_CLONE:
    use->flags = uses_flag(args[clone_flags], USES_CLONE_FILES, TB_USE_SHARES);
    break;
  default: break;
  }
}

void linux_use_end(guint8 call, gint64 result, TbUse *use)
{
  use->what = (TbUseWhat)uses_what[call];
  use->call = call;
  use->result = result;
}
