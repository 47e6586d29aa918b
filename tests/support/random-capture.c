/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See random-capture.h. Block layouts as in the pcapng specification, written out once more. */
#include "random-capture.h"

#include "base/bytes.h"
#include "pcap-build.h"

#include <string.h>

enum {
  NS = 1000000000,
  OFFSET_S = 1000,
  MAX_PAYLOAD = 120,
  MAX_INTERFACES = 64,
  EXPERIMENT_PEN = 32473,
};

typedef enum { RESOLUTION_NS, RESOLUTION_US, RESOLUTION_BASE2, RESOLUTION_OFFSET } Resolution;

typedef struct {
  guint32 link_type;
  Resolution resolution;
  gboolean described;
} Interface;

typedef struct {
  gint64 time_ns; /* as its interface can express it */
  guint interface;
} Packet;

/* One file being written. */
typedef struct {
  TbBuf *out;
  const RandomCapture *wish;
  GRand *rand;
  gboolean big;
  Interface interfaces[MAX_INTERFACES];
  guint file_ids[MAX_INTERFACES]; /* number of an interface in its section */
  guint n_described;
} Capture;

static guint below(GRand *rand, guint n)
{
  return n > 1 ? (guint)g_rand_int_range(rand, 0, (gint32)n) : 0;
}

static gboolean one_in(Capture *c, RandomFeatures feature, guint n)
{
  return (c->wish->features & feature) && below(c->rand, n) == 0;
}

static void put_u16(Capture *c, guint16 value)
{
  guint8 bytes[2];
  tb_put_u16(bytes, value, c->big);
  tb_buf_append(c->out, bytes, sizeof bytes);
}

static void put_u32(Capture *c, guint32 value)
{
  guint8 bytes[4];
  tb_put_u32(bytes, value, c->big);
  tb_buf_append(c->out, bytes, sizeof bytes);
}

static void put_padded(Capture *c, const void *bytes, gsize len)
{
  tb_buf_append(c->out, bytes, len);
  tb_buf_append_fill(c->out, 0, tb_pad4(len) - len);
}

static void put_option(Capture *c, guint16 code, const void *value, guint16 len)
{
  put_u16(c, code);
  put_u16(c, len);
  put_padded(c, value, len);
}

static void put_option_u32(Capture *c, guint16 code, guint32 value)
{
  put_u16(c, code);
  put_u16(c, 4);
  put_u32(c, value);
}

static void put_comment(Capture *c, const char *what)
{
  g_autofree char *text = g_strdup_printf("%s %u", what, below(c->rand, 1000));
  put_option(c, 1, text, (guint16)strlen(text));
}

static gsize begin_block(Capture *c, guint32 type)
{
  gsize start = c->out->len;
  put_u32(c, type);
  put_u32(c, 0);
  return start;
}

static void end_block(Capture *c, gsize start)
{
  guint32 len = (guint32)(c->out->len - start) + 4;
  tb_put_u32(c->out->data + start + 4, len, c->big);
  put_u32(c, len);
}

static void put_section(Capture *c)
{
  gsize start = begin_block(c, 0x0a0d0d0a);
  put_u32(c, 0x1a2b3c4d);
  put_u16(c, 1);
  put_u16(c, 0);
  put_u32(c, G_MAXUINT32);
  put_u32(c, G_MAXUINT32);
  if (one_in(c, RANDOM_OPTIONS, 2)) {
    put_comment(c, "section");
    put_option(c, 0, NULL, 0);
  }
  end_block(c, start);
}

static void put_interface(Capture *c, guint index)
{
  Interface *interface = &c->interfaces[index];
  g_autofree char *name = g_strdup_printf("%s%seth%u", c->wish->host ? c->wish->host : "",
                                          c->wish->host ? ":" : "", index);
  guint8 resolution = interface->resolution == RESOLUTION_BASE2 ? 0x80 | 10
                      : interface->resolution == RESOLUTION_US  ? 6
                                                                : 9;
  gsize start = begin_block(c, 1);
  put_u16(c, (guint16)interface->link_type);
  put_u16(c, 0);
  put_u32(c, 65535);
  put_option(c, 2, name, (guint16)strlen(name));
  put_option(c, 9, &resolution, 1);
  if (interface->resolution == RESOLUTION_OFFSET) {
    guint8 offset[8];
    tb_put_u64(offset, OFFSET_S, c->big);
    put_option(c, 14, offset, sizeof offset);
  }
  if (one_in(c, RANDOM_OPTIONS, 3))
    put_comment(c, "interface");
  put_option(c, 0, NULL, 0);
  end_block(c, start);
  c->file_ids[index] = c->n_described++;
  interface->described = TRUE;
}

/* What the interface's resolution makes of a time. */
static gint64 round_time(const Interface *interface, gint64 time_ns)
{
  gint64 s = time_ns / NS, ns = time_ns % NS;
  if (interface->resolution == RESOLUTION_US)
    ns -= ns % 1000;
  if (interface->resolution == RESOLUTION_BASE2)
    ns = ns * 1024 / NS * NS / 1024;
  return s * NS + ns;
}

static guint64 ticks_of(const Interface *interface, gint64 time_ns)
{
  guint64 s = (guint64)(time_ns / NS), ns = (guint64)(time_ns % NS);
  switch (interface->resolution) {
  case RESOLUTION_US: return s * 1000000 + ns / 1000;
  case RESOLUTION_BASE2: return s * 1024 + (ns * 1024 + NS - 1) / NS; /* undoes round_time() */
  case RESOLUTION_OFFSET: return (s - OFFSET_S) * NS + ns;
  case RESOLUTION_NS:
  default: return s * NS + ns;
  }
}

static gint compare_packets(gconstpointer a, gconstpointer b)
{
  gint64 x = ((const Packet *)a)->time_ns, y = ((const Packet *)b)->time_ns;
  return x < y ? -1 : x > y;
}

/* Packets of the whole file in the order they are written. */
static GArray *make_packets(Capture *c)
{
  const RandomCapture *wish = c->wish;
  guint n_times = MAX(wish->n_times, 1);
  g_autofree gint64 *times = g_new(gint64, n_times);
  GArray *packets = g_array_new(FALSE, FALSE, sizeof(Packet));
  for (guint i = 0; i < n_times; i++)
    times[i] = (gint64)wish->start_s * NS
               + (below(c->rand, 2) ? (gint64)below(c->rand, 4000) * 1000000
                                    : (gint64)below(c->rand, 4) * NS + below(c->rand, NS));
  for (guint i = 0; i < wish->n_packets; i++) {
    Packet packet = { .interface = below(c->rand, wish->n_interfaces) };
    packet.time_ns = round_time(&c->interfaces[packet.interface], times[below(c->rand, n_times)]);
    g_array_append_val(packets, packet);
  }
  g_array_sort(packets, compare_packets);
  for (guint i = 0; i < wish->n_swaps && packets->len > 1; i++) {
    Packet *a = &g_array_index(packets, Packet, below(c->rand, packets->len));
    Packet *b = &g_array_index(packets, Packet, below(c->rand, packets->len));
    Packet kept = *a;
    *a = *b;
    *b = kept;
  }
  return packets;
}

/* Frames that every dissector accepts: experimental types with any bytes behind the header. */
static gsize make_bytes(Capture *c, guint32 link_type, guint8 *bytes)
{
  static const guint8 ethernet[14] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5 };
  static const guint8 cooked[16] = { 0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 0x88, 0xb5 };
  guint8 ip[20] = { 0x45, 0, 0, 0, 0, 0, 0, 0, 64, 253, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2 };
  gsize payload = below(c->rand, MAX_PAYLOAD);
  const guint8 *head = link_type == 1 ? ethernet : link_type == 113 ? cooked : ip;
  gsize head_len = link_type == 1 ? 14 : link_type == 113 ? 16 : 20;
  tb_put_u16(ip + 2, (guint16)(head_len + payload), TRUE);
  memcpy(bytes, head, head_len);
  for (gsize i = 0; i < payload; i++)
    bytes[head_len + i] = (guint8)below(c->rand, 256);
  return head_len + payload;
}

static void put_packet_options(Capture *c, gboolean old)
{
  if (!one_in(c, RANDOM_OPTIONS, 3))
    return;
  for (guint n = below(c->rand, 3); n > 0; n--)
    put_comment(c, "packet");
  if (below(c->rand, 2))
    put_option_u32(c, 2, 1 + below(c->rand, 2));
  if (!old && below(c->rand, 3) == 0) {
    guint8 id[8];
    tb_put_u64(id, below(c->rand, 100000), c->big);
    put_option(c, 5, id, sizeof id);
  }
  if (!old && below(c->rand, 4) == 0) {
    guint8 custom[9] = { 0, 0, 0, 0, 'w', 'o', 'r', 'd', 's' };
    tb_put_u32(custom, EXPERIMENT_PEN, c->big);
    put_option(c, 2988, custom, sizeof custom);
  }
  put_option(c, 0, NULL, 0);
}

static void put_packet(Capture *c, const Packet *packet)
{
  const Interface *interface = &c->interfaces[packet->interface];
  guint8 bytes[MAX_PAYLOAD + 20];
  gsize len = make_bytes(c, interface->link_type, bytes);
  gsize caplen = below(c->rand, 5) ? len : MAX(len / 2, 20);
  guint64 ticks = ticks_of(interface, packet->time_ns);
  guint id = c->file_ids[packet->interface];
  gboolean old = one_in(c, RANDOM_OLD_PACKETS, 6);
  gboolean simple = !old && id == 0 && one_in(c, RANDOM_SIMPLE_PACKETS, 6);
  caplen = simple ? len : MIN(caplen, len);
  gsize start = begin_block(c, old ? 2 : simple ? 3 : 6);
  if (old) {
    put_u16(c, (guint16)id);
    put_u16(c, 0xffff);
  } else if (!simple) {
    put_u32(c, id);
  }
  if (!simple) {
    put_u32(c, (guint32)(ticks >> 32));
    put_u32(c, (guint32)ticks);
    put_u32(c, (guint32)caplen);
  }
  put_u32(c, (guint32)len);
  put_padded(c, bytes, caplen);
  if (!simple)
    put_packet_options(c, old);
  end_block(c, start);
}

static void put_names(Capture *c)
{
  guint number = below(c->rand, 200);
  guint8 record[4 + 32] = { 10, 0, 0, (guint8)number };
  int name_len = g_snprintf((char *)record + 4, 32, "host%u.example", number) + 1;
  gsize start = begin_block(c, 4);
  put_option(c, 1, record, (guint16)(4 + name_len));
  put_option(c, 0, NULL, 0);
  end_block(c, start);
}

static void put_secrets(Capture *c)
{
  g_autofree char *text = g_strdup_printf("CLIENT_RANDOM %064x %096x\n", below(c->rand, 9999),
                                          below(c->rand, 9999));
  gsize start = begin_block(c, 10);
  put_u32(c, 0x544c534b);
  put_u32(c, (guint32)strlen(text));
  put_padded(c, text, strlen(text));
  end_block(c, start);
}

static void put_custom(Capture *c)
{
  guint8 bytes[16];
  for (guint i = 0; i < sizeof bytes; i++)
    bytes[i] = (guint8)below(c->rand, 256);
  gsize start = begin_block(c, 0xbad);
  put_u32(c, EXPERIMENT_PEN);
  tb_buf_append(c->out, bytes, sizeof bytes);
  end_block(c, start);
}

static void put_statistics(Capture *c, guint index)
{
  guint64 ticks = ticks_of(&c->interfaces[index], ((gint64)c->wish->start_s + 5) * NS);
  guint8 received[8];
  tb_put_u64(received, below(c->rand, 100000), c->big);
  gsize start = begin_block(c, 5);
  put_u32(c, c->file_ids[index]);
  put_u32(c, (guint32)(ticks >> 32));
  put_u32(c, (guint32)ticks);
  put_option(c, 4, received, sizeof received);
  put_option(c, 0, NULL, 0);
  end_block(c, start);
}

static void begin_section(Capture *c)
{
  put_section(c);
  c->n_described = 0;
  for (guint i = 0; i < c->wish->n_interfaces; i++) {
    c->interfaces[i].described = FALSE;
    if (!one_in(c, RANDOM_LATE_INTERFACES, 2))
      put_interface(c, i);
  }
}

static void end_section(Capture *c)
{
  for (guint i = 0; i < c->wish->n_interfaces; i++)
    if (c->interfaces[i].described && one_in(c, RANDOM_STATISTICS, 2))
      put_statistics(c, i);
}

static void choose_interfaces(Capture *c)
{
  static const guint32 link_types[] = { 1, 101, 113 };
  g_assert_cmpuint(c->wish->n_interfaces, >=, 1);
  g_assert_cmpuint(c->wish->n_interfaces, <=, MAX_INTERFACES);
  for (guint i = 0; i < c->wish->n_interfaces; i++) {
    c->interfaces[i].link_type = c->wish->link_type ? c->wish->link_type
                                                    : link_types[below(c->rand, 3)];
    c->interfaces[i].resolution =
        c->wish->features & RANDOM_RESOLUTIONS ? (Resolution)below(c->rand, 4) : RESOLUTION_NS;
  }
}

void random_capture_pcapng(TbBuf *out, const RandomCapture *wish, GRand *rand)
{
  Capture c = { .out = out, .wish = wish, .rand = rand, .big = (gboolean)below(rand, 2) };
  choose_interfaces(&c);
  g_autoptr(GArray) packets = make_packets(&c);
  guint second = wish->features & RANDOM_SECTIONS ? below(rand, packets->len + 1) : G_MAXUINT;
  begin_section(&c);
  for (guint i = 0; i < packets->len; i++) {
    const Packet *packet = &g_array_index(packets, Packet, i);
    if (i == second) {
      end_section(&c);
      c.big = !c.big;
      begin_section(&c);
    }
    if (!c.interfaces[packet->interface].described)
      put_interface(&c, packet->interface);
    if (one_in(&c, RANDOM_NAMES, 10))
      put_names(&c);
    if (one_in(&c, RANDOM_SECRETS, 15))
      put_secrets(&c);
    if (one_in(&c, RANDOM_CUSTOM, 15))
      put_custom(&c);
    put_packet(&c, packet);
  }
  end_section(&c);
}

void random_capture_pcap(TbBuf *out, const RandomCapture *wish, GRand *rand)
{
  RandomCapture one = *wish;
  one.n_interfaces = 1;
  one.features = 0;
  Capture c = { .out = out, .wish = &one, .rand = rand, .big = (gboolean)below(rand, 2) };
  choose_interfaces(&c);
  PcapBuild build = pcap_build_init(0xa1b23c4d, c.big);
  build.link_word = c.interfaces[0].link_type;
  g_autoptr(GArray) packets = make_packets(&c);
  pcap_build_header(out, &build);
  for (guint i = 0; i < packets->len; i++) {
    const Packet *packet = &g_array_index(packets, Packet, i);
    guint8 bytes[MAX_PAYLOAD + 20];
    gsize len = make_bytes(&c, build.link_word, bytes);
    pcap_build_record(out, &build, (guint32)(packet->time_ns / NS),
                      (guint32)(packet->time_ns % NS), (guint32)len, (guint32)len, 0, 0);
    tb_buf_append(out, bytes, len);
  }
}
