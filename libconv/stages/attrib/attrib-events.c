/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What each event of a recording teaches about sockets and their tasks. The
 * actor counts only in process context: in an interrupt the task that happens
 * to run has nothing to do with the packet.
 */
#include "stages/attrib/attrib-private.h"
#include "stages/attrib/attrib-told.h"

#include <string.h>

/* include/net/tcp_states.h, linux/socket.h, uapi/linux/sched.h, asm-generic/fcntl.h, linux/net.h */
enum {
  EVENTS_TCP_ESTABLISHED = 1,
  EVENTS_TCP_SYN_SENT = 2,
  EVENTS_TCP_SYN_RECV = 3,
  EVENTS_TCP_CLOSE = 7,
  EVENTS_TCP_LISTEN = 10,
  EVENTS_AF_INET6 = 10,
  EVENTS_MSG_PEEK = 2,
  EVENTS_CLONE_FILES = 0x400,
  EVENTS_SOCK_DGRAM = 2,
  EVENTS_SOCK_TYPES = 0xf,
  EVENTS_CLOEXEC = 02000000,
  EVENTS_F_DUPFD = 0,
  EVENTS_F_SETFD = 2,
  EVENTS_F_DUPFD_CLOEXEC = 1030,
  EVENTS_SYS_SEND = 9,
  EVENTS_SYS_SENDTO = 11,
  EVENTS_SYS_SENDMSG = 16,
  EVENTS_SYS_RECV = 10,
  EVENTS_SYS_RECVFROM = 12,
  EVENTS_SYS_RECVMSG = 17,
  EVENTS_UDP_HEADER = 8,
  EVENTS_IP4_HEADER = 20,
  EVENTS_IP6_FRAGMENT = 48, /* headers of IPv6 and fragment */
  EVENTS_EAGAIN = -11,
  EVENTS_RACE_NS = 200000, /* between who takes a datagram and the event that tells */
  EVENTS_LINK_BYTES = 14,
  EVENTS_LOOK_BACK = 64,
};

/* Fields of the socket events, by place in the table of attrib-plan.c. */
enum { F_SK, F_SPORT, F_DPORT, F_FAMILY, F_SADDR, F_DADDR, F_SADDR6, F_DADDR6, F_STATE, F_PROTO };

static G_GNUC_NO_INLINE gint64 events_int_asked(const TbField *field, const TbItem *event)
{
  gint64 value = 0;
  if (field)
    tb_field_get_int(field, event->record, &value);
  return value;
}

static inline gint64 events_int(const AttribPlan *plan, guint n, const TbItem *event)
{
  const AttribNumber *number = &plan->numbers[n];
  if (G_UNLIKELY(number->bytes == 0 || number->end > event->record->len))
    return events_int_asked(plan->fields[n], event);
  const guint8 *p = event->record->data + number->off;
  if (number->bytes == 8)
    return (gint64)tb_get_u64(p, event->record->type->big);
  if (number->bytes == 2)
    return number->is_signed ? (gint16)tb_get_u16(p, event->record->type->big)
                             : tb_get_u16(p, event->record->type->big);
  guint32 word = tb_get_u32(p, event->record->type->big);
  return number->is_signed ? (gint64)(gint32)word : (gint64)word;
}

/* The task an event speaks for, NULL in interrupts and for idle. */
static inline AttribTask *events_actor(AttribMachine *m, const TbItem *event)
{
  return event->record->flags & TB_RECORD_IRQ || event->record->tid <= 0 ? NULL
                                                        : attrib_task(&m->tasks, event->record->tid);
}

/* All bytes of an address; arrays of bytes may pass for texts, which end at a zero. */
static const guint8 *events_address(const TbField *field, const TbItem *event, guint32 len)
{
  if (field->kind == TB_FIELD_COMPUTED || field->size < len || field->offset > event->record->len ||
      len > event->record->len - field->offset)
    return NULL;
  return event->record->data + field->offset;
}

/* FALSE unless both ends are complete. */
static gboolean events_tuple(const AttribPlan *plan, const TbItem *event, AttribTuple *out)
{
  static const guint8 any6[16] = { 0 }, any4[16] = { [10] = 0xff, [11] = 0xff };
  gboolean six = events_int(plan, F_FAMILY, event) == EVENTS_AF_INET6;
  const guint8 *local = events_address(plan->fields[six ? F_SADDR6 : F_SADDR], event,
                                       six ? 16 : 4);
  const guint8 *remote = events_address(plan->fields[six ? F_DADDR6 : F_DADDR], event,
                                        six ? 16 : 4);
  *out = (AttribTuple){ .local_port = (guint16)events_int(plan, F_SPORT, event),
                        .remote_port = (guint16)events_int(plan, F_DPORT, event),
                        .protocol = ATTRIB_TCP };
  if (!out->local_port || !out->remote_port || !local || !remote)
    return FALSE;
  attrib_address_set(out->local, local, six ? 6 : 4);
  attrib_address_set(out->remote, remote, six ? 6 : 4);
  return memcmp(out->remote, any6, 16) != 0 && memcmp(out->remote, any4, 16) != 0;
}

/* In the task's call an event named @socket: the call's descriptor is this socket. */
static void events_bind(AttribMachine *m, AttribTask *task, guint32 socket)
{
  task->socket = socket;
  switch (task->call) {
  case ATTRIB_CALL_READ:
  case ATTRIB_CALL_WRITE:
  case ATTRIB_CALL_SEND:
  case ATTRIB_CALL_RECV:
  case ATTRIB_CALL_RECVMSG:
  case ATTRIB_CALL_MANY_OUT:
  case ATTRIB_CALL_MANY_IN:
  case ATTRIB_CALL_CONNECT: break;
  default: return;
  }
  guint32 file = attrib_fd_get(&m->tasks, task, task->fd);
  if (file != ATTRIB_NONE) {
    AttribFile *known = attrib_file(&m->tasks, file);
    if (known->socket == socket)
      return;
    const AttribSocket *before =
        known->socket == ATTRIB_NONE ? NULL : attrib_socket(&m->sockets, known->socket);
    if (!before || before->sk == 0) {
      if (before)
        attrib_socket_take(&m->sockets, socket, known->socket);
      known->socket = socket;
      return;
    }
  }
  attrib_fd_set(&m->tasks, task, task->fd, attrib_file_new(&m->tasks, socket, FALSE), FALSE);
}

/* --- sockets --- */

static void events_set_state(AttribMachine *m, const AttribPlan *plan, const TbItem *event)
{
  guint64 sk = (guint64)events_int(plan, F_SK, event);
  gint64 state = events_int(plan, F_STATE, event);
  AttribTask *actor = events_actor(m, event);
  AttribTuple tuple;
  if (events_int(plan, F_PROTO, event) != ATTRIB_TCP || !sk || state == EVENTS_TCP_LISTEN)
    return;
  gboolean named = events_tuple(plan, event, &tuple);
  guint32 index;
  if (state == EVENTS_TCP_SYN_SENT || state == EVENTS_TCP_SYN_RECV) {
    index = attrib_socket_new(&m->sockets, sk, event->machine_time.ns);
    AttribSocket *socket = attrib_socket(&m->sockets, index);
    socket->born = TRUE;
    socket->accepted = state == EVENTS_TCP_SYN_RECV;
    if (state == EVENTS_TCP_SYN_SENT && actor) {
      socket->opener = event->record->tid;
      events_bind(m, actor, index);
    }
  } else if (named || attrib_map_get(&m->sockets.by_sk, sk) != ATTRIB_NONE) {
    index = attrib_map_get(&m->sockets.by_sk, sk);
    if (index == ATTRIB_NONE)
      index = attrib_socket_new(&m->sockets, sk, event->machine_time.ns);
  } else {
    return;
  }
  if (named)
    index = attrib_socket_name(&m->sockets, index, &tuple, event->machine_time.ns);
  if (state == EVENTS_TCP_CLOSE)
    attrib_socket(&m->sockets, index)->death_ns = event->machine_time.ns;
}

static void events_with_tuple(AttribMachine *m, const AttribPlan *plan, const TbItem *event)
{
  guint64 sk = (guint64)events_int(plan, F_SK, event);
  guint32 index = attrib_map_get(&m->sockets.by_sk, sk);
  AttribTuple tuple;
  gboolean named = events_tuple(plan, event, &tuple);
  if (!sk)
    return;
  if (plan->kind == ATTRIB_DESTROY) {
    if (index == ATTRIB_NONE)
      return;
    AttribSocket *socket = attrib_socket(&m->sockets, index);
    if (named && !socket->has_tuple)
      attrib_socket_name(&m->sockets, index, &tuple, event->machine_time.ns);
    socket = attrib_socket(&m->sockets, index);
    socket->death_ns = MIN(socket->death_ns, event->machine_time.ns);
    return;
  }
  index = attrib_socket_find(&m->sockets, sk, event->machine_time.ns);
  if (named)
    index = attrib_socket_name(&m->sockets, index, &tuple, event->machine_time.ns);
  AttribTask *actor = plan->kind == ATTRIB_SPACE_ADJUST ? events_actor(m, event) : NULL;
  if (actor)
    events_bind(m, actor, index);
}

/* --- samples --- */

static void events_add_sample(GArray *samples, const AttribSample *sample)
{
  if (samples->len < ATTRIB_SAMPLES)
    g_array_append_val(samples, *sample);
}

/* The samples that @task's present call has sent get what the call moved, or are taken back. */
static void events_settle(AttribMachine *m, AttribTask *task, gint32 bytes, gboolean drop)
{
  guint n = task->sent_calls == task->calls ? task->n_sent : 0;
  if (G_LIKELY(n == 0))
    return;
  guint end = MIN(task->sent, m->sent->len);
  for (guint i = end; n > 0 && i > 0 && end - i < EVENTS_LOOK_BACK; i--) {
    AttribSample *sample = &g_array_index(m->sent, AttribSample, i - 1);
    if (sample->tid != task->tid || sample->calls != task->calls)
      continue;
    sample->bytes = bytes;
    if (drop || (sample->weak && task->n_sent > 1))
      sample->len = 0;
    n--;
  }
  while (m->sent->len && g_array_index(m->sent, AttribSample, m->sent->len - 1).len == 0)
    g_array_set_size(m->sent, m->sent->len - 1);
}

/* A socket whose bytes are counted needs no sample of what it sent. */
static void events_note_stream(AttribMachine *m, AttribTask *task)
{
  task->tcp_calls = task->calls + 1;
  events_settle(m, task, -1, TRUE);
}

static AttribSkb *events_skb(AttribMachine *m, guint64 skb)
{
  return &m->skbs[attrib_map_hash(skb) % ATTRIB_SKBS];
}

static void events_send(AttribMachine *m, const AttribSkb *skb, gint64 time_ns, guint32 len,
                        gboolean weak)
{
  AttribTask *task = attrib_task(&m->tasks, skb->tid);
  if (task->tcp_calls == skb->calls + 1 || len == 0)
    return;
  AttribSample sample = { .time_ns = time_ns, .len = len, .tid = skb->tid, .bytes = -1,
                          .calls = skb->calls, .weak = weak };
  events_add_sample(m->sent, &sample);
  task->sent = m->sent->len;
  task->n_sent = task->sent_calls == skb->calls ? task->n_sent + 1 : 1;
  task->sent_calls = skb->calls;
}

/* The device took the buffer, but that was not seen; it does so at once where nothing waits. */
static void events_flush(AttribMachine *m, AttribSkb *skb)
{
  if (skb->skb && m->starts_told && skb->len > EVENTS_LINK_BYTES &&
      m->sent->len < ATTRIB_SAMPLES / 2)
    events_send(m, skb, skb->time_ns, skb->len - EVENTS_LINK_BYTES, FALSE);
  skb->skb = 0;
}

static void events_queue(AttribMachine *m, const AttribPlan *plan, const TbItem *event)
{
  guint64 address = (guint64)events_int(plan, 0, event);
  AttribSkb *skb = events_skb(m, address);
  AttribTask *actor = events_actor(m, event);
  if (!actor) {
    if (skb->skb == address)
      events_flush(m, skb);
    return;
  }
  guint32 calls = actor->calls;
  events_flush(m, skb);
  *skb = (AttribSkb){ .skb = address, .len = (guint32)events_int(plan, 1, event),
                      .tid = event->record->tid, .calls = calls, .time_ns = event->machine_time.ns };
  if (!m->starts_told)
    events_send(m, skb, event->machine_time.ns,
                skb->len > EVENTS_LINK_BYTES ? skb->len - EVENTS_LINK_BYTES : 0, FALSE);
}

/* A task in the middle of sending hands a buffer to the device that nobody was seen to queue. */
static void events_send_unqueued(AttribMachine *m, const TbItem *event, guint32 len)
{
  const AttribTask *actor = events_actor(m, event);
  gboolean sends = actor && (actor->call == ATTRIB_CALL_SEND || actor->call == ATTRIB_CALL_WRITE ||
                             actor->call == ATTRIB_CALL_SOCKETCALL);
  if (!sends)
    return;
  AttribSkb skb = { .tid = event->record->tid, .calls = actor->calls };
  events_send(m, &skb, event->machine_time.ns, len, TRUE);
}

/* The device takes the buffer now, whoever runs; the sender is who queued it. */
static void events_xmit(AttribMachine *m, const AttribPlan *plan, const TbItem *event)
{
  guint64 address = (guint64)events_int(plan, 0, event);
  AttribSkb *skb = events_skb(m, address);
  gint64 len = events_int(plan, 1, event), network = events_int(plan, 2, event);
  gboolean sound = len > 0 && len <= G_MAXINT32 && network >= 0 && network < len;
  m->starts_told = TRUE;
  if (!address || skb->skb != address) {
    if (address && sound)
      events_send_unqueued(m, event, (guint32)(len - network));
    return;
  }
  if (len == skb->len && sound)
    events_send(m, skb, event->machine_time.ns, (guint32)(len - network), FALSE);
  skb->skb = 0;
}

static void events_receive(AttribMachine *m, const AttribPlan *plan, const TbItem *event)
{
  AttribArrival arrival = { event->machine_time.ns, (guint32)events_int(plan, 1, event) };
  if (event->record->cpu < ATTRIB_CPUS)
    m->arrivals[event->record->cpu] = arrival;
  m->recent[m->n_recent++ % ATTRIB_RECENT] = arrival;
}

static AttribInbox *events_inbox(AttribMachine *m, guint64 sk, gboolean make)
{
  guint32 index = attrib_map_get(&m->inbox_by_sk, sk);
  if (index == ATTRIB_NONE) {
    if (!make || m->inboxes->len >= ATTRIB_SAMPLES / ATTRIB_ARRIVED)
      return NULL;
    AttribInbox inbox = { .sk = sk };
    index = m->inboxes->len;
    attrib_map_set(&m->inbox_by_sk, sk, index);
    g_array_append_val(m->inboxes, inbox);
  }
  return &g_array_index(m->inboxes, AttribInbox, index);
}

/* A datagram reached a socket: it is the packet received last on this CPU. */
static void events_data_ready(AttribMachine *m, const AttribPlan *plan, const TbItem *event)
{
  guint64 sk = (guint64)events_int(plan, 0, event);
  if (events_int(plan, 1, event) == ATTRIB_TCP || event->record->cpu >= ATTRIB_CPUS ||
      m->arrivals[event->record->cpu].len == 0)
    return;
  AttribInbox *inbox = events_inbox(m, sk, TRUE);
  if (!inbox)
    return;
  if (inbox->n == ATTRIB_ARRIVED) {
    inbox->first = (inbox->first + 1) % ATTRIB_ARRIVED;
    inbox->n--;
  }
  inbox->arrivals[(inbox->first + inbox->n++) % ATTRIB_ARRIVED] = m->arrivals[event->record->cpu];
  m->arrivals[event->record->cpu].len = 0;
}

/*
 * The first fragment of a datagram of @bytes whose last one came at @last_ns: as many packets
 * before it, on whatever CPU, as make up the bytes. @headers: of IP and fragment, in each of them
 */
static const AttribArrival *events_first_fragment(const AttribMachine *m, gint64 last_ns,
                                                  gint64 bytes, gint64 headers)
{
  gint64 sum = 0;
  gboolean begun = FALSE;
  for (guint n = 0; n < ATTRIB_RECENT && n < m->n_recent; n++) {
    const AttribArrival *arrival = &m->recent[(m->n_recent - 1 - n) % ATTRIB_RECENT];
    begun |= arrival->time_ns == last_ns;
    if (!begun || arrival->len <= headers)
      continue;
    sum += arrival->len - headers;
    if (sum >= bytes + EVENTS_UDP_HEADER)
      return sum == bytes + EVENTS_UDP_HEADER ? arrival : NULL;
  }
  return NULL;
}

/* A reader found nothing: what came some time ago was read unseen. */
static void events_found_empty(AttribMachine *m, guint64 sk, gint64 time_ns)
{
  AttribInbox *inbox = events_inbox(m, sk, FALSE);
  while (inbox && inbox->n && inbox->arrivals[inbox->first].time_ns < time_ns - EVENTS_RACE_NS) {
    inbox->first = (inbox->first + 1) % ATTRIB_ARRIVED;
    inbox->n--;
  }
}

/*
 * Where events are missing and several read, a datagram that was read unseen stands in front of
 * others: only one that waits alone is believed, and soon.
 */
static gboolean events_is_doubtful(const AttribMachine *m, AttribInbox *inbox, gint32 reader,
                                   gint64 waited_ns)
{
  inbox->many |= inbox->reader && inbox->reader != reader;
  inbox->reader = reader;
  return m->lossy && inbox->many && (inbox->n > 1 || waited_ns > EVENTS_RACE_NS);
}

/* @task read @bytes from a datagram socket: the oldest datagram of that size. */
static void events_read_datagram(AttribMachine *m, const AttribTask *task, guint64 sk,
                                 gint32 bytes, gint64 time_ns)
{
  AttribInbox *inbox = events_inbox(m, sk, FALSE);
  for (guint32 i = 0; inbox && i < inbox->n; i++) {
    const AttribArrival *arrival = &inbox->arrivals[(inbox->first + i) % ATTRIB_ARRIVED];
    gint64 headers = (gint64)arrival->len - bytes;
    if (headers < 0) {
      const AttribArrival *last = arrival;
      arrival = events_first_fragment(m, last->time_ns, bytes, EVENTS_IP4_HEADER);
      if (!arrival)
        arrival = events_first_fragment(m, last->time_ns, bytes, EVENTS_IP6_FRAGMENT);
    }
    if (!arrival || (headers >= 0 && headers < 20) || headers > 80)
      continue; /* cut to the reader's buffer, or another one */
    AttribSample sample = { .time_ns = arrival->time_ns, .len = arrival->len, .tid = task->tid,
                            .bytes = bytes };
    if (!events_is_doubtful(m, inbox, task->tid, time_ns - arrival->time_ns))
      events_add_sample(m->received, &sample);
    inbox->first = (inbox->first + i + 1) % ATTRIB_ARRIVED;
    inbox->n -= i + 1;
    return;
  }
}

/*
 * The same where only the call's result is known: the one packet received lately that holds as
 * many bytes behind the headers of IP and UDP. Two of them leave it open.
 */
static void events_read_unnamed(AttribMachine *m, const AttribTask *task, gint64 bytes)
{
  AttribArrival *found = NULL;
  for (guint i = 0; i < ATTRIB_RECENT; i++) {
    AttribArrival *arrival = &m->recent[i];
    gint64 headers = (gint64)arrival->len - bytes;
    if (arrival->len == 0 || (headers != ATTRIB_UDP4_BYTES && headers != ATTRIB_UDP6_BYTES))
      continue;
    if (found)
      return;
    found = arrival;
  }
  if (!found)
    return;
  AttribSample sample = { .time_ns = found->time_ns, .len = found->len, .tid = task->tid,
                          .bytes = (gint32)bytes, .weak = TRUE };
  events_add_sample(m->received, &sample);
  found->len = 0;
}

/* sock_send_length and sock_recv_length: who moved how many bytes of which socket */
static void events_length(AttribMachine *m, const AttribPlan *plan, const TbItem *event)
{
  gboolean out = plan->kind == ATTRIB_SEND_LENGTH;
  gint64 bytes = events_int(plan, 2, event);
  guint64 sk = (guint64)events_int(plan, 0, event);
  AttribTask *task = events_actor(m, event);
  if (!task || !sk)
    return;
  gboolean peek = !out && events_int(plan, 3, event) & EVENTS_MSG_PEEK;
  if (out)
    task->wrote = TRUE;
  else
    task->read = m->reads_told = TRUE;
  gboolean stream = events_int(plan, 1, event) == ATTRIB_TCP;
  if (stream && bytes <= 0) {
    /* An error may be all that is left of a socket: it makes no new one. */
  } else if (stream) {
    guint32 index = attrib_socket_find(&m->sockets, sk, event->machine_time.ns);
    events_bind(m, task, index);
    if (out)
      events_note_stream(m, task);
    task->moved[out ? ATTRIB_WRITTEN : ATTRIB_READ] = index + 1;
    if (!peek)
      attrib_socket_move(&m->sockets, index, out ? ATTRIB_WRITTEN : ATTRIB_READ, task->tid,
                         (guint64)bytes, task->call ? task->enter_ns : event->machine_time.ns,
                         event->machine_time.ns);
  } else if (out) {
    events_settle(m, task, (gint32)bytes, FALSE);
  } else if (bytes >= 0 && !peek) {
    events_read_datagram(m, task, sk, (gint32)bytes, event->machine_time.ns);
  } else if (bytes == EVENTS_EAGAIN) {
    events_found_empty(m, sk, event->machine_time.ns);
  }
  if (!task->call)
    task->calls++;
}

/* --- system calls --- */

static guint32 events_counted(AttribMachine *m, const AttribTask *task, gint32 fd, gint64 time_ns);

/* The call that @task was in last came back unseen: whose descriptor it is on is known. */
static void events_miss(AttribMachine *m, AttribTask *task)
{
  gboolean out = task->call == ATTRIB_CALL_WRITE || task->call == ATTRIB_CALL_SEND;
  gboolean in = task->call == ATTRIB_CALL_READ || task->call == ATTRIB_CALL_RECV ||
                task->call == ATTRIB_CALL_RECVMSG;
  if ((!out && !in) || (out ? task->wrote : task->read) || task->peeks)
    return;
  guint32 socket = events_counted(m, task, task->fd, task->enter_ns);
  if (socket != ATTRIB_NONE)
    attrib_socket_ask(&m->sockets, socket, out ? ATTRIB_WRITTEN : ATTRIB_READ, task->tid,
                      task->argument, task->enter_ns);
}

static void events_enter(AttribMachine *m, AttribTask *task, AttribCall call, const gint64 *args,
                         gint64 time_ns)
{
  if (G_UNLIKELY(task->call != ATTRIB_CALL_NONE)) {
    m->lossy = TRUE;
    events_miss(m, task);
  }
  task->call = (guint8)call;
  task->calls++;
  task->wrote = task->read = task->peeks = FALSE;
  task->socket = ATTRIB_NONE;
  task->enter_ns = time_ns;
  task->fd = (gint32)args[0];
  task->fd2 = (gint32)args[1];
  task->argument = (guint32)args[1];
  task->subcall = 0;
  task->left = ATTRIB_CALL_NONE;
  switch ((int)call) {
  case ATTRIB_CALL_RECV:
    task->peeks = (args[3] & EVENTS_MSG_PEEK) != 0;
    task->argument = (guint32)CLAMP(args[2], 1, G_MAXUINT32);
    break;
  case ATTRIB_CALL_RECVMSG:
    task->peeks = (args[2] & EVENTS_MSG_PEEK) != 0;
    task->argument = G_MAXUINT32;
    break;
  case ATTRIB_CALL_READ:
  case ATTRIB_CALL_WRITE:
  case ATTRIB_CALL_SEND: task->argument = (guint32)CLAMP(args[2], 1, G_MAXUINT32); break;
  case ATTRIB_CALL_CLONE:
    task->argument = (guint32)args[tb_syscall_flags_argument(m->machine->arch)];
    break;
  case ATTRIB_CALL_ACCEPT4: task->argument = (guint32)args[3]; break;
  case ATTRIB_CALL_DUP3: task->argument = (guint32)args[2]; break;
  case ATTRIB_CALL_FCNTL:
    if (args[1] == EVENTS_F_SETFD)
      attrib_fd_set_cloexec(&m->tasks, task, task->fd, (args[2] & 1) != 0);
    break;
  case ATTRIB_CALL_SPLICE: task->fd2 = (gint32)args[2]; break;
  case ATTRIB_CALL_SOCKETCALL: task->subcall = (guint8)args[0]; break;
  /* Closed at once: the number may be given out again before this call is back. */
  case ATTRIB_CALL_CLOSE: attrib_fd_close(&m->tasks, task, task->fd, task->fd); break;
  case ATTRIB_CALL_CLOSE_RANGE:
    if (args[2] == 0)
      attrib_fd_close(&m->tasks, task, task->fd, (gint32)MIN((guint32)args[1], G_MAXINT32));
    break;
  default: break;
  }
}

/* The socket of @fd whose bytes are counted, made where it is only known to be a socket. */
static guint32 events_counted(AttribMachine *m, const AttribTask *task, gint32 fd, gint64 time_ns)
{
  guint32 file = attrib_fd_get(&m->tasks, task, fd);
  if (file == ATTRIB_NONE || attrib_file(&m->tasks, file)->datagram)
    return task->fd == fd ? task->socket : ATTRIB_NONE;
  guint32 socket = attrib_file(&m->tasks, file)->socket;
  if (socket == ATTRIB_NONE) {
    socket = attrib_socket_new(&m->sockets, 0, time_ns);
    attrib_file(&m->tasks, file)->socket = socket;
  }
  return socket;
}

static G_GNUC_NO_INLINE void events_count_through(AttribMachine *m, AttribTask *task, gint32 fd,
                                                  AttribWay way, gint64 bytes, gint64 time_ns)
{
  guint32 socket = events_counted(m, task, fd, time_ns);
  if (socket == ATTRIB_NONE) {
    if (way == ATTRIB_READ && !m->reads_told && task->call != ATTRIB_CALL_READ && task->call != ATTRIB_CALL_SPLICE)
      events_read_unnamed(m, task, bytes);
    return;
  }
  attrib_socket(&m->sockets, socket)->sides[way].by_calls = TRUE;
  task->moved[way] = socket + 1;
  attrib_socket_move(&m->sockets, socket, way, task->tid, (guint64)bytes, task->enter_ns, time_ns);
  /* While nothing tells whose end the descriptor is, what it sent may. */
  if (way == ATTRIB_WRITTEN && attrib_socket(&m->sockets, socket)->has_tuple)
    events_note_stream(m, task);
}

static inline void events_count(AttribMachine *m, AttribTask *task, gint32 fd, AttribWay way,
                                gint64 bytes, gint64 time_ns)
{
  if (bytes > 0 && !(way == ATTRIB_WRITTEN ? task->wrote : task->read) && !task->peeks)
    events_count_through(m, task, fd, way, bytes, time_ns);
}

/* A call whose result does not say how many bytes. */
static void events_uncounted(AttribMachine *m, AttribTask *task, AttribWay way, gint64 time_ns)
{
  if (way == ATTRIB_WRITTEN ? task->wrote : task->read)
    return;
  guint32 socket = events_counted(m, task, task->fd, time_ns);
  if (socket != ATTRIB_NONE)
    attrib_socket(&m->sockets, socket)->sides[way].gap = TRUE;
}

static void events_new_fd(AttribMachine *m, AttribTask *task, gint64 fd, gboolean datagram,
                          gboolean cloexec)
{
  if (fd < 0 || fd > G_MAXINT32)
    return;
  guint32 file = attrib_file_new(&m->tasks, ATTRIB_NONE, datagram);
  attrib_fd_set(&m->tasks, task, (gint32)fd, file, cloexec);
}

static void events_dup(AttribMachine *m, AttribTask *task, gint64 fd, gboolean cloexec)
{
  if (fd < 0 || fd > G_MAXINT32 || fd == task->fd)
    return;
  guint32 file = attrib_fd_get(&m->tasks, task, task->fd);
  attrib_fd_close(&m->tasks, task, (gint32)fd, (gint32)fd);
  attrib_fd_set(&m->tasks, task, (gint32)fd, file, cloexec);
}

/* socketcall(2): the descriptor is in memory; the socket is known if an event named it. */
static void events_leave_socketcall(AttribMachine *m, AttribTask *task, gint64 result,
                                    gint64 time_ns)
{
  guint8 sub = task->subcall;
  gboolean out = sub == EVENTS_SYS_SEND || sub == EVENTS_SYS_SENDTO || sub == EVENTS_SYS_SENDMSG;
  gboolean in = sub == EVENTS_SYS_RECV || sub == EVENTS_SYS_RECVFROM || sub == EVENTS_SYS_RECVMSG;
  if (out)
    events_settle(m, task, (gint32)CLAMP(result, -1, G_MAXINT32), FALSE);
  if (in && result > 0 && task->socket != ATTRIB_NONE && !task->read)
    attrib_socket_move(&m->sockets, task->socket, ATTRIB_READ, task->tid, (guint64)result,
                       task->enter_ns, time_ns);
}

/* A call comes back whose beginning was not seen: it may well be on the socket used before. */
static void events_leave_unseen(AttribMachine *m, AttribTask *task, AttribCall call, gint64 result,
                                gint64 time_ns)
{
  gboolean out = call == ATTRIB_CALL_WRITE || call == ATTRIB_CALL_SEND;
  gboolean in = call == ATTRIB_CALL_READ || call == ATTRIB_CALL_RECV ||
                call == ATTRIB_CALL_RECVMSG;
  guint32 socket = task->moved[out ? ATTRIB_WRITTEN : ATTRIB_READ];
  if ((out || in) && !(out ? task->wrote : task->read) && socket && result > 0 &&
      result < G_MAXUINT32)
    attrib_socket_ask(&m->sockets, socket - 1, out ? ATTRIB_WRITTEN : ATTRIB_READ, task->tid,
                      (guint32)result, time_ns);
  task->wrote = task->read = FALSE;
}

static void events_leave(AttribMachine *m, AttribTask *task, AttribCall call, gint64 result,
                         gint64 time_ns, gboolean raw)
{
  gboolean twin = task->left == call && task->left_raw != raw;
  task->left = twin ? ATTRIB_CALL_NONE : (guint8)call;
  task->left_raw = raw != FALSE;
  if (task->call != call) {
    if (!twin)
      events_leave_unseen(m, task, call, result, time_ns);
    return;
  }
  switch ((int)call) {
  case ATTRIB_CALL_READ:
  case ATTRIB_CALL_RECV:
  case ATTRIB_CALL_RECVMSG:
    events_count(m, task, task->fd, ATTRIB_READ, result, time_ns);
    break;
  case ATTRIB_CALL_WRITE:
  case ATTRIB_CALL_SEND:
    events_count(m, task, task->fd, ATTRIB_WRITTEN, result, time_ns);
    if (!task->wrote)
      events_settle(m, task, (gint32)CLAMP(result, -1, G_MAXINT32), FALSE);
    break;
  case ATTRIB_CALL_MANY_OUT: events_uncounted(m, task, ATTRIB_WRITTEN, time_ns); break;
  case ATTRIB_CALL_MANY_IN: events_uncounted(m, task, ATTRIB_READ, time_ns); break;
  case ATTRIB_CALL_SENDFILE:
    events_count(m, task, task->fd, ATTRIB_WRITTEN, result, time_ns);
    break;
  case ATTRIB_CALL_SPLICE:
    events_count(m, task, task->fd, ATTRIB_READ, result, time_ns);
    events_count(m, task, task->fd2, ATTRIB_WRITTEN, result, time_ns);
    break;
  case ATTRIB_CALL_SOCKET:
    events_new_fd(m, task, result, (task->argument & EVENTS_SOCK_TYPES) == EVENTS_SOCK_DGRAM,
                  (task->argument & EVENTS_CLOEXEC) != 0);
    break;
  case ATTRIB_CALL_ACCEPT: events_new_fd(m, task, result, FALSE, FALSE); break;
  case ATTRIB_CALL_ACCEPT4:
    events_new_fd(m, task, result, FALSE, (task->argument & EVENTS_CLOEXEC) != 0);
    break;
  case ATTRIB_CALL_DUP:
  case ATTRIB_CALL_DUP2: events_dup(m, task, result, FALSE); break;
  case ATTRIB_CALL_DUP3:
    events_dup(m, task, result, (task->argument & EVENTS_CLOEXEC) != 0);
    break;
  case ATTRIB_CALL_FCNTL:
    if (task->argument == EVENTS_F_DUPFD || task->argument == EVENTS_F_DUPFD_CLOEXEC)
      events_dup(m, task, result, task->argument == EVENTS_F_DUPFD_CLOEXEC);
    break;
  case ATTRIB_CALL_OPEN:
    if (result >= 0 && result <= G_MAXINT32)
      attrib_fd_close(&m->tasks, task, (gint32)result, (gint32)result);
    break;
  case ATTRIB_CALL_SOCKETCALL: events_leave_socketcall(m, task, result, time_ns); break;
  default: break;
  }
  task->call = ATTRIB_CALL_NONE;
  task->socket = ATTRIB_NONE;
  task->wrote = task->read = FALSE;
}

/* Numbers of the kernel's own size; arguments are registers. */
static inline void events_raw_arguments(const AttribPlan *plan, const TbItem *event, gint64 *args)
{
  const TbField *field = plan->fields[1];
  const guint8 *bytes;
  gsize len;
  guint32 size = field->element_size == 4 ? 4 : 8;
  if (G_LIKELY(size == 8 && field->kind == TB_FIELD_ARRAY && !field->is_string &&
               field->size >= 32 && field->offset <= event->record->len &&
               field->size <= event->record->len - field->offset)) {
    for (guint i = 0; i < 4; i++)
      args[i] = (gint64)tb_get_u64(event->record->data + field->offset + i * 8, event->record->type->big);
    return;
  }
  if (!tb_field_get_bytes(field, event->record, &bytes, &len))
    return;
  for (guint i = 0; i < 4 && (i + 1) * size <= len; i++)
    args[i] = size == 4 ? (gint32)tb_get_u32(bytes + (gsize)i * 4, event->record->type->big)
                        : (gint64)tb_get_u64(bytes + (gsize)i * 8, event->record->type->big);
}

static void events_call(AttribMachine *m, const AttribPlan *plan, const TbItem *event)
{
  gint64 args[4];
  AttribCall call = plan->call;
  if (event->record->tid <= 0)
    return;
  AttribTask *task = attrib_task(&m->tasks, event->record->tid);
  if (plan->kind == ATTRIB_LEAVE) {
    events_leave(m, task, call, events_int(plan, 0, event), event->machine_time.ns, FALSE);
    return;
  }
  for (guint i = 0; i < 4; i++)
    args[i] = events_int(plan, i, event);
  /* Both kinds of event tell of one call. */
  if (task->call != call || task->fd != (gint32)args[0]) {
    events_enter(m, task, call, args, event->machine_time.ns);
    task->entered_raw = FALSE;
  }
}

/* Most events of most recordings: what the call is not for is left with a look at its number. */
void attrib_machine_raw_call(AttribMachine *m, const AttribPlan *plan, const TbItem *event)
{
  guint64 number = (guint64)events_int(plan, 0, event);
  if (number >= TB_SYSCALL_NUMBERS || m->calls[number] == ATTRIB_CALL_NONE || event->record->tid <= 0)
    return;
  AttribCall call = (AttribCall)m->calls[number];
  AttribTask *task = attrib_task(&m->tasks, event->record->tid);
  if (plan->kind == ATTRIB_RAW_LEAVE) {
    events_leave(m, task, call, events_int(plan, 1, event), event->machine_time.ns, TRUE);
    return;
  }
  gint64 args[4] = { 0 };
  events_raw_arguments(plan, event, args);
  /* The second event of one call. */
  if (task->call == call && task->fd == (gint32)args[0] && !task->entered_raw)
    return;
  events_enter(m, task, call, args, event->machine_time.ns);
  task->entered_raw = TRUE;
}

/* --- lives --- */

/* The second of two events; alone it does not say whether descriptors are shared, but calls may. */
static void events_fork(AttribMachine *m, gint32 parent, gint32 child, gint64 time_ns)
{
  if (parent <= 0 || child <= 0)
    return;
  AttribTask *task = attrib_task(&m->tasks, child);
  if (task->announced) {
    task->announced = FALSE;
    return;
  }
  const AttribTask *maker = attrib_task(&m->tasks, parent);
  gboolean is_told = maker->call == ATTRIB_CALL_CLONE || maker->call == ATTRIB_CALL_FORK;
  gboolean shares = maker->call == ATTRIB_CALL_CLONE && maker->argument & EVENTS_CLONE_FILES;
  if (!m->births_told || is_told)
    attrib_task_born(&m->tasks, parent, child, shares, time_ns);
  else
    attrib_task(&m->tasks, child)->born_ns = time_ns;
}

static void events_life(AttribMachine *m, const AttribPlan *plan, const TbItem *event)
{
  gint32 first = (gint32)events_int(plan, 0, event);
  switch ((int)plan->kind) {
  case ATTRIB_NEWTASK:
    m->births_told = TRUE;
    if (event->record->tid > 0 && first > 0)
      attrib_task_born(&m->tasks, event->record->tid, first,
                       (events_int(plan, 1, event) & EVENTS_CLONE_FILES) != 0, event->machine_time.ns);
    if (first > 0)
      attrib_task(&m->tasks, first)->announced = TRUE;
    break;
  case ATTRIB_FORK: events_fork(m, first, (gint32)events_int(plan, 1, event), event->machine_time.ns);
    break;
  case ATTRIB_EXEC:
    if (first > 0)
      attrib_task_executed(&m->tasks, first);
    break;
  case ATTRIB_EXIT:
    if (first > 0) {
      events_miss(m, attrib_task(&m->tasks, first));
      attrib_task_ended(&m->tasks, first);
    }
    break;
  default: break;
  }
}

void attrib_machine_flush(AttribMachine *m)
{
  for (guint i = 0; i < ATTRIB_SKBS; i++)
    events_flush(m, &m->skbs[i]);
}

void attrib_machine_lost(AttribMachine *m)
{
  m->sockets.epoch++;
  attrib_tasks_forget(&m->tasks);
  memset(m->skbs, 0, ATTRIB_SKBS * sizeof *m->skbs);
  memset(m->arrivals, 0, ATTRIB_CPUS * sizeof *m->arrivals);
  for (guint i = 0; i < m->inboxes->len; i++)
    g_array_index(m->inboxes, AttribInbox, i).n = 0;
}

void attrib_machine_event(AttribMachine *m, const AttribPlan *plan, const TbItem *event)
{
  switch (plan->kind) {
  case ATTRIB_SET_STATE: events_set_state(m, plan, event); break;
  case ATTRIB_TUPLE:
  case ATTRIB_SPACE_ADJUST:
  case ATTRIB_DESTROY: events_with_tuple(m, plan, event); break;
  case ATTRIB_SEND_LENGTH:
  case ATTRIB_RECV_LENGTH: events_length(m, plan, event); break;
  case ATTRIB_DATA_READY: events_data_ready(m, plan, event); break;
  case ATTRIB_QUEUE: events_queue(m, plan, event); break;
  case ATTRIB_XMIT: events_xmit(m, plan, event); break;
  case ATTRIB_RECEIVE: events_receive(m, plan, event); break;
  case ATTRIB_NEWTASK:
  case ATTRIB_FORK:
  case ATTRIB_EXEC:
  case ATTRIB_EXIT: events_life(m, plan, event); break;
  case ATTRIB_RAW_ENTER:
  case ATTRIB_RAW_LEAVE: attrib_machine_raw_call(m, plan, event); break;
  case ATTRIB_ENTER:
  case ATTRIB_LEAVE: events_call(m, plan, event); break;
  case ATTRIB_OPERATION_OPEN:
  case ATTRIB_OPERATION_MOVE:
  case ATTRIB_OPERATION_TOUCH:
  case ATTRIB_OPERATION_CLOSE: attrib_windows_event(m, plan, event); break;
  case ATTRIB_TOLD:
    if (!m->told)
      m->told = attrib_told_new(m->machine);
    attrib_told_event(m->told, plan, event);
    break;
  }
}
