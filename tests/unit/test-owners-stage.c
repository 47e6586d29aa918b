/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owners of packets from events made in memory: each kind of evidence by
 * itself, and what must not be named.
 */
#include "stages/owners/owners.h"
#include "stages/resource/resource-samples.h"
#include "stages/wire/headers.h"
#include "support/net-events.h"

static void test_written_and_read(void)
{
  g_autoptr(Net) net = net_new();
  net_connect(net, 100, 0xa1, 40000, 80);
  net_accept(net, 0xb1, 40000, 80);
  net_packet_tcp(net, 40000, 80, 999, 0, TB_NET_TCP_SYN, 0);
  net_length(net, 100, 0xa1, TRUE, 10, 0);
  net_packet_tcp(net, 40000, 80, 1000, 0, TB_NET_TCP_ACK, 10);
  net_length(net, 200, 0xb1, FALSE, 10, 0);
  net_finish(net);
  net_expect(net, 1, 100, TB_CONFIDENCE_CERTAIN, 200, TB_CONFIDENCE_CERTAIN);
  /* The SYN has no bytes: linked, at both ends. */
  net_expect(net, 0, 100, TB_CONFIDENCE_LINKED, 200, TB_CONFIDENCE_LINKED);
  g_assert_false(net_apply(net, 1, NULL).src.pid_is_thread);
}

/* Whose birth was not seen may be a thread of any process: never certain. */
static void test_process_not_known(void)
{
  g_autoptr(Net) net = net_new();
  net_connect(net, NET_OLDER, 0xa1, 40000, 80);
  net_packet_tcp(net, 40000, 80, 999, 0, TB_NET_TCP_SYN, 0);
  net_length(net, NET_OLDER, 0xa1, TRUE, 10, 0);
  net_packet_tcp(net, 40000, 80, 1000, 0, TB_NET_TCP_ACK, 10);
  net_finish(net);
  net_expect(net, 1, NET_OLDER, TB_CONFIDENCE_LINKED, 0, TB_CONFIDENCE_NONE);
  g_assert_true(net_apply(net, 1, NULL).src.pid_is_thread);
}

/* The result of a call was not seen; what is missing is what the call asked for. */
static void test_missing_result(void)
{
  g_autoptr(Net) net = net_new();
  net_connect(net, 100, 0xa1, 40000, 80);
  net_packet_tcp(net, 40000, 80, 999, 0, TB_NET_TCP_SYN, 0);
  net_call(net, 100, 41, 2, 1, 0, 3);     /* socket() = 3 */
  net_enter(net, 100, 44, 3, 0, 1000);    /* sendto(3, 1000) ... */
  net_length(net, 100, 0xa1, TRUE, 1000, 0);
  net_leave(net, 100, 44, 1000);          /* ... = 1000 */
  net_fork(net, 100, 101, 0x1200000);
  net_enter(net, 101, 44, 3, 0, 500);     /* sendto(3, 500) ... and nothing more of it */
  net_call(net, 101, 44, 3, 0, 70, 70);
  net_packet_tcp(net, 40000, 80, 1000, 0, TB_NET_TCP_ACK, 1000);
  net_packet_tcp(net, 40000, 80, 2000, 0, TB_NET_TCP_ACK, 500);
  net_packet_tcp(net, 40000, 80, 2500, 0, TB_NET_TCP_ACK, 70);
  net_packet_tcp(net, 40000, 80, 2570, 0, TB_NET_TCP_ACK | TB_NET_TCP_FIN, 0);
  net_finish(net);
  net_expect(net, 1, 100, TB_CONFIDENCE_LINKED, 0, TB_CONFIDENCE_NONE);
  net_expect(net, 2, 101, TB_CONFIDENCE_LINKED, 0, TB_CONFIDENCE_NONE);
  net_expect(net, 3, 101, TB_CONFIDENCE_LINKED, 0, TB_CONFIDENCE_NONE);
}

/* Two used the socket, of one of them no byte was seen to be written: it may have been any. */
static void test_turn_unseen(void)
{
  g_autoptr(Net) net = net_new();
  net_connect(net, 100, 0xa1, 40000, 80);
  net_packet_tcp(net, 40000, 80, 999, 0, TB_NET_TCP_SYN, 0);
  net_length(net, 101, 0xa1, TRUE, 700, 0);
  net_packet_tcp(net, 40000, 80, 1000, 0, TB_NET_TCP_ACK, 900);
  net_packet_tcp(net, 40000, 80, 1900, 0, TB_NET_TCP_ACK, 700);
  net_packet_tcp(net, 40000, 80, 2600, 0, TB_NET_TCP_ACK | TB_NET_TCP_FIN, 0);
  net_finish(net);
  net_expect(net, 1, 101, TB_CONFIDENCE_CONTEXT, 0, TB_CONFIDENCE_NONE);
  net_expect(net, 2, 101, TB_CONFIDENCE_CONTEXT, 0, TB_CONFIDENCE_NONE);
}

/* Bytes that leave late are the first writer's, whoever runs or wrote last. */
static void test_ranges_through_a_hand_over(void)
{
  g_autoptr(Net) net = net_new();
  net_connect(net, 100, 0xa1, 40000, 80);
  net_packet_tcp(net, 40000, 80, 999, 0, TB_NET_TCP_SYN, 0);
  net_length(net, 100, 0xa1, TRUE, 1000, 0);
  net_length(net, 101, 0xa1, TRUE, 500, 0);
  net_packet_tcp(net, 40000, 80, 1000, 0, TB_NET_TCP_ACK, 600);
  net_packet_tcp(net, 40000, 80, 1600, 0, TB_NET_TCP_ACK, 400);
  net_packet_tcp(net, 40000, 80, 2000, 0, TB_NET_TCP_ACK, 500);
  net_finish(net);
  net_expect(net, 1, 100, TB_CONFIDENCE_CERTAIN, 0, TB_CONFIDENCE_NONE);
  net_expect(net, 2, 100, TB_CONFIDENCE_CERTAIN, 0, TB_CONFIDENCE_NONE);
  net_expect(net, 3, 101, TB_CONFIDENCE_CERTAIN, 0, TB_CONFIDENCE_NONE);
}

/* A look ahead moves no bytes. */
static void test_peek_does_not_count(void)
{
  g_autoptr(Net) net = net_new();
  net_accept(net, 0xb1, 40000, 80);
  net_packet_tcp(net, 40000, 80, 999, 0, TB_NET_TCP_SYN, 0);
  net_length(net, 201, 0xb1, FALSE, 10, 2);
  net_length(net, 200, 0xb1, FALSE, 10, 0);
  net_packet_tcp(net, 40000, 80, 1000, 0, TB_NET_TCP_ACK, 10);
  net_finish(net);
  net_expect(net, 1, 0, TB_CONFIDENCE_NONE, 200, TB_CONFIDENCE_CERTAIN);
}

/* More bytes were captured than counted: the place of a byte is known only so far. */
static void test_missing_bytes_lower_the_confidence(void)
{
  g_autoptr(Net) net = net_new();
  net_connect(net, 100, 0xa1, 40000, 80);
  net_packet_tcp(net, 40000, 80, 999, 0, TB_NET_TCP_SYN, 0);
  net_length(net, 100, 0xa1, TRUE, 1000, 0);
  net_length(net, 101, 0xa1, TRUE, 1000, 0);
  net_packet_tcp(net, 40000, 80, 1000, 0, TB_NET_TCP_ACK, 100);
  net_packet_tcp(net, 40000, 80, 2050, 0, TB_NET_TCP_ACK, 100);
  net_packet_tcp(net, 40000, 80, 3000, 0, TB_NET_TCP_ACK, 100);
  net_packet_tcp(net, 40000, 80, 3100, 0, TB_NET_TCP_ACK | TB_NET_TCP_FIN, 0);
  net_finish(net);
  net_expect(net, 1, 100, TB_CONFIDENCE_LINKED, 0, TB_CONFIDENCE_NONE);
  net_expect(net, 2, 101, TB_CONFIDENCE_CONTEXT, 0, TB_CONFIDENCE_NONE);
  net_expect(net, 3, 101, TB_CONFIDENCE_LINKED, 0, TB_CONFIDENCE_NONE);
}

static void test_gap_lowers_the_confidence(void)
{
  g_autoptr(Net) net = net_new();
  net_connect(net, 100, 0xa1, 40000, 80);
  net_packet_tcp(net, 40000, 80, 999, 0, TB_NET_TCP_SYN, 0);
  net_length(net, 100, 0xa1, TRUE, 10, 0);
  net_lost(net);
  net_length(net, 100, 0xa1, TRUE, 10, 0);
  net_packet_tcp(net, 40000, 80, 1000, 0, TB_NET_TCP_ACK, 20);
  net_finish(net);
  net_expect(net, 1, 100, TB_CONFIDENCE_LINKED, 0, TB_CONFIDENCE_NONE);
}

/* A descriptor goes through accept, fork and dup; the reader is the child. */
static void test_descriptor_tables(void)
{
  g_autoptr(Net) net = net_new();
  net_accept(net, 0xb1, 40000, 80);
  net_packet_tcp(net, 40000, 80, 999, 0, TB_NET_TCP_SYN, 0);
  net_call(net, 200, 288, 3, 0, 0, 5);  /* accept4(3) = 5 */
  net_fork(net, 200, 201, 0x1200000);
  net_call(net, 200, 3, 5, 0, 0, 0);    /* the parent closes it */
  net_call(net, 201, 32, 5, 0, 0, 7);   /* dup(5) = 7 */
  net_enter(net, 201, 45, 5, 0, 100);   /* recvfrom(5) ... */
  net_space_adjust(net, 201, 0xb1, 80, 40000);
  net_leave(net, 201, 45, 10);          /* ... = 10 */
  net_call(net, 201, 1, 7, 0, 30, 30);  /* write(7) = 30 */
  net_packet_tcp(net, 40000, 80, 1000, 5000, TB_NET_TCP_ACK, 10);
  net_packet_tcp(net, 80, 40000, 4999, 1000, TB_NET_TCP_ACK | TB_NET_TCP_SYN, 0);
  net_packet_tcp(net, 80, 40000, 5000, 1010, TB_NET_TCP_ACK, 30);
  net_finish(net);
  net_expect(net, 1, 0, TB_CONFIDENCE_NONE, 201, TB_CONFIDENCE_CERTAIN);
  net_expect(net, 3, 201, TB_CONFIDENCE_CERTAIN, 0, TB_CONFIDENCE_NONE);
}

/* What runs in an interrupt has nothing to do with the packet. */
static void test_interrupts_name_nobody(void)
{
  g_autoptr(Net) net = net_new();
  net->irq = TRUE;
  net_transmit(net, 300, 0x51, 128);
  net->irq = FALSE;
  net_packet_udp(net, 5000, 53, 100);
  net_finish(net);
  net_expect(net, 0, 0, TB_CONFIDENCE_NONE, 0, TB_CONFIDENCE_NONE);
}

static void test_datagram_by_transmit(void)
{
  g_autoptr(Net) net = net_new();
  for (guint i = 0; i < 4; i++) {
    net_transmit(net, 300, 0x51, 128 + i);
    net_packet_udp(net, 5000, 53, 100 + i);
  }
  net_finish(net);
  /* Port 53 has nobody here: a remote end is never named. */
  net_expect(net, 0, 300, TB_CONFIDENCE_LINKED, 0, TB_CONFIDENCE_NONE);
  net_expect(net, 3, 300, TB_CONFIDENCE_LINKED, 0, TB_CONFIDENCE_NONE);
}

static void test_datagram_by_receive_chain(void)
{
  g_autoptr(Net) net = net_new();
  for (guint i = 0; i < 3; i++) {
    net_packet_udp(net, 5000, 53, 100 + i);
    net_receive(net, 0xd1, 128 + i);
    net_datagram(net, 400, 0xd1, 100 + i);
  }
  net_finish(net);
  net_expect(net, 0, 0, TB_CONFIDENCE_NONE, 400, TB_CONFIDENCE_LINKED);
  net_expect(net, 2, 0, TB_CONFIDENCE_NONE, 400, TB_CONFIDENCE_LINKED);
}

/* Two tasks share a port: each packet is that of its own sender. */
static void test_shared_port(void)
{
  g_autoptr(Net) net = net_new();
  for (guint i = 0; i < 6; i++) {
    net_transmit(net, i % 2 ? 301 : 300, 0x51, 128 + i);
    net_packet_udp(net, 5000, 53, 100 + i);
  }
  net_packet_udp(net, 5000, 53, 700);
  net_finish(net);
  net_expect(net, 4, 300, TB_CONFIDENCE_LINKED, 0, TB_CONFIDENCE_NONE);
  net_expect(net, 5, 301, TB_CONFIDENCE_LINKED, 0, TB_CONFIDENCE_NONE);
  net_expect(net, 6, 0, TB_CONFIDENCE_NONE, 0, TB_CONFIDENCE_NONE);
}

/* The address of a socket is used again, the ports are other ones. */
/* Later fragments are the first one's, also those that come before it; another number is not. */
static void test_fragments(void)
{
  g_autoptr(Net) net = net_new();
  net->ip_id = 77;
  net->fragment = 100;
  net_packet_piece(net, 40000, 53, 300);
  net_transmit(net, 100, 0x51, 20 + 8 + 800);
  net->fragment = 0x2000;
  net_packet_udp(net, 40000, 53, 800);
  net->fragment = 200;
  net_packet_piece(net, 40000, 53, 300);
  net->ip_id = 78;
  net_packet_piece(net, 40000, 53, 300);
  net_finish(net);
  net_expect(net, 0, 100, TB_CONFIDENCE_LINKED, 0, TB_CONFIDENCE_NONE);
  net_expect(net, 1, 100, TB_CONFIDENCE_LINKED, 0, TB_CONFIDENCE_NONE);
  net_expect(net, 2, 100, TB_CONFIDENCE_LINKED, 0, TB_CONFIDENCE_NONE);
  net_expect(net, 3, 0, TB_CONFIDENCE_NONE, 0, TB_CONFIDENCE_NONE);
}

/* Two read one port and events are missing: what was read unseen must not shift all others. */
static void test_readers_with_losses(void)
{
  g_autoptr(Net) net = net_new();
  net_receive(net, 0xb1, 28 + 5);
  net_packet_udp(net, 40000, 53, 5);
  net_datagram(net, 200, 0xb1, 5);
  net->now_ns += 1000000;
  net_receive(net, 0xb1, 28 + 6);
  net_packet_udp(net, 40000, 53, 6);
  net_datagram(net, 201, 0xb1, 6);
  net->now_ns += 1000000;
  net_enter(net, 201, 45, 3, 0, 100); /* recvfrom() twice, and no result of the first one */
  net_enter(net, 201, 45, 3, 0, 100);
  net_leave(net, 201, 45, -11);
  for (guint i = 0; i < 2; i++) {
    net_receive(net, 0xb1, 28 + 7);
    net_packet_udp(net, 40000, 53, 7);
    net->now_ns += 1000000;
  }
  net_datagram(net, 200, 0xb1, 7);
  net_finish(net);
  net_expect(net, 0, 0, TB_CONFIDENCE_NONE, 200, TB_CONFIDENCE_LINKED);
  net_expect(net, 1, 0, TB_CONFIDENCE_NONE, 201, TB_CONFIDENCE_LINKED);
  net_expect(net, 2, 0, TB_CONFIDENCE_NONE, 0, TB_CONFIDENCE_NONE);
  net_expect(net, 3, 0, TB_CONFIDENCE_NONE, 0, TB_CONFIDENCE_NONE);
}

/* Who asks gets the answer with its number; the answer itself is the kernel's. */
static void test_ping(void)
{
  g_autoptr(Net) net = net_new();
  net_transmit(net, 100, 0x51, 20 + 8 + 56);
  net_packet_icmp(net, 40000, 8, 1, 56);
  net_packet_icmp(net, 7, 0, 1, 56);
  net_transmit(net, 101, 0x52, 20 + 8 + 56);
  net_packet_icmp(net, 40000, 8, 2, 56);
  net_packet_icmp(net, 7, 0, 2, 56);
  net_packet_icmp(net, 7, 0, 3, 56);
  net_finish(net);
  net_expect(net, 0, 100, TB_CONFIDENCE_LINKED, 0, TB_CONFIDENCE_NONE);
  net_expect(net, 1, 0, TB_CONFIDENCE_NONE, 100, TB_CONFIDENCE_LINKED);
  net_expect(net, 2, 101, TB_CONFIDENCE_LINKED, 0, TB_CONFIDENCE_NONE);
  net_expect(net, 3, 0, TB_CONFIDENCE_NONE, 101, TB_CONFIDENCE_LINKED);
  net_expect(net, 4, 0, TB_CONFIDENCE_NONE, 0, TB_CONFIDENCE_NONE);
}

/* The news of an error is for the sender of what it quotes. */
static void test_error_about_datagram(void)
{
  g_autoptr(Net) net = net_new();
  net_transmit(net, 100, 0x51, 20 + 8 + 5);
  net_packet_udp(net, 40000, 9999, 5);
  net_packet_error(net, 40000, 9999);
  net_packet_error(net, 40001, 9999);
  net_finish(net);
  net_expect(net, 1, 0, TB_CONFIDENCE_NONE, 100, TB_CONFIDENCE_LINKED);
  net_expect(net, 2, 0, TB_CONFIDENCE_NONE, 0, TB_CONFIDENCE_NONE);
}

static void test_socket_address_used_again(void)
{
  g_autoptr(Net) net = net_new();
  net_connect(net, 100, 0xa1, 40000, 80);
  net_length(net, 100, 0xa1, TRUE, 10, 0);
  net_packet_tcp(net, 40000, 80, 1000, 0, TB_NET_TCP_ACK, 10);
  net_connect(net, 101, 0xa1, 40001, 80);
  net_length(net, 101, 0xa1, TRUE, 10, 0);
  net_packet_tcp(net, 40001, 80, 1000, 0, TB_NET_TCP_ACK, 10);
  net_finish(net);
  net_expect(net, 0, 100, TB_CONFIDENCE_CERTAIN, 0, TB_CONFIDENCE_NONE);
  net_expect(net, 1, 101, TB_CONFIDENCE_CERTAIN, 0, TB_CONFIDENCE_NONE);
}

/*
 * Two lives of one connection's ends. The packets in front of the second one's birth are its own
 * only if the first one is over.
 */
static void check_two_lives(guint64 second, gboolean closed)
{
  g_autoptr(Net) net = net_new();
  net_packet_tcp(net, 40000, 80, 999, 0, TB_NET_TCP_SYN, 0);
  net->now_ns += 1000000000;
  net_packet_tcp(net, 40000, 80, 999, 0, TB_NET_TCP_SYN, 0);
  net_accept(net, 0xb1, 40000, 80);
  net_packet_tcp(net, 40000, 80, 1000, 0, TB_NET_TCP_ACK, 10);
  net_length(net, 200, 0xb1, FALSE, 10, 0);
  net_packet_tcp(net, 40000, 80, 1010, 0, TB_NET_TCP_ACK | TB_NET_TCP_FIN, 0);
  if (closed)
    net_close(net, 200, 0xb1, 80, 40000);
  net->now_ns += 1000000000;
  net_packet_tcp(net, 40000, 80, 4999, 0, TB_NET_TCP_SYN, 0);
  net->now_ns += 1000000000;
  net_packet_tcp(net, 40000, 80, 4999, 0, TB_NET_TCP_SYN, 0);
  net_accept(net, second, 40000, 80);
  net_packet_tcp(net, 40000, 80, 5000, 0, TB_NET_TCP_ACK, 10);
  net_length(net, 100, second, FALSE, 10, 0);
  net_finish(net);
  for (guint i = 0; i < 7; i++)
    g_assert_cmpint(net_apply(net, i, NULL).dst.tid, ==, i < 4 ? 200 : 100);
}

static void test_two_lives(void)
{
  check_two_lives(0xb1, TRUE);
  check_two_lives(0xb2, TRUE);
  check_two_lives(0xb1, FALSE);
  check_two_lives(0xb2, FALSE);
}

static void test_connect_alone(void)
{
  g_autoptr(Net) net = net_new();
  net_connect(net, 100, 0xa1, 40000, 80);
  net_packet_tcp(net, 40000, 80, 999, 0, TB_NET_TCP_SYN, 0);
  net_finish(net);
  net_expect(net, 0, 100, TB_CONFIDENCE_LINKED, 0, TB_CONFIDENCE_NONE);
}

/* By length, time and task, and what is alike stays in its order (@calls). */
static gint compare_samples(gconstpointer a, gconstpointer b)
{
  const ResourceSample *x = a, *y = b;
  if (x->len != y->len)
    return x->len < y->len ? -1 : 1;
  if (x->time_ns != y->time_ns)
    return x->time_ns < y->time_ns ? -1 : 1;
  if (x->tid != y->tid)
    return x->tid < y->tid ? -1 : 1;
  return x->calls < y->calls ? -1 : x->calls > y->calls;
}

static void test_order_of_samples(void)
{
  g_autoptr(GRand) random = g_rand_new_with_seed(7);
  for (guint round = 0; round < 400; round++) {
    g_autoptr(GArray) samples = g_array_new(FALSE, FALSE, sizeof(ResourceSample));
    guint n = (guint)g_rand_int_range(random, 0, 300);
    guint lengths = 1u << g_rand_int_range(random, 0, 31);
    gboolean timely = g_rand_boolean(random);
    for (guint i = 0; i < n; i++) {
      ResourceSample sample = { .time_ns = timely ? (gint32)i / 3 : g_rand_int_range(random, 0, 50),
                              .len = g_rand_int(random) % lengths,
                              .tid = timely ? (gint32)(i % 3 / 2) : g_rand_int_range(random, 0, 4),
                              .calls = i };
      g_array_append_val(samples, sample);
    }
    g_autoptr(GArray) expected = g_array_copy(samples);
    g_array_sort(expected, compare_samples);
    resource_samples_sort(samples);
    g_assert_cmpmem(samples->data, n * sizeof(ResourceSample), expected->data,
                    n * sizeof(ResourceSample));
  }
}

static TbOwner told_owner(gint32 pid)
{
  return (TbOwner){ .confidence = TB_CONFIDENCE_LINKED, .pid = pid, .tid = pid + 1, .comm = "told",
                    .exe = "/told", .args = "told -v", .via = "ptcpdump" };
}

/* 100 writes to 200; both ends are in the recording. */
static Net *net_new_talk(void)
{
  Net *net = net_new();
  net_connect(net, 100, 0xa1, 40000, 80);
  net_accept(net, 0xb1, 40000, 80);
  net_packet_tcp(net, 40000, 80, 999, 0, TB_NET_TCP_SYN, 0);
  net_length(net, 100, 0xa1, TRUE, 10, 0);
  net_packet_tcp(net, 40000, 80, 1000, 0, TB_NET_TCP_ACK, 10);
  net_length(net, 200, 0xb1, FALSE, 10, 0);
  net_packet_tcp(net, 50000, 99, 1, 0, TB_NET_TCP_ACK, 10); /* of somebody unknown */
  net_finish(net);
  return net;
}

/* Another process: the recording's owner, and the capture's word beside it. */
static void test_told_differently(void)
{
  g_autoptr(Net) net = net_new_talk();
  TbOwners told = { .src = told_owner(77), .dst = told_owner(78) };
  TbOwners owners = net_apply(net, 1, &told);
  g_assert_cmpint(owners.src.pid, ==, 100);
  g_assert_null(owners.src.args);
  g_assert_cmpint(owners.src_claim.pid, ==, 77);
  g_assert_cmpint(owners.src_claim.tid, ==, 78);
  g_assert_cmpstr(owners.src_claim.comm, ==, "told");
  g_assert_cmpint(owners.dst.pid, ==, 200);
  g_assert_cmpint(owners.dst_claim.pid, ==, 78);
  g_assert_false(owners.src.confirmed);
  g_assert_false(owners.dst.confirmed);
}

/* The same process: the recording's thread, and what it does not know from the capture. */
static void test_told_alike(void)
{
  g_autoptr(Net) net = net_new_talk();
  TbOwners told = { .src = told_owner(100) };
  TbOwners owners = net_apply(net, 1, &told);
  g_assert_cmpint(owners.src.tid, ==, 100);
  g_assert_cmpint(owners.src.confidence, ==, TB_CONFIDENCE_CERTAIN);
  g_assert_cmpstr(owners.src.exe, ==, "/told");
  g_assert_cmpstr(owners.src.args, ==, "told -v");
  g_assert_cmpuint(owners.src.generation, ==, 0);
  g_assert_false(tb_owner_is_known(&owners.src_claim));
  g_assert_cmpint(owners.dst.pid, ==, 200);
  g_assert_true(owners.src.confirmed);
  g_assert_false(owners.dst.confirmed);
}

/* Nobody else knows: the capture's word stands. What this program wrote is not looked at again. */
static void test_told_alone(void)
{
  g_autoptr(Net) net = net_new_talk();
  TbOwners told = { .src = told_owner(77), .either_end = TRUE };
  TbOwners owners = net_apply(net, 2, &told);
  g_assert_cmpint(owners.src.pid, ==, 77);
  g_assert_true(owners.either_end);
  told.carried = TRUE;
  owners = net_apply(net, 1, &told);
  g_assert_cmpint(owners.src.pid, ==, 77);
  g_assert_false(tb_owner_is_known(&owners.src_claim));
}

/* A note that does not say which end it means: the end that fits, else the sender. */
static void test_told_of_either_end(void)
{
  static const struct {
    gint32 pid, src_claim, dst_claim;
  } cases[] = { { 100, 0, 0 }, { 200, 0, 0 }, { 77, 77, 0 } };
  g_autoptr(Net) net = net_new_talk();
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    TbOwners told = { .src = told_owner(cases[i].pid), .either_end = TRUE };
    TbOwners owners = net_apply(net, 1, &told);
    g_assert_false(owners.either_end);
    g_assert_cmpint(owners.src.pid, ==, 100);
    g_assert_cmpint(owners.dst.pid, ==, 200);
    g_assert_cmpint(owners.src_claim.pid, ==, cases[i].src_claim);
    g_assert_cmpint(owners.dst_claim.pid, ==, cases[i].dst_claim);
  }
}

static void tell(Net *net, const TbFact *fact)
{
  TbRecord record = { .kind = TB_RECORD_EVENT, .source = net->events, .time.ns = net->now_ns };
  TbItem item = { .record = &record, .machine_time.ns = net->now_ns };
  net->stage->ops->fact(net->stage, &item, fact);
}

static TbFact table_socket(guint64 socket, gboolean stream, guint16 port, guint16 remote_port)
{
  TbFact fact = { .kind = TB_FACT_SOCKET_EXISTS };
  fact.socket = (TbSocketFact){ .socket = socket, .stream = stream, .has_ends = TRUE,
                                .ends = { .family = 4,
                                          .protocol = stream ? TB_TUPLE_TCP : TB_TUPLE_UDP,
                                          .local = { 10, 0, 0, 1 }, .remote = { 10, 0, 0, 2 },
                                          .local_port = port, .remote_port = remote_port } };
  return fact;
}

/* No event tells of the sockets, but tables of the recording do. */
static void test_tables(void)
{
  g_autoptr(Net) net = net_new();
  TbFact stream = table_socket(1, TRUE, 40000, 80), datagrams = table_socket(2, FALSE, 40001, 53);
  TbFact descriptor = { .kind = TB_FACT_DESCRIPTOR_EXISTS };
  descriptor.descriptor = (TbDescriptor){ .tid = 100, .fd = 3, .socket = 1 };
  tell(net, &stream);
  tell(net, &descriptor);
  descriptor.descriptor = (TbDescriptor){ .tid = 200, .fd = 3, .socket = 2 };
  tell(net, &descriptor);
  tell(net, &datagrams);
  net_packet_tcp(net, 40000, 80, 1000, 0, TB_NET_TCP_ACK, 10);
  net_packet_udp(net, 40001, 53, 20);
  net_finish(net);
  net_expect(net, 0, 100, TB_CONFIDENCE_LINKED, 0, TB_CONFIDENCE_NONE);
  net_expect(net, 1, 200, TB_CONFIDENCE_LINKED, 0, TB_CONFIDENCE_NONE);
  g_assert_cmpstr(net_apply(net, 0, NULL).src.via, ==, "table");
}

static void test_limits(void)
{
  TbOwners owners = { .src = told_owner(1), .dst = told_owner(2) };
  owners.dst.confidence = TB_CONFIDENCE_CONTEXT;
  g_assert_true(tb_owners_limit(&owners, TB_CONFIDENCE_CONTEXT));
  g_assert_true(tb_owner_is_known(&owners.dst));
  g_assert_true(tb_owners_limit(&owners, TB_CONFIDENCE_LINKED));
  g_assert_true(tb_owner_is_known(&owners.src));
  g_assert_false(tb_owner_is_known(&owners.dst));
  g_assert_false(tb_owners_limit(&owners, TB_CONFIDENCE_NONE));
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/owners/stream/written-and-read", test_written_and_read);
  g_test_add_func("/owners/stream/process-not-known", test_process_not_known);
  g_test_add_func("/owners/stream/missing-result", test_missing_result);
  g_test_add_func("/owners/stream/turn-unseen", test_turn_unseen);
  g_test_add_func("/owners/stream/ranges-through-a-hand-over", test_ranges_through_a_hand_over);
  g_test_add_func("/owners/stream/peek-does-not-count", test_peek_does_not_count);
  g_test_add_func("/owners/stream/missing-bytes-lower-the-confidence",
                  test_missing_bytes_lower_the_confidence);
  g_test_add_func("/owners/stream/gap-lowers-the-confidence", test_gap_lowers_the_confidence);
  g_test_add_func("/owners/stream/descriptor-tables", test_descriptor_tables);
  g_test_add_func("/owners/stream/socket-address-used-again", test_socket_address_used_again);
  g_test_add_func("/owners/stream/two-lives", test_two_lives);
  g_test_add_func("/owners/stream/connect-alone", test_connect_alone);
  g_test_add_func("/owners/datagram/interrupts-name-nobody", test_interrupts_name_nobody);
  g_test_add_func("/owners/datagram/by-transmit", test_datagram_by_transmit);
  g_test_add_func("/owners/datagram/by-receive-chain", test_datagram_by_receive_chain);
  g_test_add_func("/owners/datagram/fragments", test_fragments);
  g_test_add_func("/owners/datagram/readers-with-losses", test_readers_with_losses);
  g_test_add_func("/owners/datagram/ping", test_ping);
  g_test_add_func("/owners/datagram/error", test_error_about_datagram);
  g_test_add_func("/owners/datagram/shared-port", test_shared_port);
  g_test_add_func("/owners/samples/order", test_order_of_samples);
  g_test_add_func("/owners/claims/another-process", test_told_differently);
  g_test_add_func("/owners/claims/same-process", test_told_alike);
  g_test_add_func("/owners/claims/alone", test_told_alone);
  g_test_add_func("/owners/claims/of-either-end", test_told_of_either_end);
  g_test_add_func("/owners/tables", test_tables);
  g_test_add_func("/owners/limits", test_limits);
  return g_test_run();
}
