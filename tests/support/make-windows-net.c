/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes a Process Monitor log and a capture of the same traffic, for tests that look at the
 * result with other programs: make-windows-net 32|64 4|6 LOG CAPTURE. Packets by process:
 * chrome.exe (2116) 6 of TCP and 2 of UDP, svchost.exe (1136) 2 of UDP and 2 of TCP, the last
 * ones between the ends that chrome.exe had; "x comm=chrome.exe y.exe" (300) 1; nobody here 3.
 */
#include "stages/wire/headers.h"
#include "support/pml-net.h"

static const PmlNetEnd here = { PML_NET_HERE, 49383 }, web = { PML_NET_PEER, 443 };
static const PmlNetEnd resolver = { PML_NET_PEER, 53 };

static void add_chrome(PmlNet *net)
{
  pml_net_tcp(net, 100, 2116, PML_NET_CONNECT, here, web, 0);
  pml_net_tcp(net, 101, 2116, PML_NET_SEND, here, web, 517);
  pml_net_tcp(net, 140, 2116, PML_NET_RECEIVE, here, web, 1460);
  pml_net_tcp(net, 200, 2116, PML_NET_DISCONNECT, here, web, 0);
  pml_net_segment(net, 79.5, here, web, 999, 0, TB_NET_TCP_SYN, 0);
  pml_net_segment(net, 99.5, web, here, 4999, 1000, TB_NET_TCP_SYN | TB_NET_TCP_ACK, 0);
  pml_net_segment(net, 100.5, here, web, 1000, 5000, TB_NET_TCP_ACK, 517);
  pml_net_segment(net, 139.5, web, here, 5000, 1517, TB_NET_TCP_ACK, 1460);
  pml_net_segment(net, 199.5, here, web, 1517, 6460, TB_NET_TCP_ACK | TB_NET_TCP_FIN, 0);
  pml_net_segment(net, 240.5, web, here, 6460, 1518, TB_NET_TCP_ACK | TB_NET_TCP_FIN, 0);
}

static void add_datagrams(PmlNet *net)
{
  const PmlNetEnd quic = { PML_NET_HERE, 61611 }, dns = { PML_NET_HERE, 61610 };
  const PmlNetEnd evil = { PML_NET_HERE, 61612 };
  pml_net_udp(net, 300, 1136, PML_NET_SEND, dns, resolver, 32);
  pml_net_udp(net, 310, 1136, PML_NET_RECEIVE, dns, resolver, 48);
  pml_net_udp(net, 320, 2116, PML_NET_SEND, quic, web, 1350);
  pml_net_udp(net, 330, 2116, PML_NET_RECEIVE, quic, web, 33);
  pml_net_udp(net, 340, 300, PML_NET_SEND, evil, web, 10);
  pml_net_datagram(net, 300.5, dns, resolver, 32);
  pml_net_datagram(net, 309.5, resolver, dns, 48);
  pml_net_datagram(net, 320.5, quic, web, 1350);
  pml_net_datagram(net, 329.5, web, quic, 33);
  pml_net_datagram(net, 340.5, evil, web, 10);
}

static void add_second_life(PmlNet *net)
{
  pml_net_tcp(net, 5000, 1136, PML_NET_CONNECT, here, web, 0);
  pml_net_tcp(net, 5001, 1136, PML_NET_SEND, here, web, 99);
  pml_net_segment(net, 4979.5, here, web, 70999, 0, TB_NET_TCP_SYN, 0);
  pml_net_segment(net, 5000.5, here, web, 71000, 1, TB_NET_TCP_ACK, 99);
}

static void add_strangers(PmlNet *net)
{
  const PmlNetEnd other = { PML_NET_OTHER, 49383 }, unused = { PML_NET_HERE, 7 };
  pml_net_segment(net, 6000, other, web, 1000, 1, TB_NET_TCP_ACK, 10);
  pml_net_datagram(net, 6001, other, resolver, 32);
  pml_net_datagram(net, 6002, web, unused, 32);
}

/* Two processes of one number, one after the other. */
static void add_number_used_again(PmlNet *net)
{
  const PmlNetEnd port = { PML_NET_HERE, 6000 };
  pml_net_process(net, 500, 0, "old.exe", 7000, 8000);
  pml_net_process(net, 500, 1, "new.exe", 9000, 0);
  pml_net_udp(net, 7100, 500, PML_NET_SEND, port, web, 10);
  pml_net_udp(net, 9100, 1500, PML_NET_SEND, port, web, 10);
  pml_net_datagram(net, 7100.5, port, web, 10);
  pml_net_datagram(net, 9100.5, port, web, 10);
}

int main(int argc, char **argv)
{
  gboolean again = argc == 6 && g_str_equal(argv[5], "again");
  if (argc != 5 && !again) {
    g_printerr("usage: make-windows-net 32|64 4|6 LOG CAPTURE [again]\n");
    return 2;
  }
  g_autoptr(PmlNet) net = pml_net_new(g_str_equal(argv[1], "64"));
  net->six = g_str_equal(argv[2], "6");
  pml_net_process(net, 2116, 0, "chrome.exe", -60000, 0);
  pml_net_process(net, 1136, 0, "svchost.exe", -60000, 0);
  pml_net_process(net, 300, 0, "x comm=chrome.exe y.exe", -60000, 0);
  add_chrome(net);
  add_datagrams(net);
  add_second_life(net);
  add_strangers(net);
  if (again)
    add_number_used_again(net);
  return pml_net_write(net, argv[3], argv[4]) ? 0 : 1;
}
