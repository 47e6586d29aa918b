/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owners of packets from the network operations of a Process Monitor log: by connection, bytes,
 * size and time, and what must not be named.
 */
#include "stages/wire/headers.h"
#include "support/pml-net.h"

#include <string.h>

static const PmlNetEnd here = { PML_NET_HERE, 50000 }, peer = { PML_NET_PEER, 443 };

/* Every combination of log and capture. */
typedef struct {
  gboolean is64;
  gboolean six;
  guint32 link_type;
} Form;

static const Form forms[] = {
  { FALSE, FALSE, 1 }, { TRUE, FALSE, 101 }, { FALSE, TRUE, 101 }, { TRUE, TRUE, 1 },
};

static PmlNet *net_of_form(gconstpointer data)
{
  const Form *form = data;
  PmlNet *net = pml_net_new(form->is64);
  net->six = form->six;
  net->link_type = form->link_type;
  pml_net_process(net, 300, 0, "chrome.exe", -60000, 0);
  pml_net_process(net, 400, 0, "svchost.exe", -60000, 0);
  return net;
}

static PmlNet *net_plain(void)
{
  return net_of_form(&forms[1]);
}

static void test_connection(gconstpointer data)
{
  g_autoptr(PmlNet) net = net_of_form(data);
  pml_net_tcp(net, 100, 300, PML_NET_CONNECT, here, peer, 0);
  pml_net_tcp(net, 101, 300, PML_NET_SEND, here, peer, 2000);
  pml_net_tcp(net, 150, 300, PML_NET_RECEIVE, here, peer, 700);
  pml_net_tcp(net, 200, 300, PML_NET_DISCONNECT, here, peer, 0);
  pml_net_segment(net, 60, here, peer, 999, 0, TB_NET_TCP_SYN, 0);
  pml_net_segment(net, 99, peer, here, 4999, 1000, TB_NET_TCP_SYN | TB_NET_TCP_ACK, 0);
  pml_net_segment(net, 100.9, here, peer, 1000, 5000, TB_NET_TCP_ACK, 1460);
  pml_net_segment(net, 102, here, peer, 2460, 5000, TB_NET_TCP_ACK, 540);
  pml_net_segment(net, 149, peer, here, 5000, 3000, TB_NET_TCP_ACK, 700);
  pml_net_segment(net, 201, here, peer, 3000, 5700, TB_NET_TCP_ACK | TB_NET_TCP_FIN, 0);
  pml_net_segment(net, 1500, peer, here, 5700, 3001, TB_NET_TCP_ACK | TB_NET_TCP_FIN, 0);
  pml_net_segment(net, 200000, peer, here, 5701, 3001, TB_NET_TCP_ACK, 0);
  pml_net_finish(net);
  const gboolean out[] = { TRUE, FALSE, TRUE, TRUE, FALSE, TRUE, FALSE };
  for (guint i = 0; i < G_N_ELEMENTS(out); i++)
    pml_net_expect(net, i, out[i] ? 300 : 0, out[i] ? 0 : 300);
  g_assert_cmpstr(pml_net_name(net, 0), ==, "chrome.exe");
  pml_net_expect(net, 7, 0, 0); /* minutes behind the end */
}

static void test_accepted(gconstpointer data)
{
  const PmlNetEnd server = { PML_NET_HERE, 80 }, client = { PML_NET_PEER, 51000 };
  g_autoptr(PmlNet) net = net_of_form(data);
  pml_net_tcp(net, 100, 400, PML_NET_ACCEPT, server, client, 0);
  pml_net_tcp(net, 101, 400, PML_NET_RECEIVE, server, client, 90);
  pml_net_tcp(net, 102, 400, PML_NET_SEND, server, client, 40);
  pml_net_segment(net, 50, client, server, 999, 0, TB_NET_TCP_SYN, 0);
  pml_net_segment(net, 51, server, client, 1, 1000, TB_NET_TCP_SYN | TB_NET_TCP_ACK, 0);
  pml_net_segment(net, 101, client, server, 1000, 2, TB_NET_TCP_ACK, 90);
  pml_net_segment(net, 102, server, client, 2, 1090, TB_NET_TCP_ACK, 40);
  pml_net_finish(net);
  for (guint i = 0; i < 4; i++)
    pml_net_expect(net, i, i % 2 ? 400 : 0, i % 2 ? 0 : 400);
}

static void test_both_ends_here(gconstpointer data)
{
  const PmlNetEnd client = { PML_NET_LOOP, 52000 }, server = { PML_NET_LOOP, 8080 };
  g_autoptr(PmlNet) net = net_of_form(data);
  pml_net_tcp(net, 100, 400, PML_NET_ACCEPT, server, client, 0);
  pml_net_tcp(net, 100, 300, PML_NET_CONNECT, client, server, 0);
  pml_net_tcp(net, 101, 300, PML_NET_SEND, client, server, 10);
  pml_net_tcp(net, 101, 400, PML_NET_RECEIVE, server, client, 10);
  pml_net_segment(net, 101, client, server, 1000, 1, TB_NET_TCP_ACK, 10);
  pml_net_segment(net, 101, server, client, 1, 1010, TB_NET_TCP_ACK, 0);
  pml_net_finish(net);
  pml_net_expect(net, 0, 300, 400);
  pml_net_expect(net, 1, 400, 300);
}

static void test_mapped_addresses(void)
{
  g_autoptr(PmlNet) net = net_plain();
  net->mapped = TRUE;
  pml_net_tcp(net, 100, 300, PML_NET_SEND, here, peer, 10);
  pml_net_segment(net, 100, here, peer, 1000, 1, TB_NET_TCP_ACK, 10);
  pml_net_finish(net);
  pml_net_expect(net, 0, 300, 0);
}

/* The other end, other machines' packets with the same ports, a port without operations. */
static void test_remote_ends(void)
{
  const PmlNetEnd other = { PML_NET_OTHER, 50000 }, unused = { PML_NET_HERE, 50001 };
  g_autoptr(PmlNet) net = net_plain();
  pml_net_tcp(net, 100, 300, PML_NET_SEND, here, peer, 10);
  pml_net_udp(net, 100, 300, PML_NET_SEND, here, peer, 10);
  pml_net_segment(net, 100, other, peer, 1000, 1, TB_NET_TCP_ACK, 10);
  pml_net_datagram(net, 100, other, peer, 10);
  pml_net_segment(net, 100, unused, peer, 1000, 1, TB_NET_TCP_ACK, 10);
  pml_net_datagram(net, 100, unused, peer, 10);
  pml_net_datagram(net, 100, peer, other, 10);
  pml_net_finish(net);
  for (guint i = 0; i < 5; i++)
    pml_net_expect(net, i, 0, 0);
}

/* The same ends used again by another process. */
static void test_ends_used_again(gconstpointer data)
{
  g_autoptr(PmlNet) net = net_of_form(data);
  pml_net_tcp(net, 100, 300, PML_NET_CONNECT, here, peer, 0);
  pml_net_tcp(net, 101, 300, PML_NET_SEND, here, peer, 10);
  pml_net_tcp(net, 200, 300, PML_NET_DISCONNECT, here, peer, 0);
  pml_net_tcp(net, 5000, 400, PML_NET_CONNECT, here, peer, 0);
  pml_net_tcp(net, 5001, 400, PML_NET_SEND, here, peer, 10);
  pml_net_segment(net, 80, here, peer, 999, 0, TB_NET_TCP_SYN, 0);
  pml_net_segment(net, 101, here, peer, 1000, 1, TB_NET_TCP_ACK, 10);
  pml_net_segment(net, 260, peer, here, 1, 1011, TB_NET_TCP_ACK, 0);
  pml_net_segment(net, 4960, here, peer, 69999, 0, TB_NET_TCP_SYN, 0);
  pml_net_segment(net, 4990, peer, here, 8999, 70000, TB_NET_TCP_SYN | TB_NET_TCP_ACK, 0);
  pml_net_segment(net, 5001, here, peer, 70000, 9000, TB_NET_TCP_ACK, 10);
  pml_net_finish(net);
  pml_net_expect(net, 0, 300, 0);
  pml_net_expect(net, 1, 300, 0);
  pml_net_expect(net, 2, 0, 300);
  pml_net_expect(net, 3, 400, 0);
  pml_net_expect(net, 4, 0, 400);
  pml_net_expect(net, 5, 400, 0);
}

/* No SYN was captured: a packet between two lives is of the nearer one. */
static void test_between_lives(void)
{
  g_autoptr(PmlNet) net = net_plain();
  pml_net_tcp(net, 100, 300, PML_NET_CONNECT, here, peer, 0);
  pml_net_tcp(net, 200, 300, PML_NET_DISCONNECT, here, peer, 0);
  pml_net_tcp(net, 5000, 400, PML_NET_CONNECT, here, peer, 0);
  pml_net_segment(net, 260, peer, here, 1, 1011, TB_NET_TCP_ACK, 0);
  pml_net_segment(net, 4990, here, peer, 70000, 1, TB_NET_TCP_ACK, 0);
  pml_net_segment(net, 90, here, peer, 1000, 1, TB_NET_TCP_ACK, 0);
  pml_net_finish(net);
  pml_net_expect(net, 0, 0, 300);
  pml_net_expect(net, 1, 400, 0);
  pml_net_expect(net, 2, 300, 0);
}

/* Another process, behind the end of a life: it is a new one, though nothing says so. */
static void test_beginning_not_in_the_log(void)
{
  g_autoptr(PmlNet) net = net_plain();
  pml_net_tcp(net, 100, 300, PML_NET_CONNECT, here, peer, 0);
  pml_net_tcp(net, 101, 300, PML_NET_SEND, here, peer, 10);
  pml_net_tcp(net, 200, 300, PML_NET_DISCONNECT, here, peer, 0);
  pml_net_tcp(net, 5000, 400, PML_NET_SEND, here, peer, 10);
  pml_net_tcp(net, 5500, 400, PML_NET_DISCONNECT, here, peer, 0);
  pml_net_tcp(net, 300000, 400, PML_NET_SEND, here, peer, 10);
  pml_net_segment(net, 101, here, peer, 1000, 1, TB_NET_TCP_ACK, 20);
  pml_net_segment(net, 5000, here, peer, 70000, 1, TB_NET_TCP_ACK, 20);
  pml_net_segment(net, 150000, here, peer, 1, 1, TB_NET_TCP_ACK, 20);
  pml_net_finish(net);
  pml_net_expect(net, 0, 300, 0);
  pml_net_expect(net, 1, 400, 0);
  pml_net_expect(net, 2, 0, 0); /* of neither */
}

/* The log has neither the end of the first life nor anything of the second. */
static void test_next_life_not_in_the_log(void)
{
  g_autoptr(PmlNet) net = net_plain();
  pml_net_tcp(net, 100, 300, PML_NET_CONNECT, here, peer, 0);
  pml_net_tcp(net, 101, 300, PML_NET_SEND, here, peer, 10);
  pml_net_segment(net, 101, here, peer, 1000, 1, TB_NET_TCP_ACK, 10);
  pml_net_segment(net, 3000, here, peer, 1010, 1, TB_NET_TCP_ACK, 10);
  pml_net_segment(net, 5000, here, peer, 69999, 0, TB_NET_TCP_SYN, 0);
  pml_net_segment(net, 5010, peer, here, 8999, 70000, TB_NET_TCP_SYN | TB_NET_TCP_ACK, 0);
  pml_net_segment(net, 5020, here, peer, 70000, 9000, TB_NET_TCP_ACK, 10);
  pml_net_finish(net);
  pml_net_expect(net, 0, 300, 0);
  pml_net_expect(net, 1, 300, 0);
  for (guint i = 2; i < 5; i++)
    pml_net_expect(net, i, 0, 0);
}

/* Neither has the log the beginning of the second; the capture has. */
static void test_life_before_the_log(void)
{
  g_autoptr(PmlNet) net = net_plain();
  pml_net_tcp(net, 5000, 300, PML_NET_SEND, here, peer, 10);
  pml_net_segment(net, 100, here, peer, 1000, 1, TB_NET_TCP_ACK, 10);
  pml_net_segment(net, 4000, here, peer, 69999, 0, TB_NET_TCP_SYN, 0);
  pml_net_segment(net, 4020, peer, here, 8999, 70000, TB_NET_TCP_SYN | TB_NET_TCP_ACK, 0);
  pml_net_segment(net, 4500, peer, here, 9000, 70000, TB_NET_TCP_ACK, 10);
  pml_net_segment(net, 5000, here, peer, 70000, 9010, TB_NET_TCP_ACK, 10);
  pml_net_finish(net);
  pml_net_expect(net, 0, 0, 0);
  pml_net_expect(net, 1, 300, 0);
  pml_net_expect(net, 2, 0, 300);
  pml_net_expect(net, 3, 0, 300);
  pml_net_expect(net, 4, 300, 0);
}

/* What a process did that the log does not name is not another one's. */
static void test_unnamed_process(void)
{
  const PmlNetEnd port = { PML_NET_HERE, 5353 }, other = { PML_NET_OTHER, 5353 };
  g_autoptr(PmlNet) net = net_plain();
  pml_net_udp(net, 100, 77, PML_NET_SEND, port, peer, 10);
  pml_net_udp(net, 101, 300, PML_NET_SEND, port, peer, 20);
  pml_net_udp(net, 102, 77, PML_NET_SEND, port, peer, 30);
  pml_net_datagram(net, 100, port, peer, 10);
  pml_net_datagram(net, 101, port, peer, 20);
  pml_net_datagram(net, 4000, port, other, 20);
  pml_net_finish(net);
  pml_net_expect(net, 0, 0, 0);
  pml_net_expect(net, 1, 300, 0);
  pml_net_expect(net, 2, 0, 0);
}

static void add_hand_over(PmlNet *net)
{
  pml_net_tcp(net, 100, 300, PML_NET_CONNECT, here, peer, 0);
  pml_net_tcp(net, 101, 300, PML_NET_SEND, here, peer, 1000);
  pml_net_tcp(net, 102, 300, PML_NET_RETRANSMIT, here, peer, 1000);
  pml_net_tcp(net, 103, 400, PML_NET_SEND, here, peer, 500);
  pml_net_tcp(net, 104, 400, PML_NET_SEND, here, peer, 500);
}

/* One connection, two processes: whose bytes are where. The first one's bytes may leave late. */
static void test_hand_over_by_bytes(gconstpointer data)
{
  g_autoptr(PmlNet) net = net_of_form(data);
  add_hand_over(net);
  pml_net_segment(net, 99, here, peer, 999, 0, TB_NET_TCP_SYN, 0);
  pml_net_segment(net, 101, here, peer, 1000, 1, TB_NET_TCP_ACK, 600);
  pml_net_segment(net, 2000, here, peer, 1600, 1, TB_NET_TCP_ACK, 400);
  pml_net_segment(net, 2001, here, peer, 2000, 1, TB_NET_TCP_ACK, 1000);
  pml_net_segment(net, 2002, peer, here, 1, 2000, TB_NET_TCP_ACK, 0);
  pml_net_finish(net);
  pml_net_expect(net, 0, 300, 0);
  pml_net_expect(net, 1, 300, 0);
  pml_net_expect(net, 2, 300, 0);
  pml_net_expect(net, 3, 400, 0);
  pml_net_expect(net, 4, 0, 300);
}

/* Bytes that the log does not have: places in the stream say nothing. */
static void test_hand_over_with_a_gap(void)
{
  g_autoptr(PmlNet) net = net_plain();
  add_hand_over(net);
  pml_net_segment(net, 99, here, peer, 999, 0, TB_NET_TCP_SYN, 0);
  pml_net_segment(net, 101, here, peer, 1000, 1, TB_NET_TCP_ACK, 1200);
  pml_net_segment(net, 2001, here, peer, 2200, 1, TB_NET_TCP_ACK, 1000);
  pml_net_finish(net);
  pml_net_expect(net, 0, 300, 0);
  pml_net_guess(net, 1, 300, 0);
  pml_net_guess(net, 2, 400, 0);
}

/* Without the beginning there are sizes and times only. */
static void test_hand_over_by_size(void)
{
  g_autoptr(PmlNet) net = net_plain();
  add_hand_over(net);
  pml_net_segment(net, 104, here, peer, 2000, 1, TB_NET_TCP_ACK, 500);
  pml_net_segment(net, 100, here, peer, 1000, 1, TB_NET_TCP_ACK, 600);
  pml_net_segment(net, 9000, here, peer, 2500, 1, TB_NET_TCP_ACK, 500);
  pml_net_finish(net);
  pml_net_guess(net, 0, 400, 0); /* 300 moved several sizes by then, a resent segment's too */
  pml_net_guess(net, 1, 300, 0);
  pml_net_guess(net, 2, 400, 0);
}

static void test_size_tells(void)
{
  g_autoptr(PmlNet) net = net_plain();
  pml_net_tcp(net, 101, 300, PML_NET_SEND, here, peer, 1000);
  pml_net_tcp(net, 103, 400, PML_NET_SEND, here, peer, 500);
  pml_net_segment(net, 102.8, here, peer, 1000, 1, TB_NET_TCP_ACK, 1000);
  pml_net_segment(net, 101.2, here, peer, 2000, 1, TB_NET_TCP_ACK, 500);
  pml_net_segment(net, 103, here, peer, 2000, 1, TB_NET_TCP_ACK, 501);
  pml_net_finish(net);
  pml_net_expect(net, 0, 300, 0);
  pml_net_expect(net, 1, 400, 0);
  pml_net_guess(net, 2, 400, 0);
}

/* Who connected is not who used it. */
static void test_inherited_connection(void)
{
  g_autoptr(PmlNet) net = net_plain();
  pml_net_tcp(net, 100, 300, PML_NET_CONNECT, here, peer, 0);
  pml_net_tcp(net, 110, 400, PML_NET_SEND, here, peer, 500);
  pml_net_tcp(net, 110, 400, PML_NET_COPY, here, peer, 500);
  pml_net_segment(net, 99, here, peer, 999, 0, TB_NET_TCP_SYN, 0);
  pml_net_segment(net, 110, here, peer, 1000, 1, TB_NET_TCP_ACK, 500);
  pml_net_segment(net, 120, peer, here, 1, 1500, TB_NET_TCP_ACK, 0);
  pml_net_finish(net);
  pml_net_expect(net, 0, 300, 0);
  pml_net_expect(net, 1, 400, 0);
  pml_net_expect(net, 2, 0, 400);
}

/* Attempts to connect that nobody answers. */
static void test_refused_connection(void)
{
  g_autoptr(PmlNet) net = net_plain();
  pml_net_tcp(net, 3000, 300, PML_NET_RECONNECT, here, peer, 0);
  pml_net_tcp(net, 9000, 300, PML_NET_RECONNECT, here, peer, 0);
  pml_net_segment(net, 0, here, peer, 999, 0, TB_NET_TCP_SYN, 0);
  pml_net_segment(net, 3000, here, peer, 999, 0, TB_NET_TCP_SYN, 0);
  pml_net_segment(net, 9000, here, peer, 999, 0, TB_NET_TCP_SYN, 0);
  pml_net_finish(net);
  for (guint i = 0; i < 3; i++)
    pml_net_expect(net, i, 300, 0);
}

static void test_datagrams(gconstpointer data)
{
  const PmlNetEnd resolver = { PML_NET_PEER, 53 }, again = { PML_NET_HERE, 50001 };
  g_autoptr(PmlNet) net = net_of_form(data);
  pml_net_udp(net, 100, 400, PML_NET_SEND, here, resolver, 32);
  pml_net_udp(net, 120, 400, PML_NET_RECEIVE, here, resolver, 80);
  pml_net_udp(net, 130, 300, PML_NET_SEND, again, resolver, 32);
  pml_net_datagram(net, 101, here, resolver, 32);
  pml_net_datagram(net, 119, resolver, here, 80);
  pml_net_datagram(net, 130, again, resolver, 32);
  pml_net_datagram(net, 140, resolver, again, 99); /* its Receive is not in the log */
  pml_net_finish(net);
  pml_net_expect(net, 0, 400, 0);
  pml_net_expect(net, 1, 0, 400);
  pml_net_expect(net, 2, 300, 0);
  pml_net_expect(net, 3, 0, 300);
}

/* Two processes on one port at one time. */
static void test_shared_port(gconstpointer data)
{
  const PmlNetEnd port = { PML_NET_HERE, 5353 }, group = { PML_NET_GROUP, 5353 };
  g_autoptr(PmlNet) net = net_of_form(data);
  for (guint i = 0; i < 4; i++) {
    pml_net_udp(net, 1000 * i, 300, PML_NET_SEND, port, group, 40);
    pml_net_udp(net, 1000 * i + 10, 400, PML_NET_SEND, port, group, i == 3 ? 40 : 60);
  }
  pml_net_udp(net, 4000, 300, PML_NET_RECEIVE, group, peer, 70);
  pml_net_udp(net, 5000, 300, PML_NET_RECEIVE, group, peer, 70);
  pml_net_udp(net, 5000, 400, PML_NET_RECEIVE, group, peer, 70);
  pml_net_datagram(net, 1005, port, group, 40);
  pml_net_datagram(net, 2004, port, group, 60);
  pml_net_datagram(net, 3000, port, group, 40);
  pml_net_datagram(net, 2500, port, group, 40);
  pml_net_datagram(net, 4000, peer, group, 70);
  pml_net_datagram(net, 5000, peer, group, 70);
  pml_net_datagram(net, 8000, peer, group, 70);
  pml_net_finish(net);
  pml_net_expect(net, 0, 300, 0);
  pml_net_expect(net, 1, 400, 0);
  pml_net_guess(net, 2, 300, 0); /* both sent so many bytes */
  pml_net_expect(net, 3, 0, 0);  /* no operation about that time */
  pml_net_expect(net, 4, 0, 300);
  pml_net_guess(net, 5, 0, 300); /* both got it */
  pml_net_expect(net, 6, 0, 0);
}

/* Nothing was told of this pair of ends, and two processes use the port. */
static void test_shared_port_new_remote(void)
{
  const PmlNetEnd other = { PML_NET_OTHER, 9 };
  g_autoptr(PmlNet) net = net_plain();
  for (guint i = 0; i < 4; i++)
    pml_net_udp(net, 1000 * i, i % 2 ? 300 : 400, PML_NET_SEND, here, peer, 40);
  pml_net_datagram(net, 1000, here, other, 40);
  pml_net_datagram(net, 1500, here, other, 40);
  pml_net_finish(net);
  pml_net_guess(net, 0, 300, 0);
  pml_net_expect(net, 1, 0, 0);
}

/* A port goes from one process to the next. */
static void test_port_in_turn(void)
{
  const PmlNetEnd first = { PML_NET_PEER, 1 }, second = { PML_NET_PEER, 2 };
  g_autoptr(PmlNet) net = net_plain();
  pml_net_udp(net, 100, 300, PML_NET_SEND, here, first, 10);
  pml_net_udp(net, 900, 300, PML_NET_SEND, here, first, 10);
  pml_net_udp(net, 5000, 400, PML_NET_SEND, here, second, 20);
  pml_net_udp(net, 6000, 400, PML_NET_RECEIVE, here, second, 20);
  pml_net_datagram(net, 500, here, peer, 77);
  pml_net_datagram(net, 5500, peer, here, 77);
  pml_net_datagram(net, 3000, peer, here, 77);
  pml_net_finish(net);
  pml_net_expect(net, 0, 300, 0);
  pml_net_expect(net, 1, 0, 400);
  pml_net_expect(net, 2, 0, 0);
}

static void test_ended_process(void)
{
  const PmlNetEnd port = { PML_NET_HERE, 6000 };
  g_autoptr(PmlNet) net = net_plain();
  pml_net_process(net, 500, 0, "short.exe", 50, 1000);
  pml_net_udp(net, 100, 500, PML_NET_SEND, port, peer, 10);
  pml_net_tcp(net, 100, 500, PML_NET_SEND, here, peer, 10);
  pml_net_datagram(net, 900, peer, port, 10);
  pml_net_datagram(net, 1020, peer, port, 10);
  pml_net_datagram(net, 2000, peer, port, 10);
  pml_net_segment(net, 2000, peer, here, 1, 1010, TB_NET_TCP_ACK, 0);
  pml_net_segment(net, 200000, peer, here, 1, 1010, TB_NET_TCP_ACK, 0);
  pml_net_datagram(net, -10, peer, port, 10); /* not started yet */
  pml_net_segment(net, -10, peer, here, 1, 1010, TB_NET_TCP_ACK, 0);
  pml_net_finish(net);
  pml_net_expect(net, 0, 0, 500);
  pml_net_expect(net, 1, 0, 500);
  pml_net_expect(net, 2, 0, 0);
  pml_net_expect(net, 3, 0, 500);
  for (guint i = 4; i < 7; i++)
    pml_net_expect(net, i, 0, 0);
}

/* Two processes of one number are two; the log's index says which. */
static void test_number_used_again(void)
{
  const PmlNetEnd port = { PML_NET_HERE, 6000 };
  g_autoptr(PmlNet) net = net_plain();
  pml_net_process(net, 500, 0, "old.exe", 50, 1000);
  pml_net_process(net, 500, 1, "new.exe", 3000, 0);
  pml_net_udp(net, 100, 500, PML_NET_SEND, port, peer, 10);
  pml_net_udp(net, 5000, 1500, PML_NET_SEND, port, peer, 10);
  pml_net_datagram(net, 101, port, peer, 10);
  pml_net_datagram(net, 2000, port, peer, 10);
  pml_net_datagram(net, 5000, port, peer, 10);
  pml_net_finish(net);
  pml_net_expect(net, 0, 500, 0);
  g_assert_cmpstr(pml_net_name(net, 0), ==, "old.exe");
  pml_net_expect(net, 1, 0, 0);
  pml_net_expect(net, 2, 500, 0);
  g_assert_cmpstr(pml_net_name(net, 2), ==, "new.exe");
}

/* Sizes without sense, times that go back, ends of two families, nobody's operations. */
static void test_hostile(gconstpointer data)
{
  const guint8 address[16] = { 10, 0, 0, 1 };
  const PmlNetEnd none = { PML_NET_HERE, 0 };
  g_autoptr(PmlNet) net = net_of_form(data);
  for (guint i = 0; i < 64; i++) {
    pml_net_tcp(net, 100000 - i, i % 2 ? 300 : 400, PML_NET_SEND, here, peer, G_MAXUINT32);
    pml_net_udp(net, 100000 - i, i % 2 ? 300 : 400, PML_NET_SEND, here, peer, G_MAXUINT32 - i);
  }
  pml_net_tcp(net, 5, 77, PML_NET_SEND, here, peer, 1);
  pml_net_tcp(net, 5, 300, PML_NET_SEND, none, peer, 1);
  g_auto(TbBuf) detail = { 0 };
  pml_build_network(&detail, 5, 10, address, address, 1, 2, (const char *const[]){ NULL });
  for (guint32 len = 0; len <= detail.len; len += 11) {
    TbBuf cut = { .data = detail.data, .len = len };
    pml_builder_add_event(net->builder, &(PmlBuilderEvent){ .class = 5, .operation = 2,
                                                            .process_index = 300, .detail = &cut });
  }
  pml_net_segment(net, 99990, here, peer, G_MAXUINT32, 0, TB_NET_TCP_SYN, 0);
  pml_net_segment(net, 99990, here, peer, 0, 0, TB_NET_TCP_ACK, 1000);
  pml_net_segment(net, 99990, here, peer, 0x80000000, 0, TB_NET_TCP_ACK, 1000);
  pml_net_segment(net, 99990, none, peer, 1, 0, TB_NET_TCP_ACK, 1);
  pml_net_finish(net);
  pml_net_guess(net, 1, 400, 0);
  pml_net_guess(net, 2, 400, 0);
  pml_net_expect(net, 3, 0, 0);
}

/* More changes about one moment than are looked at. */
static void test_many_changes(void)
{
  g_autoptr(PmlNet) net = net_plain();
  for (guint i = 0; i < 2000; i++) {
    pml_net_udp(net, 1000 + i * 0.01, i % 2 ? 300 : 400, PML_NET_SEND, here, peer, 10 + i % 7);
    pml_net_datagram(net, 1000 + i * 0.01, here, peer, (guint16)(10 + i % 7));
  }
  pml_net_datagram(net, 1030, here, peer, 99);
  pml_net_finish(net);
  for (guint i = 0; i < 2000; i += 400)
    pml_net_guess(net, i, 400, 0);
  pml_net_guess(net, 2000, 300, 0); /* all of them are before it */
}

static void add_forms(const char *path, GTestDataFunc function)
{
  for (guint i = 0; i < G_N_ELEMENTS(forms); i++) {
    g_autofree char *name = g_strdup_printf("/owners/connections/%s/%s-ipv%d-link%u", path,
                                            forms[i].is64 ? "64" : "32", forms[i].six ? 6 : 4,
                                            forms[i].link_type);
    g_test_add_data_func(name, &forms[i], function);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  add_forms("connection", test_connection);
  add_forms("accepted", test_accepted);
  add_forms("both-ends-here", test_both_ends_here);
  add_forms("ends-used-again", test_ends_used_again);
  add_forms("hand-over-by-bytes", test_hand_over_by_bytes);
  add_forms("datagrams", test_datagrams);
  add_forms("shared-port", test_shared_port);
  add_forms("hostile", test_hostile);
  g_test_add_func("/owners/connections/mapped-addresses", test_mapped_addresses);
  g_test_add_func("/owners/connections/remote-ends", test_remote_ends);
  g_test_add_func("/owners/connections/next-life-not-in-the-log", test_next_life_not_in_the_log);
  g_test_add_func("/owners/connections/life-before-the-log", test_life_before_the_log);
  g_test_add_func("/owners/connections/unnamed-process", test_unnamed_process);
  g_test_add_func("/owners/connections/between-lives", test_between_lives);
  g_test_add_func("/owners/connections/beginning-not-in-the-log", test_beginning_not_in_the_log);
  g_test_add_func("/owners/connections/hand-over-with-a-gap", test_hand_over_with_a_gap);
  g_test_add_func("/owners/connections/shared-port-new-remote", test_shared_port_new_remote);
  g_test_add_func("/owners/connections/hand-over-by-size", test_hand_over_by_size);
  g_test_add_func("/owners/connections/size-tells", test_size_tells);
  g_test_add_func("/owners/connections/inherited-connection", test_inherited_connection);
  g_test_add_func("/owners/connections/refused-connection", test_refused_connection);
  g_test_add_func("/owners/connections/port-in-turn", test_port_in_turn);
  g_test_add_func("/owners/connections/ended-process", test_ended_process);
  g_test_add_func("/owners/connections/number-used-again", test_number_used_again);
  g_test_add_func("/owners/connections/many-changes", test_many_changes);
  return g_test_run();
}
