/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Network events made in memory; see net-events.h. */
#include "support/net-events.h"

#include "decode/linux/linux-decoder.h"
#include "support/made-item.h"

#include <string.h>

enum {
  NET_SET_STATE,
  NET_ADJUST,
  NET_SEND,
  NET_RECV,
  NET_READY,
  NET_QUEUE,
  NET_XMIT,
  NET_RECEIVE,
  NET_ENTER,
  NET_LEAVE,
  NET_NEWTASK,
};

/* i = signed, n = unsigned number of so many bytes, a = array of so many bytes */
static const struct {
  const char *system;
  const char *name;
  const char *fields;
} net_types[NET_TYPES] = {
  { "sock", "inet_sock_set_state",
    "n8 skaddr,i4 newstate,n2 sport,n2 dport,n2 family,n2 protocol,a4 saddr,a4 daddr,"
    "a16 saddr_v6,a16 daddr_v6" },
  { "tcp", "tcp_rcv_space_adjust",
    "n8 skaddr,n2 sport,n2 dport,n2 family,a4 saddr,a4 daddr,a16 saddr_v6,a16 daddr_v6" },
  { "sock", "sock_send_length", "n8 sk,n2 family,n2 protocol,i4 ret,i4 flags" },
  { "sock", "sock_recv_length", "n8 sk,n2 family,n2 protocol,i4 ret,i4 flags" },
  { "sock", "sk_data_ready", "n8 skaddr,n2 family,n2 protocol" },
  { "net", "net_dev_queue", "n8 skbaddr,n4 len" },
  { "net", "net_dev_start_xmit", "n8 skbaddr,n4 len,i4 network_offset" },
  { "net", "netif_receive_skb", "n8 skbaddr,n4 len" },
  { "raw_syscalls", "sys_enter", "i8 id,a48 args" },
  { "raw_syscalls", "sys_exit", "i8 id,i8 ret" },
  { "task", "task_newtask", "i4 pid,a16 comm,n8 clone_flags" },
};

static void net_append_text(const TbEventType *type, const TbRecord *event, TbBuf *out)
{
  tb_buf_append_str(out, "made in memory");
}

static const TbEventTypeOps net_ops = { .append_text = net_append_text,
                                        .decoder = &tb_linux_decoder };

static TbEventType *net_make_type(guint kind)
{
  TbEventType *type = tb_event_type_new(net_types[kind].system, net_types[kind].name, &net_ops,
                                        NULL);
  g_auto(GStrv) specs = g_strsplit(net_types[kind].fields, ",", -1);
  GArray *fields = g_array_new(FALSE, TRUE, sizeof(TbField));
  guint32 offset = 8;
  for (guint i = 0; specs[i]; i++) {
    TbField field = { .name = g_strdup(strchr(specs[i], ' ') + 1) };
    field.size = (guint32)g_ascii_strtoull(specs[i] + 1, NULL, 10);
    field.kind = specs[i][0] == 'i' ? TB_FIELD_INT
                 : specs[i][0] == 'n' ? TB_FIELD_UINT
                                      : TB_FIELD_ARRAY;
    field.element_size = field.size == 48 ? 8 : 1;
    field.offset = offset;
    offset += field.size;
    g_array_append_val(fields, field);
  }
  tb_event_type_take_fields(type, fields);
  type->id = kind;
  return type;
}

/* Known to be processes; the one behind them is older than the recording. */
static void net_add_processes(Net *net)
{
  static const gint32 pids[] = { 100, 101, 200, 201, 300 };
  for (guint i = 0; i < G_N_ELEMENTS(pids); i++) {
    guint32 id = tb_timeline_add_process(net->machine->timeline, pids[i]);
    tb_timeline_get_process(net->machine->timeline, id)->start.id_known = TRUE;
  }
  tb_timeline_add_process(net->machine->timeline, NET_OLDER);
}

Net *net_new(void)
{
  Net *net = g_new0(Net, 1);
  net->machine = tb_machine_new();
  net->machine->arch = TB_ARCH_X86_64;
  net->events = tb_source_new(TB_SOURCE_EVENTS, "ftrace");
  net->packets = tb_source_new(TB_SOURCE_PACKETS, "eth0");
  net->packets->link.type = 1;
  tb_source_set_machine(net->events, net->machine);
  tb_source_set_machine(net->packets, net->machine);
  net->packets->clock.opened = net->packets->clock.axis;
  net->stage = tb_owners_new(TB_CONFIDENCE_CONTEXT);
  net->observers = g_ptr_array_new();
  g_ptr_array_add(net->observers, net->stage);
  net->facts = tb_facts_new(net->observers);
  net->shown = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
  for (guint i = 0; i < NET_TYPES; i++) {
    net->types[i] = net_make_type(i);
    g_assert_true(tb_facts_are_wanted(net->facts, net->types[i]));
  }
  net_add_processes(net);
  net->now_ns = 1000000000;
  return net;
}

void net_free(Net *net)
{
  for (guint i = 0; i < NET_TYPES; i++)
    tb_event_type_unref(net->types[i]);
  tb_facts_free(net->facts);
  g_ptr_array_unref(net->observers);
  net->stage->ops->free(net->stage);
  g_ptr_array_unref(net->shown);
  tb_source_unref(net->events);
  tb_source_unref(net->packets);
  tb_machine_unref(net->machine);
  g_free(net);
}

static guint8 *net_place(Net *net, guint kind, const char *name, guint32 *size)
{
  const TbField *field = tb_event_type_find_field(net->types[kind], name);
  g_assert_nonnull(field);
  *size = field->size;
  return net->data + field->offset;
}

static void net_set(Net *net, guint kind, const char *name, gint64 value)
{
  guint32 size;
  guint8 *place = net_place(net, kind, name, &size);
  guint64 le = GUINT64_TO_LE((guint64)value);
  memcpy(place, &le, size);
}

static void net_set_address(Net *net, guint kind, const char *name, guint8 last)
{
  guint32 size;
  const guint8 address[] = { 10, 0, 0, last };
  memcpy(net_place(net, kind, name, &size), address, sizeof address);
}

static void net_observe(Net *net, const TbRecord *record)
{
  TbItem item = item_of(record);
  if (record->kind == TB_RECORD_EVENT)
    tb_facts_show(net->facts, &item);
  else if (record->kind == TB_RECORD_LOST)
    tb_facts_lost(net->facts, &item);
  else
    net->stage->ops->event(net->stage, &item);
}

static void net_show(Net *net, guint kind, gint32 tid)
{
  net_observe(net, &(TbRecord){ .kind = TB_RECORD_EVENT, .flags = net->irq ? TB_RECORD_IRQ : 0,
                                .time.ns = net->now_ns, .source = net->events,
                                .type = net->types[kind], .data = net->data, .len = 128,
                                .tid = tid });
  memset(net->data, 0, sizeof net->data);
  net->now_ns += 1000;
}

static void net_set_tuple(Net *net, guint kind, guint64 sk, guint16 local, guint16 remote)
{
  net_set(net, kind, "skaddr", (gint64)sk);
  net_set(net, kind, "sport", local);
  net_set(net, kind, "dport", remote);
  net_set(net, kind, "family", 2);
  net_set_address(net, kind, "saddr", local > 1023 ? 1 : 2);
  net_set_address(net, kind, "daddr", local > 1023 ? 2 : 1);
}

static void net_state(Net *net, gint32 tid, guint64 sk, guint16 local, guint16 remote, gint state)
{
  net_set_tuple(net, NET_SET_STATE, sk, local, remote);
  net_set(net, NET_SET_STATE, "protocol", 6);
  net_set(net, NET_SET_STATE, "newstate", state);
  net_show(net, NET_SET_STATE, tid);
}

void net_connect(Net *net, gint32 tid, guint64 sk, guint16 port, guint16 to)
{
  net_state(net, tid, sk, 0, to, 2);
  net_state(net, tid, sk, port, to, 1);
}

void net_accept(Net *net, guint64 sk, guint16 port, guint16 to)
{
  net->irq = TRUE;
  net_state(net, 1, sk, to, 0, 3);
  net_state(net, 1, sk, to, port, 1);
  net->irq = FALSE;
}

void net_close(Net *net, gint32 tid, guint64 sk, guint16 local, guint16 remote)
{
  net_state(net, tid, sk, local, remote, 7);
}

void net_space_adjust(Net *net, gint32 tid, guint64 sk, guint16 local, guint16 remote)
{
  net_set_tuple(net, NET_ADJUST, sk, local, remote);
  net_show(net, NET_ADJUST, tid);
}

static void net_show_length(Net *net, guint kind, gint32 tid, guint64 sk, gint protocol,
                            gint32 bytes, gint32 flags)
{
  net_set(net, kind, "sk", (gint64)sk);
  net_set(net, kind, "protocol", protocol);
  net_set(net, kind, "ret", bytes);
  net_set(net, kind, "flags", flags);
  net_show(net, kind, tid);
}

void net_length(Net *net, gint32 tid, guint64 sk, gboolean out, gint32 bytes, gint32 flags)
{
  net_show_length(net, out ? NET_SEND : NET_RECV, tid, sk, 6, bytes, flags);
}

void net_datagram(Net *net, gint32 tid, guint64 sk, gint32 bytes)
{
  net_show_length(net, NET_RECV, tid, sk, 17, bytes, 0);
}

void net_transmit(Net *net, gint32 tid, guint64 skb, guint32 len)
{
  net_set(net, NET_QUEUE, "skbaddr", (gint64)skb);
  net_set(net, NET_QUEUE, "len", len + 14);
  net_show(net, NET_QUEUE, tid);
  net_set(net, NET_XMIT, "skbaddr", (gint64)skb);
  net_set(net, NET_XMIT, "len", len + 14);
  net_set(net, NET_XMIT, "network_offset", 14);
  net_show(net, NET_XMIT, tid);
}

void net_receive(Net *net, guint64 sk, guint32 len)
{
  net->irq = TRUE;
  net_set(net, NET_RECEIVE, "skbaddr", 0x77);
  net_set(net, NET_RECEIVE, "len", len);
  net_show(net, NET_RECEIVE, 1);
  net_set(net, NET_READY, "skaddr", (gint64)sk);
  net_set(net, NET_READY, "protocol", 17);
  net_show(net, NET_READY, 1);
  net->irq = FALSE;
}

void net_enter(Net *net, gint32 tid, gint64 number, gint64 a, gint64 b, gint64 c)
{
  guint32 size;
  net_set(net, NET_ENTER, "id", number);
  const guint64 args[] = { GUINT64_TO_LE((guint64)a), GUINT64_TO_LE((guint64)b),
                           GUINT64_TO_LE((guint64)c) };
  memcpy(net_place(net, NET_ENTER, "args", &size), args, sizeof args);
  net_show(net, NET_ENTER, tid);
}

void net_leave(Net *net, gint32 tid, gint64 number, gint64 result)
{
  net_set(net, NET_LEAVE, "id", number);
  net_set(net, NET_LEAVE, "ret", result);
  net_show(net, NET_LEAVE, tid);
}

void net_call(Net *net, gint32 tid, gint64 number, gint64 a, gint64 b, gint64 c, gint64 result)
{
  net_enter(net, tid, number, a, b, c);
  net_leave(net, tid, number, result);
}

void net_fork(Net *net, gint32 parent, gint32 child, gint64 flags)
{
  net_set(net, NET_NEWTASK, "pid", child);
  net_set(net, NET_NEWTASK, "clone_flags", flags);
  net_show(net, NET_NEWTASK, parent);
}

void net_lost(Net *net)
{
  net_observe(net, &(TbRecord){ .kind = TB_RECORD_LOST, .time.ns = net->now_ns,
                                .source = net->events });
}

static TbRecord net_packet_record(Net *net, GBytes *bytes, gint64 time_ns)
{
  gsize len;
  const guint8 *data = g_bytes_get_data(bytes, &len);
  return (TbRecord){ .kind = TB_RECORD_PACKET, .time.ns = time_ns, .source = net->packets,
                     .data = data + 8, .len = (guint32)len - 8, .orig_len = (guint32)len - 8 };
}

/* The first 8 bytes of what is kept are the time. */
static void net_packet(Net *net, guint8 protocol, guint16 from, guint16 to, const guint8 *head,
                       gsize head_len, guint16 payload)
{
  gsize len = 14 + 20 + head_len + payload;
  guint8 *kept = g_malloc0(8 + len), *p = kept + 8;
  memcpy(kept, &net->now_ns, 8);
  p[12] = 8;
  p[14] = 0x45;
  p[16] = (guint8)((len - 14) >> 8);
  p[17] = (guint8)(len - 14);
  p[18] = (guint8)(net->ip_id >> 8);
  p[19] = (guint8)net->ip_id;
  p[20] = (guint8)(net->fragment >> 8);
  p[21] = (guint8)net->fragment;
  p[22] = 64;
  p[23] = protocol;
  const guint8 source[] = { 10, 0, 0, from > 1023 ? 1 : 2 };
  const guint8 target[] = { 10, 0, 0, from > 1023 ? 2 : 1 };
  memcpy(p + 26, source, 4);
  memcpy(p + 30, target, 4);
  if (head_len)
    memcpy(p + 34, head, head_len);
  GBytes *bytes = g_bytes_new_take(kept, 8 + len);
  TbRecord record = net_packet_record(net, bytes, net->now_ns);
  net_observe(net, &record);
  g_ptr_array_add(net->shown, bytes);
  net->now_ns += 1000;
}

void net_packet_piece(Net *net, guint16 from, guint16 to, guint16 payload)
{
  net_packet(net, 17, from, to, NULL, 0, payload);
}

void net_packet_icmp(Net *net, guint16 from, guint8 type, guint16 id, guint16 payload)
{
  const guint8 head[8] = { type, [4] = (guint8)(id >> 8), [5] = (guint8)id };
  net_packet(net, 1, from, 0, head, sizeof head, payload);
}

void net_packet_error(Net *net, guint16 from, guint16 to)
{
  guint8 head[8 + 20 + 8] = { 3, 3, [8] = 0x45, [11] = 28, [16] = 64, [17] = 17 };
  const guint8 ends[] = { 10, 0, 0, 1, 10, 0, 0, 2, (guint8)(from >> 8), (guint8)from,
                          (guint8)(to >> 8), (guint8)to, 0, 8 };
  memcpy(head + 20, ends, sizeof ends);
  net_packet(net, 1, 7, 0, head, sizeof head, 0);
}

void net_packet_tcp(Net *net, guint16 from, guint16 to, guint32 seq, guint32 ack, guint8 flags,
                    guint16 payload)
{
  guint8 head[20] = { (guint8)(from >> 8), (guint8)from, (guint8)(to >> 8), (guint8)to };
  for (guint i = 0; i < 4; i++) {
    head[4 + i] = (guint8)(seq >> (24 - 8 * i));
    head[8 + i] = (guint8)(ack >> (24 - 8 * i));
  }
  head[12] = 5 << 4;
  head[13] = flags;
  net_packet(net, 6, from, to, head, sizeof head, payload);
}

void net_packet_udp(Net *net, guint16 from, guint16 to, guint16 payload)
{
  guint16 len = (guint16)(payload + 8);
  const guint8 head[8] = { (guint8)(from >> 8), (guint8)from, (guint8)(to >> 8), (guint8)to,
                           (guint8)(len >> 8), (guint8)len };
  net_packet(net, 17, from, to, head, sizeof head, payload);
}

void net_finish(Net *net)
{
  g_assert_true(net->stage->ops->finish(net->stage, NULL));
}

static void net_expect_end(const TbOwner *owner, gint32 tid, TbConfidence confidence)
{
  if (tid == 0) {
    g_assert_false(tb_owner_is_known(owner));
    return;
  }
  g_assert_cmpint(owner->tid, ==, tid);
  g_assert_cmpint(owner->confidence, ==, confidence);
}

TbOwners net_apply(Net *net, guint n, const TbOwners *told)
{
  g_autoptr(TbActors) actors = tb_actors_new();
  GBytes *bytes = g_ptr_array_index(net->shown, n);
  gint64 time_ns;
  memcpy(&time_ns, g_bytes_get_data(bytes, NULL), 8);
  TbRecord record = net_packet_record(net, bytes, time_ns);
  TbItem item = item_of(&record);
  item.owners = told;
  tb_owners_apply(net->stage, actors, &item, time_ns);
  return item.owners ? *item.owners : (TbOwners){ 0 };
}

void net_expect(Net *net, guint n, gint32 src, TbConfidence src_confidence, gint32 dst,
                TbConfidence dst_confidence)
{
  TbOwners owners = net_apply(net, n, NULL);
  net_expect_end(&owners.src, src, src_confidence);
  net_expect_end(&owners.dst, dst, dst_confidence);
}
