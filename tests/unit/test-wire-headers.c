/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Packet headers of every link type, and cut at every byte. */
#include "stages/wire/headers.h"

#include "base/bytes.h"

enum { LINK_ETHERNET = 1, LINK_RAW = 101, LINK_LOOP = 108, LINK_COOKED = 113, LINK_COOKED_2 = 276 };

static guint32 put_ipv4_tcp(guint8 *p, guint16 payload)
{
  memset(p, 0, 40);
  p[0] = 0x45;
  tb_put_u16(p + 2, 40 + payload, TRUE);
  tb_put_u16(p + 4, 0x1234, TRUE);
  p[9] = TB_NET_PROTOCOL_TCP;
  p[12] = 10;
  p[15] = 1;
  p[16] = 10;
  p[19] = 2;
  tb_put_u16(p + 20, 40000, TRUE);
  tb_put_u16(p + 22, 80, TRUE);
  tb_put_u32(p + 24, 0xfffffff0u, TRUE);
  tb_put_u32(p + 28, 7, TRUE);
  p[32] = 0x50;
  p[33] = TB_NET_TCP_ACK | TB_NET_TCP_SYN;
  return 40u + payload;
}

static void check_tcp(const TbNetHeaders *h, guint32 network_off, guint32 payload)
{
  g_assert_true(h->link.known);
  g_assert_cmpuint(h->link.ethertype, ==, TB_NET_ETHERTYPE_IPV4);
  g_assert_cmpuint(h->network_off, ==, network_off);
  g_assert_cmpuint(h->family, ==, 4);
  g_assert_cmpuint(h->fragment.id, ==, 0x1234);
  g_assert_true(h->has_transport);
  g_assert_cmpuint(h->source_port, ==, 40000);
  g_assert_cmpuint(h->destination_port, ==, 80);
  g_assert_cmpuint(h->tcp.seq, ==, 0xfffffff0u);
  g_assert_cmpuint(h->tcp.ack, ==, 7);
  g_assert_cmpuint(h->tcp.flags, ==, TB_NET_TCP_ACK | TB_NET_TCP_SYN);
  g_assert_cmpuint(h->payload.off, ==, network_off + 40);
  g_assert_cmpuint(h->payload.len, ==, payload);
  g_assert_cmpuint(h->source[3], ==, 1);
  g_assert_cmpuint(h->destination[3], ==, 2);
}

static void test_ethernet(void)
{
  guint8 p[128] = { [11] = 9, [12] = 0x08 };
  TbNetHeaders h;
  guint32 len = 14 + put_ipv4_tcp(p + 14, 5);
  /* Padding to 60 bytes is no payload. */
  tb_net_parse(LINK_ETHERNET, p, 60, 60, &h);
  check_tcp(&h, 14, 5);
  g_assert_cmpuint(h.network_len, ==, 46);
  g_assert_true(h.link.source_mac == p + 6);
  g_assert_cmpuint(len, ==, 59);
}

static void test_vlan(void)
{
  guint8 p[128] = { [12] = 0x88, [13] = 0xa8, [16] = 0x81, [20] = 0x08 };
  TbNetHeaders h;
  guint32 len = 22 + put_ipv4_tcp(p + 22, 10);
  tb_net_parse(LINK_ETHERNET, p, len, len, &h);
  check_tcp(&h, 22, 10);
  g_assert_cmpuint(h.network_len, ==, 50);
}

static void test_cooked(void)
{
  guint8 p[128] = { [1] = 4, [5] = 6, [14] = 0x08 };
  TbNetHeaders h;
  guint32 len = 16 + put_ipv4_tcp(p + 16, 0);
  tb_net_parse(LINK_COOKED, p, len, len, &h);
  check_tcp(&h, 16, 0);
  g_assert_cmpint(h.link.direction, ==, TB_NET_DIRECTION_SENT);
  guint8 q[128] = { [0] = 0x08, [10] = 0, [11] = 6 };
  len = 20 + put_ipv4_tcp(q + 20, 3);
  tb_net_parse(LINK_COOKED_2, q, len, len, &h);
  check_tcp(&h, 20, 3);
  g_assert_cmpint(h.link.direction, ==, TB_NET_DIRECTION_RECEIVED);
}

static void test_no_link_header(void)
{
  guint8 p[128] = { 0 };
  TbNetHeaders h;
  guint32 len = put_ipv4_tcp(p, 1);
  tb_net_parse(LINK_RAW, p, len, len, &h);
  check_tcp(&h, 0, 1);
  len = 4 + put_ipv4_tcp(p + 4, 1);
  tb_net_parse(LINK_LOOP, p, len, len, &h);
  check_tcp(&h, 4, 1);
  tb_net_parse(9999, p, len, len, &h);
  g_assert_false(h.link.known);
}

static void test_ipv6(void)
{
  guint8 p[128] = { 0x60 };
  TbNetHeaders h;
  tb_put_u16(p + 4, 8 + 8 + 8 + 4, TRUE);
  p[6] = 0; /* hop-by-hop options, then a fragment header, then UDP */
  p[23] = 1;
  p[39] = 2;
  p[40] = 44;
  p[48] = TB_NET_PROTOCOL_UDP;
  tb_put_u32(p + 52, 0xabcd, TRUE);
  tb_put_u16(p + 56, 53, TRUE);
  tb_put_u16(p + 58, 5353, TRUE);
  tb_net_parse(LINK_RAW, p, 68, 68, &h);
  g_assert_cmpuint(h.family, ==, 6);
  g_assert_cmpuint(h.fragment.id, ==, 0xabcd);
  g_assert_true(h.has_transport);
  g_assert_cmpuint(h.source_port, ==, 53);
  g_assert_cmpuint(h.payload.len, ==, 4);
  p[51] = 8; /* not the first fragment */
  tb_net_parse(LINK_RAW, p, 68, 68, &h);
  g_assert_true(h.fragment.later);
  g_assert_false(h.has_transport);
}

static void test_cut(void)
{
  static const guint32 links[] = { LINK_ETHERNET, LINK_RAW, LINK_LOOP, LINK_COOKED, LINK_COOKED_2 };
  g_autoptr(GRand) rand = g_rand_new_with_seed(3);
  for (guint round = 0; round < 3000; round++) {
    guint len = (guint)g_rand_int_range(rand, 0, 90);
    g_autofree guint8 *p = g_malloc(len + (len == 0)); /* ends where the packet does */
    TbNetHeaders h;
    for (guint i = 0; i < len; i++)
      p[i] = (guint8)g_rand_int(rand);
    if (round & 1 && len > 60)
      put_ipv4_tcp(p + (round & 2 ? 0 : 14), 0);
    if (round & 1 && len > 60 && !(round & 2))
      tb_put_u16(p + 12, 0x0800, TRUE);
    for (guint cut = 0; cut <= len; cut++) {
      tb_net_parse(links[round % G_N_ELEMENTS(links)], p + len - cut, cut, cut, &h);
      if (h.has_transport)
        g_assert_cmpuint(h.transport_off + 8, <=, cut);
    }
  }
}

static guint32 put_ipv4(guint8 *p, guint8 protocol, guint16 id, guint16 fragment, guint16 payload)
{
  memset(p, 0, 20);
  p[0] = 0x45;
  tb_put_u16(p + 2, 20 + payload, TRUE);
  tb_put_u16(p + 4, id, TRUE);
  tb_put_u16(p + 6, fragment, TRUE);
  p[9] = protocol;
  return 20u + payload;
}

static void test_fragments(void)
{
  guint8 p[64] = { 0 };
  TbNetHeaders h;
  guint32 len = put_ipv4(p, TB_NET_PROTOCOL_UDP, 7, 0x2000, 16);
  tb_net_parse(LINK_RAW, p, len, len, &h);
  g_assert_true(h.fragment.first && !h.fragment.later && h.has_transport);
  put_ipv4(p, TB_NET_PROTOCOL_UDP, 7, 0x2002, 16);
  tb_net_parse(LINK_RAW, p, len, len, &h);
  g_assert_true(!h.fragment.first && h.fragment.later && !h.has_transport);
  put_ipv4(p, TB_NET_PROTOCOL_UDP, 7, 0x4000, 16); /* must not be cut */
  tb_net_parse(LINK_RAW, p, len, len, &h);
  g_assert_true(!h.fragment.first && !h.fragment.later);
}

static void test_icmp(void)
{
  static const struct { guint8 type; TbNetIcmp kind; } types[] = {
    { 8, TB_NET_ICMP_ASK }, { 0, TB_NET_ICMP_ANSWER }, { 3, TB_NET_ICMP_ERROR },
    { 11, TB_NET_ICMP_ERROR }, { 9, TB_NET_ICMP_NONE },
  };
  guint8 p[64] = { 0 };
  TbNetHeaders h;
  guint32 len = put_ipv4(p, TB_NET_PROTOCOL_ICMP, 7, 0, 16);
  tb_put_u16(p + 24, 0xabcd, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
    p[20] = types[i].type;
    tb_net_parse(LINK_RAW, p, len, len, &h);
    g_assert_cmpint(h.icmp.kind, ==, types[i].kind);
    g_assert_cmpuint(h.icmp.id, ==, i < 2 ? 0xabcd : 0);
    g_assert_cmpuint(h.icmp.quoted_off, ==, types[i].kind == TB_NET_ICMP_ERROR ? 28 : 0);
  }
  tb_net_parse(LINK_RAW, p, 27, len, &h); /* cut within the header */
  g_assert_cmpint(h.icmp.kind, ==, TB_NET_ICMP_NONE);
}

static void test_arp(void)
{
  guint8 p[42] = { [12] = 8, [13] = 6, [15] = 1, [16] = 8, [18] = 6, [19] = 4, [28] = 10, [38] = 11 };
  TbNetHeaders h;
  tb_net_parse(LINK_ETHERNET, p, sizeof p, sizeof p, &h);
  g_assert_true(h.arp && h.family == 0);
  g_assert_cmpuint(h.source[0], ==, 10);
  g_assert_cmpuint(h.destination[0], ==, 11);
  tb_net_parse(LINK_ETHERNET, p, 41, 42, &h);
  g_assert_false(h.arp);
  p[18] = 8; /* other hardware */
  tb_net_parse(LINK_ETHERNET, p, sizeof p, sizeof p, &h);
  g_assert_false(h.arp);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/wire/headers/ethernet/padded", test_ethernet);
  g_test_add_func("/wire/headers/ethernet/two-vlan-tags", test_vlan);
  g_test_add_func("/wire/headers/cooked/both-versions", test_cooked);
  g_test_add_func("/wire/headers/raw/and-loop", test_no_link_header);
  g_test_add_func("/wire/headers/ipv6/extension-headers", test_ipv6);
  g_test_add_func("/wire/headers/any/cut-at-every-byte", test_cut);
  g_test_add_func("/wire/headers/fragments", test_fragments);
  g_test_add_func("/wire/headers/icmp", test_icmp);
  g_test_add_func("/wire/headers/arp", test_arp);
  return g_test_run();
}
