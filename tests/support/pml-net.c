/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See pml-net.h. */
#include "support/pml-net.h"

#include "base/bytes.h"
#include "pass/facts.h"
#include "support/made-item.h"
#include "support/pcap-build.h"

#include <string.h>

enum { NET_CLASS = 5, NET_LOCAL_V4 = 1, NET_REMOTE_V4 = 2, NET_TCP = 4, NET_WORKER = 44 };
enum { NET_ETHERNET = 1, NET_LINK_BYTES = 14, NET_TIME_BYTES = 8 };

#define NET_UNIX_EPOCH G_GUINT64_CONSTANT(116444736000000000)

static guint64 net_filetime(double ms)
{
  return (guint64)((gint64)PML_BUILDER_START + (gint64)(ms * 10000));
}

static gint64 net_unix_ns(double ms)
{
  return (gint64)(net_filetime(ms) - NET_UNIX_EPOCH) * 100;
}

PmlNet *pml_net_new(gboolean is64)
{
  PmlNet *net = g_new0(PmlNet, 1);
  net->builder = pml_builder_new(is64);
  net->link_type = NET_ETHERNET;
  net->shown = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
  return net;
}

void pml_net_free(PmlNet *net)
{
  if (net->stage)
    net->stage->ops->free(net->stage);
  pml_open_clear(&net->open);
  pml_builder_free(net->builder);
  g_ptr_array_unref(net->shown);
  g_clear_pointer(&net->packets, tb_source_unref);
  g_free(net);
}

void pml_net_process(PmlNet *net, guint32 pid, guint life, const char *name, double start_ms,
                     double end_ms)
{
  g_autofree char *image = g_strconcat("C:\\Apps\\", name, NULL);
  pml_builder_add_process(net->builder, &(PmlBuilderProcess){
      .index = pid + 1000 * life, .pid = pid, .parent_index = pid + 1000 * life,
      .start = net_filetime(start_ms), .end = end_ms > 0 ? net_filetime(end_ms) : 0,
      .name = name, .image = image });
}

/* 4 or 16 bytes. */
static gsize net_address(gboolean six, PmlNetHost host, guint8 *out)
{
  memset(out, 0, 16);
  if (!six) {
    const guint8 group[] = { 224, 0, 0, 251 };
    out[0] = host == PML_NET_LOOP ? 127 : 10;
    out[3] = host == PML_NET_LOOP ? 1 : (guint8)host;
    if (host == PML_NET_GROUP)
      memcpy(out, group, sizeof group);
    return 4;
  }
  out[0] = host == PML_NET_LOOP ? 0 : host == PML_NET_GROUP ? 0xff : 0xfd;
  out[1] = host == PML_NET_GROUP ? 2 : 0;
  out[15] = host == PML_NET_LOOP ? 1 : host == PML_NET_GROUP ? 0xfb : (guint8)host;
  return 16;
}

static void net_operation(PmlNet *net, double ms, guint32 process, PmlNetOperation operation,
                          guint16 flags, PmlNetEnd local, PmlNetEnd remote, guint32 length)
{
  const char *const pairs[] = { "seqnum", "0", "connid", "0", NULL };
  g_auto(TbBuf) detail = { 0 };
  guint8 a[16], b[16];
  net_address(net->six, local.host, a);
  net_address(net->six, remote.host, b);
  if (net->mapped) {
    const guint8 prefix[12] = { [10] = 0xff, [11] = 0xff };
    memcpy(a + 12, a, 4);
    memcpy(b + 12, b, 4);
    memcpy(a, prefix, sizeof prefix);
    memcpy(b, prefix, sizeof prefix);
  } else if (!net->six) {
    flags |= NET_LOCAL_V4 | NET_REMOTE_V4;
  }
  pml_build_network(&detail, flags, length, a, b, local.port, remote.port, pairs);
  pml_builder_add_event(net->builder,
                        &(PmlBuilderEvent){ .class = NET_CLASS, .operation = (guint16)operation,
                                            .process_index = process, .tid = NET_WORKER,
                                            .start = net_filetime(ms), .detail = &detail });
}

void pml_net_tcp(PmlNet *net, double ms, guint32 process, PmlNetOperation operation,
                 PmlNetEnd local, PmlNetEnd remote, guint32 length)
{
  net_operation(net, ms, process, operation, NET_TCP, local, remote, length);
}

void pml_net_udp(PmlNet *net, double ms, guint32 process, PmlNetOperation operation,
                 PmlNetEnd local, PmlNetEnd remote, guint32 length)
{
  net_operation(net, ms, process, operation, 0, local, remote, length);
}

/* --- packets --- */

static void net_be16(TbBuf *out, guint16 value)
{
  tb_buf_append_c(out, (char)(value >> 8));
  tb_buf_append_c(out, (char)value);
}

static void net_be32(TbBuf *out, guint32 value)
{
  net_be16(out, (guint16)(value >> 16));
  net_be16(out, (guint16)value);
}

static void net_network_header(PmlNet *net, TbBuf *out, guint8 protocol, PmlNetHost from,
                               PmlNetHost to, guint16 len)
{
  guint8 a[16], b[16];
  gsize n = net_address(net->six, from, a);
  net_address(net->six, to, b);
  if (net->six) {
    net_be32(out, 6u << 28);
    net_be16(out, len);
    net_be16(out, (guint16)(protocol << 8 | 64));
  } else {
    net_be16(out, 0x4500);
    net_be16(out, (guint16)(20 + len));
    net_be32(out, 0);
    net_be16(out, (guint16)(64 << 8 | protocol));
    net_be16(out, 0);
  }
  tb_buf_append(out, a, n);
  tb_buf_append(out, b, n);
}

static void net_packet(PmlNet *net, double ms, guint8 protocol, PmlNetEnd from, PmlNetEnd to,
                       const TbBuf *head, guint16 payload)
{
  g_auto(TbBuf) out = { 0 };
  gint64 time_ns = net_unix_ns(ms);
  tb_buf_append(&out, &time_ns, sizeof time_ns);
  if (net->link_type == NET_ETHERNET) {
    tb_buf_append_fill(&out, 0, NET_LINK_BYTES - 2);
    net_be16(&out, net->six ? 0x86dd : 0x0800);
  }
  net_network_header(net, &out, protocol, from.host, to.host, (guint16)(4 + head->len + payload));
  net_be16(&out, from.port);
  net_be16(&out, to.port);
  tb_buf_append(&out, head->data, head->len);
  tb_buf_append_fill(&out, 'x', payload);
  g_ptr_array_add(net->shown, g_bytes_new(out.data, out.len));
}

void pml_net_segment(PmlNet *net, double ms, PmlNetEnd from, PmlNetEnd to, guint32 seq, guint32 ack,
                     guint8 flags, guint16 payload)
{
  g_auto(TbBuf) head = { 0 };
  net_be32(&head, seq);
  net_be32(&head, ack);
  net_be16(&head, (guint16)(5 << 12 | flags));
  net_be16(&head, 65535);
  net_be32(&head, 0);
  net_packet(net, ms, 6, from, to, &head, payload);
}

void pml_net_datagram(PmlNet *net, double ms, PmlNetEnd from, PmlNetEnd to, guint16 payload)
{
  g_auto(TbBuf) head = { 0 };
  net_be16(&head, (guint16)(8 + payload));
  net_be16(&head, 0);
  net_packet(net, ms, 17, from, to, &head, payload);
}

/* --- owners --- */

static TbRecord net_packet_event(PmlNet *net, guint n)
{
  gsize len;
  const guint8 *data = g_bytes_get_data(g_ptr_array_index(net->shown, n), &len);
  TbRecord event = { .kind = TB_RECORD_PACKET, .source = net->packets,
                     .data = data + NET_TIME_BYTES, .len = (guint32)len - NET_TIME_BYTES,
                     .orig_len = (guint32)len - NET_TIME_BYTES };
  memcpy(&event.time.ns, data, sizeof event.time.ns);
  return event;
}

static void net_observe(PmlNet *net, const TbRecord *record)
{
  TbItem item = item_of(record);
  net->stage->ops->event(net->stage, &item);
}

static void net_show_operations(PmlNet *net)
{
  TbRecord event;
  TbSource *source = g_ptr_array_index(net->open.reader->sources, 0);
  g_autoptr(GPtrArray) observers = g_ptr_array_new();
  g_ptr_array_add(observers, net->stage);
  g_autoptr(TbFacts) facts = tb_facts_new(observers);
  source->clock.opened = source->clock.axis;
  while (pml_open_next(&net->open, &event, NULL)) {
    for (guint i = 0; i < net->open.reader->types->len; i++)
      ((TbEventType *)g_ptr_array_index(net->open.reader->types, i))->id = i;
    if (tb_facts_are_wanted(facts, (TbEventType *)event.type)) {
      TbItem item = item_of(&event);
      tb_facts_show(facts, &item);
    }
  }
}

void pml_net_finish(PmlNet *net)
{
  const TbBuf *file = pml_builder_finish(net->builder);
  net->open = pml_open_memory(file->data, file->len, NULL);
  g_assert_no_error(net->open.error);
  net->stage = tb_owners_new(TB_CONFIDENCE_CONTEXT);
  net->packets = tb_source_new(TB_SOURCE_PACKETS, "eth0");
  net->packets->link.type = net->link_type;
  net->packets->clock.opened = net->packets->clock.axis;
  tb_source_set_machine(net->packets, g_ptr_array_index(net->open.reader->machines, 0));
  net_show_operations(net);
  for (guint i = 0; i < net->shown->len; i++) {
    TbRecord event = net_packet_event(net, i);
    net_observe(net, &event);
  }
  g_assert_true(net->stage->ops->finish(net->stage, NULL));
}

static void net_check_end(const TbOwner *owner, gint32 pid, TbConfidence confidence)
{
  g_assert_cmpint(owner->confidence, ==, pid ? confidence : TB_CONFIDENCE_NONE);
  g_assert_cmpint(owner->pid, ==, pid);
  g_assert_cmpint(owner->tid, ==, 0);
  if (pid)
    g_assert_cmpstr(owner->via, ==, "pml");
}

static TbOwners net_ask(PmlNet *net, guint n, const char **name)
{
  g_autoptr(TbActors) actors = tb_actors_new();
  TbRecord event = net_packet_event(net, n);
  TbItem item = item_of(&event);
  tb_owners_apply(net->stage, actors, &item, event.time.ns);
  TbOwners owners = item.owners ? *item.owners : (TbOwners){ 0 };
  if (name)
    *name = owners.src.comm;
  return owners;
}

TbOwners pml_net_owners(PmlNet *net, guint n)
{
  return net_ask(net, n, NULL);
}

void pml_net_expect(PmlNet *net, guint n, gint32 src, gint32 dst)
{
  TbOwners owners = pml_net_owners(net, n);
  g_test_message("packet %u: %d %d", n, owners.src.pid, owners.dst.pid);
  net_check_end(&owners.src, src, TB_CONFIDENCE_LINKED);
  net_check_end(&owners.dst, dst, TB_CONFIDENCE_LINKED);
}

void pml_net_guess(PmlNet *net, guint n, gint32 src, gint32 dst)
{
  TbOwners owners = pml_net_owners(net, n);
  g_test_message("packet %u: %d %d", n, owners.src.pid, owners.dst.pid);
  net_check_end(&owners.src, src, TB_CONFIDENCE_CONTEXT);
  net_check_end(&owners.dst, dst, TB_CONFIDENCE_CONTEXT);
}

const char *pml_net_name(PmlNet *net, guint n)
{
  const char *name = NULL;
  net_ask(net, n, &name);
  return name;
}

gboolean pml_net_write(PmlNet *net, const char *log, const char *capture)
{
  const TbBuf *file = pml_builder_finish(net->builder);
  PcapBuild build = pcap_build_init(0xa1b23c4d, FALSE);
  g_auto(TbBuf) out = { 0 };
  build.link_word = net->link_type;
  pcap_build_header(&out, &build);
  for (guint i = 0; i < net->shown->len; i++) {
    TbRecord event = net_packet_event(net, i);
    pcap_build_record(&out, &build, (guint32)(event.time.ns / 1000000000),
                      (guint32)(event.time.ns % 1000000000), event.len, event.len, 0, 0);
    tb_buf_append(&out, event.data, event.len);
  }
  return g_file_set_contents(log, (const char *)file->data, (gssize)file->len, NULL) &&
         g_file_set_contents(capture, (const char *)out.data, (gssize)out.len, NULL);
}
