/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the calls mean for their socket: its ends, its protocol, the bytes that
 * were moved, and how the descriptor came and went. A call that makes another
 * descriptor stands in two files: in the one it was made on, and as the first
 * line of the new one's.
 */
#include "tcpsnitch/tcpsnitch-private.h"

#include "base/escape.h"

#include <arpa/inet.h>
#include <string.h>

enum { CALL_IP_TCP = 6, CALL_IP_UDP = 17 };

typedef enum {
  CALL_OTHER,
  CALL_BIND,
  CALL_CONNECT,
  CALL_GETSOCKNAME,
  CALL_GETPEERNAME,
  CALL_ACCEPT,
  CALL_DUP,
  CALL_FORKED,
  CALL_CLOSE,
  CALL_SEND,
  CALL_RECV,
  CALL_SEND_MANY,
  CALL_RECV_MANY,
  CALL_SPLICE,
} CallKind;

static const struct {
  const char *name;
  CallKind kind;
} call_kinds[] = {
  { "send", CALL_SEND },           { "recv", CALL_RECV },
  { "sendto", CALL_SEND },         { "recvfrom", CALL_RECV },
  { "sendmsg", CALL_SEND },        { "recvmsg", CALL_RECV },
  { "write", CALL_SEND },          { "read", CALL_RECV },
  { "writev", CALL_SEND },         { "readv", CALL_RECV },
  { "sendfile", CALL_SEND },       { "sendmmsg", CALL_SEND_MANY },
  { "recvmmsg", CALL_RECV_MANY },  { "splice", CALL_SPLICE },
  { "bind", CALL_BIND },           { "connect", CALL_CONNECT },
  { "getsockname", CALL_GETSOCKNAME }, { "getpeername", CALL_GETPEERNAME },
  { "accept", CALL_ACCEPT },       { "accept4", CALL_ACCEPT },
  { "dup", CALL_DUP },             { "dup2", CALL_DUP },
  { "dup3", CALL_DUP },            { "forked_socket", CALL_FORKED },
  { "close", CALL_CLOSE },
};

static CallKind call_find(const char *type)
{
  for (guint i = 0; i < G_N_ELEMENTS(call_kinds); i++)
    if (g_str_equal(call_kinds[i].name, type))
      return call_kinds[i].kind;
  return CALL_OTHER;
}

static gboolean call_get_flag(JsonObject *object, const char *name)
{
  JsonNode *node = object ? json_object_get_member(object, name) : NULL;
  return node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_BOOLEAN
         && json_node_get_boolean(node);
}

/* Ports are texts; a number is taken, too. */
static guint16 call_get_port(JsonObject *object)
{
  const char *text = snitch_get_string(object, "port");
  guint64 port = 0;
  gint64 number;
  if (text)
    g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT16, &port, NULL);
  else if (snitch_get_int(object, "port", &number) && number > 0 && number <= G_MAXUINT16)
    port = (guint64)number;
  return (guint16)port;
}

static void call_get_addr(JsonObject *object, SnitchAddress *out)
{
  const char *ip = snitch_get_string(object, "ip");
  char text[INET6_ADDRSTRLEN];
  *out = (SnitchAddress){ 0 };
  if (!ip)
    return;
  g_strlcpy(text, ip, sizeof text);
  text[strcspn(text, "%")] = 0; /* a zone */
  if (inet_pton(AF_INET, text, out->bytes) == 1)
    out->family = 4;
  else if (inet_pton(AF_INET6, text, out->bytes) == 1)
    out->family = 6;
  else
    return;
  out->port = call_get_port(object);
}

/* The protocol is the number that the program gave, or its name; 0 = the usual one of the type. */
static guint8 call_get_protocol(JsonObject *info)
{
  const char *type = snitch_get_string(info, "type");
  const char *protocol = snitch_get_string(info, "protocol");
  static const char *const stream[] = { "0", "6", "ip", "tcp", "262", "mptcp", NULL };
  static const char *const datagram[] = { "0", "17", "ip", "udp", NULL };
  if (!type || !protocol)
    return 0;
  if (strstr(type, "SOCK_STREAM") && g_strv_contains(stream, protocol))
    return CALL_IP_TCP;
  return strstr(type, "SOCK_DGRAM") && g_strv_contains(datagram, protocol) ? CALL_IP_UDP : 0;
}

/* A look at what waits, or at the errors of a socket, takes nothing out of it. */
static gboolean call_takes(JsonObject *details)
{
  JsonObject *flags = snitch_get_object(details, "flags");
  return !call_get_flag(flags, "MSG_PEEK") && !call_get_flag(flags, "MSG_ERRQUEUE");
}

/* The result of these counts messages. */
static gint64 call_sum_messages(JsonObject *details, gint64 n)
{
  JsonNode *node = details ? json_object_get_member(details, "mmsghdr_vec") : NULL;
  JsonArray *array = node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
  gint64 sum = 0;
  if (!array || n > (gint64)json_array_get_length(array))
    return -1;
  for (guint i = 0; i < n; i++) {
    JsonNode *element = json_array_get_element(array, i);
    gint64 bytes;
    if (!JSON_NODE_HOLDS_OBJECT(element) ||
        !snitch_get_int(json_node_get_object(element), "transmitted_bytes", &bytes) ||
        bytes < 0 || bytes > G_MAXINT32)
      return -1;
    sum += bytes;
  }
  return sum;
}

static void call_count_bytes(CallKind kind, JsonObject *details, SnitchRecord *record)
{
  gint64 n = record->flags & SNITCH_HAS_RESULT ? record->result : 0;
  if (n <= 0)
    return;
  switch ((int)kind) {
  case CALL_SEND: record->sent = n; break;
  case CALL_RECV: record->received = call_takes(details) ? n : 0; break;
  case CALL_SEND_MANY: record->sent = call_sum_messages(details, n); break;
  case CALL_RECV_MANY:
    record->received = call_takes(details) ? call_sum_messages(details, n) : 0;
    break;
  case CALL_SPLICE: record->sent = record->received = -1; break; /* which way, it does not say */
  default: break;
  }
}

/*
 * Where a failed connection went is known, too: its packets are the socket's. A first sendto() of
 * TCP may connect (TCP Fast Open).
 */
static void call_set_ends(SnitchSocket *socket, CallKind kind, SnitchRecord *record)
{
  gboolean ok = !(record->flags & SNITCH_FAILED);
  if (!record->addr.family)
    return;
  gboolean opens = kind == CALL_SEND && socket->protocol == CALL_IP_TCP && !socket->remote.family;
  if ((kind == CALL_BIND || kind == CALL_GETSOCKNAME) && ok)
    socket->local = record->addr;
  else if (kind == CALL_CONNECT || opens || (kind == CALL_GETPEERNAME && ok) ||
           (kind == CALL_ACCEPT && !socket->begun))
    socket->remote = record->addr;
}

static TbSocketStep call_step(const SnitchSocket *socket, CallKind kind, const char *type,
                              JsonObject *details, const SnitchRecord *record)
{
  const char *command = snitch_get_string(details, "cmd");
  gboolean copies = kind == CALL_DUP || (g_str_equal(type, "fcntl") && command &&
                                         g_str_has_prefix(command, "F_DUPFD"));
  gboolean makes = record->flags & SNITCH_HAS_RESULT && record->result >= 0;
  if (copies && makes)
    return socket->begun ? TB_SOCKET_COPIES : TB_SOCKET_COPIED;
  if (kind == CALL_ACCEPT && makes)
    return socket->begun ? TB_SOCKET_ACCEPTS : TB_SOCKET_ACCEPTED;
  if (kind == CALL_CLOSE && !(record->flags & SNITCH_FAILED))
    return TB_SOCKET_CLOSED;
  if (socket->begun)
    return TB_SOCKET_NOTHING;
  return kind == CALL_FORKED             ? TB_SOCKET_FORKED
         : g_str_equal(type, "socket") ? TB_SOCKET_OPENED
                                       : TB_SOCKET_NOTHING;
}

static void call_take_common(JsonObject *object, SnitchRecord *record)
{
  const char *errno_name = snitch_get_string(object, "errno");
  JsonNode *success = json_object_get_member(object, "success");
  gint64 tid;
  if (snitch_get_int(object, "return_value", &record->result))
    record->flags |= SNITCH_HAS_RESULT;
  if (snitch_get_int(object, "thread_id", &tid) && tid > 0 && tid <= G_MAXINT32)
    record->tid = (gint32)tid;
  if (call_get_flag(object, "fake_call"))
    record->flags |= SNITCH_FAKE_CALL;
  if (success ? !call_get_flag(object, "success") : errno_name != NULL)
    record->flags |= SNITCH_FAILED;
  if (errno_name)
    g_strlcpy(record->errno_name, errno_name, sizeof record->errno_name);
}

void snitch_call_understand(SnitchSocket *socket, const char *type, JsonObject *object,
                            SnitchRecord *record)
{
  JsonObject *details = snitch_get_object(object, "details");
  JsonObject *addr = snitch_get_object(details, "addr");
  JsonObject *info = snitch_get_object(details, "sock_info");
  CallKind kind = call_find(type);
  memset(record, 0, sizeof *record); /* padding, too: it is a part of the event's bytes */
  record->tid = -1;
  call_take_common(object, record);
  if (snitch_get_int(details, "bytes", &record->bytes))
    record->flags |= SNITCH_HAS_BYTES;
  if (addr)
    call_get_addr(addr, &record->addr);
  if (info && !socket->protocol)
    socket->protocol = call_get_protocol(info);
  call_count_bytes(kind, details, record);
  call_set_ends(socket, kind, record);
  record->step = call_step(socket, kind, type, details, record);
  socket->begun = TRUE;
  record->local = socket->local;
  record->remote = socket->remote;
  record->protocol = socket->protocol;
}
