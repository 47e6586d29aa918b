/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The Linux system calls that move bytes through descriptors or change what
 * descriptors mean. Knows no events.
 */
#pragma once

#include "decode/linux/linux-calls.h"

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  ATTRIB_CALL_NONE,
  ATTRIB_CALL_READ,     /* read, readv: bytes from argument 0 */
  ATTRIB_CALL_WRITE,    /* write, writev: bytes to argument 0 */
  ATTRIB_CALL_SEND,     /* sendto, sendmsg, send */
  ATTRIB_CALL_RECV,     /* recvfrom, recv: flags are argument 3 */
  ATTRIB_CALL_RECVMSG,  /* flags are argument 2 */
  ATTRIB_CALL_MANY_OUT, /* sendmmsg: the result counts messages */
  ATTRIB_CALL_MANY_IN,  /* recvmmsg */
  ATTRIB_CALL_SENDFILE, /* bytes from argument 1 to argument 0 */
  ATTRIB_CALL_SPLICE,   /* bytes from argument 0 to argument 2 */
  ATTRIB_CALL_SOCKET,
  ATTRIB_CALL_CONNECT,
  ATTRIB_CALL_ACCEPT,
  ATTRIB_CALL_ACCEPT4,
  ATTRIB_CALL_DUP,
  ATTRIB_CALL_DUP2, /* dup2, dup3 */
  ATTRIB_CALL_DUP3,
  ATTRIB_CALL_FCNTL,
  ATTRIB_CALL_CLOSE,
  ATTRIB_CALL_CLOSE_RANGE,
  ATTRIB_CALL_OPEN,       /* the result is a new descriptor, no socket */
  ATTRIB_CALL_SOCKETCALL, /* argument 0 says which, the others are in memory */
  ATTRIB_CALL_CLONE,
  ATTRIB_CALL_FORK,       /* vfork, too: the child has a table of its own */
  ATTRIB_N_CALLS,
} AttribCall;

/** attrib_call_table: #AttribCall by number; all none for an architecture that is not known */
void attrib_call_table(TbArch arch, guint8 table[TB_SYSCALL_NUMBERS]);

/** attrib_call_from_name: "sendto" */
AttribCall attrib_call_from_name(const char *name);

G_END_DECLS
