/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Descriptors and sockets in events of Linux: system calls, raw and by name,
 * and the events of sockets, by event and field name, so that any kernel's
 * recording gives what it holds.
 */
#include "decode/linux/linux-fields.h"
#include "decode/linux/linux-parts.h"
#include "decode/linux/linux-uses.h"

#include <string.h>

/* include/net/tcp_states.h, linux/socket.h */
enum {
  RESOURCE_TCP_ESTABLISHED = 1,
  RESOURCE_TCP_SYN_SENT = 2,
  RESOURCE_TCP_SYN_RECV = 3,
  RESOURCE_TCP_CLOSE = 7,
  RESOURCE_TCP_LISTEN = 10,
  RESOURCE_AF_INET6 = 10,
  RESOURCE_MSG_PEEK = 2,
  RESOURCE_EAGAIN = -11,
};

enum { RESOURCE_MAX_FIELDS = 10, TELLER_RAW = 1, TELLER_NAMED = 2 };

typedef enum {
  EVENT_SET_STATE,
  EVENT_TUPLE,        /* it has a socket's address and tuple */
  EVENT_SPACE_ADJUST, /* the same, in the reader's context */
  EVENT_DESTROY,
  EVENT_SEND_LENGTH,
  EVENT_RECV_LENGTH,
  EVENT_DATA_READY,
  EVENT_ENTER,
  EVENT_LEAVE,
} ResourceEvent;

typedef struct {
  ResourceEvent event;
  guint8 call; /* of one by name */
  LinuxNumber numbers[RESOURCE_MAX_FIELDS];
  const TbField *fields[RESOURCE_MAX_FIELDS];
} ResourcePlan;

typedef struct {
  guint clone_flags;
} ResourceState;

/* Fields of the socket events, by place in the table below. */
enum { F_SK, F_SPORT, F_DPORT, F_FAMILY, F_SADDR, F_DADDR, F_SADDR6, F_DADDR6, F_STATE, F_PROTO };

/* A field after "?" may be missing. */
static const struct {
  const char *system;
  const char *name;
  ResourceEvent event;
  const char *fields[RESOURCE_MAX_FIELDS];
} resource_events[] = {
  { "sock", "inet_sock_set_state", EVENT_SET_STATE,
    { "skaddr", "sport", "dport", "family", "saddr", "daddr", "saddr_v6", "daddr_v6", "newstate",
      "protocol" } },
  { "tcp", "tcp_rcv_space_adjust", EVENT_SPACE_ADJUST,
    { "skaddr", "sport", "dport", "family", "saddr", "daddr", "saddr_v6", "daddr_v6" } },
  { "tcp", "tcp_destroy_sock", EVENT_DESTROY,
    { "skaddr", "sport", "dport", "family", "saddr", "daddr", "saddr_v6", "daddr_v6" } },
  { "tcp", "tcp_retransmit_skb", EVENT_TUPLE,
    { "skaddr", "sport", "dport", "family", "saddr", "daddr", "saddr_v6", "daddr_v6" } },
  { "sock", "sock_send_length", EVENT_SEND_LENGTH, { "sk", "protocol", "ret" } },
  { "sock", "sock_recv_length", EVENT_RECV_LENGTH, { "sk", "protocol", "ret", "flags" } },
  { "sock", "sk_data_ready", EVENT_DATA_READY, { "skaddr", "protocol" } },
  { "raw_syscalls", "sys_enter", EVENT_ENTER, { "id", "args" } },
  { "raw_syscalls", "sys_exit", EVENT_LEAVE, { "id", "ret" } },
};

static guint64 resource_kinds(ResourceEvent event)
{
  switch (event) {
  case EVENT_SET_STATE:
  case EVENT_DESTROY: return TB_FACT_BIT(TB_FACT_SOCKET_STATE);
  case EVENT_TUPLE:
  case EVENT_SPACE_ADJUST: return TB_FACT_BIT(TB_FACT_SOCKET_TOUCHED);
  case EVENT_SEND_LENGTH:
  case EVENT_RECV_LENGTH: return TB_FACT_BIT(TB_FACT_SOCKET_MOVED);
  case EVENT_DATA_READY: return TB_FACT_BIT(TB_FACT_SOCKET_READY);
  case EVENT_ENTER: return TB_FACT_BIT(TB_FACT_USE_BEGAN);
  case EVENT_LEAVE:
  default: return TB_FACT_BIT(TB_FACT_USE_ENDED);
  }
}

/* "syscalls:sys_enter_sendto": its arguments are the fields behind the number. */
static gboolean resource_bind_call(const TbEventType *type, ResourcePlan *plan)
{
  gboolean enter;
  const char *name =
      tb_syscall_event_read(type, &enter, plan->fields, LINUX_USE_ARGUMENTS);
  if (name)
    plan->call = tb_syscall_find(linux_use_meanings, LINUX_USE_MEANINGS, name);
  plan->event = name && enter ? EVENT_ENTER : EVENT_LEAVE;
  return plan->call != 0;
}

static gboolean resource_bind_fields(const TbEventType *type, ResourcePlan *plan)
{
  for (guint i = 0; i < G_N_ELEMENTS(resource_events); i++) {
    if (!tb_event_type_is(type, resource_events[i].system, resource_events[i].name))
      continue;
    plan->event = resource_events[i].event;
    for (guint f = 0; f < RESOURCE_MAX_FIELDS && resource_events[i].fields[f]; f++) {
      plan->fields[f] = tb_event_type_find_field(type, resource_events[i].fields[f]);
      if (!plan->fields[f])
        return FALSE;
    }
    return TRUE;
  }
  return tb_event_type_is(type, "syscalls", type->name) && resource_bind_call(type, plan);
}

static guint64 resource_bind(const TbEventType *type, gpointer data)
{
  ResourcePlan *plan = data;
  if (!resource_bind_fields(type, plan))
    return 0;
  for (guint i = 0; i < RESOURCE_MAX_FIELDS; i++)
    linux_number_bind(plan->fields[i], &plan->numbers[i]);
  return resource_kinds(plan->event);
}

static gpointer resource_new_state(const TbMachine *machine)
{
  ResourceState *state = g_new0(ResourceState, 1);
  state->clone_flags = tb_syscall_flags_argument(machine->arch);
  return state;
}

static inline gint64 resource_int(const ResourcePlan *plan, guint n, const TbRecord *record)
{
  return linux_number_get(&plan->numbers[n], plan->fields[n], record);
}

/* --- sockets --- */

/* All bytes of an address; arrays of bytes may pass for texts, which end at a zero. */
static const guint8 *resource_address(const TbField *field, const TbRecord *record, guint32 len)
{
  if (field->kind == TB_FIELD_COMPUTED || field->size < len || field->offset > record->len ||
      len > record->len - field->offset)
    return NULL;
  return record->data + field->offset;
}

/* FALSE unless both ends are complete. */
static gboolean resource_ends(const ResourcePlan *plan, const TbRecord *record, TbAddresses *out)
{
  static const guint8 any6[16] = { 0 }, mapped[16] = { [10] = 0xff, [11] = 0xff };
  gboolean six = resource_int(plan, F_FAMILY, record) == RESOURCE_AF_INET6;
  guint32 len = six ? 16 : 4;
  const guint8 *local = resource_address(plan->fields[six ? F_SADDR6 : F_SADDR], record, len);
  const guint8 *remote = resource_address(plan->fields[six ? F_DADDR6 : F_DADDR], record, len);
  *out = (TbAddresses){ .family = six ? 6 : 4, .protocol = TB_TUPLE_TCP,
                        .local_port = (guint16)resource_int(plan, F_SPORT, record),
                        .remote_port = (guint16)resource_int(plan, F_DPORT, record) };
  if (!out->local_port || !out->remote_port || !local || !remote)
    return FALSE;
  memcpy(out->local, local, len);
  memcpy(out->remote, remote, len);
  return memcmp(remote, any6, len) != 0 && (!six || memcmp(remote, mapped, len) != 0);
}

static TbSocketState resource_state(gint64 state)
{
  switch (state) {
  case RESOURCE_TCP_SYN_SENT: return TB_SOCKET_STATE_CONNECTING;
  case RESOURCE_TCP_SYN_RECV: return TB_SOCKET_STATE_ACCEPTED;
  case RESOURCE_TCP_ESTABLISHED: return TB_SOCKET_STATE_ESTABLISHED;
  case RESOURCE_TCP_LISTEN: return TB_SOCKET_STATE_LISTENING;
  case RESOURCE_TCP_CLOSE: return TB_SOCKET_STATE_GONE;
  default: return TB_SOCKET_STATE_OTHER;
  }
}

static void resource_decode_socket(const ResourcePlan *plan, const TbRecord *record,
                                   TbFactSink *sink)
{
  TbFact fact = { .kind = TB_FACT_SOCKET_TOUCHED };
  TbSocketFact *socket = &fact.socket;
  socket->socket = (guint64)resource_int(plan, F_SK, record);
  socket->stream = TRUE;
  socket->by_task = plan->event == EVENT_SPACE_ADJUST;
  if (!socket->socket)
    return;
  if (plan->event == EVENT_SET_STATE) {
    if (resource_int(plan, F_PROTO, record) != TB_TUPLE_TCP)
      return;
    fact.kind = TB_FACT_SOCKET_STATE;
    socket->state = resource_state(resource_int(plan, F_STATE, record));
    socket->by_task = socket->state == TB_SOCKET_STATE_CONNECTING;
  } else if (plan->event == EVENT_DESTROY) {
    fact.kind = TB_FACT_SOCKET_STATE;
    socket->state = TB_SOCKET_STATE_DESTROYED;
  }
  socket->has_ends = resource_ends(plan, record, &socket->ends);
  tb_fact_tell(sink, &fact);
}

static void resource_decode_length(const ResourcePlan *plan, const TbRecord *record,
                                   TbFactSink *sink)
{
  gboolean out = plan->event == EVENT_SEND_LENGTH;
  TbFact fact;
  fact.kind = TB_FACT_SOCKET_MOVED;
  fact.socket_moved = (TbSocketMoved){
    .socket = (guint64)resource_int(plan, 0, record),
    .stream = resource_int(plan, 1, record) == TB_TUPLE_TCP,
    .out = out,
    .bytes = resource_int(plan, 2, record),
  };
  if (!out) {
    fact.socket_moved.peeks = (resource_int(plan, 3, record) & RESOURCE_MSG_PEEK) != 0;
    fact.socket_moved.empty = fact.socket_moved.bytes == RESOURCE_EAGAIN;
  }
  if (fact.socket_moved.socket)
    tb_fact_tell(sink, &fact);
}

static void resource_decode_ready(const ResourcePlan *plan, const TbRecord *record,
                                  TbFactSink *sink)
{
  TbFact fact = { .kind = TB_FACT_SOCKET_READY };
  fact.socket.socket = (guint64)resource_int(plan, 0, record);
  fact.socket.stream = resource_int(plan, 1, record) == TB_TUPLE_TCP;
  tb_fact_tell(sink, &fact);
}

/* --- system calls --- */

static void resource_tell_begin(const ResourceState *state, const TbRecord *record, guint8 call,
                                guint8 teller, const gint64 *args, TbFactSink *sink)
{
  TbFact fact;
  fact.kind = TB_FACT_USE_BEGAN;
  fact.use.tid = record->tid;
  fact.use.teller = teller;
  linux_use_begin(call, args, state ? state->clone_flags : 0, &fact.use);
  tb_fact_tell(sink, &fact);
}

static void resource_tell_end(const TbRecord *record, guint8 call, guint8 teller, gint64 result,
                              TbFactSink *sink)
{
  TbFact fact;
  fact.kind = TB_FACT_USE_ENDED;
  fact.use.tid = record->tid;
  fact.use.teller = teller;
  linux_use_end(call, result, &fact.use);
  tb_fact_tell(sink, &fact);
}

/* Numbers of the kernel's own size; arguments are registers. */
static inline void resource_raw_arguments(const ResourcePlan *plan, const TbRecord *record,
                                          gint64 *args)
{
  const TbField *field = plan->fields[1];
  const guint8 *bytes;
  gsize len;
  guint32 size = field->element_size == 4 ? 4 : 8;
  if (G_LIKELY(size == 8 && field->kind == TB_FIELD_ARRAY && !field->is_string &&
               field->size >= 8 * LINUX_USE_ARGUMENTS && field->offset <= record->len &&
               field->size <= record->len - field->offset)) {
    for (guint i = 0; i < LINUX_USE_ARGUMENTS; i++)
      args[i] = (gint64)tb_get_u64(record->data + field->offset + i * 8, record->type->big);
    return;
  }
  if (!tb_field_get_bytes(field, record, &bytes, &len))
    return;
  for (guint i = 0; i < LINUX_USE_ARGUMENTS && (i + 1) * size <= len; i++)
    args[i] = size == 4 ? (gint32)tb_get_u32(bytes + (gsize)i * 4, record->type->big)
                        : (gint64)tb_get_u64(bytes + (gsize)i * 8, record->type->big);
}

static void resource_raw_call(gconstpointer data, gpointer state, gint call,
                              const TbRecord *record, TbFactSink *sink)
{
  const ResourcePlan *plan = data;
  gint64 args[LINUX_USE_ARGUMENTS] = { 0 };
  if (call <= LINUX_CALL_OTHER || record->tid <= 0)
    return;
  if (plan->event == EVENT_LEAVE) {
    resource_tell_end(record, (guint8)call, TELLER_RAW, resource_int(plan, 1, record), sink);
    return;
  }
  resource_raw_arguments(plan, record, args);
  resource_tell_begin(state, record, (guint8)call, TELLER_RAW, args, sink);
}

static void resource_decode_call(const ResourcePlan *plan, const ResourceState *state,
                                 const TbRecord *record, TbFactSink *sink)
{
  gint64 args[LINUX_USE_ARGUMENTS];
  if (record->tid <= 0)
    return;
  if (plan->event == EVENT_LEAVE) {
    resource_tell_end(record, plan->call, TELLER_NAMED, resource_int(plan, 0, record), sink);
    return;
  }
  for (guint i = 0; i < LINUX_USE_ARGUMENTS; i++)
    args[i] = resource_int(plan, i, record);
  resource_tell_begin(state, record, plan->call, TELLER_NAMED, args, sink);
}

static void resource_decode(gconstpointer data, gpointer state, const TbRecord *record,
                            TbFactSink *sink)
{
  const ResourcePlan *plan = data;
  switch (plan->event) {
  case EVENT_SET_STATE:
  case EVENT_TUPLE:
  case EVENT_SPACE_ADJUST:
  case EVENT_DESTROY: resource_decode_socket(plan, record, sink); break;
  case EVENT_SEND_LENGTH:
  case EVENT_RECV_LENGTH: resource_decode_length(plan, record, sink); break;
  case EVENT_DATA_READY: resource_decode_ready(plan, record, sink); break;
  case EVENT_ENTER:
  case EVENT_LEAVE: resource_decode_call(plan, state, record, sink); break;
  }
}

const LinuxPart linux_resource_part = {
  .plan_size = sizeof(ResourcePlan),
  .meanings = linux_use_meanings,
  .n_meanings = LINUX_USE_MEANINGS,
  .bind = resource_bind,
  .new_state = resource_new_state,
  .free_state = g_free,
  .decode = resource_decode,
  .raw_call = resource_raw_call,
};
