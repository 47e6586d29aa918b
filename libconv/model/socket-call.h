/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Socket calls as a program made them: the fields by which an event type tells
 * stages what a call meant for its socket. The reader that knows the calls
 * understands them; stages need to know no call. All events of one source are
 * about one descriptor of a socket. Knows no format.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** TB_SOCKET_CALL_STEP: number, a #TbSocketStep; a type with this field is one of socket calls */
#define TB_SOCKET_CALL_STEP "socket_step"
/** TB_SOCKET_CALL_PROGRAM: text: the program that called, as far as the recorder knows its name */
#define TB_SOCKET_CALL_PROGRAM "program"
/** TB_SOCKET_CALL_RESULT: number: what the call returned; a descriptor of steps that make one */
#define TB_SOCKET_CALL_RESULT "return_value"
/** TB_SOCKET_CALL_PROTOCOL: number: that of IP (6, 17) */
#define TB_SOCKET_CALL_PROTOCOL "protocol"
/** TB_SOCKET_CALL_LOCAL: 4 or 16 bytes: the socket's address; all zero: only the port is known */
#define TB_SOCKET_CALL_LOCAL "local"
#define TB_SOCKET_CALL_LOCAL_PORT "local_port"
/** TB_SOCKET_CALL_REMOTE: 4 or 16 bytes: the end that the socket is connected to */
#define TB_SOCKET_CALL_REMOTE "remote"
#define TB_SOCKET_CALL_REMOTE_PORT "remote_port"
/** TB_SOCKET_CALL_SENT: number: bytes that the call handed to the socket, -1 = some, not known */
#define TB_SOCKET_CALL_SENT "sent"
/** TB_SOCKET_CALL_RECEIVED: number: bytes that the call took out of the socket, -1 as above */
#define TB_SOCKET_CALL_RECEIVED "received"

/**
 * TbSocketStep: what the call did to the life of the descriptor
 * @TB_SOCKET_OPENED: made the socket
 * @TB_SOCKET_FORKED: a child process has it from its parent, of another source
 * @TB_SOCKET_ACCEPTED: came out of a listening socket, by a call that stands in that one's source, too
 * @TB_SOCKET_COPIED: is one more descriptor of a socket, by a call that stands in the first one's
 *   source, too
 * @TB_SOCKET_ACCEPTS, @TB_SOCKET_COPIES: the other side of these two: the source goes on
 * @TB_SOCKET_CLOSED: the descriptor is gone
 */
typedef enum {
  TB_SOCKET_NOTHING,
  TB_SOCKET_OPENED,
  TB_SOCKET_FORKED,
  TB_SOCKET_ACCEPTED,
  TB_SOCKET_COPIED,
  TB_SOCKET_ACCEPTS,
  TB_SOCKET_COPIES,
  TB_SOCKET_CLOSED,
} TbSocketStep;

G_END_DECLS
